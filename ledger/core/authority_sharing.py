"""Who may say who sees what: the patient; for an emergency, a clinician, and afterwards the guardian."""

from typing import Final

from ledger.core.asking import (
    FOR_THEMSELVES,
    ROLE_MISSING,
    UNKNOWN_ITEM,
    Ask,
    checked,
    ends_within,
    in_care,
    not_empty,
    seen,
    the_patient,
    when,
)
from ledger.core.decisions import Decision, Deny
from ledger.core.directives import directive_of, grantee_of, scope_of
from ledger.core.hours import Hours, zone_named
from ledger.core.instants import HOUR, Instant
from ledger.core.people import Standing

TOGETHER_AT_MOST: Final = 12 * HOUR
EMERGENCY_AT_MOST: Final = 24 * HOUR


def directive_made(ask: Ask) -> Decision:
    """The patient, replacing what is current for the same grantee and scope, and that only."""
    allowed = the_patient(ask)
    if isinstance(allowed, Deny):
        return allowed
    (kind, grantee), (part, of) = grantee_of(ask.said.facts), scope_of(ask.said.facts)
    team = ask.facts.teams.get(grantee)
    unseen = seen(ask, of) if part == "item" else None
    return checked(
        allowed,
        when(ask["directive"] in ask.record.directives, "already-said"),
        FOR_THEMSELVES if grantee == ask.author else None,
        when(kind == "team" and (team is None or team.formed is None), "unknown-team"),
        unseen if isinstance(unseen, Deny) else None,
        _terms(ask),
        _replaces(ask),
    )


def directive_withdrawn(ask: Ask) -> Decision:
    """The patient, at once."""
    made = ask.record.directives.get(ask["directive"])
    current = made is not None and ask.record.current_directive(made.grantee, made.scope) is made
    return checked(the_patient(ask), when(made is None, "unknown-directive"), when(not current, "not-current"))


def results_wish_stated(ask: Ask) -> Decision:
    """The patient."""
    return the_patient(ask)


def together_started(ask: Ask) -> Decision:
    """The patient, or a clinician in the room; never the carer."""
    return checked(_in_the_room(ask), _a_carer(ask), ends_within(ask, "until", Instant(ask.at + TOGETHER_AT_MOST)))


def together_ended(ask: Ask) -> Decision:
    """The patient, or a clinician in the room."""
    return checked(_in_the_room(ask), when(ask["together"] not in ask.record.sessions, "unknown-session"))


def carer_suspended(ask: Ask) -> Decision:
    """The patient."""
    return checked(the_patient(ask), _a_carer(ask))


def carer_restored(ask: Ask) -> Decision:
    """The patient."""
    return checked(the_patient(ask), when(ask["person"] not in ask.record.suspended, "not-suspended"))


def emergency_opened(ask: Ask) -> Decision:
    """A clinician, for themselves only, and for a day at most."""
    return checked(
        ask.permit("clinician") if ask.acts_as("clinician") else ROLE_MISSING,
        when(ask["person"] != ask.author, "not-for-another"),
        when(ask["emergency"] in ask.record.emergencies, "already-said"),
        ends_within(ask, "until", Instant(ask.at + EMERGENCY_AT_MOST)),
    )


def emergency_item_opened(ask: Ask) -> Decision:
    """The clinician whose emergency it is, while it lasts, an item of which they see that it is there."""
    emergency = ask.record.emergencies.get(ask["emergency"])
    if not ask.acts_as("clinician"):
        return ROLE_MISSING
    if emergency is None or emergency.person != ask.author or not emergency.in_force(ask.at):
        return Deny("no-emergency")
    allowed = ask.permit("emergency", Standing((emergency.position,), emergency.ends))
    return checked(allowed, UNKNOWN_ITEM if seen(ask, ask["item"]) == UNKNOWN_ITEM else None)


def emergency_reviewed(ask: Ask) -> Decision:
    """The guardian, of somebody else's emergency."""
    emergency = ask.record.emergencies.get(ask["emergency"])
    return checked(
        ask.permit("guardian") if ask.acts_as("guardian") else ROLE_MISSING,
        when(emergency is None, "unknown-emergency"),
        when(emergency is not None and emergency.person == ask.author, "own-access"),
    )


def _in_the_room(ask: Ask) -> Decision:
    return in_care(ask) if ask.acts_as("clinician") else the_patient(ask)


def _a_carer(ask: Ask) -> Deny | None:
    return when(ask["person"] not in ask.record.carers, "not-a-carer")


def _terms(ask: Ask) -> Deny | None:
    """Dates and condition: a withhold has none; those of a share must be able to be met."""
    directive = directive_of(0, ask.said.facts)
    if not directive.shares:
        bounded = directive.starts is not None or directive.ends is not None or directive.condition is not None
        return when(bounded, "withhold-is-unconditional")
    if directive.hidden:
        return Deny("hidden-is-for-withholds")
    return not_empty(ask) or (_hours(directive.condition) if isinstance(directive.condition, Hours) else None)


def _hours(hours: Hours) -> Deny | None:
    if zone_named(hours.zone) is None:
        return Deny("unknown-zone")
    empty = not hours.days or not hours.days <= set(range(1, 8)) or hours.opens == hours.closes
    return when(empty, "empty-window")


def _replaces(ask: Ask) -> Deny | None:
    current = ask.record.current_directive(grantee_of(ask.said.facts), scope_of(ask.said.facts))
    if ask["replaces"] == (None if current is None else current.id):
        return None
    return Deny("replaced-not-current", () if current is None else (current.position,))
