"""The trail over HTTP: who has looked. Reading it is a disclosure too, recorded before it is answered.

A line is visible only where its item is: of each line a reader hears of the items that they may see themselves, and
of a line that showed only others, nothing. Patients read the trail of their own record; auditors within a case;
guardians also see every emergency. Carers and clinicians never see it. Names are words, so only patients, whose
record it is, are told them; auditors and guardians read ids.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from api.http.answers import json_answer
from api.http.bodies import UUID_PATTERN, InPath
from api.http.operations import shows
from api.http.reading import Page, purpose_of
from api.http.service import Call, Calling, check_still_signed_in
from ledger.core.instants import Instant, format_instant
from ledger.disclosure import Disclosure
from ledger.domain.errors import NotAllowed
from ledger.ledger import Ledger
from ledger.store.words import open_words
from ledger.use_cases.trail import Asked
from projections.access_trail import Line, Sought

router: Final = APIRouter(tags=["trail"])
READERS: Final = frozenset({"patient", "auditor", "guardian"})

_LINE: Final = {
    "viewer": {"id": "0b1b8a1e-6e0c-4d57-8a53-0d3a54a3c0de", "name": "Dr Okafor"},
    "acting_as": "clinician",
    "purpose": "appointment",
    "via": "screen",
    "at": "2026-05-03T09:00:00.000Z",
    "refused": False,
    "shown": [{"rule": "direct-care", "items": ["9d2b0f3e-5a80-4c3e-9d2b-6f1f3f0a4b11"]}],
}


class PageOfTrail(Page):
    """The query of a page of the trail; an auditor names the case."""

    case: str | None = Field(default=None, pattern=UUID_PATTERN, description="Of an auditor.")


Seeing = Callable[[set[str]], Awaitable[set[str]]]
"""Which of these items the reader may see."""


@shows(router, "/records/{record}/trail", "trail.who_looked", {"lines": [_LINE], "cursor": None})
async def who_looked(call: Calling, record: InPath, page: Annotated[PageOfTrail, Query()]) -> Response:
    """Who opened this record, newest first: what they saw, acting as what, why, and by which rule."""
    session = call.session
    if session.acting_as not in READERS | {"carer"}:  # a carer hears of the ledger itself that nothing is there
        raise NotAllowed(f"trail: got acting_as {session.acting_as}, wanted one of {', '.join(READERS)}", "no-trail")
    asked = Asked(record, purpose_of(call, page.purpose), "trail", items=(), case=page.case)
    continues = ("trail", record, session.person, session.acting_as, page.case or "")
    before = None if page.cursor is None else call.service.cursors.open(page.cursor, *continues)[1]
    await call.service.caught_up()
    visible = partial(call.ledger.trail.visible, call.by(), asked)
    chosen = await _lines(call, asked, before, page.limit, visible)
    disclosure = await _disclose(call, asked, {item for _, seen in chosen[: page.limit] for item in seen})
    lines = await _lines(call, asked, before, page.limit, _those_of(disclosure))
    named = await _names(call.ledger, lines, disclosure) if session.acting_as == "patient" else {}
    last = lines[page.limit - 1][0].position if len(lines) > page.limit else None
    cursor = None if last is None else call.service.cursors.seal((Instant(0), last), *continues)
    shown = [_line(line, seen, named, session.acting_as) for line, seen in lines[: page.limit]]
    return json_answer({"lines": shown, "cursor": cursor})


async def _disclose(call: Call, asked: Asked, items: set[str]) -> Disclosure:
    """Record that these items are told of, in one disclosure; what was not recorded is not told of.

    One reading is one line on the trail, of items that the reader may see: it tells nothing of those they may not.
    """
    disclosure = await call.ledger.trail.open(call.by(), replace(asked, items=tuple(sorted(items))))
    await check_still_signed_in(call)
    await call.service.follower.wait_until(disclosure.position)
    return disclosure


def _those_of(disclosure: Disclosure) -> Seeing:
    disclosed = {shown.item for shown in disclosure.thread()}

    async def among(sought: set[str]) -> set[str]:
        return sought & disclosed

    return among


async def _lines(
    call: Call, asked: Asked, before: int | None, limit: int, seeing: Seeing
) -> list[tuple[Line, set[str]]]:
    """Up to one more than ``limit`` lines that the reader may see, each with those of its items that they may."""
    is_bare_visible = await _whose_bare_lines(call, asked.case)
    found: list[tuple[Line, set[str]]] = []
    while len(found) <= limit:
        chunk = await call.service.access_trail.page(Sought(asked.record), before=before, limit=limit + 1)
        seen = await seeing({item for line in chunk for item in _items(line)})
        for line in chunk:
            of_line = seen & set(_items(line))
            if of_line or (_is_emergency(call, line) if line.permitted else is_bare_visible(line)):
                found.append((line, of_line))
        if len(chunk) <= limit:
            break
        before = chunk[-1].position
    return found


async def _whose_bare_lines(call: Call, case: str | None) -> Callable[[Line], bool]:
    """Which lines that showed no item are visible: all; in an auditor's case about one person, that person's."""
    if call.session.acting_as != "auditor":
        return lambda line: True
    assigned = (await call.ledger.facts.person(call.session.person)).fold.facts.cases.get(case or "")
    if assigned is None:
        return lambda line: False
    return lambda line: assigned.person in (None, line.viewer)


def _items(line: Line) -> list[str]:
    return [item for group in line.permitted for item in group.items]


def _is_emergency(call: Call, line: Line) -> bool:
    """Does a guardian see this line for being an emergency, whatever its items?"""
    return call.session.acting_as == "guardian" and any(group.rule == "emergency" for group in line.permitted)


async def _names(ledger: Ledger, lines: Iterable[tuple[Line, set[str]]], disclosure: Disclosure) -> Mapping[str, str]:
    """The names of those who looked, opened for the reading of the trail that has just been recorded."""
    people = {line.viewer for line, _ in lines}
    registered = {person: (await ledger.facts.person(person)).fold.facts.registered for person in people}
    positions = {person: position for person, position in registered.items() if position is not None}
    words = await open_words(ledger.rows, ledger.keyring, list(positions.values()), disclosure=disclosure.position)
    return {person: (words[position] or {}).get("name", "") for person, position in positions.items()}


def _line(line: Line, seen: set[str], named: Mapping[str, str], reader: str) -> dict[str, Any]:
    """A line as its reader sees it. A patient hears that something was refused, but not what, nor by which rule."""
    shown = {
        "viewer": {"id": line.viewer, "name": named.get(line.viewer)},
        "acting_as": line.acting_as,
        "purpose": line.purpose,
        "via": line.via,
        "at": format_instant(line.at),
        "refused": line.refused is not None,
        "shown": _shown(line, seen, reader),
    }
    if reader == "patient":
        return shown
    return {**shown, "case": line.case, "rule": line.refused, "attempted": line.attempted, "position": line.position}


def _shown(line: Line, seen: set[str], reader: str) -> list[dict[str, Any]]:
    """The items of a line by rule, each rule once, in the order of the alphabet.

    A line's own groups stand in the order of the page that was read, where one that is hidden may have come first.
    """
    by_rule: dict[str, list[str]] = {}
    for group in line.permitted:
        items = [item for item in group.items if item in seen]
        if items or reader == "guardian":
            by_rule.setdefault(group.rule, []).extend(items)
    return [{"rule": rule, "items": sorted(items)} for rule, items in sorted(by_rule.items())]
