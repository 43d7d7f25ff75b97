"""Receipts of what was admitted before, and the latest checkpoint."""

import psycopg

from ledger.core.log_keys import LogVerifier
from ledger.core.receipt import Receipt
from ledger.core.tiles import prove_inclusion, tiles_for_inclusion
from ledger.store.errors import NotRecorded
from ledger.store.recorder import Pool
from ledger.store.tree_rows import read_tiles

_CHECKPOINT = "select note from ledger.checkpoint order by size desc limit 1"
_ENTRY = "select entry from ledger.entry where position = %s"


class Receipts:
    """Proofs of inclusion, from the stored tiles."""

    def __init__(self, pool: Pool, verifier: LogVerifier) -> None:
        self._pool = pool
        self._verifier = verifier

    async def latest_checkpoint(self) -> bytes:
        """The signed note of the largest checkpoint; raises NotRecorded before the first."""
        async with self._pool.connection() as connection:
            row = await (await connection.execute(_CHECKPOINT)).fetchone()
        if row is None:
            raise NotRecorded("checkpoint: none has been signed yet; ask again in a second")
        return bytes(row[0])

    async def receipt_at(self, position: int) -> Receipt:
        """The receipt of an entry under the latest checkpoint; raises NotRecorded until one covers it."""
        note = await self.latest_checkpoint()
        size = self._verifier.open_checkpoint(note).size
        if position >= size:
            raise NotRecorded(f"receipt: the latest checkpoint covers {size} entries, wanted {position + 1}; ask again")
        try:
            async with self._pool.connection() as connection:
                tiles = await read_tiles(connection, tiles_for_inclusion(position, size))
                row = await (await connection.execute(_ENTRY, [position])).fetchone()
        except psycopg.OperationalError as error:
            raise NotRecorded(f"database: {error}") from error
        if row is None:
            raise NotRecorded(f"entry {position}: not found in the database; restore it")
        return Receipt(position, prove_inclusion(position, size, tiles), note, bytes(row[0]))
