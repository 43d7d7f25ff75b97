"""Deriving again over HTTP: an auditor has the disclosures of a case decided anew, on the facts before each of them.

What was shown must be permitted now as then, by the same rule and on the same facts. That is work, so each request does
a little of it and says where to go on. It is a reading of the trail, recorded before it is answered.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from api.http.answers import json_answer
from api.http.operations import shows
from api.http.reading import OfCase, Page
from api.http.service import Call, Calling
from api.http.sight import Sight, items_of
from api.http.trail import disclose, reading_of, sight_across, visible_to
from ledger.core.instants import Instant, format_instant
from ledger.domain.errors import NotAllowed
from ledger.replaying.deriving import Difference
from ledger.replaying.run import Replay, Replayed
from ledger.store.mapper import SealingMapper
from ledger.use_cases.trail import Asked
from projections.access_trail import Line, Sought

router: Final = APIRouter(tags=["trail"])
LARGEST: Final = 200
"""Disclosures of one request."""
WITHIN: Final = 2.0
"""Seconds that one request derives for; one disclosure is derived in any case."""
_ITEM: Final = "item "
OUTSIDE: Final = "an item outside the case"
"""What differs, where it is not the auditor's to know which item it is."""

_DIFFERENCE: Final = {
    "position": 73894,
    "disclosure": "019c0f3e-5a80-7c3e-9d2b-6f1f3f0a4b11",
    "record": "6e0c8a1e-0b1b-4d57-8a53-0d3a54a3c0de",
    "viewer": "0b1b8a1e-6e0c-4d57-8a53-0d3a54a3c0de",
    "what": "item 9d2b0f3e-5a80-4c3e-9d2b-6f1f3f0a4b11",
    "recorded": {"outcome": "permitted", "rule": "direct-care", "evidence": [12, 90]},
    "derived": {"outcome": "denied", "rule": "sealed-by-patient", "evidence": [73001]},
}
_EXAMPLE: Final = {
    "since": "2026-05-03T09:00:00.000Z",
    "until": "2026-05-12T16:31:00.000Z",
    "disclosures": 12,
    "refusals": 1,
    "decisions": 57,
    "different": 1,
    "differences": [_DIFFERENCE],
    "cursor": None,
}


class PageOfReplay(Page):
    """The query of one part of it: how many disclosures at most, from where on, in which case."""

    limit: int = Field(default=LARGEST, ge=1, le=LARGEST, description="Disclosures at most.")
    case: OfCase = None


@dataclass(slots=True)
class _Done:
    """What was derived again: lines with those of their items that the auditor may see, and what came of each."""

    lines: list[tuple[Line, set[str]]] = field(default_factory=list)
    refusals: int = 0
    decisions: int = 0
    differences: list[tuple[Line, Difference]] = field(default_factory=list)


@shows(router, "/trail/replay", "trail.replay", _EXAMPLE)
async def replay(call: Calling, page: Annotated[PageOfReplay, Query()]) -> Response:
    """The disclosures of a case, oldest first, derived again: how many, and each difference with both evidences.

    ``decisions`` counts the items that were shown, of those that the auditor may see. Disclosures that come after the
    first of these requests are none of it.
    """
    asked = reading_of(call, "", page.purpose, page.case)
    sight = await _sight(call, asked.case)
    continues = ("replay", call.session.person, asked.case or "")
    await call.service.caught_up()
    # The place of a cursor: before which position all of it ends, and behind which the next part begins.
    before, after = Instant(await call.ledger.rows.size()), -1
    if page.cursor is not None:
        before, after = call.service.cursors.open(page.cursor, *continues)
    lines = await _lines(call, sight, asked, (after, before), page.limit + 1)
    done = await _derived(call, lines[: page.limit], before)
    await _tell(call, asked, sight, done)
    more = len(done.lines) < len(lines)
    cursor = call.service.cursors.seal((before, done.lines[-1][0].position), *continues) if more else None
    return json_answer({**_as_json(done), "cursor": cursor})


async def _sight(call: Call, case: str | None) -> Sight:
    if call.session.acting_as != "auditor":
        raise NotAllowed(f"replay: got acting_as {call.session.acting_as}, wanted auditor", "no-trail")
    return await sight_across(call, Sought(), case)


async def _lines(
    call: Call, sight: Sight, asked: Asked, between: tuple[int, int], limit: int
) -> list[tuple[Line, set[str]]]:
    """The disclosures of the case between two positions, oldest first, as many as are asked for."""
    after, before = between
    seeing, found = visible_to(call, asked), list[tuple[Line, set[str]]]()
    while len(found) < limit:
        chunk = await call.service.access_trail.oldest(sight.sought, after=after, limit=LARGEST)
        lines, seen = await seeing([line for line in chunk if line.position < before and line.attempted is None])
        found += [(line, seen.intersection(items_of(line))) for line in lines if sight.shows(line, seen)]
        if len(chunk) < LARGEST or chunk[-1].position >= before:
            break
        after = chunk[-1].position
    return found[:limit]


async def _derived(call: Call, lines: Sequence[tuple[Line, set[str]]], before: int) -> _Done:
    run, done = Replay(call.ledger.rows, SealingMapper(call.ledger.keyring), before), _Done()
    end = monotonic() + WITHIN
    for line, seen in lines:
        came = Replayed(line.position)
        await run.again(line.position, came)
        done.lines.append((line, seen))
        done.refusals += came.refusals
        done.decisions += len(seen)
        done.differences += [(line, difference) for difference in came.differences]
        if monotonic() >= end:
            break
        await asyncio.sleep(0)  # others are answered meanwhile
    return done


async def _tell(call: Call, asked: Asked, sight: Sight, done: _Done) -> None:
    """Record that the auditor is told of these looks, as a reading of each record's trail."""
    told: dict[str, set[str]] = {} if sight.case is None or sight.case.record is None else {sight.case.record: set()}
    for line, seen in done.lines:
        if line.record is not None:
            told.setdefault(line.record, set()).update(seen)
    await asyncio.gather(*(disclose(call, replace(asked, record=one), told[one]) for one in told))


def _as_json(done: _Done) -> dict[str, Any]:
    seen = {line.position: of for line, of in done.lines}
    return {
        "since": format_instant(done.lines[0][0].at) if done.lines else None,
        "until": format_instant(done.lines[-1][0].at) if done.lines else None,
        "disclosures": len(done.lines),
        "refusals": done.refusals,
        "decisions": done.decisions,
        "different": len(done.differences),
        "differences": [_difference(line, one, seen[line.position]) for line, one in done.differences],
    }


def _difference(line: Line, one: Difference, seen: set[str]) -> dict[str, Any]:
    hidden = one.what.startswith(_ITEM) and one.what.removeprefix(_ITEM) not in seen
    told = {**one.as_json(), "disclosure": line.id, "record": line.record, "viewer": line.viewer}
    return {**told, "what": OUTSIDE} if hidden else told
