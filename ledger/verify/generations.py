"""The vault's own notes: generations of the key-encryption key, and keys that were destroyed.

Their instants stand nowhere else, so that they are right cannot be shown; what can be is that they fit the log.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ledger.verify.findings import Findings, Step
from ledger.verify.rows import DestroyedRow, GenerationRow, HeadRow, VaultRow


@dataclass(frozen=True, slots=True)
class Generations:
    """All generations, the first being 1; made by ``read``."""

    rows: tuple[GenerationRow, ...]

    @classmethod
    def read(cls, rows: Iterable[GenerationRow], head: HeadRow, found: Findings) -> "Generations":
        """Take them in; what does not fit the log is noted where it ends, as it is wrong of no one entry."""
        kept = tuple(rows)
        firsts = [row.first_entry for row in kept]
        # The head may say anything: only what is there is counted.
        numbered = [row.generation for row in kept] == list(range(1, len(kept) + 1)) and len(kept) == head.generation
        if not numbered or firsts[:1] != [0] or firsts != sorted(firsts) or firsts[-1] > max(head.size, 0):
            wanted = f"generations 1 to {head.generation}, from the first entry on, each after the one before"
            found.note(Step.SEALED, max(head.size, 0), [tuple(row) for row in kept], wanted)
        return cls(kept)

    def wrong_in(self, keys: list[VaultRow]) -> str | None:
        """Says what is wrong with the generation of a wrapped key: older than its entry, destroyed, or unknown."""
        for key in keys:
            oldest = bisect_right(self.rows, key.position, key=_first_entry)
            if not oldest <= key.generation <= len(self.rows):
                return f"a key of part {key.part} wrapped under generation {key.generation}"
            if self.rows[key.generation - 1].destroyed_at is not None:
                return f"a key of part {key.part} wrapped under generation {key.generation}, which was destroyed"
        return None


def compare_destroyed(
    rows: Iterable[DestroyedRow], erased: Mapping[int, int], kept: list[int], size: int, found: Findings
) -> None:
    """Note keys said to be destroyed whose words were not erased, and ``kept``: those that are there all the same."""
    there = set(kept)
    for row in rows:
        if row.position not in erased or row.position in there:
            at = row.position if 0 <= row.position < size else size
            found.note(Step.ERASED, at, f"a key destroyed at position {row.position}", "words erased, and no key there")


def _first_entry(row: GenerationRow) -> int:
    return row.first_entry
