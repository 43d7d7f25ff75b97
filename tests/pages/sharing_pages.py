"""Amina at the pages on which she says who can see what: how things stand on them, and what Sam sees then."""

import re
from collections.abc import Mapping
from typing import Any

import httpx

from api.pages import places
from api.pages.sharing_words import code_of
from tests.http.served import Served
from tests.pages.at_work import Desk, a_patient_of_their_own, plain
from tests.pages.at_work import errors as listed_errors
from tests.sign_in.browser import Browser

LETTERS = {"kind": "kind", "of": "letter"}
EVERYTHING = {"kind": "everything"}
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


async def amina_at(browser: Browser, house: Served) -> Desk:
    desk = await a_patient_of_their_own(browser, house)
    return await desk.sit(desk.served.story.amina)


def change(desk: Desk, scope: Mapping[str, str], to: str | None = None) -> str:
    query: dict[str, Any] = {"to": to or desk.served.story.sam.person, "of": code_of(scope)}
    return places.SHARING_CHANGE(query, record=desk.record)


async def cells(desk: Desk) -> dict[str, list[str]]:
    """The rows of the matrix: the words of each cell, by the part."""
    page = await desk.opened(places.SHARING(record=desk.record))
    rows = re.findall(r'<tr><th scope="row">([^<]+)</th>(.*?)</tr>', page.text, re.DOTALL)
    return {part: [plain_of(cell) for cell in re.findall(r"<td>(.*?)</td>", row, re.DOTALL)] for part, row in rows}


def plain_of(html: str) -> str:
    hidden = re.sub(r'<span class="nhsuk-u-visually-hidden">[^<]*</span>', "", html)
    return " ".join(re.sub(r"<[^>]+>", " ", hidden).split())


async def seen_by_sam(desk: Desk) -> set[str]:
    return {str(one.text) for one in (await desk.served.story.carer_view()).items}


def errors(page: httpx.Response) -> dict[str, str]:
    return {field: message.strip() for field, message in listed_errors(page).items()}


def gone_to(answer: httpx.Response) -> str:
    assert answer.status_code == 303, plain(answer)
    return answer.headers["location"]
