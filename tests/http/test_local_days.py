"""Days as they are asked for by the trail: those of a place, through the changes of its clock."""

from datetime import UTC, date, datetime
from itertools import pairwise

import pytest

from api.http.problems import Refused
from api.http.trail_days import AskedDays
from ledger.core.instants import HOUR, Instant, instant_of


def test_a_day_is_that_of_the_place_also_where_a_clock_is_put_forward_or_back() -> None:
    spring = AskedDays(days=3, last="2026-03-30")
    dates = spring.dates(Instant(0))
    assert dates == [date(2026, 3, 28), date(2026, 3, 29), date(2026, 3, 30)]
    begins = spring.begins(dates)
    assert [(end - start) // HOUR for start, end in pairwise(begins)] == [24, 23, 24]
    assert begins[0] == instant_of(datetime(2026, 3, 28, tzinfo=UTC))
    autumn = AskedDays(days=1, last="2026-10-25")
    [start, end] = autumn.begins(autumn.dates(Instant(0)))
    assert (end - start) // HOUR == 25


def test_the_last_day_is_today_in_that_place_and_a_place_or_day_that_is_not_there_is_refused() -> None:
    evening = instant_of(datetime(2026, 5, 3, 23, 30, tzinfo=UTC))
    last = {zone: AskedDays(days=1, zone=zone).dates(evening) for zone in ("UTC", "Europe/London", "Pacific/Honolulu")}
    assert last == {
        "UTC": [date(2026, 5, 3)],
        "Europe/London": [date(2026, 5, 4)],
        "Pacific/Honolulu": [date(2026, 5, 3)],
    }
    with pytest.raises(Refused, match="zone: got 'Nowhere/Land'"):
        AskedDays(zone="Nowhere/Land").dates(evening)
    with pytest.raises(Refused, match="last: got '2026-02-30'"):
        AskedDays(last="2026-02-30").dates(evening)
