"""The vault's other side: what becomes of the keys of words that were erased.

Only ``ledger_eraser`` may delete a row of the vault, on a connection of its own. It deletes what an admitted
``content-erased/1`` names, and nothing else. Each erasure is written down in a journal first, durably, so that a
restored backup cannot bring erased words back unnoticed: what the journal names is erased again.

Where no such connection is configured nothing is destroyed: the words are hidden by the disclosure rule, and
``record-ledger erase status`` says that they are not destroyed yet.
"""

import json
import logging
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import psycopg
from psycopg import AsyncConnection

from ledger.core.instants import Instant, format_instant
from ledger.core.sealing import Part
from ledger.store.errors import JournalBroken, NotRecorded

_log = logging.getLogger("record_ledger.vault")

_DESTROY: Final = """
    with gone as (
        delete from ledger.vault where part = %s and position = any(%s::bigint[]) returning position, generation
    )
    insert into ledger.destroyed (position, generation, destroyed_at)
    select position, generation, %s from gone on conflict (position) do nothing
"""
_SAID_HERE: Final = """
    select count(*) from ledger.entry join unnest(%s::bigint[], %s::uuid[]) n(position, statement)
    using (position, statement)
"""


@dataclass(frozen=True, slots=True)
class Noted:
    """What one ``content-erased/1`` said, as the journal keeps it: by whom, about which item, which positions."""

    author: str
    statement: str
    record: str
    item: str
    erasure: str
    basis: str
    positions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Erasure:
    """One ``content-erased/1`` of the log: where it stands, when it was recorded, and what it said."""

    position: int
    recorded_at: Instant
    said: Noted

    def as_json(self, noted_at: Instant) -> dict[str, Any]:
        """Its line in the journal."""
        return {
            "position": self.position,
            "recorded_at": format_instant(self.recorded_at),
            "noted_at": format_instant(noted_at),
            **asdict(self.said),
        }


class Journal:
    """The file of all erasures, one JSON object a line, only ever appended to. ``file`` is where it is."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def write(self, erasures: Sequence[Erasure], now: Instant) -> None:
        """Append a line for each, durably. A crash may leave a last line half written: nothing was destroyed yet."""
        lines = "".join(json.dumps(erasure.as_json(now)) + "\n" for erasure in erasures)
        made = not self.file.exists()
        descriptor = os.open(self.file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "r+b") as opened:
            opened.seek(0, os.SEEK_END)
            if opened.tell() and os.pread(descriptor, 1, opened.tell() - 1) != b"\n":
                lines = "\n" + lines  # what a crash left half written stays a line of its own
            opened.write(lines.encode())
            opened.flush()
            os.fsync(descriptor)
        if made:
            _sync(self.file.parent)

    def read(self) -> Iterator[Noted]:
        """Every line; raises JournalBroken for a whole line that is none of ours. A half-written one is passed over."""
        if not self.file.exists():
            return
        for number, line in enumerate(self._text().splitlines(), 1):
            try:
                said = json.loads(line)
            except json.JSONDecodeError as error:
                if line.endswith("}"):  # it was whole once, so what it says may have been destroyed and come back
                    raise JournalBroken(
                        f"{self.file}, line {number}: {error}; restore the file from your backup"
                    ) from error
                _log.warning("%s, line %d: half written in a crash, before anything was destroyed", self.file, number)
                continue
            yield self._noted(said, number)

    def _text(self) -> str:
        try:
            return self.file.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise JournalBroken(f"{self.file}: {error}; restore the file from your backup") from error

    def _noted(self, said: Any, number: int) -> Noted:
        try:
            return Noted(
                author=str(said["author"]),
                statement=str(said["statement"]),
                record=str(said["record"]),
                item=str(said["item"]),
                erasure=str(said["erasure"]),
                basis=str(said["basis"]),
                positions=tuple(int(position) for position in said["positions"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise JournalBroken(
                f"{self.file}, line {number}: got no destruction, wanted one; restore the file from your backup"
            ) from error


@dataclass(frozen=True, slots=True)
class Vault:
    """Where keys are destroyed: as ``ledger_eraser``, if there is a connection string for it, noted in a journal."""

    conninfo: str | None = None
    journal: Journal | None = None

    @property
    def destroys(self) -> bool:
        """Can anything be destroyed here at all?"""
        return self.conninfo is not None

    def noted(self) -> list[Noted]:
        """What the journal says was erased."""
        return [] if self.journal is None else list(self.journal.read())

    def note(self, erasures: Sequence[Erasure], now: Instant) -> None:
        """Write erasures into the journal, durably, before anything is destroyed; raises NotRecorded where it fails."""
        if self.journal is None or not erasures:
            return
        try:
            self.journal.write(erasures, now)
        except OSError as error:
            raise NotRecorded(f"{self.journal.file}: {error}; nothing is destroyed before it can be noted") from error

    async def destroy(self, erasures: Sequence[Erasure], now: Instant) -> int:
        """Destroy the keys of all words that these name and that are still there; how many.

        Raises NotRecorded where the database cannot be written: what is left is destroyed next time.
        """
        if self.conninfo is None or not erasures:
            return 0
        named = sorted({position for erasure in erasures for position in erasure.said.positions})
        try:
            async with await AsyncConnection.connect(self.conninfo, autocommit=True, connect_timeout=5) as connection:
                await _check_said_here(connection, erasures)
                destroyed = (await connection.execute(_DESTROY, [Part.WORDS, named, now])).rowcount
                if destroyed:
                    await _vacuum(connection)
                return destroyed
        except psycopg.Error as error:
            raise NotRecorded(f"vault: {error}; the words are hidden, and their keys not destroyed yet") from error


NO_VAULT: Final = Vault()
"""Destroys nothing."""


async def _check_said_here(connection: AsyncConnection[Any], erasures: Sequence[Erasure]) -> None:
    """Check that this is the database in which these were said: elsewhere nobody agreed to it. Raises NotRecorded."""
    named = [[one.position for one in erasures], [UUID(one.said.statement) for one in erasures]]
    row = await (await connection.execute(_SAID_HERE, named)).fetchone()
    if row != (len(erasures),):
        raise NotRecorded(
            f"vault: got a database that knows {0 if row is None else row[0]} of {len(erasures)} erasures, wanted the"
            " ledger's own; set LEDGER_ERASER_URL to the database of LEDGER_DATABASE_URL. Nothing was destroyed"
        )


async def _vacuum(connection: AsyncConnection[Any]) -> None:
    """Take the deleted rows out of their pages where this role may; before PostgreSQL 17 autovacuum does it."""
    try:
        await connection.execute("set lock_timeout = '2s'")
        await connection.execute("vacuum (truncate false) ledger.vault")
    except psycopg.Error as error:
        _log.warning("vacuum of the vault: %s; autovacuum will do it", error)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
