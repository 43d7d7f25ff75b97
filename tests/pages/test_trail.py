"""Who has looked, as a patient sees it on pages: what is told there, asked there, and never told there."""

import html
import re
from dataclasses import replace
from typing import Any

import pytest

from api.http.fresh import REAUTHENTICATE_AFTER
from api.pages import places
from api.pages.looks import COUNTED, MATTERS, Session, things_in
from ledger.core.instants import HOUR, Instant
from ledger.core.matters import MATTER_KINDS
from ledger.core.terms import KINDS
from tests.http.living import asked, neighbour
from tests.http.served import Served, statement_id
from tests.pages.looking import amina_at, line_of, looked, send
from tests.sign_in.browser import Browser

at_the_service = pytest.mark.asyncio(loop_scope="module")
VIAS = ("screen", "export", "print", "preview", "search", "trail", "in-person")
A_LINE: dict[str, Any] = {"id": "2", "viewer": {"id": "3", "name": "Dr Lind"}, "refused": False, "shown": []}
A_LINK = re.compile(r'href="(/record/[^"/]+/g/[0-9a-f-]{36})"')


@at_the_service
async def test_a_look_is_told_in_words_with_who_when_what_and_why(house: Served, browser: Browser) -> None:
    story = house.story
    await story.note("Slept well.")
    await story.note("Blood count.", kind="result")
    await looked(house, story.lind)
    page = await amina_at(browser, places.LOOKS(record=story.record))
    assert "Dr Lind" in page
    entry = page[page.index("Dr Lind") :]
    assert "Clinician · For an appointment" in entry
    assert re.search(r"Read (1 note and 1 test result|1 test result and 1 note)", entry)
    assert "They are caring for you." in entry
    assert "<title>Record</title>" in page


@at_the_service
async def test_own_looks_previews_and_refusals_are_told_apart(house: Served, browser: Browser) -> None:
    story = house.story
    await story.note("Walk.", kind="plan-for-carers")
    amina, moss = await house.sign_in(story.amina), await house.sign_in(story.moss)
    await asked(amina, f"{house.record}/preview", carer=story.sam.person)
    assert await looked(house, story.moss) == "403"
    page = await amina_at(browser, places.LOOKS(record=story.record))
    assert "You looked" not in page[page.index("lifeline") :]
    page = await amina_at(browser, places.LOOKS({"only": "mine-too"}, record=story.record))
    assert "You looked as Sam Diallo would. Sam Diallo was not told." in page
    entry = page[page.index("Dr Moss") :]
    assert "They tried, and were refused. Nothing was shown to them." in entry
    assert 'class="tag tag--grey">Refused<' in entry
    assert moss.by.person not in page.split("<main", 1)[0]


@at_the_service
async def test_looks_that_follow_each_other_are_one_session(house: Served, browser: Browser) -> None:
    story = house.story
    note = await story.note("Again.")
    lind = await house.sign_in(story.lind)
    for _ in range(4):
        await asked(lind, f"{house.record}/items/{note}")
    page = await amina_at(browser, places.LOOKS({"who": story.lind.person}, record=story.record))
    assert page.count("<h3") == 1
    assert "All " in page
    assert len(set(A_LINK.findall(page))) >= 4
    assert re.search(r"What they saw at \d\d:\d\d, or ask \(look 4\)", page)


@at_the_service
async def test_what_they_saw_has_each_item_why_and_what_that_rests_on(house: Served, browser: Browser) -> None:
    story = house.story
    note = await story.note("Once more.")
    lind = await house.sign_in(story.lind)
    await asked(lind, f"{house.record}/items/{note}")
    page = await amina_at(browser, places.LOOK(record=story.record, disclosure=await line_of(house, story.lind)))
    assert "<h1>What they saw</h1>" in page
    assert f'href="{places.ITEM(record=story.record, item=note)}"' in page
    assert "They are caring for you." in page
    assert "Began a care relationship" in page
    assert re.search(r">in the record since \d+ \w+ \d{4}</time>", page), "a day beside a thing is not that of the look"
    assert "Once more." not in page  # its words are on its own page, which is a look of its own


@at_the_service
async def test_a_few_things_are_called_by_their_titles_and_many_are_counted(house: Served, browser: Browser) -> None:
    house = await neighbour(house)
    story, lind = house.story, await house.sign_in(house.story.lind)
    letter = await story.note("Please come.", kind="letter", title="\u200f\u0645\u0631 from the clinic")
    await asked(lind, f"{house.record}/items/{letter}")
    own = replace(browser, served=house)
    page = await amina_at(own, places.LOOKS({"who": story.lind.person}, record=story.record))
    assert "Read “\u2068\u200f\u0645\u0631 from the clinic\u2069”" in page[page.index("lifeline") :]
    page = await amina_at(own, places.LOOK(record=story.record, disclosure=await line_of(house, story.lind)))
    link = f'<a href="{places.ITEM(record=story.record, item=letter)}" dir="auto">'
    assert f"{link}\u200f\u0645\u0631 from the clinic</a> (Letter)" in page
    assert "Please come." not in page


def test_a_long_title_is_cut_within_a_sentence_and_more_than_three_things_are_counted() -> None:
    things = [{"id": str(n), "kind": "letter", "title": f"{n}" * 99, "since": f"2026-01-0{n}"} for n in range(1, 5)]
    assert things_in(things) == "4 letters"
    assert things_in([*things[:2], {"id": "5", "kind": "note", "title": None, "since": "2026"}]) == (
        f"“\u2068{'2' * 80}…\u2069”, “\u2068{'1' * 80}…\u2069” and 1 note"
    )


@at_the_service
async def test_a_question_is_asked_answered_and_shown_where_it_belongs(house: Served, browser: Browser) -> None:
    story = house.story
    await looked(house, story.lind)
    disclosure = await line_of(house, story.lind)
    path = places.LOOK(record=story.record, disclosure=disclosure)
    await amina_at(browser, path)
    before, statement = await house.size(), statement_id()
    form = f"/forms/record/{story.record}/look/{disclosure}/question"
    both = [await send(browser, form, statement=statement, text="Why?\r\nReally.") for _ in range(2)]
    assert [one.headers["location"] for one in both] == [f"{path}?said={statement}#said"] * 2
    assert (await house.said(before)).count("access-questioned/1") == 1
    page = await amina_at(browser, f"{path}?said={statement}")
    assert "Why?\nReally." in page
    assert "No answer yet" in page
    assert "Recorded by the service for you." in page
    lind = await house.sign_in(story.lind)
    amina = await house.sign_in(story.amina)
    told = await asked(amina, f"{house.record}/matters", kind="question")
    question = told["matters"][-1]["id"]
    await lind.say(f"{house.record}/questions/{question}/answer", text="You called us that day.")
    page = await amina_at(browser, places.LOOKS(record=story.record))
    assert page.index("Really.") < page.index("You called us that day.")


@at_the_service
@pytest.mark.parametrize(
    ("text", "says"),
    [("", "Write your question."), (" \u00a0 ", "Write your question."), ("w" * 4001, "It can have 4,000.")],
    ids=["empty", "blank", "too long"],
)
async def test_a_question_that_cannot_be_sent_is_shown_again(
    house: Served, browser: Browser, text: str, says: str
) -> None:
    story = house.story
    await looked(house, story.lind)
    disclosure = await line_of(house, story.lind)
    await browser.begin(story.amina)
    before = await house.size()
    answer = await send(browser, f"/forms/record/{story.record}/look/{disclosure}/question", text=text)
    assert answer.status_code == 422
    assert says in html.unescape(answer.text)
    assert text in html.unescape(answer.text)
    assert "access-questioned/1" not in await house.said(before)


@at_the_service
async def test_a_look_that_is_not_there_for_the_reader_is_answered_alike(house: Served, browser: Browser) -> None:
    story = house.story
    working = await story.note("Between us.", kind="working-note")
    lind = await house.sign_in(story.lind)
    answer = await lind.get(f"{house.record}/items/{working}")
    hidden = (await story.ledger.read(await house.size() - 1, 1))[0].facts["disclosure"]
    assert answer.status_code == 200
    pages = []
    for disclosure in (hidden, statement_id()):
        page = await amina_at(browser, places.LOOK(record=story.record, disclosure=disclosure), 404)
        pages.append(re.sub(r'value="[^"]*"|data-[a-z]+="[^"]*"', "", page.replace(disclosure, "")))
    assert pages[0] == pages[1]


@at_the_service
async def test_an_emergency_stands_above_all_with_why_and_how_it_was_reviewed(house: Served, browser: Browser) -> None:
    story = house.story
    until = Instant(story.ledger.clock() + HOUR)
    opened = await story.ledger.sharing.open_emergency(
        story.moss, story.record, "life-at-risk", "Found unconscious.", until
    )
    moss = await house.sign_in(story.moss)
    await moss.get(house.record, purpose="emergency")
    page = await amina_at(browser, places.LOOKS(record=story.record))
    callout = page[page.index('class="callout"') :]
    assert "Dr Moss opened your record as an emergency." in callout
    assert callout.index("Found unconscious.") < callout.index("has not checked this yet") < callout.index("<svg")
    assert "A life is at risk" in callout
    assert 'class="looks-emergency"' in page
    emergency = str(opened.facts["emergency"])
    await story.ledger.sharing.review_emergency(story.greta, story.record, emergency, "not-justified", "No need.")
    page = await amina_at(browser, places.LOOKS(record=story.record))
    assert "found that it was <strong>not</strong> right" in page
    assert "No need." in page
    narrowed: dict[str, str | list[str] | None] = {"who": story.moss.person, "only": "emergency"}
    page = await amina_at(browser, places.LOOKS(narrowed, record=story.record))
    entries = page[page.index("lifeline") :]
    assert "Emergency access" in entries
    assert "Refused" not in entries
    assert 'class="callout"' not in page


@at_the_service
async def test_the_glance_counts_what_the_list_has_and_leads_to_each_day(house: Served, browser: Browser) -> None:
    story = house.story
    await looked(house, story.lind)
    amina = await house.sign_in(story.amina)
    others = (await asked(amina, f"{house.record}/trail/days"))["days"][-1]["by_others"]
    page = await amina_at(browser, places.LOOKS(record=story.record))
    assert f"Others looked {others} times in the last 12 weeks." in page
    [link] = set(re.findall(r'href="(/record/[^"]+/g\?since=[^"]+)"', page))
    of_day = await amina_at(browser, link)
    assert "Dr Lind" in of_day
    assert "heat-map" not in of_day


@at_the_service
@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({"who": "somebody"}, "Choose a person from the list."),
        ({"only": "mine"}, "Choose one from the list."),
        ({"since-day": "31", "since-month": "2", "since-year": "2026"}, "This is not a day."),
        ({"since": "0001-01-01"}, "There was nothing to see on that day."),
        ({"since": "2026-05-02", "until": "2026-05-01"}, "The last day is before the first."),
    ],
    ids=["nobody", "no such choice", "no such day", "long ago", "backwards"],
)
async def test_a_list_narrowed_by_what_there_is_not_says_so(
    house: Served, browser: Browser, query: dict[str, str | list[str] | None], says: str
) -> None:
    page = await amina_at(browser, places.LOOKS(query, record=house.story.record), 422)
    assert says in page
    assert "There is a problem" in page


@at_the_service
async def test_earlier_looks_are_a_page_away_with_the_same_question(house: Served, browser: Browser) -> None:
    story = house.story
    note = await story.note("Often.")
    lind = await house.sign_in(story.lind)
    for _ in range(26):
        await asked(lind, f"{house.record}/items/{note}")
    page = await amina_at(browser, places.LOOKS({"who": story.lind.person}, record=story.record))
    [earlier] = re.findall(r'rel="next" href="([^"]+)"', page)
    assert f"who={story.lind.person}" in earlier
    page = await amina_at(browser, earlier)
    assert "Dr Lind" in page
    assert "Back to the newest" in page
    seen = await amina_at(browser, places.SEEN_BY(record=story.record, item=note))
    assert "<h1>Who has ever seen this</h1>" in seen
    assert 'rel="next"' in seen


@at_the_service
async def test_an_item_that_nobody_may_see_was_seen_by_as_many_as_one_that_is_not_there(
    house: Served, browser: Browser
) -> None:
    story = house.story
    working = await story.note("Between us.", kind="working-note")
    lind = await house.sign_in(story.lind)
    await lind.get(f"{house.record}/items/{working}")
    for item in (working, statement_id()):
        await amina_at(browser, places.SEEN_BY(record=story.record, item=item), 404)


@at_the_service
async def test_who_has_looked_is_for_the_patient_alone(house: Served, browser: Browser) -> None:
    story = house.story
    for by, status in ((story.sam, 404), (story.okafor, 403), (story.greta, 403), (story.ruth, 404)):
        await browser.begin(by)
        for place in (places.LOOKS, places.LOOKS_AS_OF):
            answer = await browser.get(place(record=story.record))
            assert answer.status_code == status, (by.acting_as, place.path)
            assert "Dr Lind" not in answer.text


@at_the_service
async def test_every_page_of_looks_asks_again_who_it_is(
    house: Served, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = house.story
    note = await story.note("Slept.")
    await looked(house, story.lind)
    disclosure = await line_of(house, story.lind)
    await browser.begin(story.amina)
    sessions = browser.service.doors.sessions
    later = Instant(sessions.clock() + REAUTHENTICATE_AFTER)
    monkeypatch.setattr(sessions, "clock", lambda: later)
    for path in (
        places.LOOKS(record=story.record),
        places.LOOKS_AS_OF(record=story.record),
        places.LOOK(record=story.record, disclosure=disclosure),
        places.SEEN_BY(record=story.record, item=note),
    ):
        answer = await browser.get(path)
        assert (answer.status_code, answer.headers["location"][:10]) == (303, "/again?to="), path
    kept = await send(browser, f"/forms/record/{story.record}/look/{disclosure}/question", text="Why me?")
    assert (kept.status_code, ">\nWhy me?</textarea>" in kept.text) == (401, True)


def test_every_kind_of_item_and_of_matter_is_counted_in_words() -> None:
    assert set(COUNTED) == {*KINDS, *MATTER_KINDS}
    assert set(MATTERS) == set(MATTER_KINDS)
    for say in COUNTED.values():
        assert "%(n)s" in say(2) % {"n": "%(n)s"}


def test_every_way_of_looking_has_words() -> None:
    item = {"id": "1", "kind": "note"}
    for via in VIAS:
        for items in ([], [item]):
            line = {**A_LINE, "via": via, "items": items}
            [did] = Session((line,), own=False).did
            assert did
            assert ("1 note" in did) == (bool(items) and via != "trail"), via
