"""A real PostgreSQL for the tests: one server per worker in memory, one migrated template, a copy per test."""

import os
import shutil
import stat
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from api.postgres import EmbeddedPostgres
from api.postgres.place import Place, try_lock

UNSAFE_FAST = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
"""For servers whose data nobody will miss; tests about crashes start one of their own without these."""

TEMPLATE = "template_ledger"
_PREFIX = "record-ledger-test-"
_ABANDONED = 3600.0


@dataclass(frozen=True)
class Database:
    """One migrated database of a test's own."""

    server: EmbeddedPostgres
    name: str

    def dsn(self, user: str = "ledger_app") -> str:
        """Return the connection string for one of the ledger's login roles."""
        return self.server.dsn(user, self.name)

    @property
    def superuser_dsn(self) -> str:
        """The connection string of whoever may undo everything: for tests that tamper."""
        return self.server.superuser_dsn(self.name)


@contextmanager
def home_in_memory() -> Iterator[Path]:
    """Yield a path for a new home, in memory where there is /dev/shm, and remove all of it afterwards."""
    memory = Path("/dev/shm")
    base = memory if os.access(memory, os.W_OK) else Path(tempfile.gettempdir())
    _remove_abandoned(base)
    directory = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=base))
    directory.chmod(0o711)  # root's server runs as another account, which must get through
    try:
        yield directory / "home"
    finally:
        remove_home(directory / "home")
        shutil.rmtree(directory)


def remove_home(home: Path) -> None:
    """Remove a home whose server was stopped, wherever the server's part of it is."""
    cluster = Place(home.resolve()).cluster
    if cluster.exists():
        shutil.rmtree(Place(home.resolve()).run, ignore_errors=True)
        shutil.rmtree(cluster)
    if home.exists():
        shutil.rmtree(home)


@contextmanager
def new_database(server: EmbeddedPostgres, template: str = "template0") -> Iterator[str]:
    """Yield the name of a new copy of the template, and drop it afterwards, whoever is still connected."""
    name = f"test_{uuid.uuid4().hex}"
    create = sql.SQL("CREATE DATABASE {} OWNER ledger_owner TEMPLATE {} STRATEGY = FILE_COPY")
    drop = sql.SQL("DROP DATABASE {} WITH (FORCE)")
    with psycopg.connect(server.superuser_dsn("postgres"), autocommit=True) as connection:
        connection.execute(create.format(sql.Identifier(name), sql.Identifier(template)))
    try:
        yield name
    finally:
        with psycopg.connect(server.superuser_dsn("postgres"), autocommit=True) as connection:
            connection.execute(drop.format(sql.Identifier(name)))


def write_down(home: Path, words: str) -> None:
    """Commit a row to the home's server."""
    with psycopg.connect(EmbeddedPostgres(home).superuser_dsn("postgres"), autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS notes (words text UNIQUE)")
        connection.execute("INSERT INTO notes VALUES (%s)", [words])


def read_back(home: Path) -> list[str]:
    """Return what `write_down` committed, in order."""
    with psycopg.connect(EmbeddedPostgres(home).superuser_dsn("postgres")) as connection:
        return [words for (words,) in connection.execute("SELECT words FROM notes ORDER BY words")]


def mode(path: Path) -> int:
    """Return the permissions of a file or directory."""
    return stat.S_IMODE(path.stat().st_mode)


def _remove_abandoned(base: Path) -> None:
    """Remove what runs that were killed left in memory: homes an hour old whose server is gone."""
    for directory in base.glob(f"{_PREFIX}*"):
        if directory.stat().st_uid != os.geteuid() or time.time() - directory.stat().st_mtime < _ABANDONED:
            continue
        lock = try_lock(Place(directory / "home")) if (directory / "home").exists() else None
        if lock is not None:
            os.close(lock)
            shutil.rmtree(directory, ignore_errors=True)  # another worker may be at it
