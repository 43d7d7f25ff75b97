"""The directory: people and teams by name, for the staff who look after them.

A name is a word. Who registers people, gives roles and lets people in must know whom they have before them; so names
are told to administrators and registrars, and that they were is on the log before a name is opened
(``directory-read/1``). Of a record it tells nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ledger.core.instants import Instant
from ledger.domain.errors import NotAllowed
from ledger.saying import By, Sentence, Speaker
from ledger.store.facts import FactsReader
from ledger.store.keyring import Keyring
from ledger.store.recorder import LedgerRecorder
from ledger.store.words import open_words

READERS: Final = frozenset({"administrator", "registrar"})
MOST: Final = 100
"""People and teams of one reading."""


@dataclass(frozen=True, slots=True)
class Names:
    """The names of people and teams by id; None where nobody registered them, or the name was erased."""

    people: dict[str, str | None]
    teams: dict[str, str | None]


class DirectoryReadings:
    """Names for staff."""

    def __init__(self, speaker: Speaker, facts: FactsReader, recorder: LedgerRecorder, keyring: Keyring) -> None:
        self._speaker = speaker
        self._facts = facts
        self._recorder = recorder
        self._keyring = keyring

    async def names(self, by: By, people: Sequence[str], teams: Sequence[str] = ()) -> Names:
        """Record that these are told of, then open their names.

        Raises NotAllowed for who is neither an administrator nor a registrar, which is on the trail, NotRecorded where
        it cannot be recorded, and ValueError for more than ``MOST``.
        """
        if len(people) + len(teams) > MOST:
            raise ValueError(f"names: got {len(people) + len(teams)}, wanted at most {MOST} at once")
        await self.check_reads(by)
        service = By(self._keyring.service, "service")
        pinned = self._speaker.pinned(service)
        facts = {
            "reading": self._speaker.name(pinned, "reading"),
            "viewer": by.person,
            "acting_as": by.acting_as,
            "people": list(people),
            "teams": list(teams),
        }
        read = await self._speaker.say(Sentence(pinned, "directory-read/1", facts))
        registered = {person: (await self._facts.person(person, fresh=True)).fold.facts.registered for person in people}
        formed = {team: (await self._facts.team(team, fresh=True)).fold.formed for team in teams}
        positions = [position for position in (*registered.values(), *formed.values()) if position is not None]
        words = await open_words(self._recorder, self._keyring, positions, disclosure=read.position)

        def named(positions: dict[str, int | None]) -> dict[str, str | None]:
            return {one: None if at is None else (words[at] or {}).get("name") for one, at in positions.items()}

        return Names(named(registered), named(formed))

    async def check_reads(self, by: By) -> None:
        """Raise NotAllowed, and put it on the trail, unless somebody is an administrator or a registrar now."""
        now: Instant = self._speaker.clock()
        facts = (await self._facts.person(by.person, fresh=True)).fold.facts
        if by.acting_as not in READERS or facts.role(by.acting_as, now) is None:
            await self._speaker.record_refusal(by, "directory-read/1", None, "no-role")
            raise NotAllowed(
                "directory: got somebody who is neither, wanted an administrator or a registrar", "no-role"
            )
