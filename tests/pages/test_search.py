"""Search: words are looked for among what one may see, and stand in no address."""

import pytest

from api.http import search as of_the_api
from api.pages import places, search
from ledger.saying import By
from tests.http.served import Served
from tests.pages.at_work import Desk, a_patient_of_their_own, errors, lasting, main, plain
from tests.sign_in.browser import Browser

pytestmark = pytest.mark.asyncio(loop_scope="module")
FOR_AN_APPOINTMENT: dict[str, str | list[str] | None] = {"purpose": "appointment"}


async def looked_for(desk: Desk, by: By, text: str, status: int = 200) -> str:
    """What somebody is answered who looks for words: the words of the page."""
    query = FOR_AN_APPOINTMENT if by.acting_as == "clinician" else None
    await desk.sit(by)
    page = await desk.opened(places.SEARCH(query, record=desk.record))
    answer = await desk.found(page, {"text": text}, "/search", status)
    assert answer.status_code == status, plain(answer)
    assert status != 422 or errors(answer) == {"text": "Write a word to look for."}
    return plain(answer)


async def test_everybody_finds_what_they_may_see_and_nothing_else(house: Served, browser: Browser) -> None:
    desk = await a_patient_of_their_own(browser, house)
    story = desk.served.story
    await story.note("Slept badly since the dose was doubled.", title="Review")
    await story.note("Nothing about that.", title="Other")
    shared = await story.note("Help her when she slept badly.", kind="plan-for-carers", title="Nights")
    await story.share({"kind": "item", "of": shared})
    for by in (story.amina, story.okafor, story.sam):
        found = await looked_for(desk, by, "BADLY slept")
        assert "Nights" in found, by.acting_as
        assert ("Review" in found) == (by != story.sam), by.acting_as
        assert "Other" not in found, by.acting_as


async def test_what_is_looked_for_stands_in_no_address_and_on_no_trail(house: Served, browser: Browser) -> None:
    desk = await a_patient_of_their_own(browser, house)
    story = desk.served.story
    item = await story.note("Slept badly.")
    await desk.sit(story.okafor)
    page = await desk.opened(places.SEARCH(FOR_AN_APPOINTMENT, record=desk.record))
    sent = await desk.send(page, {"text": "badly"}, "/search")
    assert sent.status_code == 303
    answer, back = [await desk.opened(sent.headers["location"]) for _ in range(2)]
    assert lasting(back) == lasting(answer), "going back sends nothing again"
    assert "badly" not in sent.headers["location"]
    assert places.ITEM(FOR_AN_APPOINTMENT, record=desk.record, item=item) in main(answer)
    assert 'method="get"' not in main(answer)
    assert "=badly" not in answer.text
    await desk.sit(story.amina)
    assert "badly" not in main(await desk.opened(places.LOOKS(record=desk.record)))


@pytest.mark.parametrize("text", ["", "  \u00a0\r\n", "\u0301"], ids=["nothing", "blank", "an accent alone"])
async def test_a_word_is_needed(house: Served, browser: Browser, text: str) -> None:
    desk = await a_patient_of_their_own(browser, house)
    await looked_for(desk, desk.served.story.amina, text, status=422)


async def test_what_is_too_long_is_kept_and_said(house: Served, browser: Browser) -> None:
    desk = await a_patient_of_their_own(browser, house)
    await desk.sit(desk.served.story.amina)
    page = await desk.opened(places.SEARCH(record=desk.record))
    answer = await desk.send(page, {"text": "a" * 201}, "/search")
    assert "It can have 200." in errors(answer)["text"]
    assert "a" * 201 in answer.text


@pytest.mark.parametrize("around", [" ", "\n\n", "\u3000"], ids=["blanks", "lines", "wide blanks"])
async def test_blank_space_around_what_is_looked_for_makes_no_address_that_leads_nowhere(
    house: Served, browser: Browser, around: str
) -> None:
    desk = await a_patient_of_their_own(browser, house)
    await desk.served.story.note("Slept badly.")
    assert "Slept badly." in await looked_for(desk, desk.served.story.amina, around * 9_000 + "badly" + around * 9_000)


async def test_more_than_an_address_holds_is_refused_in_words(house: Served, browser: Browser) -> None:
    desk = await a_patient_of_their_own(browser, house)
    await desk.sit(desk.served.story.amina)
    page = await desk.opened(places.SEARCH(record=desk.record))
    answer = await desk.send(page, {"text": "badly", "cursor": "a" * 4_000}, "/search")
    assert answer.status_code == 422
    assert "Something in this form cannot be recorded as it is" in plain(answer)


async def test_nothing_hidden_shows_in_what_is_found(house: Served, browser: Browser) -> None:
    """The same page, byte by byte, whether the words are in something that is not shared, or nowhere."""
    desk = await a_patient_of_their_own(browser, house)
    story = desk.served.story
    await desk.sit(story.sam)
    page = await desk.opened(places.SEARCH(record=desk.record))
    without = await desk.found(page, {"text": "secret"}, "/search")
    await story.note("A secret.", kind="letter")
    with_it = await desk.found(page, {"text": "secret"}, "/search")
    assert lasting(with_it) == lasting(without)
    assert "Nothing that you can see has these words." in plain(with_it)


async def test_one_goes_further_back_and_to_the_newest_again(
    house: Served, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = await a_patient_of_their_own(browser, house)
    monkeypatch.setattr(search, "LISTED", 2)
    story = desk.served.story
    for number in range(3):
        await story.note(f"Note {number}.")
    await desk.sit(story.amina)
    page = await desk.opened(places.SEARCH(record=desk.record))
    first = await desk.found(page, {"text": "note"}, "/search")
    assert "Note 2." in plain(first)
    assert "Note 0." not in plain(first)
    cursor = main(first).rpartition('name="cursor" value="')[2].partition('"')[0]
    second = await desk.found(page, {"text": "note", "cursor": cursor}, "/search")
    assert "Note 0." in plain(second)
    assert "Note 2." not in plain(second)
    assert "Back to the newest" in plain(second)
    other = await desk.found(page, {"text": "other words", "cursor": cursor}, "/search", status=422)
    assert other.status_code == 422, "a cursor continues the search that it came from"


async def test_a_long_record_is_looked_through_in_parts(
    house: Served, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = await a_patient_of_their_own(browser, house)
    monkeypatch.setattr(of_the_api, "MOST_PAGES", 1)
    monkeypatch.setattr(of_the_api, "LARGEST_PAGE", 2)
    story = desk.served.story
    for number in range(4):
        await story.note(f"Note {number}.")
    found = await looked_for(desk, story.amina, "0")
    assert "Nothing yet. There is more to look through." in found
    assert "Look further back" in found


async def test_a_clinician_says_first_what_for(house: Served, browser: Browser) -> None:
    desk = await a_patient_of_their_own(browser, house)
    story = desk.served.story
    await desk.sit(story.okafor)
    page = await desk.opened(places.SEARCH(record=desk.record))
    assert "Why do you open this record?" in plain(page)


async def test_the_address_of_what_was_found_is_for_whoever_looked_for_it_in_this_record_and_of_one_length(
    house: Served, browser: Browser
) -> None:
    desk = await a_patient_of_their_own(browser, house)
    story = desk.served.story
    await desk.sit(story.amina)
    page = await desk.opened(places.SEARCH(record=desk.record))
    sent = [(await desk.send(page, {"text": text}, "/search")).headers["location"] for text in ("a", "a" * 100)]
    assert len(sent[0]) == len(sent[1])
    other = (await a_patient_of_their_own(browser, house)).record
    refused = [sent[0][:-2] + "AA", sent[0] + "AAAA", sent[0].replace(desk.record, other), f"{sent[0]}%00"]
    for address in refused:
        answer = await desk.browser.send("GET", address)
        assert (answer.status_code, "Open it again from its beginning" in plain(answer)) == (400, True), address
    await desk.sit(story.sam)
    assert (await desk.browser.send("GET", sent[0])).status_code == 400
