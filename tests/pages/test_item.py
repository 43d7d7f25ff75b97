"""One entry on a page: its words, old and new, what is said about it, and what the patient says to it."""

import re

import httpx
import pytest

from api.pages import places
from api.pages.passages import Passage, marked_in, spelled_as_in
from tests.http.served import Served
from tests.pages.at_work import Desk, a_patient_of_their_own, errors, lasting, main, plain
from tests.sign_in.browser import Browser

pytestmark = pytest.mark.asyncio(loop_scope="module")
PASTED = "“It’s 😀 \u202bعربي\u202c — <b onload='x'>”"


async def with_a_note(
    browser: Browser, house: Served, text: str = "Laughed inappropriately.\nSlept badly."
) -> tuple[Desk, str]:
    """Amina at her desk, with a note of Dr Okafor's in her record."""
    desk = await a_patient_of_their_own(browser, house)
    note = await desk.served.story.note(text, title="Review")
    return await desk.sit(desk.served.story.amina), note


def gone_to(answer: httpx.Response) -> str:
    assert answer.status_code == 303, plain(answer)
    return answer.headers["location"]


async def test_amina_comments_on_a_passage_once_however_often_it_is_sent(house: Served, browser: Browser) -> None:
    desk, note = await with_a_note(browser, house)
    place = places.ITEM(record=desk.record, item=note)
    page, before = await desk.opened(place), await house.size()
    members = {"text": PASTED, "quote": "inappropriately. Slept"}
    first, again = [await desk.send(page, members, "/comment") for _ in range(2)]
    assert gone_to(first) == gone_to(again)
    assert (await house.said(before)).count("item-added/1") == 1
    shown = await desk.opened(gone_to(first))
    assert "Your comment is added. Recorded by the service for you." in plain(shown)
    assert "/receipt/" in main(shown)
    assert "<mark>inappropriately.\nSlept</mark>" in main(shown), "as it is spelled in the note"
    assert PASTED in plain(shown)
    assert "<b onload" not in shown.text


@pytest.mark.parametrize(
    ("members", "wrong"),
    [
        ({"text": ""}, {"text": "Write your comment."}),
        ({"text": " \n "}, {"text": "Write your comment."}),
        (
            {"text": "a" * 10_001},
            {"text": "This has 10,001 characters. It can have 10,000. Shorten it, or send it in parts."},
        ),
        (
            {"text": "No.", "quote": "appropriate laughter"},
            {"quote": "These words are not in the entry. Copy them from it exactly, or leave this empty."},
        ),
    ],
    ids=["nothing", "blank", "too long", "a passage that is not there"],
)
async def test_a_comment_that_does_not_fit_is_shown_again_with_its_words(
    house: Served, browser: Browser, members: dict[str, str], wrong: dict[str, str]
) -> None:
    desk, note = await with_a_note(browser, house)
    page, before = await desk.opened(places.ITEM(record=desk.record, item=note)), await house.size()
    answer = await desk.send(page, members, "/comment")
    assert (answer.status_code, errors(answer)) == (422, wrong)
    assert members["text"].strip() in answer.text
    assert members.get("quote", "") in answer.text
    assert "item-added/1" not in await house.said(before)


async def test_a_dispute_stands_beside_the_passage_until_and_after_it_is_answered(
    house: Served, browser: Browser
) -> None:
    desk, note = await with_a_note(browser, house)
    story = desk.served.story
    place = places.ITEM(record=desk.record, item=note)
    asked = await desk.opened(places.ITEM_DISPUTE(record=desk.record, item=note))
    assert "must answer within a month" in plain(asked)
    before_the_fields = main(asked)[: main(asked).index("<form")]
    folded = before_the_fields[before_the_fields.index("<details>") : before_the_fields.index("</details>")]
    assert "Laughed inappropriately." in folded, "a long letter does not stand between the reader and the fields"
    empty = await desk.send(asked, {}, "/dispute")
    assert errors(empty) == {"text": "Write what is wrong."}
    answer = await desk.send(asked, {"text": "It was a joke.", "quote": "inappropriately"}, "/dispute")
    shown = plain(await desk.opened(gone_to(answer)))
    assert re.search(r"Sent\. The team that wrote it must answer by \d+ \w+ \d{4}\.", shown)
    for told in ("Disputed", "It was a joke.", "To be answered by"):
        assert told in shown, told
    [dispute] = (await story.patient_view(item=note)).items[0].children
    await story.ledger.items.amend(story.okafor, desk.record, note, "Laughed at a joke.\nSlept badly.")
    await story.ledger.items.answer_dispute(story.okafor, desk.record, dispute.id, "amended", "You are right.")
    shown = plain(await desk.opened(place))
    order = [shown.index(told) for told in ("Laughed at a joke.", "What it said before", "Laughed inappropriately")]
    assert order == sorted(order), "the new words next to the old ones"
    for told in ("Corrected on", "Answered: this was corrected.", "You are right.", "It was a joke."):
        assert told in shown, told
    assert "To be answered by" not in shown


async def test_amina_says_whether_she_agrees_and_may_say_it_anew(house: Served, browser: Browser) -> None:
    desk, note = await with_a_note(browser, house)
    page = await desk.opened(places.ITEM_AGREE(record=desk.record, item=note))
    assert errors(await desk.send(page, {}, "/agreement")) == {"agreement": "Choose one of the three."}
    gone = gone_to(await desk.send(page, {"agreement": "not-discussed"}, "/agreement"))
    shown = plain(await desk.opened(gone))
    assert "You: Not discussed" in shown
    assert "Your answer stands beside the entry." in shown
    page = await desk.opened(places.ITEM_AGREE(record=desk.record, item=note))
    gone = gone_to(await desk.send(page, {"agreement": "disagree", "text": "I did not say that."}, "/agreement"))
    shown = plain(await desk.opened(gone))
    assert "You: Disagrees I did not say that." in shown
    assert "Not discussed" not in shown


async def test_amina_says_her_own_words_anew_next_to_the_old_ones(house: Served, browser: Browser) -> None:
    desk, _note = await with_a_note(browser, house)
    own = await desk.served.story.note("I walk each day.", kind="contribution", by=desk.served.story.amina)
    page = await desk.opened(places.ITEM(record=desk.record, item=own))
    assert "Say that this is wrong" not in plain(page)
    change = places.ITEM_CHANGE(record=desk.record, item=own, change="a")
    assert change in page.text
    answer = await desk.send(await desk.opened(change), {"text": "I walk most days."}, "/change/a")
    shown = plain(await desk.opened(gone_to(answer)))
    assert "Your new words are in the record. The old ones stay beside them." in shown
    assert "I walk most days." in shown
    assert "I walk each day." in shown


async def test_a_mistake_is_marked_and_keeps_its_words(house: Served, browser: Browser) -> None:
    desk, note = await with_a_note(browser, house)
    story = desk.served.story
    await story.ledger.items.mark_in_error(story.okafor, desk.record, note, "Of somebody else.")
    shown = plain(await desk.opened(places.ITEM(record=desk.record, item=note)))
    for told in ("This is a mistake.", "Of somebody else.", "Laughed inappropriately."):
        assert told in shown, told


async def test_a_carer_reads_what_is_shared_and_comments_without_a_trace_of_the_rest(
    house: Served, browser: Browser
) -> None:
    desk, note = await with_a_note(browser, house)
    story = desk.served.story
    await story.share({"kind": "item", "of": note})
    await desk.sit(story.sam)
    place = places.ITEM(record=desk.record, item=note)
    before = await desk.opened(place)
    dispute = await story.ledger.items.dispute(story.amina, desk.record, note, "No.", quote="inappropriately")
    await story.ledger.items.agree(story.amina, desk.record, note, "disagree", text="No.")
    await story.ledger.items.answer_dispute(story.okafor, desk.record, dispute.facts["item"], "declined", "Yes.")
    after = await desk.opened(place)
    assert lasting(after) == lasting(before)
    assert "<mark>" not in after.text
    assert not re.search("Who can see this|Say that this is wrong|Topics", main(after))
    gone = gone_to(await desk.send(after, {"text": "I was there."}, "/comment"))
    await desk.opened(gone)
    await desk.sit(story.amina)
    assert "I was there." in plain(await desk.opened(place))


async def test_whoever_does_not_see_it_says_nothing_of_it(house: Served, browser: Browser) -> None:
    desk, note = await with_a_note(browser, house)
    page = await desk.opened(places.ITEM(record=desk.record, item=note))
    hidden = await desk.served.story.note("A flag.", kind="flag")
    answers = []
    for item in (hidden, "3f0f5a53-7a6b-4f0f-a0c4-6b8b7a7b3f10"):
        form = page.text.replace(note, item)
        answer = await desk.send(httpx.Response(200, text=form), {"text": "What is this?"}, "/comment")
        answers.append((answer.status_code, lasting(answer).replace(item, "")))
    assert answers[0] == answers[1]
    assert answers[0][0] == 404


async def test_a_clinician_has_what_can_be_done_about_an_item(house: Served, browser: Browser) -> None:
    desk, note = await with_a_note(browser, house)
    await desk.sit(desk.served.story.okafor)
    asked = await desk.opened(places.ITEM(record=desk.record, item=note))
    assert "Why do you open this record?" in plain(asked)
    place = places.ITEM({"purpose": "task"}, record=desk.record, item=note)
    page = await desk.opened(place)
    assert "Mark as a mistake" in plain(page)
    gone = gone_to(await desk.send(page, {"text": "Seen."}, "/comment"))
    assert "purpose=task" in gone
    assert "Seen." in plain(await desk.opened(gone))


async def test_a_passage_is_found_however_its_blank_space_was_copied() -> None:
    text = "It is (5.6 mmol/L)\n  on Monday.  It is fine."
    assert spelled_as_in(text, " (5.6  mmol/L) on Monday. ") == "(5.6 mmol/L)\n  on Monday."
    for none in ("on Tuesday", "5x6", "  ", "monday"):
        assert spelled_as_in(text, none) is None


async def test_each_passage_is_marked_once_and_none_within_another() -> None:
    marks = marked_in("one two one three", ["one", "two one", "one", "nothing"])
    quoted, plain_words = Passage("one", quoted=True), Passage(" ", quoted=False)
    assert marks == [quoted, plain_words, Passage("two one", quoted=True), Passage(" three", quoted=False)]
    assert "".join(one.text for one in marks) == "one two one three"
