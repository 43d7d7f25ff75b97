"""Attacks on people in browsers by other sites: planted sessions, forged requests, framing, leading away."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute

from api.http.app import create_app
from api.http.cookies import SESSION
from api.listening import ONLY_HTTPS, SECURITY_HEADERS
from api.settings import Settings
from api.wiring import House
from ledger.core.canonical import base64url
from tests.attacks.entering import HERE, NOBODY, cookie_header, nobody_has_failed, phone, sign_in
from tests.http.served import Served, form_of, new_key, problem
from tests.keyring import fixed_keyring
from tests.sign_in.authenticator import Authenticator
from tests.sign_in.browser import PLACE, Browser
from tests.sign_in.conftest import browser, house

__all__ = ["browser", "house", "nobody_has_failed", "phone"]

pytestmark = pytest.mark.asyncio(loop_scope="module")
EVIL = "https://evil.example"
FORM = "application/x-www-form-urlencoded"


# Session fixation


async def test_a_value_planted_before_signing_in_is_no_session_after_it(browser: Browser, phone: Authenticator) -> None:
    planted = base64url(b"planted by Mallory".ljust(48, b"."))
    browser.cookies[SESSION] = planted
    answer = await browser.send("POST", "/sign-in/passkey/options", json={}, headers={"origin": PLACE})
    signed = await browser.send("POST", "/sign-in/passkey", headers={"origin": PLACE},
                                json={"credential": phone.sign_in(answer.json(), HERE)})  # fmt: skip
    assert signed.status_code == 200, signed.text
    assert browser.cookie != planted
    problem(await browser.http.get("/session", headers={"cookie": f"{SESSION}={planted}"}), 401, "sign-in")


async def test_a_session_of_the_attackers_does_not_become_the_victims(
    browser: Browser, house: Served, phone: Authenticator
) -> None:
    async with Browser.of(house) as mallory:
        await mallory.begin(house.story.sam)
        browser.cookies[SESSION] = mallory.cookie
        assert (await sign_in(browser, phone)).status_code == 200
        assert (await browser.get("/session")).json()["person"] == house.story.amina.person
        problem(await mallory.get("/session"), 401, "sign-in")


async def test_every_step_up_changes_the_value_and_ends_the_one_before(browser: Browser, phone: Authenticator) -> None:
    await sign_in(browser, phone)
    stolen = browser.cookie
    options = (await browser.post("/session/again/options")).json()
    shown = await browser.post("/session/again", credential=phone.sign_in(options, HERE))
    assert shown.status_code == 200, shown.text
    assert browser.cookie != stolen
    problem(await browser.http.get("/session", headers={"cookie": f"{SESSION}={stolen}"}), 401, "sign-in")


# Requests of another site (CSRF)

FORGED = {
    "of another site": {"origin": EVIL, "sec-fetch-site": "cross-site"},
    "of another site, by an old browser": {"origin": EVIL},
    "of a place whose name begins alike": {"origin": f"{PLACE}.evil.example"},
    "of the same host at another port": {"origin": "http://localhost:1", "sec-fetch-site": "same-site"},
    "of a sandboxed frame": {"origin": "null", "sec-fetch-site": "cross-site"},
    "of a sandboxed frame, by an old browser": {"origin": "null"},
    "that contradicts itself": {"origin": EVIL, "sec-fetch-site": "same-origin"},
    "that says nothing": {},
}


async def test_another_site_says_nothing_in_somebodys_name(browser: Browser) -> None:
    served = browser.served
    await browser.begin(served.story.amina)
    start = await served.size()
    path = f"{served.record}/results-wish"
    for title, headers in FORGED.items():
        # Even with the right token, which it cannot know.
        more = {**headers, "x-csrf-token": browser.csrf}
        answer = await browser.send("POST", path, json={"wish": "at-once"}, headers=more)
        assert "cross-site" in problem(answer, 403, "cross-site")["type"], title
    assert await served.size() == start


async def test_a_page_of_ours_without_the_sessions_own_token_says_nothing(browser: Browser, house: Served) -> None:
    await browser.begin(house.story.amina)
    async with Browser.of(house) as other:
        await other.begin(house.story.amina)
        tokens = [None, "", other.csrf, browser.csrf[:-1], browser.csrf + "A", browser.cookie, "é" * 43]
    start = await house.size()
    for token in tokens:
        headers = {"origin": PLACE} if token is None else {"origin": PLACE, "x-csrf-token": token.encode()}
        answer = await browser.send("POST", f"{house.record}/results-wish", json={"wish": "at-once"}, headers=headers)
        problem(answer, 403, "cross-site")
    assert await house.size() == start
    assert (await browser.post(f"{house.record}/results-wish", wish="at-once")).status_code == 201


async def test_what_a_plain_form_can_send_is_refused(browser: Browser) -> None:
    await browser.begin(browser.served.story.amina)
    path, body = f"{browser.served.record}/results-wish", b'{"wish":"at-once"}'
    for kind in (FORM, "multipart/form-data; boundary=x", "text/plain", "text/plain; charset=utf-8"):
        answer = await browser.send("POST", path, content=body, headers={**browser.of_page(), "content-type": kind})
        problem(answer, 415, "media-type")
    # A page may send bytes of no type without asking first; where it is from is said all the same.
    problem(await browser.send("POST", path, content=body, headers={"origin": EVIL}), 403, "cross-site")


async def test_a_form_of_ours_brings_the_token_once(browser: Browser) -> None:
    for sent in ("", "csrf=", "csrf=x", "csrf={0}&csrf={0}", "csrf=x&csrf={0}"):
        await browser.begin(browser.served.story.amina)
        headers = {"origin": PLACE, "content-type": FORM}
        body = sent.format(browser.csrf)
        answer = await browser.send("POST", "/forms/sign-out", content=body, headers=headers)
        assert answer.status_code in (403, 303), (sent, answer.status_code)
        assert (await browser.get("/session")).status_code == 200, f"{sent}: nobody was signed out by that"


async def test_nobody_is_signed_in_by_another_site(browser: Browser, phone: Authenticator) -> None:
    options = (await browser.post("/sign-in/passkey/options")).json()
    credential = phone.sign_in(options, HERE)
    for headers in ({"origin": EVIL}, {"sec-fetch-site": "cross-site"}, {"origin": "null"}):
        for path, body in (("/sign-in/passkey", {"credential": credential}), ("/sign-in/passkey/options", {})):
            answer = await browser.send("POST", path, json=body, headers=headers)
            problem(answer, 403, "cross-site")
            assert "set-cookie" not in answer.headers
    form = form_of(new_key().assertion(browser.served.story.amina.person))
    problem(await browser.send("POST", "/token", data=form, headers={"origin": EVIL}), 403, "cross-site")


async def test_another_site_does_not_lead_a_browser_to_a_record(browser: Browser) -> None:
    served = browser.served
    await browser.begin(served.story.amina)
    start = await served.size()
    for site in ("cross-site", "same-site"):
        headers = {"sec-fetch-site": site, "sec-fetch-mode": "navigate"}
        problem(await browser.send("GET", served.record, headers=headers), 403, "cross-site")
    assert await served.size() == start, "nothing is on the trail that Amina did not look at"


async def test_no_get_ends_or_begins_a_session(browser: Browser) -> None:
    await browser.begin(browser.served.story.amina)
    for route in routes(browser.served):
        if "POST" in (route.methods or ()) and "GET" not in (route.methods or ()) and "{" not in route.path:
            await browser.get(route.path)
    assert (await browser.get("/session")).status_code == 200


# Clickjacking, and the other headers


def routes(served: Served) -> list[APIRoute]:
    """Every route of the application, pages too."""

    def within(found: Any) -> Iterator[APIRoute]:
        for route in found:
            if isinstance(route, APIRoute):
                yield route
            elif hasattr(route, "routes") or hasattr(route, "original_router"):
                yield from within(getattr(route, "original_router", route).routes)

    return list(within(served.app.routes))


def asked(route: APIRoute, **names: str) -> Iterator[tuple[str, str]]:
    """Each method of a route, with a path in which every parameter has some value."""
    path = route.path
    for name in route.param_convertors:
        path = path.replace(f"{{{name}}}", names.get(name, NOBODY)).replace(f"{{{name}:path}}", names.get(name, NOBODY))
    for method in sorted(route.methods or ()):
        yield method, path


async def test_no_answer_of_any_route_can_be_framed(browser: Browser) -> None:
    """Whatever it answers: somebody signed in, nobody, a refusal."""
    found = routes(browser.served)
    assert len(found) > 100
    for signed_in in (True, False):
        if signed_in:
            await browser.begin(browser.served.story.amina)
        for route in found:
            for method, path in asked(route, record=browser.served.story.record):
                headers = browser.of_page() if SESSION in browser.cookies else {}
                answer = await browser.http.request(method, path, headers=headers | cookie_header(browser))
                _check_headers(answer, f"{method} {path}")
        browser.cookies.clear()


async def test_neither_can_what_no_route_answers(browser: Browser) -> None:
    for method, path, headers in (
        ("GET", "/no-such-place", {}), ("DELETE", "/records", {}), ("POST", "/records", {"content-type": "text/plain"}),
        ("POST", "/records", {"content-encoding": "gzip"}), ("POST", "/records", {"content-length": "9999999"}),
    ):  # fmt: skip
        _check_headers(await browser.send(method, path, headers=headers), f"{method} {path}")


def _check_headers(answer: httpx.Response, what: str) -> None:
    """Fail unless the answer may not be framed, and has the other headers, each once."""
    policy = answer.headers.get_list("content-security-policy")
    assert len(policy) == 1, what
    directives = dict(part.strip().partition(" ")[::2] for part in policy[0].split(";"))
    assert directives["default-src"] == "'none'", what
    assert directives["frame-ancestors"] == "'none'", what
    assert directives["base-uri"] == "'none'", what
    assert "unsafe" not in policy[0], what
    for name, value in SECURITY_HEADERS.items():
        if name != "content-security-policy":
            assert answer.headers.get_list(name) == [value], (what, name)


async def test_where_the_place_is_https_browsers_are_told_to_use_nothing_else(house: Served) -> None:
    name, value = ONLY_HTTPS
    assert name not in (await house.http.get("/no-such-place")).headers
    settings = Settings(url="https://ledger.example", home=house.app.state.service.doors.settings.home)
    app = create_app(House(settings, fixed_keyring(), "", ""))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=PLACE) as http:
        assert (await http.get("/no-such-place")).headers[name] == value


async def test_the_sessions_cookie_is_for_this_host_alone_and_for_no_script(
    browser: Browser, phone: Authenticator
) -> None:
    header = (await sign_in(browser, phone)).headers["set-cookie"]
    parts = {part.strip().lower() for part in header.split(";")[1:]}
    assert header.startswith("__Host-session=")
    assert parts == {"path=/", "secure", "httponly", "samesite=lax"}


# Open redirects, header injection

TARGETS = (
    f"{EVIL}/",
    "//evil.example/",
    "/\\evil.example",
    "https:evil.example",
    "/\r\nlocation: https://evil.example/",
)
PARAMETERS = (
    "next",
    "return_to",
    "redirect",
    "redirect_uri",
    "url",
    "continue",
    "to",
    "said",
    "back",
    "from",
    "target",
)


async def test_no_parameter_leads_away_from_here(browser: Browser) -> None:
    for signed_in in (True, False):
        if signed_in:
            await browser.begin(browser.served.story.amina)
        for route in routes(browser.served):
            if "GET" not in (route.methods or ()) or "/static/" in route.path:
                continue
            # What answers with data leads nowhere, whatever it is asked; a page may.
            for target in TARGETS[:1] if route.include_in_schema and "sign-in" not in route.path else TARGETS:
                [(_, path)] = asked(route)
                query = dict.fromkeys((*PARAMETERS, *(one.name for one in route.dependant.query_params)), target)
                answer = await browser.http.get(path, params=query, headers=cookie_header(browser))
                _check_leads_nowhere_else(answer, f"GET {path} {target!r}")
        browser.cookies.clear()


async def test_no_form_leads_away_from_here(browser: Browser) -> None:
    await browser.begin(browser.served.story.amina)
    cookie, csrf = browser.cookie, browser.csrf
    for route in routes(browser.served):
        if not route.path.startswith("/forms/"):
            continue
        for target in TARGETS:
            sent = {
                **dict.fromkeys((*PARAMETERS, "statement", "record", "credential", "session"), target),
                "csrf": csrf,
            }
            headers = {"origin": PLACE, "cookie": f"{SESSION}={cookie}"}
            answer = await browser.http.post(route.path, data=sent, headers=headers)
            _check_leads_nowhere_else(answer, f"POST {route.path} {target!r}")
            if "sign-out" in route.path:
                await browser.begin(browser.served.story.amina)
                cookie, csrf = browser.cookie, browser.csrf


def _check_leads_nowhere_else(answer: httpx.Response, what: str) -> None:
    """Fail where an answer leads to another place, or has a header that somebody else wrote."""
    location = answer.headers.get("location")
    assert location is None or (location.startswith("/") and location[1:2] not in ("/", "\\")), (what, location)
    assert "refresh" not in answer.headers, what
    _check_no_injection(answer, what)


def _check_no_injection(answer: httpx.Response, what: str) -> None:
    """Fail where a header could be taken for two."""
    for name, value in answer.headers.raw:
        assert not {b"\r", b"\n", b"\0"} & {bytes([byte]) for byte in name + value}, (what, name, value)
    assert "x-injected" not in answer.headers, what


INJECTED = "x\r\nx-injected: 1\r\nset-cookie: __Host-session=planted"


async def test_nothing_that_is_sent_becomes_a_header(browser: Browser) -> None:
    await browser.begin(browser.served.story.amina)
    quoted = INJECTED.replace("\r", "%0d").replace("\n", "%0a").replace(" ", "%20")
    for route in routes(browser.served):
        names = dict.fromkeys(route.param_convertors, quoted)
        for method, path in asked(route, **names):
            headers = {**browser.of_page(), **cookie_header(browser), "idempotency-key": "x\tx-injected: 1"}
            kind = FORM if route.path.startswith("/forms/") else "application/json"
            more: dict[str, Any] = {} if method == "GET" else {"content": b'{"code":"x\\r\\nx-injected: 1"}'}
            answer = await browser.http.request(method, path, headers={**headers, "content-type": kind}, **more)
            _check_no_injection(answer, f"{method} {route.path}")
            assert SESSION not in answer.headers.get("set-cookie", "") or answer.status_code < 400, route.path
