"""Who has looked: the looks at one's own record, what each of them showed, and asking why.

Every page here is a reading of the trail, which asks again who somebody is. A form that shows one again asks that too.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import date
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http import emergencies, looking_back, trail
from api.http.bodies import InPath
from api.http.service import Call, Calling
from api.pages import places, trail_filter
from api.pages.account import Cursor
from api.pages.asked import told_about_looks
from api.pages.forms import Checks, Filled, Sent, Unfit, empty, sent
from api.pages.glance import glance_of
from api.pages.language import gettext as _
from api.pages.language import local_day
from api.pages.looks import (
    MATTERS,
    READERS,
    Session,
    by_day,
    looks_of,
    people_in,
    readers_in,
    sessions,
    things_in,
    why_of_them,
)
from api.pages.matters import told
from api.pages.reading_for import PATIENT, read_for
from api.pages.rendering import PageRoute, own_page
from api.pages.said import AskedSaid, said_of
from api.pages.until import end_of
from ledger.core.errors import MalformedStatement
from ledger.core.instants import Instant, format_instant, parse_instant

router: Final = APIRouter(include_in_schema=False, route_class=PageRoute)
LISTED: Final = 25
_SHOWN: Final = 100
_PEOPLE: Final = 200
"""Looks among which those are found whose view one may look back at."""
_MOST: Final = 4000
_OWN: Final = {"name": None, "own": True}


@router.get(places.LOOKS.path, operation_id="trail.who_looked")
async def looks(request: Request, call: Calling, record: InPath, cursor: Cursor = None) -> Response:
    """Who has looked, newest first; at first also the last weeks at a glance, and emergencies above all."""
    form, sought = trail_filter.asked_in(request), dict[str, Any]()
    try:
        sought = trail_filter.sought(form)
    except Unfit as unfit:
        form = form.refused(unfit.errors)
    own, only = call.session.person, form.value("only")
    asked = trail.PageOfTrail(limit=LISTED, cursor=cursor, **trail_filter.but_ones_own(sought, only, own))
    read = told(await read_for(call, PATIENT, lambda: trail.who_looked(call, record, asked)))
    said = await told_about_looks(call, record)
    narrowed = bool(sought or only)
    whole = not narrowed and not form.errors and cursor is None
    return await own_page(
        request,
        call,
        "trail.html",
        here=places.LOOKS,
        record=record,
        form=form,
        whose=_OWN,
        glance=await glance_of(call, record) if whole else None,
        emergencies=said.recent(call.ledger.clock()) if whole else (),
        days=list(by_day(sessions(read["lines"], own))),
        asked=said.by_look,
        looks_of=looks_of,
        people=trail_filter.choices(people_in(read["lines"], own), form.value("who"), own),
        sought=trail_filter.kept(form),
        narrowed=narrowed,
        cursor=read["cursor"],
        first=cursor is None,
    )


@router.get(places.LOOKS_AS_OF.path, operation_id="trail.as_of")
async def then(request: Request, call: Calling, record: InPath, cursor: Cursor = None) -> Response:
    """What somebody could see on a day; those are listed who looked of late."""
    form = trail_filter.asked_in(request)
    lately = trail.PageOfTrail(limit=_PEOPLE, not_by=call.session.person)
    recent = told(await read_for(call, PATIENT, lambda: trail.who_looked(call, record, lately)))
    readers = dict(readers_in(recent["lines"], call.session.person))
    view: dict[str, Any] | None = None
    if "who" in form.members:
        check = Checks(form)
        who = check.choice("who", list(readers), _("Choose a person."))
        day = trail_filter.a_day(check, "day", _("Write a day."))
        try:
            check.done()
            view = await _could_see(
                call, record, who, _end_of(call, day or local_day(call.ledger.clock()), form.value("at")), cursor
            )
        except Unfit as unfit:
            form = form.refused(unfit.errors)
    return await own_page(
        request,
        call,
        "trail_then.html",
        here=places.LOOKS,
        record=record,
        form=form,
        whose=_OWN,
        readers=[("", _("Choose a person")), *readers.items()],
        matters=MATTERS,
        name=readers.get(form.value("who")),
        view=view,
        first=cursor is None,
    )


@router.get(places.LOOK.path, operation_id="trail.in_full")
async def look(
    request: Request,
    call: Calling,
    record: InPath,
    disclosure: InPath,
    *,
    cursor: Cursor = None,
    said: AskedSaid = None,
) -> Response:
    """What one look showed, why that was allowed, and where to ask about it."""
    shown = await said_of(call, said)
    return await _look(request, call, record, disclosure, empty(call), cursor=cursor, said=shown)


@router.post("/forms/record/{record}/look/{disclosure}/question", operation_id="trail.in_full")
async def ask(request: Request, call: Calling, record: InPath, disclosure: InPath, form: Sent) -> Response:
    """Ask why somebody looked."""

    async def say(speaking: Call) -> str:
        check = Checks(form)
        text = check.text("text", _("Write your question."), _MOST)
        check.done()
        question = emergencies.Question(disclosure=disclosure, text=text)
        await emergencies.question_access(speaking, record, question)
        return places.LOOK({"said": form.statement}, record=record, disclosure=disclosure) + "#said"

    return await sent(request, call, form, say, lambda form: _look(request, call, record, disclosure, form))


@router.get(places.SEEN_BY.path, operation_id="trail.seen_by")
async def seen_by(request: Request, call: Calling, record: InPath, item: InPath, cursor: Cursor = None) -> Response:
    """Who has ever seen one item."""
    asked = trail.PageOfLines(limit=LISTED, cursor=cursor)
    read = told(await read_for(call, PATIENT, lambda: trail.seen_by(call, record, item, asked)))
    return await own_page(
        request,
        call,
        "trail_seen.html",
        here=places.LOOKS,
        record=record,
        whose=_OWN,
        item=item,
        days=list(by_day(sessions(read["lines"], call.session.person))),
        asked={},
        looks_of=looks_of,
        cursor=read["cursor"],
        first=cursor is None,
    )


async def _look(
    request: Request,
    call: Call,
    record: str,
    disclosure: str,
    form: Filled,
    *,
    cursor: str | None = None,
    said: Mapping[str, Any] | None = None,
) -> Response:
    asked = looking_back.PageOfLine(cursor=cursor)
    view = told(await read_for(call, PATIENT, lambda: looking_back.in_full(call, record, disclosure, asked)))
    line = view["line"]
    own = line["viewer"]["id"] == call.session.person
    about = await told_about_looks(call, record)
    of = {one["id"]: one for one in line["items"]}
    return await own_page(
        request,
        call,
        "trail_look.html",
        here=places.LOOKS,
        record=record,
        form=form,
        whose=_OWN,
        session=Session((line,), own),
        line=line,
        groups=_by_reason({**one, **of[one["item"]]} for one in view["shown"] if one["item"] in of),
        matters=MATTERS,
        withheld=_by_reason(view["withheld"]),
        cursor=view["cursor"],
        first=cursor is None,
        asked=about.by_look.get(disclosure, ()),
        said=said,
        then=_reader_of(line) if not own and line["acting_as"] in READERS else None,
        most=_MOST,
    )


async def _could_see(call: Call, record: str, who: str, at: str, cursor: str | None) -> dict[str, Any]:
    person, acting_as = who.split(":")
    asked = looking_back.AsOf.model_validate(
        {"limit": _SHOWN, "cursor": cursor, "person": person, "acting_as": acting_as, "at": at}
    )
    view = told(await looking_back.as_of(call, record, asked))
    return {**view, "groups": _by_reason(view["items"])}


def _end_of(call: Call, day: date, at: str) -> str:
    """The end of a day, or now, if that is earlier; further pages bring along what the first was asked for."""
    now = format_instant(call.ledger.clock())
    end = min(format_instant(Instant(end_of(day) - 1)), now)
    with suppress(MalformedStatement):
        return min(format_instant(parse_instant(at)), end)
    return end


def _by_reason(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Items by why they were shown or not: each kind by itself, the newest first, and what that rests on."""
    groups: dict[str, dict[str, Any]] = {}
    for row in rows:
        because = _(row["because"] or "") if "because" in row else why_of_them(row["rule"])
        group = groups.setdefault(because, {"because": because, "items": [], "rests_on": {}})
        group["items"].append({"since": "", **row})
        group["rests_on"] |= {(one["type"], one["at"]): None for one in row.get("evidence", ())}
    for group in groups.values():
        newest_first = sorted(group["items"], key=lambda row: row["since"], reverse=True)
        group["items"] = sorted(newest_first, key=lambda row: row["kind"])
        group["things"] = things_in({"id": row["item"], "kind": row["kind"]} for row in newest_first)
    return list(groups.values())


def _reader_of(line: Mapping[str, Any]) -> dict[str, str | list[str] | None]:
    """The question of what this reader could see on that day, for its address."""
    return {"who": f"{line['viewer']['id']}:{line['acting_as']}", "day": str(local_day(line["at"]))}
