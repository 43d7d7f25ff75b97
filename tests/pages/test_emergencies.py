"""Emergency access in a browser: opened with a reason and a limit, told, reviewed; and item by item."""

import re

import pytest
import pytest_asyncio

from api.pages import places
from ledger.core.instants import HOUR, Instant
from ledger.saying import By
from ledger.use_cases.representation import Finding
from tests.http.served import Served
from tests.pages.at_work import Desk, Members, a_patient_of_their_own, errors, main, onwards, plain
from tests.sign_in.browser import Browser

pytestmark = pytest.mark.asyncio(loop_scope="module")
FILLED: Members = {"kind": "life-at-risk", "reason": "Found\r\nunconscious.", "hours": "4", "known": "yes"}


@pytest_asyncio.fixture(loop_scope="module")
async def desk(browser: Browser, house: Served) -> Desk:
    return await a_patient_of_their_own(browser, house)


async def emergency_of(desk: Desk) -> str:
    """Dr Moss opens the record; the address of what they are shown."""
    await desk.sit(desk.served.story.moss)
    page = await desk.opened(places.EMERGENCY(record=desk.record))
    went = await desk.send(page, FILLED)
    assert went.status_code == 303, plain(went)
    return onwards(went)


async def test_an_emergency_opens_what_saves_a_life_first_and_the_rest_item_by_item(desk: Desk) -> None:
    story = desk.served.story
    texts = {"note": "Slept well.", "allergy": "Penicillin.", "medicine": "Donepezil 5 mg.", "letter": "Dear Amina."}
    made = {kind: await story.note(text, kind=kind) for kind, text in texts.items()}
    until = Instant(story.ledger.clock() + 24 * HOUR)
    parts = [{"kind": "kind", "of": "plan"}]
    finding = Finding("treatment", "lacks", "Could not weigh it.", until, parts)
    await story.ledger.representation.assess_capacity(story.okafor, story.record, finding)
    address = await emergency_of(desk)
    page = await desk.opened(address)
    words = plain(page)
    assert words.index("Treatment") < words.index("Donepezil") < words.index("Penicillin")
    assert "Could not weigh it." in words
    assert "Slept well." not in page.text
    assert "This ends by itself on" in words
    assert main(page).count("Open number ") == 2
    for kind in ("note", "letter"):
        went = await desk.send(page, {}, made[kind])
        item = places.ITEM({"purpose": "emergency"}, record=story.record, item=made[kind])
        assert onwards(went) == item
    both = await desk.opened(address)
    assert "Slept well." in plain(both)
    assert "Dear Amina." in plain(both)
    assert "Open number" not in main(both)


async def test_sent_twice_it_is_opened_once(desk: Desk) -> None:
    await desk.sit(desk.served.story.moss)
    page, before = await desk.opened(places.EMERGENCY(record=desk.record)), await desk.served.size()
    first, again = [await desk.send(page, FILLED) for _ in range(2)]
    assert first.headers["location"] == again.headers["location"]
    assert await desk.served.said(before) == ["emergency-opened/2"]


async def test_the_page_before_an_emergency_says_nothing_of_the_record_and_leaves_no_trace(desk: Desk) -> None:
    await desk.sit(desk.served.story.moss)
    before = await desk.served.size()
    page = await desk.opened(places.EMERGENCY(record=desk.record))
    assert "Amina" not in page.text
    assert "The patient is told at once" in plain(page)
    assert await desk.served.size() == before


@pytest.mark.parametrize(
    ("changed", "field"),
    [({"kind": "curious"}, "kind"), ({"reason": " "}, "reason"), ({"hours": "48"}, "hours"), ({"known": ""}, "known")],
    ids=["no such kind", "no reason", "longer than a day", "not known who is told"],
)
async def test_what_is_missing_for_an_emergency_is_said_beside_its_field(
    desk: Desk, changed: dict[str, str], field: str
) -> None:
    await desk.sit(desk.served.story.moss)
    page, before = await desk.opened(places.EMERGENCY(record=desk.record)), await desk.served.size()
    answer = await desk.send(page, {**FILLED, **changed})
    assert answer.status_code == 422
    assert list(errors(answer)) == [field]
    if field != "reason":
        assert "Found\nunconscious.</textarea>" in answer.text
    assert await desk.served.size() == before


async def test_somebody_elses_emergency_answers_as_one_that_is_not_there(desk: Desk) -> None:
    story = desk.served.story
    address = await emergency_of(desk)
    await desk.sit(story.lind)
    other = await desk.opened(address, 404)
    unknown = await desk.opened(re.sub(r"[^/]+$", story.practice, address), 404)
    assert plain(other) == plain(unknown)


async def test_the_privacy_officer_reads_why_and_says_whether_it_was_right(desk: Desk) -> None:
    story = desk.served.story
    emergency = (await emergency_of(desk)).rpartition("/")[2]
    await desk.sit(story.greta)
    address = places.EMERGENCY_REVIEW(record=story.record, emergency=emergency)
    queue = await desk.opened(places.EMERGENCIES())
    assert address in main(queue)
    assert "Found" in plain(queue)
    page = await desk.opened(address)
    assert "A life is at risk" in plain(page)
    assert "Amina" not in page.text
    empty = await desk.send(page, {}, "/review")
    assert set(errors(empty)) == {"outcome", "reason"}
    went = await desk.send(page, {"outcome": "not-justified", "reason": "She was at home."}, "/review")
    assert onwards(went) == address
    after = await desk.opened(address)
    assert "Reviewed: it was not right" in plain(after)
    assert "<form" not in main(after)
    assert address not in main(await desk.opened(places.EMERGENCIES()))


async def test_the_privacy_officer_delays_the_notice_for_three_days_at_most(desk: Desk) -> None:
    story = desk.served.story
    emergency = (await emergency_of(desk)).rpartition("/")[2]
    await desk.sit(story.greta)
    address = places.EMERGENCY_REVIEW(record=story.record, emergency=emergency)
    page = await desk.opened(address)
    wrong = await desk.send(page, {"delay-hours": "96", "delay-reason": ""}, "/delay")
    assert set(errors(wrong)) == {"delay-hours", "delay-reason"}
    went = await desk.send(page, {"delay-hours": "72", "delay-reason": "She is being moved."}, "/delay")
    assert went.status_code == 303
    assert "She is being moved." in plain(await desk.opened(address))


async def test_who_was_told_is_not_untold(desk: Desk) -> None:
    story = desk.served.story
    emergency = (await emergency_of(desk)).rpartition("/")[2]
    address = places.EMERGENCY_REVIEW(record=story.record, emergency=emergency)
    await desk.sit(story.greta)
    before = await desk.opened(address)
    await desk.sit(story.amina)
    told = plain(await desk.opened(places.RECORD(record=story.record)))
    await desk.sit(story.greta)
    after = await desk.opened(address)
    assert "They have been told already" in plain(after)
    assert "/delay" not in main(after)
    sent = {"delay-hours": "24", "delay-reason": "She is being moved."}
    assert (await desk.send(before, sent, "/delay")).status_code == 403
    await desk.sit(story.amina)
    assert "emergency" in told
    assert "emergency" in plain(await desk.opened(places.RECORD(record=story.record)))


async def test_nobody_else_has_a_queue_of_emergencies(desk: Desk) -> None:
    story = desk.served.story
    for by in (story.amina, story.sam, By(story.ruth.person, "auditor")):
        await desk.sit(by)
        await desk.opened(places.EMERGENCIES(), 403)
