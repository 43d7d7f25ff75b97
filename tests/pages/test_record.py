"""A record on a page: by day, with its marks, narrowed, and what a patient is told at the top of it."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest

from api.pages import places
from api.pages.said import DONE
from api.pages.statement_words import DID
from ledger.core.instants import HOUR, Instant
from ledger.saying import By
from ledger.use_cases.items import Draft
from tests.http.living import later
from tests.http.served import Served
from tests.pages.at_work import a_patient_of_their_own, lasting, main, plain
from tests.sign_in.browser import Browser

pytestmark = pytest.mark.asyncio(loop_scope="module")
FOR_AN_APPOINTMENT = {"purpose": "appointment"}


async def test_everybody_begins_where_they_need_to(house: Served, browser: Browser) -> None:
    desk = await a_patient_of_their_own(browser, house)
    story = desk.served.story
    begins = [
        (story.amina, places.RECORD(record=desk.record)),
        (story.okafor, places.TODAY()),
        (story.sam, places.CARED_FOR()),
        (story.ruth, places.AUDIT()),
        (story.greta, places.EMERGENCIES()),
        (story.ada, places.PEOPLE()),
        (By(story.bert.person, "registrar"), places.PEOPLE()),
    ]
    for by, place in begins:
        await desk.sit(by)
        answer = await desk.browser.send("GET", "/")
        assert (answer.status_code, answer.headers.get("location")) == (303, place), (by.acting_as, plain(answer))
    nobody = await story.ledger.people.register(story.ada, "Nadia Hassan")
    await desk.sit(By(str(nobody.facts["person"]), "patient"))
    assert "You have no record here yet" in plain(await desk.opened("/"))


async def test_amina_reads_her_record_by_day_with_its_marks(house: Served, browser: Browser) -> None:
    desk = await a_patient_of_their_own(browser, house)
    story = desk.served.story
    note = await story.note("Laughed inappropriately.", title="Review")
    other = await story.note("Written under another name.")
    await story.ledger.items.dispute(story.amina, desk.record, note, "It was a joke.", quote="inappropriately")
    await story.ledger.items.amend(story.okafor, desk.record, note, "Laughed at a joke.")
    await story.ledger.items.mark_in_error(story.okafor, desk.record, other, "Somebody else's.")
    await desk.sit(story.amina)
    page = await desk.opened(places.RECORD(record=desk.record))
    words = plain(page)
    assert "Your own record" in page.text
    for told in ("Review", "Laughed at a joke.", "Disputed", "Corrected", "Mistake", "New", "Dr Okafor"):
        assert told in words, told
    assert "Laughed inappropriately." not in words, "the old words stand on the page of the entry"
    assert main(page).count("<h2") == 1, "one day"


async def test_a_record_is_narrowed_to_kinds_and_paged(house: Served, browser: Browser) -> None:
    desk = await a_patient_of_their_own(browser, house)
    story = desk.served.story
    for number in range(27):
        await story.note(f"Note {number:02}.")
    await story.note("A letter.", kind="letter")
    await desk.sit(story.amina)
    letters = plain(await desk.opened(places.RECORD({"kind": ["letter"]}, record=desk.record)))
    assert "A letter." in letters
    assert "Note 26." not in letters
    first = await desk.opened(places.RECORD({"kind": ["note", "letter"]}, record=desk.record))
    assert "Note 26." in plain(first)
    assert "Note 00." not in plain(first)
    [earlier] = [part.split('"')[0] for part in main(first).split('rel="next" href="')[1:]]
    earlier = earlier.replace("&amp;", "&")
    assert parse_qs(urlsplit(earlier).query)["kind"] == ["note", "letter"]
    second = await desk.opened(earlier)
    assert "Note 00." in plain(second)
    assert "Back to the newest" in plain(second)
    nothing = plain(await desk.opened(places.RECORD({"kind": ["allergy"]}, record=desk.record)))
    assert "There is nothing of these kinds to show you." in nothing
    assert (await desk.browser.get(places.RECORD(record=desk.record), kind="gossip")).status_code == 422


async def test_a_clinician_says_first_what_for(house: Served, browser: Browser) -> None:
    desk = await a_patient_of_their_own(browser, house)
    story = desk.served.story
    await story.note("Slept well.")
    await desk.sit(story.okafor)
    before = await desk.served.size()
    asked = await desk.opened(places.RECORD(record=desk.record))
    assert "Slept well." not in asked.text
    assert "disclosure-made/1" not in await desk.served.said(before)
    page = await desk.opened(places.RECORD(FOR_AN_APPOINTMENT, record=desk.record))
    assert "Slept well." in plain(page)
    assert "record open" in plain(page) or "’s record open" in page.text
    assert "purpose=appointment" in main(page)


async def test_an_emergency_stands_at_the_top_for_the_patient_alone(house: Served, browser: Browser) -> None:
    desk = await a_patient_of_their_own(browser, house)
    story = desk.served.story
    await story.note("Allergic to nuts.")
    await story.ledger.sharing.open_emergency(
        story.moss, desk.record, "life-at-risk", "Collapsed.", later(desk.served, HOUR)
    )
    await desk.sit(story.amina)
    page = plain(await desk.opened(places.RECORD(record=desk.record)))
    assert "Emergency access was used" in page
    assert "ask about it" in page
    await desk.sit(story.okafor)
    other = plain(await desk.opened(places.RECORD(FOR_AN_APPOINTMENT, record=desk.record)))
    assert "Emergency access was used" not in other


async def test_sam_sees_a_page_on_which_nothing_hidden_leaves_a_trace(house: Served, browser: Browser) -> None:
    """The same page, byte by byte, whether there is something that is not shared, or nothing."""
    desk = await a_patient_of_their_own(browser, house)
    story = desk.served.story
    shared = await story.note("Walk together every day.", kind="plan-for-carers")
    await story.share({"kind": "item", "of": shared})
    await desk.sit(story.sam)
    without = await desk.opened(places.RECORD(record=desk.record))
    hidden = await story.note("Not for Sam.", title="Secret", kind="letter")
    await story.ledger.items.comment(story.amina, desk.record, shared, "Nor this.")
    await story.ledger.items.agree(story.amina, desk.record, shared, "disagree")
    with_it = await desk.opened(places.RECORD(record=desk.record))
    assert lasting(with_it) == lasting(without)
    assert "Walk together every day." in plain(with_it)
    never = "3f0f5a53-7a6b-4f0f-a0c4-6b8b7a7b3f10"
    there = await desk.opened(places.ITEM(record=desk.record, item=hidden), 404)
    nowhere = await desk.opened(places.ITEM(record=desk.record, item=never), 404)
    assert lasting(there).replace(hidden, never) == lasting(nowhere)


async def test_what_is_told_as_done_is_of_types_that_there_are() -> None:
    assert DONE.keys() <= DID.keys()


async def test_what_was_just_said_is_told_with_its_receipt(house: Served, browser: Browser) -> None:
    desk = await a_patient_of_their_own(browser, house)
    story = desk.served.story
    said = await story.ledger.items.add(story.amina, desk.record, Draft("contribution", "I slept better."))
    other = await story.ledger.items.add(story.okafor, desk.record, Draft("note", "Of Dr Okafor."))
    await desk.sit(story.amina)
    page = await desk.opened(places.RECORD({"said": said.statement_id}, record=desk.record))
    assert "Added to your record. Recorded by the service for you." in plain(page)
    assert places.RECEIPT(author=story.amina.person, statement=said.statement_id) in page.text
    walk = await story.note("I walk each day.", kind="contribution", by=story.amina)
    reworded = await story.ledger.items.amend(story.amina, desk.record, walk, "I walk most days.")
    page = await desk.opened(places.RECORD({"said": reworded.statement_id}, record=desk.record))
    assert "Your new words are in the record. The old ones stay beside them." in plain(page)
    for none in (other.statement_id, "nothing", "' or 1=1"):
        page = await desk.opened(places.RECORD({"said": none}, record=desk.record))
        assert 'id="said"' not in page.text, none


async def test_emergencies_of_one_day_are_one_line_with_their_number(house: Served, browser: Browser) -> None:
    desk = await a_patient_of_their_own(browser, house)
    story = desk.served.story

    async def told() -> str:
        until = Instant(story.ledger.clock() + HOUR)
        await story.ledger.sharing.open_emergency(story.moss, desk.record, "life-at-risk", "Unconscious.", until)
        await desk.sit(story.amina)
        return plain(await desk.opened(places.RECORD(record=desk.record)))

    once, twice = await told(), await told()
    assert re.search(r"Somebody opened your record as an emergency on \d+ \w+ \d{4} at \d\d:\d\d\.", once)
    assert re.search(r"Your record was opened as an emergency 2 times on \d+ \w+ \d{4}\.", twice)
    assert "Somebody opened your record as an emergency" not in twice
