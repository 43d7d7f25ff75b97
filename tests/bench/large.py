"""A large ledger to measure in: one record of 10,000 items, and a trail of 100,000 lines over it.

    LEDGER_BENCH_LARGE=DIRECTORY python -m tests.bench.large [verify]

It is a real one: everything in it was said, decided, signed and admitted by the ledger's own use cases, under a clock
that goes through the months before. That takes minutes, so it is made once into the directory, and copied from there
into a database of its own by whoever measures. ``verify`` holds the whole of it to what verification asks.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from unittest.mock import patch

import httpx
import psycopg

from api.clock import clock
from api.http.app import create_app
from api.http.service import Service
from api.postgres import EmbeddedPostgres
from api.settings import Settings
from api.wiring import SCHEMA_FOLDERS, House
from ledger.core.instants import DAY, Instant
from ledger.ledger import open_ledger
from ledger.saying import By
from ledger.store.errors import MigrationRefused
from ledger.store.migrate import migrate
from projections import schema as projections_schema
from projections.all import ALL_PROJECTIONS
from projections.follow import following
from tests.bench.large_record import Large, Sizes, fill
from tests.http.served import BASE, Served
from tests.postgres_fixture import UNSAFE_FAST, Database, new_database
from tests.soundness import assert_ledger_sound
from tests.story import KEYRING, Beginning, Story, begin_in

PLACE: Final = "LEDGER_BENCH_LARGE"
"""The environment's name for the directory in which it is kept; without it, it is made anew and thrown away."""
LASTED: Final = 200 * DAY
_DATABASE: Final = "large"


@dataclass(slots=True)
class Moving:
    """A clock that stands still until it is moved."""

    at: Instant

    def __call__(self) -> Instant:
        """The instant it stands at."""
        return self.at

    def move(self, milliseconds: int) -> None:
        """Let so much time pass."""
        self.at = Instant(self.at + milliseconds)


@contextmanager
def large_home() -> Iterator[Path]:
    """Where it is kept: what the environment names, or a directory that goes when this is over."""
    named = os.environ.get(PLACE)
    if named is not None:
        home = Path(named)
        home.mkdir(parents=True, exist_ok=True)
        home.chmod(0o711)  # root's server runs as another account, which must get through
        yield home
        return
    with TemporaryDirectory(dir="/var/tmp") as made:  # /tmp is memory on many machines
        Path(made).chmod(0o711)
        yield Path(made)


def made_in(home: Path, sizes: Sizes | None = None) -> Large:
    """What is in the large ledger, which is made unless it is there, and brought up to date with the schema."""
    written = home / "large.json"
    with EmbeddedPostgres(home / "home", options=UNSAFE_FAST) as postgres:
        if not written.exists():
            written.write_text(json.dumps(_as_json(asyncio.run(_make(postgres, sizes or Sizes())))))
        elif _brought_up(Database(postgres, _DATABASE)):
            asyncio.run(_take_in(Database(postgres, _DATABASE)))
    return _of_json(json.loads(written.read_text()))


@asynccontextmanager
async def served_large(postgres: EmbeddedPostgres, large: Large, home: Path) -> AsyncIterator[Served]:
    """The application over a copy of it, which is dropped afterwards; ``home`` is for what it keeps beside."""
    with new_database(postgres, _DATABASE) as name:
        database = Database(postgres, name)
        app = create_app(House(Settings(home=home), KEYRING, database.dsn(), database.superuser_dsn))
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=httpx.ASGITransport(app, raise_app_exceptions=True), base_url=BASE) as http,
        ):
            yield Served(app, http, _story(app.state.service, database, large.begun))


def _story(service: Service, database: Database, begun: Beginning) -> Story:
    read = (service.timeline, service.directory, service.access_trail)
    return Story(*vars(begun).values(), database, service.ledger, service.follower, *read)


async def _make(postgres: EmbeddedPostgres, sizes: Sizes) -> Large:
    postgres.create_database(_DATABASE)
    database, began = Database(postgres, _DATABASE), time.monotonic()
    _migrate(database)
    moving = Moving(Instant(clock() - LASTED))
    with patch("tests.story.clock", moving):
        begun = await begin_in(database)
    async with open_ledger(database.dsn(), KEYRING, moving) as ledger:
        large = await fill(ledger, begun, sizes, moving, LASTED)
        size = await ledger.rows.size()
        await ledger.receipts.soon_at(size - 1)  # what was admitted last without a receipt is signed a moment later
    await _take_in(database)
    sys.stdout.write(f"made {size:,} entries in {time.monotonic() - began:.0f} s\n")
    return large


async def _take_in(database: Database) -> None:
    """Take the log into the projections, as far as it is not."""
    began = time.monotonic()
    async with (
        open_ledger(database.dsn(), KEYRING, clock) as ledger,
        following(ledger, database.dsn(), ALL_PROJECTIONS) as follower,
    ):
        await follower.wait_until(await ledger.rows.size() - 1, timeout=600)
    _vacuum(database)
    sys.stdout.write(f"taken in after {time.monotonic() - began:.0f} s\n")


def _brought_up(database: Database) -> list[str]:
    """Migrate what was made before, and say what was applied; a schema of the projections that was edited goes first.

    Nothing is lost by that: they follow from the log.
    """
    try:
        return _migrate(database)
    except MigrationRefused:
        names = [file.stem for file in projections_schema.SCHEMA_FOLDER.glob("*.sql")]
        with psycopg.connect(database.superuser_dsn) as superuser:
            superuser.execute("drop schema projections cascade")
            superuser.execute("delete from ledger.migration where name = any(%s)", [names])
        return _migrate(database)


def _migrate(database: Database) -> list[str]:
    return migrate(database.superuser_dsn, *SCHEMA_FOLDERS)


def _vacuum(database: Database) -> None:
    """What autovacuum does soon after so much was written."""
    with psycopg.connect(database.superuser_dsn, autocommit=True) as superuser:
        superuser.execute("vacuum analyze")


def _as_json(large: Large) -> dict[str, Any]:
    told = {field.name: getattr(large, field.name) for field in fields(Large)}
    people = {field.name: getattr(large.begun, field.name) for field in fields(Beginning)}
    named = {name: [one.person, one.acting_as] if isinstance(one, By) else one for name, one in people.items()}
    return {**told, "begun": named}


def _of_json(told: dict[str, Any]) -> Large:
    named = {name: By(*one) if isinstance(one, list) else one for name, one in told["begun"].items()}
    return Large(**{**told, "begun": Beginning(**named)})


def main() -> None:
    """Make it, or say that it is there; with ``verify``, hold it to what verification asks."""
    with large_home() as home:
        large = made_in(home)
        sys.stdout.write(f"{large.items:,} items, {large.lines:,} lines\n")
        if "verify" in sys.argv[1:]:
            with EmbeddedPostgres(home / "home") as postgres:
                assert_ledger_sound(Database(postgres, _DATABASE).dsn(), KEYRING)
                sys.stdout.write("verified\n")


if __name__ == "__main__":
    main()
