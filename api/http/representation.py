"""Who decides, over HTTP: birth and parents, capacity and powers, best interests, and what death ends."""

from typing import Annotated, Any, Final

from fastapi import APIRouter
from pydantic import Field, WithJsonSchema
from starlette.responses import Response

from api.http.answers import answered
from api.http.bodies import Body, Day, Id, InPath, Moment, OnlyBody, Parts, Scope, Text, names, reads, shown_as
from api.http.operations import writes
from api.http.service import Calling
from ledger.core.terms import AFTER_DEATH, MATTERS, TERMS
from ledger.use_cases.representation import Finding, Instrument, Opening, ParentalReview

router: Final = APIRouter(tags=["representation"])
_JOY: Final = "0b1b8a1e-6e0c-4d57-8a53-0d3a54a3c0de"
_ASSESSMENT: Final = "9d2b0f3e-5a80-4c3e-9d2b-6f1f3f0a4b11"
_NEXT_MONTH: Final = "2026-06-01T09:00:00.000Z"
_PLAN: Final = {"kind": "kind", "of": "plan"}
Starts = Annotated[Moment | None, Field(alias="from")]


class Birth(Body):
    """On which day the patient was born."""

    model_config = shown_as(born="2016-02-29")
    born: Day


class NewAssessment(Body):
    """What an assessment finds of one matter; without capacity, which parts bear on it."""

    model_config = shown_as(
        matter="sharing", outcome="lacks", relevant=[_PLAN], text="Could not weigh it.", until=_NEXT_MONTH
    )
    matter: Annotated[str, names(*MATTERS)]
    outcome: Annotated[str, names("has", "lacks")]
    text: Text
    until: Moment
    relevant: Parts = Field(default_factory=list)
    starts: Starts = None

    def finding(self) -> Finding:
        """The finding of the use case."""
        return Finding(self.matter, self.outcome, self.text, self.until, self.relevant, self.starts)


class Because(Body):
    """Why."""

    model_config = shown_as(reason="He understands, weighs and tells it again.")
    reason: Text


class NewPower(Body):
    """A registered power over health and welfare, and one who holds it. ``power`` names it for a further holder."""

    model_config = shown_as(
        person=_JOY, kind="attorney", matters=["treatment", "care"], terms="jointly-and-severally", holders=1,
        registered_on="2024-03-01",
    )  # fmt: skip
    person: Id
    kind: Annotated[str, names("attorney", "deputy")]
    matters: Annotated[
        list[str], WithJsonSchema({"type": "array", "items": {"enum": list(MATTERS)}, "uniqueItems": True})
    ]
    terms: Annotated[str, names(*TERMS)]
    registered_on: Day | None = None
    holders: int = 1
    power: Id | None = None
    starts: Starts = None
    until: Moment | None = None

    def instrument(self) -> Instrument:
        """The instrument of the use case."""
        members: dict[str, Any] = {"holders": self.holders, "power": self.power, "until": self.until}
        said = (self.person, self.kind, self.matters, self.terms, self.registered_on)
        return Instrument(*said, starts=self.starts, **members)


class PowerExercise(Body):
    """Until when, within a day, a holder of a joint power acts."""

    model_config = shown_as(until="2026-05-03T18:00:00.000Z")
    until: Moment


class NewParent(Body):
    """Who has parental responsibility."""

    model_config = shown_as(person=_JOY)
    person: Id
    starts: Starts = None
    until: Moment | None = None


class NewReview(Body):
    """What a parent sees of a young person's record, until when, and why."""

    model_config = shown_as(scope=[_PLAN], until=_NEXT_MONTH, reason="They agreed to it together.")
    scope: Parts
    until: Moment
    reason: Text

    def review(self) -> ParentalReview:
        """The review of the use case."""
        return ParentalReview(self.scope, self.until, self.reason)


class NewBestInterests(Body):
    """What a carer is let see while the patient cannot decide, by which assessment, until when, and why."""

    model_config = shown_as(
        assessment=_ASSESSMENT,
        person=_JOY,
        scope=[_PLAN],
        until="2026-05-20T09:00:00.000Z",
        reason="She cares for him.",
    )
    assessment: Id
    person: Id
    scope: Parts
    until: Moment
    reason: Text


class AfterDeathWish(Body):
    """What becomes of the record after the patient's death."""

    model_config = shown_as(wish="not-after-my-death")
    wish: Annotated[str, names(*AFTER_DEATH)]


class Death(Body):
    """On which day the patient died."""

    model_config = shown_as(died="2026-05-03")
    died: Day


class NewRelease(Body):
    """What somebody is let see after the patient's death, until when, and why."""

    model_config = shown_as(person=_JOY, scope=[{"kind": "everything"}], until=_NEXT_MONTH, reason="A claim.")
    person: Id
    scope: list[Scope]
    until: Moment
    reason: Text


@writes(router, "/records/{record}/birth", "representation.state_birth")
async def state_birth(call: Calling, record: InPath, body: Annotated[Birth, reads(Birth)]) -> Response:
    """State when the patient was born, by an administrator or a registrar."""
    return answered(await call.ledger.representation.state_birth(call.by(body), record, body.born))


@writes(router, "/records/{record}/capacity", "representation.assess_capacity")
async def assess_capacity(
    call: Calling, record: InPath, body: Annotated[NewAssessment, reads(NewAssessment)]
) -> Response:
    """State whether the patient can decide one matter, by a clinician in care."""
    return answered(await call.ledger.representation.assess_capacity(call.by(body), record, body.finding()))


@writes(router, "/records/{record}/capacity/{assessment}/withdrawal", "representation.withdraw_assessment")
async def withdraw_assessment(
    call: Calling, record: InPath, assessment: InPath, body: Annotated[Because, reads(Because)]
) -> Response:
    """Withdraw an assessment, by who made it or the guardian."""
    said = call.ledger.representation.withdraw_assessment(call.by(body), record, assessment, body.reason)
    return answered(await said)


@writes(router, "/records/{record}/powers", "representation.register_power")
async def register_power(call: Calling, record: InPath, body: Annotated[NewPower, reads(NewPower)]) -> Response:
    """Register a holder of a power, by an administrator or a registrar."""
    return answered(await call.ledger.representation.register_power(call.by(body), record, body.instrument()))


@writes(router, "/records/{record}/powers/{power}/exercise", "representation.exercise_power")
async def exercise_power(
    call: Calling, record: InPath, power: InPath, body: Annotated[PowerExercise, reads(PowerExercise)]
) -> Response:
    """Say, as a holder, that one acts under a joint power."""
    return answered(await call.ledger.representation.exercise_power(call.by(body), record, power, body.until))


@writes(router, "/records/{record}/powers/{power}/holders/{person}/end", "representation.end_power")
async def end_power(
    call: Calling, record: InPath, power: InPath, person: InPath, body: Annotated[OnlyBody, reads(OnlyBody)]
) -> Response:
    """End that somebody holds a power."""
    return answered(await call.ledger.representation.end_power(call.by(body), record, power, person))


@writes(router, "/records/{record}/parents", "representation.register_parent")
async def register_parent(call: Calling, record: InPath, body: Annotated[NewParent, reads(NewParent)]) -> Response:
    """Register somebody's parental responsibility, by an administrator or a registrar."""
    said = call.ledger.representation.register_parent(
        call.by(body), record, body.person, starts=body.starts, until=body.until
    )
    return answered(await said)


@writes(router, "/records/{record}/parents/{parental}/review", "representation.review_parent")
async def review_parent(
    call: Calling, record: InPath, parental: InPath, body: Annotated[NewReview, reads(NewReview)]
) -> Response:
    """Review what a parent sees from the age of review on, by a clinician in care."""
    return answered(await call.ledger.representation.review_parent(call.by(body), record, parental, body.review()))


@writes(router, "/records/{record}/parents/{parental}/end", "representation.end_parent")
async def end_parent(
    call: Calling, record: InPath, parental: InPath, body: Annotated[OnlyBody, reads(OnlyBody)]
) -> Response:
    """End somebody's parental responsibility."""
    return answered(await call.ledger.representation.end_parent(call.by(body), record, parental))


@writes(router, "/records/{record}/best-interests", "representation.disclose_in_best_interests")
async def disclose_in_best_interests(
    call: Calling, record: InPath, body: Annotated[NewBestInterests, reads(NewBestInterests)]
) -> Response:
    """Let a carer see parts for a time while the patient cannot decide about sharing, by a clinician in care."""
    opening = Opening(body.person, body.scope, body.until, body.reason)
    said = call.ledger.representation.disclose_in_best_interests(call.by(body), record, body.assessment, opening)
    return answered(await said)


@writes(router, "/records/{record}/best-interests/{best_interests}/end", "representation.end_best_interests")
async def end_best_interests(
    call: Calling, record: InPath, best_interests: InPath, body: Annotated[OnlyBody, reads(OnlyBody)]
) -> Response:
    """End a best-interests disclosure before its time."""
    return answered(await call.ledger.representation.end_best_interests(call.by(body), record, best_interests))


@writes(router, "/records/{record}/after-death-wish", "representation.wish_after_death")
async def wish_after_death(
    call: Calling, record: InPath, body: Annotated[AfterDeathWish, reads(AfterDeathWish)]
) -> Response:
    """Say what becomes of the record after one's death, by the patient."""
    return answered(await call.ledger.representation.wish_after_death(call.by(body), record, body.wish))


@writes(router, "/records/{record}/death", "representation.record_death")
async def record_death(call: Calling, record: InPath, body: Annotated[Death, reads(Death)]) -> Response:
    """Record that the patient died, by a clinician in care or the guardian."""
    return answered(await call.ledger.representation.record_death(call.by(body), record, body.died))


@writes(router, "/records/{record}/death/retraction", "representation.retract_death")
async def retract_death(call: Calling, record: InPath, body: Annotated[Because, reads(Because)]) -> Response:
    """Retract the record of a death, by the guardian."""
    return answered(await call.ledger.representation.retract_death(call.by(body), record, body.reason))


@writes(router, "/records/{record}/releases", "representation.release_after_death")
async def release_after_death(
    call: Calling, record: InPath, body: Annotated[NewRelease, reads(NewRelease)]
) -> Response:
    """Let somebody see parts after the patient's death, by the guardian."""
    opening = Opening(body.person, body.scope, body.until, body.reason)
    return answered(await call.ledger.representation.release_after_death(call.by(body), record, opening))
