"""Pages compressed by gzip (RFC 1952) for browsers that take it; every other answer goes on byte for byte. Plain ASGI.

Whoever watches the length of a compressed page, and can have words of their own put into it, may guess at what else is
in it (BREACH). Here they cannot well: another site's requests carry no session (SameSite, and Fetch Metadata refused),
so every guess takes a page that opens before the reader's eyes; the one secret that would be worth thousands of them,
the token of the forms, is under a fresh mask in every page (``cookies.masked_csrf_of``); and each page is longer by a
number of bytes that is drawn for it alone, which takes many more answers to average out (Heal the BREACH).
"""

import gzip
import io
import secrets
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_LEAST: Final = 500
"""Bytes below which it is not worth it."""
_LEVEL: Final = 6
_MOST_ADDED: Final = 100
"""Bytes by which a page may be longer than it had to be."""


class Compressing:
    """ASGI middleware; inside the gate, which adds its headers to what leaves here."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and its answer back: compressed, if it is a page and the browser takes it."""
        if scope["type"] == "http":
            send = _Answer(send, takes_gzip(Headers(scope=scope).get("accept-encoding", ""))).send
        await self._app(scope, receive, send)


class _Answer:
    """One answer on its way out: its start waits until its body tells whether it comes whole."""

    def __init__(self, send: Send, takes: bool) -> None:
        self._send = send
        self._takes = takes
        self._start: Message | None = None

    async def send(self, message: Message) -> None:
        """Pass a part of the answer on."""
        if message["type"] == "http.response.start" and _is_page(Headers(raw=message["headers"])):
            self._start = message
            return
        if self._start is not None:
            message = self._with_start(self._start, message)
            start, self._start = self._start, None
            await self._send(start)
        await self._send(message)

    def _with_start(self, start: Message, body: Message) -> Message:
        """The body, compressed where the browser takes it and it is there at once; its start is told so."""
        headers = MutableHeaders(raw=start["headers"])
        headers.add_vary_header("accept-encoding")
        whole = body.get("body", b"")
        if not self._takes or body.get("more_body") or len(whole) < _LEAST:
            return body
        packed = compressed(whole)
        headers["content-encoding"] = "gzip"
        headers["content-length"] = str(len(packed))
        return {**body, "body": packed}


def _is_page(headers: Headers) -> bool:
    """Whether an answer is HTML that nobody has encoded, and that no tag names byte for byte."""
    kind = headers.get("content-type", "").partition(";")[0]
    return kind == "text/html" and "content-encoding" not in headers and "etag" not in headers


def compressed(page: bytes) -> bytes:
    """A page by gzip, with a file name of random length in its header, which browsers pass over."""
    packed = io.BytesIO()
    name = "a" * secrets.randbelow(_MOST_ADDED + 1)
    with gzip.GzipFile(name, "wb", _LEVEL, packed, mtime=0) as file:
        file.write(page)
    return packed.getvalue()


def takes_gzip(accepted: str) -> bool:
    """Whether an Accept-Encoding takes gzip by its name (RFC 9110, section 12.5.3), with any weight but 0."""
    for part in accepted.lower().split(","):
        coding, _, parameters = part.partition(";")
        if coding.strip() in ("gzip", "x-gzip"):
            return parameters.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
