"""A disclosure: the recorded permission to show some items of one record to one reader.

A view can be built from nothing else, and only ``ledger.trail.open`` makes one, after it is durable. So an
unlogged read cannot be written.
"""

from collections.abc import Iterator, Mapping
from dataclasses import InitVar, dataclass
from typing import Final
from weakref import WeakSet

from ledger.core.decisions import Permit
from ledger.core.instants import SECOND, Instant
from ledger.core.secrecy import Kept
from ledger.domain.errors import NotAllowed

ANSWER_WITHIN: Final = 5 * SECOND
"""A disclosure is answered once, within five seconds of its recording (``docs/reference/format.md``, section 5)."""


class _Mint:
    """What only the module that records disclosures holds."""


MINT: Final = _Mint()


@dataclass(frozen=True, slots=True)
class Shown:
    """One item that may be shown: the decision, where its statements are, who made them, its permitted comments.

    ``alone`` marks an answer to an item that this reader may not see: it is shown without anchor. ``matter`` marks a
    matter of the record, which goes by the id of what it is about. ``kept`` is told to who treats the patient: that the
    patient does not see it.
    """

    item: str
    permit: Permit
    positions: tuple[int, ...]
    authors: frozenset[str]
    children: "tuple[Shown, ...]" = ()
    alone: bool = False
    matter: bool = False
    kept: Kept | None = None

    def thread(self) -> "Iterator[Shown]":
        """This item and everything under it, each before what is under it."""
        stack = [self]
        while stack:
            shown = stack.pop()
            yield shown
            stack.extend(reversed(shown.children))


@dataclass(frozen=True, slots=True)
class Sealed:
    """A marker for a reader who may know that something is there: the rule that keeps it, nothing else.

    ``until_asked``: it waits for the patient, who may have it by asking (``items.release``).
    """

    item: str
    rule: str
    until_asked: bool = False


@dataclass(frozen=True, eq=False)
class Disclosure:
    """What was recorded: who is shown which items of which record, and by which rules.

    It counts by identity: a copy, however it was made, was not recorded. ``opened_by`` is the rule by which the record
    itself was opened; with ``own-words`` nothing but the reader's own statements is shown.
    ``as_of`` is the last position among the facts; ``more`` the place where the next page begins, if there is one;
    ``people`` says where those who speak in it were registered, so that their names can be shown.
    """

    mint: InitVar[_Mint]
    id: str
    position: int
    recorded_at: Instant
    record: str
    patient: str
    viewer: str
    acting_as: str
    via: str
    as_of: int
    shown: tuple[Shown, ...]
    sealed: tuple[Sealed, ...]
    more: tuple[Instant, int] | None
    people: Mapping[str, int]
    opened_by: str

    def __post_init__(self, mint: _Mint) -> None:
        """Raise NotAllowed unless the ledger made it."""
        if mint is MINT:
            _RECORDED.add(self)
        self.check_recorded()

    def check_recorded(self) -> None:
        """Raise NotAllowed unless this very object was made by the ledger."""
        if self not in _RECORDED:
            raise NotAllowed(
                "disclosure: got one that was not recorded, wanted one from ledger.trail.open", "not-recorded"
            )

    def check_fresh(self, now: Instant) -> None:
        """Raise NotAllowed unless it was recorded and there is time to answer: if not, open the record again."""
        self.check_recorded()
        if now - self.recorded_at > ANSWER_WITHIN:
            raise NotAllowed("disclosure: its five seconds are over; open the record again", "too-late")

    def thread(self) -> Iterator[Shown]:
        """Every item shown, comments too."""
        for shown in self.shown:
            yield from shown.thread()

    def of_matters_to_a_guardian(self) -> bool:
        """Does it show nothing but matters, to somebody who reads words of those (rule 8)?"""
        return self.acting_as == "guardian" and all(shown.matter for shown in self.thread())

    def positions(self) -> list[int]:
        """Every position whose words may be opened: none of an item whose words are erased."""
        readable = (shown for shown in self.thread() if shown.permit.rule != "erased")
        return [at for shown in readable for at in shown.positions] + list(self.people.values())


_RECORDED: Final[WeakSet[Disclosure]] = WeakSet()
