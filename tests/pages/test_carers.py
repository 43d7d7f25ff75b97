"""Carers: Amina names them, shows them how to come in, freezes and stops what they see, and ends that they are."""

import re

import pytest

from api.pages import places
from tests.http.served import Served
from tests.pages.at_work import plain
from tests.pages.sharing_pages import (
    EVERYTHING,
    HIDDEN,
    amina_at,
    cells,
    errors,
    gone_to,
)
from tests.sign_in.browser import Browser

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_carer_is_frozen_stopped_let_in_again_and_ended(house: Served, browser: Browser) -> None:
    desk = await amina_at(browser, house)
    story, sam = desk.served.story, desk.served.story.sam.person
    await story.note("Slept well.")
    await story.share(EVERYTHING)
    person = places.SHARING_PERSON(record=desk.record, person=sam)
    for act, words, done in (
        ("/freeze", "Frozen: nothing new", "Sam Diallo keeps what they could see, and sees nothing new."),
        ("/suspend", "Stopped for now Was: Shared", "Sam Diallo sees nothing of your record until you let them in"),
        ("/unfreeze", "Stopped for now Was: Shared", "Sam Diallo sees what is new as well."),
        ("/restore", "Shared", "Sam Diallo sees again what you share with them."),
    ):
        page = await desk.opened(person)
        there = gone_to(await desk.send(page, {}, act))
        assert there.startswith(person + "?done=")
        assert f"Done. {done}" in plain(await desk.opened(there))
        assert words in (await cells(desk))["Everything without a sensitive topic"][0], act
    page = await desk.opened(places.SHARING_END(record=desk.record, person=sam))
    ended = plain(await desk.opened(gone_to(await desk.send(page, {}, "/end"))))
    assert "Done. Sam Diallo is not your carer any more." in ended
    assert "You share your record with nobody." in ended
    assert (await desk.browser.get(person)).status_code == 404


async def test_somebody_new_is_registered_once_named_and_shown_how_to_come_in(house: Served, browser: Browser) -> None:
    desk = await amina_at(browser, house)
    page, before = await desk.opened(places.SHARING_NEW_PERSON(record=desk.record)), await house.size()
    assert (await desk.send(page, {"name": " "}, "/new-carer")).status_code == 422
    first, again = [await desk.send(page, {"name": "Grace Adeyemi"}, "/new-carer") for _ in range(2)]
    assert first.status_code == again.status_code == 200
    named = [dict(HIDDEN.findall(one.text))["person"] for one in (first, again)]
    assert (named[0], (await house.said(before)).count("person-registered/1")) == (named[1], 1)
    refused = await desk.send(first, {"relation": ""}, "/carers/name")
    assert errors(refused) == {"relation": "Write how they are related to you, such as son or neighbour."}
    there = gone_to(await desk.send(refused, {"relation": "neighbour"}, "/carers/name"))
    ready = await desk.opened(there)
    assert "Grace Adeyemi is now your carer" in plain(ready)
    shown = await desk.send(ready, {}, "/carers/invite")
    [link, code] = re.findall(r'<p class="digits">([^<]+)</p>', shown.text)
    assert "/invitation#" in link
    assert len(code) >= 9
    assert link not in (await desk.send(ready, {}, "/carers/invite")).text
    told = await desk.opened(places.SHARING(record=desk.record))
    assert "Grace Adeyemi" in plain(told)
    assert "neighbour" in plain(told)


async def test_who_was_a_carer_before_is_named_again(house: Served, browser: Browser) -> None:
    desk = await amina_at(browser, house)
    story = desk.served.story
    await story.ledger.care.end_carer(story.amina, story.record, story.sam.person)
    page = await desk.opened(places.SHARING_NEW_PERSON(record=desk.record))
    named = await desk.send(page, {}, "/carers/again")
    assert "Name Sam Diallo as your carer" in plain(named)
    there = gone_to(await desk.send(named, {"relation": "son"}, "/carers/name"))
    assert there.startswith(places.SHARING_PERSON(record=desk.record, person=story.sam.person))
    assert "Done. Sam Diallo is your carer now." in plain(await desk.opened(there))
