"""The directory over HTTP: people and teams by name, for the staff who register people, give roles and let them in.

That names were told, whose and to whom, is on the log before one is opened.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from api.http.answers import json_answer
from api.http.bodies import InPath
from api.http.operations import shows
from api.http.reading import Page
from api.http.service import Call, Calling, check_still_signed_in
from ledger.core.instants import Instant
from ledger.core.people import PersonFacts
from ledger.core.terms import ROLES
from ledger.domain.errors import Unknown
from ledger.use_cases.directory import Names

router: Final = APIRouter(tags=["people"])
_ID: Final = "3f0f5a53-7a6b-4f0f-a0c4-6b8b7a7b3f10"
_TEAM: Final = "9d2b0f3e-5a80-4c3e-9d2b-6f1f3f0a4b11"
_ONE: Final = {
    "person": _ID,
    "name": "Dr Okafor",
    "roles": [{"role": "clinician", "in_force": True, "waits": False}],
    "teams": [{"team": _TEAM, "name": "Family practice"}],
    "recoveries": [{"recovery": _TEAM, "asked_by": _ID}],
}
_MOST: Final = 25


class PageOfPeople(Page):
    """The query of a page of people or teams: each is named, so there are few at a time."""

    limit: int = Field(default=_MOST, ge=1, le=_MOST, description="People or teams at most.")


@shows(router, "/people", "directory.people", {"people": [_ONE], "cursor": None})
async def people(call: Calling, page: Annotated[PageOfPeople, Query()]) -> Response:
    """Everybody who was registered, newest first: name, roles and teams, for administrators and registrars."""
    await call.ledger.directory.check_reads(call.by())
    await call.service.caught_up()
    before, continues = _before(call, page, "people")
    listed = await call.service.directory.registered(before=before, limit=page.limit + 1)
    told = await _people(call, [person for person, _ in listed[: page.limit]])
    last = listed[page.limit - 1][1] if len(listed) > page.limit else None
    return json_answer({"people": told, "cursor": _cursor(call, last, continues)})


@shows(router, "/people/{person}", "directory.person", {**_ONE, "record": _TEAM}, sometimes=("record",))
async def person(call: Calling, person: InPath) -> Response:
    """One person: name, roles and teams, for administrators and registrars; to administrators also their record.

    Administrators open records and say who cares for whom; without this they would keep lists of ids of their own.
    """
    await call.ledger.directory.check_reads(call.by())
    if (await call.ledger.facts.person(person, fresh=True)).fold.facts.registered is None:
        raise Unknown(f"person {person}: there is nobody of this id; check it")
    [told] = await _people(call, [person])
    if call.session.acting_as == "administrator":
        await call.service.caught_up()
        told["record"] = next((one.record for one in await call.service.directory.own_record(person)), None)
    return json_answer(told)


_TEAMS: Final = {
    "team": _TEAM,
    "name": "Family practice",
    "profile": None,
    "members": [{"person": _ID, "name": "Dr Okafor"}],
}


@shows(router, "/teams", "directory.teams", {"teams": [_TEAMS], "cursor": None})
async def teams(call: Calling, page: Annotated[PageOfPeople, Query()]) -> Response:
    """Every team, newest first, and who is in it now (of large teams the first), for administrators and registrars."""
    await call.ledger.directory.check_reads(call.by())
    await call.service.caught_up()
    before, continues = _before(call, page, "teams")
    listed = await call.service.directory.formed(before=before, limit=page.limit + 1)
    shown, now = listed[: page.limit], call.ledger.clock()
    members = {team: (await call.service.directory.members(team, now))[:_MOST] for team, _, _ in shown}
    told = []
    for team, profile, _ in shown:  # a reading for each team: what one names is bounded
        names = await call.ledger.directory.names(call.by(), members[team], [team])
        of_team = [{"person": one, "name": names.people[one]} for one in members[team]]
        told.append({"team": team, "name": names.teams[team], "profile": profile, "members": of_team})
    await check_still_signed_in(call)
    last = listed[page.limit - 1][2] if len(listed) > page.limit else None
    return json_answer({"teams": told, "cursor": _cursor(call, last, continues)})


def _before(call: Call, page: Page, what: str) -> tuple[int | None, tuple[str, ...]]:
    continues = (f"directory-{what}", call.session.person, call.session.acting_as)
    return (None if page.cursor is None else call.service.cursors.open(page.cursor, *continues)[1]), continues


def _cursor(call: Call, last: int | None, continues: tuple[str, ...]) -> str | None:
    return None if last is None else call.service.cursors.seal((Instant(0), last), *continues)


async def _people(call: Call, listed: list[str]) -> list[dict[str, Any]]:
    now = call.ledger.clock()
    known = {one: (await call.ledger.facts.person(one, fresh=True)).fold.facts for one in listed}
    teams = {one: [team for team, _ in known[one].current_teams(now)] for one in listed}
    named_teams = list(dict.fromkeys(team for of_one in teams.values() for team in of_one))
    names = await call.ledger.directory.names(call.by(), listed, named_teams[: 3 * _MOST])
    await check_still_signed_in(call)
    return [_one(one, known[one], teams[one], names, now) for one in listed]


def _one(person: str, known: PersonFacts, teams: list[str], names: Names, now: Instant) -> dict[str, Any]:
    return {
        "person": person,
        "name": names.people[person],
        "roles": [role for name in ROLES for role in _role(known, name, now)],
        "teams": [{"team": team, "name": names.teams.get(team)} for team in teams],
        "recoveries": [{"recovery": one, "asked_by": asker} for one, asker in known.recoveries.items()],
    }


def _role(known: PersonFacts, role: str, now: Instant) -> list[Mapping[str, Any]]:
    """A role that is in force, or that waits for a second administrator."""
    in_force = known.role(role, now) is not None
    waiting = known.pending(role)
    if not in_force and waiting is None:
        return []
    return [{"role": role, "in_force": in_force, "waits": waiting is not None}]
