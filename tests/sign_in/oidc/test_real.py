"""Signing in at real providers: in Chromium, through their login and consent forms; and what they refuse themselves."""

import re
import socket
from collections.abc import AsyncIterator, Iterator
from html import unescape
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser as Chromium
from playwright.async_api import BrowserContext, Page, Route, async_playwright

from api.http.cookies import SESSION
from api.postgres import EmbeddedPostgres
from tests.browser.driver import ARGUMENTS, CHROMIUM
from tests.http.living import living
from tests.http.served import Served, problem
from tests.sign_in.browser import PLACE, Browser
from tests.sign_in.oidc.conftest import Real, write_file
from tests.sign_in.oidc.forger import Forger, listening, taken_port

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def port() -> Iterator[socket.socket]:
    """Where Chromium reaches the service."""
    with taken_port() as taken:
        yield taken


@pytest.fixture(scope="module")
def base(port: socket.socket) -> str:
    return f"http://localhost:{port.getsockname()[1]}"


@pytest.fixture(scope="module")
def places(base: str) -> list[str]:
    return [PLACE, base]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(  # noqa: PLR0917 - fixtures
    postgres: EmbeddedPostgres,
    migrated_template: str,
    tmp_path_factory: pytest.TempPathFactory,
    forger: Forger,
    real: Real,
    port: socket.socket,
) -> AsyncIterator[Served]:
    """The application with both real providers, listening."""
    folder = tmp_path_factory.mktemp("openid")
    file = write_file(folder, forger, real)
    async with living(postgres, migrated_template, folder, sign_in=file) as served, listening(served.app, port):
        yield served


async def sign_in(login: str, url: str) -> str:
    """Sign somebody in at a provider without a browser; where it sends them back to, with its answer."""
    async with httpx.AsyncClient() as http:
        answer = await http.get(url)
        while True:
            while answer.next_request is not None:
                following = answer.next_request.url
                if following.netloc != httpx.URL(url).netloc:
                    return str(following)
                answer = await http.get(following)
            assert answer.status_code == 200, answer.text
            [action] = re.findall(r'<form [^>]*action="([^"]*)"', answer.text)
            [prompt] = re.findall(r'name="prompt" value="([a-z]*)"', answer.text)
            named = {"login": login, "password": "whatever"} if prompt == "login" else {}
            answer = await http.post(unescape(action), data={"prompt": prompt, **named})


async def come_back(browser: Browser, url: str) -> httpx.Response:
    """The service's answer to what a provider sends back."""
    return await browser.send("GET", url)


async def leave(browser: Browser, name: str) -> str:
    left = await browser.get(f"/sign-in/oidc/{name}")
    assert left.status_code == 303, left.text
    return str(left.headers["location"])


def answer_in(url: str) -> dict[str, str]:
    return {name: value for name, [value] in parse_qs(urlsplit(url).query).items()}


def state_in(url: str) -> str:
    return answer_in(url)["state"]


def without(url: str, *names: str) -> str:
    """The URL without these parameters."""
    kept = {name: value for name, value in answer_in(url).items() if name not in names}
    return urlunsplit(urlsplit(url)._replace(query=urlencode(kept)))


async def linked(browser: Browser, real: Real, name: str, login: str) -> None:
    """Somebody whom the provider knows under this name is Dr Okafor or Amina."""
    story = browser.served.story
    person = {"amina": story.amina, "okafor": story.okafor, "quick": story.sam}[login].person
    await browser.service.doors.identities.link(real.issuers[name], login, person)


def assert_refused(answer: httpx.Response, because: str) -> None:
    assert because in problem(answer, 401, "sign-in")["detail"]


async def fill_in(page: Page, login: str) -> None:
    """The provider's login form, and its question for consent where it asks."""
    await page.fill("input[name=login]", login)
    await page.fill("input[name=password]", "whatever")
    await page.click("button[type=submit]")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def launched() -> AsyncIterator[Chromium]:
    """Chromium, once for all of these tests."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def chromium(launched: Chromium) -> AsyncIterator[BrowserContext]:
    """A fresh profile, which reaches this machine alone: the provider's forms name a style sheet elsewhere."""

    async def only_here(route: Route) -> None:
        here = urlsplit(route.request.url).hostname in ("localhost", "127.0.0.1")
        await (route.continue_() if here else route.abort())

    async with await launched.new_context() as context:
        await context.route("**/*", only_here)
        yield context


async def test_amina_links_her_national_login_and_signs_in_with_it(
    house: Served, base: str, browser: Browser, chromium: BrowserContext
) -> None:
    amina = house.story.amina
    await browser.begin(amina)
    await chromium.add_cookies([{"name": SESSION, "value": browser.cookie, "url": base.replace("http:", "https:")}])
    page = await chromium.new_page()
    await page.goto(f"{base}/account")
    await page.click("text=Sign in with The national login too")
    await fill_in(page, "amina")
    await page.click("text=Continue")
    await page.wait_for_url(f"{base}/account")
    await page.wait_for_selector("text=Stop signing in with it")

    await chromium.clear_cookies(name=SESSION)
    await page.goto(f"{base}/sign-in")
    await page.click("text=The national login")
    await fill_in(page, "amina")  # who was here a moment ago must show again who they are, but has consented already
    await page.wait_for_url(f"{base}/record/**")
    told = await page.evaluate("fetch('/session').then((answer) => answer.json())")
    assert (told["person"], told["acting_as"], told["means"]) == (amina.person, "patient", "oidc")
    cookies = {cookie["name"]: cookie for cookie in await chromium.cookies(base)}
    assert {SESSION} == {name for name in cookies if name.startswith("__Host-")}
    assert (cookies[SESSION]["httpOnly"], cookies[SESSION]["secure"], cookies[SESSION]["sameSite"]) == (
        True,
        True,
        "Lax",
    )


async def test_nadia_accepts_her_invitation_with_a_login_and_later_stops_using_it(
    house: Served, base: str, chromium: BrowserContext
) -> None:
    registered = await house.story.ledger.people.register(house.story.ada, "Nadia, who is new")
    invitations = house.app.state.service.doors.invitations
    nadia = str(registered.facts["person"])
    made = await invitations.invite(nadia, why="invited", by=house.story.ada.person)
    page = await chromium.new_page()
    await page.goto(made.link(base))
    await page.fill("#code", made.code)
    await page.click("text=The national login")
    await fill_in(page, "nadia")
    await page.click("text=Continue")
    await page.wait_for_url(f"{base}/")
    told = await page.evaluate("fetch('/session').then((answer) => answer.json())")
    assert (told["person"], told["means"]) == (nadia, "oidc")
    await page.goto(f"{base}/account")
    await page.click("text=Stop signing in with it")
    await page.wait_for_url(f"{base}/sign-in*")


async def test_who_says_no_at_the_provider_comes_back_to_a_page(base: str, chromium: BrowserContext) -> None:
    page = await chromium.new_page()
    await page.goto(f"{base}/sign-in/oidc/national")
    await page.click("text=Cancel")
    await page.wait_for_selector("text=you, or the provider, said no")


async def test_dr_okafor_signs_in_at_the_hospital_with_a_key_of_the_services(browser: Browser, real: Real) -> None:
    await linked(browser, real, "hospital", "okafor")
    back = await come_back(browser, await sign_in("okafor", await leave(browser, "hospital")))
    assert (back.status_code, back.headers["location"]) == (303, "/"), back.text
    told = (await browser.get("/session")).json()
    assert (told["person"], told["acting_as"]) == (browser.served.story.okafor.person, "clinician")


async def test_somebody_whose_identity_was_not_proved_is_not_let_in(browser: Browser, real: Real) -> None:
    await linked(browser, real, "national", "quick")
    answer = await come_back(browser, await sign_in("quick", await leave(browser, "national")))
    problem(answer, 403, "not-allowed")


async def test_nobody_whom_the_ledger_does_not_know_is_let_in(browser: Browser) -> None:
    answer = await come_back(browser, await sign_in("a stranger", await leave(browser, "national")))
    assert_refused(answer, "identity: got one that lets nobody in here; ask for an invitation")


async def test_a_code_is_good_once(browser: Browser, real: Real) -> None:
    await linked(browser, real, "national", "amina")
    back = await sign_in("amina", await leave(browser, "national"))
    assert (await come_back(browser, back)).status_code == 303
    browser.cookies.clear()
    again = await leave(browser, "national")
    replayed = back.replace(state_in(back), state_in(again))
    assert_refused(await come_back(browser, replayed), "code: got one that was used, is over, or is another sign-in's")
    assert SESSION not in browser.cookies


async def test_a_stolen_code_is_of_no_use_in_another_sign_in(browser: Browser, real: Real) -> None:
    """The code was never used; but the provider holds it to the verifier of the browser that asked for it."""
    await linked(browser, real, "national", "amina")
    async with Browser.of(browser.served) as aminas:
        stolen = await sign_in("amina", await leave(aminas, "national"))
    own = await leave(browser, "national")
    answer = await come_back(browser, stolen.replace(state_in(stolen), state_in(own)))
    assert_refused(answer, "code: got one that was used, is over, or is another sign-in's")


async def test_pkce_cannot_be_left_out_on_the_way(browser: Browser) -> None:
    left = await leave(browser, "national")
    answer = await come_back(browser, await sign_in("amina", without(left, "code_challenge", "code_challenge_method")))
    assert_refused(answer, "provider: the provider refused")
    left = await leave(browser, "national")
    plain = without(left, "code_challenge_method") + "&code_challenge_method=plain"
    assert_refused(await come_back(browser, await sign_in("amina", plain)), "provider: the provider refused")


async def test_one_providers_answer_does_not_pass_for_anothers(browser: Browser, real: Real) -> None:
    await linked(browser, real, "national", "amina")
    async with Browser.of(browser.served) as aminas:
        honest = await sign_in("amina", await leave(aminas, "national"))
    at_hospital = await leave(browser, "hospital")
    mixed = honest.replace("/national/", "/hospital/").replace(state_in(honest), state_in(at_hospital))
    assert_refused(await come_back(browser, mixed), "iss: got another provider's answer")
    at_hospital = await leave(browser, "hospital")
    assert_refused(
        await come_back(browser, honest.replace(state_in(honest), state_in(at_hospital))),
        "state: got that of another provider",
    )


async def test_a_provider_may_change_its_keys(browser: Browser, real: Real) -> None:
    for name, login in (("national", "amina"), ("hospital", "okafor")):
        await linked(browser, real, name, login)
        await leave(browser, name)  # the old keys are known
        real.rotate(name)
        back = await come_back(browser, await sign_in(login, await leave(browser, name)))
        assert back.status_code == 303, back.text
