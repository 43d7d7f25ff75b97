"""The how-to guides, followed: on a server of one's own, and from a dump back to a ledger that is sound."""

import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from typer.main import get_command

from api.clock import clock
from api.command_line import app
from api.postgres import EmbeddedPostgres
from api.postgres.account import server_account
from api.postgres.binaries import find_binaries
from api.settings import Settings
from api.wiring import ledger_of, migrate_house, open_house
from ledger.ledger import open_ledger
from ledger.saying import By
from ledger.use_cases.items import Draft
from ledger.use_cases.trail import Asked
from tests.docs.regions import DOCS
from tests.keyring import fixed_keyring
from tests.postgres_fixture import Database, new_database, remove_home
from tests.soundness import assert_ledger_sound
from tests.store.cast import gather_cast

HOW_TO = DOCS / "how-to"


@pytest.fixture
def scratch(postgres: EmbeddedPostgres) -> Iterator[str]:
    """The name of an empty database."""
    with new_database(postgres) as name:
        yield name


def settings(home: Path, dsn: str) -> Settings:
    return Settings(home=home, database_url=dsn, origin="ledger.example.org/surgery")


async def test_a_database_of_ones_own_is_migrated_once_and_served_by_the_role_that_cannot_change_it(
    postgres: EmbeddedPostgres, scratch: str, tmp_path: Path
) -> None:
    with open_house(settings(tmp_path / "home", postgres.superuser_dsn(scratch))) as house:
        assert migrate_house(house)
        assert migrate_house(house) == []
    with psycopg.connect(postgres.superuser_dsn(scratch)) as connection:
        known = {name for (name,) in connection.execute("select rolname from pg_roles where rolname like 'ledger%'")}
    assert _roles_of_the_guide() == known
    with open_house(settings(tmp_path / "home", postgres.dsn("ledger_app", scratch))) as house:
        async with ledger_of(house) as ledger:
            cast = await gather_cast(ledger)
            await ledger.items.add(cast.doctor, cast.record, Draft("note", "Slept well."))
        assert_ledger_sound(house.conninfo, house.keyring)
        with psycopg.connect(house.conninfo) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("delete from ledger.entry")


async def test_a_dump_is_restored_to_a_ledger_that_is_sound_and_goes_on(
    postgres: EmbeddedPostgres, database: Database, scratch: str, tmp_path: Path
) -> None:
    keyring = fixed_keyring()
    async with open_ledger(database.dsn(), keyring, clock) as ledger:
        cast = await gather_cast(ledger)
        kept = await ledger.items.add(cast.doctor, cast.record, Draft("note", "Slept well."))
        size = ledger.rows.sequencer.size
    dump = tmp_path / "ledger.dump"
    run_postgres("pg_dump", "--format=custom", f"--file={dump}", database.superuser_dsn)
    run_postgres("pg_restore", "--exit-on-error", f"--dbname={postgres.superuser_dsn(scratch)}", str(dump))
    restored = postgres.dsn("ledger_app", scratch)
    assert_ledger_sound(restored, keyring)
    async with open_ledger(restored, keyring, clock) as ledger:
        assert ledger.rows.sequencer.size == size
        look = await ledger.trail.open(By(cast.patient, "patient"), Asked(cast.record, "own-record"))
        assert [shown.item for shown in look.shown] == [kept.facts["item"]]
    assert_ledger_sound(restored, keyring)
    with psycopg.connect(restored) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("delete from ledger.entry")


async def test_a_home_is_restored_from_the_two_archives_of_the_guide(home: Path, tmp_path: Path) -> None:
    restored = home.with_name("restored")
    with open_house(Settings(home=home)) as house:
        async with ledger_of(house) as ledger:
            cast = await gather_cast(ledger)
            size = ledger.rows.sequencer.size
    for line in _console_lines():
        if line.startswith(("tar --create", "mkdir", "tar --extract")):
            follow(line, home if line.startswith("tar --create") else restored, tmp_path)
    try:
        with open_house(Settings(home=restored)) as house:
            async with ledger_of(house) as ledger:
                assert ledger.rows.sequencer.size == size
                await ledger.items.add(cast.doctor, cast.record, Draft("note", "Slept well."))
            assert_ledger_sound(house.conninfo, house.keyring)
    finally:
        remove_home(restored)


def test_every_command_of_the_guides_is_one_that_there_is() -> None:
    told = [line.partition("record-ledger ")[2] for line in _console_lines() if "record-ledger " in line]
    assert len(told) > 6
    assert not [line for line in told if not _is_a_command(shlex.split(line))]


def follow(line: str, home: Path, directory: Path) -> None:
    """Run a line of a guide as a reader would, in a directory, with their home."""
    subprocess.run(["sh", "-ec", line], cwd=directory, env=os.environ | {"LEDGER_HOME": str(home)}, check=True)


def run_postgres(program: str, *arguments: str) -> None:
    binaries = find_binaries(server_account(), None)
    subprocess.run([binaries.directory / program, *arguments], check=True, capture_output=True, text=True)


def _is_a_command(words: list[str]) -> bool:
    """Does the command line have this command, with these options?"""
    command = get_command(app)
    while words and words[0] in getattr(command, "commands", {}):
        command = command.commands[words.pop(0)]  # type: ignore[attr-defined]  # a group has them
    options = {option for parameter in command.params for option in parameter.opts}
    alone = getattr(command, "invoke_without_command", True)  # a group that is a command too, as verify is
    return alone and {word for word in words if word.startswith("--")} <= options


def _console_lines() -> list[str]:
    blocks = (block for page in sorted(HOW_TO.glob("*.md")) for block in _console(page))
    return [line.removeprefix("$ ") for block in blocks for line in block.splitlines() if line.startswith("$ ")]


def _console(page: Path) -> list[str]:
    return re.findall(r"^```console\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def _roles_of_the_guide() -> set[str]:
    guide = (HOW_TO / "run-on-your-own-postgresql.md").read_text(encoding="utf-8")
    return set(re.findall(r"^\| `(ledger_\w+)` ", guide, re.MULTILINE))
