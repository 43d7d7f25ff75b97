"""Hours of the week in a named time zone, through clock changes."""

from datetime import time

import pytest

from ledger.core.hours import Hours, closing_of, zone_named
from ledger.core.instants import format_instant, parse_instant

EVERY_DAY = frozenset(range(1, 8))


def closing(hours: Hours, at: str) -> str | None:
    closes = closing_of(hours, parse_instant(f"{at}:00.000Z"))
    return None if closes is None else format_instant(closes)[:16]


def london(opens: str, closes: str, days: frozenset[int] = EVERY_DAY) -> Hours:
    return Hours("Europe/London", days, time.fromisoformat(opens), time.fromisoformat(closes))


@pytest.mark.parametrize(
    ("hours", "at", "closes"),
    [
        (london("09:00", "12:00"), "2026-01-05T09:00", "2026-01-05T12:00"),  # winter
        (london("09:00", "12:00"), "2026-07-06T08:00", "2026-07-06T11:00"),  # summer
        (london("09:00", "12:00"), "2026-07-06T11:00", None),
        (london("09:00", "12:00", frozenset({1})), "2026-01-05T09:00", "2026-01-05T12:00"),  # a Monday
        (london("09:00", "12:00", frozenset({1})), "2026-01-06T09:00", None),
        (london("09:00", "12:00", frozenset()), "2026-01-05T09:00", None),
        (london("09:00", "09:00"), "2026-01-05T09:00", None),
        # past midnight: the window belongs to the day on which it opens
        (london("22:00", "06:00", frozenset({7})), "2026-01-05T05:59", "2026-01-05T06:00"),
        (london("22:00", "06:00", frozenset({7})), "2026-01-05T22:00", None),
        # 29 March 2026, 01:00 to 02:00 does not exist: the later opening, the earlier closing
        (london("01:30", "03:00"), "2026-03-29T01:29", None),
        (london("01:30", "03:00"), "2026-03-29T01:30", "2026-03-29T02:00"),
        (london("00:00", "01:30"), "2026-03-29T00:29", "2026-03-29T00:30"),
        (london("00:00", "01:30"), "2026-03-29T00:30", None),
        # 25 October 2026, 01:00 to 02:00 comes twice
        (london("00:30", "01:30"), "2026-10-25T00:29", "2026-10-25T00:30"),
        (london("00:30", "01:30"), "2026-10-25T01:15", None),
        (london("01:30", "03:00"), "2026-10-25T00:45", None),
        (london("01:30", "03:00"), "2026-10-25T01:30", "2026-10-25T03:00"),
        (Hours("Asia/Tokyo", EVERY_DAY, time(9), time(12)), "2026-01-05T00:00", "2026-01-05T03:00"),
        (Hours("Nowhere/Land", EVERY_DAY, time(9), time(12)), "2026-01-05T09:30", None),
    ],
)
def test_when_a_window_closes(hours: Hours, at: str, closes: str | None) -> None:
    assert closing(hours, at) == closes


@pytest.mark.parametrize(
    "name",
    ["", "Europe", "localtime", "posix/Europe/London", "right/UTC", "../Europe/London", "/etc/passwd", "Europe/../UTC"],
)
def test_what_is_no_zone_opens_nothing(name: str) -> None:
    assert zone_named(name) is None


def test_at_the_end_of_the_calendar_nothing_is_open() -> None:
    night = Hours("Pacific/Kiritimati", EVERY_DAY, time(22), time(4))
    assert closing_of(night, parse_instant("9999-12-31T23:59:59.999Z")) is None
