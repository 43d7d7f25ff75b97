"""Session keys and assertions over HTTP: a passkey certifies the page's key, and assures what is of high stakes."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from ledger.core.canonical import base64url
from ledger.core.instants import HOUR, MINUTE, SECOND, Instant
from ledger.core.keys import SigningKey
from ledger.core.passkeys import PasskeyStatement
from ledger.saying import By
from tests.http.served import Served, problem
from tests.sign_in.authenticator import EDDSA, ES256, Authenticator
from tests.sign_in.browser import Browser
from tests.sign_in.signing_page import SigningPage, now
from tests.sign_in.test_passkeys_over_http import HERE, added, enrolled, good, passkey_of, sign_in, somebody
from tests.story import KEYRING

pytestmark = pytest.mark.asyncio(loop_scope="module")


@asynccontextmanager
async def page_of(
    house: Served, by: By, algorithm: int = EDDSA, *, certified: bool = True
) -> AsyncIterator[SigningPage]:
    """A page of somebody with an enrolled passkey, who has signed in with it; afterwards they have none.

    A registrar enrols a passkey for nobody who has a key.
    """
    device = Authenticator(algorithm)
    async with Browser.of(house) as browser:
        kept = await passkey_of(browser, by, device)
        await enrolled(house, by, kept)
        await sign_in(browser, device, acting_as=by.acting_as)
        page = SigningPage(browser, by, device, device.credentials[kept.credential])
        if certified:
            answer = await page.certify()
            assert answer.status_code == 201, answer.text
        yield page
        keys = (await house.story.ledger.facts.person(by.person, fresh=True)).fold.keys
        for enrolment in keys.passkeys.values():
            if enrolment.revoked_at is None:
                await house.story.ledger.people.revoke_passkey(house.story.ada, by.person, enrolment.said, "replaced")


async def spare_of(page: SigningPage) -> tuple[dict[str, str], PasskeyStatement]:
    """A further passkey of the same person, and what has to be said to enrol it."""
    device = Authenticator()
    told = await added(page.browser, device)
    kept = await page.browser.service.doors.passkeys.find(list(device.credentials)[-1])
    assert kept is not None
    facts = {"person": page.by.person, "kid": told["kid"]}
    return facts, PasskeyStatement.of(kept.passkey(HERE.rp), page.by.person, page.by.acting_as)


@pytest.mark.parametrize("algorithm", [ES256, EDDSA])
async def test_what_amina_signs_in_the_page_is_hers_until_she_ends_the_passkey(house: Served, algorithm: int) -> None:
    amina, record = house.story.amina, house.story.record
    async with page_of(house, amina, algorithm) as page:
        size = await house.size()
        await good(page.say("results-wish-stated/1", {"record": record, "wish": "at-once"}), 201)
        facts, spare = await spare_of(page)
        problem(await page.say("passkey-enrolled/1", facts, spare), 403, "not-assured")
        await good(page.say("passkey-enrolled/1", facts, spare, assured=True), 201)
        assert await house.said(size) == ["results-wish-stated/1", "passkey-enrolled/1"]
        listed = (await good(page.browser.get("/passkeys")))["passkeys"]
        assert [one["enrolled"] for one in listed if one["kid"] == facts["kid"]] == [True]
        own = f"/people/{amina.person}/statements"
        said = (await good(page.browser.get(own)))["statements"][:2]
        assert [(one["kid"], one["custody"]) for one in said] == [(page.key.kid, "author")] * 2
        async with Browser.of(house) as elsewhere:
            await elsewhere.begin(amina)
            mine = base64url(page.credential.id)
            await good(elsewhere.post(f"/passkeys/{mine}/end", reason="lost"))
            await page.browser.begin(amina)
            late = await page.say("results-wish-stated/1", {"record": record, "wish": "at-once"})
            problem(late, 403, "key-not-in-force")
    await asyncio.to_thread(_assert_sound, house)


def _assert_sound(house: Served) -> None:
    from tests.soundness import assert_ledger_sound  # noqa: PLC0415 - it loads the whole verification

    assert_ledger_sound(house.story.database.dsn(), KEYRING)


async def test_a_session_key_takes_a_passkey_that_says_so_of_this_key_for_this_session(house: Served) -> None:
    async with page_of(house, await somebody(house), certified=False) as page:
        used = await page.nonce("session-key")
        refused: list[tuple[str, dict[str, Any], str]] = [
            ("a nonce of its own", {"nonce": base64url(os.urandom(32))}, "sign-in-refused"),
            ("a nonce for a statement", {"nonce": await page.nonce("statement")}, "sign-in-refused"),
            ("an end too far ahead", {"ends": Instant(now() + 12 * HOUR + MINUTE)}, "key-not-in-force"),
            ("an end that is past", {"ends": Instant(now() - SECOND)}, "key-not-in-force"),
        ]
        for title, changes, kind in refused:
            answer = await page.submit(await page.certificate(**changes))
            assert answer.json()["type"].endswith(f":{kind}"), (title, answer.text)
        async with Browser.of(house) as other:
            await other.begin(page.by)
            page.browser, own = other, page.browser
            foreign = await page.nonce("session-key")
            page.browser = own
        problem(await page.submit(await page.certificate(nonce=foreign)), 422, "sign-in-refused")
        body = await page.certificate(nonce=used)
        page.key = SigningKey(os.urandom(32))
        other_key = await page.certificate()
        swapped = {**other_key, "statement": body["statement"]}
        problem(await page.submit(swapped), 422, "commitment")
        await good(page.certify(), 201)


async def test_a_passkey_that_is_not_enrolled_certifies_nothing(house: Served) -> None:
    nadia, device = await somebody(house), Authenticator()
    async with Browser.of(house) as browser:
        kept = await passkey_of(browser, nadia, device)
        await sign_in(browser, device)
        page = SigningPage(browser, nadia, device, device.credentials[kept.credential])
        told = problem(await page.certify(), 403, "key-not-in-force")
        assert "not enrolled" in told["detail"]
        await enrolled(house, nadia, kept)
        await good(page.certify(), 201)


async def test_a_passkey_of_another_account_certifies_nothing(house: Served) -> None:
    async with page_of(house, await somebody(house)) as hers, page_of(house, await somebody(house, "Tom")) as his:
        hers.key, hers.credential, hers.device = SigningKey(os.urandom(32)), his.credential, his.device
        problem(await hers.certify(), 403, "key-not-in-force")


async def test_what_is_of_high_stakes_takes_an_assertion_over_itself(house: Served) -> None:
    async with page_of(house, await somebody(house)) as page:
        facts, spare = await spare_of(page)
        signed, opening = page.signed("passkey-enrolled/1", facts, spare)
        another, _ = page.signed("passkey-enrolled/1", facts, spare)
        good_one = await page.assertion(signed)
        damaged = {**good_one, "signature": base64url(bytes(64))}
        tried: list[tuple[str, dict[str, str], str]] = [
            ("over another statement", await page.assertion(another), "assertion"),
            ("over nothing", await page.assertion(signed, over=b""), "assertion"),
            (
                "for a session key",
                await page.assertion(signed, nonce=await page.nonce("session-key")),
                "sign-in-refused",
            ),
            ("over a nonce of its own", await page.assertion(signed, nonce=base64url(bytes(32))), "sign-in-refused"),
            ("damaged", damaged, "assertion"),
            ("over a nonce that was used", good_one, "sign-in-refused"),
            ("of another shape", {**good_one, "nonce": "AA"}, "malformed"),
        ]
        for title, assertion, kind in tried:
            answer = await page.submit(page.body(signed, opening, assertion))
            assert answer.json()["type"].endswith(f":{kind}"), (title, answer.text)
        ordinary, opened = page.signed("passkey-revoked/1", {**facts, "reason": "lost"}, spare)
        idle = page.body(ordinary, opened, await page.assertion(ordinary))
        problem(await page.submit(idle), 422, "malformed")
        await good(page.submit(page.body(signed, opening, await page.assertion(signed))), 201)


async def test_a_statement_whose_answer_was_lost_is_answered_again_although_its_nonce_was_used(house: Served) -> None:
    async with page_of(house, await somebody(house)) as page:
        facts, spare = await spare_of(page)
        signed, opening = page.signed("passkey-enrolled/1", facts, spare)
        body = page.body(signed, opening, await page.assertion(signed))
        first = await good(page.submit(body), 201)
        assert await good(page.submit(body)) == first


async def test_a_registrar_who_has_a_key_signs_what_they_enrol(house: Served) -> None:
    rita, nadia = By((await somebody(house, "Rita")).person, "registrar"), await somebody(house)
    await house.story.ledger.people.grant(house.story.ada, rita.person, "registrar")
    async with page_of(house, rita) as page, Browser.of(house) as browser:
        kept = await passkey_of(browser, nadia, Authenticator())
        here = f"/people/{nadia.person}/passkeys/{kept.kid}/enrolment"
        assert problem(await page.browser.post(here), 403, "not-allowed")["rule"] == "not-signed"
        public = PasskeyStatement.of(kept.passkey(HERE.rp), nadia.person, "registrar")
        facts = {"person": nadia.person, "kid": kept.kid}
        await good(page.say("passkey-enrolled/1", facts, public, assured=True), 201)
        waiting = await good(page.browser.get("/passkeys/waiting", person=nadia.person))
        assert waiting == {"passkeys": []}
