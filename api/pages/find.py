"""Find a patient: the records in one's care, by name. Each is opened for a purpose.

A name that is looked for can be read in no address, so that no browser keeps it (``looked_for.py``).
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Annotated, Any, Final
from unicodedata import combining, normalize

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api.http import records
from api.http.service import Call, Calling
from api.pages import places
from api.pages.forms import Checks, Filled, Sent, Unfit, empty, gone_on
from api.pages.language import gettext as _
from api.pages.looked_for import LookedFor, opened, sealed
from api.pages.matters import told
from api.pages.rendering import PageRoute, own_page
from ledger.core.errors import MalformedStatement
from ledger.core.shapes import uuid

router: Final = APIRouter(include_in_schema=False, route_class=PageRoute)
Cursor = Annotated[str | None, Query(max_length=100)]
LISTED: Final = 25
MOST_LETTERS: Final = 200
LOOKED_THROUGH: Final = 4
"""Pages that are looked through for a name at once: each name that is read is a disclosure of its record."""


@router.get(places.FIND.path)
async def find(request: Request, call: Calling, cursor: Cursor = None, q: LookedFor = None) -> Response:
    """The records in one's care, each page by name; those whose patient has a name, where one is looked for."""
    form = empty(call, **({} if q is None else opened(call, q)))
    return await _find(request, call, form.value("name"), form.value("cursor") or cursor, None)


@router.post("/forms/patients")
async def find_by_name(request: Request, call: Calling, form: Sent) -> Response:
    """Lead to those whose patient has such a name; with a cursor, to those further back. Without a name, to all."""
    name = form.value("name").replace("\x00", "").strip()[:MOST_LETTERS]
    if not name:
        return gone_on(request, places.FIND())
    named = replace(form, members={**form.members, "name": (name,)})
    return gone_on(request, places.FIND({"q": sealed(call, named, ("name", "cursor"))}))


@router.post("/forms/find")
async def find_in_emergency(request: Request, call: Calling, form: Sent) -> Response:
    """Go to a record by its number, to open it as an emergency."""
    check = Checks(form)
    number = check.text("number", _("Write the number of the record."), 60).lower()
    try:
        uuid("number", number)
    except MalformedStatement:
        if number:
            check.wrong("number", _("This is not the number of a record. It has 36 letters, digits and dashes."))
    try:
        check.done()
    except Unfit as unfit:
        return await _find(request, call, "", None, form.refused(unfit.errors))
    return gone_on(request, places.EMERGENCY(record=number))


async def _find(request: Request, call: Call, name: str, cursor: str | None, form: Filled | None) -> Response:
    found, more = await _looked_through(call, name, cursor)
    return await own_page(
        request,
        call,
        "find.html",
        here=places.FIND,
        form=form or empty(call),
        name=name,
        records=found,
        first=cursor is None,
        cursor=more,
    )


async def _looked_through(call: Call, name: str, cursor: str | None) -> tuple[list[dict[str, Any]], str | None]:
    """A page of records by name; looking for a name, those found in a few pages; and where to look on."""
    found: list[dict[str, Any]] = []
    for _page in range(LOOKED_THROUGH if name else 1):
        asked = records.PageOfRecords(limit=LISTED, cursor=cursor, purpose="task", named=True)
        listed = told(await records.list_records(call, asked))
        found += [one for one in listed["records"] if is_called(one["name"], name)]
        cursor = listed["cursor"]
        if cursor is None:
            break
    return sorted(found, key=_by_name), cursor


def _by_name(one: Mapping[str, Any]) -> tuple[bool, list[str]]:
    """Where a record stands among others of a page: who has no name here comes last."""
    return one["name"] is None, list(_words(one["name"] or ""))


def is_called(name: str | None, sought: str) -> bool:
    """Does every word that was typed begin a word of the name? Case and accents do not matter."""
    words = _words(name or "")
    return all(any(word.startswith(part) for word in words) for part in _words(sought))


def _words(text: str) -> Iterable[str]:
    plain = "".join(letter for letter in normalize("NFKD", text) if not combining(letter))
    return plain.casefold().split()
