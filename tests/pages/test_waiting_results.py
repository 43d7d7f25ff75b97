"""A result that waits because its patient wished to be told in person first: she may ask for it, and for no other."""

from urllib.parse import urlencode

import pytest
import pytest_asyncio

from api.pages import places
from ledger.core.instants import DAY, Instant
from tests.http.served import Served, statement_id
from tests.pages.at_work import OWN_PAGE, Desk, a_patient_of_their_own, main, onwards, plain
from tests.sign_in.browser import Browser

pytestmark = pytest.mark.asyncio(loop_scope="module")
WAITS = "A test result is waiting for you"


@pytest_asyncio.fixture(loop_scope="module")
async def desk(browser: Browser, house: Served) -> Desk:
    """Amina, who wishes to be told first."""
    desk = await a_patient_of_their_own(browser, house)
    story = desk.served.story
    await story.ledger.sharing.wish_results(story.amina, story.record, "tell-me-first")
    return await desk.sit(story.amina)


async def result(desk: Desk) -> str:
    return await desk.served.story.note("Haemoglobin 120.", kind="result", title="Blood count")


async def held(desk: Desk, item: str) -> None:
    story = desk.served.story
    until = Instant(story.ledger.clock() + 3 * DAY)
    await story.ledger.items.hold(story.okafor, story.record, item, until, "I will ring.")


async def test_she_asks_for_it_and_reads_it_once_however_often_the_form_is_sent(desk: Desk, house: Served) -> None:
    item = await result(desk)
    page, before = await desk.opened(places.RECORD(record=desk.record)), await house.size()
    assert WAITS in plain(page)
    assert "Haemoglobin" not in page.text
    assert await desk.draft(page, {}, "/see-now") == "result-released/1"
    both = [onwards(await desk.send(page, {}, "/see-now")) for _ in range(2)]
    assert both == [places.ITEM(record=desk.record, item=item)] * 2
    assert (await house.said(before)).count("result-released/1") == 1
    shown = plain(await desk.opened(both[0]))
    assert "Haemoglobin 120." in shown
    assert WAITS not in plain(await desk.opened(places.RECORD(record=desk.record)))


async def test_what_her_team_holds_back_is_not_hers_to_open_until_the_hold_is_over(desk: Desk) -> None:
    item = await result(desk)
    page = await desk.opened(places.RECORD(record=desk.record))
    await held(desk, item)
    answer = await desk.send(page, {}, "/see-now")
    assert answer.status_code == 422
    assert "There is a problem" in plain(answer)
    assert "Haemoglobin" not in answer.text
    after = plain(await desk.opened(places.RECORD(record=desk.record)))
    assert WAITS not in after
    assert "Something is kept back from you for now. A result has come." in after


async def test_each_of_several_has_a_button_of_its_own(desk: Desk) -> None:
    items = [await result(desk) for _ in range(2)]
    page = await desk.opened(places.RECORD(record=desk.record))
    assert "2 test results are waiting for you" in plain(page)
    for number, item in enumerate(reversed(items), 1):
        inside = main(page).split(f"/item/{item}/see-now", 1)[1].split("</form>")[0]
        assert f"See result {number} now" in inside


async def test_what_is_kept_without_a_trace_is_answered_as_what_is_not_there(desk: Desk) -> None:
    told = []
    for item in (await desk.served.story.note("Worried.", kind="flag"), str(statement_id())):
        form = {"csrf": desk.browser.csrf, "statement": str(statement_id())}
        path = f"/forms/record/{desk.record}/item/{item}/see-now"
        answer = await desk.browser.send("POST", path, content=urlencode(form), headers=OWN_PAGE)
        told.append((answer.status_code, plain(answer)))
    assert told[0] == told[1]
    assert "There is a problem" in told[0][1]
