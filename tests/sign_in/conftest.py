"""The API as browsers use it: one application for a module of tests, with a story of its own.

Modules that use these say ``pytestmark = pytest.mark.asyncio(loop_scope="module")``.
"""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio
from psycopg_pool import AsyncConnectionPool

from api.postgres import EmbeddedPostgres
from api.sign_in.once import Once
from api.sign_in.passkeys import Passkeys
from api.sign_in.sessions import Sessions
from ledger.core.instants import Instant
from tests.http.living import living
from tests.http.served import Served
from tests.sign_in.at_the_door import Clock
from tests.sign_in.browser import Browser
from tests.story import Story

Later = Callable[[int], None]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(
    postgres: EmbeddedPostgres, migrated_template: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Served]:
    """The application over a story, shared by the tests of a module: they leave it as they would find it."""
    async with living(postgres, migrated_template, tmp_path_factory.mktemp("home")) as served:
        yield served


@pytest_asyncio.fixture(loop_scope="module")
async def browser(house: Served) -> AsyncIterator[Browser]:
    """A browser in which nobody is signed in."""
    async with Browser.of(house) as one:
        yield one


@pytest.fixture
def later(house: Served, monkeypatch: pytest.MonkeyPatch) -> Later:
    """Sets the sessions' clock ahead by so many milliseconds."""
    sessions = house.app.state.service.doors.sessions
    real = sessions.clock

    def move(milliseconds: int) -> None:
        monkeypatch.setattr(sessions, "clock", lambda: Instant(real() + milliseconds))

    return move


@pytest.fixture
def sessions(house: Served) -> Sessions:
    found: Sessions = house.app.state.service.doors.sessions
    return found


@pytest.fixture
async def passkeys(story: Story) -> AsyncIterator[Passkeys]:
    """The passkeys of a story's people, without an application around them."""
    pool: Any = AsyncConnectionPool(story.database.dsn(), min_size=1, open=False, kwargs={"autocommit": True})
    told = Clock()
    async with pool:
        yield Passkeys(pool, Once(pool, bytes(32), told), story.ledger.facts, told)
