"""Download and check: a record to keep, and the log as everybody may see it."""

import html
import io
import re
import zipfile

import pytest

from api.pages import places
from ledger.use_cases.items import Draft
from tests.http.served import Served
from tests.sign_in.browser import Browser

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_patient_takes_the_record_along_and_it_is_written_down(house: Served, browser: Browser) -> None:
    story = house.story
    await browser.begin(story.amina)
    await story.ledger.items.add(story.amina, story.record, Draft("contribution", "I walk to the sea."))
    before = await house.size()
    answer = await browser.get(places.DOWNLOAD_FILE(record=story.record))
    assert answer.headers["content-disposition"] == 'attachment; filename="record.zip"'
    with zipfile.ZipFile(io.BytesIO(answer.content)) as file:
        assert {"record.html", "record.json", "SHA256SUMS.jws"} <= set(file.namelist())
        assert "I walk to the sea." in file.read("record.html").decode()
    assert await house.said(before) == ["disclosure-made/1"]


async def test_who_is_not_in_care_takes_nothing_and_that_they_tried_is_on_the_trail(
    house: Served, browser: Browser
) -> None:
    await browser.begin(house.story.moss)
    for place in (places.DOWNLOAD, places.DOWNLOAD_FILE, places.PRINT):
        before = await house.size()
        answer = await browser.get(place({"purpose": "task"}, record=house.story.record))
        assert answer.status_code == 403, place
        assert answer.headers["content-type"].startswith("text/html")
        assert await house.said(before) == ["disclosure-made/1"], place


@pytest.mark.parametrize("place", [places.DOWNLOAD, places.DOWNLOAD_FILE, places.PRINT], ids=lambda place: place.path)
async def test_a_clinician_says_first_what_a_record_is_taken_for_and_that_is_recorded(
    house: Served, browser: Browser, place: places.Place
) -> None:
    story = house.story
    await browser.begin(story.okafor)
    before = await house.size()
    asked = await browser.get(place(record=story.record))
    assert "Why do you open this record?" in asked.text
    assert await house.said(before) == [], "it says nothing of the record yet"
    [way] = [one for one in re.findall(r'href="([^"]+)"', asked.text) if one.endswith("purpose=appointment")]
    taken = await browser.get(html.unescape(way))
    assert taken.status_code == 200
    said = await story.ledger.read(before, await house.size() - before)
    assert {one.facts["purpose"] for one in said if one.type == "disclosure-made/1"} == {"appointment"}


async def test_a_program_names_a_purpose_of_its_own_as_well(house: Served, browser: Browser) -> None:
    story = house.story
    await browser.begin(story.okafor)
    for query, status in [("", 422), ("?purpose=own-record", 422), ("?purpose=task", 200)]:
        answer = await browser.get(f"/records/{story.record}/bundle{query}")
        assert answer.status_code == status, query


async def test_the_record_is_printed_with_what_stands_beside_it(house: Served, browser: Browser) -> None:
    story = house.story
    await browser.begin(story.amina)
    item = (await story.ledger.items.add(story.okafor, story.record, Draft("note", "Sleeps badly."))).facts["item"]
    await story.ledger.items.dispute(story.amina, story.record, item, "I sleep well.", quote="Sleeps badly.")
    text = (await browser.get(places.PRINT(record=story.record))).text
    assert text.index("Sleeps badly.") < text.index("I sleep well.")


async def test_anybody_sees_the_log_and_its_keys(house: Served, browser: Browser) -> None:
    answer = await browser.get(places.CHECK())
    assert answer.status_code == 200
    assert str(house.story.ledger.keyring.log.verifier).split("\n", 1)[0] in html.unescape(answer.text)
    [way] = re.findall(r'<a href="([^"]+)" download="checkpoint.txt">', answer.text)
    saved = await browser.get(way)
    assert saved.status_code == 200
    assert saved.text.split("\n", 1)[0] == html.unescape(answer.text).split("<pre>")[1].split("\n", 1)[0]
