"""Getting back in after every passkey was lost, by two of the staff or a code of one's own; and leaving."""

from typing import Any

import pytest

from api.sign_in.codes import bare
from api.sign_in.letting_in import settle_what_is_left
from api.sign_in.place import Place
from ledger.core.key_history import PasskeyEnrolment
from ledger.core.keys import KeyStatement
from ledger.saying import By
from tests.http.served import Served, new_key, problem
from tests.sign_in.authenticator import Authenticator
from tests.sign_in.browser import PLACE, Browser
from tests.sign_in.signing_page import SigningPage
from tests.sign_in.test_invitations import HERE, accept, come_in, new_person, open_it
from tests.signing import submit

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def somebody_with_a_passkey(house: Served, browser: Browser) -> tuple[str, Authenticator]:
    """Somebody who came in by an invitation, and whose passkey a registrar enrolled."""
    person, device = await new_person(house), Authenticator()
    entered = await come_in(browser, house, person, device)
    [kept] = await house.app.state.service.doors.passkeys.of(person)
    assert kept.kid == entered["passkey"]["kid"]
    registrar = By(house.story.bert.person, "registrar")
    await house.story.ledger.people.enrol_passkey(registrar, person, kept.passkey("localhost"))
    return person, device


async def enrolments(house: Served, person: str) -> list[PasskeyEnrolment]:
    keys = (await house.story.ledger.facts.person(person, fresh=True)).fold.keys
    return list(keys.passkeys.values())


async def as_staff(house: Served, by: By, path: str, **body: Any) -> Any:
    async with Browser.of(house) as one:
        await one.begin(by)
        return await one.post(path, **body)


async def recovered(house: Served, person: str) -> dict[str, Any]:
    """Ask as Ada, approve as Bert: what Bert is told."""
    asked = await as_staff(house, house.story.ada, f"/people/{person}/recovery")
    assert asked.status_code == 201, asked.text
    approving = {"recovery": asked.json()["ids"]["recovery"]}
    answer = await as_staff(house, house.story.bert, f"/people/{person}/recovery/approval", **approving)
    assert answer.status_code == 201, answer.text
    return {**answer.json(), **approving}


async def test_two_of_the_staff_let_somebody_back_in_and_what_was_lost_is_revoked(house: Served) -> None:
    async with Browser.of(house) as old, Browser.of(house) as new:
        person, lost = await somebody_with_a_passkey(house, old)
        told = await recovered(house, person)
        assert (await old.get("/session")).status_code == 200  # nothing ends before the new passkey is made
        opened = await open_it(new, told["link"].partition("#")[2], told["code"])
        start = await house.size()
        answer = await accept(new, opened)
        assert (answer.status_code, answer.json()["person"]) == (201, person), answer.text
        assert await house.said(start) == ["passkey-revoked/1"]
        [enrolment] = await enrolments(house, person)
        assert enrolment.revoked_at == start
        problem(await old.get("/session"), 401, "sign-in")
        options = (await old.post("/sign-in/passkey/options")).json()
        credential = lost.sign_in(options.get("options", options), HERE)
        assert (await old.post("/sign-in/passkey", credential=credential)).status_code in (401, 403)
        assert (await new.get("/session")).status_code == 200
        known = (await new.get(f"/people/{person}/recovery")).json()["recoveries"]
        assert [(one["type"], one["ground"], one["author"]) for one in known] == [
            ("recovery-asked/1", "staff", house.story.ada.person),
            ("recovery-approved/1", None, house.story.bert.person),
        ]
        problem(await new.get(f"/people/{house.story.ada.person}/recovery"), 404, "unknown")


async def test_a_recovery_takes_two_who_are_not_the_person(house: Served, browser: Browser) -> None:
    story, (person, _) = house.story, await somebody_with_a_passkey(house, browser)
    path = f"/people/{person}/recovery"
    for by, rule in (
        (By(person, "patient"), "no-role"),
        (story.okafor, "role-missing"),
        (By(person, "administrator"), "no-role"),
    ):
        assert problem(await as_staff(house, by, path), 403, "not-allowed")["rule"] == rule
    own = problem(await as_staff(house, story.ada, f"/people/{story.ada.person}/recovery"), 403, "not-allowed")
    assert own["rule"] == "for-themselves"
    recovery = (await as_staff(house, story.ada, path)).json()["ids"]["recovery"]
    refusals = {
        story.ada: "same-administrator",
        story.okafor: "role-missing",
        By(person, "patient"): "no-role",
    }
    for by, rule in refusals.items():
        answer = await as_staff(house, by, f"{path}/approval", recovery=recovery)
        assert problem(answer, 403, "not-allowed")["rule"] == rule
    stray = await as_staff(house, story.bert, f"{path}/approval", recovery=person)
    assert problem(stray, 403, "not-allowed")["rule"] == "nothing-to-approve"


async def test_an_approval_gives_one_link_and_no_other(house: Served, browser: Browser) -> None:
    person, _ = await somebody_with_a_passkey(house, browser)
    recovery = (await as_staff(house, house.story.ada, f"/people/{person}/recovery")).json()["ids"]["recovery"]
    async with Browser.of(house) as bert:
        await bert.begin(house.story.bert)
        path, statement = f"/people/{person}/recovery/approval", "019c0f3e-5a80-7c3e-9d2b-6f1f3f0a4b99"
        first = await bert.post(path, statement, recovery=recovery)
        assert first.status_code == 201, first.text
        problem(await bert.post(path, statement, recovery=recovery), 409, "not-possible")
        problem(await bert.post(path, recovery=recovery), 409, "not-possible")
    await open_it(browser, first.json()["link"].partition("#")[2], first.json()["code"])


async def test_who_signs_the_approval_is_given_the_link(house: Served, browser: Browser) -> None:
    story, (person, _) = house.story, await somebody_with_a_passkey(house, browser)
    path = f"/people/{person}/recovery"
    recovery = (await as_staff(house, story.bert, path)).json()["ids"]["recovery"]
    signer = (await house.key_of(story.ada.person)).signer
    facts = {"person": person, "recovery": recovery}
    await submit(story.ledger, story.ada, signer, "recovery-approved/1", facts)
    start = await house.size()
    other = await as_staff(house, story.bert, f"{path}/approval", recovery=recovery)
    problem(other, 403, "not-allowed")
    given = await as_staff(house, story.ada, f"{path}/approval", recovery=recovery)
    assert given.status_code == 201, given.text
    assert given.json().keys() == {"person", "link", "code", "ends_at"}
    assert await house.said(start) == ["attempt-refused/1"]  # Bert's
    problem(await as_staff(house, story.ada, f"{path}/approval", recovery=recovery), 409, "not-possible")


async def test_ones_own_code_lets_one_back_in_once_and_is_on_record(house: Served) -> None:
    async with Browser.of(house) as old, Browser.of(house) as new:
        person, _ = await somebody_with_a_passkey(house, old)
        before = (await old.post("/recovery-code")).json()["code"]
        code = (await old.post("/recovery-code")).json()["code"]
        assert len(bare(code)) == 24
        assert (await old.get("/recovery-code")).json()["made_at"] is not None
        refused = [await new.post("/recovery-code/use", code=one) for one in (before, code[:-1], "K7QM")]
        assert len({answer.text for answer in refused}) == 1
        problem(refused[0], 401, "sign-in")
        start = await house.size()
        opened = (await new.post("/recovery-code/use", code=code.lower().replace("-", " "))).json()
        assert await house.said(start) == ["recovery-asked/1"]
        assert (await accept(new, opened)).status_code == 201
        assert await house.said(start) == ["recovery-asked/1", "passkey-revoked/1"]
        assert (await new.get("/session")).json()["person"] == person
        assert (await new.get("/recovery-code")).json()["made_at"] is None
        problem(await new.post("/recovery-code/use", code=code), 401, "sign-in")
        assert (await old.get("/session")).status_code == 401


async def test_trying_recovery_codes_is_slowed_down(house: Served) -> None:
    async with Browser.of(house, address="192.0.2.9") as guesser:
        statuses = [(await guesser.post("/recovery-code/use", code=f"A{n}")).status_code for n in range(40)]
    assert statuses[0] == 401
    assert 429 in statuses


async def test_what_a_crash_left_open_is_ended_at_the_next_start(house: Served, browser: Browser) -> None:
    person, _ = await somebody_with_a_passkey(house, browser)
    told, service = await recovered(house, person), house.app.state.service
    async with Browser.of(house) as new:
        options = (await open_it(new, told["link"].partition("#")[2], told["code"]))["options"]
    doors, place = service.doors, Place.of(PLACE)
    # The crash: the invitation is used and the passkey made, and nothing else is done.
    async with doors.pool.connection() as connection:
        await connection.execute("update sign_in.invitation set used_at = opened_at where id = %s", [told["recovery"]])
    made = await doors.passkeys.make(person, Authenticator().make(options, HERE), place, "New", told["recovery"])
    await settle_what_is_left(service.ledger, doors)
    assert [one.kid for one in await doors.passkeys.of(person)] == [made.kid]
    [enrolment] = await enrolments(house, person)
    assert enrolment.revoked_at is not None
    assert await doors.invitations.unsettled() == []


async def test_a_leaver_has_no_role_team_key_or_way_in_any_more(house: Served, browser: Browser) -> None:
    story, ledger = house.story, house.story.ledger
    person, device = await somebody_with_a_passkey(house, browser)
    await ledger.people.grant(story.ada, person, "clinician")
    await ledger.people.grant(story.ada, person, "auditor")
    await ledger.people.join_team(story.ada, story.practice, person)
    key = new_key()
    page = SigningPage(browser, By(person, "patient"), device, *device.credentials.values())
    assert (await page.certify()).status_code == 201
    public = KeyStatement(key.signer.public, "author", None, {"person": person, "by": "patient"})
    named = {"person": person, "kid": key.signer.kid}
    assert (await page.say("key-enrolled/1", named, public, assured=True)).status_code == 201
    token = await house.token(key, By(person, "clinician"))
    start = await house.size()
    answer = await as_staff(house, story.ada, f"/people/{person}/leaving")
    assert answer.status_code == 200, answer.text
    wanted = ["key-revoked/1", "passkey-revoked/1", "role-ended/1", "role-ended/1", "team-left/1"]
    assert sorted(await house.said(start)) == wanted
    assert len(answer.json()["said"]) == len(wanted)
    problem(await browser.get("/session"), 401, "sign-in")
    denied = await house.http.get("/worklist", headers={"authorization": f"Bearer {token}"})
    problem(denied, 401, "sign-in")
    assert await house.app.state.service.doors.passkeys.of(person) == []
    again = await as_staff(house, story.ada, f"/people/{person}/leaving")
    assert (again.status_code, again.json()["said"]) == (200, [])


async def test_only_another_administrator_lets_somebody_leave(house: Served, browser: Browser) -> None:
    story, (person, _) = house.story, await somebody_with_a_passkey(house, browser)
    registrar = By(story.bert.person, "registrar")
    for by, rule in (
        (registrar, "role-missing"),
        (story.okafor, "role-missing"),
        (By(person, "patient"), "role-missing"),
    ):
        answer = await as_staff(house, by, f"/people/{person}/leaving")
        assert problem(answer, 403, "not-allowed")["rule"] == rule
    nobody = await as_staff(house, story.ada, "/people/00000000-0000-4000-8000-000000000000/leaving")
    problem(nobody, 404, "unknown")
    own = await as_staff(house, story.ada, f"/people/{story.ada.person}/leaving")
    assert problem(own, 403, "not-allowed")["rule"] == "for-themselves"
    assert (await browser.get("/session")).status_code == 200


async def test_a_ledger_in_which_people_came_back_and_left_is_sound(house: Served) -> None:
    await house.story.assert_sound()
