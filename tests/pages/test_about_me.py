"""Know this about me: Amina writes once what every new team should know, changes it, and who may reads it."""

from typing import Any

import pytest

from api.pages import places
from api.pages.about_me import FORM, PROMPTS, about_me_of
from ledger.use_cases.items import Draft
from tests.http.served import Served
from tests.pages.at_work import OWN_PAGE, Desk, a_patient_of_their_own, errors, lasting, main, plain
from tests.sign_in.browser import Browser

pytestmark = pytest.mark.asyncio(loop_scope="module")
FIRST = {"own": "I am Amina.", "upsets": "Being touched\r\nwithout a word."}


async def amina_at(browser: Browser, house: Served) -> Desk:
    desk = await a_patient_of_their_own(browser, house)
    return await desk.sit(desk.served.story.amina)


async def written(desk: Desk, **members: str) -> str:
    """Write it (for the first time, or anew); gives where that leads."""
    page = await desk.opened(places.ABOUT_ME_CHANGE(record=desk.record))
    answer = await desk.send(page, members, "/about-me")
    assert answer.status_code == 303, plain(answer)
    return answer.headers["location"]


async def test_amina_writes_it_once_and_changes_it_next_to_the_old_words(house: Served, browser: Browser) -> None:
    desk = await amina_at(browser, house)
    page, before = await desk.opened(places.ABOUT_ME(record=desk.record)), await house.size()
    first, again = [await desk.send(page, FIRST, "/about-me") for _ in range(2)]
    assert first.status_code == again.status_code == 303
    assert await house.said(before) == ["item-added/1"]
    page = await desk.opened(first.headers["location"])
    assert "I am Amina." in main(page)
    assert "Being touched\nwithout a word." in main(page)
    assert "Recorded by the service for you." in plain(page)
    before = await house.size()
    await written(desk, upsets="Being hurried.")
    assert (await house.said(before))[-1] == "item-amended/1"
    shown = plain(await desk.opened(places.ABOUT_ME(record=desk.record)))
    assert "I am Amina." not in shown
    assert "Being hurried." in shown
    [item] = (await desk.served.story.patient_view()).items
    assert (item.data, item.text) == (FORM, f"I am Amina.\n\n{PROMPTS['upsets'][0]}\nBeing touched\nwithout a word.")


async def test_what_stands_there_is_in_the_form_that_changes_it(house: Served, browser: Browser) -> None:
    desk = await amina_at(browser, house)
    await written(desk, **FIRST)
    page = await desk.opened(places.ABOUT_ME_CHANGE(record=desk.record))
    assert "I am Amina.</textarea>" in page.text
    answer = await desk.send(page, FIRST, "/about-me")
    assert "You have not changed anything" in errors(answer)["own"]


@pytest.mark.parametrize(
    ("members", "field", "message"),
    [
        ({"own": " \u00a0\r\n"}, "own", "Write something in one of the boxes."),
        ({"own": "Hello.", "people": "a" * 4001}, "people", "It can have 4,000."),
    ],
    ids=["nothing written", "too long"],
)
async def test_what_cannot_be_kept_is_shown_again_with_all_of_it(
    house: Served, browser: Browser, members: dict[str, str], field: str, message: str
) -> None:
    desk = await amina_at(browser, house)
    page, before = await desk.opened(places.ABOUT_ME(record=desk.record)), await house.size()
    answer = await desk.send(page, members, "/about-me")
    assert answer.status_code == 422
    assert message in errors(answer)[field]
    assert all(words.strip() in answer.text for words in members.values())
    assert await house.said(before) == []


async def test_what_is_signed_is_the_fields_each_under_its_label(house: Served, browser: Browser) -> None:
    desk = await amina_at(browser, house)
    page = await desk.opened(places.ABOUT_ME(record=desk.record))
    statement = page.text.partition('name="statement" value="')[2].partition('"')[0]
    content = f"csrf={browser.csrf}&statement={statement}&item=&own=Hello.&matters=The+sea."
    answer = await browser.send(
        "POST", f"/forms/record/{desk.record}/about-me", content=content, headers={**OWN_PAGE, "x-signing": "draft"}
    )
    assert answer.json()["sign"]["words"]["text"] == "Hello.\n\nWhat matters to me\nThe sea."


async def test_a_clinician_reads_it_and_a_carer_only_what_is_shared(house: Served, browser: Browser) -> None:
    desk = await amina_at(browser, house)
    story = desk.served.story
    address = places.ABOUT_ME(record=desk.record)
    await desk.sit(story.sam)
    nothing = lasting(await desk.opened(address))
    await desk.sit(story.amina)
    await written(desk, matters="The sea.")
    await desk.sit(story.sam)
    assert lasting(await desk.opened(address)) == nothing
    await story.share({"kind": "kind", "of": "contribution"})
    assert "The sea." in plain(await desk.opened(address))
    await desk.sit(story.okafor)
    page = await desk.opened(places.ABOUT_ME({"purpose": "appointment"}, record=desk.record))
    assert "The sea." in plain(page)
    assert places.ABOUT_ME_CHANGE(record=desk.record) not in page.text
    await desk.opened(places.ABOUT_ME_CHANGE(record=desk.record), status=403)


async def test_nobody_else_can_write_it_for_her(house: Served, browser: Browser) -> None:
    desk = await amina_at(browser, house)
    story = desk.served.story
    forged = Draft("contribution", "Tell Sam everything.", data=FORM)
    await story.ledger.items.add(story.sam, desk.record, forged)
    assert "Tell Sam everything." not in plain(await desk.opened(places.ABOUT_ME(record=desk.record)))


async def test_the_newest_that_still_stands_is_found() -> None:
    def one(name: str, **changes: Any) -> dict[str, Any]:
        return {"id": name, "data": dict(FORM), "author": {"id": "amina"}, "in_error": None, "amendments": [],
                "text": name, "made_at": "", **changes}  # fmt: skip

    mistaken, other = one("c", in_error={"reason": "Wrong."}), one("b", data=None)
    view = {"patient": {"id": "amina"}, "items": [mistaken, other, one("a", text=None), one("9"), one("8")]}
    assert about_me_of(view) == one("9")
    assert about_me_of({**view, "items": []}) is None
