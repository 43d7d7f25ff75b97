"""Reading the stored tree: the edge of the log and the tiles of a proof."""

from collections.abc import Iterable
from typing import Any

from psycopg import AsyncConnection

from ledger.core.edge import Edge
from ledger.core.merkle import LeafHash, leaf_hash
from ledger.core.tiles import TILE_WIDTH, TileId

Connection = AsyncConnection[tuple[Any, ...]]

_LEAVES = "select entry from ledger.entry where position >= %s and position < %s order by position"
_ROOTS = "select root from ledger.tile where level = %s and n >= %s and n < %s order by n"
_TILE = "select hashes from ledger.tile where level = %s and n = %s"


async def read_leaves(connection: Connection, start: int, stop: int) -> list[LeafHash]:
    """Leaf hashes of positions start … stop - 1, computed from the entries themselves."""
    rows = await (await connection.execute(_LEAVES, [start, stop])).fetchall()
    return [leaf_hash(entry) for (entry,) in rows]


async def read_edge(connection: Connection, size: int) -> Edge:
    """The right edge of a stored tree of ``size`` entries; raises TileError where hashes are missing."""
    incomplete: dict[int, bytes] = {}
    level, nodes = 0, size
    while nodes:
        first = nodes - nodes % TILE_WIDTH
        incomplete[level] = await _read_level(connection, level, first, nodes)
        level, nodes = level + 1, nodes // TILE_WIDTH
    return Edge.from_stored(size, {level: hashes for level, hashes in incomplete.items() if hashes})


async def read_tiles(connection: Connection, tiles: Iterable[TileId]) -> dict[TileId, bytes]:
    """The hashes of tiles, complete (as stored) or not (from the level below)."""
    found: dict[TileId, bytes] = {}
    for tile in tiles:
        if tile.width == TILE_WIDTH:
            row = await (await connection.execute(_TILE, [tile.level, tile.n])).fetchone()
            found[tile] = row[0] if row else b""
        else:
            first = tile.n * TILE_WIDTH
            found[tile] = await _read_level(connection, tile.level, first, first + tile.width)
    return found


async def _read_level(connection: Connection, level: int, start: int, stop: int) -> bytes:
    if level == 0:
        return b"".join(await read_leaves(connection, start, stop))
    rows = await (await connection.execute(_ROOTS, [level - 1, start, stop])).fetchall()
    return b"".join(root for (root,) in rows)
