"""For auditors: their cases, and the trail of each, searched, looked at in full and taken away as a file.

An auditor reads ids, never names or words; every page here that tells of a record is itself on its trail.
"""

from collections.abc import Mapping
from itertools import groupby
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api.http import cases, looking_back, trail, trail_exports
from api.http.bodies import InPath
from api.http.problems import MALFORMED, Problem, Refused
from api.http.service import Call, Calling
from api.pages import places
from api.pages.account import Cursor
from api.pages.audit_words import (
    ONLY,
    VIA,
    asked_in,
    at_that_moment,
    case_named,
    choices_of_rules,
    kept,
    leading_back,
    means,
    sought,
    via,
)
from api.pages.forms import Unfit
from api.pages.language import gettext as _
from api.pages.looks import MATTERS
from api.pages.matters import told
from api.pages.reading_for import AUDITOR, read_for
from api.pages.rendering import PageRoute, own_page
from api.pages.words import PURPOSE
from ledger.domain.errors import NotAllowed

router: Final = APIRouter(include_in_schema=False, route_class=PageRoute)
LISTED: Final = 25

Format = Annotated[Literal["csv", "ndjson"], Query()]


@router.get(places.AUDIT.path)
async def listed(request: Request, call: Calling) -> Response:
    """An auditor's own cases."""
    if call.session.acting_as != "auditor":
        raise NotAllowed(f"my cases: got acting_as {call.session.acting_as}, wanted auditor", "no-role")
    view = told(await cases.list_cases(call))
    return await own_page(request, call, "audit/cases.html", here=places.AUDIT, cases=view["cases"])


@router.get(places.AUDIT_CASE.path)
async def one_case(request: Request, call: Calling, case: InPath) -> Response:
    """What a case is about, and what can be looked into."""
    return await own_page(request, call, "audit/case.html", here=places.AUDIT, case=await case_named(call, case))


@router.get(places.AUDIT_TRAIL.path, operation_id="trail.who_looked_across")
async def searched(request: Request, call: Calling, case: InPath, cursor: Cursor = None) -> Response:
    """The trail within a case, newest first, searched by what stands in the address."""
    about, form, asked = await case_named(call, case), asked_in(request), dict[str, Any]()
    read: Mapping[str, Any] = {"lines": [], "cursor": None}
    try:
        asked = sought(form)
        read = await _lines(call, about, asked, cursor)
    except Unfit as unfit:
        form = form.refused(unfit.errors)
    return await own_page(
        request,
        call,
        "audit/trail.html",
        here=places.AUDIT,
        form=form,
        case=about,
        lines=leading_back(read["lines"]),
        cursor=read["cursor"],
        first=cursor is None,
        sought=kept(form),
        narrowed=bool(asked),
        via=via,
        **_choices(),
    )


@router.get(places.AUDIT_EXPORT.path, operation_id="trail.export")
async def export(request: Request, call: Calling, case: InPath, format: Format = "csv") -> Response:
    """The same lines as a file."""
    await case_named(call, case)
    try:
        asked = sought(asked_in(request))
    except Unfit as unfit:
        raise Refused(Problem(MALFORMED, f"{unfit}: got what the search does not take; search again")) from unfit
    wanted = trail_exports.AskedExport.model_validate({**asked, "case": case, "format": format})
    return await trail_exports.export(call, wanted)


@router.get(places.AUDIT_LOOK.path, operation_id="trail.in_full")
async def look(
    request: Request, call: Calling, case: InPath, record: InPath, disclosure: InPath, *, cursor: Cursor = None
) -> Response:
    """One line in full: what was shown by which rule, on which facts, and what was not."""
    asked = looking_back.PageOfLine(case=case, cursor=cursor)
    view = told(await read_for(call, AUDITOR, lambda: looking_back.in_full(call, record, disclosure, asked)))
    about = await case_named(call, case)
    line = view["line"]
    return await own_page(
        request,
        call,
        "audit/look.html",
        here=places.AUDIT,
        case=about,
        line=line,
        of=record,
        shown=_by_rule(view["shown"]),
        withheld=_by_rule(view["withheld"]),
        cursor=view["cursor"],
        first=cursor is None,
        means=means,
        matters=MATTERS,
        via=via,
        then=at_that_moment(line),
    )


async def _lines(call: Call, about: Mapping[str, Any], asked: Mapping[str, Any], cursor: str | None) -> dict[str, Any]:
    page = trail.PageAcross.model_validate({**asked, "case": about["case"], "limit": LISTED, "cursor": cursor})
    if about["record"] is not None and asked.get("record") not in (None, about["record"]):
        raise Unfit([("record", _("This is not the record of your case. Leave the field empty."))])
    return told(await trail.who_looked_across(call, page))


def _choices() -> dict[str, Any]:
    purposes = [("", _("Any")), *((name, _(words)) for name, words in PURPOSE.items())]
    ways = [("", _("Any")), *((name, _(words)) for name, words in VIA.items())]
    only = [("", _("All of them")), *((name, _(words)) for name, words in ONLY.items())]
    return {"rules": choices_of_rules(), "purposes": purposes, "ways": ways, "only": only}


def _by_rule(rows: list[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    ordered = sorted(rows, key=lambda row: row["rule"])
    return [(rule, list(of)) for rule, of in groupby(ordered, key=lambda row: row["rule"])]
