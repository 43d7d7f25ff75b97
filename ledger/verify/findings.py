"""What a verification found: numbered steps, each sound or with the first thing that is wrong."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Final

from ledger.core.canonical import base64url
from ledger.core.merkle import NodeHash


class Step(IntEnum):
    """The steps, in the order in which they are told; all are taken in one walk along the log."""

    ORDER = 1
    COLUMNS = 2
    SIGNATURES = 3
    TIMES = 4
    SEALED = 5
    TREE = 6
    CHECKPOINTS = 7
    NUMBERING = 8
    CONTENTS = 9
    INDEXES = 10
    GRANTS = 11


TITLES: Final[Mapping[Step, str]] = {
    Step.ORDER: "entries stand at 0, 1, 2 … without a gap, as many as the head says, in canonical form",
    Step.COLUMNS: "the columns beside each entry say what its statement says",
    Step.SIGNATURES: "each statement is signed by a key of its author that was in force at its position",
    Step.TIMES: "the ledger's time never goes back, and each statement was made for this ledger, not in its future",
    Step.SEALED: "sealed contents are the bytes that the entries name, with one wrapped key for each",
    Step.TREE: "each stored tile of the tree is what the entries hash to; none is missing, none is too many",
    Step.CHECKPOINTS: "each checkpoint is signed with both keys of the log over the tree of its size; all is covered",
    Step.NUMBERING: "no statement stands twice; streams, facts and their counters are numbered without gaps",
    Step.CONTENTS: "each content opens, has the shape of its type, and is what its author committed to",
    Step.INDEXES: "the indexes name exactly the stream and the subjects of each statement",
    Step.GRANTS: "what widens access was admitted within five minutes of being made",
}
NEED_VAULT_KEY: Final = frozenset({Step.CONTENTS, Step.INDEXES, Step.GRANTS})
"""What can only be seen with the key-encryption key."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """Something wrong at ``position``, or, where only hashes can tell, somewhere from there to before ``until``."""

    position: int
    until: int
    got: str
    wanted: str

    def __str__(self) -> str:
        where = f"position {self.position}"
        if self.until > self.position + 1:
            where += f" (or up to {self.until - 1})"
        return f"{where}: got {self.got}, wanted {self.wanted}"


@dataclass(slots=True)
class Findings:
    """What was looked at, and the first wrong thing of each step."""

    first: dict[Step, Wrong] = field(default_factory=dict)
    looked_at: Counter[Step] = field(default_factory=Counter)

    def note(self, step: Step, position: int, got: object, wanted: str, *, until: int | None = None) -> None:
        """Something is wrong; kept if it is the first of its step."""
        found = Wrong(position, position + 1 if until is None else until, _shown(got), wanted)
        known = self.first.get(step)
        if known is None or _order(found) < _order(known):
            self.first[step] = found

    def merge(self, other: "Findings") -> None:
        """Take in what was found elsewhere."""
        for step, found in other.first.items():
            self.note(step, found.position, found.got, found.wanted, until=found.until)
        self.looked_at.update(other.looked_at)


def _order(found: Wrong) -> tuple[int, int]:
    # What is known to be wrong by the earliest position comes first; among those, what says it most exactly.
    return found.until, -found.position


def _shown(got: object) -> str:
    text = got if isinstance(got, str) else repr(got)
    return text if len(text) <= 300 else text[:297] + "..."


@dataclass(frozen=True, slots=True)
class Taken:
    """One step: how many things it looked at, and the first that is wrong."""

    step: Step
    looked_at: int
    wrong: Wrong | None
    left_out: bool = False

    @property
    def title(self) -> str:
        """What the step shows."""
        return TITLES[self.step]

    def as_json(self) -> dict[str, Any]:
        """The step for machines."""
        outcome = "left-out" if self.left_out else "ok" if self.wrong is None else "wrong"
        return {
            "step": self.step.value,
            "title": self.title,
            "outcome": outcome,
            "looked_at": self.looked_at,
            "wrong": None if self.wrong is None else _as_json(self.wrong),
        }

    def __str__(self) -> str:
        mark = "left out" if self.left_out else "ok" if self.wrong is None else "WRONG"
        line = f"{self.step.value:2} {mark:8} {self.title}"
        if self.left_out:
            return line + " (needs the key-encryption key)"
        return f"{line} ({self.looked_at:,})" if self.wrong is None else f"{line}\n            {self.wrong}"


@dataclass(frozen=True, slots=True)
class Verification:
    """The outcome: ``covered`` of ``size`` entries lie under a checkpoint; ``root`` is that of all entries read."""

    origin: str
    size: int
    covered: int
    root: NodeHash
    steps: tuple[Taken, ...]

    @property
    def ok(self) -> bool:
        """Whether every step that was taken is sound."""
        return all(taken.wrong is None for taken in self.steps)

    @property
    def first_wrong(self) -> Taken | None:
        """The step that found the first wrong position, as exactly as it is known; None where all is sound."""
        wrong = [(_order(taken.wrong), taken.step, taken) for taken in self.steps if taken.wrong is not None]
        return min(wrong)[2] if wrong else None

    def as_json(self) -> dict[str, Any]:
        """The outcome for machines."""
        first = self.first_wrong
        return {
            "ok": self.ok,
            "origin": self.origin,
            "size": self.size,
            "covered": self.covered,
            "root": base64url(self.root),
            "first_wrong": None if first is None else first.as_json(),
            "steps": [taken.as_json() for taken in self.steps],
        }

    def __str__(self) -> str:
        first = self.first_wrong
        wrong = None if first is None else first.wrong
        verdict = "everything that was looked at is sound" if wrong is None else f"first wrong: {wrong}"
        lines = [f"{self.origin}: {self.size:,} entries, {self.covered:,} under a checkpoint", *map(str, self.steps)]
        return "\n".join([*lines, verdict])


def verification(
    origin: str, size: int, covered: int, root: NodeHash, found: Findings, *, opened: bool
) -> Verification:
    """The outcome of the findings; without the key-encryption key (``opened``) some steps are left out."""
    steps = tuple(
        Taken(step, found.looked_at[step], found.first.get(step), left_out=step in NEED_VAULT_KEY and not opened)
        for step in Step
    )
    return Verification(origin, size, covered, root, steps)


def _as_json(wrong: Wrong) -> dict[str, Any]:
    return {"position": wrong.position, "until": wrong.until, "got": wrong.got, "wanted": wrong.wanted}
