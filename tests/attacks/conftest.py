"""Attacks are made on the real thing: over HTTP, on ledgers over the story's database, and on whole processes."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psycopg
import pytest
from psycopg import sql

from api.postgres import EmbeddedPostgres
from tests.attacks.ground import Ground, Lived, live, write_keys
from tests.http.conftest import served, service
from tests.postgres_fixture import Database, new_database

__all__ = ["served", "service"]


@pytest.fixture(scope="session")
def lived_in(postgres: EmbeddedPostgres, migrated_template: str) -> Iterator[tuple[str, Lived]]:
    """A database with a lived story that nobody is connected to, to be copied, and what was said in it."""
    with new_database(postgres, migrated_template) as name:
        lived = asyncio.run(live(Database(postgres, name)))
        yield name, lived


@pytest.fixture
def ground(postgres: EmbeddedPostgres, lived_in: tuple[str, Lived], tmp_path: Path) -> Iterator[Ground]:
    """A copy of the lived ledger, with a home and keys of its own, as real processes need them."""
    with _copy(postgres, lived_in, tmp_path) as ground:
        yield ground


@pytest.fixture(scope="module")
def spoken(
    postgres: EmbeddedPostgres, lived_in: tuple[str, Lived], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Ground, httpx.Client]]:
    """One copy that is served all the while, for attacks that leave it sound; verified at the end."""
    with _copy(postgres, lived_in, tmp_path_factory.mktemp("spoken")) as ground:
        with ground.serving() as http:
            yield ground, http
        assert ground.verify()["ok"]


@contextmanager
def _copy(postgres: EmbeddedPostgres, lived_in: tuple[str, Lived], tmp_path: Path) -> Iterator[Ground]:
    template, lived = lived_in
    with new_database(postgres, template) as name:
        with psycopg.connect(postgres.superuser_dsn("postgres"), autocommit=True) as connection:
            grant = "grant connect on database {} to ledger_app, ledger_migrator, ledger_eraser, ledger_reader"
            connection.execute(sql.SQL(grant).format(sql.Identifier(name)))
        write_keys(tmp_path / "home")
        yield Ground(tmp_path / "home", Database(postgres, name), lived)
