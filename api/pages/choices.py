"""Other choices of the patient's: how they hear of results, and what becomes of their record after their death."""

from collections.abc import Mapping
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http import representation, sharing
from api.http.bodies import InPath
from api.http.service import Call, Calling
from api.pages import places
from api.pages.forms import Checks, Filled, Sent, empty, sent
from api.pages.language import gettext as _
from api.pages.language import marked
from api.pages.rendering import PageRoute, own_page
from api.pages.sharing_done import AskedDone, Done
from api.pages.sharing_now import READ, SharingNow, onward, sharing_now

router: Final = APIRouter(include_in_schema=False, route_class=PageRoute)
RESULTS: Final[Mapping[str, str]] = {
    "at-once": marked("Show me every result at once"),
    "tell-me-first": marked("Tell me in person first"),
}
AFTER_DEATH: Final[Mapping[str, str]] = {
    "ask-guardian": marked("The privacy officer may decide who needs something from it"),
    "not-after-my-death": marked("Nobody may see it after my death"),
}
_RESULTS: Final = "a"
_AFTER_DEATH: Final = "b"


@router.get(places.SHARING_CHOICES.path, operation_id=READ)
async def choices(request: Request, call: Calling, record: InPath, done: AskedDone = None) -> Response:
    """Both choices, as they stand."""
    return await _page(request, call, record, done=done)


@router.post("/forms/record/{record}/results-wish")
async def wish_results(request: Request, call: Calling, record: InPath, form: Sent) -> Response:
    """Choose how to hear of results."""

    async def say(speaking: Call) -> str:
        check = Checks(form)
        wish = check.choice("results", list(RESULTS), _("Choose how you want to hear of results."))
        check.done()
        await sharing.wish_results(speaking, record, sharing.ResultsWish(wish=wish))
        return onward(call, record, places.SHARING_CHOICES({"done": _RESULTS}, record=record))

    return await sent(request, call, form, say, lambda again: _page(request, call, record, results=again))


@router.post("/forms/record/{record}/after-death-wish", operation_id="representation.wish_after_death")
async def wish_after_death(request: Request, call: Calling, record: InPath, form: Sent) -> Response:
    """Choose what becomes of the record after one's death."""

    async def say(speaking: Call) -> str:
        check = Checks(form)
        wish = check.choice("after", list(AFTER_DEATH), _("Choose what becomes of your record."))
        check.done()
        await representation.wish_after_death(speaking, record, representation.AfterDeathWish(wish=wish))
        return onward(call, record, places.SHARING_CHOICES({"done": _AFTER_DEATH}, record=record))

    return await sent(request, call, form, say, lambda again: _page(request, call, record, after=again))


def _done(now: SharingNow, what: str | None) -> Done | None:
    """What an address says was chosen, as it stands now."""
    chosen = {
        _RESULTS: RESULTS.get(str(now.view["results_wish"])),
        _AFTER_DEATH: AFTER_DEATH.get(str(now.view["after_death_wish"])),
    }.get(what or "")
    return None if what is None else Done([_("You chose: %(choice)s.") % {"choice": _(chosen)}] if chosen else ())


async def _page(
    request: Request,
    call: Call,
    record: str,
    *,
    results: Filled | None = None,
    after: Filled | None = None,
    done: str | None = None,
) -> Response:
    now = await sharing_now(call, record)
    refused = results or after
    return await own_page(
        request,
        call,
        "sharing_choices.html",
        here=places.SHARING,
        record=record,
        whose=now.whose,
        form=refused,
        results=results or empty(call, results=now.view["results_wish"]),
        after=after or empty(call, after=now.view["after_death_wish"]),
        results_choices=[(name, _(text)) for name, text in RESULTS.items()],
        after_choices=[(name, _(text)) for name, text in AFTER_DEATH.items()],
        own=call.session.acting_as == "patient",
        done=_done(now, done),
    )
