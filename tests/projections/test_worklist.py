"""The worklist: every secret is bounded, and stays on somebody's list until somebody settles it or time does."""

import re
from collections.abc import Iterator
from copy import copy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.postgres import EmbeddedPostgres
from ledger.core.decisions import Deny, Permit
from ledger.core.facts import RecordFacts
from ledger.core.instants import DAY, Instant, parse_instant
from ledger.core.item_facts import HELD_AT_MOST, Item
from ledger.core.said import Said
from ledger.core.secrecy import CONFIDENCE_AT_MOST, working
from projections import worklist
from projections.due import KINDS
from projections.notices import NOTICES
from projections.worklist import Due, Worklist
from tests.core.random_stories import spans, stories
from tests.core.random_told import Told
from tests.core.story import (
    AMINA,
    MOSS,
    RECORD,
    Story,
    named,
    practice,
)  # fmt: skip
from tests.docs.regions import DOCS
from tests.projections.desk import Desk, Rows, desk_of
from tests.projections.worklist_cases import (
    BOUNDED,
    DISPUTED,
    GUARDIAN,
    LIND_CARES,
    OKAFOR_CARES,
    Act,
    Case,
    answer,
    conversation,
    item,
    look,
    question,
    registered,
    then,
    withhold,
)


@pytest.fixture(scope="module")
def desk(postgres: EmbeddedPostgres, migrated_template: str) -> Iterator[Desk]:
    with desk_of(postgres, migrated_template) as desk:
        yield desk


def listed(desk: Desk, story: Story, who: tuple[str, str], at: int, *, overdue: bool = False) -> list[Due]:
    async def page(rows: Rows) -> list[Due]:
        return await Worklist(rows).page(*who, Instant(at), overdue=overdue)

    return desk.read(story.said, page)


def told(case: Case, *acts: Act) -> Story:
    story = practice()
    for act in (case.tell, *acts):
        act(story)
    return story


def lines(desk: Desk, story: Story, case: Case, who: tuple[str, str], at: int, **only: Any) -> list[Due]:
    return [line for line in listed(desk, story, who, at, **only) if line.kind == case.kind]


each_case = pytest.mark.parametrize("case", BOUNDED.values(), ids=BOUNDED)


def test_every_kind_has_a_case() -> None:
    assert {case.kind for case in BOUNDED.values()} == set(KINDS)


@each_case
def test_it_is_listed_until_it_is_due_and_then_overdue_or_over(desk: Desk, case: Case) -> None:
    story = told(case)
    end = case.due(story.now)
    since = case.since if case.since > end // 2 else story.now + case.since
    [line] = lines(desk, story, case, case.whose, end - 1)
    assert (line.record, line.due_at) == (RECORD, end)
    assert lines(desk, story, case, case.whose, since) == [line]
    assert lines(desk, story, case, case.whose, end - 1, overdue=True) == []
    left = [] if case.lapses else [line]
    assert lines(desk, story, case, case.whose, end) == left
    assert lines(desk, story, case, case.whose, end, overdue=True) == left
    if case.since:
        assert lines(desk, story, case, case.whose, since - 1) == []


@each_case
def test_it_is_nobody_elses_but_a_guardians_when_it_is_late(desk: Desk, case: Case) -> None:
    story = told(case)
    end = case.due(story.now)
    for at in (end - 1, end):
        assert [lines(desk, story, case, who, at) for who in case.not_for] == [[]] * len(case.not_for)
    for who in case.late_for:
        assert (lines(desk, story, case, who, end - 1), len(lines(desk, story, case, who, end))) == ([], 1)


@each_case
def test_it_stays_until_it_is_settled(desk: Desk, case: Case) -> None:
    before = told(case)
    [line] = lines(desk, before, case, case.whose, case.due(before.now) - 1)
    for act in case.settles:
        later = copy(before)
        later.said = list(before.said)
        act(later)
        about = [one.about for one in lines(desk, later, case, case.whose, line.due_at - 1)]
        assert line.about not in about
    for act in case.leaves:
        later = copy(before)
        later.said = list(before.said)
        act(later)
        about = [one.about for one in lines(desk, later, case, case.whose, line.due_at - 1)]
        assert line.about in about


@each_case
def test_whose_it_is_may_see_what_it_is_about(desk: Desk, case: Case) -> None:
    story = told(case)
    end = case.due(story.now)
    for who, at in ((case.whose, end - 1), *((one, end) for one in case.late_for)):
        [line] = lines(desk, story, case, who, at)
        decision = story.decide(*who, line.subject, at=at, purpose="task")
        # A look alone gives a guardian no duty in the record: they hear of it where they have one.
        wanted = Deny if case.kind == "unexplained-look" else Permit
        assert isinstance(decision, wanted), decision


def test_who_says_not_now_is_asked_again(desk: Desk) -> None:
    story = practice()
    conversation("not-now")(story)
    [line] = listed(desk, story, OKAFOR_CARES, story.now)
    assert (line.kind, line.due_at, line.subject) == ("carer-conversation", story.now + 28 * DAY, None)


def test_the_care_that_was_handed_on_takes_its_lines_along(desk: Desk) -> None:
    story = practice()
    story.join(MOSS, named("pharmacy"))
    [care] = [one.position for one in story.said if one.type == "care-started/1"]
    DISPUTED(story)
    story.transfer(care, named("pharmacy"))
    assert listed(desk, story, OKAFOR_CARES, story.now) == []
    kinds = [line.kind for line in listed(desk, story, (MOSS, "clinician"), story.now)]
    assert kinds == ["carer-conversation", "dispute"]


def test_a_registration_that_was_handed_on_is_one_still(desk: Desk) -> None:
    story = practice()
    begun = story.care({"kind": "team", "id": named("family")}, "registration")
    story.transfer(begun, named("pharmacy"))
    look(MOSS, 1)(story)
    assert [line.kind for line in listed(desk, story, GUARDIAN, story.now)] == ["unexplained-look"]
    story.said[-1].facts["permitted"][0]["evidence"][:] = [len(story.said) - 2]  # what it rests on is the transfer
    assert [line.kind for line in listed(desk, story, GUARDIAN, story.now)] == ["unexplained-look"]
    story.said[-1].facts["permitted"][0]["evidence"][:] = [0]
    assert listed(desk, story, GUARDIAN, story.now) == []


def test_an_opinion_that_has_lapsed_leaves_nothing_to_review(desk: Desk) -> None:
    story = practice()
    then(item("note"), withhold(ground="serious-harm", review="2027-05-01"))(story)
    lapse = parse_instant("2026-12-02T00:00:00.000Z")
    kinds = [{line.kind for line in listed(desk, story, LIND_CARES, at)} for at in (lapse - 1, lapse)]
    assert kinds == [{"carer-conversation", "withholding-review"}, {"carer-conversation"}]


def test_who_looks_again_after_answering_is_on_the_list_again(desk: Desk) -> None:
    story = practice()
    then(registered, look(MOSS, 1), question(MOSS), answer())(story)
    assert listed(desk, story, GUARDIAN, story.now) == []
    look(MOSS, 1)(story)
    [line] = listed(desk, story, GUARDIAN, story.now)
    assert (line.kind, line.about, line.since) == ("unexplained-look", MOSS, story.now)


def test_pages_go_on_where_the_one_before_ended(desk: Desk) -> None:
    story = practice()
    for n in range(7):
        story.item(f"note {n}", kind="working-note")
    whole = listed(desk, story, OKAFOR_CARES, story.now)

    async def by_twos(rows: Rows) -> list[Due]:
        found: list[Due] = []
        last = None
        while page := await Worklist(rows).page(*OKAFOR_CARES, story.now, after=last, limit=2):
            found += page
            last = (page[-1].due_at, page[-1].place)
        return found

    assert desk.read(story.said, by_twos) == whole
    assert len(whole) == 8


def test_the_guide_tells_of_every_kind() -> None:
    guide = (DOCS / "how-to" / "work-through-what-is-due.md").read_text(encoding="utf-8")
    first, second = (part for part in guide.split("## ")[1:])
    assert set(re.findall(r"^\| `([a-z-]+)` ", first, re.MULTILINE)) == set(KINDS)
    cells = [row.split("|")[1] for row in second.splitlines() if row.startswith("| `")]
    assert set(re.findall(r"`([a-z-]+)`", "".join(cells))) == set(NOTICES)


TABLES = ("worklist", "registration", "notice", "care")


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(told=stories, cuts=st.lists(st.integers(0, 200), max_size=6), looks=st.lists(st.integers(0, 60), max_size=4))
def test_in_whatever_batches_it_is_taken_in_the_rows_are_the_same(
    desk: Desk, told: Told, cuts: list[int], looks: list[int]
) -> None:
    story = told.story
    registered(story)
    for n in looks:
        story.now = Instant(story.now + n * DAY)
        (look(MOSS, -1) if n % 4 else then(question(MOSS, f"question {n}"), answer(f"question {n}")))(story)
    assert desk.rows(story.said, *TABLES, cuts=cuts) == desk.rows(story.said, *TABLES)


SECRETS = frozenset({"working-note", "confidence", "withholding-review", "opinion", "result-held"})


def is_bounded_secret(item: Item, at: Instant) -> bool:
    """Does somebody keep this item from somebody for a time, on a ground, or by its nature?"""
    confided = item.in_confidence and at < item.added_at + CONFIDENCE_AT_MOST
    kept = any(made.in_force(at) for made in item.withholdings)
    held = item.held is not None and at < item.held[1]
    return working(item, at) or confided or kept or held


def admissible(said: list[Said]) -> list[Said]:
    """Without what the authority would never have let in: a hold for longer than 14 days, or of what is no result."""
    added = {one.facts["item"]: one for one in said if one.type == "item-added/1"}

    def admitted(one: Said) -> bool:
        if one.type != "result-held/1":
            return True
        held = added.get(one.facts["item"])
        return held is not None and parse_instant(one.facts["until"]) <= held.recorded_at + HELD_AT_MOST

    return [one for one in said if admitted(one)]


@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(told=stories, later=spans)
def test_every_bounded_secret_is_on_a_list_exactly_until_it_is_settled(desk: Desk, told: Told, later: int) -> None:
    said, at = admissible(told.story.said), Instant(told.story.now + later)
    # Of what stands in the wrong record, the author may still say something; nobody else is told of it.
    items = {name: one for name, one in RecordFacts.of(RECORD, said).items.items() if one.wrong_record is None}
    whosever = worklist._PAGE.format(whose="line as (select * from projections.worklist where closed is null)")

    async def subjects(rows: Rows) -> set[str]:
        found = await rows.select(whosever, [at, AMINA, 0, 0, 2**62, None, None, 1000])
        return {str(subject) for _, kind, subject, *_ in found if kind in SECRETS}

    listed = desk.read(said, subjects)
    assert {name for name, one in items.items() if is_bounded_secret(one, at)} == listed & items.keys()
