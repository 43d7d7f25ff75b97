"""Going back over a form that was refused: nothing is sent again, and no page of the browser itself is in the way."""

import pytest

from api.pages import places
from tests.browser.town import Town

pytestmark = pytest.mark.timeout(900)  # the first test waits for everybody to come in


def test_going_back_over_a_form_that_was_refused_leads_to_the_page_that_it_was_on(town: Town) -> None:
    with town.at(town.amina, clean=False) as tab:
        there = places.SEARCH(record=town.record)
        tab.go(there)
        tab.press("Search")
        tab.page.locator(".nhsuk-error-summary").wait_for()
        tab.page.wait_for_url(f"{town.place.base}{there}")
        heading = tab.page.locator("h1").inner_text()
        tab.go(places.RECORD(record=town.record))
        tab.page.go_back()
        assert tab.page.locator("h1").inner_text() == heading
        assert tab.page.locator(".nhsuk-error-summary").count() == 0, "the page as it was before anything was sent"
