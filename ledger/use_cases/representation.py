"""Who decides when the patient cannot, or is a child; and after death: capacity, powers, parents, best interests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from ledger.core.instants import Instant, format_instant
from ledger.saying import Answer, By, Sentence, Speaker

FROM: Final = frozenset({"from"})
_AS_SAID: Final[frozenset[str]] = frozenset()

Part = Mapping[str, str]
"""A part of a record: ``{"kind": "item" | "topic" | "kind", "of": …}``; for a release also everything."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What an assessment of capacity finds of one ``matter``: ``has`` or ``lacks``, and which parts bear on it."""

    matter: str
    outcome: str
    text: str
    until: Instant
    relevant: Sequence[Part] = ()
    starts: Instant | None = None


@dataclass(frozen=True, slots=True)
class Instrument:
    """A lasting power or a deputyship, and one of those who hold it.

    ``holders`` is how many the instrument names. ``power`` is the id under which another holder of the same instrument
    was registered, or None for the first of them.
    """

    person: str
    kind: str
    matters: Sequence[str]
    terms: str
    registered_on: date | None
    holders: int = 1
    power: str | None = None
    starts: Instant | None = None
    until: Instant | None = None


@dataclass(frozen=True, slots=True)
class ParentalReview:
    """Parts that a parent is let see from the age of review on, until when, and why."""

    scope: Sequence[Part]
    until: Instant
    reason: str


@dataclass(frozen=True, slots=True)
class Opening:
    """Parts that somebody is let see for a time, by a professional's or the guardian's decision, and why."""

    person: str
    scope: Sequence[Part]
    until: Instant
    reason: str


class Representing:
    """Who decides for the patient of a record."""

    def __init__(self, speaker: Speaker) -> None:
        self._speaker = speaker

    async def state_birth(self, by: By, record: str, born: date) -> Answer:
        """State on which day the patient was born: from it follows what a parent may see, and until when."""
        return await self._say(by, "birth-stated/1", {"record": record, "born": born.isoformat()})

    # capacity

    async def assess_capacity(self, by: By, record: str, finding: Finding) -> Answer:
        """State whether the patient can decide one matter, for a time; the answer's fact ``assessment`` is its id."""
        pinned = self._speaker.pinned(by)
        facts = {
            "record": record,
            "assessment": self._speaker.name(pinned, "assessment"),
            "matter": finding.matter,
            "outcome": finding.outcome,
            "relevant": _parts(finding.relevant),
            **self._term(pinned, finding.starts, finding.until),
        }
        clocked = _clocked(finding.starts)
        return await self._say(pinned, "capacity-assessed/1", facts, {"text": finding.text}, clocked=clocked)

    async def withdraw_assessment(self, by: By, record: str, assessment: str, reason: str) -> Answer:
        """Withdraw an assessment: capacity is presumed again."""
        facts = {"record": record, "assessment": assessment}
        return await self._say(by, "capacity-withdrawn/1", facts, {"reason": reason})

    # powers

    async def register_power(self, by: By, record: str, instrument: Instrument) -> Answer:
        """Register somebody as a holder of a power over health and welfare; the answer's fact ``power`` is its id."""
        pinned = self._speaker.pinned(by)
        registered_on = instrument.registered_on
        facts = {
            "record": record,
            "power": instrument.power or self._speaker.name(pinned, "power"),
            "person": instrument.person,
            "kind": instrument.kind,
            "matters": list(instrument.matters),
            "terms": instrument.terms,
            "holders": instrument.holders,
            "registered_on": None if registered_on is None else registered_on.isoformat(),
            **self._term(pinned, instrument.starts, instrument.until),
        }
        return await self._say(pinned, "power-registered/1", facts, clocked=_clocked(instrument.starts))

    async def exercise_power(self, by: By, record: str, power: str, until: Instant) -> Answer:
        """Say, as a holder, that one acts under a joint power: it acts while every holder says so."""
        facts = {"record": record, "power": power, "until": format_instant(until)}
        return await self._say(by, "power-exercised/1", facts)

    async def end_power(self, by: By, record: str, power: str, person: str) -> Answer:
        """End that somebody holds a power."""
        return await self._say(by, "power-ended/1", {"record": record, "power": power, "person": person})

    # parents

    async def register_parent(
        self, by: By, record: str, person: str, *, starts: Instant | None = None, until: Instant | None = None
    ) -> Answer:
        """Register somebody's parental responsibility; the answer's fact ``parental`` is its id."""
        pinned = self._speaker.pinned(by)
        parental = self._speaker.name(pinned, "parental")
        facts = {"record": record, "parental": parental, "person": person, **self._term(pinned, starts, until)}
        return await self._say(pinned, "parent-registered/1", facts, clocked=_clocked(starts))

    async def review_parent(self, by: By, record: str, parental: str, review: ParentalReview) -> Answer:
        """Review what a parent sees of a young person's record: the named parts, for a time."""
        scope, until = _parts(review.scope), format_instant(review.until)
        facts = {"record": record, "parental": parental, "scope": scope, "until": until}
        return await self._say(by, "parent-reviewed/1", facts, {"reason": review.reason})

    async def end_parent(self, by: By, record: str, parental: str) -> Answer:
        """End somebody's parental responsibility."""
        return await self._say(by, "parent-ended/1", {"record": record, "parental": parental})

    # best interests

    async def disclose_in_best_interests(self, by: By, record: str, assessment: str, opening: Opening) -> Answer:
        """Let a carer see parts for a time while the patient cannot decide; the fact ``best_interests`` is its id."""
        pinned = self._speaker.pinned(by)
        named = self._speaker.name(pinned, "best_interests")
        facts = {"record": record, "best_interests": named, "assessment": assessment, **_opened(opening)}
        return await self._say(pinned, "best-interests-made/1", facts, {"reason": opening.reason})

    async def end_best_interests(self, by: By, record: str, best_interests: str) -> Answer:
        """End a best-interests disclosure before its time."""
        return await self._say(by, "best-interests-ended/1", {"record": record, "best_interests": best_interests})

    # after death

    async def wish_after_death(self, by: By, record: str, wish: str) -> Answer:
        """Say what becomes of the record after one's death: ``ask-guardian``, or ``not-after-my-death``."""
        return await self._say(by, "after-death-wish-stated/1", {"record": record, "wish": wish})

    async def record_death(self, by: By, record: str, died: date) -> Answer:
        """Record on which day the patient died: sessions, shares and powers end."""
        return await self._say(by, "death-recorded/1", {"record": record, "died": died.isoformat()})

    async def retract_death(self, by: By, record: str, reason: str) -> Answer:
        """Retract the record of a death, by the guardian."""
        return await self._say(by, "death-retracted/1", {"record": record}, {"reason": reason})

    async def release_after_death(self, by: By, record: str, opening: Opening) -> Answer:
        """Let somebody see parts after the patient's death, by the guardian; the fact ``release`` is its id."""
        pinned = self._speaker.pinned(by)
        facts = {"record": record, "release": self._speaker.name(pinned, "release"), **_opened(opening)}
        return await self._say(pinned, "after-death-released/1", facts, {"reason": opening.reason})

    def _term(self, pinned: By, starts: Instant | None, until: Instant | None) -> dict[str, str | None]:
        begins = self._speaker.voice(pinned).made_at if starts is None else starts
        return {"from": format_instant(begins), "until": None if until is None else format_instant(until)}

    async def _say(
        self,
        by: By,
        statement_type: str,
        facts: Mapping[str, Any],
        words: Mapping[str, Any] | None = None,
        *,
        clocked: frozenset[str] = _AS_SAID,
    ) -> Answer:
        return await self._speaker.say(Sentence(by, statement_type, facts, words, clocked=clocked))


def _parts(scope: Sequence[Part]) -> list[dict[str, str]]:
    return [dict(part) for part in scope]


def _opened(opening: Opening) -> dict[str, Any]:
    scope, until = _parts(opening.scope), format_instant(opening.until)
    return {"person": opening.person, "scope": scope, "until": until}


def _clocked(starts: Instant | None) -> frozenset[str]:
    """``from`` counts as said, unless the clock filled it in."""
    return FROM if starts is None else _AS_SAID
