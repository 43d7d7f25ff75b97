"""Laws of ID tokens: whatever is in one, it is refused or believed, and nothing else happens."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.sign_in.discovery import ALGORITHMS
from api.sign_in.id_token import Expected, IdToken
from api.sign_in.session import SignInRefused
from ledger.core.canonical import base64url
from ledger.core.instants import Instant

NOW = Instant(1_800_000_000_000)
EXPECTED = Expected("https://login.example", "record-ledger", "a nonce", NOW)
SECONDS = NOW // 1000
GOOD = {
    "iss": EXPECTED.issuer,
    "aud": EXPECTED.client_id,
    "sub": "somebody",
    "nonce": EXPECTED.nonce,
    "iat": SECONDS,
    "exp": SECONDS + 60,
    "auth_time": SECONDS,
}
WORDS = st.sampled_from([*GOOD, "azp", "nbf", "at_hash", *ALGORITHMS, "none", "JWT", "", "\ud800", "\0"])
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | WORDS | st.text(max_size=5)
JSON = LEAVES | st.lists(LEAVES, max_size=2) | st.dictionaries(WORDS, LEAVES, max_size=2)
HEADERS = st.fixed_dictionaries(
    {"alg": JSON | st.sampled_from(ALGORITHMS)}, optional={"typ": JSON, "kid": JSON, "crit": JSON}
)
SOME_CLAIMS = st.dictionaries(st.sampled_from([*GOOD, "azp", "nbf", "at_hash"]), JSON, max_size=4)


def token(header: Any, claims: Any) -> str:
    """A token as a provider writes one, with a signature of nobody's."""
    return ".".join(base64url(json.dumps(part).encode()) for part in (header, claims, "signature"))


@settings(max_examples=100, deadline=None)
@given(HEADERS | JSON, JSON)
def test_a_token_is_taken_apart_or_refused(header: Any, claims: Any) -> None:
    try:
        parsed = IdToken.parse(token(header, claims))
    except SignInRefused:
        return
    assert (parsed.algorithm, json.dumps(parsed.claims)) == (header["alg"], json.dumps(claims))
    with pytest.raises(SignInRefused):
        parsed.check_signature(None)


@settings(max_examples=100, deadline=None)
@given(SOME_CLAIMS)
def test_claims_hold_or_are_refused(changes: dict[str, Any]) -> None:
    parsed = IdToken.parse(token({"alg": "ES256"}, {**GOOD, **changes}))
    try:
        parsed.check_claims(EXPECTED, "an access token", NOW)
    except SignInRefused:
        return
    named = {name: parsed.claims[name] for name in ("iss", "nonce")}
    assert named == {name: GOOD[name] for name in named}
    assert parsed.claims["aud"] in (EXPECTED.client_id, [EXPECTED.client_id])


def test_a_good_token_holds_whatever_else_it_says() -> None:
    IdToken.parse(token({"alg": "ES256"}, {**GOOD, "roles": ["clinician"]})).check_claims(EXPECTED, None, NOW)


@pytest.mark.parametrize("name", GOOD)
def test_each_claim_is_needed(name: str) -> None:
    claims = {claim: value for claim, value in GOOD.items() if claim != name}
    with pytest.raises(SignInRefused, match=f"{name}: got"):
        IdToken.parse(token({"alg": "ES256"}, claims)).check_claims(EXPECTED, None, NOW)


@pytest.mark.parametrize("text", [None, 5, "", "..", "é.é.é", "\ud800", "a" * 70_000, [], b"a.b.c"])
def test_what_is_no_token_is_refused(text: object) -> None:
    with pytest.raises(SignInRefused, match="wanted a signed JWT"):
        IdToken.parse(text)
