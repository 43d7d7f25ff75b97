"""Checkpoints that the quorum of witnesses has cosigned; whoever keeps one here has checked that."""

from typing import Final

import psycopg

from ledger.core.checkpoint import open_note
from ledger.store.errors import NotRecorded
from ledger.store.recorder import Pool

_LATEST: Final = "select note from ledger.cosigned order by size desc limit 1"
_COVERING: Final = "select note from ledger.cosigned where size > %s order by size limit 1"
_WAITING: Final = """
    select note from ledger.checkpoint
    where size > (select coalesce(max(size), -1) from ledger.cosigned) order by size desc limit 1
"""
# Another process of this ledger may have asked the same witnesses: either note will do.
_KEEP: Final = "insert into ledger.cosigned (size, note) values (%s, %s) on conflict do nothing"


class Cosigned:
    """The table of witnessed checkpoints. Every method raises NotRecorded where the database cannot be reached."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def latest(self) -> bytes | None:
        """The note of the largest witnessed checkpoint, with its cosignatures; None before the first."""
        return await self._note(_LATEST)

    async def covering(self, position: int) -> bytes | None:
        """The note of the smallest witnessed checkpoint that has the entry at this position; None until one has."""
        return await self._note(_COVERING, position)

    async def waiting(self) -> bytes | None:
        """The note of the newest checkpoint, as the log signed it, if it is larger than every witnessed one."""
        return await self._note(_WAITING)

    async def keep(self, note: bytes) -> None:
        """Keep a note that carries the quorum's cosignatures. Raises CheckpointError for what is no checkpoint."""
        _, checkpoint = open_note(note)
        try:
            # The pool is for reading: each of its transactions is read-only, unless it says otherwise.
            async with self._pool.connection() as connection, connection.transaction():
                await connection.execute("set transaction read write")
                await connection.execute(_KEEP, [checkpoint.size, note])
        except psycopg.OperationalError as error:
            raise NotRecorded(f"database: {error}") from error

    async def _note(self, query: str, *values: int) -> bytes | None:
        try:
            async with self._pool.connection() as connection:
                row = await (await connection.execute(query, list(values))).fetchone()
        except psycopg.OperationalError as error:
            raise NotRecorded(f"database: {error}") from error
        return None if row is None else bytes(row[0])
