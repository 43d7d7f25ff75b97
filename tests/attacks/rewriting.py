"""Somebody with the database and every key of the log writes another history: all its hashes and signatures hold."""

import json

import psycopg

from ledger.core import canonical
from ledger.core.checkpoint import Checkpoint
from ledger.core.edge import Edge
from ledger.core.entry import read_entry
from ledger.core.instants import SECOND
from ledger.core.merkle import leaf_hash
from tests.attacks.ground import Ground, now_ms
from tests.story import KEYRING
from tests.verify.conftest import take_guards_off


def rewrite_history(ground: Ground, *, until: int | None = None) -> int:
    """Backdate one entry to the instant of the one before it, hash all anew, sign all anew; gives its position.

    ``until`` cuts the log off there as well. Nothing in the database itself contradicts it afterwards.
    """
    with psycopg.connect(ground.database.superuser_dsn) as connection:
        take_guards_off(connection)
        if until is not None:
            _cut_off(connection, until)
        entries = [bytes(row[0]) for row in connection.execute("select entry from ledger.entry order by position")]
        position, entries[position] = _backdated(entries)
        connection.execute("update ledger.entry set entry = %s where position = %s", [entries[position], position])
        _hash_and_sign(connection, entries)
    return position


def _backdated(entries: list[bytes]) -> tuple[int, bytes]:
    """The first entry after the tenth that was admitted later than the one before it, as if it had been with it."""
    for position in range(10, len(entries)):
        told, before = json.loads(entries[position]), json.loads(entries[position - 1])
        if told["recorded_at"] != before["recorded_at"]:
            return position, canonical.encode({**told, "recorded_at": before["recorded_at"]})
    raise AssertionError("all entries have one instant")


def _cut_off(connection: psycopg.Connection, until: int) -> None:
    """Take everything away that was admitted at a position or later, with every counter set back."""
    connection.execute("delete from ledger.entry where position >= %s", [until])
    connection.execute("delete from ledger.vault where position >= %s", [until])
    connection.execute("delete from ledger.fact where position >= %s", [until])
    connection.execute("delete from ledger.guard where subject not in (select subject from ledger.fact)")
    connection.execute(
        "update ledger.guard g set version = (select max(n) from ledger.fact f where f.subject = g.subject)"
    )


def _hash_and_sign(connection: psycopg.Connection, entries: list[bytes]) -> None:
    made = Edge.empty().extend([leaf_hash(entry) for entry in entries], paths=False)
    connection.execute("delete from ledger.tile")
    connection.execute("delete from ledger.checkpoint")
    for tile in made.tiles:
        row = [tile.tile.level, tile.tile.n, tile.hashes, tile.root]
        connection.execute("insert into ledger.tile (level, n, hashes, root) values (%s, %s, %s, %s)", row)
    last = read_entry(entries[-1]).recorded_at
    checkpoint = Checkpoint(KEYRING.origin, len(entries), made.edge.root())
    note = KEYRING.log.sign_checkpoint(checkpoint, max(now_ms(), last) // SECOND)
    connection.execute("insert into ledger.checkpoint (size, note) values (%s, %s)", [len(entries), note])
    connection.execute("update ledger.head set size = %s, recorded_at = %s", [len(entries), last])
