"""Passkeys at admission: who may say what with a session key, on a real ledger, and what `verify` says of it."""

import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from ledger.core.assertions import NONCE_SIZE, Assertion
from ledger.core.errors import BadAssertion, CoreError
from ledger.core.key_history import KeyNotInForce
from ledger.core.keys import KeyStatement, SigningKey
from ledger.core.passkeys import challenge_of_statement
from ledger.core.vouching import NotAssured
from ledger.domain.errors import NotAllowed, NotPossible
from ledger.saying import By
from tests.sign_in.authenticator import USER_PRESENT, Browser
from tests.signing import Device, item_facts, let_back_in, submit
from tests.story import Story

WORDS = {"title": None, "text": "Slept well.", "quote": None, "data": None}
ELSEWHERE = Browser(origin="https://localhost.example")


async def device_of(story: Story, by: By) -> Device:
    return await Device.of(story.ledger, by, story.bert.person)


async def test_a_session_key_signs_and_what_is_of_high_stakes_is_assured(story: Story) -> None:
    amina = await device_of(story, story.amina)
    item = str(uuid4())
    await amina.say("item-added/1", item_facts(story.record, item, "reading"), WORDS)
    share = {
        "record": story.record, "directive": str(uuid4()), "grantee": {"kind": "person", "id": story.sam.person},
        "scope": {"kind": "item", "of": item}, "effect": "share", "condition": None, "from": None, "until": None,
        "replaces": None, "hidden": False,
    }  # fmt: skip
    size = await story.ledger.rows.size()
    with pytest.raises(NotAssured, match="passkey"):
        await amina.say("directive-made/1", share, assured=False)
    assert await story.ledger.rows.size() == size
    await amina.say("directive-made/1", share)
    await story.settled()
    [shown] = (await story.carer_view()).items
    assert (shown.text, shown.author.signed) == ("Slept well.", "author")
    await story.assert_sound()


async def test_revoking_a_passkey_ends_what_it_certified(story: Story) -> None:
    amina = await device_of(story, story.amina)
    wish = {"record": story.record, "wish": "tell-me-first"}
    await amina.say("results-wish-stated/1", wish)
    [enrolment] = (await story.ledger.facts.person(amina.by.person, fresh=True)).fold.keys.passkeys.values()
    await story.ledger.people.revoke_passkey(amina.by, amina.by.person, enrolment.said, "stolen")
    with pytest.raises(KeyNotInForce, match="revoked"):
        await amina.say("results-wish-stated/1", wish)
    with pytest.raises(KeyNotInForce, match="revoked"):
        await amina.certify()
    with pytest.raises((NotPossible, KeyNotInForce)):
        await story.ledger.people.revoke_passkey(amina.by, amina.by.person, enrolment.said, "stolen")
    await story.assert_sound()


async def test_the_service_cannot_enrol_a_passkey_in_anybodys_name(story: Story) -> None:
    """Not as itself, not as the person, and not as a registrar who has a key of their own."""
    amina, false = await device_of(story, story.amina), await device_of(story, story.sam)
    false.authenticator.make({"rp": {"id": "localhost"}, "user": {"id": "AA"}, "challenge": "AA"})
    people, service = story.ledger.people, By(story.ledger.keyring.service, "service")
    await device_of(story, By(story.bert.person, "registrar"))
    for by in (service, amina.by, By(story.bert.person, "registrar"), story.ada, story.okafor):
        with pytest.raises(NotAllowed, match=r"not-signed|role-missing"):
            await people.enrol_passkey(by, amina.by.person, false.passkey)


@pytest.mark.parametrize(
    "page",
    [ELSEWHERE, Browser(cross_origin=True), Browser(flags=USER_PRESENT), Browser(damage_signature=True),
     Browser(type="webauthn.create"), Browser(rp="elsewhere.example"), Browser(challenge=b"c" * 32)],
    ids=["another site", "a frame", "nobody verified", "a damaged signature", "a registration", "another party",
         "another challenge"],
)  # fmt: skip
async def test_a_certificate_that_does_not_hold_enrols_nothing(story: Story, page: Browser) -> None:
    amina = Device(story.ledger, story.amina)
    amina.authenticator.make({"rp": {"id": "localhost"}, "user": {"id": "AA"}, "challenge": "AA"})
    await story.ledger.people.enrol_passkey(By(story.bert.person, "registrar"), amina.by.person, amina.passkey)
    size = await story.ledger.rows.size()
    with pytest.raises(BadAssertion):
        await amina.certify(page=page)
    with pytest.raises(CoreError, match="until"):
        await amina.certify(hours=13)
    assert await story.ledger.rows.size() == size


async def test_a_passkey_of_somebody_else_certifies_nothing(story: Story) -> None:
    amina, sam = await device_of(story, story.amina), await device_of(story, story.sam)
    sam.authenticator = amina.authenticator
    with pytest.raises(KeyNotInForce, match="not enrolled for"):
        await sam.certify()


def assured_by(device: Device) -> Callable[[bytes], Assertion]:
    nonce = os.urandom(NONCE_SIZE)
    return lambda payload: device.asserted(challenge_of_statement(nonce, payload), nonce)


async def test_a_session_key_enrols_a_lasting_key_only_with_the_passkeys_word(story: Story) -> None:
    """Such a key needs no passkey any more, so it would outlive the one that is stolen with the device."""
    amina, lasting = await device_of(story, story.amina), SigningKey(os.urandom(32)).public
    facts = {"person": amina.by.person, "kid": lasting.kid}
    said: dict[str, Any] = {
        "public": KeyStatement(lasting, "author", None, {"person": amina.by.person, "by": "patient"})
    }
    with pytest.raises(NotAssured, match="passkey"):
        await submit(story.ledger, amina.by, amina.key, "key-enrolled/1", facts, **said)
    await submit(story.ledger, amina.by, amina.key, "key-enrolled/1", facts, **said, assure=assured_by(amina))
    await story.assert_sound()


async def test_a_revocation_names_the_passkey_that_certified_the_key_or_none(story: Story) -> None:
    """An export follows what it names to what the log says of that."""
    amina = await device_of(story, story.amina)
    [(_, session)] = [
        (kid, one.said)
        for (_, kid), one in (await story.ledger.facts.person(amina.by.person, fresh=True)).fold.keys.by_person.items()
        if one.said.certified_by is not None
    ]
    facts = {"person": amina.by.person, "kid": session.kid, "reason": "lost"}
    false = dict(session.evidence, assertion={**session.evidence["assertion"], "credential": "AAAA"})
    with pytest.raises(KeyNotInForce, match="revoked as certified by AAAA"):
        await submit(story.ledger, amina.by, amina.key, "key-revoked/1", facts, public=replace(session, evidence=false))
    plain = replace(session, evidence={"person": amina.by.person, "by": "patient"})
    await submit(story.ledger, amina.by, amina.key, "key-revoked/1", facts, public=plain)
    await story.assert_sound()


async def test_a_revoked_passkey_does_not_come_back_under_another_credential(story: Story) -> None:
    amina = await device_of(story, story.amina)
    [enrolment] = (await story.ledger.facts.person(amina.by.person, fresh=True)).fold.keys.passkeys.values()
    await story.ledger.people.revoke_passkey(amina.by, amina.by.person, enrolment.said, "stolen")
    await let_back_in(story.ledger, amina.by.person)
    again = replace(amina.passkey, credential="AAAA")
    with pytest.raises(KeyNotInForce, match="second credential"):
        await story.ledger.people.enrol_passkey(By(story.bert.person, "registrar"), amina.by.person, again)


@pytest.mark.parametrize("role", ["attorney", "parent"])
async def test_whoever_decides_for_somebody_certifies_and_ends_their_own(story: Story, role: str) -> None:
    device = await device_of(story, By(story.sam.person, role))
    [enrolment] = (await story.ledger.facts.person(device.by.person, fresh=True)).fold.keys.passkeys.values()
    await story.ledger.people.revoke_passkey(device.by, device.by.person, enrolment.said, "stolen")
    with pytest.raises(KeyNotInForce, match="revoked"):
        await device.certify()
