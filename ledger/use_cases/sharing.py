"""Sharing: the patient's directives, sessions together, carers, emergency access, and questions about an access."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ledger.core.instants import Instant, format_instant
from ledger.saying import Answer, By, Sentence, Speaker
from ledger.use_cases.looks import Looks


@dataclass(frozen=True, slots=True)
class Directing:
    """A directive to be: who (``{"kind":"person","id":…}``), what (``{"kind":"topic","of":…}``), and how far.

    ``replaces`` names the directive that is current for the same grantee and scope, or is None if none is.
    """

    grantee: Mapping[str, Any]
    scope: Mapping[str, Any]
    effect: str = "share"
    starts: Instant | None = None
    ends: Instant | None = None
    condition: Mapping[str, Any] | None = None
    replaces: str | None = None
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Conversation:
    """A talk about carers: ``asked``, ``agreed``, ``declined`` or ``not-now``; about whom, if somebody was named.

    ``capacity`` is that of the patient to decide about it: ``presumed``, ``has`` or ``lacks``.
    """

    outcome: str
    person: str | None = None
    capacity: str = "presumed"
    text: str | None = None


class SharingChoices:
    """Who may see what."""

    def __init__(self, speaker: Speaker, looks: Looks) -> None:
        self._speaker = speaker
        self._looks = looks

    async def direct(self, by: By, record: str, directing: Directing) -> Answer:
        """Share or withhold a part of the record; the directive's id is the answer's fact ``directive``."""
        pinned = self._speaker.pinned(by)
        facts = {
            "record": record,
            "directive": self._speaker.name(pinned, "directive"),
            "grantee": dict(directing.grantee),
            "scope": dict(directing.scope),
            "effect": directing.effect,
            "from": None if directing.starts is None else format_instant(directing.starts),
            "until": None if directing.ends is None else format_instant(directing.ends),
            "condition": None if directing.condition is None else dict(directing.condition),
            "replaces": directing.replaces,
            "hidden": directing.hidden,
        }
        return await self._speaker.say(Sentence(pinned, "directive-made/1", facts))

    async def withdraw(self, by: By, record: str, directive: str) -> Answer:
        """Withdraw a directive: from its position on, no disclosure rests on it."""
        facts = {"record": record, "directive": directive}
        return await self._speaker.say(Sentence(by, "directive-withdrawn/1", facts))

    async def wish_results(self, by: By, record: str, wish: str) -> Answer:
        """Choose to hear results ``at-once`` or to be told first in person (``tell-me-first``)."""
        return await self._speaker.say(Sentence(by, "results-wish-stated/1", {"record": record, "wish": wish}))

    async def start_together(self, by: By, record: str, carer: str, until: Instant) -> Answer:
        """Begin looking together with a carer, until an instant at the latest."""
        pinned = self._speaker.pinned(by)
        together = self._speaker.name(pinned, "together")
        facts = {"record": record, "together": together, "person": carer, "until": format_instant(until)}
        return await self._speaker.say(Sentence(pinned, "together-started/1", facts))

    async def end_together(self, by: By, record: str, together: str) -> Answer:
        """End a session together."""
        return await self._speaker.say(Sentence(by, "together-ended/1", {"record": record, "together": together}))

    async def suspend(self, by: By, record: str, carer: str) -> Answer:
        """Suspend a carer: as if there were no directives for them."""
        return await self._speaker.say(Sentence(by, "carer-suspended/1", {"record": record, "person": carer}))

    async def restore(self, by: By, record: str, carer: str) -> Answer:
        """End a suspension."""
        return await self._speaker.say(Sentence(by, "carer-restored/1", {"record": record, "person": carer}))

    async def stop(self, by: By, record: str) -> Answer:
        """Stop all sharing now, with everybody; what is withheld stays withheld."""
        return await self._speaker.say(Sentence(by, "sharing-stopped/1", {"record": record}))

    async def freeze(self, by: By, record: str, carer: str) -> Answer:
        """Freeze what a carer sees: what they could see stays, nothing new comes."""
        return await self._speaker.say(Sentence(by, "sharing-frozen/1", {"record": record, "person": carer}))

    async def unfreeze(self, by: By, record: str, carer: str) -> Answer:
        """End a freeze."""
        return await self._speaker.say(Sentence(by, "sharing-unfrozen/1", {"record": record, "person": carer}))

    async def hold_conversation(self, by: By, record: str, conversation: Conversation) -> Answer:
        """Record a talk with the patient about carers; its id is the answer's fact ``conversation``."""
        pinned = self._speaker.pinned(by)
        facts = {
            "record": record,
            "conversation": self._speaker.name(pinned, "conversation"),
            "person": conversation.person,
            "outcome": conversation.outcome,
            "capacity": conversation.capacity,
        }
        words = None if conversation.text is None else {"text": conversation.text}
        return await self._speaker.say(Sentence(pinned, "carer-conversation-held/1", facts, words))

    async def open_emergency(self, by: By, record: str, kind: str, reason: str, until: Instant) -> Answer:
        """Open a record as an emergency, with its kind, a reason and a limit; the patient is told."""
        pinned = self._speaker.pinned(by)
        emergency = self._speaker.name(pinned, "emergency")
        facts = {"record": record, "emergency": emergency, "person": by.person, "kind": kind}
        facts["until"] = format_instant(until)
        return await self._speaker.say(Sentence(pinned, "emergency-opened/2", facts, {"reason": reason}))

    async def open_emergency_item(self, by: By, record: str, emergency: str, item: str) -> Answer:
        """Open one more item in an emergency, beyond what it opens first."""
        facts = {"record": record, "emergency": emergency, "item": item}
        return await self._speaker.say(Sentence(by, "emergency-item-opened/1", facts))

    async def review_emergency(self, by: By, record: str, emergency: str, outcome: str, reason: str) -> Answer:
        """Review an emergency access, by the guardian: ``justified`` or ``not-justified``."""
        facts = {"record": record, "emergency": emergency, "outcome": outcome}
        return await self._speaker.say(Sentence(by, "emergency-reviewed/1", facts, {"reason": reason}))

    async def delay_notice(self, by: By, record: str, emergency: str, until: Instant, reason: str) -> Answer:
        """Delay telling the patient of an emergency access, by the guardian, 72 hours at a time."""
        facts = {"record": record, "emergency": emergency, "until": format_instant(until)}
        return await self._speaker.say(Sentence(by, "notice-delayed/1", facts, {"reason": reason}))

    async def question_access(self, by: By, record: str, disclosure: str, text: str) -> Answer:
        """Ask why somebody looked, by the id of the disclosure on the trail; the fact ``question`` is its own id.

        Raises Unknown where the patient sees no such line.
        """
        pinned = self._speaker.pinned(by)
        viewer = await self._looks.viewer(pinned, record, disclosure)
        question = self._speaker.name(pinned, "question")
        facts = {"record": record, "question": question, "disclosure": disclosure, "viewer": viewer}
        return await self._speaker.say(Sentence(pinned, "access-questioned/1", facts, {"text": text}))

    async def answer_access(self, by: By, record: str, question: str, text: str) -> Answer:
        """Answer why one looked, or for who looked, as the guardian."""
        facts = {"record": record, "question": question}
        return await self._speaker.say(Sentence(by, "access-answered/1", facts, {"text": text}))
