"""Said: what a page says of one's own statement after it was sent, with whose signature it carries."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from fastapi import Query

from api.http.service import Call
from ledger.core.entry import read_entry
from ledger.core.errors import MalformedStatement
from ledger.core.instants import format_instant
from ledger.core.shapes import uuid
from projections.views.signed import custody_of

AskedSaid = Annotated[str | None, Query(max_length=64)]
"""The id of what was just said, in a handler's parameters."""
MEMBER: Final = "said"


async def said_of(call: Call, statement: str | None) -> Mapping[str, Any] | None:
    """Where one's own statement stands, and whose signature it carries; None for what is not there.

    ``record/said.html`` shows it, under the name ``said``.
    """
    try:
        uuid(MEMBER, statement)
    except MalformedStatement:
        return None
    person = call.session.person
    position = await call.ledger.rows.position_of(person, str(statement))
    if position is None:
        return None
    [(_, entry)] = await call.ledger.rows.entries_of(person, position + 1, 1)
    read = read_entry(entry)
    signer = (person, read.signed.kid)
    return {
        "author": person,
        "statement": str(statement),
        "position": position,
        "recorded_at": format_instant(read.recorded_at),
        "custody": (await custody_of(call.ledger, [signer]))[signer],
    }
