"""An installation to restore backups in: a home, and a database of the worker's server that is copied and swapped."""

import asyncio
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import psycopg
from psycopg import sql
from pydantic import SecretStr

from api.settings import Settings
from api.wiring import House, ledger_of, open_house
from ledger.ledger import Ledger
from ledger.saying import By
from tests.command_line.running import call, environment, run
from tests.postgres_fixture import Database

T = TypeVar("T")
ORIGIN = "surgery.example"


@dataclass
class Installation:
    """A home with its keys, and one database that it is pointed at as an operator points it: by the environment."""

    home: Path
    database: Database
    backups: list[str] = field(default_factory=list)
    more: dict[str, str] = field(default_factory=dict)
    origin: str = ORIGIN

    @property
    def environment(self) -> dict[str, str]:
        named = {"LEDGER_DATABASE_URL": self.database.dsn(), "LEDGER_ORIGIN": self.origin}
        return environment(self.home, **named, **self.more)

    @property
    def settings(self) -> Settings:
        given: dict[str, Any] = {name.removeprefix("LEDGER_").lower(): value for name, value in self.more.items()}
        return Settings(
            home=self.home, database_url=SecretStr(self.database.dsn()), origin=self.origin, **given
        )  # fmt: skip

    def command(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run a command: the service as a process of its own, the others in this one, which has loaded them already."""
        named = {"LEDGER_DATABASE_URL": self.database.dsn(), "LEDGER_ORIGIN": self.origin}
        if words[0] == "serve":
            return run(self.home, *words, **named, **self.more)
        done = call(self.home, *words, **named, **self.more)
        return subprocess.CompletedProcess(list(words), done.exit_code, done.stdout, done.stderr)

    def within(self, work: Callable[[Ledger], Awaitable[T]]) -> T:
        """Open the ledger as every command does, work in it, and close it."""

        async def opened(house: House) -> T:
            async with ledger_of(house) as ledger:
                return await work(ledger)

        with open_house(self.settings) as house:
            return asyncio.run(opened(house))

    def add_people(self, *names: str) -> list[str]:
        """Register people: a few entries each; gives their ids."""

        async def register(ledger: Ledger) -> list[str]:
            ada = By(ledger.people.founders[0], "administrator")
            return [str((await ledger.people.register(ada, name)).facts["person"]) for name in names]

        return self.within(register)

    def founder(self) -> str:
        """The first founding administrator."""

        async def first(ledger: Ledger) -> str:
            return ledger.people.founders[0]

        return self.within(first)

    def size(self) -> int:
        """How many entries the database holds."""
        with psycopg.connect(self.database.superuser_dsn) as connection:
            row = connection.execute("select size from ledger.head").fetchone()
        assert row is not None
        return int(row[0])

    def back_up(self) -> str:
        """Copy the database, as a dump is a picture of one moment; gives the name of the copy."""
        name = f"backup_{uuid4().hex}"
        self.backups.append(name)
        self._copy(self.database.name, name)
        return name

    def restore(self, backup: str) -> None:
        """Put a backup in the place of the database."""
        self._drop(self.database.name)
        self._copy(backup, self.database.name)

    def remove(self) -> None:
        """Drop the backups."""
        for name in self.backups:
            self._drop(name)

    def _copy(self, source: str, target: str) -> None:
        made = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY = FILE_COPY")
        self._execute(made.format(sql.Identifier(target), sql.Identifier(source)))

    def _drop(self, name: str) -> None:
        self._execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def _execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.database.server.superuser_dsn("postgres"), autocommit=True) as connection:
            connection.execute(statement)


@contextmanager
def installed(home: Path, database: Database) -> Iterator[Installation]:
    """An installation with a founded ledger in it."""
    installation = Installation(home, database)
    try:
        installation.add_people("Amina Diallo")
        yield installation
    finally:
        installation.remove()
