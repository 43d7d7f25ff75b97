"""Signing in with a key: who gets a token, and which tokens count."""

import base64
import json
import time
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OKPKey

from api.clock import clock
from api.sign_in.api_keys import SCOPES, ApiKeys
from ledger.core.canonical import base64url
from ledger.saying import By
from tests.http.served import ORIGIN, Client, Key, Served, form_of, new_key, problem


async def refused(served: Served, form: dict[str, str], status: int, error: str) -> str:
    """The description of a refusal of the token endpoint (RFC 6749, section 5.2)."""
    answer = await served.http.post("/token", data=form)
    assert (answer.status_code, answer.json()["error"]) == (status, error), answer.text
    return str(answer.json()["error_description"])


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
@pytest.mark.parametrize("alg", ["Ed25519", "EdDSA"])
async def test_a_key_gets_a_token_and_the_token_lets_its_owner_in(served: Served, alg: str) -> None:
    amina = served.story.amina
    key = await served.key_of(amina.person)
    answer = await served.http.post("/token", data=form_of(key.assertion(amina.person, alg=alg)))
    told = answer.json()
    assert (told["token_type"], told["expires_in"], told["scope"]) == ("Bearer", 600, "acting_as:patient")
    assert answer.headers["cache-control"] == "no-store"
    reader = Client(served.http, amina, key, told["access_token"])
    assert (await reader.get(served.record)).status_code == 200


async def test_an_assertion_is_used_once(served: Served) -> None:
    person = served.story.amina.person
    form = form_of((await served.key_of(person)).assertion(person))
    assert (await served.http.post("/token", data=form)).status_code == 200
    assert "jti" in await refused(served, form, 401, "invalid_client")


async def test_an_assertion_that_was_used_in_another_process_is_refused_here(served: Served) -> None:
    person, service = served.story.amina.person, served.app.state.service
    assertion = (await served.key_of(person)).assertion(person)
    elsewhere = ApiKeys(served.story.ledger.keyring, served.story.ledger.facts, clock, service.doors.once)
    await elsewhere.give_token(assertion, SCOPES[0])
    assert "jti" in await refused(served, form_of(assertion), 401, "invalid_client")


NOW = int(time.time())
CLAIMS: dict[str, tuple[dict[str, Any], str]] = {
    "for another ledger": ({"aud": "other.example"}, "aud"),
    "for two": ({"aud": [ORIGIN, "other.example"]}, "aud"),
    "for nobody": ({"aud": None}, "aud"),
    "from another issuer": ({"iss": "somebody"}, "iss"),
    "expired": ({"iat": NOW - 120, "exp": NOW - 60}, "exp"),
    "without an end": ({"exp": None}, "exp"),
    "with a text for an end": ({"exp": "soon"}, "exp"),
    "that lasts too long": ({"exp": NOW + 3600}, "5 minutes"),
    "from the future": ({"iat": NOW + 3600}, "iat"),
    "with a text for a beginning": ({"iat": "now"}, "iat"),
    "without a jti": ({"jti": None}, "jti"),
    "with an endless jti": ({"jti": "x" * 129}, "jti"),
}


async def test_an_assertion_is_held_to_its_claims(served: Served) -> None:
    person = served.story.amina.person
    key = await served.key_of(person)
    for title, (changes, told) in CLAIMS.items():
        assert told in await refused(served, form_of(key.assertion(person, **changes)), 401, "invalid_client"), title


async def test_whoever_is_not_known_hears_the_same_whatever_is_known(served: Served) -> None:
    amina, sam = served.story.amina.person, served.story.sam.person
    key, stranger = await served.key_of(amina), new_key()
    service_held = served.story.ledger.keyring.signer_for(amina)
    assertion = key.assertion(amina)
    header, claims, signature = assertion.split(".")
    none = base64url(json.dumps({"alg": "none", "kid": key.signer.kid}).encode())
    hmac = base64url(json.dumps({"alg": "HS256", "kid": key.signer.kid}).encode())
    heard = [
        await refused(served, form_of(tried), 401, "invalid_client")
        for tried in (
            stranger.assertion(amina),
            stranger.assertion("00000000-0000-4000-8000-000000000000"),
            stranger.assertion("nobody"),
            key.assertion(sam),
            f"{none}.{claims}.",
            f"{hmac}.{claims}.{signature}",
            f"{header}.{claims}.{base64url(bytes(64))}",
            f"{header}.{base64url(b'[]')}.{signature}",
            "no assertion",
            "a.b.c",
            "x" * 5000,
            f"{base64url(b'[' * 2000)}.{claims}.{signature}",
            _signed_by_the_service(service_held.kid, amina),
        )
    ]
    assert len(set(heard)) == 1
    # The untouched assertion was not used up by any of these.
    assert (await served.http.post("/token", data=form_of(assertion))).status_code == 200


def _signed_by_the_service(kid: str, person: str) -> str:
    """What the ledger itself could sign, with the key that it holds for somebody."""
    seed = new_key().seed
    private = OKPKey.import_key({**Key(seed).signer.public.jwk, "d": base64url(seed)})
    return jwt.encode({"alg": "Ed25519", "kid": kid}, {"iss": person, "sub": person}, private, algorithms=["Ed25519"])


async def test_the_form_is_exactly_the_four_members(served: Served) -> None:
    person = served.story.amina.person
    assertion = (await served.key_of(person)).assertion(person)
    await refused(served, form_of(assertion, grant_type="password"), 400, "unsupported_grant_type")
    await refused(served, form_of(assertion, client_assertion_type="saml"), 400, "invalid_request")
    await refused(served, {**form_of(assertion), "client_secret": "x"}, 400, "invalid_request")
    await refused(served, form_of(assertion, "acting_as:service"), 400, "invalid_scope")
    await refused(served, form_of(assertion, f"{SCOPES[0]} {SCOPES[1]}"), 400, "invalid_scope")
    for body in (b"", b"grant_type", b"\xff=1"):
        headers = {"content-type": "application/x-www-form-urlencoded"}
        answer = await served.http.post("/token", content=body, headers=headers)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    problem(await served.http.post("/token", json={}), 415, "media-type")


async def test_a_token_counts_only_as_it_was_made(served: Served) -> None:
    amina = await served.sign_in(served.story.amina)
    header, claims, signature = amina.token.split(".")
    opened = json.loads(base64.urlsafe_b64decode(claims + "=="))
    other = base64url(json.dumps({**opened, "scope": "acting_as:clinician"}).encode())
    none = base64url(json.dumps({"alg": "none", "typ": "at+jwt"}).encode())
    assertion = amina.key.assertion(amina.by.person)
    for token in (
        f"{header}.{other}.{signature}", f"{none}.{claims}.", f"{none}.{claims}.{signature}", assertion, "x", "a.b.c",
        f"{header}.{claims}.{signature[:-4]}AAAA", "x" * 5000,
    ):  # fmt: skip
        answer = await served.http.get(served.record, headers={"authorization": f"Bearer {token}"})
        problem(answer, 401, "sign-in")
        assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    for headers in ({}, {"authorization": "Bearer "}, {"authorization": f"Basic {amina.token}"}):
        answer = await served.http.get(served.record, headers=headers)
        problem(answer, 401, "sign-in")
        assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_token_with_the_scope_read_lets_nothing_be_said(served: Served) -> None:
    amina = served.story.amina
    key = await served.key_of(amina.person)
    for scope in ("acting_as:patient read", "read acting_as:patient"):
        told = (await served.http.post("/token", data=form_of(key.assertion(amina.person), scope))).json()
        assert told["scope"] == "acting_as:patient read"
        reader = Client(served.http, amina, key, told["access_token"])
        assert (await reader.get(served.record)).status_code == 200
        before = await served.size()
        for path, body in (
            (f"{served.record}/results-wish", {"wish": "at-once"}),
            ("/statements", {}),
            ("/policy", {}),
        ):
            refusal = await reader.post(path, **body)
            problem(refusal, 403, "reads-only")
            assert refusal.headers["www-authenticate"] == 'Bearer error="insufficient_scope"'
        assert await served.size() == before
    await refused(served, form_of(key.assertion(amina.person), "read"), 400, "invalid_scope")


async def test_a_token_ends_after_ten_minutes(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    amina, keys = await served.sign_in(served.story.amina), served.app.state.service.api_keys
    assert (await amina.get(served.record)).status_code == 200
    later = keys.clock() + 10 * 60 * 1000
    monkeypatch.setattr(keys, "clock", lambda: later)
    assert "expired" in problem(await amina.get(served.record), 401, "sign-in")["detail"]
    keys._known.clear()
    assert "expired" in problem(await amina.get(served.record), 401, "sign-in")["detail"]


async def test_a_token_of_another_ledger_with_the_same_secrets_is_refused(served: Served) -> None:
    amina, keys = await served.sign_in(served.story.amina), served.app.state.service.api_keys
    claims = {"iss": "other.example", "aud": "other.example", "sub": amina.by.person, "exp": NOW + 600}
    header = {"alg": "Ed25519", "typ": "at+jwt", "kid": keys._signer.kid}
    token = jwt.encode(header, claims, keys._private, algorithms=["Ed25519"])
    problem(await served.http.get(served.record, headers={"authorization": f"Bearer {token}"}), 401, "sign-in")


async def test_revoking_a_key_ends_its_tokens_at_once_and_it_gets_no_other(served: Served) -> None:
    amina = await served.sign_in(served.story.amina)
    path = f"/people/{amina.by.person}/keys"
    listed = (await amina.get(path)).json()["keys"]
    assert {(key["custody"], key["in_force"]) for key in listed} == {("service", True), ("author", True)}
    kid = amina.key.signer.kid
    await amina.say(f"{path}/{kid}/revocation", reason="lost")
    problem(await amina.get(served.record), 401, "sign-in")
    problem(await amina.post(f"{served.record}/results-wish", wish="at-once"), 401, "sign-in")
    await refused(served, form_of(amina.key.assertion(amina.by.person)), 401, "invalid_client")


async def test_a_key_revoked_elsewhere_opens_no_view_from_then_on(served: Served) -> None:
    amina, story = await served.sign_in(served.story.amina), served.story
    assert (await amina.get(served.record)).status_code == 200  # the key has just been read: it is cached
    said = (await story.ledger.facts.person(amina.by.person, fresh=True)).fold.keys
    enrolled = next(one.said for one in said.by_person.values() if one.said.key.kid == amina.key.signer.kid)
    await story.ledger.people.revoke_key(By(story.ada.person, "administrator"), amina.by.person, enrolled, "stolen")
    problem(await amina.get(served.record), 401, "sign-in")


async def test_nobody_sees_the_keys_of_another(served: Served) -> None:
    amina = await served.sign_in(served.story.amina)
    for other in (served.story.sam.person, "00000000-0000-4000-8000-000000000000"):
        problem(await amina.get(f"/people/{other}/keys"), 404, "unknown")
