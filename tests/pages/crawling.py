"""Every form that anybody comes by, found by going through the pages as everybody; and how a browser sends one.

The pages are those of a ledger with the demonstration's story. So a new form is tested without being named.
"""

import html
from collections import Counter, deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode, urlsplit

import httpx

from api.demo.answers import answer_and_correct
from api.demo.around import live_on, look, share
from api.demo.cast import Cast
from api.demo.months import fill
from api.demo.town import move_in
from api.pages import places
from ledger.core.instants import HOUR, Instant
from ledger.saying import By
from tests.browser.walk import route_of
from tests.http.served import Served
from tests.pages.filling import Form, forms_of, shape_of
from tests.sign_in.browser import PLACE, Browser

LEFT_OUT: Final = {
    "/forms/sign-out": "ends the session: tests/pages/test_pages.py",
    "/forms/sign-out-everywhere": "ends the session: tests/pages/test_pages.py",
    "/forms/sessions/end": "ends a session: tests/sign_in",
    "/forms/acting-as": "goes on as somebody else: tests/sign_in",
}
"""Forms that are not filled in here, each with the reason."""


@dataclass(frozen=True)
class Found:
    """A form, who may fill it in, and the page on which it stands."""

    by: By
    page: str
    form: Form


async def every_form(house: Served) -> list[Found]:
    """Every form that anybody comes by."""
    readers = await tell_the_story(house)
    await house.story.settled()
    found: dict[str, Found] = {}
    for by in readers:
        async with Browser.of(house) as browser:
            await browser.begin(by)
            purpose = "task" if by.acting_as == "clinician" else None
            start = places.RECORD({"purpose": purpose}, record=house.story.record)
            forms = [(path, form) async for path, page in pages_by_links(browser, start) for form in forms_of(page)]
            for page, form in forms:
                found.setdefault(f"{by.acting_as} {shape_of(form)} {form.says}", Found(by, page, form))
    return [one for one in found.values() if shape_of(one.form) not in LEFT_OUT]


async def tell_the_story(house: Served) -> list[By]:
    """Tell the demonstration's story around Amina; gives everybody as whom pages are looked through."""
    story = house.story
    cast = Cast(story.amina, story.sam, story.okafor, story.moss, story.ruth, story.ada, story.bert, story.record)
    town = await move_in(story.ledger, cast)
    items = await fill(story.ledger, cast, town)
    await answer_and_correct(story.ledger, cast, town, items)
    await share(story.ledger, cast, town, items)
    until = Instant(story.ledger.clock() + HOUR)
    await story.ledger.sharing.open_emergency(cast.moss, cast.record, "cannot-be-asked", "Nobody could ask her.", until)
    await look(story.ledger, cast, town, items)
    await live_on(story.ledger, cast, town)
    await story.ledger.cases.assign(cast.first_administrator, cast.ruth.person, "A complaint.", record=cast.record)
    parent, attorney = By(cast.sam.person, "parent"), By(town.grace.person, "attorney")
    staff = (town.greta, story.ada, town.bert)
    return [story.amina, story.sam, story.okafor, story.moss, parent, attorney, story.ruth, *staff]


async def pages_by_links(browser: Browser, start: str) -> AsyncIterator[tuple[str, str]]:
    """Every page to which links lead from there, and from the first page: of each kind one, of items several."""
    waiting, visited = deque([start, "/"]), Counter[tuple[str, ...]]()
    while waiting:
        path = waiting.popleft()
        parts = urlsplit(path)
        place = route_of(parts.path)
        kind = (str(place), *sorted({name.partition("=")[0] for name in parts.query.split("&")}))
        if place is None or place.endswith("/file") or visited[kind] >= (4 if "{item}" in place else 1):
            continue
        visited[kind] += 1
        answer = await browser.get(path)
        if answer.status_code == 303:
            waiting.append(answer.headers["location"])
            continue
        yield path, answer.text
        waiting.extend(links_of(answer.text))


def links_of(page: str) -> list[str]:
    """The addresses on this service to which a page leads, but for what it is made of."""
    found = [part.partition('"')[0] for part in page.split('href="/')[1:]]
    return ["/" + html.unescape(one).partition("#")[0] for one in found if not one.startswith("static/")]


async def post(browser: Browser, form: Form, pairs: list[tuple[str, str]], **more: str) -> httpx.Response:
    """Send a form with the token of this browser's session."""
    given = [(name, browser.csrf if name == "csrf" else value) for name, value in pairs]
    return await send(browser, form.action, given, **more)


async def send(browser: Browser, action: str, pairs: list[tuple[str, str]], **more: str) -> httpx.Response:
    """Send a form as a browser does."""
    headers = {"content-type": "application/x-www-form-urlencoded", "origin": PLACE, "sec-fetch-site": "same-origin"}
    return await browser.send("POST", action, content=urlencode(pairs), headers={**headers, **more})
