"""The log itself: that it goes on under a new name."""

from dataclasses import dataclass
from typing import ClassVar

from ledger.core.public import Continued
from ledger.domain.errors import NotPossible
from ledger.domain.stream import Spoken, Stream


@dataclass(slots=True)
class Log(Stream):
    """One name of the log, begun by saying once which log it continues."""

    KIND: ClassVar = "log"
    FIRST: ClassVar = frozenset({"log-continued/1"})

    def _on_continued(self, event: Spoken) -> None:
        if not isinstance(event.public, Continued):
            raise NotPossible(f"{event.type}: got no earlier log, wanted it in the member public")

    AFTER: ClassVar = {"log-continued/1": _on_continued}
