"""What no browser or authenticator would send at the door is named, and costs neither time nor a challenge."""

import time
from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

import cbor2
import pytest

from api.sign_in.passkeys import Passkeys
from ledger.core.canonical import base64url, unbase64url
from ledger.core.errors import MalformedStatement
from tests.sign_in.at_the_door import PLACE, WHOM, altered, made, signed
from tests.sign_in.authenticator import HONEST, Authenticator
from tests.story import Story

MALFORMED: dict[str, Callable[[dict[str, Any]], Any]] = {
    "nothing": lambda _: None,
    "a list": lambda _: [],
    "no answer": lambda answer: {**answer, "response": "none"},
    "no id": lambda answer: {name: value for name, value in answer.items() if name != "id"},
    "an id with padding": lambda answer: {**answer, "id": answer["id"] + "="},
    "a number for client data": altered("clientDataJSON", 7),
    "client data that are no JSON": altered("clientDataJSON", base64url(b"no JSON")),
    "client data that are a list": altered("clientDataJSON", base64url(b"[]")),
    "client data without end": altered("clientDataJSON", base64url(b"[" * 4000)),
    "short authenticator data": altered("authenticatorData", base64url(b"short")),
    "much": altered("signature", "A" * 20_000),
    "a text in another alphabet": altered("signature", "ü"),
    "a lone surrogate": altered("userHandle", "\ud800"),
}


async def test_what_no_browser_would_send_is_named_and_costs_no_challenge(story: Story, passkeys: Passkeys) -> None:
    device = Authenticator()
    await made(passkeys, device, story.amina)
    answer = signed(passkeys, device)
    for title, damage in MALFORMED.items():
        with pytest.raises(MalformedStatement, match="credential"):
            await passkeys.sign_in(damage(answer), PLACE)
        assert title
    await passkeys.sign_in(answer, PLACE)


def many_from_few(levels: int) -> bytes:
    """CBOR that doubles with each level: every list holds the one before twice, by reference."""
    lists = [b"\xd8\x1c\x82\x00\x00"]
    lists += [b"\xd8\x1c\x82" + 2 * (b"\xd8\x1d" + cbor2.dumps(level)) for level in range(levels)]
    return bytes([0x98, levels + 1]) + b"".join(lists)


def data_with(key: bytes, extensions: bytes = b"") -> bytes:
    """Authenticator data with a key, and extensions."""
    flags = HONEST | 0x40 | (0x80 if extensions else 0)
    return bytes(32) + bytes([flags]) + bytes(4) + bytes(16) + b"\0\1k" + key + extensions


KEY: Final = cbor2.dumps({1: 1, 3: -8, -1: 6, -2: bytes(32)})
# Longer than it need be, so that the library would go on reading within its last member.
LONG_KEY: Final = b"\xa1\x1b" + bytes(7) + b"\x01" + b"\x58\x40" + bytes(20) + many_from_few(6)[:44].ljust(44, b"\0")
DATA: Final[dict[str, bytes]] = {
    "a key that refers to itself": data_with(many_from_few(200)),
    "extensions that refer to themselves": data_with(KEY, many_from_few(200)),
    "extensions alone that refer to themselves": bytes(32) + bytes([HONEST | 0x80]) + bytes(4) + many_from_few(200),
    "a date for a key": data_with(b"\xc1\x00"),
    "a key within a key, five times": data_with(b"\x81" * 5 + b"\x00"),
    "a key of no length": data_with(b"\xbf\xff"),
    "a key of every length": data_with(b"\xbb" + b"\xff" * 8),
    "a key that ends early": data_with(b"\x58\x40ab"),
    "a key spelled at length": data_with(LONG_KEY),
    "bytes left over": data_with(KEY, KEY + KEY),
    "no key": data_with(b""),
}


async def test_what_an_authenticator_would_never_encode_costs_no_time(passkeys: Passkeys) -> None:
    device = Authenticator()
    device.make(await passkeys.options_to_make(str(UUID(int=7)), "", PLACE, WHOM))
    began = time.process_time()
    for title, data in DATA.items():
        answer = altered("authenticatorData", base64url(data))(signed(passkeys, device))
        with pytest.raises(MalformedStatement):
            await passkeys.sign_in(answer, PLACE)
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        answer = altered("attestationObject", base64url(attestation))(answer)
        with pytest.raises(MalformedStatement):
            await passkeys.make(str(UUID(int=7)), answer, PLACE, title, WHOM)
    for attestation in (many_from_few(200), b"\xa0", b"\xa1\x68authData\x00", b""):
        answer = altered("attestationObject", base64url(attestation))(signed(passkeys, device))
        with pytest.raises(MalformedStatement):
            await passkeys.make(str(UUID(int=7)), answer, PLACE, "attested", WHOM)
    assert time.process_time() - began < 2


async def test_extensions_that_nobody_asked_for_do_no_harm(story: Story, passkeys: Passkeys) -> None:
    device = Authenticator()
    options = await passkeys.options_to_make(story.amina.person, "", PLACE, WHOM)
    answer = device.make(options)
    attested = cbor2.loads(unbase64url(answer["response"]["attestationObject"], "attestationObject"))
    data = bytearray(attested["authData"])
    data[32] |= 0x80
    attested["authData"] = bytes(data) + cbor2.dumps({"credProtect": 2})
    answer = altered("attestationObject", base64url(cbor2.dumps(attested)))(answer)
    await passkeys.make(story.amina.person, answer, PLACE, "Phone", WHOM)
    await passkeys.sign_in(signed(passkeys, device), PLACE)
