"""Receipts: of everything said in one's own name, and of what was said of an item or a matter; checked, or kept."""

from collections.abc import Callable, Mapping
from functools import partial
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
from api.pages.language import gettext as _
from api.pages.matters import told
from api.pages.purpose import AskedPurpose, is_to_be_asked, purpose_page
from api.pages.record import entry_of, whose_of
from api.pages.rendering import PageRoute, own_page
from ledger.core.entry import parse_entry
from ledger.core.instants import format_instant

router: Final = APIRouter(include_in_schema=False, route_class=PageRoute)
_LISTED: Final = 25
Receipt = Mapping[str, Any]
Query = dict[str, str | list[str] | None]
Link = tuple[str, str]
"""Where something leads, and how that is called."""


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
    view, asked = told(await receipts.of_item(call, record, item, purpose)), _asked(purpose)
    back_to = places.ITEM(asked, record=record, item=item), _("Back to this item")
    file = partial(places.ITEM_RECEIPT_FILE, asked, item=item)
    return await _listed(request, call, view, back_to, named=item, file=file)


@router.get(places.ITEM_RECEIPT_FILE.path)
async def file_of_item(
    call: Calling, record: InPath, item: InPath, author: InPath, statement: InPath, *, purpose: AskedPurpose = None
) -> Response:
    """One of them as a file; that it was taken along is a look at the item as well."""
    return _file_in(told(await receipts.of_item(call, record, item, purpose)), author, statement)


@router.get(places.MATTER_RECEIPTS.path)
async def of_matter(
    request: Request, call: Calling, record: InPath, matter: InPath, purpose: AskedPurpose = None
) -> Response:
    """The same of a matter of the record, as an emergency or a question about a look."""
    if is_to_be_asked(call, purpose):
        return await purpose_page(request, call, record)
    view, asked = told(await receipts.of_matter(call, record, matter, purpose)), _asked(purpose)
    back_to = _page_of(call, view, matter, asked)
    file = partial(places.MATTER_RECEIPT_FILE, asked, matter=matter)
    return await _listed(request, call, view, back_to, named=matter, file=file)


@router.get(places.MATTER_RECEIPT_FILE.path)
async def file_of_matter(
    call: Calling, record: InPath, matter: InPath, author: InPath, statement: InPath, *, purpose: AskedPurpose = None
) -> Response:
    """One of them as a file, by another look at the matter."""
    return _file_in(told(await receipts.of_matter(call, record, matter, purpose)), author, statement)


async def _listed(
    request: Request, call: Call, view: Mapping[str, Any], back_to: Link, *, named: str, file: Callable[..., str]
) -> Response:
    """What the API tells of what is ``named``: each receipt with its ``file``, and whether it stands ``below`` that."""
    record = view["record"]

    def row(one: Receipt) -> Receipt:
        kept = file(record=record, author=one["author"]["id"], statement=one["statement_id"])
        return {**one, "file": kept, "below": one.get("item", named) != named}

    return await own_page(
        request,
        call,
        "receipts_of.html",
        here=entry_of(call),
        record=record,
        whose=whose_of(call, view),
        back_to=back_to,
        receipts=[row(one) for one in view["receipts"]],
        verifier=await _verifier(call),
    )


def _asked(purpose: str | None) -> Query:
    return {"purpose": purpose}


def _page_of(call: Call, view: Mapping[str, Any], matter: str, asked: Query) -> Link:
    """Where this reader reads a matter, and how that page is called; by the statement that it began with."""
    record = view["record"]
    if call.session.acting_as == "patient":
        return places.LOOKS(record=record), _("Who has looked")
    began = next((one["type"].partition("/")[0] for one in view["receipts"]), "")
    ways = {
        "capacity-assessed": (places.CAPACITY(asked, record=record), _("Can the patient decide?")),
        "best-interests-made": (places.CAPACITY(asked, record=record), _("Can the patient decide?")),
        "carer-conversation-held": (places.CARER_TALK(asked, record=record), _("Talk about carers")),
        "access-questioned": (places.QUESTION(record=record, question=matter), _("The question")),
        "emergency-opened": (places.EMERGENCY_OPEN(record=record, emergency=matter), _("Opened in an emergency")),
    }
    way = ways.get(began) if call.session.acting_as == "clinician" else None
    return way or (places.RECORD(asked, record=record), _("The record"))


def _file_in(view: Mapping[str, Any], author: str, statement: str) -> Response:
    """The receipt of one statement among those of an item or a matter; raises Refused where it is none of them."""
    for one in view["receipts"]:
        if (one["author"]["id"], one["statement_id"]) == (author, statement):
            return _file(one)
    raise Refused(Problem(UNKNOWN, f"statement {statement}: there is none of this for you; check the ids"))


async def _verifier(call: Call) -> str:
    return bytes((await log.verifier(call.service)).body).decode()


def _file(found: Mapping[str, Any]) -> Response:
    """A receipt to keep, as ``record-ledger verify receipt`` reads it."""
    headers = {"content-disposition": 'attachment; filename="receipt.json"'}
    return Response(orjson.dumps(found["receipt"]), media_type="application/json", headers=headers)
