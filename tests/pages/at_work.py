"""Staff at work in a browser: pages opened, and their forms filled in and sent as a browser sends them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape
from urllib.parse import urlencode

import httpx

from ledger.saying import By
from tests.http.living import neighbour
from tests.http.served import Served
from tests.sign_in.browser import PLACE, Browser

OWN_PAGE = {"content-type": "application/x-www-form-urlencoded", "origin": PLACE, "sec-fetch-site": "same-origin"}
_FORM = re.compile(r'<form[^>]*method="post" action="(/forms/[^"]+)"([^>]*)>(.*?)</form>', re.DOTALL)
_SAYS = re.compile(r'data-says="([^"]+)"')
_TYPE = re.compile(r'"type":"([^"]+)"')
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')
_NEW_EACH_TIME = re.compile(r'(name="(csrf|statement|began)" value|data-csrf|data-now)="[^"]*"')

Members = Mapping[str, str | list[str]]


@dataclass
class Desk:
    """A browser with somebody of the story signed in, and the record that they work with."""

    browser: Browser
    served: Served

    @property
    def record(self) -> str:
        return self.served.story.record

    async def sit(self, by: By) -> "Desk":
        """Somebody signs in here, in place of who was."""
        self.browser.cookies.clear()
        await self.browser.begin(by)
        return self

    async def opened(self, path: str, status: int = 200) -> httpx.Response:
        """A page, which must be there."""
        await self.served.story.settled()
        page = await self.browser.send("GET", path)
        assert page.status_code == status, (page.status_code, page.headers.get("location"), main(page)[:2000])
        return page

    async def send(self, page: httpx.Response, members: Members, to: str = "", **headers: str) -> httpx.Response:
        """The form of a page whose address has ``to`` in it, filled in and sent."""
        [(action, _says, inside)] = _forms(page, to)
        hidden = {name: unescape(value) for name, value in _HIDDEN.findall(inside)}
        content = urlencode({**hidden, **members}, doseq=True)
        return await self.browser.send("POST", action, content=content, headers={**OWN_PAGE, **headers})

    async def found(self, page: httpx.Response, members: Members, to: str, status: int = 200) -> httpx.Response:
        """What a search finds, at the address that its form leads to; or its page with what is wrong."""
        answer = await self.send(page, members, to)
        return answer if answer.status_code != 303 else await self.opened(answer.headers["location"], status)

    async def draft(self, page: httpx.Response, members: Members, to: str = "") -> str:
        """The type of what the form would say, to be signed in the page; it must be one that the form names."""
        [(_action, says, _inside)] = _forms(page, to)
        told = (await self.send(page, members, to, **{"x-signing": "draft"})).json()
        assert told["sign"]["type"] in says, told
        return str(told["sign"]["type"])


async def a_patient_of_their_own(browser: Browser, house: Served) -> Desk:
    """The same staff, around a patient that no other test has."""
    return Desk(browser, await neighbour(house))


def _forms(page: httpx.Response, to: str) -> list[tuple[str, list[str], str]]:
    """The address of each form, the types that it may say, and what is in it; without the one that signs out."""
    found = [one for one in _FORM.findall(page.text) if to in one[0] and "sign-out" not in one[0]]
    return [(action, types_in("".join(_SAYS.findall(more))), inside) for action, more, inside in found]


def types_in(says: str) -> list[str]:
    """The types of what a form may say, from its ``data-says``."""
    return _TYPE.findall(unescape(says))


def onwards(answer: httpx.Response) -> str:
    """Where a form that was sent leads, without what the next page says of it."""
    assert answer.status_code == 303, plain(answer)
    return re.sub(r"[?&]said=[0-9a-f-]{36}|#said$", "", str(answer.headers["location"]))


def main(page: httpx.Response) -> str:
    """The main part of a page."""
    found = re.search(r"<main.*?</main>", page.text, re.DOTALL)
    return page.text if found is None else found[0]


def plain(page: httpx.Response) -> str:
    """The words of the main part."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main(page))).split())


def lasting(page: httpx.Response) -> str:
    """A page without what is new each time that it is made."""
    return _NEW_EACH_TIME.sub("", page.text)


def errors(page: httpx.Response) -> dict[str, str]:
    """What a page says is wrong: by field, in its summary and beside each field; they must say the same."""
    summary = re.search(r"nhsuk-error-summary__list.*?</ul>", page.text, re.DOTALL)
    assert summary is not None, plain(page)
    listed = dict(re.findall(r'<a href="#([^"]+)">([^<]+)</a>', summary[0]))
    for field in listed:
        assert f'id="{field}"' in page.text, field
        assert f'id="{field}-error"' in page.text or f'id="{field}-fields-error"' in page.text, field
    return {field: unescape(message).strip() for field, message in listed.items()}
