"""What a clinician is shown: the record as far as their care goes, what is kept from whom, and that more is sealed."""

from dataclasses import dataclass
from datetime import date

from ledger.core.facts import lapse_of
from ledger.core.instants import Instant, parse_instant
from ledger.disclosure import Disclosure, Shown
from ledger.ledger import Ledger
from projections.timeline import Timeline
from projections.views.conversation import Discussed, SealedItem, Why, discussed_of, sealed_item
from projections.views.explanations import PERMITTED
from projections.views.fields import fields_of
from projections.views.shape import Author, Opened, Person, Told, open_for


@dataclass(frozen=True, slots=True)
class Withholding:
    """The mark that an item is kept from ``kept_from`` (patient, carers, screen) on a ground, until somebody lifts it.

    ``ends`` is when an opinion on serious harm lapses; it is None for the other grounds.
    """

    id: str
    kept_from: str
    ground: str
    opinion_date: str
    review_date: str
    ends: Instant | None
    reason: str
    author: Author
    made_at: Instant


@dataclass(frozen=True, slots=True)
class Hold:
    """The mark that a result is held back from the patient for a time."""

    until: Instant
    reason: str
    author: Author
    made_at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class ClinicianItem(Discussed):
    """One item, with what is kept of it. ``hidden_by_default``: domestic abuse, from all but the team."""

    in_confidence: bool
    withholdings: tuple[Withholding, ...]
    hidden_by_default: bool
    held: Hold | None
    released_at: Instant | None
    children: tuple["ClinicianItem", ...]


@dataclass(frozen=True, slots=True)
class ClinicianView:
    """A page of a record. ``why``: by which rule it was opened; ``sealed`` marks what the patient keeps closed."""

    disclosure: str
    record: str
    patient: Person
    opened_at: Instant
    why: Why
    items: tuple[ClinicianItem, ...]
    sealed: tuple[SealedItem, ...]
    more: bool


async def build(ledger: Ledger, timeline: Timeline, disclosure: Disclosure) -> ClinicianView:
    """The view of a clinician.

    Raises NotAllowed unless the disclosure is theirs, recorded and fresh; NotFollowed and OutOfStep where the
    projections cannot be relied on.
    """
    opened = await open_for("clinician", ledger, timeline, disclosure)
    return ClinicianView(
        disclosure=disclosure.id,
        record=disclosure.record,
        patient=opened.patient,
        opened_at=disclosure.recorded_at,
        why=Why(disclosure.opened_by, PERMITTED[disclosure.opened_by]),
        items=tuple(_item(opened, shown) for shown in disclosure.shown),
        sealed=tuple(sealed_item(sealed) for sealed in disclosure.sealed),
        more=disclosure.more is not None,
    )


def _item(opened: Opened, shown: Shown) -> ClinicianItem:
    [added] = opened.of(shown, "item-added/1")
    released = opened.last(shown, "result-released/1")
    return ClinicianItem(
        **fields_of(discussed_of(opened, shown)),
        in_confidence=added.facts["in_confidence"],
        withholdings=_withholdings(opened, shown),
        hidden_by_default=_hidden_by_default(opened, shown),
        held=None if released is not None else _hold(opened.last(shown, "result-held/1")),
        released_at=None if released is None else released.made_at,
        children=tuple(_item(opened, child) for child in shown.children),
    )


def _withholdings(opened: Opened, shown: Shown) -> tuple[Withholding, ...]:
    lifted = {told.facts["withholding"] for told in opened.of(shown, "withholding-lifted/1")}
    made = opened.of(shown, "withholding-made/1")
    return tuple(_withholding(told) for told in made if told.facts["withholding"] not in lifted)


def _withholding(told: Told) -> Withholding:
    facts = told.facts
    return Withholding(
        id=facts["withholding"],
        kept_from=facts["from"],
        ground=facts["ground"],
        opinion_date=facts["opinion_date"],
        review_date=facts["review_date"],
        ends=lapse_of(date.fromisoformat(facts["opinion_date"])) if facts["ground"] == "serious-harm" else None,
        reason=told.word("reason"),
        author=told.author,
        made_at=told.made_at,
    )


def _hidden_by_default(opened: Opened, shown: Shown) -> bool:
    """As decisions have it (``ledger.core.facts``): from the topic being set until somebody lifts it."""
    hidden = abuse = False
    for told in opened.told[shown.item]:
        if "topics" in told.facts:
            before, abuse = abuse, "domestic-abuse" in told.facts["topics"]
            hidden = abuse and (hidden or not before)
        elif told.about.type == "withholding-lifted/1" and told.facts["withholding"] == shown.item:
            hidden = False
    return hidden


def _hold(told: Told | None) -> Hold | None:
    if told is None:
        return None
    return Hold(parse_instant(told.facts["until"]), told.word("reason"), told.author, told.made_at)
