"""The tree, held against two libraries that share no code with it: Go's sumdb/tlog and proofbundle."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from typing import Any

import pytest
from proofbundle import merkle as bundled

from ledger.core.edge import Edge
from ledger.core.merkle import ProofError, check_consistency, check_inclusion, leaf_hash
from ledger.core.tiles import (
    TileId,
    narrow_tile,
    prove_consistency,
    prove_inclusion,
    tiles_for_consistency,
    tiles_for_inclusion,
)
from tests.independent.go import Go

SEVENTY_THOUSAND = 70_000
SMALL = 600
EDGE_SIZES = [1, 2, 3, 255, 256, 257, 511, 513, 65_535, 65_536, 65_537, 65_791, 65_792, 65_793, 69_999, 70_000]
PROVED_SIZES = [1, 2, 3, 7, 8, 9, 64, 255, 256, 257, 511, 512, 513, 599, 600]


def entries_of(size: int) -> list[bytes]:
    return [b"entry %d" % n for n in range(size)]


class OurTree:
    """The product's tree over some entries: its tiles as they are stored, its root at every size asked for."""

    def __init__(self, entries: Sequence[bytes], sizes: Sequence[int]) -> None:
        self.entries = entries
        self.roots: dict[int, bytes] = {}
        self._tiles: dict[tuple[int, int], bytes] = {}
        edge, leaves = Edge.empty(), [leaf_hash(entry) for entry in entries]
        for size in sizes:
            extension = edge.extend(leaves[edge.size : size], paths=False)
            edge = extension.edge
            self._tiles |= {(tile.tile.level, tile.tile.n): tile.hashes for tile in extension.tiles}
            self.roots[size] = edge.root()
        self._tiles |= {(tile.level, tile.n): hashes for tile, hashes in edge.tiles().items()}

    def path(self, index: int, size: int) -> tuple[bytes, ...]:
        return prove_inclusion(index, size, self._cut(tiles_for_inclusion(index, size)))

    def consistency(self, old: int, new: int) -> tuple[bytes, ...]:
        return prove_consistency(old, new, self._cut(tiles_for_consistency(old, new)))

    def _cut(self, wanted: Sequence[TileId]) -> dict[TileId, bytes]:
        return {tile: narrow_tile(self._tiles[tile.level, tile.n], tile.width) for tile in wanted}


@dataclass(frozen=True)
class Inclusion:
    """What an inclusion proof says; three ways to ask whether it is so."""

    entry: bytes
    index: int
    size: int
    path: tuple[bytes, ...]
    root: bytes

    def ours(self) -> bool:
        return passes(partial(check_inclusion, self.index, self.size, leaf_hash(self.entry), self.path, self.root))

    def bundled(self) -> bool:
        return bundled.verify_inclusion(self.entry, self.index, self.size, list(self.path), self.root)

    def for_go(self) -> dict[str, Any]:
        return {
            "Ask": "check record", "Entry": self.entry, "Index": self.index, "Size": self.size,
            "Path": list(self.path), "Root": self.root,
        }  # fmt: skip


@dataclass(frozen=True)
class Consistency:
    """What a consistency proof says; three ways to ask whether it is so."""

    old: int
    old_root: bytes
    new: int
    root: bytes
    path: tuple[bytes, ...]

    def ours(self) -> bool:
        return passes(partial(check_consistency, self.old, self.old_root, self.new, self.root, self.path))

    def bundled(self) -> bool:
        return bundled.verify_consistency(self.old, self.new, list(self.path), self.old_root, self.root)

    def for_go(self) -> dict[str, Any]:
        return {
            "Ask": "check tree", "OldSize": self.old, "OldRoot": self.old_root, "Size": self.new,
            "Path": list(self.path), "Root": self.root,
        }  # fmt: skip


def passes(check: Callable[[], None]) -> bool:
    try:
        check()
    except ProofError:
        return False
    return True


def verdicts(go: Go, cases: Sequence[Inclusion | Consistency]) -> list[bool]:
    """What all three say of each case; they must agree."""
    of_go = go.accepts([case.for_go() for case in cases])
    for case, said in zip(cases, of_go, strict=True):
        assert (case.ours(), case.bundled(), said) in ((True,) * 3, (False,) * 3), case
    return of_go


@pytest.fixture(scope="module")
def small() -> OurTree:
    return OurTree(entries_of(SMALL), range(1, SMALL + 1))


def inclusion(tree: OurTree, index: int, size: int) -> Inclusion:
    return Inclusion(tree.entries[index], index, size, tree.path(index, size), tree.roots[size])


def consistency(tree: OurTree, old: int, new: int) -> Consistency:
    return Consistency(old, tree.roots[old], new, tree.roots[new], tree.consistency(old, new))


def test_all_three_have_the_same_root_at_every_size_up_to_600(go: Go, small: OurTree) -> None:
    go.load(small.entries)
    ours = [small.roots[size] for size in range(1, SMALL + 1)]
    assert go.roots(range(1, SMALL + 1)) == ours
    assert [bundled.merkle_tree_hash(list(small.entries[:size])) for size in range(1, SMALL + 1)] == ours


def test_every_inclusion_proof_is_theirs_and_passes_with_all_three(go: Go, small: OurTree) -> None:
    go.load(small.entries)
    places = [(index, size) for size in PROVED_SIZES for index in range(size)]
    cases = [inclusion(small, *place) for place in places]
    assert go.inclusion_paths(places) == [case.path for case in cases]
    assert all(verdicts(go, cases))
    for index, size in ((0, 1), (6, 7), (255, 257), (256, 257), (599, 600)):
        assert tuple(bundled.inclusion_proof(list(small.entries[:size]), index)) == small.path(index, size)


def test_every_consistency_proof_is_theirs_and_passes_with_all_three(go: Go, small: OurTree) -> None:
    go.load(small.entries)
    pairs = [(old, new) for new in PROVED_SIZES for old in range(1, new + 1)]
    cases = [consistency(small, *pair) for pair in pairs]
    assert go.consistency_paths(pairs) == [case.path for case in cases]
    assert all(verdicts(go, cases))
    for old, new in ((1, 2), (6, 7), (256, 257), (255, 600)):
        assert tuple(bundled.consistency_proof(list(small.entries[:new]), old)) == small.consistency(old, new)


def test_at_every_size_up_to_600_proofs_are_theirs_and_pass_with_all_three(go: Go, small: OurTree) -> None:
    go.load(small.entries)
    places = [(index, size) for size in range(1, SMALL + 1) for index in sorted({0, size // 2, size - 1})]
    pairs = [(old, size) for size in range(1, SMALL + 1) for old in sorted({1, size // 2 + 1, size})]
    inclusions = [inclusion(small, *place) for place in places]
    consistencies = [consistency(small, *pair) for pair in pairs]
    assert go.inclusion_paths(places) == [case.path for case in inclusions]
    assert go.consistency_paths(pairs) == [case.path for case in consistencies]
    assert all(verdicts(go, [*inclusions, *consistencies]))


def test_on_70_000_leaves_all_three_agree(go: Go) -> None:
    tree = OurTree(entries_of(SEVENTY_THOUSAND), EDGE_SIZES)
    go.load(tree.entries)
    assert go.roots(EDGE_SIZES) == [tree.roots[size] for size in EDGE_SIZES]
    assert bundled.merkle_tree_hash(list(tree.entries)) == tree.roots[SEVENTY_THOUSAND]
    dice = random.Random(70_000)
    places = [
        (index, size)
        for size in EDGE_SIZES
        for index in {0, size - 1, size // 2, *(dice.randrange(size) for _ in range(60))}
    ]
    pairs = [(old, new) for new in EDGE_SIZES for old in EDGE_SIZES if old <= new]
    inclusions = [inclusion(tree, *place) for place in places]
    consistencies = [consistency(tree, *pair) for pair in pairs]
    assert go.inclusion_paths(places) == [case.path for case in inclusions]
    assert go.consistency_paths(pairs) == [case.path for case in consistencies]
    assert all(verdicts(go, inclusions))
    assert all(verdicts(go, consistencies))


def flipped(data: bytes, dice: random.Random) -> bytes:
    place = dice.randrange(len(data))
    return data[:place] + bytes([data[place] ^ 1 << dice.randrange(8)]) + data[place + 1 :]


def damaged_paths(path: tuple[bytes, ...], dice: random.Random) -> Iterator[tuple[bytes, ...]]:
    """Paths with a bit flipped in each hash, and with one hash less, more, twice, or in another place."""
    for place, node in enumerate(path):
        yield (*path[:place], flipped(node, dice), *path[place + 1 :])
        yield (*path[:place], *path[place + 1 :])
        yield (*path[:place], node, *path[place:])
        yield (*path[:place], node[:-1], *path[place + 1 :])
    yield (*path, bytes(32))
    yield (bytes(32), *path)
    yield path[::-1] if len(path) > 1 else (*path, b"")


def tampered_inclusions(case: Inclusion, dice: random.Random) -> Iterator[Inclusion]:
    yield from (replace(case, path=path) for path in damaged_paths(case.path, dice))
    yield from (replace(case, index=index) for index in (case.index + 1, case.index - 1, case.index ^ 1, 2**40, -1))
    yield from (replace(case, size=size) for size in (case.size + 1, case.size - 1, case.size * 2, 0, -1, 2**62))
    yield from (replace(case, root=root) for root in (flipped(case.root, dice), bytes(32), case.root[:-1], b""))
    yield from (replace(case, entry=entry) for entry in (flipped(case.entry, dice), case.entry + b" ", b""))
    # An interior node in the place of an entry (RFC 6962, section 2.1: the prefixes are for this).
    if case.path:
        yield replace(case, entry=leaf_hash(case.entry) + case.path[0], path=case.path[1:], index=case.index >> 1)


def tampered_consistencies(case: Consistency, dice: random.Random) -> Iterator[Consistency]:
    yield from (replace(case, path=path) for path in damaged_paths(case.path, dice))
    yield from (replace(case, old=old) for old in (case.old + 1, case.old - 1, case.old * 2, 0, -1))
    yield from (replace(case, new=new) for new in (case.new + 1, case.new - 1, case.new * 2, 0, -1, 2**62))
    yield from (replace(case, root=root) for root in (flipped(case.root, dice), bytes(32), case.root[:-1]))
    yield from (replace(case, old_root=root) for root in (flipped(case.old_root, dice), bytes(32), case.old_root[:-1]))
    yield replace(case, old=case.new, new=case.old, root=case.old_root, old_root=case.root)


def test_what_was_tampered_with_is_refused_by_all_three_or_by_none(go: Go, small: OurTree) -> None:
    """By none where what it shows is still true of the root: a path does not say the size, the checkpoint does."""
    dice = random.Random(6962)
    sizes = [1, 2, 3, 6, 7, 8, 100, 255, 256, 257, 600]
    inclusions = [inclusion(small, dice.randrange(size), size) for size in sizes for _ in range(12)]
    consistencies = [consistency(small, dice.randrange(1, new + 1), new) for new in sizes for _ in range(12)]
    cases = [
        *chain.from_iterable(tampered_inclusions(case, dice) for case in inclusions),
        *chain.from_iterable(tampered_consistencies(case, dice) for case in consistencies),
    ]
    said = verdicts(go, cases)
    assert said.count(False) > 8_000
    accepted = [case for case, passed in zip(cases, said, strict=True) if passed]
    for case in accepted:
        if isinstance(case, Inclusion):
            assert case.entry == small.entries[case.index]
        else:
            assert case.old_root == small.roots[case.old]
        assert case.root in small.roots.values()
