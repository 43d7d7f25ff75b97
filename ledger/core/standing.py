"""Rule 0, and who is in care: what a person's acting-as rests on, and a clinician's ways to a record."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from ledger.core.decisions import Facts
from ledger.core.facts import RecordFacts
from ledger.core.instants import Instant
from ledger.core.item_facts import Item
from ledger.core.people import Profile, Standing
from ledger.core.relations import Care, Emergency

EXPLAINED: Final = frozenset({"appointment", "task", "correction"})
"""Purposes with which a registration is a care relationship: registration alone is none."""


@dataclass(frozen=True, slots=True)
class Reach:
    """One current care relationship of a clinician: what it rests on and the profile it opens."""

    standing: Standing
    profile: Profile


def role_in_force(facts: Facts, acting_as: str, at: Instant) -> Standing | None:
    """What acting as this rests on (rule 0), or None: no role fact is in force.

    A carer keeps this standing after being named no more, so that they can read their own words; what else they
    may see is rule 5. So do attorneys and parents. Nobody is their own clinician, carer, auditor or guardian.
    """
    stands = _ROLES.get(acting_as)
    return None if stands is None else stands(facts, acting_as, at)


def reaches_of(facts: Facts, at: Instant, purpose: str | None) -> tuple[Reach, ...]:
    """A clinician's current care relationships with the record, in the order in which they were said."""
    if facts.record is None:
        return ()
    found = (_reach(facts, care, at, purpose) for care in facts.record.care.values())
    return tuple(reach for reach in found if reach is not None)


def emergencies_of(record: RecordFacts, person: str, at: Instant) -> list[Emergency]:
    """The emergency accesses of this person that are in force, the one that lasts longest first; death ends them."""
    if record.representation.died is not None:
        return []
    found = [one for one in record.emergencies.values() if one.person == person and one.in_force(at)]
    return sorted(found, key=lambda one: one.ends, reverse=True)


def team_of_item(facts: Facts, item: Item, at: Instant, *, handed_over: bool = False) -> Standing | None:
    """What it rests on that the viewer is of the item's team: its author, or now in a team the author was in then.

    ``handed_over``: or in a team to which that team's care of the record was transferred.
    """
    if item.author == facts.viewer.person:
        return Standing()
    for name, term in facts.viewer.current_teams(at):
        before = facts.record.predecessors.get(name, {}) if handed_over and facts.record is not None else {}
        for one, transferred in {name: None, **before}.items():
            team = facts.teams.get(one)
            author = None if team is None else team.member(item.author, item.added_at)
            if author is not None:
                return Standing.of(term.standing(), author, Standing(() if transferred is None else (transferred,)))
    return None


def _patient(facts: Facts, _acting_as: str, _at: Instant) -> Standing | None:
    record = facts.record
    if record is None or record.opened is None or record.patient != facts.viewer.person:
        return None
    return None if record.representation.died is not None else Standing((record.opened,))


def _carer(facts: Facts, _acting_as: str, _at: Instant) -> Standing | None:
    if facts.record is None or _own_record(facts):
        return None
    person = facts.viewer.person
    named = facts.record.carers.get(person, facts.record.former_carers.get(person))
    if named is None:  # a stranger to whom a guardian releases something after death
        released = facts.record.representation.released.values()
        return next((Standing(one.standing.evidence) for one in released if one.person == person), None)
    return Standing((named,))


def _proxy(facts: Facts, acting_as: str, _at: Instant) -> Standing | None:
    """An attorney or a parent, once registered; what they may see still, or no more, is rules 6 and 7."""
    if facts.record is None or _own_record(facts):
        return None
    registered = facts.record.representation.former.get((acting_as, facts.viewer.person))
    return None if registered is None else Standing((registered,))


def _appointed(facts: Facts, acting_as: str, at: Instant) -> Standing | None:
    return None if _own_record(facts) else facts.viewer.role(acting_as, at)


def _own_record(facts: Facts) -> bool:
    return facts.record is not None and facts.record.patient == facts.viewer.person


_ROLES: Final[Mapping[str, Callable[[Facts, str, Instant], Standing | None]]] = {
    "patient": _patient,
    "carer": _carer,
    "attorney": _proxy,
    "parent": _proxy,
    "clinician": _appointed,
    "auditor": _appointed,
    "guardian": _appointed,
    "administrator": _appointed,
    "registrar": _appointed,
}
"""Closed: the service reads nothing."""


def _reach(facts: Facts, care: Care, at: Instant, purpose: str | None) -> Reach | None:
    if not care.term.in_force(at) or (care.ground == "registration" and purpose not in EXPLAINED):
        return None
    kind, grantee = care.grantee
    if kind == "person":
        profile, configured = facts.policy.everything()
        return Reach(Standing.of(care.term.standing(), configured), profile) if grantee == facts.viewer.person else None
    member, team = facts.viewer.teams.get(grantee), facts.teams.get(grantee)
    if member is None or team is None or team.formed is None or not member.in_force(at):
        return None
    profile, configured = facts.policy.profile(team.profile)
    formed = Standing(() if team.profile is None else (team.formed,))
    return Reach(Standing.of(care.term.standing(), member.standing(), formed, configured), profile)
