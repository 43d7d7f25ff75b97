"""Admission as SQL: the parameters of ``admission.sql``, a column a member of its rows, and what is asked around it."""

from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

from psycopg import AsyncCursor

from ledger.core.sealing import Part
from ledger.store.batch import Draft, Request
from ledger.store.errors import NotRecorded
from ledger.store.tree_rows import Connection

ADMISSION_SQL = (Path(__file__).parent / "admission.sql").read_text().encode()

LOCK_HEAD = b"select size, recorded_at, generation from ledger.head for update"
READ_HEAD = b"select size, recorded_at, generation from ledger.head"


class HeadRow(NamedTuple):
    """The head as stored: entries, when the last was recorded, and the generation that wraps what is new."""

    size: int
    recorded_at: int
    generation: int


async def write(connection: Connection, made: Draft, generation: int, *, commit: bool) -> bool:
    """Write a draft, and commit if a transaction is open.

    False where the head had moved, a guard failed, or another generation wraps what is new.
    """
    values = parameters(made, generation)
    if not commit:
        row = await (await connection.execute(ADMISSION_SQL, values, prepare=True, binary=True)).fetchone()
        return row is not None
    async with connection.pipeline():
        cursor = await connection.execute(ADMISSION_SQL, values, prepare=True, binary=True)
        await connection.execute(b"commit")
        row = await cursor.fetchone()
    return row is not None


async def fetch_head(connection: Connection) -> HeadRow:
    """The head's row."""
    return await head_in(await connection.execute(READ_HEAD))


async def head_in(cursor: AsyncCursor[tuple[Any, ...]]) -> HeadRow:
    """The head's row in a cursor; raises NotRecorded where it is gone."""
    row = await cursor.fetchone()
    if row is None:
        raise NotRecorded("ledger.head: got no row, wanted one; restore the database")
    return HeadRow(*row)


async def largest_checkpoint(connection: Connection) -> int:
    """The size that the largest stored checkpoint covers."""
    row = await (await connection.execute("select max(size) from ledger.checkpoint")).fetchone()
    return (row[0] if row else None) or 0


async def said_before(connection: Connection, request: Request) -> int | None:
    """Where one of the request's statements was admitted before, if one was."""
    query = "select position from ledger.entry where author = %s and statement = %s"
    for admission in request.admissions:
        if row := await (await connection.execute(query, [admission.author, admission.statement_id])).fetchone():
            return int(row[0])
    return None


async def stream_moved(connection: Connection, request: Request) -> bool:
    """Whether somebody else has taken a place in a stream that the request wants."""
    for admission in request.admissions:
        query = "select 1 from ledger.entry where aggregate = %s and version = %s::bigint"
        named: list[Any] = [admission.originator_id, admission.originator_version]
        if await (await connection.execute(query, named)).fetchone():
            return True
    return False


def parameters(draft: Draft, generation: int) -> dict[str, Any]:
    """Everything one draft writes, as columns."""
    return {
        "base": draft.base,
        "count": len(draft.entries),
        "at": draft.recorded_at,
        "generation": generation,
        "guard_subjects": list(draft.guards),
        "guard_versions": list(draft.guards.values()),
        "checkpoint": draft.checkpoint,
        **_entry_columns(draft),
        **_vault_columns(draft),
        **_fact_columns(draft),
        **_tile_columns(draft),
    }


def _entry_columns(draft: Draft) -> dict[str, Any]:
    admissions = draft.admissions
    return {
        "authors": [a.author for a in admissions],
        "statements": [a.statement_id for a in admissions],
        "aggregates": [a.originator_id for a in admissions],
        "versions": [a.originator_version for a in admissions],
        "types": [a.topic for a in admissions],
        "entries": draft.entries,
        "facts": [a.facts.sealed for a in admissions],
        "words": [None if a.words is None else a.words.sealed for a in admissions],
    }


def _vault_columns(draft: Draft) -> dict[str, Any]:
    rows: list[tuple[int, int, bytes]] = []
    for i, admission in enumerate(draft.admissions):
        rows.append((i, Part.FACTS.value, admission.facts.wrapped))
        if admission.words is not None:
            rows.append((i, Part.WORDS.value, admission.words.wrapped))
    return {
        "vault_entries": [i for i, _, _ in rows],
        "vault_parts": [part for _, part, _ in rows],
        "vault_keys": [wrapped for _, _, wrapped in rows],
    }


def _fact_columns(draft: Draft) -> dict[str, Any]:
    """Each fact's number is its subject's new counter less the facts about it that come later in the batch."""
    rows = [(subject, i) for i, admission in enumerate(draft.admissions) for subject in admission.bears_on]
    bumps = Counter(subject for subject, _ in rows)
    left = dict(bumps)
    later = []
    for subject, _ in rows:
        left[subject] -= 1
        later.append(left[subject])
    return {
        "bumped": list(bumps),
        "bumps": list(bumps.values()),
        "fact_subjects": [subject for subject, _ in rows],
        "fact_later": later,
        "fact_entries": [i for _, i in rows],
    }


def _tile_columns(draft: Draft) -> dict[str, Any]:
    tiles = draft.extension.tiles
    return {
        "tile_levels": [t.tile.level for t in tiles],
        "tile_numbers": [t.tile.n for t in tiles],
        "tile_hashes": [t.hashes for t in tiles],
        "tile_roots": [t.root for t in tiles],
    }
