"""Erasing words over HTTP: one asks for it, a guardian who is somebody else says it."""

from typing import Annotated, Final

from fastapi import APIRouter
from starlette.responses import Response

from api.http.answers import answered
from api.http.bodies import Body, Id, InPath, Text, names, reads, shown_as
from api.http.operations import writes
from api.http.service import Calling
from ledger.core.terms import BASES

router: Final = APIRouter(tags=["erasure"])
_ITEM: Final = "/records/{record}/items/{item}"


class ErasureAsked(Body):
    """On which basis the words about an item should be erased, and why; ``answers``: those of its answers as well."""

    model_config = shown_as(basis="consent-withdrawn", reason="I told this to one person only.", answers=True)
    basis: Annotated[str, names(*BASES)]
    reason: Text
    answers: bool = False


class ErasureSaid(Body):
    """Which asking this answers, and on which basis the words are erased."""

    model_config = shown_as(erasure="0190a8a0-0000-7000-8000-000000000009", basis="consent-withdrawn")
    erasure: Id
    basis: Annotated[str, names(*BASES)]


@writes(router, f"{_ITEM}/erasure-asked", "erasing.ask")
async def ask(
    call: Calling, record: InPath, item: InPath, body: Annotated[ErasureAsked, reads(ErasureAsked)]
) -> Response:
    """Ask that the words about an item be erased, by the patient or a guardian."""
    said = call.ledger.erasing.ask(call.by(body), record, item, body.basis, body.reason, answers=body.answers)
    return answered(await said)


@writes(router, f"{_ITEM}/erased", "erasing.erase")
async def erase(
    call: Calling, record: InPath, item: InPath, body: Annotated[ErasureSaid, reads(ErasureSaid)]
) -> Response:
    """Erase the words about an item, by a guardian who is not the one who asked; then those of its answers, if asked.

    The answer is about the item. What answers it is erased by statements of their own; interrupted, say it again under
    the same idempotency key.
    """
    said = await call.ledger.erasing.erase(call.by(body), record, item, body.erasure, body.basis)
    return answered(said[0])
