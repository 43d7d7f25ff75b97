"""Together now: one form begins a short session, which shows Sam what waits for it, and ends by itself or at once."""

import re
from typing import Any

import pytest

from api.pages import places
from ledger.core.instants import MINUTE, parse_instant
from ledger.use_cases.sharing import Directing
from tests.http.served import Served
from tests.pages.at_work import Desk, a_patient_of_their_own, errors, main, plain
from tests.sign_in.browser import Browser

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def amina_at(browser: Browser, house: Served) -> Desk:
    """Amina, who shares her letters with Sam only when she is with him."""
    desk = await a_patient_of_their_own(browser, house)
    story = desk.served.story
    await story.note("From the clinic.", kind="letter")
    to_sam = {"kind": "person", "id": story.sam.person}
    together = Directing(to_sam, {"kind": "kind", "of": "letter"}, condition={"kind": "together"})
    await story.ledger.sharing.direct(story.amina, story.record, together)
    return await desk.sit(story.amina)


async def seen_by_sam(desk: Desk) -> list[str | None]:
    return [one.text for one in (await desk.served.story.carer_view()).items]


async def test_a_session_begins_once_shows_what_waited_for_it_and_ends_at_once(house: Served, browser: Browser) -> None:
    desk = await amina_at(browser, house)
    here = places.TOGETHER(record=desk.record)
    page, before = await desk.opened(here), await house.size()
    assert await seen_by_sam(desk) == []
    assert re.search(r'name="carer"[^>]*checked', page.text)  # there is one, so it is one tap
    members = {"minutes": "15", "carer": desk.served.story.sam.person}
    for answer in [await desk.send(page, members, "/together") for _ in range(2)]:
        assert answer.status_code == 303, plain(answer)
        assert answer.headers["location"] == here
    assert (await house.said(before)).count("together-started/1") == 1
    assert await seen_by_sam(desk) == ["From the clinic."]
    page = await desk.opened(here)
    assert "You are looking together with Sam Diallo" in plain(page)
    [until] = re.findall(r'data-until="([^"]+)"', page.text)
    left = parse_instant(until) - desk.served.story.ledger.clock()
    assert 14 * MINUTE < left <= 15 * MINUTE
    assert "You are looking together now" in plain(await desk.opened(places.SHARING(record=desk.record)))
    for answer in [await desk.send(page, {}, "/end") for _ in range(2)]:
        assert answer.status_code == 303, plain(answer)
        assert answer.headers["location"] == here
    assert await seen_by_sam(desk) == []
    assert "data-until" not in main(await desk.opened(here))


STRIP = "You are looking together with somebody until"


async def begun(desk: Desk) -> None:
    page = await desk.opened(places.TOGETHER(record=desk.record))
    members = {"minutes": "15", "carer": desk.served.story.sam.person}
    assert (await desk.send(page, members, "/together")).status_code == 303


async def test_every_page_of_aminas_record_says_that_a_session_is_running_and_where_it_ends(
    house: Served, browser: Browser
) -> None:
    desk = await amina_at(browser, house)
    here = [place(record=desk.record) for place in (places.RECORD, places.WISHES, places.ADD, places.SHARING_STOP)]
    assert not [path for path in here if STRIP in (await desk.opened(path)).text]
    await begun(desk)
    end = f'<a href="{places.TOGETHER(record=desk.record)}">End now</a>'
    for path in here:
        page = (await desk.opened(path)).text
        strip = page.partition(STRIP)[2].partition("</div>")[0]
        assert (end in strip, "Sam" in strip) == (True, False), path
    told = await desk.opened(places.TOGETHER(record=desk.record))
    assert (STRIP in told.text, "You are looking together with Sam Diallo" in plain(told)) == (False, True)
    await desk.send(told, {}, "/end")
    assert not [path for path in here if STRIP in (await desk.opened(path)).text]


async def test_what_is_printed_says_nothing_of_a_session(house: Served, browser: Browser) -> None:
    desk = await amina_at(browser, house)
    await begun(desk)
    printed = await desk.opened(places.PRINT(record=desk.record))
    assert ("From the clinic." in plain(printed), STRIP in printed.text) == (True, False)


async def test_nobody_else_is_told_of_a_session(house: Served, browser: Browser) -> None:
    desk = await amina_at(browser, house)
    await begun(desk)
    other = await a_patient_of_their_own(browser, house)
    stop = places.SHARING_STOP(record=desk.record)
    for by, path in (
        (other.served.story.amina, stop),
        (desk.served.story.sam, places.RECORD(record=desk.record)),
        (desk.served.story.okafor, places.RECORD({"purpose": "appointment"}, record=desk.record)),
    ):
        await desk.sit(by)
        assert STRIP not in (await desk.opened(path)).text


@pytest.mark.parametrize(
    ("members", "wrong"),
    [
        ({"minutes": "600"}, {"minutes": "Choose for how long."}),
        ({"minutes": "15", "carer": ""}, {"carer": "Choose who is with you."}),
    ],
    ids=["too long", "nobody"],
)
async def test_what_is_missing_is_said(
    house: Served, browser: Browser, members: dict[str, Any], wrong: dict[str, str]
) -> None:
    desk = await amina_at(browser, house)
    page, before = await desk.opened(places.TOGETHER(record=desk.record)), await house.size()
    answer = await desk.send(page, {"carer": desk.served.story.sam.person, **members}, "/together")
    assert answer.status_code == 422
    assert {field: message.strip() for field, message in errors(answer).items()} == wrong
    assert "together-started/1" not in await house.said(before)


async def test_somebody_who_is_no_carer_is_refused_in_words(house: Served, browser: Browser) -> None:
    desk = await amina_at(browser, house)
    page = await desk.opened(places.TOGETHER(record=desk.record))
    answer = await desk.send(page, {"minutes": "15", "carer": desk.served.story.moss.person}, "/together")
    assert answer.status_code == 422
    assert "Name them as a carer first." in plain(answer)
