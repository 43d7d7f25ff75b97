"""Where a bench runs: a PostgreSQL of its own on a real disk, a founded ledger, and a database for baselines."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import psycopg
import uvloop

from api.postgres import EmbeddedPostgres
from api.postgres.place import Place as PostgresPlace
from api.secrets import load_keyring
from api.settings import Settings
from api.wiring import House, migrate_house

T = TypeVar("T")
REAL_DISK = Path("/var/tmp")  # noqa: S108 - /tmp is memory on many machines, and memory commits for free


class NotDurable(Exception):
    """The bench's PostgreSQL would acknowledge what it has not written."""


@dataclass(frozen=True, slots=True)
class BenchPlace:
    """A ledger's house; in the same server a second one, for processes that share it, and a database for baselines.

    One process alone writes otherwise than beside others, and for a while after it has met one.
    """

    house: House
    shared: House
    baselines: str


@contextmanager
def bench_place(under: Path | None = None) -> Iterator[BenchPlace]:
    """A fresh home below a directory on a real disk (default /var/tmp), removed afterwards.

    Raises NotDurable, or EmbeddedPostgresError where no server can be started there.
    """
    base = under or (REAL_DISK if REAL_DISK.is_dir() else Path(tempfile.gettempdir()))
    directory = Path(tempfile.mkdtemp(prefix="record-ledger-bench-", dir=base))
    directory.chmod(0o711)  # a server started by root runs as another account, which must get through
    home = directory / "home"
    try:
        with EmbeddedPostgres(home) as postgres:
            postgres.create_database("baselines")
            place = BenchPlace(
                _house(postgres, home, "ledger"),
                _house(postgres, directory / "shared", "shared"),  # a log remembers in its home how far it had got
                postgres.superuser_dsn("baselines"),
            )
            check_durable(place.house.conninfo)
            yield place
    finally:
        _remove(home)
        shutil.rmtree(directory, ignore_errors=True)


def _house(postgres: EmbeddedPostgres, home: Path, database: str) -> House:
    postgres.create_database(database)
    settings = Settings(home=home)
    keyring = load_keyring(home, settings.origin)
    reader = postgres.dsn("ledger_reader", database)
    house = House(settings, keyring, postgres.dsn(database=database), postgres.superuser_dsn(database), reader=reader)
    migrate_house(house)
    return house


def run_in_loop(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine to its end in the event loop that the service uses."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work())


def resident_mb() -> float:
    """The most memory that this process has had resident, in MB (10^6 bytes)."""
    return resident_mb_of(os.getpid())


def resident_mb_of(process: int | None) -> float:
    """The same of another process; 0 where the system does not tell."""
    # Not getrusage: Linux hands its maximum on from the parent, through exec.
    status = Path(f"/proc/{process}/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("VmHWM:")), 0.0)


def check_durable(conninfo: str) -> None:
    """Raise NotDurable unless a commit there waits for the disk."""
    with psycopg.connect(conninfo) as connection:
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            value = connection.execute("select current_setting(%s)", [name]).fetchall()[0][0]
            if value != "on":
                raise NotDurable(f"{name}: got {value}, wanted on; a bench without it says nothing")


def _remove(home: Path) -> None:
    cluster = PostgresPlace(home.resolve()).cluster
    if cluster.exists():
        shutil.rmtree(cluster)
