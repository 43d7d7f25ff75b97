"""Questions: why did you look? Asked by a patient, answered by who looked, or by the privacy officer for them."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api.http import emergencies, worklist
from api.http.bodies import InPath
from api.http.problems import UNKNOWN, Problem, Refused
from api.http.service import Call, Calling
from api.pages import places
from api.pages.forms import Checks, Filled, Sent, empty, sent
from api.pages.language import gettext as _
from api.pages.matters import begun_by, matters_of, said_last, told
from api.pages.rendering import PageRoute, own_page
from api.pages.said import AskedSaid, said_of
from api.pages.worklist import PURPOSE

router: Final = APIRouter(include_in_schema=False, route_class=PageRoute)
Cursor = Annotated[str | None, Query(max_length=100)]
LISTED: Final = 10
"""Questions on a page: the words of each are opened from its own record."""


@router.get(places.QUESTIONS.path)
async def questions(request: Request, call: Calling, cursor: Cursor = None) -> Response:
    """The questions that wait for an answer by whoever is signed in, what is due first first."""
    asked = worklist.PageOfWork(limit=LISTED, cursor=cursor, purpose=_purpose(call), kind=["question"])
    shown = told(await worklist.read_worklist(call, asked))
    lines = [{**line, "asked": (await _question(call, line["record"], line["about"]))[1]} for line in shown["lines"]]
    return await own_page(
        request,
        call,
        "questions.html",
        here=places.QUESTIONS,
        lines=lines,
        first=cursor is None,
        cursor=shown["cursor"],
    )


@router.get(places.QUESTION.path)
async def question_page(
    request: Request, call: Calling, record: InPath, question: InPath, said: AskedSaid = None
) -> Response:
    """One question, with its answer or the form for it."""
    return await _page(request, call, record, question, said=said)


@router.post("/forms/record/{record}/question/{question}/answer")
async def answer(request: Request, call: Calling, record: InPath, question: InPath, form: Sent) -> Response:
    """Answer why one looked."""

    async def say(speaking: Call) -> str:
        check = Checks(form)
        text = check.text("text", _("Write why the record was opened."))
        check.done()
        await emergencies.answer_access(speaking, record, question, emergencies.QuestionAnswer(text=text))
        return places.QUESTION({"said": form.statement}, record=record, question=question) + "#said"

    async def again(refused: Filled) -> Response:
        return await _page(request, call, record, question, form=refused)

    return await sent(request, call, form, say, again)


async def _page(
    request: Request,
    call: Call,
    record: str,
    question: str,
    *,
    form: Filled | None = None,
    said: str | None = None,
) -> Response:
    view, asked, answered = await _read(call, record, question)
    name = view["patient"]["name"]
    return await own_page(
        request,
        call,
        "question.html",
        here=places.QUESTIONS,
        record=record,
        whose=None if name is None else {"name": name, "own": False},
        form=form or empty(call),
        said=await said_of(call, said),
        question=question,
        asked=asked,
        answered=answered,
        mine=asked["facts"]["viewer"] == call.session.person,
    )


async def _question(call: Call, record: str, question: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    view, asked, _answered = await _read(call, record, question)
    return view, asked


async def _read(
    call: Call, record: str, question: str
) -> tuple[Mapping[str, Any], Mapping[str, Any], Mapping[str, Any] | None]:
    """Whose record it is, what was asked and what was answered; raises Refused where it is not there."""
    view = await matters_of(call, record, _purpose(call), "question")
    for matter, asked in begun_by(view, "access-questioned"):
        if matter["id"] == question:
            return view, asked, said_last(matter, "access-answered/1")
    raise Refused(Problem(UNKNOWN, "question: got one that is not there for you; look at your questions again"))


def _purpose(call: Call) -> str | None:
    return PURPOSE.get(call.session.acting_as)
