"""Sealing: contents that are committed to for ever and can be opened only while their key exists.

A part (facts or words) is committed with a fresh 256-bit salt, sealed under a data key of its own, and
the data key is wrapped under the key-encryption key. Destroying the wrapped key erases the part;
the commitment, the signature over it and every proof stay (``docs/reference/format.md``, section 2).
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NewType

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ledger.core import canonical
from ledger.core.errors import BadCommitment, MalformedStatement, SealBroken

SealedBytes = NewType("SealedBytes", bytes)
"""nonce (12) ‖ AES-256-GCM ciphertext and tag."""
WrappedKey = NewType("WrappedKey", bytes)
"""nonce (12) ‖ AES-256-GCM of a 32-byte data key: 60 bytes."""

SALT_SIZE = 32
NONCE_SIZE = 12
KEY_SIZE = 32
RANDOM_PER_PART = SALT_SIZE + KEY_SIZE + 2 * NONCE_SIZE
"""Bytes of fresh randomness that sealing one part consumes."""


class Part(IntEnum):
    """The parts of a statement's content; the number is the vault's column."""

    FACTS = 0
    WORDS = 1

    @property
    def label(self) -> str:
        """The member of the statement that commits to the part."""
        return _LABELS[self]


_LABELS = ("facts", "words")


@dataclass(frozen=True, slots=True)
class Opening:
    """What opens a commitment: the salt and the canonical bytes of the body."""

    salt: bytes
    body: bytes

    @property
    def commitment(self) -> str:
        """base64url HMAC-SHA256 with the salt as key over the body (43 characters)."""
        return canonical.base64url(hmac.digest(self.salt, self.body, "sha256"))

    @property
    def plaintext(self) -> bytes:
        """RFC 8785 bytes of ``{"body": …, "salt": …}``."""
        return b'{"body":' + self.body + b',"salt":"' + canonical.base64url(self.salt).encode() + b'"}'

    @property
    def value(self) -> Mapping[str, Any]:
        """The body as an object."""
        value: Mapping[str, Any] = canonical.decode(self.body, "body")
        return value

    def check_commitment(self, commitment: str, what: str) -> None:
        """Raise BadCommitment unless this opens the commitment."""
        if not hmac.compare_digest(self.commitment, commitment):
            raise BadCommitment(f"{what}: got content that commits to {self.commitment}, wanted {commitment}")


@dataclass(frozen=True, slots=True)
class SealedPart:
    """A part as it is kept: ciphertext in the log's row, wrapped key in the vault."""

    sealed: SealedBytes
    wrapped: WrappedKey

    @property
    def digest(self) -> bytes:
        """SHA-256 of the sealed bytes, named in the entry."""
        return hashlib.sha256(self.sealed).digest()


class KeyEncryptionKey:
    """The 32-byte key that wraps data keys, AES-256-GCM."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_SIZE:
            raise SealBroken(f"key-encryption key: got {len(key)} bytes, wanted {KEY_SIZE}")
        self._gcm = AESGCM(key)

    def wrap(self, data_key: bytes, nonce: bytes, statement_id: str, part: Part) -> WrappedKey:
        """Wrap a data key, bound to its statement and part."""
        return WrappedKey(nonce + self._gcm.encrypt(nonce, data_key, _aad(b"ledger/v1/wrapped\0", statement_id, part)))

    def unwrap(self, wrapped: bytes, statement_id: str, part: Part) -> bytes:
        """The data key; raise SealBroken if it was wrapped for anything else."""
        aad = _aad(b"ledger/v1/wrapped\0", statement_id, part)
        try:
            return self._gcm.decrypt(wrapped[:NONCE_SIZE], wrapped[NONCE_SIZE:], aad)
        except (InvalidTag, ValueError) as error:
            raise SealBroken(
                f"wrapped key of {part.label} of statement {statement_id}: does not open under this key-encryption key"
            ) from error


def rewrap(
    wrapped: bytes, statement_id: str, part: Part, *, old: KeyEncryptionKey, new: KeyEncryptionKey, nonce: bytes
) -> WrappedKey:
    """The same data key under another key-encryption key, with 12 fresh random bytes; raises SealBroken as unwrap."""
    return new.wrap(old.unwrap(wrapped, statement_id, part), nonce, statement_id, part)


def seal(opening: Opening, statement_id: str, part: Part, kek: KeyEncryptionKey, randomness: bytes) -> SealedPart:
    """Seal a part with 56 random bytes: data key (32), nonce of the seal (12), nonce of the wrap (12)."""
    data_key, nonce, wrap_nonce = randomness[:32], randomness[32:44], randomness[44:56]
    ciphertext = AESGCM(data_key).encrypt(nonce, opening.plaintext, _aad(b"ledger/v1/sealed\0", statement_id, part))
    return SealedPart(SealedBytes(nonce + ciphertext), kek.wrap(data_key, wrap_nonce, statement_id, part))


def open_sealed(sealed: SealedPart, statement_id: str, part: Part, kek: KeyEncryptionKey) -> Opening:
    """Open a part; raise SealBroken or MalformedStatement if it is not what was sealed for this statement."""
    return parse_plaintext(_decrypt(sealed, statement_id, part, kek), part.label)


def read_sealed(
    sealed: SealedPart, statement_id: str, part: Part, kek: KeyEncryptionKey, commitment: str
) -> Mapping[str, Any]:
    """The body of a part, held to its commitment: raise SealBroken or BadCommitment if it is not what was said.

    The commitment is over the only bytes of the body, so it shows all that a strict parse of the plaintext shows.
    """
    plaintext = _decrypt(sealed, statement_id, part, kek)
    try:
        value = orjson.loads(plaintext)
        body: Mapping[str, Any] = value["body"]
        opening = Opening(canonical.read_base64url(value["salt"]), canonical.encode(body))
    except (AttributeError, TypeError, KeyError, ValueError) as error:
        raise SealBroken(f"sealed {part.label} of statement {statement_id}: got no body and salt in it") from error
    opening.check_commitment(commitment, f"{part.label} of {statement_id}")
    return body


def _decrypt(sealed: SealedPart, statement_id: str, part: Part, kek: KeyEncryptionKey) -> bytes:
    data_key = kek.unwrap(sealed.wrapped, statement_id, part)
    aad = _aad(b"ledger/v1/sealed\0", statement_id, part)
    try:
        return AESGCM(data_key).decrypt(sealed.sealed[:NONCE_SIZE], sealed.sealed[NONCE_SIZE:], aad)
    except (InvalidTag, ValueError) as error:
        raise SealBroken(f"sealed {part.label} of statement {statement_id}: altered, or sealed for another") from error


def parse_plaintext(plaintext: bytes, what: str) -> Opening:
    """Read the canonical ``{"body": …, "salt": …}`` of a part."""
    value = canonical.decode(plaintext, what)
    if not isinstance(value, dict) or value.keys() != {"body", "salt"} or not isinstance(value["body"], dict):
        raise MalformedStatement(what, got=value, wanted="exactly the members body (an object) and salt")
    return Opening(
        canonical.unbase64url(value["salt"], f"{what}.salt", size=SALT_SIZE), canonical.encode(value["body"])
    )


def _aad(label: bytes, statement_id: str, part: Part) -> bytes:
    return label + statement_id.encode() + part.label.encode()
