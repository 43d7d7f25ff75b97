"""Capacity: what was assessed, until when, and what a carer is let see while the patient cannot decide."""

from collections.abc import Mapping
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http import representation, sharing
from api.http.bodies import InPath, OnlyBody
from api.http.problems import UNKNOWN, Problem, Refused
from api.http.service import Call, Calling
from api.pages import places
from api.pages.forms import Checks, Filled, Sent, empty, sent
from api.pages.language import gettext as _
from api.pages.matters import assessments, begun_by, matters_of, said_last, told
from api.pages.purpose import AskedPurpose, is_to_be_asked, purpose_page
from api.pages.rendering import PageRoute, own_page
from api.pages.said import AskedSaid, said_of
from api.pages.until import until_day
from ledger.core.instants import format_instant
from ledger.core.terms import KINDS, MATTERS, TOPICS
from ledger.saying import fresh_id

router: Final = APIRouter(include_in_schema=False, route_class=PageRoute)
SHOWN_KINDS: Final = tuple(kind for kind in KINDS if kind not in ("comment", "working-note", "flag"))
"""Kinds that can bear on a decision, or be shown to a carer."""


@router.get(places.CAPACITY.path)
async def capacity_page(
    request: Request, call: Calling, record: InPath, purpose: AskedPurpose = None, said: AskedSaid = None
) -> Response:
    """What was assessed, and what was opened to carers for as long as it holds."""
    if is_to_be_asked(call, purpose):
        return await purpose_page(request, call, record)
    return await _listed(request, call, record, purpose, said=said)


async def _listed(
    request: Request,
    call: Call,
    record: str,
    purpose: str | None,
    *,
    form: Filled | None = None,
    said: str | None = None,
) -> Response:
    view = await matters_of(call, record, purpose, "capacity", "best-interests")
    now = format_instant(call.ledger.clock())
    return await _about(
        request,
        call,
        "capacity.html",
        view,
        record=record,
        purpose=purpose,
        form=form,
        said=await said_of(call, said),
        assessed=assessments(call, view),
        statements={matter["id"]: fresh_id(call.ledger.clock()) for matter in view["matters"]},
        opened=[
            {**made["facts"], "id": matter["id"], "said": made, "lasts": _lasts(matter, made, now)}
            for matter, made in begun_by(view, "best-interests-made")
        ][::-1],
    )


@router.get(places.CAPACITY_NEW.path, operation_id="representation.assess_capacity")
async def assess_page(request: Request, call: Calling, record: InPath, purpose: AskedPurpose = None) -> Response:
    """The form for an assessment."""
    if is_to_be_asked(call, purpose):
        return await purpose_page(request, call, record)
    return await _form(request, call, record, purpose, template="capacity_new.html", form=None)


@router.post("/forms/record/{record}/capacity", operation_id="representation.assess_capacity")
async def assess(request: Request, call: Calling, record: InPath, form: Sent) -> Response:
    """State whether the patient can decide one matter."""
    purpose = form.value("purpose", "task")

    async def say(speaking: Call) -> str:
        check = Checks(form)
        matter = check.choice("matter", MATTERS, _("Choose what the decision is about."))
        outcome = check.choice("outcome", ("has", "lacks"), _("Choose what you found."))
        text = check.text("text", _("Write how you found this."))
        until = until_day(check, "until", _("Write until when this holds."))
        relevant = _parts(check, "relevant", _("Tick the parts that bear on it.")) if outcome == "lacks" else []
        check.done()
        finding = {"matter": matter, "outcome": outcome, "text": text, "until": until, "relevant": relevant}
        await representation.assess_capacity(speaking, record, representation.NewAssessment.model_validate(finding))
        return _onward(record, purpose, form)

    async def again(refused: Filled) -> Response:
        return await _form(request, call, record, purpose, template="capacity_new.html", form=refused)

    return await sent(request, call, form, say, again)


@router.get(places.CAPACITY_END.path, operation_id="representation.withdraw_assessment")
async def withdraw_page(
    request: Request, call: Calling, record: InPath, assessment: InPath, purpose: AskedPurpose = None
) -> Response:
    """What it means to withdraw an assessment, before it is done."""
    if is_to_be_asked(call, purpose):
        return await purpose_page(request, call, record)
    return await _withdrawing(request, call, record, assessment, purpose=purpose, form=None)


@router.post("/forms/record/{record}/capacity/{assessment}/withdraw", operation_id="representation.withdraw_assessment")
async def withdraw(request: Request, call: Calling, record: InPath, assessment: InPath, form: Sent) -> Response:
    """Withdraw an assessment."""
    purpose = form.value("purpose", "task")

    async def say(speaking: Call) -> str:
        check = Checks(form)
        reason = check.text("reason", _("Write why it does not hold any more."))
        check.done()
        await representation.withdraw_assessment(speaking, record, assessment, representation.Because(reason=reason))
        return _onward(record, purpose, form)

    async def again(refused: Filled) -> Response:
        return await _withdrawing(request, call, record, assessment, purpose=purpose, form=refused)

    return await sent(request, call, form, say, again)


@router.get(places.BEST_INTERESTS.path, operation_id="representation.disclose_in_best_interests")
async def best_interests_page(
    request: Request, call: Calling, record: InPath, purpose: AskedPurpose = None
) -> Response:
    """The form by which a carer is let see parts for a time."""
    if is_to_be_asked(call, purpose):
        return await purpose_page(request, call, record)
    return await _form(request, call, record, purpose, template="best_interests.html", form=None)


@router.post("/forms/record/{record}/best-interests", operation_id="representation.disclose_in_best_interests")
async def disclose(request: Request, call: Calling, record: InPath, form: Sent) -> Response:
    """Let a carer see parts for a time, while the patient cannot decide about sharing."""
    purpose = form.value("purpose", "task")

    async def say(speaking: Call) -> str:
        check = Checks(form)
        person = check.text("person", _("Choose the carer."), 60)
        scope = _parts(check, "scope", _("Tick what the carer may see."))
        until = until_day(check, "until", _("Write until when."))
        reason = check.text("reason", _("Write why this is best for the patient."))
        assessment = check.text("assessment", _("An assessment about sharing must be in force first."), 60)
        check.done()
        opening = {"assessment": assessment, "person": person, "scope": scope, "until": until, "reason": reason}
        body = representation.NewBestInterests.model_validate(opening)
        await representation.disclose_in_best_interests(speaking, record, body)
        return _onward(record, purpose, form)

    async def again(refused: Filled) -> Response:
        return await _form(request, call, record, purpose, template="best_interests.html", form=refused)

    return await sent(request, call, form, say, again)


@router.post("/forms/record/{record}/best-interests/{opened}/end")
async def end_best_interests(request: Request, call: Calling, record: InPath, opened: InPath, form: Sent) -> Response:
    """End at once what a carer was let see."""
    purpose = form.value("purpose", "task")

    async def say(speaking: Call) -> str:
        await representation.end_best_interests(speaking, record, opened, OnlyBody())
        return _onward(record, purpose, form)

    async def again(refused: Filled) -> Response:
        return await _listed(request, call, record, purpose, form=refused)

    return await sent(request, call, form, say, again)


async def _form(
    request: Request, call: Call, record: str, purpose: str | None, *, template: str, form: Filled | None
) -> Response:
    """A form about a patient; for what is best for them, with the carers and the assessment that it rests on."""
    view = await matters_of(call, record, purpose, "capacity")
    around = told(await sharing.read(call, record, purpose)) if template == "best_interests.html" else {"carers": ()}
    stand = [one for one in assessments(call, view) if one["stands"] and one["matter"] == "sharing"]
    return await _about(
        request,
        call,
        template,
        view,
        record=record,
        purpose=purpose,
        form=form,
        matters=MATTERS,
        kinds=SHOWN_KINDS,
        topics=TOPICS,
        carers=[(one["id"], one["name"] or one["id"]) for one in around["carers"]],
        assessment=next((one["id"] for one in stand if one["outcome"] == "lacks"), None),
    )


async def _withdrawing(
    request: Request, call: Call, record: str, assessment: str, *, purpose: str | None, form: Filled | None
) -> Response:
    view = await matters_of(call, record, purpose, "capacity")
    found = next((one for one in assessments(call, view) if one["id"] == assessment), None)
    if found is None:
        raise Refused(Problem(UNKNOWN, "assessment: got one that is not there for you; look at the list again"))
    return await _about(request, call, "capacity_end.html", view, record=record, purpose=purpose, form=form, one=found)


async def _about(
    request: Request, call: Call, template: str, view: Mapping[str, Any], *, form: Filled | None, **shown: Any
) -> Response:
    """A page about the patient whose matters these are."""
    whose = {"name": view["patient"]["name"], "own": False}
    return await own_page(request, call, template, here=places.FIND, whose=whose, form=form or empty(call), **shown)


def _onward(record: str, purpose: str, form: Filled) -> str:
    """Where every form here leads: to what is assessed and opened now."""
    return places.CAPACITY({"purpose": purpose, "said": form.statement}, record=record) + "#said"


def _parts(check: Checks, name: str, missing: str) -> list[dict[str, str]]:
    """Parts of a record that were ticked: kinds and topics, as ``kind:plan`` and ``topic:genetic``."""
    possible = [f"kind:{kind}" for kind in SHOWN_KINDS] + [f"topic:{topic}" for topic in TOPICS]
    ticked = check.choices(name, possible, missing)
    return [{"kind": kind, "of": of} for kind, _colon, of in (one.partition(":") for one in ticked)]


def _lasts(matter: Mapping[str, Any], said: Mapping[str, Any], now: str) -> bool:
    return said["facts"]["until"] > now and said_last(matter, "best-interests-ended/1") is None
