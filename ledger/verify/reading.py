"""Reading the log in order: chunks of entries, each with the rows that stand beside it in other tables."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Generic, NamedTuple, TypeVar

from ledger.core import canonical
from ledger.core.errors import MalformedStatement
from ledger.verify.findings import Findings, Step
from ledger.verify.rows import CheckpointRow, EntryRow, FactRow, Source, VaultRow

CHUNK_ENTRIES: Final = 256
CHUNK_BYTES: Final = 1 << 20

Row = TypeVar("Row", VaultRow, FactRow, CheckpointRow)


class Place(NamedTuple):
    """An entry and what belongs to it."""

    row: EntryRow
    vault: list[VaultRow]
    facts: list[FactRow]
    checkpoints: list[CheckpointRow]


@dataclass(slots=True)
class Chunk:
    """Neighbouring entries, and public keys by key id: those of its signers that were enrolled in earlier chunks."""

    start: int
    places: list[Place] = field(default_factory=list)
    keys: dict[str, bytes] = field(default_factory=dict)
    bytes: int = 0

    @property
    def full(self) -> bool:
        """Whether it is time for the next."""
        return len(self.places) >= CHUNK_ENTRIES or self.bytes >= CHUNK_BYTES

    def add(self, place: Place) -> None:
        """Take in the next entry."""
        self.places.append(place)
        self.bytes += len(place.row.entry) + len(place.row.facts) + len(place.row.words or b"")


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
        self._next: Row | None = next(self._rows, None)

    def at(self, position: int) -> list[Row]:
        """The rows of an entry; positions are asked for in order."""
        rows = []
        while self._next is not None and self._place(self._next) <= position:
            if self._place(self._next) == position:
                rows.append(self._next)
            else:
                self._note_stray(self._next)
            self._next = next(self._rows, None)
        return rows

    def finish(self) -> None:
        """Note the rows that no entry has claimed."""
        while self._next is not None:
            self._note_stray(self._next)
            self._next = next(self._rows, None)

    def _note_stray(self, row: Row) -> None:
        at = self._place(row)
        # A row out of order, or beyond the end, or of no position at all: it can only be said that it is too many.
        position = at if 0 <= at < self._nowhere else self._nowhere
        self._found.note(self._step, position, f"{type(row).__name__} of position {at}", "no such row")


class Reading:
    """Walks along the log; afterwards ``size`` entries were read, up to the first gap."""

    def __init__(self, source: Source, found: Findings, head_size: int) -> None:
        self.size = 0
        self._broken = False
        self._source = source
        self._found = found
        self._head_size = head_size
        self._vault = self._beside(source.vault(), lambda row: row.position, Step.SEALED)
        self._facts = self._beside(source.facts(), lambda row: row.position, Step.NUMBERING)
        # The checkpoint of size n is the one that first covers entry n - 1.
        self._checkpoints = self._beside(source.checkpoints(), lambda row: row.size - 1, Step.CHECKPOINTS)

    def chunks(self, keys: Mapping[str, bytes]) -> Iterator[Chunk]:
        """The log in chunks; ``keys`` grows while they are read."""
        chunk = Chunk(0)
        for row in self._in_order():
            chunk.add(Place(row, self._vault.at(self.size), self._facts.at(self.size), self._checkpoints.at(self.size)))
            kid = key_id_in(row.entry)
            if kid in keys:
                chunk.keys[kid] = keys[kid]
            self.size += 1
            if chunk.full:
                yield chunk
                chunk = Chunk(self.size)
        if chunk.places:
            yield chunk

    def finish(self) -> bool:
        """Hold the number of entries to the head, and note rows that belong to no entry; False where entries miss."""
        if self._broken:
            return False  # what stands after a gap cannot be told from what is too many
        if self.size != self._head_size:
            wanted = f"{self._head_size} as the head says"
            self._found.note(Step.ORDER, min(self.size, max(self._head_size, 0)), f"{self.size} entries", wanted)
        for beside in (self._vault, self._facts, self._checkpoints):
            beside.finish()
        return self.size == self._head_size

    def _in_order(self) -> Iterator[EntryRow]:
        for row in self._source.entries():
            self._found.looked_at[Step.ORDER] += 1
            if row.position == self.size:
                yield row
            elif row.position < 0:
                self._found.note(Step.ORDER, self._head_size, f"an entry at {row.position}", "positions from 0 on")
            else:
                # After the entry that is wanted one is missing; before it, there are two in one place.
                wrong = min(row.position, self.size)
                self._found.note(Step.ORDER, wrong, f"an entry at {row.position}", f"one at {self.size}")
                self._broken = True
                return

    def _beside(self, rows: Iterable[Row], place: Callable[[Row], int], step: Step) -> Beside[Row]:
        return Beside(rows, place, step, self._found, self._head_size)


_STATEMENT: Final = b'"statement":"'
_KID: Final = slice(len('{"alg":"Ed25519","kid":"'), len('{"alg":"Ed25519","kid":"') + 43)


def key_id_in(entry: bytes) -> str:
    """The key id that an entry names, found without parsing it; only used to look for the key beforehand."""
    start = entry.find(_STATEMENT) + len(_STATEMENT)
    header = entry[start : entry.find(b".", start)]
    try:
        return canonical.unbase64url(header.decode("ascii", "replace"), "header")[_KID].decode("ascii", "replace")
    except MalformedStatement:
        return ""
