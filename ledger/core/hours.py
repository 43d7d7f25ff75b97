"""Hours of the week in a named time zone: when a share "on Saturdays from nine to noon" is open.

A zone's rules come from the IANA time-zone database through ``zoneinfo``, the one table outside the ledger
that a decision consults. It is data, not a clock: a zone is read once per process, and the package ``tzdata``
pins its version where the system has none. An unknown zone opens nothing.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from ledger.core.instants import Instant, instant_of

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
# Area/Place or UTC. Not "localtime", "posix/…" or "right/…": what those mean differs between machines.
_ZONE: Final = re.compile(r"UTC|[A-Z][A-Za-z]+(/[A-Z][A-Za-z0-9_+-]*)+")
_ONE_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Hours:
    """A window on some days of the week: ISO days (Monday 1 to Sunday 7), wall-clock times in ``zone``.

    A window that closes before it opens runs past midnight and belongs to the day on which it opens; one that
    closes when it opens is empty.
    """

    zone: str
    days: frozenset[int]
    opens: time
    closes: time


def hours_of(condition: dict[str, Any]) -> Hours:
    """Read the ``hours`` condition of a directive (checked before by ``ledger.core.vocabulary``)."""
    return Hours(
        condition["zone"],
        frozenset(condition["days"]),
        time.fromisoformat(condition["from"]),
        time.fromisoformat(condition["until"]),
    )


@lru_cache(maxsize=512)
def zone_named(name: str) -> tzinfo | None:
    """The zone with this IANA name, or None if there is none."""
    if not _ZONE.fullmatch(name):
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # not found; not a zone file; a folder such as Europe
        return None


def closing_of(hours: Hours, at: Instant) -> Instant | None:
    """The instant at which the window that is open at ``at`` closes, or None if none is open."""
    zone = zone_named(hours.zone)
    if zone is None or hours.opens == hours.closes:
        return None
    try:
        today = (_EPOCH + timedelta(milliseconds=at)).astimezone(zone).date()
        windows = [_window(hours, day, zone) for day in (today, today - _ONE_DAY) if day.isoweekday() in hours.days]
    except OverflowError:  # the calendar ends, so nothing is open
        return None
    return next((closing for opening, closing in windows if opening <= at < closing), None)


def _window(hours: Hours, day: date, zone: tzinfo) -> tuple[Instant, Instant]:
    """Opening and closing of the window that belongs to ``day``.

    A clock change can skip a time of day or repeat it. Then the shorter window is meant: the later of both
    opening instants, the earlier of both closing instants, so that a clock change never widens a share.
    """
    last = day if hours.opens < hours.closes else day + _ONE_DAY
    return max(_readings(day, hours.opens, zone)), min(_readings(last, hours.closes, zone))


def _readings(day: date, clock: time, zone: tzinfo) -> tuple[Instant, Instant]:
    """The instants that a wall clock's reading can stand for (PEP 495); the same twice on ordinary days."""
    reading = datetime.combine(day, clock, zone)
    return instant_of(reading), instant_of(reading.replace(fold=1))
