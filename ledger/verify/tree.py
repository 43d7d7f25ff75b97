"""The tree, hashed again from the entries and held to the stored tiles and the signed checkpoints."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from ledger.core.edge import CompleteTile, Edge
from ledger.core.instants import MINUTE, SECOND, Instant, format_instant
from ledger.core.merkle import HASH_SIZE, LeafHash
from ledger.core.tiles import TILE_HEIGHT, TILE_WIDTH
from ledger.verify.findings import Findings, Step
from ledger.verify.rows import TileRow

COVERED_WITHIN: Final = MINUTE
"""The service signs a checkpoint 100 ms after the last entry at the latest; one that was killed, once it is back."""


WITNESSED_WITHIN: Final = 5 * MINUTE
"""How far a witness's clock and the ledger's may be apart, and how long a round may take."""


class Claim(NamedTuple):
    """What something in the log says of its tree: ``what`` it is, and the root at a size.

    ``signed_at`` is the time in seconds of a checkpoint that counts, None of what covers nothing: what the log that
    this one continues has said, and what a witness has seen. ``seen_at`` is when the first witness has seen it, in
    seconds by its own clock.
    """

    step: Step
    what: str
    size: int
    root: bytes
    signed_at: int | None = None
    seen_at: int | None = None


class Tiles:
    """The stored tiles, read in order and claimed by the tiles that entries complete.

    Tiles of level 0 come in the order of the log. The others, a 256th of them, are kept until the end.
    """

    def __init__(self, stored: Iterable[TileRow], found: Findings, nowhere: int) -> None:
        self._stored: Iterator[TileRow] = iter(stored)
        self._next = next(self._stored, None)
        self._above: list[CompleteTile] = []
        self._found = found
        self._nowhere = nowhere

    def take(self, complete: Iterable[CompleteTile]) -> None:
        """Claim the stored rows of tiles that were just completed."""
        for tile in complete:
            if tile.tile.level == 0:
                self._claim(tile)
            else:
                self._above.append(tile)

    def finish(self) -> None:
        """Claim the tiles above, and note what is left."""
        for tile in sorted(self._above, key=lambda tile: tile.tile):
            self._claim(tile)
        while self._next is not None:
            self._pass_over(self._next)

    def _claim(self, tile: CompleteTile) -> None:
        level, n = tile.tile.level, tile.tile.n
        self._found.looked_at[Step.TREE] += 1
        while self._next is not None and (self._next.level, self._next.n) < (level, n):
            self._pass_over(self._next)
        if self._next is None or (self._next.level, self._next.n) != (level, n):
            first, until = _covers(level, n)
            self._found.note(Step.TREE, first, "no tile", f"tile {n} of level {level}", until=until)
            return
        self._compare(self._next, tile)
        self._next = next(self._stored, None)

    def _compare(self, row: TileRow, tile: CompleteTile) -> None:
        what = f"tile {row.n} of level {row.level}"
        if row.hashes != tile.hashes:
            at = _first_difference(row.hashes, tile.hashes)
            first, until = _covers(row.level - 1, row.n * TILE_WIDTH + at)
            got, wanted = (hashes[at * HASH_SIZE : (at + 1) * HASH_SIZE].hex() for hashes in (row.hashes, tile.hashes))
            self._found.note(Step.TREE, first, f"hash {at} of {what} {got}", f"{wanted} from the entries", until=until)
        elif row.root != tile.root:
            first, until = _covers(row.level, row.n)
            self._found.note(Step.TREE, first, f"root of {what} {row.root.hex()}", tile.root.hex(), until=until)

    def _pass_over(self, row: TileRow) -> None:
        first, until = self._nowhere, self._nowhere + 1
        if 0 <= row.level < 8 and 0 <= row.n < self._nowhere and _covers(row.level, row.n)[0] < self._nowhere:
            first, until = _covers(row.level, row.n)
        self._found.note(Step.TREE, first, f"tile {row.n} of level {row.level}", "no such row", until=until)
        self._next = next(self._stored, None)


class Tree:
    """Grows with the entries; afterwards ``covered`` entries lie under a genuine checkpoint of their tree.

    ``uncovered_since`` is when the first of the others was admitted.
    """

    def __init__(
        self, tiles: Tiles, found: Findings, *, edge: Edge, covered: int = 0, uncovered_since: Instant | None = None
    ) -> None:
        self.edge = edge
        self.covered = covered
        self.uncovered_since = uncovered_since
        self._tiles = tiles
        self._found = found
        self._not_before = Instant(0)

    def grow(self, leaves: Sequence[LeafHash], recorded: Sequence[int], claims: Iterable[Claim]) -> None:
        """Add entries, given by leaf hash and time of admission (-1 where it cannot be read).

        What is claimed of a size on the way is held to the tree.
        """
        start = self.edge.size
        for claim in sorted(claims, key=lambda claim: claim.size):
            until = claim.size - start
            self._extend(leaves, recorded, start, until)
            self._compare(claim, recorded[until - 1])
        self._extend(leaves, recorded, start, len(leaves))

    def finish(self, at: Instant) -> None:
        """Note tiles too many, and entries that have waited for their checkpoint too long."""
        self._tiles.finish()
        if self.uncovered_since is not None and at > self.uncovered_since + COVERED_WITHIN:
            self._found.note(
                Step.CHECKPOINTS,
                self.covered,
                f"no checkpoint over entries {self.covered} to {self.edge.size - 1}",
                f"one within a minute of {format_instant(self.uncovered_since)}; start the service, which signs it,"
                " and if it was never stopped, find out who took it away",
                until=self.edge.size,
            )

    def _extend(self, leaves: Sequence[LeafHash], recorded: Sequence[int], start: int, until: int) -> None:
        since = self.edge.size - start
        if since >= until:
            return
        if recorded[since] >= 0:
            self.uncovered_since = self.uncovered_since or Instant(recorded[since])
            self._check_not_backdated(self.edge.size, Instant(recorded[since]))
        extension = self.edge.extend(leaves[since:until], paths=False)
        self._tiles.take(extension.tiles)
        self.edge = extension.edge

    def _compare(self, claim: Claim, recorded_at: int) -> None:
        size, root = claim.size, self.edge.root()
        if claim.root != root:
            got = f"entries up to {size - 1} that hash to {root.hex()}"
            wanted = f"{claim.root.hex()} as the {claim.what} of size {size} says"
            # The signatures hold, so it is an entry that differs: one of those that no checkpoint before vouches for.
            self._found.note(claim.step, self.covered, got, wanted, until=max(size, self.covered + 1))
        elif claim.signed_at is not None:
            self.covered, self.uncovered_since = size, None
            if claim.signed_at < recorded_at // SECOND:
                wanted = f"a time from {format_instant(Instant(recorded_at))} on, when its last entry was admitted"
                self._found.note(claim.step, size - 1, f"a checkpoint signed at {claim.signed_at} s", wanted)
        elif claim.seen_at is not None:
            self._take_seen(size - 1, Instant(claim.seen_at * SECOND), recorded_at)

    def _take_seen(self, position: int, seen_at: Instant, recorded_at: int) -> None:
        """By the clock of a witness: what it saw was admitted before, and what it did not see, after."""
        self._not_before = Instant(seen_at - WITNESSED_WITHIN)
        if recorded_at > seen_at + WITNESSED_WITHIN:
            wanted = f"at most 5 minutes after {format_instant(seen_at)}, when a witness had seen it"
            self._found.note(Step.TIMES, position, f"admitted at {format_instant(Instant(recorded_at))}", wanted)

    def _check_not_backdated(self, position: int, recorded_at: Instant) -> None:
        # Times never go back, so of the entries that follow a witnessed checkpoint the first speaks for all.
        if recorded_at < self._not_before:
            wanted = f"{format_instant(self._not_before)} or later: 5 minutes later a witness saw the log without it"
            self._found.note(Step.TIMES, position, f"admitted at {format_instant(recorded_at)}", wanted)


def _covers(level: int, n: int) -> tuple[int, int]:
    """The positions [first, until) under a tile; under one hash of it for the level below, and its index there."""
    height = TILE_HEIGHT * (level + 1)
    return n << height, (n + 1) << height


def _first_difference(stored: bytes, made: bytes) -> int:
    """The first of the hashes that differs; the last one where there are too many."""
    for at in range(TILE_WIDTH):
        span = slice(at * HASH_SIZE, (at + 1) * HASH_SIZE)
        if stored[span] != made[span]:
            return at
    return TILE_WIDTH - 1
