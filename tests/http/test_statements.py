"""Statements that their authors sign themselves: admitted as they are, or not at all."""

import time
from typing import Any

import httpx

from ledger.core import canonical
from ledger.core.instants import HOUR, Instant, format_instant
from ledger.core.log_keys import LogVerifier
from ledger.core.receipt import Receipt, check_receipt
from ledger.core.sealing import Opening
from ledger.core.statement import Statement, sign
from tests.http.served import ORIGIN, Client, Key, Served, new_key, problem, statement_id
from tests.signing import enrol
from tests.soundness import assert_ledger_sound

SALT = bytes(range(32))
CASE = "5c0f0a53-7a6b-4f0f-a0c4-6b8b7a7b3f10"
KIND = "results-wish-stated/1"


def signed(client: Client, facts: dict[str, Any], *, key: Key | None = None, **changes: Any) -> dict[str, Any]:
    """A statement as its author's device sends it; ``changes`` replace members of what is signed."""
    opening = Opening(SALT, canonical.encode(facts))
    members: dict[str, Any] = {
        "id": statement_id(), "ledger": ORIGIN, "type": KIND, "author": client.by.person,
        "acting_as": client.by.acting_as, "made_at": Instant(time.time_ns() // 1_000_000),
        "facts": opening.commitment, "words": None,
    }  # fmt: skip
    jws = sign(Statement(**{**members, **changes}), (key or client.key).signer).jws
    return {"statement": jws, "facts": {"salt": canonical.base64url(SALT), "body": facts}}


async def send(client: Client, body: dict[str, Any]) -> httpx.Response:
    return await client.http.post("/statements", json=body, headers=client.headers)


async def test_a_statement_its_author_signed_is_admitted_byte_by_byte(served: Served) -> None:
    amina = await served.sign_in(served.story.amina)
    body = signed(amina, {"record": served.story.record, "wish": "tell-me-first"})
    answer = await send(amina, body)
    assert answer.status_code == 201, answer.text
    receipt = Receipt.from_json(answer.json()["receipt"])
    check_receipt(receipt, served.story.ledger.keyring.log.verifier)
    assert body["statement"].encode() in receipt.entry

    again = await send(amina, body)
    assert (again.status_code, again.json()["position"]) == (200, answer.json()["position"])
    path = f"/statements/{amina.by.person}/{answer.json()['statement_id']}/receipt"
    fetched = Receipt.from_json((await amina.get(path)).json()["receipt"])
    check_receipt(fetched, served.story.ledger.keyring.log.verifier)
    assert fetched.entry == receipt.entry
    assert_ledger_sound(served.story.database.dsn(), served.story.ledger.keyring)


async def test_words_are_opened_by_what_comes_with_them(served: Served) -> None:
    okafor = await served.sign_in(served.story.okafor)
    facts = {
        "record": served.story.record, "item": "0b1b8a1e-6e0c-4d57-8a53-0d3a54a3c0de", "kind": "note", "topics": [],
        "parent": None, "concern": None, "due": None, "in_confidence": False, "discussed": True, "copy_given": False,
        "imported": None,
    }  # fmt: skip
    words = {"title": None, "text": "Signed on my own device.", "quote": None, "data": None}
    opening = Opening(SALT, canonical.encode(words))
    body = signed(okafor, facts, type="item-added/1", words=opening.commitment)
    problem(await send(okafor, body), 409, "not-possible")  # nothing opens the words
    part = {"salt": canonical.base64url(SALT), "body": words}
    problem(await send(okafor, {**body, "words": {**part, "body": {**words, "text": "Else."}}}), 422, "commitment")
    assert (await send(okafor, {**body, "words": part})).status_code == 201
    assert [item["text"] for item in (await okafor.get(served.record)).json()["items"]] == ["Signed on my own device."]


async def test_what_its_author_did_not_sign_so_is_refused(served: Served) -> None:
    amina, sam = await served.sign_in(served.story.amina), await served.sign_in(served.story.sam)
    facts = {"record": served.story.record, "wish": "tell-me-first"}
    good, stranger = signed(amina, facts), new_key()
    head, payload, _ = good["statement"].split(".")
    before = await served.size()
    refusals = {
        "with a key that nobody enrolled": (signed(amina, facts, key=stranger), 403, "key-not-in-force"),
        "with the key of another": (signed(amina, facts, key=sam.key), 403, "key-not-in-force"),
        "with a signature of nothing": (
            {**good, "statement": f"{head}.{payload}.{canonical.base64url(bytes(64))}"}, 422, "signature"
        ),
        "with other facts": (
            {**good, "facts": {**good["facts"], "body": {**facts, "wish": "at-once"}}}, 422, "commitment"
        ),
        "with another salt": (
            {**good, "facts": {**good["facts"], "salt": canonical.base64url(bytes(32))}}, 422, "commitment"
        ),
        "with a short salt": ({**good, "facts": {**good["facts"], "salt": "AAAA"}}, 422, "malformed"),
        "for another ledger": (signed(amina, facts, ledger="other.example"), 409, "not-possible"),
        "of no type": ({**good, "statement": "no statement"}, 422, "malformed"),
        "with a member more": ({**good, "public": None}, 422, "malformed"),
        "with a float": (signed(amina, {**facts, "wish": 1.5}), 422, "malformed"),
    }  # fmt: skip
    for title, (body, status, name) in refusals.items():
        answer = await send(amina, body)
        assert answer.status_code == status, (title, answer.text)
        problem(answer, status, name)
    told = problem(await send(sam, good), 403, "not-allowed")
    assert told["rule"] == "not-the-author"
    # What she did sign, and what has no shape, is on the trail of the record that it names.
    assert await served.said(before) == ["attempt-refused/1"]


async def test_a_revoked_key_signs_no_more(served: Served) -> None:
    amina = await served.sign_in(served.story.amina)
    body = signed(amina, {"record": served.story.record, "wish": "tell-me-first"})
    second = new_key()
    path = f"/people/{amina.by.person}/keys"
    await enrol(served.story.ledger, amina.by, amina.key.signer, amina.by.person, second.signer.public)
    other = Client(served.http, amina.by, second, await served.token(second, amina.by))
    await other.say(f"{path}/{amina.key.signer.kid}/revocation", reason="replaced")
    problem(await send(other, body), 403, "key-not-in-force")
    assert (await send(other, signed(other, {"record": served.story.record, "wish": "at-once"}))).status_code == 201


async def test_the_same_id_with_other_content_is_a_conflict(served: Served) -> None:
    amina = await served.sign_in(served.story.amina)
    name = statement_id()
    first = await send(amina, signed(amina, {"record": served.story.record, "wish": "tell-me-first"}, id=name))
    other = await send(amina, signed(amina, {"record": served.story.record, "wish": "at-once"}, id=name))
    told = problem(other, 409, "already-said")
    assert told["receipt"]["entry"] == first.json()["receipt"]["entry"]


async def test_an_administrator_assigns_a_case_with_their_own_signature(served: Served) -> None:
    assert await assign_case(served) == {"record": served.story.record, "case": CASE}


async def assign_case(served: Served) -> dict[str, str]:
    """Ada assigns Ruth a case about Amina's record; gives the ids of the answer."""
    ada = await served.sign_in(served.story.ada)
    now = Instant(time.time_ns() // 1_000_000)
    facts, words = case_of(served, now), {"reason": "A complaint."}
    opening = Opening(SALT, canonical.encode(words))
    body = signed(ada, facts, type="case-assigned/2", words=opening.commitment)
    answer = await send(ada, {**body, "words": {"salt": canonical.base64url(SALT), "body": words}})
    assert answer.status_code == 201, answer.text
    ids: dict[str, str] = answer.json()["ids"]
    return ids


def case_of(served: Served, now: Instant) -> dict[str, Any]:
    """The facts of a case for Ruth about Amina's record, for an hour."""
    return {
        "case": CASE, "auditor": served.story.ruth.person,
        "record": served.story.record, "person": None, "period": None,
        "from": format_instant(now), "until": format_instant(Instant(now + HOUR)),
    }  # fmt: skip


async def test_a_receipt_is_its_authors(served: Served) -> None:
    amina, sam = await served.sign_in(served.story.amina), await served.sign_in(served.story.sam)
    said = await amina.say(f"{served.record}/results-wish", wish="tell-me-first")
    path = f"/statements/{amina.by.person}/{said['statement_id']}/receipt"
    assert (await amina.get(path)).status_code == 200
    problem(await sam.get(path), 404, "unknown")
    problem(await amina.get(path.replace(said["statement_id"], statement_id())), 404, "unknown")


async def test_everybody_gets_the_checkpoint_and_the_keys_that_check_it(served: Served) -> None:
    verifier = LogVerifier.parse((await served.http.get("/log/verifier")).text)
    answer = await served.http.get("/log/checkpoint")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert verifier.open_checkpoint(answer.content).origin == ORIGIN
