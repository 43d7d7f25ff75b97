"""Who can see what: people and parts of the record, as the API tells them; and stopping it all, which asks nothing.

Whatever takes back is here for whoever is signed in, at once. What shows how things stand, or gives more, asks for the
passkey again where it was not asked lately.
"""

from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http import sharing
from api.http.bodies import InPath, OnlyBody
from api.http.service import Call, Calling
from api.pages import places
from api.pages.forms import Filled, Sent, empty, sent
from api.pages.reading_for import check_role
from api.pages.rendering import PageRoute, own_page
from api.pages.sharing_done import STOPPED, AskedDone, done_of, of_all
from api.pages.sharing_now import IN_THE_PATIENTS_PLACE, READ, onward, sharing_now

router: Final = APIRouter(include_in_schema=False, route_class=PageRoute)


@router.get(places.SHARING.path, operation_id=READ)
async def who_can_see_what(
    request: Request, call: Calling, record: InPath, done: AskedDone = None, to: AskedDone = None
) -> Response:
    """People across, parts down; and who treats the patient."""
    now = await sharing_now(call, record)
    return await own_page(
        request,
        call,
        "sharing.html",
        here=places.SHARING,
        record=record,
        whose=now.whose,
        columns=now.columns(),
        in_care=now.in_care(),
        together=now.view["together"],
        done=await done_of(call, now, to, done),
    )


@router.get(places.SHARING_STOP.path)
async def stop_page(request: Request, call: Calling, record: InPath) -> Response:
    """What stopping all sharing does, before it is done. It tells nothing of how things stand, and asks nothing."""
    check_role(call, IN_THE_PATIENTS_PLACE)
    return await _stop_page(request, call, record, empty(call))


@router.post("/forms/record/{record}/stop")
async def stop(request: Request, call: Calling, record: InPath, form: Sent) -> Response:
    """Stop all sharing."""

    async def say(speaking: Call) -> str:
        await sharing.stop(speaking, record, OnlyBody())
        return onward(call, record, of_all(record, STOPPED))

    return await sent(request, call, form, say, lambda again: _stop_page(request, call, record, again))


@router.get(places.SHARING_DONE.path)
async def done_page(request: Request, call: Calling, record: InPath) -> Response:
    """It is done; nothing is told of what."""
    check_role(call, IN_THE_PATIENTS_PLACE)
    return await own_page(request, call, "sharing_done.html", record=record)


async def _stop_page(request: Request, call: Call, record: str, form: Filled) -> Response:
    return await own_page(request, call, "sharing_stop.html", here=places.SHARING, record=record, form=form)
