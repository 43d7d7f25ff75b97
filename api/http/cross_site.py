"""Requests that another site has a browser make: refused, before anything is done.

A page of this place says where it comes from, which no other site can feign: ``Sec-Fetch-Site`` (W3C Fetch Metadata)
or ``Origin`` (RFC 6454). Where a cookie says who it is, it must, and must prove besides that it has read a page of
this session: by a header, which only a script of this place may set, or by a member of its form.
"""

from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import Request

from api.http.cookies import is_csrf_of
from api.http.problems import CROSS_SITE, Problem, Refused
from api.sign_in.place import Place

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing (RFC 9110, section 9.2.1)."""
HEADER: Final = "x-csrf-token"
FORM: Final = "application/x-www-form-urlencoded"
MEMBER: Final = "csrf"
MOST_MEMBERS: Final = 300
"""Of a form."""


def check_origin(request: Request, place: Place) -> None:
    """Raise Refused if a browser says that another site had it make this request.

    A program says nothing of this kind; that it may do so only without a cookie is ``check_own_page``'s to see.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site not in (None, "same-origin"):
        raise _refused(f"sec-fetch-site: got {site[:20]!r}, wanted same-origin")
    # A page that sends no referrer has the origin null; that it is ours is then Sec-Fetch-Site's to say.
    if origin not in (None, place.origin) and not (origin == "null" and site is not None):
        raise _refused(f"origin: got {origin[:80]!r}, wanted {place.origin}")


def check_own_reading(request: Request) -> None:
    """Raise Refused if another site leads a browser to the API itself: what is shown there is recorded as shown.

    Pages may be linked to. A browser that says nothing of this kind is let through: what it shows, its owner sees.
    """
    site = request.headers.get("sec-fetch-site")
    if site not in (None, "same-origin", "none"):
        raise _refused(f"sec-fetch-site: got {site[:20]!r}, wanted same-origin")


async def check_own_page(request: Request, cookie: str, place: Place) -> None:
    """Raise Refused unless a page of this place and of this session made the request."""
    check_origin(request, place)
    if "origin" not in request.headers and "sec-fetch-site" not in request.headers:
        raise _refused(f"origin: got none, wanted {place.origin}")
    token = request.headers.get(HEADER)
    if token is None:
        token = await _of_form(request)
    if token is None or not is_csrf_of(cookie, token):
        raise _refused(f"{HEADER}: got {'none' if token is None else 'that of another session'}, wanted this session's")


async def _of_form(request: Request) -> str | None:
    """The token that a form brings along, if it brings one and no more than one."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        return None
    body = (await request.body()).decode("utf-8", "replace")
    try:
        pairs = parse_qsl(body, keep_blank_values=True, max_num_fields=MOST_MEMBERS)
    except ValueError:
        return None
    found = [value for name, value in pairs if name == MEMBER]
    return found[0] if len(found) == 1 else None


def _refused(detail: str) -> Refused:
    return Refused(Problem(CROSS_SITE, f"{detail}; open the page again and do it there"))
