"""All that letting people in needs, made once when the application starts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from psycopg_pool import AsyncConnectionPool

from api.clock import clock
from api.settings import Settings
from api.sign_in.identities import Identities
from api.sign_in.invitations import Invitations
from api.sign_in.once import Once, Pool, key_for
from api.sign_in.passkeys import Passkeys
from api.sign_in.personas import Personas
from api.sign_in.recovery import RecoveryCodes
from api.sign_in.sessions import Sessions
from api.sign_in.throttle import Throttle
from api.wiring import House
from ledger.ledger import Ledger

if TYPE_CHECKING:
    from api.sign_in.oidc import OpenId

_CONNECTIONS = 4
_WAITS = 5.0
"""Seconds that a request waits for a connection."""


@dataclass(frozen=True, slots=True)
class Doors:
    """The ways in."""

    settings: Settings
    pool: Pool
    once: Once
    sessions: Sessions
    throttle: Throttle
    passkeys: Passkeys
    invitations: Invitations
    recovery: RecoveryCodes
    identities: Identities
    openid: "OpenId | None"
    """Where people sign in at an OpenID provider; None where none is configured."""
    personas: Personas | None = None
    """As whom anybody may sign in; None everywhere but in a demonstration."""


@asynccontextmanager
async def doors_of(house: House, ledger: Ledger, personas: Personas | None = None) -> AsyncIterator[Doors]:
    """Open the ways into a ledger."""
    pool: Pool = AsyncConnectionPool(
        house.conninfo, min_size=1, max_size=_CONNECTIONS, timeout=_WAITS, open=False, kwargs={"autocommit": True}
    )
    once = Once(pool, key_for(house.keyring, "challenge-key"), clock)
    openid = _openid_of(house, once)
    issuers = frozenset[str]() if openid is None else frozenset(one.issuer for one in openid.providers.values())
    async with pool:
        yield Doors(
            house.settings,
            pool,
            once,
            Sessions(pool, key_for(house.keyring, "session-key"), ledger.facts, clock, personas is not None, issuers),
            Throttle(pool, key_for(house.keyring, "throttle-key"), clock),
            Passkeys(pool, once, ledger.facts, clock),
            Invitations(pool, clock),
            RecoveryCodes(pool, clock),
            Identities(pool, clock),
            openid,
            personas,
        )


def _openid_of(house: House, once: Once) -> "OpenId | None":
    """Sign-in at the providers of ``LEDGER_SIGN_IN``; raises SettingsError for a file that is wrong."""
    if house.settings.sign_in is None:
        return None
    # Loaded here: they bring an HTTP client, which no start without providers needs.
    from api.sign_in.oidc import OpenId  # noqa: PLC0415
    from api.sign_in.providers import read_providers  # noqa: PLC0415

    return OpenId(read_providers(house.settings.sign_in), once, key_for(house.keyring, "openid-key"), clock)
