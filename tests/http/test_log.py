"""The log over HTTP: whoever fetches its entries can build its tree again; what the tree has not is not served."""

import asyncio
from base64 import b64decode
from itertools import pairwise

import httpx
import pytest

from ledger.core.checkpoint import Checkpoint
from ledger.core.edge import Edge
from ledger.core.log_keys import LogVerifier
from ledger.core.merkle import NodeHash, check_consistency, check_inclusion, leaf_hash
from ledger.core.receipt import Receipt, check_receipt
from ledger.core.tiles import bundle_path, parse_bundle, tile_in, tile_path
from ledger.use_cases.items import Draft
from tests.http.served import Client, Served, problem

FOR_EVER = "public, max-age=31536000, immutable"


async def verifier_of(served: Served) -> LogVerifier:
    return LogVerifier.parse((await served.http.get("/log/verifier")).text)


async def checkpoint_of(served: Served) -> Checkpoint:
    return (await verifier_of(served)).open_checkpoint((await served.http.get("/log/checkpoint")).content)


async def grow(served: Served, count: int) -> None:
    """Add notes, and wait until a checkpoint covers them."""
    story = served.story
    await asyncio.gather(
        *(story.ledger.items.add(story.okafor, story.record, Draft("note", "Slept badly.")) for _ in range(count))
    )


async def entries_of(auditor: Client, size: int) -> list[bytes]:
    """All entries of the log, as a mirror reads them."""
    found: list[bytes] = []
    for start in range(0, size, 256):
        answer = await auditor.get(f"/log/{bundle_path(start // 256, min(256, size - start))}")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/octet-stream")
        assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
        found += parse_bundle(answer.content)
    return found


async def roots_of(entries: list[bytes], sizes: list[int]) -> dict[int, NodeHash]:
    """The root at each size, from the entries alone."""
    return {
        size: Edge.empty().extend([leaf_hash(entry) for entry in entries[:size]], paths=False).edge.root()
        for size in sizes
    }


async def test_everybody_gets_the_checkpoint_and_the_keys_that_check_it(served: Served) -> None:
    for path in ("/log/checkpoint", "/log/checkpoint/recorded"):
        answer = await served.http.get(path)
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert answer.headers["cache-control"] == "no-store"
        assert (await verifier_of(served)).open_checkpoint(answer.content).size == await served.size()


async def test_an_auditor_rebuilds_the_tree_from_entries_and_every_tile_and_proof_agrees(served: Served) -> None:
    auditor = await served.sign_in(served.story.ruth)
    await grow(served, 300)
    checkpoint = await checkpoint_of(served)
    entries = await entries_of(auditor, checkpoint.size)
    grown = Edge.empty().extend([leaf_hash(entry) for entry in entries], paths=False)
    assert grown.edge.root() == checkpoint.root
    tiles = {complete.tile: complete.hashes for complete in grown.tiles} | grown.edge.tiles()
    assert len(tiles) == 3
    for tile, hashes in tiles.items():
        answer = await served.http.get(f"/log/{tile_path(tile.level, tile.n, tile.width)}")
        assert answer.content == hashes
        assert (answer.headers["content-type"], answer.headers["cache-control"]) == (
            "application/octet-stream", FOR_EVER,
        )  # fmt: skip
    await check_proofs(served, entries, checkpoint)


async def check_proofs(served: Served, entries: list[bytes], checkpoint: Checkpoint) -> None:
    """Hold proofs at several places and sizes to the entries."""
    sizes = [1, 2, 255, 256, 257, checkpoint.size]
    roots = await roots_of(entries, sizes)
    for size in sizes:
        for index in {0, size // 2, size - 1}:
            answer = await served.http.get("/log/proof/inclusion", params={"index": index, "size": size})
            assert answer.headers["content-type"] == "text/plain; charset=utf-8"
            path = path_of(answer.text)
            check_inclusion(index, size, leaf_hash(entries[index]), path, roots[size])
    for old, new in [*pairwise(sizes), (1, checkpoint.size), (256, 256)]:
        answer = await served.http.get("/log/proof/consistency", params={"old": old, "new": new})
        check_consistency(old, roots[old], new, roots[new], [b64decode(line) for line in answer.text.splitlines()])


def path_of(text: str) -> list[bytes]:
    """The hashes of a proof: a tlog-proof's, or the bare lines."""
    head = text.partition("\n\n")[0].splitlines() if text.startswith("c2sp.org/") else ["", "", *text.splitlines()]
    return [b64decode(line) for line in head[2:]]


async def test_a_proof_at_a_signed_size_is_a_receipt_but_for_the_entry(served: Served) -> None:
    auditor = await served.sign_in(served.story.ruth)
    checkpoint = await checkpoint_of(served)
    entries = await entries_of(auditor, checkpoint.size)
    answer = await served.http.get("/log/proof/inclusion", params={"index": 3})
    check_receipt(Receipt.parse(answer.content, entries[3]), await verifier_of(served))
    consistent = await served.http.get("/log/proof/consistency", params={"old": checkpoint.size})
    assert (consistent.status_code, consistent.text) == (200, "")


async def test_what_the_tree_does_not_have_is_not_there(served: Served) -> None:
    auditor = await served.sign_in(served.story.ruth)
    size = await served.size()
    held = tile_in(size, 0, 0)
    assert held is not None
    assert held.width == size < 255
    for path in (f"tile/0/000.p/{size + 1}", "tile/0/000", "tile/0/001.p/1", "tile/1/000.p/1", "tile/63/000.p/1"):
        told = problem(await served.http.get(f"/log/{path}"), 404, "no-such-tile")
        assert f"wanted one of a tree of {size}" in told["detail"]
    for path in (f"tile/entries/000.p/{size + 1}", "tile/entries/000", "tile/entries/001.p/1"):
        problem(await auditor.get(f"/log/{path}"), 404, "no-such-tile")
    for path in (f"tile/0/000.p/{size}", "tile/0/000.p/1"):
        assert (await served.http.get(f"/log/{path}")).status_code == 200
    before = size
    await grow(served, 3)
    assert (await served.http.get(f"/log/tile/0/000.p/{before + 1}")).status_code == 200


@pytest.mark.parametrize(
    "path",
    ["0/0", "0/00", "0/0000", "00/000", "0/000.p/0", "0/000.p/256", "0/000.p/01", "0/x000/000", "64/000", "0/000/",
     "0/+00", "-1/000", "0/000.p/1/", "0", "",
     "0/\u0660\u0660\u0660", "data/000", "0/x999/x999/x999/x999/x999/x999/999"],
)  # fmt: skip
async def test_another_spelling_of_a_tile_is_not_there(served: Served, path: str) -> None:
    answer = await served.http.get(f"/log/tile/{path}")
    told = problem(answer, 404, "no-such-tile")
    assert "wanted" in told["detail"]
    assert answer.headers["cache-control"] == "no-store"


async def test_entries_are_for_auditors(served: Served) -> None:
    ruth, amina, okafor = [
        await served.sign_in(by) for by in (served.story.ruth, served.story.amina, served.story.okafor)
    ]
    assert (await ruth.get("/log/tile/entries/000.p/1")).status_code == 200
    for client in (amina, okafor):
        told = problem(await client.get("/log/tile/entries/000.p/1"), 403, "not-allowed")
        assert told["rule"] == "no-auditor"
    problem(await served.http.get("/log/tile/entries/000.p/1"), 401, "sign-in")
    # Who says that they act as an auditor has to be one.
    token = await served.token(amina.key, type(amina.by)(amina.by.person, "auditor"))
    headers = {"authorization": f"Bearer {token}"}
    problem(await served.http.get("/log/tile/entries/000.p/1", headers=headers), 403, "not-allowed")


async def test_what_cannot_be_proved_is_refused_with_the_reason(served: Served) -> None:
    size = await served.size()
    cases: list[tuple[str, dict[str, object], int, str]] = [
        ("inclusion", {"index": size, "size": size}, 422, "malformed"),
        ("inclusion", {"index": 0, "size": 0}, 422, "malformed"),
        ("inclusion", {"index": 0, "size": size + 1}, 404, "no-such-tile"),
        ("inclusion", {"index": 0, "size": 2**63 - 1}, 404, "no-such-tile"),
        ("inclusion", {"index": 0, "size": 9 * 10**18 + 3 * 10**17}, 422, "malformed"),
        ("consistency", {"old": 0, "new": size}, 422, "malformed"),
        ("consistency", {"old": 3, "new": 2}, 422, "malformed"),
        ("consistency", {"old": 1, "new": size + 1}, 404, "no-such-tile"),
    ]
    for kind, asked, status, name in cases:
        told = problem(await served.http.get(f"/log/proof/{kind}", params=asked), status, name)
        assert "wanted" in told["detail"]


@pytest.mark.parametrize("number", ["+7", "07", "7.0", " 7", "-1", "", "1e3", "\u0663", "99999999999999999999"])
async def test_a_number_has_one_spelling(served: Served, number: str) -> None:
    for kind, name in (("inclusion", "index"), ("consistency", "old")):
        answer: httpx.Response = await served.http.get(f"/log/proof/{kind}", params={name: number})
        problem(answer, 422, "malformed")
    problem(await served.http.get("/log/proof/inclusion", params={"index": 0, "guess": 1}), 422, "malformed")
