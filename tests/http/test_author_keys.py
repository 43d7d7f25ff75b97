"""Over HTTP: a revocation counts from its position on; what was said before it stands, with its receipts."""

import pytest

from ledger.core.canonical import base64url
from ledger.core.receipt import Receipt, check_receipt
from tests.http.served import Client, Served, new_key, problem, statement_id
from tests.http.test_statements import send, signed
from tests.signing import enrol
from tests.soundness import assert_ledger_sound
from tests.verify.test_author_keys import WEAK


async def test_what_was_said_before_a_revocation_stands_and_nothing_after_it_is_admitted(served: Served) -> None:
    story, amina = served.story, await served.sign_in(served.story.amina)
    wish = {"record": story.record, "wish": "tell-me-first"}
    second = new_key()
    await enrol(story.ledger, amina.by, amina.key.signer, amina.by.person, second.signer.public)
    said = statement_id()
    before = await send(amina, signed(amina, wish, id=said))
    held_back = signed(amina, {"record": story.record, "wish": "at-once"})
    other = Client(served.http, amina.by, second, await served.token(second, amina.by))
    revoked = await other.say(f"/people/{amina.by.person}/keys/{amina.key.signer.kid}/revocation", reason="stolen")
    assert revoked["position"] > before.json()["position"]
    for late in (held_back, signed(amina, wish)):
        problem(await send(other, late), 403, "key-not-in-force")
    assert (await send(other, signed(other, wish))).status_code == 201
    answer = (await other.get(f"/statements/{amina.by.person}/{said}/receipt")).json()
    check_receipt(Receipt.from_json(answer["receipt"]), story.ledger.keyring.log.verifier)
    assert_ledger_sound(story.database.dsn(), story.ledger.keyring)


@pytest.mark.parametrize("raw", WEAK.values(), ids=WEAK)
async def test_a_weak_key_is_not_enrolled(served: Served, raw: str) -> None:
    amina = await served.sign_in(served.story.amina)
    before = await served.size()
    jwk = {"crv": "Ed25519", "kty": "OKP", "x": base64url(bytes.fromhex(raw))}
    problem(await amina.post(f"/people/{amina.by.person}/keys", jwk=jwk), 422, "weak-key")
    assert await served.size() == before
