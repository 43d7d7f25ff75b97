"""Where a bench runs: a PostgreSQL of its own on a real disk, a founded ledger, and a database for baselines."""

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import psycopg

from api.postgres import EmbeddedPostgres
from api.postgres.place import Place as PostgresPlace
from api.settings import Settings
from api.wiring import House, migrate_house
from api.secrets import load_keyring

try:
    from uvloop import new_event_loop
except ImportError:  # not made for Windows
    new_event_loop = asyncio.new_event_loop

T = TypeVar("T")
REAL_DISK = Path("/var/tmp")  # noqa: S108 - /tmp is memory on many machines, and memory commits for free


class NotDurable(Exception):
    """The bench's PostgreSQL would acknowledge what it has not written."""


@dataclass(frozen=True, slots=True)
class BenchPlace:
    """A ledger's house and, in the same server, an empty database for baselines."""

    house: House
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
            postgres.create_database("ledger")
            postgres.create_database("baselines")
            settings = Settings(home=home)
            house = House(
                settings, load_keyring(home, settings.origin), postgres.dsn(), postgres.superuser_dsn("ledger")
            )
            migrate_house(house)
            _check_durable(house)
            yield BenchPlace(house, postgres.superuser_dsn("baselines"))
    finally:
        _remove(home)
        shutil.rmtree(directory, ignore_errors=True)


def run_in_loop(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine to its end in the event loop that the service uses."""
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        return runner.run(work())


def resident_mb() -> float:
    """The most memory that this process has had resident, in MB (10^6 bytes)."""
    # Not getrusage: Linux hands its maximum on from the parent, through exec.
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024 / 1e6
    return 0.0


def _check_durable(house: House) -> None:
    with psycopg.connect(house.conninfo) as connection:
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            row = connection.execute("select current_setting(%s)", [name]).fetchone()
            if row != ("on",):
                raise NotDurable(f"{name}: got {row}, wanted on; a bench without it says nothing")


def _remove(home: Path) -> None:
    cluster = PostgresPlace(home.resolve()).cluster
    if cluster.exists():
        shutil.rmtree(cluster)
