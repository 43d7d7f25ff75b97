"""The API over the story's database."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from api.http.app import create_app
from api.settings import Settings
from api.wiring import House
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
