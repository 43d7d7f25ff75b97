"""The trail by day: on which days how much was looked at, and when as an emergency; the days of the reader's place.

It counts the lines that the reader would be listed, and no others, so it tells nothing that the list does not. A
reading of it is recorded as one of the trail that showed no item: numbers tell of none.
"""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from api.http.answers import json_answer
from api.http.bodies import InPath
from api.http.operations import shows
from api.http.problems import MALFORMED, Problem, Refused
from api.http.reading import OfCase
from api.http.service import Call, Calling
from api.http.sight import Sight, items_of, sight_of
from api.http.trail import check_let_in, check_reads_trail, disclose, reading_of
from ledger.core.decisions import Permit
from ledger.core.hours import zone_named
from ledger.core.instants import Instant, instant_of
from ledger.use_cases.trail import Asked
from projections.access_days import AccessDays, Counted
from projections.access_trail import Line, Sought

router: Final = APIRouter(tags=["trail"])
MOST_DAYS: Final = 84
"""Twelve weeks."""
_ONE_DAY: Final = timedelta(days=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_A_DATE: Final = r"^(19[7-9][0-9]|2[0-9]{3})-[0-9]{2}-[0-9]{2}$"
_DAY: Final = {"day": "2026-05-03", "lines": 12, "by_others": 9, "refused": 0, "emergencies": 1}


class AskedDays(BaseModel):
    """The query of the trail by day: how many days, up to which, of which place."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    days: int = Field(default=MOST_DAYS, ge=1, le=MOST_DAYS)
    last: str | None = Field(default=None, pattern=_A_DATE, description="The last of them; today, if left out.")
    zone: str = Field(default="Europe/London", max_length=64, description="IANA's name of a time zone.")
    purpose: str | None = Field(default=None, max_length=64)
    case: OfCase = None

    def dates(self, now: Instant) -> list[date]:
        """The days asked for; raises Refused for a day or a zone that there is not."""
        zone = zone_named(self.zone)
        if zone is None:
            raise _refused(f"zone: got {self.zone[:40]!r}, wanted the name of a time zone such as Europe/London")
        try:
            today = (_EPOCH + timedelta(milliseconds=now)).astimezone(zone).date()
            last = today if self.last is None else date.fromisoformat(self.last)
        except ValueError as error:
            raise _refused(f"last: got {self.last!r}, wanted a day that exists, such as 2026-05-03") from error
        return [last - timedelta(days=n) for n in range(self.days - 1, -1, -1)]

    def begins(self, dates: Sequence[date]) -> list[Instant]:
        """When each of these days begins there, and when the last one ends."""
        midnights = (datetime.combine(day, time(), zone_named(self.zone)) for day in [*dates, dates[-1] + _ONE_DAY])
        return [instant_of(midnight) for midnight in midnights]


@shows(router, "/records/{record}/trail/days", "trail.days", {"zone": "Europe/London", "days": [_DAY]})
async def by_day(call: Calling, record: InPath, asked: Annotated[AskedDays, Query()]) -> Response:
    """How many lines of this record's trail each day has, oldest first: of them by others, refused, in emergencies."""
    check_reads_trail(call)
    reading = reading_of(call, record, asked.purpose, asked.case)
    dates = asked.dates(call.ledger.clock())
    await check_let_in(call, reading)
    await disclose(call, reading, set())
    days = AccessDays(call.service.follower)
    told = await _counts(call, days, reading, asked.begins(dates))
    return json_answer(
        {"zone": asked.zone, "days": [{"day": str(day), **of} for day, of in zip(dates, told, strict=True)]}
    )


async def _counts(call: Call, days: AccessDays, reading: Asked, begins: list[Instant]) -> list[dict[str, int]]:
    """What is told of each day, decided on what is so now: what was hidden meanwhile is not counted."""
    sight = await sight_of(call, reading.record, Sought(record=reading.record), reading.case)
    seen, hidden, patient = await _decided(call, reading)
    since, until = sight.sought.since or begins[0], sight.sought.until or begins[-1]
    within = max(since, begins[0]), min(until, begins[-1])
    found = await days.counted((reading.record, patient), begins, within, sight.plain(hidden))
    others: dict[int, list[Line]] = {}
    for line in await days.lines([position for day in found.values() for position in day.others]):
        others.setdefault(bisect_right(begins, line.at) - 1, []).append(line)
    return [_told(sight, found.get(n), others.get(n, []), seen, patient) for n in range(len(begins) - 1)]


def _told(sight: Sight, plain: Counted | None, others: list[Line], seen: set[str], patient: str) -> dict[str, int]:
    """What is told of one day: what was counted, and of the other lines those that the reader may see."""
    plain = plain or Counted(0, 0, 0, ())
    shown = [line for line in others if sight.shows(line, seen.intersection(items_of(line)))]
    return {
        "lines": plain.lines + len(shown),
        "by_others": plain.by_others + sum(line.looked != patient for line in shown),
        "refused": plain.refused + sum(line.refused is not None for line in shown),
        "emergencies": sum(sight.opened(line, seen) for line in shown),
    }


async def _decided(call: Call, reading: Asked) -> tuple[set[str], set[str], str]:
    """What of this record the reader sees, and what not, of items and matters; and who the patient is."""
    facts = (await call.ledger.facts.record(reading.record, fresh=True)).fold.facts
    decided = await call.ledger.trail.decided(call.by(), reading, [*facts.items, *facts.matters])
    seen = {item for item, decision in decided.items() if isinstance(decision, Permit)}
    return seen, decided.keys() - seen, str(facts.patient)


def _refused(detail: str) -> Refused:
    return Refused(Problem(MALFORMED, detail))
