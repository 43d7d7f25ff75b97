"""The stored tree as a process reads it again and again: what never changes is read once.

A complete tile never changes, and neither does the edge of a tree of some size. So a proof from a large log reads
one block of leaf hashes; the crown of their tile, the tiles above, which nearly every proof shares, and the edge
are remembered.
"""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from ledger.core.edge import Edge
from ledger.core.merkle import NodeHash
from ledger.core.tiles import BLOCK_SIZE, TILE_HEIGHT, TILE_SIZE, TILE_WIDTH, TileId, TilePart, block_start, crown_of
from ledger.store.tree_rows import Connection, read_edge, read_leaves, read_tiles

MOST_TILES: Final = 256
"""Complete tiles above those of leaf hashes that are remembered: 2 MiB, of a log of 16 million entries all."""
MOST_CROWNS: Final = 16_384
"""Crowns that are remembered: 20 MB, of a log of 4 million entries all."""
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
        value = self._values.get(key)
        if value is not None:
            self._values.move_to_end(key)
        return value

    def keep(self, key: Key, value: Value) -> None:
        """Remember a value; forget the one that nobody has asked for longest."""
        self._values[key] = value
        self._values.move_to_end(key)
        if len(self._values) > self._most:
            self._values.popitem(last=False)

    def __iter__(self) -> Iterator[Key]:
        """The keys of what is remembered."""
        return iter(self._values)


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes of a complete tile that are to be read: all of it, or one block."""

    tile: TileId
    start: int = 0
    length: int = TILE_SIZE


class StoredTree:
    """Reads tiles and proofs of one log through connections of its callers."""

    def __init__(self) -> None:
        self._tiles: Remembered[TileId, bytes] = Remembered(MOST_TILES)
        self._crowns: Remembered[TileId, bytes] = Remembered(MOST_CROWNS)
        self._edges: Remembered[int, Edge] = Remembered(MOST_EDGES)

    def piece(self, index: int) -> Piece:
        """What to read of the tile of leaf hashes above an entry, if it is complete: all of it, or one block."""
        tile = TileId(0, index >> TILE_HEIGHT)
        if self._crowns.get(tile) is None:
            return Piece(tile)
        return Piece(tile, block_start(_place(tile, index)), BLOCK_SIZE)

    async def prove_inclusion(
        self, connection: Connection, index: int, size: int, piece: Piece | None = None, hashes: bytes | None = None
    ) -> tuple[NodeHash, ...]:
        """The path of an entry in a tree whose edge is worth remembering: one that a checkpoint was signed for.

        ``hashes`` are those of the entry's ``piece``, if it was read and found. Raises InclusionError for an entry
        that the tree does not have, TileError where stored hashes are missing.
        """
        edge = self._edges.get(size)
        if edge is None:
            edge = await self._read_edge(connection, size)
            self._edges.keep(size, edge)
        at_hand = {} if piece is None or hashes is None else self._take(piece, hashes)
        above = edge.tiles_above(index)
        wanted = [tile for tile in above if tile not in at_hand]
        at_hand |= await self.tiles(connection, wanted)
        return edge.prove_inclusion(index, {tile: self._part(tile, index, at_hand[tile]) for tile in above})

    async def tiles(self, connection: Connection, wanted: Sequence[TileId]) -> dict[TileId, bytes]:
        """The hashes of tiles; too few hashes where rows are missing."""
        known = {tile: self._tiles.get(tile) for tile in wanted}
        found = {tile: hashes for tile, hashes in known.items() if hashes is not None}
        missing = [tile for tile in wanted if tile not in found]
        if missing:
            read = await read_tiles(connection, missing)
            for tile in (tile for tile in missing if tile.width == TILE_WIDTH):
                self._take(Piece(tile), read[tile])
            found.update(read)
        return found

    def _take(self, piece: Piece, hashes: bytes) -> dict[TileId, bytes]:
        """Remember what was read of a complete tile; gives it, if it is whole, by tile."""
        if len(hashes) != piece.length:
            return {}
        if piece.length == TILE_SIZE:
            self._crowns.keep(piece.tile, crown_of(hashes))
            # Those above are shared by thousands of entries; tiles of leaf hashes are too many.
            if piece.tile.level:
                self._tiles.keep(piece.tile, hashes)
        return {piece.tile: hashes}

    def _part(self, tile: TileId, index: int, hashes: bytes) -> TilePart:
        """What a path needs of a tile, from all of it or from the one block; nothing of it where a row is missing."""
        if len(hashes) == TILE_SIZE:
            start = block_start(_place(tile, index))
            hashes = hashes[start : start + BLOCK_SIZE]
        return TilePart(self._crowns.get(tile) or b"", hashes)

    async def _read_edge(self, connection: Connection, size: int) -> Edge:
        """The edge at a size: grown from one a little smaller, if one is known, so that only new entries are read."""
        near = [known for known in self._edges if size - TILE_WIDTH <= known < size]
        edge = self._edges.get(max(near)) if near else None
        if edge is None:
            return await read_edge(connection, size)
        leaves = await read_leaves(connection, edge.size, size)
        return edge.extend(leaves, paths=False).edge


def _place(tile: TileId, index: int) -> int:
    """Where in a tile the way up from an entry goes through."""
    return (index >> (TILE_HEIGHT * tile.level)) % TILE_WIDTH
