"""Cases, for administrators and privacy officers: assigned to an auditor, and closed."""

import re

import pytest

from api.pages import places
from tests.pages.at_work import Desk, errors, plain
from tests.pages.test_audit import a_case, desk

pytestmark = pytest.mark.asyncio(loop_scope="module")
__all__ = ["desk"]


async def test_an_administrator_assigns_a_case_and_closes_it(desk: Desk) -> None:
    story = desk.served.story
    await desk.sit(story.ada)
    page = await desk.opened(places.CASES())
    assert f'<option value="{story.ruth.person}">Ruth Abara</option>' in page.text
    filled = {"auditor": story.ruth.person, "record": desk.record, "reason": "A complaint about May."}
    before = await desk.served.size()
    for _twice in range(2):
        assert (await desk.send(page, filled, "/staff/cases")).headers["location"] == places.CASES()
    assert (await desk.served.said(before)).count("case-assigned/2") == 1
    listed = await desk.opened(places.CASES())
    assert "A complaint about May" not in listed.text
    newest = re.findall(r'href="(/staff/cases/[0-9a-f-]+/[0-9a-f-]+)"', listed.text)[0]
    closing = await desk.opened(newest)
    assert desk.record in plain(closing)
    assert (await desk.send(closing, {}, "/close")).headers["location"] == places.CASES()
    assert newest not in (await desk.opened(places.CASES())).text
    await desk.opened(newest, status=404)


@pytest.mark.parametrize(
    ("members", "field", "message"),
    [
        ({"auditor": ""}, "auditor", "Choose an auditor."),
        ({"record": ""}, "record", "Say what the case is about"),
        ({"record": "Amina"}, "record", "This is not an id."),
        ({"reason": " "}, "reason", "Write why this is looked into."),
        ({"since-day": "3", "since-month": "5", "since-year": "2026"}, "last", "A period has a first and a last day."),
        ({"since": "2026-05-03", "last": "2026-05-01"}, "last", "The last day is before the first."),
        ({"until-day": "x"}, "until", "This is not a day."),
    ],
)
async def test_what_a_case_lacks_is_said_beside_its_field(
    desk: Desk, members: dict[str, str], field: str, message: str
) -> None:
    story = desk.served.story
    await desk.sit(story.ada)
    page, before = await desk.opened(places.CASES()), await desk.served.size()
    good = {"auditor": story.ruth.person, "record": desk.record, "reason": "A complaint."}
    answer = await desk.send(page, {**good, **members}, "/staff/cases")
    assert answer.status_code == 422
    assert errors(answer)[field].startswith(message)
    assert "case-assigned/2" not in await desk.served.said(before)


async def test_a_privacy_officer_sees_cases_without_names(desk: Desk) -> None:
    await a_case(desk)
    await desk.sit(desk.served.story.greta)
    page = await desk.opened(places.CASES())
    assert desk.served.story.ruth.person in page.text
    assert "Ruth Abara" not in page.text


async def test_a_privacy_officer_tells_auditors_apart_by_what_they_have_to_do(desk: Desk) -> None:
    story = desk.served.story
    await a_case(desk)
    await desk.sit(story.greta)
    choices = dict(
        re.findall(r'<option value="([0-9a-f-]{36})">([^<]+)</option>', (await desk.opened(places.CASES())).text)
    )
    ruth = choices[story.ruth.person]
    assert re.fullmatch(
        rf"Person {story.ruth.person[:4]}…, with (a case|\d+ cases, the newest) of [^:]+: {story.ruth.person}", ruth
    )
