"""The vault's log of opened words: no key of words without a row in it, and no row without its disclosure."""

import re
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from api.clock import clock
from api.postgres import EmbeddedPostgres
from api.wiring import SCHEMA_FOLDERS
from ledger import openings
from ledger.core.instants import SECOND, Instant
from ledger.disclosure import ANSWER_WITHIN
from ledger.domain.errors import NotAllowed
from ledger.ledger import open_ledger
from ledger.openings import CLOCKS_APART, Reconciled, reconcile
from ledger.saying import By, fresh_id
from ledger.store import migrate as migrating
from ledger.store.errors import WentBack
from ledger.store.mapper import SealingMapper
from ledger.use_cases.items import Draft
from ledger.use_cases.trail import Asked
from tests.postgres_fixture import Database, new_database
from tests.story import KEYRING, Beginning, Story, story_of

NOTE = "select ledger.note_opening(%s::bigint, %s::text, %s::bigint[])"
OPENED = "select place, wrapped from ledger.opened_words(%s::bigint)"
PLANT = """
    insert into ledger.opening (at, noted_in, reason, disclosure, positions)
    values (%s, pg_current_xact_id(), 'disclosure', %s, %s) returning n
"""
"""A row as somebody who owns the database writes it; but no key is given for it."""


def connected(story: Story, user: str = "ledger_app", *, autocommit: bool = True) -> "psycopg.Connection[Any]":
    return psycopg.connect(story.database.dsn(user), autocommit=autocommit)


def number(connection: "psycopg.Connection[Any]", query: str, *values: Any) -> Any:
    row = connection.execute(query.encode(), values).fetchone()
    assert row is not None
    return row[0]


async def reconciled(story: Story, after: int = 0) -> Reconciled:
    return await reconcile(story.ledger.rows, SealingMapper(story.ledger.keyring), after=after)


async def name_of(story: Story, who: By) -> int:
    """Where the name of a person was said."""
    at = (await story.ledger.facts.person(who.person)).fold.facts.registered
    assert at is not None
    return at


@pytest.fixture
async def planting(postgres: EmbeddedPostgres, begun: tuple[str, Beginning]) -> AsyncIterator[Story]:
    """A story in which openings are planted: at its end it may have some that nothing accounts for."""
    template, people = begun
    with new_database(postgres, template) as name:
        async with story_of(Database(postgres, name), people, accounted=False) as story:
            yield story


async def test_the_service_reads_no_key_of_words_but_by_noting_first_what_for(story: Story) -> None:
    await story.note("Slept badly.")
    view = await story.opened(story.okafor)
    with connected(story) as app, connected(story, "ledger_reader") as reader:
        keys = "select count(*) from ledger.vault where part = 1"
        assert number(app, keys) == 0
        assert number(reader, keys) > 0
        assert number(app, "select count(*) from ledger.vault") == number(reader, "select size from ledger.head")
        before = number(app, "select count(*) from ledger.opening")
        places = view.positions()
        given = app.execute(OPENED, [number(app, NOTE, view.position, "disclosure", places)]).fetchall()
        assert {place for place, wrapped in given if wrapped} == set(places)
        assert number(app, "select count(*) from ledger.opening") == before + 1
    with connected(story, "ledger_reader") as reader, pytest.raises(psycopg.errors.InsufficientPrivilege):
        number(reader, NOTE, view.position, "disclosure", places)


@pytest.mark.parametrize("savepoint", [False, True])
async def test_no_key_is_given_before_it_is_committed_that_it_is(story: Story, savepoint: bool) -> None:
    """Whoever takes keys and then rolls back what was noted would leave no trace."""
    await story.note("Slept badly.")
    view = await story.opened(story.okafor)
    with connected(story, autocommit=False) as app:
        if savepoint:
            app.execute("savepoint inside")
        noted = number(app, NOTE, view.position, "disclosure", view.positions())
        if savepoint:
            app.execute("release inside")
        with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="not committed"), app.transaction():
            app.execute(OPENED, [noted])
        app.rollback()
        with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="not noted"):
            app.execute(OPENED, [noted])


async def test_what_was_noted_serves_for_five_seconds(planting: Story) -> None:
    await planting.note("Slept badly.")
    view = await planting.opened(planting.okafor)
    with psycopg.connect(planting.database.superuser_dsn, autocommit=True) as owner, connected(planting) as app:
        late, fresh = (
            number(owner, PLANT, clock() - age, view.position, view.positions()) for age in (6 * SECOND, 3 * SECOND)
        )
        assert len(app.execute(OPENED, [fresh]).fetchall()) == len(view.positions())
        with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="older than five seconds"):
            app.execute(OPENED, [late])


WRITTEN = "insert into ledger.opening (at, noted_in, reason, positions) values (0, '3', 'repeat', '{0}')"
REFUSED = {
    "before a disclosure": "select ledger.note_opening((select size from ledger.head), 'disclosure', '{0}')",
    "for what is no disclosure": "select ledger.note_opening(0, 'disclosure', '{0}')",
    "for no disclosure at all": "select ledger.note_opening(null, 'disclosure', '{0}')",
    "for a reason that there is not": "select ledger.note_opening(null, 'curiosity', '{0}')",
    "several at once as a repeat": "select ledger.note_opening(null, 'repeat', '{0,1}')",
    "by writing the row": WRITTEN,
    "changing a row": "update ledger.opening set disclosure = 0",
    "deleting a row": "delete from ledger.opening",
    "emptying the log": "truncate ledger.opening",
}


async def test_nothing_else_is_noted_and_nothing_noted_is_changed(story: Story) -> None:
    await story.note("Slept badly.")
    await story.clinician_view()
    refused = psycopg.errors.InsufficientPrivilege, psycopg.errors.CheckViolation
    with connected(story) as app:
        for statement in REFUSED.values():
            with pytest.raises(refused):
                app.execute(statement.encode())
    with psycopg.connect(story.database.superuser_dsn) as owner:
        owner.execute("set session_replication_role = replica")
        for statement in ("update ledger.opening set disclosure = 0", "delete from ledger.opening"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), owner.transaction():
                owner.execute(statement.encode())


async def test_every_way_to_words_is_noted_and_accounted_for(story: Story) -> None:
    """The API's ways are held to the same at the end of each of their own tests (``tests.story``)."""
    ledger = story.ledger
    note = await story.note("Slept badly.")
    await ledger.items.comment(story.amina, story.record, note, "Only once.")
    asked = await ledger.erasing.ask(story.amina, story.record, note, "consent-withdrawn", "I want it gone.")
    await story.share({"kind": "everything"})
    views = [story.clinician_view, story.patient_view, story.carer_view]
    for build in (*views, lambda: story.patient_view(item=note)):
        before = (await reconciled(story)).last
        assert (await build()).items
        found = await reconciled(story, before)
        assert (found.checked, found.repeats, found.ok) == (1, 0, True), found.findings
    await ledger.erasing.erase(story.greta, story.record, note, str(asked.facts["erasure"]), "consent-withdrawn")
    assert [item.text for item in (await story.patient_view(item=note)).items] == [None]
    again = replace(story.okafor, statement_id=fresh_id(clock()), made_at=clock())
    first = [await ledger.items.add(again, story.record, Draft("note", "Once.")) for _ in range(2)]
    assert first[0].position == first[1].position
    found = await reconciled(story)
    assert (found.repeats, found.unaccounted, found.findings) == (1, 0, ())


async def test_exactly_what_a_disclosure_shows_is_accounted_for(planting: Story) -> None:
    """Every word of the log, opened by a rogue process for each of these disclosures, is found unless it is shown."""
    story, items = planting, planting.ledger.items
    note, plan = await story.note("Slept badly."), await story.note("Walk each day.", kind="plan")
    await items.amend(story.lind, story.record, note, "Slept well.")
    await items.comment(story.amina, story.record, plan, "I will.")
    erased = await story.note("Nobody's business.")
    asked = await story.ledger.erasing.ask(story.amina, story.record, erased, "consent-withdrawn", "Gone.")
    erasure = str(asked.facts["erasure"])
    await story.ledger.erasing.erase(story.greta, story.record, erased, erasure, "consent-withdrawn")
    await story.share({"kind": "item", "of": plan})
    shown = [await story.opened(by) for by in (story.okafor, story.amina, story.sam)]
    shown.append(await story.opened(story.amina, item=note))
    later = await story.note("Said later.")
    size = await story.ledger.rows.size()
    after = (await reconciled(story)).last
    with connected(story) as app:
        for view in shown:
            number(app, NOTE, view.position, "disclosure", list(range(size)))
    found = await reconciled(story, after)
    assert (found.checked, found.unaccounted) == (len(shown), len(shown))
    assert {one.disclosure.position for one in found.findings if one.disclosure} == {one.position for one in shown}
    for one, view in zip(found.findings, shown, strict=True):
        assert set(range(size)) - set(one.positions) == set(view.positions())
        assert str(one).endswith(f"the disclosure at position {view.position} does not show them")
    assert later not in str(found)


async def test_a_reading_of_the_trail_accounts_for_what_things_are_called_and_for_nothing_said_of_them_since(
    planting: Story,
) -> None:
    """Of what it tells of: a title is in the words in which a thing was added. An answer has none."""
    story, items = planting, planting.ledger.items
    note, other = await story.note("Slept badly.", title="A night"), await story.note("Not told of.")
    await items.amend(story.lind, story.record, note, "Slept well.")
    comment = str((await items.comment(story.amina, story.record, note, "I did.")).facts["item"])
    asked = Asked(story.record, "own-record", "trail", items=(note, comment), titles=True)
    trail = await story.ledger.trail.open(story.amina, asked)
    facts = (await story.ledger.facts.record(story.record)).fold.facts.items
    assert [one.positions for one in trail.shown] == [(facts[note].position,), ()]
    after, said = (await reconciled(story)).last, [facts[one].position for one in (note, other, comment)]
    with connected(story) as app:
        number(app, NOTE, trail.position, "disclosure", [*said, facts[note].newest])
    [found] = (await reconciled(story, after)).findings
    assert found.positions == tuple(sorted({*said, facts[note].newest} - {facts[note].position}))


async def test_an_unwrap_that_nothing_accounts_for_is_found_and_named(planting: Story) -> None:
    story, ledger = planting, planting.ledger
    await story.note("Slept badly.")
    mine, refused = await story.opened(story.okafor), await ledger.rows.size()
    with pytest.raises(NotAllowed, match="no current care relationship"):
        await story.opened(story.moss)
    case = await ledger.cases.assign(story.ada, story.ruth.person, "A complaint.", record=story.record)
    audited = await ledger.trail.open(story.ruth, Asked(story.record, "audit", case=str(case.facts["case"])))
    trail = await ledger.trail.open(story.amina, Asked(story.record, "own-record", "trail", items=()))
    place, patient = mine.positions()[0], mine.people[story.amina.person]
    moss, bert = await name_of(story, story.moss), await name_of(story, story.bert)
    now, too_late = clock(), Instant(mine.recorded_at + ANSWER_WITHIN + CLOCKS_APART + 1)
    planted = {
        "there is no disclosure at position 999999": (now, 999999, [place]),
        "there is no disclosure at position 1": (now, 1, [place]),
        "recorded at .*, and its five seconds were over": (too_late, mine.position, [place]),
        f"position {mine.position} does not show them": (now, mine.position, [patient + 1]),
        f"position {refused} was refused, by rule no-relationship": (now, refused, [patient]),
        "to a reader acting as auditor, who reads none": (now, audited.position, [patient]),
        f"position {trail.position} does not show them": (now, trail.position, [place]),
        f"the name of {story.bert.person}, who was not on the trail": (now, trail.position, [bert]),
    }
    accounted = [(now, trail.position, [moss, patient]), (too_late - 1, mine.position, [place])]
    after = (await reconciled(story)).last
    with psycopg.connect(story.database.superuser_dsn, autocommit=True) as owner:
        last = [number(owner, PLANT, *row) for row in accounted][-1]
        assert (await reconciled(story, after)).ok
        rows = [number(owner, PLANT, *row) for row in planted.values()]
    found = await reconciled(story, last)
    assert [one.opening.n for one in found.findings] == rows
    assert found.unaccounted == len(planted)
    for one, (why, (_, disclosure, places)) in zip(found.findings, planted.items(), strict=True):
        assert (one.opening.disclosure, list(one.positions)) == (disclosure, places)
        assert re.search(why, str(one)), str(one)
        assert (one.disclosure is None) == ("there is no" in why)


async def test_what_cannot_be_read_accounts_for_nothing(planting: Story) -> None:
    await planting.note("Slept badly.")
    view = await planting.opened(planting.okafor)
    await planting.clinician_view()
    with psycopg.connect(planting.database.superuser_dsn) as owner:
        owner.execute("alter table ledger.entry disable trigger all")
        owner.execute("update ledger.entry set facts = 'x' where type = 'record-opened/1'")
        number(owner, PLANT, clock(), view.position, view.positions())
    async with open_ledger(planting.database.dsn(), KEYRING, clock) as ledger:
        found = await reconcile(ledger.rows, SealingMapper(KEYRING))
    assert found.unaccounted == found.checked == 2
    assert all("cannot be read: sealed facts" in one.why for one in found.findings)


async def test_a_run_goes_on_after_the_last_and_past_no_number_that_may_still_come(
    planting: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    await planting.note("Slept badly.")
    await planting.clinician_view()
    first = await reconciled(planting)
    told: list[tuple[int, int]] = []
    view = await planting.opened(planting.okafor)
    with connected(planting, autocommit=False) as app:
        number(app, NOTE, view.position, "disclosure", view.positions())
        await planting.clinician_view()
        assert await reconciled(planting, first.last) == Reconciled(0, first.last, ())
        app.commit()
    found = await reconcile(
        planting.ledger.rows, SealingMapper(KEYRING), after=first.last, progress=lambda *done: told.append(done)
    )
    assert (found.checked, found.ok, told) == (2, True, [(2, 2)])
    with connected(planting, autocommit=False) as app:
        number(app, NOTE, view.position, "disclosure", view.positions())
        app.rollback()
    await planting.clinician_view()
    assert (await reconciled(planting, found.last)).checked == 0
    monkeypatch.setattr(openings, "SETTLED_AFTER", -SECOND)  # ten seconds later, it can no more be used
    assert (await reconciled(planting, found.last)).checked == 1
    with pytest.raises(WentBack, match=f"wanted at least {found.last + 9}, which was reconciled before"):
        await reconciled(planting, found.last + 9)


async def test_findings_are_counted_and_the_first_are_kept(planting: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, few in (("MOST_FINDINGS", 3), ("_AT_ONCE", 2), ("_MOST_WAITING", 1), ("_LOOKED_BACK_AT_ONCE", 2)):
        monkeypatch.setattr(openings, name, few)
    trail = await planting.ledger.trail.open(planting.amina, Asked(planting.record, "own-record", "trail", items=()))
    names = [await name_of(planting, who) for who in (planting.amina, planting.bert)]
    with psycopg.connect(planting.database.superuser_dsn, autocommit=True) as owner:
        for _ in range(5):
            number(owner, PLANT, clock(), trail.position, names)
    found = await reconciled(planting)
    assert (found.checked, found.unaccounted) == (5, 5)
    assert [(one.opening.n, list(one.positions)) for one in found.findings] == [(n, names[1:]) for n in (1, 2, 3)]


def test_a_database_of_before_gets_the_log_and_hides_the_keys_it_has(
    empty_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for file in migrating.SCHEMA_FOLDER.glob("000[123]_*.sql"):
        shutil.copy(file, tmp_path)
    with monkeypatch.context() as before:
        before.setattr(migrating, "SCHEMA_FOLDER", tmp_path)
        assert len(migrating.migrate(empty_database)) == 3
    keys = "select position, part from ledger.vault order by 1, 2"
    with psycopg.connect(empty_database) as owner:
        owner.execute("insert into ledger.vault values (0, 0, 1, 'k'), (0, 1, 1, 'k'), (1, 0, 1, 'k')")
    assert "0004_openings" in migrating.migrate(empty_database, *SCHEMA_FOLDERS)
    with psycopg.connect(empty_database) as owner:
        seen = {}
        for role in ("ledger_app", "ledger_reader", "ledger_eraser", "ledger_owner"):
            owner.execute(f"set role {role}".encode())
            seen[role] = owner.execute(keys.encode()).fetchall()
    every = [(0, 0), (0, 1), (1, 0)]
    assert seen == {"ledger_app": [(0, 0), (1, 0)], **dict.fromkeys(list(seen)[1:], every)}


async def test_a_reading_of_the_directory_opens_the_names_it_tells_of_and_no_more(planting: Story) -> None:
    ledger, mapper = planting.ledger, SealingMapper(planting.ledger.keyring)
    names = await ledger.directory.names(planting.ada, [planting.sam.person], [planting.practice])
    assert list(names.people.values()) + list(names.teams.values()) == ["Sam Diallo", "The Practice"]
    sound = await reconcile(ledger.rows, mapper)
    assert sound.ok
    reading = await ledger.rows.size() - 1
    item = await ledger.items.add(planting.amina, planting.record, Draft("contribution", "Nobody's business."))
    with connected(planting) as app:
        number(app, NOTE, reading, "disclosure", [item.position])
    found = await reconcile(ledger.rows, mapper, after=sound.last)
    assert [one.positions for one in found.findings] == [(item.position,)]
    assert "does not name them" in str(found.findings[0])
