"""Lines of a record's trail by day: counted where the index alone says that a reader sees them.

Of every other line its place is given, and whoever asks holds it to what the reader may see. So nothing is decided
here: a line is counted only where one look at what is hidden settles it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from ledger.core.instants import Instant
from projections.access_lines import COLUMNS, FROM, LATEST, Line, line_of
from projections.follow import Follower

_AT_ONCE: Final = 500
# One look at the index ``access_trail_of_record``, day by day: its lines stand in the order of their instants. Asked
# for record and place as one, and for instants in a way that no index answers (``+ 0``), no other index will do, and it
# answers by itself; else the lines are read, which takes longer than all the rest.
_DAYS: Final = """
    select day.n, told.lines, told.by_others, told.refused, told.others
    from unnest(%s::bigint[], %s::bigint[]) with ordinality day (begins, ends, n), lateral (
        select count(*) filter (where plain) as lines,
               count(*) filter (where plain and looked <> %s::uuid) as by_others,
               count(*) filter (where plain and refused is not null) as refused,
               coalesce(array_agg(position) filter (where plain is null), '{}') as others
        from (
            select line.position, line.looked, line.refused, case
                when line.emergency or line.acting_as = 'guardian' then null
                when %s and line.viewer = any(%s::uuid[]) and line.position > %s::bigint then null
                when line.foremost is null then case when %s then true end
                when line.foremost not in (select unnest(%s::uuid[])) then true
                when line.hindmost not in (select unnest(%s::uuid[])) then true
                when line.items = 1 and %s then false
                end as plain
            from projections.access_trail line
            where line.at + 0 >= day.begins and line.at + 0 < day.ends
            and (line.record, line.position) >= (%s::uuid, coalesce((
                select position from projections.access_trail where at >= day.begins order by at, position limit 1
            ), %s::bigint))
            and (line.record, line.position) < (%s::uuid, coalesce((
                select position from projections.access_trail where at >= day.ends order by at, position limit 1
            ), %s::bigint))
            offset 0
        ) line
    ) told
"""
_THESE: Final = f"select {COLUMNS} from {FROM} where line.position = any(%s::bigint[])"  # noqa: S608 - built from constants


@dataclass(frozen=True, slots=True)
class Plain:
    """What settles at one look that a reader sees a line.

    ``hidden`` are the items and matters of the record that the reader does not see: where the first or the last that
    was shown is none of them, the line is seen. ``bare``: what showed nothing is seen as well. ``only_items``: nothing
    is seen of what showed hidden items only. Not plain are lines of emergencies, of guardians, and of ``watched``
    people after a position.
    """

    hidden: Collection[str]
    bare: bool
    only_items: bool
    watched: Collection[str] = ()
    watched_from: int = 0


@dataclass(frozen=True, slots=True)
class Counted:
    """The lines of one day that are seen: of them by somebody but the patient, and refused.

    ``others`` are the places of those that have to be looked at.
    """

    lines: int
    by_others: int
    refused: int
    others: Sequence[int]


class AccessDays:
    """Counts the access trail."""

    def __init__(self, follower: Follower) -> None:
        self._follower = follower

    async def counted(
        self, of: tuple[str, str], begins: Sequence[Instant], within: tuple[Instant, Instant], plain: Plain
    ) -> dict[int, Counted]:
        """By number of the day: day n begins at ``begins[n]``. ``of`` are the record and its patient.

        ``within``: the first instant of which a line counts, and the first of which it no longer does.
        """
        (record, patient), (since, until), hidden = of, within, list(plain.hidden)
        days = [(max(begin, since), min(end, until)) for begin, end in pairwise(begins)]
        of_days = [[begin for begin, _ in days], [end for _, end in days]]
        watched = [bool(plain.watched), list(plain.watched), plain.watched_from]
        of_line = [patient, *watched, plain.bare, hidden, hidden, plain.only_items]
        rows = await self._follower.select(_DAYS, [*of_days, *of_line, record, LATEST, record, LATEST])
        return {day - 1: Counted(*counts) for day, *counts in rows}

    async def lines(self, positions: Sequence[int]) -> list[Line]:
        """The lines at these places."""
        found: list[Line] = []
        for n in range(0, len(positions), _AT_ONCE):
            found += [line_of(row) for row in await self._follower.select(_THESE, [list(positions[n : n + _AT_ONCE])])]
        return found
