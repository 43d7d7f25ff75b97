"""The talk about carers: a clinician records that they asked, about whom, and what came of it."""

from collections.abc import Mapping
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http import sharing
from api.http.bodies import InPath
from api.http.service import Call, Calling
from api.pages import places
from api.pages.forms import Checks, Filled, Sent, empty, sent
from api.pages.language import gettext as _
from api.pages.language import marked
from api.pages.matters import begun_by, matters_of, told
from api.pages.purpose import AskedPurpose, is_to_be_asked, purpose_page
from api.pages.rendering import PageRoute, own_page
from api.pages.said import AskedSaid, said_of
from ledger.core.terms import CONVERSATIONS

router: Final = APIRouter(include_in_schema=False, route_class=PageRoute)
NOBODY: Final = "nobody"
"""What is chosen where the talk was about nobody by name."""
CAPACITY: Final[Mapping[str, str]] = {
    "presumed": marked("I had no reason to doubt that they can decide this"),
    "has": marked("They can decide this"),
    "lacks": marked("They cannot decide this now"),
}


@router.get(places.CARER_TALK.path, operation_id="sharing.read")
async def talk_page(
    request: Request, call: Calling, record: InPath, purpose: AskedPurpose = None, said: AskedSaid = None
) -> Response:
    """The talks that were held, and the form for a new one."""
    if is_to_be_asked(call, purpose):
        return await purpose_page(request, call, record)
    return await _page(request, call, record, purpose, said=said)


@router.post("/forms/record/{record}/carer-talk", operation_id="sharing.read")
async def hold(request: Request, call: Calling, record: InPath, form: Sent) -> Response:
    """Record a talk about carers."""
    purpose = form.value("purpose", "task")

    async def say(speaking: Call) -> str:
        check = Checks(form)
        outcome = check.choice("outcome", CONVERSATIONS, _("Choose what came of it."))
        about = check.text("person", _("Choose whom you talked about."), 60)
        capacity = check.choice("capacity", tuple(CAPACITY), _("Choose whether they can decide this."))
        text = check.text("text", None, 4000)
        check.done()
        person = None if about == NOBODY else about
        talk = sharing.NewConversation(outcome=outcome, person=person, capacity=capacity, text=text or None)
        await sharing.hold_conversation(speaking, record, talk)
        return places.CARER_TALK({"purpose": purpose, "said": form.statement}, record=record) + "#said"

    async def again(refused: Filled) -> Response:
        return await _page(request, call, record, purpose, form=refused)

    return await sent(request, call, form, say, again)


async def _page(
    request: Request,
    call: Call,
    record: str,
    purpose: str | None,
    *,
    form: Filled | None = None,
    said: str | None = None,
) -> Response:
    around = told(await sharing.read(call, record, purpose))
    view = await matters_of(call, record, purpose, "conversation")
    people = {one["id"]: one["person"] for one in around["conversations"]}
    return await own_page(
        request,
        call,
        "carer_talk.html",
        here=places.FIND,
        record=record,
        whose={"name": view["patient"]["name"], "own": False},
        form=form or empty(call, capacity="presumed"),
        said=await said_of(call, said),
        purpose=purpose,
        choices=[(one["id"], one["name"]) for one in around["carers"]],
        nobody=NOBODY,
        whom={NOBODY: None, **{one["id"]: one["id"] for one in around["carers"]}},
        outcomes=CONVERSATIONS,
        capacities=CAPACITY,
        talks=[_talk(matter, held, people) for matter, held in begun_by(view, "carer-conversation-held")][::-1],
    )


def _talk(matter: Mapping[str, Any], said: Mapping[str, Any], people: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": matter["id"], "said": said, "person": people.get(matter["id"])}
