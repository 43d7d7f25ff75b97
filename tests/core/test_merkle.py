"""The hashes of RFC 6962, and proofs that hold or do not."""

import json
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.merkle import (
    EMPTY_ROOT,
    ConsistencyError,
    InclusionError,
    check_consistency,
    check_inclusion,
    leaf_hash,
    node_hash,
)
from tests.core.make_vectors import VECTORS, merkle_vectors
from tests.core.rfc6962 import Rfc6962
from tests.core.shared_vectors import vector_files

OWN = json.loads((VECTORS / "merkle.json").read_text())
TREE = Rfc6962([b"entry %d" % n for n in range(140)])


def flips(path: list[bytes]) -> list[list[bytes]]:
    """The path with one bit turned, once in each hash."""
    return [
        [*path[:place], bytes([node[0] ^ 1 << place % 8]) + node[1:], *path[place + 1 :]]
        for place, node in enumerate(path)
    ]


def test_hashes_are_those_of_the_rfc() -> None:
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert node_hash(leaf_hash(b""), leaf_hash(b"\0")).hex() == OWN["roots"][2]


def test_the_own_vectors_are_what_the_transcription_of_the_rfc_makes() -> None:
    assert (VECTORS / "merkle.json").read_text() == merkle_vectors()


@pytest.mark.parametrize("case", OWN["inclusion"], ids=lambda case: case["name"])
def test_inclusion_of_the_own_vectors(case: dict[str, Any]) -> None:
    def check() -> None:
        path = [b64decode(node) for node in case["path"]]
        check_inclusion(case["index"], case["size"], b64decode(case["leaf"]), path, b64decode(case["root"]))

    if case["wanted"] == "accepted":
        check()
    else:
        with pytest.raises(InclusionError, match=r"got .*, wanted"):
            check()


@pytest.mark.parametrize("case", OWN["consistency"], ids=lambda case: case["name"])
def test_consistency_of_the_own_vectors(case: dict[str, Any]) -> None:
    def check() -> None:
        path = [b64decode(node) for node in case["path"]]
        old_root, new_root = b64decode(case["old_root"]), b64decode(case["new_root"])
        check_consistency(case["old_size"], old_root, case["new_size"], new_root, path)

    if case["wanted"] == "accepted":
        check()
    else:
        with pytest.raises(ConsistencyError, match=r"got .*, wanted"):
            check()


@pytest.mark.parametrize("file", vector_files("transparency-dev-merkle/testdata/inclusion"))
def test_inclusion_of_others_vectors(file: Path) -> None:
    case = json.loads(file.read_text())
    path = [b64decode(node) for node in case["proof"] or []]
    arguments = (case["leafIdx"], case["treeSize"], b64decode(case["leafHash"]), path, b64decode(case["root"]))
    if case["wantErr"]:
        with pytest.raises(InclusionError, match=r"got .*, wanted"):
            check_inclusion(*arguments)
    else:
        check_inclusion(*arguments)


@pytest.mark.parametrize("file", vector_files("transparency-dev-merkle/testdata/consistency"))
def test_consistency_of_others_vectors(file: Path) -> None:
    case = json.loads(file.read_text())
    path = [b64decode(node) for node in case["proof"] or []]
    arguments = (case["size1"], b64decode(case["root1"]), case["size2"], b64decode(case["root2"]), path)
    if case["wantErr"]:
        with pytest.raises(ConsistencyError, match=r"got .*, wanted"):
            check_consistency(*arguments)
    else:
        check_consistency(*arguments)


@pytest.mark.parametrize("size", range(1, 131))
def test_every_path_of_the_rfc_is_accepted(size: int) -> None:
    root = TREE.mth(0, size)
    for index in range(size):
        check_inclusion(index, size, TREE.mth(index, index + 1), TREE.path(index, 0, size), root)
    for old in range(1, size + 1):
        check_consistency(old, TREE.mth(0, old), size, root, TREE.proof(old, size))


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 8, 9, 64, 65, 127, 130])
def test_one_bit_in_any_hash_of_a_proof_is_noticed(size: int) -> None:
    root = TREE.mth(0, size)
    for index in range(size):
        path, leaf = TREE.path(index, 0, size), TREE.mth(index, index + 1)
        for bad_leaf, bad_root, bad_path in [
            *((leaf, root, bad) for bad in flips(path)),
            *((bad, root, path) for [bad] in flips([leaf])),
            *((leaf, bad, path) for [bad] in flips([root])),
        ]:
            with pytest.raises(InclusionError):
                check_inclusion(index, size, bad_leaf, bad_path, bad_root)
    for old in range(1, size):
        path, old_root = TREE.proof(old, size), TREE.mth(0, old)
        for bad_old, bad_new, bad_path in [
            *((old_root, root, bad) for bad in flips(path)),
            *((bad, root, path) for [bad] in flips([old_root])),
            *((old_root, bad, path) for [bad] in flips([root])),
        ]:
            with pytest.raises(ConsistencyError):
                check_consistency(old, bad_old, size, bad_new, bad_path)


@given(st.integers(1, 139), st.data())
def test_an_entry_cannot_be_shown_at_another_place(size: int, data: st.DataObject) -> None:
    index, other = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size))
    if index != other:
        leaf, path = TREE.mth(index, index + 1), TREE.path(index, 0, size)
        with pytest.raises(InclusionError):
            check_inclusion(other, size, leaf, path, TREE.mth(0, size))


def test_a_byte_moved_between_neighbouring_hashes_is_noticed() -> None:
    """31 + 33 bytes hash like 32 + 32, so the widths are part of the proof."""
    left, right = TREE.mth(0, 1), TREE.mth(1, 2)
    with pytest.raises(InclusionError, match="another width"):
        check_inclusion(0, 2, left + right[:1], [right[1:]], TREE.mth(0, 2))
    old_root, [rest] = TREE.mth(0, 2), TREE.proof(2, 4)
    with pytest.raises(ConsistencyError, match="another width"):
        check_consistency(2, old_root + rest[:1], 4, TREE.mth(0, 4), [rest[1:]])


@pytest.mark.parametrize("size", [2**63, 2**64, 10**40])
def test_sizes_beyond_the_largest_tree_are_refused_at_once(size: int) -> None:
    with pytest.raises(InclusionError):
        check_inclusion(0, size, EMPTY_ROOT, [], EMPTY_ROOT)
    with pytest.raises(ConsistencyError):
        check_consistency(1, EMPTY_ROOT, size, EMPTY_ROOT, [])


def test_a_refusal_says_what_was_got_what_was_wanted_and_what_to_do() -> None:
    with pytest.raises(InclusionError) as refused:
        check_inclusion(4, 7, TREE.mth(4, 5), TREE.path(4, 0, 7)[:-1], TREE.mth(0, 7))
    assert str(refused.value) == (
        "inclusion of entry 4 in a tree of 7: got a path of 2 hashes, wanted 3; fetch the proof again"
    )
