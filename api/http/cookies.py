"""The session's cookie (RFC 6265bis): only this host's, only over https or on localhost, never for a script to read."""

import hashlib
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from api.sign_in.sessions import Begun
from ledger.core.canonical import base64url, unbase64url

SESSION: Final = "__Host-session"
_STAYS: Final = 16
_LABEL: Final = b"csrf\0"


def set_session(response: Response, begun: Begun) -> None:
    """Give the browser its session. It keeps it until it is closed: devices are shared, so there is no ``Max-Age``."""
    response.set_cookie(SESSION, begun.cookie, path="/", secure=True, httponly=True, samesite="lax")


def header_of(begun: Begun) -> tuple[bytes, bytes]:
    """The same as a raw header, for an answer that somebody else makes."""
    response = Response()
    set_session(response, begun)
    return next(header for header in response.raw_headers if header[0] == b"set-cookie")


def clear_session(response: Response) -> None:
    """Take the session from the browser, and whatever it has kept of this place beside it: caches and databases."""
    response.delete_cookie(SESSION, path="/", secure=True, httponly=True, samesite="lax")
    response.headers["clear-site-data"] = '"cache", "storage"'


def cookie_of(request: Request, name: str = SESSION) -> str | None:
    """The value of the session's cookie, or another of ours, if the browser sent one under this very name, and no two.

    Starlette trims names as Unicode text: what a neighbouring host may set, without the prefix, would pass for it.
    """
    pairs = [pair.strip(" ").partition("=") for sent in request.headers.getlist("cookie") for pair in sent.split(";")]
    found = [value for key, _, value in pairs if key == name]
    return found[0] if len(found) == 1 else None


def csrf_of(cookie: str) -> str:
    """The token that a page proves itself with, from its session's cookie: the same until the session ends.

    It follows from the part of the value that stays, so that a page goes on when the other part has changed.
    """
    stays = unbase64url(cookie, "cookie", size=48)[:_STAYS]
    return base64url(hashlib.sha256(_LABEL + stays).digest())
