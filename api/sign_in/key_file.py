"""A key that only its owner can use, as a file: a private JWK (RFC 8037), readable by its owner alone.

What a program needs to sign in and to sign statements: the private key, whose it is, and for which ledger.
"""

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ledger.core.canonical import base64url, unbase64url
from ledger.core.errors import CoreError
from ledger.core.instants import MINUTE, SECOND, Instant
from ledger.core.keys import SigningKey

_MEMBERS: Final = {"kty", "crv", "x", "d", "kid", "person", "ledger"}
_ASSERTED_FOR: Final = 2 * MINUTE


class KeyFileError(Exception):
    """A key file cannot be read or written, or anybody may read it."""


@dataclass(frozen=True, slots=True)
class KeyFile:
    """A private key, the person it speaks for, and the origin of the ledger where it is enrolled."""

    key: SigningKey
    seed: bytes
    person: str
    ledger: str

    @classmethod
    def fresh(cls, person: str, ledger: str) -> "KeyFile":
        """A new key."""
        seed = secrets.token_bytes(32)
        return cls(SigningKey(seed), seed, person, ledger)

    @classmethod
    def read(cls, file: Path) -> "KeyFile":
        """Read a key file; raises KeyFileError."""
        try:
            if file.stat().st_mode & 0o077:
                raise KeyFileError(f"{file}: got permissions for others, wanted 0600; run chmod 600 on it")
            return cls._of(json.loads(file.read_text()))
        except (OSError, ValueError, CoreError) as error:
            raise KeyFileError(
                f"{file}: got no key ({error}), wanted a file from record-ledger keys make; name another, or make one"
            ) from error

    @classmethod
    def _of(cls, jwk: Mapping[str, Any]) -> "KeyFile":
        if not isinstance(jwk, dict) or jwk.keys() != _MEMBERS:
            raise ValueError(f"wanted exactly the members {', '.join(sorted(_MEMBERS))}")
        seed = unbase64url(jwk["d"], "d", size=32)
        key = SigningKey(seed)
        if (jwk["kid"], jwk["x"]) != (key.kid, key.public.jwk["x"]):
            raise ValueError("kid and x are not those of d")
        return cls(key, seed, str(jwk["person"]), str(jwk["ledger"]))

    def write(self, file: Path) -> None:
        """Write it where nothing is yet, 0600; raises KeyFileError."""
        jwk = {**self.key.public.jwk, "d": base64url(self.seed), "kid": self.key.kid}
        text = json.dumps({**jwk, "person": self.person, "ledger": self.ledger}, indent=2)
        try:
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise KeyFileError(f"{file}: cannot be written ({error.strerror}); choose a new name for it") from error
        with os.fdopen(descriptor, "w") as opened:
            opened.write(text + "\n")
            opened.flush()
            os.fsync(opened.fileno())

    def assertion(self, now: Instant) -> str:
        """A client assertion (RFC 7523, section 3), good once and for two minutes."""
        header = {"alg": "EdDSA", "typ": "JWT", "kid": self.key.kid}
        claims = {
            "iss": self.person,
            "sub": self.person,
            "aud": self.ledger,
            "jti": secrets.token_urlsafe(16),
            "iat": now // SECOND,
            "exp": (now + _ASSERTED_FOR) // SECOND,
        }
        signed = ".".join(base64url(json.dumps(part).encode()) for part in (header, claims))
        return f"{signed}.{base64url(self.key.sign(signed.encode()))}"
