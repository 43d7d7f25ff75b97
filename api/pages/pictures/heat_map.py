"""The calendar of looks: one cell for each day of the last weeks, a week a column, the number of looks in the cell.

What it is drawn with, by class (`pictures.css` has the colours):

- ``heat-map``: the whole; ``heat-map-days``: the names of the weekdays; ``heat-map-weeks``: the window on the weeks,
  which shows the last 8 alone on a narrow screen; ``heat-map-calendar``: all of them; ``heat-map-early``: the others.
- ``looks-0`` to ``looks-4``: cells, by how often somebody looked; ``on-looks-0`` to ``on-looks-4``: their numerals.
- ``looks-emergency``: the ring around a day of emergency access.
- ``looks-small``: a numeral of three characters.
- ``picture-label``: names of weekdays and weeks; ``picture-centred``, ``picture-last``: text around its
  place, and before it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, timedelta
from typing import Final

from markupsafe import Markup

from api.pages.pictures.elements import element, picture

WEEKS: Final = 12
WEEKS_NARROW: Final = 8
LEVELS: Final = 4
_MOST_SHOWN: Final = 99
"""The largest numeral that fits a cell; beyond it stands 99+, and the table has the number."""

# In units of the drawing: pixels of a narrow screen.
_COLUMN: Final = 30
_ROW: Final = 28
_CELL: Final = (26, 24)
_TOP: Final = 24
_DAYS_WIDTH: Final = 40
_HEIGHT: Final = _TOP + 7 * _ROW


def first_day(today: date) -> date:
    """The first day that is drawn: the Monday eleven weeks before this week's."""
    return today - timedelta(days=today.weekday(), weeks=WEEKS - 1)


def level(looks: int, busiest: int) -> int:
    """How dark a day is: 0 for no looks, to 4 for the busiest day; on quiet calendars a level is a look."""
    return 0 if looks <= 0 else min(LEVELS, -(-looks * LEVELS // max(busiest, LEVELS)))


def heat_map(
    looks: Mapping[date, int],
    *,
    emergencies: AbstractSet[date],
    today: date,
    weekdays: Sequence[str],
    week: Callable[[date], str],
    sentence: str,
    name: str,
) -> Markup:
    """The calendar of looks up to ``today``; days before ``first_day(today)`` and after today are not drawn.

    ``weekdays``: seven short names, from Monday. ``week``: how the Monday of a week is written above it.
    ``sentence``: the whole picture in one. ``name``: unique on the page.
    """
    first = first_day(today)
    days = [first + timedelta(days=n) for n in range((today - first).days + 1)]
    busiest = max(looks.get(day, 0) for day in days)
    columns = (
        element(
            "g",
            *_heading(number, days[number * 7], week),
            *_cells(days[number * 7 :][:7], looks, busiest, emergencies),
            klass="heat-map-early" if number < WEEKS - WEEKS_NARROW else None,
            transform=f"translate({number * _COLUMN + 2})",
        )
        for number in range(WEEKS)
    )
    box = f"0 0 {WEEKS * _COLUMN} {_HEIGHT}"
    calendar = picture(name, sentence, columns, klass="heat-map-calendar", viewBox=box)
    return element("div", _names(weekdays), element("div", calendar, klass="heat-map-weeks"), klass="heat-map")


def _names(weekdays: Sequence[str]) -> Markup:
    names = (
        element("text", day, klass="picture-label", x=0, y=_TOP + row * _ROW + _CELL[1] / 2)
        for row, day in enumerate(weekdays)
    )
    box = f"0 0 {_DAYS_WIDTH} {_HEIGHT}"
    return element("svg", *names, klass="picture heat-map-days", aria_hidden="true", viewBox=box)


def _heading(number: int, monday: date, week: Callable[[date], str]) -> Iterator[Markup]:
    # Every other one, so that they do not meet; the last one's ends with its column, so that it is not cut off.
    last = number == WEEKS - 1
    if number % 2 == (WEEKS - 1) % 2:
        place = "picture-last" if last else "picture-centred"
        x = _CELL[0] if last else _CELL[0] / 2
        yield element("text", week(monday), klass=f"picture-label {place}", x=x, y=_TOP / 2)


def _cells(
    days: Sequence[date], looks: Mapping[date, int], busiest: int, emergencies: AbstractSet[date]
) -> Iterator[Markup]:
    for day in days:
        count, y = looks.get(day, 0), _TOP + day.weekday() * _ROW
        dark = level(count, busiest)
        yield from _cell(y, dark, ringed=day in emergencies)
        if count > 0:
            numeral = str(count) if count <= _MOST_SHOWN else f"{_MOST_SHOWN}+"
            small = " looks-small" if len(numeral) > 2 else ""
            klass = f"on-looks-{dark} picture-centred{small}"
            yield element("text", numeral, klass=klass, x=_CELL[0] / 2, y=y + _CELL[1] / 2)


def _cell(y: int, dark: int, *, ringed: bool) -> Iterator[Markup]:
    # The ring stands around the cell, a strip of paper between them, so that it is seen around a dark one as well.
    inset = 3 if ringed else 0.5
    width, height = (side - 2 * inset for side in _CELL)
    yield element("rect", klass=f"looks-{dark}", x=inset, y=y + inset, width=width, height=height, rx=2)
    if ringed:
        yield element("rect", klass="looks-emergency", x=0, y=y, width=_CELL[0], height=_CELL[1], rx=3)
