"""For carers: the people they care for, and telling the team something, in confidence if they wish.

An attorney and a parent have the list of those in whose place they stand. Nothing here tells what is not shared: the
page for telling is the same for every carer, and says first what confidence means.
"""

from typing import Final

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http import items, records
from api.http.bodies import InPath
from api.http.service import Call, Calling
from api.pages import places
from api.pages.account import Cursor
from api.pages.forms import Checks, Filled, Sent, empty, sent
from api.pages.information import leaflets_of
from api.pages.language import gettext as _
from api.pages.rendering import PageRoute, own_page

router: Final = APIRouter(include_in_schema=False, route_class=PageRoute)
_LISTED: Final = 25
_MOST: Final = 10_000
_CONFIDENCE: Final = ("open", "in-confidence")


@router.get(places.CARED_FOR.path)
async def cared_for(request: Request, call: Calling, cursor: Cursor = None) -> Response:
    """The people of whom one is a carer, or in whose place one stands."""
    asked = records.PageOfRecords(limit=_LISTED, cursor=cursor, named=True)
    told = orjson.loads((await records.list_records(call, asked)).body)
    leaflets = [one for one in leaflets_of(request) if "carers" in one.audience]
    return await own_page(request, call, "cared_for.html", here=places.CARED_FOR, leaflets=leaflets, **told)


@router.get(places.TELL.path)
async def tell(request: Request, call: Calling, record: InPath) -> Response:
    """Where a carer tells the team something."""
    return await _tell(request, call, record, empty(call))


@router.post("/forms/record/{record}/tell")
async def told(request: Request, call: Calling, record: InPath, form: Sent) -> Response:
    """Tell the team something."""

    async def say(speaking: Call) -> str:
        check = Checks(form)
        text = check.text("text", _("Write what you want the team to know."), _MOST)
        how = check.choice("confidence", _CONFIDENCE, _("Choose whether the patient may know that you told us."))
        check.done()
        told = items.NewItem(kind="contribution", text=text, in_confidence=how == "in-confidence")
        await items.add(speaking, record, told)
        return places.TOLD(record=record)

    return await sent(request, call, form, say, lambda form: _tell(request, call, record, form))


@router.get(places.TOLD.path)
async def thanks(request: Request, call: Calling, record: InPath) -> Response:
    """What happens with it now."""
    return await own_page(request, call, "told.html", record=record)


async def _tell(request: Request, call: Call, record: str, form: Filled) -> Response:
    """The form, and for whom it is. It shows nothing of the record, so it is there for every carer alike."""
    listed = await records.list_records(call, records.PageOfRecords(limit=_LISTED, named=True))
    names = {one["record"]: one["name"] for one in orjson.loads(listed.body)["records"]}
    whose = {"name": names.get(record) or _("Somebody"), "own": False}
    return await own_page(request, call, "tell.html", record=record, whose=whose, form=form, most=_MOST)
