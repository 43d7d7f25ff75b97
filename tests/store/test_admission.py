"""Admission: one order, no gaps, nothing twice, and no decision on facts that changed."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import psycopg
import pytest

from api.clock import clock
from ledger.core.entry import parse_entry
from ledger.core.instants import Instant
from ledger.core.receipt import check_receipt
from ledger.core.subjects import contents_of, person
from ledger.domain.errors import DomainError
from ledger.domain.items import Item
from ledger.domain.stream import Voice
from ledger.ledger import Ledger, open_ledger
from ledger.saying import By, fresh_id
from ledger.store.errors import AlreadySaid, Conflict, FactsIncomplete, GuardFailed, NotRecorded
from ledger.store.mapper import Admission
from ledger.use_cases.items import Draft
from ledger.use_cases.trail import Asked
from tests.keyring import fixed_keyring
from tests.postgres_fixture import Database
from tests.store.cast import Cast, gather_cast
from tests.store.covered import covered

KEYRING = fixed_keyring()


@pytest.fixture
async def ledger(database: Database) -> AsyncIterator[Ledger]:
    async with open_ledger(database.dsn(), KEYRING, clock) as opened:
        yield opened


@pytest.fixture
async def cast(ledger: Ledger) -> Cast:
    return await gather_cast(ledger)


def admission(ledger: Ledger, cast: Cast, *, item: str | None = None, statement_id: str | None = None) -> Admission:
    """A signed and sealed note, not yet admitted."""
    name = item or fresh_id(clock())
    facts = {
        "record": cast.record, "item": name, "kind": "note", "topics": [], "parent": None, "concern": None, "due": None,
        "in_confidence": False, "discussed": False, "copy_given": False, "imported": None,
    }  # fmt: skip
    words = {"title": None, "text": "Slept badly.", "quote": None, "data": None}
    stream = Item.of(name)
    voice = Voice(cast.clinician, "clinician", clock(), statement_id or fresh_id(clock()))
    stream.say("item-added/1", voice, facts, words)
    [event] = stream.collect_events()
    return ledger.mapper.to_stored_event(event)  # type: ignore[return-value,arg-type]


async def positions(database: Database) -> list[int]:
    async with await psycopg.AsyncConnection.connect(database.dsn()) as connection:
        rows = await (await connection.execute("select position from ledger.entry order by position")).fetchall()
    return [row[0] for row in rows]


async def test_two_processes_and_64_writers_leave_no_gap_and_every_receipt_checks(
    database: Database, ledger: Ledger, cast: Cast
) -> None:
    async with open_ledger(database.dsn(), KEYRING, clock) as other:
        writers = [(other if n % 2 else ledger).items for n in range(64)]
        notes = [(items, Draft("note", f"Note {n}.{m}")) for n, items in enumerate(writers) for m in range(8)]
        answers = await asyncio.gather(*(items.add(cast.doctor, cast.record, note) for items, note in notes))
    assert len({answer.position for answer in answers}) == 64 * 8
    found = await positions(database)
    assert found == list(range(len(found)))
    for answer in answers:
        check_receipt(answer.receipt, KEYRING.log.verifier)
        assert answer.receipt.index == answer.position


async def test_the_same_id_and_content_again_gets_the_first_receipt(ledger: Ledger, cast: Cast) -> None:
    by = By(cast.clinician, "clinician", fresh_id(clock()))
    first = await ledger.items.add(by, cast.record, Draft("note", "Slept badly."))
    again = await ledger.items.add(by, cast.record, Draft("note", "Slept badly."))
    assert (again.position, again.facts, again.repeated) == (first.position, first.facts, True)
    check_receipt(again.receipt, KEYRING.log.verifier)
    assert again.receipt.entry == first.receipt.entry


async def test_the_same_id_at_the_same_time_is_admitted_once(database: Database, ledger: Ledger, cast: Cast) -> None:
    by = By(cast.clinician, "clinician", fresh_id(clock()))
    before = len(await positions(database))
    answers = await asyncio.gather(
        *(ledger.items.add(by, cast.record, Draft("note", "Slept badly.")) for _ in range(10))
    )
    assert len({answer.position for answer in answers}) == 1
    assert len(await positions(database)) == before + 1


async def test_the_same_id_with_other_content_is_a_conflict_that_names_the_first(ledger: Ledger, cast: Cast) -> None:
    by = By(cast.clinician, "clinician", fresh_id(clock()))
    first = await ledger.items.add(by, cast.record, Draft("note", "Slept badly."))
    with pytest.raises(AlreadySaid) as refusal:
        await ledger.items.add(by, cast.record, Draft("note", "Slept well."))
    assert refusal.value.position == first.position


async def test_a_decision_on_a_counter_that_moved_is_not_admitted(
    database: Database, ledger: Ledger, cast: Cast
) -> None:
    before = await positions(database)
    for subject, version in ((contents_of(cast.record), 7), (person(cast.patient), 0)):
        with pytest.raises(GuardFailed):
            await ledger.rows.sequencer.admit([admission(ledger, cast)], guards={subject: version})
    assert await positions(database) == before


async def test_a_guard_fails_on_a_fact_admitted_in_the_same_group(ledger: Ledger, cast: Cast) -> None:
    known = await ledger.facts.record(cast.record, fresh=True)
    guards = {contents_of(cast.record): known.guards[contents_of(cast.record)]}
    admit = ledger.rows.sequencer.admit
    results = await asyncio.gather(
        admit([admission(ledger, cast)]), admit([admission(ledger, cast)], guards=guards), return_exceptions=True
    )
    assert isinstance(results[1], GuardFailed)


async def test_time_that_runs_out_before_the_commit_counts(ledger: Ledger, cast: Cast) -> None:
    with pytest.raises(GuardFailed, match="valid until"):
        await ledger.rows.sequencer.admit([admission(ledger, cast)], valid_until=Instant(clock() - 1))


async def test_two_statements_at_one_place_of_a_stream_cannot_both_be_admitted(ledger: Ledger, cast: Cast) -> None:
    item = fresh_id(clock())
    admit = ledger.rows.sequencer.admit
    results = await asyncio.gather(
        *(admit([admission(ledger, cast, item=item)]) for _ in range(5)), return_exceptions=True
    )
    assert sum(isinstance(result, Conflict) for result in results) == 4
    with pytest.raises(Conflict):
        await admit([admission(ledger, cast, item=item)])


async def test_statements_admitted_together_are_all_admitted_or_none(
    database: Database, ledger: Ledger, cast: Cast
) -> None:
    item, before = fresh_id(clock()), await positions(database)
    await ledger.rows.sequencer.admit([admission(ledger, cast, item=item)])
    with pytest.raises(Conflict):
        await ledger.rows.sequencer.admit([admission(ledger, cast), admission(ledger, cast, item=item)])
    assert len(await positions(database)) == len(before) + 1


async def test_the_clock_of_the_ledger_never_goes_back(database: Database) -> None:
    now = clock()
    async with open_ledger(database.dsn(), KEYRING, lambda: Instant(now + 60_000)) as ledger:
        cast = await gather_cast(ledger)
        late = await ledger.items.add(cast.doctor, cast.record, Draft("note", "Slept badly."))
    async with open_ledger(database.dsn(), KEYRING, lambda: now) as ledger:
        early = await ledger.items.add(cast.doctor, cast.record, Draft("note", "Slept well."))
    assert early.recorded_at == late.recorded_at


async def test_a_receipt_of_long_ago_is_proved_from_the_stored_tiles(ledger: Ledger, cast: Cast) -> None:
    for _ in range(6):
        await asyncio.gather(
            *(ledger.items.add(cast.doctor, cast.record, Draft("note", "Slept badly.")) for _ in range(64))
        )
    for position in (0, 1, 255, 256, 300):
        receipt = await ledger.receipts.receipt_at(position)
        check_receipt(receipt, KEYRING.log.verifier)
        assert receipt.index == position


async def test_what_nobody_awaits_a_receipt_for_gets_its_checkpoint_soon(ledger: Ledger, cast: Cast) -> None:
    disclosure = await ledger.trail.open(By(cast.patient, "patient"), Asked(cast.record, "own-record"))
    await covered(ledger)
    note = await ledger.receipts.latest_checkpoint()
    assert KEYRING.log.verifier.open_checkpoint(note).size > disclosure.position


async def test_the_service_may_not_change_or_delete_what_was_admitted(
    database: Database, ledger: Ledger, cast: Cast
) -> None:
    for change in (
        "update ledger.entry set entry = ''",
        "delete from ledger.entry",
        "truncate ledger.entry",
        "delete from ledger.vault",
        "update ledger.vault set wrapped = ''",
        "update ledger.fact set position = 0",
        "delete from ledger.checkpoint",
        "update ledger.tile set root = ''",
        "delete from ledger.guard",
        "delete from ledger.head",
    ):
        with psycopg.connect(database.dsn()) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(change.encode())


async def test_not_even_the_owner_changes_an_entry_by_accident(database: Database, ledger: Ledger, cast: Cast) -> None:
    with psycopg.connect(database.superuser_dsn) as connection:
        connection.execute("set session_replication_role = replica")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("update ledger.entry set entry = '' where position = 0")


async def test_a_fact_that_was_taken_out_of_the_index_is_noticed_before_a_decision_rests_on_it(
    database: Database, ledger: Ledger, cast: Cast
) -> None:
    with psycopg.connect(database.superuser_dsn) as connection:
        connection.execute("alter table ledger.fact disable trigger all")
        connection.execute("delete from ledger.fact where subject = %s and n = 1", [contents_of(cast.record)])
        connection.execute("delete from ledger.fact where n = 2 and position > 0")
    async with open_ledger(database.dsn(), KEYRING, clock) as reopened:
        with pytest.raises(FactsIncomplete):
            await reopened.trail.open(cast.doctor, Asked(cast.record, "appointment"))


async def test_a_fact_that_was_exchanged_for_another_is_noticed(database: Database, ledger: Ledger, cast: Cast) -> None:
    with psycopg.connect(database.superuser_dsn) as connection:
        connection.execute("alter table ledger.fact disable trigger all")
        connection.execute("update ledger.fact set position = 0")
    async with open_ledger(database.dsn(), KEYRING, clock) as reopened:
        with pytest.raises(FactsIncomplete):
            await reopened.trail.open(cast.doctor, Asked(cast.record, "appointment"))


async def test_if_the_ledger_cannot_record_nobody_is_shown_anything(
    database: Database, ledger: Ledger, cast: Cast
) -> None:
    await ledger.items.add(cast.doctor, cast.record, Draft("note", "Slept badly."))
    with psycopg.connect(database.superuser_dsn) as connection:
        connection.execute("revoke insert (position) on ledger.entry from ledger_app")
    for by, purpose in ((cast.doctor, "appointment"), (By(cast.patient, "patient"), "own-record")):
        with pytest.raises(NotRecorded, match="nobody is shown anything"):
            await ledger.trail.open(by, Asked(cast.record, purpose))


async def test_a_reader_of_a_record_in_which_64_write_is_not_starved(ledger: Ledger, cast: Cast) -> None:
    async def keep_writing() -> None:
        while True:
            await ledger.items.add(cast.doctor, cast.record, Draft("note", "Slept badly."))

    writers = [asyncio.create_task(keep_writing()) for _ in range(64)]
    try:
        for _ in range(4):
            disclosure = await ledger.trail.open(By(cast.patient, "patient"), Asked(cast.record, "own-record"))
            assert disclosure.position > disclosure.as_of
    finally:
        for writer in writers:
            writer.cancel()
        await asyncio.gather(*writers, return_exceptions=True)


async def test_sixteen_comments_on_one_note_at_once_are_all_admitted(ledger: Ledger, cast: Cast) -> None:
    note = (await ledger.items.add(cast.doctor, cast.record, Draft("note", "Slept badly."))).facts["item"]
    comments = await asyncio.gather(
        *(ledger.items.comment(cast.doctor, cast.record, note, f"Comment {n}.") for n in range(16))
    )
    assert len({comment.position for comment in comments}) == 16


async def test_a_person_id_that_is_in_use_is_refused_and_not_tried_for_ever(ledger: Ledger, cast: Cast) -> None:
    administrator = By(ledger.people.founders[0], "administrator")
    with pytest.raises(DomainError):
        await ledger.people.register(administrator, "Somebody Else", person=cast.patient)


async def test_a_service_held_key_that_is_replaced_gives_way_to_the_next(ledger: Ledger, cast: Cast) -> None:
    administrator = By(ledger.people.founders[0], "administrator")
    [old] = (await ledger.facts.person(cast.clinician)).fold.keys.by_person.values()
    await ledger.people.revoke_key(administrator, cast.clinician, old.said, "replaced")
    note = await ledger.items.add(cast.doctor, cast.record, Draft("note", "Slept badly."))
    assert parse_entry(note.receipt.entry).signed.kid != old.said.key.kid


async def test_a_lost_connection_loses_and_doubles_nothing(database: Database, ledger: Ledger, cast: Cast) -> None:
    before = len(await positions(database))

    async def cut_connections() -> None:
        for _ in range(10):
            await asyncio.sleep(0.05)
            async with await psycopg.AsyncConnection.connect(database.superuser_dsn, autocommit=True) as connection:
                await connection.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity"
                    " where usename = 'ledger_app' and datname = %s",
                    [database.name],
                )

    cutting = asyncio.create_task(cut_connections())
    answers = []
    for n in range(40):
        answers += await asyncio.gather(
            *(_until_recorded(ledger, cast, f"Note {n}.{m}", fresh_id(clock())) for m in range(8))
        )
    await cutting
    assert len(set(answers)) == 320
    assert len(await positions(database)) == before + 320


async def _until_recorded(ledger: Ledger, cast: Cast, text: str, statement_id: str) -> int:
    by = replace(cast.doctor, statement_id=statement_id)
    while True:
        try:
            return (await ledger.items.add(by, cast.record, Draft("note", text))).position
        except NotRecorded:
            await asyncio.sleep(0.02)
