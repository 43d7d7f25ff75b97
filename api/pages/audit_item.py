"""For auditors: the history of one item, without a word of it, and its sensitive topics, opened with a reason."""

from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http import cases, records, trail
from api.http.bodies import InPath
from api.http.reading import OneItem
from api.http.service import Call, Calling
from api.pages import places
from api.pages.account import Cursor
from api.pages.audit_words import case_named, leading_back, via
from api.pages.forms import Checks, Filled, Sent, empty, sent
from api.pages.language import gettext as _
from api.pages.language import marked
from api.pages.matters import told
from api.pages.reading_for import AUDITOR, read_for
from api.pages.rendering import PageRoute, own_page

router: Final = APIRouter(include_in_schema=False, route_class=PageRoute)
LISTED: Final = 25
MOST: Final = 4000
STATE: Final = {
    "live": marked("In the record"),
    "in-error": marked("Marked as written in error"),
    "wrong-record": marked("Marked as standing in the wrong record"),
    "erased": marked("Its words were erased"),
}
"""How an item stands."""


@router.get(places.AUDIT_ITEM.path, operation_id="trail.seen_by")
async def item_page(
    request: Request, call: Calling, case: InPath, record: InPath, item: InPath, *, cursor: Cursor = None
) -> Response:
    """What was said of an item, by whom and when, and who has ever seen it."""
    return await _item(request, call, case, record, item, cursor=cursor)


@router.post("/forms/audit/{case}/record/{record}/item/{item}/topics", operation_id="cases.open_topics")
async def open_topics(
    request: Request, call: Calling, case: InPath, record: InPath, item: InPath, *, form: Sent
) -> Response:
    """Open the sensitive topics of an item, with the reason."""

    async def say(speaking: Call) -> str:
        check = Checks(form)
        reason = check.text("reason", _("Write why you need to know its topics."), MOST)
        check.done()
        await cases.open_topics(speaking, case, cases.TopicsOpening(record=record, item=item, reason=reason))
        return places.AUDIT_ITEM(case=case, record=record, item=item) + "#topics"

    return await sent(request, call, form, say, lambda form: _item(request, call, case, record, item, form=form))


async def _item(
    request: Request,
    call: Call,
    case: str,
    record: str,
    item: str,
    *,
    form: Filled | None = None,
    cursor: str | None = None,
) -> Response:
    asked = OneItem(case=case)
    view = told(await read_for(call, AUDITOR, lambda: records.read_item(call, record, item, asked)))
    seen = told(await trail.seen_by(call, record, item, trail.PageOfLines(case=case, limit=LISTED, cursor=cursor)))
    about = await case_named(call, case)
    return await own_page(
        request,
        call,
        "audit/item.html",
        here=places.AUDIT,
        form=form or empty(call),
        case=about,
        of=record,
        patient=view["patient"],
        item=view["items"][0],
        lines=leading_back(seen["lines"]),
        cursor=seen["cursor"],
        first=cursor is None,
        states=STATE,
        via=via,
        most=MOST,
    )
