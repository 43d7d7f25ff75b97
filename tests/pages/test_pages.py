"""The pages as the service sends them: closed without a session, escaped, and only for forms of their own."""

import re
from importlib.resources import files
from urllib.parse import urlencode

import httpx
import pytest

from api.pages import places
from api.pages.rendering import POLICY
from api.pages.static_files import BASE, FILES
from ledger.saying import By
from ledger.use_cases.items import Draft
from tests.http.served import Served, problem, statement_id
from tests.sign_in.browser import PLACE, Browser

pytestmark = pytest.mark.asyncio(loop_scope="module")
TEMPLATES = [one for one in (files("api.pages") / "templates").iterdir() if one.name.endswith(".html")]
SCRIPTS = {path: data.decode() for path, data in FILES.items() if path.endswith(".js")}
OWN_PAGES = ("/account", "/again", "/waiting")
FORM = "application/x-www-form-urlencoded"
ELSEWHERE = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
MARKUP = "<script>alert(1)</script>\" onload='x'"


async def send(browser: Browser, path: str, body: str | dict[str, str], **headers: str) -> httpx.Response:
    """A form, as a page of this place sends it."""
    content = body if isinstance(body, str) else urlencode(body)
    sent = {"content-type": FORM, "origin": PLACE, "sec-fetch-site": "same-origin", **headers}
    return await browser.send("POST", path, content=content, headers=sent)


def adding(served: Served) -> str:
    """Where a patient's own entry is sent."""
    return f"/forms/record/{served.story.record}/add"


def words(browser: Browser, **changes: str) -> dict[str, str]:
    """What the form for an own entry sends."""
    form = {
        "csrf": browser.csrf, "statement": statement_id(), "kind": "contribution", "title": "",
        "text": "I slept better.\r\nReally.",
    }  # fmt: skip
    return {**form, **changes}


async def test_who_is_not_in_is_led_to_the_door(browser: Browser) -> None:
    for path in OWN_PAGES:
        answer = await browser.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in"), path
    for path in ("/sign-in", "/invitation", "/recovery"):
        answer = await browser.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert "data-session" not in answer.text


async def test_who_is_in_has_no_business_at_the_door(house: Served, browser: Browser) -> None:
    await browser.begin(house.story.amina)
    assert (await browser.get("/sign-in")).headers["location"] == "/"


async def test_every_page_lets_in_only_what_is_its_own(house: Served, browser: Browser) -> None:
    await browser.begin(house.story.amina)
    for path in OWN_PAGES:
        answer = await browser.get(path)
        assert answer.headers.get_list("content-security-policy") == [POLICY], path
        assert answer.headers["cache-control"] == "no-store"


async def test_what_is_written_is_recorded_by_the_service_once(house: Served, browser: Browser) -> None:
    await browser.begin(house.story.amina)
    before, form = await house.size(), words(browser)
    first, again = [await send(browser, adding(house), form) for _ in range(2)]
    assert first.status_code == again.status_code == 303
    assert (
        first.headers["location"]
        == again.headers["location"]
        == places.RECORD({"said": form["statement"]}, record=house.story.record)
    )
    assert await house.said(before) == ["item-added/1"]
    assert "Recorded by the service for you." in (await browser.send("GET", first.headers["location"])).text
    shown = await house.story.patient_view()
    assert [item.text for item in shown.items[:1]] == ["I slept better.\nReally."]


async def test_what_is_refused_is_shown_again_with_the_words_and_escaped(house: Served, browser: Browser) -> None:
    await browser.begin(house.story.amina)
    answer = await send(browser, adding(house), words(browser, kind="note", text=MARKUP, title=MARKUP))
    assert answer.status_code == 422
    assert "There is a problem" in answer.text
    assert answer.text.count("&lt;script&gt;alert(1)&lt;/script&gt;") == 2
    assert "<script>alert" not in answer.text


@pytest.mark.parametrize(
    ("body", "status"),
    [("text=%FF", 422), ("text=a&text=b", 422), ("", 422), ("text=" + "&a=b" * 50, 422), ("\u00e9=1", 422)],
    ids=["no UTF-8", "a member twice", "nothing", "too many members", "not escaped"],
)
async def test_what_no_page_would_send_is_refused(house: Served, browser: Browser, body: str, status: int) -> None:
    await browser.begin(house.story.amina)
    answer = await send(browser, adding(house), f"csrf={browser.csrf}&{body}")
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")


async def test_a_form_of_another_page_does_nothing(house: Served, browser: Browser) -> None:
    await browser.begin(house.story.amina)
    before = await house.size()
    forged = {
        "without the token": await send(browser, adding(house), words(browser, csrf="")),
        "with another's token": await send(browser, adding(house), words(browser, csrf="A" * 43)),
        "of another site": await send(browser, adding(house), words(browser), **ELSEWHERE),
        "to sign out": await send(browser, "/forms/sign-out", {"csrf": ""}),
    }  # fmt: skip
    assert {name: answer.status_code for name, answer in forged.items()} == dict.fromkeys(forged, 403)
    assert await house.size() == before
    assert (await browser.get("/")).status_code == 303


async def test_forms_are_for_forms_and_nothing_else_is(house: Served, browser: Browser) -> None:
    await browser.begin(house.story.amina)
    problem(await browser.post(adding(house), **words(browser)), 415, "media-type")
    refused = await send(browser, f"/records/{house.story.record}/items", words(browser))
    problem(refused, 415, "media-type")


async def test_signing_out_by_a_form_takes_the_session_and_what_was_kept(house: Served, browser: Browser) -> None:
    await browser.begin(house.story.amina)
    answer = await send(browser, "/forms/sign-out", {"csrf": browser.csrf})
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert answer.headers["clear-site-data"] == '"cache", "storage"'
    assert (await browser.get("/")).headers["location"] == "/sign-in"


async def test_a_registrar_sees_whose_passkeys_wait(house: Served, browser: Browser) -> None:
    await browser.begin(By(house.story.bert.person, "registrar"))
    answer = await browser.get("/waiting")
    assert (answer.status_code, "No passkey is waiting." in answer.text) == (200, True)
    assert 'href="/waiting"' in (await browser.get("/account")).text


async def test_a_page_that_is_refused_says_so_in_words(house: Served, browser: Browser) -> None:
    await browser.begin(house.story.amina)
    answer = await browser.get("/waiting")
    assert (answer.status_code, answer.headers["content-security-policy"]) == (403, POLICY)
    assert "<h1>You may not do this</h1>" in answer.text


async def test_only_ones_own_statements_are_told_of(house: Served, browser: Browser) -> None:
    note = Draft("note", "Of Dr Okafor.")
    others = (await house.story.ledger.items.add(house.story.okafor, house.story.record, note)).statement_id
    await browser.begin(house.story.amina)
    for said in (others, statement_id(), "nothing", "' or 1=1"):
        answer = await browser.get(places.RECORD(record=house.story.record), said=said)
        assert (answer.status_code, 'id="said"' in answer.text) == (200, False)


async def test_files_are_kept_for_ever_under_a_name_of_their_content(browser: Browser) -> None:
    for path, data in FILES.items():
        answer = await browser.get(f"{BASE}/{path}")
        assert (answer.status_code, answer.content) == (200, data), path
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    for path in ("/static/page.js", f"{BASE}/nothing.js", f"{BASE}/../routes.py", f"{BASE}/%2e%2e/routes.py"):
        assert (await browser.get(path)).status_code == 404, path


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda one: str(one.name))
async def test_no_page_has_a_script_or_a_style_in_it(template: object) -> None:
    text = template.read_text()  # type: ignore[attr-defined]  # a Traversable
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:|<script(?![^>]*\ssrc=)", text)
    assert not re.search(r"https?://|\|\s*safe\b", text)


@pytest.mark.parametrize("path", SCRIPTS)
async def test_no_script_writes_markup_or_asks_another_host(path: str) -> None:
    code = re.sub(r"^\s*(//|\*|/\*).*", "", SCRIPTS[path], flags=re.MULTILINE)
    assert not re.search(r"(inner|outer|Adjacent)HTML|document\.write|\beval\(|new Function|https?://", code)


async def test_an_address_that_leads_nowhere_is_answered_by_a_page_to_a_browser(
    house: Served, browser: Browser
) -> None:
    page = await browser.send("GET", "/no-such-page", headers={"accept": "text/html,application/xhtml+xml"})
    assert page.status_code == 404
    assert "There is no page at this address" in page.text
    assert page.headers["content-security-policy"] == POLICY
    assert problem(await browser.get("/no-such-page"), 404, "no-such-place")
