"""A growing tree: roots, paths and tiles are those of the RFC however the entries arrive."""

from functools import lru_cache
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core import edge as edge_module
from ledger.core.edge import Edge, Extension
from ledger.core.merkle import EMPTY_ROOT, InclusionError, LeafHash, NodeHash, check_inclusion, leaf_hash, node_hash
from ledger.core.tiles import TILE_SIZE, TileError, TileId, TilePart, tile_path
from tests.core.rfc6962 import Rfc6962

TREE = Rfc6962([b"entry %d" % n for n in range(66_500)])
LEAVES = [leaf_hash(entry) for entry in TREE.entries]
COMPLETE = {complete.tile: complete.hashes for complete in Edge.empty().extend(LEAVES, paths=False).tiles}
NEAR_BOUNDARIES = st.one_of(
    st.integers(0, 130),
    *(st.integers(boundary - 3, boundary + 3) for boundary in (256, 512, 1024, 65_536)),
    st.integers(0, 66_000),
)


@lru_cache(maxsize=256)
def grown(size: int) -> Edge:
    """The edge of the test tree, grown at once."""
    return Edge.empty().extend(LEAVES[:size], paths=False).edge


def assert_paths_hold(before: Edge, extension: Extension) -> None:
    """Each new leaf is in the new tree, by the very path of the RFC."""
    size, root = extension.edge.size, extension.edge.root()
    assert len(extension.paths) == size - before.size
    for index, path in enumerate(extension.paths, start=before.size):
        assert list(path) == TREE.path(index, 0, size)
        check_inclusion(index, size, LEAVES[index], path, root)


def test_the_empty_tree_has_the_root_of_the_rfc() -> None:
    assert Edge.empty().root() == EMPTY_ROOT
    assert Edge.empty().extend([]) == Extension(Edge.empty(), (), ())


def test_growing_entry_by_entry_passes_every_root_of_the_rfc() -> None:
    edge = Edge.empty()
    for size in range(1, 600):
        extension = edge.extend(LEAVES[size - 1 : size])
        assert_paths_hold(edge, extension)
        edge = extension.edge
        assert (edge.size, edge.root()) == (size, TREE.mth(0, size))


@pytest.mark.parametrize("size", range(131))
def test_any_batch_upon_any_small_tree_gives_the_paths_of_the_rfc(size: int) -> None:
    edge = grown(size)
    for batch in (1, 2, 3, 7, 32, 130):
        assert_paths_hold(edge, edge.extend(LEAVES[size : size + batch]))


@settings(deadline=None, max_examples=40)
@given(NEAR_BOUNDARIES, st.integers(0, 300))
def test_any_batch_upon_any_tree_gives_the_paths_of_the_rfc(size: int, batch: int) -> None:
    edge = grown(size)
    extension = edge.extend(LEAVES[size : size + batch])
    assert_paths_hold(edge, extension)
    assert extension.edge.root() == TREE.mth(0, size + batch)
    assert extension.edge == grown(size + batch)


@settings(deadline=None)
@given(NEAR_BOUNDARIES.filter(bool), st.data())
def test_an_entry_is_proved_from_the_edge_and_the_complete_tiles_above_it(size: int, data: st.DataObject) -> None:
    edge, index = grown(size), data.draw(st.integers(0, size - 1))
    above = edge.tiles_above(index)
    parts = {tile: TilePart.of(COMPLETE[tile], index >> (8 * tile.level) & 255) for tile in above}
    path = edge.prove_inclusion(index, parts)
    assert list(path) == TREE.path(index, 0, size)
    for missing in above:
        part = parts[missing]
        for cut in (
            None,
            TilePart(b"", part.block),
            TilePart(part.crown[32:], part.block),
            TilePart(part.crown, part.block[32:]),
        ):
            left = {tile: kept for tile, kept in (parts | {missing: cut}).items() if kept is not None}
            with pytest.raises(TileError, match=tile_path(missing.level, missing.n)):
                edge.prove_inclusion(index, left)


@pytest.mark.parametrize("size", range(1, 131))
def test_every_entry_of_a_small_tree_is_proved_from_its_edge(size: int) -> None:
    for index in range(size):
        assert list(grown(size).prove_inclusion(index, {})) == TREE.path(index, 0, size)


def test_an_entry_that_the_tree_does_not_have_is_not_proved() -> None:
    for index, size in ((0, 0), (5, 5), (-1, 5), (300, 299)):
        with pytest.raises(InclusionError, match="wanted an entry below the tree's size"):
            grown(size).prove_inclusion(index, {})


@settings(deadline=None, max_examples=8)
@given(st.lists(NEAR_BOUNDARIES, max_size=6))
def test_however_the_entries_arrive_the_tiles_are_the_same(stops: list[int]) -> None:
    edge, tiles = Edge.empty(), {}
    for start, end in pairwise([0, *sorted(stops)]):
        extension = edge.extend(LEAVES[start:end], paths=False)
        edge = extension.edge
        tiles.update({complete.tile: complete for complete in extension.tiles})
    at_once = Edge.empty().extend(LEAVES[: edge.size], paths=False)
    assert edge == at_once.edge
    assert tiles == {complete.tile: complete for complete in at_once.tiles}


def test_the_tiles_of_seventy_thousand_entries_are_those_of_the_specification() -> None:
    """tlog-tiles, "Partial Tiles"."""
    extension = Edge.empty().extend([leaf_hash(b"%d" % n) for n in range(70_000)], paths=False)
    levels = [complete.tile.level for complete in extension.tiles]
    assert (levels.count(0), levels.count(1), levels.count(2)) == (273, 1, 0)
    assert list(extension.edge.tiles()) == [TileId(0, 273, 112), TileId(1, 1, 17), TileId(2, 0, 1)]


def test_a_complete_tile_holds_its_nodes_and_the_hash_that_stands_for_it() -> None:
    extension = Edge.empty().extend(LEAVES[:65_536], paths=False)
    assert len(extension.tiles) == 257
    for complete in extension.tiles:
        span = 256**complete.tile.level
        start = complete.tile.n * 256 * span
        nodes = [TREE.mth(start + n * span, start + (n + 1) * span) for n in range(256)]
        assert complete.hashes == b"".join(nodes)
        assert len(complete.hashes) == TILE_SIZE
        assert complete.root == TREE.mth(start, start + 256 * span)


@settings(deadline=None, max_examples=25)
@given(NEAR_BOUNDARIES)
def test_an_edge_comes_back_from_its_stored_tiles(size: int) -> None:
    edge = grown(size)
    assert Edge.from_stored(size, dict(enumerate(edge.incomplete))) == edge
    assert Edge.from_stored(size, {tile.level: hashes for tile, hashes in edge.tiles().items()}) == edge


@pytest.mark.parametrize(
    ("size", "incomplete"),
    [
        pytest.param(300, {}, id="tiles missing"),
        pytest.param(300, {0: bytes(32 * 44)}, id="a level missing"),
        pytest.param(300, {0: bytes(32 * 43), 1: bytes(32)}, id="a hash missing"),
        pytest.param(300, {0: bytes(32 * 45), 1: bytes(32)}, id="a hash too many"),
        pytest.param(300, {0: bytes(32 * 44 + 1), 1: bytes(32)}, id="a byte too many"),
        pytest.param(300, {0: bytes(32 * 44), 1: bytes(32), 2: bytes(32)}, id="a level too many"),
        pytest.param(300, {0: bytes(32 * 44), 1: bytes(32), -1: bytes(32)}, id="a level below the leaves"),
        pytest.param(-1, {}, id="a negative size"),
        pytest.param(2**63, {}, id="a size beyond the largest tree"),
    ],
)
def test_stored_tiles_that_no_tree_of_this_size_has_are_refused(size: int, incomplete: dict[int, bytes]) -> None:
    with pytest.raises(TileError, match=r"got .*, wanted"):
        Edge.from_stored(size, incomplete)


def test_extending_leaves_the_edge_as_it_was() -> None:
    """A batch that the database refused is forgotten by keeping the edge from before it."""
    edge = grown(1000)
    edge.extend(LEAVES[1000:1032])
    assert edge == grown(1000)


def test_every_interior_node_is_hashed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[tuple[bytes, bytes]] = []

    def counting(left: bytes, right: bytes) -> NodeHash:
        hashed.append((left, right))
        return node_hash(left, right)

    edge = grown(60_001)
    monkeypatch.setattr(edge_module, "node_hash", counting)
    edge.extend(LEAVES[60_001:60_033])
    assert len(hashed) == len(set(hashed))
    # 32 nodes become whole, and at most one on each of the 16 heights leads to the root.
    assert len(hashed) <= 32 + 16


def test_an_extension_without_paths_is_the_same_but_for_them() -> None:
    edge, leaves = grown(500), [LeafHash(leaf) for leaf in LEAVES[500:800]]
    quick, full = edge.extend(leaves, paths=False), edge.extend(leaves)
    assert (quick.edge, quick.tiles, quick.paths) == (full.edge, full.tiles, ())
