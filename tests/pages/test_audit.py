"""For auditors: cases, the trail within one, an item's history, looking back, and every decision made again.

An auditor reads ids, never names or words; and nothing outside the case.
"""

import csv
import html
import io
import json
import re

import httpx
import pytest
import pytest_asyncio

from api.http import replaying
from api.http.trail_exports import COLUMNS, safe
from api.pages import places
from ledger.core.instants import DAY, Instant
from ledger.replaying.deriving import Basis, Difference
from ledger.replaying.run import Replay, Replayed
from tests.http.served import Served, statement_id
from tests.pages.at_work import Desk, a_patient_of_their_own, errors, main, plain
from tests.sign_in.browser import Browser

pytestmark = pytest.mark.asyncio(loop_scope="module")
WORDS = ("Amina", "Okafor", "Sam Diallo", "Slept badly", "sexual-health", "Sexual health", "A complaint")


@pytest_asyncio.fixture(loop_scope="module")
async def desk(browser: Browser, house: Served) -> Desk:
    return await a_patient_of_their_own(browser, house)


async def a_case(desk: Desk, **about: object) -> str:
    """A case for Ruth; about the desk's record, where nothing else is said."""
    story = desk.served.story
    bounds = about or {"record": story.record}
    made = await story.ledger.cases.assign(story.ada, story.ruth.person, "A complaint.", **bounds)  # type: ignore[arg-type]
    return str(made.facts["case"])


async def a_look(desk: Desk) -> tuple[str, str]:
    """A note with a sensitive topic, and Dr Lind's look at it: their ids."""
    note = await desk.served.story.note("Slept badly.", topics=("sexual-health",))
    shown = await desk.served.story.opened(desk.served.story.lind)
    return note, shown.id


def rows(page: httpx.Response) -> list[str]:
    """The looks that a page of the trail lists, by id."""
    return re.findall(r'href="/audit/[0-9a-f-]+/f/[0-9a-f-]+/([0-9a-f-]+)"', page.text)


async def test_an_auditor_finds_the_case_and_what_it_is_about_but_nobodys_words(desk: Desk) -> None:
    case = await a_case(desk)
    await a_look(desk)
    await desk.sit(desk.served.story.ruth)
    listed = await desk.opened(places.AUDIT())
    assert f'href="{places.AUDIT_CASE(case=case)}"' in listed.text
    shown = await desk.opened(places.AUDIT_CASE(case=case))
    assert desk.record in plain(shown)
    for page in (listed, shown, await desk.opened(places.AUDIT_TRAIL(case=case))):
        assert [words for words in WORDS if words in main(page)] == []


async def test_the_trail_leads_to_each_look_in_full_and_from_there_to_the_item(desk: Desk) -> None:
    case, (note, look) = await a_case(desk), await a_look(desk)
    await desk.sit(desk.served.story.ruth)
    assert look in rows(await desk.opened(places.AUDIT_TRAIL(case=case)))
    full = await desk.opened(places.AUDIT_LOOK(case=case, record=desk.record, disclosure=look))
    assert "direct-care" in main(full)
    assert "A clinician in a current care relationship" in plain(full)
    address = places.AUDIT_ITEM(case=case, record=desk.record, item=note)
    assert f'href="{address}"' in full.text
    item = await desk.opened(address)
    assert "Wrote something" in plain(item)
    assert look in rows(item)
    assert [words for words in WORDS if words in main(item) + main(full)] == []


@pytest.mark.parametrize("narrowing", ["viewer", "rule", "purpose", "via", "item", "team"])
async def test_the_trail_is_searched(desk: Desk, narrowing: str) -> None:
    story, case = desk.served.story, await a_case(desk)
    note, look = await a_look(desk)
    other = (await story.opened(story.amina)).id
    fitting = {
        "viewer": story.lind.person, "rule": "direct-care", "purpose": "appointment", "via": "screen", "item": note,
        "team": story.practice,
    }  # fmt: skip
    await desk.sit(story.ruth)
    page = await desk.opened(places.AUDIT_TRAIL({narrowing: fitting[narrowing]}, case=case))
    assert look in rows(page)
    assert (other in rows(page)) == (narrowing in {"via", "item"})
    assert "You see some looks only." in plain(page)


@pytest.mark.parametrize(
    ("query", "field", "message"),
    [
        ({"viewer": "Okafor"}, "viewer", "This is not an id."),
        ({"record": statement_id()}, "record", "This is not the record of your case."),
        ({"rule": "no-such"}, "rule", "Choose one from the list."),
        ({"since-day": "40", "since-month": "1", "since-year": "2026"}, "since", "This is not a day."),
        ({"since": "2026-05-02", "until": "2026-05-01"}, "until", "The last day is before the first."),
    ],
)
async def test_a_search_that_cannot_be_says_what_to_do(
    desk: Desk, query: dict[str, str], field: str, message: str
) -> None:
    case = await a_case(desk)
    await desk.sit(desk.served.story.ruth)
    page = await desk.opened(places.AUDIT_TRAIL(dict(query), case=case), status=422)
    assert message in plain(page)
    assert f'href="#{field}"' in page.text
    assert rows(page) == []


async def test_emergencies_and_refused_tries_are_found_by_themselves(desk: Desk) -> None:
    story, case = desk.served.story, await a_case(desk)
    await a_look(desk)
    with pytest.raises(Exception, match="care relationship"):
        await story.opened(story.moss)
    await desk.sit(story.ruth)
    refused = await desk.opened(places.AUDIT_TRAIL({"only": "refused"}, case=case))
    assert "no-relationship" in plain(refused)
    assert len(rows(refused)) == 1
    emergencies = await desk.opened(places.AUDIT_TRAIL({"only": "emergency"}, case=case))
    assert "Nobody has looked in this way." in plain(emergencies)


async def test_topics_are_masked_until_they_are_opened_with_a_reason(desk: Desk) -> None:
    case, (note, _look) = await a_case(desk), await a_look(desk)
    await desk.sit(desk.served.story.ruth)
    address = places.AUDIT_ITEM(case=case, record=desk.record, item=note)
    page = await desk.opened(address)
    assert "You do not see whether it has a sensitive topic" in plain(page)
    refused = await desk.send(page, {"reason": "  "}, "/topics")
    assert errors(refused) == {"reason": "Write why you need to know its topics."}
    for _twice in range(2):
        sent = await desk.send(page, {"reason": "The complaint is about it."}, "/topics")
        assert (sent.status_code, sent.headers["location"]) == (303, address + "#topics")
    opened = await desk.opened(address)
    assert "Sexual health" in plain(opened)
    assert "Slept badly" not in opened.text


async def test_what_lies_outside_the_case_is_as_what_is_not_there(desk: Desk) -> None:
    case = await a_case(desk)
    elsewhere = await a_patient_of_their_own(desk.browser, desk.served)
    note, look = await a_look(elsewhere)
    await desk.sit(desk.served.story.ruth)
    unknown = statement_id()
    there = [
        places.AUDIT_LOOK(case=case, record=elsewhere.record, disclosure=look),
        places.AUDIT_ITEM(case=case, record=elsewhere.record, item=note),
    ]
    nowhere = [
        places.AUDIT_LOOK(case=case, record=unknown, disclosure=look),
        places.AUDIT_ITEM(case=case, record=unknown, item=note),
    ]
    for hidden, missing in zip(there, nowhere, strict=True):
        told = [plain(await desk.opened(one, status=404)) for one in (hidden, missing)]
        assert told[0] == told[1]
    assert look not in (await desk.opened(places.AUDIT_TRAIL(case=case))).text
    await desk.opened(places.AUDIT_CASE(case=unknown), status=404)


async def test_nobody_else_has_these_pages(desk: Desk) -> None:
    story, case = desk.served.story, await a_case(desk)
    ways = [place(case=case) for place in (places.AUDIT_TRAIL, places.AUDIT_AS_OF, places.AUDIT_REPLAY)]
    for by in (story.amina, story.okafor, story.greta, story.ada):
        await desk.sit(by)
        for way in (places.AUDIT(), *ways):
            assert (await desk.browser.get(way)).status_code in (403, 404), (by.acting_as, way)


async def test_what_sam_could_see_on_a_day_is_told_by_rule(desk: Desk) -> None:
    story, case = desk.served.story, await a_case(desk)
    note, _look = await a_look(desk)
    letter = await story.note("A letter.", kind="letter")
    await story.share({"kind": "kind", "of": "letter"})
    await desk.sit(story.ruth)
    query = {"record": desk.record, "person": story.sam.person, "acting_as": "carer", "day": "2999-12-31"}
    page = await desk.opened(places.AUDIT_AS_OF(dict(query), case=case))
    assert places.AUDIT_ITEM(case=case, record=desk.record, item=letter) in page.text
    assert places.AUDIT_ITEM(case=case, record=desk.record, item=note) not in page.text
    assert "The patient shares it with this carer" in plain(page)
    before = await desk.opened(places.AUDIT_AS_OF({**query, "day": "2020-05-03"}, case=case))
    assert "They could not have opened the record." in plain(before)
    seen = await desk.opened(places.AUDIT_AS_OF({**query, "how": "seen"}, case=case))
    assert "Until then they were shown nothing of this record." in plain(seen)
    wrong = await desk.opened(
        places.AUDIT_AS_OF({"record": "x", "acting_as": "nobody", "how": "maybe"}, case=case), 422
    )
    assert {"record", "person", "acting_as", "day", "how"} <= set(re.findall(r'href="#([a-z_]+)"', wrong.text))


async def test_what_is_no_item_leads_to_no_history(desk: Desk) -> None:
    """Amina asks about a look: the question is shown to her, and is no item that has a history of its own."""
    story, (_note, look) = desk.served.story, await a_look(desk)
    await story.ledger.sharing.question_access(story.amina, story.record, look, "Why did you look?")
    case = await a_case(desk)
    await desk.sit(story.ruth)
    query = {"record": desk.record, "person": story.amina.person, "acting_as": "patient", "day": "2999-12-31"}
    page = await desk.opened(places.AUDIT_AS_OF(dict(query), case=case))
    assert "A question about a look" in plain(page)
    for way in re.findall(r'href="(/audit/[0-9a-f-]+/b/[^"]+)"', page.text):
        await desk.opened(way)


async def test_every_decision_is_made_again_and_nothing_differs(desk: Desk) -> None:
    story, case = desk.served.story, await a_case(desk)
    await a_look(desk)
    with pytest.raises(Exception, match="care relationship"):
        await story.opened(story.moss)
    await desk.sit(story.ruth)
    before = await desk.served.size()
    asked = await desk.opened(places.AUDIT_REPLAY(case=case))
    assert await desk.served.size() == before
    assert "Nothing differs" not in plain(asked)
    page = await desk.opened(places.AUDIT_REPLAY({"go": "true"}, case=case))
    assert "Nothing differs 2 looks worked out again. 1 decision to show an item" in plain(page)
    assert "1 look was refused then, and is refused now." in plain(page)
    assert "These are all looks of this case." in plain(page)
    assert await desk.served.said(before) == ["disclosure-made/1"]


async def test_a_long_case_is_gone_on_with_in_parts(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    case = await a_case(desk)
    for _n in range(3):
        await a_look(desk)
    await desk.sit(desk.served.story.ruth)
    monkeypatch.setattr(replaying, "WITHIN", 0.0)
    page, looks = await desk.opened(places.AUDIT_REPLAY({"go": "true"}, case=case)), 1
    while found := re.search(r'class="nhsuk-button" href="([^"]+cursor[^"]+)"', page.text):
        assert "1 look worked out again." in plain(page)
        page, looks = await desk.opened(html.unescape(found[1])), looks + 1
    assert looks == 3
    assert "These were the last looks of this case." in plain(page)


async def test_what_differs_is_shown_with_both_sides(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    case, (note, look) = await a_case(desk), await a_look(desk)
    elsewhere = statement_id()

    async def again(_self: Replay, position: int, done: Replayed) -> None:
        sides = (Basis("permitted", "direct-care", (3, 4)), Basis("denied", "no-relationship", (5,)))
        done.note(Difference(position, f"item {item}", *sides) for item in (note, elsewhere))

    monkeypatch.setattr(Replay, "again", again)
    await desk.sit(desk.served.story.ruth)
    page = await desk.opened(places.AUDIT_REPLAY({"go": "true"}, case=case))
    assert "2 things differ" in plain(page)
    assert f'title="{note}"' in page.text
    assert "An item that is outside your case" in plain(page)
    assert elsewhere not in page.text
    assert places.AUDIT_LOOK(case=case, record=desk.record, disclosure=look) in page.text
    assert "Nothing differs" not in plain(page)


async def test_the_case_of_a_period_holds_what_was_shown_in_it(desk: Desk) -> None:
    now = desk.served.story.ledger.clock()
    _note, look = await a_look(desk)
    today = await a_case(desk, period=(Instant(now - DAY), Instant(now + DAY)))
    before = await a_case(desk, period=(Instant(now - 9 * DAY), Instant(now - 8 * DAY)))
    await desk.sit(desk.served.story.ruth)
    assert look in rows(await desk.opened(places.AUDIT_TRAIL({"record": desk.record}, case=today)))
    assert rows(await desk.opened(places.AUDIT_TRAIL(case=before))) == []
    query = {"record": desk.record, "person": desk.served.story.sam.person, "acting_as": "carer"}
    outside = places.AUDIT_AS_OF({**query, "day": "2020-05-03"}, case=today)
    assert "This day is outside the period of your case." in plain(await desk.opened(outside, status=422))


async def test_the_trail_is_taken_along_as_searched_and_that_is_on_it(desk: Desk) -> None:
    story, case = desk.served.story, await a_case(desk)
    note, look = await a_look(desk)
    await story.opened(story.amina)
    await desk.sit(story.ruth)
    only = {"viewer": story.lind.person}
    table = await desk.opened(places.AUDIT_EXPORT({**only, "format": "csv"}, case=case))
    assert table.headers["content-disposition"] == 'attachment; filename="trail.csv"'
    [header, row] = list(csv.reader(io.StringIO(table.text)))
    assert tuple(header) == COLUMNS
    told = dict(zip(header, row, strict=True))
    assert (told["id"], told["items"], told["shown_by"], told["refused"]) == (look, note, "direct-care", "no")
    lines = (await desk.opened(places.AUDIT_EXPORT({"format": "ndjson"}, case=case))).text.splitlines()
    assert look in [json.loads(one)["id"] for one in lines]
    await story.settled()
    own = [json.loads(one) for one in lines if json.loads(one)["viewer"]["id"] == story.ruth.person]
    assert [one["via"] for one in own] == ["export"]
    page = await desk.opened(places.AUDIT_TRAIL({"via": "export"}, case=case))
    assert len(rows(page)) == 2


async def test_a_long_trail_is_taken_along_whole(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.http.trail_exports.AT_ONCE", 2)
    case = await a_case(desk)
    looks = {(await a_look(desk))[1] for _n in range(5)}
    await desk.sit(desk.served.story.ruth)
    lines = (await desk.opened(places.AUDIT_EXPORT({"format": "ndjson"}, case=case))).text.splitlines()
    told = [json.loads(one)["id"] for one in lines]
    assert set(told) == looks
    assert len(told) == len(set(told))


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
async def test_no_cell_is_a_formula(cell: str) -> None:
    assert safe(cell) == f"'{cell}"
    assert safe("direct-care") == "direct-care"


async def test_each_line_of_the_trail_leads_to_what_its_reader_could_see_that_day(desk: Desk) -> None:
    story, case = desk.served.story, await a_case(desk)
    note, look = await a_look(desk)
    await desk.sit(story.ruth)
    for listed in (places.AUDIT_TRAIL(case=case), places.AUDIT_ITEM(case=case, record=desk.record, item=note)):
        page = await desk.opened(listed)
        [line] = [row for row in re.findall(r"<tr role.*?</tr>", page.text, re.DOTALL) if f"/{look}" in row]
        [way] = re.findall(r'<a href="([^"]+)">What could they see that day\?', line)
        answer = await desk.opened(html.unescape(way))
        assert f"Person: {story.lind.person}" in plain(answer)
        assert f'value="{story.lind.person}"' in answer.text
        assert places.AUDIT_ITEM(case=case, record=desk.record, item=note) in answer.text
    # Who oversees sees no items, so that there is nothing to ask of their own lines.
    own = [
        row
        for row in re.findall(r"<tr role.*?</tr>", (await desk.opened(places.AUDIT_TRAIL(case=case))).text, re.DOTALL)
        if ">Auditor" in row
    ]
    assert own
    assert [row for row in own if "that day" in row] == []
    asking = await desk.opened(places.AUDIT_AS_OF(case=case))
    assert f'href="{places.AUDIT_TRAIL(case=case)}"' in main(asking)
