"""What can be wrong with a source, from the whole path down to one member of one entry.

Problems inside a file are values of its `ImportedFile`; only `PathProblem` is ever raised out of this package.
Messages quote at most a few characters of the source, since a log must not become a second copy of the record.
"""

from __future__ import annotations

from pathlib import Path

QUOTED = 40  # characters of a source that a message may repeat: enough to find the place, too few to tell a story


class ImportProblem(Exception):
    """Something in a source could not be imported: where it is, what was got, what was wanted, what to do next."""

    def __init__(self, file: Path, pointer: str, got: str, wanted: str, next_step: str) -> None:
        """Take the `pointer` as RFC 6901 has it: the empty string is the whole file."""
        super().__init__(f"{file}{f' at {pointer}' if pointer else ''}: got {got}, wanted {wanted}. {next_step}")
        self.file = file
        self.pointer = pointer
        self.got = got
        self.wanted = wanted
        self.next_step = next_step


class PathProblem(ImportProblem):
    """There is nothing to import at this path."""


class FileProblem(ImportProblem):
    """A file could not be read at all: nothing in it is imported."""


class EntryProblem(ImportProblem):
    """One part of a file could not be read: that part is not imported, the rest of the file is."""


def quoted(value: object) -> str:
    """Say what a value is, briefly and printably, for the `got` of a problem."""
    shown = repr(value) if isinstance(value, str) else str(value)
    return shown if len(shown) <= QUOTED else f"{shown[:QUOTED]}…"
