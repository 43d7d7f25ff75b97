"""Rules 3, 5 and 8: what patients, carers, auditors and guardians may see.

A reader's rule is made once for a request and asked for each item; rules 0 to 2 have been applied before.
"""

from typing import ClassVar, Final

from ledger.core.consent import SHARED, WITHHELD, Consent, Saying
from ledger.core.decisions import Decision, Deny, Facts, Permit, Request, permit, standing_of
from ledger.core.facts import RecordFacts
from ledger.core.item_facts import Item, lineage
from ledger.core.people import Case, Standing
from ledger.core.secrecy import in_wrong_record, off_screen, refusal_to_carers, refusal_to_patient


class ReaderRule:
    """What one reader may see at one instant. ``standing`` is what their acting-as rests on (rule 0)."""

    __slots__ = ("facts", "record", "request", "standing")

    reads_words: ClassVar = True
    """Does this reader read words at all? If not, not their own either while acting as this."""
    screened: ClassVar = False
    """Is what is online-hidden kept off this reader's screens, their own words included?"""

    def __init__(self, facts: Facts, record: RecordFacts, request: Request, standing: Standing) -> None:
        self.facts, self.record, self.request, self.standing = facts, record, request, standing

    def whole(self) -> Decision:
        """May this reader open the record at all?"""
        return Deny("no-rule")

    def item(self, item: Item) -> Decision:
        """May this reader see this item?"""
        return Deny("no-rule")

    @property
    def on_screen(self) -> bool:
        """Is it shown anywhere but in person?"""
        return self.request.via != "in-person"

    def own(self, item: Item) -> Decision:
        """Rule 1: who wrote it may read it.

        What is online-hidden stays off every screen, though; and a preview is read by the patient, so it shows
        nothing that is kept from them.
        """
        kept: Deny | None = None
        if self.request.via == "preview":
            kept = in_wrong_record(item) or refusal_to_patient(self.record, item, self.request.at, on_screen=True)
        elif self.screened and self.on_screen:
            kept = off_screen(item)
        return self.unless_erased(item, permit("own-words", self.standing) if kept is None else kept)

    def own_words_or(self, refusal: Deny) -> Decision:
        """Open the record for the reader's own words if there are any to show, else refuse."""
        own = (self.own(item) for item in self.record.authored.get(self.request.viewer, ()) if item.erased is None)
        return next((decision for decision in own if isinstance(decision, Permit)), refusal)

    def unless_erased(self, item: Item, decision: Decision) -> Decision:
        """Last: whoever may see an item whose words are erased sees that it was there, and nobody reads words of it."""
        if item.erased is None or isinstance(decision, Deny) or not self.reads_words:
            return decision
        return permit("erased", standing_of(decision), Standing((item.erased,)))


class PatientRule(ReaderRule):
    """Rule 3: everything, but for what is kept on a ground and for a time."""

    __slots__ = ("_own_record",)
    screened = True

    def __init__(self, facts: Facts, record: RecordFacts, request: Request, standing: Standing) -> None:
        super().__init__(facts, record, request, standing)
        self._own_record = permit("own-record", standing)

    def whole(self) -> Decision:
        """A patient may always open their record."""
        return self._own_record

    def item(self, item: Item) -> Decision:
        """Deny what is kept from the patient, else permit."""
        kept = refusal_to_patient(self.record, item, self.request.at, on_screen=self.on_screen)
        return self._own_record if kept is None else kept


class CarerRule(ReaderRule):
    """Rule 5: nothing, but for what the patient shares."""

    __slots__ = ("_by_nature", "_consent", "_current", "_no_consent")
    screened = True

    def __init__(self, facts: Facts, record: RecordFacts, request: Request, standing: Standing) -> None:
        super().__init__(facts, record, request, standing)
        self._consent = Consent(facts, record, request)
        self._by_nature: dict[tuple[str, tuple[str, ...]], Decision] = {}
        self._current = request.viewer in record.carers
        suspended = record.suspended.get(request.viewer)
        self._no_consent = Deny("no-consent", () if suspended is None else (suspended,))

    def whole(self) -> Decision:
        """A carer named in the record may open it, and find there what is shared; a former one their own words."""
        return permit("named-carer", self.standing) if self._current else self.own_words_or(_NO_RELATIONSHIP)

    def item(self, item: Item) -> Decision:
        """Deny what is kept from carers; then the patient's directives decide."""
        if not self._current:
            return _NO_RELATIONSHIP
        kept = refusal_to_carers(self.record, item, self.request.at, on_screen=self.on_screen)
        if kept is not None:
            return kept
        said = self._consent.within(item.scope)
        if said is not None:
            return self._decision(said)
        return self._nature(item.kind, item.topics) if item.parent is None else self._answering(item)

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


class AuditorRule(ReaderRule):
    """Rule 8: within an assigned case. A view shows kind, author, times, rules and trail of it, never words."""

    __slots__ = ("_case",)
    reads_words = False

    def __init__(self, facts: Facts, record: RecordFacts, request: Request, standing: Standing) -> None:
        super().__init__(facts, record, request, standing)
        case = facts.viewer.cases.get(request.case or "")
        self._case = case if case is not None and case.term.in_force(request.at) else None

    def whole(self) -> Decision:
        """A case opens its record, and each record of or with words by its person."""
        return self._within(self.request.viewer, whole=True)

    def item(self, item: Item) -> Decision:
        """A case opens the items of its record and those its person wrote or that are about them."""
        return self._within(item.author, whole=False)

    def _within(self, author: str, *, whole: bool) -> Decision:
        if self._case is None:
            return Deny("no-case")
        if not _covers(self._case, self.record, author, whole=whole):
            return Deny("outside-case", (self._case.term.position,))
        return permit("audit", self.standing, self._case.term.standing())


def _covers(case: Case, record: RecordFacts, author: str, *, whole: bool) -> bool:
    # A case that names neither covers nothing: no None ever means everything.
    if case.record is None and case.person is None:
        return False
    if case.record is not None and case.record != record.record:
        return False
    if case.person is None or case.person == record.patient:
        return True
    return case.person in record.authored if whole else case.person == author


class GuardianRule(ReaderRule):
    """Rule 8: emergencies, grounds, notices and deaths; of the items, those that are withheld or in a wrong record."""

    __slots__ = ()
    reads_words = False

    def whole(self) -> Decision:
        """A guardian opens a record in which something concerns them."""
        if self.record.duty is None:
            return _OUTSIDE_DUTY
        return permit("guardian", self.standing, Standing((self.record.duty,)))

    def item(self, item: Item) -> Decision:
        """A guardian sees what somebody keeps on a ground, what stands in the wrong record, what is to be erased."""
        if item.asked is not None:
            return permit("guardian", self.standing, Standing((item.asked,)))
        if item.wrong_record is not None:
            return permit("guardian", self.standing, Standing((item.wrong_record,)))
        if item.hidden is not None:
            return permit("guardian", self.standing, Standing((item.hidden,)))
        if item.withholdings:
            return permit("guardian", self.standing, Standing((item.withholdings[0].position,)))
        return _OUTSIDE_DUTY


_NO_RELATIONSHIP: Final = Deny("no-relationship")
_OUTSIDE_DUTY: Final = Deny("outside-duty")
