"""Advance statements: drafted, signed, reviewed, withdrawn."""

from ledger.saying import Answer, By, Sentence, Speaker
from ledger.use_cases.items import Draft, Items


class Wishes:
    """What a patient wants known when they cannot say it."""

    def __init__(self, speaker: Speaker, items: Items) -> None:
        self._speaker = speaker
        self._items = items

    async def draft(self, by: By, record: str, text: str, *, title: str | None = None) -> Answer:
        """Draft an advance statement; it is an item of kind ``wishes``."""
        return await self._items.add(by, record, Draft("wishes", text, title))

    async def sign(self, by: By, record: str, item: str) -> Answer:
        """Sign it."""
        return await self._speaker.say(Sentence(by, "wish-signed/1", {"record": record, "item": item}))

    async def review(self, by: By, record: str, item: str, outcome: str, *, text: str | None = None) -> Answer:
        """Review it: ``confirmed`` or ``to-be-changed``."""
        words = None if text is None else {"text": text}
        facts = {"record": record, "item": item, "outcome": outcome}
        return await self._speaker.say(Sentence(by, "wish-reviewed/1", facts, words))

    async def withdraw(self, by: By, record: str, item: str, *, text: str | None = None) -> Answer:
        """Withdraw it."""
        words = None if text is None else {"text": text}
        return await self._speaker.say(Sentence(by, "wish-withdrawn/1", {"record": record, "item": item}, words))
