"""What is due, statement by statement: which of them opens a line of the worklist, and which settles it.

Every secret is bounded (``docs/explanation``): each has a line from when it begins until somebody settles it or time
does. A line says from when on it is whose, when it is due, and when time alone ends it; whether it is overdue is
computed when it is read. Lines hold ids and instants, never a word.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from ledger.core.deadlines import end_of, later, month_after
from ledger.core.instants import DAY, Instant, parse_instant
from ledger.core.item_facts import GUARDIAN_DAYS, lapse_of
from ledger.core.said import Said
from ledger.core.secrecy import CONFIDENCE_AT_MOST, WORKING_AT_MOST

REVIEW_WITHIN: Final = 7 * DAY
"""A guardian reviews an emergency within so long after its end."""
ANSWER_WITHIN: Final = 28 * DAY
"""For a question about an access, a recommendation, and the conversation about carers."""
AHEAD: Final = 28 * DAY
"""An assessment of capacity is on the list so long before it ends."""


@dataclass(frozen=True, slots=True)
class Opens:
    """A line begins. ``about`` is what is due, ``subject`` the item, matter or record it tells of (as in the tables).

    ``again``: the same thing due again replaces the line; otherwise the first one counts.
    """

    kind: str
    subject: str
    about: str
    due_at: Instant
    ends: Instant | None = None
    clinician_from: Instant | None = None
    guardian_from: Instant | None = None
    person: str | None = None
    but_not: str | None = None
    kept_from: str | None = None
    ground: str | None = None
    again: bool = False


@dataclass(frozen=True, slots=True)
class Settles:
    """Lines of these kinds end: those about this subject, this thing, on this ground; whatever is None is any.

    With ``reopens``, those that a statement of this type ended are open again.
    """

    kinds: tuple[str, ...]
    subject: str | None = None
    about: str | None = None
    ground: str | None = None
    reopens: str | None = None


@dataclass(frozen=True, slots=True)
class Postpones:
    """The open line of this kind about the record is due later."""

    kind: str
    due_at: Instant


Change = Opens | Settles | Postpones

KINDS: Final[Mapping[str, str]] = {
    "emergency-review": "An emergency access waits for a guardian's review.",
    "emergency-notice": "The patient is not told of an emergency access yet; the delay ends.",
    "question": "The patient asks why somebody looked.",
    "confidence": "A carer told something in confidence: accept it on a ground, or ask leave to share it.",
    "working-note": "A working note opens to the patient, unless a ground is given.",
    "opinion": "An opinion on serious harm has lapsed: release what it keeps back, or get a new opinion.",
    "withholding-review": "What is kept back on a ground is to be reviewed.",
    "result-held": "A result that is held back opens to the patient.",
    "dispute": "The patient disputes what is written.",
    "dispute-review": "A dispute was declined: a second professional reviews it.",
    "carer-conversation": "Nobody has asked the patient about their carers yet.",
    "capacity-review": "An assessment that the patient cannot decide something ends.",
    "erasure-asked": "Somebody asks that words be erased.",
    "unexplained-look": "A clinician looked whose care rests on a registration alone.",
    "recommendation": "A recommendation has no answer yet.",
}
"""What can be due, in plain words."""

_OF_AN_ITEM: Final = (
    "confidence",
    "working-note",
    "opinion",
    "withholding-review",
    "result-held",
    "dispute",
    "dispute-review",
    "recommendation",
)
_TO_BE_ANSWERED: Final = ("dispute", "dispute-review", "recommendation", "erasure-asked")
_OF_THE_LIVING: Final = ("carer-conversation", "capacity-review")


def changes_of(said: Said) -> Sequence[Change]:
    """What a statement opens, settles or postpones."""
    make = _CHANGES.get(said.type)
    return () if make is None else make(said)


def _emergency_opened(said: Said) -> Sequence[Change]:
    facts, at = said.facts, said.recorded_at
    due = later(parse_instant(facts["until"]), REVIEW_WITHIN)
    name = facts["emergency"]
    return (Opens("emergency-review", name, name, due, guardian_from=at, but_not=facts["person"]),)


def _emergency_reviewed(said: Said) -> Sequence[Change]:
    return (Settles(("emergency-review",), about=said.facts["emergency"]),)


def _notice_delayed(said: Said) -> Sequence[Change]:
    until, name = parse_instant(said.facts["until"]), said.facts["emergency"]
    return (Opens("emergency-notice", name, name, until, ends=until, guardian_from=said.recorded_at, again=True),)


def _access_questioned(said: Said) -> Sequence[Change]:
    due, name, viewer = later(said.recorded_at, ANSWER_WITHIN), said.facts["question"], said.facts["viewer"]
    return (Opens("question", name, name, due, clinician_from=said.recorded_at, guardian_from=due, person=viewer),)


def _access_answered(said: Said) -> Sequence[Change]:
    return (Settles(("question",), about=said.facts["question"]),)


def _item_added(said: Said) -> Sequence[Change]:
    facts, at, item = said.facts, said.recorded_at, said.facts["item"]
    if facts["in_confidence"]:
        opens = later(at, CONFIDENCE_AT_MOST)
        return (Opens("confidence", item, item, opens, ends=opens, clinician_from=at),)
    if facts["kind"] == "working-note":
        opens = later(at, WORKING_AT_MOST)
        return (Opens("working-note", item, item, opens, ends=opens, clinician_from=at, person=said.author),)
    if facts["concern"] == "dispute":
        return (Opens("dispute", item, item, month_after(at), clinician_from=at),)
    if facts["kind"] == "recommendation" and facts["imported"] is None:
        return (Opens("recommendation", item, item, later(at, ANSWER_WITHIN), clinician_from=at, but_not=said.author),)
    if facts["parent"] is not None and said.acting_as == "clinician":
        return (Settles(("recommendation",), subject=facts["parent"]),)
    return ()


def _dispute_answered(said: Said) -> Sequence[Change]:
    item, at = said.facts["item"], said.recorded_at
    answered = Settles(("dispute", "dispute-review"), subject=item)
    if said.facts["outcome"] == "amended":
        return (answered,)
    due = month_after(at)
    return answered, Opens("dispute-review", item, item, due, clinician_from=at, but_not=said.author, again=True)


def _dispute_reviewed(said: Said) -> Sequence[Change]:
    return (Settles(("dispute-review",), subject=said.facts["item"]),)


def _marked_in_error(said: Said) -> Sequence[Change]:
    """In the wrong record it is nobody's there any more, but for a guardian who is asked to erase it."""
    return (Settles(_OF_AN_ITEM, subject=said.facts["item"]),) if said.facts["wrong_record"] else ()


def _withholding_made(said: Said) -> Sequence[Change]:
    """A review for who is in care, and for a guardian when it is late; an opinion that lapses for a guardian."""
    facts, at = said.facts, said.recorded_at
    item, named, kept, ground = facts["item"], facts["withholding"], facts["from"], facts["ground"]
    due = end_of(date.fromisoformat(facts["review_date"]))
    review = Opens("withholding-review", item, named, due, None, at, due, kept_from=kept, ground=ground)
    if ground != "serious-harm":
        return (review,)
    lapse = lapse_of(date.fromisoformat(facts["opinion_date"]))
    lapsed = Instant(lapse - GUARDIAN_DAYS * DAY)
    opinion = Opens("opinion", item, named, lapse, lapse, guardian_from=lapsed, kept_from=kept, ground=ground)
    return replace(review, ends=lapse), opinion


def _withholding_lifted(said: Said) -> Sequence[Change]:
    return (Settles(("withholding-review", "opinion"), said.facts["item"], said.facts["withholding"]),)


def _leave_answered(said: Said) -> Sequence[Change]:
    given = said.facts["outcome"] == "given"
    return (Settles(("confidence",), subject=said.facts["item"]),) if given else ()


def _result_held(said: Said) -> Sequence[Change]:
    until, item = parse_instant(said.facts["until"]), said.facts["item"]
    return (Opens("result-held", item, item, until, ends=until, clinician_from=said.recorded_at, again=True),)


def _result_released(said: Said) -> Sequence[Change]:
    return (Settles(("result-held",), subject=said.facts["item"]),)


def _care_started(said: Said) -> Sequence[Change]:
    record, at = said.facts["record"], said.recorded_at
    return (Opens("carer-conversation", record, record, later(at, ANSWER_WITHIN), clinician_from=at),)


def _conversation_held(said: Said) -> Sequence[Change]:
    """Who says “not now” is asked again."""
    if said.facts["outcome"] == "not-now":
        return (Postpones("carer-conversation", later(said.recorded_at, ANSWER_WITHIN)),)
    return (Settles(("carer-conversation",), subject=said.facts["record"]),)


def _capacity_assessed(said: Said) -> Sequence[Change]:
    """A newer assessment of the same matter replaces the one before; one that finds capacity needs no review."""
    facts, until = said.facts, parse_instant(said.facts["until"])
    replaced = Settles(("capacity-review",), ground=facts["matter"])
    if facts["outcome"] == "has":
        return (replaced,)
    name, listed = facts["assessment"], Instant(until - AHEAD)
    review = Opens("capacity-review", name, name, until, clinician_from=listed, ground=facts["matter"])
    return replaced, review


def _capacity_withdrawn(said: Said) -> Sequence[Change]:
    return (Settles(("capacity-review",), about=said.facts["assessment"]),)


def _erasure_asked(said: Said) -> Sequence[Change]:
    facts, at = said.facts, said.recorded_at
    due = month_after(at)
    return (Opens("erasure-asked", facts["item"], facts["erasure"], due, guardian_from=at, but_not=said.author),)


def _content_erased(said: Said) -> Sequence[Change]:
    return (Settles(_TO_BE_ANSWERED, subject=said.facts["item"]),)


def _died(_said: Said) -> Sequence[Change]:
    return (Settles(_OF_THE_LIVING),)


def _death_retracted(_said: Said) -> Sequence[Change]:
    return (Settles(_OF_THE_LIVING, reopens="death-recorded/1"),)


_CHANGES: Final[Mapping[str, Callable[[Said], Sequence[Change]]]] = {
    "emergency-opened/1": _emergency_opened,
    "emergency-opened/2": _emergency_opened,
    "emergency-reviewed/1": _emergency_reviewed,
    "notice-delayed/1": _notice_delayed,
    "access-questioned/1": _access_questioned,
    "access-answered/1": _access_answered,
    "item-added/1": _item_added,
    "dispute-answered/1": _dispute_answered,
    "dispute-reviewed/1": _dispute_reviewed,
    "item-marked-in-error/1": _marked_in_error,
    "withholding-made/1": _withholding_made,
    "withholding-lifted/1": _withholding_lifted,
    "leave-answered/1": _leave_answered,
    "result-held/1": _result_held,
    "result-released/1": _result_released,
    "care-started/1": _care_started,
    "carer-conversation-held/1": _conversation_held,
    "capacity-assessed/1": _capacity_assessed,
    "capacity-withdrawn/1": _capacity_withdrawn,
    "erasure-asked/1": _erasure_asked,
    "content-erased/1": _content_erased,
    "death-recorded/1": _died,
    "death-retracted/1": _death_retracted,
}
