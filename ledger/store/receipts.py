"""Receipts of what was admitted before, and the newest checkpoints: what the log has signed, and what is witnessed."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Literal, TypeVar

import psycopg

from ledger.core.checkpoint import Checkpoint, CheckpointError, open_note
from ledger.core.log_keys import LogVerifier
from ledger.core.merkle import InclusionError, check_inclusion, leaf_hash
from ledger.core.receipt import Receipt
from ledger.core.tiles import TileError
from ledger.store.errors import NotRecorded
from ledger.store.recorder import Pool
from ledger.store.stored_tree import Remembered, StoredTree
from ledger.store.tree_rows import Connection

Standing = Literal["recorded", "witnessed"]
IsWitnessed = Callable[[bytes], bool]
"""Whether a checkpoint's note carries the cosignatures that are asked of it (``TrustPolicy.check_witnessed``)."""

T = TypeVar("T")
COVERED_WITHIN: Final = 2.0
"""Seconds to wait for the checkpoint that covers an entry whose first acknowledgement was lost."""
_NOTES_OPENED: Final = 8
"""Notes whose signatures need not be checked again: our own, just read."""

_RECORDED: Final = "select note from ledger.checkpoint order by size desc limit 1"
_WITNESSED: Final = "select note from ledger.cosigned order by size desc limit 1"
# A note that is known already is not read again: it is the longest thing here.
_RECEIPT: Final = """
    select recorded.size, case when recorded.size = %s::bigint then null else recorded.note end,
           cosigned.size, case when cosigned.size = %s::bigint then null else cosigned.note end,
           (select entry from ledger.entry where position = %s::bigint),
           (select substr(hashes, %s::int + 1, %s::int) from ledger.tile where level = 0 and n = %s::bigint)
    from (select 1) always
    left join (select size, note from ledger.checkpoint order by size desc limit 1) recorded on true
    left join (select size, note from ledger.cosigned order by size desc limit 1) cosigned on true
"""


@dataclass(frozen=True, slots=True)
class StandingReceipt:
    """A receipt, and what its checkpoint has: the log's signatures alone, or its witnesses' as well."""

    standing: Standing
    receipt: Receipt

    def as_json(self) -> dict[str, Any]:
        """The members ``standing`` and ``receipt``."""
        return {"standing": self.standing, "receipt": self.receipt.as_json()}


def nobody_witnesses(note: bytes) -> bool:
    """Where no policy says whose cosignatures count, none do."""
    return False


class Receipts:
    """Proofs of inclusion, from the stored tiles. Every method raises NotRecorded where the database is away."""

    def __init__(self, pool: Pool, verifier: LogVerifier) -> None:
        self.tree = StoredTree()
        self._pool = pool
        self._verifier = verifier
        self._opened: Remembered[bytes, Checkpoint] = Remembered(_NOTES_OPENED)
        self._newest_known = [-1, -1]
        self._newest_notes = [b"", b""]

    async def latest_checkpoint(self) -> bytes:
        """The signed note of the largest checkpoint; raises NotRecorded before the first."""
        note = await self.ask(partial(self._note, _RECORDED))
        if note is None:
            raise NotRecorded("checkpoint: none has been signed yet; ask again in a second")
        return note

    async def witnessed_checkpoint(self, is_witnessed: IsWitnessed) -> bytes | None:
        """The signed and cosigned note of the largest checkpoint that is witnessed; None before the first."""
        note = await self.ask(partial(self._note, _WITNESSED))
        return note if note is not None and is_witnessed(note) else None

    async def receipt_at(self, position: int) -> Receipt:
        """The receipt of an entry under the newest checkpoint; raises NotRecorded until one covers it."""
        return (await self.standing_at(position)).receipt

    async def standing_at(self, position: int, is_witnessed: IsWitnessed = nobody_witnesses) -> StandingReceipt:
        """The receipt of an entry under the newest checkpoint that is witnessed, or else the newest.

        Raises NotRecorded until a checkpoint covers it.
        """
        return await self.ask(partial(self._prove, position, is_witnessed))

    async def soon_at(self, position: int, is_witnessed: IsWitnessed = nobody_witnesses) -> StandingReceipt:
        """The same, waiting a moment for a checkpoint that covers the entry; raises TimeoutError if none comes."""
        async with asyncio.timeout(COVERED_WITHIN):
            while True:
                try:
                    return await self.standing_at(position, is_witnessed)
                except NotRecorded:
                    await asyncio.sleep(0.05)

    async def ask(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Read through a connection of the pool; raises NotRecorded where the database cannot be reached."""
        # After PostgreSQL has restarted, each pooled connection is found dead once; a read can be tried again.
        for _ in range(self._pool.max_size):
            try:
                async with self._pool.connection() as connection:
                    return await work(connection)
            except psycopg.OperationalError as error:
                failure = error
        raise NotRecorded(f"database: {failure}; nothing can be read or recorded until it is back") from failure

    def open(self, note: bytes) -> Checkpoint:
        """The checkpoint in one of our own notes. Raises CheckpointError for one that the log has not signed."""
        known = self._opened.get(note)
        if known is None:
            known = self._verifier.open_checkpoint(note)
            self._opened.keep(note, known)
        return known

    async def _note(self, query: str, connection: Connection) -> bytes | None:
        row = await (await connection.execute(query, prepare=True, binary=True)).fetchone()
        return None if row is None or not self.is_ours(row[0]) else bytes(row[0])

    def is_ours(self, note: bytes) -> bool:
        """Whether a note is of this log, not of the one that it continues (``log-continued/1``)."""
        return self._opened.get(note) is not None or open_note(note)[1].origin == self._verifier.origin

    async def _prove(self, position: int, is_witnessed: IsWitnessed, connection: Connection) -> StandingReceipt:
        piece = self.tree.piece(position)
        values = [*self._newest_known, position, piece.start, piece.length, piece.tile.n]
        [row] = await (await connection.execute(_RECEIPT, values, prepare=True, binary=True)).fetchall()
        recorded, cosigned = self._newest(0, row[0], row[1]), self._newest(1, row[2], row[3])
        entry, hashes = row[4:]
        try:
            standing, note = self._choose(position, recorded, cosigned, is_witnessed)
            if entry is None:
                raise NotRecorded(f"entry {position}: not found in the database; restore it")
            checkpoint = self.open(note)
            path = await self.tree.prove_inclusion(connection, position, checkpoint.size, piece, hashes)
            # Whoever gets a receipt relies on it: one that proves nothing, because a row was altered, is never given.
            check_inclusion(position, checkpoint.size, leaf_hash(entry), path, checkpoint.root)
        except (CheckpointError, InclusionError, TileError):
            self.tree, self._newest_known = StoredTree(), [-1, -1]  # what is remembered may be what was altered
            raise
        return StandingReceipt(standing, Receipt(position, path, note, entry))

    def _newest(self, table: int, size: int | None, note: bytes | None) -> bytes | None:
        """The newest note of a table, 0 the log's own or 1 cosigned: the one just read, or the one known before."""
        if size is not None and note is not None:
            self._newest_known[table], self._newest_notes[table] = size, note
        return None if size is None else self._newest_notes[table]

    def _choose(
        self, position: int, recorded: bytes | None, cosigned: bytes | None, is_witnessed: IsWitnessed
    ) -> tuple[Standing, bytes]:
        """Under which note an entry is to be proved. Raises NotRecorded if none covers it."""
        if cosigned is not None and self._covers(cosigned, position) and is_witnessed(cosigned):
            return "witnessed", cosigned
        if recorded is not None and self._covers(recorded, position):
            return "recorded", recorded
        raise NotRecorded(f"receipt: got no checkpoint yet that covers entry {position}; ask again in a second")

    def _covers(self, note: bytes, position: int) -> bool:
        return self.is_ours(note) and position < self.open(note).size
