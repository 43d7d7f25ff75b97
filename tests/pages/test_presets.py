"""Presets: a few words for one carer, shown step by step before they are carried out."""

import re
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from api.pages import places
from api.pages.sharing_words import code_of
from ledger.core.high_stakes import HIGH_STAKES
from ledger.saying import By, Sentence
from tests.http.served import Served
from tests.pages.at_work import OWN_PAGE, Desk, plain
from tests.pages.sharing_pages import (
    EVERYTHING,
    HIDDEN,
    LETTERS,
    amina_at,
    gone_to,
    seen_by_sam,
)
from tests.sign_in.browser import Browser

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def drafted(desk: Desk, page: httpx.Response, to: str) -> tuple[list[str], str]:
    """A form as the page's module sends it: what it is given to sign is said, until it is led on."""
    [(action, inside)] = [
        one for one in re.findall(r'action="(/forms/[^"]+)"[^>]*>(.*?)</form>', page.text, re.DOTALL) if to in one[0]
    ]
    signed: list[str] = []
    members = HIDDEN.findall(inside)
    while True:
        answer = await desk.browser.send(
            "POST", action, content=urlencode(members), headers={**OWN_PAGE, "x-signing": "draft"}
        )
        told = answer.json()
        if "goto" in told:
            return signed, told["goto"]
        said, amina = told["sign"], desk.served.story.amina
        by = By(amina.person, "patient", told["id"])
        await desk.served.story.ledger._speaker.say(Sentence(by, said["type"], said["facts"], said["words"]))
        signed.append(said["type"])


async def test_a_preset_is_shown_in_words_and_its_shares_alone_take_the_passkey(
    house: Served, browser: Browser
) -> None:
    desk = await amina_at(browser, house)
    story, sam = desk.served.story, desk.served.story.sam.person
    for kind in ("note", "letter", "medicine"):
        await story.note(f"A {kind}.", kind=kind)
    await story.share(LETTERS)
    of = [code_of(LETTERS), code_of({"kind": "kind", "of": "note"})]
    query: dict[str, Any] = {"to": sam, "a": "e", "ticked": "1", "of": of}
    page = await desk.opened(places.SHARING_PRESET(query, record=desk.record))
    assert "Sam Diallo will not see: Letters Sam Diallo will not see: Notes Sam Diallo will see: Everything" in plain(
        page
    )
    before = await house.size()
    signed, goto = await drafted(desk, page, "/preset")
    assert signed == ["directive-made/1"]
    assert [one for one in await house.said(before) if one != "disclosure-made/1"] == ["directive-made/1"] * 3
    assert goto.startswith(places.SHARING_PERSON(record=desk.record, person=sam))
    assert "Done. What Sam Diallo can see is as you chose. It stands below." in plain(await desk.opened(goto))
    assert await seen_by_sam(desk) == {"A medicine."}
    page = await desk.opened(places.SHARING_PRESET({"to": sam, "a": "m"}, record=desk.record))
    signed, _goto = await drafted(desk, page, "/preset")
    assert [one for one in signed if one in HIGH_STAKES] == ["directive-made/1"]
    assert "There is nothing to change." in plain(
        await desk.opened(places.SHARING_PRESET({"to": sam, "a": "m"}, record=desk.record))
    )


async def test_a_preset_without_scripts_is_carried_out_at_once(house: Served, browser: Browser) -> None:
    desk = await amina_at(browser, house)
    story, sam = desk.served.story, desk.served.story.sam.person
    for kind in ("note", "plan-for-carers"):
        await story.note(f"A {kind}.", kind=kind)
    await story.share(EVERYTHING)
    choose = await desk.opened(places.SHARING_PRESET({"to": sam}, record=desk.record))
    assert "The plan, not the details" in plain(choose)
    page = await desk.opened(places.SHARING_PRESET({"to": sam, "a": "p"}, record=desk.record))
    assert gone_to(await desk.send(page, {}, "/preset"))
    assert await seen_by_sam(desk) == {"A plan-for-carers."}
