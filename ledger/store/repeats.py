"""Repeats: the same author and statement id again is answered with the first receipt, or refused as a conflict."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ledger.core.entry import parse_entry
from ledger.core.receipt import Receipt
from ledger.core.said import Said
from ledger.domain.stream import Voice
from ledger.store.errors import AlreadySaid, WordsErased
from ledger.store.mapper import Kept, SealingMapper
from ledger.store.receipts import Receipts
from ledger.store.recorder import LedgerRecorder
from ledger.store.words import open_repeated_words


@dataclass(frozen=True, slots=True)
class Same:
    """What is said again.

    Signed by its author (``jws``), the same means the same bytes. Where the service signs, each attempt has salts of
    its own, so bodies are compared; ``clocked`` facts were filled in from a clock and may differ.
    """

    type: str
    facts: Mapping[str, Any]
    words: Mapping[str, Any] | None
    clocked: frozenset[str]
    jws: str | None

    def settled(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """The facts that a retry must state alike."""
        return {name: value for name, value in facts.items() if name not in self.clocked}


class Repeats:
    """Looks up what was said before under an id."""

    def __init__(self, recorder: LedgerRecorder, mapper: SealingMapper, receipts: Receipts) -> None:
        self._recorder = recorder
        self._mapper = mapper
        self._receipts = receipts

    async def position_of(self, voice: Voice) -> int | None:
        """Where the author said something under this id, if they did."""
        return await self._recorder.position_of(voice.author, voice.statement_id)

    async def first_if_same(self, position: int, again: Same) -> Said:
        """The statement at a position; raises AlreadySaid unless this says the same again."""
        [kept] = await self._recorder.read_log(position, 1)
        first = self._mapper.open_facts(kept)
        if not await self._says_the_same(kept, first, again):
            raise AlreadySaid(
                f"statement id: got it again with other content, wanted what was said at position {position};"
                " use a fresh id for something new",
                position,
            )
        return first

    async def _says_the_same(self, kept: Kept, first: Said, again: Same) -> bool:
        if again.jws is not None:
            return parse_entry(kept.state).signed.jws == again.jws
        if first.type != again.type or again.settled(first.facts) != again.settled(again.facts):
            return False
        try:
            words = await open_repeated_words(self._recorder, self._mapper.keyring, kept.position)
        except WordsErased:  # nobody can tell any more whether it says the same
            return False
        return words == again.words

    async def receipt_at(self, position: int) -> Receipt:
        """The receipt of an admitted entry, waiting a moment for a checkpoint that covers it."""
        return (await self._receipts.soon_at(position)).receipt
