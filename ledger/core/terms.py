"""The closed lists of names that statements use, in the words of the field (FHIR, Mental Capacity Act 2005)."""

from typing import Final

KINDS: Final = (
    "note",
    "letter",
    "result",
    "reading",
    "medicine",
    "allergy",
    "problem",
    "plan",
    "plan-for-carers",
    "wishes",
    "decision",
    "recommendation",
    "information",
    "working-note",
    "flag",
    "comment",
    "contribution",
    "experience",
)
TOPICS: Final = (
    "mental-health",
    "sexual-health",
    "reproductive",
    "substance-use",
    "domestic-abuse",
    "genetic",
    "social-care",
)
"""The sensitive topics until a policy says others beside them."""
KEY_ENDS: Final = ("lost", "stolen", "left", "replaced")
"""Why a key or a passkey is revoked."""
ACTING_AS: Final = (
    "patient",
    "clinician",
    "carer",
    "attorney",
    "parent",
    "auditor",
    "guardian",
    "administrator",
    "registrar",
    "service",
)
ROLES: Final = ("clinician", "administrator", "auditor", "guardian", "registrar")
CONCERNS: Final = ("comment", "reply", "dispute")
AGREEMENTS: Final = ("agree", "disagree", "not-discussed")
GROUNDS: Final = ("serious-harm", "third-party", "safeguarding", "carer-confidence", "agreed", "domestic-abuse")
CARE_GROUNDS: Final = ("registration", "referral", "appointment", "admission", "import")
BASES: Final = (
    "no-longer-necessary",
    "consent-withdrawn",
    "objection-upheld",
    "unlawfully-processed",
    "legal-obligation",
    "child-online-service",
    "retention-ended",
    "court-order",
)
"""Why words are erased: UK GDPR, Article 17(1)(a) to (f), in its order; the end of retention; an order of a court."""
PURPOSES: Final = ("appointment", "task", "own-record", "shared-with-me", "emergency", "audit", "correction", "import")

MATTERS: Final = ("sharing", "treatment", "care", "residence", "contact", "research")
"""What a decision is about, for capacity is decision-specific (Mental Capacity Act 2005, section 2)."""
TERMS: Final = ("jointly", "jointly-and-severally")
"""How several holders of one power act (Mental Capacity Act 2005, section 10(4))."""
EMERGENCIES: Final = ("life-at-risk", "urgent-care", "cannot-be-asked", "safeguarding")
CONVERSATIONS: Final = ("asked", "agreed", "declined", "not-now")
AFTER_DEATH: Final = ("ask-guardian", "not-after-my-death")
