"""What is good once: challenges and nonces that the service gives out, and names that others chose.

A challenge is 32 bytes that only the service can have made: 12 random, 4 for when it ends, 16 of an HMAC over its
purpose and whom it is for. So nothing is kept until one is used, and asking for many fills no table.
"""

import hmac
import os
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from api.sign_in.session import SignInRefused
from ledger.core.instants import MINUTE, SECOND, Instant
from ledger.store.keyring import Keyring

Pool = AsyncConnectionPool[AsyncConnection[Any]]
"""Connections that may write the tables of ``sign_in``; autocommit."""

GOOD_FOR: Final = 5 * MINUTE
"""How long a challenge may take to come back."""
_RANDOM: Final = 12
_ENDS: Final = 4
_FORGET: Final = "delete from sign_in.used where ends_at <= %s"
_USE: Final = "insert into sign_in.used (name, ends_at) values (%s, %s) on conflict do nothing returning true"


def key_for(keyring: Keyring, what: str) -> bytes:
    """A key of 32 bytes for one thing, which stays the same when the log goes on under another name."""
    return keyring.derived(what, keyring.first_origin)


@dataclass(frozen=True, slots=True)
class Once:
    """Gives challenges, and sees to it that each is used once, in whichever process."""

    pool: Pool
    key: bytes
    clock: Callable[[], Instant]

    def challenge(self, purpose: str, whom: str = "") -> bytes:
        """A fresh challenge for a purpose, and for one session, person or invitation where there is one."""
        head = os.urandom(_RANDOM) + ((self.clock() + GOOD_FOR) // SECOND).to_bytes(_ENDS)
        return head + self._mac(purpose, whom, head)

    async def use(self, challenge: bytes, purpose: str, whom: str = "") -> None:
        """Use a challenge up; raises SignInRefused for one of another making or purpose, one too old, one used."""
        head, mac = challenge[: _RANDOM + _ENDS], challenge[_RANDOM + _ENDS :]
        if not hmac.compare_digest(mac, self._mac(purpose, whom, head)):
            raise SignInRefused("invalid_request", "challenge: got one that was not given for this; begin again")
        ends = Instant(int.from_bytes(head[_RANDOM:]) * SECOND)
        if self.clock() >= ends:
            raise SignInRefused("invalid_request", "challenge: got one older than five minutes; begin again")
        await self.use_name(challenge.hex(), purpose, ends)

    async def use_name(self, name: str, purpose: str, ends: Instant) -> None:
        """Use up a name that somebody else chose, which is refused anyway from ``ends`` on; raises SignInRefused."""
        digest = sha256(f"{purpose}\0{name}".encode()).digest()
        async with self.pool.connection() as connection:
            used = await (await connection.execute(_USE, [digest, ends])).fetchone()
            if used is None:
                raise SignInRefused("invalid_request", f"{purpose}: got one that was used, wanted a fresh one")
            await connection.execute(_FORGET, [self.clock()])

    def _mac(self, purpose: str, whom: str, head: bytes) -> bytes:
        return hmac.digest(self.key, f"{purpose}\0{whom}\0".encode() + head, "sha256")[:16]
