"""What brings a line onto a worklist, for each kind of line: whose it is, until when, and what settles it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ledger.core.instants import DAY, HOUR, SECOND, Instant, format_instant, parse_instant
from ledger.core.said import Said
from ledger.core.vocabulary import STATEMENT_TYPES
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

LIND_CARES, OKAFOR_CARES, GUARDIAN = (LIND, "clinician"), (OKAFOR, "clinician"), (GRETA, "guardian")
Act = Callable[[Story], Any]


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
