"""The application: every area's routes behind one gate, over one ledger that opens and closes with it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from http import HTTPStatus
from typing import Final

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match, Route

from api.clock import clock
from api.continuity import stopping_when_gone_back
from api.cosigning import cosigning
from api.http import (
    cases,
    directory,
    emergencies,
    erasure,
    exports,
    integrity,
    invitations,
    items,
    log,
    looking_back,
    matters,
    notices,
    oidc,
    passkeys,
    people,
    presets,
    preview,
    receipts,
    records,
    recovery,
    replaying,
    representation,
    search,
    session,
    sharing,
    signing_in,
    statements,
    token,
    trail,
    trail_days,
    trail_exports,
    wishes,
    worklist,
)
from api.http.answers import conflict_of
from api.http.arriving import arriving
from api.http.attempts import on_the_trail
from api.http.compressing import Compressing
from api.http.cursors import Cursors
from api.http.gate import Gate
from api.http.operations import document
from api.http.problems import TABLE, Refused, problem_of, problem_of_http, problem_of_validation
from api.http.service import Service, service_of
from api.listening import ONLY_HTTPS
from api.pages import demo
from api.pages import routes as pages
from api.pages.language import languages_of
from api.pages.leaflets import read_leaflets
from api.pages.rendering import refused_page
from api.sign_in.api_keys import ApiKeys
from api.sign_in.doors import doors_of
from api.sign_in.letting_in import settle_what_is_left
from api.sign_in.personas import Personas, check_this_machine_only
from api.trust import read_policy, witnessed_under
from api.wiring import House, ledger_of
from ledger.store.errors import AlreadySaid, WentBack
from ledger.use_cases.erasing import apply_erasures
from projections.access_trail import AccessTrail
from projections.all import ALL_PROJECTIONS
from projections.directory import Directory
from projections.follow import following
from projections.notices import Notices
from projections.timeline import Timeline
from projections.worklist import Worklist

VERSION: Final = "1"
AREAS: Final = (
    token,
    signing_in,
    session,
    passkeys,
    oidc,
    invitations,
    recovery,
    people,
    directory,
    records,
    preview,
    search,
    exports,
    matters,
    representation,
    items,
    wishes,
    erasure,
    sharing,
    presets,
    emergencies,
    trail,
    trail_days,
    trail_exports,
    replaying,
    looking_back,
    cases,
    worklist,
    notices,
    statements,
    receipts,
    integrity,
    log,
)
_DESCRIPTION: Final = (
    "A shared health record in which every statement is signed, every reading is recorded before it is answered,"
    " and who sees what is decided item by item. Sign in at POST /token with an enrolled key. Every refusal is a"
    " problem (RFC 9457) that says what was got, what was wanted and what to do next."
)


def create_app(house: House, personas: Personas | None = None) -> FastAPI:
    """The application of a house. Its lifespan opens the ledger and what follows it, and closes both.

    With ``personas`` it is a demonstration, in which anybody signs in as one of them; raises NotADemonstration where
    it could be reached from another machine.
    """
    if personas is not None:
        check_this_machine_only(house.settings)
    app = FastAPI(
        title="Record ledger",
        version=VERSION,
        description=_DESCRIPTION,
        lifespan=partial(_running, house, personas),
        redirect_slashes=False,
        dependencies=[Depends(arriving)],
        # The pages that FastAPI would serve load scripts from other hosts.
        docs_url=None,
        redoc_url=None,
    )
    app.state.languages = languages_of(house.settings)
    app.state.leaflets = read_leaflets(house.settings)
    for area in AREAS:
        app.include_router(area.router)
    app.include_router(pages.router)
    if personas is not None:
        app.include_router(demo.router)
    for family in TABLE:
        app.add_exception_handler(family, _answer_problem)
    app.add_exception_handler(Refused, _answer_problem)
    app.add_exception_handler(AlreadySaid, _answer_conflict)
    app.add_exception_handler(RequestValidationError, _answer_validation)
    app.add_exception_handler(HTTPException, _answer_http)
    app.add_middleware(Compressing)
    app.add_middleware(Gate, more=_headers(house, personas))
    app.openapi = partial(document, app, [area.router for area in AREAS])  # type: ignore[method-assign]  # FastAPI's documented way to make one's own
    return app


def _headers(house: House, personas: Personas | None) -> list[tuple[str, str]]:
    """What every answer says besides: by https alone where that is the way in, and that it is a demonstration."""
    https = [ONLY_HTTPS] if (house.settings.url or "").startswith("https:") else []
    return https + ([("x-demonstration", "1")] if personas is not None else [])


@asynccontextmanager
async def _running(house: House, personas: Personas | None, app: FastAPI) -> AsyncIterator[None]:
    """Open what the handlers use; what prevents it is kept as ``failure``, for whoever serves the application."""
    try:
        async with _service(house, personas) as service, stopping_when_gone_back(service.ledger, partial(_stop, app)):
            app.state.service = service
            yield
    except Exception as error:
        app.state.failure = error
        raise


@asynccontextmanager
async def _service(house: House, personas: Personas | None) -> AsyncIterator[Service]:
    policy = read_policy(house.settings)
    async with (
        ledger_of(house) as ledger,
        following(ledger, house.conninfo, ALL_PROJECTIONS) as follower,
        cosigning(ledger, policy),
        doors_of(house, ledger, personas) as doors,
    ):
        await apply_erasures(ledger)  # what a crash left undone, and what a restored backup brought back
        await settle_what_is_left(ledger, doors)
        yield Service(
            ledger,
            follower,
            Timeline(follower),
            Directory(follower),
            AccessTrail(follower),
            ApiKeys(house.keyring, ledger.facts, clock, doors.once),
            Cursors(house.keyring, clock),
            Worklist(follower),
            Notices(follower),
            doors,
            policy,
            witnessed_under(policy),
        )


def _stop(app: FastAPI, failure: WentBack) -> None:
    """Have whoever serves the application stop, if they said how: nothing can be recorded any more."""
    app.state.failure = failure
    getattr(app.state, "stop", lambda: None)()


async def _answer_problem(request: Request, error: Exception) -> Response:
    problem = problem_of(error)
    await on_the_trail(request, problem)
    return problem.response()


async def _answer_conflict(request: Request, error: Exception) -> Response:
    if not isinstance(error, AlreadySaid):
        raise error
    return (await conflict_of(error, service_of(request).ledger)).response()


async def _answer_validation(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    problem = problem_of_validation(error)
    await on_the_trail(request, problem)
    return problem.response()


async def _answer_http(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        # The router names the methods of the first route that has this path; RFC 9110, section 15.5.6, wants all.
        named = (error.headers or {}).get("Allow", "").split(", ")
        error.headers = {"Allow": ", ".join(sorted({*named, *_methods_at(request)}))}
    problem = problem_of_http(error)
    if error.status_code == HTTPStatus.NOT_FOUND and _wants_a_page(request):
        return await refused_page(request, problem)
    return problem.response(error.headers)


def _wants_a_page(request: Request) -> bool:
    """Does a browser ask, for somebody who reads pages?"""
    return request.method == "GET" and "text/html" in request.headers.get("accept", "")


def _methods_at(request: Request) -> set[str]:
    """The methods by which the API can be asked at the place of a request."""
    routes = [route for area in AREAS for route in area.router.routes if isinstance(route, Route | APIRoute)]
    here = (route for route in routes if route.matches(request.scope)[0] is not Match.NONE)
    return {method for route in here for method in route.methods or ()}
