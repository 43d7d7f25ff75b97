"""The application on a socket of its own, in a thread, with people who have signed in to it."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import uvicorn

from api.http.app import create_app
from api.http.reading import PURPOSES
from api.listening import config_of
from api.settings import Settings
from api.wiring import House
from tests.matrix.around import Around
from tests.matrix.asks import Ask
from tests.matrix.cast import cast_in
from tests.matrix.place import Place, operations, who_asks
from tests.postgres_fixture import Database
from tests.story import KEYRING, Beginning

ROLES: Final = (
    "patient", "carer", "attorney", "parent", "clinician", "auditor", "guardian", "administrator", "registrar",
)  # fmt: skip
"""Who asks: everybody as whom one can act."""


@dataclass(frozen=True)
class Caller:
    """Somebody who is signed in: what they send along, and the ids of what is around them."""

    token: str
    ids: dict[str, str]
    query: dict[str, str]


@dataclass
class Serving:
    """Where the application is reached, its document, and who asks."""

    url: str
    document: dict[str, Any]
    place: Place
    loop: asyncio.AbstractEventLoop

    def caller(self, name: str) -> Caller:
        """Somebody of the matrix with a fresh token, which lasts ten minutes, around everybody's record."""
        return asyncio.run_coroutine_threadsafe(self._caller(name), self.loop).result()

    async def _caller(self, name: str) -> Caller:
        a = await self.place.record_for(Ask(), name)
        by = who_asks(name, a)
        key = (await self.place.client(by)).key
        keys = self.place.app.state.service.api_keys
        # Not at POST /token: that would be slowed down after so many requests that were refused.
        token = await keys.give_token(key.assertion(by.person), f"acting_as:{by.acting_as}")
        purposes = PURPOSES.get(by.acting_as, ())
        return Caller(token.access_token, await ids_around(a), {"purpose": purposes[0]} if purposes else {})


async def ids_around(a: Around) -> dict[str, str]:
    """Ids that paths may name, so that what is asked about is there."""
    _, withholding = await a.a_withholding()
    return {
        "record": a.record, "item": a.item, "person": a.cast.sam.person, "team": a.cast.practice, "case": a.case,
        "emergency": a.emergency, "power": a.power, "withholding": withholding, "disclosure": await a.a_look(),
    }  # fmt: skip


@contextmanager
def serving(database: Database, begun: Beginning, home: Path) -> Iterator[Serving]:
    """Serve the application over a copy of the beginning, in which everybody of the matrix has come in."""
    settings = Settings(home=home, port=0)
    app = create_app(House(settings, KEYRING, database.dsn(), database.superuser_dsn))
    server = uvicorn.Server(config_of(app, "127.0.0.1", 0))
    started: Future[Serving] = Future()

    async def run() -> None:
        serve = asyncio.create_task(server.serve())
        try:
            while not server.started:
                await asyncio.sleep(0.01)
                if serve.done():
                    serve.result()
            host, port = server.servers[0].sockets[0].getsockname()[:2]
            url, service = f"http://{host}:{port}", app.state.service
            async with httpx.AsyncClient(base_url=url) as http:
                cast = await cast_in(service, begun)
                place = Place(app, http, service.ledger, cast, operations(app))
                for role in ROLES:
                    await place.client(who_asks(role, await place.record_for(Ask(), role)))
                started.set_result(Serving(url, app.openapi(), place, asyncio.get_running_loop()))
                await serve
        except BaseException as error:
            started.set_exception(error)
            raise

    thread = threading.Thread(target=lambda: asyncio.run(run()), daemon=True)
    thread.start()
    try:
        yield started.result(60)
    finally:
        server.should_exit = True
        thread.join(30)
