"""Who: somebody is found by name, and then chosen for what they were looked for.

For administrators and registrars. What is looked for can be read in no address (``looked_for.py``); whom it finds, the
page leads on to by id.
Names are words: each page of the directory that is looked through is one reading of it, and on the log.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http import directory
from api.http.service import Call, Calling
from api.pages import places
from api.pages.find import is_called
from api.pages.forms import Checks, Filled, Sent, empty, sent, shown_by
from api.pages.language import gettext as _
from api.pages.looked_for import LookedFor, opened, sealed
from api.pages.matters import told
from api.pages.places import Place
from api.pages.rendering import PageRoute, own_page, see_other

router: Final = APIRouter(include_in_schema=False, route_class=PageRoute)
LOOKED_THROUGH: Final = 8
"""Pages of the directory that are looked through at once."""
MOST: Final = 200
ALONG_TO_A_CASE: Final = ("whose", "about")
_ALONG: Final = ("team", "patient", *ALONG_TO_A_CASE)
_FIELDS: Final = ("name", "for", "cursor", *_ALONG)
_LISTED: Final = 25
Chosen = Callable[[Filled, str, str], str]
"""Where a choice leads: of this form, that kind (person or team) with this id."""


@dataclass(frozen=True, slots=True)
class Purpose:
    """For what somebody is looked for: the page it is for, where a choice leads, and whether it may be a team.

    ``joins``: a choice is no link, but the button that puts them into the team of the form.
    """

    here: Place
    leads: Chosen
    teams: bool = False
    joins: bool = False


def _to_care_by(form: Filled, kind: str, chosen: str) -> str:
    return places.CARE({"patient": form.value("patient"), "of": kind, "who": chosen})


def _to_a_case(form: Filled, **chosen: str) -> str:
    """Where a case is assigned, with whose record and which person it is about as they are chosen so far."""
    return places.CASES({name: chosen.get(name) or form.value(name) for name in ALONG_TO_A_CASE}) + "#assign"


PURPOSES: Final[Mapping[str, Purpose]] = {
    "person": Purpose(places.PEOPLE, lambda _form, _kind, chosen: places.PERSON(person=chosen)),
    "team": Purpose(places.TEAMS, lambda _form, _kind, chosen: places.PERSON(person=chosen), joins=True),
    "patient": Purpose(places.CARE, lambda _form, _kind, chosen: places.CARE({"patient": chosen})),
    "care": Purpose(places.CARE, _to_care_by, teams=True),
    "whose": Purpose(places.CASES, lambda form, _kind, chosen: _to_a_case(form, whose=chosen)),
    "about": Purpose(places.CASES, lambda form, _kind, chosen: _to_a_case(form, about=chosen)),
}
"""By the word that a form has for it."""


@router.post("/forms/staff/who")
async def look(request: Request, call: Calling, form: Sent) -> Response:
    """Lead to everybody with such a name; with a cursor, to those further back."""

    async def say(_call: Call) -> str:
        _name(form)
        return places.WHO({"q": sealed(call, form, _FIELDS)})

    return await sent(request, call, form, say, lambda form: _page(request, call, form, [], None))


@router.get(places.WHO.path)
async def who(request: Request, call: Calling, q: LookedFor = None) -> Response:
    """Everybody with such a name, each to be chosen."""
    if q is None:
        return see_other(places.PEOPLE())
    form = empty(call, **opened(call, q))

    async def show(_call: Call) -> Response:
        return await _page(request, call, form, *await _found(call, form, _name(form)))

    return await shown_by(call, form, show, lambda form: _page(request, call, form, [], None))


def _name(form: Filled) -> str:
    """The name; raises Unfit where there is none, or the form is none of ours."""
    check = Checks(form)
    name = check.text("name", _("Write a name, or how it begins."), MOST)
    check.choice("for", tuple(PURPOSES), _("This form is not complete. Load the page again."))
    check.done()
    return name


async def _page(
    request: Request, call: Call, form: Filled, found: Sequence[Mapping[str, Any]], cursor: str | None
) -> Response:
    purpose = PURPOSES.get(form.value("for"), PURPOSES["person"])
    matches = [
        {**one, "href": purpose.leads(form, one["kind"], one["id"]), "form": empty(call) if purpose.joins else None}
        for one in found
    ]
    return await own_page(
        request,
        call,
        "people/who.html",
        here=purpose.here,
        form=form,
        back=_back(purpose, form),
        along={name: form.value(name) for name in _ALONG if form.value(name)},
        joins=form.value("team") if purpose.joins else None,
        teams=purpose.teams,
        matches=matches,
        cursor=cursor,
        further=bool(form.value("cursor")),
    )


def _back(purpose: Purpose, form: Filled) -> str:
    """The page that it is for, as it was."""
    query: dict[str, str | list[str] | None] = {name: form.value(name) for name in _ALONG if name != "team"}
    return purpose.here(query if purpose.here is not places.PEOPLE else None)


async def _found(call: Call, form: Filled, name: str) -> tuple[list[dict[str, Any]], str | None]:
    """Who has the name, of some pages of the directory, and where to look on; the teams come first, at first."""
    cursor = form.value("cursor") or None
    with_teams = PURPOSES[form.value("for")].teams and cursor is None
    found = [one for one in await teams(call) if is_called(one["name"], name)] if with_teams else []
    for _page_of_it in range(LOOKED_THROUGH):
        page = told(await directory.people(call, directory.PageOfPeople(limit=_LISTED, cursor=cursor)))
        found += [_person(one) for one in page["people"] if is_called(one["name"], name)]
        cursor = page["cursor"]
        if cursor is None or len(found) >= _LISTED:
            break
    return found, cursor


async def teams(call: Call) -> list[dict[str, Any]]:
    """The teams, so far as they are looked through: they are few. Each as ``kind``, ``id``, ``name``, ``members``."""
    listed, cursor = list[dict[str, Any]](), None
    for _page_of_it in range(LOOKED_THROUGH):
        page = told(await directory.teams(call, directory.PageOfPeople(limit=_LISTED, cursor=cursor)))
        listed += [_team(one) for one in page["teams"]]
        cursor = page["cursor"]
        if cursor is None:
            break
    return listed


def _person(one: Mapping[str, Any]) -> dict[str, Any]:
    roles = [role["role"] for role in one["roles"] if role["in_force"]]
    return {"kind": "person", "id": one["person"], "name": one["name"], "roles": roles, "teams": one["teams"]}


def _team(one: Mapping[str, Any]) -> dict[str, Any]:
    return {"kind": "team", "id": one["team"], "name": one["name"], "members": len(one["members"])}
