"""Who can see what in a real browser: each share takes the passkey once, taking back never, and all of it is signed."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Route

from tests.browser.driver import Tab
from tests.browser.town import Town, sign_in

pytestmark = pytest.mark.timeout(900)  # the first test waits for everybody to come in

_GET = "async (path) => (await fetch(path)).json()"


@pytest.fixture(scope="module")
def amina(town: Town) -> Iterator[Tab]:
    """Amina's own device, and Grace, whom she has named her carer in the pages."""
    with town.browser.device() as device, town.carrying(town.amina, device) as tab:
        sign_in(tab)
        tab.post(f"/records/{town.record}/items", {"kind": "contribution", "text": "I slept better."})
        new_carer(tab, town, "Grace Adeyemi", "neighbour")
        yield tab
        tab.assert_clean()


def new_carer(tab: Tab, town: Town, name: str, relation: str) -> None:
    tab.go(f"/record/{town.record}/d/e")
    tab.page.get_by_label("Their name").fill(name)
    tab.press("Continue")
    tab.page.get_by_label("How are they related to you?").fill(relation)
    tab.press("Name them as my carer")
    tab.page.wait_for_url("**/d/e?person=*")
    tab.press("Show the link and the code")
    assert "/invitation#" in tab.page.locator("p.digits").first.inner_text()


def asked(tab: Tab) -> int:
    """How often the authenticator has been asked until now."""
    [held] = tab.credentials()
    return int(held["signCount"])


def carer(tab: Tab, town: Town) -> str:
    """The address of the carer's page."""
    tab.go(f"/record/{town.record}/d")
    return str(tab.page.get_by_role("link", name="Grace Adeyemi", exact=True).first.get_attribute("href"))


def said(tab: Tab, newest: int) -> list[tuple[str, str]]:
    """What was said last in Amina's name, and who signed it."""
    told: dict[str, Any] = tab.page.evaluate(_GET, f"/people/{tab.person()}/statements?limit={newest}")
    return [(one["type"], one["custody"]) for one in told["statements"]]


def test_naming_somebody_took_one_signature_and_they_see_nothing_yet(amina: Tab, town: Town) -> None:
    assert said(amina, 1) == [("carer-named/1", "author")]
    amina.go(carer(amina, town))
    shown = amina.page.locator("main").inner_text()
    assert "neighbour" in shown
    assert not re.search(r"^Shared", shown, re.MULTILINE)


def test_everything_but_what_is_ticked_takes_the_passkey_once(amina: Tab, town: Town) -> None:
    amina.go(carer(amina, town))
    amina.page.get_by_role("link", name=re.compile("Set it in a few words")).click()
    amina.page.get_by_role("link", name="Everything except what I tick").click()
    amina.page.get_by_label("Own entries").check()
    amina.press("See what this does")
    before = asked(amina)
    amina.press("Do this now")
    amina.page.wait_for_url("**?done=*")
    assert asked(amina) - before == 1
    assert said(amina, 2) == [("directive-made/1", "author"), ("directive-made/1", "service")]


def test_a_preset_of_several_steps_signs_each_and_asks_once_for_its_one_share(amina: Tab, town: Town) -> None:
    person = carer(amina, town).rpartition("/")[2]
    amina.go(f"/record/{town.record}/d/b?to={person}&a=m")
    before = asked(amina)
    amina.press("Do this now")
    amina.page.wait_for_url("**?done=*")
    assert asked(amina) - before == 1
    assert said(amina, 2) == [("directive-made/1", "author"), ("directive-withdrawn/1", "author")]


def test_taking_back_freezing_and_stopping_ask_for_nothing(amina: Tab, town: Town) -> None:
    here = carer(amina, town)
    before = asked(amina)
    amina.go(here)
    amina.page.locator("dt", has_text="Medicines").locator("+ dd").get_by_role("link").click()
    amina.press("Do not share this")
    amina.page.wait_for_url("**?done=*")
    amina.go(here)
    amina.press("Freeze")
    amina.page.wait_for_url("**?done=*")
    amina.press("Stop for now")
    amina.page.get_by_role("button", name="Let them in again").wait_for()
    amina.go(f"/record/{town.record}/d/f")
    amina.press("Stop all sharing now")
    amina.page.wait_for_url("**/d?done=*")
    assert asked(amina) == before
    assert said(amina, 4) == [
        ("sharing-stopped/1", "author"),
        ("carer-suspended/1", "author"),
        ("sharing-frozen/1", "author"),
        ("directive-withdrawn/1", "author"),
    ]


def test_looking_together_counts_down_and_ends_at_once(amina: Tab, town: Town) -> None:
    amina.go(carer(amina, town))
    amina.press("Let them in again")
    amina.page.get_by_role("button", name="Stop for now").wait_for()
    amina.go(f"/record/{town.record}/f")
    before = asked(amina)
    amina.press("Start now")
    amina.page.locator(".countdown", has_text=re.compile(r"1[45]:\d\d")).wait_for()
    assert asked(amina) - before == 1
    with amina.page.expect_navigation():
        amina.press("End now")
    assert amina.page.locator(".countdown").count() == 0
    assert said(amina, 2) == [("together-ended/1", "author"), ("together-started/1", "author")]


def test_what_is_wrong_is_shown_in_the_page_and_the_words_stay(amina: Tab, town: Town) -> None:
    amina.go(carer(amina, town))
    amina.page.locator("dd").get_by_role("link", name="Own entries").click()
    amina.page.get_by_role("link", name="Share only at certain hours of the week").click()
    amina.page.get_by_label("From what time?").fill("nine")
    amina.press("Share")
    amina.page.get_by_role("alert").wait_for()
    assert amina.page.get_by_label("From what time?").input_value() == "nine"
    assert "Choose at least one day." in amina.page.get_by_role("alert").inner_text()
    amina.complaints.clear()  # a browser's console tells of every page of status 422


def test_a_service_that_turns_a_choice_round_gets_no_signature(amina: Tab, town: Town) -> None:
    before = said(amina, 1)
    amina.go(f"/record/{town.record}/d/c")
    amina.page.get_by_label("Tell me in person first").check()

    def lie(route: Route) -> None:
        answer = route.fetch()
        draft = answer.json()
        draft["sign"]["facts"]["wish"] = "at-once"
        route.fulfill(response=answer, json=draft)

    amina.page.route("**/results-wish", lie)
    amina.page.get_by_role("button", name="Save").first.click()
    assert "something else than this page says" in amina.told()
    assert said(amina, 1) == before
    amina.page.unroute("**/results-wish")
    amina.page.get_by_role("button", name="Save").first.click()
    amina.page.wait_for_url("**?done=*")
    assert said(amina, 1) == [("results-wish-stated/1", "author")]
