"""What an incremental run sees of the tree before it: stored tiles, hashed together and held to the edge."""

from collections import Counter
from typing import Final

from ledger.core.edge import Edge
from ledger.core.merkle import HASH_SIZE
from ledger.core.tiles import TILE_HEIGHT, TILE_SIZE, TILE_WIDTH, perfect_root
from ledger.verify.findings import Findings, Step
from ledger.verify.rows import Source, TileRow

_LOWEST: Final = 0


def compare_older_tiles(source: Source, edge: Edge, found: Findings) -> None:
    """Hold the tiles that were complete at the edge's size to it, from its incomplete tiles down.

    Of level 0 only the roots are read: whether its hashes lead to them is what a full run looks at.
    """
    older = _OlderTiles(edge, found)
    for row in sorted(source.older_tiles(edge.size), key=lambda row: (-row.level, row.n)):
        older.take(row)
    older.finish()


class _OlderTiles:
    """Takes the tiles from the top down, each level in order; keeps those that others lie under."""

    def __init__(self, edge: Edge, found: Findings) -> None:
        self._edge = edge
        self._found = found
        self._taken: Counter[int] = Counter()
        self._kept: dict[tuple[int, int], bytes] = {}

    def take(self, row: TileRow) -> None:
        self._found.looked_at[Step.TREE] += 1
        level, n, hashes, root = row
        missing = n != self._taken[level]
        made = perfect_root(hashes) if level > _LOWEST and len(hashes) == TILE_SIZE else root
        if missing or not root == made == self._root_above(level, n):
            self._note(level, self._taken[level] if missing else n)
        self._kept[level, n] = hashes
        self._taken[level] = n + 1

    def finish(self) -> None:
        for level in range(len(self._edge.incomplete)):
            if self._taken[level] < self._complete(level):
                self._note(level, self._taken[level])

    def _root_above(self, level: int, n: int) -> bytes:
        """The hash of the tile in the tile that it lies under; nothing where that is missing."""
        above, at = divmod(n, TILE_WIDTH)
        if above == self._complete(level + 1) and level + 1 < len(self._edge.incomplete):
            hashes = self._edge.incomplete[level + 1]
        else:
            hashes = self._kept.get((level + 1, above), b"")
        return hashes[at * HASH_SIZE : (at + 1) * HASH_SIZE]

    def _complete(self, level: int) -> int:
        return self._edge.size >> TILE_HEIGHT * (level + 1)

    def _note(self, level: int, n: int) -> None:
        height = TILE_HEIGHT * (level + 1)
        wanted = "the tile that was verified before; run verify --full"
        until = min((n + 1) << height, self._edge.size)
        self._found.note(
            Step.TREE, min(n << height, self._edge.size), f"tile {n} of level {level}", wanted, until=until
        )
