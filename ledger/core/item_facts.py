"""Facts about one item: what its statements say of it, as decisions see it, without a word of theirs."""

from calendar import monthrange
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from ledger.core.directives import Scope
from ledger.core.instants import DAY, Instant, instant_of, parse_instant
from ledger.core.public import MOST_ERASED
from ledger.core.said import Said

HELD_AT_MOST: Final = 14 * DAY
"""A result is kept from the patient for at most 14 days after it was added."""
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
    ``newest`` is where it was last said, amended, given other topics or opened: to a carer it is new since then.
    ``answers`` counts those under it, on the item above all of its thread.
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
    newest: int
    answers: int = 0
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

    def take(self, said: Said) -> None:
        """Take in a statement about this item; one of another kind changes nothing but what was said in words."""
        if said.worded:
            self.worded = (*self.worded, said.position)
        take = _TAKES.get(said.type)
        if take is not None:
            take(self, said)

    def set_topics(self, said: Said) -> None:
        """Take the topics of a statement. Domestic abuse is hidden from screens from when it is first among them."""
        topics = tuple(sorted(said.facts["topics"]))
        if "domestic-abuse" not in topics:
            self.hidden = None
        elif "domestic-abuse" not in self.topics:
            self.hidden = said.position
        self.topics, self.topics_at, self.newest = topics, said.position, said.position

    def to_erase(self) -> tuple[int, ...]:
        """The positions that its next ``content-erased/1`` must name: as many of ``worded`` as one may."""
        return self.worded[:MOST_ERASED]

    def _item_amended(self, said: Said) -> None:
        self.newest = said.position

    def _item_marked_in_error(self, said: Said) -> None:
        self.in_error = said.position
        if said.facts["wrong_record"]:
            self.wrong_record = said.position

    def _withholding_made(self, said: Said) -> None:
        facts = said.facts
        ends = lapse_of(date.fromisoformat(facts["opinion_date"])) if facts["ground"] == "serious-harm" else None
        made = Withholding(facts["withholding"], said.position, said.author, facts["from"], facts["ground"], ends)
        self.withholdings = (*self.withholdings, made)

    def _withholding_lifted(self, said: Said) -> None:
        lifted, self.newest = said.facts["withholding"], said.position
        self.withholdings = tuple(made for made in self.withholdings if made.id != lifted)
        if lifted == self.id:  # the default hiding of a domestic-abuse item goes by the item's own id
            self.hidden = None

    def _result_held(self, said: Said) -> None:
        self.held = (said.position, Instant(min(parse_instant(said.facts["until"]), self.added_at + HELD_AT_MOST)))

    def _result_released(self, said: Said) -> None:
        self.released, self.held, self.awaited = said.position, None, None

    def _leave_asked(self, said: Said) -> None:
        self.leave_asked = said.position

    def _leave_answered(self, said: Said) -> None:
        if said.facts["outcome"] == "given":
            self.in_confidence = False

    def _wish_signed(self, said: Said) -> None:
        self.signed = said.position

    def _dispute_answered(self, said: Said) -> None:
        self.answer = Answer(said.position, said.author, said.facts["outcome"])

    def _erasure_asked(self, said: Said) -> None:
        self.asked = said.position

    def _content_erased(self, said: Said) -> None:
        # What it names in clear is what was to be erased then: admission holds it to that.
        self.worded, self.erased = self.worded[len(self.to_erase()) :], said.position


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


def root_of(item: Item) -> Item:
    """The item that stands above all of a thread."""
    return next(above for above in lineage(item) if above.parent is None)


def newest_of(item: Item) -> int:
    """Since which position an item, or what it answers and quotes, is as it is now."""
    return max(above.newest for above in lineage(item))


def lineage(item: Item) -> Iterator[Item]:
    """The item, its parent, the parent's parent, and so on. A loop, because a thread may be long."""
    above: Item | None = item
    while above is not None:
        yield above
        above = above.parent


def lapse_of(opinion: date) -> Instant:
    """When an opinion on serious harm stops withholding: six months on, and the guardian's 28 days, at midnight UTC."""
    months = opinion.month - 1 + OPINION_MONTHS
    year, month = min(opinion.year + months // 12, 9998), months % 12 + 1
    # Where the day does not exist (31 August + 6 months), the last of the month: the corresponding date of English law.
    day = min(opinion.day, monthrange(year, month)[1])
    return instant_of(datetime(year, month, day, tzinfo=UTC) + timedelta(days=GUARDIAN_DAYS))


_TAKES: Final[Mapping[str, Callable[[Item, Said], None]]] = {
    "item-topics-set/1": Item.set_topics,
    "item-amended/1": Item._item_amended,
    "item-marked-in-error/1": Item._item_marked_in_error,
    "withholding-made/1": Item._withholding_made,
    "withholding-lifted/1": Item._withholding_lifted,
    "result-held/1": Item._result_held,
    "result-released/1": Item._result_released,
    "leave-asked/1": Item._leave_asked,
    "leave-answered/1": Item._leave_answered,
    "wish-signed/1": Item._wish_signed,
    "dispute-answered/1": Item._dispute_answered,
    "erasure-asked/1": Item._erasure_asked,
    "content-erased/1": Item._content_erased,
}
