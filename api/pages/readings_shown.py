"""Readings: what patients measure, how a value is written, and how what was measured is shown.

A reading is an item whose data are ``what`` (of ``MEASURES``), ``value`` and ``unit`` as text, ``at`` (when: a UTC
instant), ``system`` and ``code`` where LOINC has one, and, of something else, ``name``. A blood pressure has its two
values as parts, as an import of a FHIR panel has. Values stay the digits that were typed; only a picture takes them for
numbers.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from markupsafe import Markup

from api.pages.language import day, local, marked, moment, number, short_day
from api.pages.language import gettext as _
from api.pages.pictures.chart import Reading, Series, Wording, chart
from ledger.core.errors import MalformedStatement
from ledger.core.instants import parse_instant

Item = Mapping[str, Any]
LOINC: Final = "http://loinc.org"
UPPER, LOWER = "8480-6", "8462-4"
"""A blood pressure's two values, by their codes of LOINC."""


@dataclass(frozen=True, slots=True)
class Measure:
    """Something that is measured: what it is called, in which unit, what a value must be, and its code of LOINC."""

    name: str
    unit: str
    hint: str
    least: Decimal = Decimal(0)
    most: Decimal = Decimal(1_000_000)
    code: str | None = None


OTHER: Final = "other"
PRESSURE: Final = "blood-pressure"
MEASURES: Final[Mapping[str, Measure]] = {
    "glucose": Measure(
        marked("Blood sugar"), "mmol/L", marked("For example, 5.6"), Decimal("0.1"), Decimal(60), "15074-8"
    ),
    "weight": Measure(marked("Weight"), "kg", marked("For example, 71.5"), Decimal("0.2"), Decimal(700), "29463-7"),
    "mood": Measure(marked("Mood"), "", marked("From 1, very low, to 10, very good"), Decimal(1), Decimal(10)),
    PRESSURE: Measure(
        marked("Blood pressure"), "mmHg", marked("Both numbers: 120/80"), Decimal(10), Decimal(400), "85354-9"
    ),
    "pulse": Measure(marked("Pulse"), "/min", marked("For example, 72"), Decimal(10), Decimal(400), "8867-4"),
    "oxygen": Measure(
        marked("Oxygen in the blood"), "%", marked("For example, 97"), Decimal(10), Decimal(100), "59408-5"
    ),
    "peak-flow": Measure(
        marked("Peak flow"), "L/min", marked("For example, 420"), Decimal(10), Decimal(2000), "19935-6"
    ),
    "temperature": Measure(
        marked("Temperature"), "°C", marked("For example, 37.2"), Decimal(20), Decimal(46), "8310-5"
    ),
    OTHER: Measure(marked("Something else"), "", marked("A number")),
}
_GAP: Final = timedelta(days=60)
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,7}([.,][0-9]{1,4})?")
_PAIR: Final = re.compile(r"([0-9]{2,3})\s*/\s*([0-9]{2,3})")


def numbers_in(value: str) -> tuple[Decimal, ...] | None:
    """The number that a value is, or both of a blood pressure; None for anything else."""
    pair = _PAIR.fullmatch(value.strip())
    if pair is not None:
        return Decimal(pair[1]), Decimal(pair[2])
    if _NUMBER.fullmatch(value.strip()) is None:
        return None
    return (Decimal(value.strip().replace(",", ".")),)


def wrong_with(what: str, value: str) -> str | None:
    """What is wrong with a value of this measure, in plain words; None where nothing is."""
    measure, numbers = MEASURES[what], numbers_in(value)
    wanted = 2 if what == PRESSURE else 1
    if numbers is None or len(numbers) != wanted:
        return _("Write both numbers, like 120/80.") if wanted == 2 else _("Write a number, like 5.6.")
    if all(measure.least <= one <= measure.most for one in numbers):
        return None
    if what == OTHER and numbers[0] < 0:
        return None
    bounds = {"least": _written(measure.least), "most": _written(measure.most)}
    return _("Write a number from %(least)s to %(most)s.") % bounds


def coded(data: Mapping[str, str]) -> dict[str, str]:
    """The data of a reading as other systems read them too: with its code, and a blood pressure in two parts."""
    measure, value = MEASURES[data["what"]], data["value"].replace(",", ".")
    if measure.code is None:
        return {**data, "value": value}
    kept = {**data, "value": value, "system": LOINC, "code": measure.code}
    if data["what"] != PRESSURE:
        return kept
    unit = kept.pop("unit", measure.unit)
    for code, part in zip((UPPER, LOWER), kept.pop("value").split("/"), strict=True):
        told = {"system": LOINC, "code": code, "value": part.strip(), "unit": unit}
        kept |= {f"part-{code}-{name}": text for name, text in told.items()}
    return kept


def measured_in(item: Item) -> list[tuple[str, str]]:
    """What was measured, as pairs of words; an item's other data, as codes, are for programs."""
    data = item["data"] or {}
    data = {**data, "value": _value_in(data), "unit": _unit_in(data)}
    known = {"what": _("What"), "name": _("What"), "value": _("Value"), "unit": _("Unit"), "at": _("When")}
    found = {name: data[name] for name in known if data.get(name) and data[name] != OTHER}
    return [(known[name], _in_words(name, value)) for name, value in found.items()]


def _in_words(name: str, value: str) -> str:
    if name == "what" and value in MEASURES:
        return _(MEASURES[value].name)
    if name == "at":
        return moment(value) if _instant(value) is not None else value
    return value


@dataclass(frozen=True, slots=True)
class Row:
    """One reading as a list shows it."""

    item: Item
    at: str
    value: str
    unit: str
    numbers: tuple[Decimal, ...] | None


@dataclass(frozen=True, slots=True)
class Measured:
    """All readings of one kind on a page, the newest first, with their picture where they are numbers."""

    name: str
    unit: str
    rows: Sequence[Row]
    picture: Markup | None


def measured(items: Sequence[Item]) -> Iterator[Measured]:
    """Readings by what was measured and in which unit, in the order in which the newest of each comes."""
    groups: dict[tuple[str, str], list[Row]] = {}
    for item in items:
        data = item["data"] or {}
        row = _row(item, data)
        groups.setdefault((name_of(item), row.unit), []).append(row)
    for place, ((name, unit), rows) in enumerate(groups.items()):
        rows.sort(key=lambda row: row.at, reverse=True)  # they come in the order in which they were written down
        yield Measured(name, unit, rows, _picture(name, unit, rows, f"chart-{place}"))


def name_of(item: Item) -> str:
    """What was measured, in words."""
    data = item["data"] or {}
    what = str(data.get("what"))
    if what in MEASURES and what != OTHER:
        return _(MEASURES[what].name)
    return str(data.get("name") or item["title"] or _("Readings"))


def _row(item: Item, data: Mapping[str, str]) -> Row:
    at, value = data.get("at", ""), _value_in(data)
    counted = None if item["in_error"] is not None or item["amendments"] else numbers_in(value)
    anew = item["amendments"][-1]["text"] if item["amendments"] else None
    told = anew or value or item["text"] or ""
    when = at if _instant(at) is not None else item["made_at"]
    return Row(item, when, told, "" if anew else _unit_in(data), counted)


def _value_in(data: Mapping[str, str]) -> str:
    """The value; of what was measured in two parts elsewhere, such as a blood pressure, both."""
    parts = {name: value for name, value in data.items() if name.startswith("part-") and name.endswith("-value")}
    # The members of a statement stand in the order of the alphabet (RFC 8785), which is not that of people.
    pressure = [parts[f"part-{code}-value"] for code in (UPPER, LOWER) if f"part-{code}-value" in parts]
    return data.get("value") or "/".join(pressure if len(pressure) == 2 else list(parts.values())[:2])


def _unit_in(data: Mapping[str, str]) -> str:
    parts = {value for name, value in data.items() if name.startswith("part-") and name.endswith("-unit")}
    return data.get("unit") or (parts.pop() if len(parts) == 1 else "")


def _instant(text: str) -> int | None:
    try:
        return parse_instant(text)
    except MalformedStatement:
        return None


def _picture(name: str, unit: str, rows: Sequence[Row], chart_name: str) -> Markup | None:
    """The chart of those that are numbers; None where there are fewer than two, which a list tells as well."""
    counted = sorted((row for row in rows if row.numbers), key=lambda row: row.at)
    if len(counted) < 2:
        return None
    pairs = all(len(row.numbers or ()) == 2 for row in counted)
    labels = (_("Upper value"), _("Lower value")) if pairs else (name,)
    series = [_series(label, counted, place) for place, label in enumerate(labels)]
    said = {"name": name, "count": len(counted), "first": day(counted[0].at), "last": day(counted[-1].at)}
    sentence = _("%(name)s: %(count)s readings, from %(first)s to %(last)s. The list has each of them.") % said
    wording = Wording(sentence, unit or name, _written, lambda at: short_day(at.date()))
    return chart(series, wording, name=chart_name, gap=_GAP)


def _series(label: str, rows: Sequence[Row], place: int) -> Series:
    return Series(label, tuple(Reading(local(row.at), row.numbers[place]) for row in rows if row.numbers))


def _written(value: Decimal) -> str:
    return number(float(value))
