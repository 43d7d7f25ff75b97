"""Identities: whom an OpenID provider knows somebody as, linked to a person by whoever is that person already."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from psycopg.rows import class_row

from api.sign_in.once import Pool
from api.sign_in.session import SignInRefused
from ledger.core.instants import Instant

_COLUMNS: Final = "issuer, subject, person::text, linked_at, used_at"
_SIGN_IN: Final = f"""
    update sign_in.identity set used_at = %(now)s
    where issuer = %(issuer)s and subject = %(subject)s and ended_at is null
    returning {_COLUMNS}
"""  # noqa: S608 - the names of columns
_LOCK: Final = "select pg_advisory_xact_lock(hashtextextended(%(person)s, 0))"
_OTHER: Final = """
    select true from sign_in.identity
    where person = %(person)s and issuer = %(issuer)s and subject <> %(subject)s and ended_at is null
"""
# One that was ended may be linked anew, to whoever can sign in with it at the provider now.
_LINK: Final = """
    insert into sign_in.identity as i (issuer, subject, person, linked_at)
    values (%(issuer)s, %(subject)s, %(person)s, %(now)s)
    on conflict (issuer, subject) do update
        set person = excluded.person, linked_at = excluded.linked_at, used_at = null, ended_at = null
        where i.ended_at is not null
"""
_IS_THEIRS: Final = """
    select true from sign_in.identity where issuer = %(issuer)s and subject = %(subject)s and person = %(person)s
"""
_OF: Final = f"select {_COLUMNS} from sign_in.identity where person = %s and ended_at is null order by linked_at"  # noqa: S608
_END: Final = """
    update sign_in.identity set ended_at = %(now)s
    where person = %(person)s and ended_at is null and (%(issuer)s::text is null or issuer = %(issuer)s)
    returning issuer, subject
"""


@dataclass(frozen=True, slots=True)
class Identity:
    """One link: ``subject``, as ``issuer`` calls somebody, is ``person``."""

    issuer: str
    subject: str
    person: str
    linked_at: Instant
    used_at: Instant | None


@dataclass(frozen=True, slots=True)
class Identities:
    """Keeps the links. One person has at most one identity of one provider, one identity one person."""

    pool: Pool
    clock: Callable[[], Instant]

    async def sign_in(self, issuer: str, subject: str) -> Identity:
        """The link of somebody whom the provider has just vouched for; raises SignInRefused where there is none."""
        values = {"issuer": issuer, "subject": subject, "now": self.clock()}
        async with self.pool.connection() as connection:
            cursor = connection.cursor(row_factory=class_row(Identity))
            found = await (await cursor.execute(_SIGN_IN, values)).fetchone()
        if found is None:
            # Nobody is told whether the ledger knows them under another name.
            raise SignInRefused(
                "access_denied",
                "identity: got one that lets nobody in here; ask for an invitation, or sign in another way and link it",
            )
        return found

    async def link(self, issuer: str, subject: str, person: str, *, instead: bool = False) -> None:
        """Link an identity to a person, or ``instead`` of all that they had; again changes nothing that matters.

        The person must have shown who they are, and the provider must just have vouched for the identity. Raises
        SignInRefused, and then nothing has ended.
        """
        values = {"issuer": issuer, "subject": subject, "person": person, "now": self.clock()}
        async with self.pool.connection() as connection, connection.transaction():
            await connection.execute(_LOCK, values)
            if instead:
                await connection.execute(_END, {**values, "issuer": None})
            if await (await connection.execute(_OTHER, values)).fetchone() is not None:
                raise _taken("a second one of this provider for you, wanted one; end the first")
            await connection.execute(_LINK, values)
            if await (await connection.execute(_IS_THEIRS, values)).fetchone() is None:
                raise _taken("one that is linked to somebody else, wanted your own; sign out at the provider first")

    async def of(self, person: str) -> list[Identity]:
        """The person's identities in force, oldest first."""
        async with self.pool.connection() as connection:
            cursor = connection.cursor(row_factory=class_row(Identity))
            return await (await cursor.execute(_OF, [person])).fetchall()

    async def end(self, person: str, issuer: str | None = None) -> list[tuple[str, str]]:
        """End the person's identity of an issuer, or all of them; answers issuer and subject of each that was ended.

        They sign nobody in from here on. Their sessions are the caller's to end (``Sessions.end_of_identity``).
        """
        values = {"person": person, "issuer": issuer, "now": self.clock()}
        async with self.pool.connection() as connection:
            return [(row[0], row[1]) for row in await (await connection.execute(_END, values)).fetchall()]


def _taken(what: str) -> SignInRefused:
    return SignInRefused("access_denied", f"identity: got {what}, then link again")
