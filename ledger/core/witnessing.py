"""Asking a witness: the body of ``add-checkpoint``, and what a witness answers (C2SP tlog-witness).

A request is the size that the witness is thought to know, a consistency proof from it, and the signed
checkpoint::

    old 20852014
    PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
    jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=

    example.com/behind-the-sofa
    20852163
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

    — example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9…

The answer is one signature line or more, or, where the witness knows another size, that size alone
(media type ``text/x.tlog.size``)::

    20852163

Here is only the form: what a witness checks is in ``ledger.witness``.
"""

from binascii import b2a_base64
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ledger.core.checkpoint import CheckpointError, open_note
from ledger.core.errors import CoreError
from ledger.core.merkle import HASH_SIZE, NodeHash
from ledger.core.note import (
    NoteError,
    NoteSignature,
    format_signature,
    parse_base64,
    parse_decimal,
    parse_note,
)

SIZE_MEDIA_TYPE: Final = "text/x.tlog.size"
LONGEST_PROOF: Final = 63
"""Hashes; tlog-witness: "The client MUST NOT send more than 63 consistency proof lines"."""
LARGEST_REQUEST: Final = 512 * 1024
"""Bytes: a note with a hundred ML-DSA-44 signatures, and the longest proof."""


class WitnessingError(CoreError):
    """A request or an answer of the witness protocol that nobody who keeps to it would have sent."""


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """A request to cosign: the old size, the consistency path from it, and the signed note of the new checkpoint."""

    old_size: int
    proof: tuple[NodeHash, ...]
    note: bytes


def format_add_checkpoint(request: AddCheckpoint) -> bytes:
    """The body of a request (tlog-witness, "add-checkpoint")."""
    return b"old %d\n%b\n%b" % (request.old_size, b"".join(map(b2a_base64, request.proof)), request.note)


def parse_add_checkpoint(body: bytes) -> AddCheckpoint:
    """Read what ``format_add_checkpoint`` writes; raises WitnessingError for any other bytes.

    No signature and no proof is checked.
    """
    if len(body) > LARGEST_REQUEST:
        raise WitnessingError(f"request: got {len(body)} bytes, wanted at most {LARGEST_REQUEST}")
    head, blank, note = body.partition(b"\n\n")
    if not blank:
        raise WitnessingError("request: got no empty line, wanted one between the consistency proof and the checkpoint")
    try:
        open_note(note)
        first, *lines = head.decode("ascii").split("\n", LONGEST_PROOF + 1)
        if len(lines) > LONGEST_PROOF:
            raise WitnessingError(f"request: got a proof of more than {LONGEST_PROOF} hashes, wanted at most that")
        return AddCheckpoint(_old_size(first), tuple(map(_hash, lines)), note)
    except UnicodeDecodeError as error:
        raise WitnessingError("request: got bytes that are not ASCII before the checkpoint, wanted ASCII") from error
    except (CheckpointError, NoteError) as error:
        raise WitnessingError(f"request: {error}") from error


def format_cosignatures(signatures: Iterable[NoteSignature]) -> bytes:
    """The body of a witness's answer: its signature lines."""
    return "".join(map(format_signature, signatures)).encode()


def parse_cosignatures(note: bytes, body: bytes) -> tuple[NoteSignature, ...]:
    """Read a witness's answer about a note: its lines, none of them checked. Raises WitnessingError.

    As tlog-witness advises, the note and the answer are read together: what is not signature lines makes
    another note of them.
    """
    try:
        before, after = parse_note(note), parse_note(note + body)
    except NoteError as error:
        raise WitnessingError(f"answer: {error}") from error
    known = len(before.signatures)
    if after.text != before.text or len(after.signatures) == known:
        raise WitnessingError(f"answer: got {body[:80]!r}, wanted one signature line or more and nothing else")
    return after.signatures[known:]


def format_size(size: int) -> bytes:
    """The body of a 409: the size that the witness knows."""
    return b"%d\n" % size


def parse_size(body: bytes) -> int:
    """Read what ``format_size`` writes; raises WitnessingError."""
    try:
        text = body.decode("ascii")
        if not text.endswith("\n"):
            raise WitnessingError(f"size: got {text[:40]!r}, wanted a number and a newline")
        return parse_decimal(text[:-1])
    except (UnicodeDecodeError, NoteError) as error:
        raise WitnessingError(
            f"size: got {body[:40]!r}, wanted a number without leading zeros, and a newline"
        ) from error


def _old_size(line: str) -> int:
    word, _, number = line.partition(" ")
    if word != "old":
        raise WitnessingError(f"request: got the first line {line[:40]!r}, wanted 'old <size>'")
    return parse_decimal(number)


def _hash(line: str) -> NodeHash:
    value = parse_base64(line)
    if len(value) != HASH_SIZE:
        raise WitnessingError(f"request: got a hash of {len(value)} bytes in the proof, wanted {HASH_SIZE}")
    return NodeHash(value)
