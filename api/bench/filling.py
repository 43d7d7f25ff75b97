"""Filling: a log of many entries within a minute, for benches of what a large log costs.

The rows are those of one note that was really admitted, over and over, with ids of their own: as long, as many to each
index, in the same order. Only the signatures are not: in each entry random characters stand in their place. The
tree is true: its leaves are the entries as they are stored, and the log has signed its root.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import psycopg

from ledger.core.checkpoint import Checkpoint
from ledger.core.edge import CompleteTile, Edge
from ledger.core.instants import SECOND, Instant
from ledger.core.log_keys import LogKeys
from ledger.core.merkle import LeafHash, leaf_hash
from ledger.core.tiles import TILE_WIDTH

AT_ONCE: Final = 32 * TILE_WIDTH
STATEMENTS_OF_A_RECORD: Final = 100
AUTHORS: Final = 1000
_SIGNATURE: Final = 86
"""Characters of an Ed25519 signature in base64url; it is the last part of a JWS."""

Tell = Callable[[int], None]

_ENTRIES: Final = """
    insert into ledger.entry (position, author, statement, aggregate, version, type, entry, facts, words)
    select n, md5('author ' || n %% %(authors)s)::uuid,
           (lpad(to_hex(%(ms)s + n), 12, '0') || '7abc8' || substr(md5(n::text), 1, 15))::uuid, -- as UUIDv7 begins
           gen_random_uuid(), 1, type,
           overlay(entry placing convert_to(gen_random_uuid()::text, 'UTF8') from %(signature)s), facts, words
    from ledger.entry, generate_series(%(start)s::bigint, %(stop)s::bigint - 1) n where position = %(like)s order by n
    returning entry
"""
_VAULT: Final = """
    insert into ledger.vault (position, part, generation, wrapped)
    select n, part, generation, wrapped
    from ledger.vault, generate_series(%(start)s::bigint, %(stop)s::bigint - 1) n where position = %(like)s
    order by n, part
"""
_FACTS: Final = """
    insert into ledger.fact (subject, n, position)
    select md5(subject::text || n %% %(records)s)::uuid, n / %(records)s + 1, n
    from (select subject from ledger.fact where position = %(like)s) bears_on,
         generate_series(%(start)s::bigint, %(stop)s::bigint - 1) n
    order by n
"""
_GUARDS: Final = """
    insert into ledger.guard (subject, version)
    select md5(subject::text || record)::uuid, (%(stop)s::bigint - 1 - record) / %(records)s + 1
    from (select subject from ledger.fact where position = %(like)s) bears_on,
         generate_series(0, %(records)s - 1) record
"""
_TILES: Final = "copy ledger.tile (level, n, hashes, root) from stdin (format binary)"


@dataclass(frozen=True, slots=True)
class Filling:
    """What to fill: the superuser's database, the keys of its log, and the position of the note to take after."""

    conninfo: str
    keys: LogKeys
    like: int

    def fill(self, entries: int, now: Instant, tell: Tell = lambda _: None) -> None:
        """Make the log this large. Nobody may write to it meanwhile."""
        with psycopg.connect(self.conninfo) as connection:
            connection.execute("set synchronous_commit = off")
            edge = _edge(connection)
            values = {
                "like": self.like,
                "signature": _place_of_signature(connection, self.like),
                "authors": AUTHORS,
                "records": max(1, entries // STATEMENTS_OF_A_RECORD),
                "ms": now,
            }
            while edge.size < entries:
                stop = min(entries, edge.size - edge.size % AT_ONCE + AT_ONCE)
                edge = _grow(connection, edge, stop, values)
                tell(edge.size)
            connection.execute(_GUARDS, {**values, "stop": entries})
            note = self.keys.sign_checkpoint(Checkpoint(self.keys.verifier.origin, entries, edge.root()), now // SECOND)
            connection.execute("insert into ledger.checkpoint (size, note) values (%s, %s)", [entries, note])
            connection.execute("update ledger.head set size = %s, recorded_at = %s", [entries, now])
        with psycopg.connect(self.conninfo, autocommit=True) as connection:
            connection.execute("vacuum analyze")
            connection.execute("checkpoint")


def _edge(connection: psycopg.Connection[Any]) -> Edge:
    """The edge of the log as it is, small as it still is."""
    rows = connection.execute("select entry from ledger.entry order by position").fetchall()
    return Edge.empty().extend([leaf_hash(entry) for (entry,) in rows], paths=False).edge


def _place_of_signature(connection: psycopg.Connection[Any], like: int) -> int:
    """Where the signature of an entry begins, counted from 1, as SQL does."""
    [(entry,)] = connection.execute("select entry from ledger.entry where position = %s", [like]).fetchall()
    jws = entry.index(b'"statement":"') + len(b'"statement":"')
    return int(entry.index(b'"', jws)) - _SIGNATURE + 1


def _grow(connection: psycopg.Connection[Any], edge: Edge, stop: int, values: dict[str, int]) -> Edge:
    """Add the rows of entries up to ``stop``, and the tiles that they complete."""
    span = {**values, "start": edge.size, "stop": stop}
    rows = connection.execute(_ENTRIES, span, binary=True).fetchall()
    leaves: list[LeafHash] = [leaf_hash(entry) for (entry,) in rows]
    connection.execute(_VAULT, span)
    connection.execute(_FACTS, span)
    extension = edge.extend(leaves, paths=False)
    _copy_tiles(connection, extension.tiles)
    return extension.edge


def _copy_tiles(connection: psycopg.Connection[Any], tiles: Sequence[CompleteTile]) -> None:
    with connection.cursor().copy(_TILES) as copy:
        copy.set_types(["int2", "int8", "bytea", "bytea"])
        for complete in tiles:
            copy.write_row((complete.tile.level, complete.tile.n, complete.hashes, complete.root))
