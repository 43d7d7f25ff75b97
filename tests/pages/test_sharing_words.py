"""How something is shared, in words that a child of eleven reads: days by their names, and what a day is called."""

from typing import Any

import pytest

from api.pages.sharing_words import How, directed, hours
from ledger.core.instants import Instant, parse_instant

WEEK = list(range(1, 8))
NOW = Instant(parse_instant("2026-11-22T12:00:00.000Z"))


def at(opens: str, closes: str, days: list[int], zone: str = "Europe/London") -> dict[str, Any]:
    return {"kind": "hours", "zone": zone, "days": days, "from": opens, "until": closes}


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        (at("09:00", "17:00", [5, 1]), ("Monday and Friday, from 09:00 to 17:00",)),
        (at("09:00", "17:00", WEEK[:5]), ("Monday to Friday, from 09:00 to 17:00",)),
        (at("00:00", "23:59", WEEK), ("Every day, all day",)),
        (at("00:00", "23:59", [6, 7]), ("Saturday and Sunday, all day",)),
        (at("22:00", "06:30", [6]), ("Saturday, from 22:00 to 06:30 the next day",)),
        (at("09:00", "00:00", [3]), ("Wednesday, from 09:00 to 00:00 the next day",)),
        (
            at("09:00", "17:00", [3], "America/New_York"),
            ("Wednesday, from 09:00 to 17:00", "By the clock in New York"),
        ),
    ],
)
def test_times_of_the_week_are_said_in_words(condition: dict[str, Any], said: tuple[str, ...]) -> None:
    assert hours(condition) == said


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        (
            {"until": "2026-11-22T00:00:00.000Z"},
            How("no", "Not shared any more", ("The last day was 21 November 2026",)),
        ),
        ({"until": "2026-11-24T00:00:00.000Z"}, How("until", "Shared until 23 November 2026")),
        ({"condition": {"kind": "when-unwell"}}, How("until", "Only when I am too unwell to decide")),
        ({"condition": at("00:00", "23:59", WEEK)}, How("yes", "Shared")),
        (
            {"condition": at("00:00", "23:59", WEEK), "until": "2026-11-24T00:00:00.000Z"},
            How("until", "Shared until 23 November 2026"),
        ),
        (
            {"condition": at("00:00", "23:59", [6, 7])},
            How("until", "At certain times", ("Saturday and Sunday, all day",)),
        ),
    ],
)
def test_one_share_says_until_when_and_under_what_condition(terms: dict[str, Any], said: How) -> None:
    share = {"effect": "share", "terms": {"from": None, "until": None, "condition": None, **terms}}
    assert directed(share, NOW) == said
