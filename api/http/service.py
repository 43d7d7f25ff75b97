"""The service behind the API: the ledger, what follows it, who may come in; and one caller of it."""

import re
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends, Request

from api.http.bodies import Body
from api.http.cursors import Cursors
from api.http.problems import MALFORMED, SIGN_IN, Problem, Refused
from api.sign_in.api_keys import ApiKeys
from api.sign_in.doors import Doors
from api.sign_in.session import Session, SignInRefused
from ledger.core.instants import Instant
from ledger.core.trust_policy import TrustPolicy
from ledger.ledger import Ledger
from ledger.saying import By
from ledger.store.receipts import IsWitnessed, nobody_witnesses
from projections.access_trail import AccessTrail
from projections.directory import Directory
from projections.follow import Follower
from projections.notices import Notices
from projections.timeline import Timeline
from projections.worklist import Worklist

_UUID_7: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Service:
    """What the handlers use; made once, when the application starts."""

    ledger: Ledger
    follower: Follower
    timeline: Timeline
    directory: Directory
    access_trail: AccessTrail
    api_keys: ApiKeys
    cursors: Cursors
    worklist: Worklist
    notices: Notices
    doors: Doors
    policy: TrustPolicy | None = None
    is_witnessed: IsWitnessed = nobody_witnesses

    async def caught_up(self) -> None:
        """Wait until the projections hold all that this process has admitted: read your writes."""
        await self.follower.wait_until(self.ledger.rows.sequencer.size - 1)


@dataclass(frozen=True, slots=True)
class Call:
    """One request of somebody who is signed in."""

    service: Service
    session: Session
    statement_id: str | None

    @property
    def ledger(self) -> Ledger:
        """The ledger that is asked."""
        return self.service.ledger

    def by(self, body: Body | None = None) -> By:
        """Who speaks: the person of the session, under the id and instant that the client chose, if it did."""
        made_at: Instant | None = None if body is None else body.made_at
        return By(self.session.person, self.session.acting_as, self.statement_id, made_at)


def service_of(request: Request) -> Service:
    """The service that the application was started with."""
    service: Service = request.app.state.service
    return service


async def call_of(request: Request) -> Call:
    """The caller, by the bearer token (RFC 6750); raises Refused for none, or one that is not in force."""
    session = await session_of(request)
    return Call(service_of(request), session, _statement_id(request.headers.get("idempotency-key")))


async def session_of(request: Request) -> Session:
    """Who is signed in; raises Refused for no bearer token, or one that is not in force."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Refused(Problem(SIGN_IN, "authorization: got no bearer token, wanted one from POST /token"))
    try:
        return await service_of(request).api_keys.session_of(token)
    except SignInRefused as error:
        raise Refused(Problem(SIGN_IN, str(error))) from error


async def check_still_signed_in(call: Call) -> None:
    """Raise Refused if the session's key was revoked before what was just disclosed."""
    try:
        await call.service.api_keys.check_still_in_force(call.session)
    except SignInRefused as error:
        raise Refused(Problem(SIGN_IN, str(error))) from error


def _statement_id(key: str | None) -> str | None:
    if key is None or _UUID_7.fullmatch(key):
        return key
    detail = f"idempotency-key: got {key[:40]!r}, wanted a lower-case UUIDv7, fresh for each statement"
    raise Refused(Problem(MALFORMED, detail))


Calling = Annotated[Call, Depends(call_of)]
Serving = Annotated[Service, Depends(service_of)]
