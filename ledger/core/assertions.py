"""An assertion as it is kept: what a person's authenticator answered (WebAuthn level 3, section 5.2.2), to which nonce.

What it means, and whether it holds, is for ``passkeys`` to say.
"""

from dataclasses import dataclass
from typing import Any, Final

from ledger.core import canonical, shapes

NONCE_SIZE: Final = 32
_PARTS: Final = ("authenticator_data", "client_data", "signature")
_ASSERTION: Final = shapes.members(dict.fromkeys(("credential", "nonce", *_PARTS), shapes.text))


@dataclass(frozen=True, slots=True)
class Assertion:
    """What an authenticator answered, bytes as they came; ``credential`` is its id in base64url, ``nonce`` ours."""

    credential: str
    nonce: bytes
    authenticator_data: bytes
    client_data: bytes
    signature: bytes

    @classmethod
    def from_json(cls, value: Any, what: str = "assertion") -> "Assertion":
        """Read what ``as_json`` writes; raises MalformedStatement for anything else."""
        _ASSERTION(what, value)
        parts = {name: canonical.unbase64url(value[name], f"{what}.{name}") for name in _PARTS}
        return cls(value["credential"], canonical.unbase64url(value["nonce"], "nonce", size=NONCE_SIZE), **parts)

    def as_json(self) -> dict[str, str]:
        """The object that is kept: each member base64url without padding."""
        return {
            "credential": self.credential,
            "nonce": canonical.base64url(self.nonce),
            **{name: canonical.base64url(getattr(self, name)) for name in _PARTS},
        }
