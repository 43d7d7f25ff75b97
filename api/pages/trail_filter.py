"""What a reader of the trail narrows it by: somebody, days, and emergencies or refusals alone; as a form sends it."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

from starlette.requests import Request

from api.http.bodies import UUID_PATTERN
from api.pages.forms import Checks, Filled
from api.pages.language import gettext as _
from api.pages.until import end_of
from ledger.core.instants import format_instant

MINE_TOO: Final = "mine-too"
ONLY: Final = (MINE_TOO, "emergency", "refused")
_PARTS: Final = ("day", "month", "year")
_EARLIEST: Final = date(1970, 1, 2)
_LATEST: Final = date(2999, 12, 31)
_ONE_DAY: Final = timedelta(days=1)


def asked_in(request: Request) -> Filled:
    """What stands in the address, as a form."""
    query = request.query_params
    return Filled({name: query.getlist(name) for name in query if name != "cursor"}, "")


def sought(form: Filled) -> dict[str, Any]:
    """What is filled in, as the trail is asked for it; nothing where nothing is. Raises Unfit."""
    check = Checks(form)
    who, only = form.value("who"), form.value("only")
    since, until = a_day(check, "since", None), a_day(check, "until", None)
    if who and re.fullmatch(UUID_PATTERN, who) is None:
        check.wrong("who", _("Choose a person from the list."))
    if only and only not in ONLY:
        check.wrong("only", _("Choose one from the list."))
    if since and until and until < since:
        check.wrong("until", _("The last day is before the first. Change one of them."))
    check.done()
    return {
        **({"viewer": who} if who else {}),
        **({only: True} if only in ("emergency", "refused") else {}),
        **({"since": format_instant(end_of(since - _ONE_DAY))} if since else {}),
        **({"until": format_instant(end_of(until))} if until else {}),
    }


def but_ones_own(asked: Mapping[str, Any], only: str, own: str) -> dict[str, Any]:
    """The same, without one's own looks, unless those are asked for: they are many, and one knows of them."""
    return {**asked} if only or "viewer" in asked else {**asked, "not_by": own}


def a_day(check: Checks, name: str, missing: str | None) -> date | None:
    """A day on which there can be a ledger."""
    day = check.day(name, missing)
    if day is not None and not _EARLIEST <= day <= _LATEST:
        check.wrong(name, _("There was nothing to see on that day. Write another one."))
        return None
    return day


def kept(form: Filled) -> dict[str, str | list[str] | None]:
    """What is filled in, for the address of the next page."""
    days = [f"{name}-{part}" for name in ("since", "until") for part in _PARTS]
    return {name: form.value(name) for name in ("who", "only", "since", "until", *days)}


def choices(people: Sequence[tuple[str, str]], chosen: str, own: str) -> list[tuple[str, str]]:
    """Whom the list can be narrowed to: those on this page, oneself, and whoever is chosen."""
    listed = {**dict(people), own: _("You")}
    if chosen and chosen not in listed:
        listed[chosen] = _("The person you chose")
    return [("", _("Everyone")), *listed.items()]
