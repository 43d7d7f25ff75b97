"""Rows of the attacks that must be detected: speaking in somebody's name. Each is made on real processes."""

import json
import time
from typing import Any

import httpx
import pytest

from ledger.core import canonical
from ledger.core.instants import MINUTE, Instant, format_instant
from ledger.core.keys import KeyStatement
from ledger.core.sealing import Opening
from tests.attacks.ground import Ground, now_ms
from tests.http.served import Key, new_key, problem, statement_id
from tests.http.test_statements import SALT, signed

Spoken = tuple[Ground, httpx.Client]


def send(http: httpx.Client, headers: dict[str, str], body: dict[str, Any]) -> httpx.Response:
    return http.post("/statements", json=body, headers=headers)


def grant_to_sam(ground: Ground, **changes: Any) -> dict[str, Any]:
    """What shares everything with Sam."""
    facts = {
        "record": ground.lived.record, "directive": statement_id(),
        "grantee": {"kind": "person", "id": ground.lived.people["sam"].person}, "scope": {"kind": "everything"},
        "effect": "share", "from": None, "until": None, "condition": None, "replaces": None, "hidden": False,
    }  # fmt: skip
    return {**facts, **changes}


def test_forge_an_authors_statement(ground: Ground) -> None:
    """At admission by its signature; in a log whose keeper admits it all the same, by ``verify``."""
    wish = {"record": ground.lived.record, "wish": "at-once"}
    amina = ground.client("amina")
    with ground.serving() as http:
        headers = ground.sign_in(http, "amina")
        problem(send(http, headers, signed(amina, wish, key=new_key())), 403, "key-not-in-force")
        problem(send(http, headers, signed(amina, wish, key=ground.lived.keys["sam"])), 403, "key-not-in-force")
        genuine = send(http, headers, signed(amina, wish))
        assert genuine.status_code == 201
    # The keeper exchanges her wish under her signature: the same length, another word.
    position, jws = genuine.json()["position"], signed(amina, {**wish, "wish": "tell-me-first"})["statement"]
    [(entry,)] = ground.rows("select entry from ledger.entry where position = %s", position)
    forged = json.loads(entry)
    head, _, signature = forged["statement"].split(".")
    forged["statement"] = ".".join([head, jws.split(".")[1], signature])
    ground.tamper("update ledger.entry set entry = %s where position = %s", canonical.encode(forged), position)
    assert ground.first_wrong()["position"] == position


def test_enrol_a_false_key_for_somebody_or_serve_false_code_to_a_browser(ground: Ground) -> None:
    """Nobody but the person enrols a further key, and a registrar the first; who looks sees every key in their name.

    False code is not seen.
    """
    amina, false = ground.lived.people["amina"].person, new_key()
    with ground.serving() as http:
        for name, acting_as in (("okafor", "clinician"), ("sam", "carer"), ("ada", "administrator")):
            headers = ground.sign_in(http, name, acting_as)
            refused = http.post(f"/people/{amina}/keys", json={"jwk": false.signer.public.jwk}, headers=headers)
            assert refused.status_code == 403, refused.text
        registrar = ground.sign_in(http, "bert", "registrar")
        unsigned = http.post(f"/people/{amina}/keys", json={"jwk": false.signer.public.jwk}, headers=registrar)
        assert problem(unsigned, 403, "not-allowed")["rule"] == "not-signed"
        nia = http.post("/people", json={"name": "Nia Ferreira"}, headers=registrar).json()["ids"]["person"]
        bert, answers = ground.client("bert"), []
        for person in (amina, nia):
            named = {"person": person, "kid": false.signer.kid}
            public = KeyStatement(false.signer.public, "author", None, {"person": person, "by": "registrar"})
            said = signed(bert, named, type="key-enrolled/1", acting_as="registrar", public=public)
            answers.append(send(http, registrar, said))
        refused, done = answers
        assert problem(refused, 403, "not-allowed")["rule"] == "has-own-key"
        assert done.status_code == 201, done.text
    listed = json.loads(ground.run("keys", "list", nia, "--json").stdout)
    assert false.signer.kid in {key["kid"] for key in listed}
    # In clear on the log, with who enrolled it: it cannot be taken out unseen.
    position = done.json()["position"]
    ground.tamper("delete from ledger.entry where position = %s", position)
    assert ground.first_wrong()["position"] == position


def test_hold_back_a_signed_grant_and_admit_it_after_the_withdrawal(spoken: Spoken) -> None:
    """Older than five minutes; or it names a directive that is no longer current."""
    ground, http = spoken
    amina = ground.client("amina")
    headers = ground.sign_in(http, "amina")
    held = signed(amina, grant_to_sam(ground), type="directive-made/1", made_at=Instant(now_ms() - 6 * MINUTE))
    refused = problem(send(http, headers, held), 403, "not-allowed")
    assert refused["rule"] == "stale-grant"
    first = grant_to_sam(ground)
    assert send(http, headers, signed(amina, first, type="directive-made/1")).status_code == 201
    named = signed(amina, grant_to_sam(ground, replaces=first["directive"]), type="directive-made/1")
    withdrawal = {"record": ground.lived.record, "directive": first["directive"]}
    assert send(http, headers, signed(amina, withdrawal, type="directive-withdrawn/1")).status_code == 201
    late = send(http, headers, named)
    assert late.status_code in (403, 409), late.text
    sam = http.get(
        f"/records/{ground.lived.record}", params={"purpose": "shared-with-me"}, headers=ground.sign_in(http, "sam")
    )
    assert sam.json()["items"] == []


def test_drop_or_delay_a_withdrawal(ground: Ground) -> None:
    """No receipt arrives: whoever is told "admitted" holds a proof, and whoever is not has none."""
    amina = ground.client("amina")
    with ground.serving() as http:
        headers = ground.sign_in(http, "amina")
        first = grant_to_sam(ground)
        granted = send(http, headers, signed(amina, first, type="directive-made/1")).json()
        assert granted["receipt"]["proof"].startswith("c2sp.org/tlog-proof@v1\n")
        withdrawal = {"record": ground.lived.record, "directive": first["directive"]}
        body = signed(amina, withdrawal, type="directive-withdrawn/1")
        url = http.base_url
    with pytest.raises(httpx.HTTPError), httpx.Client(base_url=url) as gone:  # the service is gone: dropped
        send(gone, headers, body)
    with ground.serving() as http:
        headers = ground.sign_in(http, "amina")
        claims = json.loads(canonical.unbase64url(body["statement"].split(".")[1], "payload"))
        path = f"/statements/{amina.by.person}/{claims['id']}/receipt"
        problem(http.get(path, headers=headers), 404, "unknown")
        assert send(http, headers, body).status_code == 201
        assert http.get(path, headers=headers).status_code == 200


def test_sign_with_a_revoked_or_expired_key_or_a_weak_key(spoken: Spoken) -> None:
    """Refused at once; the position of the revocation stands in clear."""
    ground, http = spoken
    amina, wish = ground.client("amina"), {"record": ground.lived.record, "wish": "at-once"}
    path = f"/people/{amina.by.person}/keys"
    headers = ground.sign_in(http, "amina")
    soon = Instant(now_ms() + 1500)
    brief, second = new_key(), new_key()
    for key, end in ((brief, format_instant(soon)), (second, None)):
        named = {"person": amina.by.person, "kid": key.signer.kid}
        public = KeyStatement(key.signer.public, "author", end, {"person": amina.by.person, "by": "patient"})
        enrolled = send(http, headers, signed(amina, named, type="key-enrolled/1", public=public))
        assert enrolled.status_code == 201, enrolled.text
    weak = {"crv": "Ed25519", "kty": "OKP", "x": canonical.base64url(bytes(32))}
    problem(http.post(path, json={"jwk": weak}, headers=headers), 422, "weak-key")
    time.sleep(max(0, soon - now_ms()) / 1000)
    problem(send(http, headers, signed(amina, wish, key=brief)), 403, "key-not-in-force")
    revoked = http.post(f"{path}/{second.signer.kid}/revocation", json={"reason": "stolen"}, headers=headers)
    assert revoked.status_code == 201
    problem(send(http, headers, signed(amina, wish, key=second)), 403, "key-not-in-force")


@pytest.mark.parametrize("how", ["twice", "into another record", "into another ledger"])
def test_replay_a_statement(spoken: Spoken, how: str) -> None:
    """The same again is the same; the record and the ledger are under the signature."""
    ground, http = spoken
    amina, wish = ground.client("amina"), {"record": ground.lived.record, "wish": "at-once"}
    headers = ground.sign_in(http, "amina")
    body = signed(amina, wish)
    first = send(http, headers, body)
    assert first.status_code == 201
    size = http.get("/log/checkpoint").text.split("\n")[1]
    if how == "twice":
        again = send(http, headers, body)
        assert (again.status_code, again.json()["position"]) == (200, first.json()["position"])
    elif how == "into another record":
        moved = {**body, "facts": {**body["facts"], "body": {**wish, "record": statement_id()}}}
        problem(send(http, headers, moved), 422, "commitment")
    else:
        problem(send(http, headers, signed(amina, wish, ledger="other.example")), 409, "not-possible")
    assert int(http.get("/log/checkpoint").text.split("\n")[1]) >= int(size)
    said = json.loads(canonical.unbase64url(body["statement"].split(".")[1], "payload"))["id"]
    assert ground.rows("select count(*) from ledger.entry where statement = %s", said) == [(1,)]


def test_malleable_encodings(spoken: Spoken) -> None:
    """Other JSON bytes, padding, other numbers, a repeated member: refused at the parse, even signed."""
    ground, http = spoken
    amina, wish = ground.client("amina"), {"record": ground.lived.record, "wish": "at-once"}
    key: Key = ground.lived.keys["amina"]
    body = signed(amina, wish)
    head, payload, signature = body["statement"].split(".")
    plain = canonical.unbase64url(payload, "payload")
    other = {
        "a space": plain.replace(b'":', b'": ', 1),
        "an escape": plain.replace(b'"v":1', b'"\\u0076":1'),
        "a number spelled +1": plain.replace(b'"v":1', b'"v":+1'),
        "a number spelled 1.0": plain.replace(b'"v":1', b'"v":1.0'),
        "a repeated member": plain.replace(b'"v":1', b'"v":1,"v":1'),
        "another order": b'{"v":1,' + plain[1:].replace(b',"v":1', b""),
        "an unknown member": plain.replace(b'"v":1', b'"v":1,"w":1'),
    }
    headers = ground.sign_in(http, "amina")
    for title, bytes_ in other.items():
        assert bytes_ != plain, title
        spelled = f"{head}.{canonical.base64url(bytes_)}"
        jws = f"{spelled}.{canonical.base64url(key.signer.sign(spelled.encode()))}"
        problem(send(http, headers, {**body, "statement": jws}), 422, "malformed")
    for jws in (
        f"{head}.{payload}.{signature}=",
        f"{head}=.{payload}.{signature}",
        f"{head}.{payload}.{signature}A",
    ):
        problem(send(http, headers, {**body, "statement": jws}), 422, "malformed")
    assert send(http, headers, body).status_code == 201


def test_guess_the_content_from_its_commitment() -> None:
    """Nobody can: the same words under two salts have nothing in common, and a salt has 256 bits."""
    words = canonical.encode({"text": "HIV positive"})
    first, second = Opening(SALT, words).commitment, Opening(SALT[::-1], words).commitment
    assert first != second
    assert len(SALT) == 32
    guesses = (Opening(bytes([n]) * 32, words).commitment for n in range(256))
    assert first not in set(guesses)
