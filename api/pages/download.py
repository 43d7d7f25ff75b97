"""Download and check: one's own record to keep and to print, and how anybody checks it without this service."""

from typing import Any, Final

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http import exports, log, records
from api.http.bodies import InPath
from api.http.problems import Refused
from api.http.reading import LARGEST_PAGE, PageOfItems
from api.http.service import Calling, Serving, call_of
from api.pages import places
from api.pages.account import Cursor
from api.pages.rendering import PageRoute, own_page, page
from api.sign_in.session import SignInRefused

router: Final = APIRouter(include_in_schema=False, route_class=PageRoute)


@router.get(places.DOWNLOAD.path)
async def download(request: Request, call: Calling, record: InPath) -> Response:
    """What can be taken away, and what can be checked. It shows nothing of the record itself."""
    return await own_page(request, call, "download.html", here=places.DOWNLOAD, record=record)


@router.get(places.DOWNLOAD_FILE.path, operation_id="exports.bundle")
async def download_file(call: Calling, record: InPath) -> Response:
    """The record as a file, as the API gives it."""
    return await exports.bundle(call, record)


@router.get(places.PRINT.path)
async def to_print(request: Request, call: Calling, record: InPath, cursor: Cursor = None) -> Response:
    """The record as long pages for paper, newest first."""
    asked = PageOfItems(limit=LARGEST_PAGE, cursor=cursor, via="print")
    view = orjson.loads((await records.read_record(call, record, asked)).body)
    whose = {"name": view["patient"]["name"], "own": view["patient"]["id"] == call.session.person}
    return await own_page(request, call, "print.html", here=places.DOWNLOAD, record=record, whose=whose, view=view)


@router.get(places.CHECK.path)
async def check(request: Request, service: Serving) -> Response:
    """The log as everybody may see it: its newest checkpoint, its keys, and how a record is checked against them."""
    shown: dict[str, Any] = {
        "checkpoint": bytes((await log.checkpoint(service)).body).decode(),
        "verifier": bytes((await log.verifier(service)).body).decode(),
        "witnesses": service.policy is not None,
    }
    try:
        call = await call_of(request)
    except (Refused, SignInRefused):
        return page(request, "check.html", **shown)
    return await own_page(request, call, "check.html", **shown)
