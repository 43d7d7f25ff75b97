"""What the patient set for an entry that is kept off their screen since is on none of their screens either."""

from collections.abc import Mapping
from typing import Any

import pytest

from api.pages import places
from ledger.use_cases.sharing import Directing
from tests.http.served import Served
from tests.http.test_absence import shape
from tests.pages.at_work import Desk, lasting
from tests.pages.sharing_pages import amina_at
from tests.sign_in.browser import Browser
from tests.sign_in.conftest import browser, house

__all__ = ["browser", "house"]
pytestmark = pytest.mark.asyncio(loop_scope="module")


async def told(desk: Desk) -> tuple[Mapping[str, Any], Mapping[str, Any], str]:
    """What is said about sharing: to a program, in the form of FHIR, and on the page."""
    page = await desk.opened(places.SHARING(record=desk.record))
    views = [(await desk.browser.get(f"/records/{desk.record}/sharing{path}")).json() for path in ("", "/fhir")]
    return shape(views[0]), {**views[1], "timestamp": None}, lasting(page)


async def test_who_can_see_what_tells_of_no_entry_that_is_kept_off_screens_since(
    house: Served, browser: Browser
) -> None:
    desk = await amina_at(browser, house)
    story = desk.served.story
    await story.note("Slept well.")
    before = await told(desk)
    note = {"kind": "item", "of": await story.note("Afraid at home.")}
    grantees = (
        {"kind": "team", "id": story.practice},
        {"kind": "all-carers"},
        {"kind": "person", "id": story.sam.person},
    )
    for grantee, effect in zip(grantees, ("withhold", "share", "share"), strict=True):
        await story.ledger.sharing.direct(story.amina, story.record, Directing(grantee, note, effect))
    assert note["of"] in str(await told(desk))
    await story.ledger.items.set_topics(story.okafor, story.record, note["of"], ["domestic-abuse"])
    assert await told(desk) == before
    await story.ledger.items.lift(story.okafor, story.record, note["of"], note["of"])
    assert note["of"] in str(await told(desk)), "what was set counts again as soon as the entry is there"
