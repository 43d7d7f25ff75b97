"""Readings: what a patient measures, added one by one or from a file, with a picture of each kind and its list."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api.http import items, records
from api.http.bodies import InPath
from api.http.reading import PageOfItems
from api.http.service import Call, Calling
from api.pages import places
from api.pages.account import Cursor
from api.pages.forms import Checks, Filled, Sent, Unfit, empty, sent
from api.pages.language import gettext as _
from api.pages.language import local_day, ngettext, number, spoken
from api.pages.looked_for import LookedFor
from api.pages.matters import told
from api.pages.purpose import AskedPurpose, is_to_be_asked, purpose_page
from api.pages.readings_address import address_of, form_of
from api.pages.readings_file import MOST_LINES, Line, Unreadable, instant_of, lines_of
from api.pages.readings_once import but_those_there, ids_of, said_already
from api.pages.readings_shown import MEASURES, OTHER, coded, measured, wrong_with
from api.pages.record import entry_of, whose_of
from api.pages.rendering import PageRoute, own_page, see_other
from api.pages.said import AskedSaid, said_of
from ledger.core.instants import format_instant

router: Final = APIRouter(include_in_schema=False, route_class=PageRoute)
LISTED: Final = 200
"""A picture is made of as many as a page of the API has."""
MOST_LETTERS: Final = 60_000
_MOST_NAME: Final = 60
_MOST_UNIT: Final = 20
_FORM: Final = "/forms/record/{record}/readings"
Added = Annotated[int | None, Query(ge=1, le=MOST_LINES)]
"""Of how many lines of a file the page says that they are there."""


@router.get(places.READINGS.path)
async def readings(
    request: Request,
    call: Calling,
    record: InPath,
    *,
    cursor: Cursor = None,
    purpose: AskedPurpose = None,
    said: AskedSaid = None,
    lines: Added = None,
) -> Response:
    """The readings of a record, each kind with its picture; and, for who may add one, a form for another."""
    if is_to_be_asked(call, purpose):
        return await purpose_page(request, call, record)
    return await _page(request, call, record, None, cursor=cursor, purpose=purpose, said=said, lines=lines)


@router.post(f"{_FORM}/add")
async def add(request: Request, call: Calling, record: InPath, form: Sent) -> Response:
    """Add one reading; a clinician adds it for the patient, in the room."""
    purpose = form.value("purpose") or None

    async def say(speaking: Call) -> str:
        check = Checks(form)
        data = _checked(call, check, form)
        check.done()
        await items.add(speaking, record, _reading(data))
        return places.READINGS({"purpose": purpose, "said": form.statement}, record=record) + "#said"

    return await sent(request, call, form, say, lambda form: _page(request, call, record, form, purpose=purpose))


@router.get(places.READINGS_FILE.path)
async def file_page(request: Request, call: Calling, record: InPath, q: LookedFor = None) -> Response:
    """Where the lines of a file are pasted, to be looked at before anything is added; and those that were."""
    if q is None:
        return await _file(request, call, record, empty(call), None)
    return await _as_read(request, call, record, form_of(call, record, q))


@router.post(f"{_FORM}/check")
async def show_file(request: Request, call: Calling, record: InPath, form: Sent) -> Response:
    """Lead to the lines as they were read; more of them than an address holds are shown at once."""
    there = address_of(call, record, form)
    return await _as_read(request, call, record, form) if there is None else see_other(there)


async def _as_read(request: Request, call: Call, record: str, form: Filled) -> Response:
    """Each line as it was read, with what is wrong in which, or that it is there; nothing is added yet."""
    try:
        lines = _lines(call, form)
    except Unfit as unfit:
        return await _file(request, call, record, form.refused(unfit.errors), None)
    return await _file(request, call, record, form, await but_those_there(call, record, lines, _told_by(lines, form)))


@router.post(f"{_FORM}/import")
async def import_file(request: Request, call: Calling, record: InPath, form: Sent) -> Response:
    """Add every line that could be read, each as a reading of its own; whatever was sent before is not added again."""

    async def say(speaking: Call) -> str:
        readings = _told_by(_lines(call, form), form)
        if not readings:
            raise Unfit([("csv", _("None of these lines can be added. Correct them first."))])
        ids = ids_of(call, record, readings)
        there = await said_already(call, ids)
        for statement, data in zip(ids, readings, strict=True):
            if statement not in there:
                await items.add(replace(speaking, statement_id=statement), record, _reading(data))
        return places.READINGS({"said": ids[0], "lines": str(len(ids))}, record=record) + "#said"

    return await sent(request, call, form, say, lambda form: _file(request, call, record, form, None))


def _checked(call: Call, check: Checks, form: Filled) -> dict[str, str]:
    """The data of a reading that was filled in; notes what is wrong."""
    what = check.choice("what", tuple(MEASURES), _("Choose what you measured."))
    value = check.text("value", _("Write the number that you measured."), 20)
    wrong = wrong_with(what, value) if what in MEASURES and value else None
    if wrong is not None:
        check.wrong("value", wrong)
    name, unit = "", MEASURES[what].unit if what in MEASURES else ""
    if what == OTHER:
        name = check.text("name", _("Write what you measured."), _MOST_NAME)
        unit = check.text("unit", None, _MOST_UNIT)
    at = _when(call, check, form)
    given = {"what": what, "name": name, "value": value, "unit": unit, "at": at}
    return {member: text for member, text in given.items() if text}


def _when(call: Call, check: Checks, form: Filled) -> str:
    """The instant at which it was measured, from a day and a time; notes what is wrong."""
    on = check.day("day", _("Write on which day it was."))
    if on is None:
        return ""
    at = instant_of(on.isoformat(), form.value("time").strip(), spoken().zone)
    if at is None:
        check.wrong("time", _("Write the time as 08:30, or leave it empty."))
        return ""
    if at > call.ledger.clock() and (on > _today(call) or form.value("time").strip()):
        check.wrong("day", _("This day or time is still to come."))
    return format_instant(at)


def _lines(call: Call, form: Filled) -> list[Line]:
    """The lines of a file that was pasted; raises Unfit where none can be read."""
    check = Checks(form)
    what = check.choice("what", tuple(MEASURES), _("Choose what you measured."))
    check.text("csv", _("Paste the lines of your file."), MOST_LETTERS)
    if what == OTHER:
        check.text("name", _("Write what you measured."), _MOST_NAME)
    check.done()
    try:
        return lines_of(form.value("csv").replace("\x00", ""), what, spoken().zone, call.ledger.clock())
    except Unreadable as unreadable:
        raise Unfit([("csv", unreadable.message)]) from unreadable


def _told_by(lines: Sequence[Line], form: Filled) -> list[dict[str, str]]:
    """The data of each line that could be read."""
    return [_data(form.value("what"), line, form) for line in lines if not line.problem]


def _data(what: str, line: Line, form: Filled) -> dict[str, str]:
    name = form.value("name").strip() if what == OTHER else ""
    given = {"what": what, "name": name, "value": line.value, "unit": line.unit, "at": line.at}
    return {member: text for member, text in given.items() if text}


def _reading(data: dict[str, str]) -> items.NewItem:
    """A reading as it is added: its text says the same as its data."""
    name = data.get("name") or _(MEASURES[data["what"]].name)
    text = f"{data['value']} {data.get('unit', '')}".strip()
    return items.NewItem(kind="reading", title=name, text=text, data=coded(data))


async def _page(
    request: Request,
    call: Call,
    record: str,
    form: Filled | None,
    *,
    cursor: str | None = None,
    purpose: str | None = None,
    said: str | None = None,
    lines: int | None = None,
) -> Response:
    asked = PageOfItems(purpose=purpose, kind=["reading"], limit=LISTED, cursor=cursor)
    view = told(await records.read_record(call, record, asked))
    more = view["cursor"]
    return await own_page(
        request,
        call,
        "readings.html",
        here=entry_of(call),
        record=record,
        form=form or empty(call, what="", day=_today(call).isoformat()),
        whose=whose_of(call, view),
        measured=list(measured(view["items"])),
        measures=_measures(),
        purpose=purpose,
        said=await _said(call, said, view["items"], lines),
        earlier=None if more is None else places.READINGS({"purpose": purpose, "cursor": more}, record=record),
        newer=None if cursor is None else places.READINGS({"purpose": purpose}, record=record),
    )


async def _said(
    call: Call, statement: str | None, items: Sequence[Mapping[str, Any]], lines: int | None
) -> Mapping[str, Any] | None:
    """What was just said; of a file that all its lines are there, of which some may have been there before."""
    said = await said_of(call, statement, items)
    if said is None or lines is None:
        return said
    done = ngettext(
        "%(n)s reading of your file is in the record.", "%(n)s readings of your file are in the record.", lines
    )
    return {**said, "done": done % {"n": number(lines)}}


async def _file(request: Request, call: Call, record: str, form: Filled, lines: list[Line] | None) -> Response:
    """The page for a file. It opens nothing of the record."""
    shown: dict[str, Any] = {"lines": lines, "most": MOST_LINES, "most_letters": MOST_LETTERS}
    fit = [line for line in lines or () if line.problem is None]
    return await own_page(
        request,
        call,
        "readings_file.html",
        here=places.RECORD,
        record=record,
        form=form,
        whose={"name": "", "own": True},
        measures=_measures(),
        fit=fit,
        unfit=len(lines or ()) - len(fit),
        **shown,
    )


def _measures() -> list[tuple[str, str, str]]:
    return [
        (what, f"{_(one.name)} ({one.unit})" if one.unit else _(one.name), _(one.hint))
        for what, one in MEASURES.items()
    ]


def _today(call: Call) -> date:
    return local_day(call.ledger.clock())
