"""Items over HTTP: what is written in a record, and what is said about it."""

from typing import Annotated, Final

from fastapi import APIRouter
from pydantic import Field, WithJsonSchema
from starlette.responses import Response

from api.http.answers import answered
from api.http.bodies import A_NAME, Body, Day, InPath, Moment, OnlyBody, Text, Topics, names, reads, shown_as
from api.http.operations import writes
from api.http.service import Calling
from ledger.core.terms import AGREEMENTS, GROUNDS, KINDS
from ledger.use_cases.items import Draft

router: Final = APIRouter(tags=["items"])
ADDED_AS: Final = tuple(kind for kind in KINDS if kind != "comment")
Data = Annotated[
    dict[str, str],
    WithJsonSchema(
        {"type": "object", "propertyNames": A_NAME, "additionalProperties": {"type": "string", "minLength": 1}}
    ),
]
_ITEM: Final = "/records/{record}/items/{item}"


class NewItem(Body):
    """An item to be added. ``data`` carries measured values as text; there are no floats."""

    model_config = shown_as(
        kind="note", title="Review", text="Slept better this week.", topics=["mental-health"], discussed=True
    )
    kind: Annotated[str, names(*ADDED_AS)]
    text: Text
    title: Text | None = None
    topics: Topics = Field(default_factory=list)
    data: Data | None = None
    in_confidence: bool = False
    discussed: bool = False
    copy_given: bool = False

    def draft(self) -> Draft:
        """The draft of the use case."""
        return Draft(
            self.kind,
            self.text,
            self.title,
            self.topics,
            self.data,
            self.in_confidence,
            self.discussed,
            self.copy_given,
        )


class Amendment(Body):
    """New words, to stand next to the old ones."""

    model_config = shown_as(text="Laughed at a joke.", reason="The patient told us what it was about.")
    text: Text
    reason: Text | None = None


class InError(Body):
    """Why an item is in error; in the wrong record, only its author and the guardian see it from now on."""

    model_config = shown_as(reason="Written under another name.", wrong_record=True)
    reason: Text
    wrong_record: bool = False


class TopicsAnew(Body):
    """All sensitive topics of an item."""

    model_config = shown_as(topics=["mental-health"])
    topics: Topics


class Comment(Body):
    """What somebody says about an item, at a quoted passage if there is one."""

    model_config = shown_as(text="It was a joke.", quote="inappropriate laughter")
    text: Text
    quote: Text | None = None


class Reply(Body):
    """What somebody replies to a comment."""

    model_config = shown_as(text="Thank you for telling us.")
    text: Text


class Agreement(Body):
    """Whether the patient agrees with an item, in words if they wish."""

    model_config = shown_as(agreement="disagree", text="I did not say that.")
    agreement: Annotated[str, names(*AGREEMENTS)]
    text: Text | None = None


class DisputeAnswer(Body):
    """How a dispute is answered; a refusal has its reason, and gets a second review."""

    model_config = shown_as(outcome="declined", reason="Two of us heard it.")
    outcome: Annotated[str, names("amended", "declined")]
    reason: Text


class SecondReview(Body):
    """What another professional finds about a dispute that was declined."""

    model_config = shown_as(outcome="overturned", reason="The tape says otherwise.")
    outcome: Annotated[str, names("upheld", "overturned")]
    reason: Text


class NewWithholding(Body):
    """From whom an item is kept, on which ground, by an opinion of which day, to be reviewed when."""

    model_config = shown_as(
        **{"from": "patient", "ground": "serious-harm", "opinion_date": "2026-05-03", "review_date": "2026-11-03"},
        reason="It would cause serious harm now.",
    )
    kept_from: Annotated[str, Field(alias="from"), names("patient", "carers", "screen")]
    ground: Annotated[str, names(*GROUNDS)]
    opinion_date: Day
    review_date: Day
    reason: Text


class Lifting(Body):
    """Why a withholding ends."""

    model_config = shown_as(reason="The danger has passed.")
    reason: Text | None = None


class Hold(Body):
    """Until when a result is held back from the patient, at most 14 days, and why."""

    model_config = shown_as(until="2026-05-10T09:00:00.000Z", reason="To be told in person on Friday.")
    until: Moment
    reason: Text


class LeaveAsked(Body):
    """What the carer who told something in confidence is asked."""

    model_config = shown_as(text="May we tell her that you worry about the medicine?")
    text: Text


class LeaveAnswer(Body):
    """Whether what was told in confidence may be shared."""

    model_config = shown_as(outcome="given")
    outcome: Annotated[str, names("given", "refused")]


@writes(router, "/records/{record}/items", "items.add")
async def add(call: Calling, record: InPath, body: Annotated[NewItem, reads(NewItem)]) -> Response:
    """Add an item."""
    return answered(await call.ledger.items.add(call.by(body), record, body.draft()))


@writes(router, f"{_ITEM}/amendments", "items.amend")
async def amend(call: Calling, record: InPath, item: InPath, body: Annotated[Amendment, reads(Amendment)]) -> Response:
    """Say an item anew, next to the old words."""
    said = call.ledger.items.amend(call.by(body), record, item, body.text, reason=body.reason)
    return answered(await said)


@writes(router, f"{_ITEM}/in-error", "items.mark_in_error")
async def mark_in_error(
    call: Calling, record: InPath, item: InPath, body: Annotated[InError, reads(InError)]
) -> Response:
    """Mark an item in error."""
    said = call.ledger.items.mark_in_error(call.by(body), record, item, body.reason, wrong_record=body.wrong_record)
    return answered(await said)


@writes(router, f"{_ITEM}/topics", "items.set_topics")
async def set_topics(
    call: Calling, record: InPath, item: InPath, body: Annotated[TopicsAnew, reads(TopicsAnew)]
) -> Response:
    """State the sensitive topics of an item anew."""
    return answered(await call.ledger.items.set_topics(call.by(body), record, item, body.topics))


@writes(router, f"{_ITEM}/comments", "items.comment")
async def comment(call: Calling, record: InPath, item: InPath, body: Annotated[Comment, reads(Comment)]) -> Response:
    """Comment on an item; the comment is an item of its own."""
    return answered(await call.ledger.items.comment(call.by(body), record, item, body.text, quote=body.quote))


@writes(router, f"{_ITEM}/replies", "items.reply")
async def reply(call: Calling, record: InPath, item: InPath, body: Annotated[Reply, reads(Reply)]) -> Response:
    """Reply to a comment."""
    return answered(await call.ledger.items.reply(call.by(body), record, item, body.text))


@writes(router, f"{_ITEM}/disputes", "items.dispute")
async def dispute(call: Calling, record: InPath, item: InPath, body: Annotated[Comment, reads(Comment)]) -> Response:
    """Dispute a passage, by the patient; an answer is due within a month."""
    return answered(await call.ledger.items.dispute(call.by(body), record, item, body.text, quote=body.quote))


@writes(router, f"{_ITEM}/answer", "items.answer_dispute")
async def answer_dispute(
    call: Calling, record: InPath, item: InPath, body: Annotated[DisputeAnswer, reads(DisputeAnswer)]
) -> Response:
    """Answer a dispute."""
    return answered(await call.ledger.items.answer_dispute(call.by(body), record, item, body.outcome, body.reason))


@writes(router, f"{_ITEM}/second-review", "items.review_dispute")
async def review_dispute(
    call: Calling, record: InPath, item: InPath, body: Annotated[SecondReview, reads(SecondReview)]
) -> Response:
    """Review a declined dispute, by another professional."""
    return answered(await call.ledger.items.review_dispute(call.by(body), record, item, body.outcome, body.reason))


@writes(router, f"{_ITEM}/agreement", "items.agree")
async def agree(call: Calling, record: InPath, item: InPath, body: Annotated[Agreement, reads(Agreement)]) -> Response:
    """Agree or disagree with an item, or say that it was not discussed; by the patient."""
    return answered(await call.ledger.items.agree(call.by(body), record, item, body.agreement, text=body.text))


@writes(router, f"{_ITEM}/withholdings", "items.withhold")
async def withhold(
    call: Calling, record: InPath, item: InPath, body: Annotated[NewWithholding, reads(NewWithholding)]
) -> Response:
    """Keep an item from the patient, from carers or from every screen, on a ground."""
    said = call.ledger.items.withhold(
        call.by(body),
        record,
        item,
        kept_from=body.kept_from,
        ground=body.ground,
        opinion=body.opinion_date,
        review=body.review_date,
        reason=body.reason,
    )
    return answered(await said)


@writes(router, f"{_ITEM}/withholdings/{{withholding}}/end", "items.lift")
async def lift(
    call: Calling, record: InPath, item: InPath, withholding: InPath, body: Annotated[Lifting, reads(Lifting)]
) -> Response:
    """Lift a withholding."""
    return answered(await call.ledger.items.lift(call.by(body), record, item, withholding, reason=body.reason))


@writes(router, f"{_ITEM}/hold", "items.hold")
async def hold(call: Calling, record: InPath, item: InPath, body: Annotated[Hold, reads(Hold)]) -> Response:
    """Hold a result back from the patient for a while."""
    return answered(await call.ledger.items.hold(call.by(body), record, item, body.until, body.reason))


@writes(router, f"{_ITEM}/release", "items.release")
async def release(call: Calling, record: InPath, item: InPath, body: Annotated[OnlyBody, reads(OnlyBody)]) -> Response:
    """Release a result that is held, or that waits until the patient asks."""
    return answered(await call.ledger.items.release(call.by(body), record, item))


@writes(router, f"{_ITEM}/leave-asked", "items.ask_leave")
async def ask_leave(
    call: Calling, record: InPath, item: InPath, body: Annotated[LeaveAsked, reads(LeaveAsked)]
) -> Response:
    """Ask a carer for leave to share what they told in confidence, by a clinician in care."""
    return answered(await call.ledger.items.ask_leave(call.by(body), record, item, body.text))


@writes(router, f"{_ITEM}/leave-answer", "items.answer_leave")
async def answer_leave(
    call: Calling, record: InPath, item: InPath, body: Annotated[LeaveAnswer, reads(LeaveAnswer)]
) -> Response:
    """Give leave, or refuse it, by the carer who told it."""
    return answered(await call.ledger.items.answer_leave(call.by(body), record, item, body.outcome))
