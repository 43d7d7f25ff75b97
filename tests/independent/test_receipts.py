"""Checkpoints and receipts, held against Go's sumdb/note and proofbundle, and against ``cryptography`` for ML-DSA-44.

Go's library knows Ed25519 alone, so the second signature of a checkpoint is checked for it here, from the text of
C2SP tlog-cosignature; proofbundle knows both.
"""

import random
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey
from proofbundle import checkpoint as bundled
from proofbundle import tlogproof as bundled_proof
from proofbundle.errors import ProofBundleError

from ledger.core.checkpoint import Checkpoint, open_note
from ledger.core.errors import CoreError
from ledger.core.log_keys import LogKeyPair, LogKeys, LogPair, LogVerifier
from ledger.core.merkle import NodeHash
from ledger.core.note import NoteSignature, format_note
from ledger.core.receipt import Receipt, check_receipt
from tests.independent.go import Go
from tests.independent.test_tree import OurTree, entries_of, flipped

ORIGIN = "ledger.example.org/surgery"
AT = 1_778_000_000
FIRST, SECOND = (LogKeyPair.from_seeds(ORIGIN, bytes([n]) * 32, bytes([n, 0] * 16)) for n in (1, 2))
ALONE = LogKeys((FIRST,), LogVerifier((FIRST.public,)))
BOTH = LogKeys((FIRST, SECOND), LogVerifier((FIRST.public, SECOND.public)))
SIZES = [1, 2, 7, 8, 256, 257, 600]


def ours(receipt: Receipt, pair: LogPair) -> bool:
    try:
        check_receipt(Receipt.parse(receipt.proof(), receipt.entry), LogVerifier((pair,)))
    except CoreError:
        return False
    return True


def by_proofbundle(receipt: Receipt, pair: LogPair) -> bool:
    try:
        text = receipt.proof().decode()
        proved = bundled_proof.verify_tlog_proof(text, receipt.entry, str(pair.ed25519), expected_origin=ORIGIN)
        cosigned = bundled.verify_cosignature(receipt.checkpoint_note.decode(), str(pair.ml_dsa_44))
    except (ProofBundleError, UnicodeDecodeError):
        return False
    return bool(proved["ok"] and cosigned["ok"])


def by_cryptography(note: bytes, pair: LogPair) -> bool:
    """The ML-DSA-44 cosignature (tlog-cosignature, "ML-DSA-44 signed message"), and nothing else."""
    name = pair.ml_dsa_44.name.encode()
    text, _, lines = note.decode(errors="replace").rpartition("\n\n")
    origin, size, root = text.split("\n")
    begins = f"— {pair.ml_dsa_44.name} "
    blobs = [b64decode(line.removeprefix(begins)) for line in lines.splitlines() if line.startswith(begins)]
    blobs = [blob[4:] for blob in blobs if blob[:4] == pair.ml_dsa_44.key_id]
    if len(blobs) != 1 or not size.isdecimal() or int(size) >= 2**63:
        return False
    message = (
        b"subtree/v1\n\0"
        + bytes([len(name)])
        + name
        + blobs[0][:8]
        + bytes([len(origin.encode())])
        + origin.encode()
        + bytes(8)
        + int(size).to_bytes(8)
        + b64decode(root)
    )
    try:
        MLDSA44PublicKey.from_public_bytes(pair.ml_dsa_44.public).verify(blobs[0][8:], message)
    except InvalidSignature:
        return False
    return True


def for_go(receipt: Receipt, pair: LogPair) -> dict[str, Any]:
    return {"Ask": "receipt", "Proof": receipt.proof(), "Entry": receipt.entry, "VKey": str(pair.ed25519)}


def verdicts(go: Go, receipts: list[Receipt], pair: LogPair = FIRST.public) -> list[bool]:
    """What all three say of each receipt; they must agree."""
    ed25519 = go.accepts([for_go(receipt, pair) for receipt in receipts])
    for receipt, said in zip(receipts, ed25519, strict=True):
        of_go = said and by_cryptography(receipt.checkpoint_note, pair)
        told = (ours(receipt, pair), by_proofbundle(receipt, pair), of_go)
        assert told in ((True,) * 3, (False,) * 3), receipt.proof().decode(errors="replace")
    return [ours(receipt, pair) for receipt in receipts]


@dataclass(frozen=True)
class Parts:
    """A receipt taken apart, so that each part can be another without the form being broken."""

    receipt: Receipt
    checkpoint: Checkpoint
    signatures: tuple[NoteSignature, ...]

    def text(self, *lines: str) -> Receipt:
        """The receipt with other lines in the place of the checkpoint's, under the signatures as they were."""
        return replace(self.receipt, checkpoint_note=format_note("\n".join(lines) + "\n", self.signatures))

    def signed(self, *signatures: NoteSignature) -> Receipt:
        text, _, _ = self.receipt.checkpoint_note.decode().rpartition("\n\n")
        return replace(self.receipt, checkpoint_note=format_note(text + "\n", signatures))


@pytest.fixture(scope="module")
def tree() -> OurTree:
    return OurTree(entries_of(600), range(1, 601))


def receipt_of(tree: OurTree, index: int, size: int, keys: LogKeys = ALONE) -> Receipt:
    note = keys.sign_checkpoint(Checkpoint(ORIGIN, size, NodeHash(tree.roots[size])), AT)
    return Receipt(index, tree.path(index, size), note, tree.entries[index])


def parts_of(tree: OurTree, index: int, size: int) -> Parts:
    receipt = receipt_of(tree, index, size)
    note, checkpoint = open_note(receipt.checkpoint_note)
    return Parts(receipt, checkpoint, note.signatures)


def test_receipts_of_every_place_pass_with_all_three(go: Go, tree: OurTree) -> None:
    receipts = [receipt_of(tree, index, size) for size in SIZES for index in sorted({0, size // 2, size - 1})]
    assert all(verdicts(go, receipts))


def test_during_an_overlap_each_pair_alone_is_enough_for_all_three(go: Go, tree: OurTree) -> None:
    receipts = [receipt_of(tree, size - 1, size, BOTH) for size in SIZES]
    assert all(verdicts(go, receipts, FIRST.public))
    assert all(verdicts(go, receipts, SECOND.public))
    assert not any(verdicts(go, [receipt_of(tree, 0, 7)], SECOND.public)), "not before it"


def without_keys(parts: Parts, dice: random.Random) -> Iterator[Receipt]:
    """What anybody can do to a receipt who has no key of the log."""
    receipt, (ed25519, ml_dsa_44) = parts.receipt, parts.signatures
    origin, size, root = parts.checkpoint.origin, parts.checkpoint.size, parts.checkpoint.root
    for place, node in enumerate(receipt.path):
        yield replace(receipt, path=(*receipt.path[:place], flipped(node, dice), *receipt.path[place + 1 :]))
        yield replace(receipt, path=(*receipt.path[:place], *receipt.path[place + 1 :]))
    yield replace(receipt, path=(*receipt.path, NodeHash(bytes(32))))
    yield from (replace(receipt, index=index) for index in (receipt.index + 1, receipt.index ^ 1, size, 2**40))
    yield from (replace(receipt, entry=entry) for entry in (flipped(receipt.entry, dice), receipt.entry + b" ", b""))
    for other in (size + 1, size - 1, size * 10, 0):
        yield parts.text(origin, str(other), b64encode(root).decode())
    for other_root in (flipped(root, dice), bytes(32)):
        yield parts.text(origin, str(size), b64encode(other_root).decode())
    for other_origin in ("ledger.example.org/other", origin + "x", origin.upper()):
        yield parts.text(other_origin, str(size), b64encode(root).decode())
    yield parts.text(origin, str(size), b64encode(root).decode(), "extension")
    for line in parts.signatures:
        kept = tuple(other for other in parts.signatures if other != line)
        yield parts.signed(*kept)
        for bad in (
            replace(line, value=flipped(line.value, dice)),
            replace(line, value=line.value[:-1]),
            replace(line, value=line.value + b"\0"),
            replace(line, key_id=flipped(line.key_id, dice)),
            replace(line, name="ledger.example.org/other"),
        ):
            yield parts.signed(*(bad if other == line else other for other in parts.signatures))
    yield parts.signed(replace(ed25519, key_id=ml_dsa_44.key_id), replace(ml_dsa_44, key_id=ed25519.key_id))
    yield parts.signed(SECOND.ed25519.sign(parts.checkpoint, AT), SECOND.ml_dsa_44.sign(parts.checkpoint, AT))
    yield parts.signed(FIRST.ed25519.sign(parts.checkpoint, AT), SECOND.ml_dsa_44.sign(parts.checkpoint, AT))


def by_a_lying_log(parts: Parts) -> Iterator[Receipt]:
    """What the log itself can sign, with both of its keys, over a tree that it does not have."""
    checkpoint, receipt = parts.checkpoint, parts.receipt
    lies = [
        replace(checkpoint, root=NodeHash(bytes(32))),
        replace(checkpoint, size=checkpoint.size + 1),
        replace(checkpoint, size=2**62),
        replace(checkpoint, size=max(1, checkpoint.size - 1)),
    ]
    yield from (replace(receipt, checkpoint_note=ALONE.sign_checkpoint(lie, AT)) for lie in lies)


def test_every_receipt_that_was_tampered_with_without_the_keys_is_refused_by_all_three(go: Go, tree: OurTree) -> None:
    dice = random.Random(1964)
    places = [parts_of(tree, dice.randrange(size), size) for size in SIZES for _ in range(3)]
    receipts = list(chain.from_iterable(without_keys(parts, dice) for parts in places))
    assert len(receipts) > 850
    assert not any(verdicts(go, receipts))


def test_what_a_lying_log_signs_is_refused_by_all_three_or_by_none(go: Go, tree: OurTree) -> None:
    places = [parts_of(tree, index, size) for size in SIZES for index in sorted({0, size // 2, size - 1})]
    said = verdicts(go, list(chain.from_iterable(map(by_a_lying_log, places))))
    assert said.count(False) >= len(places) * 2


def test_whatever_one_of_them_refuses_we_refuse_too_byte_by_byte(go: Go, tree: OurTree) -> None:
    """Where spellings differ (base64, an extra line, the order of lines), the product is never the laxer one."""
    dice = random.Random(8785)
    original = receipt_of(tree, 100, 257)
    proof = original.proof()
    # Most of the bytes are one ML-DSA signature, on the last line: half of the trials are in the rest.
    rest = proof.rindex("—".encode()) + 60
    places = [dice.randrange(rest) for _ in range(1_000)] + [dice.randrange(len(proof)) for _ in range(1_000)]
    spellings = [bytes([(proof[place] + dice.randrange(1, 256)) % 256]) for place in places]
    damaged = [proof[:place] + byte + proof[place + 1 :] for place, byte in zip(places, spellings, strict=True)]
    asked = [
        {"Ask": "receipt", "Proof": one, "Entry": original.entry, "VKey": str(FIRST.public.ed25519)} for one in damaged
    ]
    accepted = 0
    for one, of_go in zip(damaged, go.accepts(asked), strict=True):
        try:
            receipt = Receipt.parse(one, original.entry)
            check_receipt(receipt, ALONE.verifier)
        except CoreError:
            continue
        accepted += 1
        assert of_go
        assert by_proofbundle(receipt, FIRST.public)
    assert accepted == 0, "not one byte of a receipt may be another"
