"""Emergencies over HTTP, and questions about an access: why did you look?"""

from typing import Annotated, Final

from fastapi import APIRouter
from starlette.responses import Response

from api.http.answers import answered
from api.http.bodies import Body, Id, InPath, Moment, Text, names, reads, shown_as
from api.http.operations import writes
from api.http.service import Calling
from api.http.told import check_untold
from ledger.core.terms import EMERGENCIES

router: Final = APIRouter(tags=["emergencies"])
_EVENING: Final = "2026-05-03T18:00:00.000Z"


class NewEmergency(Body):
    """Of which kind an emergency is, why the record is opened in it, and until when, within a day."""

    model_config = shown_as(kind="life-at-risk", reason="Unconscious in the emergency department.", until=_EVENING)
    kind: Annotated[str, names(*EMERGENCIES)]
    reason: Text
    until: Moment


class OneMoreItem(Body):
    """An item to be opened beyond what an emergency opens first."""

    model_config = shown_as(item="0b1b8a1e-6e0c-4d57-8a53-0d3a54a3c0de")
    item: Id


class EmergencyReview(Body):
    """What the guardian finds about an emergency access."""

    model_config = shown_as(outcome="justified", reason="The history was needed to treat.")
    outcome: Annotated[str, names("justified", "not-justified")]
    reason: Text


class NoticeDelay(Body):
    """Until when, within 72 hours, the patient is not told of an emergency access, and why."""

    model_config = shown_as(until="2026-05-05T18:00:00.000Z", reason="She is being moved to a safe place.")
    until: Moment
    reason: Text


class Question(Body):
    """Why did you look? ``disclosure`` is the id of a line of the trail."""

    model_config = shown_as(
        disclosure="0b1b8a1e-6e0c-4d57-8a53-0d3a54a3c0de", text="I was not at the surgery that day."
    )
    disclosure: Id
    text: Text


class QuestionAnswer(Body):
    """Why one looked."""

    model_config = shown_as(text="I wrote the letter to the clinic that you asked for.")
    text: Text


@writes(router, "/records/{record}/emergencies", "sharing.open_emergency")
async def open_emergency(call: Calling, record: InPath, body: Annotated[NewEmergency, reads(NewEmergency)]) -> Response:
    """Open a record as an emergency, by a clinician; the patient is told."""
    said = call.ledger.sharing.open_emergency(call.by(body), record, body.kind, body.reason, body.until)
    return answered(await said)


@writes(router, "/records/{record}/emergencies/{emergency}/items", "sharing.open_emergency_item")
async def open_emergency_item(
    call: Calling, record: InPath, emergency: InPath, body: Annotated[OneMoreItem, reads(OneMoreItem)]
) -> Response:
    """Open one more item in an emergency."""
    return answered(await call.ledger.sharing.open_emergency_item(call.by(body), record, emergency, body.item))


@writes(router, "/records/{record}/emergencies/{emergency}/review", "sharing.review_emergency")
async def review_emergency(
    call: Calling, record: InPath, emergency: InPath, body: Annotated[EmergencyReview, reads(EmergencyReview)]
) -> Response:
    """Review an emergency access, by the guardian."""
    said = call.ledger.sharing.review_emergency(call.by(body), record, emergency, body.outcome, body.reason)
    return answered(await said)


@writes(router, "/records/{record}/emergencies/{emergency}/notice-delay", "sharing.delay_notice")
async def delay_notice(
    call: Calling, record: InPath, emergency: InPath, body: Annotated[NoticeDelay, reads(NoticeDelay)]
) -> Response:
    """Delay telling the patient of an emergency access, by the guardian, before they were shown it."""
    await check_untold(call, record, emergency)
    return answered(await call.ledger.sharing.delay_notice(call.by(body), record, emergency, body.until, body.reason))


@writes(router, "/records/{record}/questions", "sharing.question_access")
async def question_access(call: Calling, record: InPath, body: Annotated[Question, reads(Question)]) -> Response:
    """Ask why somebody looked, by the patient; a line that they do not see answers as one that is not there."""
    return answered(await call.ledger.sharing.question_access(call.by(body), record, body.disclosure, body.text))


@writes(router, "/records/{record}/questions/{question}/answer", "sharing.answer_access")
async def answer_access(
    call: Calling, record: InPath, question: InPath, body: Annotated[QuestionAnswer, reads(QuestionAnswer)]
) -> Response:
    """Answer why one looked; or for who looked, as the guardian."""
    return answered(await call.ledger.sharing.answer_access(call.by(body), record, question, body.text))
