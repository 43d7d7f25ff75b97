"""Two ledgers behind two applications, that are told and asked the same, at the same instants.

Each is a copy of one beginning, in a database of its own, so that everybody goes by the same ids in both; each has a
clock that stands still until a story moves it. What is left to chance then is what the service itself draws: the ids
of disclosures, and the nonces of cursors (``told``).
"""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx
from fastapi import FastAPI

import api.http.app
import api.wiring
from api.http.app import create_app
from api.http.service import Service
from api.postgres import EmbeddedPostgres
from api.settings import Settings
from api.wiring import House
from ledger.core.instants import HOUR, SECOND, Instant
from ledger.ledger import Ledger
from ledger.saying import By
from tests.http.served import BASE, Key, form_of
from tests.postgres_fixture import Database, new_database
from tests.story import KEYRING, Beginning

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_REGISTERED = "019c0f3e-5a80-7c3e-9d2b-6f1f3f0a4b11"
CURSOR = re.compile(r'"cursor":"[A-Za-z0-9_-]{70}"')


class Clock:
    """A clock that stands still until somebody sets it."""

    def __init__(self, now: Instant) -> None:
        self.now = now

    def __call__(self) -> Instant:
        return self.now


@dataclass
class World:
    """One application over one ledger.

    ``vale`` is a further clinician of the practice, by the same id in every world.
    ``looks`` are the disclosures that a story made in it, by the story's name for them; ``shown`` what they showed.
    """

    app: FastAPI
    http: httpx.AsyncClient
    clock: Clock
    begun: Beginning
    vale: By
    looks: dict[str, str] = field(default_factory=dict)
    shown: dict[str, frozenset[str]] = field(default_factory=dict)

    @property
    def service(self) -> Service:
        service: Service = self.app.state.service
        return service

    @property
    def ledger(self) -> Ledger:
        return self.service.ledger

    async def token(self, key: Key, by: By) -> str:
        """A token for somebody whose key is enrolled."""
        now = self.clock() // SECOND
        form = form_of(key.assertion(by.person, iat=now, exp=now + 60), f"acting_as:{by.acting_as}")
        answer = await self.http.post("/token", data=form)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])


@asynccontextmanager
async def world_in(database: Database, begun: Beginning, home: Path) -> AsyncIterator[World]:
    """Open an application over a copy of the beginning, by a clock that stands an hour after it."""
    clock = Clock(Instant(api.wiring.clock() + HOUR))
    app = create_app(House(Settings(home=home), KEYRING, database.dsn(), database.superuser_dsn))
    async with AsyncExitStack() as stack:
        # Where things are constructed they are given this clock; everything in the product takes it as an argument.
        with patch.object(api.wiring, "clock", clock), patch.object(api.http.app, "clock", clock):
            await stack.enter_async_context(app.router.lifespan_context(app))
        transport = httpx.ASGITransport(app, raise_app_exceptions=True)
        http = await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url=BASE))
        world = World(app, http, clock, begun, begun.lind)
        registered = await world.ledger.people.register(By(begun.ada.person, "administrator", _REGISTERED), "Dr Vale")
        world.vale = By(str(registered.facts["person"]), "clinician")
        await world.ledger.people.grant(begun.ada, world.vale.person, "clinician")
        await world.ledger.people.join_team(begun.ada, begun.practice, world.vale.person)
        yield world


@contextmanager
def two_databases(postgres: EmbeddedPostgres, template: str) -> Iterator[tuple[Database, Database]]:
    """Two copies of one beginning."""
    with new_database(postgres, template) as first, new_database(postgres, template) as second:
        yield Database(postgres, first), Database(postgres, second)


@dataclass(frozen=True)
class Told:
    """An answer, byte by byte, but for what the service drew by chance."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: str


def told(answer: httpx.Response, known: set[str], looks: dict[str, str]) -> Told:
    """What somebody was told. Ids that the story knows stay as they are, those of its looks go by their names.

    Any other is the id of a disclosure, and goes by the order in which such ids appear. A cursor is sealed, so of it
    the length counts.
    """
    assert answer.status_code < 500, answer.text
    body, headers = answer.text, dict(answer.headers)
    if answer.status_code in (201, 409) or "/receipt" in str(answer.request.url):
        body, headers = _without_positions(answer), {**headers, "content-length": "-"}
    body = CURSOR.sub('"cursor":"(70)"', body)
    named = {look: name for name, look in looks.items()}
    drawn: dict[str, str] = {}

    def name(found: re.Match[str]) -> str:
        one = found[0]
        return one if one in known else named.get(one) or drawn.setdefault(one, f"drawn {len(drawn)}")

    return Told(answer.status_code, tuple(sorted(headers.items())), UUID.sub(name, body))


def _without_positions(answer: httpx.Response) -> str:
    """What was admitted stands at a position in the whole ledger, and its receipt proves that (a known limit)."""

    def bare(value: Any) -> Any:
        if isinstance(value, dict):
            kept = {name: bare(inner) for name, inner in value.items() if name not in ("position", "receipt")}
            return {**kept, **{name: name for name in value if name not in kept}}
        return [bare(inner) for inner in value] if isinstance(value, list) else value

    return str(bare(answer.json()))
