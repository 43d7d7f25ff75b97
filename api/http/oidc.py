"""Sign-in at an OpenID provider over HTTP: leaving for it, coming back, and the identities that are linked.

Coming back always ends at a place of this service that is written here: no parameter says where to. A link is made by
POST alone: by a GET, another site could have a browser link that site's identity to its owner's account.
"""

import logging
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Path, Request
from starlette.responses import RedirectResponse, Response

from api.http.answers import json_answer
from api.http.bodies import Body, Text, reads, shown_as
from api.http.cookies import cookie_of
from api.http.entering import Entered, check_may_add_a_way_in, enter
from api.http.operations import does, example, problems, shows
from api.http.problems import CROSS_SITE, MALFORMED, SIGN_IN, UNKNOWN, Kind, Problem, Refused, problem_of
from api.http.service import Call, Calling, Service, Serving
from api.pages.rendering import refused_page
from api.sign_in.letting_in import check_still_invited, settle
from api.sign_in.place import place_of
from api.sign_in.providers import ProviderFailed
from api.sign_in.session import SignInRefused
from api.sign_in.standing import may_act_as
from ledger.core.instants import format_instant
from ledger.domain.errors import Unknown

if TYPE_CHECKING:
    from api.sign_in.oidc import Leaving, OpenId, Purpose, Transaction, Vouched

router: Final = APIRouter(tags=["sign-in"])
_log: Final = logging.getLogger("record_ledger.openid")
PROVIDER: Final = Kind("provider", 503, "The sign-in provider did not do its part")
UNDER_WAY: Final = "__Host-oidc"
"""The cookie of a sign-in under way."""
LASTS: Final = 600
"""Seconds that a browser keeps it."""
HOME: Final = "/"
ACCOUNT: Final = "/account"

ProviderInPath = Annotated[str, Path(pattern="^[a-z0-9][a-z0-9-]{0,31}$", description="A provider's name.")]
_ISSUER: Final = "https://login.example"
_URL: Final = f"{_ISSUER}/authorize?response_type=code&client_id=ledger&code_challenge_method=S256"
_PROVIDERS: Final = {"providers": [{"name": "national", "label": "National login"}]}
_IDENTITIES: Final = {
    "identities": [
        {
            "provider": "national",
            "label": "National login",
            "issuer": _ISSUER,
            "linked_at": "2026-05-03T09:00:00.000Z",
            "used_at": None,
        }
    ]
}


class NewIdentity(Body):
    """At which provider somebody who is signed in wants to sign in from now on as well."""

    model_config = shown_as(provider="national")
    provider: Text


class AtProvider(Body):
    """The ticket of an invitation that is open, and at which provider its owner signs in from now on."""

    model_config = shown_as(provider="national", ticket="mYx0tqkLJ0zq5wN2VtB8c3rQvR1xw6Yk0m7n9oTfE2s")
    provider: Text
    ticket: Text


class NoIdentity(Body):
    """The issuer at which somebody does not want to sign in any more."""

    model_config = shown_as(issuer=_ISSUER)
    issuer: Text


@router.get(
    "/sign-in/providers",
    operation_id="sign_in.providers",
    summary="sign_in.providers",
    response_class=Response,
    response_model=None,
    responses={200: example(None, _PROVIDERS, "Shown"), **problems(503)},
)
async def providers(service: Serving) -> Response:
    """The OpenID providers at which people may sign in: the name for the path, and what the button says."""
    known = {} if service.doors.openid is None else service.doors.openid.providers
    return json_answer({"providers": [{"name": one.name, "label": one.label} for one in known.values()]})


_SEE_OTHER: Final[dict[int | str, dict[str, Any]]] = {
    303: {"description": "See other", "headers": {"location": {"schema": {"type": "string"}, "example": HOME}}}
}


@router.get(
    "/sign-in/oidc/{provider}",
    operation_id="sign_in.at_provider",
    summary="sign_in.at_provider",
    status_code=303,
    response_class=Response,
    response_model=None,
    responses={**_SEE_OTHER, **problems(403, 404, 422, 429, 503)},
)
async def leave(service: Serving, request: Request, provider: ProviderInPath) -> Response:
    """Send the browser to a provider, to sign in there and to come back."""
    if request.headers.get("sec-fetch-site") in ("cross-site", "same-site"):
        # Another site could otherwise have somebody signed in, unasked, as whom their provider remembers.
        problem = Problem(CROSS_SITE, "sec-fetch-site: got another site's link; go to the sign-in page")
        return await _told(request, problem)
    try:
        leaving = await _left(service, request, provider, "sign-in")
    except Refused as error:
        return await _told(request, error.problem)
    return _with_cookie(RedirectResponse(leaving.url, 303), leaving)


@router.get(
    "/sign-in/oidc/{provider}/callback",
    operation_id="sign_in.from_provider",
    summary="sign_in.from_provider",
    status_code=303,
    response_class=Response,
    response_model=None,
    responses={**_SEE_OTHER, **problems(401, 403, 404, 422, 429, 503)},
)
async def come_back(service: Serving, request: Request, provider: ProviderInPath) -> Response:
    """Take what the provider answered: sign in, link, or accept an invitation, as it was begun in this browser."""
    # Nothing here can be guessed, so failures are not counted: another site could have a browser make them.
    try:
        answer = await _arrived(service, request, provider)
    except SignInRefused as error:
        _log.warning("openid %s: refused: %s", provider, error)
        answer = await _told(request, problem_of(error))
    except Refused as error:
        answer = await _told(request, error.problem)
    answer.delete_cookie(UNDER_WAY, path="/", secure=True, httponly=True, samesite="lax")
    return answer


@does(router, "/invitations/at-provider", "invitations.accept_at_provider", {"url": _URL}, anonymous=True)
async def accept(service: Serving, request: Request, body: Annotated[AtProvider, reads(AtProvider)]) -> Response:
    """Accept an open invitation by signing in at a provider: where to send the browser for that."""
    _check_known(service, body.provider)
    leaving = await _left(service, request, body.provider, "invitation", body.ticket)
    return _with_cookie(json_answer({"url": leaving.url}), leaving)


@shows(router, "/session/identities", "identities.list", _IDENTITIES)
async def identities(call: Calling) -> Response:
    """By which providers' word one may sign in oneself."""
    openid = call.service.doors.openid
    known = {} if openid is None else {one.issuer: one for one in openid.providers.values()}
    told = []
    for identity in await call.service.doors.identities.of(call.session.person):
        provider = known.get(identity.issuer)
        used_at = None if identity.used_at is None else format_instant(identity.used_at)
        told.append(
            {
                "provider": None if provider is None else provider.name,
                "label": None if provider is None else provider.label,
                "issuer": identity.issuer,
                "linked_at": format_instant(identity.linked_at),
                "used_at": used_at,
            }
        )
    return json_answer({"identities": told})


@does(router, "/session/identities", "identities.link", {"url": _URL})
async def link(call: Calling, request: Request, body: Annotated[NewIdentity, reads(NewIdentity)]) -> Response:
    """Link one's identity at a provider: where to send the browser to sign in there."""
    whom = _browsers(call)
    await check_may_add_a_way_in(call)
    _check_known(call.service, body.provider)
    leaving = await _left(call.service, request, body.provider, "link", whom)
    return _with_cookie(json_answer({"url": leaving.url}), leaving)


@does(router, "/session/identities/end", "identities.end", {"ended": _ISSUER})
async def end(call: Calling, body: Annotated[NoIdentity, reads(NoIdentity)]) -> Response:
    """End the link to a provider, and the sessions that began with it."""
    doors, person = call.service.doors, call.session.person
    if body.issuer not in [one.issuer for one in await doors.identities.of(person)]:
        raise Unknown("issuer: got one that nothing of yours is linked to; GET /session/identities lists what is")
    for issuer, subject in await doors.identities.end(person, body.issuer):
        await doors.sessions.end_of_identity(issuer, subject)
    return json_answer({"ended": body.issuer})


async def _left(service: Service, request: Request, name: str, purpose: "Purpose", whom: str = "") -> "Leaving":
    """Begin a sign-in at a provider."""
    openid = _openid(service, name)
    try:
        return await openid.leave(name, place_of(request, service.doors.settings), purpose, whom)
    except ProviderFailed as error:
        raise _failed(name, error) from error


async def _arrived(service: Service, request: Request, name: str) -> Response:
    openid = _openid(service, name)
    try:
        under_way, vouched = await openid.arrive(
            name, request.query_params.multi_items(), cookie_of(request, UNDER_WAY)
        )
    except ProviderFailed as error:
        raise _failed(name, error) from error
    if under_way.purpose == "link":
        return await _linked(service, request, under_way, vouched)
    if under_way.purpose == "invitation":
        return await _accepted(service, request, under_way, vouched)
    identity = await service.doors.identities.sign_in(vouched.issuer, vouched.subject)
    return await _in(service, request, identity.person, vouched)


async def _in(service: Service, request: Request, person: str, vouched: "Vouched") -> Response:
    await _check_claims(service, person, vouched)
    entered: Entered = await enter(
        request,
        service,
        person,
        means="oidc",
        issuer=vouched.issuer,
        subject=vouched.subject,
        bound=vouched.may_act_as,
    )
    return entered.let_in(RedirectResponse(HOME, 303))


async def _check_claims(service: Service, person: str, vouched: "Vouched") -> None:
    """Raise SignInRefused where the provider vouches for nothing that the facts let this person act as."""
    await service.caught_up()
    allowed = await may_act_as(service.ledger, service.directory, person)
    if not set(allowed) & set(vouched.may_act_as):
        detail = f"claims: got none that lets you act as {' or '.join(allowed)} here; sign in another way"
        raise SignInRefused("invalid_scope", detail)


async def _linked(service: Service, request: Request, under_way: "Transaction", vouched: "Vouched") -> Response:
    """Link the identity to whoever began this, in the session in which they did."""
    session = await service.doors.sessions.of(cookie_of(request) or "")
    if session.id != under_way.whom:
        raise SignInRefused("access_denied", "session: got another than the one that began this; link again")
    await service.doors.identities.link(vouched.issuer, vouched.subject, session.person)
    return RedirectResponse(ACCOUNT, 303)


async def _accepted(service: Service, request: Request, under_way: "Transaction", vouched: "Vouched") -> Response:
    """Make the identity a way in for whoever was invited, and let them in."""
    doors = service.doors
    async with doors.invitations.use(under_way.whom) as opened:
        await check_still_invited(service.ledger, opened)
        await _check_claims(service, opened.person, vouched)  # before anything is linked
        # What was lost ends, the linked identities here and now, passkeys when all is made.
        again = opened.why == "recovery"
        await doors.identities.link(vouched.issuer, vouched.subject, opened.person, instead=again)
    await settle(service.ledger, doors, opened, None, place_of(request, doors.settings))
    return await _in(service, request, opened.person, vouched)


def _failed(name: str, error: ProviderFailed) -> Refused:
    """A provider's failure, which the service's keeper has to see as well: it tells of nobody."""
    _log.warning("openid %s: %s", name, error)
    return Refused(Problem(PROVIDER, str(error)))


async def _told(request: Request, problem: Problem) -> Response:
    """A refusal, as a page to whoever reads pages: a browser comes here by itself, not by a script."""
    if "text/html" in request.headers.get("accept", ""):
        return await refused_page(request, problem, problem.detail)
    return problem.response()


def _openid(service: Service, name: str) -> "OpenId":
    openid = service.doors.openid
    if openid is None or name not in openid.providers:
        raise Refused(Problem(UNKNOWN, "provider: got one that is not there, wanted one of GET /sign-in/providers"))
    return openid


def _check_known(service: Service, name: str) -> None:
    """Raise Refused for a provider in a body that is not there."""
    known = [] if service.doors.openid is None else [*service.doors.openid.providers]
    if name not in known:
        wanted = f"one of {', '.join(known)}" if known else "none: no provider is configured here"
        raise Refused(Problem(MALFORMED, f"provider: got {name[:40]!r}, wanted {wanted}"))


def _browsers(call: Call) -> str:
    """The id of the browser's session: a program has none, and nobody to send anywhere."""
    if call.session.id is None:
        raise Refused(Problem(SIGN_IN, "session: got a token, wanted a browser's session; sign in in a browser"))
    return call.session.id


def _with_cookie(response: Response, leaving: "Leaving") -> Response:
    response.set_cookie(UNDER_WAY, leaving.cookie, max_age=LASTS, path="/", secure=True, httponly=True, samesite="lax")
    return response
