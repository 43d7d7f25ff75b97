"""What a reader is shown of the statements behind an item or a matter: which they are, whose, and where on the log.

A place on the log tells how much was said between two statements, whoever said it and to whom. So it is told only to
patients, to a child's parent in their place, and to clinicians: never to who must not count what is hidden from them.
"""

from dataclasses import dataclass
from typing import Final

from ledger.core.instants import Instant
from ledger.disclosure import Disclosure
from ledger.domain.errors import Unknown
from ledger.ledger import Ledger
from projections.timeline import Timeline
from projections.views import matters
from projections.views.shape import Author, Person, Told, open_for

_READERS: Final = frozenset({"patient", "clinician"})
_TELLS_MORE: Final = frozenset({"content-erased/1"})
"""What a view shows, and an entry says more of: it names in clear the places of all that was said in words about an
item, what was kept from this reader among them. Left out of every item alike, or its absence would tell the same. Of
matters there is no such type (a test holds their entries to what is told of each)."""


@dataclass(frozen=True, slots=True)
class StatementShown:
    """One statement about ``item``, without its words. ``position`` is its place on the log, from 0."""

    position: int
    item: str
    type: str
    author: Author
    made_at: Instant
    recorded_at: Instant


@dataclass(frozen=True, slots=True)
class StatementOfMatterShown:
    """One statement about ``matter``, without its words. ``position`` is its place on the log, from 0."""

    position: int
    matter: str
    type: str
    author: Author
    made_at: Instant
    recorded_at: Instant


@dataclass(frozen=True, slots=True)
class StatementsView:
    """What is said of an item and of what stands under it, or of a matter, in its order, and whose record it is."""

    disclosure: str
    record: str
    patient: Person
    opened_at: Instant
    statements: tuple[StatementShown, ...] | tuple[StatementOfMatterShown, ...]


async def build(ledger: Ledger, timeline: Timeline, disclosure: Disclosure) -> StatementsView:
    """The statements that the item's own view is made of (``audience``), but for those whose entries tell more than it.

    Raises Unknown for whoever reads as a carer does; else as the views do.
    """
    reader = _reader_of(disclosure)
    opened = await open_for(reader, ledger, timeline, disclosure, also=frozenset({"parent"} & {disclosure.opened_by}))
    everything = (one for of_item in opened.told.values() for one in of_item.all)
    told = sorted((one for one in everything if one.about.type not in _TELLS_MORE), key=lambda one: one.about.position)
    return StatementsView(
        disclosure=disclosure.id,
        record=disclosure.record,
        patient=Person(opened.patient.id, opened.patient.name),
        opened_at=disclosure.recorded_at,
        statements=tuple(_shown(one) for one in told),
    )


async def build_of_matter(ledger: Ledger, disclosure: Disclosure) -> StatementsView:
    """The statements that this reader hears of in the matters that are disclosed (``matters``), words left closed.

    Raises as ``build`` does; there is no timeline of matters.
    """
    _reader_of(disclosure)
    told = await matters.statements_of(ledger, disclosure)
    reading = await matters.read_by(ledger, disclosure, told, names_only=True)
    heard = [(position, shown.item) for shown in disclosure.shown for position in reading.of(shown)]
    return StatementsView(
        disclosure=disclosure.id,
        record=disclosure.record,
        patient=reading.patient,
        opened_at=disclosure.recorded_at,
        statements=tuple(
            StatementOfMatterShown(at, matter, said.type, reading.authors[at], said.made_at, said.recorded_at)
            for at, matter in heard
            for said in (told[at],)
        ),
    )


def _reader_of(disclosure: Disclosure) -> str:
    """As what somebody reads who may hold receipts; raises Unknown for whoever reads as a carer does."""
    reader = "patient" if disclosure.opened_by == "parent" else disclosure.acting_as
    if reader not in _READERS:
        raise Unknown(f"record {disclosure.record}: there are no receipts of it for you; check what you act as")
    return reader


def _shown(told: Told) -> StatementShown:
    about = told.about
    return StatementShown(about.position, about.item, about.type, told.author, about.made_at, about.recorded_at)
