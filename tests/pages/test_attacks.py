"""Inputs that somebody would try who wants more than is theirs, or wants a page to stop working for everybody."""

import re
from collections.abc import AsyncIterator, Mapping
from time import process_time
from urllib.parse import urlencode

import httpx
import pytest
import pytest_asyncio

from api.http.fresh import REAUTHENTICATE_AFTER
from api.pages import places
from api.pages.passages import spelled_as_in
from ledger.core.instants import Instant
from ledger.use_cases.sharing import Directing
from tests.http.served import Served, statement_id
from tests.pages.at_work import OWN_PAGE, Desk, a_patient_of_their_own, main, plain
from tests.sign_in.browser import Browser

pytestmark = pytest.mark.asyncio(loop_scope="module")
UNKNOWN = "00000000-0000-4000-8000-000000000000"
LONG_AGO = "0001-01-01T00:00:00.000Z"
LETTERS = {"kind": "kind", "of": "letter"}
EVERYTHING = {"kind": "everything"}
TYPED_BY_HER = {"text": "Mine alone."}


@pytest_asyncio.fixture(loop_scope="module")
async def desk(browser: Browser, house: Served) -> AsyncIterator[Desk]:
    found = await a_patient_of_their_own(browser, house)
    yield await found.sit(found.served.story.amina)


async def posted(desk: Desk, path: str, more: Mapping[str, str] | None = None, /, **members: str) -> httpx.Response:
    form = {"csrf": desk.browser.csrf, "statement": statement_id(), **members}
    return await desk.browser.send("POST", path, content=urlencode(form), headers={**OWN_PAGE, **(more or {})})


async def test_a_device_whose_clock_is_off_by_ages_spoils_no_page(desk: Desk) -> None:
    body = {"kind": "contribution", "text": "From the year one.", "made_at": LONG_AGO}
    answer = await desk.browser.post(f"/records/{desk.record}/items", statement=statement_id(), **body)
    assert answer.status_code == 201, answer.text
    assert "From the year one." in plain(await desk.opened(places.RECORD(record=desk.record)))


async def test_a_reading_of_any_year_spoils_no_page(desk: Desk) -> None:
    data = {"what": "glucose", "value": "5.8", "unit": "mmol/L", "at": LONG_AGO}
    body = {"kind": "reading", "text": "5.8 mmol/L", "data": data}
    by_program = await desk.browser.post(f"/records/{desk.record}/items", statement=statement_id(), **body)
    assert by_program.status_code == 201, by_program.text
    assert (await desk.opened(places.READINGS(record=desk.record))).status_code == 200
    item = by_program.json()["ids"]["item"]
    assert (await desk.opened(places.ITEM(record=desk.record, item=item))).status_code == 200


async def test_lines_parted_as_no_browser_parts_them_are_told_in_words(desk: Desk) -> None:
    for lines in ("date,value\r2026-01-01,5", "date,value\n0001-01-01T00:00:00+05:00,5", 'date,value\n"2026-01-01,5'):
        checked = await posted(desk, f"/forms/record/{desk.record}/readings/check", what="glucose", csv=lines)
        assert checked.status_code == 303, (lines, checked.status_code)
        assert main(await desk.opened(checked.headers["location"])), lines


async def test_a_preset_for_who_is_no_carer_any_more_is_refused_in_words(desk: Desk) -> None:
    story = desk.served.story
    page = await desk.opened(places.SHARING_PRESET({"to": story.sam.person, "a": "m"}, record=desk.record))
    await story.ledger.care.end_carer(story.amina, desk.record, story.sam.person)
    answer = await desk.send(page, {}, "/preset")
    assert answer.status_code in (404, 409, 422), main(answer)
    drafted = await desk.send(page, {}, "/preset", **{"x-signing": "draft"})
    assert drafted.status_code in (404, 409, 422), drafted.text


async def test_a_preset_that_there_is_not_is_refused_in_words(desk: Desk) -> None:
    story = desk.served.story
    page = await desk.opened(places.SHARING_PRESET({"to": story.sam.person, "a": "m"}, record=desk.record))
    for wrong in ({"preset": "nothing"}, {"to": "nobody"}, {"except": "x"}):
        answer = await desk.send(page, wrong, "/preset")
        assert 400 <= answer.status_code < 500, (wrong, main(answer))


@pytest.mark.parametrize("by_form", [True, False], ids=["by the form", "by the operation"])
async def test_what_is_kept_is_not_let_out_by_a_session_that_was_left_open(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, by_form: bool
) -> None:
    story, ledger = desk.served.story, desk.served.story.ledger
    await story.note("From the clinic.", kind="letter")
    await story.share(EVERYTHING)
    sam = {"kind": "person", "id": story.sam.person}
    withheld = await ledger.sharing.direct(story.amina, desk.record, Directing(sam, LETTERS, effect="withhold"))
    directive = str(withheld.facts["directive"])
    sessions = desk.browser.service.doors.sessions
    later = Instant(sessions.clock() + REAUTHENTICATE_AFTER)
    monkeypatch.setattr(sessions, "clock", lambda: later)
    if by_form:
        answer = await posted(desk, f"/forms/record/{desk.record}/take-back", does="withdraw", replaces=directive)
    else:
        path = f"/records/{desk.record}/directives/{directive}/withdrawal"
        answer = await desk.browser.post(path, statement=statement_id())
    assert answer.status_code == 401, answer.status_code
    assert not [one.text for one in (await story.carer_view()).items]


async def _changing(desk: Desk, item: str, change: str) -> tuple[int, str, int, str]:
    """What somebody is shown who asks for the page of a change, and who sends its form."""
    page = await desk.browser.send("GET", places.ITEM_CHANGE(record=desk.record, item=item, change=change))
    sent = await posted(desk, f"/forms/record/{desk.record}/item/{item}/change/{change}", text="x", reason="y")
    told = [re.sub(r'value="[^"]*"', "", main(answer)).replace(item, "") for answer in (page, sent)]
    return page.status_code, told[0], sent.status_code, told[1]


async def test_a_carer_who_goes_to_a_page_of_clinicians_is_told_nothing_new(desk: Desk) -> None:
    story = desk.served.story
    letter = await story.note("From the clinic.", kind="letter")
    await story.share(LETTERS)
    await desk.sit(story.sam)
    for change in ("b", "k"):
        page = await desk.opened(places.ITEM_CHANGE(record=desk.record, item=letter, change=change))
        assert "From the clinic." in plain(page)


async def test_a_sealed_item_is_changed_as_one_that_is_not_there(desk: Desk) -> None:
    story, ledger = desk.served.story, desk.served.story.ledger
    letter = await story.note("From the clinic.", kind="letter")
    hidden = await story.note("For the team.", kind="flag")
    practice = {"kind": "team", "id": story.practice}
    await ledger.sharing.direct(story.amina, desk.record, Directing(practice, LETTERS, effect="withhold"))
    await desk.sit(story.lind)
    for change in "abcdefghjkl":
        for item in (letter, UNKNOWN):
            path = places.ITEM_CHANGE({"purpose": "task"}, record=desk.record, item=item, change=change)
            answer = await desk.browser.send("GET", path)
            assert answer.status_code == 404, (change, item == letter, plain(answer))
            answer = await posted(desk, f"/forms/record/{desk.record}/item/{item}/change/{change}", purpose="task")
            assert 400 <= answer.status_code < 500, (change, item == letter, answer.status_code)
    for by in (story.amina, story.sam):
        await desk.sit(by)
        for change in "abcdefghjkl":
            shown = [await _changing(desk, item, change) for item in (hidden, UNKNOWN)]
            assert shown[0] == shown[1], change
            assert shown[0][0] == 404, (by.acting_as, change)


async def test_what_was_typed_by_one_is_not_sent_in_the_name_of_another(desk: Desk) -> None:
    """Somebody else has signed in in this browser since: it waits until who typed it is in again."""
    story = desk.served.story
    page = await desk.opened(places.ADD(record=desk.record))
    await desk.sit(story.sam)
    kept = await desk.send(page, {"kind": "contribution", **TYPED_BY_HER}, "/add")
    assert (kept.status_code, "Somebody else is signed in here now" in plain(kept)) == (403, True)
    again = await desk.send(kept, TYPED_BY_HER, "/add")
    assert (again.status_code, "Somebody else is signed in here now" in plain(again)) == (403, True)
    await desk.sit(story.amina)
    kept = await desk.send(again, TYPED_BY_HER, "/add")
    assert (kept.status_code, "You were signed out and in again" in plain(kept)) == (403, True)
    assert (await desk.send(kept, TYPED_BY_HER, "/add")).status_code == 303
    assert "Mine alone." in plain(await desk.opened(places.RECORD(record=desk.record)))


@pytest.mark.parametrize("draft", [{}, {"x-signing": "draft"}], ids=["plainly", "as a draft"])
async def test_what_a_carer_tries_by_a_form_of_the_patient_is_on_the_trail(desk: Desk, draft: dict[str, str]) -> None:
    sam, forms = desk.served.story.sam, f"/forms/record/{desk.record}"
    tries: dict[str, dict[str, str]] = {
        f"{forms}/preset": {"to": sam.person, "preset": "medicines"},
        f"{forms}/take-back": {"to": f"person:{sam.person}", "part": "kind:letter", "does": "withhold"},
        f"{forms}/share": {"to": f"person:{sam.person}", "part": "everything:", "how": "always"},
        f"{forms}/together": {"carer": sam.person, "minutes": "15"},
        f"{forms}/carers/{sam.person}/suspend": {},
        f"{forms}/carers/{sam.person}/end": {},
    }
    await desk.sit(sam)
    for path, members in tries.items():
        before = await desk.served.size()
        answer = await posted(desk, path, draft, **members)
        assert answer.status_code in (403, 404), path
        tried, *shown = await desk.served.story.ledger.read(before, 9)
        assert (tried.type, tried.facts["person"]) == ("attempt-refused/1", sam.person), path
        # Where the page of the form is asked for again, that they are shown nothing of it is on the trail as well.
        assert [one.facts["permitted"] for one in shown] in ([], [[]]), path


async def test_what_no_page_sends_is_refused_by_a_page(desk: Desk) -> None:
    path = f"/forms/record/{desk.record}/add"
    tokens = (f"csrf={desk.browser.csrf}&", "")
    for token in tokens:
        for rest in ("text=%FF", "text=%ED%A0%80", "&".join(f"a{n}=1" for n in range(301))):
            body = f"{token}statement={statement_id()}&kind=contribution&title=&{rest}"
            answer = await desk.browser.send("POST", path, content=body, headers=OWN_PAGE)
            told = (answer.status_code, answer.headers["content-type"])
            assert told == (422, "text/html; charset=utf-8"), (token, rest[:20])


async def test_a_passage_that_nearly_occurs_everywhere_is_looked_for_quickly() -> None:
    began = process_time()
    assert spelled_as_in("a " * 30_000, "a " * 990 + "c") is None
    assert process_time() - began < 1
