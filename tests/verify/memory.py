"""A ledger's rows in memory, to be damaged by the thousand."""

from dataclasses import dataclass, fields, replace
from typing import Any

from ledger.verify.rows import (
    CheckpointRow,
    EntryRow,
    FactRow,
    GuardRow,
    HeadRow,
    Source,
    StatementRow,
    StreamRow,
    TileRow,
    VaultRow,
)


@dataclass(frozen=True)
class Tables:
    """The tables of the log, in any order; as a Source, in the order that is asked for."""

    head: tuple[HeadRow, ...]
    entry: tuple[EntryRow, ...]
    keys: tuple[VaultRow, ...]
    tile: tuple[TileRow, ...]
    checkpoint: tuple[CheckpointRow, ...]
    guard: tuple[GuardRow, ...]
    fact: tuple[FactRow, ...]

    @classmethod
    def of(cls, source: Source) -> "Tables":
        """Everything that a source has."""
        return cls(
            head=tuple(source.heads()),
            entry=tuple(source.entries()),
            keys=tuple(source.vault()),
            tile=tuple(source.tiles()),
            checkpoint=tuple(source.checkpoints()),
            guard=tuple(source.guards()),
            fact=tuple(source.facts()),
        )

    @classmethod
    def names(cls) -> list[str]:
        """The tables."""
        return [field.name for field in fields(cls)]

    def with_rows(self, table: str, rows: list[Any]) -> "Tables":
        """The same, but for one table."""
        return replace(self, **{table: tuple(rows)})

    def heads(self) -> list[HeadRow]:
        return list(self.head)

    def entries(self) -> list[EntryRow]:
        return sorted(self.entry, key=lambda row: row.position)

    def vault(self) -> list[VaultRow]:
        return sorted(self.keys, key=lambda row: (row.position, row.part))

    def facts(self) -> list[FactRow]:
        return sorted(self.fact, key=lambda row: (row.position, row.subject))

    def checkpoints(self) -> list[CheckpointRow]:
        return sorted(self.checkpoint)

    def tiles(self) -> list[TileRow]:
        return sorted(self.tile)

    def statements(self) -> list[StatementRow]:
        return sorted(StatementRow(row.author, row.statement, row.position) for row in self.entry)

    def streams(self) -> list[StreamRow]:
        rows = [StreamRow(row.aggregate, row.version, row.position) for row in self.entry]
        return sorted(rows, key=lambda row: (row.aggregate, row.position))

    def counted_facts(self) -> list[FactRow]:
        return sorted(self.fact, key=lambda row: (row.subject, row.position, row.n))

    def guards(self) -> list[GuardRow]:
        return sorted(self.guard)
