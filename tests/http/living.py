"""One service for a module of tests, and a record of its own for each: with the same people around another patient."""

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx

from api.http.app import create_app
from api.postgres import EmbeddedPostgres
from api.settings import Settings
from api.wiring import House
from ledger.core.instants import Instant, format_instant
from ledger.saying import By
from tests.http.served import BASE, Client, Served
from tests.postgres_fixture import Database, new_database
from tests.story import KEYRING, assert_accounted, story_of

_NEIGHBOURS = itertools.count(1)


@asynccontextmanager
async def living(postgres: EmbeddedPostgres, template: str, home: Path, **settings: Any) -> AsyncIterator[Served]:
    """The application over a story of its own; whatever words it opened are accounted for in the end."""
    with new_database(postgres, template) as name:
        database = Database(postgres, name)
        app = create_app(House(Settings(home=home, **settings), KEYRING, database.dsn(), database.superuser_dsn))
        async with (
            story_of(database) as story,
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=httpx.ASGITransport(app, raise_app_exceptions=True), base_url=BASE) as http,
        ):
            yield Served(app, http, story)
            await assert_accounted(story.ledger)


async def neighbour(served: Served) -> Served:
    """The same people around another patient, who goes by the name of Amina here too."""
    story, ledger = served.story, served.story.ledger
    registered = await ledger.people.register(story.ada, f"Amina the {next(_NEIGHBOURS)}.")
    amina = By(str(registered.facts["person"]), "patient")
    record = str((await ledger.care.open_record(story.ada, amina.person)).facts["record"])
    await ledger.care.start(story.ada, record, ground="referral", team=story.practice)
    await ledger.care.name_carer(amina, record, story.sam.person, "son")
    return replace(served, story=replace(story, amina=amina, record=record))


async def asked(client: Client, path: str, **query: Any) -> dict[str, Any]:
    """What is answered, which must be good."""
    answer = await client.get(path, **query)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def later(served: Served, milliseconds: int) -> Instant:
    """An instant from now."""
    return Instant(served.story.ledger.clock() + milliseconds)


def now(served: Served) -> str:
    """This instant, as a query has it."""
    return format_instant(served.story.ledger.clock())
