"""Attacks by people who are in: one of the staff alone, somebody at a browser that was left open, a leaver."""

import os

import httpx
import pytest

from api.http.cookies import SESSION
from api.http.fresh import FRESH, REAUTHENTICATE_AFTER
from api.http.statements import SAID_BY
from api.sign_in.letting_in import settle_what_is_left
from api.sign_in.place import Place
from ledger.core.instants import Instant
from ledger.core.keys import SigningKey
from ledger.saying import By
from tests.http.served import Key, Served, form_of, problem
from tests.sign_in.authenticator import Authenticator
from tests.sign_in.browser import PLACE, Browser
from tests.sign_in.conftest import browser, house
from tests.sign_in.signing_page import SigningPage
from tests.sign_in.test_fresh import SAID_BY as ASSURED
from tests.sign_in.test_invitations import HERE, accept, invite, new_person, open_it
from tests.sign_in.test_recovery import as_staff, somebody_with_a_passkey

__all__ = ["browser", "house"]

pytestmark = pytest.mark.asyncio(loop_scope="module")
FORM = "application/x-www-form-urlencoded"


async def registrar(house: Served) -> By:
    """Somebody whom one administrator made a registrar."""
    person = await new_person(house, "Rita Bell")
    await house.story.ledger.people.grant(house.story.ada, person, "registrar")
    return By(person, "registrar")


@pytest.mark.parametrize("role", ["administrator", "clinician"])
async def test_who_was_invited_first_and_appointed_then_is_let_in_by_whom_may_invite_them_now(
    house: Served, browser: Browser, role: str
) -> None:
    story, person, rita = house.story, await new_person(house), await registrar(house)
    told = await invite(house, person, rita)
    await story.ledger.people.grant(story.ada, person, role)
    if role == "administrator":
        await story.ledger.people.approve(story.bert, person, role)
    else:
        await story.ledger.people.end_role(story.ada, rita.person, "registrar")
    opened = await open_it(browser, told.secret, told.code)
    assert "may not invite" in problem(await accept(browser, opened), 401, "sign-in")["detail"]
    assert await browser.service.doors.passkeys.of(person) == []
    told = await invite(house, person)
    assert (await accept(browser, await open_it(browser, told.secret, told.code))).status_code == 201


async def test_a_recovery_that_a_registrar_approved_opens_no_role_that_took_two_since(
    house: Served, browser: Browser
) -> None:
    story, rita, (person, _) = house.story, await registrar(house), await somebody_with_a_passkey(house, browser)
    recovery = (await as_staff(house, story.ada, f"/people/{person}/recovery")).json()["ids"]["recovery"]
    told = (await as_staff(house, rita, f"/people/{person}/recovery/approval", recovery=recovery)).json()
    await story.ledger.people.grant(story.ada, person, "auditor")
    await story.ledger.people.approve(story.bert, person, "auditor")
    async with Browser.of(house) as new:
        opened = await open_it(new, told["link"].partition("#")[2], told["code"])
        problem(await accept(new, opened), 401, "sign-in")
    assert (await browser.get("/session")).status_code == 200


async def test_a_second_invitation_opens_nothing_beside_a_way_in_that_was_made_meanwhile(
    house: Served, browser: Browser
) -> None:
    doors, person, place = browser.service.doors, await new_person(house), Place.of(PLACE)
    first = await doors.invitations.invite(person, why="invited", by=None)
    _, ticket = await doors.invitations.open(first.secret, first.code)
    async with doors.invitations.use(ticket) as opened:
        second = await doors.invitations.invite(person, why="invited", by=house.story.ada.person)
        options = await doors.passkeys.options_to_make(person, "", place, opened.id)
        made = await doors.passkeys.make(person, Authenticator().make(options, HERE), place, "Theirs", opened.id)
    opened_again = await open_it(browser, second.secret, second.code)
    problem(await accept(browser, opened_again), 401, "sign-in")
    assert [one.kid for one in await doors.passkeys.of(person)] == [made.kid]


async def test_the_links_that_a_leaver_gave_open_nothing_any_more(house: Served, browser: Browser) -> None:
    rita = await registrar(house)
    told, other = await invite(house, await new_person(house), rita), await invite(house, await new_person(house))
    assert (await as_staff(house, house.story.ada, f"/people/{rita.person}/leaving")).status_code == 200
    problem(await browser.post("/invitations/open", secret=told.secret, code=told.code), 401, "sign-in")
    await open_it(browser, other.secret, other.code)


async def test_who_let_the_service_speak_for_them_no_more_gets_back_in_and_stops_nobody(
    house: Served, browser: Browser
) -> None:
    service, (person, lost) = browser.service, await somebody_with_a_passkey(house, browser)
    code = (await browser.post("/recovery-code")).json()["code"]
    keys = (await browser.get(f"/people/{person}/keys")).json()["keys"]
    [kid] = [one["kid"] for one in keys if one["custody"] == "service"]
    assert (await browser.post(f"/people/{person}/keys/{kid}/revocation", reason="lost")).status_code == 201
    async with Browser.of(house) as new:
        opened = (await new.post("/recovery-code/use", code=code)).json()
        answer = await accept(new, opened)
        assert (answer.status_code, answer.json()["person"]) == (201, person), answer.text
        [kept] = await service.doors.passkeys.of(person)
        # In the log the lost one can be revoked by an administrator, and here it lets nobody in.
        [named] = (await new.get("/passkeys")).json()["only_in_log"]
        assert (named["enrolled"], named["credential"] != kept.id) == (True, True)
        problem(await browser.get("/session"), 401, "sign-in")
        options = (await browser.post("/sign-in/passkey/options")).json()
        problem(await browser.post("/sign-in/passkey", credential=lost.sign_in(options, HERE)), 403, "passkey")
    await settle_what_is_left(service.ledger, service.doors)
    assert await service.doors.invitations.unsettled() == []


async def test_a_session_key_speaks_in_its_page_and_gets_no_token(house: Served, browser: Browser) -> None:
    """At a browser that was left open it would sign in a program, with no passkey and beyond signing out."""
    person, device = await somebody_with_a_passkey(house, browser)
    seed, [credential] = os.urandom(32), device.credentials.values()
    page = SigningPage(browser, By(person, "patient"), device, credential, SigningKey(seed))
    assert (await page.certify()).status_code == 201
    refused = await house.http.post("/token", data=form_of(Key(seed).assertion(person)))
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")


async def test_at_a_browser_left_open_a_session_key_says_nothing_that_asks_for_the_passkey(
    house: Served, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    person, device = await somebody_with_a_passkey(house, browser)
    [credential] = device.credentials.values()
    page = SigningPage(browser, By(person, "patient"), device, credential)
    assert (await page.certify()).status_code == 201
    clock = browser.service.doors.sessions.clock
    monkeypatch.setattr(browser.service.doors.sessions, "clock", lambda: Instant(clock() + REAUTHENTICATE_AFTER))
    for said in SAID_BY.keys() - {"content-erased/1"}:  # which says in clear what it erases
        problem(await page.say(said, {"record": house.story.record}), 401, "sign-in-again")


async def test_what_asks_for_a_passkey_used_lately_asks_for_it_signed_as_well(house: Served) -> None:
    posted = [methods["post"] for methods in house.app.openapi()["paths"].values() if "post" in methods]
    says = {one["operationId"] for one in posted if "'#/components/schemas/Answer'" in str(one["responses"].get("201"))}
    # A key that lasts takes the passkey's word; that of a session brings it along.
    assert says & FRESH - {"people.enrol_key"} <= {*ASSURED.values(), *SAID_BY.values()}
    assert ASSURED.keys().isdisjoint(SAID_BY)


async def test_a_cookie_whose_name_only_looks_like_ours_is_none(house: Served, browser: Browser) -> None:
    """A neighbouring host may set no cookie with the prefix, but one whose name becomes it when it is trimmed."""
    await browser.begin(house.story.amina)
    good = f"{SESSION}={browser.cookie}".encode()
    statuses = {}
    for sent in (good, b"a=b; " + good + b";c=d", b"\xa0" + good, b"\x85" + good, b"\x1f" + good, good + b"; " + good):
        answer = await browser.http.get("/session", headers=[(b"cookie", sent)])  # type: ignore[arg-type]
        statuses[sent] = answer.status_code
    assert [*statuses.values()] == [200, 200, 401, 401, 401, 401], statuses


async def test_more_members_than_a_form_has_cost_nothing(house: Served, browser: Browser) -> None:
    many = "&".join(["a="] * 200_000)
    answer = await browser.send("POST", "/token", content=many, headers={"content-type": FORM})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    await browser.begin(house.story.amina)
    headers: dict[str, str] = {"origin": PLACE, "content-type": FORM}
    add = f"/forms/record/{house.story.record}/add"
    problem_page: httpx.Response = await browser.send("POST", add, content=many, headers=headers)
    assert problem_page.status_code == 422


async def test_an_issuer_that_no_row_can_hold_is_none_of_ones_own(house: Served, browser: Browser) -> None:
    await browser.begin(house.story.amina)
    problem(await browser.post("/session/identities/end", issuer="\0"), 404, "unknown")


async def test_what_no_form_of_ours_sends_is_refused_in_words(house: Served, browser: Browser) -> None:
    await browser.begin(house.story.amina)
    for path, form, status in (
        ("/forms/sessions/end", {"session": "mine"}, 422),
        ("/forms/sessions/end", {"session": house.story.record}, 404),
        ("/forms/identities/end", {"issuer": "\0"}, 404),
    ):
        answer = await browser.send("POST", path, data={**form, "csrf": browser.csrf}, headers={"origin": PLACE})
        assert (answer.status_code, "text/html" in answer.headers["content-type"]) == (status, True), path
