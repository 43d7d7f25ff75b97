"""The vault's key is rotated under load and killed again and again: all opens afterwards, under the newest key."""

import os
import random
import signal
import subprocess
import time
from pathlib import Path

import psycopg
import pytest

from api.rotating import destroy, rotate
from api.settings import Settings
from api.wiring import House, ledger_of, open_house
from ledger.core.sealing import Part
from ledger.ledger import open_ledger
from ledger.store.errors import KeyDestroyed, StoreError, VaultRefused
from ledger.use_cases.items import Draft
from ledger.use_cases.trail import Asked
from tests.begun import PROGRAM, Popen
from tests.command_line.running import environment
from tests.erasure.place import opened_contents
from tests.store.cast import gather_cast
from tests.store.test_crashes import Writer

ROUNDS = int(os.environ.get("CRASH_ROUNDS", "3"))


@pytest.fixture
def settings(home: Path) -> Settings:
    return Settings(home=home)


async def test_kill_9_of_rotations_under_load_loses_nothing_and_the_service_goes_on(settings: Settings) -> None:
    dice = random.Random(20260712)
    with open_house(settings) as house:
        async with ledger_of(house) as ledger:
            cast = await gather_cast(ledger)
        writer = Writer.start(settings.home, cast, "writer")
        writer.await_more(500)
        ends = [_rotate_and_kill(settings.home, dice.uniform(0.05, 0.5)) for _ in range(ROUNDS)]
        assert -signal.SIGKILL in ends, "no rotation was killed before its end"
        writer.await_more(200)  # it noticed each generation by itself, and was not started again
        for _ in range(2):  # one may have to finish what the last kill left
            finished = rotate(house, lambda done, of: None)
        writer.await_more(200)
        writer.kill()
        assert [line for line in writer.lines if "error" in line] == []
        generations = _rows(house)
        assert set(generations) == {finished.generation}
        assert b"Note 0 of writer." in opened_contents(house)
        assert generations[finished.generation] == _sealed_parts(house)


async def test_a_destroyed_generation_opens_nothing_and_one_in_use_is_not_destroyed(settings: Settings) -> None:
    with open_house(settings) as house:
        async with ledger_of(house) as ledger:
            cast = await gather_cast(ledger)
            await ledger.items.add(cast.doctor, cast.record, Draft("note", "Slept badly."))
            with pytest.raises(VaultRefused, match="wraps what is new"):
                destroy(house, 1)
            with pytest.raises(VaultRefused, match="not there"):
                destroy(house, 9)
            kept = _words_of_the_last(house)
            rotate(house, lambda done, of: None)
            destroy(house, 1)
            await ledger.items.add(cast.doctor, cast.record, Draft("note", "Slept well."))
            await ledger.trail.open(cast.doctor, Asked(cast.record, "appointment"))
        with psycopg.connect(house.migrator) as connection:  # a backup of before, or whoever owns the database
            connection.execute("alter table ledger.vault disable trigger all")
            words = "update ledger.vault set generation = 1, wrapped = %s where position = %s and part = 1"
            connection.execute(words, kept)
            connection.execute("alter table ledger.vault enable trigger all")
        with pytest.raises(VaultRefused, match="1 keys still wrapped"):
            destroy(house, 1)
        with open_house(settings) as again, pytest.raises(KeyDestroyed, match="key-encryption key 1: not held, only 2"):
            opened_contents(again)


async def test_a_process_without_the_newest_key_records_nothing_until_it_has_it(settings: Settings) -> None:
    with open_house(settings) as house, open_house(settings) as beside:
        async with ledger_of(beside) as ledger:
            cast = await gather_cast(ledger)
            rotate(house, lambda done, of: None)
            file = house.home / "keys" / "key-encryption.2.key"
            file.rename(file.with_suffix(".away"))
            with pytest.raises(StoreError, match="key-encryption key 2: not held, only 1"):
                await ledger.items.add(cast.doctor, cast.record, Draft("note", "Slept badly."))
            file.with_suffix(".away").rename(file)
            await ledger.items.add(cast.doctor, cast.record, Draft("note", "Slept badly."))
        assert set(_rows(house)) == {2}


async def test_the_vault_is_rewrapped_only_forwards_and_only_by_the_eraser(settings: Settings) -> None:
    with open_house(settings) as house:
        async with ledger_of(house) as ledger:
            await gather_cast(ledger)
        assert house.eraser is not None
        refused = {
            house.conninfo: ("update ledger.vault set generation = 2", "update ledger.head set generation = 2"),
            house.eraser: (
                "update ledger.vault set generation = generation - 1",
                "update ledger.vault set wrapped = ''",
                "update ledger.vault set position = position + 1, generation = 2",
                "delete from ledger.vault where part = 0",
                "update ledger.head set generation = 3",
                "update ledger.head set size = 0",
                "update ledger.key_generation set opened_at = 0, destroyed_at = 1",
                "delete from ledger.key_generation",
                "update ledger.entry set type = type",
                "select facts from ledger.entry",
            ),
            house.migrator: ("update ledger.vault set generation = 2", "delete from ledger.vault where part = 0"),
        }
        for conninfo, statements in refused.items():
            for statement in statements:
                with psycopg.connect(conninfo) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(statement.encode())


async def test_two_ledgers_over_one_database_both_follow_a_rotation(settings: Settings) -> None:
    with open_house(settings) as house, open_house(settings) as beside:
        async with ledger_of(house) as one, open_ledger(beside.conninfo, beside.keyring, one.clock) as other:
            cast = await gather_cast(one)
            for n in range(3):
                rotate(house, lambda done, of: None)
                for ledger in (other, one):
                    await ledger.items.add(cast.doctor, cast.record, Draft("note", f"Night {n}."))
        assert set(_rows(house)) == {4}


def _rotate_and_kill(home: Path, after: float) -> int:
    """Rotate as an operator would, and kill it; how it ended."""
    with Popen([PROGRAM, "vault", "rotate"], env=environment(home), stderr=subprocess.DEVNULL) as process:
        time.sleep(after)
        process.kill()
        return process.wait()


def _rows(house: House) -> dict[int, int]:
    """How many keys are under each generation."""
    with psycopg.connect(house.whole) as connection:
        return dict(connection.execute("select generation, count(*) from ledger.vault group by generation").fetchall())


def _sealed_parts(house: House) -> int:
    with psycopg.connect(house.conninfo) as connection:
        row = connection.execute("select count(*) + count(words) from ledger.entry").fetchone()
    assert row is not None
    return int(row[0])


def _words_of_the_last(house: House) -> tuple[bytes, int]:
    query = "select wrapped, position from ledger.vault where part = %s order by position desc limit 1"
    with psycopg.connect(house.whole) as connection:
        row = connection.execute(query, [Part.WORDS]).fetchone()
    assert row is not None
    return row[0], row[1]
