"""Arriving: what is asked of every request, whoever makes it and to whichever operation."""

from typing import Final

from starlette.requests import Request

from api.http.cross_site import SAFE, check_origin
from api.http.service import service_of
from api.sign_in.place import place_of
from api.sign_in.throttle import address_of

WAYS_IN: Final = ("/token", "/sign-in", "/forms/sign-in", "/invitation", "/forms/invitation", "/recovery-code")
"""Where people ask to be let in, by the beginning of the path: so many requests of one address, and no more."""


async def arriving(request: Request) -> None:
    """Raise Refused for what another site has a browser do, and TooMany for an address that asks too often."""
    doors = service_of(request).doors
    if request.method not in SAFE:
        check_origin(request, place_of(request, doors.settings))
    if request.scope["path"].startswith(WAYS_IN):
        doors.throttle.check_rate(address_of(request))
