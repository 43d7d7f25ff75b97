"""Facts of many records at once: what one at a time would tell, in as many queries as for one."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import pytest

from ledger.core.subjects import contents_of
from ledger.saying import By, fresh_id
from ledger.store import facts
from ledger.store.facts import FactsReader, Record
from ledger.store.recorder import LedgerRecorder
from ledger.use_cases.items import Draft
from ledger.use_cases.sharing import Directing
from ledger.use_cases.trail import Asked
from tests.story import Story


async def neighbours(story: Story, many: int) -> dict[str, str]:
    """By record of so many other patients of the practice, a note in it."""
    notes = {}
    for n in range(many):
        patient = str((await story.ledger.people.register(story.ada, f"Neighbour {n}")).facts["person"])
        record = str((await story.ledger.care.open_record(story.ada, patient)).facts["record"])
        await story.ledger.care.start(story.ada, record, ground="referral", team=story.practice)
        added = await story.ledger.items.add(story.okafor, record, Draft("note", f"Of neighbour {n}."))
        notes[record] = str(added.facts["item"])
    return notes


def afresh(story: Story) -> FactsReader:
    """A reader that knows nothing yet."""
    return FactsReader(story.ledger.rows, story.ledger.mapper)


@contextmanager
def counted() -> Iterator[list[int]]:
    """How many subjects each query for facts asks for."""
    asked: list[int] = []
    read = LedgerRecorder.read_subjects

    async def counting(rows: LedgerRecorder, known: dict[object, int], *more: int) -> object:
        asked.append(len(known))
        return await read(rows, known, *more)  # type: ignore[arg-type]

    with patch.object(LedgerRecorder, "read_subjects", counting):
        yield asked


async def test_many_records_are_read_in_one_query_and_are_what_each_is_by_itself(story: Story) -> None:
    notes = await neighbours(story, 5)
    reader, alone = afresh(story), afresh(story)
    nobodys = fresh_id(story.ledger.clock())
    with counted() as asked:
        together = await reader.records([*notes, *notes, story.record, nobodys])
    assert asked == [14]
    for record, known in together.items():
        one = await alone.record(record, fresh=True)
        assert (known.fold, known.guards) == (one.fold, one.guards)
    assert together.keys() == {*notes, story.record, nobodys}
    assert together[nobodys].fold.facts.opened is None


async def test_what_was_added_since_is_read_whoever_else_reads_at_the_same_time(story: Story) -> None:
    notes = await neighbours(story, 4)
    reader = afresh(story)
    records = list(notes)
    await reader.records(records[:2])
    [said] = [await story.ledger.items.add(story.okafor, records[0], Draft("note", "More."))]
    found = await asyncio.gather(
        reader.records(records),
        reader.record(records[0], fresh=True),
        reader.records(reversed(records)),
        *(reader.record(one, fresh=True) for one in records),
    )
    for known in (found[0], found[2]):
        assert isinstance(known, dict)
        assert said.facts["item"] in known[records[0]].fold.facts.items
        assert [len(known[one].fold.facts.items) for one in records] == [2, 1, 1, 1]


async def test_what_is_seen_in_many_records_is_what_is_seen_in_each(story: Story) -> None:
    notes = await neighbours(story, 3)
    sealed, ended, _ = notes
    patients = {one: (await story.ledger.facts.record(one)).fold.facts.patient for one in notes}
    team = {"kind": "team", "id": story.practice}
    seal = Directing(team, {"kind": "item", "of": notes[sealed]}, "withhold", hidden=True)
    await story.ledger.sharing.direct(By(str(patients[sealed]), "patient"), sealed, seal)
    [care] = (await story.ledger.facts.record(ended)).fold.facts.care
    await story.ledger.care.end(story.ada, ended, care)
    trail, items = story.ledger.trail, {one: {note, fresh_id(story.ledger.clock())} for one, note in notes.items()}
    readers = [story.okafor, story.lind, story.moss, story.sam, *(By(str(one), "patient") for one in patients.values())]
    told = set()
    for by in readers:
        asked = Asked("", "own-record" if by.acting_as == "patient" else "appointment")
        seen = await trail.visible_in_each(by, asked, items)
        for record, these in items.items():
            of_one = Asked(record, asked.purpose)
            alone = await trail.visible(by, of_one, these) if await trail.may_open(by, of_one) else None
            assert seen.get(record) == alone, (by, record)
            told.add(None if alone is None else len(alone))
    assert told == {None, 0, 1}


async def test_a_reader_of_many_records_asks_as_often_as_one_of_a_few(story: Story) -> None:
    notes = await neighbours(story, 6)
    items = {record: {note} for record, note in notes.items()}
    few = dict(list(items.items())[:2])
    asked = Asked("", "appointment")
    with counted() as of_two:
        await story.ledger.trail.visible_in_each(story.okafor, asked, few)
    with counted() as of_six:
        assert len(await story.ledger.trail.visible_in_each(story.okafor, asked, items)) == 6
    assert len(of_two) == len(of_six) <= 4


async def test_others_have_their_turn_while_a_large_record_is_read_and_decide_on_nothing_half_read(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes = [await story.note(f"Note {n}.") for n in range(9)]
    monkeypatch.setattr(facts, "_TAKEN_AT_ONCE", 1)
    reader, whole = afresh(story), await afresh(story).record(story.record, fresh=True)
    first = asyncio.create_task(reader.record(story.record))
    met = set()
    while not first.done():
        for known in reader._cache.values():
            held = known.guards[contents_of(story.record)]
            assert isinstance(known.fold, Record)
            assert len(known.fold.facts.items) == held  # its guard tells how far it has got
            met.add(held)
        await asyncio.sleep(0)
    assert len(met) > len(notes) // 2
    known = await first
    assert (known.fold, known.guards) == (whole.fold, whole.guards)
    assert (await reader.record(story.record)).fold.facts.items.keys() >= set(notes)


async def test_whoever_stops_waiting_for_a_record_leaves_it_to_be_read_on(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(9):
        await story.note(f"Note {n}.")
    monkeypatch.setattr(facts, "_TAKEN_AT_ONCE", 1)
    reader, whole = afresh(story), await afresh(story).record(story.record, fresh=True)
    first = asyncio.create_task(reader.record(story.record))
    while not any(known.guards[contents_of(story.record)] for known in reader._cache.values()):  # noqa: ASYNC110 - untold
        await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    known = await reader.record(story.record)
    assert (known.fold, known.guards) == (whole.fold, whole.guards)
