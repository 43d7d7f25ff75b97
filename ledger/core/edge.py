"""The right edge of a growing tree: all that is needed to add entries, find the root and give receipts.

It is small (at most 8 KiB for each 256-fold of size) and a value: extending gives a new edge, so a
batch that could not be stored leaves no trace. Every interior node is hashed once, when its right
child appears; inclusion paths of one batch share their upper parts instead of being hashed apart.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from ledger.core.merkle import EMPTY_ROOT, HASH_SIZE, LARGEST_SIZE, InclusionError, LeafHash, NodeHash, node_hash
from ledger.core.tiles import (
    BLOCK_SIZE,
    CROWN_SIZE,
    TILE_HEIGHT,
    TILE_SIZE,
    TILE_WIDTH,
    TileError,
    TileId,
    TilePart,
    perfect_root,
    siblings_in,
    tile_path,
)

Path = tuple[NodeHash, ...]
Row = list[NodeHash]
"""Neighbouring nodes of one height, beginning with a left child."""


@dataclass(frozen=True, slots=True)
class CompleteTile:
    """A tile that has just got its last hash: 256 hashes (8,192 bytes), and their root, which is one level up."""

    tile: TileId
    hashes: bytes
    root: NodeHash


@dataclass(frozen=True, slots=True)
class Extension:
    """What adding leaves made: the edge after them, the tiles they completed, their paths in the new tree."""

    edge: "Edge"
    tiles: tuple[CompleteTile, ...]
    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Edge:
    """A tree as its right edge shows it; made by ``empty``, ``from_stored`` and ``extend``.

    ``incomplete[level]`` holds the hashes of the incomplete tile of that level, empty where there is
    none; ``peaks`` the roots of the largest whole subtrees, the smallest (rightmost) first, one for each
    bit set in the size.
    """

    size: int
    incomplete: tuple[bytes, ...]
    peaks: tuple[NodeHash, ...]

    @classmethod
    def empty(cls) -> Self:
        """The edge of a tree without entries."""
        return cls(0, (), ())

    @classmethod
    def from_stored(cls, size: int, incomplete: Mapping[int, bytes]) -> Self:
        """The edge of a stored tree, from the hashes of its incomplete tiles by level.

        Raises TileError where a level has other hashes than a tree of this size; whether they are the
        right ones shows in the root.
        """
        widths = _incomplete_widths(size)
        for level in sorted(set(range(len(widths))) | incomplete.keys()):
            got, wanted = (
                len(incomplete.get(level, b"")),
                HASH_SIZE * (widths[level] if level in range(len(widths)) else 0),
            )
            if got != wanted:
                raise TileError(
                    f"incomplete tile of level {level} in a tree of {size}: got {got} bytes, wanted {wanted}; "
                    "rebuild the tiles from the entries"
                )
        tiles = tuple(incomplete.get(level, b"") for level in range(len(widths)))
        return cls(size, tiles, tuple(peak for hashes in tiles for peak in _tile_peaks(hashes)))

    def root(self) -> NodeHash:
        """The root of the tree (RFC 6962, section 2.1)."""
        return _fold(self.peaks)

    def tiles(self) -> dict[TileId, bytes]:
        """The incomplete tiles as this tree serves them, and as proofs in it need them."""
        return {
            TileId(level, self.size >> (TILE_HEIGHT * (level + 1)), len(hashes) // HASH_SIZE): hashes
            for level, hashes in enumerate(self.incomplete)
            if hashes
        }

    def tiles_above(self, index: int) -> list[TileId]:
        """The complete tiles that ``prove_inclusion`` needs for an entry, the lowest first."""
        found, level, n = [], 0, index >> TILE_HEIGHT
        while (n + 1) << (TILE_HEIGHT * (level + 1)) <= self.size:
            found.append(TileId(level, n))
            level, n = level + 1, n >> TILE_HEIGHT
        return found

    def prove_inclusion(self, index: int, complete: Mapping[TileId, TilePart]) -> Path:
        """The path that ``merkle.check_inclusion`` checks in this tree (RFC 6962, section 2.1.1).

        ``tiles.prove_inclusion`` makes the same for any size; here what all entries share is not hashed again.
        Raises InclusionError for an entry that the tree does not have, TileError for a tile that is missing.
        """
        if not 0 <= index < self.size:
            raise InclusionError(
                f"inclusion: got entry {index} of a tree of {self.size}, wanted an entry below the tree's size"
            )
        # A peak stands for a bit of the size; an entry is below the peak of the highest bit that it does not share.
        height = (self.size ^ index).bit_length() - 1
        later = (self.size & ((1 << height) - 1)).bit_count()
        below = [
            node
            for level in range(-(-height // TILE_HEIGHT))
            for node in self._siblings(index, level, min(TILE_HEIGHT, height - level * TILE_HEIGHT), complete)
        ]
        right = (_fold(self.peaks[:later]),) if later else ()
        return (*below, *right, *self.peaks[later + 1 :])

    def _siblings(self, index: int, level: int, count: int, complete: Mapping[TileId, TilePart]) -> list[NodeHash]:
        """The siblings on the way up through one tile, the lowest first."""
        n, place = divmod(index >> (TILE_HEIGHT * level), TILE_WIDTH)
        if (n + 1) << (TILE_HEIGHT * (level + 1)) > self.size:
            return siblings_in(self.incomplete[level], place, count)
        part = complete.get(TileId(level, n))
        if part is None or (len(part.crown), len(part.block)) != (CROWN_SIZE, BLOCK_SIZE):
            raise TileError(f"{tile_path(level, n)}: got nothing whole, wanted its crown and a block; rebuild the tile")
        return part.siblings(place, count)

    def extend(self, leaves: Sequence[LeafHash], *, paths: bool = True) -> Extension:
        """Add leaves at the end. ``paths=False`` leaves the inclusion paths out, for rebuilding and verifying."""
        rows = _grow(self.size, self.peaks, leaves)
        incomplete, tiles = _fill_tiles(self, rows)
        peaks = tuple(row[-1] for row in rows if len(row) % 2)
        return Extension(
            edge=Edge(self.size + len(leaves), incomplete, peaks),
            tiles=tiles,
            paths=_paths(self.size, rows) if paths and leaves else (),
        )


def _fold(peaks: Sequence[NodeHash]) -> NodeHash:
    """The node over neighbouring peaks, the rightmost first."""
    nodes = iter(peaks)
    root = next(nodes, EMPTY_ROOT)
    for left in nodes:
        root = node_hash(left, root)
    return root


def _grow(size: int, peaks: Sequence[NodeHash], leaves: Sequence[LeafHash]) -> list[Row]:
    """By height, the whole nodes that the leaves made, behind the old peak that is the first one's left sibling."""
    rows: list[Row] = []
    row: Row = [NodeHash(leaf) for leaf in leaves]
    left_siblings = iter(peaks)
    while row or size:
        if size & 1:
            row.insert(0, next(left_siblings))
        rows.append(row)
        row = [node_hash(left, right) for left, right in zip(row[::2], row[1::2], strict=False)]
        size >>= 1
    return rows


def _made(size: int, rows: Sequence[Row], height: int) -> Row:
    """The nodes of a height without the old peak before them; none above the tree."""
    return rows[height][size >> height & 1 :] if height < len(rows) else []


def _fill_tiles(edge: Edge, rows: Sequence[Row]) -> tuple[tuple[bytes, ...], tuple[CompleteTile, ...]]:
    """The incomplete tiles of the grown tree, and the tiles completed on the way, lowest level first."""
    incomplete, complete = [], []
    for level, height in enumerate(range(0, len(rows), TILE_HEIGHT)):
        before = edge.incomplete[level] if level < len(edge.incomplete) else b""
        hashes = before + b"".join(_made(edge.size, rows, height))
        first = edge.size >> (height + TILE_HEIGHT)
        roots = _made(edge.size, rows, height + TILE_HEIGHT)
        for number, root in enumerate(roots):
            cut = hashes[number * TILE_SIZE : (number + 1) * TILE_SIZE]
            complete.append(CompleteTile(TileId(level, first + number), cut, root))
        incomplete.append(hashes[len(roots) * TILE_SIZE :])
    return tuple(incomplete), tuple(complete)


def _paths(size: int, rows: Sequence[Row]) -> tuple[Path, ...]:
    """The inclusion path of each new leaf, shared from the root down (RFC 6962, section 2.1.1)."""
    paths: list[Path] = [()]
    for height, row in reversed(list(enumerate(_with_right_edge(rows)))):
        # The row above may begin with an old peak that is nobody's parent here.
        above = paths[size >> (height + 1) & 1 :]
        paths = [
            # The last node of an odd row has no sibling: it is hashed with one only further up.
            (row[place ^ 1], *above[place >> 1]) if place ^ 1 < len(row) else above[place >> 1]
            for place in range(len(row))
        ]
    return tuple(paths[size & 1 :])


def _with_right_edge(rows: Sequence[Row]) -> list[Row]:
    """The rows, each with the node over the entries that its whole nodes leave over, where there are any."""
    complete, leftover = [], None
    for row in rows:
        complete.append(row if leftover is None else [*row, leftover])
        if len(row) % 2:
            leftover = row[-1] if leftover is None else node_hash(row[-1], leftover)
    return complete


def _incomplete_widths(size: int) -> list[int]:
    """How many hashes the incomplete tile of each level has: the digits of the size to the base 256."""
    if not 0 <= size <= LARGEST_SIZE:
        raise TileError(f"tree: got a size of {size}, wanted 0 to {LARGEST_SIZE}")
    widths = []
    while size:
        size, width = divmod(size, TILE_WIDTH)
        widths.append(width)
    return widths


def _tile_peaks(hashes: bytes) -> list[NodeHash]:
    """The roots of the largest whole subtrees in an incomplete tile, the smallest (rightmost) first."""
    peaks, end = [], len(hashes)
    for height in range(TILE_HEIGHT):
        length = HASH_SIZE << height
        if len(hashes) & length:
            peaks.append(perfect_root(hashes[end - length : end]))
            end -= length
    return peaks
