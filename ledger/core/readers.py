"""What the rules of all readers have in common, and rule 3: what a patient may see.

A reader's rule is made once for a request and asked for each item and matter; rules 0 to 2 have been applied before.
"""

from typing import ClassVar

from ledger.core.decisions import UNKNOWN_ITEM, Decision, Deny, Facts, Permit, Request, permit, standing_of
from ledger.core.facts import RecordFacts
from ledger.core.instants import Instant
from ledger.core.item_facts import Item
from ledger.core.matters import Matter
from ledger.core.people import Standing
from ledger.core.secrecy import in_wrong_record, off_screen, refusal_to_patient


class ReaderRule:
    """What one reader may see at one instant. ``standing`` is what their acting-as rests on (rule 0)."""

    __slots__ = ("facts", "record", "request", "standing")

    reads_words: ClassVar = True
    """Does this reader read words at all? If not, not their own either while acting as this."""
    screened: ClassVar = False
    """Is what is online-hidden kept off this reader's screens, their own words included?"""

    def __init__(self, facts: Facts, record: RecordFacts, request: Request, standing: Standing) -> None:
        self.facts, self.record, self.request, self.standing = facts, record, request, standing

    @property
    def reads_trail(self) -> bool:
        """May this reader hear who has looked?"""
        return True

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
            kept = off_screen(item, self.request.at)
        return self.unless_erased(item, permit("own-words", self.standing) if kept is None else kept)

    def matter(self, matter: Matter) -> Decision:
        """May this reader read what is said in words about a matter of the record? Else it is not there for them."""
        return UNKNOWN_ITEM

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

    def matter(self, matter: Matter) -> Decision:
        """All that concerns them; an emergency from when the guardian no longer delays the notice."""
        return patients_matter(self.record, matter, self.request.at, self._own_record)


def patients_matter(record: RecordFacts, matter: Matter, at: Instant, allowed: Permit) -> Decision:
    """What is said about the record, as its patient, or somebody in their place, may read it."""
    emergency = record.emergencies.get(matter.id)
    delayed = None if emergency is None else emergency.kept_quiet(at)
    if delayed is not None:
        return Deny("notice-delayed", delayed.evidence)
    return allowed
