"""Facts about one item: what its statements say of it, as decisions see it, without a word of theirs."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from ledger.core.directives import Scope
from ledger.core.instants import Instant, instant_of
from ledger.core.public import MOST_ERASED

OPINION_MONTHS: Final = 6
GUARDIAN_DAYS: Final = 28
"""An opinion on serious harm lapses after six months; then the guardian has 28 days to release or renew."""


@dataclass(frozen=True, slots=True)
class Withholding:
    """A professional's decision to keep an item from ``kept_from``: the patient, carers, or (online) the screen."""

    id: str
    position: int
    author: str
    kept_from: str
    ground: str
    ends: Instant | None

    def in_force(self, at: Instant) -> bool:
        """Does it still hold at this instant?"""
        return self.ends is None or at < self.ends


@dataclass(frozen=True, slots=True)
class Answer:
    """A professional's answer to a dispute: ``amended`` or ``declined``."""

    position: int
    author: str
    outcome: str


@dataclass(slots=True)
class Item:
    """One item as decisions see it: structure and facts, never words. Positions name the statements behind it.

    ``hidden`` is the position that made it online-hidden by default (topic domestic-abuse); ``held`` the position
    and end of a professional's hold on a result; ``awaited`` the position of the patient's wish to be told first.
    ``worded`` names the statements about it that were said in words, in order, without those whose words are erased;
    ``asked`` the last that asks for their erasure, ``erased`` the last that erased them.
    """

    id: str
    kind: str
    topics: tuple[str, ...]
    author: str
    acting_as: str
    position: int
    added_at: Instant
    parent: "Item | None"
    concern: str | None
    in_confidence: bool
    imported: bool
    scope: Scope
    topics_at: int
    in_error: int | None = None
    wrong_record: int | None = None
    withholdings: tuple[Withholding, ...] = ()
    hidden: int | None = None
    held: tuple[int, Instant] | None = None
    awaited: int | None = None
    released: int | None = None
    signed: int | None = None
    answer: Answer | None = None
    worded: tuple[int, ...] = ()
    leave_asked: int | None = None
    asked: int | None = None
    erased: int | None = None

    def to_erase(self) -> tuple[int, ...]:
        """The positions that its next ``content-erased/1`` must name: as many of ``worded`` as one may."""
        return self.worded[:MOST_ERASED]


@dataclass(frozen=True, slots=True)
class ErasureAsked:
    """Somebody's asking that the words about an item be erased, and (``answers``) those of what answers it."""

    position: int
    author: str
    item: Item
    answers: bool

    def covers(self, item: Item) -> bool:
        """Is it about this item?"""
        return item is self.item or (self.answers and any(above is self.item for above in lineage(item)))


def lineage(item: Item) -> Iterator[Item]:
    """The item, its parent, the parent's parent, and so on. A loop, because a thread may be long."""
    above: Item | None = item
    while above is not None:
        yield above
        above = above.parent


def lapse_of(opinion: date) -> Instant:
    """When an opinion on serious harm stops withholding: six months on, and the guardian's 28 days, at midnight UTC."""
    months = opinion.month - 1 + OPINION_MONTHS
    # The first of the month after when the day does not exist (31 August + 6 months): never a day too early.
    first = datetime(min(opinion.year + months // 12, 9998), months % 12 + 1, 1, tzinfo=UTC)
    return instant_of(first + timedelta(days=opinion.day - 1 + GUARDIAN_DAYS))
