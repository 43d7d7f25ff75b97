"""Receipts: what an author keeps to show that a statement was admitted (C2SP tlog-proof).

A receipt is an entry with its proof, and needs nothing else but the log's public keys to be checked.
The proof is text::

    c2sp.org/tlog-proof@v1
    index 73894
    gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=
    B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=
    …

    example.com/fancylog
    109482
    sFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=

    — example.com/fancylog hI2DJw…roloI=

the entry's index, its inclusion path from the leaf's sibling up, a blank line, and the checkpoint's
note as the log signed it. There is no ``extra`` line: the entry travels beside the proof, in JSON as
``{"entry": …, "proof": …}``; it is canonical JSON, hence text.
"""

from binascii import b2a_base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from ledger.core.checkpoint import CheckpointError, open_note
from ledger.core.errors import CoreError
from ledger.core.log_keys import LogVerifier
from ledger.core.merkle import HASH_SIZE, NodeHash, ProofError, check_inclusion, leaf_hash
from ledger.core.note import LARGEST_NOTE, NoteError, parse_base64, parse_decimal
from ledger.core.tiles import LARGEST_ENTRY

LONGEST_PATH: Final = 63
_FIRST_LINE: Final = "c2sp.org/tlog-proof@v1"
_LARGEST_PROOF: Final = LARGEST_NOTE + 4096


class ReceiptError(CoreError):
    """A receipt that is malformed or does not show what it says."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """An entry's bytes, its index and inclusion path, and the signed note of the checkpoint they lead to."""

    index: int
    path: tuple[NodeHash, ...]
    checkpoint_note: bytes
    entry: bytes

    def proof(self) -> bytes:
        """The tlog-proof, without the entry: the content of a ``.tlog-proof`` file."""
        hashes = b"".join(map(b2a_base64, self.path))  # each with its newline
        return b"c2sp.org/tlog-proof@v1\nindex %d\n%b\n%b" % (self.index, hashes, self.checkpoint_note)

    def as_json(self) -> dict[str, str]:
        """The members ``entry`` and ``proof``, as text. Raises ReceiptError for an entry that is not UTF-8."""
        try:
            return {"entry": self.entry.decode(), "proof": self.proof().decode()}
        except UnicodeDecodeError as error:
            raise ReceiptError(f"receipt of entry {self.index}: got bytes that are not UTF-8, wanted text") from error

    @classmethod
    def parse(cls, proof: bytes, entry: bytes) -> Self:
        """Read what ``proof`` writes; raises ReceiptError for any other bytes, an ``extra`` line too.

        Nothing is checked but the form.
        """
        if len(proof) > _LARGEST_PROOF or len(entry) > LARGEST_ENTRY:
            raise ReceiptError(
                f"receipt: got a proof of {len(proof)} and an entry of {len(entry)} bytes, "
                f"wanted at most {_LARGEST_PROOF} and {LARGEST_ENTRY}"
            )
        head, _, note = proof.partition(b"\n\n")
        try:
            open_note(note)
            index, path = _parse_head(head)
        except (CheckpointError, NoteError) as error:
            raise ReceiptError(f"receipt: {error}") from error
        return cls(index, path, note, entry)

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Read what ``as_json`` gives; raises ReceiptError for anything else."""
        if not isinstance(value, Mapping) or value.keys() != {"entry", "proof"}:
            raise ReceiptError("receipt: got other members, wanted an object of exactly entry and proof")
        entry, proof = value["entry"], value["proof"]
        if not isinstance(entry, str) or not isinstance(proof, str):
            raise ReceiptError("receipt: got an entry or a proof that is not text, wanted both as text")
        try:
            return cls.parse(proof.encode(), entry.encode())
        except UnicodeEncodeError as error:
            raise ReceiptError("receipt: got a lone surrogate, wanted text that UTF-8 can encode") from error


def check_receipt(receipt: Receipt, verifier: LogVerifier) -> None:
    """Check, offline, that the log has the entry at its index. Raises ReceiptError.

    1. Both keys of a pair of the log's have signed the checkpoint, one that is believed at its size.
    2. The entry's hash leads along the path to the checkpoint's root.
    """
    try:
        checkpoint = verifier.open_checkpoint(receipt.checkpoint_note)
        leaf = leaf_hash(receipt.entry)
        check_inclusion(receipt.index, checkpoint.size, leaf, receipt.path, checkpoint.root)
    except (CheckpointError, ProofError) as error:
        raise ReceiptError(f"receipt of entry {receipt.index}: {error}") from error


def _parse_head(head: bytes) -> tuple[int, tuple[NodeHash, ...]]:
    """The index and the path from the lines before the blank one. Raises NoteError or ReceiptError."""
    try:
        first, index, *hashes = head.decode("ascii").split("\n", LONGEST_PATH + 2)
    except ValueError as error:
        raise ReceiptError("receipt: got no ASCII lines for the index and the path, wanted a tlog-proof") from error
    if first != _FIRST_LINE or not index.startswith("index "):
        raise ReceiptError(f"receipt: got {first[:40]!r} and {index[:40]!r}, wanted {_FIRST_LINE!r} and 'index <n>'")
    path = tuple(NodeHash(parse_base64(line)) for line in hashes)
    if len(path) > LONGEST_PATH or any(len(node) != HASH_SIZE for node in path):
        raise ReceiptError(f"receipt: got a path that no tree has, wanted at most {LONGEST_PATH} hashes of 32 bytes")
    return parse_decimal(index.removeprefix("index ")), path
