"""Answers: how what the ledger says becomes bytes. Written directly, because a model would check it all again."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

import orjson
from starlette.responses import Response

from api.http.problems import ALREADY_SAID, Problem
from ledger.core.instants import format_instant
from ledger.ledger import Ledger
from ledger.saying import Answer
from ledger.store.errors import AlreadySaid, NotRecorded

IDS: Final = (
    "person",
    "team",
    "record",
    "care",
    "next",
    "item",
    "withholding",
    "erasure",
    "directive",
    "together",
    "conversation",
    "emergency",
    "question",
    "assessment",
    "power",
    "parental",
    "best_interests",
    "release",
    "case",
    "policy",
    "recovery",
    "kid",
)
"""The facts of a statement that name what it made or is about."""


def json_answer(value: Mapping[str, Any], status: int = 200) -> Response:
    """A JSON object."""
    return Response(orjson.dumps(value), status, media_type="application/json")


def answered(answer: Answer) -> Response:
    """What a write is answered with: 201 and the receipt; for a repeat 200 and the first receipt.

    Witnesses have not seen it yet: a receipt that stands witnessed is fetched later.
    """
    return json_answer(told_of(answer), 200 if answer.repeated else 201)


def told_of(answer: Answer) -> dict[str, Any]:
    """What is told of one statement that was admitted."""
    return {
        "statement_id": answer.statement_id,
        "position": answer.position,
        "recorded_at": format_instant(answer.recorded_at),
        "ids": {name: answer.facts[name] for name in IDS if answer.facts.get(name) is not None},
        "standing": "recorded",
        "receipt": answer.receipt.as_json(),
    }


async def conflict_of(error: AlreadySaid, ledger: Ledger) -> Problem:
    """The problem of an id that its author used for something else, with the receipt of that."""
    members: dict[str, Any] = {"position": error.position, "standing": None, "receipt": None}
    # Its checkpoint may be yet to come, if the first answer was lost a moment ago: it can be fetched then.
    with suppress(NotRecorded):
        members |= (await ledger.receipts.standing_at(error.position)).as_json()
    return Problem(ALREADY_SAID, str(error), members)
