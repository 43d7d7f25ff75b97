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
    ERASED = 12
    WITNESSED = 13


TITLES: Final[Mapping[Step, str]] = {
    Step.ORDER: "entries stand at 0, 1, 2 … without a gap, as many as the head says, in canonical form",
    Step.COLUMNS: "the columns beside each entry say what its statement says",
    Step.SIGNATURES: "each statement is signed by a key of its author that was in force at its position",
    Step.TIMES: "the ledger's time never goes back, and each statement was made for this ledger, not in its future",
    Step.SEALED: "sealed contents are the bytes that the entries name, with one wrapped key for each not erased",
    Step.TREE: "each stored tile of the tree is what the entries hash to; none is missing, none is too many",
    Step.CHECKPOINTS: "each checkpoint is signed with both keys of the log over the tree of its size; all is covered",
    Step.NUMBERING: "no statement stands twice; streams, facts and their counters are numbered without gaps",
    Step.CONTENTS: "each content opens, has the shape of its type, and is what its author committed to",
    Step.INDEXES: "the indexes name exactly the stream and the subjects of each statement",
    Step.GRANTS: "what widens access was admitted within five minutes of being made",
    Step.ERASED: "no key of words is missing but where a statement says that they were erased",
    Step.WITNESSED: "each witnessed checkpoint is one of this tree; under a policy, its witnesses' signatures are too",
}
WITHOUT_KEYS: Final[Mapping[Step, str]] = dict.fromkeys(
    (Step.CONTENTS, Step.INDEXES, Step.GRANTS), "needs the key-encryption key"
)
"""What can only be seen with the key-encryption key, and why it is left out without it."""
BUT_THE_VAULT: Final[Mapping[Step, str]] = dict.fromkeys(
    (Step.SIGNATURES, Step.NUMBERING, Step.WITNESSED), "only the vault was asked for"
)
"""What is left out where only the vault is to be held to the log."""


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
    """One step: how many things it looked at, and the first that is wrong; or why it was left out."""

    step: Step
    looked_at: int
    wrong: Wrong | None
    left_out: str | None = None

    @property
    def title(self) -> str:
        """What the step shows."""
        return TITLES[self.step]

    def as_json(self) -> dict[str, Any]:
        """The step for machines."""
        outcome = "left-out" if self.left_out is not None else "ok" if self.wrong is None else "wrong"
        return {
            "step": self.step.value,
            "title": self.title,
            "outcome": outcome,
            "looked_at": self.looked_at,
            "wrong": None if self.wrong is None else _as_json(self.wrong),
            "left_out": self.left_out,
        }

    def __str__(self) -> str:
        mark = "left out" if self.left_out is not None else "ok" if self.wrong is None else "WRONG"
        line = f"{self.step.value:2} {mark:8} {self.title}"
        if self.left_out is not None:
            return f"{line} ({self.left_out})"
        return f"{line} ({self.looked_at:,})" if self.wrong is None else f"{line}\n            {self.wrong}"


@dataclass(frozen=True, slots=True)
class Verification:
    """The outcome: ``covered`` of ``size`` entries lie under a checkpoint; ``root`` is that of all entries read.

    ``since`` is the position from which entries were read; those before were verified by an earlier run.
    ``remarks`` are worth knowing, and not wrong.
    """

    origin: str
    size: int
    covered: int
    root: NodeHash
    steps: tuple[Taken, ...]
    since: int = 0
    remarks: tuple[str, ...] = ()

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
            "since": self.since,
            "root": base64url(self.root),
            "first_wrong": None if first is None else first.as_json(),
            "steps": [taken.as_json() for taken in self.steps],
            "remarks": list(self.remarks),
        }

    def __str__(self) -> str:
        first = self.first_wrong
        wrong = None if first is None else first.wrong
        verdict = "everything that was looked at is sound" if wrong is None else f"first wrong: {wrong}"
        since = f", those before {self.since:,} by an earlier run" if self.since else ""
        lines = [f"{self.origin}: {self.size:,} entries{since}, {self.covered:,} under a checkpoint"]
        lines += [*map(str, self.steps), *(f"   note     {remark}" for remark in self.remarks)]
        return "\n".join([*lines, verdict])


def steps_taken(found: Findings, left_out: Mapping[Step, str]) -> tuple[Taken, ...]:
    """All steps of the findings; some are left out, and why."""
    return tuple(
        Taken(step, 0, None, left_out[step])
        if step in left_out
        else Taken(step, found.looked_at[step], found.first.get(step))
        for step in Step
    )


def _as_json(wrong: Wrong) -> dict[str, Any]:
    return {"position": wrong.position, "until": wrong.until, "got": wrong.got, "wanted": wrong.wanted}
