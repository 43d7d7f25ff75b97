"""Rules 6 and 7: who reads in the patient's place: an attorney or deputy, and a child's parent."""

from dataclasses import replace

from ledger.core.carers import CarerRule, erased_above, first_within
from ledger.core.decisions import UNKNOWN_ITEM, Decision, Deny, Facts, Permit, Request, permit, standing_of
from ledger.core.facts import RecordFacts
from ledger.core.item_facts import Item, lineage
from ledger.core.matters import Matter
from ledger.core.people import Standing, Term
from ledger.core.readers import patients_matter
from ledger.core.representation import YOUNG_PERSONS_OWN, within
from ledger.core.secrecy import refusal_to_patient


class AttorneyRule(CarerRule):
    """Rule 6: what bears on a decision that the patient cannot make; everything else as a carer."""

    __slots__ = ("_grounds",)

    def __init__(self, facts: Facts, record: RecordFacts, request: Request, standing: Standing) -> None:
        super().__init__(facts, record, request, standing)
        self._grounds = list(record.representation.grounds(request.viewer, request.at))

    def whole(self) -> Decision:
        """Whoever holds a power in force may open the record, and find there what it lets them see."""
        held = self._held()
        return permit("attorney", self.standing, held.standing()) if self._died is None and held else super().whole()

    def matter(self, matter: Matter) -> Decision:
        """The assessment by which they decide in the patient's place, while it says so."""
        known, at = self.record.representation, self.request.at
        assessment = known.assessment(matter.id)
        lacking = None if assessment is None else known.lacking(assessment.matter, at)
        if assessment is None or lacking is None or self._died is not None:
            return UNKNOWN_ITEM
        held = (
            standing for power, standing in known.held_by(self.request.viewer, at) if assessment.matter in power.matters
        )
        standing = next(held, None)
        return UNKNOWN_ITEM if standing is None else permit("attorney", self.standing, standing, lacking)

    def _is_current(self) -> bool:
        return self._held() is not None or super()._is_current()

    def _held(self) -> Term | None:
        """A power in force; also a joint one that not all act under: the record opens, for what a carer would find."""
        held = (power.held.get(self.request.viewer) for power in self.record.representation.powers.values())
        return next((term for term in held if term is not None and term.in_force(self.request.at)), None)

    def _living(self, item: Item) -> Decision:
        return first_within(self._grounds, item, self.standing, "attorney") or super()._living(item)


class ParentRule(CarerRule):
    """Rule 7: as the patient, then by review, then no more."""

    __slots__ = ("_as_patient", "_responsible", "_review")

    @property
    def reads_trail(self) -> bool:
        """As the patient, while they are a child."""
        return self._as_patient is not None

    def __init__(self, facts: Facts, record: RecordFacts, request: Request, standing: Standing) -> None:
        super().__init__(facts, record, request, standing)
        known, policy, at = record.representation, facts.policy, request.at
        parental = known.parental_of(request.viewer, at)
        child = known.below(policy.ages.review, policy, at)
        aged = known.below(policy.ages.ends, policy, at) if child is None else child
        self._as_patient: Permit | None = None
        self._review = None
        self._responsible: Standing | None = None
        self._current = parental is not None and aged is not None
        if parental is None or aged is None:
            return
        self._responsible = whole = Standing.of(standing, parental.term.standing(), aged)
        if child is not None:
            self._as_patient = permit("parent", whole)
        elif parental.review is not None and parental.review[1].until is not None and at < parental.review[1].until:
            self._review = parental.review[0], permit("parent-reviewed", whole, parental.review[1])

    def whole(self) -> Decision:
        """A parent may open the record until the young person is of age, and find there what they may see."""
        if self._died is None and self._responsible is not None:
            return self._as_patient or permit("named-parent", self._responsible)
        return super().whole()

    def item(self, item: Item) -> Decision:
        """As the patient while they are a child; then as a carer of theirs, and what a review has opened."""
        if self._as_patient is None or self._died is not None:
            decision = super().item(item)
            return replace(decision, trace=False) if isinstance(decision, Deny) else decision
        kept = refusal_to_patient(self.record, item, self.request.at, on_screen=self.on_screen)
        return self._as_patient if kept is None else kept

    def matter(self, matter: Matter) -> Decision:
        """As the patient while they are a child; then none."""
        if self._as_patient is None or self._died is not None:
            return UNKNOWN_ITEM
        return patients_matter(self.record, matter, self.request.at, self._as_patient)

    def unless_erased(self, item: Item, decision: Decision) -> Decision:
        """As the patient sees it, while they are a child."""
        if item.erased is None or isinstance(decision, Deny) or self._as_patient is None:
            return super().unless_erased(item, decision)
        return permit("erased", standing_of(decision), Standing((item.erased,)))

    def _living(self, item: Item) -> Decision:
        decision = super()._living(item)
        if self._review is None or isinstance(decision, Permit) or self._refused_by_patient(item):
            return decision
        parts, reviewed = self._review
        if any(YOUNG_PERSONS_OWN.intersection(above.topics) for above in lineage(item)):
            return Deny("young-persons-own")
        return (erased_above(item) or reviewed) if within(parts, item) else decision
