"""Operations of high stakes: in a browser, only by somebody who has lately shown who they are.

A session may have been left open on a device that others use. What is said here through the service's key, and pages
that tell a coercive reader what the owner keeps from them, ask for the passkey again. What only takes back does not:
taking back must be quick. A program's token was given for a signature at most ten minutes ago.
"""

from typing import Final

from api.http.problems import SIGN_IN_AGAIN, Problem, Refused
from api.sign_in.session import Session
from ledger.core.instants import MINUTE, Instant

REAUTHENTICATE_AFTER: Final = 15 * MINUTE
FRESH: Final = frozenset(
    {
        # who may see what, and what others have seen
        "sharing.read",
        "sharing.read_as_fhir",
        "sharing.direct",
        "sharing.start_together",
        "sharing.restore",
        "sharing.unfreeze",
        "presets.plan",
        "presets.carry_out",
        "preview.view",
        "preview.outline",
        "preview.of_item",
        "trail.who_looked",
        "trail.seen_by",
        "trail.who_looked_across",
        "trail.days",
        "trail.in_full",
        "trail.as_of",
        "trail.replay",
        # all of it at once, to take away
        "exports.bundle",
        "trail.export",
        "care.name_carer",
        "care.start",
        "care.transfer",
        "cases.assign",
        "cases.open_topics",
        # capacity, and who decides in the patient's place
        "representation.assess_capacity",
        "representation.withdraw_assessment",
        "representation.register_power",
        "representation.exercise_power",
        "representation.state_birth",
        "representation.register_parent",
        "representation.review_parent",
        "representation.disclose_in_best_interests",
        "representation.release_after_death",
        "representation.record_death",
        "representation.retract_death",
        # emergency
        "sharing.open_emergency",
        "sharing.open_emergency_item",
        "sharing.delay_notice",
        # advance statements
        "wishes.sign",
        "wishes.withdraw",
        "representation.wish_after_death",
        # what cannot be undone
        "erasing.erase",
        # roles, keys and ways in
        "people.join_team",
        "people.grant",
        "people.approve",
        "people.enrol_key",
        "people.set_policy",
        "people.invite",
        "people.register_carer",
        "people.leave",
        "people.ask_recovery",
        "people.approve_recovery",
        "passkeys.options",
        "passkeys.make",
        "passkeys.end",
        "people.enrol_passkey",
        "recovery.make_code",
        "identities.link",
        "identities.end",
    }
)
"""By the operation's id."""


def check_fresh(session: Session, operation: str | None, now: Instant) -> None:
    """Raise Refused for an operation of high stakes, if this browser's session has not lately been confirmed."""
    shown = session.authenticated_at
    if session.id is None or operation not in FRESH:
        return
    if shown is None or now - shown >= REAUTHENTICATE_AFTER:
        raise Refused(
            Problem(
                SIGN_IN_AGAIN,
                f"session: got one confirmed more than {REAUTHENTICATE_AFTER // MINUTE} minutes ago, which this asks"
                " for; use your passkey at POST /session/again or sign in again, then try again",
            )
        )
