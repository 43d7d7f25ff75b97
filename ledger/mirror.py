"""A mirror: a log kept as files by somebody else, so that what it showed once it cannot deny (C2SP tlog-tiles).

::

    verifier.txt              the log's public keys, pinned when the mirror was begun
    checkpoint                the newest checkpoint that was checked; everything else is what it says
    tile/entries/<N>[.p/W]    the entries, 256 to a file
    tile/<L>/<N>[.p/W]        the tree, hashed from those entries, never taken from the log
    refused/<what>/           evidence: what the log signed that does not go on from this history

The three in the middle can be served by any web server under the log's paths. Nothing that the checkpoint rests on is
ever changed: new files come beside the old, and the checkpoint is replaced last. So whatever instant the program is
killed at, the folder is the older state, whole, with a few files beyond it that nobody asks for.
"""

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from ledger.core.checkpoint import TimedCheckpoint, open_note
from ledger.core.edge import CompleteTile, Edge
from ledger.core.errors import CoreError
from ledger.core.log_keys import LogVerifier
from ledger.core.merkle import HASH_SIZE, leaf_hash
from ledger.core.tiles import (
    TILE_HEIGHT,
    TILE_WIDTH,
    TileError,
    TileId,
    bundle_path,
    format_bundle,
    narrow_tile,
    parse_bundle,
    tile_in,
    tile_path,
)

VERIFIER: Final = "verifier.txt"
CHECKPOINT: Final = "checkpoint"
REFUSED: Final = "refused"
_DRAFTS: Final = ".drafts"
_BEGUN: Final = ".begun"
"""There until the first checkpoint is. Without it a checkpoint that was lost would look like one that never was, and
any other history would be taken in."""

_WAY_ON: Final = (
    "keep this folder, mirror the log into a new one, and compare the two with record-ledger verify mirror --against"
)


class MirrorError(CoreError):
    """A mirror's folder that is not what it was: another log's, or with a file missing or damaged."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What a mirror has: the checkpoint and its note (None before the first), the tree, and the entries after the
    last complete bundle."""

    note: bytes | None
    timed: TimedCheckpoint | None
    edge: Edge
    last: tuple[bytes, ...]

    @property
    def size(self) -> int:
        """How many entries."""
        return self.edge.size

    def outdone_by(self, note: bytes, timed: TimedCheckpoint) -> bool:
        """Whether a checkpoint of the same tree or a larger one is worth keeping instead: with more cosignatures, or
        as many and later."""
        if self.note is None or self.timed is None or timed.checkpoint.size > self.size:
            return True
        lines, own = (len(open_note(one)[0].signatures) for one in (note, self.note))
        return (lines, timed.at_seconds) > (own, self.timed.at_seconds)


NOTHING: Final = Kept(None, None, Edge.empty(), ())


@dataclass(frozen=True, slots=True)
class MirrorFolder:
    """The files of a mirror. Whoever reads raises MirrorError, which names the file that is wrong."""

    path: Path

    @property
    def begun(self) -> bool:
        """Whether there is a mirror here at all."""
        return (self.path / VERIFIER).exists()

    def verifier(self) -> LogVerifier:
        """The log's keys as they were pinned."""
        try:
            return LogVerifier.parse(self._read(VERIFIER).decode("ascii"))
        except (CoreError, UnicodeDecodeError) as error:
            raise MirrorError(f"{self.path / VERIFIER}: {error}; {_WAY_ON}") from error

    def check_mirrors(self, log: LogVerifier) -> None:
        """Raise MirrorError unless these keys are those that were pinned, or those and what followed them.

        A pair may have been retired since, and new pairs may have come; none may be missing or be in force again.
        """
        pinned = self.verifier()
        given = {pair.keys: pair.until for pair in log.pairs}
        for pair in pinned.pairs:
            if pair.keys not in given or pair.until not in (None, given[pair.keys]):
                raise MirrorError(
                    f"{self.path}: got a mirror of {pinned.origin} under the keys in its {VERIFIER}, wanted one of "
                    f"{log.origin} under the keys that were given; name another folder for another log"
                )

    def note(self) -> bytes | None:
        """The checkpoint's note, unchecked; None before the first."""
        never = (self.path / _BEGUN).exists() and not (self.path / CHECKPOINT).exists()
        return None if never else self._read(CHECKPOINT)

    def checkpoint(self) -> TimedCheckpoint:
        """The checkpoint, after its signatures were checked under the pinned keys."""
        try:
            return self.verifier().open_timed_checkpoint(self._read(CHECKPOINT))
        except MirrorError:
            raise
        except CoreError as error:
            raise MirrorError(f"{self.path / CHECKPOINT}: {error}; {_WAY_ON}") from error

    def bundle(self, n: int, width: int = TILE_WIDTH) -> list[bytes]:
        """The entries of a bundle, held to nothing yet but their number."""
        name = bundle_path(n, width)
        try:
            entries = parse_bundle(self._read(name))
        except TileError as error:
            raise MirrorError(f"{self.path / name}: {error}; {_WAY_ON}") from error
        if len(entries) != width:
            raise MirrorError(f"{self.path / name}: got {len(entries)} entries, wanted {width}; {_WAY_ON}")
        return entries

    def bundles(self, size: int) -> Iterator[list[bytes]]:
        """All entries of a tree of this size, bundle by bundle; the last one may be incomplete."""
        for n in range((size + TILE_WIDTH - 1) // TILE_WIDTH):
            yield self.bundle(n, min(TILE_WIDTH, size - n * TILE_WIDTH))

    def tile(self, tile: TileId) -> bytes:
        """The hashes of a tile, held to nothing yet but their number."""
        name = tile_path(tile.level, tile.n, tile.width)
        hashes = self._read(name)
        if len(hashes) != tile.width * HASH_SIZE:
            wanted = tile.width * HASH_SIZE
            raise MirrorError(f"{self.path / name}: got {len(hashes)} bytes, wanted {wanted}; {_WAY_ON}")
        return hashes

    def edge_at(self, size: int, kept: int) -> Edge:
        """The tree as it was at ``size`` entries, of the ``kept`` that are there now."""
        incomplete = {}
        for level in range(size.bit_length() // TILE_HEIGHT + 1):
            then = tile_in(size, level, size >> (TILE_HEIGHT * (level + 1)))
            if then is not None:
                now = tile_in(kept, level, then.n) or then
                incomplete[level] = narrow_tile(self.tile(now), then.width)
        return Edge.from_stored(size, incomplete)

    def kept(self) -> Kept:
        """What is there to go on from, with the right edge of it checked against the checkpoint.

        It costs a few files however large the log is; whether the others are whole is for ``verify_mirror``.
        """
        note = self.note()
        if note is None:
            return NOTHING
        timed = self.checkpoint()
        size = timed.checkpoint.size
        edge = self.edge_at(size, size)
        if edge.root() != timed.checkpoint.root:
            got, wanted = edge.root().hex(), timed.checkpoint.root.hex()
            raise MirrorError(
                f"{self.path}: got incomplete tiles that hash to {got}, wanted {wanted} as its checkpoint says; "
                f"{_WAY_ON}"
            )
        width = size % TILE_WIDTH
        last = self.bundle(size // TILE_WIDTH, width) if width else []
        if b"".join(map(leaf_hash, last)) != b"".join(edge.incomplete[:1]):
            name = bundle_path(size // TILE_WIDTH, width)
            raise MirrorError(f"{self.path / name}: got entries that do not hash to the tile above them; {_WAY_ON}")
        return Kept(note, timed, edge, tuple(last))

    def _read(self, name: str) -> bytes:
        try:
            return (self.path / name).read_bytes()
        except OSError as error:
            raise MirrorError(f"{self.path / name}: cannot be read ({error.strerror}); {_WAY_ON}") from error


@dataclass(slots=True)
class MirrorWriter:
    """Writes a mirror's files: each under another name first, flushed to the disk, and renamed.

    Only one may write to a folder at a time; the caller sees to it. Raises OSError where the disk refuses.
    """

    folder: MirrorFolder
    _touched: set[Path] = field(default_factory=set)

    @classmethod
    def begin(cls, path: Path, log: LogVerifier) -> Self:
        """Begin a mirror of a log, or go on with the one that is there. Raises MirrorError for another log's."""
        folder = MirrorFolder(path)
        writer = cls(folder)
        if folder.begun:
            folder.check_mirrors(log)
            if folder.verifier() == log:
                return writer
        elif path.exists() and {file.name for file in path.iterdir()} - {_DRAFTS, _BEGUN}:
            raise MirrorError(f"{path}: got a folder with other things in it, wanted a mirror or an empty folder")
        else:
            writer.write(_BEGUN, b"")
        writer.write(VERIFIER, str(log).encode())
        writer.settle()
        return writer

    def write_bundle(self, n: int, entries: Sequence[bytes]) -> None:
        """Write the entries of a bundle, complete or not."""
        self.write(bundle_path(n, len(entries)), format_bundle(entries))

    def write_tiles(self, complete: Sequence[CompleteTile], incomplete: Mapping[TileId, bytes]) -> None:
        """Write tiles."""
        for tile in complete:
            self.write(tile_path(tile.tile.level, tile.tile.n), tile.hashes)
        for part, hashes in incomplete.items():
            self.write(tile_path(part.level, part.n, part.width), hashes)

    def write_checkpoint(self, note: bytes) -> None:
        """Replace the checkpoint, after everything that it rests on is on the disk."""
        self.settle()
        self.write(CHECKPOINT, note)
        # Killed before this line: the older state, or the new one, whole; never one half of each.
        self.settle()

    def write_evidence(self, name: str, files: Mapping[str, bytes]) -> Path:
        """Keep what was refused, under ``refused/<name>``; what is kept there already is not written again."""
        to = self.folder.path / REFUSED / name
        for file, data in files.items():
            if not (to / file).exists():
                self.write(f"{REFUSED}/{name}/{file}", data)
        self.settle()
        return to

    def tidy(self, old: int, size: int) -> None:
        """Under a new checkpoint, remove the incomplete files of the tree of ``old`` entries that are outgrown."""
        self._remove(set(_incomplete(old)) - set(_incomplete(size)) | {_BEGUN})
        # Last: while this folder is there, files may be there that nobody remembers.
        shutil.rmtree(self.folder.path / _DRAFTS, ignore_errors=True)

    def tidy_after_a_kill(self, size: int) -> None:
        """Remove the incomplete files of sizes that nobody remembers, where the last run did not come to its end."""
        root = self.folder.path
        if (root / _DRAFTS).exists():
            there = {file.relative_to(root).as_posix() for file in (root / "tile").rglob("*.p/*")}
            self._remove(there - set(_incomplete(size)))

    def discard(self, size: int, until: int) -> None:
        """Remove the files of a tree of ``until`` entries that one of ``size`` does not have: nothing vouches for
        them."""
        self._remove({*_complete(size, until), *_incomplete(until)} - set(_incomplete(size)))

    def write(self, name: str, data: bytes) -> None:
        """Write one file, so that under its name there is never a part of it."""
        to = self.folder.path / name
        draft = self.folder.path / _DRAFTS / name.replace("/", "-")
        for directory in (to.parent, draft.parent):
            directory.mkdir(parents=True, exist_ok=True)
        with draft.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(to)
        # The folders above too: they may be as new as the file.
        self._touched.update(self.folder.path / part for part in Path(name).parents)

    def settle(self) -> None:
        """Flush the names of what was written: without it a power cut could take the file and leave what needs it."""
        for directory in filter(Path.exists, self._touched | {self.folder.path}):
            descriptor = os.open(directory, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        self._touched.clear()

    def _remove(self, names: Iterable[str]) -> None:
        for name in names:
            file = self.folder.path / name
            file.unlink(missing_ok=True)
            with suppress(OSError):  # not empty, or not there
                file.parent.rmdir()


def _incomplete(size: int) -> Iterator[str]:
    """The names of the incomplete bundle and tiles of a tree."""
    if size % TILE_WIDTH:
        yield bundle_path(size // TILE_WIDTH, size % TILE_WIDTH)
    for level in range(size.bit_length() // TILE_HEIGHT + 1):
        tile = tile_in(size, level, size >> (TILE_HEIGHT * (level + 1)))
        if tile is not None:
            yield tile_path(tile.level, tile.n, tile.width)


def _complete(size: int, until: int) -> Iterator[str]:
    """The names of the bundles and tiles that are complete in a tree of ``until`` entries and not in one of
    ``size``."""
    for level in range(until.bit_length() // TILE_HEIGHT + 1):
        height = TILE_HEIGHT * (level + 1)
        for n in range(size >> height, until >> height):
            yield tile_path(level, n)
            if level == 0:
                yield bundle_path(n)
