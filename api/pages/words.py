"""Words: what the names of the vocabulary are called on a page, in plain English, to be translated.

A name that has no words here is shown as it is, which a test does not let happen for any of the vocabulary.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from api.pages.language import gettext as _
from api.pages.language import marked
from ledger.core.explanations import why_permitted, why_refused

KIND: Final[Mapping[str, str]] = {
    "note": marked("Note"),
    "letter": marked("Letter"),
    "result": marked("Test result"),
    "reading": marked("Reading"),
    "medicine": marked("Medicine"),
    "allergy": marked("Allergy"),
    "problem": marked("Health problem"),
    "plan": marked("Care plan"),
    "plan-for-carers": marked("Plan for carers"),
    "wishes": marked("Advance statement"),
    "decision": marked("Decision"),
    "recommendation": marked("Recommendation"),
    "information": marked("Information"),
    "working-note": marked("Working note"),
    "flag": marked("Safeguarding flag"),
    "comment": marked("Comment"),
    "contribution": marked("Own entry"),
    "experience": marked("Experience of care"),
}
KINDS: Final[Mapping[str, str]] = {
    "note": marked("Notes"),
    "letter": marked("Letters"),
    "result": marked("Test results"),
    "reading": marked("Readings"),
    "medicine": marked("Medicines"),
    "allergy": marked("Allergies"),
    "problem": marked("Health problems"),
    "plan": marked("Care plans"),
    "plan-for-carers": marked("Plans for carers"),
    "wishes": marked("Advance statements"),
    "decision": marked("Decisions"),
    "recommendation": marked("Recommendations"),
    "information": marked("Information"),
    "working-note": marked("Working notes"),
    "flag": marked("Safeguarding flags"),
    "comment": marked("Comments"),
    "contribution": marked("Own entries"),
    "experience": marked("Experiences of care"),
}
"""Of a part of a record, as a patient shares it."""
TOPIC: Final[Mapping[str, str]] = {
    "mental-health": marked("Mental health"),
    "sexual-health": marked("Sexual health"),
    "reproductive": marked("Pregnancy and fertility"),
    "substance-use": marked("Alcohol and drugs"),
    "domestic-abuse": marked("Domestic abuse"),
    "genetic": marked("Genetic tests"),
    "social-care": marked("Social care"),
}
ROLE: Final[Mapping[str, str]] = {
    "patient": marked("Patient"),
    "clinician": marked("Clinician"),
    "carer": marked("Carer"),
    "attorney": marked("Attorney or deputy"),
    "parent": marked("Parent"),
    "auditor": marked("Auditor"),
    "guardian": marked("Privacy officer"),
    "administrator": marked("Administrator"),
    "registrar": marked("Registrar"),
    "service": marked("The service itself"),
}
PURPOSE: Final[Mapping[str, str]] = {
    "appointment": marked("For an appointment"),
    "task": marked("For a task"),
    "own-record": marked("Own record"),
    "shared-with-me": marked("Shared with them"),
    "emergency": marked("Emergency"),
    "audit": marked("For an audit"),
    "correction": marked("To correct something"),
    "import": marked("From another system"),
}
GROUND: Final[Mapping[str, str]] = {
    "serious-harm": marked("It could cause serious harm"),
    "third-party": marked("It tells about somebody else"),
    "safeguarding": marked("Somebody has to be protected"),
    "carer-confidence": marked("A carer told it in confidence"),
    "agreed": marked("Agreed with the patient"),
    "domestic-abuse": marked("It is about domestic abuse"),
}
CARE_GROUND: Final[Mapping[str, str]] = {
    "registration": marked("Registration"),
    "referral": marked("Referral"),
    "appointment": marked("Appointment"),
    "admission": marked("Admission"),
    "import": marked("From another system"),
}
EMERGENCY: Final[Mapping[str, str]] = {
    "life-at-risk": marked("A life is at risk"),
    "urgent-care": marked("Care is needed now"),
    "cannot-be-asked": marked("The patient cannot be asked"),
    "safeguarding": marked("Somebody has to be protected"),
}
MATTER: Final[Mapping[str, str]] = {
    "sharing": marked("Sharing the record"),
    "treatment": marked("Treatment"),
    "care": marked("Care"),
    "residence": marked("Where to live"),
    "contact": marked("Contact with others"),
    "research": marked("Research"),
}
CONVERSATION: Final[Mapping[str, str]] = {
    "asked": marked("Asked"),
    "agreed": marked("Agreed to share"),
    "declined": marked("Declined"),
    "not-now": marked("Not now"),
}
AGREEMENT: Final[Mapping[str, str]] = {
    "agree": marked("Agrees"),
    "disagree": marked("Disagrees"),
    "not-discussed": marked("Not discussed"),
}
KEY_END: Final[Mapping[str, str]] = {
    "lost": marked("Lost"),
    "stolen": marked("Stolen"),
    "left": marked("Left"),
    "replaced": marked("Replaced"),
}


def _of(table: Mapping[str, str]) -> Callable[[str], str]:
    def words_of(name: str) -> str:
        return _(table[name]) if name in table else name.replace("-", " ").capitalize()

    return words_of


kind, kinds, topic, role = _of(KIND), _of(KINDS), _of(TOPIC), _of(ROLE)


def part(scope: Mapping[str, Any]) -> str:
    """A part of a record, as a directive names it."""
    if scope["kind"] == "everything":
        return _("Everything without a sensitive topic")
    if scope["kind"] == "item":
        return _("One item")
    return topic(scope["of"]) if scope["kind"] == "topic" else kinds(scope["of"])


def signed_by(custody: str) -> str:
    """Whose signature a statement carries, from what a view says in ``signed``."""
    return _("Signed by them") if custody == "author" else _("Recorded by the service for them")


def why(rule: str) -> str:
    """What a rule by which something was shown means to who is told of it; empty where nothing is told."""
    name = rule.partition(":")[0]
    told = why_permitted(name).told
    return "" if told is None else _(told)


def why_not(rule: str) -> str:
    """What a rule by which something was refused means; empty where nothing is told."""
    told = why_refused(rule.partition(":")[0]).told
    return "" if told is None else _(told)


FILTERS: Final[dict[str, Any]] = {
    "kind": kind,
    "kinds": kinds,
    "topic": topic,
    "role": role,
    "part": part,
    "purpose": _of(PURPOSE),
    "ground": _of(GROUND),
    "care_ground": _of(CARE_GROUND),
    "emergency_kind": _of(EMERGENCY),
    "matter": _of(MATTER),
    "conversation": _of(CONVERSATION),
    "agreement": _of(AGREEMENT),
    "key_end": _of(KEY_END),
    "signed_by": signed_by,
    "why": why,
    "why_not": why_not,
}
"""What templates say the vocabulary with: ``{{ item.kind|kind }}``."""
