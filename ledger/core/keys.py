"""Author keys: Ed25519 public keys, their JWKs (RFC 8037) and thumbprints (RFC 7638).

A key id is the SHA-256 thumbprint of the public JWK, so it cannot be chosen. Small-order and
non-canonical points are refused: with such a key one signature can hold for many messages.

Signing and checking is libsodium's (half the time of OpenSSL's, and it refuses small-order points and
non-canonical scalars in signatures too); the tests hold it to ``cryptography`` on the same vectors.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, NewType, Protocol

from nacl.bindings import crypto_sign, crypto_sign_open, crypto_sign_seed_keypair
from nacl.exceptions import BadSignatureError

from ledger.core.assertions import Assertion
from ledger.core.canonical import base64url, unbase64url
from ledger.core.errors import BadSignature, MalformedStatement, WeakKey

KeyId = NewType("KeyId", str)
"""RFC 7638 SHA-256 thumbprint, base64url, 43 characters."""

Custody = Literal["author", "service"]

_P: Final = 2**255 - 19
# The y-coordinates of the eight points of order 1, 2, 4 and 8; a test computes them from the curve.
_ORDER_8_Y: Final = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
_SMALL_ORDER_Y: Final = frozenset({0, 1, _P - 1, _ORDER_8_Y, _P - _ORDER_8_Y})


class Signer(Protocol):
    """Somebody who can sign: holds, or reaches, one Ed25519 private key."""

    @property
    def kid(self) -> KeyId:
        """The thumbprint of the public key."""

    def sign(self, message: bytes) -> bytes:
        """The 64-byte Ed25519 signature."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """An Ed25519 public key that has passed the checks."""

    raw: bytes
    kid: KeyId

    @classmethod
    def from_raw(cls, raw: bytes) -> "PublicKey":
        """Check 32 raw bytes; raise WeakKey for a small-order or non-canonical point."""
        if len(raw) != 32:
            raise WeakKey(f"public key: got {len(raw)} bytes, wanted 32")
        y = int.from_bytes(raw, "little") & ((1 << 255) - 1)
        if y >= _P:
            raise WeakKey("public key: got a y-coordinate beyond the field, wanted the canonical encoding")
        if y in _SMALL_ORDER_Y:
            raise WeakKey("public key: got a point of small order, wanted a key made by Ed25519 key generation")
        return cls(raw, thumbprint(raw))

    @classmethod
    def from_jwk(cls, jwk: object) -> "PublicKey":
        """Read ``{"crv":"Ed25519","kty":"OKP","x":…}`` with exactly these members."""
        if not isinstance(jwk, dict) or jwk.keys() != {"crv", "kty", "x"}:
            got = sorted(jwk) if isinstance(jwk, dict) else jwk
            raise MalformedStatement("jwk", got=got, wanted="exactly the members crv, kty, x")
        if (jwk["kty"], jwk["crv"]) != ("OKP", "Ed25519"):
            raise MalformedStatement("jwk", got=[jwk["kty"], jwk["crv"]], wanted="kty OKP and crv Ed25519")
        return cls.from_raw(unbase64url(jwk["x"], "jwk.x", size=32))

    @property
    def jwk(self) -> dict[str, str]:
        """The public JWK (RFC 8037, section 2)."""
        return {"crv": "Ed25519", "kty": "OKP", "x": base64url(self.raw)}

    def check_signature(self, message: bytes, signature: bytes) -> None:
        """Raise BadSignature unless this key signed the message (RFC 8032, section 5.1.7)."""
        if len(signature) != 64:
            raise BadSignature(f"signature: got {len(signature)} bytes, wanted 64")
        try:
            crypto_sign_open(signature + message, self.raw)
        except BadSignatureError as error:
            raise BadSignature(f"signature: not made by key {self.kid} over these bytes") from error


class SigningKey:
    """An Ed25519 private key in this process: custody ``service``, tests and API clients."""

    def __init__(self, seed: bytes) -> None:
        raw, self._private = crypto_sign_seed_keypair(seed)
        self.public = PublicKey.from_raw(raw)

    @property
    def kid(self) -> KeyId:
        """The thumbprint of the public key."""
        return self.public.kid

    def sign(self, message: bytes) -> bytes:
        """The 64-byte Ed25519 signature of a message."""
        return crypto_sign(message, self._private)[:64]


def thumbprint(raw: bytes) -> KeyId:
    """The RFC 7638 thumbprint of an Ed25519 JWK: members in lexical order, no spaces."""
    return KeyId(
        base64url(hashlib.sha256(b'{"crv":"Ed25519","kty":"OKP","x":"%s"}' % base64url(raw).encode()).digest())
    )


@dataclass(frozen=True, slots=True)
class KeyStatement:
    """The ``public`` member of ``key-enrolled/1`` and ``key-revoked/1``: in clear, never erasable.

    ``evidence`` names the person the key speaks for and how that was shown.
    """

    key: PublicKey
    custody: Custody
    not_after: str | None
    evidence: Mapping[str, Any]

    @property
    def person(self) -> str:
        """The person the key speaks for."""
        return str(self.evidence["person"])

    @property
    def kid(self) -> KeyId:
        """The key's id."""
        return self.key.kid

    @property
    def certified_by(self) -> str | None:
        """Of a session key: the credential of the passkey that certifies it."""
        asserted = self.evidence.get("assertion")
        return None if asserted is None else str(asserted["credential"])

    def without_assertion(self) -> "KeyStatement":
        """The same, of an assertion only whose it is: it was held to the rest where it stands, and is long."""
        if self.certified_by is None:
            return self
        evidence = {"person": self.person, "assertion": {"credential": self.certified_by}}
        return KeyStatement(self.key, self.custody, self.not_after, evidence)

    @property
    def assertion(self) -> Assertion | None:
        """Of a session key: by which a passkey certifies it."""
        asserted = self.evidence.get("assertion")
        return None if asserted is None else Assertion.from_json(asserted)

    def as_public(self) -> dict[str, Any]:
        """The JSON object that is signed."""
        return {
            "custody": self.custody,
            "evidence": dict(self.evidence),
            "jwk": self.key.jwk,
            "not_after": self.not_after,
        }
