"""Verifying a ledger in PostgreSQL: one snapshot of its rows, so that it can be written to meanwhile."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any, Final, TypeVar

import psycopg

from ledger.core.instants import Instant
from ledger.store.keyring import Keyring
from ledger.verify import Progress, Verification, verify_ledger
from ledger.verify.rows import (
    CheckpointRow,
    EntryRow,
    FactRow,
    GuardRow,
    HeadRow,
    StatementRow,
    StreamRow,
    TileRow,
    VaultRow,
)

Row = TypeVar("Row")

_FETCHED: Final = 2000
"""Rows of a table fetched at a time; of entries, which may hold 300 KiB each, a sixteenth."""


class PostgresSource:
    """The rows of a ledger as one connection's snapshot shows them."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._names = count()

    def heads(self) -> Iterator[HeadRow]:
        """The head."""
        return self._rows(HeadRow, "select one, coalesce(size, -1), coalesce(recorded_at, -1) from ledger.head")

    def entries(self) -> Iterator[EntryRow]:
        """All entries by position."""
        query = """
            select coalesce(position, -1), coalesce(author::text, ''), coalesce(statement::text, ''),
                   coalesce(aggregate::text, ''), coalesce(version, -1), coalesce(type, ''), coalesce(entry, ''),
                   coalesce(facts, ''), words
            from ledger.entry e order by e.position
        """
        return self._rows(EntryRow, query, _FETCHED // 16)

    def vault(self) -> Iterator[VaultRow]:
        """All wrapped keys by position and part."""
        query = """
            select coalesce(position, -1), coalesce(part, -1), coalesce(generation, -1), coalesce(wrapped, '')
            from ledger.vault v order by v.position, v.part
        """
        return self._rows(VaultRow, query)

    def facts(self) -> Iterator[FactRow]:
        """The index of facts by position."""
        return self._rows(FactRow, f"{_FACTS} order by f.position, f.subject")

    def checkpoints(self) -> Iterator[CheckpointRow]:
        """All checkpoints by size."""
        query = "select coalesce(size, -1), coalesce(note, '') from ledger.checkpoint c order by c.size"
        return self._rows(CheckpointRow, query)

    def tiles(self) -> Iterator[TileRow]:
        """All tiles by level and number."""
        query = """
            select coalesce(level, -1), coalesce(n, -1), coalesce(hashes, ''), coalesce(root, '')
            from ledger.tile t order by t.level, t.n
        """
        return self._rows(TileRow, query, _FETCHED // 16)

    def statements(self) -> Iterator[StatementRow]:
        """All entries by author and statement id."""
        query = """
            select coalesce(author::text, ''), coalesce(statement::text, ''), coalesce(position, -1)
            from ledger.entry e order by e.author, e.statement, e.position
        """
        return self._rows(StatementRow, query)

    def streams(self) -> Iterator[StreamRow]:
        """All entries by aggregate and position."""
        query = """
            select coalesce(aggregate::text, ''), coalesce(version, -1), coalesce(position, -1)
            from ledger.entry e order by e.aggregate, e.position
        """
        return self._rows(StreamRow, query)

    def counted_facts(self) -> Iterator[FactRow]:
        """The index of facts by subject and position."""
        return self._rows(FactRow, f"{_FACTS} order by f.subject, f.position, f.n")

    def guards(self) -> Iterator[GuardRow]:
        """All counters by subject."""
        query = "select coalesce(subject::text, ''), coalesce(version, -1) from ledger.guard g order by g.subject"
        return self._rows(GuardRow, query)

    def _rows(self, make: Callable[..., Row], query: str, fetched: int = _FETCHED) -> Iterator[Row]:
        with self._connection.cursor(f"verify_{next(self._names)}") as cursor:
            cursor.itersize = fetched
            cursor.execute(query.encode(), binary=True)
            for row in cursor:
                yield make(*row)


_FACTS: Final = "select coalesce(subject::text, ''), coalesce(n, -1), coalesce(position, -1) from ledger.fact f"


@contextmanager
def snapshot(conninfo: str) -> Iterator[PostgresSource]:
    """Everything that had been admitted at one instant; ``conninfo`` connects as any role that may read."""
    with psycopg.connect(conninfo) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        # A cursor is read to its end, so plans for its first rows only would be the wrong ones.
        connection.execute("set local cursor_tuple_fraction = 1.0")
        connection.execute("set local work_mem = '64MB'")
        yield PostgresSource(connection)
        connection.rollback()


def verify_database(
    conninfo: str,
    keyring: Keyring,
    *,
    at: Instant,
    opening: bool = True,
    cores: int = 1,
    progress: Progress | None = None,
) -> Verification:
    """Verify the ledger of a keyring; without ``opening``, only what needs no key-encryption key.

    Raises psycopg.Error where the database cannot be read.
    """
    vault_keys = keyring.key_encryption_keys if opening else None
    with snapshot(conninfo) as source:
        return verify_ledger(source, keyring.log.verifier, at=at, vault_keys=vault_keys, cores=cores, progress=progress)
