"""Generations of the key-encryption key: opening the next one, rewrapping the vault under it, destroying an old one.

Everything here connects as ``ledger_eraser``. The log does not change: an entry names what is sealed, not what wraps
its keys. When a generation is opened the head says so, and from then on no admission wraps anything under an older one
(``admission.sql``); so one pass over the vault finds all that is left to rewrap. It may be stopped at any point, and
goes on where it stopped: a row says under which generation it is.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import psycopg

from ledger.core.errors import SealBroken
from ledger.core.instants import Instant
from ledger.core.sealing import NONCE_SIZE, Part, rewrap
from ledger.store.errors import VaultRefused
from ledger.store.keyring import Keyring
from ledger.store.vault import Erasure

Connection = psycopg.Connection[Any]
Row = tuple[int, int, int, bytes, str | None]
AT_A_TIME: Final = 1000
"""Rows rewrapped in one transaction: some 20 ms, for which no admission waits."""
# Any number does, as long as every rotation takes the same one.
_ONE_ROTATION: Final = 0x207A7E

_OPEN: Final = "update ledger.head set generation = %s::smallint where generation = %s::smallint - 1 returning size"
_OPENED: Final = """
    insert into ledger.key_generation (generation, opened_at, first_entry) values (%s::smallint, %s::bigint, %s::bigint)
"""
_OLDER: Final = """
    select v.position, v.part, v.generation, v.wrapped, e.statement::text
    from ledger.vault v left join ledger.entry e using (position)
    where (v.position, v.part) > (%s::bigint, %s::smallint) and v.generation < %s::smallint
    order by v.position, v.part limit %s
"""
_REWRAP: Final = """
    update ledger.vault v set generation = %s::smallint, wrapped = n.wrapped
    from unnest(%s::bigint[], %s::smallint[], %s::smallint[], %s::bytea[]) n(position, part, was, wrapped)
    where v.position = n.position and v.part = n.part and v.generation = n.was
"""
_GENERATIONS: Final = """
    select g.generation, g.opened_at, g.first_entry, g.destroyed_at, coalesce(v.keys, 0)
    from ledger.key_generation g left join ledger.keys_by_generation() v using (generation)
    order by g.generation
"""


@dataclass(frozen=True, slots=True)
class Generation:
    """One generation: when it was opened, the first entry that was wrapped under it, how many rows are under it now.

    ``destroyed_at`` is when its key was destroyed, in backups too.
    """

    generation: int
    opened_at: Instant
    first_entry: int
    destroyed_at: Instant | None
    rows: int


@dataclass(frozen=True, slots=True)
class Completion:
    """How far an erasure has come.

    ``due`` keys are still in the vault. ``waits_for`` are the generations that wrapped one of its keys and are not
    destroyed themselves: whoever has one of them and an old backup can still read. When nothing is due and nothing is
    waited for it is complete, ``at`` the last of these destructions.
    """

    due: int
    waits_for: tuple[int, ...]
    at: Instant | None


@contextmanager
def alone(connection: Connection) -> Iterator[None]:
    """One rotation or destruction at a time; raises VaultRefused while another is under way."""
    row = connection.execute("select pg_try_advisory_lock(%s::bigint)", [_ONE_ROTATION]).fetchone()
    if row is None or not row[0]:
        raise VaultRefused("vault: got another rotation under way, wanted none; wait until it is done")
    try:
        yield
    finally:
        connection.execute("select pg_advisory_unlock(%s::bigint)", [_ONE_ROTATION])


def newest_generation(connection: Connection) -> int:
    """The generation that wraps what is new."""
    return int(_one(connection, "select generation from ledger.head"))


def rows_under_older(connection: Connection, generation: int) -> int:
    """How many rows of the vault are wrapped under an older generation."""
    return int(_one(connection, "select count(*) from ledger.vault where generation < %s::smallint", generation))


def open_generation(connection: Connection, generation: int, now: Instant) -> None:
    """Wrap what is new under this generation from now on. Its key must be where every process can read it.

    One transaction: a crash leaves the generation open, or not there. Raises VaultRefused unless it is the next one.
    """
    with connection.transaction():
        opened = connection.execute(_OPEN, [generation, generation]).fetchone()
        if opened is None:
            raise VaultRefused(f"generation {generation}: is not the next one; see record-ledger vault status")
        connection.execute(_OPENED, [generation, now, opened[0]])


def rewrap_older(connection: Connection, keyring: Keyring, generation: int, tell: Callable[[int], None]) -> list[int]:
    """Rewrap every row that is under an older generation; gives the positions of rows that do not open.

    ``tell`` hears how many rows each transaction took. A crash loses at most the transaction under way.
    """
    broken: list[int] = []
    after = (-1, -1)
    while rows := connection.execute(_OLDER, [*after, generation, AT_A_TIME]).fetchall():
        rewrapped = dict(_rewrapped(rows, keyring, generation, broken))
        taken = [row for row in rows if row[:2] in rewrapped]
        positions, parts, was = ([row[n] for row in taken] for n in range(3))
        keys = [rewrapped[row[:2]] for row in taken]
        # A row that was erased meanwhile is not there, and stays away.
        connection.execute(_REWRAP, [generation, positions, parts, was, keys])
        after = rows[-1][:2]
        tell(len(rows))
    return sorted(set(broken))


def read_generations(connection: Connection) -> list[Generation]:
    """Every generation there ever was, the first first."""
    rows = connection.execute(_GENERATIONS).fetchall()
    return [
        Generation(number, Instant(opened), first, None if gone is None else Instant(gone), count)
        for number, opened, first, gone, count in rows
    ]


def check_destroyable(connection: Connection, generation: int) -> None:
    """Raise VaultRefused unless nothing is, or can be, wrapped under this generation."""
    found = {one.generation: one for one in read_generations(connection)}.get(generation)
    if found is None:
        raise VaultRefused(f"generation {generation}: is not there; see record-ledger vault status")
    if generation == newest_generation(connection):
        raise VaultRefused(f"generation {generation}: wraps what is new; run record-ledger vault rotate first")
    if found.rows:
        raise VaultRefused(
            f"generation {generation}: got {found.rows} keys still wrapped under it, wanted none;"
            " run record-ledger vault rotate to its end first"
        )


def note_destroyed(connection: Connection, generation: int, now: Instant) -> None:
    """Note when the key of a generation was destroyed, unless that is noted."""
    connection.execute(
        "update ledger.key_generation set destroyed_at = %s::bigint where generation = %s and destroyed_at is null",
        [now, generation],
    )


def completion_of(connection: Connection, erasures: Iterable[Erasure]) -> dict[int, Completion]:
    """How far each erasure has come, by its position."""
    generations = read_generations(connection)
    listed = list(erasures)
    named = [position for erasure in listed for position in erasure.said.positions]
    # The service's role sees no row of a key of words; the function tells which there are.
    there = {position for (position,) in connection.execute("select ledger.words_kept(%s::bigint[])", [named])}
    query = "select position, generation, destroyed_at from ledger.destroyed where position = any(%s::bigint[])"
    gone = {position: (last, Instant(at)) for position, last, at in connection.execute(query, [named])}
    return {erasure.position: _completion(erasure, generations, there, gone) for erasure in listed}


def _completion(
    erasure: Erasure, generations: list[Generation], there: set[int], gone: Mapping[int, tuple[int, Instant]]
) -> Completion:
    due, wrapped_it = 0, set()
    at = erasure.recorded_at
    for position in erasure.said.positions:
        first = max(one.generation for one in generations if one.first_entry <= position)
        due += position in there
        # Where it is not noted under what it was destroyed, every generation since may have wrapped it.
        last, destroyed_at = gone.get(position, (generations[-1].generation, at))
        wrapped_it |= set(range(first, last + 1))
        at = max(at, destroyed_at)
    waits_for = [one for one in generations if one.generation in wrapped_it and one.destroyed_at is None]
    ends = [one.destroyed_at for one in generations if one.generation in wrapped_it and one.destroyed_at is not None]
    complete = not due and not waits_for
    return Completion(due, tuple(one.generation for one in waits_for), max([at, *ends]) if complete else None)


def _rewrapped(
    rows: Iterable[Row], keyring: Keyring, generation: int, broken: list[int]
) -> Iterator[tuple[tuple[int, int], bytes]]:
    new = keyring.opener(generation)
    for position, part, was, wrapped, statement in rows:
        try:
            # A row of no entry, or of a part that there is not, was wrapped for nothing that could be named here.
            named, old, nonce = Part(part), keyring.opener(was), os.urandom(NONCE_SIZE)
            yield (position, part), rewrap(wrapped, statement or "", named, old=old, new=new, nonce=nonce)
        except (SealBroken, ValueError):
            broken.append(position)


def _one(connection: Connection, query: str, *values: int) -> Any:
    row = connection.execute(query.encode(), values).fetchone()
    if row is None:
        raise VaultRefused("ledger.head: got no row, wanted one; restore the database")
    return row[0]
