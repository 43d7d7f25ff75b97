"""Sessions that were begun with a passkey: they end with it, and what weighs much asks for it again."""

from collections.abc import AsyncIterator

import psycopg
import pytest

from api.http.cookies import SESSION
from api.http.fresh import REAUTHENTICATE_AFTER
from api.sign_in.passkeys import KeptPasskey
from api.sign_in.place import Place
from api.sign_in.sessions import (
    ENDED_WITHIN,
    Sessions,
)
from ledger.core.passkeys import PasskeyStatement
from ledger.saying import By
from tests.http.served import Served, problem
from tests.sign_in.authenticator import Authenticator
from tests.sign_in.authenticator import Browser as Page
from tests.sign_in.browser import PLACE, Browser
from tests.sign_in.conftest import Later

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture
async def with_passkey(house: Served) -> AsyncIterator[bytes]:
    """A passkey of Amina's in the table, as its ceremony leaves it."""
    credential = b"credential of Amina"
    insert = """insert into sign_in.passkey
        (credential, person, public_key, kid, name, sign_count, backed_up, transports, made_at)
        values (%s, %s, 'k', 'kid of Amina', 'Phone', 0, false, '{}', 0)"""
    with psycopg.connect(house.story.database.superuser_dsn) as connection:
        connection.execute(insert, [credential, house.story.amina.person])
    yield credential
    with psycopg.connect(house.story.database.superuser_dsn) as connection:
        connection.execute("delete from sign_in.session where credential = %s", [credential])
        connection.execute("delete from sign_in.passkey where credential = %s", [credential])


async def test_a_session_ends_with_its_passkey(browser: Browser, sessions: Sessions, with_passkey: bytes) -> None:
    await browser.begin(browser.served.story.amina, means="passkey", credential=with_passkey)
    assert (await browser.get("/session")).status_code == 200
    assert await sessions.end_of_passkey(with_passkey) == 1
    problem(await browser.get("/session"), 401, "sign-in")


async def test_a_passkey_ended_in_the_table_alone_ends_its_sessions(
    browser: Browser, with_passkey: bytes, later: Later
) -> None:
    await browser.begin(browser.served.story.amina, means="passkey", credential=with_passkey)
    with psycopg.connect(browser.served.story.database.superuser_dsn) as connection:
        connection.execute("update sign_in.passkey set ended_at = 1 where credential = %s", [with_passkey])
    later(ENDED_WITHIN)
    problem(await browser.get("/session"), 401, "sign-in")


async def enrolled_passkey(house: Served, by: By) -> KeptPasskey:
    """A passkey of somebody that signs them in and that the log names as theirs."""
    passkeys, device, place = house.app.state.service.doors.passkeys, Authenticator(), Place.of(PLACE)
    options = await passkeys.options_to_make(by.person, "", place, "them")
    made: KeptPasskey = await passkeys.make(by.person, device.make(options, Page(origin=PLACE)), place, "Phone", "them")
    registrar = By(house.story.bert.person, "registrar")
    await house.story.ledger.people.enrol_passkey(registrar, by.person, made.passkey(place.rp))
    return made


async def revoke_elsewhere(house: Served, by: By, kept: KeptPasskey) -> None:
    """Revoke it in the log through another process, which does not touch the tables."""
    said = PasskeyStatement.of(kept.passkey(Place.of(PLACE).rp), by.person, "registrar")
    await house.story.ledger.people.revoke_passkey(house.story.ada, by.person, said, "stolen")


async def test_a_passkey_revoked_in_the_log_by_another_process_ends_its_sessions(
    browser: Browser, house: Served, later: Later
) -> None:
    moss = house.story.moss
    kept = await enrolled_passkey(house, moss)
    await browser.begin(moss, means="passkey", credential=kept.credential)
    assert (await browser.get("/session")).status_code == 200
    await revoke_elsewhere(house, moss, kept)
    later(ENDED_WITHIN)
    assert "revoked" in problem(await browser.get("/session"), 401, "sign-in")["detail"]


async def test_it_opens_no_view_from_then_on_even_within_that_second(
    browser: Browser, house: Served, sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    lind = house.story.lind
    kept = await enrolled_passkey(house, lind)
    await browser.begin(lind, means="passkey", credential=kept.credential)
    path = f"{house.record}?purpose=appointment"
    assert (await browser.send("GET", path)).status_code == 200
    now = sessions.clock()
    monkeypatch.setattr(sessions, "clock", lambda: now)  # the second does not pass
    assert (await browser.send("GET", path)).status_code == 200
    await revoke_elsewhere(house, lind, kept)
    problem(await browser.send("GET", path), 401, "sign-in")


HIGH_STAKES = (
    ("GET", "{record}/trail"),
    ("GET", "{record}/sharing"),
    ("GET", "{record}/preview/outline?carer={sam}"),
    ("POST", "{record}/directives"),
    ("POST", "{record}/carers"),
)
TAKING_BACK = ("{record}/sharing/stop", "{record}/carers/{sam}/suspension")


async def test_what_is_of_high_stakes_asks_again_who_it_is(
    browser: Browser, sessions: Sessions, with_passkey: bytes, later: Later
) -> None:
    served = browser.served
    await browser.begin(served.story.amina, means="passkey", credential=with_passkey)
    names = {"record": served.record, "sam": served.story.sam.person}
    later(REAUTHENTICATE_AFTER)
    for method, path in HIGH_STAKES:
        headers = browser.of_page()
        told = problem(await browser.send(method, path.format(**names), headers=headers), 401, "sign-in-again")
        assert "POST /session/again" in told["detail"]
    assert (await browser.get(served.record)).status_code == 200, "reading one's own record is not"
    for path in TAKING_BACK:
        told = await browser.post(path.format(**names))
        assert told.status_code != 401, told.text
    begun = await sessions.again(await sessions.of(browser.cookie), credential=with_passkey)
    browser.cookies[SESSION] = begun.cookie
    assert (await browser.get(f"{served.record}/trail")).status_code == 200


async def test_a_program_is_not_asked_again(house: Served, later: Later) -> None:
    amina = await house.sign_in(house.story.amina)
    later(REAUTHENTICATE_AFTER)
    assert (await amina.get(f"{house.record}/trail")).status_code == 200
