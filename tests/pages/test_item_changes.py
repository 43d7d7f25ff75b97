"""What clinicians do about an item: correcting it, keeping it back, answering a dispute or a carer."""

from datetime import date, timedelta

import pytest
import pytest_asyncio

from api.pages import places
from ledger.use_cases.items import Draft
from tests.http.served import Served
from tests.pages.at_work import Desk, Members, a_patient_of_their_own, errors, main, onwards, plain
from tests.pages.changing import carried_out, change, on, shown
from tests.sign_in.browser import Browser

pytestmark = pytest.mark.asyncio(loop_scope="module")
TODAY = date.today()


@pytest_asyncio.fixture(loop_scope="module")
async def desk(browser: Browser, house: Served) -> Desk:
    return await a_patient_of_their_own(browser, house)


async def test_a_correction_begins_with_the_words_as_they_are_and_stands_next_to_them(desk: Desk) -> None:
    story = desk.served.story
    note = await story.note("Inappropriate laughter.")
    await desk.sit(story.okafor)
    page = await desk.opened(change(desk, note, "amend"))
    assert "Inappropriate laughter.</textarea>" in page.text
    await carried_out(desk, note, "amend", {"text": "Laughed at a joke.", "reason": "She told us."})
    item = await shown(desk, note)
    assert (item.text, item.amendments[0].text) == ("Inappropriate laughter.", "Laughed at a joke.")


async def test_what_is_in_the_wrong_record_is_gone_for_all_but_its_author(desk: Desk) -> None:
    story = desk.served.story
    note = await story.note("Of somebody else.")
    await desk.sit(story.okafor)
    page = await desk.opened(change(desk, note, "in_error"))
    assert "This cannot be taken back." in plain(page)
    wrong = await desk.send(page, {"what": "wrong-record", "reason": "Another name."}, "/change/")
    assert list(errors(wrong)) == ["known"]
    await carried_out(desk, note, "in_error", {"what": "wrong-record", "reason": "Another name.", "known": "yes"})
    await desk.sit(story.lind)
    gone = await desk.opened(change(desk, note, "amend"), 404)
    unknown = await desk.opened(change(desk, story.practice, "amend"), 404)
    assert plain(gone) == plain(unknown)


async def test_topics_are_those_that_the_item_has_until_they_are_changed(desk: Desk) -> None:
    story = desk.served.story
    note = await story.note("Drinks less.", topics=("substance-use",))
    await desk.sit(story.okafor)
    page = await desk.opened(change(desk, note, "topics"))
    assert page.text.count(" checked") == 1
    await carried_out(desk, note, "topics", {"topics": ["genetic", "substance-use"]})
    assert (await shown(desk, note)).topics == ("genetic", "substance-use")


async def test_something_is_kept_from_the_patient_on_a_ground_and_the_privacy_officer_lifts_it(desk: Desk) -> None:
    story = desk.served.story
    note = await story.note("A neighbour rang.")
    await desk.sit(story.okafor)
    dates = {**on("opinion", TODAY - timedelta(days=1)), **on("review", TODAY + timedelta(days=90))}
    members: Members = {"from": "patient", "ground": "third-party", "reason": "Her neighbour asked.", **dates}
    page = await desk.opened(change(desk, note, "withhold"))
    wrong = await desk.send(page, {**members, "ground": "agreed"}, "/change/")
    assert errors(wrong) == {"ground": "This ground is only for keeping something off every screen."}
    nothing = await desk.send(page, {}, "/change/")
    assert set(errors(nothing)) == {"from", "ground", "opinion", "review", "reason"}
    await carried_out(desk, note, "withhold", members)
    [kept] = (await shown(desk, note)).withholdings
    assert (kept.kept_from, kept.ground, kept.reason) == ("patient", "third-party", "Her neighbour asked.")
    await desk.sit(story.greta)
    lifting = places.ITEM_CHANGE(
        {"withholding": kept.id, "purpose": "audit"}, record=desk.record, item=note, change="e"
    )
    page = await desk.opened(lifting)
    assert "neighbour" not in page.text
    assert "Amina" not in page.text
    went = await desk.send(page, {"withholding": kept.id}, "/change/")
    assert onwards(went) == places.TODAY()
    assert (await shown(desk, note)).withholdings == ()


async def test_a_result_is_held_back_and_shown(desk: Desk) -> None:
    story = desk.served.story
    result = await story.note("Raised.", kind="result")
    await desk.sit(story.lind)
    await carried_out(desk, result, "hold", {"reason": "In person.", **on("until", TODAY + timedelta(days=14))})
    assert (await shown(desk, result)).held is not None
    await carried_out(desk, result, "release", {})
    item = await shown(desk, result)
    assert (item.held, item.released_at is None) == (None, False)


async def test_a_dispute_is_answered_with_a_no_and_looked_at_once_more_by_somebody_else(desk: Desk) -> None:
    story = desk.served.story
    note = await story.note("Inappropriate laughter.")
    said = await story.ledger.items.dispute(story.amina, story.record, note, "It was a joke.")
    dispute = str(said.facts["item"])
    await desk.sit(story.okafor)
    page = await desk.opened(change(desk, dispute, "answer_dispute"))
    assert change(desk, note, "amend") in main(page).replace("&amp;", "&")
    await carried_out(desk, dispute, "reply", {"text": "Thank you for telling us."})
    await carried_out(desk, dispute, "answer_dispute", {"outcome": "declined", "reason": "Two of us heard it."})
    own = await desk.opened(change(desk, dispute, "review_dispute"))
    refused = await desk.send(own, {"outcome": "upheld", "reason": "I am sure."}, "/change/")
    assert refused.status_code == 422
    assert "I am sure.</textarea>" in refused.text
    await desk.sit(story.lind)
    page = await desk.opened(change(desk, dispute, "review_dispute"))
    assert "Two of us heard it." in plain(page)
    await carried_out(desk, dispute, "review_dispute", {"outcome": "overturned", "reason": "The tape says so."})
    item = await shown(desk, dispute)
    assert item.answer is not None
    assert item.review is not None
    assert (item.answer.outcome, item.review.outcome) == ("declined", "overturned")


async def test_a_carer_is_asked_whether_what_they_told_may_be_shared(desk: Desk) -> None:
    story = desk.served.story
    draft = Draft("contribution", "She hides her tablets.", in_confidence=True)
    told = str((await story.ledger.items.add(story.sam, story.record, draft)).facts["item"])
    await desk.sit(story.okafor)
    before = await desk.served.size()
    await carried_out(desk, told, "ask_leave", {"text": "May we tell her?"})
    assert "leave-asked/1" in await desk.served.said(before)


async def test_a_change_that_there_is_not_is_not_there(desk: Desk) -> None:
    note = await desk.served.story.note("Slept well.")
    await desk.sit(desk.served.story.okafor)
    for letter in ("i", "z", "aa"):
        await desk.opened(places.ITEM_CHANGE({"purpose": "task"}, record=desk.record, item=note, change=letter), 404)


# Carers, and capacity.
