"""A record and who is around it: the patient, those who care for them professionally, and carers."""

from dataclasses import dataclass, field
from typing import ClassVar

from ledger.domain.errors import NotPossible
from ledger.domain.stream import Spoken, Stream


@dataclass(slots=True)
class Care(Stream):
    """Care relationships and carers of one record."""

    KIND: ClassVar = "care"
    FIRST: ClassVar = frozenset({"record-opened/1"})

    relationships: set[str] = field(default_factory=set)
    carers: set[str] = field(default_factory=set)

    def _on_started(self, event: Spoken) -> None:
        self.relationships.add(event.facts["care"])

    def _on_ended(self, event: Spoken) -> None:
        if event.facts["care"] not in self.relationships:
            raise NotPossible(f"{event.type}: got a relationship that is not current, wanted one that was started here")
        self.relationships.discard(event.facts["care"])

    def _on_transferred(self, event: Spoken) -> None:
        self._on_ended(event)
        self.relationships.add(event.facts["next"])

    def _on_carer_named(self, event: Spoken) -> None:
        if event.facts["person"] in self.carers:
            raise NotPossible("carer-named: got a person who is a carer here already")
        self.carers.add(event.facts["person"])

    def _on_carer_ended(self, event: Spoken) -> None:
        if event.facts["person"] not in self.carers:
            raise NotPossible("carer-ended: got a person who is not a carer here")
        self.carers.discard(event.facts["person"])

    AFTER: ClassVar = {
        "care-started/1": _on_started,
        "care-ended/1": _on_ended,
        "care-transferred/1": _on_transferred,
        "carer-named/1": _on_carer_named,
        "carer-ended/1": _on_carer_ended,
    }
