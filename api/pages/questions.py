"""Questions: why did you look? Asked by a patient, answered by who looked, or by the privacy officer for them."""

from collections.abc import Mapping
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http import emergencies
from api.http.bodies import InPath
from api.http.service import Call, Calling
from api.pages import places
from api.pages.due import Cursor, due_page, purpose_of
from api.pages.forms import Checks, Filled, Sent, empty, sent
from api.pages.language import gettext as _
from api.pages.matters import begun_as, matters_of, said_last
from api.pages.rendering import PageRoute, own_page
from api.pages.said import AskedSaid, said_of

router: Final = APIRouter(include_in_schema=False, route_class=PageRoute)


@router.get(places.QUESTIONS.path)
async def questions(request: Request, call: Calling, cursor: Cursor = None) -> Response:
    """The questions that wait for an answer by whoever is signed in, what is due first first."""
    return await due_page(request, call, "questions.html", "question", _read, here=places.QUESTIONS, cursor=cursor)


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
    read = await _read(call, record, question)
    name = read["patient"]["name"]
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
        purpose=purpose_of(call),
        asked=read["asked"],
        answered=read["answered"],
        mine=read["asked"]["facts"]["viewer"] == call.session.person,
    )


async def _read(call: Call, record: str, question: str) -> Mapping[str, Any]:
    """Whose record it is (``patient``), what was ``asked`` and what ``answered``; raises Refused if it is not there."""
    view = await matters_of(call, record, purpose_of(call), "question")
    matter, asked = begun_as(view, "access-questioned", question)
    return {"patient": view["patient"], "asked": asked, "answered": said_last(matter, "access-answered/1")}
