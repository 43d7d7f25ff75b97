"""Auditors' cases over HTTP: listed, assigned, closed, and the sensitive topics of an item opened within one."""

from collections.abc import Iterable
from typing import Annotated, Any, Final

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from api.http.answers import answered, json_answer
from api.http.bodies import Body, Id, InPath, Moment, Text, reads, shown_as
from api.http.operations import shows, writes
from api.http.service import Call, Calling
from ledger.core.instants import Instant, format_instant
from ledger.core.people import Case, PersonFacts
from ledger.domain.errors import NotAllowed

router: Final = APIRouter(tags=["cases"])
_RUTH: Final = "0b1b8a1e-6e0c-4d57-8a53-0d3a54a3c0de"
_RECORD: Final = "6e0c8a1e-0b1b-4d57-8a53-0d3a54a3c0de"
_LISTED: Final = {
    "case": "019c0f3e-5a80-4c3e-9d2b-6f1f3f0a4b11",
    "auditor": _RUTH,
    "record": _RECORD,
    "person": None,
    "period": {"since": "2026-05-01T00:00:00.000Z", "before": "2026-06-01T00:00:00.000Z"},
    "from": "2026-05-03T09:00:00.000Z",
    "until": "2026-08-03T09:00:00.000Z",
    "in_force": True,
}
ASSIGN: Final = frozenset({"administrator", "guardian"})
"""Who assigns cases, and so is told of every auditor's."""


class Period(BaseModel):
    """From an instant until just before another."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)
    since: Moment
    before: Moment


class NewCase(Body):
    """Who looks into what, and why: a record, a person, a period, or several of them together."""

    model_config = shown_as(
        auditor=_RUTH,
        record=_RECORD,
        period={"since": "2026-05-01T00:00:00.000Z", "before": "2026-06-01T00:00:00.000Z"},
        until="2026-08-03T09:00:00.000Z",
        reason="A complaint about what was shown in May.",
    )
    auditor: Id
    reason: Text
    record: Id | None = None
    person: Id | None = None
    period: Period | None = None
    until: Moment | None = None


class CaseClosing(Body):
    """Whose case it is."""

    model_config = shown_as(auditor=_RUTH)
    auditor: Id


class TopicsOpening(Body):
    """Of which item the sensitive topics are opened to the auditor, and why they need them."""

    model_config = shown_as(record=_RECORD, item=_RUTH, reason="The complaint is about this note.")
    record: Id
    item: Id
    reason: Text


@shows(router, "/cases", "cases.list", {"cases": [_LISTED], "auditors": [_RUTH]}, sometimes=("auditors",))
async def list_cases(call: Calling) -> Response:
    """The cases that were not closed, newest first: an auditor's own, or for who assigns them every auditor's.

    What a case is about, by ids alone; why it was assigned is nobody's to read here. Who assigns cases is told who
    the auditors are.
    """
    acting_as, now = call.session.acting_as, call.ledger.clock()
    if acting_as not in ASSIGN | {"auditor"}:
        wanted = ", ".join(sorted(ASSIGN | {"auditor"}))
        raise NotAllowed(f"cases: got acting_as {acting_as}, wanted one of {wanted}", "no-role")
    own = await _facts(call, call.session.person)
    if own.role(acting_as, now) is None:
        raise NotAllowed(f"cases: got somebody who is no {acting_as} now, wanted one who is", "no-role")
    if acting_as == "auditor":
        return json_answer({"cases": _told([own], now)})
    await call.service.caught_up()
    known = [await _facts(call, one) for one in await call.service.directory.granted("auditor")]
    auditors = [one.person for one in known if one.role("auditor", now) is not None]
    return json_answer({"cases": _told(known, now), "auditors": auditors})


@writes(router, "/cases", "cases.assign")
async def assign(call: Calling, body: Annotated[NewCase, reads(NewCase)]) -> Response:
    """Assign a case to an auditor, by an administrator or a guardian."""
    period = None if body.period is None else (body.period.since, body.period.before)
    said = call.ledger.cases.assign(
        call.by(body),
        body.auditor,
        body.reason,
        record=body.record,
        person=body.person,
        period=period,
        until=body.until,
    )
    return answered(await said)


@writes(router, "/cases/{case}/close", "cases.close")
async def close(call: Calling, case: InPath, body: Annotated[CaseClosing, reads(CaseClosing)]) -> Response:
    """Close a case, by an administrator, a guardian, or the auditor whose it is."""
    return answered(await call.ledger.cases.close(call.by(body), case, body.auditor))


@writes(router, "/cases/{case}/topics", "cases.open_topics")
async def open_topics(call: Calling, case: InPath, body: Annotated[TopicsOpening, reads(TopicsOpening)]) -> Response:
    """Open the sensitive topics of one item within a case, by its auditor."""
    said = call.ledger.cases.open_topics(call.by(body), case, body.record, body.item, body.reason)
    return answered(await said)


async def _facts(call: Call, person: str) -> PersonFacts:
    return (await call.ledger.facts.person(person, fresh=True)).fold.facts


def _told(people: Iterable[PersonFacts], now: Instant) -> list[dict[str, Any]]:
    cases = [(one.person, case) for one in people for case in one.cases.values()]
    newest_first = sorted(cases, key=lambda pair: pair[1].term.position, reverse=True)
    return [_case_as_json(auditor, case, now) for auditor, case in newest_first]


def _case_as_json(auditor: str, case: Case, now: Instant) -> dict[str, Any]:
    since, before = case.period or (None, None)
    period = None if since is None or before is None else (format_instant(since), format_instant(before))
    return {
        "case": case.id,
        "auditor": auditor,
        "record": case.record,
        "person": case.person,
        "period": None if period is None else dict(zip(("since", "before"), period, strict=True)),
        "from": format_instant(case.term.starts),
        "until": None if case.term.ends is None else format_instant(case.term.ends),
        "in_force": case.term.in_force(now),
    }
