"""A record as whoever may open it is shown it: what is in it, newest first, by day."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api.http import items, notices, records
from api.http.bodies import InPath, OnlyBody
from api.http.reading import Page, PageOfItems
from api.http.service import Call, Calling
from api.pages import clinician, places
from api.pages.account import Cursor
from api.pages.forms import Filled, Sent, empty, sent
from api.pages.language import day, moment, ngettext, number
from api.pages.language import gettext as _
from api.pages.matters import told
from api.pages.places import Place
from api.pages.purpose import AskedPurpose, is_to_be_asked, purpose_page
from api.pages.rendering import PageRoute, own_page
from api.pages.said import AskedSaid, said_of
from ledger.core.instants import DAY, parse_instant
from ledger.core.terms import KINDS

router: Final = APIRouter(include_in_schema=False, route_class=PageRoute)
Item = Mapping[str, Any]
Kinds = Annotated[list[str], Query(max_length=len(KINDS))]
LISTED: Final = 25
NEW_FOR: Final = 3 * DAY
"""So long is what somebody else wrote marked as new."""
ALARMED_FOR: Final = 30 * DAY
"""So long does an emergency access stand at the top of the record."""
_TOLD: Final = 10
_SHOWN: Final = 320
NARROWED_BY: Final = tuple(kind for kind in KINDS if kind != "comment")
"""By which kinds a record is narrowed: comments stand under what they are about."""
_ENTRY_OF: Final[Mapping[str, Place]] = {"patient": places.RECORD, "clinician": places.FIND}


@dataclass(frozen=True, slots=True)
class OnDay:
    """What was made on one day."""

    name: str
    items: Sequence[Item]


@router.get(places.RECORD.path)
async def record_page(
    request: Request,
    call: Calling,
    record: InPath,
    *,
    kind: Kinds = [],  # noqa: B006 - FastAPI copies it
    cursor: Cursor = None,
    purpose: AskedPurpose = None,
    said: AskedSaid = None,
) -> Response:
    """A page of a record."""
    if is_to_be_asked(call, purpose):
        return await purpose_page(request, call, record)
    asked = PageOfItems(purpose=purpose, kind=kind, cursor=cursor, limit=LISTED)
    return await _page(request, call, record, asked, said=said)


@router.post("/forms/record/{record}/item/{item}/see-now")
async def see_now(request: Request, call: Calling, record: InPath, item: InPath, form: Sent) -> Response:
    """Ask for a result that waits because one wished to be told in person first."""

    async def say(speaking: Call) -> str:
        await items.release(speaking, record, item, OnlyBody())
        return places.ITEM({"said": form.statement}, record=record, item=item) + "#said"

    async def again(refused: Filled) -> Response:
        return await _page(request, call, record, PageOfItems(limit=LISTED), form=refused)

    return await sent(request, call, form, say, again)


async def _page(
    request: Request,
    call: Call,
    record: str,
    asked: PageOfItems,
    *,
    said: str | None = None,
    form: Filled | None = None,
) -> Response:
    kind, cursor, purpose = asked.kind, asked.cursor, asked.purpose
    view = told(await records.read_record(call, record, asked))
    first = cursor is None and not kind
    shown: dict[str, Any] = {"emergencies": [], "notices": [], "top": None}
    if first and call.session.acting_as == "patient":
        told_of = await _notices(call, record)
        shown["emergencies"] = list(_alarms(one["at"] for one in told_of if one["kind"] == "emergency"))
        shown["notices"] = [one for one in told_of if one["kind"] != "emergency"]
    if first and call.session.acting_as == "clinician":
        shown["top"] = await clinician.top_of(call, record, purpose)
    return await own_page(
        request,
        call,
        "record.html",
        here=entry_of(call),
        record=record,
        form=form,
        whose=whose_of(call, view),
        view=view,
        waiting=[(one["id"], empty(call)) for one in view.get("sealed", ()) if one["until_asked"]],
        days=list(by_day(call, view["items"])),
        chosen=kind,
        kinds=_choices(call),
        first=first,
        purpose=purpose,
        said=await said_of(call, said, view["items"]),
        newer=None if cursor is None else places.RECORD({"kind": kind, "purpose": purpose}, record=record),
        earlier=_earlier(view["cursor"], kind, purpose, record),
        **shown,
    )


def entry_of(call: Call) -> Place:
    """The entry of the navigation under which this reader has a record open."""
    return _ENTRY_OF.get(call.session.acting_as, places.CARED_FOR)


def whose_of(call: Call, view: Mapping[str, Any]) -> Mapping[str, Any]:
    """Whose record is open, from any view of it."""
    return {"name": view["patient"]["name"] or _("Somebody"), "own": call.session.acting_as == "patient"}


async def whose(call: Call, record: str, purpose: str | None) -> Mapping[str, Any]:
    """Whose record is open, where no view tells it: a patient's is their own."""
    if call.session.acting_as == "patient":
        return {"name": "", "own": True}
    asked = PageOfItems(purpose=purpose, limit=1)
    return whose_of(call, told(await records.read_record(call, record, asked)))


def by_day(call: Call, items: Sequence[Item]) -> Iterator[OnDay]:
    """Items in their order, grouped by the day on which they were made."""
    for name, group in groupby(items, key=lambda item: day(item["made_at"])):
        yield OnDay(name, [shown_of(call, item) for item in group])


def shown_of(call: Call, item: Item) -> Item:
    """An item as a line of a list shows it: its newest words, shortened, and its marks."""
    anew = item["amendments"][-1]["text"] if item["amendments"] else item["text"]
    return {
        **item,
        "now": None if anew is None else shortened(anew),
        "disputed": item.get("disputed", False),
        "erased": item.get("erased"),
        "mine": item["author"]["id"] == call.session.person,
        "new": is_new(call, item),
    }


def is_new(call: Call, item: Item) -> bool:
    """Did somebody else write it lately? What comes late from elsewhere is as old as it says."""
    made = parse_instant(item["made_at"])
    return item["author"]["id"] != call.session.person and call.ledger.clock() - made < NEW_FOR


def shortened(text: str) -> str:
    """The beginning of a text, to the end of a word."""
    if len(text) <= _SHOWN:
        return text
    return text[:_SHOWN].rsplit(None, 1)[0] + " …"


async def _notices(call: Call, record: str) -> list[Mapping[str, Any]]:
    """What the patient is told without looking for it, newest first: of this record, and lately."""
    since = call.ledger.clock() - ALARMED_FOR
    found = told(await notices.read_notices(call, Page(limit=_TOLD)))["notices"]
    return [one for one in found if one["record"] == record and parse_instant(one["at"]) >= since]


def _alarms(instants: Iterable[str]) -> Iterator[str]:
    """Emergencies in words, newest first: a sentence for each day, with the time of the only one."""
    for name, group in groupby(instants, key=day):
        times = list(group)
        said = ngettext(
            "Somebody opened your record as an emergency on %(when)s.",
            "Your record was opened as an emergency %(n)s times on %(when)s.",
            len(times),
        )
        yield said % {"n": number(len(times)), "when": name if len(times) > 1 else moment(times[0])}


def _choices(call: Call) -> Sequence[str]:
    """By which kinds this reader may narrow: those that they could ever be shown, whatever there is of them."""
    if call.session.acting_as == "clinician":
        return NARROWED_BY
    return [kind for kind in NARROWED_BY if kind not in ("working-note", "flag")]


def _earlier(cursor: str | None, kinds: Sequence[str], purpose: str | None, record: str) -> str | None:
    if cursor is None:
        return None
    return places.RECORD({"kind": list(kinds), "purpose": purpose, "cursor": cursor}, record=record)
