"""Teams and care, for administrators: who works together, and who looks after whom."""

import re
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http import directory, people, records
from api.http.bodies import UUID_PATTERN, InPath, OnlyBody
from api.http.service import Call, Calling
from api.pages import places
from api.pages.account import Cursor
from api.pages.forms import Checks, Filled, Sent, empty, sent
from api.pages.language import gettext as _
from api.pages.matters import told
from api.pages.reading_for import ADMINISTRATOR, check_role
from api.pages.rendering import PageRoute, own_page
from api.pages.until import until_day
from api.pages.who import teams
from api.pages.words import CARE_GROUND

router: Final = APIRouter(include_in_schema=False, route_class=PageRoute)
_LISTED: Final = 10
_LONGEST_NAME: Final = 200
_GROUNDS: Final = tuple(name for name in CARE_GROUND if name != "import")
_OF: Final = ("person", "team")
_CHOSEN: Final = ("patient", "of", "who")


@router.get(places.TEAMS.path)
async def listed(request: Request, call: Calling, cursor: Cursor = None) -> Response:
    """Every team and who is in it."""
    return await _teams(request, call, empty(call), cursor)


@router.post("/forms/staff/teams")
async def form_team(request: Request, call: Calling, form: Sent) -> Response:
    """Form a team."""

    async def say(speaking: Call) -> str:
        check = Checks(form)
        name = check.text("name", _("Write the name of the team."), _LONGEST_NAME)
        profile = check.text("profile", None, 64) or None
        check.done()
        await people.form_team(speaking, people.NewTeam(name=name, profile=profile))
        return places.TEAMS()

    return await sent(request, call, form, say, lambda form: _teams(request, call, form, None))


@router.post("/forms/staff/teams/{team}/join", operation_id="people.join_team")
async def join(request: Request, call: Calling, team: InPath, form: Sent) -> Response:
    """Put somebody into a team, who was found by their name (``api.pages.who``)."""

    async def say(speaking: Call) -> str:
        check = Checks(form)
        person = _id(check, "person")
        check.done()
        await people.join_team(speaking, team, people.NewMember(person=person))
        return places.TEAMS() + f"#team-{team}"

    return await sent(request, call, form, say, lambda form: _teams(request, call, form, None))


@router.post("/forms/staff/teams/{team}/members/{person}/end")
async def leave(request: Request, call: Calling, team: InPath, person: InPath, form: Sent) -> Response:
    """Take somebody out of a team."""

    async def say(speaking: Call) -> str:
        await people.leave_team(speaking, team, person, OnlyBody())
        return places.TEAMS() + f"#team-{team}"

    return await sent(request, call, form, say, lambda form: _teams(request, call, form, None))


@router.get(places.CARE.path)
async def care(request: Request, call: Calling) -> Response:
    """Where a patient is found by name, their record is opened, and care begins; what is chosen is in the address."""
    query = request.query_params
    return await _care(request, call, empty(call, **{name: query.get(name, "") for name in _CHOSEN}))


@router.post("/forms/staff/records")
async def open_record(request: Request, call: Calling, form: Sent) -> Response:
    """Open a record for somebody who is registered."""

    async def say(speaking: Call) -> str:
        check = Checks(form)
        patient = _id(check, "patient")
        check.done()
        await records.open_record(speaking, records.NewRecord(patient=patient))
        return places.CARE({"patient": patient, "opened": "yes"})

    return await sent(request, call, form, say, lambda form: _care(request, call, form))


@router.post("/forms/staff/care", operation_id="care.start")
async def start(request: Request, call: Calling, form: Sent) -> Response:
    """Begin a care relationship."""

    async def say(speaking: Call) -> str:
        check = Checks(form)
        record, who = _id(check, "record"), _id(check, "who")
        of = check.choice("of", _OF, _("This form is not complete. Load the page again."))
        ground = check.choice("ground", _GROUNDS, _("Choose why they look after the patient."))
        until = until_day(check, "until", None) or None
        check.done()
        begun = records.NewCare.model_validate({"ground": ground, of: who, "until": until})
        await records.start_care(speaking, record, begun)
        return places.CARE({"patient": form.value("patient"), "begun": "yes"})

    return await sent(request, call, form, say, lambda form: _care(request, call, form))


def _id(check: Checks, name: str) -> str:
    """An id that the page has chosen."""
    return check.fitting(name, UUID_PATTERN, _("This form is not complete. Load the page again."))


async def _teams(request: Request, call: Call, form: Filled, cursor: str | None) -> Response:
    page = directory.PageOfPeople(limit=_LISTED, cursor=cursor)
    listed = told(await directory.teams(call, page))
    return await own_page(
        request, call, "people/teams.html", here=places.TEAMS, form=form, first=cursor is None, **listed
    )


async def _care(request: Request, call: Call, form: Filled) -> Response:
    asked = request.query_params
    patient = await _person(call, form.value("patient"))
    check_role(call, ADMINISTRATOR)
    return await own_page(
        request,
        call,
        "people/care.html",
        here=places.CARE,
        form=form,
        patient=patient,
        chosen=await _who(call, form) if patient else None,
        grounds=_GROUNDS,
        opened=asked.get("opened") == "yes",
        begun=asked.get("begun") == "yes",
    )


async def _person(call: Call, person: str) -> dict[str, Any] | None:
    """Who is chosen, as the directory tells it to an administrator; None where nobody is. Raises as it does."""
    if re.fullmatch(UUID_PATTERN, person) is None:
        await call.ledger.directory.check_reads(call.by())
        return None
    return told(await directory.person(call, person))


async def _who(call: Call, form: Filled) -> dict[str, Any] | None:
    """The team or the person who is to look after a patient, by id and name, where one is chosen."""
    of, chosen = form.value("of"), form.value("who")
    if of == "team":
        return next((one for one in await teams(call) if one["id"] == chosen), None)
    person = await _person(call, chosen)
    return None if person is None else {"kind": "person", "id": chosen, "name": person["name"]}
