"""Until when: what a form says in days or hours, as an instant.

What is said must be the same however often a form is sent. So hours count from ``began``, when the page was made, which
the form brings along; and a day ends at its midnight, on the service's calendar.
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Final

from api.pages.forms import Checks, Filled
from api.pages.language import gettext as _
from api.pages.language import local_day, spoken
from ledger.core.errors import MalformedStatement
from ledger.core.instants import HOUR, Instant, format_instant, instant_of, parse_instant

BEGAN: Final = "began"
SET: Final = "-set"
"""What ends the name of the hidden field with the instant that a day stands for which is set already."""


def end_of(day: date) -> Instant:
    """The midnight that ends a day."""
    try:
        return instant_of(datetime.combine(day + timedelta(days=1), time(), spoken().zone))
    except OverflowError:
        return instant_of(datetime.combine(day, time(), spoken().zone))


def until_day(check: Checks, name: str, missing: str | None, latest: Instant | None = None) -> str:
    """The end of the day in three fields; ``latest`` where that is the same day's. Empty where it is wrong."""
    day = check.day(name, missing)
    if day is None:
        return ""
    end = end_of(day)
    return format_instant(latest if latest is not None and end - 24 * HOUR < latest < end else end)


def last_day(ends: str) -> date:
    """The last day on which something still holds that ends at this instant: midnight ends the day before it."""
    return local_day(Instant(parse_instant(ends) - 1))


def as_set(check: Checks, form: Filled, name: str, day: date | None, now: Instant) -> str | None:
    """The very instant that was set, where the day is still that one's and it is yet to come; else None.

    A program may have set any time of a day: whoever sends its day as it stands leaves the time as well.
    """
    instant = form.value(name + SET)
    try:
        is_over = not instant or parse_instant(instant) <= now
    except MalformedStatement:
        check.wrong("", _("This form is not complete. Load the page again."))
        return None
    stays = not is_over and day == (last_day(instant) if name == "until" else local_day(instant))
    return instant if stays else None


def until_hours(check: Checks, form: Filled, name: str, choices: Sequence[str], missing: str) -> str:
    """So many hours after the page was made; empty where none are chosen."""
    hours = check.choice(name, choices, missing)
    try:
        began = parse_instant(form.value(BEGAN))
    except MalformedStatement:
        check.wrong("", _("This form is not complete. Load the page again."))
        return ""
    return format_instant(Instant(began + int(hours) * HOUR)) if hours in choices else ""
