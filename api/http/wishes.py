"""Advance statements over HTTP."""

from typing import Annotated, Final

from fastapi import APIRouter
from starlette.responses import Response

from api.http.answers import answered
from api.http.bodies import Body, InPath, OnlyBody, Text, names, reads, shown_as
from api.http.operations import writes
from api.http.service import Calling

router: Final = APIRouter(tags=["wishes"])
_WISH: Final = "/records/{record}/wishes/{item}"


class NewWish(Body):
    """An advance statement to be drafted."""

    model_config = shown_as(title="When I am unwell", text="Please ring my sister before anybody else.")
    text: Text
    title: Text | None = None


class WishReview(Body):
    """What a review of an advance statement found."""

    model_config = shown_as(outcome="confirmed", text="Still what I want.")
    outcome: Annotated[str, names("confirmed", "to-be-changed")]
    text: Text | None = None


class WishWithdrawal(Body):
    """Why it is withdrawn, if the patient wishes to say."""

    model_config = shown_as(text="My sister has moved abroad.")
    text: Text | None = None


@writes(router, "/records/{record}/wishes", "wishes.draft")
async def draft(call: Calling, record: InPath, body: Annotated[NewWish, reads(NewWish)]) -> Response:
    """Draft an advance statement; it is an item of kind ``wishes``."""
    return answered(await call.ledger.wishes.draft(call.by(body), record, body.text, title=body.title))


@writes(router, f"{_WISH}/signature", "wishes.sign")
async def sign(call: Calling, record: InPath, item: InPath, body: Annotated[OnlyBody, reads(OnlyBody)]) -> Response:
    """Sign an advance statement, by the patient."""
    return answered(await call.ledger.wishes.sign(call.by(body), record, item))


@writes(router, f"{_WISH}/review", "wishes.review")
async def review(
    call: Calling, record: InPath, item: InPath, body: Annotated[WishReview, reads(WishReview)]
) -> Response:
    """Review a signed advance statement."""
    return answered(await call.ledger.wishes.review(call.by(body), record, item, body.outcome, text=body.text))


@writes(router, f"{_WISH}/withdrawal", "wishes.withdraw")
async def withdraw(
    call: Calling, record: InPath, item: InPath, body: Annotated[WishWithdrawal, reads(WishWithdrawal)]
) -> Response:
    """Withdraw an advance statement."""
    return answered(await call.ledger.wishes.withdraw(call.by(body), record, item, text=body.text))
