"""Checks of one thing that a person holds, a receipt or a bundle: numbered steps, each sound, wrong or left out."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ledger.core.errors import CoreError


@dataclass(frozen=True, slots=True)
class Check:
    """One step: what it shows, how many things it looked at, what is wrong, or why it was left out."""

    number: int
    title: str
    looked_at: int = 0
    wrong: str | None = None
    left_out: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The step for machines."""
        outcome = "wrong" if self.wrong is not None else "left-out" if self.left_out is not None else "ok"
        return {
            "step": self.number,
            "title": self.title,
            "outcome": outcome,
            "looked_at": self.looked_at,
            "wrong": self.wrong,
            "left_out": self.left_out,
        }

    def __str__(self) -> str:
        if self.wrong is not None:
            return f"{self.number:2} WRONG    {self.title}\n            {self.wrong}"
        if self.left_out is not None:
            return f"{self.number:2} left out {self.title} ({self.left_out})"
        return f"{self.number:2} ok       {self.title} ({self.looked_at:,})"


@dataclass(slots=True)
class Checks:
    """The steps taken so far, of ``what`` (a file's name, or what it shows)."""

    what: str
    steps: list[Check] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether every step that was taken is sound."""
        return all(step.wrong is None for step in self.steps)

    def take(self, title: str, look: Callable[[], int]) -> bool:
        """Take a step: ``look`` tells how many things it looked at, or raises CoreError with what is wrong."""
        number = len(self.steps) + 1
        try:
            self.steps.append(Check(number, title, looked_at=look()))
        except CoreError as error:
            self.steps.append(Check(number, title, wrong=str(error)))
        return self.steps[-1].wrong is None

    def leave_out(self, title: str, why: str) -> None:
        """Leave a step out, and say why."""
        self.steps.append(Check(len(self.steps) + 1, title, left_out=why))

    def as_json(self) -> dict[str, Any]:
        """The outcome for machines."""
        return {"ok": self.ok, "what": self.what, "steps": [step.as_json() for step in self.steps]}

    def __str__(self) -> str:
        wrong = next((step for step in self.steps if step.wrong is not None), None)
        verdict = "everything that was looked at is sound" if wrong is None else f"first wrong: step {wrong.number}"
        return "\n".join([self.what, *map(str, self.steps), verdict])
