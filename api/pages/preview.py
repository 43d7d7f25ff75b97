"""See as: a patient's record as one carer sees it, in the very page that the carer gets; and what they do not see.

The page is made of the API's preview by the template of a carer's page, as if the carer had asked. Its links stay
within the preview: they lead to it again, and those of an item to who can see that. Nothing on it can be signed. Under
it, for the patient alone, stands what this carer does not see now, why, and where that is changed.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.http import preview
from api.http.bodies import InPath
from api.http.service import Call, Calling
from api.pages import places, words
from api.pages.account import Cursor
from api.pages.language import gettext as _
from api.pages.language import moment
from api.pages.matters import told
from api.pages.navigation import navigation_of
from api.pages.record import LISTED, NARROWED_BY, Kinds, by_day
from api.pages.rendering import PageRoute, page
from api.pages.sharing_now import SharingNow, sharing_now
from api.pages.voice import voice_of
from ledger.domain.errors import Unknown

router = APIRouter(include_in_schema=False, route_class=PageRoute)
_NEVER_SHOWN = ("working-note", "flag")


class InPreview:
    """The places as a preview's links have them: whatever a carer could go on to, the patient stays here."""

    def __init__(self, record: str, person: str) -> None:
        self._record, self._person = record, person

    def __getattr__(self, name: str) -> "Stays":
        return Stays(name, self._record, self._person)


class Stays:
    """One place within a preview."""

    def __init__(self, name: str, record: str, person: str) -> None:
        self._name, self._record, self._person = name, record, person

    def __call__(self, query: Mapping[str, Any] | None = None, **ids: str) -> str:
        """Where the link leads."""
        if self._name == "ITEM":
            return places.SHARING_ITEM(record=self._record, item=ids["item"])
        if self._name == "RECORD":
            return places.PREVIEW({**(query or {}), "purpose": None}, record=self._record, person=self._person)
        return places.PREVIEW(record=self._record, person=self._person)


@router.get(places.PREVIEW.path, operation_id="preview.view")
async def see_as(
    request: Request,
    call: Calling,
    record: InPath,
    person: InPath,
    *,
    kind: Kinds = [],  # noqa: B006 - FastAPI copies it
    cursor: Cursor = None,
    more: Cursor = None,
) -> Response:
    """A page of the record as this carer sees it; ``more`` goes on in the list of what they do not see."""
    now = await sharing_now(call, record)
    if person not in now.carers:
        raise Unknown("preview: got somebody who is no carer of yours now, wanted one who is; look at who is")
    asked = preview.PageOfPreview(carer=person, kind=kind, cursor=cursor, limit=LISTED)
    view = told(await preview.preview(call, record, asked))
    shown = _as_the_carer(call, view, person, kind, cursor)
    name = now.carers[person]["person"]["name"] or _("Somebody unknown")
    return page(
        request,
        "preview.html",
        voice=_silent(await voice_of(request, call)),
        nav=await navigation_of(call, places.SHARING, record),
        role_label=words.role("patient"),
        preview={"name": name, "stop_href": places.SHARING(record=record)},
        at=InPreview(record, person),
        record=record,
        unseen=await _unseen(call, now, person, more),
        **shown,
    )


def _as_the_carer(
    call: Call, view: Mapping[str, Any], person: str, kinds: list[str], cursor: str | None
) -> dict[str, Any]:
    """What the page of a record is given when a carer opens it."""
    as_carer = replace(call, session=replace(call.session, person=person, acting_as="carer"))
    to = InPreview(view["record"], person)
    more = view["cursor"]
    return {
        "whose": {"name": view["patient"]["name"], "own": False},
        "view": view,
        "days": list(by_day(as_carer, view["items"])),
        "chosen": kinds,
        "kinds": [kind for kind in NARROWED_BY if kind not in _NEVER_SHOWN],
        "first": cursor is None and not kinds,
        "purpose": None,
        "said": None,
        "notices": [],
        "top": None,
        "form": None,
        "waiting": (),
        "newer": None if cursor is None else to.RECORD({"kind": kinds}),
        "earlier": None if more is None else to.RECORD({"kind": kinds, "cursor": more}),
    }


def _silent(voice: Mapping[str, Any]) -> dict[str, Any]:
    """Who is signed in, as a carer's page has it: with no passkey, so that nothing can be signed on it."""
    return {**voice, "session": {**voice["session"], "acting_as": "carer", "passkeys": []}}


async def _unseen(call: Call, now: SharingNow, person: str, more: str | None) -> dict[str, Any]:
    """What the patient sees and this carer does not, of some of the record; and where the list goes on."""
    asked = preview.PageOfPreview(carer=person, cursor=more, limit=LISTED)
    outline = told(await preview.outline(call, now.record, asked))
    grantee = {"kind": "person", "id": person}
    titles = {one["id"]: one["title"] or words.kind(one["kind"]) for one in outline["items"]}
    rows = [
        {
            **one,
            "name": _name_of(call, one, titles),
            "why": now.why_not(person, one),
            "together": _would_together(now, one),
            "href": now.to_change(grantee, {"kind": "item", "of": one["id"]}),
        }
        for one in outline["items"]
        if not one["shown"]
    ]
    on = outline["cursor"]
    return {
        "items": rows,
        "more": None if on is None else places.PREVIEW({"more": on}, record=now.record, person=person) + "#unseen",
        "first": None if more is None else places.PREVIEW(record=now.record, person=person) + "#unseen",
        "together": places.TOGETHER({"to": person}, record=now.record),
    }


def _name_of(call: Call, outlined: Mapping[str, Any], titles: Mapping[str, str]) -> str:
    """What the patient knows an item by: its title; what a comment is on, and whose it is; else its kind and day.

    A comment stands within the same page of the outline as what it is on.
    """
    named = {
        "kind": words.kind(outlined["kind"]),
        "when": moment(outlined["made_at"]),
        "whose": outlined["author"]["name"] or words.role(outlined["author"]["acting_as"]),
        "about": titles.get(outlined["parent"] or ""),
    }
    if outlined["title"]:
        return str(outlined["title"])
    if named["about"] is None:
        return _("%(kind)s, %(when)s") % named
    if outlined["author"]["id"] == call.session.person:
        return _("Your comment on “%(about)s”, %(when)s") % named
    return _("Comment by %(whose)s on “%(about)s”, %(when)s") % named


def _would_together(now: SharingNow, outlined: Mapping[str, Any]) -> bool:
    """Is all that is missing that the patient is with them?"""
    if outlined["rule"] != "condition-not-met":
        return False
    deciding = [now.directives[one] for one in outlined["directives"] if one in now.directives]
    conditions = [one["terms"]["condition"] for one in deciding]
    return bool(conditions) and all(one is not None and one["kind"] == "together" for one in conditions)
