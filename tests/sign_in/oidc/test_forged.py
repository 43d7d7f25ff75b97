"""What comes back from a provider, and is not what it should be: refused each time, and nobody is signed in."""

import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import pytest_asyncio
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from api.http.cookies import SESSION
from api.http.oidc import UNDER_WAY
from ledger.core.canonical import base64url
from tests.http.served import problem
from tests.sign_in.browser import Browser
from tests.sign_in.oidc.forger import ACCESS_TOKEN, CLIENT, SUBJECT, Forger, at_hash, new_key

pytestmark = pytest.mark.asyncio(loop_scope="module")

CALLBACK = "/sign-in/oidc/forger/callback"
HOUR = 3600
RSA = RSAKey.generate_key(2048, {"kid": "rsa", "use": "sig"})
ED25519 = OKPKey.generate_key("Ed25519", {"kid": "ed", "use": "sig"})
Forgery = Callable[[Forger, str], str]


@pytest_asyncio.fixture(autouse=True, loop_scope="module")
async def honest(browser: Browser, forger: Forger) -> None:
    """The forger is honest when a test begins, and knows Amina; what it says of itself is read again."""
    forger.honest()
    read_again(browser)
    doors = browser.service.doors
    await doors.identities.link(forger.issuer, SUBJECT, browser.served.story.amina.person)


def read_again(browser: Browser) -> None:
    """Let an hour go by for what the forger says of itself."""
    browser.service.doors.openid._discoveries["forger"]._good_until = 0


async def leave(browser: Browser) -> dict[str, str]:
    """Leave for the forger; what it is asked."""
    left = await browser.get("/sign-in/oidc/forger")
    assert left.status_code == 303, left.text
    return {name: value for name, [value] in parse_qs(urlsplit(left.headers["location"]).query).items()}


async def come_back(browser: Browser, forger: Forger, asked: dict[str, str], **changes: Any) -> httpx.Response:
    """Come back with a code; ``changes`` replace the answer's parameters, or leave out those that are None."""
    answer = {"code": "a code", "state": asked["state"], "iss": forger.issuer, **changes}
    return await browser.get(CALLBACK, **{name: value for name, value in answer.items() if value is not None})


def assert_refused(
    browser: Browser, answer: httpx.Response, because: str, status: int = 401, kind: str = "sign-in"
) -> None:
    """The answer is a problem for this reason, and nobody is signed in by it."""
    detail = problem(answer, status, kind)["detail"]
    assert because in detail, detail
    assert SESSION not in browser.cookies


async def test_an_honest_answer_lets_in(browser: Browser, forger: Forger) -> None:
    asked = await leave(browser)
    assert asked == {
        "response_type": "code",
        "client_id": CLIENT,
        "redirect_uri": f"http://localhost:8420{CALLBACK}",
        "scope": "openid",
        "state": asked["state"],
        "nonce": asked["nonce"],
        "code_challenge": asked["code_challenge"],
        "code_challenge_method": "S256",
        "prompt": "login",
        "max_age": "0",
    }
    forger.say(forger.token(forger.claims(asked["nonce"], at_hash=at_hash(ACCESS_TOKEN), azp=CLIENT, aud=[CLIENT])))
    back = await come_back(browser, forger, asked)
    assert (back.status_code, back.headers["location"]) == (303, "/"), back.text
    assert UNDER_WAY not in browser.cookies
    session = (await browser.get("/session")).json()
    assert (session["person"], session["means"]) == (browser.served.story.amina.person, "oidc")


@pytest.mark.parametrize(
    ("key", "algorithm"), [(RSA, "RS256"), (RSA, "PS256"), (ED25519, "EdDSA"), (ED25519, "Ed25519")]
)
async def test_each_algorithm_of_the_list_lets_in(
    browser: Browser, forger: Forger, key: RSAKey | OKPKey, algorithm: str
) -> None:
    forger.keys.append(key.as_dict(private=False))
    asked = await leave(browser)
    forger.say(forger.token(forger.claims(asked["nonce"]), key, alg=algorithm, kid=key.kid))
    assert (await come_back(browser, forger, asked)).status_code == 303


def tampered(forger: Forger, nonce: str) -> str:
    """Somebody else's subject under the signature of an honest token."""
    head, _, tail = forger.token(forger.claims(nonce)).split(".")
    return f"{head}.{forger.token(forger.claims(nonce, sub='somebody-else')).split('.')[1]}.{tail}"


def unsigned(forger: Forger, nonce: str) -> str:
    payload = forger.token(forger.claims(nonce)).split(".")[1]
    header = base64url(b'{"alg":"none"}')
    return f"{header}.{payload}."


def signed_with_a_public_key(forger: Forger, nonce: str) -> str:
    """The public key, which everybody has, taken for a secret that is shared."""
    published = json.dumps(forger.keys[0]).encode()
    secret = OctKey.import_key({"kty": "oct", "k": base64url(published)})
    return forger.token(forger.claims(nonce), secret, alg="HS256")


def says(**changes: Any) -> Forgery:
    """An honestly signed token with other claims."""
    return lambda forger, nonce: forger.token(forger.claims(nonce, **changes))


def heads(**header: Any) -> Forgery:
    """An honestly signed token under another header."""
    return lambda forger, nonce: forger.token(forger.claims(nonce), **header)


def by(key: ECKey) -> Forgery:
    """A token under another key."""
    return lambda forger, nonce: forger.token(forger.claims(nonce), key, kid=key.kid)


NOW = int(time.time())
FORGED: dict[str, tuple[Forgery, str]] = {
    "tampered": (tampered, "got a signature that does not fit"),
    "alg none": (unsigned, "alg: got another"),
    "HS256 with the public key": (signed_with_a_public_key, "alg: got another"),
    "an algorithm of another family": (
        heads(kid="first", alg="ES256", typ="at+jwt"),
        "got a header that no ID token has",
    ),
    "critical header": (heads(crit=["exp"], exp=1), "got a header that no ID token has"),
    "a key of the attacker's under its own id": (
        by(new_key("mine")),
        "kid: got a key that the provider does not publish",
    ),
    "a key of the attacker's under the provider's id": (by(new_key("first")), "got a signature that does not fit"),
    "wrong issuer": (says(iss="https://login.example"), "iss: got another issuer"),
    "no issuer": (says(iss=None), "iss: got another issuer"),
    "wrong audience": (says(aud="another-client"), "aud: got another audience"),
    "a further audience": (says(aud=[CLIENT, "another-client"]), "aud: got another audience"),
    "no audience": (says(aud=None), "aud: got another audience"),
    "azp of another party": (says(azp="another-client"), "azp: got another party"),
    "wrong nonce": (says(nonce="that of another sign-in"), "nonce: got another or none"),
    "missing nonce": (says(nonce=None), "nonce: got another or none"),
    "expired": (says(exp=NOW - 120), "exp: got one that is over or none"),
    "never expires": (says(exp=None), "exp: got one that is over or none"),
    "iat in the future": (says(iat=NOW + HOUR), "iat: got one that is ahead or none"),
    "iat long ago": (says(iat=NOW - HOUR), "iat: got one before this sign-in"),
    "iat that is no number": (says(iat="now"), "iat: got one that is ahead or none"),
    "not yet": (says(nbf=NOW + HOUR), "nbf: got one that is ahead"),
    "whoever was there before": (says(auth_time=NOW - HOUR), "auth_time: got one before this sign-in"),
    "nobody says when": (says(auth_time=None), "auth_time: got one before this sign-in"),
    "at_hash of another token": (says(at_hash=at_hash("another")), "at_hash: got that of another access token"),
    "no subject": (says(sub=None), "sub: got none"),
    "a subject that no column takes": (says(sub="some\0body"), "sub: got none"),
    "an unknown subject": (says(sub="unknown"), "identity: got one that lets nobody in here"),
    "claims that allow nothing": (says(level="low"), "claims: got none that lets you act as patient"),
    "a type that is no text": (heads(typ=1), "got a header that no ID token has"),
    "a key id that is no text": (heads(kid=1), "got"),
    "no token": (lambda forger, nonce: "", "got something else, wanted a signed JWT"),
    "no JWT": (lambda forger, nonce: "a.b.c", "got something else, wanted a signed JWT"),
    "encrypted": (lambda forger, nonce: "a.b.c.d.e", "got something else, wanted a signed JWT"),
    "claims that are no object": (lambda forger, nonce: forger.token([]), "got no claims"),
}


@pytest.mark.parametrize("name", FORGED)
async def test_a_forged_id_token_lets_nobody_in(browser: Browser, forger: Forger, name: str) -> None:
    forge, because = FORGED[name]
    asked = await leave(browser)
    forger.say(forge(forger, asked["nonce"]))
    answer = await come_back(browser, forger, asked)
    allowed = name == "claims that allow nothing"
    assert_refused(browser, answer, because, *((403, "not-allowed") if allowed else ()))


ANSWERS: dict[str, tuple[dict[str, Any], str]] = {
    "no state": ({"state": None}, "state: got that of another sign-in, or none"),
    "another state": ({"state": "mine"}, "state: got that of another sign-in, or none"),
    "no code": ({"code": None}, "code: got none"),
    "missing iss": ({"iss": None}, "iss: got none"),
    "foreign iss": ({"iss": "https://login.example"}, "iss: got another provider's answer"),
    "two codes": ({"code": ["one", "two"]}, "got a parameter twice"),
    "a code without end": ({"code": "c" * 5000}, "got a parameter too long"),
    "the provider says no": ({"code": None, "error": "access_denied"}, "you, or the provider, said no"),
    "an error with words": ({"code": None, "error": "<script>"}, "provider: the provider refused"),
    "an error of another provider": ({"error": "access_denied", "iss": "https://login.example"}, "iss: got another"),
}


@pytest.mark.parametrize("name", ANSWERS)
async def test_a_forged_answer_lets_nobody_in(browser: Browser, forger: Forger, name: str) -> None:
    changes, because = ANSWERS[name]
    asked = await leave(browser)
    forger.say(forger.token(forger.claims(asked["nonce"])))
    answer = await come_back(browser, forger, asked, **changes)
    assert_refused(browser, answer, because)
    assert "<script>" not in answer.text
    assert UNDER_WAY not in browser.cookies


async def test_a_state_is_good_once(browser: Browser, forger: Forger) -> None:
    asked = await leave(browser)
    forger.say(forger.token(forger.claims(asked["nonce"])))
    kept = browser.cookies[UNDER_WAY]
    assert (await come_back(browser, forger, asked)).status_code == 303
    browser.cookies = {UNDER_WAY: kept}
    answer = await come_back(browser, forger, asked)
    assert_refused(browser, answer, "state: got one that was used", 422, "sign-in-refused")


async def test_the_state_of_another_browser_lets_nobody_in(browser: Browser, forger: Forger) -> None:
    async with Browser.of(browser.served) as attackers:
        asked = await leave(attackers)
        forger.say(forger.token(forger.claims(asked["nonce"])))
    assert_refused(browser, await come_back(browser, forger, asked), "state: got no sign-in that this browser began")
    await leave(browser)  # one of its own does not help
    assert_refused(browser, await come_back(browser, forger, asked), "state: got that of another sign-in")
    browser.cookies = {UNDER_WAY: "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..AAAA.AAAA.AAAA"}
    assert_refused(browser, await come_back(browser, forger, asked), "state: got no sign-in that this browser began")


async def test_a_sign_in_takes_ten_minutes_at_most(
    browser: Browser, forger: Forger, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = await leave(browser)
    openid = browser.service.doors.openid
    monkeypatch.setattr(openid, "clock", lambda: int(time.time() * 1000) + 600_000)
    assert_refused(browser, await come_back(browser, forger, asked), "state: got no sign-in that this browser began")


async def test_a_verifier_goes_with_each_code(browser: Browser, forger: Forger) -> None:
    asked = await leave(browser)
    forger.answer = {"error": "invalid_grant"}
    assert_refused(
        browser, await come_back(browser, forger, asked), "code: got one that was used, is over, or is another"
    )
    assert forger.form["grant_type"] == "authorization_code"
    assert forger.form["redirect_uri"] == asked["redirect_uri"]
    assert len(forger.form["code_verifier"]) == 43
    assert "client_secret" not in forger.form


FAILING: dict[str, tuple[dict[str, Any], str]] = {
    "another issuer": ({"issuer": "https://login.example"}, "its discovery document is of another issuer"),
    "no PKCE": ({"code_challenge_methods_supported": None}, "it does not say that it takes PKCE"),
    "PKCE downgraded": ({"code_challenge_methods_supported": ["plain"]}, "it does not say that it takes PKCE"),
    "a plain endpoint": ({"token_endpoint": "http://login.example/token"}, "its token_endpoint is no URL with https"),
    "keys on another scheme": ({"jwks_uri": "file:///etc/passwd"}, "its jwks_uri is no URL with https"),
    "no keys": ({"jwks_uri": "http://127.0.0.1:9/keys"}, "did not answer (ConnectError)"),
    "a document without end": ({"claims_supported": ["a" * 300_000]}, "did not answer (ReadError)"),
}


@pytest.mark.parametrize("name", FAILING)
async def test_a_provider_that_fails_is_not_left_for(browser: Browser, forger: Forger, name: str) -> None:
    about, because = FAILING[name]
    forger.about = about
    read_again(browser)
    answer = await browser.get("/sign-in/oidc/forger")
    assert_refused(browser, answer, because, 503, "provider")
    assert UNDER_WAY not in browser.cookies


async def test_a_provider_that_failed_is_left_alone_for_a_moment(browser: Browser, forger: Forger) -> None:
    forger.about = {"issuer": "https://login.example"}
    read_again(browser)
    assert_refused(browser, await browser.get("/sign-in/oidc/forger"), "of another issuer", 503, "provider")
    forger.honest()
    forger.asked.clear()
    assert_refused(
        browser, await browser.get("/sign-in/oidc/forger"), "it did not answer a moment ago", 503, "provider"
    )
    assert forger.asked == []
    read_again(browser)
    await leave(browser)


@pytest.mark.parametrize("answer", [b"<html>", b"[]", b'{"error": "invalid_client"}', b'{"error": {}}', b"[" * 100_000])
async def test_a_token_endpoint_that_fails_lets_nobody_in(browser: Browser, forger: Forger, answer: bytes) -> None:
    asked = await leave(browser)
    forger.answer = answer
    assert_refused(browser, await come_back(browser, forger, asked), "try again later", 503, "provider")


async def test_keys_are_read_again_where_one_is_not_known(browser: Browser, forger: Forger) -> None:
    await leave(browser)
    forger.key = new_key("second")
    forger.keys = [forger.key.as_dict(private=False)]
    asked = await leave(browser)
    forger.say(forger.token(forger.claims(asked["nonce"])))
    forger.asked.clear()
    assert (await come_back(browser, forger, asked)).status_code == 303
    assert forger.asked == ["/token", "/keys"]


async def test_a_token_without_a_key_id_needs_the_only_key(browser: Browser, forger: Forger) -> None:
    asked = await leave(browser)
    forger.say(forger.token(forger.claims(asked["nonce"]), kid=None))
    assert (await come_back(browser, forger, asked)).status_code == 303
    browser.cookies.clear()
    forger.keys.append(new_key("second").as_dict(private=False))
    read_again(browser)
    asked = await leave(browser)
    forger.say(forger.token(forger.claims(asked["nonce"]), kid=None))
    assert_refused(
        browser, await come_back(browser, forger, asked), "kid: got a key that the provider does not publish"
    )


@pytest.mark.parametrize("change", [{"use": "enc"}, {"alg": "ES384"}, {"kty": "RSA"}, {"x": "AAAA"}])
async def test_a_key_that_is_for_something_else_is_not_used(
    browser: Browser, forger: Forger, change: dict[str, str]
) -> None:
    forger.keys = [{**forger.key.as_dict(private=False), **change}]
    asked = await leave(browser)
    forger.say(forger.token(forger.claims(asked["nonce"])))
    assert_refused(
        browser, await come_back(browser, forger, asked), "kid: got a key that the provider does not publish"
    )


async def test_another_site_cannot_begin_a_sign_in(browser: Browser) -> None:
    answer = await browser.send("GET", "/sign-in/oidc/forger", headers={"sec-fetch-site": "cross-site"})
    assert_refused(browser, answer, "got another site's link", 403, "cross-site")
    assert not browser.cookies


async def test_no_parameter_says_where_to_go_on(browser: Browser, forger: Forger) -> None:
    asked = await leave(browser)
    forger.say(forger.token(forger.claims(asked["nonce"])))
    more = dict.fromkeys(("next", "redirect_uri", "return_to", "url"), "https://evil.example/")
    back = await come_back(browser, forger, asked, **more)
    assert (back.status_code, back.headers["location"]) == (303, "/")
