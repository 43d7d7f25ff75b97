"""Search: the items in which all the words that are sought occur, among those that the reader may see.

The service keeps no index of words: it opens what the reader may see, a page at a time, and looks through it. So every
item whose words were searched is on the trail, whether it matched or not, and what the reader may not see was never
looked at: nothing of it shows in what is found, in how much, or in where the next page begins. What was sought is not
recorded.
"""

import asyncio
import unicodedata
from collections.abc import Iterator
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from api.http.answers import json_answer
from api.http.bodies import InPath
from api.http.cursors import Place
from api.http.operations import shows
from api.http.problems import MALFORMED, Problem, Refused
from api.http.reading import LARGEST_PAGE, Page, purpose_of
from api.http.records import EXAMPLE_ITEM, VIEWS, view_of
from api.http.service import Call, Calling
from ledger.core.instants import parse_instant
from ledger.domain.errors import NotAllowed
from ledger.use_cases.trail import Asked

router: Final = APIRouter(tags=["records"])
MOST_PAGES: Final = 5
"""Pages that one request looks through: a thousand items, with what is said under them."""
MOST_LETTERS: Final = 8 * 1024 * 1024
"""Letters after which no further page is looked through: it all happens at one go, while others wait."""
_WORDS: Final = frozenset({"title", "text", "quote", "reason", "data"})
_NOT_OF_IT: Final = frozenset({"children", "author", "why"})


class PageOfSearch(Page):
    """The query of a search. Case and accents do not count, and all words must occur."""

    text: str = Field(min_length=1, max_length=200)


@shows(router, "/records/{record}/search", "search.items", {"items": [EXAMPLE_ITEM], "matched": [], "cursor": None})
async def search(call: Calling, record: InPath, page: Annotated[PageOfSearch, Query()]) -> Response:
    """The items that match, newest first, each with what is said under it; ``matched`` names those that hold the words.

    One request looks through a thousand items, fewer of much text. Where there are more it gives a cursor, even if
    nothing matched so far.
    """
    sought = _sought(page.text)
    if call.session.acting_as not in VIEWS:
        raise NotAllowed(f"search: got acting_as {call.session.acting_as}, wanted one who reads words", "no-view")
    continues = ("search", record, call.session.person, call.session.acting_as, *sought)
    place = None if page.cursor is None else call.service.cursors.open(page.cursor, *continues)
    found, place = await _found(call, record, page, sought, place)
    cursor = None if place is None else call.service.cursors.seal(place, *continues)
    matched = [named for item, _ in found for named in _matching(item, sought)]
    return json_answer({"items": [item for item, _ in found], "matched": matched, "cursor": cursor})


async def _found(
    call: Call, record: str, page: PageOfSearch, sought: tuple[str, ...], place: Place | None
) -> tuple[list[tuple[dict[str, Any], Place]], Place | None]:
    """Up to ``limit`` items that match, and where to go on; each page that is looked through is a disclosure."""
    found: list[tuple[dict[str, Any], Place]] = []
    letters = 0
    for _ in range(MOST_PAGES):
        asked = Asked(record, purpose_of(call, page.purpose), "search", limit=LARGEST_PAGE, after=place)
        view, disclosure = await view_of(call, asked)
        for shown, item in zip(disclosure.shown, view["items"], strict=True):
            if any(_matching(item, sought)):
                found.append((item, (parse_instant(item["made_at"]), shown.positions[0])))
            letters += _letters_of(item)
            await asyncio.sleep(0)  # others have their turn between two items
        place = disclosure.more
        if len(found) > page.limit:
            return found[: page.limit], found[page.limit - 1][1]
        if place is None or len(found) == page.limit or letters > MOST_LETTERS:
            break
    return found, place


def _sought(text: str) -> tuple[str, ...]:
    words = tuple(sorted(set(_plain(text).split())))
    if not words:
        raise Refused(Problem(MALFORMED, "text: got nothing to look for, wanted a word"))
    return words


def _matching(item: dict[str, Any], sought: tuple[str, ...]) -> Iterator[str]:
    """The ids of those of an item and what stands under it in which every word occurs."""
    said = _plain(" ".join(_words_of(item)))
    if all(word in said for word in sought):
        yield item["id"]
    for child in item["children"]:
        yield from _matching(child, sought)


def _letters_of(item: dict[str, Any]) -> int:
    """How much was looked through of an item and what stands under it."""
    return sum(map(len, _words_of(item))) + sum(map(_letters_of, item["children"]))


def _words_of(value: Any, member: str = "") -> Iterator[str]:
    """The free text of an item as its reader sees it: its own, what was said anew, and why."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name not in _NOT_OF_IT:
                yield from _words_of(inner, member if member in _WORDS else name)
    elif isinstance(value, list):
        for inner in value:
            yield from _words_of(inner, member)
    elif isinstance(value, str) and member in _WORDS:
        yield value


def _plain(text: str) -> str:
    """Without case and accents (Unicode, compatibility decomposition and default case folding)."""
    if text.isascii():
        return text.casefold()
    apart = unicodedata.normalize("NFKD", text).casefold()
    return "".join(letter for letter in unicodedata.normalize("NFKD", apart) if not unicodedata.combining(letter))
