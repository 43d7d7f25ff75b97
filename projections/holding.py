"""Lists over several records: each line is held to what its reader may see, and disclosed before it is told.

A line names a record and, unless it is about the record as a whole, an item or a matter of it. Deciding is not a
disclosure; telling is, one for each record, however many lines of it there are.
"""

from asyncio import Semaphore, gather
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final, Protocol, TypeVar

from ledger.core.policy import NEVER_READ_WORDS
from ledger.disclosure import Disclosure
from ledger.domain.errors import NotAllowed, Unknown
from ledger.saying import By
from ledger.use_cases.trail import Asked, Trail

_AT_ONCE: Final = 8
"""Records that are decided or opened side by side; the ledger records those in one turn."""


class Line(Protocol):
    """What such a list is made of. ``subject`` is an item or a matter of the record, None for the record itself."""

    @property
    def record(self) -> str:
        """The record's id."""

    @property
    def subject(self) -> str | None:
        """The id of the item or matter."""


AnyLine = TypeVar("AnyLine", bound=Line)
Told = TypeVar("Told")


async def visible(trail: Trail, by: By, asked: Asked, lines: Sequence[AnyLine]) -> list[AnyLine]:
    """Those of these lines that this reader may be told of now, in their order. ``asked.record`` is not looked at."""
    return _among(lines, await trail.visible_in_each(by, asked, _subjects(lines)))


async def disclosed(
    trail: Trail, by: By, asked: Asked, lines: Sequence[AnyLine]
) -> tuple[list[AnyLine], list[Disclosure]]:
    """Record that these lines are told, and give those that may be: a record that closed meanwhile is left out."""
    subjects = _subjects(lines)

    async def of(record: str) -> Disclosure | None:
        with suppress(Unknown, NotAllowed):
            return await trail.open(by, replace(asked, record=record, items=tuple(sorted(subjects[record]))))
        return None

    disclosures = [one for one in await _side_by_side(of, subjects) if one is not None]
    seen = {one.record: {shown.item for shown in one.thread()} for one in disclosures}
    return _among(lines, seen), disclosures


async def names_of_patients(trail: Trail, disclosures: Iterable[Disclosure]) -> dict[str, str | None]:
    """The name of the patient of each record that these disclose: None for readers who read no words, or no name.

    A name is a word, so showing it is a disclosure of its record. Raises NotAllowed where one is too old.
    """
    opened = list(disclosures)
    return dict(zip((one.record for one in opened), await gather(*map(_name(trail), opened)), strict=True))


async def disclosed_names(
    trail: Trail, by: By, asked: Asked, records: Collection[str]
) -> tuple[dict[str, str | None], list[Disclosure]]:
    """Record that the patients of these records are named, and give their names.

    A record that this reader may not open is left out, and no refusal is recorded: it was not asked for by itself.
    """
    name = _name(trail)

    async def of(record: str) -> tuple[str | None, Disclosure] | None:
        with suppress(Unknown, NotAllowed):
            opened = await trail.open(by, replace(asked, record=record, items=()))
            return await name(opened), opened
        return None

    let_in = await trail.visible_in_each(by, asked, dict.fromkeys(records, ()))
    found = [one for one in await _side_by_side(of, let_in) if one is not None]
    return {opened.record: told for told, opened in found}, [opened for _, opened in found]


async def _side_by_side(of: Callable[[str], Awaitable[Told]], records: Iterable[str]) -> list[Told]:
    """What is to be had of each record, in their order, of so many at once; raises what the first to fail raises."""
    turns = Semaphore(_AT_ONCE)

    async def in_turn(record: str) -> Told:
        async with turns:
            return await of(record)

    return await gather(*map(in_turn, records))


def _name(trail: Trail) -> Callable[[Disclosure], Awaitable[str | None]]:
    async def name(disclosure: Disclosure) -> str | None:
        at = disclosure.people.get(disclosure.patient)
        if at is None or disclosure.acting_as in NEVER_READ_WORDS:
            return None
        words = (await trail.words(disclosure, [at])).get(at)
        return None if words is None else words.get("name")

    return name


def _subjects(lines: Iterable[Line]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for line in lines:
        subjects = found.setdefault(line.record, set())
        if line.subject is not None:
            subjects.add(line.subject)
    return found


def _among(lines: Iterable[AnyLine], seen: dict[str, set[str]]) -> list[AnyLine]:
    return [line for line in lines if line.record in seen and line.subject in seen[line.record] | {None}]
