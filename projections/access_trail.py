"""The access trail: who opened what, acting as what, why and by which rule; and who tried and was refused.

These are the bare lines. Whoever shows them holds each to what its reader may see: a line is visible only where its
item is, and carers never see any.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import orjson
from psycopg.types.json import Jsonb

from ledger.core.instants import Instant
from ledger.core.said import Said
from projections.follow import Follower
from projections.projection import Connection

LARGEST_PAGE: Final = 500

_COLUMNS = "position, at, said, record, viewer, acting_as, purpose, via, case_id, refused, attempted, items, permitted"
_INSERT = f"""
    insert into projections.access_trail ({_COLUMNS}) select {_COLUMNS}
    from jsonb_to_recordset(%s::jsonb) as line (position bigint, at bigint, said text, record uuid, viewer uuid,
         acting_as text, purpose text, via text, case_id uuid, refused text, attempted text, items integer,
         permitted jsonb)
"""  # noqa: S608 - built from constants
_PAGE = f"""
    select {_COLUMNS} from projections.access_trail
    where {{where}} order by position desc limit %s::bigint
"""  # noqa: S608 - built from constants


@dataclass(frozen=True, slots=True)
class Group:
    """Items that were shown by one rule, resting on the same facts (their positions)."""

    rule: str
    evidence: tuple[int, ...]
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the trail. ``refused`` is the rule that refused the whole of it, or None.

    ``attempted`` is the statement type of a refused attempt to say something; None for a disclosure.
    """

    position: int
    at: Instant
    said: str
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


@dataclass(frozen=True, slots=True)
class Sought:
    """Which lines: all members that are not None must agree. ``since`` counts, ``until`` no longer does."""

    record: str | None = None
    viewer: str | None = None
    item: str | None = None
    since: Instant | None = None
    until: Instant | None = None


class AccessTrailProjection:
    """Keeps the access trail."""

    TABLES: ClassVar[tuple[str, ...]] = ("access_trail",)

    async def apply(self, connection: Connection, said: Sequence[Said]) -> None:
        """Take in disclosures and refused attempts."""
        rows = [_ROWS[one.type](one) for one in said if one.type in _ROWS]
        if rows:
            await connection.execute(_INSERT, [orjson.dumps(rows).decode()], prepare=True)


class AccessTrail:
    """Reads the access trail, newest first."""

    def __init__(self, follower: Follower) -> None:
        self._follower = follower

    async def page(self, sought: Sought, *, before: int | None = None, limit: int = 50) -> list[Line]:
        """Up to ``limit`` lines older than the position ``before``; pass the last line's position for the next page."""
        conditions = _conditions(sought, before)
        where = " and ".join(condition for condition, _ in conditions) or "true"
        values = [value for _, value in conditions]
        rows = await self._follower.select(_PAGE.format(where=where), [*values, min(limit, LARGEST_PAGE)])
        return [_line(row) for row in rows]

    async def seen_by(self, item: str, *, before: int | None = None, limit: int = 50) -> list[Line]:
        """Who has ever seen this item, newest first."""
        return await self.page(Sought(item=item), before=before, limit=limit)


def _conditions(sought: Sought, before: int | None) -> list[tuple[str, Any]]:
    # An item is in one record, so the record's lines are few enough to look through.
    of_item = "record = (select record from projections.timeline where item = %s::uuid limit 1)"
    shows_item = None if sought.item is None else Jsonb([{"items": [sought.item]}])
    conditions = [
        ("record = %s::uuid", sought.record),
        ("viewer = %s::uuid", sought.viewer),
        (of_item, sought.item),
        ("permitted @> %s", shows_item),
        ("at >= %s::bigint", sought.since),
        ("at < %s::bigint", sought.until),
        ("position < %s::bigint", before),
    ]
    return [(condition, value) for condition, value in conditions if value is not None]


def _disclosure(said: Said) -> dict[str, Any]:
    facts = said.facts
    return {
        "position": said.position,
        "at": said.recorded_at,
        "said": said.type,
        "record": facts["record"],
        "viewer": facts["viewer"],
        "acting_as": facts["acting_as"],
        "purpose": facts["purpose"],
        "via": facts["via"],
        "case_id": facts["case"],
        "refused": facts["refused"],
        "attempted": None,
        "items": sum(len(group["items"]) for group in facts["permitted"]),
        "permitted": facts["permitted"],
    }


def _attempt(said: Said) -> dict[str, Any]:
    facts = said.facts
    return {
        "position": said.position,
        "at": said.recorded_at,
        "said": said.type,
        "record": facts["record"],
        "viewer": facts["person"],
        "acting_as": facts["acting_as"],
        "purpose": None,
        "via": None,
        "case_id": None,
        "refused": facts["rule"],
        "attempted": facts["type"],
        "items": 0,
        "permitted": [],
    }


_ROWS: Final = {"disclosure-made/1": _disclosure, "attempt-refused/1": _attempt}


def _line(row: Sequence[Any]) -> Line:
    position, at, said, record, viewer, acting_as, purpose, via, case, refused, attempted, items, permitted = row
    return Line(
        position,
        Instant(at),
        said,
        _text(record),
        str(viewer),
        acting_as,
        purpose,
        via,
        _text(case),
        refused,
        attempted,
        items,
        tuple(_group(group) for group in permitted),
    )


def _group(group: Mapping[str, Any]) -> Group:
    return Group(group["rule"], tuple(group["evidence"]), tuple(group["items"]))


def _text(value: object) -> str | None:
    return None if value is None else str(value)
