"""One life, lived once; tests look back at it, or damage a copy."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

import psycopg
import pytest
from psycopg import sql

from api.clock import clock
from api.postgres import EmbeddedPostgres
from ledger.core.said import Said
from ledger.ledger import Ledger, open_ledger
from ledger.saying import By
from tests.attacks.ground import write_keys
from tests.postgres_fixture import Database, new_database
from tests.replay.living import LOOKS, Life
from tests.store.covered import covered
from tests.story import KEYRING, story_of
from tests.verify.conftest import take_guards_off


@dataclass(frozen=True)
class Lived:
    """A database in which somebody has lived, with what the tests need to know of it."""

    database: Database
    record: str
    looks: int
    refused: int
    sam: By
    okafor: By
    amina: By
    items: tuple[str, ...]

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Ledger]:
        """The ledger, with nobody else in it."""
        async with open_ledger(self.database.dsn(), KEYRING, clock) as ledger:
            yield ledger

    async def disclosures(self, ledger: Ledger) -> list[Said]:
        """Every disclosure, in order."""
        said = await ledger.read(0, await ledger.rows.size())
        return [one for one in said if one.type == "disclosure-made/1"]

    def tamper(self, statement: str, *values: object) -> None:
        """SQL by a superuser, past every trigger and constraint."""
        with psycopg.connect(self.database.superuser_dsn) as connection:
            take_guards_off(connection)
            assert connection.execute(statement.encode(), values or None).rowcount != 0

    def settings(self, home: Path) -> dict[str, str]:
        """What a command is told to find this ledger; its keys are put into the home."""
        if not home.exists():
            write_keys(home)
        return {"LEDGER_DATABASE_URL": self.database.dsn(), "LEDGER_ORIGIN": KEYRING.origin}


async def _live(database: Database, looks: int) -> Lived:
    async with story_of(database) as story:
        life = Life(story, Random(looks))
        await life.live(looks)
        await covered(story.ledger)
        return Lived(
            database, story.record, life.looks.total(), life.refused.total(), story.sam, story.okafor, story.amina,
            tuple(life.items),
        )  # fmt: skip


@pytest.fixture(scope="module")
def lived(request: pytest.FixtureRequest, postgres: EmbeddedPostgres, migrated_template: str) -> Iterator[Lived]:
    """A life that is left as it is, with as many looks as the module wants."""
    with new_database(postgres, migrated_template) as name:
        yield asyncio.run(_live(Database(postgres, name), getattr(request.module, "LOOKS", LOOKS)))


@pytest.fixture
def copied(postgres: EmbeddedPostgres, lived: Lived) -> Iterator[Lived]:
    """A copy of it, to be damaged or gone on with."""
    with _copy(postgres, lived) as copy:
        yield copy


@contextmanager
def _copy(postgres: EmbeddedPostgres, lived: Lived) -> Iterator[Lived]:
    with new_database(postgres, lived.database.name) as name:
        with psycopg.connect(postgres.superuser_dsn("postgres"), autocommit=True) as connection:
            grant = "grant connect on database {} to ledger_app, ledger_migrator, ledger_eraser, ledger_reader"
            connection.execute(sql.SQL(grant).format(sql.Identifier(name)))
        copy = Database(postgres, name)
        yield Lived(copy, lived.record, lived.looks, lived.refused, lived.sam, lived.okafor, lived.amina, lived.items)
