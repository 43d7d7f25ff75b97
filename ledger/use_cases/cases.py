"""Cases: what an auditor may look into, assigned by an administrator or a guardian for a time."""

from typing import Final

from ledger.core.instants import Instant, format_instant
from ledger.saying import Answer, By, Sentence, Speaker

FROM: Final = frozenset({"from"})


class Cases:
    """Auditors' cases."""

    def __init__(self, speaker: Speaker) -> None:
        self._speaker = speaker

    async def assign(
        self,
        by: By,
        auditor: str,
        reason: str,
        *,
        record: str | None = None,
        person: str | None = None,
        period: tuple[Instant, Instant] | None = None,
        until: Instant | None = None,
    ) -> Answer:
        """Assign a case about a record, a person or a period, or several of them together.

        Its id is the answer's fact ``case``.
        """
        pinned = self._speaker.pinned(by)
        facts = {
            "case": self._speaker.name(pinned, "case"),
            "auditor": auditor,
            "record": record,
            "person": person,
            "period": None
            if period is None
            else dict(zip(("since", "before"), map(format_instant, period), strict=True)),
            "from": format_instant(self._speaker.voice(pinned).made_at),
            "until": None if until is None else format_instant(until),
        }
        return await self._speaker.say(Sentence(pinned, "case-assigned/2", facts, {"reason": reason}, clocked=FROM))

    async def open_topics(self, by: By, case: str, record: str, item: str, reason: str) -> Answer:
        """Open the sensitive topics of one item to the auditor whose case it is, with the reason."""
        facts = {"case": case, "auditor": by.person, "record": record, "item": item}
        return await self._speaker.say(Sentence(by, "topics-opened/1", facts, {"reason": reason}))

    async def close(self, by: By, case: str, auditor: str) -> Answer:
        """Close a case: from its position on, nothing is opened under it."""
        return await self._speaker.say(Sentence(by, "case-closed/1", {"case": case, "auditor": auditor}))
