"""Teams and care, for administrators: who works together, and who looks after whom."""

from typing import Any, Final

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http import directory, people, records
from api.http.bodies import UUID_PATTERN, InPath, OnlyBody
from api.http.service import Call, Calling
from api.pages import places
from api.pages.account import Cursor
from api.pages.forms import Checks, Filled, Sent, empty, sent
from api.pages.language import gettext as _
from api.pages.rendering import PageRoute, own_page
from api.pages.until import end_of
from api.pages.words import CARE_GROUND

router: Final = APIRouter(include_in_schema=False, route_class=PageRoute)
_LISTED: Final = 10
_LONGEST_NAME: Final = 200
_GROUNDS: Final = tuple(name for name in CARE_GROUND if name != "import")
_OF: Final = ("person", "team")


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
    """Put somebody into a team."""

    async def say(speaking: Call) -> str:
        check = Checks(form)
        person = _id(check, f"person-{team}", _("Copy the id of the person from their page."))
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
    """Where a record is opened for a patient, and care begins."""
    return await _care(request, call, empty(call))


@router.post("/forms/staff/records")
async def open_record(request: Request, call: Calling, form: Sent) -> Response:
    """Open a record for somebody who is registered."""

    async def say(speaking: Call) -> str:
        check = Checks(form)
        patient = _id(check, "patient", _("Copy the id of the patient from their page."))
        check.done()
        answer = await records.open_record(speaking, records.NewRecord(patient=patient))
        return places.CARE({"record": orjson.loads(answer.body)["ids"]["record"]})

    return await sent(request, call, form, say, lambda form: _care(request, call, form))


@router.post("/forms/staff/care", operation_id="care.start")
async def start(request: Request, call: Calling, form: Sent) -> Response:
    """Begin a care relationship."""

    async def say(speaking: Call) -> str:
        check = Checks(form)
        record = _id(check, "record", _("Copy the id of the record."))
        of = check.choice("of", _OF, _("Choose whether a team or one person looks after the patient."))
        who = _id(check, "who", _("Copy the id of the team or the person."))
        ground = check.choice("ground", _GROUNDS, _("Choose why they look after the patient."))
        last_day = check.day("until", None)
        check.done()
        until = None if last_day is None else end_of(last_day)
        person, team = (who, None) if of == "person" else (None, who)
        await records.start_care(
            speaking, record, records.NewCare(ground=ground, person=person, team=team, until=until)
        )
        return places.CARE({"begun": "yes"})

    return await sent(request, call, form, say, lambda form: _care(request, call, form))


def _id(check: Checks, name: str, missing: str) -> str:
    """An id, as it is copied from another page."""
    return check.fitting(name, UUID_PATTERN, missing)


async def _teams(request: Request, call: Call, form: Filled, cursor: str | None) -> Response:
    page = directory.PageOfPeople(limit=_LISTED, cursor=cursor)
    told = orjson.loads((await directory.teams(call, page)).body)
    return await own_page(request, call, "people/teams.html", here=places.TEAMS, form=form, **told)


async def _care(request: Request, call: Call, form: Filled) -> Response:
    asked = request.query_params
    shown: dict[str, Any] = {"opened": asked.get("record"), "begun": asked.get("begun") == "yes", "grounds": _GROUNDS}
    if shown["opened"] is not None and not form.members:
        form = empty(call, record=str(shown["opened"]))
    return await own_page(request, call, "people/care.html", here=places.CARE, form=form, **shown)
