"""Who: administrators find people and teams by name, and choose them for teams, care and cases; no id is copied."""

import html
import re

import httpx
import pytest

from api.pages import places, who
from tests.http.served import Served
from tests.pages.at_work import Desk, a_patient_of_their_own, main, plain
from tests.sign_in.browser import Browser

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def ada_at(browser: Browser, house: Served) -> Desk:
    desk = await a_patient_of_their_own(browser, house)
    return await desk.sit(desk.served.story.ada)


async def looked_for(desk: Desk, path: str, name: str, purpose: str, within: str = "") -> httpx.Response:
    """What is found by a name, from the form of a page that is for this purpose."""
    page = await desk.opened(path)
    form = next(one for one in main(page).split("<form")[1:] if f'value="{purpose}"' in one and within in one)
    hidden = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form))
    return await desk.found(_only(hidden), {"name": name}, "/who")


async def further(desk: Desk, page: httpx.Response) -> httpx.Response:
    """What is found where a page says that there is more to look through."""
    form = next(one for one in main(page).split("<form")[1:] if "Look further" in one)
    hidden = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form))
    return await desk.found(_only(hidden), {}, "/who")


def _only(hidden: dict[str, str]) -> httpx.Response:
    """A page with one form, of these hidden fields."""
    fields = "".join(f'<input type="hidden" name="{name}" value="{value}">' for name, value in hidden.items())
    return httpx.Response(200, text=f'<form method="post" action="/forms/staff/who">{fields}</form>')


def found(page: httpx.Response) -> dict[str, str]:
    """Those found: where each leads, by name."""
    pairs = re.findall(r'<h2><a href="([^"]+)"><span dir="auto">([^<]+)</span></a></h2>', main(page))
    return {html.unescape(name): html.unescape(href) for href, name in pairs}


async def test_somebody_is_found_by_how_a_word_of_their_name_begins_and_it_is_written_down(
    house: Served, browser: Browser
) -> None:
    desk = await ada_at(browser, house)
    before = await desk.served.size()
    page = await looked_for(desk, places.PEOPLE(), "okaf", "person")
    assert found(page)["Dr Okafor"] == places.PERSON(person=desk.served.story.okafor.person)
    assert "Clinician" in plain(page)
    assert "okaf" not in str(page.url), "what is looked for stands in no address"
    assert set(await desk.served.said(before)) == {"directory-read/1"}


@pytest.mark.parametrize(("name", "status", "words"), [("", 422, "Write a name"), ("Nobody", 200, "Nobody here has")])
async def test_a_name_that_nobody_has_and_none_at_all(
    house: Served, browser: Browser, name: str, status: int, words: str
) -> None:
    desk = await ada_at(browser, house)
    page = await looked_for(desk, places.PEOPLE(), name, "person")
    assert page.status_code == status
    assert words in plain(page)


async def test_a_long_directory_is_looked_through_in_parts_and_misses_nobody(
    house: Served, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = await ada_at(browser, house)
    monkeypatch.setattr(who, "LOOKED_THROUGH", 1)
    story = desk.served.story
    await story.ledger.people.register(story.ada, "Zacharias First")
    for number in range(who.LOOKED_THROUGH * 25):
        await story.ledger.people.register(story.ada, f"Person {number}")
    page = await looked_for(desk, places.PEOPLE(), "zach", "person")
    assert "Nobody so far" in plain(page)
    for _further in range(20):
        if found(page):
            break
        page = await further(desk, page)
    assert list(found(page)) == ["Zacharias First"]


async def test_somebody_is_put_into_a_team_by_name_once(house: Served, browser: Browser) -> None:
    desk = await ada_at(browser, house)
    story = desk.served.story
    team = (await story.ledger.people.form_team(story.ada, "Night team")).facts["team"]
    page = await looked_for(desk, places.TEAMS(), "lind", "team", team)
    before = await desk.served.size()
    for _twice in range(2):
        answer = await desk.send(page, {}, f"/forms/staff/teams/{team}/join")
        assert answer.headers["location"] == places.TEAMS() + f"#team-{team}"
    assert (await desk.served.said(before)).count("team-joined/1") == 1
    shown = (await desk.opened(places.TEAMS())).text.partition(f'id="team-{team}"')[2]
    assert places.PERSON(person=story.lind.person) in shown.partition("</section>")[0]


async def test_a_record_is_opened_and_care_begins_with_nobody_known_but_by_name(
    house: Served, browser: Browser
) -> None:
    desk = await ada_at(browser, house)
    story = desk.served.story
    await story.ledger.people.register(story.ada, "Petra Ostrow")
    page = await looked_for(desk, places.CARE(), "petra", "patient")
    patient = await desk.opened(found(page)["Petra Ostrow"])
    assert "No record is open for them yet" in plain(patient)
    opened = await desk.send(patient, {}, "/forms/staff/records")
    page = await looked_for(desk, opened.headers["location"], "lind", "care")
    chosen = await desk.opened(found(page)["Dr Lind"])
    assert "Petra Ostrow" in plain(chosen)
    assert "{'kind'" not in chosen.text, "no page prints what a handler has for it, whatever it is called"
    wrong = await desk.send(chosen, {}, "/forms/staff/care")
    assert (wrong.status_code, 'href="#ground"' in wrong.text) == (422, True)
    before = await desk.served.size()
    for _twice in range(2):
        begun = await desk.send(chosen, {"ground": "referral"}, "/forms/staff/care")
        assert begun.status_code == 303, plain(begun)
    assert (await desk.served.said(before)).count("care-started/1") == 1
    assert "The care relationship has begun." in plain(await desk.opened(begun.headers["location"]))


async def test_a_team_may_be_chosen_to_look_after_somebody(house: Served, browser: Browser) -> None:
    desk = await ada_at(browser, house)
    story = desk.served.story
    page = await looked_for(desk, places.CARE({"patient": story.amina.person}), "", "care")
    assert page.status_code == 422
    teams = (await desk.opened(places.TEAMS())).text
    name = html.unescape(re.findall(r'<h2 id="team-[0-9a-f-]+"[^>]*>([^<]+)</h2>', teams)[0])
    page = await looked_for(desk, places.CARE({"patient": story.amina.person}), name, "care")
    chosen = await desk.opened(found(page)[name])
    before = await desk.served.size()
    assert (await desk.send(chosen, {"ground": "referral"}, "/forms/staff/care")).status_code == 303
    [said] = [one for one in await story.ledger.read(before, 20) if one.type == "care-started/1"]
    assert said.facts["record"] == desk.record
    assert said.facts["grantee"]["kind"] == "team"


async def test_a_case_is_about_a_record_and_a_person_who_were_found_by_name(house: Served, browser: Browser) -> None:
    desk = await ada_at(browser, house)
    story = desk.served.story
    page = await looked_for(desk, places.CASES({"whose": story.amina.person}), "lind", "about")
    ready = await desk.opened(found(page)["Dr Lind"])
    assert f'value="{desk.record}"' in main(ready)
    assert f'value="{story.lind.person}"' in main(ready)
    filled = {
        "auditor": story.ruth.person,
        "record": desk.record,
        "person": story.lind.person,
        "reason": "A complaint.",
    }
    before = await desk.served.size()
    assert (await desk.send(ready, filled, "/forms/staff/cases")).status_code == 303
    [said] = [one for one in await story.ledger.read(before, 20) if one.type == "case-assigned/2"]
    assert (said.facts["record"], said.facts["person"]) == (desk.record, story.lind.person)


async def test_names_are_found_by_staff_who_register_people_alone_and_a_try_is_on_the_log(
    house: Served, browser: Browser
) -> None:
    desk = await ada_at(browser, house)
    story = desk.served.story
    page = await desk.opened(places.PEOPLE())
    for by in (story.okafor, story.greta, story.amina):
        await desk.sit(by)
        token = {"csrf": browser.csrf, "name": "Amina", "for": "person", "writer": by.person}
        before = await desk.served.size()
        answer = await desk.found(page, token, "/forms/staff/who", status=422)
        assert (answer.status_code, found(answer)) == (422, {}), by.acting_as
        assert "Amina" not in main(answer).replace('value="Amina"', "")
        assert (await desk.served.said(before)).count("attempt-refused/1") >= 1
    for by in (story.okafor, story.greta):
        await desk.sit(by)
        await desk.opened(places.CARE(), status=403)
