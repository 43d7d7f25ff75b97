"""The gate: what every request passes before, and every answer after, anything is read of it. Plain ASGI.

Bodies are JSON in UTF-8, uncompressed, of a bounded size; only the token endpoint (RFC 6749) and the pages' own forms
take forms. Each answer carries the security headers; a page brings a content security policy of its own. The access log
has method, route, status and time: never a path as it was sent, a query, a header or a word of a body. An error that
nobody foresaw ends here as a problem with an id.
"""

import logging
import time
from collections.abc import Iterable
from email.message import Message as MimeHeaders
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.cookies import SESSION
from api.http.problems import MEDIA, TOO_LARGE, Problem, unforeseen
from api.listening import SECURITY_HEADERS

LARGEST_BODY: Final = 600 * 1024
"""Bytes: words of 256 KiB with everything escaped that JSON lets one escape in two bytes, and room for the rest."""
LONGEST_TYPE: Final = 200
"""Bytes of a content-type header: reading its parameters takes time with the square of them."""
FORMS: Final = frozenset({"/token"})
OF_PAGES: Final = "/forms/"
"""Where the pages' forms are sent, which work without JavaScript."""

_HEADERS: Final = tuple((name.encode(), value.encode()) for name, value in SECURITY_HEADERS.items())
_SESSION: Final = f"{SESSION}=".encode()
_UNCACHED: Final = (b"cache-control", b"no-store")
"""Of every answer that does not say itself that it never changes."""
_access: Final = logging.getLogger("record_ledger.access")


class _TooLarge(Exception):
    """A body that grew beyond the limit while it was read."""


class Gate:
    """ASGI middleware; the outermost."""

    def __init__(self, app: ASGIApp, more: Iterable[tuple[str, str]] = ()) -> None:
        """``more`` are headers of every answer besides those of ``SECURITY_HEADERS``."""
        self._app = app
        self._headers = (*_HEADERS, *((name.encode(), value.encode()) for name, value in more))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it with a problem."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        passage = _Passage(scope, send, self._headers)
        try:
            problem = _problem_of_head(scope)
            if problem is None:
                await self._app(scope, _counted(receive), passage.send)
        except _TooLarge:
            problem = _too_large()
        except Exception as error:
            problem = unforeseen(error)
        if problem is not None and passage.status == 0:
            await problem.response()(scope, receive, passage.send)
        passage.log()


class _Passage:
    """One answer on its way out."""

    def __init__(self, scope: Scope, send: Send, headers: Iterable[tuple[bytes, bytes]]) -> None:
        self._headers = headers
        self._scope = scope
        self._send = send
        self._began = time.perf_counter()
        self.status = 0

    async def send(self, message: Message) -> None:
        """Add the headers of every answer to its start."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            own = {name for name, _ in message["headers"]}
            headers = [*message["headers"], *(one for one in self._headers if one[0] not in own)]
            message["headers"] = headers if b"cache-control" in own else [*headers, _UNCACHED]
            message["headers"] += self._renewed(headers)
        await self._send(message)

    def _renewed(self, headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        """The session's cookie under its new value, unless the answer sets or takes it itself."""
        renewed = self._scope.get("state", {}).get("renewed")
        own = any(name == b"set-cookie" and value.startswith(_SESSION) for name, value in headers)
        return [] if renewed is None or own else [renewed]

    def log(self) -> None:
        """One line of the access log."""
        route = getattr(self._scope.get("route"), "path", "-")
        spent = (time.perf_counter() - self._began) * 1000
        _access.info("%s %s %d %.1fms", self._scope["method"], route, self.status, spent)


def _problem_of_head(scope: Scope) -> Problem | None:
    """What is wrong with a request by its headers alone."""
    length, kind, coding = b"", b"", b""
    for name, value in scope["headers"]:
        if name == b"content-length":
            length = value
        elif name == b"content-type":
            kind = value
        elif name == b"content-encoding":
            coding = value
    if length.isdigit() and int(length) > LARGEST_BODY:
        return _too_large()
    if coding not in (b"", b"identity"):
        return Problem(MEDIA, "content-encoding: got a compressed body, wanted a plain one; send it as it is")
    if kind in (b"application/json", b"") and not _is_form(scope["path"]):
        return None
    return _problem_of_type(kind.decode("latin-1"), scope["path"])


def _is_form(path: str) -> bool:
    return path in FORMS or path.startswith(OF_PAGES)


def _problem_of_type(kind: str, path: str) -> Problem | None:
    wanted = "application/x-www-form-urlencoded" if _is_form(path) else "application/json"
    if len(kind) <= LONGEST_TYPE and _names_in(kind) == (wanted, "utf-8"):
        return None
    return Problem(MEDIA, f"content-type: got {kind[:60]!r}, wanted {wanted} in UTF-8; send the body as that")


def _names_in(kind: str) -> tuple[str, str] | None:
    """The type and the charset that a content-type header names; None where it names no charset that can be."""
    headers = MimeHeaders()
    headers["content-type"] = kind or "none"
    try:
        return headers.get_content_type(), headers.get_content_charset("utf-8")
    except ValueError:  # a NUL in the name of the charset (RFC 2231)
        return None


def _counted(receive: Receive) -> Receive:
    """Count a body as it comes, because nobody has to say its length beforehand."""
    size = 0

    async def counted() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > LARGEST_BODY:
            raise _TooLarge
        return message

    return counted


def _too_large() -> Problem:
    return Problem(TOO_LARGE, f"body: got more than {LARGEST_BODY} bytes, wanted at most that; say it in parts")
