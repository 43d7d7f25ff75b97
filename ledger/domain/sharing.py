"""Sharing: the patient's directives, sessions together, suspended carers, and emergency access."""

from dataclasses import dataclass, field
from typing import ClassVar

from ledger.domain.errors import NotPossible
from ledger.domain.stream import Spoken, Stream


@dataclass(slots=True)
class Sharing(Stream):
    """Who may see what of one record. Whether a directive replaces the right one is the authority's question."""

    KIND: ClassVar = "sharing"

    used: set[str] = field(default_factory=set)
    ended: set[str] = field(default_factory=set)

    def _on_begun(self, event: Spoken) -> None:
        name = event.facts[event.type.partition("-")[0]]
        if name in self.used:
            raise NotPossible(f"{event.type}: got id {name}, which is in use here, wanted a fresh one")
        self.used.add(name)

    def _on_ended(self, event: Spoken) -> None:
        name = event.facts[event.type.partition("-")[0]]
        if name not in self.used or name in self.ended:
            raise NotPossible(f"{event.type}: got id {name}, wanted one that was begun here and not ended")
        self.ended.add(name)

    AFTER: ClassVar = {
        "directive-made/1": _on_begun,
        "directive-withdrawn/1": _on_ended,
        "together-started/1": _on_begun,
        "together-ended/1": _on_ended,
        "emergency-opened/1": _on_begun,
        "emergency-opened/2": _on_begun,
    }


@dataclass(slots=True)
class Representation(Stream):
    """Who decides for the patient of one record. What follows from what was said before is the authority's question."""

    KIND: ClassVar = "representation"
