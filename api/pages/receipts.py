"""Receipts: everything said in one's own name, and the proof of each, to be checked in the page or kept."""

from typing import Final

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http import log, people, statements
from api.http.bodies import InPath
from api.http.service import Calling
from api.pages import places
from api.pages.account import Cursor
from api.pages.rendering import PageRoute, own_page
from ledger.core.entry import parse_entry
from ledger.core.instants import format_instant

router: Final = APIRouter(include_in_schema=False, route_class=PageRoute)
_LISTED: Final = 25


@router.get(places.RECEIPTS.path)
async def receipts(request: Request, call: Calling, record: InPath, cursor: Cursor = None) -> Response:
    """Every statement in one's own name, newest first, each with its receipt one step away."""
    asked = people.PageOfStatements(limit=_LISTED, cursor=cursor)
    told = orjson.loads((await people.statements(call, call.session.person, asked)).body)
    return await own_page(request, call, "receipts.html", here=places.DOWNLOAD, record=record, **told)


@router.get(places.RECEIPT.path)
async def receipt(request: Request, call: Calling, author: InPath, statement: InPath) -> Response:
    """One receipt, what it says, and the way to check it; the page's module checks it in the browser."""
    found = await statements.receipt(call, author, statement, statements.AskedReceipt())
    told = orjson.loads(found.body)
    entry = parse_entry(told["receipt"]["entry"].encode())
    said = entry.signed.statement
    shown = {
        "type": said.type,
        "acting_as": said.acting_as,
        "own": said.author == call.session.person,
        "recorded_at": format_instant(entry.recorded_at),
        "index": int(told["receipt"]["proof"].split("\n", 2)[1].removeprefix("index ")),
        "ledger": said.ledger,
    }
    file = places.RECEIPT_FILE(author=author, statement=statement)
    verifier = bytes((await log.verifier(call.service)).body).decode()
    return await own_page(request, call, "receipt.html", said=shown, verifier=verifier, file=file, **told)


@router.get(places.RECEIPT_FILE.path)
async def receipt_file(call: Calling, author: InPath, statement: InPath) -> Response:
    """The receipt as a file to keep, as ``record-ledger verify receipt`` reads it."""
    found = await statements.receipt(call, author, statement, statements.AskedReceipt())
    kept = orjson.dumps(orjson.loads(found.body)["receipt"])
    headers = {"content-disposition": 'attachment; filename="receipt.json"'}
    return Response(kept, media_type="application/json", headers=headers)
