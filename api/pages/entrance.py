"""The pages of those who are not in yet: signing in, an invitation, a recovery code."""

from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http.problems import Refused
from api.http.service import service_of, session_of
from api.pages.rendering import PageRoute, page, see_other
from api.sign_in.session import SignInRefused

router: Final = APIRouter(include_in_schema=False, route_class=PageRoute)


@router.get("/sign-in")
async def sign_in(request: Request) -> Response:
    """Where people sign in; whoever is in goes on to their page."""
    try:
        await session_of(request)
    except (Refused, SignInRefused):
        return page(request, "sign_in.html", providers=_providers(request))
    return see_other("/")


@router.get("/invitation")
async def invitation(request: Request) -> Response:
    """Where an invitation's link leads; what it carries is for the page alone, and is not sent."""
    return page(request, "invitation.html", providers=_providers(request))


@router.get("/recovery")
async def recovery(request: Request) -> Response:
    """Where a recovery code is used."""
    return page(request, "recovery.html")


def _providers(request: Request) -> list[dict[str, str]]:
    openid = service_of(request).doors.openid
    return [] if openid is None else [{"name": one.name, "label": one.label} for one in openid.providers.values()]
