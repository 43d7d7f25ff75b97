"""Changing what one grantee sees of one part, or of one item: sharing it, taking it back, keeping it from somebody.

Three forms, because they ask for different things. Sharing, and letting somebody see again what was kept from them,
asks for the passkey where it was not asked lately. Taking back never does: where withdrawing is enough it is signed
like anything else; a directive that withholds would take the passkey once more, so the service records that.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from api.http import preview, sharing
from api.http.bodies import InPath, OnlyBody
from api.http.service import Call, Calling
from api.pages import binding, places
from api.pages.forms import Checks, Filled, Sent, empty, sent
from api.pages.language import gettext as _
from api.pages.language import local_day, marked, spoken
from api.pages.matters import told
from api.pages.rendering import PageRoute, own_page
from api.pages.sharing_done import of_change
from api.pages.sharing_now import READ, Said, SharingNow, onward, part_of, sharing_now
from api.pages.sharing_words import WEEKDAYS, code_of, from_form, grantee_words, in_form
from api.pages.until import SET, as_set, end_of, last_day
from ledger.core.hours import zone_named
from ledger.core.instants import Instant, format_instant, instant_of
from ledger.domain.errors import Unknown

router: Final = APIRouter(include_in_schema=False, route_class=PageRoute)
WHEN: Final[Mapping[str, str]] = {
    "always": marked("Whenever they like"),
    "together": marked("Only when I’m with them"),
    "when-unwell": marked("Only when I am too unwell to decide"),
}
_ALONE: Final = ("always", "when-unwell")
"""What can be said to those who are no one person, too."""
_SHOWS: Final = ("shared", "unmet")


class Changing(BaseModel):
    """The query of a change: for whom, of which part (as addresses name it), and whether at certain hours.

    Where ``hours`` is not said, the page asks for them if they are what is set.
    """

    model_config = ConfigDict(frozen=True)
    to: str = Field(default="", max_length=40)
    of: str = Field(default="", max_length=40)
    hours: bool | None = None


@router.get(places.SHARING_CHANGE.path, operation_id=READ)
async def change(request: Request, call: Calling, record: InPath, asked: Annotated[Changing, Query()]) -> Response:
    """What one grantee sees of one part, and how to change it; without a part, all parts to choose from."""
    return await _page(request, call, record, asked)


@router.get(places.SHARING_ITEM.path, operation_id="preview.of_item")
async def of_item(request: Request, call: Calling, record: InPath, item: InPath) -> Response:
    """Who sees one item, why, and how to change it for each."""
    now = await sharing_now(call, record)
    shown = told(await preview.of_item(call, record, item))
    scope = {"kind": "item", "of": item}
    seen = {one["person"]: one for one in shown["carers"]}
    rows = [
        {
            "name": column.name,
            "carer": column.carer,
            "seen": None if column.carer is None else _seen(now, seen[column.grantee["id"]]),
            "set": now.set_of(column.grantee, scope) if now.said_to(column.grantee, scope) else None,
            "href": now.to_change(column.grantee, scope),
        }
        for column in now.columns()
        if column.carer is None or column.grantee["id"] in seen
    ]
    care = [{**one, "item": now.said_to(one["grantee"], scope), "href": now.to_change(one["grantee"], scope)}
            for one in now.in_care()]  # fmt: skip
    shown_with = {"item": shown["item"], "rows": rows, "care": care, "whose": now.whose}
    return await own_page(request, call, "sharing_item.html", here=places.SHARING, record=record, **shown_with)


@router.post("/forms/record/{record}/share", operation_id="sharing.direct")
async def share(request: Request, call: Calling, record: InPath, form: Sent) -> Response:
    """Share a part with somebody, for as long and when the form says."""

    async def say(speaking: Call) -> str:
        terms = _terms(form, speaking.ledger.clock())
        directing = {**_grantee_and_scope(form), "effect": "share", **terms, "replaces": form.value("replaces") or None}
        await sharing.direct(speaking, record, sharing.NewDirective.model_validate(directing))
        return onward(call, record, of_change(record, form))

    return await sent(request, call, form, say, lambda again: _again(request, call, record, again))


@router.post("/forms/record/{record}/take-back")
async def take_back(request: Request, call: Calling, record: InPath, form: Sent) -> Response:
    """Take back what is shared, or keep something from somebody: at once, with no passkey."""

    async def say(speaking: Call) -> str:
        if form.value("does") == "withdraw":
            await sharing.withdraw(speaking, record, form.value("replaces"), OnlyBody())
        else:
            hidden = form.value("hidden") == "yes"
            terms = {"effect": "withhold", "replaces": form.value("replaces") or None, "hidden": hidden}
            withheld = sharing.NewDirective.model_validate({**_grantee_and_scope(form), **terms})
            await sharing.direct(speaking, record, withheld)
        return onward(call, record, of_change(record, form))

    return await sent(request, call, form, say, lambda again: _again(request, call, record, again))


@router.post("/forms/record/{record}/let-see-again", operation_id="sharing.direct")
async def let_see_again(request: Request, call: Calling, record: InPath, form: Sent) -> Response:
    """End what is set for exactly this, so that the wider setting decides again. It may show more."""

    async def say(speaking: Call) -> str:
        await sharing.withdraw(speaking, record, form.value("replaces"), OnlyBody())
        return onward(call, record, of_change(record, form))

    return await sent(request, call, form, say, lambda again: _again(request, call, record, again))


def _seen(now: SharingNow, of_carer: Said) -> dict[str, Any]:
    """Whether one carer sees the item, and why."""
    because = _(of_carer["because"]) if of_carer["shown"] else now.why_not(of_carer["person"], of_carer)
    return {"shown": of_carer["shown"], "because": because}


async def _again(request: Request, call: Call, record: str, form: Filled) -> Response:
    to = form.value("to").partition(":")[2] or "all"
    how = form.value("how")
    asked = Changing(to=to, of=code_of(from_form(form.value("part"))), hours=how == "hours" if how else None)
    return await _page(request, call, record, asked, form)


async def _page(request: Request, call: Call, record: str, asked: Changing, refused: Filled | None = None) -> Response:
    now = await sharing_now(call, record)
    grantee = now.grantee(asked.to)
    if grantee is None:
        raise Unknown("sharing: got somebody who is not there, wanted a carer, or who treats you; go back and choose")
    shown: dict[str, Any] = {"whose": now.whose, "name": grantee_words(grantee), "treats": now.treats(grantee)}
    if asked.of:
        shown = {**shown, **await _one_part(call, now, grantee, asked)}
        shown["form"] = _form(_fresh_form(call, shown["own"]), refused)
    template = "sharing_change.html" if asked.of else "sharing_parts.html"
    parts = [] if asked.of else _parts(now, grantee)
    return await own_page(request, call, template, here=places.SHARING, record=record, parts=parts, **shown)


async def _one_part(call: Call, now: SharingNow, grantee: Said, asked: Changing) -> dict[str, Any]:
    """What the page of one part shows besides who it is for."""
    scope, title = await part_of(call, now, asked.of)
    own, part = now.said_to(grantee, scope), now.part(grantee, scope)
    carer = now.carers.get(grantee["id"])
    set_to = _how_of(own)
    at_hours = set_to == "hours" if asked.hours is None else asked.hours
    to_hours: dict[str, str | list[str] | None] = {"to": asked.to, "of": asked.of, "hours": "0" if at_hours else "1"}
    return {
        "to": f"{grantee['kind']}:{grantee['id'] or ''}",
        "part": in_form(scope),
        "grantee": {name: grantee[name] for name in ("kind", "id") if grantee[name]},
        "condition": _condition(at_hours),
        "scope": scope,
        "title": title,
        "own": own,
        "card": carer is not None,
        "stands": now.set_of(grantee, scope) if part is None else now.cell(grantee, part, carer).how,
        "takes_back": _takes_back(own, None if now.treats(grantee) else part),
        "at_hours": at_hours,
        "when": [
            (name, _(text))
            for name, text in WHEN.items()
            if carer is not None or name in ("always", "when-unwell", set_to)
        ],
        "days": [(str(n), _(text)) for n, text in enumerate(WEEKDAYS, 1)],
        "to_hours": places.SHARING_CHANGE(to_hours, record=now.record),
        "from_set": binding.on("from", "begins", _set(own, "from")),
        "until_set": binding.on("until", "ends", _set(own, "until")),
        "differing": await _differing(call, now, grantee, scope),
    }


def _condition(at_hours: bool) -> binding.Source:
    """What the form that shares says of when."""
    if at_hours:
        clocks = {"from": binding.clock("opens"), "until": binding.clock("closes")}
        days = binding.all_of("days", "numbers")
        return binding.members(kind="hours", zone=binding.field("zone"), days=days, **clocks)
    return binding.chosen("how", {how: None if how == "always" else {"kind": how} for how in WHEN})


def _how_of(own: Said | None) -> str:
    """When what is set for exactly this lets them see it, as the form calls that; ``always`` where nothing is."""
    condition = own["terms"]["condition"] if own is not None and own["effect"] == "share" else None
    return "always" if condition is None else str(condition["kind"])


def _fresh_form(call: Call, own: Said | None) -> Filled:
    """The form as it stands: with what is set now, so that sent as it is it changes nothing."""
    zone = spoken().zone
    begun: dict[str, str | list[str]] = {"zone": zone.key if isinstance(zone, ZoneInfo) else "Europe/London"}
    if own is None or own["effect"] == "withhold":
        return empty(call, **begun)  # when is theirs to say: nobody shares for ever without having chosen it
    for name in ("from", "until"):
        if (is_set := _set(own, name)) is not None:
            begun |= {name: is_set[0], f"{name}{SET}": is_set[1]}
    condition = own["terms"]["condition"]
    if condition is not None and condition["kind"] == "hours":
        begun |= {"opens": condition["from"], "closes": condition["until"], "zone": condition["zone"]}
        begun["days"] = [str(one) for one in condition["days"]]
    return empty(call, how=_how_of(own), **begun)


def _set(own: Said | None, name: str) -> tuple[str, str] | None:
    """The day and the instant of a date that is set; None where none is."""
    instant = None if own is None else own["terms"][name]
    if instant is None:
        return None
    return (last_day(instant) if name == "until" else local_day(instant)).isoformat(), instant


def _form(fresh: Filled, refused: Filled | None) -> Filled:
    """The page's form: as it was sent; what shares is as it stands, where another form of the page was sent."""
    if refused is None or "from-day" in refused.members:
        return refused or fresh
    return replace(refused, members={**fresh.members, **refused.members})


def _takes_back(own: Said | None, part: Said | None) -> str | None:
    """What takes it back: a withdrawal, where nothing wider would share it still; else to withhold it."""
    if own is not None and own["effect"] == "withhold":
        return None
    if part is None:  # of an item or to who treats: only to withhold it is sure
        return "withhold"
    if own is not None and part["beneath"] not in _SHOWS and not any(own["terms"].values()):
        return "withdraw"  # of what has terms that could show more, once they are over: only to withhold it is sure
    return "withhold" if part["effect"] in _SHOWS or own is not None else None


def _parts(now: SharingNow, grantee: Said) -> list[dict[str, Any]]:
    sees = now.sees.get(grantee["id"] or "all")
    if sees is not None:
        kept = [one["scope"] for one in sees["parts"] if one["directive"] and one["effect"] == "withheld"]
        cells = now.column(sees).cells
        return [{"scope": one.scope, "how": one.how, "href": one.href, "kept": one.scope in kept} for one in cells]
    scopes = [one["scope"] for one in next(iter(now.view["sees"]), {"parts": ()})["parts"]]
    return [{"scope": one, "how": now.set_of(grantee, one), "href": now.to_change(grantee, one)} for one in scopes]


async def _differing(call: Call, now: SharingNow, grantee: Said, scope: Said) -> list[dict[str, Any]]:
    """The items within a part that have a setting of their own for this grantee."""
    found = []
    for one in now.view["directives"]:
        of_grantee = (one["grantee"]["kind"], one["grantee"]["id"]) == (grantee["kind"], grantee["id"])
        if scope["kind"] not in ("kind", "topic") or one["scope"]["kind"] != "item" or not of_grantee:
            continue
        try:
            item = told(await preview.of_item(call, now.record, one["scope"]["of"]))["item"]
        except Unknown:  # it is kept from the patient by now
            continue
        within = scope["of"] in item["topics"] if item["topics"] else ("kind", item["kind"]) == tuple(scope.values())
        if within:
            found.append(
                {**item, "set": now.set_of(grantee, one["scope"]), "href": now.to_change(grantee, one["scope"])}
            )
    return found


def _grantee_and_scope(form: Filled) -> dict[str, Any]:
    kind, _colon, named = form.value("to").partition(":")
    grantee = {"kind": kind} if kind == "all-carers" else {"kind": kind, "id": named}
    return {"grantee": grantee, "scope": from_form(form.value("part"))}


def _terms(form: Filled, now: Instant) -> dict[str, Any]:
    """Dates and condition of a share; raises Unfit in plain words."""
    check = Checks(form)
    how = check.choice("how", (*WHEN, "hours"), _("Choose when they can see it."))
    first, last, today = check.day("from", None), check.day("until", None), local_day(now)
    if last is not None and last < max(today, first or today):
        check.wrong("until", _("The last day has to be today or later, and not before the first."))
    condition = _hours(check, form) if how == "hours" else None if how == "always" else {"kind": how}
    begins = as_set(check, form, "from", first, now) or (_midnight(first) if first and first > today else None)
    ends = as_set(check, form, "until", last, now) or (format_instant(end_of(last)) if last else None)
    check.done()
    return {"from": begins, "until": ends, "condition": condition}


def _hours(check: Checks, form: Filled) -> dict[str, Any]:
    days = check.choices("days", [str(n) for n in range(1, 8)], _("Choose at least one day."))
    opens, closes = (form.value(name).strip().zfill(5) for name in ("opens", "closes"))
    if not _is_clock(opens):
        check.wrong("opens", _("Write from what time, in numbers, like 09:00. For the whole day, write 00:00."))
    if not _is_clock(closes):
        check.wrong("closes", _("Write until what time, in numbers, like 17:30. For the whole day, write 23:59."))
    if opens == closes and _is_clock(opens):
        check.wrong("closes", _("Both times are the same. For the whole day, write 00:00 and 23:59."))
    zone = form.value("zone").strip()
    if zone_named(zone) is None:
        check.wrong("zone", _("Write a time zone that there is, as Europe/London."))
    return {"kind": "hours", "zone": zone, "days": [int(one) for one in days], "from": opens, "until": closes}


def _is_clock(text: str) -> bool:
    hour, _colon, minute = text.partition(":")
    fits = len(hour) == len(minute) == 2 and hour.isascii() and minute.isascii()
    return fits and hour.isdigit() and minute.isdigit() and int(hour) < 24 and int(minute) < 60


def _midnight(day: date) -> str:
    """When a day begins, on the service's clock."""
    return format_instant(instant_of(datetime(day.year, day.month, day.day, tzinfo=spoken().zone)))
