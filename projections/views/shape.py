"""From a disclosure to what a reader is shown: the parts that every view is made of.

1. The disclosure is one that the ledger made, for this kind of reader, and not too old.
2. The timeline has reached the facts that it rests on, and says which statements are at its positions.
3. Only the words that this reader reads (``audience``) are opened.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.core.instants import Instant
from ledger.core.keys import Custody
from ledger.disclosure import Disclosure, Shown
from ledger.domain.errors import NotAllowed
from ledger.ledger import Ledger
from projections.errors import OutOfStep
from projections.timeline import About, Timeline
from projections.views.audience import Depth, read_by
from projections.views.signed import Signer, custody_of


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody by name; the name is None where nobody registered them."""

    id: str
    name: str | None


@dataclass(frozen=True, slots=True)
class Patient(Person):
    """The patient, with the numbers by which others know them: each a ``system`` and a ``value``."""

    identifiers: tuple[Mapping[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Author:
    """Who said something, acting as what, and whose key signed it.

    ``signed``: ``author`` (signed by them alone), or ``service`` (recorded by the service for them).
    """

    id: str
    name: str | None
    acting_as: str
    signed: Custody


@dataclass(frozen=True, slots=True)
class Amendment:
    """What is said anew; it stands next to the old words."""

    text: str
    reason: str | None
    author: Author
    made_at: Instant


@dataclass(frozen=True, slots=True)
class InError:
    """The mark that an item is in error, and why, where this reader may know it."""

    reason: str | None
    author: Author
    made_at: Instant


@dataclass(frozen=True, slots=True)
class WishReview:
    """A review of an advance statement: ``confirmed`` or ``to-be-changed``."""

    outcome: str
    text: str | None
    made_at: Instant


@dataclass(frozen=True, slots=True)
class Wish:
    """How an advance statement stands: ``draft``, ``signed`` or ``withdrawn``, its last review, and why withdrawn."""

    state: str
    signed_at: Instant | None
    review: WishReview | None
    withdrawn_at: Instant | None
    withdrawn_because: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What every reader of an item sees of it: the words as first said, and what was said anew.

    ``parent``, ``quote`` and ``concern`` are None where what it answers is not shown; ``text`` where it is erased.
    """

    id: str
    kind: str
    parent: str | None
    concern: str | None
    title: str | None
    text: str | None
    data: Mapping[str, str] | None
    quote: str | None
    author: Author
    made_at: Instant
    recorded_at: Instant
    amendments: tuple[Amendment, ...]
    in_error: InError | None
    wish: Wish | None


@dataclass(frozen=True, slots=True)
class Told:
    """One statement that this reader reads. ``words`` is None where there are none, or they are not for them."""

    about: About
    author: Author
    words: Mapping[str, Any] | None

    @property
    def facts(self) -> Mapping[str, Any]:
        """Its facts."""
        return self.about.facts

    @property
    def made_at(self) -> Instant:
        """When it was said, by the author's clock."""
        return self.about.made_at

    def word(self, member: str) -> Any:
        """A member of its words, or None."""
        return None if self.words is None else self.words.get(member)


@dataclass(frozen=True, slots=True)
class Opened:
    """What one reader reads of everything in a disclosure: statements by item, and the patient."""

    told: Mapping[str, "ItemTold"]
    patient: Patient


class ItemTold:
    """What one reader reads of one item."""

    __slots__ = ("_by_type", "all")

    def __init__(self, told: Sequence[Told]) -> None:
        self.all = told
        self._by_type: dict[str, list[Told]] = {}
        for one in told:
            self._by_type.setdefault(one.about.type, []).append(one)

    @property
    def added(self) -> Told:
        """What it began with."""
        return self.all[0]

    def of(self, statement_type: str) -> Sequence[Told]:
        """What was said of this type, in order."""
        return self._by_type.get(statement_type, ())

    def last(self, statement_type: str) -> Told | None:
        """The last of them, if there is one."""
        said = self._by_type.get(statement_type)
        return None if said is None else said[-1]


def check_reader(reader: str, ledger: Ledger, disclosure: Disclosure, *, also: frozenset[str] = frozenset()) -> None:
    """Raise NotAllowed unless the ledger made this disclosure, for such a reader, and just now.

    ``also`` are those who read as this reader does.
    """
    Disclosure.check_fresh(disclosure, ledger.clock())
    if disclosure.acting_as != reader and disclosure.acting_as not in also:
        raise NotAllowed(
            f"view: got a disclosure to a {disclosure.acting_as}, wanted one to a {reader};"
            " open the record acting as the reader whose view it is",
            "not-this-reader",
        )


async def open_for(
    reader: str, ledger: Ledger, timeline: Timeline, disclosure: Disclosure, *, also: frozenset[str] = frozenset()
) -> Opened:
    """Open what this reader reads, and nothing else; ``also`` read as this reader does.

    Raises NotAllowed (not recorded, for somebody else, too late), NotFollowed, OutOfStep, WordsErased.
    """
    check_reader(reader, ledger, disclosure, also=also)
    everything = list(disclosure.thread())
    positions = [position for shown in everything for position in shown.positions]
    statements = await timeline.at(positions, disclosure.as_of)
    read = {}
    for shown in everything:
        check_in_step(shown, statements.get(shown.item, ()))
        read[shown.item] = read_by(reader, disclosure, shown, statements[shown.item])
    words = await ledger.trail.words(disclosure, _readable(read, disclosure))
    people = {person: words.get(position) or {} for person, position in disclosure.people.items()}
    names = {person: said.get("name") for person, said in people.items()}
    custody = await custody_of(ledger, {(about.author, about.kid) for pairs in read.values() for about, _ in pairs})
    telling = _Telling(words, names, custody)
    told = {item: ItemTold([telling.told(*pair) for pair in pairs]) for item, pairs in read.items()}
    numbers = people.get(disclosure.patient, {}).get("identifiers", ())
    return Opened(told, Patient(disclosure.patient, names.get(disclosure.patient), tuple(numbers)))


def check_in_step(shown: Shown, statements: Sequence[About]) -> None:
    """Raise OutOfStep unless the timeline says of an item what the ledger says: where, and by whom."""
    positions = tuple(about.position for about in statements)
    if positions != shown.positions or {about.author for about in statements} != shown.authors:
        raise OutOfStep(
            f"timeline of item {shown.item}: got statements at {positions}, wanted those of the ledger at"
            f" {shown.positions}; run rebuild"
        )


def content_of(shown: Shown, told: ItemTold) -> dict[str, Any]:
    """The members of ``Content``: what every reader of this item sees of it."""
    added = told.added
    facts = added.facts
    return {
        "id": shown.item,
        "kind": facts["kind"],
        "parent": None if shown.alone else facts["parent"],
        "concern": None if shown.alone else facts["concern"],
        "title": added.word("title"),
        "text": added.word("text"),
        "data": added.word("data"),
        "quote": None if shown.alone else added.word("quote"),
        "author": added.author,
        "made_at": added.made_at,
        "recorded_at": added.about.recorded_at,
        "amendments": tuple(
            Amendment(said.word("text"), said.word("reason"), said.author, said.made_at)
            for said in told.of("item-amended/1")
        ),
        "in_error": _in_error(told.last("item-marked-in-error/1")),
        "wish": _wish(told) if facts["kind"] == "wishes" else None,
    }


def _readable(read: Mapping[str, Iterable[tuple[About, Depth]]], disclosure: Disclosure) -> set[int]:
    """Where the words are that this reader reads, and the names of those who say it."""
    pairs = [pair for item in read.values() for pair in item]
    speakers = {about.author for about, _ in pairs} | {disclosure.patient}
    named = {position for person, position in disclosure.people.items() if person in speakers}
    return named | {about.position for about, depth in pairs if depth is Depth.WORDS}


@dataclass(frozen=True, slots=True)
class _Telling:
    """What statements are told with: the words by position, the names by person, and who holds which key."""

    words: Mapping[int, Mapping[str, Any] | None]
    names: Mapping[str, str | None]
    custody: Mapping[Signer, Custody]

    def told(self, about: About, depth: Depth) -> Told:
        """One statement as its reader reads it."""
        signed = self.custody[about.author, about.kid]
        author = Author(about.author, self.names.get(about.author), about.acting_as, signed)
        return Told(about, author, self.words.get(about.position) if depth is Depth.WORDS else None)


def _in_error(told: Told | None) -> InError | None:
    return None if told is None else InError(told.word("reason"), told.author, told.made_at)


def _wish(told: ItemTold) -> Wish:
    signed, withdrawn = told.last("wish-signed/1"), told.last("wish-withdrawn/1")
    reviewed = told.last("wish-reviewed/1")
    return Wish(
        state="withdrawn" if withdrawn is not None else "draft" if signed is None else "signed",
        signed_at=None if signed is None else signed.made_at,
        review=None
        if reviewed is None
        else WishReview(reviewed.facts["outcome"], reviewed.word("text"), reviewed.made_at),
        withdrawn_at=None if withdrawn is None else withdrawn.made_at,
        withdrawn_because=None if withdrawn is None else withdrawn.word("text"),
    )
