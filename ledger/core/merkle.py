"""The Merkle tree of RFC 6962: its hashes, the shape of its proofs, and how they are checked.

Nothing here stores or fetches anything; ``edge`` grows a tree and ``tiles`` proves from stored tiles.

A tree of 7 entries d0 … d6 (RFC 6962, section 2.1.3)::

            root
           /    \\
          k      l           k = [0, 4), l = [4, 7)
         / \\    / \\
        g   h  i   j         g = [0, 2), h = [2, 4), i = [4, 6), j = [6, 7) = d6
       /|   |\\ |\\
      a b   c d e f

A node is named by the interval of entries below it, so a proof is a list of intervals: entry d3 is
included by c = [2, 3), g = [0, 2) and l = [4, 7), from the leaf's sibling up to the root's child. The
interval alone says on which side each hash goes, and how many hashes there are; a path of another
length proves nothing. Both halves of a proof, making and checking, read the same list.
"""

from collections.abc import Sequence
from hashlib import sha256
from itertools import chain
from typing import Final, NewType

from ledger.core.errors import CoreError

LeafHash = NewType("LeafHash", bytes)
"""SHA-256(0x00 ‖ entry), 32 bytes."""

NodeHash = NewType("NodeHash", bytes)
"""SHA-256(0x01 ‖ left ‖ right), 32 bytes; the leaf hash itself at height 0."""

Interval = tuple[int, int]
"""Entries [start, end) below one node."""

HASH_SIZE: Final = 32
LARGEST_SIZE: Final = 2**63 - 1
EMPTY_ROOT: Final = NodeHash(sha256(b"").digest())
"""The root of a tree without entries (RFC 6962, section 2.1)."""


class ProofError(CoreError):
    """A proof that does not prove what it was given for."""


class InclusionError(ProofError):
    """An inclusion path that does not lead from the entry to the root."""


class ConsistencyError(ProofError):
    """A consistency path that does not lead from the old root to the new one."""


def leaf_hash(entry: bytes) -> LeafHash:
    """The leaf hash of an entry's bytes (RFC 6962, section 2.1)."""
    return LeafHash(sha256(b"\x00" + entry).digest())


def node_hash(left: bytes, right: bytes) -> NodeHash:
    """The hash of the node above two nodes (RFC 6962, section 2.1)."""
    return NodeHash(sha256(b"\x01" + left + right).digest())


def split(size: int) -> int:
    """The largest power of two smaller than the size, for sizes from 2 on (RFC 6962, section 2.1)."""
    return 1 << ((size - 1).bit_length() - 1)


def inclusion_intervals(index: int, size: int) -> list[Interval]:
    """The nodes of an inclusion path, the leaf's sibling first (RFC 6962, section 2.1.1: PATH(m, D[n])).

    Raises InclusionError unless 0 <= index < size.
    """
    if not 0 <= index < size <= LARGEST_SIZE:
        raise InclusionError(f"inclusion: got entry {index} of a tree of {size}, wanted an entry below the tree's size")
    intervals = []
    start, end = 0, size
    while end - start > 1:
        middle = start + split(end - start)
        if index < middle:
            intervals.append((middle, end))
            end = middle
        else:
            intervals.append((start, middle))
            start = middle
    intervals.reverse()
    return intervals


def consistency_intervals(old_size: int, new_size: int) -> list[Interval]:
    """The nodes of a consistency path (RFC 6962, section 2.1.2: PROOF(m, D[n])); none for equal sizes.

    The first one is the last node of the old tree, unless the old tree is one whole node of the new
    one; then its root is the start and is left out. Raises ConsistencyError unless 0 < old <= new.
    """
    if not 0 < old_size <= new_size <= LARGEST_SIZE:
        raise ConsistencyError(
            f"consistency: got a tree of {old_size} grown to {new_size}, wanted one entry or more and no shrinking; "
            "a first checkpoint has nothing to be compared with"
        )
    intervals = []
    start, end = 0, new_size
    while end != old_size:
        middle = start + split(end - start)
        if old_size <= middle:
            intervals.append((middle, end))
            end = middle
        else:
            intervals.append((start, middle))
            start = middle
    if start > 0:
        intervals.append((start, end))
    intervals.reverse()
    return intervals


def check_inclusion(index: int, size: int, leaf: bytes, path: Sequence[bytes], root: bytes) -> None:
    """Check that a leaf is entry ``index`` of the tree of ``size`` entries under ``root``.

    ``path`` goes from the leaf's sibling up (RFC 9162, section 2.1.3.2). Raises InclusionError.
    """
    intervals = inclusion_intervals(index, size)
    what = f"inclusion of entry {index} in a tree of {size}"
    if len(path) != len(intervals):
        raise InclusionError(
            f"{what}: got a path of {len(path)} hashes, wanted {len(intervals)}; fetch the proof again"
        )
    if any(len(given) != HASH_SIZE for given in chain((leaf, root), path)):
        raise InclusionError(f"{what}: got a hash of another width, wanted {HASH_SIZE} bytes each")
    node = leaf
    for (start, _), sibling in zip(intervals, path, strict=True):
        node = node_hash(sibling, node) if start < index else node_hash(node, sibling)
    if node != root:
        raise InclusionError(
            f"{what}: got root {node.hex()}, wanted {root.hex()}; the entry, the path or the checkpoint was altered"
        )


def check_consistency(old_size: int, old_root: bytes, new_size: int, new_root: bytes, path: Sequence[bytes]) -> None:
    """Check that the new tree begins with all entries of the old one, in the same order.

    Follows RFC 9162, section 2.1.4.2; an old tree without entries is refused, because nothing can be
    proved about it. Raises ConsistencyError.
    """
    intervals = consistency_intervals(old_size, new_size)
    what = f"consistency of a tree of {old_size} with one of {new_size}"
    if len(path) != len(intervals):
        raise ConsistencyError(
            f"{what}: got a path of {len(path)} hashes, wanted {len(intervals)}; fetch the proof again"
        )
    rebuilt_old, rebuilt_new = old_root, old_root
    if intervals:
        # Widths matter only where something is hashed: 31 + 33 bytes would hash like 32 + 32.
        if any(len(given) != HASH_SIZE for given in chain((old_root, new_root), path)):
            raise ConsistencyError(f"{what}: got a hash of another width, wanted {HASH_SIZE} bytes each")
        rebuilt_old, rebuilt_new = _rebuild(old_size, old_root, intervals, path)
    for name, rebuilt, wanted in (("old", rebuilt_old, old_root), ("new", rebuilt_new, new_root)):
        if rebuilt != wanted:
            raise ConsistencyError(
                f"{what}: got {name} root {rebuilt.hex()}, wanted {wanted.hex()}; "
                "keep both checkpoints, together they may show that history was rewritten"
            )


def _rebuild(
    old_size: int, old_root: bytes, intervals: Sequence[Interval], path: Sequence[bytes]
) -> tuple[bytes, bytes]:
    """The old and the new root that the path leads to."""
    steps = iter(zip(intervals, path, strict=True))
    # An old tree of a power of two is a whole node of the new tree (RFC 9162, section 2.1.4.2, step 2).
    old = new = old_root if old_size & (old_size - 1) == 0 else next(steps)[1]
    for (start, _), sibling in steps:
        if start >= old_size:
            new = node_hash(new, sibling)
        else:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
    return old, new
