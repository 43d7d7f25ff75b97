"""The page on which one thing is changed shows what is set, and sent as it is it changes nothing."""

from collections.abc import Mapping
from typing import Any

import pytest

from api.pages.directives import WHEN
from ledger.core.instants import parse_instant
from ledger.use_cases.sharing import Directing
from tests.http.served import Served
from tests.pages.at_work import Desk, plain
from tests.pages.crawling import post
from tests.pages.filling import Form, forms_of
from tests.pages.sharing_pages import LETTERS, amina_at, change, gone_to
from tests.sign_in.browser import Browser

pytestmark = pytest.mark.asyncio(loop_scope="module")
AT_NIGHT = {"kind": "hours", "zone": "Asia/Kolkata", "days": [2, 6, 7], "from": "22:15", "until": "06:00"}
FROM, UNTIL = parse_instant("2099-02-01T14:30:00.000Z"), parse_instant("2099-03-08T19:45:00.000Z")
SET: Mapping[str, Mapping[str, Any]] = {
    "whenever they like": {},
    "together": {"condition": {"kind": "together"}},
    "when unwell": {"condition": {"kind": "when-unwell"}},
    "at certain hours": {"condition": AT_NIGHT},
    "between two times of day": {"starts": FROM, "ends": UNTIL},
    "until a midnight": {"ends": parse_instant("2099-03-09T00:00:00.000Z")},
    "at certain hours, until some day": {"ends": UNTIL, "condition": AT_NIGHT},
    "together, until some day": {"ends": UNTIL, "condition": {"kind": "together"}},
}


async def shared(desk: Desk, **terms: Any) -> str:
    """Sam may see Amina's letters, on these terms; gives the page that changes it."""
    story = desk.served.story
    await story.note("From the clinic.", kind="letter")
    directing = Directing({"kind": "person", "id": story.sam.person}, LETTERS, "share", **terms)
    await story.ledger.sharing.direct(story.amina, story.record, directing)
    return change(desk, LETTERS)


async def the_share_form(desk: Desk, page: str) -> Form:
    answer = await desk.opened(page)
    return next(form for form in forms_of(answer.text) if form.action.endswith("/share"))


def as_it_stands(form: Form) -> list[tuple[str, str]]:
    """What a browser sends of a form that nobody has touched."""
    choices = ("radio", "checkbox")
    return [(one.name, one.value) for one in form.fields if one.type not in choices or one.ticked]


async def terms_now(desk: Desk) -> list[dict[str, Any]]:
    answer = await desk.browser.get(f"/records/{desk.record}/sharing")
    return [one["terms"] for one in answer.json()["directives"]]


@pytest.mark.parametrize("terms", SET.values(), ids=SET.keys())
async def test_what_is_set_stands_on_its_page_and_sent_as_it_is_changes_nothing(
    house: Served, browser: Browser, terms: Mapping[str, Any]
) -> None:
    desk = await amina_at(browser, house)
    page = await shared(desk, **terms)
    before = await terms_now(desk)
    sent = as_it_stands(await the_share_form(desk, page))
    assert dict(sent)["how"] == terms.get("condition", {"kind": "always"})["kind"]
    assert gone_to(await post(desk.browser, await the_share_form(desk, page), sent))
    assert await terms_now(desk) == before


async def test_who_has_set_hours_goes_on_to_the_other_choices_and_back(house: Served, browser: Browser) -> None:
    desk = await amina_at(browser, house)
    page = await shared(desk, condition=AT_NIGHT)
    others = page + "&hours=0"
    assert others.replace("&", "&amp;") in (await desk.opened(page)).text
    answer = await desk.opened(others)
    assert (page + "&hours=1").replace("&", "&amp;") in answer.text
    form = await the_share_form(desk, others)
    assert {one.value for one in form.fields if one.type == "radio"} == set(WHEN)
    assert not [one.name for one in form.fields if one.ticked]  # none of these is what is set
    refused = await post(desk.browser, form, as_it_stands(form))
    assert (refused.status_code, "Choose when they can see it." in plain(refused)) == (422, True)
    assert gone_to(await post(desk.browser, form, [*as_it_stands(form), ("how", "together")]))
    assert await terms_now(desk) == [{"from": None, "until": None, "condition": {"kind": "together"}}]


async def test_another_day_ends_at_its_midnight_whatever_time_was_set(house: Served, browser: Browser) -> None:
    desk = await amina_at(browser, house)
    form = await the_share_form(desk, await shared(desk, ends=UNTIL))
    sent = [(name, "9" if name == "until-day" else value) for name, value in as_it_stands(form)]
    assert gone_to(await post(desk.browser, form, sent))
    assert [one["until"] for one in await terms_now(desk)] == ["2099-03-10T00:00:00.000Z"]


async def test_what_was_set_is_no_instant_where_somebody_alters_the_page(house: Served, browser: Browser) -> None:
    desk = await amina_at(browser, house)
    form = await the_share_form(desk, await shared(desk, ends=UNTIL))
    sent = [(name, "soon" if name == "until-set" else value) for name, value in as_it_stands(form)]
    refused = await post(desk.browser, form, sent)
    assert (refused.status_code, "This form is not complete. Load the page again." in plain(refused)) == (422, True)


async def test_who_was_overtaken_sees_what_holds_now_and_may_choose_again(house: Served, browser: Browser) -> None:
    desk = await amina_at(browser, house)
    story = desk.served.story
    page = await shared(desk)
    overtaken = await desk.opened(page)
    replaced = (await desk.browser.get(f"/records/{desk.record}/sharing")).json()["directives"][0]["id"]
    terms = {"condition": {"kind": "together"}, "replaces": replaced}
    whom = {"kind": "person", "id": story.sam.person}
    await story.ledger.sharing.direct(story.amina, story.record, Directing(whom, LETTERS, "share", **terms))
    await story.settled()
    refused = await desk.send(overtaken, {"how": "when-unwell"}, "/share")
    assert (refused.status_code, "Something changed in between." in plain(refused)) == (422, True)
    assert gone_to(await desk.send(refused, {"how": "when-unwell"}, "/share"))
    assert [one["condition"] for one in await terms_now(desk)] == [{"kind": "when-unwell"}]
