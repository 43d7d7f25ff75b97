"""Looking back over HTTP: one line of the trail in full, what somebody could see at an instant, and what they did see.

All of it is derived again from the log, and telling it is a reading of the trail, recorded before it is answered. Of
items a reader hears of those alone that they may see themselves now, however it was then.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from api.http.answers import json_answer
from api.http.bodies import UUID_PATTERN, InPath, Moment
from api.http.naming import named_on
from api.http.operations import shows
from api.http.reading import OfCase, Page
from api.http.seen_before import SeenBefore
from api.http.service import Call, Calling
from api.http.sight import OVERSEERS, Sight, items_of, line_as_json, sight_of, since
from api.http.trail import LINE, check_reads_trail, disclose, reading_of
from ledger.core.decisions import Permit, Request
from ledger.core.explanations import explain, why_permitted
from ledger.core.facts import RecordFacts
from ledger.core.instants import Instant, format_instant
from ledger.domain.errors import NotAllowed, Unknown
from ledger.use_cases.looking_back import Judged
from ledger.use_cases.trail import Asked
from projections.access_trail import Line, Sought

router: Final = APIRouter(tags=["trail"])
READS_FOR: Final[Mapping[str, str]] = {
    "patient": "own-record",
    "clinician": "appointment",
    "carer": "shared-with-me",
    "attorney": "shared-with-me",
    "parent": "shared-with-me",
}
"""For what each reader is taken to have asked, where nothing else is said."""
_TRACELESS: Final = frozenset({"withheld", "working"})
"""Families of rules by which something was kept once: that it was is not told to a patient afterwards."""

_AT_ONCE: Final = 500
Told = Iterator[dict[str, Any]]

_ITEM: Final = "9d2b0f3e-5a80-4c3e-9d2b-6f1f3f0a4b11"
_EVIDENCE: Final = [{"type": "care-started/1", "at": "2026-05-01T09:00:00.000Z"}]
_IN_FULL: Final = {
    "line": LINE,
    "shown": [
        {
            "item": _ITEM,
            "kind": "note",
            "rule": "direct-care",
            "because": "They are caring for you.",
            "evidence": _EVIDENCE,
        },
    ],
    "withheld": [
        {
            "item": LINE["id"],
            "kind": "note",
            "title": None,
            "rule": "sealed-by-patient",
            "because": "You closed this to them.",
        }
    ],
    "cursor": None,
}
_COULD: Final = {
    "person": LINE["id"],
    "acting_as": "carer",
    "at": "2026-05-03T09:00:00.000Z",
    "opens": True,
    "items": [
        {
            "item": _ITEM,
            "kind": "plan-for-carers",
            "since": "2026-05-02T09:00:00.000Z",
            "rule": "shared",
            "title": "How to help",
        }
    ],
    "cursor": None,
}


class PageOfLine(Page):
    """The query of one line: how much of what was withheld at a time."""

    case: OfCase = None


class AsOf(Page):
    """Who could see what, acting as what, at which instant; or (``seen``) what they were in fact shown until then."""

    person: str = Field(pattern=UUID_PATTERN)
    acting_as: Literal["patient", "clinician", "carer", "attorney", "parent"]
    at: Moment
    seen: bool = False
    for_purpose: str | None = Field(default=None, max_length=64, description="What they would have opened it for.")
    case: OfCase = None


@shows(router, "/records/{record}/trail/{disclosure}", "trail.in_full", _IN_FULL)
async def in_full(call: Calling, record: InPath, disclosure: InPath, page: Annotated[PageOfLine, Query()]) -> Response:
    """One line of the trail: each item with its rule and what that rests on, and what was withheld, derived again.

    To the patient also what each is called. A line that the reader may not see answers as one that is not there.
    """
    check_reads_trail(call)
    asked = reading_of(call, record, page.purpose, page.case)
    continues = ("line", record, disclosure, call.session.person, call.session.acting_as, asked.case or "")
    start = 0 if page.cursor is None else call.service.cursors.open(page.cursor, *continues)[1]
    found = await _found(call, asked, disclosure)
    kept = [] if found is None else found.kept[start : start + page.limit]
    made = await disclose(call, asked, set() if found is None else found.seen | {one.item for one in kept})
    if found is None:
        raise Unknown(f"line {disclosure}: there is no such line for you on this trail; check the id")
    seen = {shown.item for shown in made.thread()}
    named = await named_on(call, found.sight, made, [(found.line, seen)], seen)
    answer = {
        "line": line_as_json(found.sight, found.line, seen, named),
        "shown": await _rests_on(call, found.line, seen),
        "withheld": [_kept_as_json(found.sight, one, named.titles) for one in kept if one.item in seen],
    }
    return json_answer({**answer, "cursor": _next(call, start + page.limit, len(found.kept), continues)})


@shows(router, "/records/{record}/as-of", "trail.as_of", _COULD)
async def as_of(call: Calling, record: InPath, page: Annotated[AsOf, Query()]) -> Response:
    """What somebody could see of this record at an instant, or (``seen``) what they were in fact shown until then."""
    check_reads_trail(call)
    asked = reading_of(call, record, page.purpose, page.case)
    continues = ("as-of", record, call.session.person, call.session.acting_as, *_question(page))
    start = 0 if page.cursor is None else call.service.cursors.open(page.cursor, *continues)[1]
    sight = await sight_of(call, record, Sought(record=record), asked.case)
    facts = (await call.ledger.facts.record(record, fresh=True)).fold.facts
    _check_within(sight, page, facts.patient)
    opens, found, most = False, iter(list[dict[str, Any]]()), start + page.limit + 1
    if await call.ledger.trail.may_open(call.by(), asked):
        found_by = _seen(call, sight, asked, page, most) if page.seen else _could_see(call, sight, facts, page)
        opens, found = await found_by
    of_reader = await _first_visible(call, asked, found, most)
    shown = of_reader[start : start + page.limit]
    made = await disclose(call, asked, {one["item"] for one in shown})
    disclosed = {one.item for one in made.thread()}
    titles = (await named_on(call, sight, made, items=disclosed)).titles
    of_patient = call.session.acting_as == "patient"
    answer = {
        "person": page.person,
        "acting_as": page.acting_as,
        "at": format_instant(page.at),
        "opens": opens or bool(of_reader),
        "items": [
            {**one, "title": titles.get(one["item"])} if of_patient else one
            for one in shown
            if one["item"] in disclosed
        ],
    }
    return json_answer({**answer, "cursor": _next(call, start + page.limit, len(of_reader), continues)})


@dataclass(frozen=True, slots=True)
class _Full:
    """A line that the reader may see, those of its items that they may see, and of what it kept back those as well."""

    sight: Sight
    line: Line
    seen: set[str]
    kept: list[Judged]


async def _found(call: Call, asked: Asked, named: str) -> _Full | None:
    """The line of this id in full, or None where it is not there for this reader."""
    if not await call.ledger.trail.may_open(call.by(), asked):
        return None
    await call.service.caught_up()
    line = await call.service.access_trail.line(asked.record, named)
    if line is None:
        return None
    sight = await sight_of(call, asked.record, Sought(), asked.case)
    kept = await _kept_back(call, line)
    visible = await call.ledger.trail.visible(call.by(), asked, [*items_of(line), *(one.item for one in kept)])
    if not sight.shows(line, visible):
        return None
    return _Full(sight, line, visible.intersection(items_of(line)), [one for one in kept if one.item in visible])


async def _kept_back(call: Call, line: Line) -> list[Judged]:
    """What a disclosure kept back that this reader may hear of. A refusal kept back everything, by the one rule."""
    if line.attempted is not None or line.refused is not None:
        return []
    withheld = (await call.ledger.back.withheld_in(line.position)).items
    overseen = call.session.acting_as in OVERSEERS
    return [one for one in withheld if overseen or _told_to_patients(one)]


def _told_to_patients(judged: Judged) -> bool:
    """May a patient hear why this was kept from somebody then? Not what a professional kept, that is open now."""
    family = judged.decision.rule.partition(":")[0]
    return explain(judged.decision).of_them is not None and family not in _TRACELESS


async def _rests_on(call: Call, line: Line, seen: set[str]) -> list[dict[str, Any]]:
    """Each item of a line with its rule, what that means, and the statements that it rests on; by rule, then by id.

    A line's own groups stand in the order of the page that was read, where one that is hidden may have come first.
    """
    told = {position: await _evidence(call, position) for group in line.permitted for position in group.evidence}
    facts = (await call.ledger.facts.record(line.record or "")).fold.facts
    return [
        {
            "item": item,
            "kind": (facts.items.get(item) or facts.matters[item]).kind,
            "rule": group.rule,
            "because": _because(call, line, group.rule),
            "evidence": [told[position] for position in group.evidence],
        }
        for group in sorted(line.permitted, key=lambda group: (group.rule, group.evidence))
        for item in sorted(seen.intersection(group.items))
    ]


async def _evidence(call: Call, position: int) -> dict[str, Any]:
    """A statement by its type and instant; where it stands is for those who oversee."""
    [said] = await call.ledger.read(position, 1)
    told = {"type": said.type, "at": format_instant(said.recorded_at)}
    return {**told, "position": position} if call.session.acting_as in OVERSEERS else told


def _because(call: Call, line: Line, rule: str) -> str | None:
    """Why somebody was shown something: to the patient in plain words, of them, or of their own looks."""
    meaning = why_permitted(rule)
    if call.session.acting_as in OVERSEERS:
        return meaning.means
    return meaning.told if line.viewer == call.session.person else meaning.of_them or meaning.means


def _kept_as_json(sight: Sight, judged: Judged, titles: Mapping[str, str | None]) -> dict[str, Any]:
    told = {"item": judged.item, "kind": judged.kind, "rule": judged.decision.rule}
    if sight.acting_as in OVERSEERS:
        return told
    return {**told, "title": titles.get(judged.item), "because": explain(judged.decision).of_them}


async def _first_visible(call: Call, asked: Asked, found: Told, most: int) -> list[dict[str, Any]]:
    """So many of these at most, the first ones, that the reader may see."""
    visible = list[dict[str, Any]]()
    while len(visible) < most and (some := list(islice(found, _AT_ONCE))):
        seen = await call.ledger.trail.visible(call.by(), asked, [one["item"] for one in some])
        visible += [one for one in some if one["item"] in seen]
    return visible


async def _could_see(call: Call, sight: Sight, facts: RecordFacts, page: AsOf) -> tuple[bool, Told]:
    """Would it have opened, and which items; an emergency that a patient is not told of yet is as if it were not."""
    purpose = page.for_purpose or READS_FOR[page.acting_as]
    request = Request(page.person, page.acting_as, page.at, purpose=purpose)
    quiet = [named for named, one in facts.emergencies.items() if one in sight.quiet]
    could = await call.ledger.back.could_see(facts.record, request, without=quiet)
    items = (
        {
            "item": one.item,
            "kind": one.kind,
            "since": since(facts.items.get(one.item) or facts.matters[one.item]),
            "rule": one.decision.rule,
        }
        for one in could.permitted
    )
    # Own words open a record by what may be hidden from this reader; the items tell what they may hear of that.
    return could.whole is not None and isinstance(could.whole, Permit) and could.whole.rule != "own-words", items


async def _seen(call: Call, sight: Sight, asked: Asked, page: AsOf, most: int) -> tuple[bool, Told]:
    """What they were shown, so many items at most, from the disclosures themselves."""
    await call.service.caught_up()
    seen = SeenBefore.of(call, sight, asked, (page.person, page.acting_as), page.at)
    await seen.find(most)
    return bool(seen.first) or await seen.was_shown_nothing(), iter(await seen.told(list(seen.first)[:most]))


def _check_within(sight: Sight, page: AsOf, patient: str | None) -> None:
    """Raise NotAllowed where an auditor asks for what lies outside their case: another instant, another person."""
    case = sight.case
    if case is None:
        return
    if not case.spans(page.at) or case.person not in (None, page.person, patient):
        raise NotAllowed("as of: got a person or an instant outside your case, wanted one within it", "outside-case")


def _question(page: AsOf) -> tuple[str, ...]:
    asked = page.model_dump(exclude={"limit", "cursor", "purpose"})
    return tuple(f"{name}={value}" for name, value in asked.items())


def _next(call: Call, start: int, size: int, continues: tuple[str, ...]) -> str | None:
    """The cursor of a page that begins so far into the answer, if there is one."""
    return None if start >= size else call.service.cursors.seal((Instant(0), start), *continues)
