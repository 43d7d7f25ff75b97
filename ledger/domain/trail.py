"""The trail: disclosures, readings of the directory, refused attempts, and the auditors' cases."""

from dataclasses import dataclass
from typing import ClassVar

from ledger.domain.stream import Stream


@dataclass(slots=True)
class DisclosureStream(Stream):
    """One disclosure: a one-statement aggregate with a fresh id, so it needs no load and meets no conflict."""

    KIND: ClassVar = "disclosure"
    FIRST: ClassVar = frozenset({"disclosure-made/1"})


@dataclass(slots=True)
class DirectoryReading(Stream):
    """That people and teams were named to one member of staff."""

    KIND: ClassVar = "reading"
    FIRST: ClassVar = frozenset({"directory-read/1"})


@dataclass(slots=True)
class Attempt(Stream):
    """One refused attempt to say something."""

    KIND: ClassVar = "attempt"
    FIRST: ClassVar = frozenset({"attempt-refused/1"})


@dataclass(slots=True)
class Case(Stream):
    """An auditor's case."""

    KIND: ClassVar = "case"
    FIRST: ClassVar = frozenset({"case-assigned/1", "case-assigned/2"})
