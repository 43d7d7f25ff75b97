"""The last scene: one byte is flipped in a copy of the database, past every trigger, and ``verify`` names the entry."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from api.clock import clock
from api.verifying import verify_database
from api.wiring import House
from ledger.store.errors import NotRecorded
from ledger.verify import Verification

COPY: Final = "record_ledger_demo_copy"

_NOTE = "select position from ledger.entry where type = 'item-added/1' order by position desc limit 1"
_FLIP = """
    update ledger.entry set words = set_byte(words, length(words) / 2, get_byte(words, length(words) / 2) # 255)
    where position = %s
"""


@contextmanager
def copy_of(house: House) -> Iterator[str]:
    """A copy of the ledger's database, dropped afterwards; gives the owner's connection string.

    Nobody may be connected to the ledger meanwhile. Raises NotRecorded where somebody is.
    """
    source = psycopg.conninfo.conninfo_to_dict(house.migrator)["dbname"]
    names = {"copy": sql.Identifier(COPY), "source": sql.Identifier(str(source))}
    with psycopg.connect(make_conninfo(house.migrator, dbname="postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("drop database if exists {copy} with (force)").format(**names))
        try:
            connection.execute(sql.SQL("create database {copy} template {source} strategy file_copy").format(**names))
        except psycopg.errors.ObjectInUse as error:
            raise NotRecorded(
                "copy: another program uses this ledger; end it and start the demo again, or unset LEDGER_HOME"
            ) from error
        try:
            yield make_conninfo(house.migrator, dbname=COPY)
        finally:
            connection.execute(sql.SQL("drop database if exists {copy} with (force)").format(**names))


def flip_one_byte(conninfo: str) -> int:
    """Flip one byte of what the last item says, past every trigger; gives the position of its entry."""
    with psycopg.connect(conninfo) as connection:
        [(position,)] = connection.execute(_NOTE).fetchall()
        connection.execute("alter table ledger.entry disable trigger all")
        connection.execute(_FLIP, [position])
        connection.execute("alter table ledger.entry enable trigger all")
    return int(position)


def verify(house: House, conninfo: str | None = None) -> Verification:
    """Verify the ledger, or a copy of it."""
    return verify_database(conninfo or house.whole, house.keyring, at=clock())
