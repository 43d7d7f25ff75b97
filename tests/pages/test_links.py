"""Every link and form within a record keeps what a clinician has it open for: nobody is asked again amid their work."""

from urllib.parse import parse_qs, urlsplit

import pytest

from api.pages import places
from tests.browser.walk import route_of
from tests.http.served import Served
from tests.pages.crawling import links_of, pages_by_links, tell_the_story
from tests.pages.filling import read
from tests.sign_in.browser import Browser

pytestmark = pytest.mark.asyncio(loop_scope="module")
PURPOSE = "appointment"
OF_AN_EMERGENCY = (places.EMERGENCY.path, places.EMERGENCY_OPEN.path)
"""Pages for whoever may not have the record open: they say themselves what for."""
SEEN_AT_LEAST = {
    one.path
    for one in (
        places.RECORD, places.ITEM, places.ITEM_CHANGE, places.ITEM_RECEIPTS, places.ADD, places.READINGS,
        places.SEARCH, places.ABOUT_ME, places.CARER_TALK, places.CAPACITY, places.CAPACITY_NEW,
        places.BEST_INTERESTS, places.DOWNLOAD, places.PRINT, places.RECEIPTS,
    )
}  # fmt: skip


async def test_every_link_within_a_record_keeps_what_a_clinician_has_it_open_for(house: Served) -> None:
    await tell_the_story(house)
    await house.story.settled()
    seen, lost = set[str](), set[tuple[str, str]]()
    async with Browser.of(house) as browser:
        await browser.begin(house.story.okafor)
        start = places.RECORD({"purpose": PURPOSE}, record=house.story.record)
        async for path, page in pages_by_links(browser, start):
            if within(house, path) and purpose_of(path) == [PURPOSE]:
                here = str(route_of(urlsplit(path).path))
                seen.add(here)
                lost |= {(here, where) for where in forgetting(house, page)}
    assert not SEEN_AT_LEAST - seen
    assert lost == set()


def forgetting(house: Served, page: str) -> set[str]:
    """Where a page leads to within the record without saying what it is open for."""
    links = {one for one in links_of(page) if within(house, one) and purpose_of(one) != [PURPOSE]}
    forms = (form for form in read(page).forms if house.story.record in form.action)
    return links | {
        form.action for form in forms if [one.value for one in form.fields if one.name == "purpose"] != [PURPOSE]
    }


def within(house: Served, address: str) -> bool:
    """Is it a page of the record, for whoever has it open?"""
    path = urlsplit(address).path
    return path.startswith(f"/record/{house.story.record}") and route_of(path) not in OF_AN_EMERGENCY


def purpose_of(address: str) -> list[str]:
    return parse_qs(urlsplit(address).query).get("purpose", [])
