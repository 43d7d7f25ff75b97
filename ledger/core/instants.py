"""Instants: RFC 3339 UTC with milliseconds outside, whole milliseconds since the Unix epoch inside.

One instant has one spelling, ``2026-05-03T09:00:00.000Z``; anything else is refused. The core never
reads a clock: instants are arguments.
"""

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NewType

from ledger.core.errors import MalformedStatement

Instant = NewType("Instant", int)
"""Milliseconds since 1970-01-01T00:00:00Z."""

SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SPELLING = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})T([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9])\.([0-9]{3})Z")


@lru_cache(maxsize=256)  # a batch has one instant, and people write in the same milliseconds
def format_instant(instant: Instant) -> str:
    """Spell an instant as RFC 3339 UTC with exactly three decimals; raise MalformedStatement beyond year 9999."""
    day, rest = divmod(instant, DAY)
    seconds, milliseconds = divmod(rest, SECOND)
    minutes, seconds = divmod(seconds, 60)
    return f"{_format_day(day)}T{minutes // 60:02}:{minutes % 60:02}:{seconds:02}.{milliseconds:03}Z"


@lru_cache(maxsize=1024)
def _format_day(day: int) -> str:
    try:
        return (_EPOCH + timedelta(days=day)).date().isoformat()
    except OverflowError as error:
        raise MalformedStatement("instant", got=f"day {day} since 1970", wanted="a year from 1 to 9999") from error


def parse_instant(text: object) -> Instant:
    """Read the one spelling of an instant; raise MalformedStatement for any other."""
    found = _SPELLING.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise MalformedStatement("instant", got=text, wanted="RFC 3339 UTC in milliseconds, 2026-05-03T09:00:00.000Z")
    day, hours, minutes, seconds, milliseconds = found.groups()
    try:
        midnight = _midnight(day)
    except ValueError as error:
        raise MalformedStatement("instant", got=text, wanted="a day and time that exist") from error
    return Instant(midnight + int(hours) * HOUR + int(minutes) * MINUTE + int(seconds) * SECOND + int(milliseconds))


@lru_cache(maxsize=1024)
def _midnight(day: str) -> int:
    return (date.fromisoformat(day).toordinal() - _EPOCH.toordinal()) * DAY


def instant_of(moment: datetime) -> Instant:
    """The instant of an aware datetime, cut to whole milliseconds."""
    return Instant((moment - _EPOCH) // timedelta(milliseconds=1))
