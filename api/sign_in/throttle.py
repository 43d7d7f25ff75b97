"""Slowing down whoever fails to get in: per account and per address, for longer each time, and for an hour at most.

A bucket is a name as ``person:<id>``, ``invitation:<id>`` or ``address:<address>``; the table holds only an HMAC of
it, so no address and no account can be read there. After the free failures a bucket is closed for 2 seconds, then
4, 8 and so on up to 15 minutes; an hour without a failure and it is forgotten.
"""

import hmac
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

from starlette.requests import Request

from api.sign_in.once import Pool
from ledger.core.instants import HOUR, MINUTE, SECOND, Instant

FREE: Final = 5
"""Failures that cost nothing."""
FREE_BY_ADDRESS: Final = 30
"""The same for an address, behind which there may be a whole hospital."""
LONGEST: Final = 15 * MINUTE
FORGOTTEN_AFTER: Final = 1 * HOUR
BURST: Final = 300
"""Requests that one address may make to the ways in at once."""
PER_SECOND: Final = 5
"""How many it may make from then on."""

_ADDRESS: Final = "address:"
_MOST_ADDRESSES: Final = 50_000
_CLOSED: Final = "select max(closed_until) from sign_in.failure where bucket = any(%s)"
_FAILED: Final = """
    insert into sign_in.failure as f (bucket, failures, last_at, closed_until)
    values (%(bucket)s, 1, %(now)s, 0)
    on conflict (bucket) do update set last_at = %(now)s,
        failures = case when f.last_at <= %(forgotten)s then 1 else least(f.failures + 1, 1000) end,
        closed_until = case when f.last_at > %(forgotten)s and f.failures >= %(free)s
            then %(now)s + least(%(longest)s, 2000 * 2 ^ least(f.failures - %(free)s, 20))::bigint else 0 end
"""
_FORGET: Final = "delete from sign_in.failure where last_at <= %s"
_SUCCEEDED: Final = "delete from sign_in.failure where bucket = any(%s)"


class TooMany(Exception):
    """Somebody failed, or asked, too often; ``after`` says in how many seconds they may try again."""

    def __init__(self, after: int) -> None:
        super().__init__(f"got too many attempts; wait {after} seconds, then try again")
        self.after = after


@dataclass(slots=True)
class _Allowance:
    """What is left to one address, and when that was so."""

    left: float
    at: Instant


@dataclass(slots=True)
class Throttle:
    """Counts failures in the database, for every process; and requests in this one."""

    pool: Pool
    key: bytes
    clock: Callable[[], Instant]
    _allowances: OrderedDict[str, _Allowance] = field(default_factory=OrderedDict)

    async def check(self, *buckets: str) -> None:
        """Raise TooMany while any of the buckets is closed."""
        async with self.pool.connection() as connection:
            row = await (await connection.execute(_CLOSED, [[self._digest(bucket) for bucket in buckets]])).fetchone()
        now, closed_until = self.clock(), None if row is None else row[0]
        if closed_until is not None and closed_until > now:
            raise TooMany(-(-(closed_until - now) // SECOND))

    async def failed(self, *buckets: str) -> None:
        """Count a failure in each of the buckets, and close those that have had too many."""
        now = self.clock()
        async with self.pool.connection() as connection:
            # In one order, so that two failures at once do not wait for each other.
            for bucket in sorted(buckets):
                values = {
                    "bucket": self._digest(bucket),
                    "now": now,
                    "forgotten": now - FORGOTTEN_AFTER,
                    "free": FREE_BY_ADDRESS if bucket.startswith(_ADDRESS) else FREE,
                    "longest": LONGEST,
                }
                await connection.execute(_FAILED, values)
            await connection.execute(_FORGET, [now - FORGOTTEN_AFTER])

    async def succeeded(self, *buckets: str) -> None:
        """Forget the failures of an account. Those of an address stay: an attacker may have an account as well."""
        accounts = [self._digest(bucket) for bucket in buckets if not bucket.startswith(_ADDRESS)]
        if accounts:
            async with self.pool.connection() as connection:
                await connection.execute(_SUCCEEDED, [accounts])

    def check_rate(self, address: str) -> None:
        """Count a request of an address to a way in; raise TooMany beyond ``BURST`` and then ``PER_SECOND``."""
        now = self.clock()
        allowance = self._allowances.setdefault(address, _Allowance(BURST, now))
        self._allowances.move_to_end(address)
        allowance.left = min(BURST, allowance.left + max(0, now - allowance.at) * PER_SECOND / SECOND)
        allowance.at = now
        if allowance.left < 1:
            raise TooMany(1)
        allowance.left -= 1
        if len(self._allowances) > _MOST_ADDRESSES:
            self._allowances.popitem(last=False)

    def _digest(self, bucket: str) -> bytes:
        return hmac.digest(self.key, bucket.encode("utf-8", "surrogatepass"), "sha256")


def address_of(request: Request) -> str:
    """Where a request comes from, for a bucket: an IPv4 address, or the /64 of an IPv6 one, which is one customer's.

    It is the connection's. ``X-Forwarded-For`` counts only from a proxy that ``LEDGER_PROXIES`` names.
    """
    host = "" if request.client is None else request.client.host
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ip_network((int(address), 64), strict=False))
