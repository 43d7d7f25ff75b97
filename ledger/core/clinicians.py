"""Rule 4: what a clinician may see: in an emergency, or in care, within the profile, unless the patient sealed it."""

from typing import Final

from ledger.core.consent import SHARED, UNMET, WITHHELD, Consent, Saying
from ledger.core.decisions import UNKNOWN_ITEM, Decision, Deny, Facts, Permit, Request, permit, standing_of
from ledger.core.facts import RecordFacts
from ledger.core.item_facts import Item, lineage
from ledger.core.matters import Matter
from ledger.core.people import Standing
from ledger.core.readers import ReaderRule
from ledger.core.relations import Emergency
from ledger.core.secrecy import heaviest, working
from ledger.core.standing import emergencies_of, reaches_of, team_of_item

OPENED_FIRST: Final = frozenset({"medicine", "allergy", "problem", "wishes"})
"""What an emergency opens at once; the rest is opened item by item (``emergency-item-opened/1``)."""


CLINICIANS_MATTERS: Final = frozenset({"capacity", "best-interests", "conversation"})


class ClinicianRule(ReaderRule):
    """Rule 4 for one clinician at one instant."""

    __slots__ = ("_by_nature", "_consent", "_emergencies", "_reaches")

    def __init__(self, facts: Facts, record: RecordFacts, request: Request, standing: Standing) -> None:
        super().__init__(facts, record, request, standing)
        self._consent = Consent(facts, record, request)
        self._reaches = [
            (reach.profile, permit("direct-care", standing, reach.standing))
            for reach in reaches_of(facts, request.at, request.purpose)
        ]
        self._by_nature: dict[tuple[str, tuple[str, ...]], Decision] = {}
        self._emergencies = [
            (emergency, permit("emergency", standing, Standing((emergency.position,), emergency.ends)))
            for emergency in emergencies_of(record, request.viewer, request.at)
        ]

    def whole(self) -> Decision:
        """Open the record in an emergency, in care, to answer why one looked, or for one's own words."""
        if self._emergencies:
            return self._emergencies[0][1]
        if self._reaches:
            return self._reaches[0][1]
        for question in self.record.questions.values():
            if question.viewer == self.request.viewer:
                return permit("asked", self.standing, Standing((question.position,)))
        return self.own_words_or(Deny("no-relationship"))

    def item(self, item: Item) -> Decision:
        """Emergency first; then care, profile and the patient's seal, of the item and all that it answers."""
        for emergency, at_once in self._emergencies:
            opened = _opened(item, emergency, at_once)
            if opened is not None:
                return opened
        if not self._reaches:
            return self._not_opened(item)
        return self._one(item) if item.parent is None else self._thread(item)

    def matter(self, matter: Matter) -> Decision:
        """In care or an emergency: capacity, best interests, the conversation about carers; and what one is asked."""
        if matter.author == self.request.viewer:
            return permit("own-words", self.standing)
        if matter.kind == "question" and matter.person == self.request.viewer:
            return permit("asked", self.standing, Standing((matter.position,)))
        if matter.kind not in CLINICIANS_MATTERS:
            return UNKNOWN_ITEM
        if self._emergencies:
            return self._emergencies[0][1]
        # As a note of nobody's: within the profile, and not where the patient keeps everything closed.
        in_care = self._nature("note", ())
        return in_care if isinstance(in_care, Permit) else UNKNOWN_ITEM

    def _not_opened(self, item: Item) -> Deny:
        """Outside care: in an emergency the clinician sees that there is more to open, unless it is hidden."""
        if not self._emergencies:
            return Deny("no-relationship")
        trace = not any(self._without_trace(above) for above in lineage(item))
        return Deny("emergency-not-opened", (self._emergencies[0][0].position,), trace)

    def _without_trace(self, item: Item) -> bool:
        said = self._said(item)
        return working(item, self.request.at) or (said is not None and said.hidden)

    def _thread(self, item: Item) -> Decision:
        """An answer quotes what it answers: each of the thread must be permitted."""
        refusal: Deny | None = None
        permits: list[Standing] = []
        for above in lineage(item):
            decision = self._one(above)
            if isinstance(decision, Deny):
                refusal = heaviest(refusal, decision)
            else:
                permits.append(standing_of(decision))
        return permit("direct-care", *permits) if refusal is None else refusal

    def _one(self, item: Item) -> Decision:
        said = self._consent.within(item.scope)
        if said is None or said.effect == UNMET:
            decision = self._nature(item.kind, item.topics)
        else:
            decision = self._in_care(item.kind, item.topics, said)
        if item.kind == "working-note" and working(item, self.request.at):
            return self._team_only(item, decision)
        return decision

    def _nature(self, kind: str, topics: tuple[str, ...]) -> Decision:
        """The decision for all items of this kind and these topics without a directive of their own."""
        decision = self._by_nature.get((kind, topics))
        if decision is None:
            decision = self._in_care(kind, topics, self._said_of_nature(kind, topics))
            self._by_nature[kind, topics] = decision
        return decision

    def _in_care(self, kind: str, topics: tuple[str, ...], said: Saying | None) -> Decision:
        """Profile, then seal. Feedback on a service is the patient's to show, so it needs a share."""
        care = next((allowed for profile, allowed in self._reaches if profile.covers(kind, topics)), None)
        if care is None:
            return Deny("outside-profile")
        if said is not None and said.effect == WITHHELD:
            return Deny("sealed-by-patient", said.standing.evidence, trace=not said.hidden)
        if said is not None:
            return permit("direct-care", standing_of(care), said.standing)
        return Deny("experience-not-shared") if kind == "experience" else care

    def _team_only(self, item: Item, decision: Decision) -> Decision:
        """A working note in its 28 days is for the team of its author; nobody else sees that it exists."""
        team = team_of_item(self.facts, item, self.request.at)
        if team is None:
            return Deny("working")
        return decision if isinstance(decision, Deny) else permit("direct-care", standing_of(decision), team)

    def _said(self, item: Item) -> Saying | None:
        said = self._consent.within(item.scope)
        return self._said_of_nature(item.kind, item.topics) if said is None or said.effect == UNMET else said

    def _said_of_nature(self, kind: str, topics: tuple[str, ...]) -> Saying | None:
        """What the patient's directives for topics, kind and everything say, the first of them that decides.

        A clinician is in care without any share, so a share whose condition is not met says nothing here; it
        leaves the decision to the wider scope, which may be a seal.
        """
        topical = self._of_topics(topics)
        if topical is not None:
            return topical
        for scope in (("kind", kind), ("everything", "")):
            said = self._consent.within(scope)
            if said is not None and said.effect != UNMET:
                return said
        return None

    def _of_topics(self, topics: tuple[str, ...]) -> Saying | None:
        """A seal on any topic seals; shares of every topic share; otherwise the topics say nothing."""
        said = [one for one in (self._consent.within(("topic", topic)) for topic in topics) if one is not None]
        for one in said:
            if one.effect == WITHHELD:
                return one
        if topics and len(said) == len(topics) and all(one.effect == SHARED for one in said):
            return Saying(SHARED, Standing.of(*(one.standing for one in said)))
        return None


def _opened(item: Item, emergency: Emergency, at_once: Permit) -> Permit | None:
    """The emergency's permit, if it opens this item at once or has opened it by name."""
    if item.kind in OPENED_FIRST:
        return at_once
    by_name = emergency.opened.get(item.id)
    return None if by_name is None else permit("emergency", standing_of(at_once), Standing((by_name,)))
