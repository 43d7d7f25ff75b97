"""Receipts over HTTP: of one's own statements, and of everything that is shown of an item or of a matter."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from api.http.answers import json_answer
from api.http.bodies import InPath
from api.http.operations import example, problems, shows
from api.http.problems import NO_WITNESSES, NOT_WITNESSED, Problem, Refused
from api.http.reading import AskedPurpose, purpose_of
from api.http.records import built_for
from api.http.service import Call, Calling, Service, check_still_signed_in
from api.http.sight import OVERSEERS
from ledger.core.entry import parse_entry
from ledger.domain.errors import NotAllowed, Unknown
from ledger.store.errors import NotRecorded
from ledger.store.receipts import Standing, StandingReceipt, nobody_witnesses
from ledger.use_cases.trail import Asked
from projections.views import statements
from projections.views.fields import as_json

router: Final = APIRouter(tags=["receipts"])
HOLDERS: Final = frozenset({"patient", "clinician"})
"""Who may hold the receipts of what others said, if their view shows it. A child's parent reads as the child does."""
_STANDING_RECEIPT: Final = {
    "standing": "witnessed",
    "receipt": {
        "entry": '{"recorded_at":"2026-05-03T09:00:00.000Z",…}',
        "proof": "c2sp.org/tlog-proof@v1\nindex 73894\n…",
    },
}
_ID: Final = "9d2b0f3e-5a80-4c3e-9d2b-6f1f3f0a4b11"
_TOLD: Final = {
    "disclosure": "019c0f3e-5a80-7c3e-9d2b-6f1f3f0a4b11",
    "record": "6e0c8a1e-0b1b-4d57-8a53-0d3a54a3c0de",
    "patient": {"id": "3f0f5a53-7a6b-4f0f-a0c4-6b8b7a7b3f10", "name": "Amina Hassan"},
    "opened_at": "2026-05-03T09:00:00.000Z",
}


def _with(of: str, statement_type: str) -> Mapping[str, Any]:
    """An answer with one receipt: of an ``item`` or a ``matter``."""
    shown = {
        "statement_id": "019c0f3e-5a80-7c3e-9d2b-6f1f3f0a4b12",
        of: "0b1b8a1e-6e0c-4d57-8a53-0d3a54a3c0de",
        "type": statement_type,
        "author": {"id": _ID, "name": "Dr Okafor", "acting_as": "clinician", "signed": "author"},
        "made_at": "2026-05-03T08:59:59.000Z",
        "recorded_at": "2026-05-03T09:00:00.000Z",
    }
    return {**_TOLD, "receipts": [{**shown, **_STANDING_RECEIPT}]}


class AskedReceipt(BaseModel):
    """The query of a receipt: what its checkpoint must have."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    standing: Standing | None = Field(default=None, description="The best there is, if left out.")


@router.get(
    "/statements/{author}/{statement_id}/receipt",
    operation_id="statements.receipt",
    summary="statements.receipt",
    response_class=Response,
    response_model=None,
    responses={
        200: example("StandingReceipt", _STANDING_RECEIPT, "The receipt"),
        **problems(401, 403, 404, 409, 422, 503),
    },
    openapi_extra={"security": [{"bearer": []}, {"session": []}]},
)
async def of_statement(
    call: Calling, author: InPath, statement_id: InPath, asked: Annotated[AskedReceipt, Query()]
) -> Response:
    """The receipt of one's own statement; what one is shown of an item or a matter has them at its own ``…/receipts``.

    Under the newest checkpoint that is witnessed, once one covers it, or else the newest that the log has signed.
    """
    own = author == call.session.person
    position = await call.ledger.rows.position_of(author, statement_id) if own else None
    if position is None:
        raise Unknown(f"statement {statement_id}: there is no such statement of yours; check the ids")
    is_witnessed = nobody_witnesses if asked.standing == "recorded" else call.service.is_witnessed
    found = await call.ledger.receipts.standing_at(position, is_witnessed)
    if asked.standing == "witnessed" and found.standing != "witnessed":
        raise Refused(_not_yet(call.service, position))
    return json_answer(found.as_json())


@shows(router, "/records/{record}/items/{item}/receipts", "items.receipts", _with("item", "item-added/1"))
async def of_item(call: Calling, record: InPath, item: InPath, purpose: AskedPurpose = None) -> Response:
    """The receipts of what one is shown of an item: of it and of what stands under it, in the order it was said.

    Decided and recorded as the item's own reading. For the patient, for a child's parent, and for clinicians: a receipt
    has a place on the log, by which who reads less could count what is hidden from them.
    """
    asked = Asked(record, purpose_of(call, purpose), item=item)
    await _check_may_hold(call, asked)
    view, _ = await built_for(call, call.by(), asked, statements.build)
    return await _answered(call, view)


@shows(
    router,
    "/records/{record}/matters/{matter}/receipts",
    "matters.receipts",
    _with("matter", "capacity-assessed/1"),
)
async def of_matter(call: Calling, record: InPath, matter: InPath, purpose: AskedPurpose = None) -> Response:
    """The receipts of what one is shown of a matter (``matters.list``), in the order it was said.

    Decided and recorded as a reading of this one matter, for the same people as the receipts of an item.
    """
    asked = Asked(record, purpose_of(call, purpose), matter=matter)
    await _check_may_hold(call, asked)
    disclosure = await call.ledger.trail.open(call.by(), asked)
    await check_still_signed_in(call)
    return await _answered(call, as_json(await statements.build_of_matter(call.ledger, disclosure)))


async def _answered(call: Call, view: dict[str, Any]) -> Response:
    """A view of statements, with the receipt of each in place of where it stands."""
    found = [await _with_receipt(call, **one) for one in view.pop("statements")]
    return json_answer({**view, "receipts": found})


async def _check_may_hold(call: Call, asked: Asked) -> None:
    """Raise for whoever reads records and never a receipt of what others said in them, whatever they ask for.

    A carer hears of the ledger itself that nothing is there, and it is recorded: as of who has looked, which a place
    on the log would tell of as well.
    """
    acting_as = call.session.acting_as
    if acting_as in OVERSEERS:
        wanted = ", ".join(sorted(HOLDERS))
        raise NotAllowed(f"receipts: got acting_as {acting_as}, wanted one of {wanted}", "no-view")
    if acting_as not in HOLDERS:
        as_the_trail = Asked(asked.record, asked.purpose, "trail", items=())
        if not await call.ledger.trail.may_open(call.by(), as_the_trail):
            await call.ledger.trail.open(call.by(), as_the_trail)


async def _with_receipt(call: Call, position: int, **shown: Any) -> Mapping[str, Any]:
    """One statement with its receipt, which says its id."""
    found = await _soon(call, position)
    return {"statement_id": parse_entry(found.receipt.entry).signed.statement.id, **shown, **found.as_json()}


async def _soon(call: Call, position: int) -> StandingReceipt:
    """The receipt of what may have been said just now; raises NotRecorded where no checkpoint comes to cover it."""
    try:
        return await call.ledger.receipts.soon_at(position, call.service.is_witnessed)
    except TimeoutError:
        detail = "receipts: got no checkpoint yet that covers all that is shown, wanted one; ask again in a second"
        raise NotRecorded(detail) from None


def _not_yet(service: Service, position: int) -> Problem:
    """What to say of a receipt that is to be witnessed and is not."""
    if service.policy is None:
        detail = "standing: got witnessed, wanted recorded, because this log names no witnesses; ask for that"
        return Problem(NO_WITNESSES, detail)
    detail = (
        f"receipt: too few witnesses have cosigned a checkpoint that covers position {position} yet; ask again in a "
        "few seconds, or take the one that the log has signed with standing=recorded"
    )
    return Problem(NOT_WITNESSED, detail)
