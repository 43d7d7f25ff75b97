"""Language: in which words, dates and numbers a page speaks to its reader.

English is what is written in the code; another language is a folder of gettext catalogues as Babel compiles them
(``xx/LC_MESSAGES/messages.mo``), in ``LEDGER_LOCALES``. The reader's choice is kept in a cookie; without one, the
browser's own languages decide. Time is told in the service's own zone: that of the clocks on its walls.
"""

from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from gettext import NullTranslations
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError, negotiate_locale
from babel.dates import format_date, format_skeleton, format_time
from babel.lists import format_list
from babel.numbers import format_decimal
from babel.support import Translations

from api.settings import Settings, SettingsError
from ledger.core.instants import DAY, Instant, format_instant, parse_instant

DOMAIN: Final = "messages"
ENGLISH: Final = "en_GB"
COOKIE: Final = "__Host-language"


@dataclass(frozen=True, slots=True)
class Language:
    """One language: its catalogue, and the zone in which its pages tell the time."""

    locale: Locale
    catalogue: NullTranslations
    zone: tzinfo

    @property
    def tag(self) -> str:
        """As HTML's ``lang`` has it (BCP 47)."""
        return str(self.locale).replace("_", "-")

    @property
    def direction(self) -> str:
        """As HTML's ``dir`` has it."""
        return str(self.locale.text_direction)


@dataclass(frozen=True, slots=True)
class Languages:
    """Every language that this service speaks; the first is English."""

    spoken: tuple[Language, ...]

    def choose(self, kept: str | None, accepted: str) -> Language:
        """By what the reader chose, or what their browser accepts (``Accept-Language``); else English."""
        by_tag = {one.tag: one for one in self.spoken}
        if kept in by_tag:
            return by_tag[kept]
        wanted = [part.partition(";")[0].strip() for part in accepted[:200].split(",")]
        tag = negotiate_locale(wanted, list(by_tag), sep="-")
        return by_tag[tag] if tag in by_tag else self.spoken[0]


def languages_of(settings: Settings) -> Languages:
    """English, and what the folder of the settings holds; raises SettingsError for what is no language, or no zone."""
    try:
        zone = ZoneInfo(settings.time_zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        detail = f"LEDGER_TIME_ZONE is {settings.time_zone!r}: wanted a name as Europe/London. Correct or unset it."
        raise SettingsError(detail) from error
    folder = settings.locales
    found = [] if folder is None else [_read(one, zone) for one in _folders_in(folder)]
    return Languages((Language(Locale.parse(ENGLISH), NullTranslations(), zone), *found))


def _folders_in(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise SettingsError(f"LEDGER_LOCALES is {folder}: wanted a folder of catalogues. Correct or unset it.")
    return sorted(one for one in folder.iterdir() if one.is_dir())


def _read(folder: Path, zone: ZoneInfo) -> Language:
    try:
        locale = Locale.parse(folder.name)
    except (UnknownLocaleError, ValueError) as error:
        detail = (
            f"LEDGER_LOCALES has the folder {folder.name!r}: wanted the name of a locale, as cy or en_GB. Rename it."
        )
        raise SettingsError(detail) from error
    catalogue = Translations.load(folder.parent, [locale], DOMAIN)
    if not isinstance(catalogue, Translations):
        detail = f"LEDGER_LOCALES has {folder.name} without LC_MESSAGES/{DOMAIN}.mo: compile it with pybabel."
        raise SettingsError(detail)
    return Language(locale, catalogue, zone)


_IN_ENGLISH: Final = Language(Locale.parse(ENGLISH), NullTranslations(), ZoneInfo("Europe/London"))
_now_spoken: ContextVar[Language | None] = ContextVar("language", default=None)


def speak(language: Language) -> None:
    """From here on, in this request, words are in this language."""
    _now_spoken.set(language)


def spoken() -> Language:
    """The language of this request."""
    return _now_spoken.get() or _IN_ENGLISH


def gettext(message: str) -> str:
    """A message in the reader's language; of no words, none: a catalogue has its own header there."""
    return spoken().catalogue.gettext(message) if message else ""


def ngettext(one: str, many: str, count: int) -> str:
    """A message that counts something."""
    return spoken().catalogue.ngettext(one, many, count)


def marked(message: str) -> str:
    """A message that is found here, and said in the reader's language where it is shown (gettext's ``N_``)."""
    return message


_FIRST: Final = datetime.min.replace(tzinfo=UTC) + timedelta(days=1)
_LAST: Final = datetime.max.replace(tzinfo=UTC) - timedelta(days=1)


def local(instant: Instant | str) -> datetime:
    """An instant by the service's clock. On the calendar's outermost days, which not every zone has, that next to it.

    Nobody was there then; but a device whose clock is off may say so, and that must not keep the page from opening.
    """
    text = instant if isinstance(instant, str) else format_instant(instant)
    when = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return min(max(when, _FIRST), _LAST).astimezone(spoken().zone)


def local_day(instant: Instant | str) -> date:
    """The day of an instant, on the service's calendar."""
    return local(instant).date()


def day(when: Instant | str | date) -> str:
    """A day as people say it: 12 November 2026. A text is an instant, or a day as ``2026-11-12``."""
    if isinstance(when, str) and len(when) == 10:
        when = date.fromisoformat(when)
    plain = when if isinstance(when, date) else local(when).date()
    return format_date(plain, "d MMMM y" if spoken().locale.language == "en" else "long", locale=spoken().locale)


def clock(instant: Instant | str) -> str:
    """The time of day: 14:02."""
    return format_time(local(instant), "short", tzinfo=spoken().zone, locale=spoken().locale)


def due_day(instant: Instant | str) -> str:
    """The day by which something is due: what is due by the end of a day is due at the midnight (UTC) that ends it."""
    at = parse_instant(instant) if isinstance(instant, str) else instant
    return day(date.fromisoformat(format_instant(Instant(at - 1))[:10]) if at % DAY == 0 else Instant(at))


def moment(instant: Instant | str | None) -> str:
    """Day and time: 12 November 2026 at 14:02."""
    if instant is None:
        return gettext("never")
    return gettext("%(day)s at %(time)s") % {"day": day(instant), "time": clock(instant)}


def short_day(when: date) -> str:
    """A day and month in numbers, as a picture has room for: 12/11."""
    return format_skeleton("Md", datetime(when.year, when.month, when.day, tzinfo=UTC), locale=spoken().locale)


def weekday(when: date) -> str:
    """The short name of a day of the week: Mon."""
    return format_date(when, "EEE", locale=spoken().locale)


def number(value: float) -> str:
    """A number with its separators: 2,000."""
    return format_decimal(value, locale=spoken().locale)


def listed(parts: Iterable[str]) -> str:
    """Several things in a row: Sam, Ruth and Brightside."""
    return format_list(list(parts), locale=spoken().locale)


FILTERS: Final[dict[str, Any]] = {
    "day": day,
    "due_day": due_day,
    "clock": clock,
    "moment": moment,
    "spoken": moment,
    "number": number,
    "listed": listed,
}
"""What templates say dates and numbers with."""
