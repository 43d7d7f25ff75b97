"""A file of readings, as devices and spreadsheets give them: read strictly, line by line, with nothing lost.

Columns are a day (with its time, or the time in a column of its own), a value, and a unit if there is one. Their names
may stand in the first line. They are parted by tabs, semicolons or commas, whichever the first line has.
"""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo
from typing import Final

from api.pages.counting import with_numbers
from api.pages.language import gettext as _
from api.pages.readings_shown import MEASURES, wrong_with
from ledger.core.instants import Instant, format_instant

MOST_LINES: Final = 200
_NAMES: Final[Mapping[str, frozenset[str]]] = {
    "day": frozenset({"date", "day", "when", "date/time", "datetime", "date time", "timestamp"}),
    "time": frozenset({"time", "clock"}),
    "value": frozenset({"value", "reading", "result", "measurement"}),
    "unit": frozenset({"unit", "units"}),
}
_UK: Final = re.compile(r"([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4})")
_ISO: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CLOCK: Final = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::[0-9]{2}(?:\.[0-9]+)?)?")
_ZONED: Final = re.compile(r".*T.*(Z|[+-][0-9]{2}:[0-9]{2})")
_UNIT: Final = re.compile(r"(?=.*[^\W\d_]|.*%)[^\n\x00]{1,20}")


@dataclass(frozen=True, slots=True)
class Line:
    """One line: as it stands there; what it says, where it can be read; else what is wrong with it."""

    number: int
    text: str
    at: str | None = None
    value: str | None = None
    unit: str | None = None
    problem: str | None = None


class Unreadable(Exception):
    """A file of which no line can be read, with the reason in plain words."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class _Unfit(Exception):
    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


def lines_of(text: str, what: str, zone: tzinfo, now: Instant) -> list[Line]:
    """Every line that is not blank. Raises Unreadable for a file without any, or with more than ``MOST_LINES``."""
    written = re.split(r"\r?\n|\r", text.removeprefix("\ufeff"))  # spreadsheets put a mark of the byte order first
    numbered = [(place, line) for place, line in enumerate(written, 1) if line.strip()]
    if not numbered:
        raise Unreadable(_("There is nothing in it. Paste lines with a day and a value."))
    between = next((one for one in "\t;" if one in numbered[0][1]), ",")
    columns = _columns(_cells(numbered[0][1], between))
    if columns is not None:
        numbered = numbered[1:]
    if not numbered:
        raise Unreadable(_("It has the names of columns and nothing else. Paste the lines below them too."))
    if len(numbered) > MOST_LINES:
        said = _("It has %(got)s lines. Send at most %(most)s at a time.")
        raise Unreadable(with_numbers(said, got=len(numbered), most=MOST_LINES))
    reader = _Reader(what, zone, now, between, columns)
    return list(_each_once(reader.line(place, line) for place, line in numbered))


@dataclass(frozen=True, slots=True)
class _Reader:
    what: str
    zone: tzinfo
    now: Instant
    between: str
    columns: Sequence[str] | None

    def line(self, place: int, text: str) -> Line:
        cells = _cells(text, self.between)
        try:
            named = dict(zip(self.columns or _unnamed(cells), cells, strict=True))
        except ValueError:
            wanted = _("It must have a day, a value, and no more than a time and a unit besides.")
            return Line(place, text, problem=wanted)
        try:
            return Line(place, text, self._at(named), self._value(named), self._unit(named))
        except _Unfit as unfit:
            return Line(place, text, problem=unfit.problem)

    def _at(self, named: Mapping[str, str]) -> str:
        at = instant_of(named["day"], named.get("time", ""), self.zone)
        if at is None:
            raise _Unfit(_("The day or time cannot be read. Write it as 27/03/2026 08:30 or 2026-03-27 08:30."))
        if at > self.now:
            raise _Unfit(_("This day is still to come."))
        return format_instant(at)

    def _value(self, named: Mapping[str, str]) -> str:
        wrong = wrong_with(self.what, named["value"])
        if wrong is not None:
            raise _Unfit(wrong)
        return named["value"].strip()

    def _unit(self, named: Mapping[str, str]) -> str:
        unit = named.get("unit", "").strip() or MEASURES[self.what].unit
        if unit and _UNIT.fullmatch(unit) is None:
            raise _Unfit(_("The unit cannot be read. Write it as mmol/L."))
        return unit


def _each_once(lines: Iterator[Line]) -> Iterator[Line]:
    seen: set[tuple[str | None, str | None, str | None]] = set()
    for line in lines:
        said = (line.at, line.value, line.unit)
        if line.problem is None and said in seen:
            yield Line(line.number, line.text, problem=_("The same stands in a line above."))
        else:
            seen.add(said)
            yield line


def _cells(line: str, between: str) -> list[str]:
    return [cell.strip() for cell in next(csv.reader([line], delimiter=between))]


def _columns(cells: Sequence[str]) -> list[str] | None:
    """The columns by their names, if that is what the first line has; raises Unreadable for names without a sense."""
    if not any(cell.casefold() in names for cell in cells for names in _NAMES.values()):
        return None
    named = [next((one for one, names in _NAMES.items() if cell.casefold() in names), cell) for cell in cells]
    if not {"day", "value"} <= set(named) or len(set(named)) < len(named):
        wanted = _("The first line must name one column “date” and one “value”. It may name “time” and “unit”.")
        raise Unreadable(wanted)
    return named


def _unnamed(cells: Sequence[str]) -> Sequence[str]:
    if len(cells) == 3:
        return ("day", "time", "value") if _CLOCK.fullmatch(cells[1]) else ("day", "value", "unit")
    return ("day", "value") if len(cells) == 2 else ("day", "time", "value", "unit")


def instant_of(day: str, clock: str, zone: tzinfo) -> Instant | None:
    """When something was measured; midday where no time is told. None for what is no day, or no time."""
    if not clock and _ZONED.fullmatch(day):
        return _zoned(day)
    head, _space, tail = day.strip().replace("T", " ", 1).partition(" ")
    if clock and tail:
        return None
    on, at = _day(head), _time(clock or tail)
    if on is None or at is None:
        return None
    local = datetime.combine(on, at, zone)
    return Instant(int(local.astimezone(UTC).timestamp() * 1000))


def _zoned(text: str) -> Instant | None:
    try:
        when = datetime.fromisoformat(text.replace("Z", "+00:00"))
        return None if _since_1900(when.date()) is None else Instant(int(when.timestamp() * 1000))
    except (ValueError, OverflowError):
        return None


def _day(text: str) -> date | None:
    uk = _UK.fullmatch(text)
    try:
        if uk is not None:
            return _since_1900(date(int(uk[3]), int(uk[2]), int(uk[1])))
        return _since_1900(date.fromisoformat(text)) if _ISO.fullmatch(text) else None
    except ValueError:
        return None


def _since_1900(day: date) -> date | None:
    return day if day.year >= 1900 else None


def _time(text: str) -> time | None:
    text = text.strip()
    if not text:
        return time(12)
    clock = _CLOCK.fullmatch(text)
    if clock is None or int(clock[1]) > 23 or int(clock[2]) > 59:
        return None
    return time(int(clock[1]), int(clock[2]))
