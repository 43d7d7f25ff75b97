"""The worklist: everything that is due, whose it is, and since when; kept from statements, without a word.

What opens and settles a line is in ``projections.due``. A line is never marked overdue: whoever reads the list says at
which instant, and time settles what it settles. These are the bare lines; whoever shows them holds each to what its
reader may see.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from ledger.core.instants import DAY, Instant
from ledger.core.said import Said
from projections.due import Change, Opens, Postpones, Settles, changes_of
from projections.follow import Follower
from projections.projection import Connection

LARGEST_PAGE: Final = 500
LOOKED_AT_FOR: Final = 28 * DAY
"""A look that rests on a registration alone stays on the guardian's list for so long: no statement settles it but the
answer to a question about it."""

_COLUMNS = (
    "record, kind, subject, about, since, due_at, ends, clinician_from, guardian_from, person, but_not, kept_from,"
    " ground, opened, place"
)
_INSERT = f"insert into projections.worklist ({_COLUMNS}) values ({', '.join(['%s'] * 15)})"  # noqa: S608 - constants
_RENEWED = ", ".join(
    f"{column} = excluded.{column}"
    for column in ("since", "due_at", "ends", "clinician_from", "guardian_from", "person", "but_not", "opened", "place")
)
_ONCE = f"{_INSERT} on conflict do nothing"
_AGAIN = (
    f"{_INSERT} on conflict (record, kind, subject, about)"
    f" do update set {_RENEWED}, closed = null, settled = null"
)  # fmt: skip
_LOOKED = f"{_AGAIN} where worklist.closed is not null or worklist.ends <= excluded.since"
_SETTLE = """
    update projections.worklist set closed = %s, settled = %s
    where record = %s::uuid and kind = any(%s) and closed is null and subject = coalesce(%s::uuid, subject)
      and about = coalesce(%s::uuid, about) and (%s::text is null or ground = %s::text)
"""
_REOPEN = """
    update projections.worklist set closed = null, settled = null
    where record = %s::uuid and kind = any(%s) and settled = %s
"""
_POSTPONE = """
    update projections.worklist set due_at = %s::bigint where record = %s::uuid and kind = %s and closed is null
"""
_REGISTERED = b"""
    insert into projections.registration (position, record, care)
    select %s::bigint, %s::uuid, %s::uuid where %s::text = 'registration'
"""
_HANDED_ON = b"""
    insert into projections.registration (position, record, care)
    select %s::bigint, record, %s::uuid from projections.registration
    where record = %s::uuid and care = %s::uuid limit 1
"""
_LOOKS_ANSWERED = """
    update projections.worklist set closed = %s, settled = %s
    where record = %s::uuid and kind = 'unexplained-look' and closed is null and about = (
        select person from projections.worklist where record = %s::uuid and kind = 'question' and subject = %s::uuid)
"""
_BY_REGISTRATION = "select position from projections.registration where position = any(%s::bigint[])"
_IN_FORCE = "{0}.starts <= asked.at and ({0}.ends is null or {0}.ends > asked.at)"
_CARE_LASTS, _MEMBER, _ROLE_LASTS = (_IN_FORCE.format(table) for table in "cmr")
# The records in care are found first, then what is due there, record by record (``offset 0`` says so to the planner):
# so it costs what is theirs, however much is due elsewhere.
_OF_CLINICIAN = f"""
    grantee as materialized (
        select me as id from asked
        union all select m.team from asked, projections.member m where m.person = asked.me and {_MEMBER}
    ), in_care as materialized (
        select distinct c.record from asked, grantee, lateral (
            select * from projections.care of where of.grantee = grantee.id offset 0
        ) c where {_CARE_LASTS}
    ), theirs as (
        select w.* from in_care, lateral (
            select * from projections.worklist w
            where w.record = in_care.record and w.closed is null and w.person is null offset 0
        ) w
        union all
        select w.* from projections.worklist w where w.closed is null and w.person = (select me from asked)
    ), line as (
        select w.* from asked, theirs w where w.clinician_from <= asked.at and w.but_not is distinct from asked.me
    )
"""  # noqa: S608 - built from constants
# A question to somebody who is no clinician (any more) is a guardian's at once.
_OF_GUARDIAN = f"""
    line as (
        select w.* from asked, projections.worklist w
        where w.closed is null and w.person is distinct from asked.me and w.but_not is distinct from asked.me
        and (w.guardian_from <= asked.at or (w.kind = 'question' and not exists (
            select from projections.role r where r.person = w.person and r.role = 'clinician' and r.approved
            and {_ROLE_LASTS})))
    )
"""  # noqa: S608 - built from constants
_WHOSE: Final[Mapping[str, str]] = {"clinician": _OF_CLINICIAN, "guardian": _OF_GUARDIAN}
# Given a ground, a secret goes by the review of that; renewed, by the newer review or opinion.
_TAKEN_OVER = """
    exists (
        select from projections.worklist h
        where h.record = w.record and h.subject = w.subject and h.closed is null and (
            (w.kind in ('confidence', 'working-note') and h.kind = 'withholding-review' and h.kept_from = 'patient'
             and (h.ends is null or h.ends > asked.at))
            or (w.kind in ('opinion', 'withholding-review') and h.kind = w.kind and h.kept_from = w.kept_from
                and h.ground = w.ground and (h.due_at, h.place) > (w.due_at, w.place))))
"""
_PAGE = f"""
    with asked as (select %s::bigint as at, %s::uuid as me), {{whose}}
    select w.record, w.kind, w.subject, w.about, w.since, w.due_at, w.person, w.place from asked, line w
    where (w.ends is null or w.ends > asked.at) and not {_TAKEN_OVER}
      and (w.due_at, w.place) > (%s::bigint, %s::bigint) and w.due_at <= %s::bigint
      and (%s::text[] is null or w.kind = any(%s::text[]))
    order by w.due_at, w.place limit %s::bigint
"""  # noqa: S608 - built from constants
_FIRST: Final = (Instant(0), 0)
_EVER: Final = 2**62


@dataclass(frozen=True, slots=True)
class Due:
    """One line. ``subject`` is the item or matter that it tells of, None for the record; ``about`` what is due.

    ``person`` is the clinician whom it is for, None for any in care or a guardian; ``place`` is its order among what
    is due at the same instant.
    """

    record: str
    kind: str
    subject: str | None
    about: str
    since: Instant
    due_at: Instant
    person: str | None
    place: int


class WorklistProjection:
    """Keeps the worklist."""

    TABLES: ClassVar[tuple[str, ...]] = ("worklist", "registration")

    async def apply(self, connection: Connection, said: Sequence[Said]) -> None:
        """Take in what opens and settles lines, in the order in which it was said."""
        looks: list[Said] = []
        for one in said:
            if one.type == "disclosure-made/1":
                looks.append(one)
                continue
            if one.type == "access-answered/1":  # it settles the looks before it, not those after it
                await _take_looks(connection, looks)
                looks = []
                await connection.execute(_LOOKS_ANSWERED, _answering(one), prepare=True)
            elif one.type in _OF_CARE:
                await connection.execute(*_OF_CARE[one.type](one), prepare=True)
            for change in changes_of(one):
                sql, values = _executed(one, change)
                await connection.execute(sql, values, prepare=True)
        await _take_looks(connection, looks)


class Worklist:
    """Reads the worklist, what is due first first. ``at`` is the instant for which it is read."""

    def __init__(self, follower: Follower) -> None:
        self._follower = follower

    async def page(
        self,
        person: str,
        acting_as: str,
        at: Instant,
        *,
        after: tuple[Instant, int] | None = None,
        overdue: bool = False,
        kinds: Collection[str] = (),
        limit: int = 50,
    ) -> list[Due]:
        """Up to ``limit`` lines of a clinician or guardian, after (``due_at``, ``place``) of the last one before.

        ``kinds`` narrows them to these; without any it does not.
        """
        of = sorted(kinds) or None
        values = [at, person, *(after or _FIRST), at if overdue else _EVER, of, of, min(limit, LARGEST_PAGE)]
        return [_due(row) for row in await self._follower.select(_PAGE.format(whose=_WHOSE[acting_as]), values)]


def _due(row: Sequence[Any]) -> Due:
    record, kind, subject, about, since, due_at, person, place = row
    told = None if subject == record else str(subject)
    asked = None if person is None else str(person)
    return Due(str(record), kind, told, str(about), Instant(since), Instant(due_at), asked, place)


def _registered(said: Said) -> tuple[bytes, list[Any]]:
    """A care relationship by registration began; of another ground, nothing is noted."""
    facts = said.facts
    return _REGISTERED, [said.position, facts["record"], facts["care"], facts["ground"]]


def _handed_on(said: Said) -> tuple[bytes, list[Any]]:
    facts = said.facts
    return _HANDED_ON, [said.position, facts["next"], facts["record"], facts["care"]]


_OF_CARE: Final[Mapping[str, Callable[[Said], tuple[bytes, list[Any]]]]] = {
    "care-started/1": _registered,
    "care-transferred/1": _handed_on,
}


async def _take_looks(connection: Connection, disclosures: Sequence[Said]) -> None:
    """A line for each clinician and record, from the first look that rests on a registration."""
    looks = [one for one in disclosures if one.facts["acting_as"] == "clinician" and one.facts["permitted"]]
    evidence = {at for look in looks for at in _evidence(look)}
    if not evidence:
        return
    found = await (await connection.execute(_BY_REGISTRATION, [list(evidence)], prepare=True)).fetchall()
    registrations = {position for (position,) in found}
    ends: dict[tuple[str, str], Instant] = {}
    for look in looks:
        who = (look.facts["record"], look.facts["viewer"])
        # A clinician's looks at a record are one line for four weeks: the first of them stands for all.
        if registrations & _evidence(look) and ends.get(who, look.recorded_at) <= look.recorded_at:
            ends[who] = Instant(look.recorded_at + LOOKED_AT_FOR)
            await connection.execute(_LOOKED, _opening(look, _look(look, ends[who])), prepare=True)


def _evidence(look: Said) -> set[int]:
    return {at for group in look.facts["permitted"] for at in group["evidence"]}


def _look(said: Said, ends: Instant) -> Opens:
    record, viewer, at = said.facts["record"], said.facts["viewer"], said.recorded_at
    return Opens("unexplained-look", record, viewer, ends, ends, guardian_from=at, but_not=viewer, again=True)


def _executed(said: Said, change: Change) -> tuple[str, list[Any]]:
    """A change as SQL with its values."""
    record = said.facts["record"]
    if isinstance(change, Opens):
        return _AGAIN if change.again else _ONCE, _opening(said, change)
    if isinstance(change, Postpones):
        return _POSTPONE, [change.due_at, record, change.kind]
    if change.reopens is not None:
        return _REOPEN, [record, list(change.kinds), change.reopens]
    return _SETTLE, _settling(said, change)


def _opening(said: Said, opens: Opens) -> list[Any]:
    # One statement opens two lines at most; only an opinion shares its statement with another.
    place = 2 * said.position + (opens.kind == "opinion")
    return [
        said.facts["record"], opens.kind, opens.subject, opens.about, said.recorded_at, opens.due_at, opens.ends,
        opens.clinician_from, opens.guardian_from, opens.person, opens.but_not, opens.kept_from, opens.ground,
        said.position, place,
    ]  # fmt: skip


def _answering(said: Said) -> list[Any]:
    record = said.facts["record"]
    return [said.position, said.type, record, record, said.facts["question"]]


def _settling(said: Said, settles: Settles) -> list[Any]:
    named = [settles.subject, settles.about, settles.ground, settles.ground]
    return [said.position, said.type, said.facts["record"], list(settles.kinds), *named]
