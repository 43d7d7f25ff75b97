"""The worklist: every secret is bounded, and stays on somebody's list until somebody settles it or time does."""

import re
from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.postgres import EmbeddedPostgres
from ledger.core.decisions import Deny, Permit
from ledger.core.facts import RecordFacts
from ledger.core.instants import DAY, HOUR, SECOND, Instant, format_instant, parse_instant
from ledger.core.item_facts import HELD_AT_MOST, Item
from ledger.core.said import Said
from ledger.core.secrecy import CONFIDENCE_AT_MOST, working
from ledger.core.vocabulary import STATEMENT_TYPES
from projections import worklist
from projections.due import KINDS
from projections.notices import NOTICES
from projections.worklist import Due, Worklist
from tests.core.random_stories import spans, stories
from tests.core.random_told import Told
from tests.core.story import (
    AMINA,
    GRETA,
    LIND,
    MOSS,
    OKAFOR,
    RECORD,
    SAM,
    SERVICE,
    Story,
    named,
    person,
    practice,
)  # fmt: skip
from tests.docs.regions import DOCS
from tests.projections.desk import Desk, Rows, desk_of

LIND_CARES, OKAFOR_CARES, GUARDIAN = (LIND, "clinician"), (OKAFOR, "clinician"), (GRETA, "guardian")
Act = Callable[[Story], Any]


@pytest.fixture(scope="module")
def desk(postgres: EmbeddedPostgres, migrated_template: str) -> Iterator[Desk]:
    with desk_of(postgres, migrated_template) as desk:
        yield desk


@dataclass(frozen=True)
class Case:
    """``tell`` opens the line. It is on ``whose`` list from ``since`` on, due ``due`` after it was told.

    ``lapses``: time settles it when it is due. Each of ``settles`` settles it, none of ``leaves`` does; ``not_for``
    never see it, and ``late_for`` only when it is overdue. Spans are milliseconds.
    """

    kind: str
    tell: Act
    whose: tuple[str, str]
    due: Callable[[Instant], int]
    lapses: bool
    settles: tuple[Act, ...] = ()
    leaves: tuple[Act, ...] = ()
    not_for: tuple[tuple[str, str], ...] = ()
    late_for: tuple[tuple[str, str], ...] = ()
    since: int = 0


def after(span: int) -> Callable[[Instant], int]:
    return lambda told: told + span


def on(instant: str) -> Callable[[Instant], int]:
    return lambda _told: parse_instant(instant)


def withhold(kept_from: str = "patient", ground: str = "third-party", opinion: str = "2026-05-04",
             review: str = "2026-08-04") -> Act:  # fmt: skip
    facts = {"opinion_date": opinion, "review_date": review, "ground": ground, "from_": kept_from}
    return lambda story: story.clinician(
        "withholding-made/1", item=named("it"), withholding=named(f"withholding {review}{opinion}"), **facts
    )


def then(*acts: Act) -> Act:
    def each(story: Story) -> None:
        for act in acts:
            act(story)

    return each


def item(kind: str, author: str = OKAFOR, acting_as: str = "clinician", **facts: Any) -> Act:
    return lambda story: story.item("it", author, acting_as, kind=kind, **facts)


def comment(author: str, acting_as: str) -> Act:
    return lambda story: story.item("comment", author, acting_as, kind="comment", parent=named("it"), concern="reply")


def of_it(type_: str, author: str = OKAFOR, acting_as: str = "clinician", **facts: Any) -> Act:
    return lambda story: story.say(type_, author, acting_as, record=RECORD, item=named("it"), **facts)


def lift(review: str = "2026-08-04", opinion: str = "2026-05-04") -> Act:
    return of_it("withholding-lifted/1", withholding=named(f"withholding {review}{opinion}"))


def guardian(type_: str, **facts: Any) -> Act:
    return lambda story: story.say(type_, GRETA, "guardian", record=RECORD, **facts)


def clinician(type_: str, **facts: Any) -> Act:
    return lambda story: story.clinician(type_, **facts)


def question(viewer: str, name: str = "question") -> Act:
    return lambda story: story.patient(
        "access-questioned/1", question=named(name), disclosure=named("look"), viewer=viewer
    )


def answer(name: str = "question", by: str = MOSS) -> Act:
    return lambda story: story.clinician("access-answered/1", by, question=named(name))


def emergency(story: Story) -> None:
    ends = story.now + SECOND + HOUR
    facts = {"emergency": named("emergency"), "person": MOSS, "kind": "urgent-care", "until": ends}
    story.clinician("emergency-opened/2", MOSS, **facts)


def delayed(hours: int) -> Act:
    return lambda story: guardian(
        "notice-delayed/1", emergency=named("emergency"), until=story.now + SECOND + hours * HOUR
    )(story)


def held(days: int) -> Act:
    return lambda story: story.clinician("result-held/1", item=named("it"), until=story.now + SECOND + days * DAY)


def conversation(outcome: str) -> Act:
    return lambda story: story.clinician(
        "carer-conversation-held/1", conversation=named(outcome), person=None, outcome=outcome, capacity="presumed"
    )


def assessed(name: str, matter: str, outcome: str = "lacks") -> Act:
    def assess(story: Story) -> None:
        facts = {"matter": matter, "outcome": outcome, "relevant": []}
        dates = {"from_": story.now, "until": story.now + SECOND + 90 * DAY}
        story.clinician("capacity-assessed/1", assessment=named(name), **facts, **dates)

    return assess


def erasure(by: str, acting_as: str) -> Act:
    return lambda story: story.asked(named("it"), by, acting_as)


def erased(story: Story) -> None:
    [asked] = [one.facts["erasure"] for one in story.said if one.type == "erasure-asked/1"]
    story.erase(named("it"), asked)


def look(viewer: str, care: int) -> Act:
    """A disclosure to a clinician that rests on the care relationship at this position, counted among such."""

    def looked(story: Story) -> None:
        evidence = [one.position for one in story.said if one.type == "care-started/1"][care]
        shown = [{"rule": "direct-care", "evidence": [evidence], "items": [named("first")]}]
        facts = {"record": RECORD, "viewer": viewer, "acting_as": "clinician", "purpose": "task", "via": "screen",
                 "disclosure": named(f"look {len(story.said)}"), "case": None, "policy": 1, "as_of": 1,
                 "at": format_instant(story.now), "valid_until": None, "refused": None, "permitted": shown}  # fmt: skip
        STATEMENT_TYPES["disclosure-made/1"].facts("facts", facts)
        story.now = Instant(story.now + SECOND)
        said = (story.now, story.now, "disclosure-made/1", SERVICE, "service", facts)
        story.said.append(Said(len(story.said), *said))

    return looked


def registered(story: Story) -> None:
    story.care(person(MOSS), "registration")


WRONG_RECORD = of_it("item-marked-in-error/1", wrong_record=True)
IN_ERROR = of_it("item-marked-in-error/1", wrong_record=False)
DEATH, LIFE = clinician("death-recorded/1", died="2026-05-04"), guardian("death-retracted/1")
CONFIDED = item("contribution", SAM, "carer", in_confidence=True)
DISPUTED = then(item("note"), lambda story: story.item(
    "it", AMINA, "patient", kind="comment", parent=named("first"), concern="dispute"))  # fmt: skip
BOUNDED = {
    "a working note: its author has 28 days": Case(
        "working-note", item("working-note"), OKAFOR_CARES, after(28 * DAY), True,
        (withhold(), WRONG_RECORD), (withhold("carers"), then(withhold(), lift()), IN_ERROR,
         withhold(ground="serious-harm", opinion="2025-10-31")), (LIND_CARES, GUARDIAN),
    ),
    "a carer's confidence: whoever is in care has 14 days": Case(
        "confidence", CONFIDED, LIND_CARES, after(14 * DAY), True,
        (withhold(ground="carer-confidence"), WRONG_RECORD, of_it("leave-answered/1", SAM, "carer", outcome="given")),
        (of_it("leave-asked/1"), of_it("leave-answered/1", SAM, "carer", outcome="refused"), withhold("carers"),
         then(withhold(ground="carer-confidence"), lift())), (GUARDIAN, (MOSS, "clinician")),
    ),
    "an opinion on serious harm, six months on: the guardian has 28 days": Case(
        "opinion", then(item("note"), withhold(ground="serious-harm", review="2026-12-01")), GUARDIAN,
        on("2026-12-02T00:00:00.000Z"), True, (
            lift("2026-12-01"), WRONG_RECORD,
            withhold(ground="serious-harm", opinion="2026-11-05", review="2027-01-10"),
        ), (withhold("carers", "serious-harm", "2026-11-05", "2027-01-10"), withhold(review="2027-01-10")),
        (LIND_CARES,), since=parse_instant("2026-11-04T00:00:00.000Z"),
    ),
    "what is kept back on a ground: a review by its date": Case(
        "withholding-review", then(item("note"), withhold()), LIND_CARES, on("2026-08-05T00:00:00.000Z"), False,
        (lift(), WRONG_RECORD, withhold(review="2026-12-01")),
        (withhold("carers", review="2026-12-01"), withhold(ground="safeguarding", review="2026-12-01")),
        ((MOSS, "clinician"),), (GUARDIAN,),
    ),
    "a result that is held": Case(
        "result-held", then(item("result"), held(10)), LIND_CARES, after(10 * DAY), True,
        (of_it("result-released/1"), WRONG_RECORD), (IN_ERROR,), (GUARDIAN,),
    ),
    "an emergency access: the guardian reviews it": Case(
        "emergency-review", emergency, GUARDIAN, after(HOUR + 7 * DAY), False,
        (guardian("emergency-reviewed/1", emergency=named("emergency"), outcome="not-justified"),),
        (delayed(72),), (LIND_CARES, (MOSS, "guardian")),
    ),
    "an emergency notice that the guardian delays": Case(
        "emergency-notice", then(emergency, delayed(72)), GUARDIAN, after(72 * HOUR), True, (),
        (guardian("emergency-reviewed/1", emergency=named("emergency"), outcome="justified"),), (LIND_CARES,),
    ),
    "a question about an access: who looked has 28 days": Case(
        "question", question(MOSS), (MOSS, "clinician"), after(28 * DAY), False, (answer(),),
        (question(LIND, "another"), answer("another", LIND)), (OKAFOR_CARES,), (GUARDIAN,),
    ),
    "a question to somebody who is no clinician: the guardian answers it": Case(
        "question", question(SAM), GUARDIAN, after(28 * DAY), False,
        (guardian("access-answered/1", question=named("question")),), (), (OKAFOR_CARES,),
    ),
    "a dispute: one month to answer": Case(
        "dispute", DISPUTED, LIND_CARES, on("2026-06-05T00:00:00.000Z"), False,
        (of_it("dispute-answered/1", outcome="amended"), of_it("dispute-answered/1", outcome="declined"),
         then(erasure(AMINA, "patient"), erased)), (comment(OKAFOR, "clinician"),), (GUARDIAN, (MOSS, "clinician")),
    ),
    "a dispute that was declined: a second professional reviews it": Case(
        "dispute-review", then(DISPUTED, of_it("dispute-answered/1", outcome="declined")), LIND_CARES,
        on("2026-06-05T00:00:00.000Z"), False, (
            of_it("dispute-reviewed/1", LIND, outcome="upheld"), of_it("dispute-answered/1", LIND, outcome="amended"),
        ), (), (OKAFOR_CARES, GUARDIAN),
    ),
    "a care relationship: the patient is asked about carers": Case(
        "carer-conversation", lambda story: None, OKAFOR_CARES,
        lambda _told: _care_began() + 28 * DAY, False,
        (conversation("asked"), conversation("agreed"), conversation("declined"), DEATH,
         then(conversation("agreed"), registered)), (then(DEATH, LIFE), registered), (GUARDIAN, (MOSS, "clinician")),
    ),
    "an assessment of capacity that ends": Case(
        "capacity-review", assessed("one", "sharing"), LIND_CARES, after(90 * DAY), False,
        (clinician("capacity-withdrawn/1", assessment=named("one")), DEATH, assessed("other", "sharing", "has")),
        (then(DEATH, LIFE), assessed("other", "treatment", "has")), (GUARDIAN,), since=62 * DAY,
    ),
    "an erasure that is asked for": Case(
        "erasure-asked", then(item("note"), erasure(AMINA, "patient")), GUARDIAN, on("2026-06-05T00:00:00.000Z"),
        False, (erased,), (WRONG_RECORD,), (LIND_CARES,),
    ),
    "an erasure that a guardian asks for is for another guardian": Case(
        "erasure-asked", then(item("note"), erasure(named("Gus"), "guardian")), GUARDIAN,
        on("2026-06-05T00:00:00.000Z"), False, (erased,), (), ((named("Gus"), "guardian"),),
    ),
    "a look that rests on a registration alone": Case(
        "unexplained-look", then(registered, look(MOSS, 1)), GUARDIAN, after(28 * DAY), True,
        (then(question(MOSS), answer()),), (then(question(LIND), answer(by=LIND)), look(MOSS, 1)), (LIND_CARES,),
    ),
    "a recommendation: somebody else in care answers it": Case(
        "recommendation", item("recommendation"), LIND_CARES, after(28 * DAY), False,
        (comment(LIND, "clinician"), WRONG_RECORD), (comment(AMINA, "patient"),), (OKAFOR_CARES, GUARDIAN),
    ),
}  # fmt: skip


def _care_began() -> Instant:
    return next(one.recorded_at for one in practice().said if one.type == "care-started/1")


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


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
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


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
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
