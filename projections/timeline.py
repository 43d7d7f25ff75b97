"""The timeline: what was said about each item, in order; structure and facts, never words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import orjson

from ledger.core.instants import Instant
from ledger.core.keys import KeyId
from ledger.core.said import Said
from ledger.core.vocabulary import STATEMENT_TYPES
from projections.errors import OutOfStep
from projections.follow import Follower
from projections.projection import Connection

ABOUT_ITEMS: Final = frozenset(name for name, shape in STATEMENT_TYPES.items() if shape.aggregate == "item")

# One parameter for a whole batch: PostgreSQL takes the JSON apart, on a core of its own.
_INSERT = """
    insert into projections.timeline (position, record, item, type, made_at, recorded_at, author, acting_as, kid, facts)
    select position, record, item, type, made_at, recorded_at, author, acting_as, kid, facts
    from jsonb_to_recordset(%s::jsonb) as said (position bigint, record uuid, item uuid, type text, made_at bigint,
         recorded_at bigint, author uuid, acting_as text, kid text, facts jsonb)
"""
_AT = """
    select position, item, type, made_at, recorded_at, author, acting_as, kid, facts::text from projections.timeline
    where position = any(%s::bigint[]) order by position
"""


@dataclass(frozen=True, slots=True)
class About:
    """One statement about an item, and the key that signed it.

    ``facts`` are those of its type (``ledger.core.vocabulary``).
    """

    position: int
    item: str
    type: str
    made_at: Instant
    recorded_at: Instant
    author: str
    acting_as: str
    kid: KeyId
    facts: Mapping[str, Any]


class TimelineProjection:
    """Keeps the timeline."""

    TABLES: ClassVar[tuple[str, ...]] = ("timeline",)

    async def apply(self, connection: Connection, said: Sequence[Said]) -> None:
        """Take in what is about items."""
        rows = [_row(one) for one in said if one.type in ABOUT_ITEMS]
        if rows:
            await connection.execute(_INSERT, [orjson.dumps(rows).decode()], prepare=True)


class Timeline:
    """Reads the timeline, as far as a reader's disclosure goes."""

    def __init__(self, follower: Follower) -> None:
        self._follower = follower

    async def at(self, positions: Sequence[int], as_of: int) -> dict[str, list[About]]:
        """The statements at these positions, by item and in order, once the log is taken in up to ``as_of``.

        Raises NotFollowed when that takes too long, OutOfStep if one of them is not there.
        """
        found: dict[str, list[About]] = {}
        for row in await self._rows(positions, as_of):
            about = _about(row)
            found.setdefault(about.item, []).append(about)
        return found

    async def _rows(self, positions: Sequence[int], as_of: int) -> list[tuple[Any, ...]]:
        await self._follower.wait_until(as_of)
        rows = await self._follower.select(_AT, [list(positions)])
        if len(rows) < len(positions):
            self._follower.forget()
            await self._follower.wait_until(as_of)
            rows = await self._follower.select(_AT, [list(positions)])
        if lost := set(positions) - {row[0] for row in rows}:
            raise OutOfStep(f"timeline: got no row for positions {sorted(lost)[:5]}, wanted one each; run rebuild")
        return rows


def _row(said: Said) -> dict[str, Any]:
    return {
        "position": said.position,
        "record": said.facts["record"],
        "item": said.facts["item"],
        "type": said.type,
        "made_at": said.made_at,
        "recorded_at": said.recorded_at,
        "author": said.author,
        "acting_as": said.acting_as,
        "kid": said.kid,
        "facts": said.facts,
    }


def _about(row: Sequence[Any]) -> About:
    position, item, statement_type, made_at, recorded_at, author, acting_as, kid, said = row
    return About(
        position,
        str(item),
        statement_type,
        Instant(made_at),
        Instant(recorded_at),
        str(author),
        acting_as,
        KeyId(kid),
        orjson.loads(said),
    )
