"""A software authenticator: what a phone or a security key does with passkeys (WebAuthn level 3, sections 6 and 7).

It answers the service's options as a browser would, with the JSON of ``PublicKeyCredential.toJSON()``. A ``Browser``
says how an answer differs from an honest one, for tests of what is refused.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ledger.core.canonical import base64url, unbase64url

ES256, EDDSA, RS256 = -7, -8, -257
USER_PRESENT, USER_VERIFIED, BACKUP_ELIGIBLE, BACKED_UP, ATTESTED = 0x01, 0x04, 0x08, 0x10, 0x40
HONEST = USER_PRESENT | USER_VERIFIED
LOCALHOST = "http://localhost:8000"


@dataclass(frozen=True)
class Browser:
    """Between page and authenticator: the page's origin, and whatever it does that an honest one would not."""

    origin: str = LOCALHOST
    rp: str | None = None
    """The relying party id that the authenticator is told; the one of the options if None."""
    challenge: bytes | None = None
    """The challenge that is signed; the one of the options if None."""
    flags: int = HONEST
    type: str | None = None
    """What the client data say was done; ``webauthn.create`` or ``webauthn.get`` if None."""
    cross_origin: bool = False
    damage_signature: bool = False

    def but(self, **changes: Any) -> "Browser":
        """The same browser, different in these."""
        return replace(self, **changes)


@dataclass
class Credential:
    """One passkey: a key, whose it is, and how often it was used."""

    id: bytes
    rp: str
    user: bytes
    algorithm: int
    private: ec.EllipticCurvePrivateKey | Ed25519PrivateKey
    count: int = 0
    counts: bool = True
    """Whether it counts its uses: passkeys that are synchronised between devices do not."""

    @property
    def jwk(self) -> dict[str, str]:
        """The public key as a JWK (RFC 7517)."""
        if isinstance(self.private, Ed25519PrivateKey):
            return {"crv": "Ed25519", "kty": "OKP", "x": base64url(_raw(self.private))}
        numbers = self.private.public_key().public_numbers()
        x, y = numbers.x.to_bytes(32), numbers.y.to_bytes(32)
        return {"crv": "P-256", "kty": "EC", "x": base64url(x), "y": base64url(y)}

    @property
    def kid(self) -> str:
        """The key's thumbprint (RFC 7638)."""
        text = json.dumps(self.jwk, sort_keys=True, separators=(",", ":"))
        return base64url(hashlib.sha256(text.encode()).digest())

    @property
    def cose(self) -> bytes:
        """The public key as a COSE_Key (RFC 9053)."""
        members = {name: unbase64url(self.jwk[name], name) for name in ("x", "y") if name in self.jwk}
        if isinstance(self.private, Ed25519PrivateKey):
            return cbor2.dumps({1: 1, 3: self.algorithm, -1: 6, -2: members["x"]}, canonical=True)
        return cbor2.dumps({1: 2, 3: self.algorithm, -1: 1, -2: members["x"], -3: members["y"]}, canonical=True)

    def sign(self, message: bytes) -> bytes:
        """The signature as WebAuthn has it: DER for ES256, 64 bytes for EdDSA."""
        if isinstance(self.private, Ed25519PrivateKey):
            return self.private.sign(message)
        return self.private.sign(message, ec.ECDSA(SHA256()))

    def used(self) -> int:
        """The sign count of one more use."""
        self.count += 1 if self.counts else 0
        return self.count


@dataclass
class Authenticator:
    """Makes passkeys, and signs with them."""

    algorithm: int = ES256
    counts: bool = True
    transports: tuple[str, ...] = ("internal",)
    credentials: dict[bytes, Credential] = field(default_factory=dict)

    def make(self, options: Mapping[str, Any], browser: Browser | None = None) -> dict[str, Any]:
        """Make a passkey as ``PublicKeyCredentialCreationOptionsJSON`` asks for; RegistrationResponseJSON."""
        page = browser or Browser()
        user = unbase64url(options["user"]["id"], "user.id")
        credential = self._fresh(page.rp or options["rp"]["id"], user)
        self.credentials[credential.id] = credential
        attested = os.urandom(16) + len(credential.id).to_bytes(2) + credential.id + credential.cose
        data = _authenticator_data(credential, page, page.flags | ATTESTED) + attested
        client = _client_data("webauthn.create", options, page)
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        response = {
            "clientDataJSON": base64url(client),
            "attestationObject": base64url(attestation),
            "transports": [*self.transports],
        }
        return _public_key_credential(credential, response)

    def sign_in(
        self, options: Mapping[str, Any], browser: Browser | None = None, *, credential: Credential | None = None
    ) -> dict[str, Any]:
        """Sign as ``PublicKeyCredentialRequestOptionsJSON`` asks for; AuthenticationResponseJSON.

        With the newest passkey that the options allow, if none is named.
        """
        page = browser or Browser()
        chosen = credential or self._allowed(options)
        data = _authenticator_data(chosen, page, page.flags)
        client = _client_data("webauthn.get", options, page)
        signature = chosen.sign(data + hashlib.sha256(client).digest())
        if page.damage_signature:
            signature = signature[:-1] + bytes([signature[-1] ^ 1])
        response = {
            "clientDataJSON": base64url(client),
            "authenticatorData": base64url(data),
            "signature": base64url(signature),
            "userHandle": base64url(chosen.user),
        }
        return _public_key_credential(chosen, response)

    def assertion(
        self, challenge: bytes, nonce: str, browser: Browser | None = None, *, credential: Credential | None = None
    ) -> dict[str, str]:
        """An assertion as statements carry one: the five members of a session key's or a high-stakes one's.

        ``challenge`` is the SHA-256 that certifies the key or payload; ``nonce`` the server's, in base64url.
        """
        chosen = credential or list(self.credentials.values())[-1]
        options = {"challenge": base64url(challenge), "rpId": chosen.rp}
        answer = self.sign_in(options, browser, credential=chosen)
        return {
            "credential": answer["id"],
            "nonce": nonce,
            "authenticator_data": answer["response"]["authenticatorData"],
            "client_data": answer["response"]["clientDataJSON"],
            "signature": answer["response"]["signature"],
        }

    def _fresh(self, rp: str, user: bytes) -> Credential:
        private = Ed25519PrivateKey.generate() if self.algorithm == EDDSA else ec.generate_private_key(ec.SECP256R1())
        return Credential(os.urandom(32), rp, user, self.algorithm, private, counts=self.counts)

    def _allowed(self, options: Mapping[str, Any]) -> Credential:
        allowed = {unbase64url(one["id"], "id") for one in options.get("allowCredentials") or ()}
        there = [one for one in self.credentials.values() if not allowed or one.id in allowed]
        if not there:
            raise LookupError("this authenticator has none of the passkeys that are allowed")
        return there[-1]


def _raw(private: Ed25519PrivateKey) -> bytes:
    return private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def _authenticator_data(credential: Credential, page: Browser, flags: int) -> bytes:
    """WebAuthn, section 6.1: the relying party's digest, the flags and the count."""
    rp = hashlib.sha256((page.rp or credential.rp).encode()).digest()
    return rp + bytes([flags]) + credential.used().to_bytes(4)


def _client_data(what: str, options: Mapping[str, Any], page: Browser) -> bytes:
    """WebAuthn, section 5.8.1: the JSON that is signed, in the order that browsers write it."""
    challenge = options["challenge"] if page.challenge is None else base64url(page.challenge)
    members = {
        "type": page.type or what,
        "challenge": challenge,
        "origin": page.origin,
        "crossOrigin": page.cross_origin,
    }
    return json.dumps(members, separators=(",", ":")).encode()


def _public_key_credential(credential: Credential, response: dict[str, Any]) -> dict[str, Any]:
    name = base64url(credential.id)
    return {
        "id": name,
        "rawId": name,
        "type": "public-key",
        "authenticatorAttachment": "platform",
        "clientExtensionResults": {},
        "response": response,
    }
