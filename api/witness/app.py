"""The witness's HTTP interface: ``POST /add-checkpoint`` (C2SP tlog-witness), and nothing else.

What the protocol specifies is answered as it says; every other refusal is a problem (RFC 9457). The access log has the
outcome and the log's origin, which are public.
"""

import json
import logging
from collections.abc import Mapping
from typing import Final

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from api.listening import SECURITY_HEADERS
from ledger.core.witnessing import (
    LARGEST_REQUEST,
    SIZE_MEDIA_TYPE,
    WitnessingError,
    format_cosignatures,
    format_size,
    parse_add_checkpoint,
)
from ledger.witness import (
    Inconsistent,
    NotSigned,
    OldDiffers,
    OldTooLarge,
    OtherRoot,
    Refused,
    UnknownOrigin,
    Witness,
    WitnessError,
)

_HEADERS: Final = {"cache-control": "no-store", **SECURITY_HEADERS}
_PROBLEM: Final = "application/problem+json"
_TEXT: Final = "text/plain; charset=utf-8"
TABLE: Final[Mapping[type[Exception], tuple[int, str]]] = {
    WitnessingError: (400, "The request is not what it should be"),
    OldTooLarge: (400, "The old size is larger than the checkpoint"),
    NotSigned: (403, "The log's keys have not signed this checkpoint"),
    UnknownOrigin: (404, "This witness does not watch this log"),
    OtherRoot: (409, "The log has signed another tree of this size"),
    Inconsistent: (422, "The proof does not lead from the known tree to this one"),
    WitnessError: (503, "The witness cannot remember anything now, so it cosigns nothing"),
}
_log: Final = logging.getLogger("record_ledger.witness")


def create_witness_app(witness: Witness) -> Starlette:
    """The application of a witness."""

    async def add_checkpoint(request: Request) -> Response:
        body = await _body(request)
        try:
            # In a thread: remembering durably waits for the disk.
            return await run_in_threadpool(_cosign, witness, body)
        except OldDiffers as refusal:
            _log.info("409 %s", refusal)
            return _answer(409, format_size(refusal.size), SIZE_MEDIA_TYPE)

    app = Starlette(routes=[Route("/add-checkpoint", add_checkpoint, methods=["POST"])])
    app.router.redirect_slashes = False
    for family in (Refused, WitnessingError, WitnessError):
        app.add_exception_handler(family, _answer_refusal)
    app.add_exception_handler(HTTPException, _answer_http)
    app.add_exception_handler(Exception, _answer_unforeseen)
    return app


def _cosign(witness: Witness, body: bytes) -> Response:
    lines = witness.add_checkpoint(parse_add_checkpoint(body))
    return _answer(200, format_cosignatures(lines), _TEXT)


async def _body(request: Request) -> bytes:
    """The body, no more of it than a request may have. Raises HTTPException with 413, or 400 where it ends early."""
    body = b""
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > LARGEST_REQUEST:
                raise HTTPException(413, f"request: got more than {LARGEST_REQUEST} bytes, wanted at most that")
    except ClientDisconnect as error:
        raise HTTPException(400, "request: got a part of a body, wanted all of it") from error
    return body


async def _answer_refusal(request: Request, error: Exception) -> Response:
    status, title = next(TABLE[family] for family in type(error).__mro__ if family in TABLE)
    # A log that signed two histories, or a state that is lost, is what somebody must look at.
    level = logging.ERROR if isinstance(error, OtherRoot | Inconsistent | WitnessError) else logging.INFO
    _log.log(level, "%d %s", status, error)
    return _problem(status, title, str(error))


async def _answer_http(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    told = {
        404: "got a place that there is not, wanted POST /add-checkpoint",
        405: "got another method, wanted POST",
    }
    title = "The request cannot be answered"
    return _problem(error.status_code, title, told.get(error.status_code, error.detail), error.headers)


async def _answer_unforeseen(request: Request, error: Exception) -> Response:
    _log.error("500 %s", type(error).__qualname__)
    return _problem(500, "Something is wrong here", "nothing was cosigned; tell the witness's keeper")


def _problem(status: int, title: str, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    """A problem (RFC 9457); a lone surrogate that was sent is shown as ``?``."""
    document = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    return _answer(status, json.dumps(document).encode(), _PROBLEM, headers)


def _answer(status: int, body: bytes, kind: str, headers: Mapping[str, str] | None = None) -> Response:
    # Given as a header, because Starlette would add a charset to text/x.tlog.size, where none is specified.
    return Response(body, status, {**_HEADERS, **(headers or {}), "content-type": kind})
