"""The rows of a ledger in PostgreSQL, as one snapshot shows them to however many connections read it."""

# ruff: noqa: S608 - all that is put into a query here is columns that are named here, and whole numbers

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from itertools import count, starmap
from typing import Any, Final, TypeVar

import psycopg

from ledger.store.errors import VaultRefused
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
    Span,
    StatementRow,
    StreamRow,
    TileRow,
    VaultRow,
    WordsRow,
)

Row = TypeVar("Row")

_FETCHED: Final = 2000
"""Rows of a table fetched at a time; of entries, which may hold 300 KiB each, a sixteenth."""
_BLOCK: Final = 1 << 16
"""Positions whose facts are read at once: no index leads from a position to its facts, so each time costs a scan."""


class PostgresSource:
    """The rows of a ledger as one connection's snapshot shows them.

    ``beside`` needs to know how to connect, and the name under which the snapshot was exported.
    """

    def __init__(self, connection: psycopg.Connection[Any], conninfo: str = "", exported: str = "") -> None:
        self._connection = connection
        self._conninfo = conninfo
        self._exported = exported
        self._names = count()
        self._facts_from = -1
        self._facts: list[FactRow] = []

    @contextmanager
    def beside(self) -> Iterator["PostgresSource"]:
        """The same snapshot on another connection."""
        with _reading(self._conninfo) as connection:
            connection.execute(b"set transaction snapshot '%b'" % self._exported.encode())
            _prepare(connection)
            yield PostgresSource(connection, self._conninfo, self._exported)

    def heads(self) -> Iterator[HeadRow]:
        """The head."""
        query = """
            select one, coalesce(size, -1), coalesce(recorded_at, -1), coalesce(generation, -1) from ledger.head
        """
        return self._rows(HeadRow, query)

    def generations(self) -> Iterator[GenerationRow]:
        """Generations of the key-encryption key."""
        query = """
            select coalesce(generation, -1), coalesce(opened_at, -1), coalesce(first_entry, -1), destroyed_at
            from ledger.key_generation g order by g.generation
        """
        return self._rows(GenerationRow, query)

    def destroyed(self) -> Iterator[DestroyedRow]:
        """Destroyed keys by position."""
        query = """
            select coalesce(position, -1), coalesce(generation, -1), coalesce(destroyed_at, -1)
            from ledger.destroyed d order by d.position
        """
        return self._rows(DestroyedRow, query)

    def count(self, first: int) -> int:
        """Entries from a position on."""
        query = f"select count(*) from ledger.entry where {_within('position', Span(first, None))}"
        row = self._connection.execute(query.encode()).fetchone()
        return 0 if row is None else int(row[0])

    def in_clear(self, types: Collection[str], first: int) -> Iterator[ClearRow]:
        """Entries of these types by position."""
        query = f"""
            select coalesce(position, -1), coalesce(entry, '') from ledger.entry e
            where type = any(%s) and {_within("position", Span(first, None))} order by e.position
        """
        return self._rows(ClearRow, query, values=[list(types)])

    def entries(self, span: Span) -> Iterator[EntryRow]:
        """Entries by position."""
        query = f"""
            select coalesce(position, -1), coalesce(author::text, ''), coalesce(statement::text, ''),
                   coalesce(aggregate::text, ''), coalesce(version, -1), coalesce(type, ''), coalesce(entry, ''),
                   coalesce(facts, ''), words
            from ledger.entry e where {_within("position", span)} order by e.position
        """
        return self._rows(EntryRow, query, _FETCHED // 16)

    def vault(self, span: Span) -> Iterator[VaultRow]:
        """Wrapped keys by position and part."""
        query = f"""
            select coalesce(position, -1), coalesce(part, -1), coalesce(generation, -1), coalesce(wrapped, '')
            from ledger.vault v where {_within("position", span)} order by v.position, v.part
        """
        return self._rows(VaultRow, query)

    def facts(self, span: Span) -> Iterator[FactRow]:
        """The index of facts by position."""
        if span.first == 0 or span.until is None:
            return self._facts_in(span)
        block = span.first - span.first % _BLOCK
        if block != self._facts_from or span.until > block + _BLOCK:
            self._facts = list(self._facts_in(Span(max(block, 1), max(block + _BLOCK, span.until))))
            self._facts_from = block
        first, until = (bisect_left(self._facts, end, key=_position) for end in (span.first, span.until))
        return iter(self._facts[first:until])

    def checkpoints(self, span: Span) -> Iterator[CheckpointRow]:
        """Checkpoints by size."""
        within = _within("size", span, shift=1)
        query = f"select coalesce(size, -1), coalesce(note, '') from ledger.checkpoint c where {within} order by c.size"
        return self._rows(CheckpointRow, query)

    def cosigned(self, span: Span) -> Iterator[CosignedRow]:
        """Witnessed checkpoints by size."""
        within = _within("size", span, shift=1)
        query = f"select coalesce(size, -1), coalesce(note, '') from ledger.cosigned c where {within} order by c.size"
        return self._rows(CosignedRow, query)

    def tiles(self, since: int) -> Iterator[TileRow]:
        """Tiles that were not complete yet at a size, by level and number."""
        growing = f"(t.level not between 0 and 7 or t.n >= {since}::bigint >> 8 * (t.level + 1))" if since else "true"
        query = f"""
            select coalesce(level, -1), coalesce(n, -1), coalesce(hashes, ''), coalesce(root, '')
            from ledger.tile t where {growing} order by t.level, t.n
        """
        return self._rows(TileRow, query, _FETCHED // 16)

    def older_tiles(self, until: int) -> Iterator[TileRow]:
        """Tiles that were complete at a size, those of level 0 without their hashes."""
        query = f"""
            select level, coalesce(n, -1), case level when 0 then ''::bytea else coalesce(hashes, '') end,
                   coalesce(root, '')
            from ledger.tile t
            where t.level between 0 and 7 and t.n >= 0 and t.n < {until}::bigint >> 8 * (t.level + 1)
            order by t.level, t.n
        """
        return self._rows(TileRow, query)

    def statements(self) -> Iterator[StatementRow]:
        """All entries by author and statement id."""
        return self._rows(StatementRow, f"{_STATEMENTS} from ledger.entry e order by e.author, e.statement, e.position")

    def streams(self) -> Iterator[StreamRow]:
        """All entries by aggregate and position."""
        return self._rows(StreamRow, f"{_STREAMS} from ledger.entry e order by e.aggregate, e.position")

    def counted_facts(self) -> Iterator[FactRow]:
        """The index of facts by subject and position."""
        return self._rows(FactRow, f"{_FACTS} from ledger.fact f order by f.subject, f.position, f.n")

    def guards(self) -> Iterator[GuardRow]:
        """All counters by subject."""
        return self._rows(GuardRow, f"{_GUARDS} from ledger.guard g order by g.subject")

    # What is new is small and what is old may be large: each new row looks up the old ones by an index (``offset 0``
    # and ``limit 1`` keep the planner from reading everything instead).

    def statements_like(self, first: int) -> Iterator[StatementRow]:
        """Entries that have author and statement id in common with one from ``first`` on."""
        query = f"""
            {_STATEMENTS}
            from (select distinct author, statement from ledger.entry where position >= {first}) fresh,
                 lateral (select author, statement, position from ledger.entry o
                          where o.author = fresh.author and o.statement = fresh.statement offset 0) e
            order by e.author, e.statement, e.position
        """
        return self._rows(StatementRow, query)

    def streams_since(self, first: int) -> Iterator[StreamRow]:
        """Entries from ``first`` on, and the last one before of each of their aggregates."""
        query = f"""
            with fresh as materialized (
                select aggregate, version, position from ledger.entry where position >= {first})
            {_STREAMS}
            from (select * from fresh union all
                  select old.* from (select distinct aggregate from fresh) touched, lateral (
                      select aggregate, version, position from ledger.entry o
                      where o.aggregate = touched.aggregate and o.position < {first} order by o.version desc limit 1
                  ) old) e
            order by e.aggregate, e.position
        """
        return self._rows(StreamRow, query)

    def counted_facts_since(self, first: int) -> Iterator[FactRow]:
        """Facts of entries from ``first`` on, and the last one before of each of their subjects."""
        query = f"""
            with fresh as materialized (select subject, n, position from ledger.fact where position >= {first})
            {_FACTS}
            from (select * from fresh union all
                  select old.* from (select distinct subject from fresh) touched, lateral (
                      select subject, n, position from ledger.fact o
                      where o.subject = touched.subject and o.position < {first} order by o.n desc limit 1) old) f
            order by f.subject, f.position, f.n
        """
        return self._rows(FactRow, query)

    def guards_since(self, first: int) -> Iterator[GuardRow]:
        """The counters of the subjects that entries from ``first`` on bear on."""
        query = f"""
            {_GUARDS}
            from (select distinct subject from ledger.fact where position >= {first}) touched,
                 lateral (select subject, version from ledger.guard o where o.subject = touched.subject offset 0) g
            order by g.subject
        """
        return self._rows(GuardRow, query)

    def words_at(self, positions: Collection[int]) -> Iterator[WordsRow]:
        """Whether there are words, and a key of them."""
        query = """
            select e.position, e.words is not null,
                   exists (select from ledger.vault v where v.position = e.position and v.part = 1)
            from unnest(%s::bigint[]) erased(position) join ledger.entry e using (position) order by e.position
        """
        return self._rows(WordsRow, query, values=[list(positions)])

    def _facts_in(self, span: Span) -> Iterator[FactRow]:
        within = _within("position", span)
        return self._rows(FactRow, f"{_FACTS} from ledger.fact f where {within} order by f.position, f.subject")

    def _rows(
        self, make: Callable[..., Row], query: str, fetched: int = _FETCHED, values: list[Any] | None = None
    ) -> Iterator[Row]:
        with self._connection.cursor(f"verify_{next(self._names)}") as cursor:
            cursor.execute(query.encode(), values, binary=True)
            while rows := cursor.fetchmany(fetched):
                yield from starmap(make, rows)


# Verification opens every word to hold it to its commitment, and shows nobody any. So it reads as a role of its own, by
# the operator's hand: a service that could read like this would open words that no line of ``ledger.opening`` tells of.
_HIDES_ROWS: Final = """
    select case when row_security_active('ledger.vault') then not pg_has_role('ledger_reader', 'usage') else false end
"""
_STATEMENTS: Final = "select coalesce(e.author::text, ''), coalesce(e.statement::text, ''), coalesce(e.position, -1)"
_STREAMS: Final = "select coalesce(e.aggregate::text, ''), coalesce(e.version, -1), coalesce(e.position, -1)"
_FACTS: Final = "select coalesce(f.subject::text, ''), coalesce(f.n, -1), coalesce(f.position, -1)"
_GUARDS: Final = "select coalesce(g.subject::text, ''), coalesce(g.version, -1)"


def _within(column: str, span: Span, shift: int = 0) -> str:
    """The condition that a row's place is in a span; where it begins at 0, so is what has none."""
    first, until = span.first + shift, None if span.until is None else span.until + shift
    if span.first > 0:
        return f"{column} >= {first}" + ("" if until is None else f" and {column} < {until}")
    return "true" if until is None else f"({column} < {until} or {column} is null)"


def _position(row: FactRow) -> int:
    return row.position


@contextmanager
def snapshot(conninfo: str) -> Iterator[PostgresSource]:
    """Everything that had been admitted at one instant; ``conninfo`` connects as a role that may read every row.

    Raises VaultRefused for one that may not read the keys of words, which would look like keys that are gone.
    """
    with _reading(conninfo) as connection:
        if connection.execute(_HIDES_ROWS).fetchone() == (True,):
            raise VaultRefused(
                "verify: got a connection that may not read the keys of words, wanted one as ledger_reader;"
                " set LEDGER_READER_URL"
            )
        exported = connection.execute("select pg_export_snapshot()").fetchone()
        _prepare(connection)
        yield PostgresSource(connection, conninfo, "" if exported is None else exported[0])


@contextmanager
def _reading(conninfo: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(conninfo) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        yield connection
        connection.rollback()


def _prepare(connection: psycopg.Connection[Any]) -> None:
    # A cursor is read to its end, so plans for its first rows only would be the wrong ones.
    connection.execute("set local cursor_tuple_fraction = 1.0")
    connection.execute("set local work_mem = '64MB'")
