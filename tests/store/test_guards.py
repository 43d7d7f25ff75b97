"""The guard on a real database: a decision is admitted only while every counter that it read stands still."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
import pytest

from api.clock import clock
from ledger.core import subjects
from ledger.core.instants import DAY, Instant
from ledger.core.subjects import Subject, subjects_of
from ledger.core.terms import TOPICS
from ledger.domain.errors import DomainError
from ledger.domain.items import Item
from ledger.domain.stream import Voice
from ledger.gathering import Gatherer
from ledger.ledger import Ledger, open_ledger
from ledger.saying import By, fresh_id
from ledger.store.errors import AlreadySaid, GuardFailed, NotRecorded
from ledger.store.mapper import Admission
from ledger.use_cases.items import Draft
from ledger.use_cases.people import Configured
from ledger.use_cases.sharing import Directing
from ledger.use_cases.trail import Asked
from tests.core.story import AGES, ITEM
from tests.story import KEYRING, Story

PLANS = {"kind": "kind", "of": "plan"}
NOBODY, NOTHING = fresh_id(Instant(0)), subjects.person(fresh_id(Instant(0)))


def person(by: By) -> dict[str, str]:
    return {"kind": "person", "id": by.person}


def note(story: Story) -> Admission:
    """A signed and sealed note, not yet admitted."""
    item = fresh_id(clock())
    stream = Item.of(item)
    words = {"title": None, "text": "Slept badly.", "quote": None, "data": None}
    voice = Voice(story.okafor.person, "clinician", clock(), fresh_id(clock()))
    stream.say("item-added/1", voice, {"record": story.record, "item": item, **ITEM}, words)
    [event] = stream.collect_events()
    return story.ledger.mapper.to_stored_event(event)  # type: ignore[return-value,arg-type]


async def care_of(story: Story) -> str:
    """The practice's care relationship."""
    said = await story.ledger.read(0, await story.ledger.rows.size())
    return str(next(one.facts["care"] for one in said if one.type == "care-started/1"))


async def counted(story: Story) -> dict[Subject, int]:
    """Every counter as the database has it."""
    async with await psycopg.AsyncConnection.connect(story.database.dsn()) as connection:
        return dict(await (await connection.execute("select subject, version from ledger.guard")).fetchall())


async def test_a_decision_guards_every_counter_that_it_read(story: Story) -> None:
    administrator, ledger = story.ada, story.ledger
    other = str((await ledger.people.form_team(administrator, "The Pharmacy")).facts["team"])
    okafor, sam = story.okafor.person, story.sam.person
    gatherer = Gatherer(ledger.facts)
    named = {"subject": sam, "teams": [other], "fresh": True}
    gathered = await gatherer.gather(okafor, story.record, at=clock(), **named)
    of_people = {of(who) for who in (okafor, sam) for of in (subjects.person, subjects.cases_of)}
    of_record = {subjects.contents_of(story.record), subjects.relations_of(story.record)}
    of_teams = {subjects.team(story.practice), subjects.team(other)}
    versions = await counted(story)
    every = of_people | of_record | of_teams | {subjects.POLICY}
    assert gathered.guards == {subject: versions.get(subject, 0) for subject in every}
    contents = subjects.contents_of(story.record)
    assert gathered.guards_without_contents() == {s: n for s, n in gathered.guards.items() if s != contents}
    assert contents in gathered.guards
    said = await ledger.read(0, await ledger.rows.size())
    read = [one.position for one in said if every & set(subjects_of(one.type, one.facts))]
    assert gathered.as_of == max(read)
    assert set(gathered.facts.teams) == {story.practice, other}
    assert gathered.facts.subject is not None
    assert gathered.facts.subject.person == sam


async def test_who_took_over_the_care_guards_the_team_that_had_it(story: Story) -> None:
    ledger = story.ledger
    other = str((await ledger.people.form_team(story.ada, "The Pharmacy")).facts["team"])
    await ledger.people.join_team(story.ada, other, story.moss.person)
    await ledger.care.transfer(story.ada, story.record, await care_of(story), other)
    gathered = await Gatherer(ledger.facts).gather(story.moss.person, story.record, at=clock(), fresh=True)
    teams = {subjects.team(story.practice), subjects.team(other)}
    assert teams <= gathered.guards.keys()
    assert set(gathered.facts.teams) == {story.practice, other}


async def test_what_nobody_knows_is_guarded_too(story: Story) -> None:
    gatherer = Gatherer(story.ledger.facts)
    gathered = await gatherer.gather(NOBODY, at=clock(), subject=NOBODY)
    unknown = {subjects.person(NOBODY), subjects.cases_of(NOBODY), subjects.POLICY}
    assert gathered.guards == gathered.guards_without_contents() == dict.fromkeys(unknown, 0)
    assert (gathered.facts.record, gathered.facts.subject, gathered.record, gathered.as_of) == (None, None, None, 0)
    okafor = story.okafor.person
    registered = await gatherer.registered([okafor, NOBODY])
    said = await story.ledger.read(0, await story.ledger.rows.size())
    [at] = [one.position for one in said if one.type == "person-registered/1" and one.facts["person"] == okafor]
    assert registered == {okafor: at}


async def test_what_is_read_afresh_is_what_was_said_last(story: Story) -> None:
    gatherer, ends = Gatherer(story.ledger.facts), Instant(clock() + DAY)
    about = {"record": story.record, "at": clock(), "subject": story.sam.person}
    before = await gatherer.gather(story.lind.person, **about)
    async with open_ledger(story.database.dsn(), KEYRING, clock) as other:
        await other.people.grant(story.ada, story.lind.person, "auditor", until=ends)
        await other.people.grant(story.ada, story.sam.person, "auditor", until=ends)
        await other.people.leave_team(story.ada, story.practice, story.okafor.person)
        await other.people.set_policy(story.ada, Configured({}, dict.fromkeys(TOPICS, "R"), AGES))
        frozen = await other.sharing.freeze(story.amina, story.record, story.sam.person)
    stale = await gatherer.gather(story.lind.person, **about)
    assert stale.guards == before.guards
    with pytest.raises(GuardFailed):
        await story.ledger.rows.sequencer.admit([note(story)], guards=stale.guards)
    fresh = await gatherer.gather(story.lind.person, **about, fresh=True)
    versions = await counted(story)
    assert fresh.guards == {subject: versions.get(subject, 0) for subject in fresh.guards}
    moved = {subject for subject in fresh.guards if fresh.guards[subject] != before.guards[subject]}
    people = {subjects.person(story.lind.person), subjects.person(story.sam.person)}
    assert moved == people | {subjects.team(story.practice), subjects.relations_of(story.record), subjects.POLICY}
    assert fresh.as_of == frozen.position
    await story.ledger.rows.sequencer.admit([note(story)], guards=fresh.guards)


async def test_a_counter_that_is_not_as_read_refuses_whichever_way_it_differs(story: Story) -> None:
    admit, known = story.ledger.rows.sequencer.admit, subjects.person(story.okafor.person)
    version = (await counted(story))[known]
    for guards in ({known: version - 1}, {known: version + 1}, {known: 0}, {NOTHING: 1}, {NOTHING: 0, known: 0}):
        before = await story.ledger.rows.size()
        with pytest.raises(GuardFailed, match="decide again"):
            await admit([note(story)], guards=guards)
        assert await story.ledger.rows.size() == before
    for guards in ({known: version}, {NOTHING: 0}, {NOTHING: 0, known: version}, {}):
        await admit([note(story)], guards=guards)


async def test_of_a_commit_that_lost_only_what_rests_on_what_changed_is_refused(story: Story) -> None:
    known, versions = subjects.person(story.okafor.person), await counted(story)
    good, stale = {known: versions[known], NOTHING: 0}, {known: versions[known], subjects.POLICY: 5}
    asked = [good, stale, {}, good, stale, good, {}, stale]
    before = await story.ledger.rows.size()
    enqueue = story.ledger.rows.sequencer.enqueue
    found = await asyncio.gather(*(enqueue([note(story)], guards=one) for one in asked), return_exceptions=True)
    assert [isinstance(one, GuardFailed) for one in found] == [one is stale for one in asked]
    positions = [one[0].position for one in found if not isinstance(one, BaseException)]
    assert positions == list(range(before, before + 5))


async def test_what_is_wrapped_under_another_generation_than_the_head_names_is_not_admitted(story: Story) -> None:
    before = await story.ledger.rows.size()
    with psycopg.connect(story.database.superuser_dsn) as connection:
        connection.execute("update ledger.head set generation = 2")
    with pytest.raises(NotRecorded, match="key-encryption key 2: not held"):
        await story.ledger.rows.sequencer.admit([note(story)])
    assert await story.ledger.rows.size() == before


async def test_each_fact_counts_once_and_is_found_under_its_number(story: Story) -> None:
    contents, admit = subjects.contents_of(story.record), story.ledger.rows.sequencer.admit
    before = (await counted(story)).get(contents, 0)
    await asyncio.gather(*(admit([note(story), note(story)]) for _ in range(4)))
    assert (await counted(story))[contents] == before + 8
    async with await psycopg.AsyncConnection.connect(story.database.dsn()) as connection:
        query = "select n, position from ledger.fact where subject = %s order by n"
        rows = await (await connection.execute(query, [contents])).fetchall()
    assert [n for n, _ in rows] == list(range(1, before + 9))
    assert [position for _, position in rows] == sorted({position for _, position in rows})


async def test_what_another_process_took_back_is_shown_and_said_no_more(story: Story) -> None:
    ledger, asked = story.ledger, Asked(story.record, "shared-with-me")
    plan = await story.note("Walk every day.", kind="plan")
    shared = await story.share(PLANS)
    assert [one.item for one in (await ledger.trail.open(story.sam, asked)).shown] == [plan]
    async with open_ledger(story.database.dsn(), KEYRING, clock) as other:
        await other.sharing.withdraw(story.amina, story.record, shared)
        assert (await ledger.trail.open(story.sam, asked)).shown == ()
        await other.care.end(story.ada, story.record, await care_of(story))
    with pytest.raises(DomainError):
        await ledger.items.add(story.lind, story.record, Draft("note", "Slept badly."))


@pytest.mark.parametrize("speaks", [False, True])
async def test_a_share_that_ends_between_decision_and_commit_shows_and_lets_say_nothing(
    story: Story, monkeypatch: pytest.MonkeyPatch, speaks: bool
) -> None:
    plan, ends = await story.note("Walk every day.", kind="plan"), Instant(clock() + DAY)
    directing = Directing(person(story.sam), PLANS, ends=ends)
    await story.ledger.sharing.direct(story.amina, story.record, directing)
    hands = [Instant(ends - 1)]
    async with open_ledger(story.database.dsn(), KEYRING, lambda: hands[-1]) as ledger:
        enqueue = ledger.rows.sequencer.enqueue

        def a_moment_later(*args: Any, **named: Any) -> Any:
            hands.append(Instant(hands[-1] + 1))
            return enqueue(*args, **named)

        asked = Asked(story.record, "shared-with-me")
        assert [one.item for one in (await ledger.trail.open(story.sam, asked)).shown] == [plan]
        monkeypatch.setattr(ledger.rows.sequencer, "enqueue", a_moment_later)
        if speaks:
            with pytest.raises(DomainError):
                await ledger.items.comment(story.sam, story.record, plan, "Gladly.")
        else:
            assert (await ledger.trail.open(story.sam, asked)).shown == ()


async def test_what_another_process_marked_as_of_the_wrong_record_is_shown_no_more(story: Story) -> None:
    note = await story.note("Slept badly.")
    assert (await story.opened(story.lind)).shown != ()
    async with open_ledger(story.database.dsn(), KEYRING, clock) as other:
        await other.items.mark_in_error(story.okafor, story.record, note, "Of somebody else.", wrong_record=True)
    assert (await story.opened(story.lind)).shown == ()


async def test_what_waits_for_the_next_commit_is_not_lost_where_this_one_is(story: Story) -> None:
    said, stale = note(story), {subjects.POLICY: 5}
    enqueue = story.ledger.rows.sequencer.enqueue
    asked = [enqueue([note(story)], guards=stale), enqueue([said]), enqueue([said])]
    asked += [enqueue([note(story)]) for _ in range(6)]
    async with asyncio.timeout(20):
        refused, first, again, *others = await asyncio.gather(*asked, return_exceptions=True)
    assert isinstance(refused, GuardFailed)
    assert isinstance(again, AlreadySaid)
    assert again.position == first[0].position  # type: ignore[index]
    assert not [one for one in others if isinstance(one, BaseException)]


@asynccontextmanager
async def behind(story: Story) -> AsyncIterator[Ledger]:
    """Another process on the same ledger, which has not heard of what this one admitted since it began."""
    async with open_ledger(story.database.dsn(), KEYRING, clock) as other:
        await story.ledger.rows.sequencer.admit([note(story)])
        yield other


async def test_a_process_that_was_behind_takes_in_what_the_other_admitted_and_holds_to_its_guards(story: Story) -> None:
    contents, size = subjects.contents_of(story.record), 0
    async with behind(story) as other:
        version = (await counted(story))[contents]
        stale, good = {contents: version - 1}, {contents: version}
        enqueue, ends = other.rows.sequencer.enqueue, Instant(clock() + DAY)
        asked = [enqueue([note(story)], guards=guards, valid_until=ends) for guards in (good, stale, stale, {})]
        first, *refused, last = await asyncio.gather(*asked, return_exceptions=True)
        size = await story.ledger.rows.size()
    assert all(isinstance(one, GuardFailed) for one in refused)
    assert [first[0].position, last[0].position] == [size - 2, size - 1]  # type: ignore[index]
    with pytest.raises(GuardFailed):
        await story.ledger.rows.sequencer.admit([note(story)], guards=good)
