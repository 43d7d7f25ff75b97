"""Fixtures that every test may use."""

import asyncio
import multiprocessing
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

from api.postgres import EmbeddedPostgres
from api.wiring import SCHEMA_FOLDERS
from tests.postgres_fixture import TEMPLATE, UNSAFE_FAST, Database, ease_passwords, home_in_memory, new_database

if TYPE_CHECKING:
    from tests.story import Beginning, Story

# Every process that a test starts would otherwise compile the whole program again: three times what its start costs.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# How long an example took, or was made, says how busy the machine was.
hypothesis.settings.register_profile("house", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("house")


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    """The worker's server, with the ledger's roles and no database of the ledger's."""
    with home_in_memory() as home, EmbeddedPostgres(home, options=UNSAFE_FAST) as server:
        ease_passwords(server)
        yield server


@pytest.fixture
def home() -> Iterator[Path]:
    """A home that is not made yet, in memory where there is memory for it."""
    with home_in_memory() as path:
        yield path


@pytest.fixture
def durable_postgres(home: Path) -> Iterator[EmbeddedPostgres]:
    """A server of the test's own at `home`, run by this process with real durability: for tests about crashes."""
    with EmbeddedPostgres(home) as server:
        yield server


@pytest.fixture
def begun_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bench's processes, which it spawns, are forked from one that has loaded what they need, and nothing else."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["api.bench.servers", "api.bench.worker", "api.bench.verify", "api.bench.replay"])
    monkeypatch.setattr(multiprocessing, "get_context", lambda _: context)


@pytest.fixture
def empty_database(postgres: EmbeddedPostgres) -> Iterator[str]:
    """The superuser's connection string to a new database in which nothing is."""
    with new_database(postgres) as name:
        yield postgres.superuser_dsn(name)


@pytest.fixture(scope="session")
def migrated_template(postgres: EmbeddedPostgres) -> str:
    """The name of a database that was migrated once and that nobody connects to: to be copied."""
    from ledger.store.migrate import migrate  # noqa: PLC0415 - most tests need no schema, and do not wait for one

    postgres.create_database(TEMPLATE)
    migrate(postgres.superuser_dsn(TEMPLATE), *SCHEMA_FOLDERS)
    return TEMPLATE


@pytest.fixture
def database(postgres: EmbeddedPostgres, migrated_template: str) -> Iterator[Database]:
    """A new migrated database, dropped after the test; `database.dsn()` connects as `ledger_app`."""
    with new_database(postgres, migrated_template) as name:
        yield Database(postgres, name)


@pytest.fixture(scope="session")
def begun(postgres: EmbeddedPostgres, migrated_template: str) -> Iterator[tuple[str, "Beginning"]]:
    """The name of a database in which everybody has come in, to be copied; and who they are."""
    from tests.story import begin_in  # noqa: PLC0415 - most tests need no ledger, and do not wait for one

    with new_database(postgres, migrated_template) as name:
        yield name, asyncio.run(begin_in(Database(postgres, name)))


@pytest.fixture
async def story(postgres: EmbeddedPostgres, begun: tuple[str, "Beginning"]) -> AsyncIterator["Story"]:
    """An open ledger with Amina, Sam, Dr Okafor and the others in it, and a follower; see `tests.story`."""
    from tests.story import story_of  # noqa: PLC0415 - most tests need no ledger, and do not wait for one

    template, people = begun
    with new_database(postgres, template) as name:
        async with story_of(Database(postgres, name), people) as begun_again:
            yield begun_again
