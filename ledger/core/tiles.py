"""Tiles: how the tree is stored and served, and proofs made from them (C2SP tlog-tiles).

Tile (level, n) holds the hashes of 256 neighbouring nodes of height 8 x level: ``n * 256`` to
``n * 256 + 255``, 32 bytes each. The nodes between two levels are hashed again when they are needed.
A tile is stored once it is complete and never changes. The rightmost tile of each level may be
incomplete; it is the beginning of the tile that it grows into, so a tile as an older checkpoint saw it
is cut from the newer one.

A tree of 70,000 entries has 273 complete tiles and one of width 112 at level 0, one complete and one of
width 17 at level 1, and one of width 1 at level 2.

I/O is left out: ``tiles_for_*`` says which tiles to fetch, ``prove_*`` is given their bytes.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from ledger.core.errors import CoreError
from ledger.core.merkle import (
    HASH_SIZE,
    LARGEST_SIZE,
    Interval,
    NodeHash,
    consistency_intervals,
    inclusion_intervals,
    node_hash,
)

TILE_HEIGHT: Final = 8
TILE_WIDTH: Final = 1 << TILE_HEIGHT
TILE_SIZE: Final = TILE_WIDTH * HASH_SIZE
_BLOCK_HEIGHT: Final = 4
BLOCK_WIDTH: Final = 1 << _BLOCK_HEIGHT
BLOCK_SIZE: Final = BLOCK_WIDTH * HASH_SIZE
CROWN_SIZE: Final = (16 + 8 + 4 + 2) * HASH_SIZE
_CROWN_ROWS: Final = (0, 16, 24, 28)
"""Where in a crown each of its rows begins, in hashes."""
LARGEST_ENTRY: Final = 65_535
"""An entry's length has two bytes in a bundle (tlog-tiles, "Log entries")."""

_NUMBER = r"((?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?"
_TILE_PATH = re.compile(rf"tile/(0|[1-9][0-9]?)/{_NUMBER}")
_BUNDLE_PATH = re.compile(rf"tile/entries/{_NUMBER}")


class TileError(CoreError):
    """A tile, or the name of one, that the tree does not have."""


@dataclass(frozen=True, slots=True, order=True)
class TileId:
    """Which tile: its level, its number within the level, and how many hashes of it are meant (1 to 256)."""

    level: int
    n: int
    width: int = TILE_WIDTH

    def __post_init__(self) -> None:
        in_range = 0 <= self.level < 64 and 1 <= self.width <= TILE_WIDTH and self.n >= 0
        if not in_range or self.n << (TILE_HEIGHT * (self.level + 1)) > LARGEST_SIZE:
            raise TileError(
                f"tile: got level {self.level}, number {self.n}, width {self.width}, "
                "wanted a level of 0 to 63, a number within the largest tree and a width of 1 to 256"
            )


def tile_path(level: int, n: int, width: int = TILE_WIDTH) -> str:
    """Where a tile is served, below the log's prefix: ``tile/0/x001/x234/067.p/8`` (tlog-tiles, "Merkle Tree")."""
    tile = TileId(level, n, width)
    return f"tile/{tile.level}/{_number(tile.n, tile.width)}"


def parse_tile_path(path: str) -> TileId:
    """Read what ``tile_path`` writes; raise TileError for any other spelling."""
    found = _TILE_PATH.fullmatch(path)
    if found:
        tile = TileId(int(found[1]), _parse_digits(found[2]), int(found[3] or TILE_WIDTH))
        if tile_path(tile.level, tile.n, tile.width) == path:
            return tile
    raise TileError(
        f"tile path: got {path[:80]!r}, wanted tile/<level>/<number>[.p/<width>], as in tile/0/x001/067.p/8"
    )


def bundle_path(n: int, width: int = TILE_WIDTH) -> str:
    """Where the entries below a tile of level 0 are served: ``tile/entries/067`` (tlog-tiles, "Log entries")."""
    tile = TileId(0, n, width)
    return f"tile/entries/{_number(tile.n, tile.width)}"


def parse_bundle_path(path: str) -> TileId:
    """Read what ``bundle_path`` writes, as the tile of level 0 above; raise TileError for any other spelling."""
    found = _BUNDLE_PATH.fullmatch(path)
    if found:
        tile = TileId(0, _parse_digits(found[1]), int(found[2] or TILE_WIDTH))
        if bundle_path(tile.n, tile.width) == path:
            return tile
    raise TileError(f"bundle path: got {path[:80]!r}, wanted tile/entries/<number>[.p/<width>]")


def format_bundle(entries: Sequence[bytes]) -> bytes:
    """The entries of one bundle, each behind its length in two bytes; raises TileError for what cannot fit."""
    if not 1 <= len(entries) <= TILE_WIDTH:
        raise TileError(f"bundle: got {len(entries)} entries, wanted 1 to {TILE_WIDTH}")
    longest = max(map(len, entries))
    if longest > LARGEST_ENTRY:
        raise TileError(f"bundle: got an entry of {longest} bytes, wanted at most {LARGEST_ENTRY}")
    return b"".join(len(entry).to_bytes(2) + entry for entry in entries)


def parse_bundle(bundle: bytes) -> list[bytes]:
    """The entries of a bundle; raises TileError for what ``format_bundle`` would not have written."""
    entries, at = [], 0
    while at < len(bundle):
        start = at + 2
        at = start + int.from_bytes(bundle[at:start])
        entries.append(bundle[start:at])
    if at != len(bundle):
        raise TileError(f"bundle: got {len(bundle)} bytes, wanted {at}; it was cut short, fetch it again")
    if format_bundle(entries) != bundle:
        raise TileError("bundle: got other bytes than its entries make, wanted a length of two bytes before each")
    return entries


def tile_in(size: int, level: int, n: int) -> TileId | None:
    """The tile with this number as a tree of ``size`` entries has it, or None where that tree has no such tile."""
    width = min(TILE_WIDTH, (size >> (TILE_HEIGHT * level)) - n * TILE_WIDTH)
    return TileId(level, n, width) if width > 0 else None


def narrow_tile(hashes: bytes, width: int) -> bytes:
    """The first ``width`` hashes of a tile: the same tile as an older tree had it. Raises TileError if it has fewer."""
    if not 1 <= width <= TILE_WIDTH or len(hashes) < width * HASH_SIZE:
        raise TileError(f"tile: got {len(hashes) // HASH_SIZE} hashes, wanted the first {width} (1 to {TILE_WIDTH})")
    return hashes[: width * HASH_SIZE]


def tiles_for_inclusion(index: int, size: int) -> tuple[TileId, ...]:
    """The tiles that ``prove_inclusion`` needs: at each level the one on the way up and the rightmost."""
    return _tiles_for(inclusion_intervals(index, size), size)


def tiles_for_consistency(old_size: int, new_size: int) -> tuple[TileId, ...]:
    """The tiles that ``prove_consistency`` needs."""
    return _tiles_for(consistency_intervals(old_size, new_size), new_size)


def prove_inclusion(index: int, size: int, tiles: Mapping[TileId, bytes]) -> tuple[NodeHash, ...]:
    """The path that ``check_inclusion`` checks, from the tiles named by ``tiles_for_inclusion``.

    Raises InclusionError for an entry the tree does not have, TileError for a missing or misshapen tile.
    """
    return tuple(_interval_hash(interval, size, tiles) for interval in inclusion_intervals(index, size))


def prove_consistency(old_size: int, new_size: int, tiles: Mapping[TileId, bytes]) -> tuple[NodeHash, ...]:
    """The path that ``check_consistency`` checks, from the tiles named by ``tiles_for_consistency``.

    Raises ConsistencyError for sizes that nothing can be proved about, TileError for a missing or misshapen tile.
    """
    return tuple(_interval_hash(interval, new_size, tiles) for interval in consistency_intervals(old_size, new_size))


@dataclass(frozen=True, slots=True)
class TilePart:
    """What a path through a complete tile needs of it: its crown, and the block of 16 hashes that it begins in.

    The crown of a tile are the 16 nodes over its blocks and the 8, 4 and 2 above them, 960 bytes. It never changes, so
    whoever keeps it hashes 11 nodes for a path instead of 247.
    """

    crown: bytes
    block: bytes

    @classmethod
    def of(cls, hashes: bytes, place: int) -> "TilePart":
        """The part for the hash at ``place`` of a complete tile."""
        start = block_start(place)
        return cls(crown_of(hashes), hashes[start : start + BLOCK_SIZE])

    def siblings(self, place: int, count: int) -> list[NodeHash]:
        """The siblings on the way up from the hash at ``place``, the lowest first, ``count`` of them (at most 8)."""
        lower = siblings_in(self.block, place % BLOCK_WIDTH, min(count, _BLOCK_HEIGHT))
        above = ((place // BLOCK_WIDTH >> height) ^ 1 for height in range(count - len(lower)))
        starts = [HASH_SIZE * (first + place) for first, place in zip(_CROWN_ROWS, above, strict=False)]
        return lower + [NodeHash(self.crown[start : start + HASH_SIZE]) for start in starts]


def block_start(place: int) -> int:
    """Where the block of a hash begins in its tile, in bytes."""
    return place // BLOCK_WIDTH * BLOCK_SIZE


def crown_of(hashes: bytes) -> bytes:
    """The 16 nodes over the blocks of a complete tile, then the 8, 4 and 2 above them."""
    row = b"".join(perfect_root(hashes[at : at + BLOCK_SIZE]) for at in range(0, TILE_SIZE, BLOCK_SIZE))
    rows = [row]
    while len(row) > 2 * HASH_SIZE:
        row = b"".join(perfect_root(row[at : at + 2 * HASH_SIZE]) for at in range(0, len(row), 2 * HASH_SIZE))
        rows.append(row)
    return b"".join(rows)


def siblings_in(row: bytes, place: int, count: int) -> list[NodeHash]:
    """The siblings on the way up from the hash at ``place`` of a row, the lowest first."""
    starts = [((place >> height) ^ 1) << height for height in range(count)]
    return [
        perfect_root(row[start * HASH_SIZE : (start + (1 << height)) * HASH_SIZE])
        for height, start in enumerate(starts)
    ]


def perfect_root(hashes: bytes) -> NodeHash:
    """The root over 1, 2, 4 … 256 hashes: of a complete tile, the hash that stands for it one level up."""
    while len(hashes) > HASH_SIZE:
        # node_hash(left, right), written out: a proof from a large log is mostly this line.
        hashes = b"".join([sha256(b"\x01" + hashes[at : at + 64]).digest() for at in range(0, len(hashes), 64)])
    return NodeHash(hashes)


def _number(n: int, width: int) -> str:
    """A tile number as path elements of three digits, all but the last behind an x, and the width if incomplete."""
    text = f"{n % 1000:03}"
    while n >= 1000:
        n //= 1000
        text = f"x{n % 1000:03}/{text}"
    return text if width == TILE_WIDTH else f"{text}.p/{width}"


def _parse_digits(elements: str) -> int:
    return int(elements.replace("x", "").replace("/", ""))


def _tiles_for(intervals: Iterable[Interval], size: int) -> tuple[TileId, ...]:
    nodes = (node for interval in intervals for node in _perfect_nodes(interval))
    return tuple(dict.fromkeys(_place(height, index, size)[0] for height, index in nodes))


def _perfect_nodes(interval: Interval) -> Iterator[tuple[int, int]]:
    """The (height, index) of the whole nodes that an interval of a proof is made of, the rightmost first."""
    start, end = interval
    # A proof's interval starts on a multiple of the power of two that it fits in, so the bits of its
    # length are the heights of its nodes.
    while start < end:
        height = ((end - start) & -(end - start)).bit_length() - 1
        end -= 1 << height
        yield height, end >> height


def _place(height: int, index: int, size: int) -> tuple[TileId, int, int]:
    """Where a node is found: the tile as a tree of ``size`` has it, and the bytes [start, end) it is hashed from."""
    level, within = divmod(height, TILE_HEIGHT)
    n, first = divmod(index << within, TILE_WIDTH)
    tile = TileId(level, n, min(TILE_WIDTH, (size >> (TILE_HEIGHT * level)) - n * TILE_WIDTH))
    return tile, first * HASH_SIZE, (first + (1 << within)) * HASH_SIZE


def _interval_hash(interval: Interval, size: int, tiles: Mapping[TileId, bytes]) -> NodeHash:
    """The hash of the node over an interval: its whole nodes folded from the right (RFC 6962, section 2.1)."""
    nodes = (_read_node(height, index, size, tiles) for height, index in _perfect_nodes(interval))
    folded = next(nodes)
    for left in nodes:
        folded = node_hash(left, folded)
    return folded


def _read_node(height: int, index: int, size: int, tiles: Mapping[TileId, bytes]) -> NodeHash:
    tile, start, end = _place(height, index, size)
    hashes = tiles.get(tile)
    if hashes is None or len(hashes) != tile.width * HASH_SIZE:
        got = "no such tile" if hashes is None else f"{len(hashes)} bytes"
        path = tile_path(tile.level, tile.n, tile.width)
        raise TileError(f"{path}: got {got}, wanted {tile.width * HASH_SIZE} bytes; cut a wider one with narrow_tile")
    return perfect_root(hashes[start:end])
