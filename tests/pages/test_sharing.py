"""Who can see what: Amina sees how things stand, changes them in each way, and takes back without being asked again."""

import re

import pytest

from api.http.fresh import REAUTHENTICATE_AFTER
from api.pages import places
from api.pages.sharing_words import code_of
from ledger.core.instants import Instant
from ledger.use_cases.sharing import Directing
from tests.http.served import Served
from tests.pages.at_work import lasting, main, plain
from tests.pages.sharing_pages import (
    EVERYTHING,
    LETTERS,
    amina_at,
    cells,
    change,
    errors,
    gone_to,
    plain_of,
    seen_by_sam,
)
from tests.sign_in.browser import Browser

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_amina_shares_letters_with_sam_and_takes_them_back(house: Served, browser: Browser) -> None:
    desk = await amina_at(browser, house)
    await desk.served.story.note("From the clinic.", kind="letter")
    page = await desk.opened(change(desk, LETTERS))
    assert "Not shared" in plain(page)
    before = await house.size()
    first, again = [await desk.send(page, {"how": "always"}, "/share") for _ in range(2)]
    card = places.SHARING_PERSON(record=desk.record, person=desk.served.story.sam.person)
    assert gone_to(first) == gone_to(again) == f"{card}?done={code_of(LETTERS)}"
    assert await house.said(before) == ["directive-made/1"]
    assert await seen_by_sam(desk) == {"From the clinic."}
    assert (await cells(desk))["Letters"] == ["Shared"]
    page = await desk.opened(change(desk, LETTERS))
    assert "directive-withdrawn/1" in main(page)
    for answer in [await desk.send(page, {}, "/take-back") for _ in range(2)]:
        assert gone_to(answer).startswith(places.SHARING(record=desk.record))
    assert await seen_by_sam(desk) == set()
    assert (await cells(desk))["Letters"] == ["Not shared"]


async def test_taking_back_one_part_of_everything_withholds_it(house: Served, browser: Browser) -> None:
    desk = await amina_at(browser, house)
    story = desk.served.story
    await story.note("From the clinic.", kind="letter")
    await story.note("Slept well.")
    await story.share(EVERYTHING)
    assert (await cells(desk))["Letters"] == ["Shared As part of everything"]
    page, before = await desk.opened(change(desk, LETTERS)), await house.size()
    takes_back = re.search(r"<form[^>]*/take-back[^>]*>", page.text)
    assert takes_back is not None
    assert "data-says" not in takes_back[0]  # a directive would take the passkey again: the service records it
    assert gone_to(await desk.send(page, {}, "/take-back"))
    assert await house.said(before) == ["directive-made/1"]
    assert await seen_by_sam(desk) == {"Slept well."}
    page = await desk.opened(change(desk, LETTERS))
    assert gone_to(await desk.send(page, {}, "/let-see-again"))
    assert await seen_by_sam(desk) == {"Slept well.", "From the clinic."}


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"how": "together"}, "Only when I’m with them"),
        ({"how": "when-unwell"}, "Only when I am too unwell to decide"),
        ({"how": "always", "until-day": "1", "until-month": "2", "until-year": "2099"}, "Shared until 1 February 2099"),
        ({"how": "always", "from-day": "1", "from-month": "2", "from-year": "2099"}, "Shared from 1 February 2099"),
        (
            {"how": "together", "until-day": "1", "until-month": "2", "until-year": "2099"},
            "Only when I’m with them Until 1 February 2099",
        ),
    ],
    ids=["together", "unwell", "until", "from", "together until"],
)
async def test_how_it_is_shared_is_said_in_words(
    house: Served, browser: Browser, members: dict[str, str], words: str
) -> None:
    desk = await amina_at(browser, house)
    await desk.served.story.note("From the clinic.", kind="letter")
    page = await desk.opened(change(desk, LETTERS))
    assert gone_to(await desk.send(page, members, "/share"))
    assert (await cells(desk))["Letters"] == [words]
    assert await seen_by_sam(desk) == (set() if words != "Shared until 1 February 2099" else {"From the clinic."})


async def test_certain_hours_are_asked_on_a_page_of_their_own(house: Served, browser: Browser) -> None:
    desk = await amina_at(browser, house)
    await desk.served.story.note("From the clinic.", kind="letter")
    page = await desk.opened(change(desk, LETTERS) + "&hours=1")
    members: dict[str, str | list[str]] = {
        "days": ["1", "5"],
        "opens": "9:00",
        "closes": "17:30",
        "zone": "Europe/London",
    }
    assert gone_to(await desk.send(page, members, "/share"))
    [told] = (await cells(desk))["Letters"]
    assert told == "At certain times Monday and Friday, from 09:00 to 17:30"
    every = await desk.opened(change(desk, LETTERS) + "&hours=1")
    assert gone_to(await desk.send(every, {**members, "days": [str(n) for n in range(1, 8)]}, "/share"))
    assert (await cells(desk))["Letters"] == ["At certain times Every day, from 09:00 to 17:30"]


@pytest.mark.parametrize(
    ("hours", "members", "wrong"),
    [
        (False, {"how": "sometimes"}, {"how": "Choose when they can see it."}),
        (
            False,
            {"how": "always", "until-day": "31", "until-month": "2", "until-year": "2099"},
            {"until": "This is not a day"},
        ),
        (
            False,
            {"how": "always", "until-day": "1", "until-month": "2", "until-year": "1999"},
            {"until": "The last day has"},
        ),
        (True, {"opens": "09:00", "closes": "10:00", "zone": "UTC"}, {"days": "Choose at least one day."}),
        (True, {"days": "1", "opens": "nine", "closes": "10:00", "zone": "UTC"}, {"opens": "Write from what time"}),
        (True, {"days": "1", "opens": "10:00", "closes": "10:00", "zone": "UTC"}, {"closes": "Both times are"}),
        (True, {"days": "1", "zone": "UTC"}, {"opens": "Write from what", "closes": "Write until what"}),
        (True, {"days": "1", "opens": "10:00", "closes": "11:00", "zone": "Mars"}, {"zone": "Write a time zone"}),
    ],
    ids=["no such choice", "no day", "over already", "no days", "no time", "no hours", "no times", "no zone"],
)
async def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_lost(
    house: Served, browser: Browser, hours: bool, members: dict[str, str], wrong: dict[str, str]
) -> None:
    desk = await amina_at(browser, house)
    await desk.served.story.note("From the clinic.", kind="letter")
    page = await desk.opened(change(desk, LETTERS) + ("&hours=1" if hours else ""))
    before = await house.size()
    answer = await desk.send(page, members, "/share")
    assert answer.status_code == 422
    told = errors(answer)
    assert told.keys() == wrong.keys()
    assert all(told[field].startswith(message) for field, message in wrong.items())
    for name, value in members.items():
        assert name == "how" or f'value="{value}"' in answer.text, name
    assert "directive-made/1" not in await house.said(before)


async def test_two_at_once_are_told_that_something_changed_in_between(house: Served, browser: Browser) -> None:
    desk = await amina_at(browser, house)
    story = desk.served.story
    await story.note("From the clinic.", kind="letter")
    page = await desk.opened(change(desk, LETTERS))
    await story.share(LETTERS)
    answer = await desk.send(page, {"how": "together"}, "/share")
    assert answer.status_code == 422
    assert "Something changed in between. Look at what holds now, and choose again." in plain(answer)


async def test_taking_back_asks_for_nothing_where_sharing_does(
    house: Served, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = await amina_at(browser, house)
    story, sam = desk.served.story, desk.served.story.sam.person
    await story.note("From the clinic.", kind="letter")
    await story.share(LETTERS)
    page, stops = await desk.opened(change(desk, LETTERS)), await desk.opened(places.SHARING_STOP(record=desk.record))
    person = await desk.opened(places.SHARING_PERSON(record=desk.record, person=sam))
    sessions = desk.browser.service.doors.sessions
    later = Instant(sessions.clock() + REAUTHENTICATE_AFTER)  # a while ago that Amina showed who she is
    monkeypatch.setattr(sessions, "clock", lambda: later)
    led = await desk.browser.get(places.SHARING(record=desk.record))
    assert gone_to(led).startswith("/again?to=")
    kept = await desk.send(page, {"how": "always"}, "/share")
    assert (kept.status_code, 'name="how" value="always"' in kept.text) == (401, True)
    done = places.SHARING_DONE(record=desk.record)
    assert gone_to(await desk.send(page, {}, "/take-back")) == done
    assert await seen_by_sam(desk) == set()
    assert gone_to(await desk.send(person, {}, "/freeze")) == done
    assert gone_to(await desk.send(person, {}, "/suspend")) == done
    assert (await desk.send(stops, {}, "/stop")).headers["location"] == done
    assert (await desk.opened(places.SHARING_STOP(record=desk.record))).status_code == 200
    assert "It is recorded and works from now on." in plain(await desk.opened(done))


async def test_sensitive_topics_stay_unshared_until_each_is_ticked(house: Served, browser: Browser) -> None:
    desk = await amina_at(browser, house)
    story = desk.served.story
    await story.note("About moods.", topics=("mental-health",))
    await story.share(EVERYTHING)
    told = await cells(desk)
    assert (told["Notes"], told["Mental health"]) == (["Shared As part of everything"], ["Not shared"])
    page = await desk.opened(change(desk, {"kind": "topic", "of": "mental-health"}))
    assert gone_to(await desk.send(page, {"how": "always"}, "/share"))
    assert await seen_by_sam(desk) == {"About moods."}


async def test_an_item_is_set_differently_and_found_from_its_part(house: Served, browser: Browser) -> None:
    desk = await amina_at(browser, house)
    story = desk.served.story
    letter = await story.note("From the clinic.", kind="letter", title="The <b>knee</b>")
    await story.share(LETTERS)
    page = await desk.opened(places.SHARING_ITEM(record=desk.record, item=letter))
    assert "Can see it You share this with them." in plain(page)
    [href] = re.findall(rf'href="([^"]+of={letter})"', page.text)[:1]
    page = await desk.opened(href.replace("&amp;", "&"))
    assert gone_to(await desk.send(page, {}, "/take-back"))
    assert await seen_by_sam(desk) == set()
    assert (await cells(desk))["Letters"] == ["Shared 1 item set differently"]
    part = await desk.opened(change(desk, LETTERS))
    assert "Items set differently The &lt;b&gt;knee&lt;/b&gt; : Not shared" in " ".join(
        re.sub(r"<[^>]+>", " ", main(part)).split()
    )
    page = await desk.opened(places.SHARING_ITEM(record=desk.record, item=letter))
    assert "Cannot see it You keep this from them. Set for this item: Not shared" in plain(page)


async def test_something_is_kept_from_who_treats_and_that_it_is_hidden_is_chosen(
    house: Served, browser: Browser
) -> None:
    desk = await amina_at(browser, house)
    story = desk.served.story
    letter = await story.note("From the clinic.", kind="letter")
    page = await desk.opened(change(desk, LETTERS, story.practice))
    assert "They can see this while they treat you." in plain(page)
    assert "/share" not in main(page)
    assert gone_to(await desk.send(page, {"hidden": "yes"}, "/take-back"))
    view = await story.clinician_view(story.lind)
    assert (letter in {one.id for one in view.items}, view.sealed) == (False, ())
    page = await desk.opened(places.SHARING(record=desk.record))
    assert "You keep from them: Letters (they do not see that you keep it back)" in plain(page)
    page = await desk.opened(places.SHARING_CHANGE({"to": story.practice}, record=desk.record))
    parts = dict(re.findall(r"<dt>([^<]+)</dt>\n<dd>(.*?)</dd>", main(page)))
    everything = parts["Everything without a sensitive topic"]
    assert (plain_of(parts["Letters"]), plain_of(everything)) == ("You keep this from them", "They can see it")
    page = await desk.opened(change(desk, LETTERS, story.practice))
    assert gone_to(await desk.send(page, {}, "/let-see-again"))
    assert letter in {one.id for one in (await story.clinician_view(story.lind)).items}


async def test_what_amina_does_not_see_changes_nothing_on_the_page(house: Served, browser: Browser) -> None:
    desk = await amina_at(browser, house)
    story = desk.served.story
    await story.share(EVERYTHING)
    page = places.SHARING(record=desk.record)
    before = lasting(await desk.opened(page))
    await story.note("At work.", kind="working-note")
    await story.note("For the team.", kind="flag")
    assert lasting(await desk.opened(page)) == before


async def test_addresses_do_not_tell_what_is_shared_and_sam_finds_nothing_here(house: Served, browser: Browser) -> None:
    desk = await amina_at(browser, house)
    story = desk.served.story
    await story.share({"kind": "topic", "of": "sexual-health"})
    page = await desk.opened(places.SHARING(record=desk.record))
    hrefs = " ".join(re.findall(r'href="([^"]+)"', page.text))
    assert not re.search("sexual|letter|note|medicine|share|hide", hrefs)
    assert "<title>Record</title>" in page.text
    await desk.sit(story.sam)
    for path in (page.url.path, places.SHARING_PERSON(record=desk.record, person=story.sam.person),
                 places.TOGETHER(record=desk.record), places.SHARING_CHOICES(record=desk.record)):  # fmt: skip
        assert (await desk.browser.get(path)).status_code == 404, path
    assert (await desk.browser.get(places.SHARING_STOP(record=desk.record))).status_code == 403
    await desk.sit(story.okafor)
    assert (await desk.browser.get(page.url.path)).status_code == 403


async def test_other_choices_are_shown_as_they_stand(house: Served, browser: Browser) -> None:
    desk = await amina_at(browser, house)
    path = places.SHARING_CHOICES(record=desk.record)
    for act, members, told in (
        ("/results-wish", {"results": "tell-me-first"}, "Tell me in person first"),
        ("/after-death-wish", {"after": "not-after-my-death"}, "Nobody may see it after my death"),
    ):
        page = await desk.opened(path)
        done = gone_to(await desk.send(page, members, act))
        assert f"Done. You chose: {told}." in plain(await desk.opened(done))
        [value] = members.values()
        shown = (await desk.opened(path)).text
        assert re.search(rf'value="{value}"[^>]* checked', shown), act
    refused = await desk.send(await desk.opened(path), {"results": "never"}, "/results-wish")
    assert errors(refused) == {"results": "Choose how you want to hear of results."}


async def test_stop_ends_all_sharing_and_what_is_kept_back_stays(house: Served, browser: Browser) -> None:
    desk = await amina_at(browser, house)
    story = desk.served.story
    await story.note("Slept well.")
    await story.share(EVERYTHING)
    to_all = Directing({"kind": "all-carers"}, {"kind": "kind", "of": "note"}, "withhold")
    await story.ledger.sharing.direct(story.amina, story.record, to_all)
    page = await desk.opened(places.SHARING_STOP(record=desk.record))
    assert "Nobody you share with sees anything of your record any more." in plain(page)
    for answer in [await desk.send(page, {}, "/stop") for _ in range(2)]:
        done = await desk.opened(gone_to(answer))
        assert "Done. You share nothing with anybody any more." in plain(done)
    assert {cell for row in (await cells(desk)).values() for cell in row if "Shared" in cell.split()} == set()
