"""Random stories for the laws: bytes read as things that people say, in any order, sensible or not.

They bypass the authority on purpose: a law of the disclosure rule holds for whatever the ledger might contain.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from ledger.core.instants import DAY, HOUR, Instant
from tests.core.story import (
    ADA,
    ALL_CARERS,
    AMINA,
    EVERYTHING,
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
    of,
    person,
    practice,
    team,
)

AUTHORS = ((OKAFOR, "clinician"), (LIND, "clinician"), (AMINA, "patient"), (SAM, "carer"), (JOY, "carer"))
READERS = ((AMINA, "patient"), (SAM, "carer"), (OKAFOR, "clinician"), (MOSS, "clinician"), (GRETA, "guardian"))
KINDS = ("note", "comment", "result", "medicine", "comment", "contribution", "working-note", "flag", "experience")
TOPICS = ("mental-health", "domestic-abuse")
SPANS = (0, 1, HOUR, 5 * HOUR, DAY, 15 * DAY, 29 * DAY, 300 * DAY)
ON_MONDAYS = {"kind": "hours", "zone": "Europe/London", "days": [1, 6, 7], "from": "08:00", "until": "11:00"}


@dataclass
class Told:
    """A story, the items in it, and bytes left over for the law's own choices."""

    story: Story
    items: list[str] = field(default_factory=list)
    directives: list[str] = field(default_factory=list)
    withholdings: list[tuple[str, str]] = field(default_factory=list)

    def some(self, names: list[Any], byte: int) -> Any:
        """One of these, or a name that nothing has."""
        return names[byte % len(names)] if names else named("nothing")

    def grantee(self, byte: int) -> dict[str, str]:
        """Somebody to share with or withhold from."""
        return (person(SAM), team(FAMILY), ALL_CARERS, team(PHARMACY), person(OKAFOR), team(PRACTICE))[byte % 6]

    def scope(self, byte: int) -> dict[str, str]:
        """Something to share or withhold."""
        choice, which = byte % 4, byte // 4
        if choice == 0:
            return of("item", self.some(self.items, which))
        if choice == 1:
            return of("topic", TOPICS[which % 2])
        return EVERYTHING if choice == 2 else of("kind", KINDS[which % len(KINDS)])


def _added(told: Told, a: int, b: int, c: int) -> None:
    kind = KINDS[a % len(KINDS)]
    author, acting = AUTHORS[b % 5]
    told.items.append(
        told.story.item(
            f"item {len(told.items)}",
            author,
            acting,
            kind=kind,
            topics=[topic for n, topic in enumerate(TOPICS) if c & 3 == n + 1],
            parent=told.some(told.items, c // 4) if kind == "comment" and told.items else None,
            in_confidence=kind == "contribution" and c & 4 == 4,
        )
    )


def _directed(told: Told, a: int, b: int, c: int) -> None:
    effect = "withhold" if c % 4 == 0 else "share"
    terms: dict[str, Any] = {}
    if effect == "share" and c & 64:
        terms = {"condition": (None, TOGETHER, ON_MONDAYS, {"kind": "when-unwell"})[c // 4 % 4]}
        terms |= {"until": told.story.now + SPANS[c // 16 % 4 + 2]} if c & 8 else {}
        terms |= {"from_": told.story.now + SPANS[c // 16 % 4]} if c & 128 else {}
    told.directives.append(told.story.directive(effect, told.scope(a), told.grantee(b), **terms))


def _withdrawn(told: Told, a: int, _b: int, _c: int) -> None:
    told.story.patient("directive-withdrawn/1", directive=told.some(told.directives, a))


def _withheld(told: Told, a: int, b: int, c: int) -> None:
    item = told.some(told.items, a)
    ground = ("serious-harm", "third-party", "safeguarding", "carer-confidence")[c % 4]
    told.withholdings.append((item, told.story.withholding(item, ("patient", "carers", "screen")[b % 3], ground)))


def _lifted(told: Told, a: int, b: int, _c: int) -> None:
    item, withholding = (
        told.some(told.withholdings, a) if told.withholdings and b % 2 else (told.some(told.items, a),) * 2
    )
    told.story.clinician("withholding-lifted/1", item=item, withholding=withholding)


def _carer(told: Told, a: int, b: int, _c: int) -> None:
    kinds = ("carer-suspended/1", "carer-restored/1", "carer-ended/1", "carer-named/1")
    told.story.patient(kinds[a % 4], person=(SAM, JOY)[b % 2])


def _together(told: Told, a: int, b: int, c: int) -> None:
    session = named(f"session {a % 3}")
    if b % 3 == 0:
        told.story.patient("together-ended/1", together=session)
    else:
        ends = told.story.now + SPANS[c % 4 + 1]
        told.story.patient("together-started/1", together=session, person=(SAM, JOY)[b % 2], until=ends)


def _result(told: Told, a: int, b: int, c: int) -> None:
    item = told.some(told.items, b)
    if a % 3 == 0:
        told.story.clinician("result-held/1", item=item, until=told.story.now + SPANS[c % 8])
    elif a % 3 == 1:
        told.story.clinician("result-released/1", item=item)
    else:
        told.story.patient("results-wish-stated/1", wish=("at-once", "tell-me-first")[c % 2])


def _marked(told: Told, a: int, b: int, c: int) -> None:
    item = told.some(told.items, b)
    if a % 3:
        told.story.clinician("item-topics-set/1", item=item, topics=[TOPICS[c % 2]] if c & 4 else [])
    else:
        told.story.clinician("item-marked-in-error/1", item=item, wrong_record=c % 2 == 1)


def _erased(told: Told, a: int, b: int, _c: int) -> None:
    item = told.some(told.items, b)
    if a % 4:
        told.story.asked(item)
    else:
        told.story.erase(item)


def _emergency(told: Told, a: int, b: int, c: int) -> None:
    emergency = named(f"emergency {a % 3}")
    if b % 4 == 0:
        ends = told.story.now + SPANS[c % 3 + 2]
        told.story.clinician(
            "emergency-opened/2", MOSS, emergency=emergency, person=MOSS, kind="urgent-care", until=ends
        )
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


def _cared(told: Told, a: int, b: int, c: int) -> None:
    grantee = (person(MOSS), team(PHARMACY), person(OKAFOR))[a % 3]
    until = told.story.now + SPANS[c % 4 + 2] if c & 64 else None
    if a % 3 == 1:
        told.story.join(MOSS, PHARMACY)
    told.story.care(grantee, ("appointment", "registration")[b % 2], until=until)


def _waited(told: Told, a: int, _b: int, _c: int) -> None:
    told.story.now = Instant(told.story.now + SPANS[a % 8])


OFTEN = (_added, _added, _added, _directed, _directed, _directed)
ACTS: tuple[Callable[[Told, int, int, int], None], ...] = (
    *OFTEN,
    _withdrawn,
    _withheld,
    _lifted,
    _carer,
    _together,
    _result,
    _marked,
    _erased,
    _emergency,
    _member,
    _cared,
    _waited,
)


def tell(acts: bytes) -> Told:
    """The story that these bytes tell, four for each thing that is said."""
    told = Told(practice())
    told.items += [told.story.item("first"), told.story.item("second", AMINA, "patient", kind="result")]
    for act, a, b, c in _fours(acts):
        ACTS[act % len(ACTS)](told, a, b, c)
    return told


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


stories = st.binary(min_size=36, max_size=80).map(tell)
spans = st.integers(0, 60 * DAY) | st.sampled_from(SPANS)
