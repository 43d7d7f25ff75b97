"""Invitations: somebody who is registered makes a first way in, by a link and a code that was told in person."""

import asyncio
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from api.sign_in import invitations
from api.sign_in.codes import ALPHABET, bare
from api.sign_in.invitations import TICKET_LASTS, Invitations
from api.sign_in.letting_in import first_way_in
from api.sign_in.place import Place
from api.sign_in.session import SignInRefused
from ledger.core.instants import DAY, Instant
from ledger.saying import By
from tests.http.served import Client, Served, problem
from tests.sign_in.authenticator import Authenticator
from tests.sign_in.authenticator import Browser as Page
from tests.sign_in.browser import PLACE, Browser

pytestmark = pytest.mark.asyncio(loop_scope="module")
HERE = Page(origin=PLACE)


@dataclass
class Invited:
    """What an inviter was told."""

    person: str
    link: str
    code: str

    @property
    def secret(self) -> str:
        place, _, secret = self.link.partition("#")
        assert place == f"{PLACE}/invitation"
        return secret


async def new_person(house: Served, name: str = "Nia Ferreira") -> str:
    return str((await house.story.ledger.people.register(house.story.ada, name)).facts["person"])


async def invite(house: Served, person: str, by: By | None = None) -> Invited:
    """Invite somebody, as Ada or another member of staff."""
    async with Browser.of(house) as ada:
        await ada.begin(by or house.story.ada)
        answer = await ada.post(f"/people/{person}/invitation")
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert told["person"] == person
    return Invited(person, told["link"], told["code"])


async def open_it(browser: Browser, secret: str, code: str | None) -> dict[str, Any]:
    answer = await browser.post("/invitations/open", secret=secret, code=code)
    assert answer.status_code == 200, answer.text
    opened: dict[str, Any] = answer.json()
    return opened


async def accept(
    browser: Browser, opened: dict[str, Any], device: Authenticator | None = None, name: str = "My phone"
) -> httpx.Response:
    credential = (device or Authenticator()).make(opened["options"], HERE)
    return await browser.post("/invitations/accept", ticket=opened["ticket"], credential=credential, name=name)


async def come_in(browser: Browser, house: Served, person: str, device: Authenticator | None = None) -> dict[str, Any]:
    """Invite somebody and let them accept; what they are told."""
    told = await invite(house, person)
    answer = await accept(browser, await open_it(browser, told.secret, told.code), device)
    assert answer.status_code == 201, answer.text
    entered: dict[str, Any] = answer.json()
    return entered


async def test_the_first_administrator_comes_in_by_a_link_alone_and_their_passkey_is_enrolled(house: Served) -> None:
    """First of all tests here: the second founder, who is the registrar, has no key of their own yet."""
    service, place = house.app.state.service, Place.of(PLACE)
    founder, registrar = service.ledger.people.founders
    links = [str(await first_way_in(service.ledger, service.doors, place)) for _ in range(2)]
    before, link = (one.removeprefix(f"{PLACE}/invitation#") for one in links)
    async with Browser.of(house) as ada:
        problem(await ada.post("/invitations/open", secret=before), 401, "sign-in")
        start = await house.size()
        told = (await accept(ada, await open_it(ada, link, None))).json()
        assert (told["person"], told["acting_as"], told["passkey"]["enrolled"]) == (founder, "administrator", True)
        assert await house.said(start) == ["passkey-enrolled/1"]
        [said] = await service.ledger.read(start, 1)
        assert (said.author, said.acting_as) == (registrar, "registrar")
        assert (await ada.post("/people", name="Rita Bell")).status_code == 201
    assert await first_way_in(service.ledger, service.doors, place) is None


async def test_who_has_link_and_code_comes_in_and_speaks_in_their_own_name(house: Served, browser: Browser) -> None:
    person = await new_person(house)
    entered = await come_in(browser, house, person)
    assert (entered["person"], entered["acting_as"], entered["passkey"]["enrolled"]) == (person, "patient", False)
    assert (await browser.get("/session")).json()["person"] == person
    [session] = (await browser.get("/sessions")).json()["sessions"]
    assert session["means"] == "invitation"


async def test_a_code_is_taken_however_it_is_typed_and_alone_opens_nothing(house: Served, browser: Browser) -> None:
    told = await invite(house, await new_person(house))
    assert len(bare(told.code)) == 8
    assert set(bare(told.code)) <= set(ALPHABET)
    await open_it(browser, told.secret, f" {bare(told.code).lower()[:3]} {bare(told.code).lower()[3:]} ")
    other = await invite(house, await new_person(house))
    for secret, code in ((other.secret, told.code), (told.secret, other.code), (told.secret, None), ("x", told.code)):
        problem(await browser.post("/invitations/open", secret=secret, code=code), 401, "sign-in")


async def test_whatever_opens_nothing_is_answered_in_the_same_words(house: Served, browser: Browser) -> None:
    used = await invite(house, await new_person(house))
    assert (await accept(browser, await open_it(browser, used.secret, used.code))).status_code == 201
    replaced = await invite(house, await new_person(house))
    await invite(house, replaced.person)
    wrong = await invite(house, await new_person(house))
    async with Browser.of(house, address="192.0.2.7") as stranger:
        answers = [
            await stranger.post("/invitations/open", secret=secret, code=code)
            for secret, code in (
                (used.secret, used.code),
                (replaced.secret, replaced.code),
                (wrong.secret, "AAAA-AAAA"),
                ("A" * 43, "AAAA-AAAA"),
            )
        ]
    assert len({(answer.status_code, answer.text) for answer in answers}) == 1


async def test_five_wrong_codes_end_an_invitation(house: Served) -> None:
    told = await invite(house, await new_person(house))
    doors = house.app.state.service.doors.invitations
    for _ in range(invitations.WRONG_CODES):
        with pytest.raises(SignInRefused):
            await doors.open(told.secret, "AAAA-AAAA")
    with pytest.raises(SignInRefused):
        await doors.open(told.secret, told.code)


async def test_guessing_codes_is_slowed_down(house: Served) -> None:
    told = await invite(house, await new_person(house))
    async with Browser.of(house, address="192.0.2.8") as guesser:
        for _ in range(6):
            answer = await guesser.post("/invitations/open", secret=told.secret, code="AAAA-AAAA")
        slowed = problem(await guesser.post("/invitations/open", secret=told.secret, code=told.code), 429, "too-many")
    assert answer.status_code in (401, 429)
    assert slowed["retry_after"] >= 1


async def test_an_invitation_is_over_after_seven_days_and_a_ticket_after_fifteen_minutes(house: Served) -> None:
    doors: Invitations = house.app.state.service.doors.invitations
    told = await invite(house, await new_person(house))
    later = Invitations(doors.pool, lambda: Instant(doors.clock() + 7 * DAY))
    with pytest.raises(SignInRefused):
        await later.open(told.secret, told.code)
    _, ticket = await doors.open(told.secret, told.code)
    later = Invitations(doors.pool, lambda: Instant(doors.clock() + TICKET_LASTS))
    with pytest.raises(SignInRefused):
        async with later.use(ticket):
            pass
    async with doors.use(ticket) as opened:
        assert opened.person == told.person


async def test_a_passkey_that_does_not_fit_leaves_the_invitation_as_it_was(house: Served, browser: Browser) -> None:
    told = await invite(house, await new_person(house))
    opened = await open_it(browser, told.secret, told.code)
    elsewhere = Authenticator().make(opened["options"], Page(origin="https://evil.example"))
    refused = await browser.post("/invitations/accept", ticket=opened["ticket"], credential=elsewhere, name="My phone")
    assert refused.status_code in (401, 403, 422), refused.text
    assert "__Host-session" not in browser.cookies
    again = await open_it(browser, told.secret, told.code)
    assert (await accept(browser, again)).status_code == 201
    problem(await accept(browser, again), 401, "sign-in")


async def test_of_two_who_accept_at_once_one_comes_in(house: Served) -> None:
    told = await invite(house, await new_person(house))
    async with Browser.of(house) as one, Browser.of(house) as two:
        opened = await open_it(one, told.secret, told.code)
        statuses = [answer.status_code for answer in await asyncio.gather(accept(one, opened), accept(two, opened))]
    assert sorted(statuses) == [201, 401]
    assert len(await house.app.state.service.doors.passkeys.of(told.person)) == 1


async def test_who_ever_had_a_way_in_is_not_invited_by_one_alone(house: Served, browser: Browser) -> None:
    person = await new_person(house)
    await come_in(browser, house, person)
    async with Browser.of(house) as ada:
        await ada.begin(house.story.ada)
        refused = problem(await ada.post(f"/people/{person}/invitation"), 409, "not-possible")
        assert "recovery" in refused["detail"]
        problem(await ada.post(f"/people/{house.story.ada.person}/invitation"), 403, "not-allowed")
        problem(await ada.post("/people/00000000-0000-4000-8000-000000000000/invitation"), 404, "unknown")


async def test_a_registrar_invites_nobody_whose_role_took_two_administrators(house: Served) -> None:
    story, auditor = house.story, await new_person(house, "Rob Auditor")
    await story.ledger.people.grant(story.ada, auditor, "auditor")
    async with Browser.of(house) as registrar:
        await registrar.begin(By(story.bert.person, "registrar"))
        refused = problem(await registrar.post(f"/people/{auditor}/invitation"), 403, "not-allowed")
        assert refused["rule"] == "role-missing"
        assert (await registrar.post(f"/people/{await new_person(house)}/invitation")).status_code == 201
        service = house.app.state.service.ledger.keyring.service
        problem(await registrar.post(f"/people/{service}/invitation"), 404, "unknown")
    await invite(house, auditor)


async def test_only_staff_invite_to_the_ledger_and_only_the_patient_to_their_record(house: Served) -> None:
    story, person = house.story, await new_person(house)
    for by in (story.amina, story.sam, story.okafor, story.ruth, By(story.sam.person, "administrator")):
        async with Browser.of(house) as somebody:
            await somebody.begin(by)
            problem(await somebody.post(f"/people/{person}/invitation"), 403, "not-allowed")
            before = await house.size()
            answer = await somebody.post(f"{house.record}/carers/invitations", name="Noor Haddad")
            if by is story.amina:
                assert answer.status_code == 201, answer.text
            else:
                problem(answer, 403, "not-allowed")
                assert "person-registered/1" not in await house.said(before)


async def test_a_patient_invites_a_carer_and_names_them_who_sees_nothing_yet(house: Served, browser: Browser) -> None:
    story = house.story
    async with Browser.of(house) as amina:
        await amina.begin(story.amina)
        told = (await amina.post(f"{house.record}/carers/invitations", name="Noor Haddad")).json()
        named = await amina.post(f"{house.record}/carers", person=told["person"], relation="neighbour")
        assert named.status_code == 201, named.text
    opened = await open_it(browser, told["link"].partition("#")[2], told["code"])
    entered = (await accept(browser, opened)).json()
    assert (entered["person"], entered["acting_as"]) == (told["person"], "carer")
    seen = await browser.get(house.record)
    assert (seen.status_code, seen.json().get("items", [])) == (200, []), seen.text


async def test_a_patient_has_at_most_twenty_invitations_open(house: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invitations, "MOST_OPEN", 2)
    mary = await new_person(house, "Mary Adeyemi")
    record = str((await house.story.ledger.care.open_record(house.story.ada, mary)).facts["record"])
    async with Browser.of(house) as patient:
        await patient.begin(By(mary, "patient"))
        path = f"/records/{record}/carers/invitations"
        statuses = [(await patient.post(path, name=f"Carer {n}")).status_code for n in range(3)]
    assert statuses == [201, 201, 409]


async def test_a_program_may_invite_as_staff_do(house: Served) -> None:
    person = await new_person(house, "Rita Bell")
    await house.story.ledger.people.grant(house.story.ada, person, "registrar")
    client: Client = await house.sign_in(By(person, "registrar"))
    answer = await client.post(f"/people/{await new_person(house)}/invitation")
    assert answer.status_code == 201, answer.text


async def test_neither_link_nor_code_nor_ticket_is_kept_or_logged(
    house: Served, browser: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    told = await invite(house, await new_person(house))
    opened = await open_it(browser, told.secret, told.code)
    async with house.app.state.service.doors.pool.connection() as connection:
        rows = await (await connection.execute("select i::text from sign_in.invitation i")).fetchall()
        used = await (await connection.execute("select f::text from sign_in.failure f")).fetchall()
    kept = "\n".join(row[0] for row in [*rows, *used]) + caplog.text
    assert rows
    for secret in (told.secret, told.code, bare(told.code), opened["ticket"]):
        assert secret not in kept
        assert secret.encode().hex() not in kept
