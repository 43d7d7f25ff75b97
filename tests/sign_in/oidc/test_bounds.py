"""What a provider may vouch for bounds all that comes of its word; and a recovery there that fails ends nothing."""

import pytest

from ledger.saying import fresh_id
from tests.http.served import problem
from tests.sign_in.browser import Browser
from tests.sign_in.oidc.forger import Forger
from tests.sign_in.oidc.test_identities import link, listed, nobody_is_linked, sign_in, vouched

__all__ = ["nobody_is_linked"]

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_no_further_way_in_is_made_where_the_provider_vouches_for_less_than_the_facts_allow(
    browser: Browser, forger: Forger
) -> None:
    """It would let in whom the provider vouched for as all that the person is."""
    story = browser.served.story
    async with Browser.of(browser.served) as own:
        await own.begin(story.okafor)
        await link(own, forger, "dr okafor")
    await story.ledger.care.open_record(story.ada, story.okafor.person)
    await story.settled()
    assert (await sign_in(browser, forger, "dr okafor")).status_code == 303
    assert (await browser.get("/session")).json()["may_act_as"] == ["patient"]
    for path, body in (
        ("/passkeys/options", {}),
        ("/passkeys", {"credential": {"id": "AAAA", "type": "public-key", "response": {}}, "name": "My phone"}),
        ("/recovery-code", {}),
        ("/session/identities", {"provider": "forger"}),
    ):
        assert "provider" in problem(await browser.post(path, **body), 403, "not-allowed")["detail"], path


async def test_who_is_nothing_more_makes_a_passkey_there(browser: Browser, forger: Forger) -> None:
    await browser.begin(browser.served.story.amina)
    await link(browser, forger, "amina")
    assert (await sign_in(browser, forger, "amina")).status_code == 303
    assert (await browser.post("/passkeys/options")).status_code == 200
    assert (await browser.post("/recovery-code")).status_code == 201


async def test_a_provider_that_was_taken_out_of_the_file_lets_nobody_go_on(browser: Browser, forger: Forger) -> None:
    await browser.begin(browser.served.story.amina)
    await link(browser, forger, "amina")
    assert (await sign_in(browser, forger, "amina")).status_code == 303
    sessions = browser.service.doors.sessions
    issuers, sessions.issuers = sessions.issuers, frozenset()
    sessions._known.clear()
    try:
        problem(await browser.get("/session"), 401, "sign-in")
    finally:
        sessions.issuers = issuers
    assert (await browser.get("/session")).status_code == 200


async def test_a_recovery_at_a_provider_that_fails_ends_nothing(browser: Browser, forger: Forger) -> None:
    story, doors = browser.served.story, browser.service.doors
    sam, now = story.sam.person, story.ledger.clock()
    await doors.identities.link(forger.issuer, "amina's", story.amina.person)
    await doors.identities.link(forger.issuer, "sam's", sam)
    made = await doors.invitations.invite_again(fresh_id(now), sam, by=story.ada.person, since=now)
    _, ticket = await doors.invitations.open(made.secret, made.code)
    left = await browser.post("/invitations/at-provider", provider="forger", ticket=ticket)
    answer = await vouched(browser, forger, left.json()["url"], "amina's")
    assert "linked to somebody else" in problem(answer, 401, "sign-in")["detail"]
    assert [one.subject for one in await doors.identities.of(sam)] == ["sam's"]
    await browser.begin(story.sam)
    assert await listed(browser) == ["forger"]
