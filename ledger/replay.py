"""Deriving again: what somebody could see before a position, and whether a recorded disclosure was right.

Pure but for ``read_past``. A disclosure names its viewer, instant, policy and position, and the facts before a
position never change: so its decision can be derived again by anybody who may open the facts, at any later time.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from ledger.core.decisions import Decision, Deny, Facts, Permit, Request
from ledger.core.facts import RecordFacts
from ledger.core.instants import parse_instant
from ledger.core.people import PersonFacts, PolicyFacts, TeamFacts
from ledger.core.policy import POLICIES
from ledger.core.said import Said
from ledger.core.subjects import POLICY, Subject, cases_of, contents_of, person, relations_of, team
from ledger.domain.errors import DomainError
from ledger.store.mapper import SealingMapper
from ledger.store.recorder import LedgerRecorder

_UNKNOWN_RECORD: Final = "unknown-record"


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
        who = PersonFacts.of(viewer, told)
        facts = Facts(
            record=RecordFacts.of(record, told),
            viewer=who,
            teams={name: TeamFacts.of(name, told) for name in who.teams},
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


def request_of(disclosure: Said) -> Request:
    """What was asked, as a ``disclosure-made/1`` tells it."""
    facts = disclosure.facts
    at = parse_instant(facts["at"])
    return Request(facts["viewer"], facts["acting_as"], at, facts["via"], facts["case"], None, facts["purpose"])


def shown_in(disclosure: Said) -> dict[str, tuple[str, tuple[int, ...]]]:
    """The items that a disclosure showed, each with its rule and evidence."""
    groups: Sequence[Mapping[str, Any]] = disclosure.facts["permitted"]
    return {item: (group["rule"], tuple(group["evidence"])) for group in groups for item in group["items"]}


def check_disclosure(disclosure: Said, statements: Iterable[Said]) -> None:
    """Raise NotAsDerived unless every item shown, and a refusal of the whole, derive again from the facts before it."""
    record, viewer = disclosure.facts["record"], disclosure.facts["viewer"]
    past = Past.of(statements, record, viewer, disclosure.position)
    request, policy = request_of(disclosure), disclosure.facts["policy"]
    refused = disclosure.facts["refused"]
    _compare(disclosure, "the whole record", refused, _refusal(past, request, policy, refused))
    for item, recorded in shown_in(disclosure).items():
        decision = past.decide(replace(request, item=item), policy=policy)
        derived = (decision.rule, decision.evidence) if isinstance(decision, Permit) else f"denied by {decision.rule}"
        _compare(disclosure, f"item {item}", recorded, derived)


async def read_past(recorder: LedgerRecorder, mapper: SealingMapper, record: str, viewer: str) -> list[Said]:
    """Every statement that bears on a viewer and a record, opened and held to its entry, in the ledger's order."""
    subjects = {contents_of(record), relations_of(record), person(viewer), cases_of(viewer), POLICY}
    told = await _read(recorder, mapper, subjects)
    teams = {team(said.facts["team"]) for said in told.values() if said.type == "team-joined/1"}
    told |= await _read(recorder, mapper, teams - subjects)
    return [told[position] for position in sorted(told)]


async def _read(recorder: LedgerRecorder, mapper: SealingMapper, subjects: set[Subject]) -> dict[int, Said]:
    rows = await recorder.read_subjects(dict.fromkeys(subjects, 0))
    return {row.kept.position: mapper.open_facts(row.kept) for row in rows if row.kept is not None}


def _refusal(past: Past, request: Request, policy: int, recorded: str | None) -> str | None:
    """The rule that refuses the request as a whole, or None.

    Where one item was asked for and refused, the disclosure does not name it: the rule must be that of some item.
    """
    if past.facts.record is None or past.facts.record.opened is None:
        return _UNKNOWN_RECORD
    whole = past.decide(request, policy=policy)
    if isinstance(whole, Deny):
        return whole.rule
    decided = (past.decide(replace(request, item=item), policy=policy) for item in past.items())
    rules = {decision.rule for decision in decided if isinstance(decision, Deny)} | {"unknown-item"}
    return recorded if recorded in rules else None


def _compare(disclosure: Said, what: str, recorded: object, derived: object) -> None:
    if recorded != derived:
        raise NotAsDerived(
            f"disclosure at position {disclosure.position}, {what}: got {recorded} as recorded, wanted {derived} as"
            " derived again; show both evidences to the guardian"
        )
