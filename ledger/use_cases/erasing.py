"""Erasing words: one asks, a guardian who is somebody else erases, and then the words' keys are destroyed.

1. ``erasure-asked/1``, by the patient or a guardian: which item, on which basis, whether what answers it goes along.
2. ``content-erased/1``, by a guardian: it names, in clear, every position at which something was said about the item in
   words. From then on nobody is shown words of it, and nothing more is said about it.
3. The vault's rows of these positions are deleted. A crash before loses nothing: what was admitted is destroyed at the
   next start, before anything is served.
"""

import asyncio
import logging
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from ledger.core.decisions import Facts
from ledger.core.entry import read_entry
from ledger.core.facts import RecordFacts
from ledger.core.item_facts import Item
from ledger.core.public import Erased
from ledger.saying import Answer, By, Sentence, Speaker
from ledger.store.errors import NotRecorded
from ledger.store.facts import FactsReader
from ledger.store.mapper import Kept, SealingMapper
from ledger.store.recorder import LedgerRecorder
from ledger.store.vault import Erasure, Noted, Vault

if TYPE_CHECKING:
    from ledger.ledger import Ledger

_log = logging.getLogger("record_ledger.erasing")


@dataclass(frozen=True, slots=True)
class Asked:
    """An erasure that was asked for, and of which words are left: which record and item, by whom, on which basis."""

    position: int
    record: str
    item: str
    erasure: str
    basis: str
    author: str


class Erasing:
    """Who has words erased, and that their keys are destroyed."""

    def __init__(
        self, speaker: Speaker, facts: FactsReader, rows: LedgerRecorder, mapper: SealingMapper, vault: Vault
    ) -> None:
        self._speaker = speaker
        self._facts = facts
        self._rows = rows
        self._mapper = mapper
        self._vault = vault
        self._noted: set[str] | None = None
        self._done_upto = -1
        self._one_at_a_time = asyncio.Lock()

    async def ask(self, by: By, record: str, item: str, basis: str, reason: str, *, answers: bool = False) -> Answer:
        """Ask that the words about an item be erased; the answer's fact ``erasure`` names what was asked.

        ``answers``: those of what answers it as well, since comments quote it. The reason is for who may read the item,
        and it is erased with the rest.
        """
        pinned = self._speaker.pinned(by)
        erasure = self._speaker.name(pinned, "erasure")
        facts = {"record": record, "item": item, "erasure": erasure, "basis": basis, "answers": answers}
        return await self._speaker.say(Sentence(pinned, "erasure-asked/1", facts, {"reason": reason}))

    async def erase(self, by: By, record: str, item: str, erasure: str, basis: str) -> list[Answer]:
        """Erase what was asked for, by a guardian: the item first, then what answers it if that was asked for too.

        Stopped half-way, it is finished by saying it again. The keys are destroyed at once where the ledger can, else
        as soon as it can.
        """
        pinned = self._speaker.pinned(by)
        said = [await self._erase(pinned, record, item, erasure, basis)]
        while (left := _next(await self._record(record), erasure)) is not None:
            said.append(await self._erase(replace(pinned, statement_id=None), record, left.id, erasure, basis))
        await self.destroy_what_is_due()
        return said

    async def destroy_what_is_due(self) -> None:
        """Destroy what admitted erasures name; where that fails now it stays due, and nobody reads the words."""
        try:
            await self.apply()
        except NotRecorded as error:
            _log.error("%s", error)

    async def apply(self) -> int:
        """Destroy the keys of all words that admitted erasures name and that are still there; how many.

        The first time in a process, what the journal says was erased and a restored backup brought back is erased
        again. Where no connection as ``ledger_eraser`` is configured it is only noted what is to be destroyed.
        Raises NotRecorded, JournalBroken.
        """
        async with self._one_at_a_time:
            if self._noted is None:
                noted = self._vault.noted()
                await self._say_again(noted)
                self._noted = {one.statement for one in noted}
            erasures = await self.erasures(self._done_upto + 1)
            new = [erasure for erasure in erasures if erasure.said.statement not in self._noted]
            # A crash from here on leaves a line for what was not destroyed yet, and the next start destroys it.
            self._vault.note(new, self._speaker.clock())
            self._noted.update(erasure.said.statement for erasure in new)
            destroyed = await self._vault.destroy(erasures, self._speaker.clock())
            self._done_upto = max([self._done_upto, *(erasure.position for erasure in erasures)])
            return destroyed

    async def erasures(self, start: int = 0) -> list[Erasure]:
        """Every ``content-erased/1`` from a position on."""
        kept = await self._rows.read_erasures(start)
        return [self._erasure(one) for one in kept if one.topic == "content-erased/1"]

    async def asked(self) -> list[Asked]:
        """What was asked for and waits for a guardian, in order."""
        waiting = []
        for kept in await self._rows.read_erasures():
            if kept.topic == "erasure-asked/1":
                said = self._mapper.open_facts(kept)
                about = said.facts
                one = Asked(
                    said.position, about["record"], about["item"], about["erasure"], about["basis"], said.author
                )
                if _next(await self._record(one.record), one.erasure) is not None:
                    waiting.append(one)
        return waiting

    async def _record(self, record: str) -> RecordFacts:
        return (await self._facts.record(record, fresh=True)).fold.facts

    async def _erase(self, by: By, record: str, item: str, erasure: str, basis: str) -> Answer:
        facts = {"record": record, "item": item, "erasure": erasure, "basis": basis}
        return await self._speaker.say(Sentence(by, "content-erased/1", facts, in_clear=partial(_words_of, item)))

    async def _say_again(self, noted: list[Noted]) -> None:
        """What the journal says was erased and the log does not know of: a backup of before was restored."""
        known = await self._rows.said_of_these((one.author, one.statement) for one in noted)
        by = By(self._mapper.keyring.service, "service")
        for one in noted:
            if (one.author, one.statement) in known:
                continue
            item = (await self._record(one.record)).items.get(one.item)
            if item is not None and set(one.positions) & set(item.worded):
                await self._erase(by, one.record, one.item, one.erasure, one.basis)

    def _erasure(self, kept: Kept) -> Erasure:
        said = self._mapper.open_facts(kept)
        statement = read_entry(kept.state).signed.statement
        if not isinstance(statement.public, Erased):  # the parser of its type lets nothing else through
            raise NotRecorded(f"entry {kept.position}: got an erasure of nothing; run verify")
        about = said.facts
        return Erasure(
            said.position,
            said.recorded_at,
            Noted(
                author=said.author,
                statement=statement.id,
                record=about["record"],
                item=about["item"],
                erasure=about["erasure"],
                basis=about["basis"],
                positions=statement.public.positions,
            ),
        )


async def apply_erasures(ledger: "Ledger") -> int:
    """Destroy what admitted erasures name and is still there; how many keys were destroyed. It may be said again.

    To be called before anything is served: after a crash, and after a restore, something may be due.
    """
    return await ledger.erasing.apply()


def _words_of(item: str, facts: Facts) -> Erased:
    """What a statement that erases the item must name; nothing where there is no such item, which is then refused."""
    known = None if facts.record is None else facts.record.items.get(item)
    return Erased(() if known is None else known.to_erase())


def _next(facts: RecordFacts, erasure: str) -> Item | None:
    """The first item of what was asked for about which words are left."""
    asked = facts.erasures.get(erasure)
    if asked is None:
        return None
    return next((item for item in facts.items.values() if item.worded and asked.covers(item)), None)
