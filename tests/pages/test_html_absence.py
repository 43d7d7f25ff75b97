"""Absence must not be readable in the pages either: two services, one told all, one nothing of what is hidden.

As tests/absence asks every operation of the API, a reader goes by every link of their pages in both, and must be shown
the same, byte for byte, but for what is drawn by chance in any case: tokens of forms, ids of statements to be, ids of
disclosures, and the nonces of cursors.

``HTML_ABSENCE_STORIES`` tells more stories.
"""

import os
import re
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any, Final, cast
from urllib.parse import urlsplit

import httpx
import pytest
import pytest_asyncio

from api.pages import places
from api.postgres import EmbeddedPostgres
from ledger.core.instants import HOUR, Instant
from ledger.saying import By
from tests.absence.scene import UNKNOWN
from tests.absence.stories import drawn
from tests.absence.telling import READERS, Teller
from tests.absence.test_two_ledgers import tell_both
from tests.absence.worlds import UUID, World, two_databases, world_in
from tests.browser.walk import route_of
from tests.http.served import Served
from tests.sign_in.browser import Browser
from tests.story import Beginning

pytestmark = pytest.mark.asyncio(loop_scope="module")
STORIES: Final = int(os.environ.get("HTML_ABSENCE_STORIES", "5"))
MOST_PAGES: Final = 70
SEVERAL: Final = {places.ITEM.path: 5, places.LOOK.path: 3}
"""How many pages of one place are compared in a story, where it is more than one; of a page by a cursor as many."""
NOT_COMPARED: Final = {
    places.ACCOUNT.path: "of the reader's sessions and keys: it reads no record",
    places.CHECK.path: "the log is public: it counts every statement of the whole ledger, hidden or not (threat model)",
    places.RECEIPT.path: "a receipt proves a position in the whole log (threat model)",
    places.RECEIPT.path + "/file": "a receipt proves a position in the whole log (threat model)",
    places.ITEM_RECEIPT_FILE.path: "a receipt proves a position in the whole log (threat model)",
    places.MATTER_RECEIPT_FILE.path: "a receipt proves a position in the whole log (threat model)",
    places.DOWNLOAD.path + "/file": "a bundle proves positions in the whole log; tests/absence compares the exports",
    "/demo": "is there only in a demonstration",
}
"""Pages that are left out, each with the reason."""
_CHANCE: Final = (
    (re.compile(r'(name="csrf" value="|data-csrf=")[^"]*'), r"\1-"),
    (re.compile(r"cursor=[A-Za-z0-9_-]+"), "cursor=-"),
    # Which receipts there are is compared; what each proves is a position in the whole log (threat model).
    (re.compile(r'data-receipt="[^"]*"'), "data-receipt"),
)
_LINK: Final = re.compile(r'<a [^>]*href="(/[^"#]*)')
_FRAME: Final = frozenset({"content-length", "set-cookie", "content-encoding"})
Pair = tuple[Browser, Browser]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def worlds(
    postgres: EmbeddedPostgres, begun: tuple[str, Beginning], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[World, World]]:
    """A ledger that is told everything, and one that is not."""
    template, people = begun
    homes: list[Path] = [tmp_path_factory.mktemp("home") for _ in range(2)]
    with two_databases(postgres, template) as (first, second):
        async with world_in(first, people, homes[0]) as whole, world_in(second, people, homes[1]) as bare:
            bare.clock.now = whole.clock.now
            yield whole, bare


async def in_front_of(world: World, reader: By, devices: AsyncExitStack) -> Browser:
    """A browser in which the reader has just signed in."""
    served = Served(world.app, world.http, cast(Any, SimpleNamespace(settled=world.service.caught_up)))
    browser = await devices.enter_async_context(Browser.of(served))
    await browser.begin(reader)
    return browser


def shown(answer: httpx.Response, known: set[str]) -> tuple[int, list[tuple[str, str]], str]:
    """What somebody was shown, but for what is drawn by chance: ids by the order in which they appear."""
    assert answer.status_code < 500, (str(answer.request.url), answer.text)
    text = answer.text
    for chance, instead in _CHANCE:
        text = chance.sub(instead, text)
    order: dict[str, str] = {}

    def name(found: re.Match[str]) -> str:
        return found[0] if found[0] in known else order.setdefault(found[0], f"drawn {len(order)}")

    headers = [(header, UUID.sub("-", value)) for header, value in answer.headers.multi_items() if header not in _FRAME]
    return answer.status_code, headers, UUID.sub(name, text)


async def same(both: Pair, paths: tuple[str, str], known: set[str], story: str) -> list[tuple[str, str]]:
    """Show the same page in both; gives where its links lead, in the one and in the other."""
    first, second = [await browser.get(path) for browser, path in zip(both, paths, strict=True)]
    one, other = shown(first, known), shown(second, known)
    assert one == other, f"{story}: {paths[0]}\n{_difference(one[2], other[2])}"
    if (there := first.headers.get("location")) is not None:
        return [(there, second.headers["location"])]
    links = [[link.replace("&amp;", "&") for link in _LINK.findall(answer.text)] for answer in (first, second)]
    return list(zip(*links, strict=True))


def _difference(one: str, other: str) -> str:
    lines = zip(one.splitlines(), other.splitlines(), strict=False)
    return next((f"- {first}\n+ {second}" for first, second in lines if first != second), "one is longer")


async def walk(both: Pair, known: set[str], story: str) -> set[str]:
    """Go by every link in both; gives the places that were compared."""
    waiting, visited = deque([("/", "/")]), Counter[str]()
    met: set[str] = set()
    while waiting and sum(visited.values()) < MOST_PAGES:
        paths = waiting.popleft()
        place = _place(paths[0])
        if place is None or paths[0] in met or visited[place] >= SEVERAL.get(place, 1):
            continue
        met.add(paths[0])
        visited[place] += 1
        waiting.extend(await same(both, paths, known, story))
    return set(visited)


def _place(path: str) -> str | None:
    parts = urlsplit(path)
    route = route_of(parts.path)
    if route is None or route in NOT_COMPARED:
        return None
    names = sorted({name.partition("=")[0] for name in parts.query.split("&") if name})
    return f"{route}?{'&'.join(names)}" if names else route


async def ask_for_hidden(both: Pair, teller: Teller, gone: set[str], known: set[str], story: str) -> int:
    """What is hidden is answered as what nobody knows, whatever page of it is asked for; gives how many were."""
    asked = 0
    for path in _of_items():
        for item in [one for one in teller.parents if one in gone][:4]:
            at = path.replace("{record}", teller.record)
            hidden, unknown = [await both[0].get(at.replace("{item}", one)) for one in (item, UNKNOWN)]
            told = [shown(answer, known | {UNKNOWN})[2].replace(item, UNKNOWN) for answer in (hidden, unknown)]
            assert (hidden.status_code, told[0]) == (unknown.status_code, told[1]), f"{story}: {path} of {item}"
            asked += 1
    return asked


def _of_items() -> Iterator[str]:
    """The pages of one item of a record."""
    for place in vars(places).values():
        if isinstance(place, places.Place) and re.findall(r"{\w+}", place.path) == ["{record}", "{item}"]:
            yield place.path


async def one_story(worlds: tuple[World, World], number: int) -> tuple[int, set[str]]:
    """Tell a story to both and go through the pages of its reader; how many things were hidden, what was compared."""
    reader_as = READERS[number % len(READERS)]
    story = f"story {number} of a {reader_as}"
    begun = replace(worlds[0].begun, lind=worlds[0].vale) if reader_as == "clinician" else worlds[0].begun
    teller = drawn(Random(number), begun, reader_as, Instant(worlds[0].clock.now + HOUR))
    reader = {"patient": teller.patient, "clinician": teller.lind}.get(reader_as, By(teller.sam.person, reader_as))
    gone, _over = await tell_both(worlds, teller, reader, story)
    known = teller.known | {UNKNOWN}
    async with AsyncExitStack() as devices:
        both = (await in_front_of(worlds[0], reader, devices), await in_front_of(worlds[1], reader, devices))
        compared = await walk(both, known, story)
        await ask_for_hidden(both, teller, gone, known, story)
    for world in worlds:
        await world.ledger.care.end(teller.ada, teller.record, teller.care)
    return len(gone), compared


async def test_every_page_is_byte_by_byte_as_if_what_is_hidden_were_not_there(worlds: tuple[World, World]) -> None:
    hidden, compared = 0, set[str]()
    for number in range(STORIES):
        for world in worlds:
            world.looks.clear()
        gone, seen = await one_story(worlds, number)
        hidden, compared = hidden + gone, compared | seen
    assert hidden > STORIES
    at_least = {
        places.RECORD, places.ITEM, places.ITEM_RECEIPTS, places.MATTER_RECEIPTS, places.SHARING, places.LOOKS,
    }  # fmt: skip
    assert {place.path for place in at_least} <= {one.partition("?")[0] for one in compared}
