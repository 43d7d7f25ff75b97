"""The day by which something is due is the same wherever it stands: by the item, and on the list of what is due."""

import re

import pytest

from api.pages import places
from api.pages.language import due_day
from tests.http.served import Served
from tests.pages.at_work import a_patient_of_their_own, plain
from tests.sign_in.browser import Browser


@pytest.mark.parametrize(
    ("due", "said"),
    [
        ("2026-12-23T00:00:00.000Z", "22 December 2026"),
        ("2026-07-23T00:00:00.000Z", "22 July 2026"),  # London's clocks say 01:00
        ("2026-07-22T23:30:00.000Z", "23 July 2026"),
        ("2026-12-22T10:30:00.000Z", "22 December 2026"),
    ],
)
def test_what_is_due_by_the_end_of_a_day_is_due_on_that_day(due: str, said: str) -> None:
    assert due_day(due) == said


@pytest.mark.asyncio(loop_scope="module")
async def test_a_dispute_is_due_on_one_day_for_patient_and_clinician_on_every_page(
    house: Served, browser: Browser
) -> None:
    desk = await a_patient_of_their_own(browser, house)
    story = desk.served.story
    note = await story.note("Inappropriate laughter.")
    dispute = str((await story.ledger.items.dispute(story.amina, story.record, note, "A joke.")).facts["item"])
    await desk.sit(story.okafor)
    today = plain(await desk.opened(places.TODAY()))
    listed = re.search(r"Says that something written is wrong.*?Due on ([0-9]+ \w+ [0-9]+)", today)
    assert listed is not None, today
    told = [
        plain(await desk.opened(places.ITEM({"purpose": "task"}, record=story.record, item=one)))
        for one in (note, dispute)
    ]
    await desk.sit(story.amina)
    told.append(plain(await desk.opened(places.ITEM(record=story.record, item=note))))
    for page in told:
        assert f"To be answered by {listed[1]}." in page
