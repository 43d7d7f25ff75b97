"""What was said, opened; and the fold that turns it into facts.

A fold takes statements in the order of their positions and never the same one twice: what it holds after
position n is what everybody who replays the ledger up to n holds. It needs no I/O, because the statements
have been opened and checked against their entries before.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from ledger.core.errors import CoreError
from ledger.core.instants import Instant
from ledger.core.keys import KeyId


class OutOfOrder(CoreError):
    """A statement that was offered to a fold before, or after a later one."""

    def __init__(self, got: int, last: int) -> None:
        super().__init__(f"position: got {got}, wanted one above {last}; fold the statements in the ledger's order")


@dataclass(frozen=True, slots=True)
class Said:
    """One admitted statement with its facts opened. ``author`` is a person id; instants are milliseconds.

    ``worded``: was something said in words as well? ``kid``: the key that signed it; None before it is signed.
    """

    position: int
    recorded_at: Instant
    made_at: Instant
    type: str
    author: str
    acting_as: str
    facts: Mapping[str, Any]
    worded: bool = False
    kid: KeyId | None = None


@dataclass(slots=True, kw_only=True)
class Fold:
    """Facts about one subject. ``upto`` is the position of the last statement offered, -1 before the first."""

    upto: int = -1

    def apply(self, said: Said) -> None:
        """Take one more statement; one that is not about this subject changes nothing but ``upto``.

        Raises OutOfOrder if its position is not above the last one.
        """
        if said.position <= self.upto:
            raise OutOfOrder(said.position, self.upto)
        self.upto = said.position
        self._take(said)

    def extended(self, statements: Iterable[Said]) -> Self:
        """Take these statements in turn, and give itself back."""
        for said in statements:
            self.apply(said)
        return self

    def _take(self, said: Said) -> None:
        raise NotImplementedError
