"""The service behind the API: the ledger, what follows it, who may come in; and one caller of it."""

import re
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends, Request

from api.http.bodies import Body
from api.http.cookies import cookie_of, header_of
from api.http.cross_site import SAFE, check_own_page, check_own_reading
from api.http.cursors import Cursors
from api.http.fresh import check_fresh
from api.http.problems import MALFORMED, SIGN_IN, Problem, Refused
from api.sign_in.api_keys import ApiKeys
from api.sign_in.doors import Doors
from api.sign_in.place import place_of
from api.sign_in.session import Session
from ledger.core.instants import Instant
from ledger.core.terms import PURPOSES
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
SIGNING: Final = "x-signing"
DRAFT: Final = "draft"
"""What the pages' own module asks with, before a form is signed."""


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
    """One request of somebody who is signed in.

    ``drafting``: a page asks what it would say, to have it signed there; nothing is said in this person's name.
    ``purpose``: for what they have the record open while they say something; a clinician who is only registered needs
    one to be in care.
    """

    service: Service
    session: Session
    statement_id: str | None
    drafting: bool = False
    purpose: str | None = None

    @property
    def ledger(self) -> Ledger:
        """The ledger that is asked."""
        return self.service.ledger

    def by(self, body: Body | None = None) -> By:
        """Who speaks: the person of the session, under the id and instant that the client chose, if it did."""
        made_at: Instant | None = None if body is None else body.made_at
        return By(
            self.session.person,
            self.session.acting_as,
            self.statement_id,
            made_at,
            purpose=self.purpose,
            drafting=self.drafting,
        )


def service_of(request: Request) -> Service:
    """The service that the application was started with."""
    service: Service = request.app.state.service
    return service


async def call_of(request: Request) -> Call:
    """The caller, by a bearer token (RFC 6750) or by a browser's session.

    Raises Refused for none or both, for one that is not in force, for what another site had the browser do, and where
    the operation asks for somebody who has lately shown who they are.
    """
    service = service_of(request)
    session = await session_of(request)
    route = request.scope["route"]
    if session.id is not None and route.include_in_schema:
        check_own_reading(request)
    check_fresh(session, route.operation_id, service.doors.sessions.clock())
    purpose = None if request.method in SAFE else saying_purpose_of(request.query_params.get("purpose"))
    return Call(service, session, statement_id_of(request.headers.get("idempotency-key")), drafts(request), purpose)


def drafts(request: Request) -> bool:
    """Does a page ask what its form would say, to have it signed there?"""
    return request.headers.get(SIGNING) == DRAFT and not request.scope["route"].include_in_schema


async def session_of(request: Request) -> Session:
    """Who is signed in; raises Refused as ``call_of``. A browser's session is renewed here when its cookie is old."""
    cookie = cookie_of(request)
    if "authorization" not in request.headers and cookie is not None:
        return await _browsers_session(request, cookie)
    if cookie is not None:
        raise Refused(Problem(SIGN_IN, "authorization: got a token and a session's cookie, wanted one; leave out one"))
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        detail = "authorization: got no bearer token, wanted one from POST /token"
        raise Refused(Problem(SIGN_IN, detail, challenge="Bearer"))  # no error where nothing was tried (RFC 6750, 3.1)
    session = await service_of(request).api_keys.session_of(token)
    if request.method not in SAFE:
        session.check_may_say()
    return session


async def _browsers_session(request: Request, cookie: str) -> Session:
    doors = service_of(request).doors
    session = await doors.sessions.of(cookie)
    if request.method not in SAFE:
        await check_own_page(request, cookie, place_of(request, doors.settings))
    renewed = await doors.sessions.renewed(cookie)
    if renewed is not None:
        request.state.renewed = header_of(renewed)  # the gate sends it along with whatever is answered
    return session


async def check_still_signed_in(call: Call) -> None:
    """Raise SignInRefused if the session's key or passkey was revoked before what was just disclosed."""
    of_browser = call.session.id is not None
    await (call.service.doors.sessions if of_browser else call.service.api_keys).check_still_in_force(call.session)


def statement_id_of(key: str | None) -> str | None:
    """The id that a client chose for its statement; raises Refused for what is none."""
    if key is None or _UUID_7.fullmatch(key):
        return key
    detail = f"idempotency-key: got {key[:40]!r}, wanted a lower-case UUIDv7, fresh for each statement"
    raise Refused(Problem(MALFORMED, detail))


def saying_purpose_of(purpose: str | None) -> str | None:
    """For what somebody has the record open in which they say something; raises Refused for what is no purpose."""
    if purpose is None or purpose in PURPOSES:
        return purpose
    raise Refused(Problem(MALFORMED, f"purpose: got {purpose[:40]!r}, wanted none, or one of {', '.join(PURPOSES)}"))


Calling = Annotated[Call, Depends(call_of)]
Serving = Annotated[Service, Depends(service_of)]
