"""The worklist over HTTP: what is due, for a clinician in the records of their care, for a guardian in all of them.

A line tells that something is due, whose record it is in and about what, never a word of it; and only to who may see
that. Telling it is a disclosure of its record. A guardian reads no names. The counts tell of no item, so they are no
disclosure; they count what the list would show, each kind up to a number, so that they cost no more than the list.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from api.http.answers import json_answer
from api.http.bodies import names
from api.http.operations import shows
from api.http.reading import Page, checked_kinds, purpose_of
from api.http.service import Call, Calling, check_still_signed_in
from ledger.core.instants import Instant, format_instant
from ledger.domain.errors import NotAllowed
from ledger.use_cases.trail import Asked
from projections.due import KINDS
from projections.holding import disclosed, names_of_patients, visible
from projections.worklist import Due

router: Final = APIRouter(tags=["worklist"])
READERS: Final = frozenset({"clinician", "guardian"})
_LARGEST: Final = 50
"""Lines at most: each may be of another record, and so a disclosure of its own."""
COUNTED_TO: Final = 100
"""Of each kind so many lines are counted, and no more: whoever has that many overdue is not helped by the number."""

_LINE: Final = {
    "record": "6e0c8a1e-0b1b-4d57-8a53-0d3a54a3c0de",
    "patient": {"id": "3f0f5a53-7a6b-4f0f-a0c4-6b8b7a7b3f10", "name": "Amina Hassan"},
    "kind": "dispute",
    "says": KINDS["dispute"],
    "subject": "0b1b8a1e-6e0c-4d57-8a53-0d3a54a3c0de",
    "about": "0b1b8a1e-6e0c-4d57-8a53-0d3a54a3c0de",
    "person": None,
    "since": "2026-05-03T09:00:00.000Z",
    "due_at": "2026-06-04T00:00:00.000Z",
    "overdue": False,
}


class PageOfWork(Page):
    """The query of a page of the worklist."""

    limit: int = Field(default=20, ge=1, le=_LARGEST, description="Lines at most.")
    overdue: bool = Field(default=False, description="Only what is overdue.")
    kind: list[Annotated[str, names(*KINDS)]] = Field(
        default_factory=list, max_length=len(KINDS), description="Of these kinds only."
    )

    def kinds(self) -> frozenset[str]:
        """The kinds; raises Refused for one that there is not."""
        return checked_kinds(self.kind, KINDS)


Purpose = Annotated[str | None, Query(max_length=64, description="For what: a clinician's task, a guardian's audit.")]


@shows(router, "/worklist", "worklist.read", {"lines": [_LINE], "cursor": None})
async def read_worklist(call: Calling, page: Annotated[PageOfWork, Query()]) -> Response:
    """What is due, first what is due first."""
    asked = Asked("", purpose_of(call, page.purpose))
    at = await _reader_at(call)
    kinds = page.kinds()
    continues = ("worklist", call.session.person, call.session.acting_as, str(page.overdue), *sorted(kinds))
    after = None if page.cursor is None else call.service.cursors.open(page.cursor, *continues)
    found = await _lines(call, asked, at, after, sought=_Sought(kinds, page.overdue), limit=page.limit)
    lines, disclosures = await disclosed(call.ledger.trail, call.by(), asked, found[: page.limit])
    named = await names_of_patients(call.ledger.trail, disclosures)
    if disclosures:
        await check_still_signed_in(call)
    last = found[page.limit - 1] if len(found) > page.limit else None
    cursor = None if last is None else call.service.cursors.seal((last.due_at, last.place), *continues)
    patients = {one.record: {"id": one.patient, "name": named[one.record]} for one in disclosures}
    return json_answer({"lines": [_line(line, patients[line.record], at) for line in lines], "cursor": cursor})


_COUNTED: Final = {"at": _LINE["since"], "overdue": {"dispute": 1}, "counted_to": COUNTED_TO}


@shows(router, "/worklist/counts", "worklist.count", _COUNTED)
async def count_overdue(call: Calling, purpose: Purpose = None) -> Response:
    """How much of each kind is overdue, of what the worklist would show; ``counted_to`` of a kind is that many or more.

    Of a kind that is counted so far nothing more is looked at.
    """
    asked = Asked("", purpose_of(call, purpose))
    at = await _reader_at(call)
    counted = Counter(dict.fromkeys(KINDS, 0))
    after: tuple[Instant, int] | None = None
    while left := frozenset(kind for kind, lines in counted.items() if lines < COUNTED_TO):
        chunk = await _chunk(call, at, after, sought=_Sought(left, overdue=True), limit=COUNTED_TO)
        counted.update(line.kind for line in await visible(call.ledger.trail, call.by(), asked, chunk))
        if len(chunk) < COUNTED_TO:
            break
        after = (chunk[-1].due_at, chunk[-1].place)
    overdue = {kind: min(lines, COUNTED_TO) for kind, lines in counted.items()}
    return json_answer({"at": format_instant(at), "overdue": overdue, "counted_to": COUNTED_TO})


async def _reader_at(call: Call) -> Instant:
    """The instant for which this reader's list is read; raises NotAllowed for who has none."""
    role, now = call.session.acting_as, call.ledger.clock()
    facts = (await call.ledger.facts.person(call.session.person, fresh=True)).fold.facts
    if role not in READERS or facts.role(role, now) is None:
        raise NotAllowed("worklist: got a reader without one, wanted a clinician or a guardian", "no-list")
    await call.service.caught_up()
    return call.ledger.clock()


async def _lines(
    call: Call, asked: Asked, at: Instant, after: tuple[Instant, int] | None, *, sought: "_Sought", limit: int
) -> list[Due]:
    """Up to one more than ``limit`` lines that the reader may see."""
    found: list[Due] = []
    while len(found) <= limit:
        chunk = await _chunk(call, at, after, sought=sought, limit=limit + 1)
        found += await visible(call.ledger.trail, call.by(), asked, chunk)
        if len(chunk) <= limit:
            break
        after = (chunk[-1].due_at, chunk[-1].place)
    return found[: limit + 1]


@dataclass(frozen=True, slots=True)
class _Sought:
    """Which lines are asked for: of which kinds (all, where none is named), and only the overdue ones or all."""

    kinds: frozenset[str] = frozenset()
    overdue: bool = False


async def _chunk(
    call: Call, at: Instant, after: tuple[Instant, int] | None, *, sought: _Sought, limit: int
) -> list[Due]:
    session = call.session
    return await call.service.worklist.page(
        session.person, session.acting_as, at, after=after, overdue=sought.overdue, kinds=sought.kinds, limit=limit
    )


def _line(line: Due, patient: Mapping[str, str | None], at: Instant) -> dict[str, Any]:
    return {
        "record": line.record,
        "patient": patient,
        "kind": line.kind,
        "says": KINDS[line.kind],
        "subject": line.subject,
        "about": line.about,
        "person": line.person,
        "since": format_instant(line.since),
        "due_at": format_instant(line.due_at),
        "overdue": line.due_at <= at,
    }
