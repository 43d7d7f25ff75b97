"""Today and finding a patient: each line leads to where it is done, and no name is told without a disclosure."""

import html
import re

import httpx
import pytest
import pytest_asyncio

from api.pages import places
from api.pages.find import is_called
from api.pages.worklist import GROUPS, WHAT
from ledger.core.instants import DAY, HOUR, Instant
from ledger.use_cases.sharing import Directing
from projections.due import KINDS
from tests.http.living import neighbour
from tests.http.served import Served
from tests.pages.at_work import Desk, a_patient_of_their_own, errors, lasting, main, plain
from tests.sign_in.browser import Browser

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def desk(browser: Browser, house: Served) -> Desk:
    return await a_patient_of_their_own(browser, house)


async def test_each_kind_of_line_has_words_and_a_group() -> None:
    assert set(WHAT) == set(KINDS) == {kind for _title, kinds in GROUPS for kind in kinds}


async def test_a_dispute_is_listed_with_the_patients_name_and_leads_to_what_is_disputed(desk: Desk) -> None:
    story = desk.served.story
    note = await story.note("Inappropriate laughter.")
    dispute = await story.ledger.items.dispute(story.amina, story.record, note, "It was a joke.")
    await desk.sit(story.okafor)
    page = await desk.opened(places.TODAY())
    way = places.ITEM({"purpose": "task"}, record=story.record, item=str(dispute.facts["item"]))
    assert f'<a href="{way}">Says that something written is wrong<' in main(page)
    assert "Amina the " in plain(page)
    assert places.CARER_TALK({"purpose": "task"}, record=story.record) in main(page)
    assert "joke" not in page.text
    assert "laughter" not in page.text


async def test_what_is_hidden_without_a_trace_leaves_the_list_as_if_it_were_not_there(desk: Desk) -> None:
    story = desk.served.story
    await desk.sit(story.lind)
    before = await desk.opened(places.TODAY())
    note = await story.note("Inappropriate laughter.")
    await story.ledger.items.dispute(story.amina, story.record, note, "It was a joke.")
    assert lasting(await desk.opened(places.TODAY())) != lasting(before)
    seal = Directing({"kind": "team", "id": story.practice}, {"kind": "item", "of": note}, "withhold", hidden=True)
    await story.ledger.sharing.direct(story.amina, story.record, seal)
    assert lasting(await desk.opened(places.TODAY())) == lasting(before)


async def test_only_what_is_overdue_can_be_asked_for(desk: Desk) -> None:
    await desk.sit(desk.served.story.okafor)
    page = await desk.opened(places.TODAY({"only": "overdue"}))
    assert "Nothing is overdue." in plain(page)


async def test_a_privacy_officer_reads_no_names_and_is_led_to_each_review(desk: Desk) -> None:
    story = desk.served.story
    until = Instant(story.ledger.clock() + HOUR)
    opened = await story.ledger.sharing.open_emergency(story.moss, story.record, "urgent-care", "Collapsed.", until)
    await desk.sit(story.greta)
    page = await desk.opened(places.TODAY())
    assert places.EMERGENCY_REVIEW(record=story.record, emergency=str(opened.facts["emergency"])) in main(page)
    assert "Amina" not in page.text


async def test_who_has_no_worklist_is_told_so(desk: Desk) -> None:
    await desk.sit(desk.served.story.amina)
    assert "You may not do this" in (await desk.opened(places.TODAY(), 403)).text


async def test_patients_in_care_are_listed_by_name_and_found_by_a_part_of_it(desk: Desk) -> None:
    story = desk.served.story
    await desk.sit(story.okafor)
    before = await desk.served.size()
    page = await desk.opened(places.FIND())
    assert places.RECORD(record=story.record) in main(page)
    assert places.RECORD({"purpose": "appointment"}, record=story.record) in main(page)
    said = await desk.served.said(before)
    assert said == ["disclosure-made/1"] * main(page).count("<h3>")
    [number] = re.findall(rf'href="{places.RECORD(record=story.record)}">Amina the (\d+)\.<', page.text)
    found = await desk.found(page, {"name": f"amina THE {number}."}, "/forms/patients")
    assert places.RECORD(record=story.record) in main(found)
    assert "amina" not in str(found.url).lower(), "what is looked for stands in no address"
    nobody = await desk.found(page, {"name": "Zoë"}, "/forms/patients")
    assert "Nobody in your care has this name." in plain(nobody)
    assert places.RECORD(record=story.record) not in nobody.text


@pytest.mark.parametrize(
    ("name", "sought", "called"),
    [
        ("Zoë Ångström", "zoe ang", True),
        ("Amina Diallo", "dia", True),
        ("Amina Diallo", "mina", False),
        ("Amina Diallo", "", True),
        (None, "a", False),
        (None, "", True),
    ],
)
async def test_a_name_is_found_by_how_its_words_begin(name: str | None, sought: str, called: bool) -> None:
    assert is_called(name, sought) is called


async def test_somebody_elses_record_is_opened_only_as_an_emergency(desk: Desk) -> None:
    story = desk.served.story
    await desk.sit(story.moss)
    page = await desk.opened(places.FIND())
    assert "No patient is in your care." in plain(page)
    went = await desk.send(page, {"number": f" {story.record.upper()} "}, "/forms/find")
    assert (went.status_code, went.headers["location"]) == (303, places.EMERGENCY(record=story.record))
    wrong = await desk.send(page, {"number": "12"}, "/forms/find")
    assert wrong.status_code == 422
    assert errors(wrong) == {"number": "This is not the number of a record. It has 36 letters, digits and dashes."}
    assert 'value="12"' in wrong.text


async def test_a_page_of_a_record_asks_first_what_it_is_opened_for_and_says_nothing_of_it(desk: Desk) -> None:
    story = desk.served.story
    await desk.sit(story.okafor)
    for place in (places.CARER_TALK, places.CAPACITY, places.CAPACITY_NEW, places.BEST_INTERESTS):
        before = await desk.served.size()
        page = await desk.opened(place(record=story.record))
        assert "Why do you open this record?" in plain(page)
        for purpose in ("appointment", "task"):
            assert f'href="{place({"purpose": purpose}, record=story.record)}"' in page.text
        assert "Amina" not in page.text
        assert await desk.served.size() == before


async def test_the_group_with_what_is_due_soonest_comes_first_and_routine_talks_are_folded_away(desk: Desk) -> None:
    story = desk.served.story
    for _another in range(2):
        await neighbour(desk.served)
    note = await story.note("Inappropriate laughter.")
    await story.ledger.items.dispute(story.amina, story.record, note, "It was a joke.")
    result = await story.note("A shadow.", kind="result")
    until = Instant(story.ledger.clock() + 3 * DAY)
    await story.ledger.items.hold(story.okafor, story.record, result, until, "I will ring.")
    await desk.sit(story.okafor)
    page = await desk.opened(places.TODAY())
    due = {title: re.findall(r'datetime="([^"]+)"', group) for title, group in groups(page).items()}
    assert list(due) == sorted(due, key=lambda title: due[title][0])
    assert [lines for lines in due.values() if lines != sorted(lines)] == []
    assert list(due).index("Kept back, to be looked at again") < list(due).index("Patients wait for an answer")
    talks = groups(page)["Never asked about carers"]
    assert re.search(r"<details>\s*<summary>\d+ patients, the first of them due on ", talks)
    assert talks.index("<details>") < talks.index("Nobody has asked about carers yet")
    assert "<details" not in groups(page)["Patients wait for an answer"]


def groups(page: httpx.Response) -> dict[str, str]:
    """What stands under each heading, without what is overdue."""
    parts = re.split(r"<h2>([^<]+)</h2>", main(page))
    return dict(zip(parts[1::2], parts[2::2], strict=True))


async def test_patients_in_care_stand_by_name(desk: Desk) -> None:
    await neighbour(desk.served)
    await desk.sit(desk.served.story.okafor)
    page = await desk.opened(places.FIND())
    names = [html.unescape(name).casefold() for name in re.findall(r'<h3><a href="[^"]+">([^<]+)</a>', page.text)]
    assert len(names) > 1
    assert names == sorted(names, key=str.split)
