"""Receipts of matters on pages: an emergency, a question, an assessment or a talk, one step from where each is read."""

import json
import re
from pathlib import Path

import pytest
import pytest_asyncio

from api.pages import places
from ledger.core.instants import HOUR, Instant
from ledger.use_cases.representation import Finding, Opening
from ledger.use_cases.sharing import Conversation
from tests.command_line.running import call
from tests.http.served import Served, statement_id
from tests.http.test_absence import UNKNOWN
from tests.pages.at_work import Desk, a_patient_of_their_own, lasting, main, plain
from tests.pages.test_receipts import links, receipts_on
from tests.sign_in.browser import Browser
from tests.story import KEYRING

pytestmark = pytest.mark.asyncio(loop_scope="module")
PART = {"kind": "kind", "of": "medicine"}


@pytest_asyncio.fixture(loop_scope="module")
async def desk(browser: Browser, house: Served) -> Desk:
    return await a_patient_of_their_own(browser, house)


def until(desk: Desk) -> Instant:
    return Instant(desk.served.story.ledger.clock() + HOUR)


async def an_emergency(desk: Desk) -> str:
    story = desk.served.story
    said = story.ledger.sharing.open_emergency(story.moss, story.record, "urgent-care", "Collapsed.", until(desk))
    return str((await said).facts["emergency"])


async def a_question(desk: Desk) -> str:
    """Dr Moss, who opened the record as an emergency, is asked why, and has answered."""
    story = desk.served.story
    look = await story.opened(story.moss)
    await story.settled()
    said = await story.ledger.sharing.question_access(story.amina, story.record, look.id, "Why you?")
    question = str(said.facts["question"])
    await story.ledger.sharing.answer_access(story.moss, story.record, question, "Nobody else was there.")
    return question


async def leads_on(desk: Desk, at: str, there: str, *told: str) -> str:
    """By one link from a page to receipts that hold, told in this order; gives the words, and goes back by a link."""
    assert there in links(await desk.opened(at), "/record/"), (at, there)
    page = await desk.opened(there)
    assert len(receipts_on(page)) == len(told)
    shown = plain(page)
    order = [shown.index(one) for one in told]
    assert order == sorted(order)
    [back] = re.findall(r'<a class="back" href="([^"#]+)', page.text)
    await desk.opened(back.replace("&amp;", "&"))
    return shown


async def test_a_patient_finds_them_beside_an_emergency_and_beside_a_question(desk: Desk) -> None:
    story = desk.served.story
    emergency = await an_emergency(desk)
    question = await a_question(desk)
    await story.ledger.sharing.review_emergency(story.greta, story.record, emergency, "justified", "It saved her.")
    await desk.sit(story.amina)
    looks = places.LOOKS(record=desk.record)
    for matter, told in (
        (emergency, ("Opened a record in an emergency", "Reviewed an emergency access")),
        (question, ("Asked why somebody looked", "Answered why somebody looked")),
    ):
        shown = await leads_on(desk, looks, places.MATTER_RECEIPTS(record=desk.record, matter=matter), *told)
        assert "Dr Moss" in shown
        for words in ("Collapsed", "saved", "Why you", "Nobody else"):
            assert words not in shown, "a receipt is of what was said, and does not say it again"


async def test_a_clinician_finds_them_beside_assessments_and_talks_and_says_first_what_for(desk: Desk) -> None:
    story, ledger = desk.served.story, desk.served.story.ledger
    finding = Finding("sharing", "lacks", "Cannot weigh it.", until(desk), [PART])
    found = await ledger.representation.assess_capacity(story.okafor, story.record, finding)
    assessment = str(found.facts["assessment"])
    opening = Opening(story.sam.person, [PART], until(desk), "He looks after her.")
    made = await ledger.representation.disclose_in_best_interests(story.okafor, story.record, assessment, opening)
    talk = await ledger.sharing.hold_conversation(story.okafor, story.record, Conversation("not-now", None))
    await desk.sit(story.lind)
    bare = places.MATTER_RECEIPTS(record=desk.record, matter=assessment)
    assert "Why do you open this record?" in plain(await desk.opened(bare))
    task: dict[str, str | list[str] | None] = {"purpose": "task"}
    capacity, record = places.CAPACITY(task, record=desk.record), places.RECORD(task, record=desk.record)
    for at, matter, told in (
        (capacity, assessment, "Assessed whether the patient can decide something"),
        (record, assessment, "Assessed whether the patient can decide something"),
        (capacity, str(made.facts["best_interests"]), "Shared something in the patient’s best interests"),
        (places.CARER_TALK(task, record=desk.record), str(talk.facts["conversation"]), "Talked about carers"),
    ):
        there = places.MATTER_RECEIPTS(task, record=desk.record, matter=matter)
        assert "Dr Okafor" in await leads_on(desk, at, there, told)


async def test_who_opened_an_emergency_and_was_asked_about_it_finds_them_without_any_care(desk: Desk) -> None:
    story = desk.served.story
    emergency = await an_emergency(desk)
    question = await a_question(desk)
    await desk.sit(story.moss)
    for at, matter, purpose, told in (
        (
            places.EMERGENCY_OPEN(record=desk.record, emergency=emergency),
            emergency,
            "emergency",
            ["Opened a record in an emergency"],
        ),
        (
            places.QUESTION(record=desk.record, question=question),
            question,
            "task",
            ["Asked why somebody looked", "Answered why somebody looked"],
        ),
    ):
        there = places.MATTER_RECEIPTS({"purpose": purpose}, record=desk.record, matter=matter)
        assert "You" in await leads_on(desk, at, there, *told)


async def test_the_privacy_officer_is_led_to_none_and_is_given_none(desk: Desk) -> None:
    story = desk.served.story
    emergency = await an_emergency(desk)
    question = await a_question(desk)
    await desk.sit(story.greta)
    for at in (
        places.EMERGENCY_REVIEW(record=desk.record, emergency=emergency),
        places.QUESTION(record=desk.record, question=question),
    ):
        assert "Receipts" not in main(await desk.opened(at))
    await desk.opened(places.MATTER_RECEIPTS({"purpose": "audit"}, record=desk.record, matter=emergency), 403)


async def test_one_is_kept_as_a_file_that_is_verified_without_us(desk: Desk, tmp_path: Path) -> None:
    story = desk.served.story
    emergency = await an_emergency(desk)
    await desk.sit(story.amina)
    there = places.MATTER_RECEIPTS(record=desk.record, matter=emergency)
    [file] = links(await desk.opened(there), there + "/")
    before = await desk.served.size()
    kept = await desk.opened(file)
    [look] = await story.ledger.read(before, 1)
    assert [group["items"] for group in look.facts["permitted"]] == [[emergency]]
    assert json.loads(kept.content).keys() == {"entry", "proof"}
    (tmp_path / "receipt.json").write_bytes(kept.content)
    (tmp_path / "verifier.txt").write_text(str(KEYRING.log.verifier))
    verify = ("verify", "receipt", str(tmp_path / "receipt.json"), "--verifier", str(tmp_path / "verifier.txt"))
    verified = call(tmp_path / "home", *verify)
    assert verified.exit_code == 0, verified.output
    ids = {"record": desk.record, "matter": emergency, "author": story.moss.person}
    await desk.opened(places.MATTER_RECEIPT_FILE(statement=statement_id(), **ids), 404)


async def test_what_a_patient_is_not_told_of_yet_has_the_pages_of_what_is_not_there(desk: Desk) -> None:
    story = desk.served.story
    emergency = await an_emergency(desk)
    await story.ledger.sharing.delay_notice(story.greta, story.record, emergency, until(desk), "Not safe.")
    await desk.sit(story.amina)
    for path in (places.MATTER_RECEIPTS.path, places.MATTER_RECEIPT_FILE.path):
        at = path.replace("{record}", desk.record).replace("{author}", story.moss.person)
        hidden, unknown = [
            await desk.opened(at.replace("{matter}", one).replace("{statement}", UNKNOWN), 404)
            for one in (emergency, UNKNOWN)
        ]
        assert lasting(hidden).replace(emergency, UNKNOWN) == lasting(unknown)
