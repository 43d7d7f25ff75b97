"""One's own page: as what one acts, one's records, and writing something, signed or recorded by the service."""

from collections.abc import Mapping
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http.cookies import set_session
from api.http.problems import Problem, problem_of
from api.http.service import Call, Calling
from api.pages.forms import Form, member
from api.pages.rendering import PageRoute, page, see_other
from api.pages.voice import voice_of
from api.sign_in.standing import check_may_act_as, may_act_as
from ledger.core.entry import read_entry
from ledger.core.errors import MalformedStatement
from ledger.core.instants import format_instant
from ledger.core.shapes import uuid
from ledger.saying import By, fresh_id
from ledger.use_cases.items import Draft
from projections.directory import Listed
from projections.views.signed import custody_of

router: Final = APIRouter(include_in_schema=False, route_class=PageRoute)
KINDS: Final = {
    "contribution": "Something I want known",
    "experience": "How something went for me",
    "decision": "Something I decided",
}
"""What a patient writes here, in plain words."""
_LISTED: Final = 100


@router.get("/")
async def home(request: Request, call: Calling, said: str | None = None) -> Response:
    """One's own page; after something was said, with whose signature it carries."""
    return await _home(request, call, said=await _said(call, said))


@router.post("/forms/write")
async def write(request: Request, call: Calling, form: Form) -> Response:
    """Write something that the service records; refused, it is shown again with the words still in it."""
    statement = member(form, "statement")
    draft = Draft(member(form, "kind"), member(form, "text"), member(form, "title").strip() or None)
    by = By(call.session.person, call.session.acting_as, statement)
    try:
        answer = await call.ledger.items.add(by, member(form, "record"), draft)
    except Exception as error:
        problem = problem_of(error)
        if problem.kind.status >= 500:
            raise
        return await _home(request, call, form=form, problem=problem)
    return see_other(f"/?said={answer.statement_id}")


@router.post("/forms/acting-as")
async def act_as(call: Calling, form: Form) -> Response:
    """Act as something else from here on."""
    await call.service.caught_up()
    role = member(form, "acting_as")
    await check_may_act_as(call.ledger, call.service.directory, call.session.person, role)
    begun = await call.service.doors.sessions.act_as(call.session, role)
    answer = see_other("/")
    set_session(answer, begun)
    return answer


async def _home(
    request: Request,
    call: Call,
    *,
    said: Mapping[str, Any] | None = None,
    form: Mapping[str, str] | None = None,
    problem: Problem | None = None,
) -> Response:
    person, acting_as = call.session.person, call.session.acting_as
    await call.service.caught_up()
    records = await _records(call)
    bound = call.session.may_act_as
    roles = await may_act_as(call.ledger, call.service.directory, person)
    empty = {"statement": fresh_id(call.ledger.clock()), "kind": "contribution", "title": "", "text": ""}
    return page(
        request,
        "home.html",
        status=200 if problem is None else problem.kind.status,
        voice=await voice_of(request, call),
        may_act_as=[role for role in roles if bound is None or role in bound],
        records=[{"record": one.record, "own": one.patient == person, "ground": one.ground} for one in records],
        writes_in=next((one.record for one in records if one.patient == person), None)
        if acting_as == "patient"
        else None,
        kinds=KINDS,
        form={**empty, **(form or {})},
        said=said,
        problem=problem,
    )


async def _records(call: Call) -> list[Listed]:
    """The records around whoever is signed in, in what they act as; what each shows is decided when it is opened."""
    person, directory, acting_as = call.session.person, call.service.directory, call.session.acting_as
    if acting_as == "patient":
        return await directory.own_record(person)
    if acting_as == "carer":
        return await directory.cared_for(person)
    if acting_as == "clinician":
        return await directory.in_care_of(person, call.ledger.clock(), limit=_LISTED)
    return []


async def _said(call: Call, statement_id: str | None) -> Mapping[str, Any] | None:
    """Where one's own statement stands, and whose signature it carries; None for what is not there."""
    try:
        uuid("said", statement_id)
    except MalformedStatement:
        return None
    person = call.session.person
    position = await call.ledger.rows.position_of(person, str(statement_id))
    if position is None:
        return None
    [(_, entry)] = await call.ledger.rows.entries_of(person, position + 1, 1)
    read = read_entry(entry)
    signer = (person, read.signed.kid)
    return {
        "position": position,
        "recorded_at": format_instant(read.recorded_at),
        "custody": (await custody_of(call.ledger, [signer]))[signer],
    }
