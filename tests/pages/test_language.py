"""Every string can be said in another language, and a reader's choice of one is kept."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
import pytest_asyncio

from api.http.app import create_app
from api.pages.catalogue import POT, messages, of_scripts, written
from api.pages.language import COOKIE
from api.pages.static_files import FILES
from api.settings import Settings
from api.wiring import House
from tests.http.served import BASE, Served
from tests.pages.pseudo import pseudo, speak_pseudo
from tests.sign_in.browser import PLACE, Browser
from tests.story import KEYRING, Story

pytestmark = pytest.mark.asyncio(loop_scope="module")
WORDS = re.compile(r'<template id="words-of-scripts">(.*?)</template>', re.DOTALL)


@pytest.fixture(scope="module")
def locales(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Catalogues of two languages besides English."""
    return speak_pseudo(tmp_path_factory.mktemp("locales"), "ar", "de")


@pytest_asyncio.fixture(loop_scope="module")
async def abroad(story: Story, tmp_path: Path, locales: Path) -> AsyncIterator[Browser]:
    """A browser at a service that speaks them."""
    dsn = story.database.dsn()
    app = create_app(House(Settings(home=tmp_path, locales=locales), KEYRING, dsn, dsn))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app, raise_app_exceptions=True), base_url=BASE) as http,
        Browser.of(Served(app, http, story)) as browser,
    ):
        yield browser


async def choose(browser: Browser, tag: str, to: str = "/sign-in") -> httpx.Response:
    """Press the button of a language at the foot of a page."""
    form = {"language": tag, "to": to, **({"csrf": browser.csrf} if browser.cookies.get("__Host-session") else {})}
    headers = {"content-type": "application/x-www-form-urlencoded", "origin": PLACE, "sec-fetch-site": "same-origin"}
    return await browser.send("POST", "/forms/language", content=urlencode(form), headers=headers)


async def test_the_template_for_translators_is_made_of_what_the_pages_say_now() -> None:
    assert POT.read_bytes() == written(), "run python -m api.pages.catalogue, and commit messages.pot"


async def test_no_message_is_put_together_or_begins_or_ends_with_blank_space() -> None:
    for message, places in messages().items():
        for one in (message,) if isinstance(message, str) else message:
            assert one == one.strip(), (one, places)
            assert not re.search(r"(?<!%)%[sd]\b", one), f"{one!r} in {places}: name what is filled in: %(name)s"


async def test_every_sentence_of_a_module_is_one_of_its_messages() -> None:
    sentence = re.compile(r'"([A-Z][a-z’\']*,?(?: [^"]*)+[.!?])"')
    own = {path: data.decode() for path, data in FILES.items() if path.endswith(".js") and "/" not in path}
    for path, text in own.items():
        code = re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.DOTALL)
        assert [said for said in sentence.findall(code) if said not in of_scripts()] == [], path


async def test_the_browsers_own_language_is_spoken_until_the_reader_chooses_another(abroad: Browser) -> None:
    english = await abroad.send("GET", "/sign-in")
    assert ('lang="en-GB" dir="ltr"' in english.text, "⟦" in english.text) == (True, False)
    german = await abroad.send("GET", "/sign-in", headers={"accept-language": "fr;q=0.5, de"})
    assert '<html lang="de" dir="ltr">' in german.text
    chosen = await choose(abroad, "ar")
    assert (chosen.status_code, chosen.headers["location"], abroad.cookies[COOKIE]) == (303, "/sign-in", "ar")
    arabic = await abroad.send("GET", "/sign-in", headers={"accept-language": "de"})
    assert '<html lang="ar" dir="rtl">' in arabic.text


@pytest.mark.parametrize("tag", ["xx", "", "../../etc", "en-GB\r\nset-cookie: a=b"])
async def test_a_language_that_is_not_spoken_is_refused_in_words(abroad: Browser, tag: str) -> None:
    answer = await choose(abroad, tag)
    assert (answer.status_code, COOKIE in abroad.cookies) == (422, False)


async def test_choosing_a_language_leads_nowhere_else_than_to_a_page_of_this_service(abroad: Browser) -> None:
    for to in ("https://evil.example", "//evil.example", "/\\evil.example"):
        assert (await choose(abroad, "de", to)).headers["location"] == "/"


async def test_who_is_signed_in_comes_back_to_the_page_and_no_other_site_chooses_for_them(abroad: Browser) -> None:
    await abroad.begin(abroad.served.story.amina)
    assert (await choose(abroad, "de", "/account")).headers["location"] == "/account"
    assert 'name="to" value="/account?x=1"' in (await abroad.get("/account", x=1)).text
    headers = {"content-type": "application/x-www-form-urlencoded", "origin": "https://evil.example"}
    forged = await abroad.send("POST", "/forms/language", content="language=ar", headers=headers)
    assert (forged.status_code, abroad.cookies[COOKIE]) == (403, "de")


async def test_the_modules_are_given_their_words_where_they_are_not_english(abroad: Browser) -> None:
    assert WORDS.search((await abroad.send("GET", "/sign-in")).text) is None
    german = await abroad.send("GET", "/sign-in", headers={"accept-language": "de"})
    given = WORDS.search(german.text)
    assert given is not None
    told = json.loads(given[1].replace("&#34;", '"').replace("&#39;", "'").replace("&gt;", ">").replace("&amp;", "&"))
    assert told == {one: pseudo(one) for one in of_scripts()}
