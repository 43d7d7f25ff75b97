"""Deadlines: a month by the calendar, to the end of its day, and no further than instants go."""

from datetime import date

import pytest

from ledger.core.deadlines import end_of, later, month_after
from ledger.core.instants import DAY, parse_instant

LAST = parse_instant("9999-12-31T23:59:59.999Z")


@pytest.mark.parametrize(
    ("told", "ends"),
    [
        ("2026-01-31", "2026-03-01"),
        ("2028-01-30", "2028-03-01"),
        ("2026-12-15", "2027-01-16"),
        ("2026-11-30", "2026-12-31"),
    ],
)
def test_a_month_ends_with_the_corresponding_day_of_the_next(told: str, ends: str) -> None:
    midday = parse_instant(f"{told}T12:00:00.000Z")
    assert month_after(midday) == parse_instant(f"{ends}T00:00:00.000Z")


def test_nothing_is_due_beyond_what_an_instant_can_be() -> None:
    assert end_of(date(9999, 12, 31)) == LAST
    assert month_after(parse_instant("9999-12-05T09:00:00.000Z")) == LAST
    assert later(LAST, 28 * DAY) == LAST
