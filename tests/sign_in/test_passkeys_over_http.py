"""Passkeys over HTTP: people sign in, add one, have it enrolled by Bert the registrar, lose one, and are kept out."""

from typing import Any

import pytest

from api.http.fresh import REAUTHENTICATE_AFTER
from api.sign_in.authenticators import REASONS
from api.sign_in.passkeys import KeptPasskey
from api.sign_in.place import Place
from api.sign_in.throttle import FREE
from ledger.core.canonical import base64url
from ledger.core.passkeys import PasskeyStatement
from ledger.saying import By
from tests.http.served import Served, problem, statement_id
from tests.sign_in import authenticator
from tests.sign_in.authenticator import EDDSA, USER_PRESENT, Authenticator
from tests.sign_in.browser import PLACE, Browser
from tests.signing import let_back_in

pytestmark = pytest.mark.asyncio(loop_scope="module")
PAGE = authenticator.Browser(PLACE)
HERE = Place.of(PLACE)


async def good(answer: Any, status: int = 200) -> dict[str, Any]:
    told = await answer
    assert told.status_code == status, told.text
    found: dict[str, Any] = told.json()
    return found


async def somebody(house: Served, name: str = "Nadia") -> By:
    """A patient of whom nothing was said yet."""
    registered = await house.story.ledger.people.register(house.story.ada, name)
    return By(str(registered.facts["person"]), "patient")


async def passkey_of(browser: Browser, by: By, device: Authenticator, name: str = "Phone") -> KeptPasskey:
    """A passkey of somebody, made past every door."""
    passkeys = browser.service.doors.passkeys
    options = await passkeys.options_to_make(by.person, "", HERE, "")
    return await passkeys.make(by.person, device.make(options, PAGE), HERE, name, "")


async def sign_in(browser: Browser, device: Authenticator, page: authenticator.Browser = PAGE, **body: Any) -> Any:
    options = await good(browser.post("/sign-in/passkey/options"))
    return await browser.post("/sign-in/passkey", credential=device.sign_in(options, page), **body)


async def added(browser: Browser, device: Authenticator, name: str = "Key ring") -> dict[str, Any]:
    options = await good(browser.post("/passkeys/options"))
    return await good(browser.post("/passkeys", credential=device.make(options, PAGE), name=name), 201)


async def enrolled(house: Served, by: By, kept: KeptPasskey) -> None:
    """Bert, the registrar, knows it is theirs. He has no key of his own yet, so the service records it for him."""
    registrar = By(house.story.bert.person, "registrar")
    await let_back_in(house.story.ledger, by.person)  # the tests of a module have their people in common
    await house.story.ledger.people.enrol_passkey(registrar, by.person, kept.passkey(HERE.rp))


async def test_a_passkey_signs_its_owner_in_and_the_browser_has_a_session(browser: Browser, house: Served) -> None:
    device = Authenticator()
    kept = await passkey_of(browser, house.story.amina, device)
    answer = await sign_in(browser, device)
    told = answer.json()
    assert answer.status_code == 200, answer.text
    assert told == {
        "person": house.story.amina.person, "acting_as": "patient", "may_act_as": ["patient"], "csrf": browser.csrf,
        "passkey": {"kid": kept.kid, "enrolled": False},
    }  # fmt: skip
    shown = await good(browser.get("/session"))
    assert (shown["person"], shown["means"]) == (house.story.amina.person, "passkey")
    assert (await browser.get(house.record)).status_code == 200
    before = browser.cookie
    await enrolled(house, house.story.amina, kept)
    assert (await sign_in(browser, device)).json()["passkey"] == {"kid": kept.kid, "enrolled": True}
    browser.cookies = {"__Host-session": before}
    problem(await browser.get("/session"), 401, "sign-in")


async def test_signing_in_acts_as_what_the_facts_allow(browser: Browser, house: Served) -> None:
    device = Authenticator(EDDSA)
    await passkey_of(browser, house.story.bert, device)
    roles = (await sign_in(browser, device)).json()["may_act_as"]
    assert roles == ["administrator", "registrar"]
    assert (await sign_in(browser, device, acting_as="registrar")).json()["acting_as"] == "registrar"
    problem(await sign_in(browser, device, acting_as="clinician"), 403, "not-allowed")


async def test_whoever_is_refused_is_told_why_where_it_tells_of_no_account(browser: Browser, house: Served) -> None:
    device, stranger = Authenticator(), Authenticator()
    kept = await passkey_of(browser, await somebody(house), device)
    stranger.credentials[b"stranger"] = stranger._fresh(HERE.rp, bytes(16))
    pages = {
        "another-place": authenticator.Browser("http://localhost:1"),
        "not-verified": PAGE.but(flags=USER_PRESENT),
        "challenge": PAGE.but(challenge=bytes(32)),
    }
    for reason, page in pages.items():
        heard = [problem(await sign_in(browser, one, page), 403, "passkey") for one in (device, stranger)]
        assert heard[0] == heard[1]
        assert heard[0]["reason"] == reason
    unknown = problem(await sign_in(browser, stranger), 403, "passkey")
    await browser.service.doors.passkeys.end(kept.credential)
    assert unknown == problem(await sign_in(browser, device), 403, "passkey")
    assert unknown["reason"] == "unknown"
    told = problem(await browser.post("/sign-in/passkey", credential={"id": "AA"}), 422, "malformed")
    assert told["errors"][0]["pointer"] == "/credential"
    assert not browser.cookies
    assert {*pages, "unknown"} <= set(REASONS)


async def test_whoever_tries_a_passkey_again_and_again_waits_whether_or_not_it_is_there(house: Served) -> None:
    heard = []
    async with Browser.of(house, address="192.0.2.77") as browser:
        for known in (True, False):
            device = Authenticator()
            if known:
                await passkey_of(browser, await somebody(house), device)
            else:
                device.credentials[b"x"] = device._fresh(HERE.rp, bytes(16))
            forged = PAGE.but(damage_signature=True)
            tries = [(await sign_in(browser, device, forged)).status_code for _ in range(FREE + 2)]
            heard.append(tries)
            told = problem(await sign_in(browser, device, forged), 429, "too-many")
            assert 0 < told["retry_after"] <= 2
        another = Authenticator()
        await passkey_of(browser, house.story.lind, another)
        assert (await sign_in(browser, another)).status_code == 200
    assert heard == [[403] * (FREE + 1) + [429]] * 2


async def test_showing_again_takes_a_passkey_of_the_account_that_is_signed_in(browser: Browser, house: Served) -> None:
    nadia, sam, hers, his = await somebody(house), house.story.sam, Authenticator(), Authenticator()
    kept = await passkey_of(browser, nadia, hers)
    of_sam = await passkey_of(browser, sam, his)
    await sign_in(browser, hers)
    before = browser.cookie
    options = await good(browser.post("/session/again/options"))
    assert [one["id"] for one in options["allowCredentials"]] == [kept.id]
    other = his.sign_in(options, PAGE, credential=his.credentials[of_sam.credential])
    told = problem(await browser.post("/session/again", credential=other), 403, "passkey")
    assert (told["reason"], sam.person in told["detail"]) == ("another-account", False)
    assert browser.cookie == before
    options = await good(browser.post("/session/again/options"))
    again = await good(browser.post("/session/again", credential=hers.sign_in(options, PAGE)))
    assert (again["csrf"], browser.cookie != before) == (browser.csrf, True)
    async with Browser.of(house) as other_tab:
        await other_tab.begin(nadia)
        stolen = hers.sign_in(await good(browser.post("/session/again/options")), PAGE)
        told = problem(await other_tab.post("/session/again", credential=stolen), 403, "passkey")
        assert told["reason"] == "challenge"
    program = await house.sign_in(house.story.moss)
    problem(await program.post("/session/again/options"), 401, "sign-in")


async def test_whoever_has_no_passkey_is_told_how_to_show_again(browser: Browser, house: Served) -> None:
    await browser.begin(await somebody(house))
    assert problem(await browser.post("/session/again/options"), 403, "passkey")["reason"] == "none"


async def test_a_further_passkey_takes_somebody_who_has_lately_shown_who_they_are(
    browser: Browser, house: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    nadia, phone = await somebody(house), Authenticator()
    kept = await passkey_of(browser, nadia, phone)
    await sign_in(browser, phone)
    answer = Authenticator().make(await good(browser.post("/passkeys/options")), PAGE)
    sessions = browser.service.doors.sessions
    real = sessions.clock
    monkeypatch.setattr(sessions, "clock", lambda: real() + REAUTHENTICATE_AFTER)
    for path, body in (
        ("", {"credential": answer, "name": "x"}),
        ("/options", {}),
        (f"/{kept.id}/end", {"reason": "lost"}),
    ):
        problem(await browser.post(f"/passkeys{path}", **body), 401, "sign-in-again")
    assert (await browser.post(f"/passkeys/{kept.id}/name", name="Mine")).status_code == 200
    again = phone.sign_in(await good(browser.post("/session/again/options")), PAGE)
    await good(browser.post("/session/again", credential=again))
    await added(browser, Authenticator())


async def test_a_further_passkey_is_made_named_and_listed(browser: Browser, house: Served) -> None:
    nadia, phone, ring = await somebody(house), Authenticator(), Authenticator(EDDSA)
    kept = await passkey_of(browser, nadia, phone)
    await sign_in(browser, phone)
    made = await added(browser, ring)
    assert (made["name"], made["enrolled"], made["this_one"]) == ("Key ring", False, False)
    await good(browser.post(f"/passkeys/{made['credential']}/name", name="Spare"))
    listed = (await good(browser.get("/passkeys")))["passkeys"]
    assert [(one["name"], one["this_one"]) for one in listed] == [("Phone", True), ("Spare", False)]
    assert listed[0]["fingerprint"] == kept.fingerprint
    assert (await sign_in(browser, ring)).status_code == 200
    problem(await browser.post(f"/passkeys/{made['credential']}/name", name=" "), 422, "malformed")
    async with Browser.of(house) as sam:
        await sam.begin(await somebody(house, "Another Sam"))
        problem(await sam.post(f"/passkeys/{made['credential']}/name", name="Mine"), 404, "unknown")
        problem(await sam.post(f"/passkeys/{made['credential']}/end", reason="lost"), 404, "unknown")
        problem(await sam.post(f"/passkeys/{base64url(bytes(32))}/end", reason="lost"), 404, "unknown")
        assert (await good(sam.get("/passkeys")))["passkeys"] == []
        options = await good(browser.post("/passkeys/options"))
        taken = problem(await sam.post("/passkeys", credential=ring.make(options, PAGE), name="Mine"), 403, "passkey")
        assert taken["reason"] == "challenge"


async def test_ending_a_passkey_ends_its_sessions_and_says_so_in_the_log_where_it_was_enrolled(
    browser: Browser, house: Served
) -> None:
    nadia, phone, ring = await somebody(house), Authenticator(), Authenticator()
    kept = await passkey_of(browser, nadia, phone)
    await enrolled(house, nadia, kept)
    await sign_in(browser, phone)
    spare = await added(browser, ring)
    async with Browser.of(house) as elsewhere:
        await sign_in(elsewhere, ring)
        size = await house.size()
        told = await good(elsewhere.post(f"/passkeys/{kept.id}/end", reason="stolen"))
        assert (told["sessions"], told["revoked"]["ids"]) == (1, {"person": nadia.person, "kid": kept.kid})
        assert await house.said(size) == ["passkey-revoked/1"]
        problem(await browser.get("/session"), 401, "sign-in")
        assert problem(await sign_in(browser, phone), 403, "passkey")["reason"] == "unknown"
        problem(await elsewhere.post(f"/passkeys/{kept.id}/end", reason="stolen"), 404, "unknown")
        told = problem(await elsewhere.post(f"/passkeys/{spare['credential']}/end", reason="lost"), 409, "not-possible")
        assert "recovery code" in told["detail"]
        odd = await elsewhere.post(f"/passkeys/{spare['credential']}/end", reason="bored", even_the_last=True)
        problem(odd, 422, "malformed")
        size = await house.size()
        told = await good(elsewhere.post(f"/passkeys/{spare['credential']}/end", reason="lost", even_the_last=True))
        assert (told["revoked"], await house.said(size), elsewhere.cookies) == (None, [], {})
    assert problem(await sign_in(browser, ring), 403, "passkey")["reason"] == "unknown"


async def test_the_last_passkey_ends_easily_where_there_is_another_way_in(browser: Browser, house: Served) -> None:
    nadia, phone = await somebody(house), Authenticator()
    kept = await passkey_of(browser, nadia, phone)
    await sign_in(browser, phone)
    await good(browser.post("/recovery-code"), 201)
    await good(browser.post(f"/passkeys/{kept.id}/end", reason="replaced"))


async def test_what_a_crash_left_half_ended_is_ended_by_asking_again(browser: Browser, house: Served) -> None:
    nadia, phone = await somebody(house), Authenticator()
    kept = await passkey_of(browser, nadia, phone)
    await enrolled(house, nadia, kept)
    said = PasskeyStatement.of(kept.passkey(HERE.rp), nadia.person, "patient")
    await house.story.ledger.people.revoke_passkey(nadia, nadia.person, said, "lost")
    # The statement was admitted, and then the process died.
    await browser.begin(nadia)
    assert (await good(browser.get("/passkeys")))["passkeys"] == []
    assert problem(await sign_in(browser, phone), 403, "passkey")["reason"] == "unknown"
    told = await good(browser.post(f"/passkeys/{kept.id}/end", reason="lost", even_the_last=True))
    assert (told["revoked"], told["sessions"]) == (None, 0)


async def test_a_registrar_sees_who_waits_compares_the_digits_and_enrols(browser: Browser, house: Served) -> None:
    nadia, phone = await somebody(house), Authenticator()
    await browser.begin(nadia)
    told = await added(browser, phone)
    problem(await browser.get("/passkeys/waiting"), 403, "not-allowed")
    async with Browser.of(house) as registrar:
        await registrar.begin(By(house.story.bert.person, "registrar"))
        [waits] = (await good(registrar.get("/passkeys/waiting", person=nadia.person)))["passkeys"]
        [made] = phone.credentials.values()
        assert waits == {
            **{name: told[name] for name in ("kid", "made_at", "fingerprint")},
            **{
                "person": nadia.person,
                "name": "Nadia",
                "jwk": made.jwk,
                "credential": base64url(made.id),
                "rp": made.rp,
            },
        }
        assert waits in (await good(registrar.get("/passkeys/waiting")))["passkeys"]
        here, once = f"/people/{nadia.person}/passkeys/{waits['kid']}/enrolment", statement_id()
        first = await good(registrar.post(here, once), 201)
        assert first["ids"] == {"person": nadia.person, "kid": waits["kid"]}
        assert await good(registrar.post(here, once)) == first
        assert problem(await registrar.post(here), 403, "not-allowed")["rule"] == "has-own-key"
        assert (await good(registrar.get("/passkeys/waiting", person=nadia.person)))["passkeys"] == []
        problem(await registrar.post(f"/people/{nadia.person}/passkeys/{'A' * 43}/enrolment"), 404, "unknown")
    assert [one["enrolled"] for one in (await good(browser.get("/passkeys")))["passkeys"]] == [True]


async def test_enrolling_is_for_registrars_and_nobody_enrols_their_own_without_a_key(
    browser: Browser, house: Served
) -> None:
    nadia, phone = await somebody(house), Authenticator()
    kept = await passkey_of(browser, nadia, phone)
    here = f"/people/{nadia.person}/passkeys/{kept.kid}/enrolment"
    for by in (nadia, house.story.ada, house.story.okafor, By(house.story.okafor.person, "registrar")):
        await browser.begin(by)
        problem(await browser.post(here), 403, "not-allowed")


async def test_an_administrator_revokes_what_somebody_cannot_end_themselves(browser: Browser, house: Served) -> None:
    nadia, phone = await somebody(house), Authenticator()
    kept = await passkey_of(browser, nadia, phone)
    here = f"/people/{nadia.person}/passkeys/{kept.kid}/revocation"
    async with Browser.of(house) as ada:
        await ada.begin(house.story.ada)
        problem(await ada.post(here, reason="lost"), 404, "unknown")
        await enrolled(house, nadia, kept)
        await sign_in(browser, phone)
        async with Browser.of(house) as sam:
            await sam.begin(house.story.sam)
            problem(await sam.post(here, reason="lost"), 403, "not-allowed")
        assert (await browser.get("/session")).status_code == 200
        await good(ada.post(here, reason="lost"), 201)
        problem(await browser.get("/session"), 401, "sign-in")
        assert problem(await sign_in(browser, phone), 403, "passkey")["reason"] == "unknown"
        problem(await ada.post(here, reason="lost"), 403, "key-not-in-force")


async def test_a_passkey_that_the_log_alone_names_as_ones_own_is_seen_and_ended(
    browser: Browser, house: Served
) -> None:
    nadia, tom, of_tom = await somebody(house), await somebody(house, "Tom"), Authenticator()
    kept = await passkey_of(browser, tom, of_tom)
    await enrolled(house, nadia, kept)  # Bert was careless, or worse
    await browser.begin(nadia)
    [seen] = (await good(browser.get("/passkeys")))["only_in_log"]
    assert (seen["kid"], seen["enrolled"], seen["fingerprint"]) == (kept.kid, True, kept.fingerprint)
    assert kept.fingerprint in (await browser.get("/account")).text
    told = await good(browser.post(f"/passkeys/{kept.id}/end", reason="stolen"))
    assert (told["sessions"], told["revoked"]["ids"]["person"]) == (0, nadia.person)
    assert kept.fingerprint not in (await browser.get("/account")).text
    [seen] = (await good(browser.get("/passkeys")))["only_in_log"]
    assert seen["enrolled"] is False
    problem(await browser.post(f"/passkeys/{kept.id}/end", reason="stolen"), 404, "unknown")
    async with Browser.of(house) as his:
        assert (await sign_in(his, of_tom)).status_code == 200  # it is his, and it still lets him in
