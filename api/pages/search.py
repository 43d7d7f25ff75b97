"""Search: looking for words in a record, among what the reader may see.

What is looked for can be read in no address, so that no browser keeps it (``looked_for.py``).
"""

from collections.abc import Mapping
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http import search
from api.http.bodies import InPath
from api.http.problems import MALFORMED, Refused
from api.http.service import Call, Calling
from api.pages import places
from api.pages.forms import Checks, Filled, Sent, empty, sent, shown_by
from api.pages.language import gettext as _
from api.pages.looked_for import LookedFor, opened, sealed
from api.pages.matters import told
from api.pages.purpose import AskedPurpose, is_to_be_asked, purpose_page
from api.pages.record import entry_of, shown_of, whose
from api.pages.rendering import PageRoute, own_page

router: Final = APIRouter(include_in_schema=False, route_class=PageRoute)
LISTED: Final = 25
MOST: Final = 200
_FIELDS: Final = ("text", "purpose", "cursor")


@router.get(places.SEARCH.path)
async def search_page(
    request: Request, call: Calling, record: InPath, purpose: AskedPurpose = None, q: LookedFor = None
) -> Response:
    """Where words are looked for; and what was found, the newest first, or with a cursor what is further back."""
    if q is not None:
        return await _page_of_found(request, call, record, empty(call, **opened(call, q, record)))
    if is_to_be_asked(call, purpose):
        return await purpose_page(request, call, record)
    return await _page(request, call, record, empty(call, purpose=purpose or ""), None)


@router.post("/forms/record/{record}/search")
async def find(request: Request, call: Calling, record: InPath, form: Sent) -> Response:
    """Lead to what is found."""

    async def say(_call: Call) -> str:
        _text(form)
        return places.SEARCH({"q": sealed(call, form, _FIELDS, record)}, record=record)

    return await sent(request, call, form, say, lambda form: _page(request, call, record, form, None))


async def _page_of_found(request: Request, call: Call, record: str, form: Filled) -> Response:
    async def show(_call: Call) -> Response:
        asked = search.PageOfSearch(
            text=_text(form), cursor=form.value("cursor") or None, purpose=form.value("purpose") or None, limit=LISTED
        )
        return await _page(request, call, record, form, await _found(call, record, form, asked))

    return await shown_by(call, form, show, lambda form: _page(request, call, record, form, None))


def _text(form: Filled) -> str:
    """The words; raises Unfit where there are none, or too many."""
    check = Checks(form)
    text = check.text("text", _("Write a word to look for."), MOST)
    check.done()
    return text


async def _found(call: Call, record: str, form: Filled, asked: search.PageOfSearch) -> Mapping[str, Any]:
    """What the search tells; raises Unfit for a text in which there is no word."""
    try:
        return told(await search.search(call, record, asked))
    except Refused as refused:
        if refused.problem.kind is not MALFORMED or asked.cursor is not None:
            raise
        check = Checks(form)
        check.wrong("text", _("Write a word to look for."))
        check.done()
        raise


async def _page(
    request: Request, call: Call, record: str, form: Filled, found: Mapping[str, Any] | None
) -> Response:  # fmt: skip
    purpose = form.value("purpose") or None
    return await own_page(
        request,
        call,
        "search.html",
        here=entry_of(call),
        record=record,
        whose=await whose(call, record, purpose),
        form=form,
        purpose=purpose,
        most=MOST,
        found=None if found is None else [shown_of(call, item) for item in found["items"]],
        more=None if found is None else found["cursor"],
        further=bool(form.value("cursor")),
    )
