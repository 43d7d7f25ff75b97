"""Who has looked, as a patient sees it on pages: what is told there, asked there, and never told there."""

import html
import re
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from api.pages import places
from ledger.core.instants import HOUR, Instant
from ledger.saying import By
from tests.http.living import asked
from tests.http.served import Served, statement_id
from tests.sign_in.browser import PLACE, Browser

pytestmark = pytest.mark.asyncio(loop_scope="module")
FORM = "application/x-www-form-urlencoded"
A_LINK = re.compile(r'href="(/record/[^"/]+/g/[0-9a-f-]{36})"')


async def send(browser: Browser, path: str, **members: str) -> httpx.Response:
    """A form, as a page of this place sends it."""
    content = urlencode({"csrf": browser.csrf, "statement": statement_id(), **members})
    headers = {"content-type": FORM, "origin": PLACE, "sec-fetch-site": "same-origin"}
    return await browser.send("POST", path, content=content, headers=headers)


async def amina_at(browser: Browser, path: str, status: int = 200) -> str:
    """A page, as Amina sees it who has just shown who she is."""
    await browser.begin(browser.served.story.amina)
    answer = await browser.send("GET", path)
    assert answer.status_code == status, answer.text
    return html.unescape(answer.text)


async def looked(served: Served, by: By, **query: Any) -> str:
    """Somebody reads the record; gives the text of what Amina's trail says newest of them."""
    client = await served.sign_in(by)
    answer = await client.get(served.record, **query)
    return str(answer.status_code)


async def line_of(served: Served, by: By) -> str:
    """The id of the newest line of somebody, as Amina's API has it."""
    amina = await served.sign_in(served.story.amina)
    told = await asked(amina, f"{served.record}/trail", viewer=by.person)
    return str(told["lines"][0]["id"])


async def test_a_look_is_told_in_words_with_who_when_what_and_why(house: Served, browser: Browser) -> None:
    story = house.story
    await story.note("Slept well.")
    await story.note("Blood count.", kind="result")
    await looked(house, story.lind)
    page = await amina_at(browser, places.LOOKS(record=story.record))
    assert "Dr Lind" in page
    entry = page[page.index("Dr Lind") :]
    assert "Clinician · For an appointment" in entry
    assert re.search(r"Read (1 note and 1 test result|1 test result and 1 note)", entry)
    assert "They are caring for you." in entry
    assert "<title>Record</title>" in page
