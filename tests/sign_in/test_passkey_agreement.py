"""The door and the core judge assertions alike: the one with a library, the other with code of its own.

The door checks whoever signs in; the core checks what certifies a session key or assures a statement, and so does
whoever verifies offline. An assertion that only one of them takes would be a way in, or a statement nobody can check.
"""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.sign_in.authenticators import PasskeyRefused, Response, passkey_of
from api.sign_in.place import Place
from ledger.core.assertions import Assertion
from ledger.core.canonical import base64url, unbase64url
from ledger.core.errors import CoreError
from tests.sign_in.authenticator import EDDSA, ES256, HONEST, Authenticator, Browser, Credential

PLACE = Place.of("https://ledger.example")
CHALLENGE = hashlib.sha256(b"what is meant").digest()
NONCE = base64url(bytes(32))
PAGES = st.builds(
    Browser,
    origin=st.sampled_from((PLACE.origin, PLACE.origin, "http://ledger.example", "https://example", "null", "")),
    rp=st.sampled_from((None, None, None, "example", "www.ledger.example")),
    challenge=st.sampled_from((None, None, None, bytes(32), CHALLENGE + b"\0")),
    flags=st.sampled_from((HONEST, HONEST, HONEST | 0x18, HONEST | 0x08, 0x01, 0x04, 0x00)),
    type=st.sampled_from((None, None, None, "webauthn.create", "payment.get")),
    cross_origin=st.sampled_from((False, False, False, True)),
)
PARTS = ("authenticator_data", "client_data", "signature")


@dataclass(frozen=True)
class Damage:
    """One bit that is turned in one part on its way."""

    part: str
    bit: int

    def done_to(self, parts: dict[str, str]) -> dict[str, str]:
        data = bytearray(unbase64url(parts[self.part], self.part))
        at = self.bit % (8 * len(data))
        data[at // 8] ^= 1 << at % 8
        return {**parts, self.part: base64url(bytes(data))}


def credential_of(device: Authenticator) -> Credential:
    device.make({"challenge": NONCE, "rp": {"id": PLACE.rp}, "user": {"id": base64url(bytes(16))}})
    return list(device.credentials.values())[-1]


DEVICES = {algorithm: Authenticator(algorithm) for algorithm in (ES256, EDDSA)}
CREDENTIALS = {algorithm: credential_of(device) for algorithm, device in DEVICES.items()}


def core_takes(credential: Credential, parts: dict[str, str]) -> bool:
    passkey = passkey_of(credential.id, credential.cose, PLACE.rp)
    try:
        passkey.check_assertion(Assertion.from_json(parts), CHALLENGE)
    except CoreError:
        return False
    return True


def door_takes(credential: Credential, parts: dict[str, str]) -> bool:
    try:
        response = Response.of_using(
            {
                "id": parts["credential"],
                "type": "public-key",
                "response": {
                    "authenticatorData": parts["authenticator_data"],
                    "clientDataJSON": parts["client_data"],
                    "signature": parts["signature"],
                },
            }
        )
        response.check_browser(PLACE)
    except (CoreError, PasskeyRefused):
        return False
    # Once, which knows the challenges, compares them byte by byte.
    return response.client.challenge == CHALLENGE and response.used(PLACE, credential.cose) is not None


@pytest.mark.parametrize("algorithm", [ES256, EDDSA])
@settings(max_examples=150, deadline=None)
@given(page=PAGES, damage=st.none() | st.builds(Damage, st.sampled_from(PARTS), st.integers(0, 4000)))
def test_the_door_takes_what_the_core_takes(algorithm: int, page: Browser, damage: Damage | None) -> None:
    credential = CREDENTIALS[algorithm]
    parts = DEVICES[algorithm].assertion(CHALLENGE, NONCE, page, credential=credential)
    parts = parts if damage is None else damage.done_to(parts)
    honest = damage is None and page in (
        Browser(PLACE.origin, flags=flags) for flags in (HONEST, HONEST | 8, HONEST | 24)
    )
    assert door_takes(credential, parts) == core_takes(credential, parts) == honest


@pytest.mark.parametrize("algorithm", [ES256, EDDSA])
def test_every_bit_counts(algorithm: int) -> None:
    credential = CREDENTIALS[algorithm]
    parts = DEVICES[algorithm].assertion(CHALLENGE, NONCE, Browser(PLACE.origin), credential=credential)
    assert door_takes(credential, parts)
    assert core_takes(credential, parts)
    for part in PARTS:
        for bit in range(8 * len(unbase64url(parts[part], part))):
            damaged = Damage(part, bit).done_to(parts)
            assert not core_takes(credential, damaged), (part, bit)
            assert bit % 8 or not door_takes(credential, damaged), (part, bit)


def signed_over(client: bytes, data: bytes) -> dict[str, str]:
    """What an authenticator that signs anything answers."""
    credential = CREDENTIALS[EDDSA]
    signature = credential.sign(data + hashlib.sha256(client).digest())
    return {
        "credential": base64url(credential.id), "nonce": NONCE, "authenticator_data": base64url(data),
        "client_data": base64url(client), "signature": base64url(signature),
    }  # fmt: skip


CLIENT: dict[str, Any] = {"type": "webauthn.get", "challenge": base64url(CHALLENGE), "origin": PLACE.origin}
DATA = hashlib.sha256(PLACE.rp.encode()).digest() + bytes([HONEST]) + bytes(4)
COMPACT = json.dumps(CLIENT, separators=(",", ":")).encode()
ODD: dict[str, tuple[bytes, bytes, bool, bool]] = {
    # how it is odd: client data, authenticator data, whether the door takes it, whether the core does
    "not at all": (COMPACT, DATA, True, True),
    "with spaces and another member": (json.dumps({**CLIENT, "topOrigin": None}).encode(), DATA, True, True),
    "with a member twice": (COMPACT[:-1] + b',"type":"webauthn.get"}', DATA, True, False),
    "with a mark of its order of bytes": (b"\xef\xbb\xbf" + COMPACT, DATA, True, False),
    "with padding": (
        COMPACT.replace(CLIENT["challenge"].encode(), CLIENT["challenge"].encode() + b"="),
        DATA,
        True,
        False,
    ),
    "of a page below the site": (COMPACT.replace(b"https://", b"https://www."), DATA, False, True),
    "at another port": (COMPACT.replace(b"example", b"example:8443"), DATA, False, True),
    "with bytes left over": (COMPACT, DATA + b"\0", False, True),
    "kept elsewhere though it cannot be": (COMPACT, DATA[:32] + bytes([HONEST | 0x10]) + DATA[33:], False, True),
    "no text": (b"\xff" + COMPACT, DATA, False, False),
    "a list": (b"[" + COMPACT + b"]", DATA, False, False),
}


def test_where_they_differ_somebody_signed_what_no_browser_writes() -> None:
    """Each difference takes the owner's own key over odd bytes, so it lets in, or binds, nobody but its owner."""
    credential = CREDENTIALS[EDDSA]
    for title, (client, data, door, core) in ODD.items():
        parts = signed_over(client, data)
        assert (door_takes(credential, parts), core_takes(credential, parts)) == (door, core), title
