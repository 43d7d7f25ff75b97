"""Checkpoints: what the tree was at a size, signed twice by the log (C2SP tlog-checkpoint, tlog-cosignature).

::

    example.com/behind-the-sofa
    20852163
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

    — example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE…
    — example.com/behind-the-sofa xxG1OQAAAABqIVqAwMJ9…

The first three lines are the origin, the size and the root; there are no further lines, because an
ML-DSA-44 cosignature does not cover them. The log signs them under its origin as the key's name, with
Ed25519 (type 0x01) and as an ML-DSA-44 cosignature (type 0x06), and a verifier wants both: the second is
what remains when the first falls. Lines of other keys, witnesses' for one, are left aside.

The clock is an argument: seconds since 1970-01-01T00:00:00Z. ML-DSA-44 signatures are hedged (FIPS
204, section 3.4): the library draws on the system's randomness, so two over the same message differ.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from ledger.core.errors import BadSignature, CoreError
from ledger.core.keys import PublicKey, SigningKey
from ledger.core.merkle import EMPTY_ROOT, HASH_SIZE, LARGEST_SIZE, NodeHash
from ledger.core.note import (
    Note,
    NoteError,
    NoteSignature,
    SignatureType,
    VerifierKey,
    check_key_name,
    format_base64,
    format_note,
    parse_base64,
    parse_decimal,
    parse_note,
)

SEED_SIZE: Final = 32
_TIME_SIZE: Final = 8
_LATEST: Final = 2**63 - 1
_ML_DSA_44_SIGNATURE_SIZE: Final = 2420


class CheckpointError(CoreError):
    """A checkpoint that is malformed, of another log, or not signed as it must be."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The root of the log ``origin`` at ``size`` entries. Raises CheckpointError for what no log can have."""

    origin: str
    size: int
    root: NodeHash

    def __post_init__(self) -> None:
        try:
            check_key_name(self.origin)
        except NoteError as error:
            raise CheckpointError(f"checkpoint origin: {error}") from error
        if not 0 <= self.size <= LARGEST_SIZE or len(self.root) != HASH_SIZE:
            raise CheckpointError(
                f"checkpoint: got size {self.size} and a root of {len(self.root)} bytes, wanted 0 to 2^63 - 1 and 32"
            )
        if self.size == 0 and self.root != EMPTY_ROOT:
            raise CheckpointError(f"checkpoint: got root {self.root.hex()} at size 0, wanted {EMPTY_ROOT.hex()}")


@dataclass(frozen=True, slots=True)
class TimedCheckpoint:
    """A checked checkpoint, and when the log says it was the newest: seconds since the Unix epoch."""

    checkpoint: Checkpoint
    at_seconds: int


def format_checkpoint(checkpoint: Checkpoint) -> str:
    """The note text: origin, size and root, a line each (tlog-checkpoint, "Note text")."""
    return f"{checkpoint.origin}\n{checkpoint.size}\n{format_base64(checkpoint.root)}\n"


def parse_checkpoint(text: str) -> Checkpoint:
    """Read what ``format_checkpoint`` writes; raises CheckpointError for anything else, extension lines too."""
    lines = text.split("\n")
    if len(lines) != 4 or lines[3]:
        raise CheckpointError(
            f"checkpoint: got {len(lines) - 1} lines, wanted origin, size and root, and a newline each"
        )
    origin, size, root, _ = lines
    try:
        return Checkpoint(origin, parse_decimal(size), NodeHash(parse_base64(root)))
    except NoteError as error:
        raise CheckpointError(f"checkpoint: {error}") from error


def signed_message(key: VerifierKey, checkpoint: Checkpoint, at_seconds: int) -> bytes:
    """The bytes that a key of this type signs; the time matters for cosignatures only."""
    if key.type is SignatureType.ED25519:
        return format_checkpoint(checkpoint).encode()
    if key.type is SignatureType.ED25519_COSIGNATURE:
        # tlog-cosignature, "Ed25519 signed message".
        return f"cosignature/v1\ntime {at_seconds}\n{format_checkpoint(checkpoint)}".encode()
    # tlog-cosignature, "ML-DSA-44 signed message": struct cosigned_message, the whole tree from 0.
    name, origin = key.name.encode(), checkpoint.origin.encode()
    return b"".join(
        (
            b"subtree/v1\n\0",
            len(name).to_bytes(1) + name,
            at_seconds.to_bytes(_TIME_SIZE),
            len(origin).to_bytes(1) + origin,
            (0).to_bytes(8) + checkpoint.size.to_bytes(8),
            checkpoint.root,
        )
    )


@dataclass(frozen=True, slots=True)
class CheckpointSigner:
    """A private key that signs checkpoints under a name, in one type: the log's own two, or a witness's."""

    key: VerifierKey
    _private: SigningKey | MLDSA44PrivateKey = field(repr=False)

    @classmethod
    def from_seed(cls, name: str, kind: SignatureType, seed: bytes) -> Self:
        """The signer that a 32-byte seed makes (RFC 8032, section 5.1.5; FIPS 204, algorithm 6).

        Raises CheckpointError for a seed of another size and NoteError for a bad name.
        """
        if len(seed) != SEED_SIZE:
            raise CheckpointError(f"seed of {name}: got {len(seed)} bytes, wanted {SEED_SIZE} random ones")
        if kind is SignatureType.ML_DSA_44_COSIGNATURE:
            ml_dsa = MLDSA44PrivateKey.from_seed_bytes(seed)
            return cls(VerifierKey(name, kind, ml_dsa.public_key().public_bytes_raw()), ml_dsa)
        ed25519 = SigningKey(seed)
        return cls(VerifierKey(name, kind, ed25519.public.raw), ed25519)

    def sign(self, checkpoint: Checkpoint, at_seconds: int) -> NoteSignature:
        """The signature line of this key; the time must be from 0 to 2^63 - 1, or CheckpointError is raised."""
        _check_time(at_seconds)
        signature = self._private.sign(signed_message(self.key, checkpoint, at_seconds))
        if self.key.type is not SignatureType.ED25519:
            signature = at_seconds.to_bytes(_TIME_SIZE) + signature  # struct timestamped_signature
        return NoteSignature(self.key.name, self.key.key_id, signature)


def check_signature(key: VerifierKey, note: Note, checkpoint: Checkpoint) -> None:
    """Check the note's one signature by this key over the checkpoint. Raises CheckpointError."""
    try:
        value = key.find_in(note).value
        if key.type is SignatureType.ED25519:
            _check_ed25519(key, value, checkpoint, 0)
            return
        at_seconds = int.from_bytes(value[:_TIME_SIZE])
        _check_time(at_seconds)
        check = _check_ed25519 if key.type is SignatureType.ED25519_COSIGNATURE else _check_ml_dsa_44
        check(key, value[_TIME_SIZE:], checkpoint, at_seconds)
    except (NoteError, BadSignature) as error:
        raise CheckpointError(f"checkpoint of {checkpoint.origin} at size {checkpoint.size}: {error}") from error


def cosigned_at(key: VerifierKey, note: Note, checkpoint: Checkpoint) -> int:
    """Check a cosignature and tell its time, in seconds. Raises CheckpointError."""
    if key.type is SignatureType.ED25519:
        raise CheckpointError(f"cosignature by {key.name}: got a key of type 0x01, wanted a cosigner's (0x04 or 0x06)")
    check_signature(key, note, checkpoint)
    return timestamp(key, note)


def timestamp(key: VerifierKey, note: Note) -> int:
    """The time of a cosignature that has been checked, in seconds. Raises NoteError where the key has no line."""
    return int.from_bytes(key.find_in(note).value[:_TIME_SIZE])


def open_note(note: bytes) -> tuple[Note, Checkpoint]:
    """The parts of a checkpoint's note, nothing checked but the form. Raises CheckpointError."""
    try:
        parsed = parse_note(note)
    except NoteError as error:
        raise CheckpointError(f"checkpoint: {error}") from error
    return parsed, parse_checkpoint(parsed.text)


def add_cosignatures(note: bytes, signatures: Iterable[NoteSignature]) -> bytes:
    """The note with further signature lines behind those it has. Raises CheckpointError for a malformed note."""
    parsed, _ = open_note(note)
    return format_note(parsed.text, [*parsed.signatures, *signatures])


def _check_time(at_seconds: int) -> None:
    if not 0 <= at_seconds <= _LATEST:
        raise CheckpointError(f"signing time: got {at_seconds}, wanted seconds since 1970, below 2^63")


def _check_ed25519(key: VerifierKey, signature: bytes, checkpoint: Checkpoint, at_seconds: int) -> None:
    PublicKey.from_raw(key.public).check_signature(signed_message(key, checkpoint, at_seconds), signature)


def _check_ml_dsa_44(key: VerifierKey, signature: bytes, checkpoint: Checkpoint, at_seconds: int) -> None:
    if len(signature) != _ML_DSA_44_SIGNATURE_SIZE:
        raise BadSignature(f"cosignature: got {len(signature)} bytes, wanted {_ML_DSA_44_SIGNATURE_SIZE}")
    try:
        # FIPS 204, algorithm 3, with the empty context: tlog-cosignature names none.
        message = signed_message(key, checkpoint, at_seconds)
        MLDSA44PublicKey.from_public_bytes(key.public).verify(signature, message)
    except InvalidSignature as error:
        raise BadSignature(f"cosignature: not made by {key.name}+{key.key_id.hex()} over this tree") from error
