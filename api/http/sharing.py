"""Sharing over HTTP: directives, sessions together, carers suspended or frozen, and the talk about them."""

from typing import Annotated, Any, Final

from fastapi import APIRouter
from pydantic import Field, WithJsonSchema
from starlette.responses import Response

from api.http.answers import answered, json_answer
from api.http.bodies import AN_ID, Body, Id, InPath, Moment, OnlyBody, Scope, Text, names, reads, shown_as, tagged
from api.http.operations import shows, writes
from api.http.reading import AskedPurpose, purpose_of
from api.http.service import Call, Calling, check_still_signed_in
from api.http.taking_back import check_takes_back
from ledger.core.terms import CONVERSATIONS
from ledger.domain.errors import NotAllowed
from ledger.store.errors import Conflict
from ledger.use_cases.sharing import Conversation, Directing
from ledger.use_cases.trail import ATTEMPTS, Asked
from projections.fhir_consent import consents_of
from projections.views.fields import as_json
from projections.views.sharing import CliniciansSharing, PatientsSharing, build, matters_told

router: Final = APIRouter(tags=["sharing"])
_SAM: Final = "0b1b8a1e-6e0c-4d57-8a53-0d3a54a3c0de"
_EVENING: Final = "2026-05-03T18:00:00.000Z"


Grantee = Annotated[
    dict[str, Any],
    WithJsonSchema(
        tagged(
            "A person or a team with its id, or all carers.", person={"id": AN_ID}, team={"id": AN_ID}, all_carers={}
        )
    ),
]
_HOURS: Final = "``hours`` has zone, days (1 is Monday), from and until."
_DAYS: Final = {"type": "array", "items": {"type": "integer", "minimum": 1, "maximum": 7}, "minItems": 1, "maxItems": 7}
_CLOCK: Final = {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"}
Condition = Annotated[
    dict[str, Any],
    WithJsonSchema(
        tagged(
            _HOURS,
            together={},
            hours={"zone": {"type": "string"}, "days": _DAYS, "from": _CLOCK, "until": _CLOCK},
            when_unwell={},
        )
    ),
]


class NewDirective(Body):
    """What the patient shares or withholds, with whom, and how far. ``replaces`` names the current one, if any."""

    model_config = shown_as(
        grantee={"kind": "person", "id": _SAM},
        scope={"kind": "kind", "of": "plan-for-carers"},
        effect="share",
        until="2026-08-03T09:00:00.000Z",
        condition={"kind": "hours", "zone": "Europe/London", "days": [1, 5], "from": "09:00", "until": "17:00"},
    )
    grantee: Grantee
    scope: Scope
    effect: Annotated[str, names("share", "withhold")] = "share"
    starts: Annotated[Moment | None, Field(alias="from")] = None
    until: Moment | None = None
    condition: Condition | None = None
    replaces: Id | None = None
    hidden: bool = False

    def directing(self) -> Directing:
        """The directive of the use case."""
        terms: dict[str, Any] = {"condition": self.condition, "replaces": self.replaces, "hidden": self.hidden}
        return Directing(self.grantee, self.scope, self.effect, self.starts, self.until, **terms)


class ResultsWish(Body):
    """Whether the patient reads results at once, or hears them in person first."""

    model_config = shown_as(wish="tell-me-first")
    wish: Annotated[str, names("at-once", "tell-me-first")]


class NewTogether(Body):
    """With which carer, and until when at the latest."""

    model_config = shown_as(carer=_SAM, until=_EVENING)
    carer: Id
    until: Moment


class NewConversation(Body):
    """How a talk with the patient about carers went; about whom, if somebody was named."""

    model_config = shown_as(outcome="agreed", person=_SAM, capacity="presumed", text="Sam may know the plan.")
    outcome: Annotated[str, names(*CONVERSATIONS)]
    person: Id | None = None
    capacity: Annotated[str, names("presumed", "has", "lacks")] = "presumed"
    text: Text | None = None

    def conversation(self) -> Conversation:
        """The conversation of the use case."""
        return Conversation(self.outcome, self.person, self.capacity, self.text)


@writes(router, "/records/{record}/directives", "sharing.direct")
async def direct(call: Calling, record: InPath, body: Annotated[NewDirective, reads(NewDirective)]) -> Response:
    """Share or withhold a part of the record, by the patient."""
    return answered(await call.ledger.sharing.direct(call.by(body), record, body.directing()))


@writes(router, "/records/{record}/directives/{directive}/withdrawal", "sharing.withdraw")
async def withdraw(
    call: Calling, record: InPath, directive: InPath, body: Annotated[OnlyBody, reads(OnlyBody)]
) -> Response:
    """Withdraw a directive: no later disclosure rests on it.

    Where that may show more than before, it asks for a passkey used lately, as sharing does.
    """
    await check_takes_back(call, record, directive)
    return answered(await call.ledger.sharing.withdraw(call.by(body), record, directive))


@writes(router, "/records/{record}/results-wish", "sharing.wish_results")
async def wish_results(call: Calling, record: InPath, body: Annotated[ResultsWish, reads(ResultsWish)]) -> Response:
    """Choose to read results at once, or to be told first in person."""
    return answered(await call.ledger.sharing.wish_results(call.by(body), record, body.wish))


@writes(router, "/records/{record}/together", "sharing.start_together")
async def start_together(call: Calling, record: InPath, body: Annotated[NewTogether, reads(NewTogether)]) -> Response:
    """Begin looking together with a carer; by the patient, or a clinician in the room."""
    return answered(await call.ledger.sharing.start_together(call.by(body), record, body.carer, body.until))


@writes(router, "/records/{record}/together/{together}/end", "sharing.end_together")
async def end_together(
    call: Calling, record: InPath, together: InPath, body: Annotated[OnlyBody, reads(OnlyBody)]
) -> Response:
    """End a session together."""
    return answered(await call.ledger.sharing.end_together(call.by(body), record, together))


@writes(router, "/records/{record}/carers/{person}/suspension", "sharing.suspend")
async def suspend(
    call: Calling, record: InPath, person: InPath, body: Annotated[OnlyBody, reads(OnlyBody)]
) -> Response:
    """Suspend a carer, by the patient: as if nothing were shared with them."""
    return answered(await call.ledger.sharing.suspend(call.by(body), record, person))


@writes(router, "/records/{record}/carers/{person}/restoration", "sharing.restore")
async def restore(
    call: Calling, record: InPath, person: InPath, body: Annotated[OnlyBody, reads(OnlyBody)]
) -> Response:
    """End a suspension."""
    return answered(await call.ledger.sharing.restore(call.by(body), record, person))


@writes(router, "/records/{record}/sharing/stop", "sharing.stop")
async def stop(call: Calling, record: InPath, body: Annotated[OnlyBody, reads(OnlyBody)]) -> Response:
    """Stop all sharing now, by the patient; what is withheld stays withheld."""
    return answered(await call.ledger.sharing.stop(call.by(body), record))


@writes(router, "/records/{record}/carers/{person}/freeze", "sharing.freeze")
async def freeze(call: Calling, record: InPath, person: InPath, body: Annotated[OnlyBody, reads(OnlyBody)]) -> Response:
    """Freeze what a carer sees, by the patient: what they could see stays, nothing new comes."""
    return answered(await call.ledger.sharing.freeze(call.by(body), record, person))


@writes(router, "/records/{record}/carers/{person}/unfreeze", "sharing.unfreeze")
async def unfreeze(
    call: Calling, record: InPath, person: InPath, body: Annotated[OnlyBody, reads(OnlyBody)]
) -> Response:
    """End a freeze."""
    return answered(await call.ledger.sharing.unfreeze(call.by(body), record, person))


@writes(router, "/records/{record}/carer-conversations", "sharing.hold_conversation")
async def hold_conversation(
    call: Calling, record: InPath, body: Annotated[NewConversation, reads(NewConversation)]
) -> Response:
    """Record a talk with the patient about carers, by a clinician in care."""
    return answered(await call.ledger.sharing.hold_conversation(call.by(body), record, body.conversation()))


_BUNDLE: Final = {
    "resourceType": "Bundle",
    "type": "collection",
    "timestamp": "2026-05-03T09:00:00.000Z",
    "entry": [],
}
_SHARING: Final = {
    "record": "6e0c8a1e-0b1b-4d57-8a53-0d3a54a3c0de",
    "patient": {"id": "3f0f5a53-7a6b-4f0f-a0c4-6b8b7a7b3f10", "name": "Amina Hassan"},
    "opened_at": "2026-05-03T09:00:00.000Z",
    "directives": [
        {
            "id": "9d2b0f3e-5a80-4c3e-9d2b-6f1f3f0a4b11",
            "grantee": {"kind": "person", "id": _SAM, "name": "Sam Hassan"},
            "scope": {"kind": "kind", "of": "plan-for-carers"},
            "effect": "share",
            "terms": {"from": None, "until": None, "condition": {"kind": "together"}},
            "replaces": None,
            "hidden": False,
            "made_at": "2026-05-03T09:00:00.000Z",
        }
    ],
    "sees": [
        {
            "grantee": {"kind": "person", "id": _SAM, "name": "Sam Hassan"},
            "parts": [
                {
                    "scope": {"kind": "kind", "of": "plan-for-carers"},
                    "effect": "unmet",
                    "directive": "9d2b0f3e-5a80-4c3e-9d2b-6f1f3f0a4b11",
                    "own": "9d2b0f3e-5a80-4c3e-9d2b-6f1f3f0a4b11",
                    "beneath": None,
                    "differing": 0,
                }
            ],
        }
    ],
    "carers": [{"person": {"id": _SAM, "name": "Sam Hassan"}, "relation": "son", "suspended": False, "frozen": False}],
    "former_carers": [],
    "care": [],
    "together": [],
    "results_wish": "at-once",
    "after_death_wish": "ask-guardian",
    "conversations": [],
}


@shows(
    router,
    "/records/{record}/sharing",
    "sharing.read",
    _SHARING,
    sometimes=(
        "patient",
        "directives",
        "sees",
        "former_carers",
        "care",
        "together",
        "results_wish",
        "after_death_wish",
    ),
)
async def read(call: Calling, record: InPath, purpose: AskedPurpose = None) -> Response:
    """What is said about sharing now: all of it to the patient; to a clinician in care who decides, and the carers.

    The patient's has, in ``sees``, what each part of the record is to each carer by what counts now: shared, withheld,
    unmet (its condition is not met at this moment), or null where nothing is said.
    """
    return json_answer(as_json(await _view(call, record, purpose)))


@shows(router, "/records/{record}/sharing/fhir", "sharing.read_as_fhir", _BUNDLE)
async def read_as_fhir(call: Calling, record: InPath, purpose: AskedPurpose = None) -> Response:
    """The directives that count as FHIR R4: a Bundle with a Consent for each, for the patient."""
    view = await _view(call, record, purpose)
    if not isinstance(view, PatientsSharing):
        raise NotAllowed("sharing: got a clinician, wanted the patient; read it without FHIR", "not-the-patient")
    return json_answer(consents_of(as_json(view)))


async def _view(call: Call, record: str, purpose: str | None) -> PatientsSharing | CliniciansSharing:
    """Record the disclosure, then build the view of the facts that it rests on."""
    named = purpose_of(call, purpose)
    for _ in range(ATTEMPTS):
        known = (await call.ledger.facts.record(record, fresh=True)).fold.facts
        told = matters_told(known, call.session.acting_as, call.ledger.clock())
        disclosure = await call.ledger.trail.open(call.by(), Asked(record, named, items=told))
        await check_still_signed_in(call)
        if (view := await build(call.ledger, disclosure)) is not None:
            return view
    raise Conflict(f"record {record}: what is shared changed all the time meanwhile; try again")
