"""See my record as Sam sees it: his very page, and nothing that he would not get; what he does not see stands below."""

import re
from typing import Any

import httpx
import pytest

from api.pages import places
from ledger.use_cases.sharing import Directing
from tests.http.served import Served
from tests.pages.at_work import Desk, a_patient_of_their_own, lasting, main, plain
from tests.pages.sharing_pages import plain_of
from tests.sign_in.browser import Browser

_CAN = re.compile(r'<span class="quiet">\(Sam Diallo can [a-z ]+\)</span>')

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def amina_at(browser: Browser, house: Served) -> Desk:
    desk = await a_patient_of_their_own(browser, house)
    return await desk.sit(desk.served.story.amina)


def as_sam(desk: Desk, **query: Any) -> str:
    return places.PREVIEW(query, record=desk.record, person=desk.served.story.sam.person)


def without_links(page: httpx.Response) -> str:
    """The main part as the carer gets it: without where its links and its form lead, and what is for the patient.

    What only the carer can do is named there, and no link.
    """
    [shown, *_below] = main(page).split('<section aria-labelledby="unseen">')
    actions = re.compile(r'(<ul class="actions">)(.*?)(</ul>)', re.DOTALL)
    named = actions.sub(lambda found: found[1] + plain_of(_CAN.sub("", found[2])) + found[3], shown, count=1)
    kept = re.sub(r' (href|action)="[^"]*"', "", named).partition("<h1")[2]
    return re.sub(r"\s+", " ", kept.split('<p id="told"')[0]).strip()


def below(page: httpx.Response) -> str:
    return plain(page).partition("Only for you: ")[2]


async def told_in(desk: Desk) -> None:
    story = desk.served.story
    await story.note("Walk every day.", kind="plan-for-carers", title="Plan")
    await story.note("From the clinic.", kind="letter", title="Clinic letter")
    await story.note("About moods.", kind="plan-for-carers", title="Moods", topics=("mental-health",))
    await story.share({"kind": "kind", "of": "plan-for-carers"})


async def test_the_page_is_the_very_page_that_sam_gets(house: Served, browser: Browser) -> None:
    desk = await amina_at(browser, house)
    await told_in(desk)
    previewed = await desk.opened(as_sam(desk))
    assert "You are seeing your record as Sam Diallo sees it now." in previewed.text
    await desk.sit(desk.served.story.sam)
    own = await desk.opened(places.RECORD(record=desk.record))
    assert without_links(previewed) == without_links(own)
    assert "Walk every day." in plain(own)
    assert "You are seeing" not in own.text


async def test_what_sam_does_not_see_stands_below_with_why_and_where_to_change_it(
    house: Served, browser: Browser
) -> None:
    desk = await amina_at(browser, house)
    await told_in(desk)
    page = await desk.opened(as_sam(desk))
    told = below(page)
    assert "Sam Diallo cannot see this: Clinic letter (Letter)." in told
    assert "Sam Diallo cannot see this: Moods (Plan for carers)." in told
    assert "It is about something private that you have not ticked for them." in told
    assert "Walk every day." not in told
    assert "Clinic letter" not in without_links(page)
    [href, *_] = re.findall(r'<a href="([^"]+)">Change<', page.text)
    assert "Clinic letter" in plain(await desk.opened(href.replace("&amp;", "&"))) or "Moods" in plain(
        await desk.opened(href.replace("&amp;", "&"))
    )


async def test_each_thing_that_sam_does_not_see_can_be_told_from_the_others(house: Served, browser: Browser) -> None:
    desk = await amina_at(browser, house)
    story = desk.served.story
    letters = [await story.note("From the clinic.", kind="letter", title=title) for title in ("Knee clinic", "Eyes")]
    for by, letter in ((story.amina, letters[0]), (story.amina, letters[1]), (story.okafor, letters[0])):
        await story.ledger.items.comment(by, story.record, letter, "About this.")
    await story.note("Slept well.")
    told = below(await desk.opened(as_sam(desk)))
    assert told.count("Sam Diallo cannot see this: Your comment on “Knee clinic”, ") == 1
    assert told.count("Sam Diallo cannot see this: Your comment on “Eyes”, ") == 1
    assert re.search(r"cannot see this: Comment by [^“]+ on “Knee clinic”, ", told)
    assert re.search(r"cannot see this: Note, \d+ \w+ \d{4}", told)
    names = re.findall(r"cannot see this: (.*?)\. Change", told)
    assert len(set(names)) == len(names) == 6


async def test_the_one_reason_that_holds_is_given(house: Served, browser: Browser) -> None:
    desk = await amina_at(browser, house)
    await told_in(desk)
    story = desk.served.story
    told = below(await desk.opened(as_sam(desk)))
    assert told.count("You have not shared this with them.") == 1
    assert "or you stopped" not in told
    await story.share({"kind": "topic", "of": "mental-health"})
    await story.ledger.sharing.suspend(story.amina, story.record, story.sam.person)
    told = below(await desk.opened(as_sam(desk)))
    assert told.count("You stopped all their access for now.") == told.count("cannot see this:") == 3
    item = re.findall(r"of=([0-9a-f-]{36})", main(await desk.opened(as_sam(desk))))[0]
    page = plain(await desk.opened(places.SHARING_ITEM(record=desk.record, item=item)))
    assert "Cannot see it You stopped all their access for now." in page


async def test_no_link_of_a_preview_leads_to_the_preview_itself(house: Served, browser: Browser) -> None:
    desk = await amina_at(browser, house)
    page = await desk.opened(as_sam(desk))
    assert f'href="{as_sam(desk)}"' not in page.text
    assert "Tell the team something (Sam Diallo can do this)" in plain(page)
    assert "General information for carers (Sam Diallo can read this)" in plain(page)


async def test_what_together_would_add_is_said(house: Served, browser: Browser) -> None:
    desk = await amina_at(browser, house)
    await told_in(desk)
    story = desk.served.story
    to_sam = {"kind": "person", "id": story.sam.person}
    together = Directing(to_sam, {"kind": "kind", "of": "letter"}, condition={"kind": "together"})
    await story.ledger.sharing.direct(story.amina, story.record, together)
    told = below(await desk.opened(as_sam(desk)))
    assert told.count("They see it when you look together:") == 1
    assert told.count("You set it like this: Only when I’m with them.") == 1
    assert "or only under a condition" not in told


async def test_what_is_hidden_from_amina_changes_nothing_here(house: Served, browser: Browser) -> None:
    desk = await amina_at(browser, house)
    await told_in(desk)
    before = lasting(await desk.opened(as_sam(desk)))
    await desk.served.story.note("At work.", kind="working-note")
    await desk.served.story.note("For the team.", kind="flag")
    assert lasting(await desk.opened(as_sam(desk))) == before


async def test_nothing_can_be_said_from_a_preview_and_its_links_stay_within(house: Served, browser: Browser) -> None:
    desk = await amina_at(browser, house)
    await told_in(desk)
    page = await desk.opened(as_sam(desk))
    assert "data-says" not in main(page)
    assert 'method="post"' not in main(page)
    within = {re.sub(r"\?.*|#.*", "", href) for href in re.findall(r' href="(/[^"]+)"', main(page))}
    sharing = places.SHARING(record=desk.record)
    here = as_sam(desk)
    assert {one for one in within if not one.startswith((sharing, here))} <= {places.TOGETHER(record=desk.record)}


async def test_kinds_narrow_the_preview_as_they_do_sams_page(house: Served, browser: Browser) -> None:
    desk = await amina_at(browser, house)
    await told_in(desk)
    await desk.served.story.share({"kind": "kind", "of": "letter"})
    narrowed = await desk.opened(as_sam(desk, kind="letter"))
    assert "From the clinic." in without_links(narrowed)
    assert "Walk every day." not in without_links(narrowed)


async def test_a_preview_is_for_amina_of_her_carers_and_recorded(house: Served, browser: Browser) -> None:
    desk = await amina_at(browser, house)
    story = desk.served.story
    before = await house.size()
    await desk.opened(as_sam(desk))
    assert "disclosure-made/1" in await house.said(before)
    moss = places.PREVIEW(record=desk.record, person=story.moss.person)
    assert (await desk.browser.get(moss)).status_code == 404
    await desk.sit(story.sam)
    assert (await desk.browser.get(as_sam(desk))).status_code == 404
