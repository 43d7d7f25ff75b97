"""Identities: linked by whoever is signed in or was invited, listed, ended; claims bound what the facts allow."""

from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import pytest_asyncio

from api.http.cookies import SESSION
from ledger.saying import By, fresh_id
from tests.http.served import problem
from tests.sign_in.browser import Browser
from tests.sign_in.oidc.forger import Forger

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(autouse=True, loop_scope="module")
async def nobody_is_linked(browser: Browser) -> AsyncIterator[None]:
    """When a test begins and ends, no identity is linked."""
    yield
    for person in (browser.served.story.amina, browser.served.story.sam, browser.served.story.okafor):
        await browser.service.doors.identities.end(person.person)


async def vouched(browser: Browser, forger: Forger, url: str, subject: str, **claims: object) -> httpx.Response:
    """The forger vouches for somebody, and the browser comes back."""
    asked = {name: value for name, [value] in parse_qs(urlsplit(url).query).items()}
    forger.say(forger.token(forger.claims(asked["nonce"], sub=subject, **claims)))
    return await browser.get("/sign-in/oidc/forger/callback", code="code", state=asked["state"], iss=forger.issuer)


async def sign_in(browser: Browser, forger: Forger, subject: str, **claims: object) -> httpx.Response:
    left = await browser.get("/sign-in/oidc/forger")
    return await vouched(browser, forger, left.headers["location"], subject, **claims)


async def link(browser: Browser, forger: Forger, subject: str) -> httpx.Response:
    left = await browser.post("/session/identities", provider="forger")
    assert left.status_code == 200, left.text
    return await vouched(browser, forger, left.json()["url"], subject)


async def listed(browser: Browser) -> list[str]:
    shown = await browser.get("/session/identities")
    assert shown.status_code == 200, shown.text
    return [one["provider"] for one in shown.json()["identities"]]


def assert_refused(answer: httpx.Response, because: str) -> None:
    assert because in problem(answer, 401, "sign-in")["detail"]


async def test_amina_links_her_identity_signs_in_with_it_and_ends_it(browser: Browser, forger: Forger) -> None:
    amina = browser.served.story.amina
    await browser.begin(amina)
    assert await listed(browser) == []
    back = await link(browser, forger, "amina at the forger")
    assert (back.status_code, back.headers["location"]) == (303, "/account")
    assert await listed(browser) == ["forger"]
    async with Browser.of(browser.served) as elsewhere:
        assert (await sign_in(elsewhere, forger, "amina at the forger")).status_code == 303
        told = (await elsewhere.get("/session")).json()
        assert (told["person"], told["acting_as"], told["means"]) == (amina.person, "patient", "oidc")
        ended = await browser.post("/session/identities/end", issuer=forger.issuer)
        assert (ended.status_code, ended.json()) == (200, {"ended": forger.issuer})
        assert (await elsewhere.get("/session")).status_code == 401
        elsewhere.cookies.clear()
        assert_refused(await sign_in(elsewhere, forger, "amina at the forger"), "identity: got one that lets nobody in")
    assert await listed(browser) == []
    problem(await browser.post("/session/identities/end", issuer=forger.issuer), 404, "unknown")


async def test_signing_in_ends_the_session_that_the_browser_had(browser: Browser, forger: Forger) -> None:
    await browser.begin(browser.served.story.amina)
    await link(browser, forger, "amina at the forger")
    before = browser.cookie
    assert (await sign_in(browser, forger, "amina at the forger")).status_code == 303
    assert browser.cookie != before
    browser.cookies[SESSION] = before
    assert (await browser.get("/session")).status_code == 401


async def test_an_identity_is_linked_only_in_the_session_that_began_it(browser: Browser, forger: Forger) -> None:
    await browser.begin(browser.served.story.amina)
    left = await browser.post("/session/identities", provider="forger")
    await browser.begin(browser.served.story.sam)
    assert_refused(
        await vouched(browser, forger, left.json()["url"], "sam"), "session: got another than the one that began"
    )
    del browser.cookies[SESSION]
    assert_refused(await sign_in(browser, forger, "sam"), "identity: got one that lets nobody in")


async def test_an_identity_is_one_persons_and_a_person_has_one_of_a_provider(browser: Browser, forger: Forger) -> None:
    await browser.begin(browser.served.story.amina)
    await link(browser, forger, "one")
    assert_refused(await link(browser, forger, "two"), "identity: got a second one of this provider")
    assert (await link(browser, forger, "one")).status_code == 303  # again changes nothing
    await browser.begin(browser.served.story.sam)
    assert_refused(await link(browser, forger, "one"), "identity: got one that is linked to somebody else")
    assert await listed(browser) == []


async def test_another_site_cannot_have_an_identity_linked(browser: Browser) -> None:
    await browser.begin(browser.served.story.amina)
    left = await browser.send("POST", "/session/identities", json={"provider": "forger"})
    problem(left, 403, "cross-site")
    assert (await browser.get("/sign-in/oidc/forger", link="1")).status_code == 303
    assert await listed(browser) == []


async def test_a_program_has_no_identity_to_link_and_an_unknown_provider_is_told(browser: Browser) -> None:
    client = await browser.served.sign_in(browser.served.story.amina)
    answer = await client.post("/session/identities", provider="forger")
    assert "wanted a browser's session" in problem(answer, 401, "sign-in")["detail"]
    await browser.begin(browser.served.story.amina)
    answer = await browser.post("/session/identities", provider="nobody")
    assert "wanted one of forger" in problem(answer, 422, "malformed")["detail"]
    problem(await browser.get("/sign-in/oidc/nobody"), 404, "unknown")
    problem(await browser.get("/sign-in/oidc/nobody/callback"), 404, "unknown")


async def test_claims_bound_what_the_facts_allow(browser: Browser, forger: Forger) -> None:
    """Dr Okafor is a clinician; but this provider vouches for patients and carers alone."""
    okafor = browser.served.story.okafor
    await browser.begin(okafor)
    await link(browser, forger, "okafor")
    del browser.cookies[SESSION]
    answer = await sign_in(browser, forger, "okafor")
    assert "claims: got none that lets you act as clinician here" in problem(answer, 403, "not-allowed")["detail"]
    assert SESSION not in browser.cookies


async def invited(browser: Browser) -> tuple[By, str]:
    """Somebody new, and the ticket of their open invitation."""
    story = browser.served.story
    registered = await story.ledger.people.register(story.ada, "Nadia, who is new")
    nadia = By(str(registered.facts["person"]), "patient")
    invitations = browser.service.doors.invitations
    made = await invitations.invite(nadia.person, why="invited", by=story.ada.person)
    _, ticket = await invitations.open(made.secret, made.code)
    return nadia, ticket


async def test_an_invitation_is_accepted_at_a_provider(browser: Browser, forger: Forger) -> None:
    nadia, ticket = await invited(browser)
    left = await browser.post("/invitations/at-provider", provider="forger", ticket=ticket)
    answer = await vouched(browser, forger, left.json()["url"], "nadia", level="low")
    assert "claims: got none that lets you act as patient" in problem(answer, 403, "not-allowed")["detail"]
    assert_refused(
        await sign_in(browser, forger, "nadia"), "identity: got one that lets nobody in"
    )  # nothing was linked

    left = await browser.post("/invitations/at-provider", provider="forger", ticket=ticket)
    back = await vouched(browser, forger, left.json()["url"], "nadia")
    assert (back.status_code, back.headers["location"]) == (303, "/"), back.text
    told = (await browser.get("/session")).json()
    assert (told["person"], told["acting_as"], told["means"]) == (nadia.person, "patient", "oidc")

    browser.cookies.clear()
    left = await browser.post("/invitations/at-provider", provider="forger", ticket=ticket)
    assert_refused(await vouched(browser, forger, left.json()["url"], "another"), "ticket: got one that was used")
    assert (await sign_in(browser, forger, "nadia")).status_code == 303


async def test_a_recovery_at_a_provider_ends_what_was_there_before(browser: Browser, forger: Forger) -> None:
    story = browser.served.story
    sam, doors = story.sam.person, browser.service.doors
    await doors.identities.link(forger.issuer, "sam, who lost his login", sam)
    async with Browser.of(browser.served) as before:
        assert (await sign_in(before, forger, "sam, who lost his login")).status_code == 303
        now = story.ledger.clock()
        made = await doors.invitations.invite_again(fresh_id(now), sam, by=story.ada.person, since=now)
        _, ticket = await doors.invitations.open(made.secret, made.code)
        left = await browser.post("/invitations/at-provider", provider="forger", ticket=ticket)
        assert (await vouched(browser, forger, left.json()["url"], "sam again")).status_code == 303
        assert (await before.get("/session")).status_code == 401
        before.cookies.clear()
        assert_refused(
            await sign_in(before, forger, "sam, who lost his login"), "identity: got one that lets nobody in"
        )
    assert (await browser.get("/session")).json()["person"] == sam


async def test_providers_are_listed_for_the_sign_in_page(browser: Browser) -> None:
    shown = await browser.get("/sign-in/providers")
    assert shown.json() == {"providers": [{"name": "forger", "label": "The forger"}]}


async def test_a_refusal_is_a_page_to_a_browser(browser: Browser) -> None:
    headers = {"accept": "text/html,application/xhtml+xml"}
    answer = await browser.send("GET", "/sign-in/oidc/forger/callback", headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (401, "text/html; charset=utf-8")
    assert "got no sign-in that this browser began" in answer.text
