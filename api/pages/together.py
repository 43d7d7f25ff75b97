"""Together now: a short session in which one carer sees what the patient shares only when they are with them."""

from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http import sharing
from api.http.bodies import InPath, OnlyBody
from api.http.service import Call, Calling
from api.pages import places
from api.pages.counting import with_numbers
from api.pages.forms import Checks, Filled, Sent, empty, sent
from api.pages.language import gettext as _
from api.pages.language import ngettext
from api.pages.rendering import PageRoute, own_page
from api.pages.sharing_now import READ, onward, sharing_now
from ledger.core.instants import MINUTE, Instant, format_instant

router: Final = APIRouter(include_in_schema=False, route_class=PageRoute)
MINUTES: Final = (15, 30, 60)


@router.get(places.TOGETHER.path, operation_id=READ)
async def together(request: Request, call: Calling, record: InPath, to: str | None = None) -> Response:
    """The sessions that are open now, with what is left of them; and a new one."""
    return await _page(request, call, record, None, to=to)


@router.post("/forms/record/{record}/together", operation_id="sharing.start_together")
async def start(request: Request, call: Calling, record: InPath, form: Sent) -> Response:
    """Begin a session. What the form said once it says once: sent again later, its end stays what it was."""

    async def say(speaking: Call) -> str:
        check = Checks(form)
        carer = check.text("carer", _("Choose who is with you."))
        minutes = check.choice("minutes", [str(one) for one in MINUTES], _("Choose for how long."))
        check.done()
        if not await _was_said(speaking):
            until = format_instant(Instant(speaking.ledger.clock() + int(minutes) * MINUTE))
            begun = sharing.NewTogether.model_validate({"carer": carer, "until": until})
            await sharing.start_together(speaking, record, begun)
        return onward(call, record, places.TOGETHER(record=record))

    return await sent(request, call, form, say, lambda again: _page(request, call, record, again))


@router.post("/forms/record/{record}/together/{session}/end")
async def end(request: Request, call: Calling, record: InPath, session: InPath, form: Sent) -> Response:
    """End a session now."""

    async def say(speaking: Call) -> str:
        await sharing.end_together(speaking, record, session, OnlyBody())
        return onward(call, record, places.TOGETHER(record=record))

    return await sent(request, call, form, say, lambda again: _page(request, call, record, again))


async def _was_said(call: Call) -> bool:
    """Has this form's statement been recorded? Its end is counted from when it was made, so it is not made anew."""
    return await call.ledger.rows.position_of(call.session.person, str(call.statement_id)) is not None


async def _page(request: Request, call: Call, record: str, form: Filled | None, to: str | None = None) -> Response:
    now = await sharing_now(call, record)
    carers = [(one["person"]["id"], one["person"]["name"]) for one in now.view["carers"] if not one["suspended"]]
    alone = carers[0][0] if len(carers) == 1 else ""
    form = form or empty(call, carer=to or alone, minutes=str(MINUTES[0]))
    open_now = [{**one, "form": empty(call)} for one in now.view["together"]]
    shown: dict[str, Any] = {"whose": now.whose, "carers": carers, "open_now": open_now, "minutes": _in_words()}
    return await own_page(request, call, "together.html", here=places.SHARING, record=record, form=form, **shown)


def _in_words() -> list[tuple[str, str]]:
    return [
        (str(one), with_numbers(ngettext("%(count)s minute", "%(count)s minutes", one), count=one)) for one in MINUTES
    ]
