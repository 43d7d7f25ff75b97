"""Emergency access: opened by a clinician with a reason and a limit, told to the patient, reviewed by the privacy
officer."""

from collections.abc import Mapping
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http import emergencies, records
from api.http.bodies import InPath
from api.http.reading import PageOfItems
from api.http.service import Call, Calling
from api.http.told import was_told
from api.pages import places
from api.pages.due import Cursor, due_page, purpose_of
from api.pages.forms import Checks, Filled, Sent, empty, sent
from api.pages.language import gettext as _
from api.pages.language import marked
from api.pages.matters import assessments, begun_as, matters_of, told
from api.pages.rendering import PageRoute, own_page
from api.pages.said import AskedSaid, said_of
from api.pages.until import until_hours
from ledger.core.instants import format_instant
from ledger.core.terms import EMERGENCIES
from ledger.saying import fresh_id

router: Final = APIRouter(include_in_schema=False, route_class=PageRoute)
HOURS: Final = {"1": marked("1 hour"), "4": marked("4 hours"), "12": marked("12 hours"), "24": marked("1 day")}
"""For how long an emergency opens a record: never longer than a day."""
DELAYS: Final = {"24": marked("1 day"), "48": marked("2 days"), "72": marked("3 days")}
"""For how long the notice to a patient is delayed at a time."""
FIRST: Final = ("medicine", "allergy", "problem", "wishes")
"""What an emergency opens at once, in the order in which it is needed."""
LISTED: Final = 50


@router.get(places.EMERGENCY.path, operation_id="sharing.open_emergency")
async def emergency_page(request: Request, call: Calling, record: InPath) -> Response:
    """Asks why, and for how long, before anything of the record is opened."""
    return await _asking(request, call, record, None)


@router.post("/forms/record/{record}/emergency", operation_id="sharing.open_emergency")
async def open_emergency(request: Request, call: Calling, record: InPath, form: Sent) -> Response:
    """Open a record as an emergency."""

    async def say(speaking: Call) -> str:
        check = Checks(form)
        kind = check.choice("kind", EMERGENCIES, _("Choose what kind of emergency it is."))
        reason = check.text("reason", _("Write why you need the record now."))
        until = until_hours(check, form, "hours", tuple(HOURS), _("Choose for how long you need it."))
        check.choice("known", ("yes",), _("Tick that you know who is told."))
        check.done()
        body = emergencies.NewEmergency.model_validate({"kind": kind, "reason": reason, "until": until})
        opened = told(await emergencies.open_emergency(speaking, record, body))
        named = opened["ids"]["emergency"]
        return places.EMERGENCY_OPEN({"said": form.statement}, record=record, emergency=named)

    async def again(refused: Filled) -> Response:
        return await _asking(request, call, record, refused)

    return await sent(request, call, form, say, again)


@router.get(places.EMERGENCY_OPEN.path)
async def opened_page(
    request: Request,
    call: Calling,
    record: InPath,
    emergency: InPath,
    *,
    cursor: Cursor = None,
    said: AskedSaid = None,
) -> Response:
    """What the emergency has opened: what saves a life first, then the rest, item by item."""
    return await _opened(request, call, record, emergency, cursor=cursor, said=said)


@router.post("/forms/record/{record}/emergency/{emergency}/item/{item}", operation_id="sharing.open_emergency_item")
async def open_item(
    request: Request, call: Calling, record: InPath, emergency: InPath, item: InPath, *, form: Sent
) -> Response:
    """Open one more item."""

    async def say(speaking: Call) -> str:
        await emergencies.open_emergency_item(speaking, record, emergency, emergencies.OneMoreItem(item=item))
        return places.ITEM({"purpose": "emergency"}, record=record, item=item)

    async def again(refused: Filled) -> Response:
        return await _opened(request, call, record, emergency, form=refused)

    return await sent(request, call, form, say, again)


@router.get(places.EMERGENCIES.path)
async def queue(request: Request, call: Calling, cursor: Cursor = None) -> Response:
    """The emergencies that wait for the privacy officer's review, and those of which the patient is not told yet."""
    return await due_page(
        request, call, "emergencies.html", "emergency-review", _read, here=places.EMERGENCIES, cursor=cursor
    )


@router.get(places.EMERGENCY_REVIEW.path)
async def review_page(
    request: Request, call: Calling, record: InPath, emergency: InPath, said: AskedSaid = None
) -> Response:
    """One emergency, to be reviewed."""
    return await _reviewing(request, call, record, emergency, said=said)


@router.post("/forms/record/{record}/emergency/{emergency}/review")
async def review(request: Request, call: Calling, record: InPath, emergency: InPath, form: Sent) -> Response:
    """Say whether an emergency access was right."""

    async def say(speaking: Call) -> str:
        check = Checks(form)
        outcome = check.choice("outcome", ("justified", "not-justified"), _("Choose whether the access was right."))
        reason = check.text("reason", _("Write why. The patient reads this."))
        check.done()
        body = emergencies.EmergencyReview(outcome=outcome, reason=reason)
        await emergencies.review_emergency(speaking, record, emergency, body)
        return places.EMERGENCY_REVIEW({"said": form.statement}, record=record, emergency=emergency) + "#said"

    async def again(refused: Filled) -> Response:
        return await _reviewing(request, call, record, emergency, reviewing=refused)

    return await sent(request, call, form, say, again)


@router.post("/forms/record/{record}/emergency/{emergency}/delay", operation_id="sharing.delay_notice")
async def delay(request: Request, call: Calling, record: InPath, emergency: InPath, form: Sent) -> Response:
    """Delay telling the patient."""

    async def say(speaking: Call) -> str:
        check = Checks(form)
        until = until_hours(check, form, "delay-hours", tuple(DELAYS), _("Choose for how long."))
        reason = check.text("delay-reason", _("Write why the patient cannot be told yet."))
        check.done()
        body = emergencies.NoticeDelay.model_validate({"until": until, "reason": reason})
        await emergencies.delay_notice(speaking, record, emergency, body)
        return places.EMERGENCY_REVIEW({"said": form.statement}, record=record, emergency=emergency) + "#said"

    async def again(refused: Filled) -> Response:
        return await _reviewing(request, call, record, emergency, delaying=refused)

    return await sent(request, call, form, say, again)


async def _asking(request: Request, call: Call, record: str, form: Filled | None) -> Response:
    return await own_page(
        request,
        call,
        "emergency.html",
        here=places.FIND,
        record=record,
        form=form or empty(call, hours="4"),
        kinds=EMERGENCIES,
        hours=HOURS,
    )


async def _opened(
    request: Request,
    call: Call,
    record: str,
    emergency: str,
    *,
    cursor: str | None = None,
    form: Filled | None = None,
    said: str | None = None,
) -> Response:
    asked = PageOfItems(purpose="emergency", cursor=cursor, limit=LISTED)
    view = told(await records.read_record(call, record, asked))
    matters = await matters_of(call, record, "emergency", "emergency", "capacity")
    _matter, begun = begun_as(matters, "emergency-opened", emergency)
    items = sorted(view["items"], key=_order)
    return await own_page(
        request,
        call,
        "emergency_open.html",
        here=places.FIND,
        record=record,
        whose={"name": view["patient"]["name"], "own": False},
        form=form or empty(call),
        said=await said_of(call, said),
        emergency=emergency,
        begun=begun,
        until=begun["facts"]["until"],
        lasts=begun["facts"]["until"] > format_instant(call.ledger.clock()),
        items=items,
        sealed=view["sealed"],
        statements={one["id"]: fresh_id(call.ledger.clock()) for one in view["sealed"]},
        capacity=[one for one in assessments(call, matters) if one["stands"]],
        first=cursor is None,
        cursor=view["cursor"],
    )


def _order(item: Mapping[str, Any]) -> int:
    return FIRST.index(item["kind"]) if item["kind"] in FIRST else len(FIRST)


async def _reviewing(
    request: Request,
    call: Call,
    record: str,
    emergency: str,
    *,
    reviewing: Filled | None = None,
    delaying: Filled | None = None,
    said: str | None = None,
) -> Response:
    read = await _read(call, record, emergency)
    refused = next((one for one in (reviewing, delaying) if one is not None), None)
    return await own_page(
        request,
        call,
        "emergency_review.html",
        here=places.EMERGENCIES,
        record=record,
        form=refused,
        said=await said_of(call, said),
        reviewing=reviewing or empty(call),
        delaying=delaying or empty(call),
        emergency=emergency,
        hours=DELAYS,
        told=await was_told(call, record, emergency),
        **read,
    )


async def _read(call: Call, record: str, emergency: str) -> dict[str, Any]:
    """How an emergency was ``opened``, its ``reviews`` and ``delays``; raises Refused where it is not there."""
    view = await matters_of(call, record, purpose_of(call), "emergency")
    matter, opened = begun_as(view, "emergency-opened", emergency)
    return {
        "opened": opened,
        "reviews": [one for one in matter["said"] if one["type"] == "emergency-reviewed/1"],
        "delays": [one for one in matter["said"] if one["type"] == "notice-delayed/1"],
    }
