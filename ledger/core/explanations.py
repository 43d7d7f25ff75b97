"""What every rule means: one table for the API, the pages and the documentation.

``means`` is for who reads the documentation. ``told`` is for the one who asked, in plain words and with what to do
next; None where they are told nothing, because there is no sign or because they need no reason. ``of_them`` is for a
patient who looks how their record looks to somebody else. What hides that something is there is told to nobody.

Pure data. The names of refused statements stand in ``explanations_of_saying``; a name means the same in both.
"""

from collections.abc import Mapping
from typing import Final

from ledger.core.decisions import Decision, Permit
from ledger.core.errors import CoreError
from ledger.core.explanation import Explanation
from ledger.core.explanations_of_saying import SAYING_PERMITTED, SAYING_REFUSED


class UnknownRule(CoreError):
    """A rule that nobody has explained."""


PERMITTED: Final[Mapping[str, Explanation]] = {
    "own-words": Explanation("The reader wrote it.", "You wrote this.", "They wrote this themselves."),
    "own-record": Explanation("It is the reader's own record.", "It is your own record."),
    "direct-care": Explanation(
        "A clinician in a current care relationship, within the team's profile, and the patient has not sealed it.",
        "You are caring for this person.",
        "They are caring for you.",
    ),
    "emergency": Explanation(
        "A clinician's emergency is in force: it opens this, or lets them open one more item.",
        "You opened it as an emergency; the patient is told.",
        "They opened your record as an emergency.",
    ),
    "asked": Explanation(
        "The patient asked this clinician why they looked, so they may read the question and answer it.",
        "The patient asked you about this. Please answer.",
        "You asked them about this.",
    ),
    "named-carer": Explanation(
        "A carer whom the patient has named: they may open the record, and tell the team something."
        " The items are decided one by one.",
        None,
        "You named them as your carer. That alone shows them nothing.",
    ),
    "shared": Explanation(
        "The patient shares it with this carer, and every condition of that is met now.",
        None,
        "You share this with them.",
    ),
    "best-interests": Explanation(
        "The patient cannot decide about sharing now, and a professional shows this carer what is needed, for a time.",
        None,
        "You could not decide, and a professional showed them this because it was best for you. You can end that.",
    ),
    "released": Explanation(
        "The patient has died, and the guardian shows this person this, for a time.",
        "The patient has died. The privacy officer lets you see this for a time.",
    ),
    "attorney": Explanation(
        "A registered power over health and welfare is in force. An item is shown only while the patient cannot make a"
        " decision that the power covers, and only if it bears on that decision.",
        "You decide for this person now, and need this to decide.",
        "You could not decide this, and they decide for you. They need this to decide.",
    ),
    "parent": Explanation(
        "The patient is a child, and the reader has parental responsibility.",
        "It is the record of your child.",
        "They are your parent, and you are still a child.",
    ),
    "named-parent": Explanation(
        "A parent of a young person: they may open the record. The items are decided one by one.",
        None,
        "They are your parent. That alone shows them nothing more.",
    ),
    "parent-reviewed": Explanation(
        "A review with named scope lets this parent of a young person see it, for a time.",
        "Your child's team agreed that you may see this for now.",
        "Your team looked at this and decided that your parent may see it for now. You can ask them why.",
    ),
    "erased": Explanation(
        "The reader may see it by another rule, but its words were erased: only that it was there is shown.",
        "This was here. Its words have been erased.",
    ),
    "audit": Explanation(
        "It lies within a case that is assigned to this auditor.",
        "It belongs to a case that was given to you.",
        "They check who looks at records, and yours is part of a check.",
    ),
    "guardian": Explanation(
        "It is the guardian's to oversee: kept on a ground, in the wrong record, to be erased, an emergency, a question"
        " or a death.",
        "It is yours to look after.",
        "They watch over how records are used, such as an emergency, a question or what is kept back.",
    ),
}
"""Why something may be seen."""

_KEPT_FROM_THEM: Final = "A professional keeps this from them."

REFUSED: Final[Mapping[str, Explanation]] = {
    "no-role": Explanation(
        "No fact in force says that this person is what they act as.",
        "You are not what you say you act as here. Check the record, or have the role given to you.",
    ),
    "no-rule": Explanation("No rule permits it.", "Nothing allows this. Check what you asked for."),
    "unknown-record": Explanation("There is no such record."),
    "unknown-item": Explanation("There is no such item in this record, for this reader."),
    "never-words": Explanation(
        "The reader oversees, and oversight reads no words of an item.",
        "You may see that this is there, and not what it says.",
    ),
    "wrong-record": Explanation("It was marked as standing in the wrong record."),
    "working": Explanation(
        "It is a working note in its first 28 days, and the reader is not of its author's team; carers never see one.",
        None,
        "It was a working note. Carers never see those, and at first only its team does.",
    ),
    "flag": Explanation("It is a safeguarding flag."),
    "carer-confidence": Explanation(
        "A carer told it in confidence, less than 14 days ago, or it is kept on that ground."
    ),
    "withheld:serious-harm": Explanation(
        "It is kept back because seeing it could do serious harm, by an opinion that has not lapsed.",
        "A professional keeps this back because seeing it could do serious harm."
        " You can ask who decided, and challenge it.",
        _KEPT_FROM_THEM,
    ),
    "withheld:third-party": Explanation(
        "It is kept back because it is about somebody else.",
        "A professional keeps this back because it is about somebody else. You can ask who decided, and challenge it.",
        _KEPT_FROM_THEM,
    ),
    "withheld:safeguarding": Explanation("It is kept back to keep somebody safe.", None, _KEPT_FROM_THEM),
    "withheld:carer-confidence": Explanation(
        "It is kept from carers, because a carer told it in confidence.", None, _KEPT_FROM_THEM
    ),
    "withheld:agreed": Explanation(
        "Does not occur: on this ground something is hidden from screens only (online-hidden).",
        "You agreed with your team that this is kept back. You can change your mind.",
        _KEPT_FROM_THEM,
    ),
    "withheld:domestic-abuse": Explanation(
        "Does not occur: on this ground something is hidden from screens only (online-hidden).", None, _KEPT_FROM_THEM
    ),
    "online-hidden": Explanation("It is off every screen, by agreement or on a ground; it is to be had in person."),
    "not-yet": Explanation(
        "It is a result that is held for a time, or that waits until the patient asks for it.",
        "A result has come. Your team wants to tell you first, or you asked to be told first.",
    ),
    "notice-delayed": Explanation(
        "It is an emergency of which the guardian has delayed the notice to the patient, 72 hours at a time."
    ),
    "no-relationship": Explanation(
        "A clinician has no current care relationship, a carer is named no more, or a parent's or attorney's time"
        " is over.",
        "There is no care relationship between you and this person now. Ask them, or have it recorded.",
        "They are not your carer any more.",
    ),
    "outside-profile": Explanation(
        "The profile of the clinician's team does not cover this kind or one of its topics.",
        "Your team does not work with this. Ask a colleague, or have your team's profile changed.",
        "Their team does not need this for its work.",
    ),
    "sealed-by-patient": Explanation(
        "The patient has closed it to this clinician.",
        "The patient keeps this closed. Ask them, or open it in an emergency.",
        "You closed this to them.",
    ),
    "experience-not-shared": Explanation(
        "It is feedback on a service, which the patient has not shared with this clinician.",
        None,
        "You have not shared this with them.",
    ),
    "emergency-not-opened": Explanation(
        "An emergency is in force and has not opened this item by name.",
        "There is more here. Open it by itself if this emergency needs it.",
        "They opened your record in an emergency, and not this.",
    ),
    "no-consent": Explanation(
        "The patient has shared neither it nor anything that it is part of, or has suspended this carer.",
        None,
        "You have not shared this with them, or you stopped all their access for now.",
    ),
    "withheld-by-patient": Explanation(
        "The patient's directive that decides says withhold.", None, "You keep this from them."
    ),
    "topic-not-shared": Explanation(
        "It has a sensitive topic that is not shared by name.",
        None,
        "It is about something private that you have not ticked for them.",
    ),
    "condition-not-met": Explanation(
        "The share that decides has not begun, is over, or its condition is not met now.",
        None,
        "You share this with them at other times, or only under a condition that does not hold now.",
    ),
    "frozen": Explanation(
        "It is newer than the patient's freeze of this carer, and was not shared by itself since.",
        None,
        "You froze what they see, and this came later.",
    ),
    "young-persons-own": Explanation(
        "It has a topic that no review opens to a parent; the young person can share it.",
        None,
        "This stays yours. Your parent sees it only if you share it.",
    ),
    "after-death": Explanation(
        "The patient has died. Consents and powers ended; requests go to the guardian.",
        "This person has died. Ask the privacy officer.",
    ),
    "erased": Explanation("Its words, or those of what it answers, were erased; to a carer it is not there."),
    "no-trail": Explanation(
        "A carer never sees the trail.", "You cannot see who looked at this record. Its patient can."
    ),
    "no-case": Explanation(
        "The auditor named no case that is theirs and in force.",
        "You have no open case for this. Name one, or have one given to you.",
    ),
    "outside-case": Explanation(
        "It lies outside the auditor's case.", "This lies outside your case. Ask for a case that covers it."
    ),
    "outside-duty": Explanation(
        "Nothing here is the guardian's to oversee.", "Nothing here needs you. You see it when something does."
    ),
    "not-recorded": Explanation(
        "The disclosure was not made by the ledger, so nothing can be opened with it.", "Open the record again."
    ),
    "too-late": Explanation(
        "The disclosure's five seconds are over; open the record again.", "That took too long. Open the record again."
    ),
    "no-view": Explanation(
        "The API has no view of a record for this acting-as.", "You cannot look at this as what you act as."
    ),
    "no-list": Explanation("The API has no list of records for this acting-as.", "Open a record by its id."),
    "no-auditor": Explanation("The reader is not an auditor now.", "Sign in as an auditor."),
    "not-this-reader": Explanation(
        "A view was to be built from a disclosure to another kind of reader.", "Open the record as who you act as."
    ),
}
"""Why something is not to be seen."""


def explain(decision: Decision) -> Explanation:
    """What the rule of a decision means, of something seen or of something said. Raises UnknownRule."""
    return why_permitted(decision.rule) if isinstance(decision, Permit) else why_refused(decision.rule)


def why_permitted(rule: str) -> Explanation:
    """What the rule of a permit means. Raises UnknownRule."""
    return _found(rule, PERMITTED, SAYING_PERMITTED)


def why_refused(rule: str) -> Explanation:
    """What the rule of a refusal means. Raises UnknownRule."""
    return _found(rule, REFUSED, SAYING_REFUSED)


def _found(rule: str, *tables: Mapping[str, Explanation]) -> Explanation:
    for table in tables:
        if rule in table:
            return table[rule]
    raise UnknownRule(f"rule: got {rule!r}, wanted one of ledger.core.explanations; explain it there")
