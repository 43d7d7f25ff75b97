"""One's own sessions over HTTP: which there are, acting as something else in this one, ending them, nonces."""

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Request
from pydantic import Field
from starlette.responses import Response

from api.http.answers import json_answer
from api.http.bodies import Body, InPath, OnlyBody, names, reads, shown_as
from api.http.cookies import clear_session, cookie_of, csrf_of, set_session
from api.http.operations import does, shows
from api.http.service import Call, Calling
from api.http.signing_in import session_id_of
from api.sign_in.sessions import ListedSession
from api.sign_in.standing import check_may_act_as, may_act_as
from ledger.core.canonical import base64url
from ledger.core.instants import format_instant
from ledger.core.terms import ACTING_AS
from ledger.domain.errors import Unknown

router: Final = APIRouter(tags=["sign-in"])
_PERSON: Final = "3f0f5a53-7a6b-4f0f-a0c4-6b8b7a7b3f10"
_NOW: Final = "2026-05-03T09:00:00.000Z"
_SESSION: Final = {
    "person": _PERSON,
    "acting_as": "patient",
    "may_act_as": ["patient", "clinician"],
    "id": "019c0f3e-5a80-7c3e-9d2b-6f1f3f0a4b11",
    "means": "passkey",
    "authenticated_at": _NOW,
    "ends_at": "2026-05-03T21:00:00.000Z",
    "csrf": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
}
_ACTS: Final = {name: _SESSION[name] for name in ("person", "acting_as", "csrf", "may_act_as")}
_LISTED: Final = {
    "id": _SESSION["id"],
    "acting_as": "patient",
    "means": "passkey",
    "browser": "Firefox on Linux",
    "began_at": _NOW,
    "seen_at": _NOW,
    "this_one": True,
}


class ActingAs(Body):
    """What to act as from here on."""

    model_config = shown_as(acting_as="clinician")
    acting_as: Annotated[str, names(*ACTING_AS)]


class NewNonces(Body):
    """Nonces to certify a session key or to assure statements with: each is good once, for five minutes, here."""

    model_config = shown_as(purpose="statement", count=1)
    purpose: Literal["session-key", "statement"]
    count: Annotated[int, Field(ge=1, le=20)] = 1


@shows(router, "/session", "session.show", _SESSION)
async def show(call: Calling, request: Request) -> Response:
    """Who is signed in here, acting as what, and what they may act as; for a browser, the token of its pages."""
    session = call.session
    allowed = await _allowed(call)
    shown = None if session.authenticated_at is None else format_instant(session.authenticated_at)
    cookie = cookie_of(request)
    return json_answer(
        {
            "person": session.person,
            "acting_as": session.acting_as,
            "may_act_as": allowed,
            "id": session.id,
            "means": session.means,
            "authenticated_at": shown,
            "ends_at": format_instant(session.ends),
            "csrf": None if cookie is None else csrf_of(cookie),
        }
    )


@does(router, "/session/acting-as", "session.act_as", _ACTS)
async def act_as(call: Calling, body: Annotated[ActingAs, reads(ActingAs)]) -> Response:
    """Act as something else in this session, which the facts must allow; the cookie's value changes."""
    session_id_of(call)
    await call.service.caught_up()
    await check_may_act_as(call.ledger, call.service.directory, call.session.person, body.acting_as)
    begun = await call.service.doors.sessions.act_as(call.session, body.acting_as)
    told = {"person": begun.session.person, "acting_as": begun.session.acting_as, "csrf": csrf_of(begun.cookie)}
    response = json_answer({**told, "may_act_as": await _allowed(call)})
    set_session(response, begun)
    return response


@does(router, "/session/end", "session.end", {"ended": 1})
async def end(call: Calling, body: Annotated[OnlyBody, reads(OnlyBody)]) -> Response:
    """Sign out here; the browser forgets what it has kept of this place."""
    session_id_of(call)
    await call.service.doors.sessions.end(call.session)
    response = json_answer({"ended": 1})
    clear_session(response)
    return response


@shows(router, "/sessions", "sessions.list", {"sessions": [_LISTED]})
async def listed(call: Calling) -> Response:
    """One's own sessions in browsers, newest first."""
    found = await call.service.doors.sessions.listed(call.session.person)
    return json_answer({"sessions": [_told(one, call) for one in found]})


@does(router, "/sessions/{session}/end", "sessions.end_one", {"ended": 1})
async def end_one(call: Calling, session: InPath, body: Annotated[OnlyBody, reads(OnlyBody)]) -> Response:
    """End one of one's own sessions, wherever it is."""
    if not await call.service.doors.sessions.end_one(call.session.person, session):
        raise Unknown(f"session {session}: there is none of yours in force under this id; see GET /sessions")
    response = json_answer({"ended": 1})
    if session == call.session.id:
        clear_session(response)
    return response


@does(router, "/sessions/end", "sessions.end_others", {"ended": 2})
async def end_others(call: Calling, body: Annotated[OnlyBody, reads(OnlyBody)]) -> Response:
    """End all of one's sessions but this one."""
    ended = await call.service.doors.sessions.end_all(call.session.person, but=call.session.id)
    return json_answer({"ended": ended})


@does(router, "/session/end-everywhere", "sessions.end_all", {"ended": 3})
async def end_everywhere(call: Calling, body: Annotated[OnlyBody, reads(OnlyBody)]) -> Response:
    """Sign out everywhere, here too."""
    ended = await call.service.doors.sessions.end_all(call.session.person)
    response = json_answer({"ended": ended})
    clear_session(response)
    return response


@does(router, "/session/nonces", "session.nonces", {"nonces": ["kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"]})
async def nonces(call: Calling, body: Annotated[NewNonces, reads(NewNonces)]) -> Response:
    """Nonces of 32 bytes, in base64url, for assertions of this session's passkey."""
    once, whom = call.service.doors.once, session_id_of(call)
    return json_answer({"nonces": [base64url(once.challenge(body.purpose, whom)) for _ in range(body.count)]})


async def _allowed(call: Call) -> list[str]:
    """What the facts allow, within the session's own bound."""
    bound = call.session.may_act_as
    allowed = await may_act_as(call.ledger, call.service.directory, call.session.person)
    return [role for role in allowed if bound is None or role in bound]


def _told(one: ListedSession, call: Call) -> dict[str, Any]:
    return {
        "id": one.id,
        "acting_as": one.acting_as,
        "means": one.means,
        "browser": one.browser,
        "began_at": format_instant(one.began_at),
        "seen_at": format_instant(one.seen_at),
        "this_one": one.id == call.session.id,
    }
