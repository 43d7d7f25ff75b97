"""Passkeys by themselves: which pages are a relying party's, what client data may be, which keys."""

import hashlib
import json
import time

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from ledger.core.assertions import Assertion
from ledger.core.canonical import base64url
from ledger.core.errors import BadAssertion, CoreError
from ledger.core.instants import Instant
from ledger.core.key_history import Enrolment, KeyHistory
from ledger.core.keys import KeyId, KeyStatement, SigningKey
from ledger.core.passkeys import Passkey

PRIVATE = ec.derive_private_key(1, ec.SECP256R1())
NUMBERS = PRIVATE.public_key().public_numbers()
P = 2**256 - 2**224 + 2**192 + 2**96 - 1
CHALLENGE = b"c" * 32
PAGE = {"type": "webauthn.get", "challenge": base64url(CHALLENGE), "crossOrigin": False}


def jwk_of(x: int, y: int) -> dict[str, str]:
    return {"crv": "P-256", "kty": "EC", "x": base64url(x.to_bytes(32)), "y": base64url(y.to_bytes(32))}


def check(client_data: bytes, rp: str = "ledger.example", signature: bytes | None = None) -> None:
    """Check an assertion that a passkey really made over this client data."""
    passkey = Passkey.checked("AAAA", jwk_of(NUMBERS.x, NUMBERS.y), rp)
    about = hashlib.sha256(rp.encode()).digest() + b"\x05" + bytes(4)
    over = about + hashlib.sha256(client_data).digest()
    made = PRIVATE.sign(over, ec.ECDSA(SHA256())) if signature is None else signature
    passkey.check_assertion(Assertion("AAAA", bytes(32), about, client_data, made), CHALLENGE)


GOOD = [
    "https://ledger.example", "https://ledger.example:8443", "https://here.ledger.example",
]  # fmt: skip
BAD: list[object] = [
    "http://ledger.example", "https://ledger.example.evil.example", "https://evilledger.example",
    "https://evil.example/.ledger.example", "https://evil.example#.ledger.example", "https://ledger.example/",
    "https://ledger.example/page", "https://me:word@ledger.example", "https://evil.example\\@ledger.example",
    "https://LEDGER.example", "https://ledger.example.", "https://.ledger.example", "https://ledger.example:x",
    "https://ledger.example:999999", " https://ledger.example", "https://led\nger.example", "https:ledger.example",
    "https://\ud800.ledger.example", "https://[::1].ledger.example", "https://[", "null", "", None, 5, [],
]  # fmt: skip


@pytest.mark.parametrize("origin", GOOD)
def test_a_page_of_the_relying_party_is_at_its_host_or_below(origin: str) -> None:
    check(json.dumps({**PAGE, "origin": origin}).encode())


@pytest.mark.parametrize("origin", BAD, ids=repr)
def test_what_no_browser_writes_of_a_page_of_the_relying_party_is_refused(origin: object) -> None:
    with pytest.raises(BadAssertion, match="origin"):
        check(json.dumps({**PAGE, "origin": origin}).encode())


@pytest.mark.parametrize(
    ("origin", "good"),
    [("http://localhost:8000", True), ("http://localhost", True), ("http://evil.localhost", False),
     ("https://localhost.evil.example", False), ("http://me@localhost", False), ("http://127.0.0.1", False)],
)  # fmt: skip
def test_localhost_alone_needs_no_encryption(origin: str, good: bool) -> None:
    data = json.dumps({**PAGE, "origin": origin}).encode()
    if good:
        check(data, "localhost")
        return
    with pytest.raises(BadAssertion, match="origin"):
        check(data, "localhost")


WHOLE = json.dumps({**PAGE, "origin": GOOD[0]}).encode()


@pytest.mark.parametrize(
    "data",
    [b'{"type":"webauthn.create",' + WHOLE[1:], b'{"\\u0074ype":"webauthn.create",' + WHOLE[1:],
     WHOLE[:-1] + b',"x":{"a":1,"a":2}}', WHOLE[:-1] + b',"x":NaN}', WHOLE[:-1] + b',"x":' + b"9" * 5000 + b"}",
     b'{"type":' + b"[" * 20_000 + b"]" * 20_000 + b"}", b'{"type":' + b"[" * 900 + b"]" * 900 + b"}",
     b"\xef\xbb\xbf" + WHOLE, b"\xff" + WHOLE, WHOLE + b"x", b"[]", b"null", b"",
     WHOLE.replace(b"false", b"true"), WHOLE.replace(b"false", b"0"), WHOLE.replace(b"false", b"null")],
    ids=lambda data: repr(data[:20]),
)  # fmt: skip
def test_client_data_that_readers_could_take_differently_is_refused_quickly(data: bytes) -> None:
    began = time.process_time()
    with pytest.raises(BadAssertion):
        check(data)
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    ("x", "y"),
    [(NUMBERS.x, NUMBERS.y + 1), (0, 0), (P, NUMBERS.y), (NUMBERS.x, P), (2**256 - 1, 2**256 - 1)],
)  # fmt: skip
def test_a_point_that_is_not_on_the_curve_is_no_key(x: int, y: int) -> None:
    with pytest.raises(CoreError, match="P-256"):
        Passkey.checked("AAAA", jwk_of(x, y), "ledger.example")


@pytest.mark.parametrize("rp", ["", " ", "LEDGER.example", "https://ledger.example", "ledger.example:443", "é", 5])
def test_a_relying_party_is_a_host(rp: object) -> None:
    with pytest.raises(CoreError, match="rp"):
        Passkey.checked("AAAA", jwk_of(NUMBERS.x, NUMBERS.y), rp)


def test_what_a_person_has_is_found_without_walking_everybodys_keys() -> None:
    """Verification asks it for each key that a registrar without one enrols."""
    public = SigningKey(b"k" * 32).public
    said = KeyStatement(public, "service", None, {"person": "p", "by": "service"})
    keys = KeyHistory({(f"p{n}", KeyId("k")): Enrolment(said, n) for n in range(100_000)})
    began = time.process_time()
    for n in range(1000):
        assert not keys.has_own(f"p{n}", 2**53 - 1, Instant(0))
    assert time.process_time() - began < 1
