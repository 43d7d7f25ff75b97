"""Reading the stored tree: the edge of the log and the tiles of a proof, each in one statement."""

from collections.abc import Iterable
from typing import Any, Final

from psycopg import AsyncConnection

from ledger.core.edge import Edge
from ledger.core.merkle import LeafHash, leaf_hash
from ledger.core.tiles import TILE_HEIGHT, TILE_WIDTH, TileId

Connection = AsyncConnection[tuple[Any, ...]]

_LEAVES: Final = "select entry from ledger.entry where position >= %s and position < %s order by position"
# Of each wanted tile the complete row, the roots of the tiles below it, or the entries below it.
_TILES: Final = """
    select w.tile, t.n, t.hashes from unnest(%s::int[], %s::smallint[], %s::bigint[]) w(tile, level, n)
    join ledger.tile t using (level, n)
    union all
    select w.tile, t.n, t.root
    from unnest(%s::int[], %s::smallint[], %s::bigint[], %s::bigint[]) w(tile, level, start, stop)
    join ledger.tile t on t.level = w.level and t.n >= w.start and t.n < w.stop
    union all
    select w.tile, e.position, e.entry from unnest(%s::int[], %s::bigint[], %s::bigint[]) w(tile, start, stop)
    join ledger.entry e on e.position >= w.start and e.position < w.stop
    order by 1, 2
"""


async def read_leaves(connection: Connection, start: int, stop: int) -> list[LeafHash]:
    """Leaf hashes of positions start … stop - 1, computed from the entries themselves."""
    rows = await (await connection.execute(_LEAVES, [start, stop])).fetchall()
    return [leaf_hash(entry) for (entry,) in rows]


async def read_edge(connection: Connection, size: int) -> Edge:
    """The right edge of a stored tree of ``size`` entries; raises TileError where hashes are missing."""
    found = await read_tiles(connection, _incomplete_tiles(size))
    return Edge.from_stored(size, {tile.level: hashes for tile, hashes in found.items()})


async def read_tiles(connection: Connection, tiles: Iterable[TileId]) -> dict[TileId, bytes]:
    """The hashes of tiles, complete (as stored) or not (from the level below); too few where rows are missing."""
    wanted = list(tiles)
    found: list[list[bytes]] = [[] for _ in wanted]
    rows = await connection.execute(_TILES, _columns(wanted), prepare=True, binary=True)
    async for place, _, value in rows:
        below = wanted[place].level == 0 and wanted[place].width < TILE_WIDTH
        found[place].append(leaf_hash(value) if below else value)
    return {tile: b"".join(hashes) for tile, hashes in zip(wanted, found, strict=True)}


def _columns(wanted: list[TileId]) -> list[list[int]]:
    """The parameters of ``_TILES``: a list for each column of complete tiles, tiles over tiles, tiles over entries."""
    numbered = list(enumerate(wanted))
    complete = [(i, tile.level, tile.n) for i, tile in numbered if tile.width == TILE_WIDTH]
    spans = [
        (i, tile.level - 1, tile.n * TILE_WIDTH, tile.n * TILE_WIDTH + tile.width)
        for i, tile in numbered
        if tile.width < TILE_WIDTH
    ]
    over_tiles = [span for span in spans if span[1] >= 0]
    over_entries = [(i, start, stop) for i, level, start, stop in spans if level < 0]
    return [
        [row[column] for row in rows]
        for rows, width in ((complete, 3), (over_tiles, 4), (over_entries, 3))
        for column in range(width)
    ]


def _incomplete_tiles(size: int) -> list[TileId]:
    """The incomplete tiles of a tree, the lowest level first."""
    tiles, level, nodes = [], 0, size
    while nodes:
        if width := nodes % TILE_WIDTH:
            tiles.append(TileId(level, nodes >> TILE_HEIGHT, width))
        level, nodes = level + 1, nodes >> TILE_HEIGHT
    return tiles
