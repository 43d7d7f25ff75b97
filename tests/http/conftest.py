"""The API over the story's database."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from api.http.app import create_app
from api.postgres import EmbeddedPostgres
from api.settings import Settings
from api.wiring import House
from tests.http.living import living
from tests.http.served import BASE, Served
from tests.story import KEYRING, Story


@pytest.fixture
async def served(story: Story, tmp_path: Path) -> AsyncIterator[Served]:
    """The application itself, asked over ASGI: a second process in all but name, beside the story's own ledger."""
    database = story.database
    app = create_app(House(Settings(home=tmp_path), KEYRING, database.dsn(), database.superuser_dsn))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app, raise_app_exceptions=True), base_url=BASE) as http,
    ):
        yield Served(app, http, story)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def service(
    postgres: EmbeddedPostgres, migrated_template: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Served]:
    """One application for all tests of a module, each of which has a patient of its own (``neighbour``)."""
    async with living(postgres, migrated_template, tmp_path_factory.mktemp("home")) as served:
        yield served
