"""The stored tree as a process reads it again and again: what never changes is read once.

A complete tile never changes, and neither does the edge of a tree of some size. So a proof from a large log reads
its one tile of leaf hashes; the tiles above, which nearly every proof shares, and the edge are remembered.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Generic, TypeVar

from ledger.core.edge import Edge
from ledger.core.merkle import NodeHash
from ledger.core.tiles import TILE_SIZE, TILE_WIDTH, TileId
from ledger.store.tree_rows import Connection, read_edge, read_leaves, read_tiles

MOST_TILES: Final = 256
"""Complete tiles that are remembered: 2 MiB."""
MOST_EDGES: Final = 4
"""Edges that are remembered: of the newest checkpoint, of the newest witnessed one, and of those just before."""

Key = TypeVar("Key")
Value = TypeVar("Value")


class Remembered(Generic[Key, Value]):
    """The values that were asked for last, so many at most."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[Key, Value] = OrderedDict()

    def get(self, key: Key) -> Value | None:
        """The value, if it is still remembered."""
        if key in self._values:
            self._values.move_to_end(key)
        return self._values.get(key)

    def keep(self, key: Key, value: Value) -> None:
        """Remember a value; forget the one that nobody has asked for longest."""
        self._values[key] = value
        self._values.move_to_end(key)
        if len(self._values) > self._most:
            self._values.popitem(last=False)

    def __iter__(self) -> Iterator[Key]:
        """The keys of what is remembered."""
        return iter(self._values)


class StoredTree:
    """Reads tiles and proofs of one log through connections of its callers."""

    def __init__(self) -> None:
        self._complete: Remembered[TileId, bytes] = Remembered(MOST_TILES)
        self._edges: Remembered[int, Edge] = Remembered(MOST_EDGES)

    def unread(self, index: int) -> list[TileId]:
        """The complete tiles that a proof for an entry will need, as far as known now, and are not remembered."""
        edge = self._edges.get(max(self._edges, default=0))
        above = edge.tiles_above(index) if edge is not None and index < edge.size else []
        return [tile for tile in above if self._complete.get(tile) is None]

    def remember(self, tiles: Iterable[TileId], hashes: Iterable[bytes | None]) -> None:
        """Take in complete tiles that were read; None for one that is not there."""
        for tile, found in zip(tiles, hashes, strict=True):
            if found is not None and len(found) == TILE_SIZE:
                self._complete.keep(tile, found)

    async def prove_inclusion(self, connection: Connection, index: int, size: int) -> tuple[NodeHash, ...]:
        """The path of an entry in a tree whose edge is worth remembering: one that a checkpoint was signed for.

        Raises InclusionError for an entry that the tree does not have, TileError where stored hashes are missing.
        """
        edge = self._edges.get(size)
        if edge is None:
            edge = await self._read_edge(connection, size)
            self._edges.keep(size, edge)
        return edge.prove_inclusion(index, await self.tiles(connection, edge.tiles_above(index)))

    async def tiles(self, connection: Connection, wanted: Sequence[TileId]) -> dict[TileId, bytes]:
        """The hashes of tiles; too few hashes where rows are missing."""
        known = {tile: self._complete.get(tile) for tile in wanted}
        found = {tile: hashes for tile, hashes in known.items() if hashes is not None}
        missing = [tile for tile in wanted if tile not in found]
        if missing:
            read = await read_tiles(connection, missing)
            self.remember([tile for tile in missing if tile.width == TILE_WIDTH], _complete_in(read))
            found.update(read)
        return found

    async def _read_edge(self, connection: Connection, size: int) -> Edge:
        """The edge at a size: grown from one a little smaller, if one is known, so that only new entries are read."""
        near = [known for known in self._edges if size - TILE_WIDTH <= known < size]
        edge = self._edges.get(max(near)) if near else None
        if edge is None:
            return await read_edge(connection, size)
        leaves = await read_leaves(connection, edge.size, size)
        return edge.extend(leaves, paths=False).edge


def _complete_in(read: dict[TileId, bytes]) -> list[bytes]:
    return [hashes for tile, hashes in read.items() if tile.width == TILE_WIDTH]
