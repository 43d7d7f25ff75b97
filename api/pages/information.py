"""General information: leaflets for everybody, chosen by the reader and tailored to nobody; and about the pages."""

from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http.problems import UNKNOWN, Problem, Refused
from api.http.service import call_of
from api.pages import places
from api.pages.leaflets import Leaflet
from api.pages.places import Place
from api.pages.rendering import PageRoute, own_page, page
from api.sign_in.session import SignInRefused

router: Final = APIRouter(include_in_schema=False, route_class=PageRoute)


@router.get(places.INFORMATION.path)
async def information(request: Request) -> Response:
    """Every leaflet."""
    return await _for_everybody(request, "information.html", places.INFORMATION, leaflets=leaflets_of(request))


@router.get(places.LEAFLET.path)
async def leaflet(request: Request, leaflet: str) -> Response:
    """One leaflet; 404 for what is not there."""
    found = next((one for one in leaflets_of(request) if one.name == leaflet), None)
    if found is None:
        raise Refused(Problem(UNKNOWN, "leaflet: got a name that no leaflet has, wanted one of /information"))
    return await _for_everybody(request, "leaflet.html", places.INFORMATION, leaflet=found)


@router.get(places.ACCESSIBILITY.path)
async def accessibility(request: Request) -> Response:
    """How far the pages can be used by everybody, and what to do where they cannot."""
    return await _for_everybody(request, "accessibility.html", None)


def leaflets_of(request: Request) -> tuple[Leaflet, ...]:
    """Every leaflet of this service, in order."""
    leaflets: tuple[Leaflet, ...] = request.app.state.leaflets
    return leaflets


async def _for_everybody(request: Request, template: str, here: Place | None, **shown: Any) -> Response:
    """The same page for whoever reads it; who is signed in keeps their navigation."""
    try:
        call = await call_of(request)
    except (Refused, SignInRefused):
        return page(request, template, **shown)
    return await own_page(request, call, template, here=here, **shown)
