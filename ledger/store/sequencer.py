"""The sequencer: puts all admissions in one order and commits them in groups.

Whatever queued up while the last commit was under way goes into the next one, but never more than half
of the requests that are open: while PostgreSQL commits one half, this process signs and seals the other.

One writer process needs one round trip a batch (compare-and-swap). Once a compare-and-swap has lost to
another process, the head is locked first for a while, because two processes that race lose half their
attempts (1.14 instead of 0.70 of plain INSERTs, measured with two).
"""

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Final

import psycopg
from psycopg import AsyncConnection
from psycopg.errors import UniqueViolation

from ledger.core.checkpoint import Checkpoint
from ledger.core.instants import SECOND, Instant
from ledger.core.subjects import Subject
from ledger.store.admission import (
    LOCK_HEAD,
    HeadRow,
    fetch_head,
    head_in,
    largest_checkpoint,
    said_before,
    stream_moved,
    write,
)
from ledger.store.batch import Admitted, Draft, Head, Request, draft
from ledger.store.errors import AlreadySaid, Conflict, GuardFailed, NotRecorded
from ledger.store.keyring import Keyring
from ledger.store.mapper import Admission
from ledger.store.seen import Checkpointed, Seen
from ledger.store.tree_rows import Connection, read_edge, read_leaves
from ledger.store.turns import Turns

LARGEST_BATCH: Final = 256
CHECKPOINT_EVERY: Final = 100
"""Milliseconds after which entries that nobody awaits a receipt for get their checkpoint."""
LOCK_FIRST_FOR: Final = 64
"""Batches for which the head is locked first after another process has been met."""
GIVE_UP_AFTER: Final = 30
"""Seconds for which a batch is tried again while the database cannot be reached."""

# Plans made while the tables were empty stay bad, so the planner is told what is right for tables that only grow.
_SESSION = """
    set plan_cache_mode = force_generic_plan; set enable_seqscan = off; set enable_hashjoin = off;
    set enable_mergejoin = off; set jit = off; set synchronous_commit = on; set statement_timeout = '20s'
"""


class Sequencer:
    """The one way into the log for this process."""

    def __init__(
        self, conninfo: str, keyring: Keyring, clock: Callable[[], Instant], revive: Callable[[], object] | None = None
    ) -> None:
        """``revive`` starts a database of our own again after it died; it may block, and runs in a thread."""
        self._conninfo = conninfo
        self._revive = revive
        self._keyring = keyring
        self._clock = clock
        self._turns = Turns()
        self._connection: Connection | None = None
        self._head: Head | None = None
        self.seen = Seen()
        self._checkpointed = Checkpointed(0, Instant(0))
        self._lock_first = 0
        self._last_batch = 0
        self._running: asyncio.Task[None] | None = None
        self._grown: list[Callable[[int], None]] = []

    @property
    def size(self) -> int:
        """Entries known to be durable."""
        return 0 if self._head is None else self._head.edge.size

    def now(self) -> Instant:
        """The ledger's clock: the machine's, but never before the last entry; decisions are made by it too."""
        return self._clock() if self._head is None else max(self._clock(), self._head.recorded_at)

    def on_growth(self, tell: Callable[[int], None]) -> None:
        """Call ``tell`` with the new size after each commit of this process; a hint, for followers."""
        self._grown.append(tell)

    async def start(self) -> None:
        """Connect and read the head; raises NotRecorded where the database cannot be reached."""
        try:
            await self._connect()
        except psycopg.Error as error:
            raise NotRecorded(f"database: {error}; start it, migrate it, or check LEDGER_DATABASE_URL") from error
        self._running = asyncio.create_task(self._run(), name="sequencer")

    async def stop(self) -> None:
        """Stop after the batch under way; what is queued is refused."""
        while self._running is not None and not self._running.done():
            self._running.cancel()
            await asyncio.wait([self._running], timeout=1)
        for request in self._turns.drain():
            request.refuse(NotRecorded("the ledger is stopping; try again"))
        if self._connection is not None:
            await self._connection.close()

    async def admit(
        self,
        admissions: Sequence[Admission],
        *,
        guards: Mapping[Subject, int] | None = None,
        valid_until: Instant | None = None,
        receipt: bool = True,
    ) -> list[Admitted]:
        """Admit statements together, or none of them; returns when they are durable.

        Raises GuardFailed or Conflict (decide again), AlreadySaid (the id was used), NotRecorded.
        """
        return await self.enqueue(admissions, guards=guards, valid_until=valid_until, receipt=receipt)

    def enqueue(
        self,
        admissions: Sequence[Admission],
        *,
        guards: Mapping[Subject, int] | None = None,
        valid_until: Instant | None = None,
        receipt: bool = True,
        first: bool = False,
    ) -> "asyncio.Future[list[Admitted]]":
        """The same without waiting; ``first`` puts it before all that is queued."""
        if self._running is None or self._running.done():
            raise NotRecorded("the ledger is not running; start it")
        answer: asyncio.Future[list[Admitted]] = asyncio.get_running_loop().create_future()
        request = Request(list(admissions), guards or {}, valid_until, receipt, answer)
        self._turns.put(request, first=first)
        return answer

    def turn(self, *, alone: bool) -> AbstractAsyncContextManager[None]:
        """A turn to read facts, decide and be admitted; ``alone``: this process admits only what is put ``first``."""
        return self._turns.alone() if alone else contextlib.nullcontext()

    async def _run(self) -> None:
        while True:
            await self._await_work()
            async with self._turns.admitting():
                await self._admit_batch(self._take())

    async def _admit_batch(self, batch: list[Request]) -> None:
        try:
            await self._commit(batch)
        except asyncio.CancelledError:
            _refuse_all(batch, NotRecorded("the ledger was stopped; it is unknown whether this was admitted"))
            raise
        except Exception as error:  # whatever it was, every caller must hear of it and the next batch start clean
            await self._disconnect()
            _refuse_all(batch, NotRecorded(f"the ledger could not record: {error}; nobody is shown anything"))

    async def _disconnect(self) -> None:
        """Leave no transaction open, nor the head locked: what comes next in it would never be committed."""
        connection, self._connection, self._head = self._connection, None, None
        if connection is not None:
            await connection.close()

    async def _await_work(self) -> None:
        self._turns.arrived.clear()
        while not self._turns:
            try:
                async with asyncio.timeout(CHECKPOINT_EVERY / 1000 if self._checkpoint_missing() else None):
                    await self._turns.arrived.wait()
            except TimeoutError:
                await self._sign_idle_checkpoint()
            self._turns.arrived.clear()

    def _take(self) -> list[Request]:
        open_requests = len(self._turns) + self._last_batch
        # Where processes take turns, the others' commits are what this one works beside.
        share = open_requests if self._lock_first else open_requests // 2
        limit = min(LARGEST_BATCH, max(1, share))
        batch = self._turns.take(limit)
        self._last_batch = len(batch)
        return batch

    async def _commit(self, batch: list[Request]) -> None:
        deadline = asyncio.get_running_loop().time() + GIVE_UP_AFTER
        while batch:
            try:
                batch = await self._try(batch)
            except UniqueViolation:
                batch = await self._settle(batch)
            except psycopg.OperationalError as error:
                # The connection died: whether the batch committed is unknown, so ask by id before saying anything.
                self._head = self._connection = None
                if asyncio.get_running_loop().time() > deadline:
                    raise NotRecorded(f"database: {error}") from error
                await asyncio.sleep(0.05)
                if self._revive is not None:
                    await asyncio.to_thread(self._revive)
                with contextlib.suppress(psycopg.OperationalError):
                    batch = await self._settle_own(batch)

    async def _try(self, batch: list[Request]) -> list[Request]:
        """One attempt; returns what must be tried again."""
        connection = await self._connect()
        locked = self._lock_first > 0
        if locked:
            self._lock_first -= 1
            await self._lock_head(connection)
        head = await self._known_head(connection)
        for request in batch:
            request.wrap_under(self._keyring)
        made, waiting = draft(
            batch, head, self._clock(), self._keyring.log, self._keyring.origin, checkpoint_due=self._checkpoint_due()
        )
        written = made is None or await write(connection, made, self._keyring.generation, commit=locked)
        if made is None:
            if locked:
                await connection.execute(b"rollback")
        elif written:
            self._release(made)
        else:
            return await self._after_loss(connection, made) + waiting
        return waiting

    def _release(self, made: Draft) -> None:
        self._head = made.head
        self.seen.take(made.head.edge)
        if made.checkpoint is not None:
            self._checkpointed = Checkpointed(made.extension.edge.size, made.recorded_at)
        made.answer()
        for tell in self._grown:
            tell(made.extension.edge.size)

    async def _after_loss(self, connection: Connection, made: Draft) -> list[Request]:
        """Nothing was written: another process was first, a guard has failed, or a generation was opened."""
        now_at = await fetch_head(connection)
        self._keyring.use(now_at.generation)
        if now_at.size != made.base:
            self._lock_first = LOCK_FIRST_FOR
            await self._catch_up(connection, now_at)
        rows = await (
            await connection.execute(
                "select subject, version from ledger.guard where subject = any(%s)", [list(made.guards)]
            )
        ).fetchall()
        now: dict[Subject, int] = dict(rows)
        stale = {subject for subject, version in made.guards.items() if now.get(subject, 0) != version}
        for request in made.requests:
            if stale & request.guards.keys():
                request.refuse(GuardFailed("decision: a fact that it rests on changed; decide again"))
        return [request for request in made.requests if not stale & request.guards.keys()]

    async def _settle(self, batch: list[Request]) -> list[Request]:
        """Something is there already: refuse whoever said it before, or came second to a stream."""
        connection = await self._connect()
        await connection.rollback()
        left = []
        for request in batch:
            if (position := await said_before(connection, request)) is not None:
                request.refuse(AlreadySaid("statement: this id was used before by its author", position))
            elif await stream_moved(connection, request):
                request.refuse(Conflict("somebody said something about the same thing first; read and try again"))
            else:
                left.append(request)
        if len(left) == len(batch):
            raise NotRecorded("the database refused a duplicate that is not there; run verify")
        return left

    async def _settle_own(self, batch: list[Request]) -> list[Request]:
        """After a lost connection: answer what had in fact committed, keep the rest."""
        connection = await self._connect()
        left = []
        for request in batch:
            if (position := await said_before(connection, request)) is None:
                left.append(request)
            else:
                request.refuse(AlreadySaid("statement: admitted, and its acknowledgement was lost", position))
        return left

    async def _connect(self) -> Connection:
        if self._connection is None or self._connection.closed:
            self._head = None
            self._connection = await AsyncConnection.connect(self._conninfo, autocommit=True, connect_timeout=5)
            await self._connection.execute(_SESSION)
        await self._known_head(self._connection)
        return self._connection

    async def _known_head(self, connection: Connection) -> Head:
        if self._head is None:
            found = await fetch_head(connection)
            self._keyring.use(found.generation)
            await self.seen.check_begins(connection, found.size)
            self._head = Head(await read_edge(connection, found.size), Instant(found.recorded_at))
            self.seen.take(self._head.edge)
            self._checkpointed = Checkpointed(await largest_checkpoint(connection), Instant(0))
        return self._head

    async def _lock_head(self, connection: Connection) -> None:
        async with connection.pipeline():  # one round trip: whoever else writes waits from here to our commit
            await connection.execute(b"begin")
            locked = await connection.execute(LOCK_HEAD)
        found = await head_in(locked)
        self._keyring.use(found.generation)
        await self._catch_up(connection, found)

    async def _catch_up(self, connection: Connection, found: HeadRow) -> None:
        """Take in what other processes admitted, as leaves on the edge we have."""
        head = await self._known_head(connection)
        self.seen.check_size(found.size)
        if found.size > head.edge.size:
            self._lock_first = max(self._lock_first, LOCK_FIRST_FOR)
            leaves = await read_leaves(connection, head.edge.size, found.size)
            self._head = Head(head.edge.extend(leaves, paths=False).edge, Instant(found.recorded_at))
            self.seen.take(self._head.edge)

    def _checkpoint_due(self) -> bool:
        return self._clock() - self._checkpointed.at >= CHECKPOINT_EVERY

    def _checkpoint_missing(self) -> bool:
        # What stands before the place where this log begins is an earlier log's, and not this one's to sign.
        begins = max(self._checkpointed.size, self._keyring.begins_at)
        return self._head is not None and begins < self._head.edge.size

    async def _sign_idle_checkpoint(self) -> None:
        """Sign what is durable and has no checkpoint yet; a crash here loses only this note, the next covers it."""
        head = self._head
        if head is None or self._connection is None:
            return
        checkpoint = Checkpoint(self._keyring.origin, head.edge.size, head.edge.root())
        note = self._keyring.log.sign_checkpoint(checkpoint, max(self._clock(), head.recorded_at) // SECOND)
        try:
            await self._connection.execute(
                "insert into ledger.checkpoint (size, note) values (%s, %s) on conflict do nothing",
                [head.edge.size, note],
            )
        except psycopg.OperationalError:
            self._head = self._connection = None  # the next batch connects again; nothing is lost
            return
        self._checkpointed = Checkpointed(head.edge.size, self._clock())


def _refuse_all(batch: list[Request], error: Exception) -> None:
    for request in batch:
        request.refuse(error)
