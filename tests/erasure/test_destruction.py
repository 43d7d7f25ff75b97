"""Admitted is not yet destroyed: whatever happens in between, what was erased stays erased."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
import pytest

from api.clock import clock
from api.http import records
from api.postgres import EmbeddedPostgres
from ledger.core.sealing import Part
from ledger.ledger import Ledger, open_ledger
from ledger.saying import By, fresh_id
from ledger.store.errors import AlreadySaid, JournalBroken, WordsErased
from ledger.store.vault import Journal, Vault
from ledger.use_cases.erasing import apply_erasures
from ledger.use_cases.items import Draft
from ledger.use_cases.trail import Asked
from projections.all import ALL_PROJECTIONS
from projections.follow import following
from projections.timeline import Timeline
from projections.views import patient
from tests.http.conftest import served
from tests.http.served import Served
from tests.postgres_fixture import Database, new_database
from tests.soundness import assert_ledger_sound
from tests.story import KEYRING, Story, story_of

__all__ = ["served"]


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "erasures.jsonl"


@asynccontextmanager
async def destroying(database: Database, journal: Path) -> AsyncIterator[Ledger]:
    """The ledger as a process opens it that may destroy."""
    vault = Vault(database.dsn("ledger_eraser"), Journal(journal))
    async with open_ledger(database.dsn(), KEYRING, clock, vault=vault) as ledger:
        yield ledger


async def asked(story: Story, *, answers: bool = False) -> tuple[str, str]:
    """Dr Okafor writes a note and Amina asks to have it erased: the item and the erasure."""
    note = await story.note("Heard voices from the radio.")
    ask = story.ledger.erasing.ask
    said = await ask(story.amina, story.record, note, "consent-withdrawn", "It was the radio.", answers=answers)
    return note, str(said.facts["erasure"])


def lines(journal: Path) -> list[str]:
    """The journal's lines; it is for its owner only."""
    assert journal.stat().st_mode & 0o777 == 0o600
    return journal.read_text().splitlines()


def append(journal: Path, text: str) -> None:
    """What somebody else, or a crash, left in the journal."""
    with journal.open("a") as file:
        file.write(text)


def put(journal: Path, place: int, byte: bytes) -> None:
    """What a failing disk made of one byte of the journal."""
    whole = journal.read_bytes()
    journal.write_bytes(whole[:place] + byte + whole[place + 1 :])


def words_in(database: Database) -> set[int]:
    """Positions whose words can be opened."""
    with psycopg.connect(database.superuser_dsn) as connection:
        rows = connection.execute("select position from ledger.vault where part = %s", [Part.WORDS]).fetchall()
    return {position for (position,) in rows}


async def test_what_a_crash_left_undestroyed_is_destroyed_at_the_next_start(database: Database, journal: Path) -> None:
    async with story_of(database) as story:  # it may not destroy, so it ends as one that died after the admission
        before = words_in(database)
        note, erasure = await asked(story)
        [erased] = await story.ledger.erasing.erase(story.greta, story.record, note, erasure, "court-order")
        assert len(words_in(database) - before) == 2
        assert [item.text for item in (await story.patient_view()).items] == [None]
        await story.assert_sound()
    async with destroying(database, journal) as ledger:
        assert await apply_erasures(ledger) == 2
        assert words_in(database) == before
        assert await apply_erasures(ledger) == 0
    [line] = lines(journal)
    assert json.loads(line)["positions"] == [erased.position - 2, erased.position - 1]
    async with destroying(database, journal) as ledger:
        assert await apply_erasures(ledger) == 0
    assert_ledger_sound(database.dsn(), KEYRING)


async def test_a_journal_that_was_ahead_of_the_crash_or_half_written_does_no_harm(
    database: Database, journal: Path
) -> None:
    async with story_of(database) as story:
        note, erasure = await asked(story)
        await story.ledger.erasing.erase(story.greta, story.record, note, erasure, "court-order")
        Journal(journal).write(await story.ledger.erasing.erasures(), clock())
        append(journal, '{"position": 4')
    async with destroying(database, journal) as ledger:
        assert await apply_erasures(ledger) == 2
    first, half = lines(journal)
    assert json.loads(first)["item"] == note
    assert half == '{"position": 4'
    async with destroying(database, journal) as ledger:
        assert await apply_erasures(ledger) == 0


async def test_a_journal_of_something_else_is_refused(database: Database, journal: Path) -> None:
    append(journal, '{"words": "all of them"}\n')
    async with story_of(database):
        pass
    async with destroying(database, journal) as ledger:
        with pytest.raises(JournalBroken, match="line 1"):
            await apply_erasures(ledger)


@pytest.mark.parametrize("damage", [b"\xff", b'"'])
async def test_a_line_of_the_journal_that_was_whole_once_is_not_passed_over(
    database: Database, journal: Path, damage: bytes
) -> None:
    async with story_of(database) as story:
        note, erasure = await asked(story)
        await story.ledger.erasing.erase(story.greta, story.record, note, erasure, "court-order")
        Journal(journal).write(await story.ledger.erasing.erasures(), clock())
    put(journal, 20, damage)
    async with destroying(database, journal) as ledger:
        with pytest.raises(JournalBroken, match="restore the file"):
            await apply_erasures(ledger)


async def test_what_a_restored_backup_brings_back_is_erased_again_before_anything_is_served(
    postgres: EmbeddedPostgres, database: Database, journal: Path
) -> None:
    async with story_of(database) as story:
        note, erasure = await asked(story)
        amina, greta, record = story.amina, story.greta, story.record
    with new_database(postgres, database.name) as backup:
        restored = Database(postgres, backup)
        async with destroying(database, journal) as ledger:
            await ledger.erasing.erase(greta, record, note, erasure, "court-order")
        assert len(words_in(restored) - words_in(database)) == 2
        async with destroying(restored, journal) as ledger, following(ledger, restored.dsn(), ALL_PROJECTIONS) as by:
            assert await apply_erasures(ledger) == 2
            assert await apply_erasures(ledger) == 0
            disclosure = await ledger.trail.open(amina, Asked(record, "own-record"))
            [item] = (await patient.build(ledger, Timeline(by), disclosure)).items
        assert item.text is None
        assert item.erased is not None
        assert (item.erased.basis, item.erased.author.acting_as) == ("court-order", "service")
        assert words_in(restored) == words_in(database)
        assert_ledger_sound(restored.dsn(), KEYRING)


async def test_more_words_than_one_statement_names_are_erased_by_several(
    story: Story, monkeypatch: pytest.MonkeyPatch, journal: Path
) -> None:
    monkeypatch.setattr("ledger.core.item_facts.MOST_ERASED", 4)
    note, erasure = await asked(story)
    question = str((await story.ledger.items.comment(story.amina, story.record, note, "Why this?")).facts["item"])
    ask = await story.ledger.erasing.ask(story.amina, story.record, note, "court-order", "All of it.", answers=True)
    for n in range(5):
        await story.ledger.items.amend(story.okafor, story.record, note, f"Heard it {n} times.")
    async with destroying(story.database, journal) as ledger:
        before = words_in(story.database)
        said = await ledger.erasing.erase(story.greta, story.record, note, str(ask.facts["erasure"]), "court-order")
        assert [one.facts["item"] for one in said] == [note, note, question]
        assert len(before - words_in(story.database)) == 9
        again = By(story.greta.person, "guardian", said[0].statement_id)
        repeated = await ledger.erasing.erase(again, story.record, note, str(ask.facts["erasure"]), "court-order")
        assert [one.position for one in repeated] == [said[0].position]
        assert erasure != ask.facts["erasure"]
    await story.assert_sound()


async def test_words_said_while_a_guardian_erases_are_erased_too(story: Story, journal: Path) -> None:
    for _ in range(5):
        note, erasure = await asked(story)
        said = await asyncio.gather(
            story.ledger.erasing.erase(story.greta, story.record, note, erasure, "court-order"),
            *(story.ledger.items.amend(story.okafor, story.record, note, f"Heard {n}.") for n in range(4)),
            return_exceptions=True,
        )
        assert not isinstance(said[0], BaseException), said[0]
    async with destroying(story.database, journal) as ledger:
        await apply_erasures(ledger)
    assert {item.text for item in (await story.patient_view()).items} == {None}
    await story.assert_sound()


async def test_what_was_erased_is_not_said_again_under_its_id(story: Story, journal: Path) -> None:
    by = By(story.okafor.person, "clinician", fresh_id(clock()))
    note = str((await story.ledger.items.add(by, story.record, Draft("note", "Heard voices."))).facts["item"])
    ask = await story.ledger.erasing.ask(story.amina, story.record, note, "court-order", "Erase it.")
    async with destroying(story.database, journal) as ledger:
        await ledger.erasing.erase(story.greta, story.record, note, str(ask.facts["erasure"]), "court-order")
        with pytest.raises(AlreadySaid):
            await ledger.items.add(by, story.record, Draft("note", "Heard voices."))


async def test_a_view_that_an_erasure_overtakes_shows_the_item_as_erased(
    served: Served, monkeypatch: pytest.MonkeyPatch, journal: Path
) -> None:
    story = served.story
    note, erasure = await asked(story)
    amina, build = await served.sign_in(story.amina), records.VIEWS["patient"]
    met: list[Exception] = []

    async def overtaken(ledger: Ledger, timeline: Timeline, disclosure: object) -> object:
        if not met:
            async with destroying(story.database, journal) as eraser:
                await eraser.erasing.erase(story.greta, story.record, note, erasure, "court-order")
        try:
            return await build(ledger, timeline, disclosure)  # type: ignore[arg-type]
        except WordsErased as error:
            met.append(error)
            raise

    monkeypatch.setattr(records, "VIEWS", {**records.VIEWS, "patient": overtaken})
    answer = await amina.get(served.record)
    assert (answer.status_code, len(met)) == (200, 1), answer.text
    assert [item["text"] for item in answer.json()["items"]] == [None]


async def test_words_that_are_gone_unsaid_are_an_error_and_not_a_page(story: Story) -> None:
    note = await story.note("Heard voices from the radio.")
    with psycopg.connect(story.database.superuser_dsn) as connection:
        newest = "select max(position) from ledger.entry"
        connection.execute(f"delete from ledger.vault where part = 1 and position = ({newest})".encode())  # noqa: S608
    with pytest.raises(WordsErased, match="run verify"):
        await patient.build(story.ledger, story.timeline, await story.opened(story.amina, item=note))
