"""Notices over HTTP: what a patient is told without looking for it, newest first. Nobody else has any.

A notice about an item is there only if the patient may see the item. Reading them is a disclosure of the record.
"""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.http.answers import json_answer
from api.http.operations import shows
from api.http.reading import Page, purpose_of
from api.http.service import Call, Calling, check_still_signed_in
from ledger.core.instants import Instant, format_instant
from ledger.domain.errors import NotAllowed
from ledger.use_cases.trail import Asked
from projections.holding import disclosed, visible
from projections.notices import NOTICES, Notice

router: Final = APIRouter(tags=["notices"])

_NOTICE: Final = {
    "record": "6e0c8a1e-0b1b-4d57-8a53-0d3a54a3c0de",
    "kind": "emergency",
    "says": NOTICES["emergency"],
    "subject": "0b1b8a1e-6e0c-4d57-8a53-0d3a54a3c0de",
    "at": "2026-05-03T09:00:00.000Z",
}


@shows(router, "/notices", "notices.read", {"notices": [_NOTICE], "cursor": None})
async def read_notices(call: Calling, page: Annotated[Page, Query()]) -> Response:
    """What the patient of this token is told of, newest first."""
    if call.session.acting_as != "patient":
        raise NotAllowed("notices: got a reader without any, wanted a patient", "no-list")
    asked = Asked("", purpose_of(call, page.purpose), "trail")
    await call.service.caught_up()
    continues = ("notices", call.session.person)
    before = None if page.cursor is None else call.service.cursors.open(page.cursor, *continues)
    found = await _notices(call, asked, before, page.limit)
    told, disclosures = await disclosed(call.ledger.trail, call.by(), asked, found[: page.limit])
    if disclosures:
        await check_still_signed_in(call)
    last = found[page.limit - 1] if len(found) > page.limit else None
    cursor = None if last is None else call.service.cursors.seal(last.place, *continues)
    return json_answer({"notices": [_notice(notice) for notice in told], "cursor": cursor})


async def _notices(call: Call, asked: Asked, before: tuple[Instant, int] | None, limit: int) -> list[Notice]:
    """Up to one more than ``limit`` notices that the patient may be told of now."""
    at, found = call.ledger.clock(), list[Notice]()
    while len(found) <= limit:
        chunk = await call.service.notices.of_patient(call.session.person, at, before=before, limit=limit + 1)
        found += await visible(call.ledger.trail, call.by(), asked, chunk)
        if len(chunk) <= limit:
            break
        before = chunk[-1].place
    return found[: limit + 1]


def _notice(notice: Notice) -> dict[str, Any]:
    return {
        "record": notice.record,
        "kind": notice.kind,
        "says": NOTICES[notice.kind],
        "subject": notice.subject,
        "at": format_instant(notice.due_at),
    }
