"""Deadlines: when something that the law dates is due. The one place for it: what is written, listed and shown agrees.

England by default (UK GDPR); a deadline of days ends with a day, at the midnight (UTC) after it.
"""

from calendar import monthrange
from datetime import date
from typing import Final

from ledger.core.instants import DAY, Instant

_EPOCH: Final = date(1970, 1, 1).toordinal()
_LAST: Final = Instant(253402300799999)  # 9999-12-31T23:59:59.999Z: no instant is later


def end_of(day: date) -> Instant:
    """The midnight (UTC) that ends a day."""
    return Instant(min((day.toordinal() - _EPOCH + 1) * DAY, _LAST))


def month_after(at: Instant) -> Instant:
    """The end of the corresponding day one month later, of the month's last where there is none (UK GDPR, 12(3))."""
    day = date.fromordinal(_EPOCH + at // DAY)
    year, month = divmod(day.year * 12 + day.month, 12)
    if year > date.max.year:
        return _LAST
    return end_of(date(year, month + 1, min(day.day, monthrange(year, month + 1)[1])))


def later(at: Instant, span: int) -> Instant:
    """So much later, or the last instant that there is."""
    return Instant(min(at + span, _LAST))
