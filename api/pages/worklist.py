"""Today: what is due, for a clinician in the records of their care, for a privacy officer in all of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api.http import worklist
from api.http.service import Calling
from api.pages import places
from api.pages.language import marked
from api.pages.matters import told
from api.pages.rendering import PageRoute, own_page

router: Final = APIRouter(include_in_schema=False, route_class=PageRoute)
Cursor = Annotated[str | None, Query(max_length=100)]
LISTED: Final = 25
PURPOSE: Final[Mapping[str, str]] = {"clinician": "task", "guardian": "audit"}
"""What each reader of a worklist opens it for."""

WHAT: Final[Mapping[str, str]] = {
    "dispute": marked("Says that something written is wrong"),
    "dispute-review": marked("A no to a patient needs a second opinion"),
    "question": marked("Asks why somebody looked"),
    "recommendation": marked("A recommendation has no answer"),
    "confidence": marked("A carer told something in confidence"),
    "working-note": marked("A working note will open to the patient"),
    "opinion": marked("An opinion about serious harm is too old"),
    "withholding-review": marked("Something is kept back: look at it again"),
    "result-held": marked("A result is held back"),
    "carer-conversation": marked("Nobody has asked about carers yet"),
    "capacity-review": marked("An assessment of capacity ends"),
    "emergency-review": marked("Emergency access waits for a review"),
    "emergency-notice": marked("The patient is not told yet of an emergency access"),
    "erasure-asked": marked("Somebody asks that words be erased"),
    "unexplained-look": marked("Somebody looked who is only registered with the patient"),
}
"""Each kind of line in a few plain words."""
GROUPS: Final[Sequence[tuple[str, Sequence[str]]]] = (
    (marked("Patients wait for an answer"), ("dispute", "dispute-review", "question")),
    (marked("Recommendations without an answer"), ("recommendation",)),
    (marked("Never asked about carers"), ("carer-conversation",)),
    (marked("Emergency access"), ("emergency-review", "emergency-notice")),
    (
        marked("Kept back, to be looked at again"),
        ("confidence", "working-note", "opinion", "withholding-review", "result-held"),
    ),
    (marked("Capacity"), ("capacity-review",)),
    (marked("For the privacy officer"), ("erasure-asked", "unexplained-look")),
)
ROUTINE: Final = frozenset({"carer-conversation"})
"""Kinds of which nobody waits: they are folded away, so that they stand in front of nothing."""
_FOLDED_FROM: Final = 2


@dataclass(frozen=True, slots=True)
class Group:
    """Lines of the same matter, what is due first first."""

    title: str
    lines: Sequence[Mapping[str, Any]]
    folded: bool


@router.get(places.TODAY.path)
async def today(request: Request, call: Calling, cursor: Cursor = None, only: str | None = None) -> Response:
    """What is due, what is overdue first; each line leads to where it is done."""
    overdue = only == "overdue"
    asked = worklist.PageOfWork(
        limit=LISTED, cursor=cursor, purpose=PURPOSE.get(call.session.acting_as), overdue=overdue
    )
    shown = told(await worklist.read_worklist(call, asked))
    lines = [
        {**line, "href": _way(line, call.session.acting_as), "what": WHAT[line["kind"]]} for line in shown["lines"]
    ]
    return await own_page(
        request,
        call,
        "today.html",
        here=places.TODAY,
        late=[line for line in lines if line["overdue"]],
        groups=_grouped([line for line in lines if not line["overdue"]]),
        only_overdue=overdue,
        first=cursor is None,
        cursor=shown["cursor"],
    )


def _grouped(lines: Sequence[Mapping[str, Any]]) -> list[Group]:
    """The lines by what they are about, without groups that have none: first the group of what is due first."""
    groups = [(title, [line for line in lines if line["kind"] in kinds], kinds) for title, kinds in GROUPS]
    made = [
        Group(title, found, folded=len(found) >= _FOLDED_FROM and ROUTINE.issuperset(kinds))
        for title, found, kinds in groups
        if found
    ]
    return sorted(made, key=lambda group: group.lines[0]["due_at"])


def _way(line: Mapping[str, Any], acting_as: str) -> str | None:
    """Where a line is done; None where it is done elsewhere."""
    record, kind, about = line["record"], line["kind"], line["about"]
    if kind == "question":
        return places.QUESTION(record=record, question=about)
    if kind in ("emergency-review", "emergency-notice"):
        return places.EMERGENCY_REVIEW(record=record, emergency=about)
    if acting_as == "guardian":
        lifts = kind in ("opinion", "withholding-review")
        way = places.ITEM_CHANGE({"withholding": about}, record=record, item=line["subject"], change="e")
        return way if lifts else None
    if kind == "carer-conversation":
        return places.CARER_TALK({"purpose": "task"}, record=record)
    if kind == "capacity-review":
        return places.CAPACITY({"purpose": "task"}, record=record)
    return places.ITEM({"purpose": "task"}, record=record, item=line["subject"])
