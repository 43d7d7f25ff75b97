"""Forms that did not go through and whose page has no place for them: why, all that was typed, and a way back."""

import re
from html import unescape
from urllib.parse import urlencode

import httpx
import pytest
import pytest_asyncio
from psycopg import OperationalError

from api.pages import places
from tests.http.served import Served, statement_id
from tests.pages.at_work import OWN_PAGE, Desk, a_patient_of_their_own, lasting, onwards, plain
from tests.pages.filling import read
from tests.sign_in.browser import PLACE, Browser

pytestmark = pytest.mark.asyncio(loop_scope="module")
TYPED = 'My sister\'s house is <b>not</b> safe.\n"Ring first."'


@pytest_asyncio.fixture(loop_scope="module")
async def desk(house: Served, browser: Browser) -> Desk:
    """The patient at home."""
    desk = await a_patient_of_their_own(browser, house)
    return await desk.sit(desk.served.story.amina)


async def withdrawn(desk: Desk) -> tuple[str, httpx.Response]:
    """The page that withdraws a statement, still open, of one that was withdrawn elsewhere; and its address."""
    writing = await desk.opened(places.WISH_NEW(record=desk.record))
    drafted = await desk.send(writing, {"title": "When I am unwell", "matters": "Music."}, "/wishes")
    item = onwards(drafted).rpartition("/")[2]
    signing = await desk.opened(places.WISH_SIGN(record=desk.record, item=item))
    onwards(await desk.send(signing, {}, "/sign"))
    path = places.WISH_WITHDRAW(record=desk.record, item=item)
    page = await desk.opened(path)
    onwards(await desk.send(page, {"text": "I will write another.", "statement": str(statement_id())}, "/withdraw"))
    return path, page


async def comment(desk: Desk, record: str, **headers: str) -> httpx.Response:
    """What is answered to a comment on an item that is not there."""
    form = {"csrf": desk.browser.csrf, "statement": str(statement_id()), "text": TYPED}
    path = f"/forms/record/{record}/item/{statement_id()}/comment"
    return await desk.browser.send("POST", path, content=urlencode(form), headers={**OWN_PAGE, **headers})


def typed_on(page: httpx.Response) -> list[str]:
    """What stands in the boxes to copy from."""
    boxes = re.findall(r'<textarea[^>]* id="typed-[0-9]+"[^>]* readonly>\n(.*?)</textarea>', page.text, re.DOTALL)
    return [unescape(text) for text in boxes]


async def test_what_is_over_meanwhile_is_said_with_all_that_was_typed(desk: Desk) -> None:
    path, page = await withdrawn(desk)
    answer = await desk.send(page, {"text": TYPED}, "/withdraw", referer=PLACE + path)
    assert (answer.status_code, typed_on(answer)) == (422, [TYPED])
    assert "There is a problem This was changed by somebody else meanwhile, or is over." in plain(answer)
    assert read(answer.text).summary == []
    assert f'<a href="{path}">Go back to the page you were on</a>' in answer.text


@pytest.mark.parametrize("before", ["https://elsewhere.example/record", f"{PLACE}/forms/find", "", "//x", "http://[x"])
async def test_a_way_back_leads_to_a_page_of_this_place_alone(desk: Desk, before: str) -> None:
    answer = await comment(desk, desk.record, referer=before)
    assert (answer.status_code, typed_on(answer)) == (404, [TYPED])
    assert "Go back to the page" not in answer.text


async def test_a_record_that_is_hidden_answers_a_form_as_one_that_is_not_there(desk: Desk, house: Served) -> None:
    answers = []
    for record in (house.story.record, str(statement_id())):
        answer = await comment(desk, record)
        answers.append((answer.status_code, plain(answer)))
    assert answers[0] == answers[1]
    assert answers[0][0] == 404


async def test_what_another_site_had_sent_is_not_shown(desk: Desk) -> None:
    answer = await comment(desk, desk.record, origin="https://elsewhere.example", **{"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403
    assert "My sister" not in answer.text


async def test_what_is_wrong_stays_by_its_field_where_the_page_is_still_there(desk: Desk) -> None:
    adding = await desk.opened(places.ADD(record=desk.record))
    answer = await desk.send(adding, {"kind": "contribution", "title": "x" * 301, "text": TYPED}, "/add")
    assert (answer.status_code, read(answer.text).summary) == (422, ["#title"])
    assert "This did not go through" not in answer.text


async def test_what_was_typed_is_given_back_where_the_ledger_cannot_record(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_asked: object) -> None:
        raise RuntimeError("of a sudden")

    adding = await desk.opened(places.ADD(record=desk.record))
    monkeypatch.setattr("api.pages.add.items.add", fails)
    answer = await desk.send(adding, {"kind": "contribution", "title": "", "text": TYPED}, "/add")
    assert (answer.status_code, typed_on(answer)) == (500, [TYPED])


async def test_a_page_that_is_refused_has_the_navigation_of_whoever_is_signed_in(desk: Desk) -> None:
    own = f'href="{places.RECORD(record=desk.record)}"'
    gone = places.ITEM(record=desk.record, item=str(statement_id()))
    for path, status in ((places.TODAY(), 403), (gone, 404), (places.RECORD(record="x"), 422), ("/no-such-page", 404)):
        answer = await desk.browser.send("GET", path, headers={"accept": "text/html"})
        assert answer.status_code == status, path
        assert own in answer.text, path
        assert "Sign out" in answer.text, path
        assert "<title>Record</title>" in answer.text, path
        assert '<a href="/">Go to your home page</a>' in answer.text, path
    answer = await comment(desk, desk.record)
    assert (answer.status_code, own in answer.text) == (404, True)


async def test_whose_page_it_is_not_is_told_what_to_do_and_nothing_for_programs(desk: Desk) -> None:
    page = plain(await desk.opened(places.TODAY(), 403))
    assert page.startswith("You may not do this This page is for people who act as something else here.")
    assert "If you act as more than one, for example as a patient and as a carer, you can change that: your acc" in page
    assert "by its id" not in page


async def test_an_address_that_was_cut_short_is_not_called_a_form(desk: Desk) -> None:
    page = plain(await desk.opened(places.RECORD(record="x"), 422))
    assert page.startswith("This address does not work It may have been typed or copied wrongly, or cut short.")
    page = plain(await desk.opened(places.RECORD({"cursor": "A" * 20}, record=desk.record), 400))
    assert page.startswith("This part of the list is not there any more The list has changed since.")


async def test_a_refused_page_is_the_same_for_what_is_hidden_and_for_what_is_not_there(
    desk: Desk, house: Served
) -> None:
    hidden = await desk.opened(places.RECORD(record=house.story.record), 404)
    unknown = await desk.opened(places.RECORD(record=str(statement_id())), 404)
    assert lasting(hidden) == lasting(unknown)


async def test_who_is_not_signed_in_is_led_to_sign_in_and_is_shown_no_navigation(desk: Desk) -> None:
    desk.browser.cookies.clear()
    answer = await desk.browser.send("GET", "/no-such-page", headers={"accept": "text/html"})
    assert '<p><a href="/sign-in">Sign in</a></p>' in answer.text
    assert "top__nav" not in answer.text
    assert "data-session" not in answer.text


async def test_a_page_is_refused_in_words_where_the_session_cannot_be_looked_up(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_asked: object) -> None:
        raise OperationalError("gone")

    monkeypatch.setattr("api.pages.rendering.navigation_of", fails)
    answer = await desk.browser.send("GET", "/no-such-page", headers={"accept": "text/html"})
    assert (answer.status_code, "top__nav" in answer.text) == (404, False)


async def test_a_session_that_ended_mid_form_shows_every_word_that_was_typed_to_be_sent_again(desk: Desk) -> None:
    adding = await desk.opened(places.ADD(record=desk.record))
    desk.browser.cookies.clear()
    members = {"kind": "contribution", "title": "\u0645\u0631\u062d\u0628\u0627", "text": "Half written."}
    kept = await desk.send(adding, members, "/add")
    assert kept.status_code == 401
    assert "Nothing you typed is lost" in plain(kept)
    boxes = re.findall(r'<textarea[^>]* name="(\w+)" rows="2" dir="auto">\n(.*?)</textarea>', kept.text, re.DOTALL)
    assert dict(boxes) == {name: members[name] for name in ("title", "text")}
    assert '<input type="hidden" name="kind" value="contribution">' in kept.text
