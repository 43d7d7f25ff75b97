"""Records over HTTP: opening one, who is around it, and reading it. A reading is recorded before it is answered."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from api.http.answers import answered, json_answer
from api.http.bodies import Body, Id, InPath, Moment, OnlyBody, Text, names, reads, shown_as
from api.http.operations import shows, writes
from api.http.problems import MALFORMED, Problem, Refused
from api.http.reading import OneItem, Page, PageOfItems, case_of, purpose_of, via_of
from api.http.service import Call, Calling, check_still_signed_in
from api.http.sight import OVERSEERS
from ledger.core.instants import Instant
from ledger.core.terms import CARE_GROUNDS
from ledger.disclosure import Disclosure
from ledger.domain.errors import NotAllowed
from ledger.ledger import Ledger
from ledger.saying import By
from ledger.store.errors import WordsErased
from ledger.use_cases.trail import Asked
from projections.directory import Listed
from projections.holding import disclosed_names
from projections.timeline import Timeline
from projections.views import auditor, carer, clinician, patient
from projections.views.fields import as_json

router: Final = APIRouter(tags=["records"])
Build = Callable[[Ledger, Timeline, Disclosure], Awaitable[Any]]


async def _of_a_parent(ledger: Ledger, timeline: Timeline, disclosure: Disclosure) -> Any:
    """A parent reads as the child would, and from the age of review on as a carer does."""
    as_the_child = disclosure.opened_by == "parent"
    return await (patient if as_the_child else carer).build(ledger, timeline, disclosure)


VIEWS: Final[Mapping[str, Build]] = {
    "patient": patient.build,
    "clinician": clinician.build,
    "carer": carer.build,
    "attorney": carer.build,
    "parent": _of_a_parent,
}
"""Whose view is built by what, of those who read words. Auditors and guardians oversee."""
_NAMED_AT_ONCE: Final = 50
"""Records on a page with names: each is a disclosure of its own."""

_AMINA: Final = "3f0f5a53-7a6b-4f0f-a0c4-6b8b7a7b3f10"
_RECORD: Final = "6e0c8a1e-0b1b-4d57-8a53-0d3a54a3c0de"
EXAMPLE_ITEM: Final = {
    "id": "0b1b8a1e-6e0c-4d57-8a53-0d3a54a3c0de",
    "kind": "plan-for-carers",
    "title": "How to help",
    "text": "Walk together every day.",
    "author": {
        "id": "9d2b0f3e-5a80-4c3e-9d2b-6f1f3f0a4b11",
        "name": "Dr Okafor",
        "acting_as": "clinician",
        "signed": "author",
    },
    "made_at": "2026-05-03T09:00:00.000Z",
}
EXAMPLE_VIEW: Final = {
    "record": _RECORD,
    "patient": {"id": _AMINA, "name": "Amina Hassan"},
    "opened_at": "2026-05-03T09:00:00.000Z",
    "items": [EXAMPLE_ITEM],
    "cursor": None,
}


class NewRecord(Body):
    """Whose record is to be opened."""

    model_config = shown_as(patient=_AMINA)
    patient: Id


class NewCare(Body):
    """Who is to be in care, on which ground: a person or a team, and not both."""

    model_config = shown_as(team="9d2b0f3e-5a80-4c3e-9d2b-6f1f3f0a4b11", ground="referral")
    ground: Annotated[str, names(*CARE_GROUNDS)]
    person: Id | None = None
    team: Id | None = None
    until: Moment | None = None

    def grantee(self) -> dict[str, str]:
        """The one who is named; raises Refused for none or two."""
        named = {"person": self.person, "team": self.team}
        given = {kind: name for kind, name in named.items() if name is not None}
        if len(given) != 1:
            raise Refused(Problem(MALFORMED, f"person, team: got {len(given)} of them, wanted exactly one"))
        return given


class Transfer(Body):
    """To which team the care goes."""

    model_config = shown_as(team="9d2b0f3e-5a80-4c3e-9d2b-6f1f3f0a4b11")
    team: Id


class NewCarer(Body):
    """Who cares, and how they are related to the patient."""

    model_config = shown_as(person="0b1b8a1e-6e0c-4d57-8a53-0d3a54a3c0de", relation="son")
    person: Id
    relation: Text


class PageOfRecords(Page):
    """The query of a page of records: with the patients' names, if they are asked for."""

    named: bool = Field(default=False, description="With names: each is disclosed, so there are 50 at most.")


@writes(router, "/records", "care.open_record")
async def open_record(call: Calling, body: Annotated[NewRecord, reads(NewRecord)]) -> Response:
    """Open a record for a patient."""
    return answered(await call.ledger.care.open_record(call.by(body), body.patient))


@writes(router, "/records/{record}/care", "care.start")
async def start_care(call: Calling, record: InPath, body: Annotated[NewCare, reads(NewCare)]) -> Response:
    """Start the care relationship of a person or a team."""
    said = call.ledger.care.start(call.by(body), record, ground=body.ground, until=body.until, **body.grantee())
    return answered(await said)


@writes(router, "/records/{record}/care/{care}/end", "care.end")
async def end_care(call: Calling, record: InPath, care: InPath, body: Annotated[OnlyBody, reads(OnlyBody)]) -> Response:
    """End a care relationship."""
    return answered(await call.ledger.care.end(call.by(body), record, care))


@writes(router, "/records/{record}/care/{care}/transfer", "care.transfer")
async def transfer(call: Calling, record: InPath, care: InPath, body: Annotated[Transfer, reads(Transfer)]) -> Response:
    """Hand a team's care over to another, with the seals against it and its open disputes, by an administrator."""
    return answered(await call.ledger.care.transfer(call.by(body), record, care, body.team))


@writes(router, "/records/{record}/carers", "care.name_carer")
async def name_carer(call: Calling, record: InPath, body: Annotated[NewCarer, reads(NewCarer)]) -> Response:
    """Name a carer, by the patient; by itself this shows them nothing."""
    return answered(await call.ledger.care.name_carer(call.by(body), record, body.person, body.relation))


@writes(router, "/records/{record}/carers/{person}/end", "care.end_carer")
async def end_carer(
    call: Calling, record: InPath, person: InPath, body: Annotated[OnlyBody, reads(OnlyBody)]
) -> Response:
    """End that somebody is a carer here, by the patient."""
    return answered(await call.ledger.care.end_carer(call.by(body), record, person))


@shows(router, "/records/{record}", "trail.open", EXAMPLE_VIEW)
async def read_record(call: Calling, record: InPath, page: Annotated[PageOfItems, Query()]) -> Response:
    """A page of a record, newest first, as the reader of the token may see it."""
    kinds = page.kinds()
    case, via = case_of(call, page.case), via_of(call, page.via)
    continues = ("record", record, call.session.person, call.session.acting_as, via, case or "", *sorted(kinds))
    after = None if page.cursor is None else call.service.cursors.open(page.cursor, *continues)
    purpose = purpose_of(call, page.purpose)
    asked = Asked(record, purpose, via, kinds=kinds, limit=page.limit, after=after, case=case)
    view, disclosure = await view_of(call, asked)
    more = None if disclosure.more is None else call.service.cursors.seal(disclosure.more, *continues)
    del view["more"]
    return json_answer({**view, "cursor": more})


@shows(router, "/records/{record}/items/{item}", "trail.open_item", {**EXAMPLE_VIEW, "items": [EXAMPLE_ITEM]})
async def read_item(call: Calling, record: InPath, item: InPath, of: Annotated[OneItem, Query()]) -> Response:
    """One item of a record, with what is said about it; a hidden one answers as one that is not there."""
    purpose, via = purpose_of(call, of.purpose), via_of(call, of.via)
    view, _ = await view_of(call, Asked(record, purpose, via, item=item, case=case_of(call, of.case)))
    del view["more"]
    return json_answer({**view, "cursor": None})


_LISTED: Final = {"record": _RECORD, "patient": _AMINA, "name": "Amina Hassan", "ground": "referral", "team": None}
_LIST: Final = {"records": [_LISTED], "cursor": None}


@shows(router, "/records", "records.list", _LIST)
async def list_records(call: Calling, page: Annotated[PageOfRecords, Query()]) -> Response:
    """The records of the reader: their own, those of whom they care for, or those in their care.

    A list is structure: what a record shows is decided when it is opened. A name is a word: with ``named``, each
    record on the page is disclosed; without it, or where the reader may not open the record, it is null.
    """
    asked = Asked("", purpose_of(call, page.purpose)) if page.named else None
    limit = page.limit if asked is None else min(page.limit, _NAMED_AT_ONCE)
    await call.service.caught_up()
    continues = ("records", call.session.person, call.session.acting_as)
    before = None if page.cursor is None else call.service.cursors.open(page.cursor, *continues)[1]
    listed = await _listed(call, before, limit)
    last = listed[limit - 1].position if len(listed) > limit else None
    cursor = None if last is None else call.service.cursors.seal((Instant(0), last), *continues)
    named = {} if asked is None else await _names(call, asked, listed[:limit])
    return json_answer({"records": [_row(one, named.get(one.record)) for one in listed[:limit]], "cursor": cursor})


async def view_of(call: Call, asked: Asked) -> tuple[dict[str, Any], Disclosure]:
    """Record the disclosure, then build the view of it: words are opened for what was recorded, and nothing else."""
    acting_as = call.session.acting_as
    build = partial(auditor.build, case=asked.case) if acting_as in OVERSEERS else VIEWS.get(acting_as)
    if build is None:
        wanted = ", ".join([*VIEWS, *sorted(OVERSEERS)])
        raise NotAllowed(f"record: got acting_as {acting_as}, wanted one of {wanted}", "no-view")
    return await built_for(call, call.by(), asked, build)


async def built_for(call: Call, by: By, asked: Asked, build: Build) -> tuple[dict[str, Any], Disclosure]:
    """The view of a reader, who is the caller, or whom the caller previews."""
    try:
        return await _opened(call, by, asked, build)
    except WordsErased:
        # Erased between the disclosure and its view, and the next disclosure says so. What is gone unsaid is an error.
        return await _opened(call, by, asked, build)


async def _opened(call: Call, by: By, asked: Asked, build: Build) -> tuple[dict[str, Any], Disclosure]:
    disclosure = await call.ledger.trail.open(by, asked)
    await check_still_signed_in(call)
    return as_json(await build(call.ledger, call.service.timeline, disclosure)), disclosure


async def _listed(call: Call, before: int | None, limit: int) -> list[Listed]:
    """Up to one more than ``limit`` records, so that it is known whether there are more."""
    person, directory = call.session.person, call.service.directory
    if call.session.acting_as == "patient":
        return _after(await directory.own_record(person), before)
    if call.session.acting_as == "carer":
        return _after(await directory.cared_for(person), before)
    now = call.ledger.clock()
    if call.session.acting_as in ("attorney", "parent"):
        return _after(await directory.stood_in_for(person, call.session.acting_as, now), before)
    facts = (await call.ledger.facts.person(person, fresh=True)).fold.facts
    if call.session.acting_as != "clinician" or facts.role("clinician", now) is None:
        wanted = "a patient, carer, attorney, parent or clinician"
        raise NotAllowed(f"records: got a reader without a list, wanted {wanted}", "no-list")
    return await directory.in_care_of(person, now, before=before, limit=limit + 1)


def _after(listed: list[Listed], before: int | None) -> list[Listed]:
    return [one for one in listed if before is None or one.position < before]


async def _names(call: Call, asked: Asked, listed: Sequence[Listed]) -> dict[str, str | None]:
    named, disclosures = await disclosed_names(call.ledger.trail, call.by(), asked, [one.record for one in listed])
    if disclosures:
        await check_still_signed_in(call)
    return named


def _row(listed: Listed, name: str | None) -> dict[str, Any]:
    return {
        "record": listed.record,
        "patient": listed.patient,
        "name": name,
        "ground": listed.ground,
        "team": listed.team,
    }
