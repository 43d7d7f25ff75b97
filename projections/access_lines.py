"""Lines of the access trail: what one says, and how lines are sought."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from psycopg.types.json import Jsonb

from ledger.core.instants import Instant

FROM: Final = "projections.access_trail line left join projections.record whose on whose.record = line.record"
COLUMNS: Final = (
    "line.position, line.at, line.said, line.id, line.record, line.viewer, line.acting_as, line.purpose, line.via,"
    " line.case_id, line.refused, line.attempted, line.items, line.permitted, whose.patient"
)


@dataclass(frozen=True, slots=True)
class Group:
    """Items that were shown by one rule, resting on the same facts (their positions)."""

    rule: str
    evidence: tuple[int, ...]
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the trail. ``refused`` is the rule that refused the whole of it, or None.

    ``id`` is that of the disclosure or of the refused attempt. ``attempted`` is the statement type of an attempt to say
    something; None for a disclosure. ``patient`` is whose record it is.
    """

    position: int
    at: Instant
    said: str
    id: str
    record: str | None
    viewer: str
    acting_as: str
    purpose: str | None
    via: str | None
    case: str | None
    refused: str | None
    attempted: str | None
    items: int
    permitted: tuple[Group, ...]
    patient: str | None

    @property
    def previewed(self) -> bool:
        """Did the patient look how their record looks to the viewer?"""
        return self.via == "preview" and self.viewer != self.patient

    @property
    def looked(self) -> str:
        """Who in fact looked: in a preview the patient, else the viewer."""
        return self.patient if self.previewed and self.patient is not None else self.viewer

    @property
    def emergency(self) -> bool:
        """Was it opened as an emergency?"""
        return self.purpose == "emergency" or any(group.rule == "emergency" for group in self.permitted)


@dataclass(frozen=True, slots=True)
class Sought:
    """Which lines: all members that are not None must agree. ``since`` counts, ``until`` no longer does.

    ``viewer`` is who in fact looked, ``not_by`` who did not; ``about`` a person who looked or whose record it is;
    ``team`` one that the viewer was in then, looking as a clinician; ``rule`` one by which something was shown, or all
    of it was refused, and ``shown_by`` one of the first sort; ``bare``: it showed nothing.
    """

    record: str | None = None
    id: str | None = None
    viewer: str | None = None
    not_by: str | None = None
    acting_as: str | None = None
    about: str | None = None
    team: str | None = None
    item: str | None = None
    rule: str | None = None
    shown_by: str | None = None
    purpose: str | None = None
    via: str | None = None
    emergency: bool | None = None
    refused: bool | None = None
    bare: bool | None = None
    since: Instant | None = None
    until: Instant | None = None


LATEST: Final = 2**63 - 1
"""A position after every other."""
# Lines stand in the order of their instants, so an instant is a place, from which on the index is read.
_PLACE_OF: Final = """coalesce((
        select position from projections.access_trail where at >= %s::bigint order by at, position limit 1
    ), %s::bigint)"""
_IN_TEAM: Final = """line.acting_as = 'clinician' and line.viewer in (
        select person from projections.membership where team = %s::uuid
    ) and exists (
        select from projections.membership m
        where m.team = %s::uuid and m.person = line.viewer and m.position < line.position
        and (m.closed is null or m.closed > line.position) and m.starts <= line.at
        and (m.ends is null or line.at < m.ends))"""
_OF_ITEM: Final = "line.position = any(array(select position from projections.access_trail where permitted @> %s))"
_ABOUT: Final = """(line.looked = %s::uuid or line.record in (
        select record from projections.record where patient = %s::uuid))"""


def conditions_of(sought: Sought, before: int | None) -> tuple[str, list[Any]]:
    """The condition of SQL for these lines, and its values.

    But for the item it is of members that the index of a record's lines holds (``access_trail_of_record``).
    """
    conditions = list(_conditions(sought, before))
    where = " and ".join(condition for condition, _ in conditions) or "true"
    return where, [value for _, values in conditions for value in values]


def _conditions(sought: Sought, before: int | None) -> Iterator[tuple[str, list[Any]]]:
    for condition, value in (
        ("line.record = %s::uuid", sought.record),
        ("line.id = %s::uuid", sought.id),
        ("line.acting_as = %s", sought.acting_as),
        ("line.looked = %s::uuid", sought.viewer),
        ("line.looked <> %s::uuid", sought.not_by),
        ("line.purpose = %s", sought.purpose),
        ("line.via = %s", sought.via),
        ("(line.refused is not null) = %s", sought.refused),
        ("%s = any(line.rules)", sought.shown_by),
        ("(line.items = 0) = %s", sought.bare),
        ("line.position < %s::bigint", before),
        (_OF_ITEM, None if sought.item is None else Jsonb([{"items": [sought.item]}])),
    ):
        if value is not None:
            yield condition, [value]
    yield from _within(sought.since, sought.until)
    if sought.team is not None:
        yield _IN_TEAM, [sought.team] * 2
    if sought.about is not None:
        yield _ABOUT, [sought.about] * 2
    if sought.rule is not None:
        yield "(%s = any(line.rules) or line.refused = %s)", [sought.rule] * 2
    if sought.emergency is not None:
        yield ("line.emergency" if sought.emergency else "not line.emergency"), []


def _within(since: Instant | None, until: Instant | None) -> Iterator[tuple[str, list[Any]]]:
    if since is not None:
        yield f"line.at >= %s::bigint and line.position >= {_PLACE_OF}", [since, since, LATEST]
    if until is not None:
        yield f"line.at < %s::bigint and line.position < {_PLACE_OF}", [until, until, LATEST]


def line_of(row: Sequence[Any]) -> Line:
    """The line of a row of ``COLUMNS``."""
    (
        position,
        at,
        said,
        named,
        record,
        viewer,
        acting_as,
        purpose,
        via,
        case,
        refused,
        attempted,
        items,
        groups,
        whose,
    ) = row
    return Line(
        position,
        Instant(at),
        said,
        str(named),
        _text(record),
        str(viewer),
        acting_as,
        purpose,
        via,
        _text(case),
        refused,
        attempted,
        items,
        tuple(_group(group) for group in groups),
        _text(whose),
    )


def _group(group: Mapping[str, Any]) -> Group:
    return Group(group["rule"], tuple(group["evidence"]), tuple(group["items"]))


def _text(value: object) -> str | None:
    return None if value is None else str(value)
