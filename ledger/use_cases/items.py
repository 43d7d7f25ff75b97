"""Items: adding, amending, marking in error, commenting, agreeing, disputing, withholding."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from ledger.core.deadlines import month_after
from ledger.core.instants import Instant, format_instant
from ledger.saying import Answer, By, Sentence, Speaker

_DUE: Final = frozenset({"due"})


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be added: its kind, words and marks. ``data`` carries measured values as text."""

    kind: str
    text: str
    title: str | None = None
    topics: Sequence[str] = ()
    data: Mapping[str, str] | None = None
    in_confidence: bool = False
    discussed: bool = False
    copy_given: bool = False
    imported: str | None = None


@dataclass(frozen=True, slots=True)
class _Anchor:
    """What an answer answers, as what, and at which passage."""

    parent: str | None = None
    concern: str | None = None
    quote: str | None = None


_NOWHERE: Final = _Anchor()


class Items:
    """What is written in a record."""

    def __init__(self, speaker: Speaker) -> None:
        self._speaker = speaker

    async def add(self, by: By, record: str, draft: Draft) -> Answer:
        """Add an item; its id is the answer's fact ``item``."""
        return await self._add(by, record, draft)

    async def comment(self, by: By, record: str, parent: str, text: str, *, quote: str | None = None) -> Answer:
        """Comment on an item, at a quoted passage if one is given."""
        return await self._add(by, record, Draft("comment", text), _Anchor(parent, "comment", quote))

    async def reply(self, by: By, record: str, parent: str, text: str) -> Answer:
        """Reply to a comment."""
        return await self._add(by, record, Draft("comment", text), _Anchor(parent, "reply"))

    async def dispute(self, by: By, record: str, parent: str, text: str, *, quote: str | None = None) -> Answer:
        """Dispute a passage: it stands beside it, and an answer is due within a month."""
        return await self._add(by, record, Draft("comment", text), _Anchor(parent, "dispute", quote))

    async def amend(self, by: By, record: str, item: str, text: str, *, reason: str | None = None) -> Answer:
        """Say it anew next to the old words."""
        return await self._about(
            by, "item-amended/1", {"record": record, "item": item}, {"text": text, "reason": reason}
        )

    async def mark_in_error(self, by: By, record: str, item: str, reason: str, *, wrong_record: bool = False) -> Answer:
        """Mark an item in error; in the wrong record, only its author and the guardian see it from now on."""
        facts = {"record": record, "item": item, "wrong_record": wrong_record}
        return await self._about(by, "item-marked-in-error/1", facts, {"reason": reason})

    async def set_topics(self, by: By, record: str, item: str, topics: Sequence[str]) -> Answer:
        """State the sensitive topics of an item anew."""
        return await self._about(
            by, "item-topics-set/1", {"record": record, "item": item, "topics": list(topics)}, None
        )

    async def agree(self, by: By, record: str, item: str, agreement: str, *, text: str | None = None) -> Answer:
        """Say ``agree``, ``disagree`` or ``not-discussed``; a disagreement stands beside the passage."""
        words = None if text is None else {"text": text}
        return await self._about(
            by, "agreement-stated/1", {"record": record, "item": item, "agreement": agreement}, words
        )

    async def answer_dispute(self, by: By, record: str, dispute: str, outcome: str, reason: str) -> Answer:
        """Answer a dispute: ``amended``, or ``declined`` with the reason; a refusal gets a second review."""
        return await self._about(
            by, "dispute-answered/1", {"record": record, "item": dispute, "outcome": outcome}, {"reason": reason}
        )

    async def review_dispute(self, by: By, record: str, dispute: str, outcome: str, reason: str) -> Answer:
        """Review a declined dispute, by another professional: ``upheld`` or ``overturned``."""
        return await self._about(
            by, "dispute-reviewed/1", {"record": record, "item": dispute, "outcome": outcome}, {"reason": reason}
        )

    async def withhold(
        self, by: By, record: str, item: str, *, kept_from: str, ground: str, opinion: date, review: date, reason: str
    ) -> Answer:
        """Withhold an item from the ``patient``, from ``carers`` or from every ``screen``, on a ground with dates."""
        pinned = self._speaker.pinned(by)
        facts = {
            "record": record,
            "item": item,
            "withholding": self._speaker.name(pinned, "withholding"),
            "from": kept_from,
            "ground": ground,
            "opinion_date": opinion.isoformat(),
            "review_date": review.isoformat(),
        }
        return await self._about(pinned, "withholding-made/1", facts, {"reason": reason})

    async def lift(self, by: By, record: str, item: str, withholding: str, *, reason: str | None = None) -> Answer:
        """Lift a withholding."""
        words = None if reason is None else {"reason": reason}
        return await self._about(
            by, "withholding-lifted/1", {"record": record, "item": item, "withholding": withholding}, words
        )

    async def hold(self, by: By, record: str, item: str, until: Instant, reason: str) -> Answer:
        """Hold a result back from the patient, at most 14 days, with a reason."""
        facts = {"record": record, "item": item, "until": format_instant(until)}
        return await self._about(by, "result-held/1", facts, {"reason": reason}
        )  # fmt: skip

    async def release(self, by: By, record: str, item: str) -> Answer:
        """Release a held result."""
        return await self._about(by, "result-released/1", {"record": record, "item": item}, None)

    async def ask_leave(self, by: By, record: str, item: str, text: str) -> Answer:
        """Ask a carer for leave to share what they told in confidence."""
        return await self._about(by, "leave-asked/1", {"record": record, "item": item}, {"text": text})

    async def answer_leave(self, by: By, record: str, item: str, outcome: str) -> Answer:
        """Answer, as the carer who told it: ``given`` ends the confidence, ``refused`` leaves it as it is."""
        return await self._about(by, "leave-answered/1", {"record": record, "item": item, "outcome": outcome}, None)

    async def _add(self, by: By, record: str, draft: Draft, anchor: "_Anchor | None" = None) -> Answer:
        anchor = anchor or _NOWHERE
        pinned = self._speaker.pinned(by)
        facts = {
            "record": record,
            "item": self._speaker.name(pinned, "item"),
            "kind": draft.kind,
            "topics": list(draft.topics),
            "parent": anchor.parent,
            "concern": anchor.concern,
            "due": self._due(pinned) if anchor.concern == "dispute" else None,
            "in_confidence": draft.in_confidence,
            "discussed": draft.discussed,
            "copy_given": draft.copy_given,
            "imported": draft.imported,
        }
        data = None if draft.data is None else dict(draft.data)
        words = {"title": draft.title, "text": draft.text, "quote": anchor.quote, "data": data}
        return await self._speaker.say(Sentence(pinned, "item-added/1", facts, words, clocked=_DUE))

    def _due(self, pinned: By) -> str:
        """When a dispute is to be answered, by its author's clock; readers count from when it was recorded."""
        return format_instant(month_after(self._speaker.voice(pinned).made_at))

    async def _about(
        self, by: By, statement_type: str, facts: Mapping[str, Any], words: Mapping[str, Any] | None
    ) -> Answer:
        return await self._speaker.say(Sentence(by, statement_type, facts, words))
