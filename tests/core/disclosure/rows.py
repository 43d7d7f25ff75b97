"""The table: each row quotes a sentence (or a part of one) of the disclosure rule and tells a story that shows it.

The sentences are in ``sentences.txt``, one a line, as the design has them. A row quotes part of one line word for word.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.core.story import Story

Check = Callable[[Story], None]
SENTENCES = [
    line for line in Path(__file__).with_name("sentences.txt").read_text(encoding="utf-8").splitlines() if line
]


@dataclass(frozen=True, slots=True)
class Row:
    """One row. ``clause`` is what it quotes; ``detail`` says which side of it the story shows."""

    clause: str
    detail: str
    check: Check

    @property
    def name(self) -> str:
        """The row's name: the quotation, then what it shows of it."""
        return f"{self.clause}: {self.detail}" if self.detail else self.clause


ROWS: list[Row] = []


def row(clause: str, detail: str = "") -> Callable[[Check], Check]:
    """Add a story to the table."""

    def add(check: Check) -> Check:
        ROWS.append(Row(clause, detail, check))
        return check

    return add
