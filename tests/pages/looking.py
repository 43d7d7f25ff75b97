"""Looks at a record, and Amina at the pages that tell her of them."""

import html
from typing import Any
from urllib.parse import urlencode

import httpx

from ledger.saying import By
from tests.http.living import asked
from tests.http.served import Served, statement_id
from tests.sign_in.browser import PLACE, Browser

FORM = "application/x-www-form-urlencoded"


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
