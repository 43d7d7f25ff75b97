"""What clinicians do in a record: writing, correcting, keeping back, answering; carers and capacity."""

from datetime import date, timedelta

import httpx
import pytest
import pytest_asyncio

from api.pages import places
from api.pages.clinician import KINDS
from ledger.core.authority_items import CLINICIANS_KINDS
from ledger.use_cases.sharing import Directing
from tests.http.served import Served
from tests.pages.at_work import Desk, Members, a_patient_of_their_own, errors, lasting, main, onwards, plain
from tests.pages.changing import carried_out, change, on, shown
from tests.sign_in.browser import Browser

pytestmark = pytest.mark.asyncio(loop_scope="module")
NOTE: Members = {"kind": "note", "title": "Review", "text": "Slept better.\r\nEats well.", "topics": ["mental-health"]}
TODAY = date.today()


@pytest_asyncio.fixture(loop_scope="module")
async def desk(browser: Browser, house: Served) -> Desk:
    return await a_patient_of_their_own(browser, house)


# Writing.


async def writing(desk: Desk, purpose: str) -> httpx.Response:
    """The page on which something is written."""
    return await desk.opened(places.ADD({"purpose": purpose}, record=desk.record))


async def test_everything_that_a_clinician_may_write_but_readings_can_be_chosen() -> None:
    assert set(KINDS) == CLINICIANS_KINDS - {"reading"}


async def test_a_note_is_written_with_its_topics_and_marks(desk: Desk) -> None:
    story = desk.served.story
    await desk.sit(story.okafor)
    page = await writing(desk, "appointment")
    before = await desk.served.size()
    first, again = [await desk.send(page, {**NOTE, "discussed": "yes"}, "/clinician") for _ in range(2)]
    assert first.headers["location"] == again.headers["location"]
    assert await desk.served.said(before) == ["item-added/1"]
    path, _, query = onwards(first).partition("?")
    added = await shown(desk, path.rpartition("/")[2])
    assert (added.kind, added.title, added.text) == ("note", "Review", "Slept better.\nEats well.")
    assert (added.topics, added.discussed, added.copy_given) == (("mental-health",), True, False)
    assert query == "purpose=appointment"


async def test_who_is_only_registered_with_a_patient_writes_for_what_they_opened_the_record(desk: Desk) -> None:
    story = desk.served.story
    await story.ledger.care.start(story.ada, desk.record, ground="registration", person=story.moss.person)
    await desk.sit(story.moss)
    went = await desk.send(await writing(desk, "appointment"), NOTE, "/clinician")
    item = onwards(went).partition("?")[0].rpartition("/")[2]
    await carried_out(desk, item, "amend", {"text": "Slept well.", "reason": ""})
    page = await desk.opened(places.ITEM({"purpose": "task"}, record=desk.record, item=item))
    await desk.send(page, {"text": "Seen again."}, "/comment")
    told = plain(await desk.opened(places.ITEM({"purpose": "task"}, record=desk.record, item=item)))
    assert "Slept well." in told
    assert "Seen again." in told


async def test_a_result_is_held_back_along_with_its_writing_and_both_are_said_once(desk: Desk) -> None:
    story = desk.served.story
    await desk.sit(story.okafor)
    page = await writing(desk, "task")
    held = {"kind": "result", "text": "Amyloid: raised.", "hold": "yes", "hold-reason": "In person on Friday."}
    members = {**held, **on("until", TODAY + timedelta(days=5))}
    before = await desk.served.size()
    first, again = [await desk.send(page, members, "/clinician") for _ in range(2)]
    assert first.status_code == again.status_code == 303
    assert await desk.served.said(before) == ["item-added/1", "result-held/1"]
    item = await shown(desk, onwards(first).partition("?")[0].rpartition("/")[2])
    assert item.held is not None
    assert item.held.reason == "In person on Friday."


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"kind": "gossip"}, "kind"),
        ({"kind": "comment"}, "kind"),
        ({"text": "\u00a0\n"}, "text"),
        ({"kind": "medicine"}, "topics-known"),
        ({"hold": "yes"}, "hold"),
        ({"kind": "result", "hold": "yes", "until-day": "31", "until-month": "2", "hold-reason": "x"}, "until"),
        ({"kind": "result", "hold": "yes", "hold-reason": "", "until": "2099-01-01"}, "hold-reason"),
        ({"title": "a" * 201}, "title"),
    ],
)
async def test_what_cannot_be_written_is_said_beside_its_field_and_nothing_is_lost(
    desk: Desk, changed: dict[str, str], field: str
) -> None:
    await desk.sit(desk.served.story.okafor)
    page = await writing(desk, "task")
    before = await desk.served.size()
    answer = await desk.send(page, {**NOTE, **changed}, "/clinician")
    assert answer.status_code == 422
    assert list(errors(answer)) == [field]
    assert "text" in changed or "Slept better.\nEats well.</textarea>" in answer.text
    assert 'name="purpose" value="task"' in answer.text
    assert await desk.served.said(before) == ["disclosure-made/1"]


# What is done about an item.


async def test_a_talk_about_carers_is_recorded_and_listed(desk: Desk) -> None:
    story = desk.served.story
    await desk.sit(story.okafor)
    address = places.CARER_TALK({"purpose": "appointment"}, record=story.record)
    page = await desk.opened(address)
    assert "Nobody has asked yet." in plain(page)
    assert errors(await desk.send(page, {"outcome": "perhaps", "capacity": ""}, "/carer-talk")).keys() == {
        "outcome",
        "person",
        "capacity",
    }
    talk = {"outcome": "agreed", "person": story.sam.person, "capacity": "has", "text": "Sam may know the plan."}
    went = await desk.send(page, talk, "/carer-talk")
    assert onwards(went) == address
    told = plain(await desk.opened(address))
    assert "Agreed to share About Sam Diallo" in " ".join(told.split())
    assert "Sam may know the plan." in told
    assert address not in main(await desk.opened(places.TODAY()))


async def test_capacity_is_assessed_used_for_a_carer_and_withdrawn(desk: Desk) -> None:
    story = desk.served.story
    await desk.sit(story.okafor)
    task = {"purpose": "task"}
    none = await desk.opened(places.BEST_INTERESTS(task, record=story.record))
    assert "So the patient decides, and you cannot." in plain(none)
    page = await desk.opened(places.CAPACITY_NEW(task, record=story.record))
    assert set(errors(await desk.send(page, {}, "/capacity"))) == {"matter", "outcome", "text", "until"}
    found = {"matter": "sharing", "outcome": "lacks", "text": "Could not weigh it.", "relevant": ["kind:plan"]}
    nothing_named = await desk.send(
        page, {**found, "relevant": [], **on("until", TODAY + timedelta(days=30))}, "/capacity"
    )
    assert errors(nothing_named) == {"relevant": "Tick the parts that bear on it."}
    went = await desk.send(page, {**found, **on("until", TODAY + timedelta(days=30))}, "/capacity")
    assert onwards(went) == places.CAPACITY(task, record=story.record)
    listed = await desk.opened(places.CAPACITY(task, record=story.record))
    assert "Sharing the record: cannot decide now" in plain(listed)

    opening = await desk.opened(places.BEST_INTERESTS(task, record=story.record))
    shows = {"person": story.sam.person, "scope": ["kind:plan-for-carers"], "reason": "He cooks for her."}
    went = await desk.send(opening, {**shows, **on("until", TODAY + timedelta(days=20))}, "/best-interests")
    assert went.status_code == 303, plain(went)
    listed = await desk.opened(places.CAPACITY(task, record=story.record))
    assert "Plans for carers He cooks for her." in plain(listed)
    ended = await desk.send(listed, {}, "/best-interests/")
    assert ended.status_code == 303

    [withdrawing] = [part for part in main(listed).split('"') if "/p/b/" in part]
    page = await desk.opened(withdrawing)
    assert "From then on the patient decides this again themselves." in plain(page)
    went = await desk.send(page, {"reason": "He tells it again."}, "/withdraw")
    assert went.status_code == 303
    assert "Withdrawn" in plain(await desk.opened(places.CAPACITY(task, record=story.record)))


# Signed in the page.


async def test_each_form_says_to_be_signed_what_it_names_and_nothing_is_recorded_before(desk: Desk) -> None:
    story = desk.served.story
    note, result = await story.note("Slept well."), await story.note("Raised.", kind="result")
    said = await story.ledger.items.dispute(story.amina, story.record, note, "It was a joke.")
    dispute = str(said.facts["item"])
    days = {name: on(name, TODAY + timedelta(days=3)) for name in ("until", "review")} | {
        "opinion": on("opinion", TODAY)
    }
    await desk.sit(story.okafor)
    forms: list[tuple[str, str, Members, str]] = [
        (note, "amend", {"text": "Slept badly."}, "item-amended/1"),
        (note, "in_error", {"what": "in-error", "reason": "No.", "known": "yes"}, "item-marked-in-error/1"),
        (note, "topics", {"topics": ["genetic"]}, "item-topics-set/1"),
        (
            note,
            "withhold",
            {"from": "patient", "ground": "third-party", "reason": "No.", **days["opinion"], **days["review"]},
            "withholding-made/1",
        ),
        (result, "hold", {"reason": "In person.", **days["until"]}, "result-held/1"),
        (result, "release", {}, "result-released/1"),
        (dispute, "reply", {"text": "Thank you."}, "item-added/1"),
        (dispute, "answer_dispute", {"outcome": "amended", "reason": "Yes."}, "dispute-answered/1"),
    ]
    for item, name, members, says in forms:
        page = await desk.opened(change(desk, item, name))
        before = await desk.served.size()
        assert await desk.draft(page, members, "/change/") == says
        assert set(await desk.served.said(before)) <= {"disclosure-made/1"}
    talk = await desk.opened(places.CARER_TALK({"purpose": "task"}, record=story.record))
    asked = {"outcome": "asked", "person": "nobody", "capacity": "presumed"}
    assert await desk.draft(talk, asked, "/carer-talk") == "carer-conversation-held/1"
    new = await desk.opened(places.CAPACITY_NEW({"purpose": "task"}, record=story.record))
    found = {"matter": "care", "outcome": "has", "text": "Weighs it.", **days["until"]}
    assert await desk.draft(new, found, "/capacity") == "capacity-assessed/1"


# The record, as a clinician opens it.


async def test_a_record_begins_with_what_the_patient_wants_allergies_and_whether_anybody_asked(desk: Desk) -> None:
    story = desk.served.story
    wish = await story.note("Ask Sam first.", kind="wishes", by=story.amina, title="If I cannot speak")
    await story.ledger.wishes.sign(story.amina, story.record, wish)
    await story.note("Swelling of the face.", kind="allergy", title="Penicillin")
    await desk.sit(story.okafor)
    page = await desk.opened(places.RECORD({"purpose": "task"}, record=story.record))
    words = plain(page)
    assert words.index("What the patient wants") < words.index("Penicillin") < words.index("Nobody has asked yet")
    assert "The patient keeps something from you." not in words


async def test_that_something_is_sealed_is_said_only_where_the_patient_leaves_a_trace(desk: Desk) -> None:
    story = desk.served.story
    address = places.RECORD({"purpose": "task"}, record=story.record)
    await desk.sit(story.lind)
    before = lasting(await desk.opened(address))
    note = await story.note("Between us.", by=story.okafor)
    team = {"kind": "team", "id": story.practice}
    hidden = Directing(team, {"kind": "item", "of": note}, "withhold", hidden=True)
    made = await story.ledger.sharing.direct(story.amina, story.record, hidden)
    assert lasting(await desk.opened(address)) == before
    seen = Directing(team, {"kind": "item", "of": note}, "withhold", replaces=str(made.facts["directive"]))
    await story.ledger.sharing.direct(story.amina, story.record, seen)
    assert "The patient keeps something from you." in plain(await desk.opened(address))


async def test_an_item_offers_what_makes_sense_of_it(desk: Desk) -> None:
    story = desk.served.story
    note, result = await story.note("Slept well."), await story.note("Raised.", kind="result")
    await story.ledger.items.dispute(story.amina, story.record, note, "It was a joke.")
    await desk.sit(story.okafor)
    offered = {
        item: plain(await desk.opened(places.ITEM({"purpose": "task"}, record=story.record, item=item)))
        for item in (note, result)
    }
    assert "Answer what is disputed" in offered[note]
    assert "Hold it until I have told the patient" not in offered[note]
    assert "Hold it until I have told the patient" in offered[result]
    assert "Answer what is disputed" not in offered[result]
    assert "Look once more" not in offered[note]
