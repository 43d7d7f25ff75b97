"""Cases, for administrators and privacy officers: which auditor looks into what, assigned and closed."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http import cases, directory
from api.http.bodies import UUID_PATTERN, InPath
from api.http.problems import UNKNOWN, Problem, Refused
from api.http.service import Call, Calling
from api.pages import places, trail_filter
from api.pages.audit_words import an_id
from api.pages.forms import Checks, Filled, Sent, empty, sent
from api.pages.language import day, ngettext, number
from api.pages.language import gettext as _
from api.pages.matters import told
from api.pages.rendering import PageRoute, own_page
from api.pages.until import end_of
from api.pages.who import ALONG_TO_A_CASE
from ledger.core.instants import DAY, Instant, format_instant
from ledger.domain.errors import NotAllowed

router: Final = APIRouter(include_in_schema=False, route_class=PageRoute)
MOST: Final = 4000


@router.get(places.CASES.path)
async def listed(request: Request, call: Calling) -> Response:
    """Every case that was not closed, and where one is assigned; whom it is about is in the address, once chosen."""
    query = request.query_params
    chosen = {name: query.get(name, "") for name in ALONG_TO_A_CASE}
    return await _listed(request, call, empty(call, **chosen))


@router.post("/forms/staff/cases", operation_id="cases.assign")
async def assign(request: Request, call: Calling, form: Sent) -> Response:
    """Assign a case."""
    view = await _cases(call)

    async def say(speaking: Call) -> str:
        body = cases.NewCase.model_validate(_asked(form, view["auditors"]))
        await cases.assign(speaking, body)
        return places.CASES()

    return await sent(request, call, form, say, lambda form: _listed(request, call, form))


@router.get(places.CASE_END.path)
async def ending(request: Request, call: Calling, case: InPath, auditor: InPath) -> Response:
    """What closing a case ends, before it does."""
    return await _ending(request, call, case, auditor, empty(call))


@router.post("/forms/staff/cases/{case}/{auditor}/close")
async def close(request: Request, call: Calling, case: InPath, auditor: InPath, form: Sent) -> Response:
    """Close a case."""

    async def say(speaking: Call) -> str:
        await cases.close(speaking, case, cases.CaseClosing(auditor=auditor))
        return places.CASES()

    return await sent(request, call, form, say, lambda form: _ending(request, call, case, auditor, form))


async def _cases(call: Call) -> dict[str, Any]:
    if call.session.acting_as not in cases.ASSIGN:
        got, wanted = call.session.acting_as, " or ".join(sorted(cases.ASSIGN))
        raise NotAllowed(f"cases: got acting_as {got}, wanted {wanted}", "no-role")
    return told(await cases.list_cases(call))


async def _listed(request: Request, call: Call, form: Filled) -> Response:
    view = await _cases(call)
    form, chosen = await _with_chosen(call, form)
    about = [one["person"] for one in view["cases"] if one["person"]]
    named = await _named(call, [*view["auditors"], *(one["auditor"] for one in view["cases"]), *about])
    choices = [(one, named.get(one) or _known_by(one, view["cases"])) for one in view["auditors"]]
    return await own_page(
        request,
        call,
        "cases.html",
        here=places.CASES,
        form=form,
        cases=view["cases"],
        named=named,
        choices=[("", _("Choose")), *choices],
        chosen=chosen,
        most=MOST,
    )


async def _with_chosen(call: Call, form: Filled) -> tuple[Filled, Mapping[str, Mapping[str, Any]]]:
    """The form with the ids of whom an administrator has found by name, and who they are (``whose``, ``about``)."""
    chosen = dict[str, Mapping[str, Any]]()
    if call.session.acting_as == "administrator":
        for name in ALONG_TO_A_CASE:
            if re.fullmatch(UUID_PATTERN, form.value(name)):
                chosen[name] = told(await directory.person(call, form.value(name)))
    ids = {"record": chosen.get("whose", {}).get("record"), "person": chosen.get("about", {}).get("person")}
    found = {name: (value,) for name, value in ids.items() if value and name not in form.members}
    return replace(form, members={**form.members, **found}), chosen


async def _ending(request: Request, call: Call, case: str, auditor: str, form: Filled) -> Response:
    found = [one for one in (await _cases(call))["cases"] if (one["case"], one["auditor"]) == (case, auditor)]
    if not found:
        raise Refused(Problem(UNKNOWN, f"case {case}: got one that is not there, or closed; look at the list again"))
    named = await _named(call, [auditor, *([found[0]["person"]] if found[0]["person"] else [])])
    return await own_page(request, call, "case_end.html", here=places.CASES, form=form, case=found[0], named=named)


async def _named(call: Call, people: list[str]) -> Mapping[str, str]:
    """Names by id, for administrators: each is opened for a reading that is recorded. Others read ids."""
    if call.session.acting_as != "administrator":
        return {}
    known = [told(await directory.person(call, one)) for one in dict.fromkeys(people)]
    return {one["person"]: one["name"] for one in known if one["name"]}


def _known_by(auditor: str, listed: Sequence[Mapping[str, Any]]) -> str:
    """An auditor without a name: the label that stands beside their cases too, and what they have to do."""
    own = [one for one in listed if one["auditor"] == auditor]
    label = _("Person %(id)s…") % {"id": auditor[:4]}
    if not own:
        return _("%(person)s, with no case now: %(id)s") % {"person": label, "id": auditor}
    newest = day(max(one["from"] for one in own))
    many = ngettext(
        "%(person)s, with a case of %(day)s: %(id)s",
        "%(person)s, with %(n)s cases, the newest of %(day)s: %(id)s",
        len(own),
    )
    return many % {"person": label, "n": number(len(own)), "day": newest, "id": auditor}


def _asked(form: Filled, auditors: list[str]) -> dict[str, Any]:
    """The case as it is filled in; raises Unfit."""
    check = Checks(form)
    auditor = check.choice("auditor", auditors, _("Choose an auditor."))
    record, person = an_id(check, form, "record"), an_id(check, form, "person")
    since, last = trail_filter.a_day(check, "since", None), trail_filter.a_day(check, "last", None)
    until = trail_filter.a_day(check, "until", None)
    reason = check.text("reason", _("Write why this is looked into."), MOST)
    period = None
    if since is not None and last is not None and since <= last:
        begins = Instant(end_of(since) - DAY)
        period = {"since": format_instant(begins), "before": format_instant(end_of(last))}
    elif since is not None and last is not None:
        check.wrong("last", _("The last day is before the first. Change one of them."))
    elif since is not None or last is not None:
        check.wrong("last" if last is None else "since", _("A period has a first and a last day. Write both, or none."))
    elif not form.value("record").strip() and not form.value("person").strip():
        check.wrong("record", _("Say what the case is about: a record, a person or a period."))
    check.done()
    ends = None if until is None else format_instant(end_of(until))
    return {"auditor": auditor, "reason": reason, "record": record, "person": person, "period": period, "until": ends}
