"""Auditors' cases over HTTP: assigned, closed, and the sensitive topics of an item opened within one."""

from typing import Annotated, Final

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from api.http.answers import answered
from api.http.bodies import Body, Id, InPath, Moment, Text, reads, shown_as
from api.http.operations import writes
from api.http.service import Calling

router: Final = APIRouter(tags=["cases"])
_RUTH: Final = "0b1b8a1e-6e0c-4d57-8a53-0d3a54a3c0de"
_RECORD: Final = "6e0c8a1e-0b1b-4d57-8a53-0d3a54a3c0de"


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
