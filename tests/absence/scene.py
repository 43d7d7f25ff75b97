"""A story that was told, to be asked about by one reader; and one request."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from ledger.core.instants import Instant
from ledger.saying import By
from tests.absence.telling import Teller
from tests.http.served import PURPOSES, Key

UNKNOWN: Final = "7c3e0f3e-5a80-4c3e-9d2b-6f1f3f0a4b11"


@dataclass(frozen=True)
class Ask:
    """One request; ``pages`` follows its cursors to the end. ``of`` is the thing that it is about, if there is one."""

    method: str
    path: str
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    pages: bool = False
    of: str | None = None
    statement: str | None = None


@dataclass
class Scene:
    """A story that was told, and what of it is hidden from the reader who asks."""

    teller: Teller
    reader: By
    key: Key
    now: Instant
    hidden: list[str]
    shown: list[str]
    gone_looks: list[str]
    rng: Random

    @property
    def record(self) -> str:
        return f"/records/{self.teller.record}"

    def items(self) -> list[str]:
        """Some items: two hidden ones, a shown one, and one that nobody knows."""
        rng = self.rng
        hidden, shown = self.hidden, self.shown
        return [*rng.sample(hidden, min(2, len(hidden))), *rng.sample(shown, min(1, len(shown))), UNKNOWN]

    def one(self, some: list[str]) -> str:
        return self.rng.choice([*some, UNKNOWN])

    def query(self, **query: Any) -> dict[str, Any]:
        return {**PURPOSES.get(self.reader.acting_as, {}), **query}


Asks = Callable[[Scene], Iterator[Ask]]
