"""What browsers hand over from authenticators, read and checked (WebAuthn level 3, sections 7.1 and 7.2).

What whoever is at the browser can do something about is found first, and each has its own reason; then the library
takes every step. Whatever it raises over a stranger's bytes is one refusal: it fails closed.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import webauthn
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from webauthn.helpers import (
    decode_credential_public_key,
    encode_cbor,
    parse_authenticator_data,
    parse_cbor,
    parse_client_data_json,
)
from webauthn.helpers.cose import COSECRV, COSEAlgorithmIdentifier
from webauthn.helpers.decode_credential_public_key import DecodedEC2PublicKey, DecodedOKPPublicKey
from webauthn.helpers.structs import AuthenticatorData, AuthenticatorTransport, CollectedClientData

from api.sign_in.place import Place
from api.sign_in.session import SignInRefused
from ledger.core.canonical import base64url, unbase64url
from ledger.core.errors import MalformedStatement
from ledger.core.passkeys import Passkey

ALGORITHMS: Final = [COSEAlgorithmIdentifier.EDDSA, COSEAlgorithmIdentifier.ECDSA_SHA_256]
"""In the order in which they are preferred."""
REASONS: Final = (
    "challenge",
    "another-place",
    "not-verified",
    "key-type",
    "made-before",
    "too-many",
    "unknown",
    "another-account",
    "copied",
    "none",
)
"""Why a passkey is refused: each has its own message, and its own way on."""
_TRANSPORTS: Final = frozenset(one.value for one in AuthenticatorTransport)
_MOST_CHARACTERS: Final = 16_384
_FLAGS: Final = 32
_HEAD: Final = 37
"""Bytes before what is not always there: the digest of the relying party, the flags, the count."""
_AAGUID: Final = 16
_ATTESTED: Final = 0x40
_EXTENDED: Final = 0x80
_STRINGS: Final = (2, 3)
_ITEMS: Final = {4: 1, 5: 2}
"""Major types that hold items: arrays, and maps, which hold two of each."""
_TAG: Final = 6
_ES256: Final = (COSEAlgorithmIdentifier.ECDSA_SHA_256, COSECRV.P256)
_EDDSA: Final = (COSEAlgorithmIdentifier.EDDSA, COSECRV.ED25519)


class PasskeyRefused(SignInRefused):
    """A passkey is not made, or signs nobody in. ``reason`` is one of ``REASONS``."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__("invalid_grant", message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Made:
    """A new credential as it is kept: ``public_key`` is its COSE_Key, ``passkey`` the same key as a JWK."""

    public_key: bytes
    passkey: Passkey
    sign_count: int
    backed_up: bool
    transports: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Used:
    """What an assertion that holds tells: how often the credential was used (0: it does not count)."""

    sign_count: int
    backed_up: bool


@dataclass(frozen=True, slots=True)
class Response:
    """An answer of an authenticator, in its parts. Nothing in it is to be believed before it is verified.

    ``credential`` is the id of the passkey, ``user`` the handle of its owner, where the authenticator tells it.
    """

    credential: bytes
    client: CollectedClientData
    authenticator: AuthenticatorData
    user: bytes | None
    json: dict[str, Any]

    @classmethod
    def of_making(cls, value: object) -> "Response":
        """Read a RegistrationResponseJSON; raises MalformedStatement."""
        return _read(value, ("clientDataJSON", "attestationObject"), _authenticator_that_made)

    @classmethod
    def of_using(cls, value: object) -> "Response":
        """Read an AuthenticationResponseJSON; raises MalformedStatement."""
        return _read(value, ("clientDataJSON", "authenticatorData", "signature"), _authenticator_that_used)

    def check_browser(self, place: Place) -> None:
        """Raise PasskeyRefused unless it was made on a page of this place, for this place, by a verified user."""
        if self.client.origin != place.origin or self.client.cross_origin:
            got = repr(self.client.origin)[:80]
            raise PasskeyRefused("another-place", f"origin: got {got}, wanted {place.origin}; open that, and try again")
        if self.authenticator.rp_id_hash != hashlib.sha256(place.rp.encode()).digest():
            raise PasskeyRefused("another-place", f"passkey: got one of another site, wanted one of {place.rp}")
        if not self.authenticator.flags.uv:
            raise PasskeyRefused(
                "not-verified",
                "passkey: got one used by whoever was there, wanted its owner by PIN, finger or face; turn that on in"
                " the device's settings, or use another passkey",
            )

    def made(self, place: Place) -> Made:
        """The credential that was made; raises PasskeyRefused (key-type)."""
        try:
            verified = webauthn.verify_registration_response(
                credential=self.json,
                expected_challenge=self.client.challenge,
                expected_rp_id=place.rp,
                expected_origin=place.origin,
                require_user_verification=True,
                supported_pub_key_algs=ALGORITHMS,
            )
            passkey = passkey_of(verified.credential_id, verified.credential_public_key, place.rp)
        except Exception as error:
            raise PasskeyRefused(
                "key-type",
                "passkey: got one that cannot be checked here, wanted one with ES256 or Ed25519; use another device",
            ) from error
        if verified.credential_id != self.credential:
            raise MalformedStatement("credential.id", got=self.json["id"], wanted="that of the credential made")
        transports = tuple(self.json["response"]["transports"])
        return Made(
            verified.credential_public_key, passkey, verified.sign_count, verified.credential_backed_up, transports
        )

    def used(self, place: Place, public_key: bytes) -> Used | None:
        """What the answer tells if this key signed it, else None. Whether the count went back is not judged here."""
        try:
            verified = webauthn.verify_authentication_response(
                credential=self.json,
                expected_challenge=self.client.challenge,
                expected_rp_id=place.rp,
                expected_origin=place.origin,
                credential_public_key=public_key,
                credential_current_sign_count=0,
                require_user_verification=True,
            )
        except Exception:  # whatever the library raises, it was not signed by this key
            return None
        return Used(verified.new_sign_count, verified.credential_backed_up)


def passkey_of(credential: bytes, public_key: bytes, rp: str) -> Passkey:
    """The passkey of a COSE_Key (RFC 9053), as the log has it.

    Raises ValueError for a kind of key that is not asked for; MalformedStatement, WeakKey.
    """
    key = decode_credential_public_key(public_key)
    if isinstance(key, DecodedEC2PublicKey) and (key.alg, key.crv) == _ES256:
        jwk = {"crv": "P-256", "kty": "EC", "x": base64url(key.x), "y": base64url(key.y)}
    elif isinstance(key, DecodedOKPPublicKey) and (key.alg, key.crv) == _EDDSA:
        jwk = {"crv": "Ed25519", "kty": "OKP", "x": base64url(key.x)}
    else:
        raise ValueError(f"public key: got algorithm {key.alg}, wanted ES256 or EdDSA")
    return Passkey.checked(base64url(credential), jwk, rp)


def _read(
    value: object, members: Sequence[str], authenticator: Callable[[Mapping[str, bytes]], AuthenticatorData]
) -> Response:
    """Only what is used is read, and handed to the library: browsers add members as they learn more."""
    if not isinstance(value, dict) or not isinstance(answer := value.get("response"), dict):
        raise MalformedStatement("credential", got=value, wanted="what PublicKeyCredential.toJSON() gives")
    credential, user = _bytes(value, "credential.id"), answer.get("userHandle")
    parts = {name: _bytes(answer, f"credential.response.{name}") for name in members}
    try:
        client, data = parse_client_data_json(parts["clientDataJSON"]), authenticator(parts)
    except Exception as error:  # the library raises whatever its parsers do
        wanted = f"{' and '.join(members)} as the browser gives them"
        raise MalformedStatement("credential", got=value, wanted=wanted) from error
    json = {
        "id": value["id"],
        "rawId": value["id"],
        "type": value.get("type"),
        "response": {**{name: answer[name] for name in members}, "transports": _transports(answer)},
    }
    return Response(
        credential, client, data, None if user is None else _bytes(answer, "credential.response.userHandle"), json
    )


def _authenticator_that_made(parts: Mapping[str, bytes]) -> AuthenticatorData:
    attestation = parts["attestationObject"]
    _check_one_item(attestation)
    return _authenticator_data(parse_cbor(attestation)["authData"])


def _authenticator_that_used(parts: Mapping[str, bytes]) -> AuthenticatorData:
    return _authenticator_data(parts["authenticatorData"])


def _authenticator_data(data: bytes) -> AuthenticatorData:
    """Authenticator data (WebAuthn, section 6.1); raises ValueError for what the library must not be given.

    The library finds where a key ends by encoding it again, so it must be encoded as the library would. What follows
    it are extensions: nobody asked for any, but some browsers add theirs.
    """
    rest = data[_HEAD:]
    if data[_FLAGS] & _ATTESTED:
        rest = rest[_AAGUID + 2 + int.from_bytes(rest[_AAGUID : _AAGUID + 2]) :]
        key = rest[: end_of_item(rest)]
        if encode_cbor(parse_cbor(key)) != key:
            raise ValueError("a key that is not encoded as CTAP2 says")
        rest = rest[len(key) :]
    if data[_FLAGS] & _EXTENDED:
        _check_one_item(rest)
    return parse_authenticator_data(data)


def _check_one_item(data: bytes) -> None:
    if end_of_item(data) != len(data):
        raise ValueError("bytes left over")


def end_of_item(data: bytes, start: int = 0, depth: int = 4) -> int:
    """Where the CBOR item (RFC 8949) ends that begins at ``start``.

    Raises ValueError or IndexError for what CTAP2 forbids: tags, lengths that are not said, more than four storeys. A
    tag can refer to another part of the same bytes, so that two hundred of them stand for a million times as many.
    """
    major, argument, at = data[start] >> 5, data[start] & 31, start + 1
    if major == _TAG or argument > 27 or depth < 0:
        raise ValueError("a tag, no length, or too deep")
    if argument >= 24:
        size = 1 << (argument - 24)
        argument, at = int.from_bytes(data[at : at + size]), at + size
    if major in _STRINGS:
        at += argument
    for _ in range(argument * _ITEMS.get(major, 0)):
        at = end_of_item(data, at, depth - 1)
    if at > len(data):
        raise ValueError("fewer bytes than are announced")
    return at


def _bytes(members: Mapping[str, Any], what: str) -> bytes:
    value = members.get(what.rpartition(".")[2])
    if not isinstance(value, str) or not 0 < len(value) <= _MOST_CHARACTERS:
        raise MalformedStatement(what, got=value, wanted=f"1 to {_MOST_CHARACTERS} characters of base64url")
    return unbase64url(value, what)


def _transports(answer: Mapping[str, Any]) -> list[str]:
    """How the authenticator can be reached, as far as anybody knows what that means; each once."""
    named = answer.get("transports")
    return sorted({one for one in named if isinstance(one, str)} & _TRANSPORTS) if isinstance(named, list) else []


def key_of_nobody() -> bytes:
    """The COSE_Key of an ES256 key whose private half is forgotten at once."""
    public = generate_private_key(SECP256R1()).public_key()
    point = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return encode_cbor({1: 2, 3: -7, -1: 1, -2: point[1:33], -3: point[33:]})
