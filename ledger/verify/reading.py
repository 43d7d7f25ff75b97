"""Reading a span of the log in order: each entry with the rows that stand beside it in other tables."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final, Generic, NamedTuple, TypeVar

from ledger.verify.findings import Findings, Step
from ledger.verify.rows import CheckpointRow, CosignedRow, EntryRow, FactRow, Source, Span, VaultRow

Row = TypeVar("Row", VaultRow, FactRow, CheckpointRow, CosignedRow)
_NOWHERE: Final = 1 << 64


class Place(NamedTuple):
    """An entry and what belongs to it."""

    row: EntryRow
    vault: list[VaultRow]
    facts: list[FactRow]
    checkpoints: list[CheckpointRow]
    cosigned: list[CosignedRow]


class Beside(Generic[Row]):
    """A table read in step with the log. Rows at no entry's position are noted where the log ends."""

    def __init__(
        self, rows: Iterable[Row], place: Callable[[Row], int], step: Step, found: Findings, nowhere: int
    ) -> None:
        self._rows: Iterator[Row] = iter(rows)
        self._place: Callable[[Row], int] = place
        self._step = step
        self._found = found
        self._nowhere = nowhere
        self._next: Row | None = None
        self.place_of_next = _NOWHERE
        """Where the next row is; beyond every position where there is none."""
        self._go_on()

    def at(self, position: int) -> list[Row]:
        """The rows of an entry; positions are asked for in order."""
        rows = []
        while self._next is not None and self.place_of_next <= position:
            if self.place_of_next == position:
                rows.append(self._next)
            else:
                self._note_stray(self._next)
            self._go_on()
        return rows

    def finish(self) -> None:
        """Note the rows that no entry has claimed."""
        while self._next is not None:
            self._note_stray(self._next)
            self._go_on()

    def _go_on(self) -> None:
        self._next = next(self._rows, None)
        self.place_of_next = _NOWHERE if self._next is None else self._place(self._next)

    def _note_stray(self, row: Row) -> None:
        at = self._place(row)
        # A row out of order, or beyond the end, or of no position at all: it can only be said that it is too many.
        position = at if 0 <= at < self._nowhere else self._nowhere
        self._found.note(self._step, position, f"{type(row).__name__} of position {at}", "no such row")


class Reading:
    """Walks along a span; afterwards ``size`` entries are known, up to the span's end or the first gap.

    The index of facts is read only if it is asked for: no index of its own leads there from a position.
    """

    def __init__(self, source: Source, span: Span, found: Findings, head_size: int, *, with_facts: bool) -> None:
        self.size = span.first
        self.broken = False
        self._source = source
        self._span = span
        self._found = found
        self._head_size = head_size
        self._vault = self._beside(source.vault(span), lambda row: row.position, Step.SEALED)
        facts = source.facts(span) if with_facts else ()
        self._facts = self._beside(facts, lambda row: row.position, Step.NUMBERING)
        # The checkpoint of size n is the one that first covers entry n - 1.
        self._checkpoints = self._beside(source.checkpoints(span), lambda row: row.size - 1, Step.CHECKPOINTS)
        self._cosigned = self._beside(source.cosigned(span), lambda row: row.size - 1, Step.WITNESSED)

    def places(self) -> Iterator[Place]:
        """The entries in order; what is beside none of them is noted."""
        vault, facts, checkpoints, cosigned = self._vault, self._facts, self._checkpoints, self._cosigned
        for row in self._in_order():
            at = self.size
            # Most entries have neither checkpoint, and being asked for nothing takes longer than looking.
            yield Place(
                row,
                vault.at(at),
                facts.at(at) if facts.place_of_next <= at else [],
                checkpoints.at(at) if checkpoints.place_of_next <= at else [],
                cosigned.at(at) if cosigned.place_of_next <= at else [],
            )
            self.size += 1
        self._found.looked_at[Step.ORDER] += self.size - self._span.first
        if not self.broken and self._span.until not in (None, self.size):
            self._break_at(self.size, "no entry there")
        if not self.broken:
            # What stands after a gap could not be told from what is too many.
            for beside in (self._vault, self._facts, self._checkpoints, self._cosigned):
                beside.finish()

    def _in_order(self) -> Iterator[EntryRow]:
        for row in self._source.entries(self._span):
            if row.position == self.size:
                yield row
            elif row.position < 0:
                self._found.note(Step.ORDER, self._head_size, f"an entry at {row.position}", "positions from 0 on")
            else:
                # After the entry that is wanted one is missing; before it, there are two in one place.
                self._break_at(min(row.position, self.size), f"an entry at {row.position}")
                return

    def _break_at(self, position: int, got: str) -> None:
        self._found.note(Step.ORDER, position, got, f"one at {self.size}")
        self.broken = True

    def _beside(self, rows: Iterable[Row], place: Callable[[Row], int], step: Step) -> Beside[Row]:
        return Beside(rows, place, step, self._found, self._head_size)
