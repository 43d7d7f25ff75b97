"""Who may say who sees what: the patient; for an emergency, a clinician, and afterwards the guardian."""

from typing import Final

from ledger.core.asking import (
    FOR_THEMSELVES,
    ROLE_MISSING,
    Ask,
    checked,
    ends_within,
    for_the_patient,
    in_care,
    not_empty,
    seen,
    when,
    without_capacity,
)
from ledger.core.decisions import UNKNOWN_ITEM, Decision, Deny
from ledger.core.directives import directive_of, grantee_of, scope_of
from ledger.core.hours import Hours, zone_named
from ledger.core.instants import HOUR, Instant
from ledger.core.people import Standing

TOGETHER_AT_MOST: Final = 12 * HOUR
EMERGENCY_AT_MOST: Final = 24 * HOUR
DELAY_AT_MOST: Final = 72 * HOUR


def directive_made(ask: Ask) -> Decision:
    """The patient, replacing what is current for the same grantee and scope, and that only.

    An attorney shares and withholds nothing in their place: without capacity, nothing but what the patient said ahead
    and what professionals decide in best interests widens anything, and no attorney can bar a relative.
    """
    allowed = for_the_patient(ask)
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
        when(part == "topic" and of not in ask.facts.policy.topics, "unknown-topic"),
        without_capacity(ask) if ask["effect"] == "share" else None,
        _terms(ask),
        _replaces(ask),
    )


def directive_withdrawn(ask: Ask) -> Decision:
    """The patient, at once. To withdraw a withhold is a grant."""
    made = ask.record.directives.get(ask["directive"])
    current = made is not None and ask.record.current_directive(made.grantee, made.scope) is made
    return checked(
        for_the_patient(ask),
        when(made is None, "unknown-directive"),
        when(not current, "not-current"),
        without_capacity(ask) if made is not None and not made.shares else None,
    )


def results_wish_stated(ask: Ask) -> Decision:
    """The patient."""
    return for_the_patient(ask)


def together_started(ask: Ask) -> Decision:
    """The patient, or a clinician in the room; never the carer."""
    latest = Instant(ask.at + TOGETHER_AT_MOST)
    return checked(
        _in_the_room(ask),
        _a_carer(ask),
        FOR_THEMSELVES if ask["person"] == ask.author else None,
        when(ask.record.representation.died is not None, "after-death"),
        ends_within(ask, "until", latest),
        without_capacity(ask),
    )


def together_ended(ask: Ask) -> Decision:
    """The patient, or a clinician in the room."""
    return checked(_in_the_room(ask), when(ask["together"] not in ask.record.sessions, "unknown-session"))


def carer_suspended(ask: Ask) -> Decision:
    """The patient."""
    return checked(for_the_patient(ask), _a_carer_or_proxy(ask))


def carer_restored(ask: Ask) -> Decision:
    """The patient."""
    suspended = ask["person"] in ask.record.suspended
    return checked(for_the_patient(ask), when(not suspended, "not-suspended"), without_capacity(ask))


def sharing_stopped(ask: Ask) -> Decision:
    """The patient, at once, whatever their capacity."""
    return for_the_patient(ask)


def sharing_frozen(ask: Ask) -> Decision:
    """The patient: a carer keeps what they could see, and sees nothing new."""
    return checked(for_the_patient(ask), _a_carer_or_proxy(ask))


def sharing_unfrozen(ask: Ask) -> Decision:
    """The patient."""
    frozen = ask["person"] in ask.record.frozen
    return checked(for_the_patient(ask), when(not frozen, "not-frozen"), without_capacity(ask))


def conversation_held(ask: Ask) -> Decision:
    """A clinician in care, about somebody else than themselves."""
    named = ask["conversation"] in ask.record.matters
    return checked(in_care(ask), FOR_THEMSELVES if ask["person"] == ask.author else None, when(named, "already-said"))


def emergency_opened(ask: Ask) -> Decision:
    """A clinician, for themselves only, and for a day at most."""
    return checked(
        ask.permit("clinician") if ask.acts_as("clinician") else ROLE_MISSING,
        when(ask["person"] != ask.author, "not-for-another"),
        when(ask["emergency"] in ask.record.matters, "already-said"),
        when(ask.record.representation.died is not None, "after-death"),
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


def notice_delayed(ask: Ask) -> Decision:
    """The guardian, of somebody else's emergency, 72 hours at a time."""
    emergency = ask.record.emergencies.get(ask["emergency"])
    told = emergency is not None and emergency.ends <= ask.at and emergency.kept_quiet(ask.at) is None
    return checked(
        emergency_reviewed(ask),
        when(told, "already-told"),
        ends_within(ask, "until", Instant(ask.at + DELAY_AT_MOST)),
    )


def access_questioned(ask: Ask) -> Decision:
    """The patient, or a child's parent, of somebody else who looked."""
    return checked(
        for_the_patient(ask),
        FOR_THEMSELVES if ask["viewer"] == ask.author else None,
        when(ask["question"] in ask.record.matters, "already-said"),
    )


def access_answered(ask: Ask) -> Decision:
    """Who is asked, as a clinician; or the guardian, who may not be who is asked."""
    asked = ask.record.questions.get(ask["question"])
    theirs = asked is not None and asked.viewer == ask.author
    answers = ask.acts_as("clinician") and theirs
    return checked(
        ask.permit(ask.said.acting_as) if answers or ask.acts_as("guardian") else ROLE_MISSING,
        when(asked is None, "unknown-question"),
        when(theirs and ask.acts_as("guardian"), "own-access"),
        when(asked is not None and asked.answered is not None, "already-answered"),
    )


def _in_the_room(ask: Ask) -> Decision:
    return in_care(ask) if ask.acts_as("clinician") else for_the_patient(ask)


def _a_carer_or_proxy(ask: Ask) -> Deny | None:
    """Somebody whom the patient can suspend or freeze: a carer, or who once held a power or responsibility."""
    return None if ask.record.representation.was_proxy(ask["person"]) else _a_carer(ask)


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
