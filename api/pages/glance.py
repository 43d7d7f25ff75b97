"""The last twelve weeks at a glance: the calendar of looks, what it tells in sentences, and its numbers.

Made of the numbers that the trail by day tells its reader, and of nothing else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import orjson
from markupsafe import Markup

from api.http import trail_days
from api.http.service import Call
from api.pages.language import day, listed, local_day, ngettext, number, short_day, spoken, weekday
from api.pages.language import gettext as _
from api.pages.pictures.heat_map import first_day, heat_map

_A_MONDAY: Final = date(2026, 11, 16)
_DAYS: Final = tuple(_A_MONDAY + timedelta(days=n) for n in range(7))


@dataclass(frozen=True, slots=True)
class Glance:
    """The picture, the sentences under its heading, and the days on which anything was, the newest first."""

    picture: Markup
    sentences: Sequence[str]
    days: Sequence[Mapping[str, Any]]


async def glance_of(call: Call, record: str) -> Glance:
    """What the trail by day tells of the weeks up to today. Raises as the operation does."""
    today = local_day(call.ledger.clock())
    days = (today - first_day(today)).days + 1
    asked = trail_days.AskedDays(days=days, last=str(today), zone=str(spoken().zone))
    told = orjson.loads((await trail_days.by_day(call, record, asked)).body)["days"]
    return glance([{**one, "day": date.fromisoformat(one["day"])} for one in told], today)


def glance(days: Sequence[Mapping[str, Any]], today: date) -> Glance:
    """The picture of these days, each with its numbers as the operation tells them."""
    sentences = _sentences(days)
    picture = heat_map(
        {one["day"]: one["by_others"] for one in days},
        emergencies={one["day"] for one in days if one["emergencies"]},
        today=today,
        weekdays=[weekday(one) for one in _DAYS],
        week=short_day,
        sentence=" ".join(sentences),
        name="looks-by-day",
    )
    return Glance(picture, sentences, [one for one in reversed(days) if one["lines"]])


def _sentences(days: Sequence[Mapping[str, Any]]) -> list[str]:
    """What the picture tells, in whole sentences."""
    others, refused = (sum(one[name] for one in days) for name in ("by_others", "refused"))
    own = sum(one["lines"] for one in days) - others
    told = [_("Nobody else has looked in the last 12 weeks.")]
    if others:
        many = ngettext(
            "Others looked %(n)s time in the last 12 weeks.", "Others looked %(n)s times in the last 12 weeks.", others
        )
        told = [many % {"n": number(others)}, _busiest(days)]
    if refused:
        told.append(ngettext("%(n)s try was refused.", "%(n)s tries were refused.", refused) % {"n": number(refused)})
    opened = [day(one["day"]) for one in days if one["emergencies"]]
    if opened:
        told.append(_("Emergency access on %(days)s: the day has a red outline.") % {"days": listed(opened)})
    if own:
        looked = ngettext("You looked %(n)s time yourself.", "You looked %(n)s times yourself.", own)
        told.append(looked % {"n": number(own)})
    return told


def _busiest(days: Sequence[Mapping[str, Any]]) -> str:
    busiest = max(days, key=lambda one: (one["by_others"], one["day"]))
    return _("Most on one day: %(n)s, on %(day)s.") % {"n": number(busiest["by_others"]), "day": day(busiest["day"])}
