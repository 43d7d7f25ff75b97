"""Following a log into a mirror: fetch what is new, hash it, and take it in only if it goes on from what is there.

One round:

1. The checkpoint is signed by the log, with both its keys; and witnessed, where a policy says so.
2. It is not smaller than the one that the mirror has, and of the same size only if it is the same.
3. The new entries, behind those that are there, hash to its root. No hash that the log serves is looked at.
4. Only then is the mirror's checkpoint replaced.

What breaks 2 or 3 is refused for good: both notes are kept as evidence, and it is said what they show.
"""

import asyncio
import fcntl
import os
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Final

from api.log_client import LogClient, LogRefuses, LogUnreachable
from ledger.core.canonical import base64url
from ledger.core.checkpoint import CheckpointError, TimedCheckpoint
from ledger.core.edge import Edge
from ledger.core.errors import CoreError
from ledger.core.instants import SECOND, Instant, format_instant
from ledger.core.log_keys import LogVerifier
from ledger.core.merkle import leaf_hash
from ledger.core.tiles import TILE_WIDTH, TileError
from ledger.core.trust_policy import TrustPolicy
from ledger.mirror import Kept, MirrorError, MirrorFolder, MirrorWriter

Progress = Callable[[int, int], None]
"""Told the entries that are there, and how many there will be."""

_AHEAD: Final = 4
"""Bundles that are fetched while one is written; each may be 16 MB."""


class HistoryRefused(CoreError):
    """The log showed what does not go on from what it showed before."""


@dataclass(frozen=True, slots=True)
class Mirrored:
    """After a round: how many entries are there, how many of them are new, and when the log signed them."""

    origin: str
    size: int
    added: int
    root: bytes
    signed_at: Instant

    def as_json(self) -> dict[str, Any]:
        """The round for machines."""
        return {
            "origin": self.origin,
            "size": self.size,
            "added": self.added,
            "root": base64url(self.root),
            "signed_at": format_instant(self.signed_at),
        }

    def __str__(self) -> str:
        at = format_instant(self.signed_at)
        return f"{self.origin}: {self.size:,} entries, {self.added:,} of them new, under a checkpoint of {at}"


@dataclass(frozen=True, slots=True)
class Mirroring:
    """A mirror that follows a log; made by ``mirroring``, one at a time for a folder."""

    client: LogClient
    writer: MirrorWriter
    log: LogVerifier
    policy: TrustPolicy | None = None

    @property
    def folder(self) -> MirrorFolder:
        """Where it is kept."""
        return self.writer.folder

    async def follow(self, tell: Progress = lambda done, size: None) -> Mirrored:
        """One round. Raises HistoryRefused for another history, CheckpointError and NotWitnessed for a checkpoint that
        is not signed as it must be, MirrorError for a damaged folder, LogUnreachable and LogRefuses; then nothing has
        changed, except that entries fetched in vain need not be fetched again."""
        kept = self.folder.kept()
        self.writer.tidy_after_a_kill(kept.size)
        note, timed = await self._checkpoint()
        size = timed.checkpoint.size
        if size > kept.size:
            await self._extend(kept, note, timed, tell)
        else:
            await self._compare(kept, note, timed)
        if kept.outdone_by(note, timed):
            self.writer.write_checkpoint(note)
        # Killed before this line: the old incomplete files are left, and removed by the next run.
        self.writer.tidy(kept.size, size)
        root, at = timed.checkpoint.root, Instant(timed.at_seconds * SECOND)
        return Mirrored(self.log.origin, size, size - kept.size, root, at)

    async def _checkpoint(self) -> tuple[bytes, TimedCheckpoint]:
        note = await self.client.checkpoint()
        try:
            timed = self.log.open_timed_checkpoint(note)
        except CheckpointError as error:
            raise CheckpointError(
                f"{self.client.url} shows a checkpoint that is not to be believed: {error}. Compare the verifier keys "
                "with what the log's keeper tells you by another way"
            ) from error
        if self.policy is not None:
            self.policy.check_witnessed(note)
        return note, timed

    async def _compare(self, kept: Kept, note: bytes, timed: TimedCheckpoint) -> None:
        """Take no smaller checkpoint, and one of the same size only if it is of the same tree."""
        shown = timed.checkpoint
        if self.folder.edge_at(shown.size, kept.size).root() != shown.root:
            await self._refuse(kept, note, timed)
        if kept.timed is not None and shown.size < kept.size:
            said = f"{self.client.url} went back: {_went_back(kept.timed, timed)}"
            raise HistoryRefused(self._keep_why(self._keep_notes(kept, note, timed), said))

    async def _extend(self, kept: Kept, note: bytes, timed: TimedCheckpoint, tell: Progress) -> None:
        """Fetch and write what is new; where it does not lead to the checkpoint, refuse."""
        size, root = timed.checkpoint.size, timed.checkpoint.root
        # Entries that were fetched before a kill are only as good as where they lead; else they are fetched again.
        for reuse in (True, False):
            edge, reused = await self._grow(kept, size, reuse, tell)
            if edge is not None and edge.root() == root:
                self.writer.write_tiles((), edge.tiles())
                return
            self.writer.discard(kept.size, size)
            if not reused:
                break
        await self._refuse(kept, note, timed)

    async def _grow(self, kept: Kept, size: int, reuse: bool, tell: Progress) -> tuple[Edge | None, int]:
        """The tree after the new entries, or None where they are not behind the old ones; how many bundles were there
        already."""
        edge, reused = kept.edge, 0
        async with aclosing(self._bundles(kept.size, size, reuse)) as bundles:
            async for n, entries, was_here in bundles:
                have = edge.size - n * TILE_WIDTH
                if tuple(entries[:have]) != kept.last[:have]:
                    return None, reused + was_here
                extension = edge.extend([leaf_hash(entry) for entry in entries[have:]], paths=False)
                if not was_here:
                    self.writer.write_bundle(n, entries)
                self.writer.write_tiles(extension.tiles, {})
                edge, reused = extension.edge, reused + was_here
                tell(edge.size, size)
        return edge, reused

    async def _bundles(self, start: int, size: int, reuse: bool) -> AsyncGenerator[tuple[int, list[bytes], bool]]:
        """The bundles of a tree of ``size`` entries from that of entry ``start`` on, in order, some fetched ahead."""
        ahead: deque[asyncio.Task[tuple[int, list[bytes], bool]]] = deque()
        try:
            for n in range(start // TILE_WIDTH, (size + TILE_WIDTH - 1) // TILE_WIDTH):
                width = min(TILE_WIDTH, size - n * TILE_WIDTH)
                ahead.append(asyncio.create_task(self._bundle(n, width, reuse)))
                if len(ahead) > _AHEAD:
                    yield await ahead.popleft()
            while ahead:
                yield await ahead.popleft()
        finally:
            for task in ahead:
                task.cancel()
            await asyncio.gather(*ahead, return_exceptions=True)

    async def _bundle(self, n: int, width: int, reuse: bool) -> tuple[int, list[bytes], bool]:
        if reuse and width == TILE_WIDTH:
            try:
                return n, self.folder.bundle(n), True
            except MirrorError:
                pass  # not there, which is the rule
        return n, await self.client.bundle(n, width), False

    async def _refuse(self, kept: Kept, note: bytes, timed: TimedCheckpoint) -> None:
        """Keep the evidence, find out what it shows by reading all that is shown, and raise HistoryRefused."""
        to = self._keep_notes(kept, note, timed)
        try:
            differs, hashes = await self._read_all(kept, timed)
        except (LogUnreachable, LogRefuses, TileError) as error:
            differs, hashes = None, False
            told = f"All that it shows now could not be read ({error})"
        else:
            told = _verdict(differs, hashes)
        if differs is not None:
            position, had, shown = differs
            self.writer.write_evidence(to.name, {f"entry-{position}-kept": had, f"entry-{position}-shown": shown})
        said = (
            f"{self.client.url} shows a history of {timed.checkpoint.size} entries that does not go on from the "
            f"{kept.size} that this mirror has. {told}"
        )
        raise HistoryRefused(self._keep_why(to, said))

    async def _read_all(self, kept: Kept, timed: TimedCheckpoint) -> tuple[tuple[int, bytes, bytes] | None, bool]:
        """The first entry that is another than the one kept, with both; and whether all of them hash to the root."""
        edge, differs, size = Edge.empty(), None, timed.checkpoint.size
        own = self.folder.bundles(kept.size)
        async with aclosing(self._bundles(0, size, reuse=False)) as bundles:
            async for n, shown, _ in bundles:
                edge = edge.extend([leaf_hash(entry) for entry in shown], paths=False).edge
                pairs = zip(count(n * TILE_WIDTH), next(own, ()), shown, strict=False)
                differs = differs or next((pair for pair in pairs if pair[1] != pair[2]), None)
        return differs, edge.root() == timed.checkpoint.root

    def _keep_notes(self, kept: Kept, note: bytes, timed: TimedCheckpoint) -> Path:
        name = f"{timed.checkpoint.size}-{timed.checkpoint.root.hex()[:16]}"
        return self.writer.write_evidence(name, {"checkpoint-kept": kept.note or b"", "checkpoint-shown": note})

    def _keep_why(self, to: Path, said: str) -> str:
        """Keep what is said beside the notes; returns it with what to do."""
        told = f"{said}. Both checkpoints are kept in {to}. Keep this mirror as it is: tell the log's keeper, and "
        told += "compare with other mirrors and the log's witnesses."
        self.writer.write_evidence(to.name, {"why": f"{told}\n".encode()})
        return told


@contextmanager
def mirroring(
    client: LogClient, path: Path, log: LogVerifier, policy: TrustPolicy | None = None
) -> Iterator[Mirroring]:
    """Begin a mirror in a folder, or go on with the one there. Raises MirrorError for a folder of something else, one
    that cannot be written, or one that another process follows a log into."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)  # entries are personal data
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise MirrorError(f"{path}: cannot be written ({error.strerror}); name a folder of yours") from error
    try:
        _lock(descriptor, path)
        yield Mirroring(client, MirrorWriter.begin(path, log), log, policy)
    finally:
        os.close(descriptor)  # which unlocks it, as does being killed


def _lock(descriptor: int, path: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise MirrorError(f"{path}: another record-ledger mirror is at work here; wait for it, or stop it") from error


def _verdict(differs: tuple[int, bytes, bytes] | None, hashes: bool) -> str:
    """What reading everything again has shown."""
    if not hashes:
        return (
            "What it serves now does not hash to the checkpoint that it shows beside it: entries were altered where "
            "they are served, or on the way"
        )
    if differs is None:
        return "Read a second time it does go on: what was served before was altered or cut short on the way; try again"
    return (
        f"Entry {differs[0]} is another than the one that it showed this mirror, and the log's keys have signed both "
        "histories: one of them was shown to you, the other to somebody else, or history was rewritten since"
    )


def _went_back(kept: TimedCheckpoint, shown: TimedCheckpoint) -> str:
    """What a smaller checkpoint of the same history means."""
    means = (
        "The log signed the smaller tree later: it was set back, as by restoring an older backup, and is without "
        "entries that somebody may hold receipts for"
        if shown.at_seconds > kept.at_seconds
        else "The smaller one is the older: somebody on the way, or the log, shows you the past"
    )
    return (
        f"it shows {shown.checkpoint.size} entries, signed at {_told(shown)}, and this mirror has "
        f"{kept.checkpoint.size}, signed at {_told(kept)}. {means}"
    )


def _told(timed: TimedCheckpoint) -> str:
    return format_instant(Instant(timed.at_seconds * SECOND))
