"""Pictures as tests have them drawn, and what they find in one."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from xml.etree import ElementTree as ET

from markupsafe import Markup

from api.pages.pictures import bars as of_bars
from api.pages.pictures.bars import bars
from api.pages.pictures.chart import Reading, Series, Wording
from api.pages.pictures.heat_map import heat_map

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONDAY, SUNDAY = date(2026, 11, 23), date(2026, 11, 22)


def calendar(
    looks: dict[date, int] | None = None,
    *emergencies: date,
    today: date = SUNDAY,
    sentence: str = "84 looks by 6 people.",
    name: str = "looks",
    weekdays: tuple[str, ...] = WEEKDAYS,
) -> Markup:
    return heat_map(
        looks or {},
        emergencies=set(emergencies),
        today=today,
        weekdays=weekdays,
        week=lambda day: f"{day.day}/{day.month}",
        sentence=sentence,
        name=name,
    )


def wording(sentence: str = "Weight from March to May.", unit: str = "kg") -> Wording:
    return Wording(sentence, unit, lambda value: format(value, "f"), lambda at: f"{at.day} {at:%b}")


def series(*values: str, label: str = "Weight", every: timedelta = timedelta(days=7)) -> Series:
    start = datetime(2026, 3, 1, 9, tzinfo=UTC)
    return Series(label, tuple(Reading(start + every * n, Decimal(value)) for n, value in enumerate(values)))


def growth(*counts: int, sentence: str = "84 looks by 6 people.", day: Callable[[date], str] = str) -> Markup:
    days = [(MONDAY + timedelta(days=n), count) for n, count in enumerate(counts)]
    return bars(days, of_bars.Wording(sentence, "Entries a day", lambda count: f"{count:,}", day), name="growth")


def drawn(picture: Markup) -> ET.Element:
    return ET.fromstring(picture)  # noqa: S314 - our own


def of_class(picture: Markup, name: str) -> list[ET.Element]:
    return [one for one in drawn(picture).iter() if name in one.get("class", "").split()]


def texts(picture: Markup, name: str) -> list[str | None]:
    return [one.text for one in of_class(picture, name)]
