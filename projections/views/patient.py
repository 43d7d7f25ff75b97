"""What a patient is shown: their own record, what was said about each item, and why they see it.

Of what is kept from them they see a mark where the ground allows one, and nothing where it does not. That something
was withheld once, and why, is not shown either: the reason was not written for them.
"""

from dataclasses import dataclass

from ledger.core.instants import Instant
from ledger.disclosure import Disclosure, Shown
from ledger.ledger import Ledger
from projections.timeline import Timeline
from projections.views.conversation import Discussed, SealedItem, discussed_of, sealed_item
from projections.views.shape import Opened, Patient, open_for


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientItem(Discussed):
    """One item of the patient's record, with the comments on it."""

    children: tuple["PatientItem", ...]


@dataclass(frozen=True, slots=True)
class PatientView:
    """A page of a patient's record. ``sealed`` marks what is kept back and may be known of."""

    disclosure: str
    record: str
    patient: Patient
    opened_at: Instant
    items: tuple[PatientItem, ...]
    sealed: tuple[SealedItem, ...]
    more: bool


async def build(ledger: Ledger, timeline: Timeline, disclosure: Disclosure) -> PatientView:
    """The view of a patient, or of a child's parent, who reads in their place.

    Raises NotAllowed unless the disclosure is theirs, recorded and fresh; NotFollowed and OutOfStep where the
    projections cannot be relied on.
    """
    in_their_place = frozenset({"parent"} if disclosure.opened_by == "parent" else ())
    opened = await open_for("patient", ledger, timeline, disclosure, also=in_their_place)
    return PatientView(
        disclosure=disclosure.id,
        record=disclosure.record,
        patient=opened.patient,
        opened_at=disclosure.recorded_at,
        items=tuple(_item(opened, shown) for shown in disclosure.shown),
        sealed=tuple(sealed_item(sealed) for sealed in disclosure.sealed),
        more=disclosure.more is not None,
    )


def _item(opened: Opened, shown: Shown) -> PatientItem:
    children = tuple(_item(opened, child) for child in shown.children)
    return PatientItem(**discussed_of(opened, shown), children=children)
