"""The guard against going back: nothing is signed on a database that is behind what is known of the log.

Whoever restores an older backup, or swaps the database, has a log that is smaller than one that was released, or
another one; the next signature would then prove that there are two histories. So before anything may be signed the
database is held to

1. its own newest checkpoint, and the place where this log continued an earlier one,
2. the highest checkpoint that this installation has released (``api.highest_checkpoint``),
3. what the witnesses of ``LEDGER_POLICY`` know of the log (``api.continuity_witnesses``).

Each must be a beginning of what the database holds; else it is refused (``WentBack``). What was admitted in the last
second, and no witness has seen yet, is protected by receipts only.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import psycopg
from psycopg import AsyncConnection, IsolationLevel

from api.highest_checkpoint import HighestCheckpoint
from ledger.core.checkpoint import CheckpointError
from ledger.core.earlier import EarlierLog
from ledger.core.edge import Edge
from ledger.core.entry import parse_entry
from ledger.core.errors import CoreError
from ledger.core.instants import SECOND, Instant, format_instant
from ledger.core.merkle import ConsistencyError, NodeHash, check_consistency
from ledger.core.public import Continued
from ledger.core.tiles import TileError, prove_consistency, tiles_for_consistency
from ledger.ledger import Ledger
from ledger.store.admission import fetch_head
from ledger.store.errors import NotRecorded, WentBack
from ledger.store.keyring import Keyring
from ledger.store.tree_rows import Connection, read_edge, read_tiles

if TYPE_CHECKING:
    from api.wiring import House

EVERY: Final = 1.0
"""Seconds between two writings of the highest checkpoint while the log grows."""
_END_WITHIN: Final = 3.0
"""Seconds that closing a ledger may wait for its file."""
GUIDE: Final = "docs/how-to/recover-after-loss.md"
NEWEST: Final = "select note from ledger.checkpoint where size > %s order by size desc limit 1"
"""The newest checkpoint beyond a size."""
_ENTRY: Final = "select entry from ledger.entry where position = %s"
_log = logging.getLogger("record_ledger.continuity")


@dataclass(frozen=True, slots=True)
class Known:
    """A tree that somebody knows this log to have had: who says so, and when it was signed, if that is known."""

    who: str
    size: int
    root: NodeHash
    signed_at: Instant | None = None

    def __str__(self) -> str:
        when = "" if self.signed_at is None else f", signed at {format_instant(self.signed_at)}"
        return f"{self.who} has {self.size:,} entries{when}"


@dataclass(frozen=True, slots=True)
class Stored:
    """The log as one snapshot of the database has it."""

    connection: Connection
    edge: Edge
    recorded_at: Instant

    def __str__(self) -> str:
        when = f", the last of {format_instant(self.recorded_at)}" if self.edge.size else ""
        return f"the database holds {self.edge.size:,} entries{when}"

    async def check_begins_with(self, known: Known) -> None:
        """Check that the known tree is a beginning of this one; raises WentBack."""
        if known.size > self.edge.size:
            raise WentBack(
                f"the database went back: {self}, but {known}. Nothing was signed. Restore a newer backup; if what is"
                f" missing is lost for good, go on under a new name with record-ledger recover (see {GUIDE})"
            )
        if known.size == 0:
            return
        try:
            tiles = await read_tiles(self.connection, tiles_for_consistency(known.size, self.edge.size))
            path = prove_consistency(known.size, self.edge.size, tiles)
            check_consistency(known.size, known.root, self.edge.size, self.edge.root(), path)
        except (TileError, ConsistencyError) as error:
            raise WentBack(
                f"the database holds another history: {self}, and {known}, but the one does not grow from the other"
                f" ({error}). Nothing was signed. Keep this database as evidence, and restore a backup (see {GUIDE})"
            ) from error


async def check_continuity(house: "House") -> None:
    """Check that the database of a house holds all that is known of its log; raises WentBack, NotRecorded."""
    # Read first: what was released before now is in the snapshot that is taken next, if it is anywhere.
    highest = read_highest(house)
    async with reading(house.conninfo) as stored:
        await _check_continued(stored, house.keyring)
        newest = await _newest_checkpoint(stored, house.keyring)
        for known in (newest, highest):
            if known is not None:
                await stored.check_begins_with(known)


def read_highest(house: "House") -> Known | None:
    """The highest checkpoint in the file of this installation; raises WentBack where it cannot be read."""
    highest = HighestCheckpoint(house.home, house.keyring.log.verifier)
    timed = highest.read()
    if timed is None:
        return None
    signed_at = Instant(timed.at_seconds * SECOND)
    return Known(str(highest.file), timed.checkpoint.size, timed.checkpoint.root, signed_at)


@asynccontextmanager
async def reading(conninfo: str) -> AsyncIterator[Stored]:
    """One snapshot of the log. Raises NotRecorded where the database cannot be reached, WentBack where tiles miss."""
    try:
        connection: Connection = await AsyncConnection.connect(conninfo, connect_timeout=5)
    except psycopg.Error as error:
        raise NotRecorded(f"database: {error}; start it, migrate it, or check LEDGER_DATABASE_URL") from error
    async with connection:
        await connection.set_isolation_level(IsolationLevel.REPEATABLE_READ)
        await connection.set_read_only(True)
        yield await _stored(connection)
        await connection.rollback()


async def _stored(connection: Connection) -> Stored:
    try:
        size, recorded_at, _ = await fetch_head(connection)
        return Stored(connection, await read_edge(connection, size), Instant(recorded_at))
    except TileError as error:
        raise WentBack(f"the database lacks entries that its head counts ({error}); restore a backup") from error
    except psycopg.Error as error:
        raise NotRecorded(f"database: {error}; start it, migrate it, or check LEDGER_DATABASE_URL") from error


async def _newest_checkpoint(stored: Stored, keyring: Keyring) -> Known | None:
    """The database's own newest checkpoint, by this log's keys or, before this log has signed, an earlier one's."""
    row = await (await stored.connection.execute(NEWEST, [0])).fetchone()
    if row is None:
        return None
    verifiers = [keyring.log.verifier, *(earlier.verifier for earlier in keyring.earlier[-1:])]
    failure: CheckpointError | None = None
    for verifier in verifiers:
        try:
            timed = verifier.open_timed_checkpoint(row[0])
        except CheckpointError as error:
            failure = failure or error
        else:
            signed_at = Instant(timed.at_seconds * SECOND)
            return Known("its own newest checkpoint", timed.checkpoint.size, timed.checkpoint.root, signed_at)
    raise WentBack(
        f"the newest checkpoint in the database is not this log's ({failure}). Nothing was signed. Set LEDGER_ORIGIN to"
        f" the name of the log, or put back the keys in LEDGER_HOME/keys that belong to the database (see {GUIDE})"
    )


async def _check_continued(stored: Stored, keyring: Keyring) -> None:
    """Where this log continues another: the database must hold the entries before, and the entry that says so."""
    if not keyring.earlier:
        return
    earlier = keyring.earlier[-1]
    await stored.check_begins_with(Known(f"the log {earlier.origin}, which this one continues,", *left_at(earlier)))
    if not await is_continued(stored, earlier):
        raise WentBack(
            f"{stored}, and entry {earlier.size} does not say that {earlier.origin} is continued as"
            f" {earlier.continued_as}. Run record-ledger recover --origin {earlier.continued_as} again, which finishes"
            f" what was begun (see {GUIDE})"
        )


def left_at(earlier: EarlierLog) -> tuple[int, NodeHash]:
    """The size and root at which an earlier log was left."""
    return earlier.size, earlier.root


async def is_continued(stored: Stored, earlier: EarlierLog) -> bool:
    """Whether the entry after the last one of an earlier log says that it is continued."""
    row = await (await stored.connection.execute(_ENTRY, [earlier.size])).fetchone()
    if row is None:
        return False
    try:
        statement = parse_entry(row[0]).signed.statement
    except CoreError:
        return False
    said = statement.public
    return isinstance(said, Continued) and (statement.ledger, said.origin, said.size, said.root) == (
        earlier.continued_as,
        earlier.origin,
        earlier.size,
        earlier.root,
    )


@asynccontextmanager
async def keeping_highest(house: "House", ledger: Ledger) -> AsyncIterator[None]:
    """Keep the file of the highest checkpoint while a ledger is open: about once a second, and at the end.

    It never delays an admission, and a failure to write is logged, not raised: the file then protects less.
    """
    keeper = _Keeper(house, ledger)
    task = asyncio.create_task(keeper.run(), name="highest checkpoint")
    try:
        yield
    finally:
        await keeper.stop(task)


@asynccontextmanager
async def stopping_when_gone_back(ledger: Ledger, stop: Callable[[WentBack], None]) -> AsyncIterator[None]:
    """Call ``stop`` once the database is found to have gone back, or been swapped, under an open ledger."""

    async def watch() -> None:
        failure = await ledger.rows.sequencer.seen.went_back()
        _log.critical("%s", failure)
        stop(failure)

    task = asyncio.create_task(watch(), name="going back")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


class _Keeper:
    def __init__(self, house: "House", ledger: Ledger) -> None:
        self._ledger = ledger
        self._file = HighestCheckpoint(house.home, house.keyring.log.verifier)
        self._begins_at = house.keyring.begins_at
        self._kept = 0
        self._grown = asyncio.Event()
        self._ending = asyncio.Event()
        ledger.rows.sequencer.on_growth(lambda _size: self._grown.set())

    async def run(self) -> None:
        """Write whenever the log has grown; the first time at once, for whatever was admitted before."""
        while not self._ending.is_set():
            await self.keep()
            await self._grown.wait()
            self._grown.clear()
            with contextlib.suppress(TimeoutError):  # a second on, what was admitted meanwhile has its checkpoint, too
                await asyncio.wait_for(self._ending.wait(), EVERY)

    async def stop(self, task: "asyncio.Task[None]") -> None:
        """End the task, and write once more; within a few seconds, also where the database has gone."""
        self._ending.set()
        self._grown.set()
        await asyncio.wait([task], timeout=_END_WITHIN)
        while not task.done():  # a library below may swallow one cancellation
            task.cancel()
            await asyncio.wait([task], timeout=1)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.keep(), _END_WITHIN)

    async def keep(self) -> None:
        """Take the newest checkpoint into the file."""
        try:
            rows = await self._ledger.rows.select(_NEWEST_BEYOND, [max(self._kept, self._begins_at)])
            for size, note in rows:
                await asyncio.to_thread(self._file.raise_to, bytes(note))
                self._kept = size
        except (NotRecorded, CheckpointError, OSError, psycopg.Error) as error:
            _log.error("the highest checkpoint is not in %s: %s", self._file.file, error)


_NEWEST_BEYOND: Final = "select size, note from ledger.checkpoint where size > %s order by size desc limit 1"
