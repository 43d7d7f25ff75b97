"""Random stories for the laws: bytes read as things that people say, in any order, sensible or not.

They bypass the authority on purpose: a law of the disclosure rule holds for whatever the ledger might contain.
"""

from collections.abc import Callable, Iterator
from typing import Any

from hypothesis import strategies as st

from ledger.core.instants import DAY, HOUR, Instant
from tests.core import random_representation as representation
from tests.core.random_told import KINDS, SPANS, TOPIC_LISTS, VERA, Told
from tests.core.story import (
    ADA,
    AMINA,
    FAMILY,
    GRETA,
    JOY,
    LIND,
    MOSS,
    OKAFOR,
    PHARMACY,
    PRACTICE,
    RECORD,
    RUTH,
    SAM,
    START,
    TOGETHER,
    Story,
    named,
    person,
    practice,
    team,
)

AUTHORS = ((OKAFOR, "clinician"), (LIND, "clinician"), (AMINA, "patient"), (SAM, "carer"), (JOY, "carer"))
READERS = (
    (AMINA, "patient"),
    (SAM, "carer"),
    (OKAFOR, "clinician"),
    (MOSS, "clinician"),
    (GRETA, "guardian"),
    (JOY, "attorney"),
    (VERA, "attorney"),
    (VERA, "parent"),
)
_AUTHOR_OF = {"contribution": AUTHORS[3:], "experience": AUTHORS[2:3] * 2, "comment": AUTHORS[1:3]}
ON_MONDAYS = {"kind": "hours", "zone": "Europe/London", "days": [1, 6, 7], "from": "08:00", "until": "11:00"}
OPINIONS = ("2026-05-04", "2025-11-30", "2025-10-31")

Act = Callable[[Told, int, int, int], None]


def _added(told: Told, a: int, b: int, c: int) -> None:
    kind, item = KINDS[a % len(KINDS)], f"item {len(told.story.said)}"
    author, acting = AUTHORS[b % 5] if b & 128 else _AUTHOR_OF.get(kind, AUTHORS[:2])[b % 2]
    told.story.item(
        item,
        author,
        acting,
        kind=kind,
        topics=TOPIC_LISTS[c % 4],
        parent=told.some(told.items, c // 4) if kind == "comment" and told.items else None,
        concern="comment" if kind == "comment" else None,
        in_confidence=kind == "contribution" and c & 5 != 0,
    )
    if _is_said(told, item=named(item)):
        told.items.append(named(item))


def _is_said(told: Told, **facts: str) -> bool:
    """Is the last thing said about this? Else it was refused."""
    return facts.items() <= told.story.said[-1].facts.items()


def _directed(told: Told, a: int, b: int, c: int) -> None:
    effect = "withhold" if c % 4 == 0 else "share"
    terms: dict[str, Any] = {}
    if effect == "share" and c & 64:
        terms = {"condition": (None, TOGETHER, ON_MONDAYS, {"kind": "when-unwell"})[c // 4 % 4]}
        terms |= {"until": told.story.now + SPANS[c // 16 % 4 + 2]} if c & 8 else {}
        terms |= {"from_": told.story.now + SPANS[c // 16 % 4]} if c & 128 else {}
    scope, grantee = told.scope(a), told.grantee(b)
    if c & 32:
        terms["replaces"] = told.current(grantee, scope)
    made = told.story.directive(effect, scope, grantee, **terms)
    if _is_said(told, directive=made):
        told.directives.append(made)


def _withdrawn(told: Told, a: int, _b: int, _c: int) -> None:
    told.story.patient("directive-withdrawn/1", directive=told.some(told.directives, a))


def _withheld(told: Told, a: int, b: int, c: int) -> None:
    item = told.some(told.items, a)
    ground = ("serious-harm", "third-party", "safeguarding", "carer-confidence")[c % 4]
    kept_from = ("patient", "carers", "screen")[b % 3]
    opinion = OPINIONS[c // 4 % 3]
    made = told.story.withholding(item, kept_from, ground, opinion)
    if _is_said(told, withholding=made):
        told.withholdings.append((item, made))


def _lifted(told: Told, a: int, b: int, _c: int) -> None:
    item, withholding = (
        told.some(told.withholdings, a) if told.withholdings and b % 2 else (told.some(told.items, a),) * 2
    )
    told.story.clinician("withholding-lifted/1", item=item, withholding=withholding)


def _carer(told: Told, a: int, b: int, _c: int) -> None:
    kinds = ("carer-suspended/1", "carer-restored/1", "carer-ended/1", "carer-named/1")
    told.story.patient(kinds[a % 4], person=(SAM, JOY)[b % 2])


def _together(told: Told, a: int, b: int, c: int) -> None:
    if b % 3 == 0:
        told.story.patient("together-ended/1", together=told.some(told.sessions[-2:], a))
    else:
        ends = told.story.now + SPANS[c % 4 + 1]
        session = told.new(told.sessions, "session")
        told.story.patient("together-started/1", together=session, person=(SAM, JOY)[b % 2], until=ends)


def _result(told: Told, a: int, b: int, c: int) -> None:
    item = told.an_item(b, "result" if c & 8 else None)
    if a % 3 == 0:
        told.story.clinician("result-held/1", item=item, until=told.story.now + SPANS[c % 8] + HOUR)
    elif a % 3 == 1:
        told.story.clinician("result-released/1", item=item)
    else:
        told.story.patient("results-wish-stated/1", wish=("at-once", "tell-me-first")[c % 2])


def _marked(told: Told, a: int, b: int, c: int) -> None:
    item = told.some(told.items, b)
    if a % 8 == 7:
        told.story.clinician("item-amended/1", item=item)
    elif a % 4:
        told.story.clinician("item-topics-set/1", item=item, topics=TOPIC_LISTS[c // 2 % 4])
    else:
        told.story.clinician("item-marked-in-error/1", item=item, wrong_record=c % 2 == 1)


def _erased(told: Told, a: int, b: int, _c: int) -> None:
    item = told.some(told.items, b)
    if a % 4:
        told.story.asked(item)
    else:
        told.story.erase(item)


def _emergency(told: Told, a: int, b: int, c: int) -> None:
    emergency = told.emergencies[-1] if told.emergencies and a & 3 else told.some(told.emergencies, a // 4)
    if b % 4 == 0:
        new, ends = told.new(told.emergencies, "emergency"), told.story.now + SPANS[c % 3 + 2]
        told.story.clinician("emergency-opened/2", MOSS, emergency=new, person=MOSS, kind="urgent-care", until=ends)
    elif b % 4 == 1:
        outcome = ("justified", "not-justified")[c % 2]
        told.story.say("emergency-reviewed/1", GRETA, "guardian", record=RECORD, emergency=emergency, outcome=outcome)
    else:
        told.story.clinician("emergency-item-opened/1", MOSS, emergency=emergency, item=told.some(told.items, c))


def _member(told: Told, a: int, b: int, c: int) -> None:
    which, who = ((FAMILY, SAM), (PHARMACY, SAM), (PHARMACY, MOSS), (PRACTICE, MOSS))[a % 4]
    if b % 4 == 0:
        told.story.say("team-left/1", ADA, "administrator", team=which, person=who)
    else:
        starts = told.story.now + SPANS[c % 4]
        told.story.join(who, which, from_=starts, until=starts + SPANS[c // 4 % 4 + 2] if c & 64 else None)
    if b % 16 == 1:
        told.story.say("role-ended/1", ADA, "administrator", person=MOSS, role="clinician")
    elif b % 4 == 2:
        told.story.role(MOSS, "clinician", until=told.story.now + SPANS[4 + c % 4] if c & 32 else None)


def _cared(told: Told, a: int, b: int, c: int) -> None:
    if b % 8 == 0:
        told.story.say("care-ended/1", ADA, "administrator", record=RECORD, care=told.some(told.cares, c))
        return
    grantee = (person(MOSS), team(PHARMACY), person(OKAFOR))[a % 3]
    until = told.story.now + SPANS[c % 4 + 2] if c & 64 else None
    if a % 3 == 1:
        told.story.join(MOSS, PHARMACY)
    begun = told.story.care(grantee, ("appointment", "registration")[b % 2], until=until)
    if begun >= 0:
        told.cares.append(told.story.said[begun].facts["care"])


def wait(told: Told, a: int, _b: int, _c: int) -> None:
    """Time passes."""
    told.story.now = Instant(told.story.now + SPANS[a % 8])


WRITING: tuple[Act, ...] = (_added, _added, _added, _added, _marked, _erased)
SHARING: tuple[Act, ...] = (*(_directed,) * 4, _withdrawn, _carer, _together, representation.stopped)
KEEPING: tuple[Act, ...] = (_withheld, _lifted, _result, representation.asked_leave)
AROUND: tuple[Act, ...] = (_member, _cared, _emergency, representation.transferred)
DECIDING: tuple[Act, ...] = (representation.assessed, representation.died)
OVERSEEING: tuple[Act, ...] = (representation.configured, representation.assigned, representation.questioned)
ACTS: tuple[Act, ...] = (*WRITING, *SHARING, *KEEPING, *AROUND, *DECIDING, *OVERSEEING, wait)
_CHILD, _LACKING, _POWERS = (
    representation.parented,
    (representation.assessed, representation.in_best_interests),
    (representation.assessed, representation.empowered),
)
THEMES: tuple[tuple[Act, ...], ...] = (
    (),
    (_emergency,) * 4,
    (_CHILD,) * 6,
    _LACKING * 4,
    _POWERS * 3,
    (representation.died,) * 6,
    (_cared, representation.transferred, _directed) * 3,
    (representation.stopped, _carer) * 3,
)
"""What a story is more about than others: nobody hears of a parent in a story in which everything happens once."""


def begin(story: Story, theme: int = 0) -> Told:
    """The beginning of a story: two items, and whoever its theme needs."""
    told = Told(story)
    story.say("person-registered/1", ADA, "administrator", person=VERA)
    told.cares += [one.facts["care"] for one in story.said if one.type == "care-started/1"]
    told.items += [story.item("first"), story.item("second", LIND, kind="result")]
    if theme & 8:
        story.join(SAM, FAMILY)
    acts = THEMES[theme % len(THEMES)]
    if _CHILD in acts:
        representation.parented(told, 0, 0, theme // 8)
        representation.parented(told, 0, 1, 0)
        representation.parented(told, 0, 3, theme // 8 * 16 + 2)
    if acts in (_LACKING * 4, _POWERS * 3):
        representation.assessed(told, 4 * (theme // 8) + 3, 0, 1)
    if acts == _POWERS * 3:
        representation.empowered(told, theme // 8, 0, 0)
        representation.empowered(told, theme // 8, 1, 0)
    return told


def tell(acts: bytes) -> Told:
    """The story that these bytes tell: the first is its theme, then four for each thing that is said."""
    told = begin(practice(), acts[0])
    go_on(told, acts[1:], THEMES[acts[0] % len(THEMES)])
    return told


def go_on(told: Told, acts: bytes, theme: tuple[Act, ...] = ()) -> None:
    """Tell more of it, four bytes for each thing that is said."""
    possible = ACTS + theme
    for act, a, b, c in _fours(acts):
        possible[act % len(possible)](told, a, b, c)


def _fours(acts: bytes) -> Iterator[tuple[int, int, int, int]]:
    for n in range(0, len(acts) - 3, 4):
        yield acts[n], acts[n + 1], acts[n + 2], acts[n + 3]


def unrelated(story: Story) -> None:
    """Statements that bear on nothing that decisions about this record and these readers rest on."""
    story.say("person-registered/1", ADA, "administrator", person=named("somebody"))
    story.role(named("somebody"), "guardian")
    story.say("team-formed/1", ADA, "administrator", team=named("elsewhere"), profile=None)
    other = named("another record")
    story.say("record-opened/1", ADA, "administrator", record=other, patient=JOY)
    story.say("carer-suspended/1", JOY, "patient", record=other, person=SAM)
    story.say("directive-withdrawn/1", JOY, "patient", record=other, directive=named("nothing"))
    case = {"case": named("case"), "auditor": RUTH, "record": RECORD, "person": None}
    story.say("case-assigned/2", GRETA, "guardian", from_=START, until=None, period=None, **case)


stories = st.binary(min_size=36, max_size=85).map(tell)
spans = st.just(0) | st.sampled_from(SPANS) | st.integers(0, 60 * DAY)
