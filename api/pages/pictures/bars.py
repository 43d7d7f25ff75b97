"""Bars: a number for each day, such as how much was written on it. The table beside it has every number.

Places are percentages of the plot, so that text stays as large as the page's on every screen.

What it is drawn with, by class (`pictures.css` has the colours, and room for the labels around the plot): those of the
chart, and

- ``bar``: the bar of a day; a day without anything has none.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from markupsafe import Markup

from api.pages.pictures.elements import element, picture
from api.pages.pictures.ticks import ticks

DAYS_TOLD: Final = 5
"""How many dates stand below the plot at most; a narrow screen shows fewer."""
_FILLED: Final = 0.8
"""How much of a day's room its bar takes."""
_WIDEST: Final = 6


@dataclass(frozen=True, slots=True)
class Wording:
    """How bars are told: ``number`` and ``day`` write a number and a day; ``sentence`` is the whole in one."""

    sentence: str
    unit: str
    number: Callable[[int], str]
    day: Callable[[date], str]


def bars(counts: Sequence[tuple[date, int]], wording: Wording, *, name: str) -> Markup:
    """A bar for each day, in the order of time. ``name``: unique on the page. Raises ValueError for no day."""
    if not counts or min(count for _, count in counts) < 0:
        raise ValueError(f"counts: got {len(counts)} days, wanted one or more, none of them below 0")
    marks = [int(mark) for mark in ticks([Decimal(0), Decimal(max(4, *(count for _, count in counts)))])]
    parts = [*_grid(marks, wording), *_bars(counts, marks[-1], wording), *_days([day for day, _ in counts], wording)]
    parts.append(element("text", wording.unit, klass="chart-unit", x="-4em", y="-1.5em"))
    wide = max(len(wording.number(mark)) for mark in marks) > _WIDEST
    return picture(name, wording.sentence, parts, klass="chart" + " chart-wide" * wide)


def _grid(marks: Sequence[int], wording: Wording) -> Iterator[Markup]:
    for mark in marks:
        y, edge = _percent(1 - mark / marks[-1]), "" if mark else " chart-edge"
        yield element("line", klass=f"chart-grid{edge}", x1="0%", x2="100%", y1=y, y2=y)
        yield element("text", wording.number(mark), klass="chart-value picture-last", x=-8, y=y)


def _bars(counts: Sequence[tuple[date, int]], top: int, wording: Wording) -> Iterator[Markup]:
    room = 1 / len(counts)
    for n, (day, count) in enumerate(counts):
        if count:
            told = element("title", f"{wording.day(day)}: {wording.number(count)}")
            x, width = _percent((n + (1 - _FILLED) / 2) * room), _percent(_FILLED * room)
            height = count / top
            yield element("rect", told, klass="bar", x=x, y=_percent(1 - height), width=width, height=_percent(height))


def _days(days: Sequence[date], wording: Wording) -> Iterator[Markup]:
    """Dates at even distances, each below its own bar."""
    told = min(DAYS_TOLD, len(days))
    places = [round(n * (len(days) - 1) / max(told - 1, 1)) for n in range(told)]
    for n, place in enumerate(places):
        ends = n in {0, told - 1}
        more = "" if ends else " chart-day-more" if n % 2 else " chart-day-middle"
        x, text = _percent((place + 0.5) / len(days)), wording.day(days[place])
        yield element("line", klass=f"chart-edge{more}", x1=x, x2=x, y1="100%", y2="100%", transform="translate(0 3)")
        last = n == told - 1 > 0
        klass, dx = ("picture-last", "1.5em") if last else ("picture-centred", None)
        yield element("text", text, klass=f"chart-day {klass}{more}", x=x, y="100%", dx=dx, dy="1.5em")


def _percent(part: float) -> str:
    return f"{100 * part:.2f}%"
