"""What a carer is shown: the parts that the patient shares with them, as if there were nothing else.

Everything here is computed from permitted items alone. There is no number that counts, no position, no rule, no
topic and no mark of what is kept; what the patient and the team say to each other about an item (agreement, dispute,
answer, withholding) is not here either (``audience``).
"""

from dataclasses import dataclass, replace
from typing import Final

from ledger.core.instants import Instant
from ledger.disclosure import Disclosure, Shown
from ledger.ledger import Ledger
from projections.timeline import Timeline
from projections.views.shape import Content, Opened, Person, content_of, open_for

_AS_CARERS: Final = frozenset({"attorney", "parent"})


@dataclass(frozen=True, slots=True, kw_only=True)
class CarerItem(Content):
    """One item that is shared; ``children`` are comments on it that are shared by themselves."""

    children: tuple["CarerItem", ...]


@dataclass(frozen=True, slots=True)
class CarerView:
    """A page of what is shared. ``more``: does another page hold anything that is shared?"""

    disclosure: str
    record: str
    patient: Person
    opened_at: Instant
    items: tuple[CarerItem, ...]
    more: bool


async def build(ledger: Ledger, timeline: Timeline, disclosure: Disclosure) -> CarerView:
    """The view of a carer, or of an attorney or a young person's parent, who see what they may as a carer does.

    Raises NotAllowed unless the disclosure is theirs, recorded and fresh; NotFollowed and OutOfStep where the
    projections cannot be relied on.
    """
    opened = await open_for("carer", ledger, timeline, disclosure, also=_AS_CARERS)
    return CarerView(
        disclosure=disclosure.id,
        record=disclosure.record,
        patient=Person(opened.patient.id, opened.patient.name),  # their numbers are not for others
        opened_at=disclosure.recorded_at,
        items=tuple(_item(opened, shown) for shown in disclosure.shown),
        more=disclosure.more is not None,
    )


def _item(opened: Opened, shown: Shown) -> CarerItem:
    content = content_of(shown, opened.told[shown.item])
    # The reason of an amendment may name what is not shared; what it says is part of the item.
    content["amendments"] = tuple(replace(amendment, reason=None) for amendment in content["amendments"])
    return CarerItem(**content, children=tuple(_item(opened, child) for child in shown.children))
