"""Passkeys: what a person's authenticator has signed, checked offline (WebAuthn level 3, sections 5.8, 6.1 and 7.2).

A passkey signs no statement. It certifies a session key, which signs them, and it assures single statements of high
stakes. Both are assertions by a verified user, whose challenge is the SHA-256 of what is meant:

    session key   "ledger/v1/session-key\\0" ‖ RFC 8785 of {key, ledger, nonce, not_after, person, v}
    statement     "ledger/v1/high-stakes\\0" ‖ nonce ‖ payload of the statement

Nothing here can tell whether a nonce was used before: that is for whoever gave it.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn, cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from ledger.core import canonical
from ledger.core.assertions import Assertion
from ledger.core.errors import BadAssertion, BadSignature, MalformedStatement, WeakKey
from ledger.core.keys import KeyId, PublicKey

_COORDINATE: Final = 32
_RP_HASH: Final = 32
_SHORTEST: Final = 37
"""Bytes of authenticator data: the hash of the relying party, the flags, the counter."""
_PRESENT: Final = 0x01
_VERIFIED: Final = 0x04
_HOST: Final = r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?"
_RP: Final = re.compile(_HOST)
_ORIGIN: Final = re.compile(rf"(https?)://({_HOST})(?::[0-9]{{1,5}})?")
"""As browsers write it (RFC 6454, section 6.2): nothing before the host, nothing behind the port."""


@dataclass(frozen=True, slots=True)
class Passkey:
    """The public key of a WebAuthn credential that has passed the checks: ES256, or EdDSA with Ed25519.

    ``credential`` is the id of the credential in base64url, ``jwk`` exactly the public members, ``rp`` the relying
    party (a host) that it was made for.
    """

    credential: str
    jwk: Mapping[str, str]
    rp: str

    @classmethod
    def checked(cls, credential: object, jwk: object, rp: object) -> "Passkey":
        """Check all three; raises MalformedStatement, WeakKey."""
        if not isinstance(rp, str) or not _RP.fullmatch(rp):
            raise MalformedStatement("rp", got=rp, wanted="the name of a host, in lower case")
        if not 1 <= len(canonical.unbase64url(credential, "credential")) <= 1023:
            raise MalformedStatement("credential", got=credential, wanted="1 to 1023 bytes")
        if isinstance(jwk, dict) and jwk.get("kty") == "EC":
            _p256(jwk)
        else:
            PublicKey.from_jwk(jwk)
        return cls(str(credential), dict(cast("Mapping[str, str]", jwk)), rp)

    @property
    def kid(self) -> KeyId:
        """The RFC 7638 thumbprint of the JWK."""
        return thumbprint_of(self.jwk)

    def check_assertion(self, assertion: Assertion, challenge: bytes) -> None:
        """Raise BadAssertion unless this passkey's owner, verified, meant exactly this challenge at its own site."""
        if assertion.credential != self.credential:
            raise BadAssertion(f"assertion: got one by credential {assertion.credential}, wanted {self.credential}")
        self._check_client_data(assertion.client_data, challenge)
        self._check_authenticator_data(assertion.authenticator_data)
        signed = assertion.authenticator_data + hashlib.sha256(assertion.client_data).digest()
        try:
            if self.jwk["kty"] == "EC":
                _p256(self.jwk).verify(assertion.signature, signed, ec.ECDSA(SHA256()))
            else:
                PublicKey.from_jwk(dict(self.jwk)).check_signature(signed, assertion.signature)
        except (InvalidSignature, BadSignature) as error:
            raise BadAssertion(f"assertion: not signed by passkey {self.kid} over these bytes") from error

    def _check_client_data(self, data: bytes, challenge: bytes) -> None:
        said = _client_data(data)
        if said.get("type") != "webauthn.get":
            raise BadAssertion(f"client data: got type {said.get('type')!r}, wanted 'webauthn.get'")
        if said.get("challenge") != canonical.base64url(challenge):
            raise BadAssertion("client data: got the challenge of something else, wanted that of what is said here")
        if not _is_at(said.get("origin"), self.rp) or said.get("crossOrigin", False) is not False:
            raise BadAssertion(f"client data: got origin {said.get('origin')!r}, wanted {self.rp} itself")

    def _check_authenticator_data(self, data: bytes) -> None:
        if len(data) < _SHORTEST or data[:_RP_HASH] != hashlib.sha256(self.rp.encode()).digest():
            raise BadAssertion(f"authenticator data: wanted an assertion for {self.rp}")
        if data[_RP_HASH] & (_PRESENT | _VERIFIED) != _PRESENT | _VERIFIED:
            raise BadAssertion("authenticator data: wanted a user who was present and verified (PIN, finger or face)")


@dataclass(frozen=True, slots=True)
class PasskeyStatement:
    """The ``public`` member of ``passkey-enrolled/1`` and ``passkey-revoked/1``: in clear, never erasable.

    ``evidence`` names the person it is of, how that was shown, the credential and the relying party.
    """

    passkey: Passkey
    evidence: Mapping[str, Any]

    @classmethod
    def of(cls, passkey: Passkey, person: str, by: str) -> "PasskeyStatement":
        """What is said of a passkey: whose it is, and as what whoever says so acts."""
        return cls(passkey, {"person": person, "by": by, "credential": passkey.credential, "rp": passkey.rp})

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> "PasskeyStatement":
        """Read what ``as_public`` writes; raises MalformedStatement, WeakKey."""
        evidence = value["evidence"]
        return cls(Passkey.checked(evidence["credential"], value["jwk"], evidence["rp"]), evidence)

    @property
    def kid(self) -> KeyId:
        """The passkey's id."""
        return self.passkey.kid

    @property
    def person(self) -> str:
        """The person whose passkey it is."""
        return str(self.evidence["person"])

    def as_public(self) -> dict[str, Any]:
        """The JSON object that is signed."""
        return {
            "custody": "author",
            "evidence": dict(self.evidence),
            "jwk": dict(self.passkey.jwk),
            "not_after": None,
        }


def thumbprint_of(jwk: Mapping[str, str]) -> KeyId:
    """The RFC 7638 SHA-256 thumbprint of a public JWK with its required members only."""
    return KeyId(canonical.base64url(hashlib.sha256(canonical.encode(dict(jwk))).digest()))


def challenge_of_session_key(ledger: str, person: str, key: PublicKey, nonce: bytes, not_after: str) -> bytes:
    """The challenge by which a passkey certifies a session key for one ledger, until ``not_after``."""
    certificate = {
        "v": 1,
        "ledger": ledger,
        "person": person,
        "key": key.jwk,
        "nonce": canonical.base64url(nonce),
        "not_after": not_after,
    }
    return hashlib.sha256(b"ledger/v1/session-key\0" + canonical.encode(certificate)).digest()


def challenge_of_statement(nonce: bytes, payload: bytes) -> bytes:
    """The challenge by which a passkey assures one statement."""
    return hashlib.sha256(b"ledger/v1/high-stakes\0" + nonce + payload).digest()


def _p256(jwk: Mapping[str, Any]) -> ec.EllipticCurvePublicKey:
    if jwk.keys() != {"crv", "kty", "x", "y"} or jwk["crv"] != "P-256":
        raise MalformedStatement("jwk", got=sorted(jwk), wanted="crv P-256 and exactly the members crv, kty, x, y")
    x, y = (int.from_bytes(canonical.unbase64url(jwk[name], f"jwk.{name}", size=_COORDINATE)) for name in "xy")
    try:
        return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    except ValueError as error:
        raise WeakKey("jwk: got a point that is not on P-256, wanted a key made by an authenticator") from error


def _client_data(data: bytes) -> Mapping[str, Any]:
    """The members of clientDataJSON. One that stands twice would mean different things to different readers."""
    try:
        said = json.loads(data.decode(), object_pairs_hook=_each_once, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise BadAssertion(f"client data: got {data[:40]!r}, wanted the JSON that a browser writes") from error
    if not isinstance(said, dict):
        raise BadAssertion("client data: wanted an object")
    return said


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    said = dict(pairs)
    if len(said) != len(pairs):
        raise ValueError("a member stands twice")
    return said


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _is_at(origin: object, rp: str) -> bool:
    """Whether an origin is a page of the relying party: its host or below, over https (or http on localhost)."""
    found = _ORIGIN.fullmatch(origin) if isinstance(origin, str) else None
    if found is None:
        return False
    scheme, host = found.groups()
    secure = scheme == "https" or host == "localhost"
    return secure and (host == rp or host.endswith("." + rp))
