"""My wishes on pages: written with help, changed, signed word by word, reviewed, withdrawn; and what nobody may do."""

import html
import re
from urllib.parse import urlencode

import httpx
import pytest

from api.http.fresh import REAUTHENTICATE_AFTER
from api.pages import places
from ledger.core.instants import HOUR, Instant
from ledger.use_cases.items import Draft
from tests.http.served import Served, statement_id
from tests.pages.at_work import a_patient_of_their_own, main
from tests.sign_in.browser import PLACE, Browser

at_the_service = pytest.mark.asyncio(loop_scope="module")
FORM = "application/x-www-form-urlencoded"
STRANGE = {
    "emoji": "🎵 helps 🙂",
    "from right to left": "أحب الموسيقى",
    "pasted": "\u201cMusic\u201d\u00a0\u2013 and\tquiet\u2026",
    "markup": "<script>alert(1)</script>\" onload='x'",
}


async def send(browser: Browser, path: str, statement: str | None = None, **members: str) -> httpx.Response:
    """A form, as a page of this place sends it."""
    content = urlencode({"csrf": browser.csrf, "statement": statement or statement_id(), **members})
    headers = {"content-type": FORM, "origin": PLACE, "sec-fetch-site": "same-origin"}
    return await browser.send("POST", path, content=content, headers=headers)


def forms(browser: Browser, item: str | None = None, act: str = "") -> str:
    """Where a form about wishes is sent."""
    return f"/forms/record/{browser.served.story.record}/wishes" + (f"/{item}/{act}" if item else "")


async def page(browser: Browser, path: str) -> str:
    answer = await browser.send("GET", path)
    assert answer.status_code == 200, answer.text
    return html.unescape(answer.text)


async def drafted(browser: Browser, **members: str) -> str:
    """Amina drafts a statement; gives the item's id."""
    await browser.begin(browser.served.story.amina)
    answer = await send(browser, forms(browser), **members)
    assert answer.status_code == 303, answer.text
    [item] = re.findall(r"/h/([0-9a-f-]{36})\?said=", answer.headers["location"])
    return str(item)


def value_of(text: str, name: str) -> str:
    """What a hidden field of a page holds."""
    [value] = re.findall(rf'name="{name}" value="([^"]*)"', text)
    return str(value)


async def signed(browser: Browser, **members: str) -> str:
    """Amina drafts and signs a statement."""
    item = await drafted(browser, **members)
    shown = value_of(await page(browser, places.WISH_SIGN(record=browser.served.story.record, item=item)), "shown")
    answer = await send(browser, forms(browser, item, "sign"), shown=shown)
    assert answer.status_code == 303, answer.text
    return item


@at_the_service
async def test_a_statement_is_drafted_changed_signed_reviewed_and_withdrawn(house: Served, browser: Browser) -> None:
    record = house.story.record
    before = await house.size()
    item = await drafted(browser, title="When I am unwell", matters="Music.\r\nQuiet.")
    changing = await page(browser, places.WISH_CHANGE(record=record, item=item))
    assert "Music.\nQuiet.</textarea>" in changing
    was = value_of(changing, "was")
    answer = await send(browser, forms(browser, item, "change"), was=was, matters="Music.", tell="My sister.")
    assert answer.status_code == 303, answer.text
    kept = await page(browser, answer.headers["location"].partition("#")[0])
    assert "Kept as a draft. Nobody acts on it until you sign it." in kept
    versions = await page(browser, places.WISH_VERSIONS(record=record, item=item))
    assert re.search(r"<del>.*\[Gone:.*Quiet\.", versions)
    assert re.search(r"<ins>.*\[New:", versions)
    signing = await page(browser, places.WISH_SIGN(record=record, item=item))
    assert "Whom to tell when I am unwell\nMy sister." in signing
    assert "Quiet." not in signing
    answer = await send(browser, forms(browser, item, "sign"), shown=value_of(signing, "shown"))
    assert answer.status_code == 303, answer.text
    told = await page(browser, answer.headers["location"].partition("#")[0])
    assert "The words that were signed" in told
    assert "Signed. It counts from now on." in told
    assert "Receipt</a>" in told
    answer = await send(browser, forms(browser, item, "review"), outcome="confirmed", text="Still so.")
    assert answer.status_code == 303, answer.text
    assert "it is still right" in await page(browser, places.WISH(record=record, item=item))
    answer = await send(browser, forms(browser, item, "withdraw"), text="I will write another.")
    assert answer.status_code == 303, answer.text
    told = await page(browser, answer.headers["location"].partition("#")[0])
    assert "Withdrawn. It does not count any more." in told
    assert "I will write another." in told
    said = [topic for topic in await house.said(before) if topic != "disclosure-made/1"]
    assert said == ["item-added/1", "item-amended/1", "wish-signed/1", "wish-reviewed/1", "wish-withdrawn/1"]


@at_the_service
async def test_words_that_changed_since_they_were_shown_are_not_signed(house: Served, browser: Browser) -> None:
    story = house.story
    item = await drafted(browser, own="Ring my sister.")
    shown = value_of(await page(browser, places.WISH_SIGN(record=story.record, item=item)), "shown")
    await story.ledger.items.amend(story.amina, story.record, item, "Ring nobody.")
    before = await house.size()
    answer = await send(browser, forms(browser, item, "sign"), shown=shown)
    assert answer.status_code == 422
    assert "The words were changed meanwhile." in answer.text
    assert "Ring nobody." in answer.text
    assert "wish-signed/1" not in await house.said(before)


@at_the_service
@pytest.mark.parametrize("name", STRANGE)
async def test_whatever_is_written_is_kept_and_shown_as_it_was_written(browser: Browser, name: str) -> None:
    item = await drafted(browser, own=STRANGE[name])
    answer = await browser.get(places.WISH(record=browser.served.story.record, item=item))
    assert STRANGE[name] in html.unescape(answer.text)
    assert "<script>alert" not in answer.text


@at_the_service
@pytest.mark.parametrize(
    ("members", "says"),
    [
        ({}, "Write something in one of the boxes."),
        ({"own": " \n\t ", "matters": "\u00a0"}, "Write something in one of the boxes."),
        ({"own": "a" * 8001}, "It can have 8,000."),
        ({"own": "Fine.", "tell": "🙂" * 8001}, "It can have 8,000."),
        ({"own": "Fine.", "title": "t" * 201}, "It can have 200."),
    ],
    ids=["empty", "blank", "too long", "one too long", "a long name"],
)
async def test_what_cannot_be_kept_is_shown_again_with_nothing_lost(
    house: Served, browser: Browser, members: dict[str, str], says: str
) -> None:
    await browser.begin(house.story.amina)
    before = await house.size()
    answer = await send(browser, forms(browser), **members)
    assert answer.status_code == 422
    told = html.unescape(answer.text)
    assert says in told
    for value in members.values():
        assert value in told
    assert "item-added/1" not in await house.said(before)


@at_the_service
async def test_sent_twice_it_is_drafted_once(house: Served, browser: Browser) -> None:
    await browser.begin(house.story.amina)
    before, statement = await house.size(), statement_id()
    both = [await send(browser, forms(browser), statement, own="Once.") for _ in range(2)]
    assert both[0].headers["location"] == both[1].headers["location"]
    assert (await house.said(before)).count("item-added/1") == 1


@at_the_service
async def test_a_change_that_changes_nothing_is_not_recorded(house: Served, browser: Browser) -> None:
    item = await drafted(browser, own="Be kind.")
    was = value_of(await page(browser, places.WISH_CHANGE(record=house.story.record, item=item)), "was")
    answer = await send(browser, forms(browser, item, "change"), was=was, own="Be kind. ")
    assert answer.status_code == 422
    assert "You have not changed anything yet." in answer.text


@at_the_service
async def test_a_review_that_says_nothing_is_asked_again(house: Served, browser: Browser) -> None:
    item = await signed(browser, own="Be kind.")
    answer = await send(browser, forms(browser, item, "review"), text="Hm.")
    assert answer.status_code == 422
    assert "Choose whether it is still right." in answer.text
    assert "Hm.</textarea>" in answer.text


@at_the_service
async def test_words_added_after_signing_do_not_stand_as_signed(house: Served, browser: Browser) -> None:
    story = house.story
    item = await signed(browser, own="Ring my sister.")
    await story.ledger.items.amend(story.amina, story.record, item, "Ring nobody.")
    told = await page(browser, places.WISH(record=story.record, item=item))
    assert told.index("The words that were signed") < told.index("Ring my sister.")
    assert told.index("Ring my sister.") < told.index("Written after it was signed") < told.index("Ring nobody.")


@at_the_service
async def test_a_new_statement_may_begin_with_the_words_of_an_older_one(house: Served, browser: Browser) -> None:
    item = await drafted(browser, title="Then", tell="My sister.")
    told = await page(browser, places.WISH_NEW({"from": item}, record=house.story.record))
    assert "My sister.</textarea>" in told
    assert 'value="Then"' in told


@at_the_service
async def test_a_carer_reads_no_statement_that_is_not_shared_and_can_do_nothing_with_one(
    house: Served, browser: Browser
) -> None:
    story = house.story
    item = await signed(browser, own="Ring my sister.")
    await browser.begin(story.sam)
    hidden, nothing = [await browser.get(places.WISH(record=story.record, item=one)) for one in (item, statement_id())]
    assert (hidden.status_code, nothing.status_code) == (404, 404)
    await story.share({"kind": "item", "of": item})
    told = await page(browser, places.WISH(record=story.record, item=item))
    assert "Ring my sister." in told
    assert "Withdraw" not in told
    assert '<form method="post" action="/forms/record' not in told


@at_the_service
async def test_another_item_is_no_statement(house: Served, browser: Browser) -> None:
    story = house.story
    note = (await story.ledger.items.add(story.okafor, story.record, Draft("note", "Slept."))).facts["item"]
    await browser.begin(story.amina)
    for one in (note, statement_id()):
        assert (await browser.get(places.WISH(record=story.record, item=str(one)))).status_code == 404


@at_the_service
async def test_an_old_session_shows_again_who_it_is_before_signing(
    house: Served, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = await drafted(browser, own="Be kind.")
    sessions = browser.service.doors.sessions
    later = Instant(sessions.clock() + REAUTHENTICATE_AFTER)
    monkeypatch.setattr(sessions, "clock", lambda: later)
    for place in (places.WISH_SIGN, places.WISH_WITHDRAW):
        answer = await browser.get(place(record=house.story.record, item=item))
        assert (answer.status_code, answer.headers["location"][:10]) == (303, "/again?to="), place
    kept = await send(browser, forms(browser, item, "withdraw"), text="I changed my mind.")
    assert (kept.status_code, "\nI changed my mind.</textarea>" in kept.text) == (401, True)


@at_the_service
async def test_how_a_statement_stands_is_said_wherever_it_is_listed(house: Served, browser: Browser) -> None:
    desk = await a_patient_of_their_own(browser, house)
    story = desk.served.story
    items = {
        title: await story.note("Music.", kind="wishes", by=story.amina, title=title)
        for title in ("With my cat", "At home", "Long ago")
    }
    for title in ("At home", "Long ago"):
        await story.ledger.wishes.sign(story.amina, story.record, items[title])
    await story.ledger.wishes.withdraw(story.amina, story.record, items["Long ago"])
    states = {"With my cat": "Draft, not signed", "At home": "Signed", "Long ago": "Withdrawn"}
    await desk.sit(story.amina)
    printed = main(await desk.opened(places.PRINT(record=story.record))).split("<article")
    for title, state in states.items():
        [article] = [one for one in printed if title in one.partition("</h2>")[0]]
        assert [one for one in states.values() if f">{one}</strong>" in article] == [state], title
    for reader, purpose in ((story.amina, None), (story.okafor, "appointment")):
        await desk.sit(reader)
        listed = main(await desk.opened(places.RECORD({"kind": ["wishes"], "purpose": purpose}, record=story.record)))
        for title, state in states.items():
            [entry] = [one for one in listed.split("<li")[1:] if title in one.partition("</h3>")[0]]
            headed = main(await desk.opened(places.ITEM({"purpose": purpose}, record=story.record, item=items[title])))
            for shown in (entry, headed[: headed.index('class="beside"')]):
                assert [one for one in states.values() if f">{one}</strong>" in shown] == [state], (title, reader)


@at_the_service
async def test_what_is_opened_first_in_an_emergency_says_whether_it_was_signed(house: Served, browser: Browser) -> None:
    desk = await a_patient_of_their_own(browser, house)
    story = desk.served.story
    await story.note("Music.", kind="wishes", by=story.amina, title="With my cat")
    until = Instant(story.ledger.clock() + HOUR)
    opened = await story.ledger.sharing.open_emergency(story.moss, story.record, "life-at-risk", "Unconscious.", until)
    await desk.sit(story.moss)
    place = places.EMERGENCY_OPEN(record=story.record, emergency=str(opened.facts["emergency"]))
    headed = main(await desk.opened(place)).partition("With my cat")[2].partition("</h3>")[0]
    assert ">Draft, not signed</strong>" in headed
