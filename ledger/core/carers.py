"""Rule 5: what a carer may see: nothing, but for what the patient shares; after death, what a guardian releases."""

from typing import Final

from ledger.core.consent import SHARED, WITHHELD, Consent, Saying
from ledger.core.decisions import Decision, Deny, Facts, Permit, Request, permit, standing_of
from ledger.core.directives import EVERYTHING, Scope
from ledger.core.facts import RecordFacts
from ledger.core.item_facts import Item, lineage, newest_of
from ledger.core.people import Standing
from ledger.core.readers import ReaderRule
from ledger.core.representation import Parts, within
from ledger.core.secrecy import refusal_to_carers

NO_RELATIONSHIP: Final = Deny("no-relationship")


class CarerRule(ReaderRule):
    """Rule 5 for one carer at one instant."""

    __slots__ = (
        "_best_interests",
        "_by_nature",
        "_consent",
        "_current",
        "_died",
        "_frozen",
        "_no_consent",
        "_released",
    )
    screened = True

    def __init__(self, facts: Facts, record: RecordFacts, request: Request, standing: Standing) -> None:
        super().__init__(facts, record, request, standing)
        self._consent = Consent(facts, record, request)
        self._by_nature: dict[tuple[str, tuple[str, ...]], Decision] = {}
        self._died = record.representation.died
        self._frozen = record.frozen.get(request.viewer)
        self._released = self._releases()
        self._best_interests = self._in_best_interests()
        self._current = self._is_current()
        suspended = record.suspended.get(request.viewer)
        self._no_consent = Deny("no-consent", () if suspended is None else (suspended,))

    @property
    def reads_trail(self) -> bool:
        """Carers never see the trail."""
        return False

    def whole(self) -> Decision:
        """A carer named in the record may open it, and find there what is shared; a former one their own words."""
        if self._died is not None:
            if self._released:
                return permit("released", self.standing, self._released[0][1])
            return self.own_words_or(Deny("after-death", (self._died,)))
        return permit("named-carer", self.standing) if self._current else self.own_words_or(NO_RELATIONSHIP)

    def item(self, item: Item) -> Decision:
        """Deny what is kept from carers; then the patient's directives decide, and after death the guardian."""
        if not self._current and not self._released:
            return NO_RELATIONSHIP
        kept = refusal_to_carers(self.record, item, self.request.at, on_screen=self.on_screen)
        if kept is not None:
            return kept
        if self._died is not None:
            return self._after_death(item, self._died)
        return self._living(item)

    def _is_current(self) -> bool:
        return self.request.viewer in self.record.carers

    def _after_death(self, item: Item, died: int) -> Decision:
        """What a guardian releases; what the patient withheld from this very reader stays so."""
        refusal = Deny("after-death", (died,))
        if self._refused_by_patient(item):
            return refusal
        return first_within(self._released, item, self.standing, "released") or refusal

    def _living(self, item: Item) -> Decision:
        """The patient's directives; where they say nothing and the patient cannot decide, a best-interests decision."""
        decision = self._directed(item)
        if not self._best_interests or isinstance(decision, Permit) or self._refused_by_patient(item):
            return decision
        return first_within(self._best_interests, item, self.standing, "best-interests") or decision

    def _directed(self, item: Item) -> Decision:
        if self._frozen is not None and newest_of(item) > self._frozen and not self._shared_since(item, self._frozen):
            return Deny("frozen", (self._frozen,))
        said = self._consent.within(item.scope)
        if said is not None:
            return self._decision(said)
        return self._nature(item.kind, item.topics) if item.parent is None else self._answering(item)

    def _shared_since(self, item: Item, frozen: int) -> bool:
        """Did the patient share this very item with this very carer since the freeze?"""
        made = self.record.current_directive(("person", self.request.viewer), item.scope)
        return made is not None and made.shares and made.position > frozen

    def _refused_by_patient(self, item: Item) -> bool:
        """Does the patient withhold it, or what it answers, or allow nothing new, or suspend? None overrides that."""
        if self.request.viewer in self.record.suspended:
            return True
        if self._frozen is not None and newest_of(item) > self._frozen:
            return True
        said = (self._consent.within(scope) for above in lineage(item) for scope in _scopes(above))
        return any(one is not None and one.effect == WITHHELD for one in said)

    def _in_best_interests(self) -> list[tuple[Parts, Standing]]:
        """What professionals disclose to this carer while the patient cannot decide about sharing."""
        made, viewer, at = self.record.representation.best_interests, self.request.viewer, self.request.at
        lacking = self.record.representation.lacking("sharing", at) if made else None
        if lacking is None:
            return []
        return [(one.parts, Standing.of(one.standing, lacking)) for one in made.values() if one.bears_on(viewer, at)]

    def _releases(self) -> list[tuple[Parts, Standing]]:
        """What the guardian releases to this person after the patient's death, unless the patient forbade it."""
        known, viewer, at = self.record.representation, self.request.viewer, self.request.at
        if known.died is None or (known.wish is not None and known.wish[1] == "not-after-my-death"):
            return []
        died = Standing((known.died,))
        found = (one for one in known.released.values() if one.bears_on(viewer, at))
        return [(one.parts, Standing.of(one.standing, died)) for one in found]

    def unless_erased(self, item: Item, decision: Decision) -> Decision:
        """To a carer it is as if it had never been there."""
        if item.erased is None or isinstance(decision, Deny):
            return decision
        return Deny("erased", (item.erased,))

    def _answering(self, item: Item) -> Decision:
        """A comment without a directive of its own: as its kind and topics, if what it answers is shared as well.

        It quotes what it answers, so it counts as having the topics of everything above it; and sharing the
        parent alone never shares it.
        """
        thread = list(lineage(item))
        permits: list[Standing] = []
        for n, one in enumerate(thread):
            if one.erased is not None:  # what is not there for a carer is not answered either
                return Deny("erased", (one.erased,))
            said = self._consent.within(one.scope)
            topics = tuple(sorted({topic for above in thread[n:] for topic in above.topics}))
            decision = self._nature(one.kind, topics) if said is None else self._decision(said)
            if isinstance(decision, Deny):
                return decision
            permits.append(standing_of(decision))
            if said is not None:
                break
        return permit("shared", *permits)

    def _nature(self, kind: str, topics: tuple[str, ...]) -> Decision:
        """(b) every topic must be shared; (c) without topics, the kind decides, else everything."""
        decision = self._by_nature.get((kind, topics))
        if decision is None:
            decision = self._topics(topics) if topics else self._decision(self._consent.kind_or_everything(kind))
            self._by_nature[kind, topics] = decision
        return decision

    def _topics(self, topics: tuple[str, ...]) -> Decision:
        said = [self._consent.within(("topic", topic)) for topic in topics]
        named = [one for one in said if one is not None]
        whole = Standing.of(*(one.standing for one in named))
        if len(named) < len(topics) or any(one.effect == WITHHELD for one in named):
            return Deny("topic-not-shared", whole.evidence)
        if any(one.effect != SHARED for one in named):
            return Deny("condition-not-met", whole.evidence)
        return permit("shared", self.standing, whole)

    def _decision(self, said: Saying | None) -> Decision:
        if said is None:
            return self._no_consent
        if said.effect == SHARED:
            return permit("shared", self.standing, said.standing)
        rule = "withheld-by-patient" if said.effect == WITHHELD else "condition-not-met"
        return Deny(rule, said.standing.evidence)


def first_within(allowed: list[tuple[Parts, Standing]], item: Item, standing: Standing, rule: str) -> Decision | None:
    """The permit of the first of these that covers an item; what is erased above it is not there to be answered."""
    for parts, rests_on in allowed:
        if within(parts, item):
            return erased_above(item) or permit(rule, standing, rests_on)
    return None


def erased_above(item: Item) -> Deny | None:
    """The refusal of an answer to something whose words are erased: to a carer that had never been there."""
    return next((Deny("erased", (one.erased,)) for one in lineage(item) if one.erased is not None), None)


def _scopes(item: Item) -> list[Scope]:
    return [item.scope, *(("topic", topic) for topic in item.topics), ("kind", item.kind), EVERYTHING]
