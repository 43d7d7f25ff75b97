"""For carers: the people they care for, and telling the team something, in confidence or not."""

import re
from urllib.parse import urlencode

import httpx
import pytest

from api.pages import places
from tests.http.served import Served
from tests.sign_in.browser import PLACE, Browser

pytestmark = pytest.mark.asyncio(loop_scope="module")
OWN_PAGE = {"content-type": "application/x-www-form-urlencoded", "origin": PLACE, "sec-fetch-site": "same-origin"}


async def send(browser: Browser, page: httpx.Response, **members: str) -> httpx.Response:
    """The one form of a page, filled in and sent."""
    [action] = re.findall(r'<form method="post" action="(/forms/record/[^"]+)"', page.text)
    return await send_to(browser, page, action, **members)


async def send_to(browser: Browser, page: httpx.Response, action: str, **members: str) -> httpx.Response:
    """A form of a page, by where it is sent."""
    hidden = dict(re.findall(r'<input type="hidden" name="(csrf|statement)" value="([^"]*)">', page.text))
    return await browser.send("POST", action, content=urlencode({**hidden, **members}), headers=OWN_PAGE)


async def test_sam_finds_his_mother_and_nobody_else(house: Served, browser: Browser) -> None:
    await browser.begin(house.story.sam)
    page = await browser.get(places.CARED_FOR())
    assert page.status_code == 200
    assert re.findall(r'<h2 id="person-\d+"[^>]*>([^<]+)</h2>', page.text) == ["Amina Diallo"]
    assert places.TELL(record=house.story.record) in page.text


async def test_sam_tells_the_team_something_in_confidence(house: Served, browser: Browser) -> None:
    await browser.begin(house.story.sam)
    page, before = await browser.get(places.TELL(record=house.story.record)), await house.size()
    assert "The team cannot promise it." in page.text
    words = "She hardly eats.\r\n“Nothing tastes” — she says. 🍲 لا تأكل"
    first, again = [await send(browser, page, text=words, confidence="in-confidence") for _ in range(2)]
    assert first.headers["location"] == again.headers["location"] == places.TOLD(record=house.story.record)
    assert await house.said(before) == ["item-added/1"]
    [shown, *_] = [one for one in (await house.story.carer_view()).items if one.text and "hardly" in one.text]
    assert shown.text == words.replace("\r\n", "\n")
    assert "hardly" not in " ".join(one.text or "" for one in (await house.story.patient_view()).items)


@pytest.mark.parametrize(
    ("members", "field", "message"),
    [
        ({"text": " \u00a0", "confidence": "open"}, "text", "Write what you want the team to know."),
        ({"text": "She fell.", "confidence": "secret"}, "confidence", "Choose whether the patient may know"),
        ({"text": "She fell."}, "confidence", "Choose whether the patient may know"),
        ({"text": "a" * 10_001, "confidence": "open"}, "text", "It can have 10,000."),
    ],
    ids=["nothing written", "no such choice", "nothing chosen", "too long"],
)
async def test_what_is_missing_is_said_beside_its_field(
    house: Served, browser: Browser, members: dict[str, str], field: str, message: str
) -> None:
    await browser.begin(house.story.sam)
    page, before = await browser.get(places.TELL(record=house.story.record)), await house.size()
    answer = await send(browser, page, **members)
    assert answer.status_code == 422
    assert message in answer.text
    assert f'href="#{field}"' in answer.text
    assert members["text"].strip() in answer.text
    assert await house.said(before) == ["disclosure-made/1"], "the name above the form, and nothing else"


async def test_what_confidence_means_is_told_alike_whatever_is_shared(house: Served, browser: Browser) -> None:
    await browser.begin(house.story.sam)
    address = places.TELL(record=house.story.record)

    def plain(page: httpx.Response) -> str:
        return re.sub(r'(csrf|statement|data-now)(" value)?="[^"]*"', "", page.text)

    before = plain(await browser.get(address))
    await house.story.share({"kind": "kind", "of": "letter"})
    assert plain(await browser.get(address)) == before


async def test_leaflets_are_there_for_everybody(house: Served, browser: Browser) -> None:
    listed = await browser.get(places.INFORMATION())
    links = re.findall(r'href="(/information/[a-z-]+)"', listed.text)
    assert len(links) >= 10
    for link in links:
        assert "Where this comes from" in (await browser.get(link)).text, link
    assert (await browser.get(places.LEAFLET(leaflet="no-such"))).status_code == 404
    assert (await browser.get(places.ACCESSIBILITY())).status_code == 200
