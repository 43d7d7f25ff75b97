"""Adding to a record: what a patient writes in it themselves. A clinician's form is ``clinician.add_page``."""

from collections.abc import Mapping
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http import items
from api.http.bodies import InPath
from api.http.service import Call, Calling
from api.pages import clinician, places
from api.pages.forms import Checks, Filled, Sent, empty, sent
from api.pages.language import gettext as _
from api.pages.language import marked
from api.pages.purpose import AskedPurpose
from api.pages.rendering import PageRoute, own_page, see_other
from ledger.domain.errors import NotAllowed

router: Final = APIRouter(include_in_schema=False, route_class=PageRoute)
ENTRIES: Final[Mapping[str, tuple[str, str]]] = {
    "contribution": (
        marked("Something I want known"),
        marked("How you are, what has changed, what matters to you, what was left out."),
    ),
    "experience": (
        marked("How something went for me"),
        marked("A visit, a stay, a treatment. What was good, and what was not."),
    ),
    "decision": (marked("Something I decided"), marked("What you chose, and why, if you like.")),
    "plan-for-carers": (
        marked("What my carers can do"),
        marked("How they can help you. They see it only if you share it with them."),
    ),
}
"""What a patient writes, by kind: what it is called here, and what one might write."""
MOST: Final = 10_000
_MOST_TITLE: Final = 200


@router.get(places.ADD.path)
async def add_page(request: Request, call: Calling, record: InPath, purpose: AskedPurpose = None) -> Response:
    """Where something is added, by whoever may; a carer tells the team instead."""
    if call.session.acting_as == "clinician":
        return await clinician.add_page(request, call, record, None, purpose)
    if call.session.acting_as == "carer":
        return see_other(places.TELL(record=record))
    if call.session.acting_as != "patient":
        raise NotAllowed(f"add: got acting_as {call.session.acting_as}, wanted patient or clinician", "role-missing")
    return await _page(request, call, record, empty(call))


@router.post("/forms/record/{record}/add")
async def add(request: Request, call: Calling, record: InPath, form: Sent) -> Response:
    """Add what a patient has written."""

    async def say(speaking: Call) -> str:
        check = Checks(form)
        kind = check.choice("kind", tuple(ENTRIES), _("Choose what you write about."))
        title = check.text("title", None, _MOST_TITLE)
        text = check.text("text", _("Write something."), MOST)
        check.done()
        await items.add(speaking, record, items.NewItem(kind=kind, title=title or None, text=text))
        return places.RECORD({"said": form.statement}, record=record)

    return await sent(request, call, form, say, lambda form: _page(request, call, record, form))


async def _page(request: Request, call: Call, record: str, form: Filled) -> Response:
    """The form. It opens nothing of the record."""
    return await own_page(
        request,
        call,
        "add.html",
        here=places.RECORD,
        record=record,
        whose={"name": None, "own": True},
        form=form,
        entries=ENTRIES,
        most=MOST,
        most_title=_MOST_TITLE,
    )
