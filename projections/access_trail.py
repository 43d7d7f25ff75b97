"""The access trail: who opened what, acting as what, why and by which rule; and who tried and was refused.

These are the bare lines. Whoever shows them holds each to what its reader may see: a line is visible only where its
item is, and carers never see any.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

import orjson

from ledger.core.instants import Instant, parse_instant
from ledger.core.said import Said
from projections.access_lines import COLUMNS, FROM, Line, Sought, conditions_of, line_of
from projections.follow import Follower
from projections.projection import Connection

__all__ = ["AccessTrail", "AccessTrailProjection", "Line", "Sought"]

LARGEST_PAGE: Final = 500

_WRITTEN: Final = (
    "position, at, said, id, record, viewer, acting_as, purpose, via, case_id, refused, attempted, items, permitted,"
    " emergency, rules, foremost, hindmost"
)
# The directory takes in whose record it is before: see the order of ``projections.all``.
_INSERT = f"""
    insert into projections.access_trail ({_WRITTEN}, looked)
    select {_WRITTEN}, case line.via when 'preview' then coalesce(
               (select patient from projections.record whose where whose.record = line.record), line.viewer)
           else line.viewer end
    from jsonb_to_recordset(%s::jsonb) as line (position bigint, at bigint, said text, id uuid, record uuid,
         viewer uuid, acting_as text, purpose text, via text, case_id uuid, refused text, attempted text,
         items integer, permitted jsonb, emergency boolean, rules text[], foremost uuid, hindmost uuid)
"""  # noqa: S608 - built from constants
_LEAVE = """
    update projections.membership set closed = %s::bigint
    where team = %s::uuid and person = %s::uuid and closed is null
"""
_JOIN = "insert into projections.membership (position, team, person, starts, ends) values (%s, %s, %s, %s, %s)"
# First which lines they are, by the index alone; then those are read, which may be long.
_PAGE = f"""
    select {COLUMNS} from {FROM} where line.position = any(array(
        select line.position from projections.access_trail line where {{where}}
        order by line.position desc limit %s::bigint
    )) order by line.position desc
"""  # noqa: S608 - built from constants
_OLDEST = _PAGE.replace("desc", "asc")
# How often each item was shown, and when last. The patient's own previews are none of it.
_SHOWN = """
    select wanted.item, count(*), max(line.at) from unnest(%s::text[]) wanted(item), lateral (
        select line.at from projections.access_trail line
        where line.permitted @> jsonb_build_array(jsonb_build_object('items', jsonb_build_array(wanted.item)))
        and {where} and (line.via is distinct from 'preview' or line.viewer = line.looked) offset 0
    ) line group by wanted.item
"""


class AccessTrailProjection:
    """Keeps the access trail, and who was in which team when they looked."""

    TABLES: ClassVar[tuple[str, ...]] = ("access_trail", "membership")

    async def apply(self, connection: Connection, said: Sequence[Said]) -> None:
        """Take in disclosures, refused attempts, and who joins and leaves teams."""
        rows = [_ROWS[one.type](one) for one in said if one.type in _ROWS]
        if rows:
            await connection.execute(_INSERT, [orjson.dumps(rows).decode()], prepare=True)
        for one in said:
            if one.type in ("team-joined/1", "team-left/1"):
                await _take_membership(connection, one)


class AccessTrail:
    """Reads the access trail, newest first."""

    def __init__(self, follower: Follower) -> None:
        self._follower = follower

    async def page(self, sought: Sought, *, before: int | None = None, limit: int = 50) -> list[Line]:
        """Up to ``limit`` lines older than the position ``before``; pass the last line's position for the next page."""
        where, values = conditions_of(sought, before)
        rows = await self._follower.select(_PAGE.format(where=where), [*values, min(limit, LARGEST_PAGE)])
        return [line_of(row) for row in rows]

    async def oldest(self, sought: Sought, *, after: int, limit: int) -> list[Line]:
        """Up to ``limit`` lines behind a position, oldest first; pass the last line's position for the next page."""
        where, values = conditions_of(sought, None)
        asked = [*values, after, min(limit, LARGEST_PAGE)]
        rows = await self._follower.select(
            _OLDEST.format(where=f"{where} and line.position > %s::bigint"), asked
        )  # fmt: skip
        return [line_of(row) for row in rows]

    async def shown(
        self, sought: Sought, items: Sequence[str], until: int | None = None
    ) -> dict[str, tuple[int, Instant]]:
        """How often such lines showed each of these items, and when last; up to a position, if one is given.

        An item that they did not show is left out; of a preview, the patient was shown it, and not who is named.
        """
        where, values = conditions_of(sought, None if until is None else until + 1)
        rows = await self._follower.select(_SHOWN.format(where=where), [list(items), *values])
        return {item: (times, Instant(last)) for item, times, last in rows}

    async def seen_by(self, item: str, *, before: int | None = None, limit: int = 50) -> list[Line]:
        """Who has ever seen this item, newest first."""
        return await self.page(Sought(item=item), before=before, limit=limit)

    async def line(self, record: str, named: str) -> Line | None:
        """The line of a record with this id: that of the disclosure, or of the refused attempt."""
        found = await self.page(Sought(record=record, id=named), limit=1)
        return found[0] if found else None

    async def all(self, sought: Sought) -> list[Line]:
        """Every such line, newest first."""
        lines: list[Line] = []
        while True:
            before = lines[-1].position if lines else None
            page = await self.page(sought, before=before, limit=LARGEST_PAGE)
            lines += page
            if len(page) < LARGEST_PAGE:
                return lines


async def _take_membership(connection: Connection, said: Said) -> None:
    facts = said.facts
    await connection.execute(_LEAVE, [said.position, facts["team"], facts["person"]], prepare=True)
    if said.type == "team-joined/1":
        until = None if facts["until"] is None else parse_instant(facts["until"])
        values = [said.position, facts["team"], facts["person"], parse_instant(facts["from"]), until]
        await connection.execute(_JOIN, values, prepare=True)


def _disclosure(said: Said) -> dict[str, Any]:
    facts = said.facts
    return {
        "position": said.position,
        "at": said.recorded_at,
        "said": said.type,
        "id": facts["disclosure"],
        "record": facts["record"],
        "viewer": facts["viewer"],
        "acting_as": facts["acting_as"],
        "purpose": facts["purpose"],
        "via": facts["via"],
        "case_id": facts["case"],
        "refused": facts["refused"],
        "attempted": None,
        "permitted": facts["permitted"],
        **_sought_by(facts["purpose"], facts["permitted"]),
    }


def _attempt(said: Said) -> dict[str, Any]:
    facts = said.facts
    return {
        "position": said.position,
        "at": said.recorded_at,
        "said": said.type,
        "id": facts["attempt"],
        "record": facts["record"],
        "viewer": facts["person"],
        "acting_as": facts["acting_as"],
        "purpose": None,
        "via": None,
        "case_id": None,
        "refused": facts["rule"],
        "attempted": facts["type"],
        "permitted": [],
        **_sought_by(None, []),
    }


def _sought_by(purpose: str | None, permitted: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What follows from the rest of a line, by which it is found or counted."""
    items = [item for group in permitted for item in group["items"]]
    rules = list(dict.fromkeys(group["rule"] for group in permitted))
    return {
        "items": len(items),
        "emergency": purpose == "emergency" or "emergency" in rules,
        "rules": rules,
        "foremost": items[0] if items else None,
        "hindmost": items[-1] if items else None,
    }


_ROWS: Final = {"disclosure-made/1": _disclosure, "attempt-refused/1": _attempt}
