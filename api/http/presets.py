"""Presets over HTTP: a few words of the patient's, shown as the statements that they mean, then carried out."""

from collections.abc import Sequence
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from api.http.answers import json_answer, told_of
from api.http.bodies import UUID_PATTERN, Body, Id, InPath, Parts, names, reads, shown_as
from api.http.operations import EXAMPLE_ANSWER, example, problems, shows
from api.http.problems import MALFORMED, Problem, Refused
from api.http.reading import purpose_of
from api.http.service import Calling, check_still_signed_in
from ledger.core.directives import Scope
from ledger.core.errors import MalformedStatement
from ledger.core.presets import EVERYTHING_EXCEPT, PRESETS, Chosen, Step
from ledger.core.statement_types import PART
from ledger.use_cases.presets import scope_as_said
from ledger.use_cases.trail import Asked

router: Final = APIRouter(tags=["presets"])
_SAM: Final = "0b1b8a1e-6e0c-4d57-8a53-0d3a54a3c0de"
_STEP: Final = {"does": "share", "scope": {"kind": "kind", "of": "medicine"}, "directive": None}
MOST_TICKED: Final = 200


class AskedPreset(BaseModel):
    """The query of a preset: which, for whom, and what is ticked: ``kind:letter``, ``topic:genetic``, ``item:…``."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    preset: Annotated[str, Field(max_length=64), names(*PRESETS)]
    person: str | None = Field(default=None, pattern=UUID_PATTERN, description="The carer; nobody for ``stop``.")
    ticked: list[str] = Field(default_factory=list, alias="except", max_length=MOST_TICKED)
    purpose: str | None = Field(default=None, max_length=64, description="Patients have one only.")

    def chosen(self) -> Chosen:
        """What the patient chose; raises Refused for what is no preset."""
        parts = [dict(zip(("kind", "of"), one.partition(":")[::2], strict=True)) for one in self.ticked]
        return _chosen(self.preset, self.person, parts, "/query")


class NewPreset(Body):
    """Which preset is carried out, for which carer, and what is ticked (``everything-except``)."""

    model_config = shown_as(preset="everything-except", person=_SAM, **{"except": [{"kind": "kind", "of": "letter"}]})
    preset: Annotated[str, names(*PRESETS)]
    person: Id | None = None
    ticked: Annotated[Parts, Field(alias="except", max_length=MOST_TICKED)] = Field(
        default_factory=list, alias="except"
    )

    def chosen(self) -> Chosen:
        """What the patient chose; raises Refused for what is no preset."""
        return _chosen(self.preset, self.person, self.ticked, "")


@shows(router, "/records/{record}/presets", "presets.plan", {"preset": "medicines", "person": _SAM, "steps": [_STEP]})
async def plan(call: Calling, record: InPath, asked: Annotated[AskedPreset, Query()]) -> Response:
    """What a preset would say, step by step; for the patient. Nothing where all is as it means."""
    chosen = asked.chosen()
    purpose = purpose_of(call, asked.purpose)
    steps = await call.ledger.presets.plan(call.by(), record, chosen)
    # What is shared now shows in the steps: that somebody reads of it is recorded, and only then answered.
    await call.ledger.trail.open(call.by(), Asked(record, purpose, items=()))
    await check_still_signed_in(call)
    return json_answer({"preset": chosen.preset, "person": chosen.person, "steps": [_step(one) for one in steps]})


@router.post(
    "/records/{record}/presets",
    operation_id="presets.carry_out",
    summary="presets.carry_out",
    response_class=Response,
    response_model=None,
    responses={
        200: example(None, {"said": [{**_STEP, **EXAMPLE_ANSWER}]}, "What was said, in its order"),
        **problems(401, 403, 404, 409, 413, 415, 422, 503),
    },
    openapi_extra={"security": [{"bearer": []}]},
)
async def carry_out(call: Calling, record: InPath, body: Annotated[NewPreset, reads(NewPreset)]) -> Response:
    """Carry out a preset, by the patient: several statements, each with its receipt; a second time says nothing.

    It needs no idempotency key: stopped half-way, it is finished by asking again.
    """
    said = await call.ledger.presets.carry_out(call.by(body), record, body.chosen())
    return json_answer({"said": [{**_step(step), **told_of(answer)} for step, answer in said]})


def _step(step: Step) -> dict[str, Any]:
    scope = None if step.scope is None else scope_as_said(step.scope)
    return {"does": step.does, "scope": scope, "directive": step.directive}


def _chosen(preset: str, person: str | None, ticked: Sequence[dict[str, Any]], pointer: str) -> Chosen:
    if preset not in PRESETS:
        raise _malformed(f"{pointer}/preset", f"got {preset[:40]!r}, wanted one of {', '.join(PRESETS)}")
    if (person is None) != (preset == "stop"):
        wanted = "nobody: it is for all of them" if preset == "stop" else "the carer that it is for"
        raise _malformed(f"{pointer}/person", f"got {person}, wanted {wanted}")
    if ticked and preset != EVERYTHING_EXCEPT:
        raise _malformed(f"{pointer}/except", f"got {len(ticked)} parts, wanted none with {preset}")
    return Chosen(preset, person, frozenset(_part(one, f"{pointer}/except/{n}") for n, one in enumerate(ticked)))


def _part(part: dict[str, Any], pointer: str) -> Scope:
    try:
        PART("except", part)
    except MalformedStatement as error:
        raise _malformed(pointer, f"got {str(part)[:80]}, wanted {error.wanted}") from error
    return part["kind"], part["of"]


def _malformed(pointer: str, detail: str) -> Refused:
    wanted = detail.partition("wanted ")[2]
    return Refused(Problem(MALFORMED, f"{pointer}: {detail}", {"errors": [{"pointer": pointer, "wanted": wanted}]}))
