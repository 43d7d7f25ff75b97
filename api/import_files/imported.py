"""The neutral shape that every kind of source file is read into, before the ledger hears of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal

from api.import_files.problems import ImportProblem

Kind = Literal["note", "letter", "result", "reading", "medicine", "allergy", "problem", "plan"]
Role = Literal["patient", "clinician"]


@dataclass(frozen=True)
class ImportedPerson:
    """Somebody a source file names. `source_id` is the same wherever that source names the same person."""

    source_id: str
    name: str
    role: Role


UNKNOWN_AUTHOR = ImportedPerson("unknown-author", "Unknown author (imported)", "clinician")
"""The author of what a source attributes to nobody: said openly, rather than guessed."""


@dataclass(frozen=True)
class ImportedItem:
    """One thing that was said in the source.

    `source_id` is unique within the source and does not change when the file is read again. `topics` may hold one too
    many, never one too few on purpose: a topic only narrows who sees the item. `made_at` is UTC in whole milliseconds
    and may lie before 1970. `title` and `text` hold neither NUL nor lone surrogates. `structured` is there for
    results and readings that can be charted: `system`, `code`, `value` and `unit`, all strings as the source wrote
    them, since a float would change them; each component of a panel adds its own, as in `8480-6.value`.
    """

    source_id: str
    kind: Kind
    topics: tuple[str, ...]
    made_at: datetime
    author: ImportedPerson
    title: str
    text: str
    structured: Mapping[str, str] | None = None


@dataclass(frozen=True)
class ImportedRecord:
    """All that one source file says about one patient, oldest first. `source` names the format it came from."""

    source: str
    patient: ImportedPerson
    items: tuple[ImportedItem, ...]


@dataclass(frozen=True)
class ImportedFile:
    """One source file, accounted for: what was read, what has no place in a record and why, what could not be read."""

    file: Path
    records: tuple[ImportedRecord, ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)
    problems: tuple[ImportProblem, ...] = ()
