"""What is permitted of a record: what one pass over it decides for one reader, before it is recorded and opened."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from ledger.core.decisions import Permit
from ledger.core.instants import Instant
from ledger.disclosure import Sealed, Shown


@dataclass(slots=True)
class Page:
    """What one pass over a record permits. ``opened_by`` is the rule that opens the record; none if it is refused."""

    shown: list[Shown] = field(default_factory=list)
    sealed: list[Sealed] = field(default_factory=list)
    more: tuple[Instant, int] | None = None
    refused: str | None = None
    opened_by: str = ""

    def permits(self) -> Iterator[tuple[str, Permit]]:
        """Every item with its permit, comments too."""
        for shown in self.thread():
            yield shown.item, shown.permit

    def thread(self) -> Iterator[Shown]:
        """Every item shown, comments too."""
        for shown in self.shown:
            yield from shown.thread()

    def until(self) -> Instant | None:
        """The first instant at which time alone would change what is permitted."""
        return min((permit.until for _, permit in self.permits() if permit.until is not None), default=None)
