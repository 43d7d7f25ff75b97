"""Invitations: a link, and a code that is told in person, by which somebody who is registered makes a way in.

Neither alone lets anybody in, and neither is kept: the link's secret as a SHA-256, the code as a SHA-256 together with
that secret, so that whoever reads the table can try no codes. Opening one gives a ticket; with the ticket a way in (a
passkey, an identity) is made, once.
"""

import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, LiteralString

from psycopg import AsyncConnection

from api.sign_in.codes import bare, fresh_code
from api.sign_in.once import Pool
from api.sign_in.session import SignInRefused
from ledger.core.canonical import base64url
from ledger.core.instants import DAY, HOUR, MINUTE, Instant
from ledger.domain.errors import NotPossible
from ledger.saying import fresh_id

LASTS: Final = {"founding": 1 * HOUR, "invited": 7 * DAY, "recovery": 7 * DAY}
"""How long a link is good, by why it was made."""
TICKET_LASTS: Final = 15 * MINUTE
"""How long a way in may take to be made once an invitation is open; it can be opened again."""
WRONG_CODES: Final = 5
"""So many wrong codes end an invitation."""
MOST_OPEN: Final = 20
"""Open invitations of one inviter, where that is a patient."""
CODE_LENGTH: Final = 8
_SECRET: Final = 32

_LOCK: Final = "select pg_advisory_xact_lock(hashtextextended(%(person)s, 0))"
_HAD_A_WAY_IN: Final = """
    select exists (select from sign_in.passkey where person = %(person)s)
        or exists (select from sign_in.identity where person = %(person)s)
"""
_COUNT: Final = """
    select count(*) from sign_in.invitation
    where invited_by = %(by)s and used_at is null and ended_at is null and ends_at > %(now)s
"""
_END: Final = "update sign_in.invitation set ended_at = %(now)s where person = %(person)s and ended_at is null"
_END_ALL: Final = """
    update sign_in.invitation set ended_at = %(now)s
    where (person = %(person)s or invited_by = %(person)s) and ended_at is null
"""
_INVITE: Final = """
    insert into sign_in.invitation (id, secret, code, person, why, invited_by, made_at, ends_at, opened_at, ticket)
    values (%(id)s, %(secret)s, %(code)s, %(person)s, %(why)s, %(by)s, %(now)s, %(ends)s, %(opened)s, %(ticket)s)
    on conflict (id) do nothing returning true
"""
_RIGHT: Final = """
    update sign_in.invitation set opened_at = %(now)s, ticket = %(ticket)s
    where secret = %(secret)s and (code is null or code = %(code)s)
        and used_at is null and ended_at is null and ends_at > %(now)s
    returning id, person, why, invited_by
"""
_WRONG: Final = """
    update sign_in.invitation
    set failures = failures + 1, ended_at = case when failures + 1 < %(most)s then null else %(now)s end
    where secret = %(secret)s and used_at is null and ended_at is null
"""
# A first way in is made once: not beside one that is there, nor beside one that is being made by another invitation.
_USE: Final = """
    update sign_in.invitation i set used_at = %(now)s
    where ticket = %(ticket)s and opened_at > %(opened_after)s
        and used_at is null and ended_at is null and ends_at > %(now)s
        and (why = 'recovery' or not (
            exists (select from sign_in.passkey p where p.person = i.person)
            or exists (select from sign_in.identity d where d.person = i.person)
            or exists (select from sign_in.invitation o
                       where o.person = i.person and o.id <> i.id and o.used_at is not null and o.settled_at is null)))
    returning id, person, why, invited_by
"""
_SETTLED: Final = "update sign_in.invitation set settled_at = %(now)s where id = %(id)s and used_at is not null"
_UNSETTLED: Final = """
    select id, person, why, invited_by, used_at from sign_in.invitation
    where used_at is not null and settled_at is null
"""
_RELEASE: Final = "update sign_in.invitation set used_at = null where id = %(id)s"


@dataclass(frozen=True, slots=True)
class Invited:
    """What is handed over, once: what the link carries, the code if there is one, and until when both are good."""

    secret: str
    code: str | None
    ends: Instant

    def link(self, origin: str) -> str:
        """The link. The secret is its fragment, which no browser sends: so it stands in no server's log."""
        return f"{origin}/invitation#{self.secret}"


@dataclass(frozen=True, slots=True)
class Opened:
    """An open invitation, whom it lets in, why it was made (founding, invited or recovery), and who invited."""

    id: str
    person: str
    why: str
    by: str | None


@dataclass(frozen=True, slots=True)
class Invitations:
    """Invites people, and lets those in who were invited."""

    pool: Pool
    clock: Callable[[], Instant]

    async def invite(self, person: str, *, why: str, by: str | None, coded: bool = True) -> Invited:
        """Invite somebody to make their first way in; ends the invitation they had before.

        ``by`` None is the keeper of the machine. Raises NotPossible for somebody who ever had a way in: who could
        invite them again could take their place.
        """
        async with self.pool.connection() as connection, connection.transaction():
            await connection.execute(_LOCK, {"person": person})
            [had] = await _row(connection, _HAD_A_WAY_IN, {"person": person})
            if had:
                raise NotPossible(
                    "person: got somebody who has a way in, or had one, wanted somebody new; get them back in through"
                    " recovery, which takes two members of staff",
                )
            invited = await self._insert(connection, fresh_id(self.clock()), person, why, by, coded=coded)
            if invited is None:
                raise NotPossible("invitation: got an id that is taken, wanted a fresh one; invite again")
        return invited

    async def has_had_a_way_in(self, person: str) -> bool:
        """Whether somebody ever had a passkey here, or an identity at a provider."""
        async with self.pool.connection() as connection:
            [had] = await _row(connection, _HAD_A_WAY_IN, {"person": person})
        return bool(had)

    async def check_few_open(self, by: str) -> None:
        """Raise NotPossible where ``MOST_OPEN`` invitations of this inviter are open."""
        async with self.pool.connection() as connection:
            [count] = await _row(connection, _COUNT, self._now(by=by))
        if count >= MOST_OPEN:
            raise NotPossible(
                f"invitations: got {MOST_OPEN} of yours that are open, wanted fewer; wait until one is used or over"
            )

    async def invite_again(self, recovery: str, person: str, *, by: str, since: Instant) -> Invited:
        """Let somebody back in whose recovery was approved at ``since``; once, as the id is the recovery's.

        Raises NotPossible where this recovery had its link: it is shown once, and another takes another recovery.
        """
        async with self.pool.connection() as connection, connection.transaction():
            await connection.execute(_LOCK, {"person": person})
            invited = await self._insert(connection, recovery, person, "recovery", by, since=since)
            if invited is None:  # rolled back, so that its invitation stays as it is
                raise NotPossible("recovery: got one whose link was shown, wanted a new one; ask for recovery again")
        return invited

    async def open_by_code(self, recovery: str, person: str) -> str:
        """An invitation that is open already, for somebody whose own recovery code was right; gives its ticket."""
        ticket = _fresh()
        async with self.pool.connection() as connection, connection.transaction():
            await connection.execute(_LOCK, {"person": person})
            await self._insert(connection, recovery, person, "recovery", person, ticket=ticket)
        return ticket

    async def end(self, person: str) -> None:
        """End the open invitation of somebody, if there is one, and those that they gave: they know link and code."""
        async with self.pool.connection() as connection:
            await connection.execute(_END_ALL, self._now(person=person))

    async def open(self, secret: str, code: str | None) -> tuple[Opened, str]:
        """Open an invitation: whom it lets in, and the ticket to make a way in with. Changes nothing but counts.

        Raises SignInRefused, alike for a link that never was, was used, is over, and for a wrong code.
        """
        ticket, digest = _fresh(), _digest(secret)
        right = self._now(secret=digest, code=_code(secret, code or ""), ticket=_digest(ticket))
        async with self.pool.connection() as connection:
            opened = await (await connection.execute(_RIGHT, right)).fetchone()
            if opened is None:
                await connection.execute(_WRONG, self._now(secret=digest, most=WRONG_CODES))
                raise SignInRefused(
                    "invalid_grant",
                    "invitation: got a link and a code that open nothing: one of them is wrong, used or over; check"
                    " the code, or ask whoever invited you for a new link",
                )
        return _opened(opened), ticket

    @asynccontextmanager
    async def use(self, ticket: str) -> AsyncIterator[Opened]:
        """Use an open invitation up while a way in is made; where that fails, it can be used again.

        A crash in between leaves it used and nobody let in: they are invited again. Raises SignInRefused.
        """
        values = self._now(ticket=_digest(ticket), opened_after=self.clock() - TICKET_LASTS)
        async with self.pool.connection() as connection:
            used = await (await connection.execute(_USE, values)).fetchone()
        if used is None:
            raise SignInRefused(
                "invalid_grant",
                "ticket: got one that was used, or is over; open the invitation again with its link and code",
            )
        opened = _opened(used)
        try:
            yield opened
        except BaseException:
            async with self.pool.connection() as connection:
                await connection.execute(_RELEASE, {"id": opened.id})
            raise

    async def settled(self, name: str) -> None:
        """Note that what a used invitation was for is done."""
        async with self.pool.connection() as connection:
            await connection.execute(_SETTLED, self._now(id=name))

    async def unsettled(self) -> list[tuple[Opened, Instant]]:
        """Used invitations of which a crash left something to do, and when each was used."""
        async with self.pool.connection() as connection:
            rows = await (await connection.execute(_UNSETTLED)).fetchall()
        return [(_opened(row), Instant(row[4])) for row in rows]

    async def _insert(
        self,
        connection: AsyncConnection[Any],
        name: str,
        person: str,
        why: str,
        by: str | None,
        *,
        coded: bool = True,
        since: Instant | None = None,
        ticket: str | None = None,
    ) -> Invited | None:
        """End the person's open invitation and make another; None where there was one of this id."""
        now = self.clock()
        ends = Instant((since or now) + LASTS[why])
        secret, code = _fresh(), fresh_code(CODE_LENGTH) if coded else None
        values = {
            "id": name,
            "person": person,
            "why": why,
            "by": by,
            "ends": ends,
            "secret": _digest(secret),
            "code": None if code is None else _code(secret, code),
            "opened": None if ticket is None else now,
            "ticket": None if ticket is None else _digest(ticket),
        }
        await connection.execute(_END, self._now(person=person))
        made = await (await connection.execute(_INVITE, self._now(**values))).fetchone()
        return None if made is None else Invited(secret, code, ends)

    def _now(self, **values: Any) -> dict[str, Any]:
        return {"now": self.clock(), **values}


def _fresh() -> str:
    return base64url(secrets.token_bytes(_SECRET))


def _digest(text: str) -> bytes:
    return sha256(text.encode("utf-8", "replace")).digest()


def _code(secret: str, code: str) -> bytes:
    return _digest(f"code\0{secret}\0{bare(code)}")


def _opened(row: tuple[Any, ...]) -> Opened:
    return Opened(str(row[0]), str(row[1]), row[2], None if row[3] is None else str(row[3]))


async def _row(connection: AsyncConnection[Any], query: LiteralString, values: dict[str, Any]) -> tuple[Any, ...]:
    row = await (await connection.execute(query, values)).fetchone()
    return () if row is None else tuple(row)
