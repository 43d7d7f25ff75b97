"""For auditors: what somebody could see at a moment, and every decision of a case made again.

Both are derived from the log itself, by the rules that held then. Nobody has to believe what was once written down.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from itertools import groupby
from typing import Annotated, Any, Final, cast

from fastapi import APIRouter, Query, Request
from pydantic import ValidationError
from starlette.responses import Response

from api.http import looking_back, replaying
from api.http.bodies import UUID_PATTERN, InPath
from api.http.problems import Refused
from api.http.service import Call, Calling
from api.pages import places, trail_filter
from api.pages.account import Cursor
from api.pages.audit_words import an_id, asked_in, case_named, choices_of_readers, means, one_of
from api.pages.forms import Checks, Filled, Unfit
from api.pages.language import gettext as _
from api.pages.language import marked
from api.pages.looks import MATTERS
from api.pages.matters import told
from api.pages.rendering import PageRoute, own_page
from api.pages.until import end_of
from api.pages.words import PURPOSE
from ledger.core.errors import MalformedStatement
from ledger.core.instants import Instant, format_instant, parse_instant
from ledger.domain.errors import NotAllowed

router: Final = APIRouter(include_in_schema=False, route_class=PageRoute)
READERS: Final = ("clinician", "carer", "attorney", "parent", "patient")
HOW: Final = ("could", "seen")
SHOWN: Final = 100
_WHAT: Final = {
    "the whole record": marked("Whether the record opened at all"),
    "an item outside the case": marked("An item that is outside your case"),
    "as_of": marked("Which facts it was decided on"),
    "at": marked("When it was decided"),
    "valid_until": marked("Until when it held"),
    "policy": marked("By which policy it was decided"),
    "facts": marked("The facts themselves cannot be read"),
    "the disclosure": marked("The look itself cannot be read"),
}
"""What differs, where it is no item."""
Go = Annotated[bool, Query()]


@router.get(places.AUDIT_AS_OF.path, operation_id="trail.as_of")
async def as_of(request: Request, call: Calling, case: InPath, cursor: Cursor = None) -> Response:
    """What somebody could see of a record at the end of a day, or what they had been shown by then."""
    form, view = asked_in(request), None
    about = await _case_asked_about(call, case, form)
    form = Filled({"how": HOW[:1], **form.members}, "")
    if "acting_as" not in form.members:
        of_case = {name: (about[name] or "",) for name in ("record", "person")}
        form = Filled({**of_case, **form.members}, "")
    else:
        try:
            asked = _asked(call, about, form)
            answer = await looking_back.as_of(call, asked.pop("record"), _question(asked, cursor))
            view = told(answer)
        except Unfit as unfit:
            form = form.refused(unfit.errors)
    return await own_page(
        request,
        call,
        "audit/as_of.html",
        here=places.AUDIT,
        form=form,
        case=about,
        view=view,
        groups=_by_rule(view["items"]) if view else [],
        first=cursor is None,
        further=_further(form, view) if view else {},
        readers=choices_of_readers(READERS),
        purposes=[("", _("What is usual")), *((name, _(words)) for name, words in PURPOSE.items())],
        means=means,
        matters=MATTERS,
    )


@router.get(places.AUDIT_REPLAY.path, operation_id="trail.replay")
async def replay(
    request: Request,
    call: Calling,
    case: InPath,
    *,
    go: Go = False,
    cursor: Cursor = None,
) -> Response:
    """Every decision of the case made again, part by part, and whether anything differs."""
    about, view = await case_named(call, case), None
    if go or cursor is not None:
        view = told(await replaying.replay(call, replaying.PageOfReplay(case=case, cursor=cursor)))
    return await own_page(
        request,
        call,
        "audit/replay.html",
        here=places.AUDIT,
        case=about,
        view=view,
        first=cursor is None,
        means=means,
        differing=_differing(view["differences"]) if view else [],
    )


def _asked(call: Call, about: Mapping[str, Any], form: Filled) -> dict[str, Any]:
    """What is filled in; raises Unfit."""
    check = Checks(form)
    record, person = an_id(check, form, "record"), an_id(check, form, "person")
    if record is None:
        check.wrong("record", _("Copy the id of the record here."))
    if person is None:
        check.wrong("person", _("Copy the id of the person here."))
    acting_as = check.choice("acting_as", READERS, _("Choose as what they look."))
    how = check.choice("how", HOW, _("Choose what you want to know."))
    purpose = one_of(check, form, "purpose", tuple(PURPOSE))
    day = trail_filter.a_day(check, "day", _("Write a day."))
    if about["record"] is not None and record not in (None, about["record"]):
        check.wrong("record", _("This is not the record of your case."))
    at = None if day is None else _moment(call, about, day, form.value("at"))
    if at == "":
        check.wrong("day", _("This day is outside the period of your case."))
    check.done()
    asked = {"person": person, "acting_as": acting_as, "at": at, "seen": how == "seen", "for_purpose": purpose}
    return {**asked, "case": about["case"], "record": record}


async def _case_asked_about(call: Call, case: str, form: Filled) -> dict[str, Any]:
    """One's own case. With another's, what is asked is asked all the same: it is refused on the trail of the record."""
    try:
        return await case_named(call, case)
    except (Refused, NotAllowed):
        if call.session.acting_as != "guardian":  # who needs no case, and has no page here
            await _refused_as_asked(call, case, form)
        raise


async def _refused_as_asked(call: Call, case: str, form: Filled) -> None:
    record, at = form.value("record").strip(), format_instant(call.ledger.clock())
    asked = {"person": form.value("person").strip(), "acting_as": form.value("acting_as"), "at": at}
    with suppress(ValidationError):
        if re.fullmatch(UUID_PATTERN, record):
            await looking_back.as_of(call, record, looking_back.AsOf.model_validate({**asked, "case": case}))


def _question(asked: Mapping[str, Any], cursor: str | None) -> looking_back.AsOf:
    return looking_back.AsOf.model_validate({**asked, "limit": SHOWN, "cursor": cursor})


def _moment(call: Call, about: Mapping[str, Any], day: date, exact: str) -> str:
    """The end of the day; a moment of it that a link names; or the last moment of both the day and the case's period.

    Empty where the day lies outside the period.
    """
    end = Instant(min(end_of(day) - 1, call.ledger.clock()))
    if about["period"] is not None:
        since, before = (parse_instant(about["period"][name]) for name in ("since", "before"))
        end = Instant(min(end, before - 1))
        if end < since:
            return ""
    with suppress(MalformedStatement):
        end = Instant(min(end, parse_instant(exact)))
    return format_instant(end)


def _by_rule(items: list[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    ordered = sorted(items, key=lambda one: one["rule"])
    return [(rule, list(of)) for rule, of in groupby(ordered, key=lambda one: one["rule"])]


def _further(form: Filled, view: Mapping[str, Any]) -> dict[str, str | list[str] | None]:
    """The question of the next page, at the very moment of this one."""
    names = ("record", "person", "acting_as", "how", "purpose", "day", "day-day", "day-month", "day-year")
    return {**{name: form.value(name) for name in names}, "at": view["at"], "cursor": view["cursor"]}


def _differing(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each difference, with what differs in words, and the item where it is one."""
    rows = []
    for one in found:
        what = cast(str, one["what"])
        item = what.removeprefix("item ") if what.startswith("item ") else None
        rows.append({**one, "item": item, "words": None if item else _(_WHAT[what]) if what in _WHAT else what})
    return rows
