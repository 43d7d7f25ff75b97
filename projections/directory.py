"""The directory: whose record is which, who is around it, who is in which team and role.

It makes lists ("my records"); it never decides. What a record shows is decided by the ledger when it is opened.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from ledger.core.instants import Instant, parse_instant
from ledger.core.people import NEEDS_APPROVAL
from ledger.core.said import Said
from projections.follow import Follower
from projections.projection import Connection

LARGEST_PAGE: Final = 500


@dataclass(frozen=True, slots=True)
class Listed:
    """A record in somebody's list. ``ground`` and ``team`` say through which care relationship, for a clinician.

    ``position`` is where the list goes on: pass the last one as ``before``.
    """

    record: str
    patient: str
    position: int
    ground: str | None = None
    team: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """How one statement type changes a table: a statement of SQL, and its parameters."""

    sql: str
    values: Callable[[Said], tuple[Any, ...]]


class DirectoryProjection:
    """Keeps the directory."""

    TABLES: ClassVar[tuple[str, ...]] = ("person", "team", "record", "carer", "care", "member", "role", "stands_in")

    async def apply(self, connection: Connection, said: Sequence[Said]) -> None:
        """Take in who is around records, in teams and in roles, in the order in which it was said."""
        for one in said:
            change = CHANGES.get(one.type)
            if change is not None:
                await connection.execute(change.sql.encode(), change.values(one), prepare=True)


class Directory:
    """Reads the directory. Lists are newest first; ``at`` is the instant at which terms must be in force."""

    def __init__(self, follower: Follower) -> None:
        self._follower = follower

    async def own_record(self, patient: str) -> list[Listed]:
        """The records of which this person is the patient."""
        rows = await self._follower.select(_OWN, [patient])
        return [Listed(str(record), str(whose), position) for record, whose, position in rows]

    async def cared_for(self, carer: str) -> list[Listed]:
        """The records that name this person as a carer."""
        rows = await self._follower.select(_CARED_FOR, [carer])
        return [Listed(str(record), str(whose), position) for record, whose, position in rows]

    async def stood_in_for(self, person: str, acting_as: str, at: Instant) -> list[Listed]:
        """The records in which this person may stand in the patient's place, as ``attorney`` or ``parent``."""
        rows = await self._follower.select(_STOOD_IN_FOR, [person, acting_as, at, at])
        return [Listed(str(record), str(whose), position) for record, whose, position in rows]

    async def in_care_of(
        self, clinician: str, at: Instant, *, before: int | None = None, limit: int = 100
    ) -> list[Listed]:
        """The records in this person's care, by name or through a team, each through its newest relationship."""
        values = [clinician, clinician, at, at, at, at, before, before, min(limit, LARGEST_PAGE)]
        return [
            Listed(str(record), str(patient), position, ground, None if team is None else str(team))
            for record, patient, position, ground, team in await self._follower.select(_IN_CARE_OF, values)
        ]

    async def roles(self, person: str, at: Instant) -> list[str]:
        """The roles that this person holds."""
        return [role for (role,) in await self._follower.select(_ROLES, [person, at, at])]

    async def granted(self, role: str) -> list[str]:
        """Everybody to whom this role was given and not ended, whether or not it is in force, the first first."""
        return [str(person) for (person,) in await self._follower.select(_GRANTED, [role])]

    async def around(self, person: str, at: Instant) -> list[str]:
        """What this person can be to some record: its patient, a carer, an attorney or a parent, where they are."""
        values = [person, person, person, at, at]
        return [acting_as for (acting_as,) in await self._follower.select(_AROUND, values)]

    async def teams(self, person: str, at: Instant) -> list[str]:
        """The teams of this person."""
        return [str(team) for (team,) in await self._follower.select(_TEAMS, [person, at, at])]

    async def registered(self, *, before: int | None = None, limit: int = 100) -> list[tuple[str, int]]:
        """Everybody who was registered, newest first, each with the position where the list goes on."""
        rows = await self._follower.select(_REGISTERED, [before, before, min(limit, LARGEST_PAGE)])
        return [(str(person), position) for person, position in rows]

    async def formed(self, *, before: int | None = None, limit: int = 100) -> list[tuple[str, str | None, int]]:
        """Every team with its profile, newest first, each with the position where the list goes on."""
        rows = await self._follower.select(_FORMED, [before, before, min(limit, LARGEST_PAGE)])
        return [(str(team), profile, position) for team, profile, position in rows]

    async def members(self, team: str, at: Instant) -> list[str]:
        """The people in this team."""
        return [str(person) for (person,) in await self._follower.select(_MEMBERS, [team, at, at])]

    async def carers(self, record: str) -> list[str]:
        """The carers that this record names."""
        return [str(person) for (person,) in await self._follower.select(_CARERS, [record])]


def _term(said: Said) -> tuple[int, int | None]:
    until = said.facts["until"]
    return parse_instant(said.facts["from"]), None if until is None else parse_instant(until)


def _from(*members: str) -> Callable[[Said], tuple[Any, ...]]:
    """Parameters that are members of the facts, then the position."""
    return lambda said: (*(said.facts[member] for member in members), said.position)


def _only(*members: str) -> Callable[[Said], tuple[Any, ...]]:
    return lambda said: tuple(said.facts[member] for member in members)


def _care(said: Said) -> tuple[Any, ...]:
    facts, grantee = said.facts, said.facts["grantee"]
    return (
        facts["care"],
        facts["record"],
        grantee["kind"],
        grantee["id"],
        facts["ground"],
        *_term(said),
        said.position,
    )


def _role(said: Said) -> tuple[Any, ...]:
    # As decisions have it (ledger.core.people): the service vouches for the founding administrators.
    approved = said.facts["role"] not in NEEDS_APPROVAL or said.acting_as == "service"
    return (said.position, said.facts["person"], said.facts["role"], *_term(said), said.author, approved)


def _stands_in(acting_as: str, standing: str) -> Change:
    """Somebody may stand in the patient's place; said again, it is what was said last."""
    return Change(
        "insert into projections.stands_in (standing, person, acting_as, record, starts, ends, position)"
        " values (%s, %s, %s, %s, %s, %s, %s) on conflict (standing, person) do update"
        " set starts = excluded.starts, ends = excluded.ends, position = excluded.position",
        lambda said: (
            *(said.facts[standing], said.facts["person"], acting_as, said.facts["record"]),
            *_term(said),
            said.position,
        ),
    )


CHANGES: Final[Mapping[str, Change]] = {
    "person-registered/1": Change(
        "insert into projections.person (person, position) values (%s, %s) on conflict do nothing", _from("person")
    ),
    "team-formed/1": Change(
        "insert into projections.team (team, profile, position) values (%s, %s, %s) on conflict do nothing",
        _from("team", "profile"),
    ),
    "record-opened/1": Change(
        "insert into projections.record (record, patient, position) values (%s, %s, %s) on conflict do nothing",
        _from("record", "patient"),
    ),
    "carer-named/1": Change(
        "insert into projections.carer (record, person, position) values (%s, %s, %s)"
        " on conflict (record, person) do update set position = excluded.position",
        _from("record", "person"),
    ),
    "carer-ended/1": Change(
        "delete from projections.carer where record = %s::uuid and person = %s::uuid", _only("record", "person")
    ),
    "care-started/1": Change(
        "insert into projections.care (care, record, grantee_kind, grantee, ground, starts, ends, position)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s) on conflict do nothing",
        _care,
    ),
    "care-ended/1": Change(
        "delete from projections.care where record = %s::uuid and care = %s::uuid", _only("record", "care")
    ),
    "care-transferred/1": Change(
        "update projections.care set care = %s, grantee_kind = 'team', grantee = %s, starts = %s, position = %s"
        " where record = %s::uuid and care = %s::uuid",
        lambda said: (
            *(said.facts["next"], said.facts["team"]),
            *(said.recorded_at, said.position),
            *(said.facts["record"], said.facts["care"]),
        ),
    ),
    "team-joined/1": Change(
        "insert into projections.member (team, person, starts, ends, position) values (%s, %s, %s, %s, %s)"
        " on conflict (team, person) do update"
        " set starts = excluded.starts, ends = excluded.ends, position = excluded.position",
        lambda said: (said.facts["team"], said.facts["person"], *_term(said), said.position),
    ),
    "team-left/1": Change(
        "delete from projections.member where team = %s::uuid and person = %s::uuid", _only("team", "person")
    ),
    "role-granted/1": Change(
        "insert into projections.role (position, person, role, starts, ends, grantor, approved)"
        " values (%s, %s, %s, %s, %s, %s, %s)",
        _role,
    ),
    "role-approved/1": Change(
        "update projections.role set approved = true where grantor <> %s::uuid and position = ("
        "select max(position) from projections.role where person = %s::uuid and role = %s and not approved)",
        lambda said: (said.author, said.facts["person"], said.facts["role"]),
    ),
    "role-ended/1": Change(
        "delete from projections.role where person = %s::uuid and role = %s", _only("person", "role")
    ),
    "power-registered/1": _stands_in("attorney", "power"),
    "power-ended/1": Change(
        "delete from projections.stands_in where standing = %s::uuid and person = %s::uuid", _only("power", "person")
    ),
    "parent-registered/1": _stands_in("parent", "parental"),
    "parent-ended/1": Change("delete from projections.stands_in where standing = %s::uuid", _only("parental")),
}
"""Every statement type that changes the directory."""

_IN_FORCE = "{0}starts <= %s::bigint and ({0}ends is null or {0}ends > %s::bigint)"
_GRANTED = "select person from projections.role where role = %s group by person order by min(position)"
_OWN = "select record, patient, position from projections.record where patient = %s::uuid order by position desc"
_CARED_FOR = """
    select record, r.patient, c.position from projections.carer c join projections.record r using (record)
    where c.person = %s::uuid order by c.position desc
"""
_STOOD_IN_FOR = f"""
    select record, r.patient, max(s.position) from projections.stands_in s join projections.record r using (record)
    where s.person = %s::uuid and s.acting_as = %s::text and {_IN_FORCE.format("s.")}
    group by record, r.patient order by 3 desc
"""  # noqa: S608 - built from constants
_IN_CARE_OF = f"""
    with grantee as (
        select %s::uuid as id
        union all select team from projections.member m where m.person = %s::uuid and {_IN_FORCE.format("m.")}
    ), newest as (
        select distinct on (record) record, c.position, c.ground, c.grantee_kind, c.grantee
        from projections.care c join grantee on grantee.id = c.grantee where {_IN_FORCE.format("c.")}
        order by record, c.position desc
    )
    select record, r.patient, n.position, n.ground, case n.grantee_kind when 'team' then n.grantee end
    from newest n join projections.record r using (record)
    where %s::bigint is null or n.position < %s::bigint order by n.position desc limit %s::bigint
"""  # noqa: S608 - built from constants
_REGISTERED = """
    select person, position from projections.person
    where %s::bigint is null or position < %s::bigint order by position desc limit %s::bigint
"""
_FORMED = """
    select team, profile, position from projections.team
    where %s::bigint is null or position < %s::bigint order by position desc limit %s::bigint
"""
_ROLES = f"""
    select distinct role from projections.role where person = %s::uuid and approved and {_IN_FORCE.format("")}
    order by role
"""  # noqa: S608 - built from constants
_AROUND = f"""
    select 'patient' where exists (select from projections.record where patient = %s::uuid)
    union select 'carer' where exists (select from projections.carer where person = %s::uuid)
    union select acting_as from projections.stands_in where person = %s::uuid and {_IN_FORCE.format("")}
"""  # noqa: S608 - built from constants
_TEAMS = f"""
    select team from projections.member where person = %s::uuid and {_IN_FORCE.format("")} order by position
"""  # noqa: S608 - built from constants
_MEMBERS = f"""
    select person from projections.member where team = %s::uuid and {_IN_FORCE.format("")} order by position
"""  # noqa: S608 - built from constants
_CARERS = "select person from projections.carer where record = %s::uuid order by position"
