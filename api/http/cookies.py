"""The session's cookie (RFC 6265bis): only this host's, only over https or on localhost, never for a script to read."""

import hashlib
import hmac
import secrets
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from api.sign_in.sessions import Begun
from ledger.core.canonical import base64url, unbase64url
from ledger.core.errors import CoreError

SESSION: Final = "__Host-session"
_STAYS: Final = 16
_LABEL: Final = b"csrf\0"
_TOKEN: Final = 32


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
    return base64url(_token_of(cookie))


def masked_csrf_of(cookie: str) -> str:
    """The same token as a page has it: under a mask of its own, so that no two pages have the same bytes there.

    A page is compressed, and whoever counts its bytes on the way could else guess the token letter by letter (BREACH).
    """
    mask = secrets.token_bytes(_TOKEN)
    return base64url(mask + _under(mask, _token_of(cookie)))


def is_csrf_of(cookie: str, told: str) -> bool:
    """Whether this is the token of a cookie's session: plain, as programs have it, or under a page's mask."""
    plain = csrf_of(cookie).encode()
    return hmac.compare_digest(_unmasked(told).encode("utf-8", "replace"), plain)


def _token_of(cookie: str) -> bytes:
    stays = unbase64url(cookie, "cookie", size=48)[:_STAYS]
    return hashlib.sha256(_LABEL + stays).digest()


def _unmasked(told: str) -> str:
    try:
        masked = unbase64url(told, "csrf", size=2 * _TOKEN)
    except CoreError:
        return told
    return base64url(_under(masked[:_TOKEN], masked[_TOKEN:]))


def _under(mask: bytes, token: bytes) -> bytes:
    return bytes(one ^ other for one, other in zip(mask, token, strict=True))
