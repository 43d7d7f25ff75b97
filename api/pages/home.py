"""Home: where everybody begins, by what they act as; and acting as something else."""

from collections.abc import Mapping
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http.cookies import set_session
from api.http.service import Call, Calling
from api.pages import places
from api.pages.forms import Form, member
from api.pages.places import Place
from api.pages.rendering import PageRoute, own_page, see_other
from api.sign_in.standing import check_may_act_as, may_act_as

router: Final = APIRouter(include_in_schema=False, route_class=PageRoute)
BEGINS: Final[Mapping[str, Place]] = {
    "clinician": places.TODAY,
    "carer": places.CARED_FOR,
    "attorney": places.CARED_FOR,
    "parent": places.CARED_FOR,
    "auditor": places.AUDIT,
    "guardian": places.EMERGENCIES,
    "administrator": places.PEOPLE,
    "registrar": places.PEOPLE,
}
"""Where somebody begins who acts as this; a patient begins in their own record."""


@router.get(places.HOME.path)
async def home(request: Request, call: Calling) -> Response:
    """Lead everybody to where they begin; a patient without a record is told that there is none yet."""
    if call.session.acting_as != "patient":
        return see_other(BEGINS.get(call.session.acting_as, places.ACCOUNT)())
    await call.service.caught_up()
    own = await call.service.directory.own_record(call.session.person)
    if own:
        return see_other(places.RECORD(record=own[0].record))
    return await own_page(request, call, "home.html", may_act_as=await roles_of(call))


@router.post("/forms/acting-as")
async def act_as(call: Calling, form: Form) -> Response:
    """Act as something else from here on."""
    await call.service.caught_up()
    role = member(form, "acting_as")
    await check_may_act_as(call.ledger, call.service.directory, call.session.person, role)
    begun = await call.service.doors.sessions.act_as(call.session, role)
    answer = see_other(places.HOME())
    set_session(answer, begun)
    return answer


async def roles_of(call: Call) -> list[str]:
    """As what whoever is signed in may act, in this session."""
    await call.service.caught_up()
    bound = call.session.may_act_as
    roles = await may_act_as(call.ledger, call.service.directory, call.session.person)
    return [role for role in roles if bound is None or role in bound]
