"""Matters over HTTP: what is said in words about a record as a whole, to those who may read it."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from api.http.answers import json_answer
from api.http.bodies import InPath, names
from api.http.operations import shows
from api.http.problems import MALFORMED, Problem, Refused
from api.http.reading import OfCase, case_of, purpose_of
from api.http.service import Calling, check_still_signed_in
from ledger.core.matters import MATTER_KINDS
from ledger.use_cases.trail import Asked
from projections.views import matters
from projections.views.fields import as_json

router: Final = APIRouter(tags=["records"])
_ID: Final = "9d2b0f3e-5a80-4c3e-9d2b-6f1f3f0a4b11"
_EXAMPLE: Final[dict[str, Any]] = {
    "disclosure": "019c0f3e-5a80-7c3e-9d2b-6f1f3f0a4b11",
    "record": "6e0c8a1e-0b1b-4d57-8a53-0d3a54a3c0de",
    "patient": {"id": "3f0f5a53-7a6b-4f0f-a0c4-6b8b7a7b3f10", "name": "Amina Hassan"},
    "opened_at": "2026-05-03T09:00:00.000Z",
    "matters": [
        {
            "id": _ID,
            "rule": "own-record",
            "said": [
                {
                    "type": "emergency-opened/2",
                    "author": {"id": _ID, "name": "Dr Moss", "acting_as": "clinician", "signed": "service"},
                    "made_at": "2026-05-03T08:00:00.000Z",
                    "recorded_at": "2026-05-03T08:00:00.000Z",
                    "facts": {
                        "emergency": _ID,
                        "person": _ID,
                        "kind": "life-at-risk",
                        "until": "2026-05-03T12:00:00.000Z",
                    },
                    "words": {"reason": "Found unconscious."},
                }
            ],
        }
    ],
}


class Matters(BaseModel):
    """The query: of which kinds (all of them, if none is named), for what, and an auditor's case."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: list[Annotated[str, names(*MATTER_KINDS)]] = Field(
        default_factory=list, max_length=len(MATTER_KINDS), description="Of these kinds only."
    )
    purpose: str | None = Field(default=None, max_length=64, description="Clinicians name one for each session.")
    case: OfCase = None

    def kinds(self) -> frozenset[str]:
        """The kinds; raises Refused for one that there is not."""
        for kind in self.kind:
            if kind not in MATTER_KINDS:
                wanted = ", ".join(MATTER_KINDS)
                raise Refused(Problem(MALFORMED, f"kind: got {kind[:40]!r}, wanted one of {wanted}"))
        return frozenset(self.kind or MATTER_KINDS)


@shows(router, "/records/{record}/matters", "matters.list", _EXAMPLE)
async def read_matters(call: Calling, record: InPath, sought: Annotated[Matters, Query()]) -> Response:
    """Why an emergency was opened and how it was reviewed, questions about an access and their answers, and the like.

    Of a scope, the items that the reader may not see are left out.
    """
    purpose, case = purpose_of(call, sought.purpose), case_of(call, sought.case)
    disclosure = await call.ledger.trail.open(call.by(), Asked(record, purpose, matters=sought.kinds(), case=case))
    await check_still_signed_in(call)
    told = await matters.statements_of(call.ledger, disclosure)
    named = matters.items_in(told)
    visible = await call.ledger.trail.visible(call.by(), Asked(record, purpose, case=case), named) if named else set()
    return json_answer(as_json(await matters.build(call.ledger, disclosure, told, visible)))
