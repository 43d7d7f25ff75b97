"""Nobody says what they may not: in another's name, about the service or another record, or long after it was made."""

import time
from typing import Any

import httpx
import pytest

from ledger.core import canonical
from ledger.core.instants import DAY, Instant, format_instant
from ledger.core.keys import KeyStatement
from ledger.core.sealing import Opening
from ledger.domain.errors import NotAllowed
from ledger.saying import By
from tests.http.served import Client, Served, new_key, problem, statement_id
from tests.http.test_statements import SALT, send, signed
from tests.soundness import assert_ledger_sound


def now() -> Instant:
    return Instant(time.time_ns() // 1_000_000)


async def submit(
    client: Client, statement_type: str, facts: dict[str, Any], words: dict[str, Any] | None = None, **changes: Any
) -> httpx.Response:
    """Send a statement that its author signed on their own device, whatever is in it."""
    opening = None if words is None else Opening(SALT, canonical.encode(words))
    commitment = None if opening is None else opening.commitment
    body = signed(client, facts, type=statement_type, words=commitment, **changes)
    return await send(client, {**body, "words": {"salt": canonical.base64url(SALT), "body": words}} if words else body)


def assert_refused(answer: httpx.Response, rule: str) -> None:
    assert problem(answer, 403, "not-allowed")["rule"] == rule


async def test_an_administrator_cannot_take_the_services_key_nor_give_it_a_role(served: Served) -> None:
    ada, service = await served.sign_in(served.story.ada), served.story.ledger.keyring.service
    kid = served.story.ledger.keyring.signer_for(service).kid
    assert_refused(await ada.post(f"/people/{service}/keys/{kid}/revocation", reason="lost"), "not-the-service")
    assert_refused(await ada.post(f"/people/{service}/roles", role="clinician"), "not-the-service")
    await served.story.carer_view()
    assert_ledger_sound(served.story.database.dsn(), served.story.ledger.keyring)


async def test_a_registrar_cannot_enrol_a_key_for_the_service_and_put_lines_on_the_trail(served: Served) -> None:
    registrar, service = By(served.story.bert.person, "registrar"), served.story.ledger.keyring.service
    with pytest.raises(NotAllowed, match="not-the-service"):
        await served.story.ledger.people.enrol_key(registrar, service, new_key().signer.public)


async def test_nobody_speaks_as_the_service_under_their_own_name(served: Served) -> None:
    bert = await served.sign_in(served.story.bert)
    facts = {
        "attempt": statement_id(), "person": served.story.okafor.person, "acting_as": "clinician",
        "record": served.story.record, "type": "item-added/1", "rule": "no-role",
    }  # fmt: skip
    assert_refused(await submit(bert, "attempt-refused/1", facts, acting_as="service"), "no-role")
    assert_refused(await submit(bert, "attempt-refused/1", facts), "role-missing")


async def test_nobody_passes_off_their_own_key_as_one_that_the_service_holds(served: Served) -> None:
    amina, key = await served.sign_in(served.story.amina), new_key().signer
    person = served.story.amina.person
    public = KeyStatement(key.public, "service", None, {"person": person, "by": "service"})
    answer = await submit(amina, "key-enrolled/1", {"person": person, "kid": key.kid}, public=public)
    assert_refused(answer, "not-the-service")


async def test_a_key_is_enrolled_for_the_person_whom_the_clear_part_names(served: Served) -> None:
    amina, key = await served.sign_in(served.story.amina), new_key().signer
    public = KeyStatement(key.public, "author", None, {"person": served.story.sam.person, "by": "patient"})
    answer = await submit(amina, "key-enrolled/1", {"person": served.story.amina.person, "kid": key.kid}, public=public)
    problem(answer, 409, "not-possible")
    public = KeyStatement(key.public, "author", None, {"person": served.story.sam.person, "by": "patient"})
    answer = await submit(amina, "key-enrolled/1", {"person": served.story.sam.person, "kid": key.kid}, public=public)
    assert answer.status_code == 403


async def test_a_role_that_one_does_not_have_cannot_be_signed_for(served: Served) -> None:
    sam = await served.sign_in(served.story.sam)
    facts = {"record": served.story.record, "wish": "at-once"}
    for acting_as, rule in {
        "patient": "no-role", "clinician": "no-role", "guardian": "no-role", "attorney": "no-role",
        "parent": "no-role", "service": "no-role", "carer": "not-the-patient",
    }.items():  # fmt: skip
        told = problem(await submit(sam, "results-wish-stated/1", facts, acting_as=acting_as), 403, "not-allowed")
        assert told["rule"] == rule


async def test_a_patient_cannot_reach_into_another_record_through_their_own(served: Served) -> None:
    story = served.story
    note = await story.note("Amina's.")
    own = str((await story.ledger.care.open_record(story.ada, story.lind.person)).facts["record"])
    lind = await served.sign_in(By(story.lind.person, "patient"))
    for path, body in (
        (f"items/{note}/comments", {"text": "x"}),
        (f"items/{note}/amendments", {"text": "x"}),
        (f"items/{note}/topics", {"topics": []}),
        ("directives", {"grantee": {"kind": "all-carers"}, "scope": {"kind": "item", "of": note}}),
    ):
        problem(await lind.post(f"/records/{own}/{path}", **body), 404, "unknown")
    problem(await lind.get(f"/records/{own}/items/{note}"), 404, "unknown")
    view = await story.patient_view()
    assert [(item.text, item.children) for item in view.items] == [("Amina's.", ())]


@pytest.mark.parametrize("made_at", [0, 1, -(10**13)])
async def test_a_grant_that_says_it_was_made_long_ago_is_never_fresh(served: Served, made_at: int) -> None:
    amina = await served.sign_in(served.story.amina)
    facts = {"record": served.story.record, "wish": "at-once"}
    assert_refused(await submit(amina, "results-wish-stated/1", facts, made_at=Instant(made_at)), "stale-grant")
    assert_ledger_sound(served.story.database.dsn(), served.story.ledger.keyring)


async def test_a_grant_that_was_held_back_past_the_withdrawal_is_refused_however_fresh(served: Served) -> None:
    story, amina = served.story, await served.sign_in(served.story.amina)
    facts: dict[str, Any] = {
        "record": story.record, "directive": statement_id(), "grantee": {"kind": "person", "id": story.sam.person},
        "scope": {"kind": "everything"}, "effect": "share", "from": None, "until": None, "condition": None,
        "replaces": None, "hidden": False,
    }  # fmt: skip
    held_back = signed(amina, facts, type="directive-made/1")
    first = await amina.say(f"{served.record}/directives", grantee=facts["grantee"], scope={"kind": "everything"})
    assert problem(await send(amina, held_back), 403, "not-allowed")["rule"] == "replaced-not-current"
    withhold = {"effect": "withhold", "replaces": first["ids"]["directive"]}
    await amina.say(f"{served.record}/directives", grantee=facts["grantee"], scope={"kind": "everything"}, **withhold)
    assert problem(await send(amina, held_back), 403, "not-allowed")["rule"] == "replaced-not-current"


async def test_an_id_of_something_else_shares_no_facts_with_it(served: Served) -> None:
    """A team under the id of a person, with that person in it, once made everything about the person unreadable."""
    ada, okafor = await served.sign_in(served.story.ada), await served.sign_in(served.story.okafor)
    person, record = served.story.okafor.person, served.story.record
    for team in (person, record):
        formed = await submit(ada, "team-formed/1", {"team": team, "profile": None}, {"name": "A name"})
        assert formed.status_code == 201, formed.text
        joining = {"team": team, "person": person, "from": format_instant(now()), "until": None}
        joined = await submit(ada, "team-joined/1", joining)
        assert joined.status_code == 201, joined.text
    assert (await okafor.get(served.record)).status_code == 200
    assert_ledger_sound(served.story.database.dsn(), served.story.ledger.keyring)


async def test_an_administrator_cannot_bring_themselves_into_care(served: Served) -> None:
    ada, story = await served.sign_in(served.story.ada), served.story
    person = story.ada.person
    for path, body in (
        (f"/people/{person}/roles", {"role": "clinician"}),
        (f"/people/{person}/roles", {"role": "registrar"}),
        (f"/teams/{story.practice}/members", {"person": person}),
        (f"{served.record}/care", {"person": person, "ground": "referral"}),
        ("/records", {"patient": person}),
    ):
        assert_refused(await ada.post(path, **body), "for-themselves")


async def test_a_second_administrator_is_another_person(served: Served) -> None:
    ada, lind = await served.sign_in(served.story.ada), served.story.lind.person
    await ada.say(f"/people/{lind}/roles", role="administrator")
    assert_refused(await ada.post(f"/people/{lind}/roles/administrator/approval"), "same-administrator")
    accomplice = await served.sign_in(By(lind, "administrator"))
    assert_refused(await accomplice.post(f"/people/{lind}/roles/administrator/approval"), "no-role")


async def test_a_revoked_key_neither_reads_nor_speaks_whatever_token_it_has(served: Served) -> None:
    amina, ada = await served.sign_in(served.story.amina), await served.sign_in(served.story.ada)
    assert (await amina.get(served.record)).status_code == 200
    kid = amina.key.signer.kid
    await ada.say(f"/people/{amina.by.person}/keys/{kid}/revocation", reason="stolen")
    before = await served.size()
    problem(await amina.get(served.record), 401, "sign-in")
    problem(await amina.post(f"{served.record}/results-wish", wish="tell-me-first"), 401, "sign-in")
    facts = {"record": served.story.record, "wish": "tell-me-first"}
    problem(await submit(amina, "results-wish-stated/1", facts), 401, "sign-in")
    assert await served.size() == before


async def test_a_case_cannot_be_assigned_to_oneself_nor_without_bounds(served: Served) -> None:
    greta, story = await served.sign_in(served.story.greta), served.story
    until = format_instant(Instant(now() + DAY))
    case = {
        "case": statement_id(),
        "record": story.record,
        "person": None,
        "period": None,
        "from": format_instant(now()),
        "until": until,
    }
    assert_refused(
        await submit(greta, "case-assigned/2", {**case, "auditor": story.greta.person}, {"reason": "x"}),
        "for-themselves",
    )
    unbounded = {**case, "auditor": story.ruth.person, "record": None}
    assert_refused(await submit(greta, "case-assigned/2", unbounded, {"reason": "x"}), "unbounded-case")
