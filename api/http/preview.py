"""Preview: how a patient's record looks to somebody they let see it, what of it stays hidden from them, and why.

The view is built by the carer's own code, from a disclosure to the carer that is recorded as a preview: so it shows
what the carer would see now, and never anything that is kept from the patient. Only the patient whose record it is may
ask; to everybody else it is as if there were no such record. The carer hears nothing of it.
"""

from contextlib import suppress
from dataclasses import replace
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from api.http.answers import json_answer
from api.http.bodies import UUID_PATTERN, InPath
from api.http.operations import shows
from api.http.reading import AskedPurpose, PageOfKinds, purpose_of
from api.http.records import EXAMPLE_VIEW, VIEWS, built_for, view_of
from api.http.service import Call, Calling
from api.http.trail import check_let_in
from ledger.core.decisions import Decision, Permit
from ledger.core.explanations import explain
from ledger.disclosure import Shown
from ledger.domain.errors import Unknown
from ledger.saying import By
from ledger.use_cases.trail import Asked

router: Final = APIRouter(tags=["records"])
_UNSAID: Final = "They do not see this."

_ID: Final = "9d2b0f3e-5a80-4c3e-9d2b-6f1f3f0a4b11"
_TO_SAM: Final = {
    "person": "0b1b8a1e-6e0c-4d57-8a53-0d3a54a3c0de",
    "shown": False,
    "rule": "topic-not-shared",
    "because": "It is about something private that you have not ticked for them.",
    "directives": [],
}
_OUTLINE: Final = ("id", "kind", "title", "parent", "author", "made_at")
"""What an outline tells of an item: enough to tell two comments apart."""
_OUTLINED: Final[dict[str, Any]] = {
    "id": _ID,
    "kind": "letter",
    "title": "From the clinic",
    "parent": None,
    "author": {"id": _TO_SAM["person"], "name": "Dr Okafor", "acting_as": "clinician", "signed": "author"},
    "made_at": "2026-05-03T09:00:00.000Z",
    "shown": False,
    "rule": "topic-not-shared",
    "because": "It is about something private that you have not ticked for them.",
    "directives": [],
}


class PageOfPreview(PageOfKinds):
    """The query of a preview: as whom, and acting as what."""

    carer: str = Field(pattern=UUID_PATTERN, description="Whose view it is.")
    acting_as: Literal["carer", "attorney", "parent"] = "carer"

    def viewer(self) -> By:
        """The reader whose view it is."""
        return By(self.carer, self.acting_as)


@shows(router, "/records/{record}/preview", "preview.view", EXAMPLE_VIEW)
async def preview(call: Calling, record: InPath, page: Annotated[PageOfPreview, Query()]) -> Response:
    """A page of the record as this person would see it now."""
    await _check_is_the_patient(call, record, page.purpose)
    kinds = page.kinds()
    continues = ("preview", record, call.session.person, page.carer, page.acting_as, *sorted(kinds))
    after = None if page.cursor is None else call.service.cursors.open(page.cursor, *continues)
    of_carer = Asked(record, "shared-with-me", "preview", kinds=kinds, limit=page.limit, after=after)
    await _check_opens(call, page, of_carer)
    view, disclosure = await built_for(call, page.viewer(), of_carer, VIEWS[page.acting_as])
    more = None if disclosure.more is None else call.service.cursors.seal(disclosure.more, *continues)
    del view["more"]
    return json_answer({**view, "cursor": more})


@shows(router, "/records/{record}/preview/outline", "preview.outline", {"items": [_OUTLINED], "cursor": None})
async def outline(call: Calling, record: InPath, page: Annotated[PageOfPreview, Query()]) -> Response:
    """Of each item that the patient sees: does this person see it now, why, and by which of the patient's wishes?"""
    await _check_is_the_patient(call, record, page.purpose)
    kinds = page.kinds()
    continues = ("outline", record, call.session.person, page.carer, page.acting_as, *sorted(kinds))
    after = None if page.cursor is None else call.service.cursors.open(page.cursor, *continues)
    of_carer = Asked(record, "shared-with-me", "preview")
    await _check_opens(call, page, of_carer)
    own = Asked(record, purpose_of(call, page.purpose), "preview", kinds=kinds, limit=page.limit, after=after)
    view, disclosure = await view_of(call, own)
    items = [shown.item for shown in disclosure.thread()]
    decided = await call.ledger.trail.decided(page.viewer(), of_carer, items)
    named = await _named(call, record)
    rows = [
        {**told, **_told_of(decided[told["id"]], named)}
        for shown, item in zip(disclosure.shown, view["items"], strict=True)
        for told in _outlined(shown, item)
    ]
    more = None if disclosure.more is None else call.service.cursors.seal(disclosure.more, *continues)
    return json_answer({"items": rows, "cursor": more})


@shows(
    router,
    "/records/{record}/items/{item}/preview",
    "preview.of_item",
    {"item": {"id": _ID, "kind": "letter", "title": "From the clinic", "topics": []}, "carers": [_TO_SAM]},
)
async def of_item(call: Calling, record: InPath, item: InPath, purpose: AskedPurpose = None) -> Response:
    """Does each carer see this item now, why, and by which of the patient's wishes? For the patient."""
    await _check_is_the_patient(call, record, purpose)
    view, _ = await view_of(call, Asked(record, purpose_of(call, purpose), "preview", item=item))
    [told] = view["items"]
    named, of_carer = await _named(call, record), Asked(record, "shared-with-me", "preview")
    carers = []
    for person in (await call.ledger.facts.record(record)).fold.facts.carers:
        decided = await call.ledger.trail.decided(By(person, "carer"), of_carer, [item])
        carers.append({"person": person, **_told_of(decided[item], named)})
    return json_answer({"item": {name: told[name] for name in ("id", "kind", "title", "topics")}, "carers": carers})


async def _named(call: Call, record: str) -> dict[int, str]:
    """The id of each directive of a record, by its position."""
    directives = (await call.ledger.facts.record(record)).fold.facts.directives.values()
    return {directive.position: directive.id for directive in directives}


async def _check_is_the_patient(call: Call, record: str, purpose: str | None) -> None:
    """Raise Unknown for everybody but the living patient of this record."""
    if call.session.acting_as != "patient":
        raise Unknown(f"record {record}: there is no such record for you; check the id and what you act as")
    own = Asked(record, purpose_of(call, purpose), "preview", items=())
    await check_let_in(call, own)


async def _check_opens(call: Call, page: PageOfPreview, of_carer: Asked) -> None:
    """Raise Unknown where this person would not be let in at all: there is nothing to preview."""
    if await call.ledger.trail.may_open(page.viewer(), of_carer):
        return
    with suppress(Unknown):
        await call.ledger.trail.open(page.viewer(), replace(of_carer, items=()))  # records the refusal
    raise Unknown(f"preview: got a person who opens nothing here as {page.acting_as}; name them as your carer first")


def _outlined(shown: Shown, item: dict[str, Any]) -> list[dict[str, Any]]:
    """An item of the patient's own view and what is said under it, each by itself."""
    below = [
        told
        for child, of_child in zip(shown.children, item["children"], strict=True)
        for told in _outlined(child, of_child)
    ]
    return [{name: item[name] for name in _OUTLINE}, *below]


def _told_of(decision: Decision, named: dict[int, str]) -> dict[str, Any]:
    """Whether it is shown to them, and why, in plain words. On which ground a professional keeps it stays unsaid."""
    return {
        "shown": isinstance(decision, Permit),
        "rule": decision.rule.partition(":")[0],
        "because": explain(decision).of_them or _UNSAID,
        "directives": [named[position] for position in decision.evidence if position in named],
    }
