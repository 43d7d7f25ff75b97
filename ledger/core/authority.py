"""Who may say what: whether a statement may be admitted, decided from the facts before it.

Pure, like the disclosure rule: ``may_say`` answers Permit or Deny with a rule, evidence, and when time alone would
end the permit, so an admission is guarded as a disclosure is. The table is closed: a statement type without an
answer here cannot be said. A refused attempt is on the trail.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from ledger.core import authority_erasing as erasing
from ledger.core import authority_items as items
from ledger.core import authority_people as people
from ledger.core import authority_representation as representation
from ledger.core import authority_sharing as sharing
from ledger.core.asking import Ask, checked, when
from ledger.core.decisions import Decision, Deny, Facts, Permit, permit, standing_of
from ledger.core.instants import MINUTE, Instant
from ledger.core.keys import Custody
from ledger.core.people import Standing
from ledger.core.said import Said
from ledger.core.standing import role_in_force

FRESH: Final = 5 * MINUTE
"""A statement that widens access is refused when it was made longer ago; none may be made further ahead."""

SPEAKERS: Final[Mapping[str, Callable[[Ask], Decision]]] = {
    "person-registered/1": people.person_registered,
    "key-enrolled/1": people.key_enrolled,
    "key-revoked/1": people.key_revoked,
    "passkey-enrolled/1": people.passkey_enrolled,
    "passkey-revoked/1": people.key_revoked,
    "recovery-asked/1": people.recovery_asked,
    "recovery-approved/1": people.recovery_approved,
    "role-granted/1": people.role_granted,
    "role-approved/1": people.role_approved,
    "role-ended/1": people.role_ended,
    "team-formed/1": people.team_formed,
    "team-joined/1": people.team_joined,
    "team-left/1": people.team_left,
    "record-opened/1": people.record_opened,
    "care-started/1": people.care_started,
    "care-ended/1": people.care_ended,
    "care-transferred/1": people.care_transferred,
    "carer-named/1": people.carer_named,
    "carer-ended/1": people.carer_ended,
    "item-added/1": items.item_added,
    "item-amended/1": items.corrected,
    "item-marked-in-error/1": items.corrected,
    "item-topics-set/1": items.topics_set,
    "agreement-stated/1": items.agreement_stated,
    "dispute-answered/1": items.dispute_answered,
    "dispute-reviewed/1": items.dispute_reviewed,
    "withholding-made/1": items.withholding_made,
    "withholding-lifted/1": items.withholding_lifted,
    "result-held/1": items.result_held,
    "result-released/1": items.result_released,
    "erasure-asked/1": erasing.erasure_asked,
    "content-erased/1": erasing.content_erased,
    "leave-asked/1": items.leave_asked,
    "leave-answered/1": items.leave_answered,
    "wish-signed/1": items.wish_said,
    "wish-reviewed/1": items.wish_said,
    "wish-withdrawn/1": items.wish_said,
    "directive-made/1": sharing.directive_made,
    "directive-withdrawn/1": sharing.directive_withdrawn,
    "results-wish-stated/1": sharing.results_wish_stated,
    "together-started/1": sharing.together_started,
    "together-ended/1": sharing.together_ended,
    "carer-suspended/1": sharing.carer_suspended,
    "carer-restored/1": sharing.carer_restored,
    "sharing-stopped/1": sharing.sharing_stopped,
    "sharing-frozen/1": sharing.sharing_frozen,
    "sharing-unfrozen/1": sharing.sharing_unfrozen,
    "carer-conversation-held/1": sharing.conversation_held,
    "emergency-opened/1": people.superseded,
    "emergency-opened/2": sharing.emergency_opened,
    "emergency-item-opened/1": sharing.emergency_item_opened,
    "emergency-reviewed/1": sharing.emergency_reviewed,
    "notice-delayed/1": sharing.notice_delayed,
    "access-questioned/1": sharing.access_questioned,
    "access-answered/1": sharing.access_answered,
    "capacity-assessed/1": representation.capacity_assessed,
    "capacity-withdrawn/1": representation.capacity_withdrawn,
    "power-registered/1": representation.power_registered,
    "power-exercised/1": representation.power_exercised,
    "power-ended/1": representation.power_ended,
    "birth-stated/1": representation.birth_stated,
    "parent-registered/1": representation.parent_registered,
    "parent-reviewed/1": representation.parent_reviewed,
    "parent-ended/1": representation.parent_ended,
    "best-interests-made/1": representation.best_interests_made,
    "best-interests-ended/1": representation.best_interests_ended,
    "after-death-wish-stated/1": representation.after_death_wish_stated,
    "death-recorded/1": representation.death_recorded,
    "death-retracted/1": representation.death_retracted,
    "after-death-released/1": representation.after_death_released,
    "case-assigned/1": people.superseded,
    "case-assigned/2": people.case_assigned,
    "topics-opened/1": people.topics_opened,
    "case-closed/1": people.case_closed,
    "disclosure-made/1": people.the_service,
    "attempt-refused/1": people.the_service,
    "directory-read/1": people.directory_read,
    "policy-set/1": people.superseded,
    "policy-set/2": people.policy_set,
    "log-continued/1": people.the_service,
}

_ABOUT_PERSON: Final[Mapping[str, str]] = {
    "person-registered/1": "person",
    "key-enrolled/1": "person",
    "key-revoked/1": "person",
    "passkey-enrolled/1": "person",
    "passkey-revoked/1": "person",
    "recovery-asked/1": "person",
    "recovery-approved/1": "person",
    "role-granted/1": "person",
    "role-approved/1": "person",
    "role-ended/1": "person",
    "team-joined/1": "person",
    "team-left/1": "person",
    "record-opened/1": "patient",
    "carer-named/1": "person",
    "access-questioned/1": "viewer",
    "power-registered/1": "person",
    "parent-registered/1": "person",
    "best-interests-made/1": "person",
    "after-death-released/1": "person",
    "case-assigned/2": "auditor",
    "case-closed/1": "auditor",
    "directory-read/1": "viewer",
}
_GRANTS: Final = frozenset({"care-started/1", "directive-made/1"})
_ALWAYS_WIDENS: Final = frozenset(
    {
        "key-enrolled/1",
        "passkey-enrolled/1",
        "recovery-asked/1",
        "recovery-approved/1",
        "role-granted/1",
        "role-approved/1",
        "team-joined/1",
        "care-started/1",
        "carer-named/1",
        "withholding-lifted/1",
        "result-released/1",
        "together-started/1",
        "carer-restored/1",
        "emergency-opened/2",
        "emergency-item-opened/1",
        "sharing-unfrozen/1",
        "leave-answered/1",
        "capacity-assessed/1",
        "capacity-withdrawn/1",
        "power-registered/1",
        "power-exercised/1",
        "birth-stated/1",
        "parent-registered/1",
        "parent-reviewed/1",
        "best-interests-made/1",
        "death-retracted/1",
        "after-death-released/1",
        "care-transferred/1",
        "case-assigned/2",
        "topics-opened/1",
        "policy-set/2",
    }
)
_WIDENS_BY: Final[Mapping[str, tuple[str, str]]] = {
    "results-wish-stated/1": ("wish", "at-once"),
    "after-death-wish-stated/1": ("wish", "ask-guardian"),
    "emergency-reviewed/1": ("outcome", "justified"),
}
"""What widens only if this member has this value."""
_OF_A_RECORD: Final = ("patient", "carer", "attorney", "parent")
_OF_ONESELF: Final = frozenset({"key-enrolled/1", "key-revoked/1", "passkey-enrolled/1", "passkey-revoked/1"})


def may_say(
    facts: Facts,
    said: Said,
    *,
    importing: bool = False,
    service: str | None = None,
    founding: bool = False,
    custody: str | None = None,
    purpose: str | None = None,
    erased: tuple[int, ...] = (),
    signed_by: Custody = "service",
    had_own_key: bool = False,
    subject_has_key: bool = False,
    subject_keyed_at: int | None = None,
) -> Decision:
    """May this statement be admitted? ``said.recorded_at`` is the instant of admission; its position is not read.

    ``facts.viewer`` is its author and ``facts.subject`` the person it is about (``person_named_in``).
    ``importing``: it comes through the import. ``service``: the person id of the ledger itself, the only one that may
    act as the service. ``founding``: there is no administrator yet. ``custody``: of the key that is enrolled.
    ``purpose``: of the session; a clinician who is only registered needs one to be in care. ``erased``: the positions
    whose words it erases. ``signed_by``: who holds the key that signs it; ``had_own_key``: whether the author has, or
    had, a key or a passkey that only they can use; ``subject_has_key``: whether the person it is about has one;
    ``subject_keyed_at``: the position at which the last of theirs was enrolled.
    """
    speaker = SPEAKERS.get(said.type)
    if speaker is None or facts.viewer.person != said.author:
        return Deny("no-rule")
    if said.made_at > said.recorded_at + FRESH:
        return Deny("from-the-future")
    standing = _heard_as(facts, said, service)
    if isinstance(standing, Deny):
        return standing
    keys = (signed_by, had_own_key, subject_has_key, subject_keyed_at)
    ask = Ask(facts, said, standing, importing, founding, custody, purpose, erased, *keys)
    decision = speaker(ask)
    return _fresh(decision, said) if isinstance(decision, Permit) and widens(facts, said) else decision


def _heard_as(facts: Facts, said: Said, service: str | None) -> Standing | Deny:
    """As what the author is heard at all, before it is asked whether they may say this."""
    if _is_missing_record(facts, said):
        return Deny("unknown-record")
    standing = _standing(facts, said, service)
    if standing is None:
        return Deny("no-role")
    # Only somebody of the record hears more: a stranger is told the same whether the record is there or not.
    return _misnamed(facts, said, service) or standing


def person_named_in(statement_type: str, facts: Mapping[str, Any]) -> str | None:
    """The person whose facts are needed as ``Facts.subject`` to answer for this statement, or None."""
    if statement_type in _GRANTS:
        grantee = facts["grantee"]
        return str(grantee["id"]) if grantee["kind"] == "person" else None
    member = _ABOUT_PERSON.get(statement_type)
    return None if member is None else str(facts[member])


def widens(facts: Facts, said: Said) -> bool:
    """Does it let anybody see or do more than before, so that holding it back could do harm?"""
    record, body = facts.record, said.facts
    if said.type == "directive-made/1":
        return bool(body["effect"] == "share")
    if record is not None and said.type == "directive-withdrawn/1":
        # Withdrawing a share acts at once, however old; the withdrawal of a withhold is a grant.
        made = record.directives.get(body["directive"])
        return made is not None and not made.shares
    if record is not None and said.type == "item-topics-set/1":
        item = record.items.get(body["item"])
        # One topic fewer, or one more that is shared by name: either can open it.
        return item is not None and set(item.topics) != set(body["topics"])
    if said.type in _WIDENS_BY:
        member, value = _WIDENS_BY[said.type]
        return bool(body[member] == value)
    return said.type in _ALWAYS_WIDENS


def _fresh(decision: Permit, said: Said) -> Decision:
    """A grant counts only within five minutes of being made: it could have been held back past a withdrawal."""
    stale = Instant(said.made_at + FRESH + 1)
    fresh = permit(decision.rule, standing_of(decision), Standing((), stale))
    return checked(fresh, when(said.recorded_at >= stale, "stale-grant"))


def _is_missing_record(facts: Facts, said: Said) -> bool:
    opened = facts.record is not None and facts.record.opened is not None
    return "record" in said.facts and said.type not in _RECORD_MAY_BE_NEW and not opened


def _misnamed(facts: Facts, said: Said, service: str | None) -> Deny | None:
    """A person whom nobody knows; or the service, whose keys and roles are nobody's to give or take but its own."""
    named = person_named_in(said.type, said.facts)
    if named is not None and named == service and said.acting_as != "service":
        return Deny("not-the-service")
    if named is None or said.type == "person-registered/1":
        return None
    known = facts.subject is not None and facts.subject.person == named and facts.subject.registered is not None
    return None if known else Deny("unknown-person")


_RECORD_MAY_BE_NEW: Final = frozenset({"record-opened/1", "case-assigned/2", "attempt-refused/1"})
"""What makes the record, and what names one, or none, without being about it."""


def _standing(facts: Facts, said: Said, service: str | None) -> Standing | None:
    """What the author's acting-as rests on (rule 0)."""
    if said.acting_as == "service":
        return Standing() if service is not None and said.author == service else None
    # Who they are, they are of a record; about their own keys they speak without one.
    if said.type in _OF_ONESELF and said.acting_as in _OF_A_RECORD and said.facts["person"] == said.author:
        return Standing()
    return role_in_force(facts, said.acting_as, said.recorded_at)
