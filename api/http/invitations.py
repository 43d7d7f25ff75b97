"""Invitations over HTTP: how somebody who is registered makes a first way in, or a new one after all were lost.

Whoever invites hands over a link and tells a code; neither is shown again. What opens nothing is refused in the same
words, whatever is wrong with it, so that nobody learns who was invited, or when.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any, Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http.answers import json_answer
from api.http.bodies import Body, InPath, OnlyBody, Text, reads, shown_as
from api.http.entering import enter
from api.http.operations import does
from api.http.service import Call, Calling, Service, Serving
from api.sign_in.authenticators import PasskeyRefused
from api.sign_in.invitations import Invited, Opened
from api.sign_in.letting_in import STAFF, check_can_be_invited, check_still_invited, settle
from api.sign_in.place import place_of
from api.sign_in.session import SignInRefused
from api.sign_in.throttle import address_of
from ledger.core.instants import format_instant
from ledger.domain.errors import NotAllowed
from ledger.store.facts import Person

router: Final = APIRouter(tags=["sign-in"])
_PERSON: Final = "3f0f5a53-7a6b-4f0f-a0c4-6b8b7a7b3f10"
_CARRIED: Final = "qL8B1q3mTnM0mZ3kq7r0y1xkz4v0t9m3c2b1a0Zyxwv"
INVITED: Final = {
    "person": _PERSON,
    "link": f"https://ledger.example/invitation#{_CARRIED}",
    "code": "K7QM-2XHD",
    "ends_at": "2026-05-10T09:00:00.000Z",
}
OPENED: Final = {
    "ticket": _CARRIED,
    "options": {
        "rp": {"id": "ledger.example", "name": "Record ledger"},
        "user": {"id": "Pw9aU3prTw-gxGuLens_EA", "name": "Account 3f10", "displayName": "Account 3f10"},
        "challenge": "mZ3kq7r0y1xkz4v0t9m3c2b1a0ZyxwvqL8B1q3mTnM0",
        "pubKeyCredParams": [{"type": "public-key", "alg": -8}, {"type": "public-key", "alg": -7}],
    },
}
_ENTERED: Final = {
    "person": _PERSON,
    "acting_as": "patient",
    "may_act_as": ["patient"],
    "csrf": "c2b1a0ZyxwvqL8B1q3mTnM0mZ3kq7r0y1xkz4v0t9m3",
    "passkey": {"kid": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k", "enrolled": False},
}
_CREDENTIAL: Final = {
    "id": "AQIDBAUGBwgJCgsMDQ4PEA",
    "rawId": "AQIDBAUGBwgJCgsMDQ4PEA",
    "type": "public-key",
    "response": {"clientDataJSON": "eyJ0eXBlIjoid2ViYXV0aG4uY3JlYXRlIn0", "attestationObject": "o2NmbXRkbm9uZQ"},
    "clientExtensionResults": {},
}


class InvitedCarer(Body):
    """Somebody to be invited as a carer; naming them one is said by itself, at ``/records/{record}/carers``."""

    model_config = shown_as(name="Sam Hassan")
    name: Text


class Opening(Body):
    """What the link carries behind its ``#``, and the code that was told; the first administrator's has none."""

    model_config = shown_as(secret=_CARRIED, code="K7QM-2XHD")
    secret: Text
    code: Text | None = None


class Accepting(Body):
    """The ticket of an opened invitation, the passkey that was made (RegistrationResponseJSON), and a name for it."""

    model_config = shown_as(ticket=_CARRIED, credential=_CREDENTIAL, name="My phone")
    ticket: Text
    credential: dict[str, Any]
    name: Text


@does(router, "/people/{person}/invitation", "people.invite", INVITED, status=201, programs=True)
async def invite(
    request: Request, call: Calling, person: InPath, body: Annotated[OnlyBody, reads(OnlyBody)]
) -> Response:
    """Invite somebody who is registered and never had a way in, by an administrator or a registrar.

    The link is handed over, the code told in person: whoever has both comes in as this person. Both are good for seven
    days, and once; inviting again ends them.
    """
    await check_staff(call, person, STAFF)
    await check_can_be_invited(call.ledger, person, by=call.session.acting_as)
    invited = await call.service.doors.invitations.invite(person, why="invited", by=call.session.person)
    return json_answer(told_of(request, call.service, person, invited), 201)


@does(router, "/records/{record}/carers/invitations", "people.register_carer", INVITED, status=201, programs=True)
async def invite_carer(
    request: Request, call: Calling, record: InPath, body: Annotated[InvitedCarer, reads(InvitedCarer)]
) -> Response:
    """Register somebody and invite them, by whoever may name carers of this record; at most twenty at a time.

    It shows them nothing, and tells nobody. Name them a carer next, and then say what they may see.
    """
    invitations = call.service.doors.invitations
    await invitations.check_few_open(call.session.person)
    person = str((await call.ledger.people.register_carer(call.by(), record, body.name)).facts["person"])
    invited = await invitations.invite(person, why="invited", by=call.session.person)
    return json_answer(told_of(request, call.service, person, invited), 201)


@does(router, "/invitations/open", "invitations.open", OPENED, anonymous=True)
async def open_invitation(request: Request, service: Serving, body: Annotated[Opening, reads(Opening)]) -> Response:
    """Open an invitation: what a browser needs to make a passkey, and a ticket to bring it with within 15 minutes."""
    async with slowed(request, service, f"invitation:{body.secret}"):
        opened, ticket = await service.doors.invitations.open(body.secret, body.code)
    return json_answer(await opened_told(request, service, opened, ticket))


@does(router, "/invitations/accept", "invitations.accept", _ENTERED, status=201, anonymous=True)
async def accept_invitation(
    request: Request, service: Serving, body: Annotated[Accepting, reads(Accepting)]
) -> Response:
    """Accept an invitation with a passkey: it signs its owner in from now on, and this browser is signed in by it.

    Until a registrar has enrolled the passkey, what is said is recorded by the service for its owner.
    """
    doors, place = service.doors, place_of(request, service.doors.settings)
    async with slowed(request, service), doors.invitations.use(body.ticket) as opened:
        await check_still_invited(service.ledger, opened)
        made = await doors.passkeys.make(opened.person, body.credential, place, body.name, opened.id)
    await settle(service.ledger, doors, opened, made, place)
    entered = await enter(request, service, opened.person, means="invitation", credential=made.credential)
    enrolment = made.enrolment((await person_of(service, opened.person)).keys)
    told = {**entered.told(), "passkey": {"kid": made.kid, "enrolled": enrolment is not None}}
    return entered.let_in(json_answer(told, 201))


async def check_staff(call: Call, person: str, roles: tuple[str, ...]) -> None:
    """Raise NotAllowed unless somebody acting as one of these, which they are now, does this for another person."""
    acting, known = call.session.acting_as, await person_of(call.service, call.session.person)
    if acting not in roles or known.facts.role(acting, call.ledger.clock()) is None:
        raise NotAllowed(f"got somebody acting as {acting}, wanted one of {', '.join(roles)}", "role-missing")
    if person == call.session.person:
        raise NotAllowed("person: got oneself, wanted another member of staff to do it", "for-themselves")


@asynccontextmanager
async def slowed(request: Request, service: Service, *buckets: str) -> AsyncIterator[None]:
    """Slow down whoever fails at a door, by their address and by what they try; raises TooMany.

    A passkey that does not fit is no guess, so it does not count.
    """
    throttle, address = service.doors.throttle, address_of(request)
    names = (f"address:{address}", *buckets)
    await throttle.check(*names)
    try:
        yield
    except PasskeyRefused:
        raise
    except SignInRefused:
        await throttle.failed(*names)
        raise
    await throttle.succeeded(*names)


def told_of(request: Request, service: Service, person: str, invited: Invited) -> dict[str, Any]:
    """What whoever invites is told, once."""
    return {
        "person": person,
        "link": invited.link(place_of(request, service.doors.settings).origin),
        "code": invited.code,
        "ends_at": format_instant(invited.ends),
    }


async def opened_told(request: Request, service: Service, opened: Opened, ticket: str) -> dict[str, Any]:
    """What whoever was let in to make a passkey is told."""
    place = place_of(request, service.doors.settings)
    return {
        "ticket": ticket,
        "options": await service.doors.passkeys.options_to_make(opened.person, "", place, opened.id),
    }


async def person_of(service: Service, person: str) -> Person:
    """What is known of a person, read afresh."""
    return (await service.ledger.facts.person(person, fresh=True)).fold
