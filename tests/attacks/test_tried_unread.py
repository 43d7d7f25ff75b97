"""Whatever somebody tries, however malformed: who reads the trail is shown on its pages that they tried, and what."""

from urllib.parse import urlencode

import pytest

from api.pages import places
from ledger.saying import By
from tests.http.served import Served, statement_id
from tests.pages.at_work import OWN_PAGE, Desk, a_patient_of_their_own, plain
from tests.pages.test_audit import a_case, rows
from tests.sign_in.browser import Browser
from tests.sign_in.conftest import browser, house

__all__ = ["browser", "house"]
pytestmark = pytest.mark.asyncio(loop_scope="module")


async def tried_on_a_page(desk: Desk, by: By) -> None:
    await desk.sit(by)
    token = (await desk.browser.get("/session")).json()["csrf"]
    form = urlencode({"csrf": token, "statement": statement_id(), "text": "x"})
    path = f"/forms/record/{desk.record}/item/none/comment"
    answer = await desk.browser.send("POST", path, content=form, headers=OWN_PAGE)
    assert answer.status_code == 422, plain(answer)


async def test_no_malformed_try_keeps_an_auditor_from_reading_the_trail(house: Served, browser: Browser) -> None:
    desk = await a_patient_of_their_own(browser, house)
    story = desk.served.story
    case, stranger = await a_case(desk), By(story.moss.person, "carer")
    begun = await house.size()
    answer = await (await house.sign_in(stranger)).post(f"/records/{desk.record}/items", kind="note")
    assert answer.status_code == 422
    await tried_on_a_page(desk, story.moss)
    tried = [one for one in await story.ledger.read(begun, 50) if one.type == "attempt-refused/1"]
    form = "/forms/record/{record}/item/{item}/comment"
    assert [one.facts["type"] for one in tried] == ["items.add", form]
    await desk.sit(story.ruth)
    listed = await desk.opened(places.AUDIT_TRAIL(case=case))
    for one in tried:
        assert one.facts["attempt"] in rows(listed)
        full = await desk.opened(places.AUDIT_LOOK(case=case, record=desk.record, disclosure=one.facts["attempt"]))
        for page in (listed, full):
            assert f"Sent something that cannot be recorded: {one.facts['type']}" in plain(page)
