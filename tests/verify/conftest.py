"""One ledger with a history, written once; tests damage it inside a transaction that is never committed."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

import psycopg
import pytest

from api.clock import clock
from api.postgres import EmbeddedPostgres
from api.snapshot import PostgresSource, snapshot
from ledger.core.instants import HOUR, Instant
from ledger.store.keyring import Keyring
from ledger.verify import Source, Trusted, Verification, Wrong, verify_ledger
from ledger.verify.rows import CheckpointRow
from tests.keyring import fixed_keyring
from tests.postgres_fixture import Database, new_database
from tests.verify.history import History, live_through
from tests.verify.memory import Tables
from tests.verify.witnesses import POLICY, cosign

LOG_TABLES = (
    "head",
    "entry",
    "vault",
    "tile",
    "checkpoint",
    "cosigned",
    "guard",
    "fact",
    "key_generation",
    "destroyed",
)
SPAN = 128
"""Entries of a span: few, so that a history of a few hundred has several."""


@dataclass(frozen=True)
class Kept:
    """A ledger in its database, and everything in memory too."""

    database: Database
    keyring: Keyring
    history: History
    tables: Tables

    def verify(self, source: Source, *, opening: bool = True, at: Instant | None = None) -> Verification:
        """Verify an hour later, unless told otherwise."""
        keys = {self.keyring.generation: self.keyring.key_encryption_key} if opening else None
        trusted = Trusted(self.keyring.log.verifier, vault_keys=keys, policy=POLICY)
        return verify_ledger(source, trusted, at=Instant(clock() + HOUR) if at is None else at, span=SPAN)

    def first_wrong(self, source: Source) -> Wrong:
        """The first wrong thing of a damaged ledger."""
        outcome = self.verify(source)
        assert not outcome.ok, "the damage was not seen"
        first = outcome.first_wrong
        assert first is not None
        assert first.wrong is not None
        return first.wrong


@pytest.fixture(scope="session")
def kept(postgres: EmbeddedPostgres, migrated_template: str) -> Iterator[Kept]:
    with new_database(postgres, migrated_template) as name:
        database, keyring = Database(postgres, name), fixed_keyring()
        history = asyncio.run(live_through(database.dsn(), keyring))
        with psycopg.connect(database.superuser_dsn) as connection:
            take_guards_off(connection)
            cosign_some(connection)
        with snapshot(database.dsn("ledger_reader")) as source:
            tables = Tables.of(source)
        yield Kept(database, keyring, history, tables)


def cosign_some(connection: psycopg.Connection) -> None:
    """Let the witnesses cosign every other checkpoint."""
    rows = connection.execute("select size, note from ledger.checkpoint order by size").fetchall()
    cosigned = [cosign(CheckpointRow(*row)) for row in rows[::2]]
    connection.cursor().executemany("insert into ledger.cosigned values (%s, %s)", cosigned)


Damaging = Callable[[str], AbstractContextManager[Source]]


@pytest.fixture
def damaged(kept: Kept) -> Damaging:
    """The ledger after SQL by a superuser; undone afterwards."""

    @contextmanager
    def damage(statements: str) -> Iterator[Source]:
        with psycopg.connect(kept.database.superuser_dsn) as connection:
            done = connection.execute(statements.encode())
            assert done.rowcount != 0, "the damage did nothing"
            yield PostgresSource(connection)
            connection.rollback()

    return damage


def take_guards_off(connection: psycopg.Connection) -> None:
    """Triggers, keys, uniqueness, not null: whoever owns the database can drop them all."""
    for table in LOG_TABLES:
        connection.execute(f"alter table ledger.{table} disable trigger all".encode())
    dropping = """
        do $$ declare c record; begin
            for c in select conrelid::regclass as t, conname from pg_constraint
                     where connamespace = 'ledger'::regnamespace and contype in ('p', 'u', 'c') and conrelid <> 0
            loop execute format('alter table %s drop constraint %I', c.t, c.conname); end loop;
            for c in select attrelid::regclass as t, attname from pg_attribute
                     where attrelid in (select oid from pg_class where relnamespace = 'ledger'::regnamespace
                                        and relkind = 'r') and attnum > 0 and attnotnull
            loop execute format('alter table %s alter column %I drop not null', c.t, c.attname); end loop;
        end $$
    """
    connection.execute(dropping.encode())
