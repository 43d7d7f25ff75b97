"""What the attacks on people in browsers share: Amina's phone, and attempts made ready before they are made."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import psycopg
import pytest
import pytest_asyncio

from api.http.cookies import SESSION
from api.sign_in.place import Place
from ledger.core.canonical import base64url
from tests.http.served import Served
from tests.sign_in.authenticator import Authenticator
from tests.sign_in.authenticator import Browser as Page
from tests.sign_in.browser import PLACE, Browser

HERE = Page(origin=PLACE)
NOBODY = "00000000-0000-4000-8000-000000000000"
Attempt = Callable[[], Awaitable[httpx.Response]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def phone(house: Served) -> Authenticator:
    """Amina's phone, with a passkey of hers that the service knows."""
    passkeys, device = house.app.state.service.doors.passkeys, Authenticator()
    person, place = house.story.amina.person, Place.of(PLACE)
    options = await passkeys.options_to_make(person, "", place, "her")
    await passkeys.make(person, device.make(options, HERE), place, "Phone", "her")
    return device


@pytest.fixture(autouse=True)
def nobody_has_failed(house: Served) -> None:
    """Every attack begins with no failure on anybody's account."""
    forget_failures(house)


def forget_failures(house: Served) -> None:
    """Forget who failed."""
    with psycopg.connect(house.story.database.superuser_dsn) as connection:
        connection.execute("truncate sign_in.failure")


async def sign_in(browser: Browser, phone: Authenticator) -> httpx.Response:
    """Sign in with the phone."""
    options = (await browser.post("/sign-in/passkey/options")).json()
    return await browser.post("/sign-in/passkey", credential=phone.sign_in(options, HERE))


def cookie_header(browser: Browser) -> dict[str, str]:
    """The session's cookie, for requests whose answers' cookies are not kept."""
    return {"cookie": f"{SESSION}={browser.cookie}"} if SESSION in browser.cookies else {}


async def invited(house: Served) -> Any:
    """The link and the code of somebody who was just registered."""
    registered = await house.story.ledger.people.register(house.story.ada, "Nia Ferreira")
    invitations = house.app.state.service.doors.invitations
    return await invitations.invite(str(registered.facts["person"]), why="invited", by=None)


async def known_passkey(browser: Browser, phone: Authenticator) -> Attempt:
    """A passkey that is there, whose signature is not."""
    options = (await browser.post("/sign-in/passkey/options")).json()
    credential = phone.sign_in(options, HERE.but(damage_signature=True))
    return lambda: browser.post("/sign-in/passkey", credential=credential)


async def unknown_passkey(browser: Browser, phone: Authenticator) -> Attempt:
    """A passkey that was never here."""
    strange, place = Authenticator(), Place.of(PLACE)
    strange.make(await browser.service.doors.passkeys.options_to_make(NOBODY, "", place, "x"), HERE)
    options = (await browser.post("/sign-in/passkey/options")).json()
    credential = strange.sign_in(options, HERE)
    return lambda: browser.post("/sign-in/passkey", credential=credential)


async def known_link(browser: Browser, phone: Authenticator) -> Attempt:
    """The link of an invitation, without its code."""
    secret = (await invited(browser.served)).secret
    return lambda: browser.post("/invitations/open", secret=secret, code="AAAAAAAA")


async def unknown_link(browser: Browser, phone: Authenticator) -> Attempt:
    """A link that nobody was given."""
    secret = base64url(bytes(32))
    return lambda: browser.post("/invitations/open", secret=secret, code="AAAAAAAA")
