"""Tiles: their names, their bundles, and proofs at any place and size made from them."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.edge import Edge
from ledger.core.merkle import ConsistencyError, InclusionError, check_consistency, check_inclusion, leaf_hash
from ledger.core.tiles import (
    TileError,
    TileId,
    bundle_path,
    format_bundle,
    narrow_tile,
    parse_bundle,
    parse_bundle_path,
    parse_tile_path,
    prove_consistency,
    prove_inclusion,
    tile_in,
    tile_path,
    tiles_for_consistency,
    tiles_for_inclusion,
)
from tests.core.rfc6962 import Rfc6962
from tests.core.shared_vectors import vector_files

TREE = Rfc6962([b"entry %d" % n for n in range(66_300)])
GROWN = Edge.empty().extend([leaf_hash(entry) for entry in TREE.entries], paths=False)
STORED = {complete.tile: complete.hashes for complete in GROWN.tiles}
SIZES = st.one_of(
    st.integers(1, 130),
    *(st.integers(boundary - 2, boundary + 2) for boundary in (256, 512, 65_536)),
    st.integers(1, 66_300),
)


def fetch(wanted: tuple[TileId, ...]) -> dict[TileId, bytes]:
    """Tiles as a store answers for them: complete ones as they are, incomplete ones of any age cut from the newest."""
    newest = {(tile.level, tile.n): hashes for tile, hashes in (STORED | GROWN.edge.tiles()).items()}
    return {tile: narrow_tile(newest[tile.level, tile.n], tile.width) for tile in wanted}


@settings(deadline=None)
@given(SIZES, st.data())
def test_inclusion_is_proved_for_any_entry_at_any_size(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    path = prove_inclusion(index, size, fetch(tiles_for_inclusion(index, size)))
    assert list(path) == TREE.path(index, 0, size)
    check_inclusion(index, size, TREE.mth(index, index + 1), path, TREE.mth(0, size))


@settings(deadline=None)
@given(SIZES, st.data())
def test_consistency_is_proved_between_any_two_sizes(new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, new))
    path = prove_consistency(old, new, fetch(tiles_for_consistency(old, new)))
    assert list(path) == TREE.proof(old, new)
    check_consistency(old, TREE.mth(0, old), new, TREE.mth(0, new), path)


@pytest.mark.parametrize("size", range(1, 60))
def test_every_proof_of_a_small_tree_is_that_of_the_rfc(size: int) -> None:
    for index in range(size):
        assert list(prove_inclusion(index, size, fetch(tiles_for_inclusion(index, size)))) == TREE.path(index, 0, size)
    for old in range(1, size + 1):
        assert list(prove_consistency(old, size, fetch(tiles_for_consistency(old, size)))) == TREE.proof(old, size)


def test_a_proof_in_a_large_tree_needs_few_tiles() -> None:
    assert len(tiles_for_inclusion(500_000, 1_000_000)) <= 5
    assert len(tiles_for_consistency(999_999, 1_000_000)) <= 5
    assert tiles_for_inclusion(0, 1) == ()
    assert tiles_for_consistency(7, 7) == ()


def test_a_missing_or_misshapen_tile_is_named() -> None:
    tiles = fetch(tiles_for_inclusion(3, 300))
    with pytest.raises(TileError, match="tile/0/000: got no such tile, wanted 8192 bytes"):
        prove_inclusion(3, 300, {})
    for wrong in (b"", tiles[TileId(0, 0)][:-32], tiles[TileId(0, 0)] + bytes(32)):
        with pytest.raises(TileError, match=r"tile/0/000: got [0-9]+ bytes, wanted 8192"):
            prove_inclusion(3, 300, tiles | {TileId(0, 0): wrong})


@pytest.mark.parametrize(("index", "size"), [(5, 5), (-1, 5), (0, 0)])
def test_an_entry_that_the_tree_does_not_have_is_not_proved(index: int, size: int) -> None:
    for attempt in (lambda: tiles_for_inclusion(index, size), lambda: prove_inclusion(index, size, STORED)):
        with pytest.raises(InclusionError):
            attempt()


@pytest.mark.parametrize(("old", "new"), [(0, 5), (6, 5), (-1, 5)])
def test_nothing_is_proved_about_no_entries_or_a_shrinking_tree(old: int, new: int) -> None:
    for attempt in (lambda: tiles_for_consistency(old, new), lambda: prove_consistency(old, new, STORED)):
        with pytest.raises(ConsistencyError):
            attempt()


def test_a_tile_at_an_older_size_is_the_beginning_of_the_newer_one() -> None:
    hashes = STORED[TileId(0, 1)]
    assert narrow_tile(hashes, 44) == b"".join(TREE.mth(n, n + 1) for n in range(256, 300))
    for width in (0, -1, 257):
        with pytest.raises(TileError):
            narrow_tile(hashes, width)
    with pytest.raises(TileError, match="got 44 hashes, wanted the first 45"):
        narrow_tile(hashes[: 44 * 32], 45)


def test_which_tiles_a_tree_has() -> None:
    assert tile_in(70_000, 0, 272) == TileId(0, 272)
    assert tile_in(70_000, 0, 273) == TileId(0, 273, 112)
    assert tile_in(70_000, 0, 274) is None
    assert tile_in(70_000, 2, 0) == TileId(2, 0, 1)
    assert tile_in(70_000, 3, 0) is None
    assert tile_in(256, 0, 0) == TileId(0, 0)
    assert tile_in(256, 1, 0) == TileId(1, 0, 1)


PATHS = {
    TileId(0, 0): "tile/0/000",
    TileId(0, 999, 1): "tile/0/999.p/1",
    TileId(1, 1000): "tile/1/x001/000",
    TileId(0, 1_234_067): "tile/0/x001/x234/067",
    TileId(2, 1_234_067, 255): "tile/2/x001/x234/067.p/255",
    TileId(63, 0, 8): "tile/63/000.p/8",
}


@pytest.mark.parametrize("tile", PATHS, ids=PATHS.get)
def test_tile_paths_are_those_of_the_specification(tile: TileId) -> None:
    assert tile_path(tile.level, tile.n, tile.width) == PATHS[tile]
    assert parse_tile_path(PATHS[tile]) == tile


@pytest.mark.parametrize("file", vector_files("c2sp-spec"))
def test_tile_paths_of_others_examples(file: Path) -> None:
    for number, path in json.loads(file.read_text())["tile_path"].items():
        assert tile_path(0, int(number)) == f"tile/0/{path}"
        assert bundle_path(int(number)) == f"tile/entries/{path}"


@given(st.integers(0, 2**55 - 1), st.integers(1, 256))
def test_every_path_is_read_back(n: int, width: int) -> None:
    assert parse_tile_path(tile_path(0, n, width)) == TileId(0, n, width)
    assert parse_bundle_path(bundle_path(n, width)) == TileId(0, n, width)


BAD_NUMBERS = [
    "",
    "0",
    "67",
    "1067",
    "x001",
    "001/067",
    "x000/067",
    "x001/x000/x",
    "x01/067",
    "-01",
    "+01",
    "067/",
    "067.p",
    "067.p/",
    "067.p/0",
    "067.p/08",
    "067.p/+8",
    "067.p/256",
    "067.p/999",
    "067.p/8\n",
    "067\n",
    " 067",
    "06\u0667",
    "x999/x999/x999/x999/x999/999",
    "x001/x000/x000/x000/x000/x000/000",
]


@pytest.mark.parametrize("number", BAD_NUMBERS)
def test_other_spellings_of_a_tile_number_are_refused(number: str) -> None:
    with pytest.raises(TileError, match=r"got .*, wanted"):
        parse_tile_path(f"tile/0/{number}")
    with pytest.raises(TileError, match=r"got .*, wanted"):
        parse_bundle_path(f"tile/entries/{number}")


@pytest.mark.parametrize("level", ["", "00", "01", "64", "+1", "-1", "x", "entries", "0/0"])
def test_other_spellings_of_a_level_are_refused(level: str) -> None:
    with pytest.raises(TileError):
        parse_tile_path(f"tile/{level}/067")


@pytest.mark.parametrize(
    ("level", "n", "width"), [(-1, 0, 1), (64, 0, 1), (0, -1, 1), (0, 0, 0), (0, 0, 257), (8, 1, 1)]
)
def test_a_tile_that_no_tree_has_cannot_be_named(level: int, n: int, width: int) -> None:
    with pytest.raises(TileError):
        tile_path(level, n, width)


def test_a_bundle_is_entries_behind_their_lengths() -> None:
    assert format_bundle([b"", b"\x01", b"a" * 300]) == b"\0\0" + b"\0\x01\x01" + b"\x01\x2c" + b"a" * 300
    assert parse_bundle(format_bundle([b"z" * 65_535] * 256)) == [b"z" * 65_535] * 256


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=20))
def test_a_bundle_is_read_back_and_not_when_cut_short(entries: list[bytes]) -> None:
    bundle = format_bundle(entries)
    assert parse_bundle(bundle) == entries
    with pytest.raises(TileError):
        parse_bundle(bundle[:-1])


@pytest.mark.parametrize("bundle", [b"", b"\0", b"\0\x05abcd", b"\0\0" * 257])
def test_a_bundle_that_is_cut_short_or_too_long_is_refused(bundle: bytes) -> None:
    with pytest.raises(TileError, match=r"got .*, wanted"):
        parse_bundle(bundle)


@pytest.mark.parametrize("entries", [[], [b""] * 257, [b"z" * 65_536]])
def test_entries_that_fit_no_bundle_are_refused(entries: list[bytes]) -> None:
    with pytest.raises(TileError, match=r"got .*, wanted"):
        format_bundle(entries)
