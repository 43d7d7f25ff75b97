"""Download and check: one's own record to keep and to print, and how anybody checks it without this service."""

from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http import exports, log, records
from api.http.bodies import InPath
from api.http.problems import Refused
from api.http.reading import LARGEST_PAGE, PageOfItems
from api.http.service import Call, Calling, Serving, call_of
from api.pages import places
from api.pages.account import Cursor
from api.pages.matters import told
from api.pages.places import Place
from api.pages.purpose import AskedPurpose, is_to_be_asked, purpose_page
from api.pages.record import entry_of, whose
from api.pages.rendering import PageRoute, own_page, page
from api.sign_in.session import SignInRefused

router: Final = APIRouter(include_in_schema=False, route_class=PageRoute)


@router.get(places.DOWNLOAD.path)
async def download(request: Request, call: Calling, record: InPath, purpose: AskedPurpose = None) -> Response:
    """What can be taken away, and what can be checked. It shows whose record it is, and nothing else of it."""
    if is_to_be_asked(call, purpose):
        return await purpose_page(request, call, record)
    about = await whose(call, record, purpose)
    return await own_page(request, call, "download.html", here=_here(call), record=record, whose=about, purpose=purpose)


@router.get(places.DOWNLOAD_FILE.path, operation_id="exports.bundle")
async def download_file(request: Request, call: Calling, record: InPath, purpose: AskedPurpose = None) -> Response:
    """The record as a file, as the API gives it."""
    if is_to_be_asked(call, purpose):
        return await purpose_page(request, call, record)
    return await exports.bundle(call, record, purpose)


@router.get(places.PRINT.path)
async def to_print(
    request: Request, call: Calling, record: InPath, *, cursor: Cursor = None, purpose: AskedPurpose = None
) -> Response:
    """The record as long pages for paper, newest first."""
    if is_to_be_asked(call, purpose):
        return await purpose_page(request, call, record)
    asked = PageOfItems(limit=LARGEST_PAGE, cursor=cursor, purpose=purpose, via="print")
    view = told(await records.read_record(call, record, asked))
    about = {"name": view["patient"]["name"], "own": view["patient"]["id"] == call.session.person}
    return await own_page(
        request, call, "print.html", here=_here(call), record=record, whose=about, view=view, purpose=purpose
    )


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


def _here(call: Call) -> Place:
    return places.DOWNLOAD if call.session.acting_as == "patient" else entry_of(call)
