"""Sessions of browsers: kept on the server, carried by a cookie that changes, ended whenever somebody says so.

The cookie's value is 48 bytes: 16 that stay the same for one session and that only this service can have made, from
which the page's token against forged requests follows, and 32 random ones, which change at every sign-in, whenever
somebody shows again who they are or acts as something else, and every fifteen minutes. Only its SHA-256 is kept.
"""

import hmac
import os
from collections import OrderedDict
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any, Final

from api.sign_in.once import Pool
from api.sign_in.session import Session, SignInRefused
from ledger.core.canonical import base64url
from ledger.core.instants import DAY, HOUR, MINUTE, SECOND, Instant
from ledger.saying import fresh_id
from ledger.store.facts import FactsReader

IDLE_LIMIT: Final = 30 * MINUTE
ABSOLUTE_LIMIT: Final = 12 * HOUR
CHANGE_EVERY: Final = 15 * MINUTE
"""How old a cookie's value grows before it is changed for another."""
OLD_VALUE_FOR: Final = 30 * SECOND
"""How long the value before is good after such a change: requests that were under way still carry it."""
ENDED_WITHIN: Final = 1 * SECOND
"""A session ended through another process ends here within this time; through this one, at once."""
SEEN_EVERY: Final = 1 * MINUTE
"""How often it is written down that a session was used."""

_FORGET_AFTER: Final = 1 * DAY
_LARGEST_CACHE: Final = 8192
_COOKIE: Final = 64
_STAYS: Final = 16
_READ: Final = """
    select s.id, s.person, s.acting_as, s.ends_at, s.means, s.credential, s.authenticated_at, s.may_act_as,
           s.changed_at, s.seen_at, s.token = %(token)s
    from sign_in.session s
    left join sign_in.passkey p on p.credential = s.credential
    left join sign_in.identity i on i.issuer = s.issuer and i.subject = s.subject
    where (s.token = %(token)s or (s.token_before = %(token)s and s.changed_at > %(old)s))
      and s.ended_at is null and s.ends_at > %(now)s and s.seen_at > %(idle)s
      and p.ended_at is null and i.ended_at is null
      and (s.means <> 'persona' or %(demonstration)s) and (s.issuer is null or s.issuer = any(%(issuers)s))
"""
_BEGIN: Final = """
    insert into sign_in.session (id, token, changed_at, person, acting_as, may_act_as, means, credential, issuer,
        subject, browser, began_at, authenticated_at, seen_at, ends_at)
    values (%(id)s, %(token)s, %(now)s, %(person)s, %(acting_as)s, %(may_act_as)s, %(means)s, %(credential)s,
        %(issuer)s, %(subject)s, %(browser)s, %(now)s, %(now)s, %(now)s, %(ends)s)
"""
_FORGET: Final = "delete from sign_in.session where ends_at <= %s"
_CHANGE: Final = """
    update sign_in.session set token = %(token)s, token_before = null, changed_at = %(now)s, seen_at = %(now)s,
        acting_as = %(acting_as)s, authenticated_at = %(authenticated_at)s, credential = %(credential)s
    where id = %(id)s and ended_at is null returning true
"""
_RENEW: Final = """
    update sign_in.session set token = %(token)s, token_before = token, changed_at = %(now)s, seen_at = %(now)s
    where token = %(before)s and ended_at is null returning true
"""
_SEEN: Final = "update sign_in.session set seen_at = %s where id = %s and seen_at < %s"
_END: Final = "update sign_in.session set ended_at = %(now)s where ended_at is null and {which} returning id"
_LISTED: Final = """
    select id, acting_as, means, browser, began_at, seen_at from sign_in.session
    where person = %s and ended_at is null and ends_at > %s and seen_at > %s order by began_at desc
"""


@dataclass(frozen=True, slots=True)
class Begun:
    """A session, and the value of its cookie: told once, to the browser."""

    session: Session
    cookie: str


@dataclass(frozen=True, slots=True)
class ListedSession:
    """One of somebody's sessions, as they are told of it."""

    id: str
    acting_as: str
    means: str
    browser: str
    began_at: Instant
    seen_at: Instant


@dataclass(slots=True)
class _Known:
    """A session as it was last read: when its value changed, when it was seen, and whether this value is the newest."""

    session: Session
    changed_at: Instant
    seen_at: Instant
    newest: bool
    read_at: Instant


@dataclass(slots=True)
class Sessions:
    """Begins, finds and ends the sessions of browsers. Rows are remembered for ``ENDED_WITHIN``.

    Those of personas count in a ``demonstration`` alone: where the ledger is served after it, they are nobody's. So are
    those of providers that are not among the ``issuers`` any more.
    """

    pool: Pool
    key: bytes
    facts: FactsReader
    clock: Callable[[], Instant]
    demonstration: bool = False
    issuers: frozenset[str] = frozenset()
    _known: OrderedDict[bytes, _Known] = field(default_factory=OrderedDict)
    _endings: int = 0

    async def begin(
        self,
        person: str,
        acting_as: str,
        *,
        means: str,
        browser: str,
        credential: bytes | None = None,
        issuer: str | None = None,
        subject: str | None = None,
        may_act_as: Sequence[str] | None = None,
    ) -> Begun:
        """Begin a session of somebody who has just shown who they are, by one of ``api.sign_in.session.MEANS``.

        ``may_act_as`` bounds what it may act as, where a provider's claims do; None leaves that to the facts.
        """
        now = self.clock()
        bound = None if may_act_as is None else tuple(may_act_as)
        session = Session(person, acting_as, Instant(now + ABSOLUTE_LIMIT), None, fresh_id(now), means, credential, now,
                          may_act_as=bound)  # fmt: skip
        cookie = self._fresh_cookie(session)
        values = {
            "id": session.id,
            "token": _digest(cookie),
            "now": now,
            "person": person,
            "acting_as": acting_as,
            "may_act_as": None if bound is None else list(bound),
            "means": means,
            "credential": credential,
            "issuer": issuer,
            "subject": subject,
            "browser": browser,
            "ends": session.ends,
        }
        async with self.pool.connection() as connection:
            await connection.execute(_BEGIN, values)
            await connection.execute(_FORGET, [now - _FORGET_AFTER])
        return Begun(session, cookie)

    async def of(self, cookie: str) -> Session:
        """The session of a cookie's value; raises SignInRefused unless it is in force now."""
        return (await self._known_by(cookie)).session

    async def renewed(self, cookie: str) -> Begun | None:
        """The session under a new value, if this one has grown old; None otherwise, and if another request was first.

        Raises SignInRefused unless the session is in force now.
        """
        known, now = await self._known_by(cookie), self.clock()
        if not known.newest or now - known.changed_at < CHANGE_EVERY:
            return None
        fresh = self._fresh_cookie(known.session)
        values = {"token": _digest(fresh), "before": _digest(cookie), "now": now}
        async with self.pool.connection() as connection:
            changed = await (await connection.execute(_RENEW, values)).fetchone()
        self._forget({known.session.id})
        return None if changed is None else Begun(known.session, fresh)

    async def again(self, session: Session, *, credential: bytes) -> Begun:
        """Note that the person has shown again, with a passkey, who they are; the value before is good no more.

        Raises SignInRefused if the session has ended meanwhile.
        """
        return await self._changed(replace(session, authenticated_at=self.clock(), credential=credential))

    async def act_as(self, session: Session, role: str) -> Begun:
        """Act as something else from here on; the value before is good no more.

        Whether the facts let the person act so is the caller's to ask (``api.sign_in.standing``). Raises SignInRefused
        for what the session's own bound does not allow, and if the session has ended meanwhile.
        """
        if session.may_act_as is not None and role not in session.may_act_as:
            allowed = ", ".join(session.may_act_as)
            raise SignInRefused("invalid_scope", f"acting_as: got {role}, wanted one of {allowed}, as you signed in")
        return await self._changed(replace(session, acting_as=role))

    async def end(self, session: Session) -> None:
        """End one session; again changes nothing."""
        await self._end("id = %(id)s", id=session.id)

    async def end_of_cookie(self, cookie: str) -> None:
        """End the session of a cookie's value, if there is one: the browser is about to get another."""
        await self._end("(token = %(token)s or token_before = %(token)s)", token=_digest(cookie))

    async def end_one(self, person: str, session_id: str) -> bool:
        """End one of this person's sessions, by its id; whether there was one."""
        return await self._end("id = %(id)s and person = %(person)s", id=session_id, person=person) > 0

    async def end_all(self, person: str, *, but: str | None = None) -> int:
        """End every session of a person, or all ``but`` the one of that id; how many there were."""
        return await self._end("person = %(person)s and id is distinct from %(but)s::uuid", person=person, but=but)

    async def end_of_passkey(self, credential: bytes) -> int:
        """End every session that began or was confirmed with a passkey; how many there were."""
        return await self._end("credential = %(credential)s", credential=credential)

    async def end_of_identity(self, issuer: str, subject: str) -> int:
        """End every session that began with a provider's identity; how many there were."""
        return await self._end("issuer = %(issuer)s and subject = %(subject)s", issuer=issuer, subject=subject)

    async def listed(self, person: str) -> list[ListedSession]:
        """The person's sessions in force, newest first."""
        now = self.clock()
        async with self.pool.connection() as connection:
            rows = await (await connection.execute(_LISTED, [person, now, now - IDLE_LIMIT])).fetchall()
        return [ListedSession(str(name), *rest) for name, *rest in rows]

    async def check_still_in_force(self, session: Session) -> None:
        """Raise SignInRefused if the session's passkey is revoked in the facts as they are cached.

        After a disclosure these are the facts that it was admitted on: its guards have proved them current.
        """
        await self._check_passkey(session, fresh=False)

    async def _known_by(self, cookie: str) -> _Known:
        now, token = self.clock(), _digest(cookie)
        known = self._known.get(token) if len(cookie) == _COOKIE else None
        if known is None or now - known.read_at >= ENDED_WITHIN:
            endings = self._endings
            known = await self._read(token, now)
            await self._check_passkey(known.session, fresh=True)
            if endings == self._endings:  # else it may have ended while it was read
                self._keep(token, known)
        else:
            await self._check_passkey(known.session, fresh=False)
        if now - known.seen_at >= SEEN_EVERY:
            known.seen_at = now
            async with self.pool.connection() as connection:
                await connection.execute(_SEEN, [now, known.session.id, now])
        return known

    async def _read(self, token: bytes, now: Instant) -> _Known:
        self._known.pop(token, None)
        values = {
            "token": token,
            "now": now,
            "old": now - OLD_VALUE_FOR,
            "idle": now - IDLE_LIMIT,
            "demonstration": self.demonstration,
            "issuers": [*self.issuers],
        }
        async with self.pool.connection() as connection:
            row = await (await connection.execute(_READ, values)).fetchone()
        if row is None:
            raise _ended()
        return _of_row(row, now)

    async def _check_passkey(self, session: Session, *, fresh: bool) -> None:
        """A passkey that was revoked in the log ends its sessions, whether or not anybody told the tables."""
        if session.credential is None:
            return
        keys = (await self.facts.person(session.person, fresh=fresh)).fold.keys
        enrolled = keys.passkeys.get((session.person, base64url(session.credential)))
        if enrolled is not None and enrolled.revoked_at is not None:
            raise SignInRefused("invalid_token", "session: its passkey was revoked; sign in with another")

    async def _changed(self, session: Session) -> Begun:
        cookie = self._fresh_cookie(session)
        values = {
            "id": session.id,
            "token": _digest(cookie),
            "now": self.clock(),
            "acting_as": session.acting_as,
            "authenticated_at": session.authenticated_at,
            "credential": session.credential,
        }
        async with self.pool.connection() as connection:
            changed = await (await connection.execute(_CHANGE, values)).fetchone()
        self._forget({session.id})
        if changed is None:
            raise _ended()
        return Begun(session, cookie)

    async def _end(self, which: str, **values: Any) -> int:
        async with self.pool.connection() as connection:
            values["now"] = self.clock()
            ended = await (await connection.execute(_END.format(which=which).encode(), values)).fetchall()
        self._forget({str(name) for (name,) in ended})
        return len(ended)

    def _keep(self, token: bytes, known: _Known) -> None:
        self._known[token] = known
        self._known.move_to_end(token)
        if len(self._known) > _LARGEST_CACHE:
            self._known.popitem(last=False)

    def _forget(self, ids: Container[str | None]) -> None:
        """Have sessions be read again, those too that are being read at this moment."""
        for token in [token for token, known in self._known.items() if known.session.id in ids]:
            del self._known[token]
        self._endings += 1

    def _fresh_cookie(self, session: Session) -> str:
        stays = hmac.digest(self.key, f"session\0{session.id}".encode(), "sha256")[:_STAYS]
        return base64url(stays + os.urandom(32))


def _digest(cookie: str) -> bytes:
    return sha256(cookie.encode("utf-8", "surrogatepass")).digest()


def _of_row(row: Sequence[Any], now: Instant) -> _Known:
    name, person, acting_as, ends, means, credential, authenticated, may_act_as, changed, seen, newest = row
    bound = None if may_act_as is None else tuple(may_act_as)
    session = Session(str(person), acting_as, ends, None, str(name), means, credential, authenticated, may_act_as=bound)
    return _Known(session, changed, seen, newest, now)


def _ended() -> SignInRefused:
    """The one answer for a session that has ended, grown too old, or never was."""
    return SignInRefused("invalid_token", "session: got none that is in force, it may have ended; sign in again")
