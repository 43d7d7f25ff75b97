"""A real PostgreSQL for the tests: one server per worker in memory, one migrated template, a copy per test."""

import errno
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
_LAST_CHECKPOINT = 30.0
"""Seconds that a server without its owner has to come to its end."""


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
        _remove(directory)


def remove_home(home: Path) -> None:
    """Remove a home that nobody runs any more, wherever the server's part of it is.

    A server whose owner was killed writes its last checkpoint without it: its end is waited for.

    Raises `AssertionError` if a server is still there after `_LAST_CHECKPOINT` seconds.
    """
    place = Place(home.resolve())
    if place.lock.exists():
        _await_end_of_server(place)
    if place.cluster.exists():
        shutil.rmtree(place.run, ignore_errors=True)
        _remove(place.cluster)
    if home.exists():
        _remove(home)


def _await_end_of_server(place: Place) -> None:
    """Return when the last process of the home's server is gone: each of them holds the home's lock."""
    end = time.monotonic() + _LAST_CHECKPOINT
    while (lock := try_lock(place)) is None:
        if time.monotonic() > end:
            raise AssertionError(
                f"got a home whose PostgreSQL runs ({place.lock} is held); wanted it stopped within "
                f"{_LAST_CHECKPOINT:.0f} s. Stop the server, or end whoever runs it, before the test ends."
            )
        time.sleep(0.02)
    os.close(lock)


def _remove(directory: Path) -> None:
    """Remove a directory in which a process that is being killed may write one more file."""
    for _ in range(50):
        try:
            shutil.rmtree(directory)
        except OSError as error:
            if error.errno not in {errno.ENOTEMPTY, errno.ENOENT}:
                raise
            time.sleep(0.1)
        if not directory.exists():
            return
    shutil.rmtree(directory)


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


def ease_passwords(server: EmbeddedPostgres) -> None:
    """Have whoever connects compute one round of SCRAM in the place of 4,096: the tests connect thousands of times.

    The passwords stay, and are asked for, as they were.
    """
    with psycopg.connect(server.superuser_dsn("postgres"), autocommit=True) as connection:
        connection.execute("SET scram_iterations = 1")
        for line in server.place.passfile.read_text().splitlines():
            role, password = line.split(":")[-2:]
            statement = sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(password))
            connection.execute(statement)


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
