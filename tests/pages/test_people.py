"""For administrators and registrars: registering, roles, a way in, teams, care, and leaving."""

import re

import httpx
import pytest

from api.pages import places
from ledger.saying import By
from tests.http.served import Served
from tests.pages.test_carer import send_to
from tests.sign_in.browser import Browser

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def pressed(browser: Browser, page: httpx.Response, action: str, **members: str) -> httpx.Response:
    """A form of a page, by where it is sent."""
    assert f'action="{action}"' in page.text, re.findall(r'action="([^"]+)"', page.text)
    return await send_to(browser, page, action, **members)


async def test_somebody_is_registered_given_a_role_invited_and_leaves(house: Served, browser: Browser) -> None:
    await browser.begin(house.story.ada)
    form = await browser.get(places.NEW_PERSON())
    answer = await pressed(browser, form, "/forms/staff/people", name="Dr Tom Hale", nhs_number="")
    assert answer.status_code == 303
    address = answer.headers["location"]
    person = address.rsplit("/", 1)[1]
    page = await browser.get(address)
    assert "Dr Tom Hale" in page.text
    assert "No role." in page.text
    roles = f"/forms/staff/people/{person}/roles"
    assert (await pressed(browser, page, roles, role="clinician")).status_code == 303
    page = await browser.get(address)
    assert "<strong>Clinician</strong>" in page.text
    shown = await pressed(browser, page, f"/forms/staff/people/{person}/invite")
    assert shown.status_code == 200
    assert re.search(r"/invitation#[A-Za-z0-9_-]{20,}", shown.text)
    assert re.search(r'class="digits">[A-Z0-9-]{8,}<', shown.text)
    leaving = await browser.get(places.LEAVING(person=person))
    gone = await pressed(browser, leaving, f"/forms/staff/people/{person}/leave")
    assert "They have left" in gone.text
    assert "No role." in gone.text


async def test_a_role_that_takes_two_waits_for_the_second(house: Served, browser: Browser) -> None:
    story = house.story
    await browser.begin(story.ada)
    address = places.PERSON(person=story.sam.person)
    roles = f"/forms/staff/people/{story.sam.person}/roles"
    await pressed(browser, await browser.get(address), roles, role="auditor")
    page = await browser.get(address)
    assert "Waits for a second administrator" in page.text
    approve = f"{roles}/auditor/approve"
    refused = await pressed(browser, page, approve)
    assert refused.status_code == 422
    assert "There is a problem" in refused.text
    await browser.begin(By(story.bert.person, "administrator"))
    await pressed(browser, await browser.get(address), approve)
    assert "Waits for a second administrator" not in (await browser.get(address)).text


async def test_a_team_is_formed(house: Served, browser: Browser) -> None:
    await browser.begin(house.story.ada)
    page = await browser.get(places.TEAMS())
    assert (await pressed(browser, page, "/forms/staff/teams", name="Evening team", profile="")).status_code == 303
    assert "Evening team" in (await browser.get(places.TEAMS())).text


@pytest.mark.parametrize("place", [places.PEOPLE(), places.TEAMS(), places.CARE()])
async def test_names_are_for_staff_alone(house: Served, browser: Browser, place: str) -> None:
    for by in (house.story.amina, house.story.okafor, house.story.sam):
        await browser.begin(by)
        answer = await browser.get(place)
        assert answer.status_code == 403
        assert "Dr Okafor" not in answer.text


async def test_who_needs_no_role_is_not_shown_to_lack_one(house: Served, browser: Browser) -> None:
    await browser.begin(house.story.ada)
    listed = re.findall(
        r'<tr role="row">\s*<th scope="row".*?</tr>', (await browser.get(places.PEOPLE())).text, re.DOTALL
    )
    without = [row for row in listed if "No role" in row]
    assert without
    for row in without:
        assert '<td role="cell"><span class="nhsuk-u-visually-hidden">No role</span></td>' in row
