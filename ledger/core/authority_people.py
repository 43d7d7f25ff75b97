"""Who may speak about people, teams, records, cases and the policy: mostly administrators, never for themselves."""

from dataclasses import replace

from ledger.core.asking import (
    FOR_THEMSELVES,
    NOT_THE_PATIENT,
    ROLE_MISSING,
    Ask,
    by_power,
    checked,
    for_the_patient,
    not_empty,
    when,
    without_capacity,
)
from ledger.core.decisions import Decision, Deny
from ledger.core.people import NEEDS_APPROVAL
from ledger.core.policy import judge_of


def person_registered(ask: Ask) -> Decision:
    """An administrator, a registrar, or the service: for an import, or for somebody whom a patient invites."""
    known = ask.facts.subject is not None and ask.facts.subject.registered is not None
    allowed = ask.permit("service") if ask.acts_as("service") else _registering(ask)
    return checked(allowed, when(known, "already-said"))


def key_enrolled(ask: Ask) -> Decision:
    """The person by a key of their own, or a registrar; the service for keys that it holds.

    A key in the service's custody is enrolled by the service alone: under anybody else's name it would pass off
    what its author signed as recorded by the service.
    """
    if ask.acts_as("service"):
        return ask.permit("service") if ask.custody == "service" else Deny("not-a-service-key")
    if ask.custody == "service":
        return Deny("not-the-service")
    return passkey_enrolled(ask)


def passkey_enrolled(ask: Ask) -> Decision:
    """The person by a key of their own, or a registrar.

    What the service only recorded enrols nothing: it could enrol a false key so. But the first registrar of a ledger
    has no key yet, and there is nobody to enrol one. Whoever has a key enrols their next one themselves, and whoever
    lost every key is let back in first: else a registrar could speak as anybody.
    """
    own, signed = ask["person"] == ask.author, ask.signed_by == "author"
    if ask.acts_as("registrar"):
        return checked(
            ask.permit("registrar"),
            when(ask.had_own_key and not signed, "not-signed"),
            when(ask.subject_has_key and not own, "has-own-key"),
            when(_took_two(ask) and not own and not _administers(ask), "takes-an-administrator"),
            when(not own and not _let_back_in(ask), "not-recovered"),
        )
    return checked(ask.permit("own-key") if own else ROLE_MISSING, when(not signed, "not-signed"))


def recovery_asked(ask: Ask) -> Decision:
    """A registrar or an administrator, never for themselves; the service for whoever brought a code of their own."""
    if ask.acts_as("service"):
        return ask.permit("service") if ask["ground"] == "code" else ROLE_MISSING
    return checked(
        _registering(ask),
        FOR_THEMSELVES if ask["person"] == ask.author else None,
        when(ask["ground"] != "staff", "not-the-service"),
        when(_took_two(ask) and not ask.acts_as("administrator"), "takes-an-administrator"),
    )


def recovery_approved(ask: Ask) -> Decision:
    """Another registrar or administrator than the one who asked, and not the person themselves."""
    asker = None if ask.facts.subject is None else ask.facts.subject.recoveries.get(ask["recovery"])
    return checked(
        _registering(ask) if not ask.acts_as("service") else ROLE_MISSING,
        FOR_THEMSELVES if ask["person"] == ask.author else None,
        when(_took_two(ask) and not ask.acts_as("administrator"), "takes-an-administrator"),
        when(asker is None, "nothing-to-approve"),
        when(asker == ask.author, "same-administrator"),
    )


def key_revoked(ask: Ask) -> Decision:
    """The person or an administrator."""
    return ask.permit("own-key") if ask["person"] == ask.author else _appointing(ask, None)


def role_granted(ask: Ask) -> Decision:
    """An administrator; the service for the first administrator, and for the clinicians of an import."""
    if ask.acts_as("service"):
        founding = ask.founding and ask["role"] == "administrator"
        imported = ask.importing and ask["role"] == "clinician"
        return checked(ask.permit("service") if founding or imported else ROLE_MISSING, not_empty(ask))
    return checked(_appointing(ask, ask["person"]), not_empty(ask))


def role_approved(ask: Ask) -> Decision:
    """Another administrator than the one who granted it, and not the person themselves."""
    pending = None if ask.facts.subject is None else ask.facts.subject.pending(ask["role"])
    return checked(
        _appointing(ask, ask["person"]),
        when(pending is None, "nothing-to-approve"),
        when(pending is not None and pending.grantor == ask.author, "same-administrator"),
    )


def role_ended(ask: Ask) -> Decision:
    """An administrator, never for themselves."""
    return _appointing(ask, ask["person"])


def team_formed(ask: Ask) -> Decision:
    """An administrator, with a profile that the policy names."""
    profile = ask["profile"]
    return checked(
        _appointing(ask, None),
        when(_team_known(ask, ask["team"]), "already-said"),
        when(profile is not None and profile not in ask.facts.policy.profiles, "unknown-profile"),
    )


def team_joined(ask: Ask) -> Decision:
    """An administrator, never for themselves."""
    unknown = when(not _team_known(ask, ask["team"]), "unknown-team")
    return checked(_appointing(ask, ask["person"]), unknown, not_empty(ask))


def team_left(ask: Ask) -> Decision:
    """An administrator, never for themselves."""
    return checked(_appointing(ask, ask["person"]), when(not _team_known(ask, ask["team"]), "unknown-team"))


def record_opened(ask: Ask) -> Decision:
    """Whoever registers people, or a clinician; never for themselves."""
    allowed = ask.permit("clinician") if ask.acts_as("clinician") else _registering(ask)
    themselves = FOR_THEMSELVES if ask["patient"] == ask.author else None
    return checked(allowed, themselves, when(ask.record.opened is not None, "already-said"))


def care_started(ask: Ask) -> Decision:
    """An administrator, never for themselves or their own team; the service for the authors of an import."""
    grantee, imported = ask["grantee"], ask["ground"] == "import"
    if ask.acts_as("service"):
        return ask.permit("service") if imported and ask.importing else ROLE_MISSING
    return checked(
        _appointing(ask, grantee["id"]),
        when(imported and not ask.importing, "not-an-import"),
        when(grantee["kind"] == "team" and not _team_known(ask, grantee["id"]), "unknown-team"),
        FOR_THEMSELVES if grantee["kind"] == "team" and grantee["id"] in ask.facts.viewer.teams else None,
        when(ask["care"] in ask.record.care, "already-said"),
        not_empty(ask),
    )


def care_ended(ask: Ask) -> Decision:
    """An administrator."""
    return checked(_appointing(ask, None), when(ask["care"] not in ask.record.care, "unknown-care"))


def carer_named(ask: Ask) -> Decision:
    """The patient, of somebody else; a child's parent; an attorney. By itself it shows nothing."""
    unable = without_capacity(ask) if ask.acts_as("patient") else None
    # Whom the patient ended is named again by the patient alone: what was shared with them would open with it.
    again = ask.acts_as("attorney") and ask["person"] in ask.record.former_carers
    themselves = FOR_THEMSELVES if ask["person"] == ask.author else None
    return checked(by_power(ask), themselves, NOT_THE_PATIENT if again else None, unable)


def carer_ended(ask: Ask) -> Decision:
    """The patient, or a child's parent."""
    return checked(for_the_patient(ask), when(ask["person"] not in ask.record.carers, "not-a-carer"))


def case_assigned(ask: Ask) -> Decision:
    """An administrator or a guardian, never for themselves; a case names a record, a person or a period."""
    subject = ask.facts.subject
    return checked(
        ask.permit(ask.said.acting_as) if ask.acts_as("administrator", "guardian") else ROLE_MISSING,
        FOR_THEMSELVES if ask["auditor"] in (ask.author, ask["person"]) else None,
        when((ask["record"], ask["person"], ask["period"]) == (None, None, None), "unbounded-case"),
        when(ask["period"] is not None and ask["period"]["before"] <= ask["period"]["since"], "empty-period"),
        when(subject is not None and ask["case"] in subject.cases, "already-said"),
        not_empty(ask),
    )


def topics_opened(ask: Ask) -> Decision:
    """The auditor whose case it is, of an item within it, with a reason."""
    if not ask.acts_as("auditor") or ask["auditor"] != ask.author:
        return ROLE_MISSING
    return judge_of(ask.facts, replace(ask.request, case=ask["case"]))(ask["item"])


def case_closed(ask: Ask) -> Decision:
    """An administrator, a guardian, or the auditor whose case it is."""
    own = ask.acts_as("auditor") and ask["auditor"] == ask.author
    subject = ask.facts.subject
    return checked(
        ask.permit(ask.said.acting_as) if own or ask.acts_as("administrator", "guardian") else ROLE_MISSING,
        when(subject is None or ask["case"] not in subject.cases, "unknown-case"),
    )


def policy_set(ask: Ask) -> Decision:
    """An administrator. A topic that was there stays: items have it, and nobody could share them any more."""
    topics, ages = set(ask["topics"]), ask["ages"]
    profiled = {topic for profile in ask["profiles"].values() for topic in profile["topics"]}
    return checked(
        _appointing(ask, None),
        when(not ask.facts.policy.topics <= topics, "topic-dropped"),
        when(not profiled <= topics, "unknown-topic"),
        # Bounds of law: nobody reads for a person of sixteen by review age, nor for an adult at all.
        when(not 0 < ages["review"] <= ages["ends"] <= ages["refusal"], "ages-out-of-order"),
        when(ages["review"] > 16 or ages["ends"] > 18 or ages["refusal"] > 30, "ages-out-of-order"),
    )


def care_transferred(ask: Ask) -> Decision:
    """An administrator, from one team to another, never to their own."""
    care = ask.record.care.get(ask["care"])
    of_team = care is not None and care.grantee[0] == "team"
    return checked(
        _appointing(ask, None),
        when(not of_team, "unknown-care"),
        when(not _team_known(ask, ask["team"]), "unknown-team"),
        FOR_THEMSELVES if ask["team"] in ask.facts.viewer.teams else None,
        when(care is not None and care.grantee[1] == ask["team"], "same-team"),
        when(ask["next"] in ask.record.care, "already-said"),
    )


def superseded(_ask: Ask) -> Decision:
    """Nobody: the type has a successor. It can be read, and not said any more."""
    return Deny("superseded")


def the_service(ask: Ask) -> Decision:
    """The ledger itself, of what it did: nobody else can put a line on the trail."""
    return ask.permit("service") if ask.acts_as("service") else ROLE_MISSING


def directory_read(ask: Ask) -> Decision:
    """The ledger itself, of names that it tells to somebody who is an administrator or a registrar then."""
    subject = ask.facts.subject
    standing = None if subject is None else subject.role(ask["acting_as"], ask.at)
    if not ask.acts_as("service"):
        return ROLE_MISSING
    return Deny("no-role") if standing is None else ask.permit("service", standing)


def _appointing(ask: Ask, person: str | None) -> Decision:
    """An administrator, for anybody but themselves."""
    if not ask.acts_as("administrator"):
        return ROLE_MISSING
    return FOR_THEMSELVES if person == ask.author else ask.permit("administrator")


def _registering(ask: Ask) -> Decision:
    """An administrator or a registrar; the service for an import or to found the ledger."""
    if ask.acts_as("service"):
        return ask.permit("service") if ask.importing or ask.founding else ROLE_MISSING
    return ask.permit(ask.said.acting_as) if ask.acts_as("administrator", "registrar") else ROLE_MISSING


def _took_two(ask: Ask) -> bool:
    """Does the person it is about have a role that took two administrators? Fewer must not get in as them."""
    return ask.facts.subject is not None and not NEEDS_APPROVAL.isdisjoint(ask.facts.subject.roles)


def _let_back_in(ask: Ask) -> bool:
    """Had the person no key before, or were they let back in since they were given the last?"""
    let_in = None if ask.facts.subject is None else ask.facts.subject.let_back_in
    return ask.subject_keyed_at is None or (let_in is not None and let_in > ask.subject_keyed_at)


def _administers(ask: Ask) -> bool:
    return ask.facts.viewer.role("administrator", ask.at) is not None


def _team_known(ask: Ask, team: str) -> bool:
    known = ask.facts.teams.get(team)
    return known is not None and known.formed is not None
