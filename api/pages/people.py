"""People, for administrators and registrars: who there is, registering somebody, roles, a way in, and leaving."""

from typing import Any, Final

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http import directory, invitations, people, recovery
from api.http.bodies import InPath, OnlyBody
from api.http.service import Call, Calling
from api.pages import places
from api.pages.account import Cursor
from api.pages.forms import Checks, Filled, Say, Sent, empty, sent, shown_by
from api.pages.language import gettext as _
from api.pages.rendering import PageRoute, own_page
from api.pages.until import until_day
from ledger.core.terms import ROLES

router: Final = APIRouter(include_in_schema=False, route_class=PageRoute)
_LISTED: Final = 25
_LONGEST_NAME: Final = 200


@router.get(places.PEOPLE.path)
async def listed(request: Request, call: Calling, cursor: Cursor = None) -> Response:
    """Everybody who was registered, newest first."""
    page = directory.PageOfPeople(limit=_LISTED, cursor=cursor)
    told = orjson.loads((await directory.people(call, page)).body)
    return await own_page(request, call, "people/people.html", here=places.PEOPLE, first=cursor is None, **told)


@router.get(places.NEW_PERSON.path)
async def new_person(request: Request, call: Calling) -> Response:
    """Where somebody is registered."""
    return await _new_person(request, call, empty(call))


@router.post("/forms/staff/people")
async def register(request: Request, call: Calling, form: Sent) -> Response:
    """Register somebody."""

    async def say(speaking: Call) -> str:
        check = Checks(form)
        name = check.text("name", _("Write the name by which people know them."), _LONGEST_NAME)
        number = check.text("nhs_number", None, 20) or None
        check.done()
        answer = await people.register(speaking, people.NewPerson(name=name, nhs_number=number))
        return places.PERSON(person=orjson.loads(answer.body)["ids"]["person"])

    return await sent(request, call, form, say, lambda form: _new_person(request, call, form))


@router.get(places.PERSON.path)
async def person(request: Request, call: Calling, person: InPath) -> Response:
    """One person: roles, teams, and what can be done about their way in."""
    return await _person(request, call, person, empty(call))


@router.post("/forms/staff/people/{person}/roles", operation_id="people.grant")
async def grant(request: Request, call: Calling, person: InPath, form: Sent) -> Response:
    """Give somebody a role."""

    async def say(speaking: Call) -> str:
        check = Checks(form)
        role = check.choice("role", ROLES, _("Choose a role."))
        until = until_day(check, "until", None) or None
        check.done()
        await people.grant(speaking, person, people.NewRole.model_validate({"role": role, "until": until}))
        return places.PERSON(person=person) + "#roles"

    return await _about(request, call, person, form, say)


@router.post("/forms/staff/people/{person}/roles/{role}/approve", operation_id="people.approve")
async def approve(request: Request, call: Calling, person: InPath, role: str, form: Sent) -> Response:
    """Approve a role that another administrator gave."""

    async def say(speaking: Call) -> str:
        await people.approve(speaking, person, role, OnlyBody())
        return places.PERSON(person=person) + "#roles"

    return await _about(request, call, person, form, say)


@router.post("/forms/staff/people/{person}/roles/{role}/end")
async def end_role(request: Request, call: Calling, person: InPath, role: str, form: Sent) -> Response:
    """End somebody's role."""

    async def say(speaking: Call) -> str:
        await people.end_role(speaking, person, role, OnlyBody())
        return places.PERSON(person=person) + "#roles"

    return await _about(request, call, person, form, say)


@router.post("/forms/staff/people/{person}/invite", operation_id="people.invite")
async def invite(request: Request, call: Calling, person: InPath, form: Sent) -> Response:
    """Invite somebody. Link and code are shown on the page that answers, and never again."""

    async def show(speaking: Call) -> Response:
        invited = await invitations.invite(request, speaking, person, OnlyBody())
        return await _invited(request, call, person, orjson.loads(invited.body))

    return await shown_by(call, form, show, lambda form: _person(request, call, person, form))


@router.post("/forms/staff/people/{person}/recovery", operation_id="people.ask_recovery")
async def ask_recovery(request: Request, call: Calling, person: InPath, form: Sent) -> Response:
    """Ask that somebody who lost every passkey is let back in; another member of staff approves it."""

    async def say(speaking: Call) -> str:
        await recovery.ask_recovery(speaking, person, OnlyBody())
        return places.PERSON(person=person) + "#way-in"

    return await _about(request, call, person, form, say)


@router.post("/forms/staff/people/{person}/recovery/{asked}", operation_id="people.approve_recovery")
async def approve_recovery(request: Request, call: Calling, person: InPath, asked: InPath, form: Sent) -> Response:
    """Let somebody back in, as the second member of staff. Link and code are shown on the page that answers."""

    async def show(speaking: Call) -> Response:
        answer = await recovery.approve_recovery(request, speaking, person, recovery.Approval(recovery=asked))
        return await _invited(request, call, person, orjson.loads(answer.body))

    return await shown_by(call, form, show, lambda form: _person(request, call, person, form))


@router.get(places.LEAVING.path)
async def leaving(request: Request, call: Calling, person: InPath) -> Response:
    """What leaving ends, before it does."""
    return await _leaving(request, call, person, empty(call))


@router.post("/forms/staff/people/{person}/leave", operation_id="people.leave")
async def leave(request: Request, call: Calling, person: InPath, form: Sent) -> Response:
    """Let somebody leave: every way in, role and membership ends. The service says each; it is said again to finish."""
    await recovery.leave(call, person, OnlyBody())
    return await _person(request, call, person, empty(call), left=True)


async def _invited(request: Request, call: Call, person: str, invited: dict[str, Any]) -> Response:
    """Link and code, for a person who is named: so that they go to nobody else."""
    who = orjson.loads((await directory.person(call, person)).body)
    shown = {name: invited[name] for name in ("link", "code", "ends_at")}
    return await own_page(request, call, "people/invited.html", here=places.PEOPLE, one=who, **shown)


async def _new_person(request: Request, call: Call, form: Filled) -> Response:
    return await own_page(request, call, "people/new.html", here=places.PEOPLE, form=form)


async def _about(request: Request, call: Call, person: str, form: Filled, say: Say) -> Response:
    return await sent(request, call, form, say, lambda form: _person(request, call, person, form))


async def _person(request: Request, call: Call, person: str, form: Filled, *, left: bool = False) -> Response:
    shown = orjson.loads((await directory.person(call, person)).body)
    own = person == call.session.person
    page = "people/person.html"
    return await own_page(
        request, call, page, here=places.PEOPLE, form=form, one=shown, own=own, left=left, roles=ROLES
    )


async def _leaving(request: Request, call: Call, person: str, form: Filled) -> Response:
    shown = orjson.loads((await directory.person(call, person)).body)
    return await own_page(request, call, "people/leaving.html", here=places.PEOPLE, form=form, one=shown)
