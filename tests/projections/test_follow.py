"""Following the ledger: complete, in order, once; after a lost connection, in two processes, and from the beginning."""

import asyncio
import re
import time
from datetime import date

import psycopg
import pytest

from api.wiring import SCHEMA_FOLDERS
from ledger.core.instants import MINUTE, Instant
from ledger.core.vocabulary import STATEMENT_TYPES
from ledger.domain.errors import NotAllowed, Unknown
from ledger.store.migrate import migrate
from ledger.use_cases.items import Draft
from ledger.use_cases.representation import Instrument
from projections import follow
from projections.access_trail import Sought
from projections.all import ALL_PROJECTIONS
from projections.directory import CHANGES
from projections.errors import NotFollowed, OutOfStep
from projections.follow import following
from tests.postgres_fixture import Database
from tests.story import NAMES, Story

TABLES = [table for projection in ALL_PROJECTIONS for table in projection.TABLES]


def dump(database: Database) -> dict[str, list[str]]:
    """Every row of every table, as text."""
    with psycopg.connect(database.superuser_dsn) as connection:
        return {
            table: sorted(row for (row,) in connection.execute(f"select t::text from projections.{table} t"))  # noqa: S608
            for table in [*TABLES, "tracking"]
        }


async def busy(story: Story) -> None:
    """A little of everything."""
    note = await story.note("Inappropriate laughter.", topics=("mental-health",))
    await story.ledger.items.comment(story.amina, story.record, note, "It was a joke.", quote="laughter")
    await story.ledger.items.amend(story.okafor, story.record, note, "Laughed at a joke.")
    directive = await story.share({"kind": "item", "of": note})
    await story.carer_view()
    await story.ledger.sharing.withdraw(story.amina, story.record, directive)
    await story.carer_view()
    await story.clinician_view()
    with pytest.raises(NotAllowed):
        await story.ledger.items.add(story.sam, story.record, _draft("note"))
    await story.ledger.items.dispute(story.amina, story.record, note, "It was no laughter.")
    until = Instant(story.ledger.clock() + MINUTE)
    await story.ledger.sharing.open_emergency(story.moss, story.record, "urgent-care", "Collapsed.", until)
    await story.ledger.care.start(story.ada, story.record, ground="registration", person=story.lind.person)
    await story.ledger.people.end_role(story.ada, story.moss.person, "clinician")
    await story.ledger.care.end_carer(story.amina, story.record, story.sam.person)
    await story.ledger.care.name_carer(story.amina, story.record, story.greta.person, "sister")
    await story.ledger.people.leave_team(story.ada, story.practice, story.lind.person)
    instrument = Instrument(story.sam.person, "attorney", ["care"], "jointly-and-severally", date(2026, 1, 1))
    await story.ledger.representation.register_power(story.ada, story.record, instrument)
    await story.settled()


def _draft(kind: str) -> Draft:
    return Draft(kind, "I am not a clinician.")


async def test_a_rebuild_gives_the_same_tables(story: Story) -> None:
    await busy(story)
    before, heard = dump(story.database), []
    size = await story.follower.rebuild(lambda done, total: heard.append((done, total)))
    assert dump(story.database) == before
    assert heard[-1] == (size, size)
    assert all(before[table] for table in TABLES)
    view = await story.clinician_view()
    assert view.items


async def test_an_interrupted_rebuild_goes_on_where_it_was(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    await busy(story)
    before = dump(story.database)
    monkeypatch.setattr(follow, "BATCH", 7)

    class Enough(Exception):
        pass

    def stop(done: int, size: int) -> None:
        if done > size // 2:
            raise Enough

    with pytest.raises(Enough):
        await story.follower.rebuild(stop)
    story.follower.forget()
    await story.settled()
    assert dump(story.database) == before


async def test_a_follower_goes_on_after_its_connection_was_cut(story: Story) -> None:
    for _ in range(3):
        with psycopg.connect(story.database.superuser_dsn, autocommit=True) as superuser:
            cut = superuser.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and application_name = 'record-ledger follower'"
            ).fetchall()
        assert cut == [(True,)]
        note = await story.note("After the cut.")
        assert (await story.patient_view()).items[0].id == note


async def test_two_followers_at_once_take_in_each_statement_once(story: Story) -> None:
    async with following(story.ledger, story.database.dsn(), ALL_PROJECTIONS) as second:
        await asyncio.gather(*(story.note(f"Note {n}.") for n in range(40)))
        size = await story.ledger.rows.size()
        await asyncio.gather(story.follower.wait_until(size - 1), second.wait_until(size - 1))
    before = dump(story.database)
    await story.follower.rebuild()
    assert dump(story.database) == before
    assert second.tracking.notification_id == size


async def test_what_another_process_rebuilds_is_waited_for_and_not_shown_in_part(story: Story) -> None:
    await story.note("Restless.")
    await story.settled()
    with psycopg.connect(story.database.superuser_dsn, autocommit=True) as superuser:
        superuser.execute("truncate " + ", ".join(f"projections.{table}" for table in TABLES))
        superuser.execute("update projections.tracking set notification_id = 0")
    assert [item.text for item in (await story.patient_view()).items] == ["Restless."]


async def test_a_row_that_somebody_removed_or_moved_is_noticed_before_anything_is_shown(story: Story) -> None:
    note = await story.note("Restless.")
    await story.settled()
    with psycopg.connect(story.database.superuser_dsn, autocommit=True) as superuser:
        superuser.execute("update projections.timeline set author = %s where item = %s", [story.sam.person, note])
        with pytest.raises(OutOfStep, match="rebuild"):
            await story.patient_view()
        superuser.execute("delete from projections.timeline where item = %s", [note])
    with pytest.raises(OutOfStep, match="rebuild"):
        await story.patient_view()


async def test_waiting_is_immediate_where_it_is_there_and_a_clear_error_where_it_never_comes(story: Story) -> None:
    started = time.process_time()
    for _ in range(1000):
        await story.follower.wait_until(0)
    assert time.process_time() - started < 0.5
    with pytest.raises(NotFollowed, match="wanted 1000000 within"):
        await story.follower.wait_until(1_000_000, timeout=0.1)


async def test_what_keeps_the_follower_back_is_in_the_error_of_those_who_wait(story: Story) -> None:
    with psycopg.connect(story.database.superuser_dsn, autocommit=True) as superuser:
        superuser.execute("alter table projections.timeline rename to elsewhere")
    answer = await story.ledger.items.add(story.okafor, story.record, _draft("note"))

    async def told() -> str:
        with pytest.raises(NotFollowed) as error:
            await story.follower.wait_until(answer.position, timeout=0.1)
        return str(error.value)

    async with asyncio.timeout(60):
        while "projections.timeline" not in await told():
            """It has not tried yet."""


async def test_neither_words_nor_names_are_anywhere_in_the_projections(story: Story) -> None:
    await busy(story)
    rows = "".join(row for rows in dump(story.database).values() for row in rows)
    said = re.sub(r"(?<![\w-])[\w-]{43}(?![\w-])", "", rows).lower()  # in a key's id any two letters may stand
    for word in ("laugh", "joke", "i am not", "practice", 'son"', *(part for name in NAMES for part in name.split())):
        assert word.lower() not in said.replace("person", "")


async def test_the_directory_lists_the_records_of_each_as_long_as_they_are_theirs(story: Story) -> None:
    directory, now = story.directory, story.ledger.clock()
    assert [one.record for one in await directory.own_record(story.amina.person)] == [story.record]
    assert [one.record for one in await directory.cared_for(story.sam.person)] == [story.record]
    [listed] = await directory.in_care_of(story.okafor.person, now)
    assert (listed.record, listed.patient, listed.ground, listed.team) == (
        story.record, story.amina.person, "referral", story.practice,
    )  # fmt: skip
    assert await directory.in_care_of(story.moss.person, now) == []
    assert await directory.members(story.practice, now) == [story.okafor.person, story.lind.person]
    assert await directory.roles(story.greta.person, now) == ["guardian"]
    assert await directory.roles(story.ada.person, now) == ["administrator"]

    until = Instant(story.ledger.clock() + MINUTE)
    care = await story.ledger.care.start(
        story.ada, story.record, ground="appointment", person=story.moss.person, until=until
    )
    await story.ledger.care.end_carer(story.amina, story.record, story.sam.person)
    await story.ledger.people.leave_team(story.ada, story.practice, story.lind.person)
    instrument = Instrument(story.sam.person, "attorney", ["care"], "jointly-and-severally", date(2026, 1, 1))
    await story.ledger.representation.register_power(story.ada, story.record, instrument)
    await story.settled()
    now = story.ledger.clock()
    assert await directory.cared_for(story.sam.person) == []
    assert await directory.carers(story.record) == []
    assert await directory.in_care_of(story.lind.person, now) == []
    [listed] = await directory.in_care_of(story.moss.person, now)
    assert (listed.ground, listed.team) == ("appointment", None)
    assert await directory.in_care_of(story.moss.person, until) == []
    assert await directory.in_care_of(story.moss.person, now, before=listed.position) == []
    await story.ledger.care.end(story.ada, story.record, str(care.facts["care"]))
    await story.settled()
    assert await directory.in_care_of(story.moss.person, now) == []


async def test_a_role_counts_once_a_second_administrator_has_approved_it(story: Story) -> None:
    await story.ledger.people.grant(story.ada, story.lind.person, "guardian")
    await story.settled()
    assert await story.directory.roles(story.lind.person, story.ledger.clock()) == ["clinician"]
    await story.ledger.people.approve(story.bert, story.lind.person, "guardian")
    await story.settled()
    assert await story.directory.roles(story.lind.person, story.ledger.clock()) == ["clinician", "guardian"]


async def test_the_trail_tells_who_looked_who_tried_and_who_has_ever_seen_an_item(story: Story) -> None:
    note = await story.note("Inappropriate laughter.")
    await story.clinician_view()
    await story.patient_view()
    with pytest.raises(Unknown):
        await story.carer_view(item=note)
    with pytest.raises(NotAllowed):
        await story.ledger.items.add(story.sam, story.record, _draft("note"))
    await story.settled()

    lines = await story.trail.page(Sought(record=story.record))
    assert [(line.viewer, line.refused, line.items) for line in lines] == [
        (story.sam.person, lines[0].refused, 0),
        (story.sam.person, "no-consent", 0),
        (story.amina.person, None, 1),
        (story.okafor.person, None, 1),
    ]
    assert (lines[0].attempted, lines[0].said) == ("item-added/1", "attempt-refused/1")
    assert lines[3].permitted[0].items == (note,)
    assert (lines[2].acting_as, lines[2].purpose, lines[2].via) == ("patient", "own-record", "screen")
    assert [line.viewer for line in await story.trail.seen_by(note)] == [story.amina.person, story.okafor.person]
    assert [line.viewer for line in await story.trail.page(Sought(viewer=story.sam.person), limit=1)] == [
        story.sam.person
    ]
    assert await story.trail.page(Sought(record=story.record), before=lines[1].position) == lines[2:]
    since = lines[1].at
    assert all(line.at >= since for line in await story.trail.page(Sought(since=since)))
    assert await story.trail.page(Sought(record=story.record, until=lines[-1].at)) == []


async def test_the_service_may_make_projections_again_and_readers_may_only_read_them(database: Database) -> None:
    assert migrate(database.superuser_dsn, *SCHEMA_FOLDERS) == []
    with psycopg.connect(database.dsn("ledger_reader"), autocommit=True) as reader:
        for table in TABLES:
            reader.execute(f"select 1 from projections.{table}")  # noqa: S608 - a constant
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                reader.execute(f"delete from projections.{table}")  # noqa: S608 - a constant


def test_the_directory_knows_only_statement_types_that_there_are() -> None:
    assert set(CHANGES) <= set(STATEMENT_TYPES)
