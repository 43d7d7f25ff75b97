"""Who may say who decides for the patient: capacity, powers, parents, best interests; and what death ends."""

from typing import Final

from ledger.core.asking import (
    FOR_THEMSELVES,
    ROLE_MISSING,
    Ask,
    checked,
    ends_within,
    in_care,
    not_empty,
    seen,
    the_patient,
    when,
    without_capacity,
)
from ledger.core.decisions import UNKNOWN_ITEM, Decision, Deny
from ledger.core.instants import DAY, HOUR, MINUTE, Instant, format_instant
from ledger.core.item_facts import lineage
from ledger.core.representation import YOUNG_PERSONS_OWN

ASSESSED_AT_MOST: Final = 366 * DAY
"""An assessment, a parental review and a release are looked at again within a year."""
ACTS_AT_MOST: Final = 24 * HOUR
"""How long one saying of a joint holder that they act holds."""
BEST_INTERESTS_AT_MOST: Final = 28 * DAY


def capacity_assessed(ask: Ask) -> Decision:
    """A clinician in care, for a time, naming items that they see themselves; nobody who would see more by it."""
    return checked(
        in_care(ask),
        when(ask.record.representation.died is not None, "after-death"),
        FOR_THEMSELVES if _gains(ask) else None,
        _unseen(ask, "relevant"),
        not_empty(ask),
        when((ask.instant("from") or 0) > ask.at + 5 * MINUTE, "assessment-to-come"),
        ends_within(ask, "until", Instant(ask.at + ASSESSED_AT_MOST)),
        when(ask["assessment"] in ask.record.matters, "already-said"),
    )


def capacity_withdrawn(ask: Ask) -> Decision:
    """Who made it, or the guardian."""
    made = ask.record.representation.assessment(ask["assessment"])
    return checked(_author_or_guardian(ask, None if made is None else made.author), when(made is None, "not-current"))


def power_registered(ask: Ask) -> Decision:
    """An administrator or a registrar: a registered power over health and welfare, never for themselves."""
    registered, power = ask["registered_on"], ask.record.representation.powers.get(ask["power"])
    same = power is None or (power.kind, power.matters, power.joint, power.holders) == _instrument(ask)
    return checked(
        _registrar(ask),
        when(ask.record.representation.died is not None, "after-death"),
        when(registered is None or registered > _today(ask), "not-registered"),
        FOR_THEMSELVES if ask["person"] == ask.author else None,
        when(ask["person"] == ask.record.patient, "not-for-the-patient"),
        when(not ask["matters"] or ask["holders"] == 0, "empty-power"),
        when(not same, "another-instrument"),
        when(power is not None and ask["person"] in power.held, "already-said"),
        when(power is not None and len(power.held) >= power.holders, "too-many-holders"),
        not_empty(ask),
    )


def power_exercised(ask: Ask) -> Decision:
    """A holder, that they act under a joint power, for a day at most."""
    power = ask.record.representation.powers.get(ask["power"])
    held = None if power is None else power.held.get(ask.author)
    return checked(
        ask.permit("attorney") if ask.acts_as("attorney") else ROLE_MISSING,
        when(held is None or not held.in_force(ask.at), "unknown-power"),
        when(ask.record.representation.died is not None, "after-death"),
        ends_within(ask, "until", Instant(ask.at + ACTS_AT_MOST)),
    )


def power_ended(ask: Ask) -> Decision:
    """The patient, the holder who gives it up, an administrator or a registrar."""
    own = ask.acts_as("attorney") and ask["person"] == ask.author
    power = ask.record.representation.powers.get(ask["power"])
    return checked(
        ask.permit(ask.said.acting_as) if own or ask.acts_as("patient") else _registrar(ask),
        when(power is None or ask["person"] not in power.held, "unknown-power"),
    )


def birth_stated(ask: Ask) -> Decision:
    """An administrator or a registrar, once, and no parent of theirs; a guardian corrects it."""
    known = ask.record.representation
    corrects = ask.acts_as("guardian") and known.born is not None
    return checked(
        ask.permit("guardian") if corrects else _registrar(ask),
        FOR_THEMSELVES if ask.record.representation.was_proxy(ask.author) else None,
        when(known.born is not None and not corrects, "already-said"),
        when(ask["born"] > _today(ask), "birth-to-come"),
    )


def parent_registered(ask: Ask) -> Decision:
    """An administrator or a registrar, of a child whose birth is stated, never for themselves."""
    ends = ask.record.representation.birthday(ask.facts.policy.ages.ends)
    return checked(
        _registrar(ask),
        when(ask.record.representation.died is not None, "after-death"),
        FOR_THEMSELVES if ask["person"] == ask.author else None,
        when(ask["person"] == ask.record.patient, "not-for-the-patient"),
        when(ends is None, "no-birth-stated"),
        when(ends is not None and ends <= ask.at, "of-age"),
        when(ask["parental"] in ask.record.representation.parents, "already-said"),
        not_empty(ask),
    )


def parent_reviewed(ask: Ask) -> Decision:
    """A clinician in care, with named parts, for a year at most."""
    parental = ask.record.representation.parents.get(ask["parental"])
    return checked(
        in_care(ask),
        when(parental is None, "unknown-parent"),
        FOR_THEMSELVES if parental is not None and parental.person == ask.author else None,
        _unseen(ask, "scope"),
        ends_within(ask, "until", Instant(ask.at + ASSESSED_AT_MOST)),
    )


def parent_ended(ask: Ask) -> Decision:
    """An administrator, a registrar or the guardian."""
    return checked(
        ask.permit("guardian") if ask.acts_as("guardian") else _registrar(ask),
        when(ask["parental"] not in ask.record.representation.parents, "unknown-parent"),
    )


def best_interests_made(ask: Ask) -> Decision:
    """A clinician in care, while an assessment says that the patient cannot decide about sharing; for a carer."""
    known = ask.record.representation
    made = known.assessment(ask["assessment"])
    lacks = made is not None and made.matter == "sharing" and known.lacking("sharing", ask.at) is not None
    return checked(
        in_care(ask),
        when(known.died is not None, "after-death"),
        when(not lacks, "has-capacity"),
        when(ask["person"] not in ask.record.carers, "not-a-carer"),
        FOR_THEMSELVES if ask["person"] == ask.author else None,
        _unseen(ask, "scope"),
        when(_opens_young_persons_own(ask), "young-persons-own"),
        ends_within(ask, "until", Instant(ask.at + BEST_INTERESTS_AT_MOST)),
        when(ask["best_interests"] in ask.record.matters, "already-said"),
    )


def best_interests_ended(ask: Ask) -> Decision:
    """Who made it, the guardian, or the patient."""
    made = ask.record.representation.best_interests.get(ask["best_interests"])
    unknown = when(made is None, "not-current")
    if ask.acts_as("patient"):
        return checked(ask.permit("patient"), unknown)
    return checked(_author_or_guardian(ask, None if made is None else made.author), unknown)


def after_death_wish_stated(ask: Ask) -> Decision:
    """The patient. To let the guardian decide after all is a grant."""
    return checked(the_patient(ask), without_capacity(ask) if ask["wish"] == "ask-guardian" else None)


def death_recorded(ask: Ask) -> Decision:
    """A clinician in care or the guardian."""
    return checked(
        ask.permit("guardian") if ask.acts_as("guardian") else in_care(ask),
        when(ask["died"] > _today(ask), "death-to-come"),
        when(ask.record.representation.died is not None, "already-said"),
    )


def death_retracted(ask: Ask) -> Decision:
    """The guardian, who is no carer, attorney or parent here: what was shared opens again."""
    gains = ask.author in ask.record.carers or ask.record.representation.was_proxy(ask.author)
    alive = ask.record.representation.died is None
    return checked(_guardian(ask), FOR_THEMSELVES if gains else None, when(alive, "not-dead"))


def after_death_released(ask: Ask) -> Decision:
    """The guardian, to whom requests go after a death, unless the patient said: not after my death."""
    known = ask.record.representation
    return checked(
        _guardian(ask),
        when(known.died is None, "not-dead"),
        when(known.wish is not None and known.wish[1] == "not-after-my-death", "not-after-death"),
        FOR_THEMSELVES if ask["person"] == ask.author else None,
        when(not ask["scope"], "empty-scope"),
        ends_within(ask, "until", Instant(ask.at + ASSESSED_AT_MOST)),
        when(ask["release"] in ask.record.matters, "already-said"),
    )


def _gains(ask: Ask) -> bool:
    """Would the author see more if the patient could not decide: as a carer, by a power, or by an advance directive?"""
    record, known = ask.record, ask.record.representation
    ahead = record.current.get(("person", ask.author), {}).values()
    return (
        ask.author in record.carers
        or any(ask.author in power.held for power in known.powers.values())
        or any(one.condition == "when-unwell" for one in ahead)
    )


def _opens_young_persons_own(ask: Ask) -> bool:
    """Would it open to a parent, as whatever they read, what only the young person opens to them?"""
    if ("parent", ask["person"]) not in ask.record.representation.former:
        return False
    named = {part["of"] for part in ask["scope"] if part["kind"] == "topic"}
    items = [ask.record.items.get(part["of"]) for part in ask["scope"] if part["kind"] == "item"]
    topics = (one.topics for item in items if item is not None for one in lineage(item))
    return bool(YOUNG_PERSONS_OWN.intersection(named.union(*topics)))


def _instrument(ask: Ask) -> tuple[str, frozenset[str], bool, int]:
    """What every holder of one instrument has in common."""
    return ask["kind"], frozenset(ask["matters"]), ask["terms"] == "jointly", ask["holders"]


def _unseen(ask: Ask, member: str) -> Deny | None:
    """The parts must be some, of topics that there are, and of items that who names them may see."""
    parts = ask[member]
    named = [part["of"] for part in parts if part["kind"] == "item"]
    topics = {part["of"] for part in parts if part["kind"] == "topic"}
    empty = when(not parts and (member == "scope" or ask["outcome"] == "lacks"), "empty-scope")
    unseen = UNKNOWN_ITEM if any(isinstance(seen(ask, item), Deny) for item in named) else None
    return empty or unseen or when(not topics <= ask.facts.policy.topics, "unknown-topic")


def _author_or_guardian(ask: Ask, author: str | None) -> Decision:
    if ask.acts_as("guardian"):
        return ask.permit("guardian")
    return checked(in_care(ask), when(author != ask.author, "not-the-author"))


def _registrar(ask: Ask) -> Decision:
    return ask.permit(ask.said.acting_as) if ask.acts_as("administrator", "registrar") else ROLE_MISSING


def _guardian(ask: Ask) -> Decision:
    return ask.permit("guardian") if ask.acts_as("guardian") else ROLE_MISSING


def _today(ask: Ask) -> str:
    """The day of admission (UTC), as a date is written."""
    return format_instant(ask.at)[:10]
