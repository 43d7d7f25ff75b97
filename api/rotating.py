"""Rotating the vault's key: a new generation of the key-encryption key, and the vault rewrapped under it.

1. The key of the next generation is made, durably. A crash after it leaves a key that nothing is wrapped under; the
   next rotation takes it.
2. The generation is opened: from now on what is new is wrapped under it. A service that runs notices at its next
   admission. A crash after it leaves old rows under old generations; the next rotation goes on with them.
3. The rows under older generations are rewrapped, a thousand in a transaction.
4. Once no backup has them any more, the keys of older generations are destroyed; that completes what was erased.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg

from api.clock import clock
from api.vault_keys import destroy_key_forever, make_key_encryption_key
from api.wiring import House
from ledger.store import generations
from ledger.store.errors import VaultRefused
from ledger.store.generations import Completion, Connection, Generation
from ledger.store.vault import Erasure

Progress = Callable[[int, int], None]
_NEWEST: Final = "select position, statement from ledger.entry order by position desc limit 1"
_IS_THERE: Final = "select 1 from ledger.entry where position = %s and statement = %s"


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a rotation did: ``opened`` is False where it finished one that had been interrupted.

    ``broken`` are the positions of keys that do not open, and so stay under their generation.
    """

    generation: int
    opened: bool
    rewrapped: int
    broken: tuple[int, ...]


def prepare_next(house: House) -> Path:
    """Make the key of the next generation and nothing else; gives its file, to be copied to the other servers."""
    with _vault(house) as connection:
        return make_key_encryption_key(_keys(house), generations.newest_generation(connection) + 1)


def rotate(house: House, tell: Progress) -> Rotated:
    """Open a new generation and rewrap the vault under it; or finish what an interrupted rotation left."""
    with _vault(house) as connection, generations.alone(connection):
        newest = generations.newest_generation(connection)
        left = generations.rows_under_older(connection, newest)
        if opened := not left:
            newest += 1
            make_key_encryption_key(_keys(house), newest)
            generations.open_generation(connection, newest, clock())
            left = generations.rows_under_older(connection, newest)
        broken = _rewrap(house, connection, newest, left, tell)
        rewrapped = left - generations.rows_under_older(connection, newest)
        return Rotated(newest, opened, rewrapped, tuple(broken))


def destroy(house: House, generation: int) -> Path:
    """Destroy the key of a generation under which nothing is wrapped, and note it. Gives the file that it was in.

    That no backup holds it any more is for whoever says this to know. Raises VaultRefused.
    """
    with _vault(house) as connection, generations.alone(connection):
        generations.check_destroyable(connection, generation)
        file = destroy_key_forever(_keys(house), generation)
        # A crash here leaves it destroyed and not noted; saying it again notes it.
        generations.note_destroyed(connection, generation, clock())
        return file


def read_status(house: House, erasures: list[Erasure]) -> tuple[list[Generation], dict[int, Completion]]:
    """The generations, and how far each erasure has come."""
    with psycopg.connect(house.conninfo, autocommit=True) as connection:
        return generations.read_generations(connection), generations.completion_of(connection, erasures)


def _rewrap(house: House, connection: Connection, newest: int, left: int, tell: Progress) -> list[int]:
    done = 0

    def count(rows: int) -> None:
        nonlocal done
        done += rows
        tell(done, max(left, done))

    broken = generations.rewrap_older(connection, house.keyring, newest, count)
    # The old wrapped keys leave their pages; before PostgreSQL 17 this is left to autovacuum, with a warning.
    connection.execute("vacuum ledger.vault")
    return broken


@contextmanager
def _vault(house: House) -> Iterator[Connection]:
    if house.eraser is None:
        raise VaultRefused(
            "vault: got no connection as ledger_eraser, wanted one; set LEDGER_ERASER_URL to a PostgreSQL of your own"
        )
    with psycopg.connect(house.conninfo, autocommit=True) as connection:
        newest = connection.execute(_NEWEST).fetchone()
    with psycopg.connect(house.eraser, autocommit=True) as connection:
        # A key is destroyed for what this vault holds, so it must be the vault that the key belongs to.
        if newest is not None and connection.execute(_IS_THERE, newest).fetchone() is None:
            raise VaultRefused(
                f"vault: got a database without entry {newest[0]}, wanted the ledger's own; set LEDGER_ERASER_URL to"
                " the database of LEDGER_DATABASE_URL"
            )
        yield connection


def _keys(house: House) -> Path:
    return house.home / "keys"
