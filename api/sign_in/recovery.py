"""A person's own recovery code: by which they get back in without anybody's help, once.

It has 120 random bits, so it names its owner by itself and nobody has to say whose it is: asking tells nothing about
who has an account. Only its SHA-256 is kept. It is used up when a new way in was made with it, not before.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from api.sign_in.codes import bare, fresh_code
from api.sign_in.once import Pool
from api.sign_in.session import SignInRefused
from ledger.core.instants import Instant

CODE_LENGTH: Final = 24
"""Characters of five bits each."""

_MAKE: Final = """
    insert into sign_in.recovery_code (person, code, made_at, used_at) values (%(person)s, %(code)s, %(now)s, null)
    on conflict (person) do update set code = %(code)s, made_at = %(now)s, used_at = null
"""
_OF: Final = "select person from sign_in.recovery_code where code = %s and used_at is null"
_MADE: Final = "select made_at from sign_in.recovery_code where person = %s and used_at is null"
_USED: Final = "update sign_in.recovery_code set used_at = %s where person = %s and used_at is null"


@dataclass(frozen=True, slots=True)
class RecoveryCodes:
    """Gives recovery codes, and says whose one is."""

    pool: Pool
    clock: Callable[[], Instant]

    async def make(self, person: str) -> str:
        """A fresh code, told once; the one before is good no more."""
        code = fresh_code(CODE_LENGTH)
        async with self.pool.connection() as connection:
            await connection.execute(_MAKE, {"person": person, "code": _digest(code), "now": self.clock()})
        return code

    async def made_at(self, person: str) -> Instant | None:
        """When the code that somebody has now was made; None if they have none."""
        async with self.pool.connection() as connection:
            row = await (await connection.execute(_MADE, [person])).fetchone()
        return None if row is None else Instant(row[0])

    async def owner(self, code: str) -> str:
        """Whose code this is. Raises SignInRefused, alike for a wrong one, a used one and one that was replaced."""
        async with self.pool.connection() as connection:
            row = await (await connection.execute(_OF, [_digest(code)])).fetchone()
        if row is None:
            raise SignInRefused(
                "invalid_grant",
                "code: got one that is not good, or not any more; check each character, or ask two members of staff",
            )
        return str(row[0])

    async def use_up(self, person: str) -> None:
        """End the code of somebody, if they have one."""
        async with self.pool.connection() as connection:
            await connection.execute(_USED, [self.clock(), person])


def _digest(code: str) -> bytes:
    return sha256(f"recovery\0{bare(code)}".encode("utf-8", "replace")).digest()
