"""The recorder: eventsourcing's interface to the log, and the reads behind it.

Everything here is asynchronous. The synchronous methods that eventsourcing asks for serve other threads
(scripts, tests): they hand their work to the ledger's event loop and wait.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NoReturn, TypeVar
from uuid import UUID

import psycopg
from eventsourcing.persistence import ApplicationRecorder, Notification, ProgrammingError, StoredEvent
from psycopg_pool import AsyncConnectionPool

from ledger.core.instants import Instant
from ledger.core.subjects import Subject
from ledger.store.errors import NotRecorded
from ledger.store.mapper import Admission, Kept
from ledger.store.sequencer import Sequencer

T = TypeVar("T")
_ALL: Final = 2**53
Connection = psycopg.AsyncConnection[tuple[Any, ...]]
Pool = AsyncConnectionPool[Connection]

_ROW = "e.aggregate, e.version, e.type, e.entry, e.position, e.facts, v.wrapped, v.generation"
_STREAM = f"""
    select {_ROW} from ledger.entry e left join ledger.vault v on v.position = e.position and v.part = 0
    where e.aggregate = %s and e.version > %s order by e.version
"""  # noqa: S608 - built from constants
_SUBJECTS = f"""
    select s.subject, coalesce(g.version, 0), f.n, {_ROW}
    from unnest(%s::uuid[], %s::bigint[]) s(subject, known)
    left join ledger.guard g on g.subject = s.subject
    left join ledger.fact f on f.subject = s.subject and f.n > s.known and f.n <= s.known + %s::bigint
    left join ledger.entry e on e.position = f.position
    left join ledger.vault v on v.position = e.position and v.part = 0
    order by f.position nulls first
"""  # noqa: S608 - built from constants
_THESE = f"""
    select {_ROW} from ledger.entry e left join ledger.vault v on v.position = e.position and v.part = 0
    where e.position = any(%s::bigint[])
"""  # noqa: S608 - built from constants
_NOTE_OPENING = "select ledger.note_opening(%s::bigint, %s::text, %s::bigint[])"
_OPENED_WORDS = "select place, entry, words, wrapped, generation from ledger.opened_words(%s::bigint)"
_OPENINGS = """
    select n, at, disclosure, reason, positions, (extract(epoch from clock_timestamp()) * 1000)::bigint - at
    from ledger.opening where n > %s order by n limit %s
"""
_SAID = "select position from ledger.entry where author = %s and statement = %s"
# Materialised, so that the entries are found by their author and never by walking back through everybody's.
_OF_AUTHOR = """
    with theirs as materialized (select position from ledger.entry where author = %s),
         page as (select position from theirs where position < %s order by position desc limit %s)
    select e.position, e.entry from page join ledger.entry e using (position) order by e.position desc
"""
_SAID_OF_THESE = """
    select e.author, e.statement
    from unnest(%s::uuid[], %s::uuid[]) s(author, statement) join ledger.entry e using (author, statement)
"""
_LOG = f"""
    select {_ROW} from ledger.entry e left join ledger.vault v on v.position = e.position and v.part = 0
    where e.position >= %s and (%s::bigint is null or e.position <= %s::bigint)
      and (%s::text[] is null or e.type = any(%s::text[]))
    order by e.position limit %s
"""  # noqa: S608 - built from constants


# The types are spelt out, so that a plan made once may use the index of erasures.
_ERASURES = f"""
    select {_ROW} from ledger.entry e left join ledger.vault v on v.position = e.position and v.part = 0
    where e.position >= %s and e.type in ('erasure-asked/1', 'content-erased/1') order by e.position
"""  # noqa: S608 - built from constants


@dataclass(frozen=True, slots=True)
class SubjectRow:
    """One row of what bears on a subject: its counter now, and the fact with its number, if there is a new one."""

    subject: Subject
    version: int
    n: int | None
    kept: Kept | None


@dataclass(frozen=True, slots=True)
class WordsRow:
    """The words of one entry, still sealed; ``wrapped`` is None once they are erased."""

    position: int
    entry: bytes
    sealed: bytes | None
    wrapped: bytes | None
    generation: int


@dataclass(frozen=True, slots=True)
class OpeningRow:
    """One row of the vault's log: words that were opened, when by the database's clock, and what for.

    ``reason`` is ``disclosure``, with its position, or ``repeat``, without one; ``age`` is in milliseconds.
    """

    n: int
    at: Instant
    disclosure: int | None
    reason: str
    positions: tuple[int, ...]
    age: int


class LedgerRecorder(ApplicationRecorder):
    """Reads the log through a pool; writes only through the sequencer, and, in another pool, what words are opened."""

    def __init__(self, pool: Pool, openings: Pool, sequencer: Sequencer) -> None:
        self.pool = pool
        self._openings = openings
        self.sequencer = sequencer
        self._loop = asyncio.get_running_loop()

    async def read_stream(self, aggregate: UUID, after: int = 0) -> list[Kept]:
        """The entries of one stream, in order."""
        return [_kept(row) for row in await self.select(_STREAM, [aggregate, after])]

    async def read_subjects(self, known: Mapping[Subject, int], at_most: int = _ALL) -> list[SubjectRow]:
        """What bears on these subjects beyond the known counters, in the ledger's order, of one snapshot.

        ``at_most`` so many facts of each of them, the first ones.
        """
        rows = await self.select(_SUBJECTS, [list(known), list(known.values()), at_most])
        return [
            SubjectRow(row[0], row[1], row[2], None if row[2] is None or row[7] is None else _kept(row[3:]))
            for row in rows
        ]

    async def read_these(self, positions: Iterable[int]) -> list[Kept]:
        """The entries at these positions, as far as they are there, in any order."""
        return [_kept(row) for row in await self.select(_THESE, [list(positions)])]

    async def read_words(self, positions: Sequence[int], *, disclosure: int) -> list[WordsRow]:
        """The sealed words of entries, once it is noted durably that they are opened for a disclosure."""
        return await self._read_words(disclosure, "disclosure", positions)

    async def read_repeated_words(self, position: int) -> list[WordsRow]:
        """The sealed words of one entry, once it is noted durably that they are opened to compare a retry with them."""
        return await self._read_words(None, "repeat", [position])

    async def read_openings(self, after: int, limit: int) -> list[OpeningRow]:
        """The vault's log of opened words, from behind a number on, in order."""
        rows = await self.select(_OPENINGS, [after, limit])
        return [OpeningRow(n, Instant(at), of, reason, tuple(places), age) for n, at, of, reason, places, age in rows]

    async def newest_opening(self) -> int:
        """The number of the last row of the vault's log of opened words; 0 while it is empty."""
        return int((await self.select("select coalesce(max(n), 0) from ledger.opening", []))[0][0])

    async def read_log(
        self, start: int, limit: int, stop: int | None = None, types: Sequence[str] | None = None
    ) -> list[Kept]:
        """Entries from a position on, in order."""
        names = list(types) if types else None
        return [_kept(row) for row in await self.select(_LOG, [start, stop, stop, names, names, limit])]

    async def read_erasures(self, start: int = 0) -> list[Kept]:
        """What asks for words to be erased, and what erases them, from a position on, in order."""
        return [_kept(row) for row in await self.select(_ERASURES, [start])]

    async def position_of(self, author: str, statement_id: str) -> int | None:
        """Where an author said something under this statement id, if they did."""
        rows = await self.select(_SAID, [UUID(author), UUID(statement_id)])
        return int(rows[0][0]) if rows else None

    async def entries_of(self, author: str, before: int, limit: int) -> list[tuple[int, bytes]]:
        """What an author said before a position, newest first: where each entry is, and its bytes."""
        rows = await self.select(_OF_AUTHOR, [UUID(author), before, limit])
        return [(int(position), bytes(entry)) for position, entry in rows]

    async def said_of_these(self, statements: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
        """Which of these (author, statement id) are in the log already, in one look-up."""
        pairs = [(UUID(author), UUID(statement)) for author, statement in statements]
        rows = await self.select(_SAID_OF_THESE, [[author for author, _ in pairs], [said for _, said in pairs]])
        return {(str(author), str(statement)) for author, statement in rows}

    async def size(self) -> int:
        """The number of durable entries."""
        return int((await self.select("select size from ledger.head", []))[0][0])

    async def select(self, query: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Rows of the database; raises NotRecorded where it cannot be reached."""
        return await _on(self.pool, lambda connection: _select(connection, query, values))

    async def _read_words(self, disclosure: int | None, reason: str, positions: Sequence[int]) -> list[WordsRow]:
        if not positions:
            return []

        async def noted_first(connection: Connection) -> list[tuple[Any, ...]]:
            # Each is a transaction of its own. A crash between them leaves words noted as opened that were not.
            [(n,)] = await _select(connection, _NOTE_OPENING, [disclosure, reason, list(positions)])
            return await _select(connection, _OPENED_WORDS, [n])

        return [WordsRow(*row) for row in await _on(self._openings, noted_first)]

    # What eventsourcing asks for.

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int]:
        """Admit events together; returns their notification ids, which are positions + 1."""
        admissions = [event for event in stored_events if isinstance(event, Admission)]
        admitted = self._wait(self.sequencer.admit(admissions, receipt=False))
        return [place.position + 1 for place in admitted]

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """The rows of one aggregate."""
        rows = self._wait(self.read_stream(UUID(str(originator_id)), gt or 0))
        chosen = [row for row in rows if lte is None or row.originator_version <= lte]
        return (chosen[::-1] if desc else chosen)[:limit]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """The log as eventsourcing numbers it: ids are positions + 1."""
        first = (start or 1) - 1 + (0 if inclusive_of_start or start is None else 1)
        rows = self._wait(self.read_log(first, limit, None if stop is None else stop - 1, topics))
        return [
            Notification(row.originator_id, row.originator_version, row.topic, row.state, id=row.position + 1)
            for row in rows
        ]

    def max_notification_id(self) -> int | None:
        """The id of the last entry, or None for an empty log."""
        return self._wait(self.size()) or None

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> NoReturn:
        """Not offered: eventsourcing's subscription does not reconnect when its backend dies."""
        raise ProgrammingError("subscribe: follow the ledger with projections.follow, which reconnects")

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


async def _on(pool: Pool, work: Callable[[Connection], Awaitable[T]]) -> T:
    # After PostgreSQL has restarted, each pooled connection is found dead once; a read can be tried again.
    for _ in range(pool.max_size):
        try:
            async with pool.connection() as connection:
                return await work(connection)
        except psycopg.OperationalError as error:
            failure = error
    raise NotRecorded(f"database: {failure}; nothing can be read or recorded until it is back") from failure


async def _select(connection: Connection, query: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    cursor = await connection.execute(query, values, prepare=True, binary=True)
    return await cursor.fetchall()


def _kept(row: Sequence[Any]) -> Kept:
    aggregate, version, topic, entry, position, facts, wrapped, generation = row
    return Kept(
        aggregate,
        version,
        topic,
        entry,
        position=position,
        facts=facts,
        wrapped=wrapped or b"",
        generation=generation or 0,
    )
