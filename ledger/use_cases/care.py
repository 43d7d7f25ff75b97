"""A record and who is around it: opened for a patient; clinicians and teams in care; carers named."""

from typing import Final

from ledger.core.instants import Instant, format_instant
from ledger.saying import Answer, By, Sentence, Speaker

FROM: Final = frozenset({"from"})


class CareAround:
    """Care relationships and carers."""

    def __init__(self, speaker: Speaker) -> None:
        self._speaker = speaker

    async def open_record(self, by: By, patient: str, *, record: str | None = None) -> Answer:
        """Open a record for a patient; its id is the answer's fact ``record``."""
        pinned = self._speaker.pinned(by)
        facts = {"record": record or self._speaker.name(pinned, "record"), "patient": patient}
        return await self._speaker.say(Sentence(pinned, "record-opened/1", facts))

    async def start(
        self,
        by: By,
        record: str,
        *,
        ground: str,
        person: str | None = None,
        team: str | None = None,
        until: Instant | None = None,
    ) -> Answer:
        """Start a care relationship of a team, or of a person by name; its id is the answer's fact ``care``."""
        pinned = self._speaker.pinned(by)
        facts = {
            "record": record,
            "care": self._speaker.name(pinned, "care"),
            "grantee": {"kind": "person", "id": person} if team is None else {"kind": "team", "id": team},
            "ground": ground,
            "from": format_instant(self._speaker.voice(pinned).made_at),
            "until": None if until is None else format_instant(until),
        }
        return await self._speaker.say(Sentence(pinned, "care-started/1", facts, clocked=FROM))

    async def end(self, by: By, record: str, care: str) -> Answer:
        """End a care relationship."""
        return await self._speaker.say(Sentence(by, "care-ended/1", {"record": record, "care": care}))

    async def transfer(self, by: By, record: str, care: str, team: str) -> Answer:
        """Hand a team's care over to another team, seals and open disputes with it.

        The new care relationship's id is the answer's fact ``next``.
        """
        pinned = self._speaker.pinned(by)
        facts = {"record": record, "care": care, "team": team, "next": self._speaker.name(pinned, "next")}
        return await self._speaker.say(Sentence(pinned, "care-transferred/1", facts))

    async def name_carer(self, by: By, record: str, person: str, relation: str) -> Answer:
        """Name a person as a carer in a record. By itself this shows them nothing."""
        facts = {"record": record, "person": person}
        return await self._speaker.say(Sentence(by, "carer-named/1", facts, {"relation": relation}))

    async def end_carer(self, by: By, record: str, person: str) -> Answer:
        """End that somebody is a carer here."""
        return await self._speaker.say(Sentence(by, "carer-ended/1", {"record": record, "person": person}))
