"""What somebody could see on a day, as the patient asks for it on pages."""

from urllib.parse import urlencode

import pytest

from api.pages import places
from tests.http.living import neighbour
from tests.http.served import Served
from tests.pages.looking import amina_at, looked
from tests.sign_in.browser import Browser

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_what_somebody_could_see_on_a_day_is_told_for_those_who_looked(house: Served, browser: Browser) -> None:
    story = house.story
    plan = await story.note("Walk every day.", kind="plan-for-carers")
    await story.share({"kind": "item", "of": plan})
    await looked(house, story.sam)
    path = places.LOOKS_AS_OF(record=story.record)
    page = await amina_at(browser, path)
    assert "Sam Diallo (Carer)" in page
    assert "Amina Diallo (" not in page
    who = f"{story.sam.person}:carer"
    page = await amina_at(browser, f"{path}?{urlencode({'who': who, 'day': '2999-12-31'})}")
    assert f'href="{places.ITEM(record=story.record, item=plan)}"' in page
    assert "You share this with them." in page
    page = await amina_at(browser, f"{path}?{urlencode({'who': who, 'day': '2020-01-01'})}")
    assert "They could not have opened your record." in page
    for wrong in ({"who": "x"}, {"who": who, "day": "never"}, {"who": f"{story.amina.person}:patient"}):
        await amina_at(browser, f"{path}?{urlencode(wrong)}", 422)


async def test_where_nobody_else_has_looked_there_is_nobody_to_choose(house: Served, browser: Browser) -> None:
    served = await neighbour(house)
    await browser.begin(served.story.amina)
    page = await browser.send("GET", places.LOOKS_AS_OF(record=served.story.record))
    assert "Nobody else has looked at your record lately, so there is nobody to choose." in page.text
    assert "<select" not in page.text
    page = await browser.send("GET", places.RECORD(record=served.story.record))
    assert "There is nothing to show you here yet." in page.text
    assert f'href="{places.ABOUT_ME(record=served.story.record)}">say what every team' in page.text
