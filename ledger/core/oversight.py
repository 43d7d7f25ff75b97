"""Rule 8: what auditors and guardians oversee: that something is there, whose, when and by which rule.

An auditor never reads words. A guardian reads those of matters alone: why an emergency was opened, what was asked about
an access; of an item they read none.
"""

from typing import Final

from ledger.core.decisions import UNKNOWN_ITEM, Decision, Deny, Facts, Request, permit
from ledger.core.facts import RecordFacts
from ledger.core.item_facts import Item
from ledger.core.matters import Matter
from ledger.core.people import Case, Standing
from ledger.core.readers import ReaderRule


class AuditorRule(ReaderRule):
    """Rule 8: within an assigned case. A view shows kind, author, times, rules and trail of it, never words."""

    __slots__ = ("_case", "_permit")
    reads_words = False

    def __init__(self, facts: Facts, record: RecordFacts, request: Request, standing: Standing) -> None:
        super().__init__(facts, record, request, standing)
        case = facts.viewer.cases.get(request.case or "")
        self._case = case if case is not None and case.term.in_force(request.at) else None
        # Of whatever the case covers it is the same, so it is made once.
        self._permit = None if self._case is None else permit("audit", standing, self._case.term.standing())

    def whole(self) -> Decision:
        """A case opens its record; that of a person or a period any, since they may have looked anywhere."""
        return self._within(self.request.viewer, whole=True)

    def item(self, item: Item) -> Decision:
        """A case opens the items of its record, those its person wrote or that are about them, or of its period.

        With a record or a person, the period bounds what happened, which the trail tells, and not the items.
        """
        case = self._case
        if case is not None and case.record is None and case.person is None and not case.spans(item.added_at):
            return Deny("outside-case", (case.term.position,))
        return self._within(item.author, whole=False)

    def matter(self, matter: Matter) -> Decision:
        """That an emergency was opened, or an access questioned: within the case."""
        spanned = self._case is not None and self._case.spans(matter.at)
        return self._within(matter.author, whole=False) if matter.kind in AUDITORS_MATTERS and spanned else UNKNOWN_ITEM

    def _within(self, author: str, *, whole: bool) -> Decision:
        if self._case is None or self._permit is None:
            return Deny("no-case")
        if not _covers(self._case, self.record, author, whole=whole):
            return Deny("outside-case", (self._case.term.position,))
        return self._permit


def _covers(case: Case, record: RecordFacts, author: str, *, whole: bool) -> bool:
    # A case that names nothing covers nothing: no None ever means everything.
    if not case.bounded:
        return False
    if case.record is not None and case.record != record.record:
        return False
    return whole or case.person is None or case.person in (record.patient, author)


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

    def matter(self, matter: Matter) -> Decision:
        """A guardian reads every matter but the conversations about carers and the assessments of capacity."""
        if matter.kind not in GUARDIANS_MATTERS:
            return UNKNOWN_ITEM
        return permit("guardian", self.standing, Standing((matter.position,)))


AUDITORS_MATTERS: Final = frozenset({"emergency", "question"})
GUARDIANS_MATTERS: Final = frozenset({"emergency", "question", "best-interests", "release"})
_OUTSIDE_DUTY: Final = Deny("outside-duty")
