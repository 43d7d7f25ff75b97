"""Signing in with a passkey over HTTP, and showing again who one is (WebAuthn level 3).

Nobody says an account's name: the authenticator knows whose passkey it is. So what is refused tells nobody who has an
account. What somebody at the browser can do something about has a ``reason`` of its own, whoever they are.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any, Final

from fastapi import APIRouter, Request
from pydantic import WithJsonSchema
from starlette.responses import Response

from api.http.answers import json_answer
from api.http.bodies import Body, OnlyBody, names, reads, shown_as
from api.http.cookies import csrf_of, set_session
from api.http.entering import enter
from api.http.operations import does
from api.http.problems import SIGN_IN, Problem, Refused
from api.http.service import Call, Calling, Service, Serving
from api.sign_in.authenticators import PasskeyRefused
from api.sign_in.passkeys import KeptPasskey
from api.sign_in.place import place_of
from api.sign_in.throttle import address_of
from ledger.core.instants import format_instant
from ledger.core.terms import ACTING_AS

router: Final = APIRouter(tags=["sign-in"])
KID: Final = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
CREDENTIAL_ID: Final = "AQIDBAUGBwgJCgsMDQ4PEA"
_CHALLENGE: Final = "mZ3kq7r0y1xkz4v0t9m3c2b1a0ZyxwvqL8B1q3mTnM0"
_USED: Final = {
    "id": CREDENTIAL_ID,
    "type": "public-key",
    "response": {
        "clientDataJSON": "eyJ0eXBlIjoid2ViYXV0aG4uZ2V0In0",
        "authenticatorData": "SZYN5YgOjGh0NBcPZHZgW4_krrmihjLHmVzzuoMdl2MFAAAAAQ",
        "signature": "MEUCIQDx",
        "userHandle": "Pw9aU3prTw-gxGuLens_EA",
    },
}
OPTIONS: Final = {
    "challenge": _CHALLENGE,
    "timeout": 300_000,
    "rpId": "ledger.example",
    "allowCredentials": [],
    "userVerification": "required",
}
_ENTERED: Final = {
    "person": "3f0f5a53-7a6b-4f0f-a0c4-6b8b7a7b3f10",
    "acting_as": "patient",
    "may_act_as": ["patient", "clinician"],
    "csrf": KID,
    "passkey": {"kid": KID, "enrolled": True},
}
_AGAIN: Final = {"authenticated_at": "2026-05-03T09:00:00.000Z", "csrf": KID}
# Only what is there to be guessed counts as a failure.
_GUESSES: Final = frozenset({"unknown", "copied", "another-account"})
Credential = Annotated[
    dict[str, Any],
    WithJsonSchema(
        {
            "type": "object",
            "description": "What PublicKeyCredential.toJSON() gives; members that are not used may be there.",
            "required": ["id", "type", "response"],
            "properties": {
                "id": {"type": "string"},
                "type": {"type": "string", "const": "public-key"},
                "response": {"type": "object", "additionalProperties": True},
            },
        }
    ),
]


class Showing(Body):
    """The answer of an authenticator (AuthenticationResponseJSON)."""

    model_config = shown_as(credential=_USED)
    credential: Credential


class SigningIn(Showing):
    """The answer of an authenticator, and what to act as; the first thing that the facts allow if left out."""

    model_config = shown_as(credential=_USED, acting_as="patient")
    acting_as: Annotated[str | None, names(*ACTING_AS)] = None


@does(router, "/sign-in/passkey/options", "sign_in.passkey_options", OPTIONS, anonymous=True)
async def options(request: Request, service: Serving, body: Annotated[OnlyBody, reads(OnlyBody)]) -> Response:
    """What a browser needs to ask for a passkey, whosever it is; good for five minutes, and once."""
    doors = service.doors
    return json_answer(doors.passkeys.options_to_sign_in(place_of(request, doors.settings)))


@does(router, "/sign-in/passkey", "sign_in.passkey", _ENTERED, anonymous=True)
async def sign_in(request: Request, service: Serving, body: Annotated[SigningIn, reads(SigningIn)]) -> Response:
    """Sign in with a passkey: a session begins, and the one that this browser had ends."""
    doors = service.doors
    # The passkey that is claimed, whether or not it is there: that an account is slowed down tells of none.
    named = body.credential.get("id")
    async with _slowed(request, service, f"passkey:{named[:2000] if isinstance(named, str) else ''}"):
        kept = await doors.passkeys.sign_in(body.credential, place_of(request, doors.settings))
    entered = await enter(
        request, service, kept.person, means="passkey", acting_as=body.acting_as, credential=kept.credential
    )
    told = {"kid": kept.kid, "enrolled": await is_enrolled(service, kept)}
    return entered.let_in(json_answer({**entered.told(), "passkey": told}))


@does(router, "/session/again/options", "session.again_options", OPTIONS)
async def again_options(request: Request, call: Calling, body: Annotated[OnlyBody, reads(OnlyBody)]) -> Response:
    """What a browser needs to ask for one of the passkeys of whoever is signed in."""
    doors, session = call.service.doors, call.session
    place = place_of(request, doors.settings)
    return json_answer(await doors.passkeys.options_to_show_again(session.person, place, session_id_of(call)))


@does(router, "/session/again", "session.again", _AGAIN)
async def again(request: Request, call: Calling, body: Annotated[Showing, reads(Showing)]) -> Response:
    """Show again, with a passkey of the account that is signed in, who is there; the cookie's value changes."""
    doors, session, whom = call.service.doors, call.session, session_id_of(call)
    async with _slowed(request, call.service, f"person:{session.person}"):
        place = place_of(request, doors.settings)
        kept = await doors.passkeys.show_again(session.person, body.credential, place, whom)
    begun = await doors.sessions.again(session, credential=kept.credential)
    shown = begun.session.authenticated_at
    told = {"authenticated_at": None if shown is None else format_instant(shown), "csrf": csrf_of(begun.cookie)}
    response = json_answer(told)
    set_session(response, begun)
    return response


def session_id_of(call: Call) -> str:
    """The id of the browser's session that this is asked in; raises Refused for a program's token, which has none."""
    if call.session.id is None:
        raise Refused(Problem(SIGN_IN, "session: got a token, wanted a browser's session; sign in in a browser"))
    return call.session.id


async def is_enrolled(service: Service, kept: KeptPasskey) -> bool:
    """Whether the log says that this passkey speaks for its owner."""
    keys = (await service.ledger.facts.person(kept.person, fresh=True)).fold.keys
    enrolment = kept.enrolment(keys)
    return enrolment is not None and enrolment.revoked_at is None


@asynccontextmanager
async def _slowed(request: Request, service: Service, account: str) -> AsyncIterator[None]:
    """Slow down whoever tries passkeys that are not theirs, by address and account; raises TooMany.

    A closed account stays open to its owner, whose signature nobody can guess: else anybody who has read the log could
    keep them out, by the passkey's id.
    """
    throttle, address = service.doors.throttle, f"address:{address_of(request)}"
    await throttle.check(address)
    try:
        yield
    except PasskeyRefused as error:
        if error.reason in _GUESSES:
            await throttle.check(account)
            await throttle.failed(address, account)
        raise
    await throttle.succeeded(account)
