"""What must be known before entries can be looked at in any order: keys, erasures, and where the log was continued.

All of it is said in clear by entries of a few types, which are looked up first by the column that names the type. Of
what is found so only a guess is made. A key is held to its id, which is its hash; where erasures and continuations
really are is what the walk along the entries finds.
"""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from ledger.core.entry import parse_entry
from ledger.core.errors import CoreError
from ledger.core.keys import KeyStatement
from ledger.core.public import Continued, Erased
from ledger.core.vocabulary import STATEMENT_TYPES
from ledger.verify.rows import Source

IN_CLEAR: Final = tuple(name for name, shape in STATEMENT_TYPES.items() if shape.public is not None)


@dataclass(slots=True)
class Beforehand:
    """Public keys by key id; erased positions; and where logs were continued: (first position of the next, origin)."""

    origin: str
    keys: dict[str, bytes] = field(default_factory=dict)
    erased: set[int] = field(default_factory=set)
    continued: list[tuple[int, str]] = field(default_factory=list)

    def origin_at(self, position: int) -> str:
        """The log that an entry was admitted to."""
        if not self.continued:
            return self.origin
        later = bisect_right(self.continued, position, key=lambda left: left[0])
        return self.continued[later][1] if later < len(self.continued) else self.origin

    def learn(self, position: int, public: object) -> None:
        """Take in what an entry says in clear; in the order of positions."""
        if isinstance(public, KeyStatement):
            self.keys[public.key.kid] = public.key.raw
        elif isinstance(public, Erased):
            self.erased.update(public.positions)
        elif isinstance(public, Continued):
            self.continued.append((position, public.origin))


def read_beforehand(source: Source, known: Beforehand, first: int) -> None:
    """Add to what is known before ``first`` what the entries from there on say; what cannot be read is left aside."""
    for row in source.in_clear(IN_CLEAR, first):
        try:
            public = parse_entry(row.entry).signed.statement.public
        except CoreError:
            continue
        known.learn(row.position, public)


def as_sections(continued: Mapping[int, Continued]) -> list[tuple[int, str]]:
    """The same of continuations that the walk has found."""
    return [(position, said.origin) for position, said in sorted(continued.items())]
