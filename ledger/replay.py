"""Deriving again: what somebody could see before a position, and whether a recorded disclosure was right.

Pure but for ``read_past``. A disclosure names its viewer, instant, policy and position, and the facts before a
position never change: so its decision can be derived again by anybody who may open the facts, at any later time.
For every disclosure of a ledger there is ``ledger.replaying``.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from ledger.core.decisions import Decision, Facts, Permit, Request
from ledger.core.facts import RecordFacts
from ledger.core.people import PersonFacts, PolicyFacts, TeamFacts
from ledger.core.policy import POLICIES
from ledger.core.said import Said
from ledger.core.subjects import POLICY, Subject, cases_of, contents_of, person, relations_of, team
from ledger.domain.errors import DomainError
from ledger.replaying.deriving import differences, request_of, shown_in
from ledger.replaying.past import teams_named
from ledger.store.mapper import SealingMapper
from ledger.store.recorder import LedgerRecorder

__all__ = ["NotAsDerived", "Past", "check_disclosure", "read_past", "request_of", "shown_in"]


class NotAsDerived(DomainError):
    """A recorded disclosure differs from what its facts and its policy come to."""


@dataclass(frozen=True, slots=True)
class Past:
    """Everything that bears on one viewer and one record, as of before a position."""

    record: str
    viewer: str
    before: int
    facts: Facts

    @classmethod
    def of(cls, statements: Iterable[Said], record: str, viewer: str, before: int) -> "Past":
        """Fold the statements before a position; they come in the ledger's order, and others may be among them."""
        told = [said for said in statements if said.position < before]
        of_record, who = RecordFacts.of(record, told), PersonFacts.of(viewer, told)
        facts = Facts(
            record=of_record,
            viewer=who,
            teams={name: TeamFacts.of(name, told) for name in teams_named(of_record, who)},
            policy=PolicyFacts.of(told),
        )
        return cls(record, viewer, before, facts)

    def items(self) -> tuple[str, ...]:
        """The items that the record held."""
        return () if self.facts.record is None else tuple(self.facts.record.items)

    def decide(self, request: Request, *, policy: int) -> Decision:
        """What that version of the policy says to a request; its ``item`` may be None for the whole record."""
        return POLICIES[policy](self.facts, request)

    def could_see(self, request: Request, *, policy: int) -> dict[str, Permit]:
        """Every item that the viewer could have opened, with the permit by which."""
        decided = {item: self.decide(replace(request, item=item), policy=policy) for item in self.items()}
        return {item: decision for item, decision in decided.items() if isinstance(decision, Permit)}


def check_disclosure(disclosure: Said, statements: Iterable[Said]) -> None:
    """Raise NotAsDerived unless every item shown, and a refusal of the whole, derive again from the facts before it."""
    past = Past.of(statements, disclosure.facts["record"], disclosure.facts["viewer"], disclosure.position)
    for difference in differences(disclosure, past.facts):
        raise NotAsDerived(str(difference))


async def read_past(recorder: LedgerRecorder, mapper: SealingMapper, record: str, viewer: str) -> list[Said]:
    """Every statement that bears on a viewer and a record, opened and held to its entry, in the ledger's order."""
    subjects = {contents_of(record), relations_of(record), person(viewer), cases_of(viewer), POLICY}
    told = await _read(recorder, mapper, subjects)
    told |= await _read(recorder, mapper, {team(name) for said in told.values() for name in _teams_in(said)} - subjects)
    return [told[position] for position in sorted(told)]


def _teams_in(said: Said) -> Iterator[str]:
    """The teams that a statement names: the viewer's, and those in care, which may have handed it to them."""
    if "team" in said.facts:
        yield said.facts["team"]
    if said.type == "care-started/1" and said.facts["grantee"]["kind"] == "team":
        yield said.facts["grantee"]["id"]


async def _read(recorder: LedgerRecorder, mapper: SealingMapper, subjects: set[Subject]) -> dict[int, Said]:
    rows = await recorder.read_subjects(dict.fromkeys(subjects, 0))
    return {row.kept.position: mapper.open_facts(row.kept) for row in rows if row.kept is not None}
