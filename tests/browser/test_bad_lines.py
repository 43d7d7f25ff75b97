"""On a bad line, and away: what is pressed early waits, nothing is lost, nothing is sent twice, leaving is quick."""

import pytest
from playwright.sync_api import Route

from api.pages import places
from tests.browser.driver import Tab
from tests.browser.town import RECORDED, SEND, SIGNED, Town, again, fill, send

pytestmark = pytest.mark.timeout(900)  # the first test waits for everybody to come in
ELSEWHERE = "https://www.bbc.co.uk/**"


@pytest.mark.parametrize(
    ("path", "module", "needs"),
    [
        ("/invitation#secret", "invitation", "form"),
        ("/recovery", "recovery", "form"),
        ("/sign-in", "sign_in", "button"),
    ],
)
def test_what_needs_a_module_is_not_there_to_be_pressed_before_it_listens(
    town: Town, path: str, module: str, needs: str
) -> None:
    """A form that nobody listens to would be sent as an address, and the code in it would stay there."""
    with town.browser.device() as device:
        tab = town.browser.tab(device)
        tab.page.route(f"**/{module}.js", lambda route: route.abort())
        tab.go(path)
        needed = tab.page.locator(f"main {needs}[data-needs-scripts]")
        assert [one.is_visible() for one in needed.all()] == [False]
        tab.page.unroute(f"**/{module}.js")
        tab.page.reload()
        needed.wait_for()


def test_without_a_network_nothing_is_lost(amina: Tab) -> None:
    fill(amina, "When the network is back.")
    amina.page.context.set_offline(True)
    try:
        amina.press(SEND)
        assert "cannot be reached" in amina.told()
    finally:
        amina.page.context.set_offline(False)
    assert SIGNED in send(amina)


def test_an_answer_that_was_lost_leaves_one_entry(amina: Tab) -> None:
    fill(amina, "Once, whatever the network does.")
    answered: list[int] = []

    def lose(route: Route) -> None:
        answered.append(route.fetch().status)  # the service admits it
        route.abort()  # and nobody hears

    amina.page.route("**/statements", lose)
    try:
        amina.press(SEND)
        assert "cannot be reached" in amina.told()
    finally:
        amina.page.unroute("**/statements")
    assert SIGNED in send(amina)
    assert answered == [201]


@pytest.mark.parametrize("comes", [True, False], ids=["the module comes late", "the module does not come"])
def test_what_is_pressed_before_the_page_listens_waits_for_it(amina: Tab, *, comes: bool) -> None:
    amina.go("/")
    form = amina.page.get_by_role("link", name="Add to my record").get_attribute("href")
    with again(amina) as slow:
        held: list[Route] = []
        # (It takes no method of a list.)
        slow.page.route("**/forms.js", lambda route: held.append(route), times=1)  # noqa: PLW0108
        slow.page.goto(f"{slow.base}{form}", wait_until="commit")
        slow.page.get_by_label("Something I want known").check()
        slow.page.get_by_label("Your words").fill("On a slow line.")
        slow.page.get_by_role("button", name=SEND, exact=True).click()
        while not held:
            slow.page.wait_for_timeout(20)
        assert slow.page.url == f"{slow.base}{form}"
        held[0].continue_() if comes else held[0].abort()
        slow.page.wait_for_url("**?said=*")
        assert (SIGNED if comes else RECORDED) in slow.page.locator("#said").inner_text()


@pytest.mark.parametrize("how", ["the button", "the keyboard"])
def test_who_leaves_quickly_is_signed_out_and_no_way_back_tells_anything(town: Town, how: str) -> None:
    with town.at(town.bert, clean=False) as bert:
        bert.page.context.route(ELSEWHERE, lambda route: route.fulfill(body="Sunny.", content_type="text/plain"))
        bert.go("/account")
        if how == "the button":
            bert.page.get_by_role("link", name="Leave quickly").click()
        for _ in range(3 if how == "the keyboard" else 0):
            bert.page.keyboard.press("Escape")
        bert.page.wait_for_url(ELSEWHERE)
        bert.page.go_back()
        assert bert.page.get_by_role("heading", name="Your account").count() == 0
        while bert.page.request.get(bert.base + "/session").ok:  # nobody who leaves waits for the answer
            pass
        bert.page.goto(bert.base + "/account")
        assert bert.page.url == bert.base + "/sign-in"


def test_going_back_over_a_form_that_was_refused_leads_to_the_page_that_it_was_on(town: Town, amina: Tab) -> None:
    there = places.SEARCH(record=town.record)
    amina.go(there)
    amina.press("Search")
    amina.page.locator(".nhsuk-error-summary").wait_for()
    amina.page.wait_for_url(f"{town.place.base}{there}")
    heading = amina.page.locator("h1").inner_text()
    amina.go(places.RECORD(record=town.record))
    amina.page.go_back()
    assert amina.page.locator("h1").inner_text() == heading
    assert amina.page.locator(".nhsuk-error-summary").count() == 0, "the page as it was before anything was sent"
