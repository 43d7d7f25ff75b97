"""A ledger's rows in memory, to be damaged by the thousand."""

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

from ledger.verify.rows import (
    CheckpointRow,
    ClearRow,
    CosignedRow,
    DestroyedRow,
    EntryRow,
    FactRow,
    GenerationRow,
    GuardRow,
    HeadRow,
    Source,
    Span,
    StatementRow,
    StreamRow,
    TileRow,
    VaultRow,
    WordsRow,
)

Row = TypeVar("Row")


@dataclass(frozen=True)
class Tables:
    """The tables of the log, in any order; as a Source, in the order that is asked for."""

    head: tuple[HeadRow, ...]
    entry: tuple[EntryRow, ...]
    keys: tuple[VaultRow, ...]
    tile: tuple[TileRow, ...]
    checkpoint: tuple[CheckpointRow, ...]
    witnessed: tuple[CosignedRow, ...]
    generation: tuple[GenerationRow, ...]
    gone: tuple[DestroyedRow, ...]
    guard: tuple[GuardRow, ...]
    fact: tuple[FactRow, ...]

    @classmethod
    def of(cls, source: Source) -> "Tables":
        """Everything that a source has."""
        everything = Span(0, None)
        return cls(
            head=tuple(source.heads()),
            entry=tuple(source.entries(everything)),
            keys=tuple(source.vault(everything)),
            tile=tuple(source.tiles(0)),
            checkpoint=tuple(source.checkpoints(everything)),
            witnessed=tuple(source.cosigned(everything)),
            generation=tuple(source.generations()),
            gone=tuple(source.destroyed()),
            guard=tuple(source.guards()),
            fact=tuple(source.facts(everything)),
        )

    @classmethod
    def names(cls) -> list[str]:
        """The tables."""
        return [field.name for field in fields(cls)]

    def with_rows(self, table: str, rows: list[Any]) -> "Tables":
        """The same, but for one table."""
        return replace(self, **{table: tuple(rows)})

    def until(self, size: int) -> "Tables":
        """The same when it had fewer entries; what is not by position (head, counters) stays as it is."""
        return replace(
            self,
            entry=tuple(row for row in self.entry if row.position < size),
            keys=tuple(row for row in self.keys if row.position < size),
            tile=tuple(row for row in self.tile if (row.n + 1) << 8 * (row.level + 1) <= size),
            checkpoint=tuple(row for row in self.checkpoint if row.size <= size),
            witnessed=tuple(row for row in self.witnessed if row.size <= size),
            fact=tuple(row for row in self.fact if row.position < size),
        )

    @contextmanager
    def beside(self) -> Iterator["Tables"]:
        yield self

    def heads(self) -> list[HeadRow]:
        return list(self.head)

    def generations(self) -> list[GenerationRow]:
        return sorted(self.generation, key=lambda row: row.generation)

    def destroyed(self) -> list[DestroyedRow]:
        return sorted(self.gone)

    def count(self, first: int) -> int:
        return len(_within(Span(first, None), self.entry, _position))

    def in_clear(self, types: Collection[str], first: int) -> list[ClearRow]:
        rows = _within(Span(first, None), self.entry, _position)
        return [ClearRow(row.position, row.entry) for row in sorted(rows, key=_position) if row.type in types]

    def entries(self, span: Span) -> list[EntryRow]:
        return sorted(_within(span, self.entry, _position), key=_position)

    def vault(self, span: Span) -> list[VaultRow]:
        return sorted(_within(span, self.keys, _position), key=lambda row: (row.position, row.part))

    def facts(self, span: Span) -> list[FactRow]:
        return sorted(_within(span, self.fact, _position), key=lambda row: (row.position, row.subject))

    def checkpoints(self, span: Span) -> list[CheckpointRow]:
        return sorted(_within(span, self.checkpoint, lambda row: row.size - 1))

    def cosigned(self, span: Span) -> list[CosignedRow]:
        return sorted(_within(span, self.witnessed, lambda row: row.size - 1))

    def tiles(self, since: int) -> list[TileRow]:
        growing = (row for row in self.tile if not since or not _in_range(row) or row.n >= _complete(since, row.level))
        return sorted(growing)

    def older_tiles(self, until: int) -> list[TileRow]:
        older = (row for row in self.tile if _in_range(row) and 0 <= row.n < _complete(until, row.level))
        return sorted(row if row.level else row._replace(hashes=b"") for row in older)

    def statements(self) -> list[StatementRow]:
        return sorted(StatementRow(row.author, row.statement, row.position) for row in self.entry)

    def streams(self) -> list[StreamRow]:
        rows = [StreamRow(row.aggregate, row.version, row.position) for row in self.entry]
        return sorted(rows, key=lambda row: (row.aggregate, row.position))

    def counted_facts(self) -> list[FactRow]:
        return sorted(self.fact, key=lambda row: (row.subject, row.position, row.n))

    def guards(self) -> list[GuardRow]:
        return sorted(self.guard)

    def statements_like(self, first: int) -> list[StatementRow]:
        fresh = {row[:2] for row in self.statements() if row.position >= first}
        return [row for row in self.statements() if row[:2] in fresh]

    def streams_since(self, first: int) -> list[StreamRow]:
        return _gone_on(self.streams(), first)

    def counted_facts_since(self, first: int) -> list[FactRow]:
        return _gone_on(self.counted_facts(), first)

    def guards_since(self, first: int) -> list[GuardRow]:
        touched = {row.subject for row in self.fact if row.position >= first}
        return [row for row in self.guards() if row.subject in touched]

    def words_at(self, positions: Collection[int]) -> list[WordsRow]:
        wrapped = {key.position for key in self.keys if key.part == 1}
        entries = (row for row in self.entry if row.position in positions)
        return [WordsRow(row.position, row.words is not None, row.position in wrapped) for row in entries]


def _within(span: Span, rows: Iterable[Row], place: Callable[[Row], int]) -> list[Row]:
    first = span.first or -(2**63)
    return [row for row in rows if first <= place(row) and (span.until is None or place(row) < span.until)]


def _position(row: Any) -> int:
    return int(row.position)


def _in_range(row: TileRow) -> bool:
    return 0 <= row.level < 8


def _complete(size: int, level: int) -> int:
    return size >> 8 * (level + 1)


def _gone_on(rows: list[Any], first: int) -> list[Any]:
    """The rows from a position on, and the last one before of each name that they have."""
    touched = {row[0] for row in rows if row.position >= first}
    older = {row[0]: row for row in rows if row.position < first and row[0] in touched}
    return [row for row in rows if row.position >= first or older.get(row[0]) is row]
