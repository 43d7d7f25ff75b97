"""What the log publishes: tiles, entry bundles (C2SP tlog-tiles), and proofs by index.

All of it is as the newest signed checkpoint has it. What that tree does not have is not there: the answer is
``NotPublished``, never a guess.
"""

from collections.abc import Callable
from functools import partial
from typing import Final

from ledger.core.merkle import NodeHash
from ledger.core.tiles import (
    TileId,
    format_bundle,
    narrow_tile,
    prove_consistency,
    prove_inclusion,
    tile_in,
    tile_path,
    tiles_for_consistency,
    tiles_for_inclusion,
)
from ledger.store.errors import NotPublished, NotRecorded
from ledger.store.receipts import Receipts
from ledger.store.tree_rows import Connection

_ENTRIES: Final = "select entry from ledger.entry where position >= %s and position < %s order by position"
_NOTE_AT: Final = """
    select coalesce((select note from ledger.cosigned where size = %(size)s::bigint),
                    (select note from ledger.checkpoint where size = %(size)s::bigint))
"""


class Published:
    """Reads what everybody may have of the log, and the entries for those who may.

    Every method raises NotPublished for what the newest checkpoint's tree does not have, NotRecorded where the
    database cannot be reached or nothing has been signed.
    """

    def __init__(self, receipts: Receipts) -> None:
        self._receipts = receipts
        self._size = 0

    async def tile(self, tile: TileId) -> bytes:
        """The hashes of a tile, as many as its width says."""
        held = await self._held(tile)
        found = await self._receipts.ask(lambda connection: self._receipts.tree.tiles(connection, [held]))
        return narrow_tile(found[held], tile.width)

    async def bundle(self, tile: TileId) -> bytes:
        """The entries below a tile of level 0, each behind its length."""
        await self._held(tile)
        return format_bundle(await self._receipts.ask(partial(_read_entries, tile)))

    async def inclusion(self, index: int, size: int) -> tuple[NodeHash, ...]:
        """The inclusion path of an entry in the tree of ``size`` entries; raises InclusionError for none."""
        wanted = tiles_for_inclusion(index, size)
        await self._check_reaches(size)
        tiles = await self._receipts.ask(lambda connection: self._receipts.tree.tiles(connection, wanted))
        return prove_inclusion(index, size, tiles)

    async def consistency(self, old: int, new: int) -> tuple[NodeHash, ...]:
        """The path from the tree of ``old`` entries to that of ``new``; raises ConsistencyError for none."""
        wanted = tiles_for_consistency(old, new)
        await self._check_reaches(new)
        tiles = await self._receipts.ask(lambda connection: self._receipts.tree.tiles(connection, wanted))
        return prove_consistency(old, new, tiles)

    async def note_at(self, size: int) -> bytes | None:
        """The note of the checkpoint of exactly this size, cosigned if it was; None where none was signed."""
        note = await self._receipts.ask(partial(_read_note, size))
        return None if note is None or not self._receipts.is_ours(note) else note

    async def _held(self, tile: TileId) -> TileId:
        """The tile as the newest tree has it: as wide as the one that is asked for, or wider."""
        size = await self._size_that(lambda size: _has(size, tile))
        held = tile_in(size, tile.level, tile.n)
        if held is None or not _has(size, tile):
            raise NotPublished(
                f"{tile_path(tile.level, tile.n, tile.width)}: got a tile that is not there, wanted one of a tree of "
                f"{size}; fetch the checkpoint again, and ask for what its tree has"
            )
        return held

    async def _check_reaches(self, wanted: int) -> None:
        size = await self._size_that(lambda size: size >= wanted)
        if size < wanted:
            raise NotPublished(f"proof: got a tree of {wanted}, wanted at most {size}, the newest checkpoint's")

    async def _size_that(self, is_enough: Callable[[int], bool]) -> int:
        """The size of the newest checkpoint; of an earlier one, if that is enough: what it has never changes."""
        if not is_enough(self._size):
            self._size = self._receipts.open(await self._receipts.latest_checkpoint()).size
        return self._size


def _has(size: int, tile: TileId) -> bool:
    held = tile_in(size, tile.level, tile.n)
    return held is not None and held.width >= tile.width


async def _read_entries(tile: TileId, connection: Connection) -> list[bytes]:
    start = tile.n << 8
    rows = await (await connection.execute(_ENTRIES, [start, start + tile.width], prepare=True, binary=True)).fetchall()
    if len(rows) != tile.width:
        raise NotRecorded(f"entries from {start}: got {len(rows)}, wanted {tile.width}; restore the database")
    return [entry for (entry,) in rows]


async def _read_note(size: int, connection: Connection) -> bytes | None:
    [(note,)] = await (await connection.execute(_NOTE_AT, {"size": size}, prepare=True, binary=True)).fetchall()
    return None if note is None else bytes(note)
