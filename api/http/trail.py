"""The trail over HTTP: who has looked. Reading it is a disclosure too, recorded before it is answered.

Patients read the trail of their own record; auditors within a case; guardians also see every emergency. Carers and
clinicians never see it. Names are words, so only patients, whose record it is, are told them; auditors and guardians
read ids.
"""

import asyncio
from dataclasses import replace
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from api.http.answers import json_answer
from api.http.bodies import UUID_PATTERN, InPath, Moment
from api.http.naming import few_of, named_on
from api.http.operations import shows
from api.http.reading import OfCase, Page, case_of, purpose_of
from api.http.service import Call, Calling, check_still_signed_in
from api.http.sight import (
    NOBODY,
    OVERSEERS,
    READERS,
    Named,
    Seeing,
    Sight,
    items_of,
    line_as_json,
    lines_of,
    lines_since,
    sight_of,
)
from ledger.core.decisions import CARERS
from ledger.core.instants import Instant
from ledger.disclosure import Disclosure
from ledger.domain.errors import NotAllowed
from ledger.use_cases.trail import Asked
from projections.access_trail import Line, Sought

router: Final = APIRouter(tags=["trail"])
LARGEST_ACROSS: Final = 50
"""Lines of a page over several records: each record is a disclosure of its own."""

LINE: Final = {
    "id": "019c0f3e-5a80-7c3e-9d2b-6f1f3f0a4b11",
    "viewer": {"id": "0b1b8a1e-6e0c-4d57-8a53-0d3a54a3c0de", "name": "Dr Okafor"},
    "acting_as": "clinician",
    "purpose": "appointment",
    "via": "screen",
    "preview_of": None,
    "at": "2026-05-03T09:00:00.000Z",
    "refused": False,
    "shown": [{"rule": "direct-care", "items": ["9d2b0f3e-5a80-4c3e-9d2b-6f1f3f0a4b11"]}],
    "items": [
        {
            "id": "9d2b0f3e-5a80-4c3e-9d2b-6f1f3f0a4b11",
            "kind": "letter",
            "title": "From the clinic",
            "since": "2026-05-02T09:00:00.000Z",
        },
    ],
}
_EXAMPLE: Final = {"lines": [LINE], "cursor": None}
_NAME_PATTERN: Final = "^[a-z0-9-]+$"
_Id = Annotated[str | None, Field(pattern=UUID_PATTERN)]
OfItem = _Id


class Narrowing(BaseModel):
    """Which lines of the trail; an auditor names the case. What is named besides must agree."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    case: OfCase = None
    viewer: _Id = Field(default=None, description="Who looked; in a preview that is the patient.")
    not_by: _Id = Field(default=None, description="Who did not look: everybody's lines but theirs.")
    team: _Id = Field(default=None, description="Clinicians who were in this team when they looked.")
    rule: str | None = Field(
        default=None, max_length=129, pattern="^[a-z0-9:-]+$", description="By which something was shown."
    )
    for_purpose: str | None = Field(
        default=None, max_length=64, pattern=_NAME_PATTERN, description="For which was looked."
    )
    via: str | None = Field(default=None, max_length=16, pattern=_NAME_PATTERN, description="How it was shown.")
    emergency: bool | None = None
    refused: bool | None = None
    since: Moment | None = None
    until: Moment | None = Field(default=None, description="From which on no line counts.")

    def sought(self, record: str | None, item: str | None = None) -> Sought:
        """Which lines these are."""
        return Sought(
            record=record,
            viewer=self.viewer,
            not_by=self.not_by,
            team=self.team,
            item=item,
            rule=self.rule,
            purpose=self.for_purpose,
            via=self.via,
            emergency=self.emergency,
            refused=self.refused,
            since=self.since,
            until=self.until,
        )


class PageOfLines(Page, Narrowing):
    """The query of a page of the trail."""

    def question(self) -> tuple[str, ...]:
        """What a cursor is bound to: everything that is asked, but for how much of it at a time."""
        asked = self.model_dump(exclude={"limit", "cursor", "purpose"})
        return tuple(f"{name}={value}" for name, value in asked.items() if value is not None)


class PageOfTrail(PageOfLines):
    """The same, and only lines that show one item."""

    item: _Id = Field(default=None, description="Lines that show this item.")


class PageAcross(PageOfTrail):
    """The same over all records of a case, or over all emergencies."""

    limit: int = Field(default=LARGEST_ACROSS, ge=1, le=LARGEST_ACROSS, description="Lines at most.")
    record: _Id = Field(default=None, description="Of this record alone.")


@shows(router, "/records/{record}/trail", "trail.who_looked", _EXAMPLE)
async def who_looked(call: Calling, record: InPath, page: Annotated[PageOfTrail, Query()]) -> Response:
    """Who opened this record, newest first: what they saw, acting as what, why, and by which rule.

    To the patient it says what is called how, where a look showed three items or fewer; what showed more is told in
    full by itself.
    """
    check_reads_trail(call)
    asked = reading_of(call, record, page.purpose, page.case)
    continues = _continues(call, "trail", record, page)
    before = None if page.cursor is None else call.service.cursors.open(page.cursor, *continues)[1]
    await check_let_in(call, asked)
    known = call.ledger.rows.sequencer.size - 1
    await call.service.caught_up()
    sight = await sight_of(call, record, page.sought(record, page.item), asked.case)
    # No line is looked for by an item that the reader does not see: it costs no more than one that nobody knows.
    there = page.item is None or page.item in await call.ledger.trail.visible(call.by(), asked, [page.item])
    chosen = await lines_of(call, sight, before, page.limit, visible_to(call, asked)) if there else []
    disclosure = await disclose(call, asked, {item for _, seen in chosen[: page.limit] for item in seen})
    told = {shown.item for shown in disclosure.thread()}
    newest = max(known, chosen[0][0].position) if chosen else known
    # On the first page also what was said meanwhile: the reading itself is a line of this trail.
    since = await lines_since(call, sight, newest, told) if before is None and there else []
    lines = since + [(line, seen & told) for line, seen in chosen]
    told_of = _shown(sight, lines, page)
    named = await named_on(call, sight, disclosure, told_of, few_of(told_of))
    return _paged(call, sight, lines, page, continues, named=named)


@shows(router, "/records/{record}/items/{item}/seen-by", "trail.seen_by", _EXAMPLE)
async def seen_by(call: Calling, record: InPath, item: InPath, page: Annotated[PageOfLines, Query()]) -> Response:
    """Who has ever seen this item, newest first; of an item that one may not see, as of one that is not there."""
    check_reads_trail(call)
    asked = replace(reading_of(call, record, page.purpose, page.case), items=None, item=item)
    continues = _continues(call, "seen-by", f"{record}/{item}", page)
    before = None if page.cursor is None else call.service.cursors.open(page.cursor, *continues)[1]
    disclosure = await call.ledger.trail.open(call.by(), asked)
    await check_still_signed_in(call)
    await call.service.caught_up()
    sight = await sight_of(call, record, page.sought(record, item), asked.case)
    lines = await lines_of(call, sight, before, page.limit, _these({item}))
    named = await named_on(call, sight, disclosure, _shown(sight, lines, page), {item})
    return _paged(call, sight, lines, page, continues, named=named)


@shows(router, "/trail", "trail.who_looked_across", {"lines": [{**LINE, "record": LINE["id"]}], "cursor": None})
async def who_looked_across(call: Calling, page: Annotated[PageAcross, Query()]) -> Response:
    """The lines of an auditor's case, over all its records; for a guardian, every emergency. Newest first.

    What it tells of each record is recorded as a reading of that record's trail.
    """
    asked = reading_of(call, "", page.purpose, page.case)
    sight = await sight_across(call, page.sought(page.record, page.item), asked.case)
    continues = _continues(call, "trail", "", page)
    before = None if page.cursor is None else call.service.cursors.open(page.cursor, *continues)[1]
    await call.service.caught_up()
    chosen = await lines_of(call, sight, before, page.limit, visible_to(call, asked))
    told: dict[str, set[str]] = {}
    for line, seen in chosen[: page.limit]:
        if line.record is not None:
            told.setdefault(line.record, set()).update(seen)
    disclosed = await asyncio.gather(*(disclose(call, replace(asked, record=one), told[one]) for one in told))
    items = {shown.item for disclosure in disclosed for shown in disclosure.thread()}
    lines = [(line, seen & items) for line, seen in chosen]
    return _paged(call, sight, lines, page, continues, named=NOBODY)


def check_reads_trail(call: Call) -> None:
    """Raise NotAllowed for whoever never reads a trail; a carer hears of the ledger itself that nothing is there."""
    if call.session.acting_as not in READERS | CARERS:
        wanted = ", ".join(sorted(READERS))
        raise NotAllowed(f"trail: got acting_as {call.session.acting_as}, wanted one of {wanted}", "no-trail")


async def check_let_in(call: Call, asked: Asked) -> None:
    """Raise, and have it recorded, where the record does not open: before its trail is looked through."""
    if not await call.ledger.trail.may_open(call.by(), asked):
        await call.ledger.trail.open(call.by(), asked)


def reading_of(call: Call, record: str, purpose: str | None, case: str | None) -> Asked:
    """A reading of a record's trail; to a patient it says what things are called."""
    titles = call.session.acting_as == "patient"
    return Asked(record, purpose_of(call, purpose), "trail", items=(), titles=titles, case=case_of(call, case))


def visible_to(call: Call, asked: Asked) -> Seeing:
    """What the reader may see of lines, decided without a disclosure, to find what to disclose."""

    async def among(lines: list[Line]) -> tuple[list[Line], set[str]]:
        items: dict[str, set[str]] = {}
        for line in lines:
            if line.record is not None:
                items.setdefault(line.record, set()).update(items_of(line))
        visible = await call.ledger.trail.visible_in_each(call.by(), asked, items)
        shut = items.keys() - visible.keys()
        return [line for line in lines if line.record not in shut], set[str]().union(*visible.values())

    return among


async def disclose(call: Call, asked: Asked, items: set[str]) -> Disclosure:
    """Record that these items are told of, in one disclosure; what was not recorded is not told of.

    One reading is one line on the trail, of items that the reader may see: it tells nothing of those they may not.
    """
    disclosure = await call.ledger.trail.open(call.by(), replace(asked, items=tuple(sorted(items))))
    await check_still_signed_in(call)
    await call.service.follower.wait_until(disclosure.position)
    return disclosure


async def sight_across(call: Call, sought: Sought, case: str | None) -> Sight:
    """What the caller sees over all records; raises NotAllowed but for a guardian, and an auditor within a case."""
    acting_as, now = call.session.acting_as, call.ledger.clock()
    if acting_as not in OVERSEERS:
        raise NotAllowed(f"trail: got acting_as {acting_as}, wanted one of {', '.join(sorted(OVERSEERS))}", "no-trail")
    facts = (await call.ledger.facts.person(call.session.person, fresh=True)).fold.facts
    if facts.role(acting_as, now) is None:
        raise NotAllowed(f"trail: got somebody who is no {acting_as} now, wanted one who is", "no-role")
    sight = await sight_of(call, sought.record, sought, case)
    if acting_as == "guardian":
        return replace(sight, sought=replace(sight.sought, emergency=True))
    if sight.case is None or not sight.case.bounded:
        raise NotAllowed("trail: got no case of yours that is open, wanted one; name it in the query", "no-case")
    if sight.case.record is not None and sought.record not in (None, sight.case.record):
        raise NotAllowed("trail: got a record outside your case, wanted that of the case or none", "outside-case")
    record = sight.case.record or sought.record
    return replace(sight, sought=replace(sight.sought, record=record, about=sight.case.person))


def _these(items: set[str]) -> Seeing:
    async def among(lines: list[Line]) -> tuple[list[Line], set[str]]:
        return lines, items

    return among


def _continues(call: Call, what: str, of: str, page: PageOfLines) -> tuple[str, ...]:
    return (what, of, call.session.person, call.session.acting_as, *page.question())


def _paged(
    call: Call,
    sight: Sight,
    lines: list[tuple[Line, set[str]]],
    page: Page,
    continues: tuple[str, ...],
    *,
    named: Named,
) -> Response:
    last = lines[page.limit - 1][0].position if len(lines) > page.limit else None
    cursor = None if last is None else call.service.cursors.seal((Instant(0), last), *continues)
    told: list[dict[str, Any]] = [line_as_json(sight, line, seen, named) for line, seen in _shown(sight, lines, page)]
    return json_answer({"lines": told, "cursor": cursor})


def _shown(sight: Sight, lines: list[tuple[Line, set[str]]], page: Page) -> list[tuple[Line, set[str]]]:
    """The lines of a page, but for those whose items were hidden between the choice and the disclosure."""
    return [(line, seen) for line, seen in lines[: page.limit] if sight.shows(line, seen)]
