"""Receipts: what Amina keeps, checked by anyone with the log's public keys and nothing else."""

import json
from base64 import b64encode
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.checkpoint import Checkpoint
from ledger.core.edge import Edge
from ledger.core.log_keys import LogKeys
from ledger.core.merkle import NodeHash, leaf_hash
from ledger.core.receipt import Receipt, ReceiptError, check_receipt

KEYS = LogKeys.from_seeds("ledger.example.org/surgery", b"1" * 32, b"2" * 32)
ENTRIES = [json.dumps({"said": f"statement {n}, häufig"}, ensure_ascii=False).encode() for n in range(300)]


def receipts(count: int) -> list[Receipt]:
    """The receipts of a tree of ``count`` entries that were admitted together."""
    extension = Edge.empty().extend([leaf_hash(entry) for entry in ENTRIES[:count]])
    checkpoint = Checkpoint(KEYS.verifier.origin, count, extension.edge.root())
    note = KEYS.sign_checkpoint(checkpoint, 1_778_000_000)
    return [Receipt(n, extension.paths[n], note, ENTRIES[n]) for n in range(count)]


RECEIPTS = receipts(7)
AMINAS = RECEIPTS[3]
PROOF = AMINAS.proof()


def test_a_receipt_shows_that_the_log_has_the_entry() -> None:
    for receipt in RECEIPTS:
        check_receipt(receipt, KEYS.verifier)
        assert KEYS.verifier.open_checkpoint(receipt.checkpoint_note).size == 7
    [only] = receipts(1)
    assert only.path == ()
    check_receipt(only, KEYS.verifier)
    check_receipt(receipts(300)[299], KEYS.verifier)


def test_the_proof_is_text_as_the_specification_has_it() -> None:
    path = [b64encode(node).decode() for node in AMINAS.path]
    lines = ["c2sp.org/tlog-proof@v1", "index 3", *path, "", AMINAS.checkpoint_note.decode()]
    assert PROOF.decode() == "\n".join(lines)
    assert receipts(1)[0].proof().startswith(b"c2sp.org/tlog-proof@v1\nindex 0\n\nledger.example.org/surgery\n1\n")


def test_a_receipt_comes_back_from_its_bytes_and_from_json() -> None:
    for receipt in [*RECEIPTS, *receipts(1)]:
        assert Receipt.parse(receipt.proof(), receipt.entry) == receipt
        assert Receipt.from_json(json.loads(json.dumps(receipt.as_json()))) == receipt
    assert AMINAS.as_json() == {"entry": ENTRIES[3].decode(), "proof": PROOF.decode()}


OTHER_LOG = LogKeys.from_seeds("ledger.example.org/surgery", b"3" * 32, b"4" * 32)
ALTERED = {
    "another entry": replace(AMINAS, entry=ENTRIES[4]),
    "a changed word": replace(AMINAS, entry=ENTRIES[3].replace(b"3", b"4")),
    "another index": replace(AMINAS, index=2),
    "an index beyond the tree": replace(AMINAS, index=7),
    "a negative index": replace(AMINAS, index=-1),
    "another entry's path": replace(AMINAS, path=RECEIPTS[2].path),
    "a shorter path": replace(AMINAS, path=AMINAS.path[:-1]),
    "a longer path": replace(AMINAS, path=(*AMINAS.path, NodeHash(bytes(32)))),
    "an older checkpoint": replace(AMINAS, checkpoint_note=receipts(6)[0].checkpoint_note),
    "no checkpoint": replace(AMINAS, checkpoint_note=b""),
    "a checkpoint nobody signed": replace(AMINAS, checkpoint_note=AMINAS.checkpoint_note.split(b"\n\n")[0] + b"\n\n"),
    "a checkpoint by other keys of that name": replace(
        AMINAS,
        checkpoint_note=OTHER_LOG.sign_checkpoint(KEYS.verifier.open_checkpoint(AMINAS.checkpoint_note), 1_778_000_000),
    ),
}


@pytest.mark.parametrize("receipt", ALTERED.values(), ids=ALTERED)
def test_an_altered_receipt_shows_nothing(receipt: Receipt) -> None:
    with pytest.raises(ReceiptError, match=r"got .*, wanted"):
        check_receipt(receipt, KEYS.verifier)


def test_one_bit_in_any_hash_of_the_path_is_noticed() -> None:
    for place, node in enumerate(AMINAS.path):
        bad = NodeHash(node[:31] + bytes([node[31] ^ 0x80]))
        altered = replace(AMINAS, path=(*AMINAS.path[:place], bad, *AMINAS.path[place + 1 :]))
        with pytest.raises(ReceiptError, match="was altered"):
            check_receipt(altered, KEYS.verifier)


HEAD, _, NOTE = PROOF.partition(b"\n\n")
FIRST_HASH = HEAD.split(b"\n")[2]
BAD_PROOFS = {
    "nothing": b"",
    "another version": PROOF.replace(b"@v1", b"@v2"),
    "an extra line": PROOF.replace(b"index", b"extra AAAA\nindex"),
    "no index": PROOF.replace(b"index 3\n", b""),
    "an index with a sign": PROOF.replace(b"index 3", b"index +3"),
    "an index with a leading zero": PROOF.replace(b"index 3", b"index 03"),
    "an index with two spaces": PROOF.replace(b"index 3", b"index  3"),
    "an index beyond 2^63": PROOF.replace(b"index 3", b"index 9223372036854775808"),
    "an index in other digits": PROOF.replace(b"index 3", "index \u0663".encode()),
    "lines that end in CRLF": PROOF.replace(b"\n", b"\r\n"),
    "a hash without padding": PROOF.replace(FIRST_HASH, FIRST_HASH[:-1]),
    "a hash with bits after the last byte": PROOF.replace(
        FIRST_HASH, FIRST_HASH[:-2] + bytes([FIRST_HASH[-2] + 1]) + b"="
    ),
    "a hash of 31 bytes": PROOF.replace(FIRST_HASH, b64encode(bytes(31))),
    "two hashes on a line": PROOF.replace(FIRST_HASH + b"\n", FIRST_HASH + b" "),
    "64 hashes": PROOF.replace(HEAD, b"\n".join([*HEAD.split(b"\n")[:2], *[FIRST_HASH] * 64])),
    "two blank lines": PROOF.replace(b"\n\n", b"\n\n\n", 1),
    "no blank line": PROOF.replace(b"\n\n", b"\n", 1),
    "no checkpoint": HEAD + b"\n\n",
    "a checkpoint without signatures": HEAD + b"\n\n" + NOTE.split(b"\n\n")[0] + b"\n",
    "a checkpoint with an extension line": PROOF.replace(b"=\n\n\xe2", b"=\nextension\n\n\xe2"),
    "something before it": b"\n" + PROOF,
    "something behind it": PROOF + b"\n",
    "more than a note can be": PROOF + b"A" * 1_100_000,
}


@pytest.mark.parametrize("proof", BAD_PROOFS.values(), ids=BAD_PROOFS)
def test_other_spellings_of_a_proof_are_refused(proof: bytes) -> None:
    assert proof != PROOF
    with pytest.raises(ReceiptError, match=r"got .*, wanted"):
        Receipt.parse(proof, AMINAS.entry)


@given(st.binary(max_size=50), st.integers(0, len(PROOF)))
def test_a_damaged_proof_is_refused_or_reads_as_what_it_is(damage: bytes, at: int) -> None:
    damaged = PROOF[:at] + damage + PROOF[at + len(damage) :]
    try:
        receipt = Receipt.parse(damaged, AMINAS.entry)
    except ReceiptError:
        return
    assert receipt.proof() == damaged


JSON = AMINAS.as_json()


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        "text",
        {},
        {"entry": JSON["entry"]},
        {**JSON, "more": 1},
        {**JSON, "entry": 1},
        {**JSON, "proof": None},
        {**JSON, "entry": "\ud800"},
        {**JSON, "proof": JSON["proof"] + "\udfff"},
        {**JSON, "entry": "e" * 65_536},
    ],
)
def test_other_json_is_refused(value: object) -> None:
    with pytest.raises(ReceiptError, match=r"got .*, wanted"):
        Receipt.from_json(value)


def test_an_entry_that_is_not_text_cannot_go_into_json() -> None:
    with pytest.raises(ReceiptError, match="not UTF-8"):
        replace(AMINAS, entry=b"\xff").as_json()
