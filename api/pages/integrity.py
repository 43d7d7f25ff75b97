"""Integrity: how the log stands, for auditors, privacy officers and administrators. It tells of no record."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from fastapi import APIRouter, Request
from markupsafe import Markup
from starlette.responses import Response

from api.http import integrity
from api.http.service import Calling
from api.pages import places
from api.pages.language import day, ngettext, number, short_day, spoken
from api.pages.language import gettext as _
from api.pages.matters import told
from api.pages.pictures.bars import Wording, bars
from api.pages.rendering import PageRoute, own_page

router: Final = APIRouter(include_in_schema=False, route_class=PageRoute)


@router.get(places.INTEGRITY.path)
async def integrity_page(request: Request, call: Calling) -> Response:
    """How large the log is and how it grew, who has witnessed it, and when somebody last verified all of it."""
    view = told(await integrity.integrity(call, integrity.AskedIntegrity(zone=str(spoken().zone))))
    days = [(date.fromisoformat(one["day"]), one["entries"]) for one in view["days"]]
    return await own_page(
        request,
        call,
        "integrity.html",
        here=places.INTEGRITY,
        log=view,
        picture=_picture(days),
        sentences=sentences(days),
        days=[one for one in reversed(days) if one[1]],
        behind=_behind(view),
    )


def sentences(days: Sequence[tuple[date, int]]) -> list[str]:
    """What the picture tells, in whole sentences."""
    all_of_them = sum(entries for _day, entries in days)
    if not all_of_them:
        return [_("Nothing was added in the last 12 weeks.")]
    many = ngettext(
        "%(n)s entry was added in the last 12 weeks.", "%(n)s entries were added in the last 12 weeks.", all_of_them
    )
    busiest = max(days, key=lambda one: (one[1], one[0]))
    most = _("Most on one day: %(n)s, on %(day)s.") % {"n": number(busiest[1]), "day": day(busiest[0])}
    return [many % {"n": number(all_of_them)}, most]


def _picture(days: Sequence[tuple[date, int]]) -> Markup:
    wording = Wording(" ".join(sentences(days)), _("Entries a day"), number, short_day)
    return bars(days, wording, name="growth")


def _behind(view: Mapping[str, Any]) -> int | None:
    """How many entries came after the last verification; None where none is known."""
    return None if view["verification"] is None else max(0, view["size"] - view["verification"]["size"])
