"""Every page of a full ledger, as everybody who may open it, holds to what pages are held to (``looking.py``).

To see what fails: ``python -m tests.browser.walk --screenshots DIR``.
"""

from collections.abc import Iterator

import pytest

from tests.browser.demonstration import demonstration
from tests.browser.driver import chromium
from tests.browser.walk import Walk, every_place, told
from tests.postgres_fixture import home_in_memory

pytestmark = pytest.mark.timeout(900)

WITHOUT_A_LINK = {
    "/again": "whoever signed in long ago is led there from a page that asks for it",
    "/questions/{record}/{question}": "who is asked in the demonstration and did not answer yet is none of its people",
    "/record/{record}/c/a": "nobody of the demonstration has said yet what matters to them",
    "/record/{record}/d/g": "a form leads there, once everything was stopped",
    "/record/{record}/h/{item}/b": "no wish of the demonstration has a second version",
    "/record/{record}/m/done": "a form leads there, once",
    "/record/{record}/o/{emergency}": "a form leads there, once an emergency was opened",
    "/staff/who": "a form leads there, with a name that is looked for",
}
"""Pages to which no link leads, each with the reason."""


@pytest.fixture(scope="module")
def walked() -> Iterator[Walk]:
    with home_in_memory() as home, demonstration(home) as place, chromium(place.base) as browser:
        walk = Walk(browser, place)
        walk.everybody()
        yield walk


def test_every_page_holds_at_every_width_by_keyboard_without_scripts_and_for_axe(walked: Walk) -> None:
    assert not walked.findings, told(walked.findings)


def test_somebody_comes_by_links_to_every_page_that_there_is(walked: Walk) -> None:
    never = every_place() - {place.partition("?")[0] for place in walked.places()}
    assert never == WITHOUT_A_LINK.keys()
