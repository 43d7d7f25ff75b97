"""Following the ledger: every projection takes in what was said, in order, each statement exactly once.

A batch of statements and the place reached in the log are written in one transaction, so a crash leaves both
or neither. The row of that place is locked while its holder reads on from it, so two followers at once do not
disturb each other: the second goes on where the first has got to.

Within a process the ledger tells its follower of each commit; what other processes admit is found by looking
twice a second. Nobody is shown a projection that is behind: readers wait for the position they need.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import psycopg
from eventsourcing.persistence import Tracking
from psycopg import sql

from ledger.core.said import Said
from ledger.ledger import Ledger
from ledger.store.errors import NotRecorded
from projections.errors import NotFollowed
from projections.projection import Connection, Projection

logger = logging.getLogger(__name__)

LOOK_EVERY: Final = 0.5
"""Seconds after which it looks for what other processes have admitted."""
LINGER: Final = 0.02
"""Seconds for which it collects what this process admits before it follows, unless somebody waits for it."""
BATCH: Final = 1000
FIRST_PAUSE: Final = 0.05
LONGEST_PAUSE: Final = 5.0
"""Seconds before it connects again; doubled after each failure."""
WAIT_AT_MOST: Final = 5.0

_SESSION = (
    "set plan_cache_mode = force_generic_plan; set enable_seqscan = off; set jit = off;"
    # A crash that loses the last batches loses the place reached with them: they are taken in again.
    " set synchronous_commit = off; set statement_timeout = '60s'"
)
_BEGIN = "insert into projections.tracking (application_name, notification_id) values (%s, 0) on conflict do nothing"
_LOOK = """
    select coalesce((select notification_id from projections.tracking where application_name = %s), 0), size
    from ledger.head
"""
_PLACE = "select notification_id from projections.tracking where application_name = %s"
_MOVE = "update projections.tracking set notification_id = %s::bigint where application_name = %s"


class Follower:
    """Keeps projections in step with a ledger. Made by ``following``; ``run`` is its task.

    Numbers of notifications are eventsourcing's: the position of an entry, plus one.
    """

    def __init__(self, ledger: Ledger, conninfo: str, projections: Sequence[Projection]) -> None:
        self._ledger = ledger
        self._conninfo = conninfo
        self._projections = projections
        self._connection: Connection | None = None
        self._reached = 0
        self._grown = asyncio.Event()
        self._urgent = asyncio.Event()
        self._waiting: list[tuple[int, asyncio.Future[None]]] = []
        self._failure: Exception | None = None
        ledger.rows.sequencer.on_growth(lambda size: self._grown.set())

    @property
    def tracking(self) -> Tracking:
        """How far the log has been taken in, as far as this process knows."""
        return Tracking(self._ledger.name, self._reached)

    async def wait_until(self, position: int, timeout: float = WAIT_AT_MOST) -> None:  # noqa: ASYNC109 - says how long
        """Return once the entry at a position has been taken in; at once if it has been.

        Raises NotFollowed after ``timeout`` seconds.
        """
        if position < self._reached:
            return
        reached: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((position, reached))
        self._urgent.set()
        self._grown.set()
        try:
            async with asyncio.timeout(timeout):
                await reached
        except TimeoutError as error:
            because = "" if self._failure is None else f", because of {self._failure}"
            raise NotFollowed(
                f"projections: reached position {self._reached - 1}, wanted {position} within {timeout} s{because};"
                " open it again, and look at the service's log if this goes on"
            ) from error

    def forget(self) -> None:
        """Look before anybody is told again that a position is reached: somebody may have begun a rebuild."""
        self._reached = 0

    async def select(self, query: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Rows of the projections, as far as they have got; raises NotFollowed where the database is away."""
        try:
            return await self._ledger.rows.select(query, values)
        except NotRecorded as error:
            raise NotFollowed(f"{error}; nothing can be shown until it is back") from error

    async def run(self) -> None:
        """Follow until cancelled; a failure is logged, kept for those who wait, and tried again."""
        pause = FIRST_PAUSE
        while True:
            try:
                await self._follow()
                pause = FIRST_PAUSE
                await self._until_something_happens()
            except Exception as error:  # whatever it was, those who wait must hear of it and following must go on
                self._failure = error
                logger.warning("projections: %s; trying again in %.2f s", error, pause)
                await self._disconnect()
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)

    async def stop(self) -> None:
        """Close the connection; what is under way is rolled back."""
        await self._disconnect()

    async def rebuild(self, progress: Callable[[int, int], None] = lambda done, size: None) -> int:
        """Empty every table, then take in the whole log; returns the number of entries.

        ``progress`` hears how many are done of how many. Once the tables are empty the work can be interrupted: it
        goes on where it was, here or in any follower; readers wait meanwhile, and are never shown half of it.
        """
        async with await self._new_connection() as connection:
            await self._empty(connection)
            place, size = await self._look(connection)
            ahead = await self._ledger.read(place, BATCH)
            while place < size:
                # While PostgreSQL writes one batch, this process opens the next.
                place, ahead = await asyncio.gather(
                    self._take_batch(connection, ahead), self._ledger.read(place + len(ahead), BATCH)
                )
                progress(min(place, size), size)
        return size

    async def _follow(self) -> None:
        """Take in all that there is."""
        if self._connection is None or self._connection.closed:
            self._connection = await self._new_connection()
        # What happens from here on is noticed; what happened before is in the size.
        self._urgent.clear()
        self._grown.clear()
        place, size = await self._look(self._connection)
        while place < size:
            place = await self._take_batch(self._connection)
        self._arrive(place)
        self._failure = None

    async def _look(self, connection: Connection) -> tuple[int, int]:
        """How far the log has been taken in, by whomever, and its size."""
        cursor = await connection.execute(_LOOK, [self._ledger.name])
        [(place, size)] = await cursor.fetchall()
        return place, size

    async def _empty(self, connection: Connection) -> None:
        tables = [table for projection in self._projections for table in projection.TABLES]
        names = sql.SQL(", ").join(sql.Identifier("projections", table) for table in tables)
        async with connection.transaction():
            await self._locked_place(connection)
            await connection.execute(sql.SQL("truncate {}").format(names))
            await connection.execute(_MOVE, [0, self._ledger.name])
        self.forget()

    async def _take_batch(self, connection: Connection, ahead: Sequence[Said] = ()) -> int:
        """Take in one batch, after whatever others have taken in, and return the place reached.

        ``ahead`` is what was read before; it is of use where nobody else has gone on meanwhile.
        """
        async with connection.transaction():
            place = await self._locked_place(connection)
            said = ahead if ahead and ahead[0].position == place else await self._ledger.read(place, BATCH)
            if said:
                async with connection.pipeline():
                    for projection in self._projections:
                        await projection.apply(connection, said)
                    await connection.execute(_MOVE, [said[-1].position + 1, self._ledger.name])
        # A crash before the commit loses the batch and the place alike; after it, nothing.
        self._arrive(place + len(said))
        return place + len(said)

    async def _locked_place(self, connection: Connection) -> int:
        rows = await (await connection.execute(_PLACE + " for update", [self._ledger.name])).fetchall()
        if not rows:
            await connection.execute(_BEGIN, [self._ledger.name])
            return await self._locked_place(connection)
        return int(rows[0][0])

    async def _until_something_happens(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOK_EVERY):
                await self._grown.wait()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LINGER):
                await self._urgent.wait()

    def _arrive(self, reached: int) -> None:
        self._reached = reached
        waiting = []
        for position, told in self._waiting:
            if told.done():
                continue
            if position < reached:
                told.set_result(None)
            else:
                waiting.append((position, told))
        self._waiting = waiting

    async def _new_connection(self) -> Connection:
        connection = await psycopg.AsyncConnection.connect(
            self._conninfo, autocommit=True, connect_timeout=5, fallback_application_name="record-ledger follower"
        )
        await connection.execute(_SESSION)
        return connection

    async def _disconnect(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(psycopg.Error):
                await self._connection.close()
            self._connection = None


@asynccontextmanager
async def following(ledger: Ledger, conninfo: str, projections: Sequence[Projection]) -> AsyncIterator[Follower]:
    """A follower that runs beside the ledger in this process. ``conninfo`` connects as ``ledger_app``."""
    follower = Follower(ledger, conninfo, projections)
    running = asyncio.create_task(follower.run(), name="follower")
    try:
        yield follower
    finally:
        # On Python 3.11 the pool can swallow a cancellation that arrives while it hands out a connection.
        while not running.done():
            running.cancel()
            await asyncio.wait([running], timeout=0.1)
        await follower.stop()
