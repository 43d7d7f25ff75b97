"""What was asked about looks, and answered; and emergencies, why they were opened and how they were reviewed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from api.http.service import Call
from api.pages.matters import begun_by, matters_of, said_last
from ledger.core.instants import DAY, Instant, parse_instant

Said = Mapping[str, Any]
_PINNED_FOR: Final = 84 * DAY


@dataclass(frozen=True, slots=True)
class Asked:
    """A question about a look, and its answer if there is one. ``id`` is the matter's."""

    id: str
    said: Said
    answer: Said | None


@dataclass(frozen=True, slots=True)
class Opened:
    """An emergency: that it was opened, and its last review if there is one. ``id`` is the matter's."""

    id: str
    said: Said
    review: Said | None


@dataclass(frozen=True, slots=True)
class Told:
    """What the patient is told of emergencies and questions: questions by the look that they are about."""

    by_look: Mapping[str, Sequence[Asked]]
    opened: Sequence[Opened]

    def recent(self, now: Instant) -> Sequence[Opened]:
        """The emergencies of the last twelve weeks, the newest first."""
        return [one for one in self.opened if parse_instant(one.said["recorded_at"]) > now - _PINNED_FOR]


async def told_about_looks(call: Call, record: str) -> Told:
    """What the API tells of emergencies and of questions. Raises as the operation does."""
    view = await matters_of(call, record, None, "emergency", "question")
    by_look: dict[str, list[Asked]] = {}
    for matter, said in begun_by(view, "access-questioned"):
        asked = Asked(matter["id"], said, said_last(matter, "access-answered/1"))
        by_look.setdefault(said["facts"]["disclosure"], []).append(asked)
    opened = [
        Opened(matter["id"], said, said_last(matter, "emergency-reviewed/1"))
        for matter, said in begun_by(view, "emergency-opened")
    ]
    return Told(by_look, opened[::-1])
