"""Adding to a record: a patient's own words, once, under the kind that they chose; and who is led where instead."""

import pytest

from api.pages import places
from api.pages.add import ENTRIES
from ledger.core.authority_items import PATIENTS_KINDS
from ledger.saying import By
from tests.http.served import Served
from tests.pages.at_work import OWN_PAGE, Desk, a_patient_of_their_own, errors, main, plain
from tests.sign_in.browser import Browser

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def amina_at(browser: Browser, house: Served) -> Desk:
    desk = await a_patient_of_their_own(browser, house)
    return await desk.sit(desk.served.story.amina)


@pytest.mark.parametrize("kind", ENTRIES)
async def test_what_amina_writes_stands_there_once_as_she_wrote_it(house: Served, browser: Browser, kind: str) -> None:
    desk = await amina_at(browser, house)
    page, before = await desk.opened(places.ADD(record=desk.record)), await house.size()
    words = "I walk to the sea.\r\n“Every day” — نعم 🌊"
    members = {"kind": kind, "title": "Walking", "text": words}
    first, again = [await desk.send(page, members, "/add") for _ in range(2)]
    assert first.status_code == again.status_code == 303
    assert first.headers["location"] == again.headers["location"]
    assert first.headers["location"].startswith(places.RECORD(record=desk.record) + "?said=")
    assert await house.said(before) == ["item-added/1"]
    [item] = (await desk.served.story.patient_view()).items
    assert (item.kind, item.title, item.text) == (kind, "Walking", words.replace("\r\n", "\n"))


async def test_every_kind_that_is_offered_may_be_said_by_a_patient() -> None:
    assert set(ENTRIES) <= PATIENTS_KINDS


@pytest.mark.parametrize(
    ("members", "field", "message"),
    [
        ({"text": "I feel well."}, "kind", "Choose what you write about."),
        ({"kind": "note", "text": "I feel well."}, "kind", "Choose what you write about."),
        ({"kind": "decision", "text": " \u00a0\r\n"}, "text", "Write something."),
        ({"kind": "decision", "text": "a" * 10_001}, "text", "It can have 10,000."),
        ({"kind": "decision", "text": "No.", "title": "a" * 201}, "title", "It can have 200."),
    ],
    ids=["nothing chosen", "a clinician's kind", "blank", "too long", "a title that is too long"],
)
async def test_what_is_missing_is_said_beside_its_field_and_nothing_is_lost(
    house: Served, browser: Browser, members: dict[str, str], field: str, message: str
) -> None:
    desk = await amina_at(browser, house)
    page, before = await desk.opened(places.ADD(record=desk.record)), await house.size()
    answer = await desk.send(page, members, "/add")
    assert answer.status_code == 422
    assert message in errors(answer)[field]
    assert members["text"].strip() in answer.text
    assert await house.said(before) == []


async def test_a_page_that_signs_is_asked_to_sign_the_very_words(house: Served, browser: Browser) -> None:
    desk = await amina_at(browser, house)
    page, before = await desk.opened(places.ADD(record=desk.record)), await house.size()
    asked = {**OWN_PAGE, "x-signing": "draft"}
    content = f"csrf={browser.csrf}&statement={statement_in(page.text)}&kind=experience&text=They+listened."
    answer = await browser.send("POST", f"/forms/record/{desk.record}/add", content=content, headers=asked)
    assert answer.json()["sign"]["words"]["text"] == "They listened."
    assert answer.json()["sign"]["facts"]["kind"] == "experience"
    assert await house.said(before) == []


async def test_a_clinician_gets_their_own_form_and_a_carer_tells_the_team(house: Served, browser: Browser) -> None:
    desk = await amina_at(browser, house)
    story = desk.served.story
    await desk.sit(story.okafor)
    page = await desk.opened(places.ADD({"purpose": "appointment"}, record=desk.record))
    assert "/add/clinician" in main(page)
    await desk.sit(story.sam)
    page = await desk.opened(places.ADD(record=desk.record), status=303)
    assert page.headers["location"] == places.TELL(record=desk.record)


async def test_who_may_write_nothing_here_is_told_so(house: Served, browser: Browser) -> None:
    desk = await amina_at(browser, house)
    for by in (By(house.story.sam.person, "parent"), house.story.ruth):
        await desk.sit(by)
        assert "You may not do this" in plain(await desk.opened(places.ADD(record=desk.record), status=403))


def statement_in(text: str) -> str:
    return text.partition('name="statement" value="')[2].partition('"')[0]
