"""Lists over several records: each line is held to what its reader may see, and disclosed before it is told.

A line names a record and, unless it is about the record as a whole, an item or a matter of it. Deciding is not a
disclosure; telling is, one for each record, however many lines of it there are.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Protocol, TypeVar

from ledger.disclosure import Disclosure
from ledger.domain.errors import NotAllowed, Unknown
from ledger.saying import By
from ledger.use_cases.trail import Asked, Trail


class Line(Protocol):
    """What such a list is made of. ``subject`` is an item or a matter of the record, None for the record itself."""

    @property
    def record(self) -> str:
        """The record's id."""

    @property
    def subject(self) -> str | None:
        """The id of the item or matter."""


AnyLine = TypeVar("AnyLine", bound=Line)


async def visible(trail: Trail, by: By, asked: Asked, lines: Sequence[AnyLine]) -> list[AnyLine]:
    """Those of these lines that this reader may be told of now, in their order. ``asked.record`` is not looked at."""
    seen: dict[str, set[str]] = {}
    for record, subjects in _subjects(lines).items():
        of_record = replace(asked, record=record)
        if await trail.may_open(by, of_record):
            seen[record] = await trail.visible(by, of_record, subjects)
    return _among(lines, seen)


async def disclosed(
    trail: Trail, by: By, asked: Asked, lines: Sequence[AnyLine]
) -> tuple[list[AnyLine], list[Disclosure]]:
    """Record that these lines are told, and give those that may be: a record that closed meanwhile is left out."""
    seen: dict[str, set[str]] = {}
    disclosures: list[Disclosure] = []
    for record, subjects in _subjects(lines).items():
        with suppress(Unknown, NotAllowed):
            opened = await trail.open(by, replace(asked, record=record, items=tuple(sorted(subjects))))
            seen[record] = {shown.item for shown in opened.thread()}
            disclosures.append(opened)
    return _among(lines, seen), disclosures


def _subjects(lines: Iterable[Line]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for line in lines:
        subjects = found.setdefault(line.record, set())
        if line.subject is not None:
            subjects.add(line.subject)
    return found


def _among(lines: Iterable[AnyLine], seen: dict[str, set[str]]) -> list[AnyLine]:
    return [line for line in lines if line.record in seen and line.subject in seen[line.record] | {None}]
