"""The parameters of ``admission.sql``: one column of values for each member of the rows it writes."""

from collections import Counter
from pathlib import Path
from typing import Any

from ledger.core.sealing import Part
from ledger.store.batch import Draft

ADMISSION_SQL = (Path(__file__).parent / "admission.sql").read_text().encode()

LOCK_HEAD = b"select size, recorded_at from ledger.head for update"
READ_HEAD = b"select size, recorded_at from ledger.head"


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
