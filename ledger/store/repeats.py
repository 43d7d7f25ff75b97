"""Repeats: the same author and statement id again is answered with the first receipt, or refused as a conflict."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from ledger.core.receipt import Receipt
from ledger.core.said import Said
from ledger.domain.stream import Voice
from ledger.store.errors import AlreadySaid, NotRecorded
from ledger.store.mapper import SealingMapper
from ledger.store.receipts import Receipts
from ledger.store.recorder import LedgerRecorder
from ledger.store.words import open_words

_COVERED_WITHIN: Final = 2.0
"""Seconds to wait for the checkpoint that covers an entry whose first acknowledgement was lost."""


class Repeats:
    """Looks up what was said before under an id."""

    def __init__(self, recorder: LedgerRecorder, mapper: SealingMapper, receipts: Receipts) -> None:
        self._recorder = recorder
        self._mapper = mapper
        self._receipts = receipts

    async def position_of(self, voice: Voice) -> int | None:
        """Where the author said something under this id, if they did."""
        return await self._recorder.position_of(voice.author, voice.statement_id)

    async def first_if_same(
        self,
        position: int,
        statement_type: str,
        facts: Mapping[str, Any],
        words: Mapping[str, Any] | None,
        clocked: frozenset[str],
    ) -> Said:
        """The statement at a position; raises AlreadySaid unless it says the same.

        Bodies are compared, not bytes: where the service signs, each attempt has its own salts. ``clocked`` facts
        were filled in from a clock and may differ.
        """
        [kept] = await self._recorder.read_log(position, 1)
        first = self._mapper.open_facts(kept)
        first_words = (await open_words(self._recorder, self._mapper.keyring, [position]))[position]
        same = (
            first.type == statement_type
            and {k: v for k, v in first.facts.items() if k not in clocked}
            == {k: v for k, v in facts.items() if k not in clocked}
            and first_words == words
        )
        if not same:
            raise AlreadySaid(
                f"statement id: got it again with other content, wanted what was said at position {position};"
                " use a fresh id for something new",
                position,
            )
        return first

    async def receipt_at(self, position: int) -> Receipt:
        """The receipt of an admitted entry, waiting a moment for a checkpoint that covers it."""
        async with asyncio.timeout(_COVERED_WITHIN):
            while True:
                try:
                    return await self._receipts.receipt_at(position)
                except NotRecorded:
                    await asyncio.sleep(0.05)
