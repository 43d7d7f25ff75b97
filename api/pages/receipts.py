"""Receipts: of everything said in one's own name, and of what was said of an item; checked in the page, or kept."""

from collections.abc import Mapping
from typing import Any, Final

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http import log, people, receipts
from api.http.bodies import InPath
from api.http.problems import UNKNOWN, Problem, Refused
from api.http.service import Call, Calling
from api.pages import places
from api.pages.account import Cursor
from api.pages.matters import told
from api.pages.purpose import AskedPurpose, is_to_be_asked, purpose_page
from api.pages.record import entry_of, whose_of
from api.pages.rendering import PageRoute, own_page
from ledger.core.entry import parse_entry
from ledger.core.instants import format_instant

router: Final = APIRouter(include_in_schema=False, route_class=PageRoute)
_LISTED: Final = 25


@router.get(places.RECEIPTS.path)
async def in_my_name(
    request: Request, call: Calling, record: InPath, cursor: Cursor = None, purpose: AskedPurpose = None
) -> Response:
    """Every statement in one's own name, newest first, each with its receipt one step away.

    It tells nothing of the record, and asks for no purpose: that goes along to where the page leads back.
    """
    asked = people.PageOfStatements(limit=_LISTED, cursor=cursor)
    listed = told(await people.statements(call, call.session.person, asked))
    return await own_page(
        request, call, "receipts.html", here=places.DOWNLOAD, record=record, purpose=purpose, **listed
    )


@router.get(places.RECEIPT.path)
async def receipt(request: Request, call: Calling, author: InPath, statement: InPath) -> Response:
    """One's own receipt, what it says, and the way to check it; the page's module checks it in the browser."""
    found = told(await receipts.of_statement(call, author, statement, receipts.AskedReceipt()))
    entry = parse_entry(found["receipt"]["entry"].encode())
    said = {
        "type": entry.signed.statement.type,
        "recorded_at": format_instant(entry.recorded_at),
        "index": int(found["receipt"]["proof"].split("\n", 2)[1].removeprefix("index ")),
        "ledger": entry.signed.statement.ledger,
    }
    file = places.RECEIPT_FILE(author=author, statement=statement)
    verifier = await _verifier(call)
    return await own_page(request, call, "receipt.html", said=said, verifier=verifier, file=file, **found)


@router.get(places.RECEIPT_FILE.path)
async def receipt_file(call: Calling, author: InPath, statement: InPath) -> Response:
    """One's own receipt as a file."""
    return _file(told(await receipts.of_statement(call, author, statement, receipts.AskedReceipt())))


@router.get(places.ITEM_RECEIPTS.path)
async def of_item(
    request: Request, call: Calling, record: InPath, item: InPath, purpose: AskedPurpose = None
) -> Response:
    """What was said of an item, in its order, each with its receipt: by whom it is signed, and where it stands."""
    if is_to_be_asked(call, purpose):
        return await purpose_page(request, call, record)
    view = told(await receipts.of_item(call, record, item, purpose))
    return await own_page(
        request,
        call,
        "item/receipts.html",
        here=entry_of(call),
        record=record,
        whose=whose_of(call, view),
        item=item,
        purpose=purpose,
        receipts=view["receipts"],
        verifier=await _verifier(call),
    )


@router.get(places.ITEM_RECEIPT_FILE.path)
async def file_of_item(
    call: Calling, record: InPath, item: InPath, author: InPath, statement: InPath, *, purpose: AskedPurpose = None
) -> Response:
    """One of them as a file; that it was taken along is a look at the item as well."""
    view = told(await receipts.of_item(call, record, item, purpose))
    for one in view["receipts"]:
        if (one["author"]["id"], one["statement_id"]) == (author, statement):
            return _file(one)
    raise Refused(Problem(UNKNOWN, f"statement {statement}: there is none of this item for you; check the ids"))


async def _verifier(call: Call) -> str:
    return bytes((await log.verifier(call.service)).body).decode()


def _file(found: Mapping[str, Any]) -> Response:
    """A receipt to keep, as ``record-ledger verify receipt`` reads it."""
    headers = {"content-disposition": 'attachment; filename="receipt.json"'}
    return Response(orjson.dumps(found["receipt"]), media_type="application/json", headers=headers)
