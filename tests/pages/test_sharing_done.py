"""After a change of who sees what: for whom, of what, and the way back to it, all told as it stands now."""

import re
from typing import Any

import pytest

from api.pages import places
from ledger.use_cases.sharing import Directing
from tests.http.served import Served
from tests.pages.at_work import Desk, main
from tests.pages.sharing_pages import EVERYTHING, LETTERS, amina_at, cells, change, errors, gone_to
from tests.sign_in.browser import Browser

pytestmark = pytest.mark.asyncio(loop_scope="module")
UNTIL = {"until-day": "1", "until-month": "2", "until-year": "2099"}
NOTICE = re.compile(r'<div class="notice success" role="status" tabindex="-1" autofocus>(.*?)</div>', re.DOTALL)


def done_on(page: Any) -> str:
    """The words of the notice that has the page's focus."""
    [notice] = NOTICE.findall(main(page))
    return " ".join(re.sub(r"<[^>]+>", " ", notice).split())


async def amina_with_a_letter(browser: Browser, house: Served) -> Desk:
    desk = await amina_at(browser, house)
    await desk.served.story.note("From the clinic.", kind="letter", title="Knee clinic")
    return desk


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ({"how": "always"}, "Sam Diallo now sees: Letters."),
        ({"how": "always", **UNTIL}, "Sam Diallo now sees: Letters, until 1 February 2099."),
        ({"how": "together"}, "For Sam Diallo is set: Letters. Only when I’m with them."),
        (
            {"how": "together", **UNTIL},
            "For Sam Diallo is set: Letters. Only when I’m with them. Until 1 February 2099.",
        ),
    ],
    ids=["always", "until", "together", "together until"],
)
async def test_who_shares_reads_with_whom_and_how_on_that_persons_card(
    house: Served, browser: Browser, members: dict[str, str], told: str
) -> None:
    desk = await amina_with_a_letter(browser, house)
    there = gone_to(await desk.send(await desk.opened(change(desk, LETTERS)), members, "/share"))
    assert there.startswith(places.SHARING_PERSON(record=desk.record, person=desk.served.story.sam.person))
    assert not re.search("letter|always|share", there)
    card = await desk.opened(there)
    assert done_on(card) == f"Done. {told} It works from now on. Nobody was told. Change this again"
    assert f'<a href="{change(desk, LETTERS).replace("&", "&amp;")}">Change this again</a>' in card.text


async def test_who_takes_back_reads_that_they_do_not_see_it(house: Served, browser: Browser) -> None:
    desk = await amina_with_a_letter(browser, house)
    await desk.served.story.share(LETTERS)
    there = gone_to(await desk.send(await desk.opened(change(desk, LETTERS)), {}, "/take-back"))
    assert "Done. Sam Diallo does not see: Letters." in done_on(await desk.opened(there))


async def test_what_an_address_says_is_done_is_told_as_it_stands(house: Served, browser: Browser) -> None:
    desk = await amina_with_a_letter(browser, house)
    story = desk.served.story
    shared = gone_to(await desk.send(await desk.opened(change(desk, LETTERS)), {"how": "always"}, "/share"))
    assert gone_to(await desk.send(await desk.opened(change(desk, LETTERS)), {}, "/take-back")) == shared
    assert "Sam Diallo does not see: Letters." in done_on(await desk.opened(shared))
    stopped = gone_to(await desk.send(await desk.opened(places.SHARING_STOP(record=desk.record)), {}, "/stop"))
    assert "You share nothing with anybody any more." in done_on(await desk.opened(stopped))
    await story.share(EVERYTHING)
    assert done_on(await desk.opened(stopped)) == "Done. It works from now on. Nobody was told."
    for strange in ("1", "0123456789", story.record):
        page = await desk.opened(places.SHARING({"done": strange, "to": story.sam.person}, record=desk.record))
        assert done_on(page) == "Done. It works from now on. Nobody was told."


async def test_one_item_is_named_by_its_title(house: Served, browser: Browser) -> None:
    desk = await amina_at(browser, house)
    letter = await desk.served.story.note("From the clinic.", kind="letter", title="Knee clinic")
    here = change(desk, {"kind": "item", "of": letter})
    there = gone_to(await desk.send(await desk.opened(here), {"how": "always"}, "/share"))
    assert "Done. For Sam Diallo is set: Knee clinic. Shared." in done_on(await desk.opened(there))
    again = gone_to(await desk.send(await desk.opened(here), {}, "/let-see-again"))
    assert "Nothing is set any more for Sam Diallo alone: Knee clinic." in done_on(await desk.opened(again))


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ({}, "You keep this from %s: Letters."),
        ({"hidden": "yes"}, "You keep this from %s, and they do not see that you do: Letters."),
    ],
    ids=["plainly", "hidden"],
)
async def test_who_keeps_something_from_a_clinician_reads_so(
    house: Served, browser: Browser, members: dict[str, str], told: str
) -> None:
    desk = await amina_with_a_letter(browser, house)
    lind = desk.served.story.practice
    here = change(desk, LETTERS, lind)
    kept = await desk.opened(gone_to(await desk.send(await desk.opened(here), members, "/take-back")))
    [name] = re.findall(r'<span class="nhsuk-caption-l">([^<]+)</span>', (await desk.opened(here)).text)
    assert f"Done. {told % name}" in done_on(kept)
    free = await desk.opened(gone_to(await desk.send(await desk.opened(here), {}, "/let-see-again")))
    assert f"Done. You do not keep this from {name}: Letters." in done_on(free)


async def test_on_a_first_share_nothing_is_chosen_yet_and_it_is_asked_for(house: Served, browser: Browser) -> None:
    desk = await amina_with_a_letter(browser, house)
    page, before = await desk.opened(change(desk, EVERYTHING)), await house.size()
    assert re.findall(r'name="how"[^>]*>', page.text)
    assert not re.search(r'name="how"[^>]* checked', page.text)
    answer = await desk.send(page, {}, "/share")
    assert (answer.status_code, errors(answer)) == (422, {"how": "Choose when they can see it."})
    assert "directive-made/1" not in await house.said(before)


async def test_hours_that_are_the_whole_week_are_no_certain_times(house: Served, browser: Browser) -> None:
    desk = await amina_with_a_letter(browser, house)
    story = desk.served.story
    week = {"kind": "hours", "zone": "Europe/London", "days": list(range(1, 8)), "from": "00:00", "until": "23:59"}
    to_sam = {"kind": "person", "id": story.sam.person}
    await story.ledger.sharing.direct(story.amina, story.record, Directing(to_sam, LETTERS, condition=week))
    assert (await cells(desk))["Letters"] == ["Shared"]
