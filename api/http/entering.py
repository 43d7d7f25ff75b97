"""Entering: where every way in ends, with a session begun and its cookie set."""

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import Request
from starlette.responses import Response

from api.http.cookies import cookie_of, csrf_of, set_session
from api.http.service import Call, Service
from api.sign_in.browsers import browser_of
from api.sign_in.session import SignInRefused
from api.sign_in.sessions import Begun
from api.sign_in.standing import check_unbounded, may_act_as


@dataclass(frozen=True, slots=True)
class Entered:
    """Somebody who is in: their session, and what they may act as in it."""

    begun: Begun
    may_act_as: list[str]

    def told(self) -> dict[str, object]:
        """What the browser is told of it, with the token that its pages prove themselves with."""
        session = self.begun.session
        return {
            "person": session.person,
            "acting_as": session.acting_as,
            "may_act_as": self.may_act_as,
            "csrf": csrf_of(self.begun.cookie),
        }

    def let_in(self, response: Response) -> Response:
        """The answer, with the session's cookie."""
        set_session(response, self.begun)
        return response


async def enter(
    request: Request,
    service: Service,
    person: str,
    *,
    means: str,
    acting_as: str | None = None,
    credential: bytes | None = None,
    issuer: str | None = None,
    subject: str | None = None,
    bound: Sequence[str] | None = None,
) -> Entered:
    """Begin a session for somebody who has just shown who they are, and end the one that this browser had.

    They act as ``acting_as``, or else as the first thing that the facts allow them, within the ``bound`` that a
    provider's claims set. Raises SignInRefused where nothing is left, and for what they may not act as.
    """
    await service.caught_up()
    allowed = await may_act_as(service.ledger, service.directory, person)
    allowed = [role for role in allowed if bound is None or role in bound]
    wanted = acting_as or next(iter(allowed), "")
    if wanted not in allowed:
        detail = f"acting_as: got {wanted[:40]!r}, wanted one of {', '.join(allowed) or 'nothing: ask your registrar'}"
        raise SignInRefused("invalid_scope", detail)
    sessions = service.doors.sessions
    before = cookie_of(request)
    begun = await sessions.begin(
        person,
        wanted,
        means=means,
        browser=browser_of(request.headers.get("user-agent", "")),
        credential=credential,
        issuer=issuer,
        subject=subject,
        may_act_as=bound,
    )
    if before is not None:
        await sessions.end_of_cookie(before)
    return Entered(begun, allowed)


async def check_may_add_a_way_in(call: Call) -> None:
    """Raise SignInRefused in a session that a provider's claims bound to less than the person is."""
    await call.service.caught_up()
    await check_unbounded(call.ledger, call.service.directory, call.session)
