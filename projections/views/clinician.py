"""What a clinician is shown: the record as far as their care goes, what is kept from whom, and that more is sealed."""

from dataclasses import dataclass
from datetime import date

from ledger.core.instants import Instant, parse_instant
from ledger.core.item_facts import lapse_of
from ledger.core.secrecy import Kept
from ledger.disclosure import Disclosure, Shown
from ledger.ledger import Ledger
from projections.timeline import Timeline
from projections.views.conversation import Discussed, SealedItem, Why, discussed_of, sealed_item
from projections.views.explanations import because_shown
from projections.views.shape import Author, ItemTold, Opened, Patient, Told, open_for


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
    """One item, with what is kept of it. ``hidden_by_default``: domestic abuse, from all but the team.

    ``kept_from_patient``: by which rule the patient has it on no screen, and until when; told to who treats them.
    """

    in_confidence: bool
    withholdings: tuple[Withholding, ...]
    hidden_by_default: bool
    held: Hold | None
    released_at: Instant | None
    kept_from_patient: Kept | None
    children: tuple["ClinicianItem", ...]


@dataclass(frozen=True, slots=True)
class ClinicianView:
    """A page of a record. ``why``: by which rule it was opened; ``sealed`` marks what the patient keeps closed."""

    disclosure: str
    record: str
    patient: Patient
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
        why=Why(disclosure.opened_by, because_shown(disclosure.opened_by)),
        items=tuple(_item(opened, shown) for shown in disclosure.shown),
        sealed=tuple(sealed_item(sealed) for sealed in disclosure.sealed),
        more=disclosure.more is not None,
    )


def _item(opened: Opened, shown: Shown) -> ClinicianItem:
    told = opened.told[shown.item]
    released = told.last("result-released/1")
    return ClinicianItem(
        **discussed_of(opened, shown),
        in_confidence=told.added.facts["in_confidence"],
        withholdings=_withholdings(told),
        hidden_by_default=_hidden_by_default(shown.item, told),
        held=None if released is not None else _hold(told.last("result-held/1")),
        released_at=None if released is None else released.made_at,
        kept_from_patient=shown.kept,
        children=tuple(_item(opened, child) for child in shown.children),
    )


def _withholdings(told: ItemTold) -> tuple[Withholding, ...]:
    lifted = {said.facts["withholding"] for said in told.of("withholding-lifted/1")}
    made = told.of("withholding-made/1")
    return tuple(_withholding(said) for said in made if said.facts["withholding"] not in lifted)


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


def _hidden_by_default(item: str, told: ItemTold) -> bool:
    """As decisions have it (``ledger.core.facts``): from the topic being set until somebody lifts it."""
    hidden = abuse = False
    for said in told.all:
        if "topics" in said.facts:
            before, abuse = abuse, "domestic-abuse" in said.facts["topics"]
            hidden = abuse and (hidden or not before)
        elif said.about.type == "withholding-lifted/1" and said.facts["withholding"] == item:
            hidden = False
    return hidden


def _hold(told: Told | None) -> Hold | None:
    if told is None:
        return None
    return Hold(parse_instant(told.facts["until"]), told.word("reason"), told.author, told.made_at)
