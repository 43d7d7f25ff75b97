"""Verifying a mirror: the entries that are there, each file beside them, and the checkpoint over all of it.

The steps are those of a whole ledger, by the same numbers. What needs the database (columns, sealed contents,
numbering, indexes) or the key-encryption key is left out.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from ledger.core.checkpoint import TimedCheckpoint
from ledger.core.edge import Edge
from ledger.core.errors import CoreError
from ledger.core.instants import Instant
from ledger.core.log_keys import LogVerifier
from ledger.core.merkle import HASH_SIZE, LeafHash, leaf_hash
from ledger.core.tiles import TILE_HEIGHT, TILE_WIDTH, TileId, perfect_root, tile_path
from ledger.core.trust_policy import TrustPolicy
from ledger.mirror import MirrorError, MirrorFolder
from ledger.verify.findings import Findings, Step, Verification, steps_taken
from ledger.verify.folding import Facts, Folding
from ledger.verify.mirror_entries import Bundle, Names, seen_in_order
from ledger.verify.rows import TileRow
from ledger.verify.tree import Claim, Tiles, Tree
from ledger.verify.whole import Progress
from ledger.verify.witnessed import check_cosignatures

TAKEN: Final = frozenset({Step.ORDER, Step.SIGNATURES, Step.TIMES, Step.TREE, Step.CHECKPOINTS})
"""The steps that a mirror has everything for; with a policy, also that of the witnesses."""
WITH_POLICY: Final[Mapping[Step, str]] = {
    step: "a mirror has nothing of it" for step in Step if step not in TAKEN and step is not Step.WITNESSED
}
WITHOUT_POLICY: Final[Mapping[Step, str]] = {
    **WITH_POLICY,
    Step.WITNESSED: "needs a policy that names the witnesses",
}


class HistoriesDiffer(CoreError):
    """Two mirrors of one log that were shown two histories; the message names the first entry that differs."""


def verify_mirror(
    folder: MirrorFolder,
    log: LogVerifier,
    *,
    at: Instant,
    cores: int = 1,
    progress: Progress | None = None,
    policy: TrustPolicy | None = None,
) -> Verification:
    """Take every step that a mirror allows; wrong things are in the outcome, never raised.

    ``log`` holds the public keys that are trusted, ``at`` is the present instant; with a policy, its quorum must have
    cosigned the checkpoint. Memory does not grow with the log, but with its keys.
    """
    found = Findings()
    timed = _checkpoint(folder, log, found)
    if policy is not None:
        _compare_witnesses(folder, log, policy, found)
    size = 0 if timed is None else timed.checkpoint.size
    tree = Tree(Tiles(_complete_tiles(folder, size, found), found, size), found, edge=Edge.empty())
    folding, names = Folding(tree, Facts(), found), Names(found)
    for seen in seen_in_order(_bundles(folder, size, folding.keys, found), cores):
        names.take(tree.edge, seen)
        if timed is not None and seen.examined.size == size:
            root, signed_at = timed.checkpoint.root, timed.at_seconds
            seen.examined.claims.append(Claim(Step.CHECKPOINTS, "checkpoint", size, root, signed_at))
        folding.take(seen.examined)
        if progress is not None:
            progress(tree.edge.size, size)
    if tree.edge.size == size:
        tree.finish(at)
        names.finish(log.origin, size)
        _compare_incomplete(folder, tree.edge, found)
    left_out = WITHOUT_POLICY if policy is None else WITH_POLICY
    return Verification(log.origin, size, tree.covered, tree.edge.root(), steps_taken(found, left_out))


def check_same_history(a: MirrorFolder, b: MirrorFolder) -> None:
    """Check that one mirror's history is the beginning of the other's, from the entries of both.

    Both must be of one log, and each hash to its own checkpoint, which carries the log's signatures: so two that
    differ are proof. Raises HistoriesDiffer, MirrorError.
    """
    if a.verifier().origin != b.verifier().origin:
        raise MirrorError(
            f"{b.path}: got a mirror of {b.verifier().origin}, wanted one of {a.verifier().origin} as in {a.path}"
        )
    sizes = [_check_own(folder) for folder in (a, b)]
    # As far as both go; each file of a mirror is named by the mirror's own size.
    for n, both in enumerate(zip(a.bundles(sizes[0]), b.bundles(sizes[1]), strict=False)):
        differs = next((at for at, (ours, theirs) in enumerate(zip(*both, strict=False)) if ours != theirs), None)
        if differs is not None:
            raise HistoriesDiffer(
                f"entry {n * TILE_WIDTH + differs} is not the same in {a.path} and in {b.path}, and the log "
                f"{a.verifier().origin} has signed both: it showed two histories. Keep both folders, they prove it"
            )


def _check_own(folder: MirrorFolder) -> int:
    """Hold a mirror's entries to its own checkpoint; tells their number."""
    checkpoint, edge = folder.checkpoint().checkpoint, Edge.empty()
    for entries in folder.bundles(checkpoint.size):
        edge = edge.extend(_hashes(entries), paths=False).edge
    if edge.root() != checkpoint.root:
        raise MirrorError(
            f"{folder.path}: got entries that hash to {edge.root().hex()}, wanted {checkpoint.root.hex()} as its "
            "checkpoint says; run record-ledger verify mirror on it, which names the file"
        )
    return checkpoint.size


def _hashes(entries: list[bytes]) -> list[LeafHash]:
    return [leaf_hash(entry) for entry in entries]


def _checkpoint(folder: MirrorFolder, log: LogVerifier, found: Findings) -> TimedCheckpoint | None:
    """The checkpoint under the keys that are trusted, or None where there is none to be believed."""
    found.looked_at[Step.CHECKPOINTS] += 1
    try:
        folder.check_mirrors(log)
        folder.checkpoint()
        return log.open_timed_checkpoint(folder.note() or b"")
    except CoreError as error:
        wanted = "a checkpoint of this log under the keys that were pinned"
        found.note(Step.CHECKPOINTS, 0, str(error), wanted)
        return None


def _compare_witnesses(folder: MirrorFolder, log: LogVerifier, policy: TrustPolicy, found: Findings) -> None:
    """Hold the checkpoint to the policy's quorum, and each line that is not the log's to one of its witnesses."""
    found.looked_at[Step.WITNESSED] += 1
    try:
        note = folder.note() or b""
        policy.check_witnessed(note)
        check_cosignatures(note, log, policy)
    except CoreError as error:
        found.note(Step.WITNESSED, 0, str(error), "a checkpoint that the policy's quorum has cosigned")


def _bundles(folder: MirrorFolder, size: int, keys: dict[str, bytes], found: Findings) -> Iterator[Bundle]:
    """The bundles, up to the first that cannot be read; ``keys`` grows while they are read."""
    for start in range(0, size, TILE_WIDTH):
        until = min(start + TILE_WIDTH, size)
        try:
            entries = folder.bundle(start // TILE_WIDTH, until - start)
        except MirrorError as error:
            found.note(Step.ORDER, start, str(error), f"the entries {start} to {until - 1}", until=until)
            return
        yield Bundle.of(start, entries, keys)


def _complete_tiles(folder: MirrorFolder, size: int, found: Findings) -> Iterator[TileRow]:
    """The complete tiles by level and number; a file that is missing or misshapen is noted, and left out."""
    for level in range(size.bit_length() // TILE_HEIGHT + 1):
        height = TILE_HEIGHT * (level + 1)
        for n in range(size >> height):
            hashes = _read_tile(folder, TileId(level, n), found)
            if hashes is not None:
                # A file has no root beside it: what it hashes to is compared one level up.
                yield TileRow(level, n, hashes, perfect_root(hashes))


def _compare_incomplete(folder: MirrorFolder, edge: Edge, found: Findings) -> None:
    """Hold the incomplete tiles to those of the tree."""
    for tile, wanted in edge.tiles().items():
        found.looked_at[Step.TREE] += 1
        hashes = _read_tile(folder, tile, found)
        if hashes is not None and hashes != wanted:
            first = next(
                at
                for at in range(0, len(wanted), HASH_SIZE)
                if hashes[at : at + HASH_SIZE] != wanted[at : at + HASH_SIZE]
            )
            position = (tile.n * TILE_WIDTH + first // HASH_SIZE) << (TILE_HEIGHT * tile.level)
            got = f"another hash {first // HASH_SIZE} in {tile_path(tile.level, tile.n, tile.width)}"
            until = position + (1 << (TILE_HEIGHT * tile.level))
            found.note(Step.TREE, position, got, "what the entries hash to", until=until)


def _read_tile(folder: MirrorFolder, tile: TileId, found: Findings) -> bytes | None:
    try:
        return folder.tile(tile)
    except MirrorError as error:
        height = TILE_HEIGHT * (tile.level + 1)
        wanted = f"{tile.width} hashes of 32 bytes"
        found.note(Step.TREE, tile.n << height, str(error), wanted, until=(tile.n + 1) << height)
        return None
