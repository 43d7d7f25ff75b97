"""Wiring: the one place where things are constructed."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from api.clock import clock
from api.continuity import check_continuity, keeping_highest
from api.postgres import EmbeddedPostgres
from api.secrets import load_keyring
from api.settings import Settings
from api.sign_in import schema as sign_in_schema
from ledger.ledger import Ledger, open_ledger
from ledger.store.keyring import Keyring
from ledger.store.migrate import migrate
from ledger.store.vault import Journal, Vault
from projections import schema as projections_schema

SCHEMA_FOLDERS: Final = (projections_schema.SCHEMA_FOLDER, sign_in_schema.SCHEMA_FOLDER)
"""Beside the ledger's own: the tables of every storey."""


@dataclass(frozen=True, slots=True)
class House:
    """A database that runs, and the keys that go with it.

    ``conninfo`` connects as ``ledger_app``; ``migrator`` as whoever may change the schema; ``reader`` as
    ``ledger_reader``, who may read every row, if that is known;
    ``revive`` starts our own database again after it died; ``eraser`` connects as ``ledger_eraser``, if that is known.
    """

    settings: Settings
    keyring: Keyring
    conninfo: str
    migrator: str
    revive: Callable[[], object] | None = None
    eraser: str | None = None
    reader: str | None = None

    @property
    def home(self) -> Path:
        """The directory of the ledger's data and keys."""
        return self.settings.home

    @property
    def whole(self) -> str:
        """Who reads every row, or else whoever is named: a verification says so where that one may not."""
        return self.reader or self.conninfo

    @property
    def vault(self) -> Vault:
        """Where the keys of erased words are destroyed, and noted."""
        return Vault(self.eraser, Journal(self.home / "erasures.jsonl"))


@contextmanager
def open_house(settings: Settings) -> Iterator[House]:
    """Start (or attach to) the database and load the keys; the embedded database is migrated on the way.

    One's own database (``LEDGER_DATABASE_URL``) is never migrated here: ``record-ledger migrate`` does that.
    """
    if settings.database_url is not None:
        conninfo = settings.database_url.get_secret_value()
        eraser, reader = (
            None if url is None else url.get_secret_value() for url in (settings.eraser_url, settings.reader_url)
        )
        keyring = load_keyring(settings.home, settings.origin)
        yield House(settings, keyring, conninfo, conninfo, eraser=eraser, reader=reader)
        return
    with EmbeddedPostgres(settings.home, binaries=settings.pg_bin) as postgres:
        postgres.create_database("ledger")
        house = House(
            settings,
            load_keyring(settings.home, settings.origin),
            postgres.dsn(),
            postgres.superuser_dsn(),
            postgres.ensure_running,
            postgres.dsn("ledger_eraser"),
            postgres.dsn("ledger_reader"),
        )
        migrate_house(house)
        yield house


def migrate_house(house: House) -> list[str]:
    """Bring the schema up to date; returns the names of what was applied."""
    return migrate(house.migrator, *SCHEMA_FOLDERS)


@asynccontextmanager
async def ledger_of(house: House) -> AsyncIterator[Ledger]:
    """The ledger of a house, in this process.

    Raises WentBack where the database is behind what is known of the log, or another one: nothing is signed then.
    """
    await check_continuity(house)
    if house.settings.policy is not None:
        # Loaded here: it brings an HTTP client, which no start without witnesses needs.
        from api.continuity_witnesses import check_witnesses  # noqa: PLC0415

        await check_witnesses(house, clock())
    async with (
        open_ledger(house.conninfo, house.keyring, clock, revive=house.revive, vault=house.vault) as ledger,
        keeping_highest(house, ledger),
    ):
        yield ledger
