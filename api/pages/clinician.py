"""For clinicians: what stands at the top of a record, and writing something in it."""

from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http import items, records
from api.http.bodies import InPath
from api.http.reading import PageOfItems
from api.http.service import Call, Calling
from api.pages import places
from api.pages.forms import Checks, Filled, Sent, empty, sent
from api.pages.language import gettext as _
from api.pages.language import marked
from api.pages.matters import assessments, begun_by, matters_of, told
from api.pages.purpose import is_to_be_asked, purpose_page
from api.pages.rendering import PageRoute, own_page
from api.pages.until import until_day
from ledger.core.terms import TOPICS

router: Final = APIRouter(include_in_schema=False, route_class=PageRoute)
KINDS: Final[Mapping[str, str | None]] = {
    "note": None,
    "letter": None,
    "result": None,
    "medicine": marked("Say which topics it tells of: a medicine can tell of an illness."),
    "allergy": None,
    "problem": None,
    "plan": None,
    "plan-for-carers": marked("What carers may do to help. The patient shares it with them, or not."),
    "recommendation": marked("For somebody else to answer: it is on their list for 28 days."),
    "information": marked("General information for the patient."),
    "decision": None,
    "wishes": marked("A draft, written with the patient. It counts only when the patient has signed it."),
    "working-note": marked(
        "Only for your team. The patient sees no trace of it for 28 days. Then it opens to the patient, unless you give"
        " a ground or write something better."
    ),
    "flag": marked("A warning to protect somebody. The patient sees no trace of it. Say no more than is needed."),
}
"""What a clinician writes, with a hint where it needs one. Readings have a page of their own."""
TOP_KINDS: Final = ("wishes", "allergy")
"""What stands at the top of a record."""


async def top_of(call: Call, record: str, purpose: str | None) -> dict[str, Any]:
    """What a clinician reads first: wishes, allergies, capacity, and whether anybody asked about carers.

    As ``record/clinician_top.html`` shows it, under the name ``top``. Each part is what the API tells this reader.
    """
    asked = PageOfItems(purpose=purpose, kind=list(TOP_KINDS), limit=50)
    shown = told(await records.read_record(call, record, asked))["items"]
    view = await matters_of(call, record, purpose, "capacity", "conversation")
    talks = [said for _matter, said in begun_by(view, "carer-conversation-held")]
    live = [item for item in shown if item["in_error"] is None and item["erased"] is None]
    return {
        "wishes": [item for item in live if item["kind"] == "wishes" and item["wish"]["state"] == "signed"],
        "allergies": [item for item in live if item["kind"] == "allergy"],
        "capacity": [one for one in assessments(call, view) if one["stands"] and one["outcome"] == "lacks"],
        "asked_about_carers": talks[-1] if talks else None,
    }


async def add_page(
    request: Request, call: Call, record: str, form: Filled | None, purpose: str | None = None
) -> Response:
    """The form by which a clinician adds something; asks first what the record is opened for."""
    purpose = purpose or request.query_params.get("purpose") or (form.value("purpose") if form else None)
    if is_to_be_asked(call, purpose):
        return await purpose_page(request, call, record)
    view = await matters_of(call, record, purpose, "conversation")
    asked = request.query_params.get("kind", "")
    return await own_page(
        request,
        call,
        "clinician_add.html",
        here=places.FIND,
        record=record,
        whose={"name": view["patient"]["name"], "own": False},
        form=form or empty(call, kind=asked if asked in KINDS else "note"),
        purpose=purpose,
        kinds=KINDS,
        topics=TOPICS,
    )


@router.post("/forms/record/{record}/add/clinician")
async def add(request: Request, call: Calling, record: InPath, form: Sent) -> Response:
    """Add what a clinician has written; a result that is to be told in person is held back at once."""
    purpose = form.value("purpose") or None

    async def say(speaking: Call) -> str:
        check = Checks(form)
        item, hold = _checked(check, form), _checked_hold(check, form)
        check.done()
        added = told(await items.add(speaking, record, items.NewItem(**item)))["ids"]["item"]
        if hold is not None:
            next_one = replace(speaking, statement_id=_after(added, form.statement))
            await items.hold(next_one, record, added, items.Hold.model_validate(hold))
        return places.ITEM({"purpose": purpose, "said": form.statement}, record=record, item=added) + "#said"

    async def again(refused: Filled) -> Response:
        return await add_page(request, call, record, refused, purpose)

    return await sent(request, call, form, say, again)


def _checked(check: Checks, form: Filled) -> dict[str, Any]:
    """The members of what is to be added."""
    kind = check.choice("kind", tuple(KINDS), _("Choose what you write."))
    if kind == "medicine" and form.value("topics-known") != "yes":
        check.wrong("topics-known", _("Look at the topics of this medicine, then tick that you did."))
    return {
        "kind": kind,
        "title": check.text("title", None, 200) or None,
        "text": check.text("text", _("Write something.")),
        "topics": check.choices("topics", TOPICS),
        "discussed": form.value("discussed") == "yes",
        "copy_given": form.value("copy-given") == "yes",
    }


def _checked_hold(check: Checks, form: Filled) -> dict[str, str] | None:
    """Until when a result is held back and why, where it is."""
    if form.value("hold") != "yes":
        return None
    if form.value("kind") != "result":
        check.wrong("hold", _("Only a test result can be held back. Untick this, or choose a test result."))
        return None
    return {
        "until": until_day(check, "until", _("Write until when the result is held back.")),
        "reason": check.text("hold-reason", _("Write why it is better to tell it in person.")),
    }


def _after(item: str, statement: str) -> str | None:
    """The id of the second thing that a form says, from that of the first: the same however often it is sent."""
    if not statement:
        return None
    made = sha256(f"{statement}/{item}/hold".encode()).hexdigest()
    return f"{statement[:15]}{made[:3]}-8{made[3:6]}-{made[6:18]}"
