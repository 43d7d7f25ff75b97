"""Why did you look? Asked by the patient, answered by who looked, or by the privacy officer for them."""

import pytest
import pytest_asyncio

from api.pages import places
from ledger.core.instants import HOUR, Instant
from tests.http.served import Served
from tests.pages.at_work import Desk, a_patient_of_their_own, errors, main, onwards, plain
from tests.sign_in.browser import Browser

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def desk(browser: Browser, house: Served) -> Desk:
    return await a_patient_of_their_own(browser, house)


async def asked(desk: Desk) -> str:
    """Dr Moss, who is in no care of hers any more, is asked; the id of the question."""
    story = desk.served.story
    until = Instant(story.ledger.clock() + HOUR)
    await story.ledger.sharing.open_emergency(story.moss, story.record, "urgent-care", "Collapsed.", until)
    look = await story.opened(story.moss)
    words = "I was not there <b>that day</b>."
    await story.settled()
    said = await story.ledger.sharing.question_access(story.amina, story.record, look.id, words)
    return str(said.facts["question"])


async def test_who_looked_reads_the_question_and_the_patient_the_answer(desk: Desk) -> None:
    story = desk.served.story
    question = await asked(desk)
    address = places.QUESTION(record=story.record, question=question)
    await desk.sit(story.moss)
    listed = await desk.opened(places.QUESTIONS())
    assert address in main(listed)
    page = await desk.opened(address)
    assert "I was not there <b>that day</b>." in plain(page)
    assert "<b>" not in main(page)
    empty = await desk.send(page, {"text": "  "})
    assert errors(empty) == {"text": "Write why the record was opened."}
    before = await desk.served.size()
    for _ in range(2):
        went = await desk.send(page, {"text": "You fell,\r\nand could not tell me."})
        assert onwards(went) == address
    assert await desk.served.said(before) == ["access-answered/1"]
    answered = await desk.opened(address)
    assert "You fell, and could not tell me." in plain(answered)
    assert "<form" not in main(answered)
    assert address not in main(await desk.opened(places.QUESTIONS()))


async def test_nobody_else_reads_a_question(desk: Desk) -> None:
    story = desk.served.story
    question = await asked(desk)
    await desk.sit(story.okafor)
    assert "No question is waiting for you." in plain(await desk.opened(places.QUESTIONS()))
    theirs = await desk.opened(places.QUESTION(record=story.record, question=question), 404)
    unknown = await desk.opened(places.QUESTION(record=story.record, question=story.practice), 404)
    assert plain(theirs) == plain(unknown)
    await desk.sit(story.sam)
    assert plain(await desk.opened(places.QUESTIONS(), 403)).startswith("You may not do this")


async def test_the_privacy_officer_answers_for_who_does_not(desk: Desk) -> None:
    story = desk.served.story
    question = await asked(desk)
    await desk.sit(story.greta)
    address = places.QUESTION(record=story.record, question=question)
    page = await desk.opened(address)
    assert "Why did somebody look?" in plain(page)
    assert "Amina" not in page.text
    went = await desk.send(page, {"text": "Dr Moss has left. The access was right."})
    assert went.status_code == 303
    told = plain(await desk.opened(address))
    assert "Dr Moss has left. The access was right." in told
    assert "Privacy officer" in told
