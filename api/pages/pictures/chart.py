"""The chart of readings: values over time as points and a line, two series at most, such as a blood pressure.

Places are percentages of the plot, so that text stays as large as the page's on every screen. The table beside a
chart, which the template draws, has every value; a point tells its own when it is pointed at.

What it is drawn with, by class (`pictures.css` has the colours, and room for the labels around the plot):

- ``chart``; ``chart-two`` with two series, ``chart-wide`` with long numbers, ``chart-many`` with many readings.
- ``chart-grid``: a line at a tick; ``chart-edge``: the lowest.
- ``chart-value``: a tick's number; ``chart-day``: a date below, ``chart-day-more`` one that a narrow screen leaves out,
  as it does ``chart-day-middle`` where the chart is wide.
- ``chart-first``, ``chart-second``: points of the series, the second's squares; with ``chart-line``: their lines, the
  second's dashed.
- ``chart-unit``, ``chart-key``: what is measured, and which series is which.
- ``picture-centred``, ``picture-last``: text around its place, and before it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Final

from markupsafe import Markup

from api.pages.pictures.elements import element, picture
from api.pages.pictures.ticks import ticks

DAYS_TOLD: Final = 5
"""How many dates stand below the plot at most; a narrow screen shows every other one."""
MANY: Final = 100
"""More readings than these have smaller points."""
_WIDEST: Final = 6
_CLASSES: Final = ("chart-first", "chart-second")


@dataclass(frozen=True, slots=True)
class Reading:
    """One value at a time; times of one chart are all with a zone or all without."""

    at: datetime
    value: Decimal


@dataclass(frozen=True, slots=True)
class Series:
    """Readings in the order of time, under a name, such as that of the upper value of a blood pressure."""

    label: str
    readings: tuple[Reading, ...]


@dataclass(frozen=True, slots=True)
class Wording:
    """How a chart is told: ``number`` and ``day`` write a value and a day; ``sentence`` is the whole in one."""

    sentence: str
    unit: str
    number: Callable[[Decimal], str]
    day: Callable[[datetime], str]


@dataclass(frozen=True, slots=True)
class _Plot:
    """Where a time and a value lie, as percentages from the left and from the top."""

    start: datetime
    end: datetime
    marks: tuple[Decimal, ...]

    def x(self, at: datetime) -> str:
        if self.start == self.end:
            return "50%"
        return _percent((at - self.start) / (self.end - self.start))

    def y(self, value: Decimal) -> str:
        low, high = self.marks[0], self.marks[-1]
        return _percent(float((high - value) / (high - low)))


def chart(series: Sequence[Series], wording: Wording, *, name: str, gap: timedelta | None = None) -> Markup:
    """The chart of one series or two, with one reading or more. ``name``: unique on the page.

    ``gap``: no line is drawn over a longer time without readings; None for always a line. Raises ValueError for
    another number of series, for no reading, and for a value that is not finite.
    """
    readings = [reading for one in series for reading in one.readings]
    if not readings or not 1 <= len(series) <= len(_CLASSES):
        raise ValueError(f"series: got {len(series)} with {len(readings)} readings, wanted one or two with one or more")
    times = [reading.at for reading in readings]
    plot = _Plot(min(times), max(times), ticks(reading.value for reading in readings))
    parts = [*_grid(plot, wording), *_days(plot, wording)]
    for one, klass in zip(series, _CLASSES, strict=False):
        parts += [_lines(one, plot, klass, gap), _points(one, plot, klass, wording)]
    parts += _keys(series, wording)
    klass = "chart" + " chart-two" * (len(series) > 1) + " chart-many" * (len(readings) > MANY)
    wide = max(len(wording.number(mark)) for mark in plot.marks) > _WIDEST
    return picture(name, wording.sentence, parts, klass=klass + " chart-wide" * wide)


def _grid(plot: _Plot, wording: Wording) -> Iterator[Markup]:
    for mark in plot.marks:
        y, edge = plot.y(mark), " chart-edge" if mark == plot.marks[0] else ""
        yield element("line", klass=f"chart-grid{edge}", x1="0%", x2="100%", y1=y, y2=y)
        yield element("text", wording.number(mark), klass="chart-value picture-last", x=-8, y=y)


def _days(plot: _Plot, wording: Wording) -> Iterator[Markup]:
    """Dates at even distances; each is told once, however short the time."""
    span = plot.end - plot.start
    times = [plot.start + span * n / (DAYS_TOLD - 1) for n in range(DAYS_TOLD)] if span else [plot.start]
    texts = [wording.day(time) for time in times]
    if len(set(texts)) < len(texts):
        times, texts = (
            ([times[0], times[-1]], [texts[0], texts[-1]]) if texts[0] != texts[-1] else (times[:1], texts[:1])
        )
    for n, (time, text) in enumerate(zip(times, texts, strict=True)):
        more = "" if n in {0, len(times) - 1} else " chart-day-more" if n % 2 else " chart-day-middle"
        x = plot.x(time)
        yield element("line", klass=f"chart-edge{more}", x1=x, x2=x, y1="100%", y2="100%", transform="translate(0 3)")
        # The last one ends within the room on the right, so that it is not cut off.
        last = n == len(times) - 1 > 0
        place, dx = ("picture-last", "1.5em") if last else ("picture-centred", None)
        yield element("text", text, klass=f"chart-day {place}{more}", x=x, y="100%", dx=dx, dy="1.5em")


def _lines(series: Series, plot: _Plot, klass: str, gap: timedelta | None) -> Markup:
    lines = (
        element("line", x1=plot.x(one.at), y1=plot.y(one.value), x2=plot.x(then.at), y2=plot.y(then.value))
        for one, then in pairwise(series.readings)
        if gap is None or then.at - one.at <= gap
    )
    return element("g", *lines, klass=f"{klass} chart-line")


def _points(series: Series, plot: _Plot, klass: str, wording: Wording) -> Markup:
    points = (
        _point(
            klass,
            plot.x(one.at),
            plot.y(one.value),
            element("title", f"{wording.day(one.at)}: {wording.number(one.value)} {wording.unit}"),
        )
        for one in series.readings
    )
    return element("g", *points, klass=klass)


def _point(klass: str, x: str, y: str, *within: Markup) -> Markup:
    if klass == _CLASSES[0]:
        return element("circle", *within, cx=x, cy=y, r=3.5)
    return element("rect", *within, x=x, y=y, width=7, height=7, transform="translate(-3.5 -3.5)")


def _keys(series: Sequence[Series], wording: Wording) -> Iterator[Markup]:
    """Above the plot: the unit, and with two series a line for each, with its point."""
    yield element("text", wording.unit, klass="chart-unit", x="-4em", y="-1.5em")
    if len(series) > 1:
        for n, (one, klass) in enumerate(zip(series, _CLASSES, strict=True)):
            y = f"{1.75 * n - 5:g}em"
            point = element("g", _point(klass, "-3.7em", y), klass=klass)
            yield element("g", point, element("text", one.label, x="-3em", y=y), klass="chart-key")


def _percent(part: float) -> str:
    return f"{100 * part:.2f}%"
