"""What the rules mean by which a statement is admitted or refused; who is refused is told what to do next.

Names that also decide who sees what are in ``explanations``, where they are read from.
"""

from collections.abc import Mapping
from typing import Final

from ledger.core.explanation import Explanation

SAYING_PERMITTED: Final[Mapping[str, Explanation]] = {
    "patient": Explanation("The patient says it about their own record."),
    "clinician": Explanation(
        "A clinician, where no care relationship is needed: to open a record or an emergency, or to answer a question."
    ),
    "in-care": Explanation("A clinician in a current care relationship, within the team's profile."),
    "author": Explanation("Who wrote the item."),
    "team-of-item": Explanation(
        "A clinician in care who is of the team of the item's author, or of one that took over that team's care; for an"
        " imported item, any clinician in care."
    ),
    "sees-parent": Explanation("Whoever may see what they answer."),
    "administrator": Explanation("An administrator, and not about themselves."),
    "registrar": Explanation("A registrar."),
    "auditor": Explanation("The auditor whose case it is."),
    "own-key": Explanation("A person about a key of their own, shown by their signature."),
    "service": Explanation("The ledger itself, about what it did, or at its founding."),
    "import": Explanation("What another system says a clinician said, through the import and marked so."),
}
"""Why something may be said."""

SAYING_REFUSED: Final[Mapping[str, Explanation]] = {
    # who says it
    "role-missing": Explanation(
        "What they act as may not say this.", "This is not yours to say. Ask somebody whose role it is."
    ),
    "not-the-patient": Explanation("Only the patient may say it.", "Only the patient may say this. Ask them."),
    "not-in-care": Explanation(
        "The author has no current care relationship.",
        "You are not caring for this person now. Have your care started, or name the appointment or task.",
    ),
    "not-the-author": Explanation(
        "Only who made it may say it, or somebody of their team.", "Somebody else made this. Ask them."
    ),
    "not-of-the-team": Explanation(
        "Only the team of the disputed item may answer.", "Another team wrote this. Ask them to answer."
    ),
    "for-themselves": Explanation(
        "It would be about the author themselves.", "You cannot do this for yourself. Ask somebody else."
    ),
    "not-for-another": Explanation(
        "An emergency is opened for oneself only.", "You can open an emergency for yourself only. Let them open it."
    ),
    "own-access": Explanation(
        "The guardian would judge their own access.", "This is about you. Ask another privacy officer."
    ),
    "same-administrator": Explanation(
        "The second administrator is the one who granted it.", "You gave this role. Ask another administrator."
    ),
    "same-clinician": Explanation(
        "The second review is by the clinician who declined.", "You declined it. Ask another clinician to look."
    ),
    "same-guardian": Explanation(
        "The guardian who would erase is the one who asked.", "You asked for this. Ask another privacy officer."
    ),
    "not-the-service": Explanation(
        "It is about the ledger itself, which only the ledger may say.",
        "The system does this by itself. Name a person.",
    ),
    "superseded": Explanation(
        "The type has a successor: it can be read, and not said any more.", "Use the newer form of this statement."
    ),
    # when it was made
    "from-the-future": Explanation(
        "It was made more than five minutes ahead of the ledger's clock.",
        "Your clock is ahead. Set it, and say it again.",
    ),
    "stale-grant": Explanation(
        "It widens access and was made more than five minutes ago.", "This was said too long ago. Say it again now."
    ),
    "already-said": Explanation("The thing that it makes is there already.", "It is done already. Or use a fresh id."),
    # what is not there
    "unknown-person": Explanation(
        "There is no such person.", "Nobody is known by this id. Check it, or register them."
    ),
    "unknown-team": Explanation("There is no such team.", "There is no such team. Check the id, or form it."),
    "unknown-profile": Explanation(
        "The policy has no such profile.", "There is no such profile. Set it, or use another."
    ),
    "unknown-topic": Explanation("The policy knows no such topic.", "There is no such topic. Use one of the policy."),
    "unknown-care": Explanation("There is no such care relationship of a team, or of anybody.", "Check the id."),
    "unknown-case": Explanation("There is no such case.", "Check the id."),
    "unknown-directive": Explanation("There is no such directive.", "Check the id."),
    "unknown-emergency": Explanation("There is no such emergency.", "Check the id."),
    "unknown-session": Explanation("There is no such together session.", "Check the id."),
    "unknown-withholding": Explanation("There is no such withholding of this item.", "Check the id."),
    "unknown-question": Explanation("There is no such question about an access.", "Check the id."),
    "unknown-power": Explanation(
        "The person holds no such power in force.", "This power is not there, or not theirs now. Check the id."
    ),
    "unknown-parent": Explanation("No such parental responsibility is registered.", "Check the id, or register it."),
    "unknown-zone": Explanation("There is no such time zone.", "Name one such as Europe/London."),
    # items
    "item-not-visible": Explanation(
        "The author may know that the item is there and may not see it.", "You cannot see this yet. Ask who keeps it."
    ),
    "parent-not-visible": Explanation(
        "The author may not see what this would answer.", "You cannot see what this answers. Ask who keeps it."
    ),
    "parent-missing": Explanation("A comment answers nothing.", "Say what this comment is about."),
    "only-comments-answer": Explanation(
        "Something else than a comment names a parent.", "Add it as a comment, or by itself."
    ),
    "concern-of-a-comment": Explanation(
        "Only what answers something can be a comment, a reply or a dispute.", "Leave the concern out."
    ),
    "only-carers-confide": Explanation(
        "Only a carer's contribution can be told in confidence.", "Only a carer can ask for this. Leave the mark out."
    ),
    "thread-too-long": Explanation(
        "So many answers stand under the item already.", "This talk is long enough. Begin a new one beside it."
    ),
    "thread-too-deep": Explanation("The answer would stand under too many others.", "Answer an earlier one."),
    "not-an-import": Explanation(
        "It is marked as imported and did not come through the import.", "Leave the mark out, or import it."
    ),
    "not-a-wish": Explanation("The item is not an advance statement.", "Name an item of kind wishes."),
    "not-a-dispute": Explanation("The item is not a dispute.", "Name the dispute."),
    "nothing-to-review": Explanation("The dispute has not been declined.", "Wait for its answer."),
    "not-a-result": Explanation("The item is not a result.", "Name a result."),
    "already-released": Explanation("The result was released.", "There is nothing to do: it is open."),
    "nothing-to-release": Explanation("The patient sees the result already.", "There is nothing to do: it is open."),
    "ground-for-screens-only": Explanation(
        "This ground hides from screens only.", "Hide it from screens, or name another ground."
    ),
    "opinion-to-come": Explanation("The opinion is dated in the future.", "Correct the date of the opinion."),
    "opinion-out-of-date": Explanation(
        "The opinion on serious harm is older than six months.", "The opinion is too old. Get a new one."
    ),
    "review-in-the-past": Explanation("The review date is over.", "Name a later date for the review."),
    "not-in-confidence": Explanation("The item was not told in confidence, or is not any more.", "You need no leave."),
    "leave-not-asked": Explanation("Nobody has asked leave to share it.", "Wait until somebody asks you."),
    "words-erased": Explanation(
        "The words about the item were erased, and nothing more is said about it.", "This was erased. Add a new item."
    ),
    "erasure-not-asked": Explanation(
        "Nobody has asked for this erasure of this item.", "Have the patient or another privacy officer ask for it."
    ),
    "nothing-to-erase": Explanation("Nothing is left of the words about the item.", "There is nothing to do."),
    "not-its-words": Explanation(
        "The positions are not exactly those of the item that have words.", "Name them all, and no others."
    ),
    # sharing
    "empty-period": Explanation(
        "The period is over before it begins, or ends in the past.", "It would be over already. Correct its end."
    ),
    "too-long": Explanation("The period is longer than the rule allows.", "That is too long. Name an earlier end."),
    "withhold-is-unconditional": Explanation(
        "A withhold has no dates and no condition.", "Keeping something back has no end date. End it when you want to."
    ),
    "hidden-is-for-withholds": Explanation("Only a withhold can be hidden.", "Leave the mark out when you share."),
    "empty-window": Explanation(
        "The hours name no day, or no time.", "Name days from 1 to 7, and two different times."
    ),
    "replaced-not-current": Explanation(
        "The directive that it replaces is not the current one for that grantee and scope.",
        "Something changed in between. Look at what holds now, and choose again.",
    ),
    "not-current": Explanation(
        "It has been replaced, withdrawn or ended already.", "This holds no more. Look at what holds now."
    ),
    "not-a-carer": Explanation("The person is not named as a carer in this record.", "Name them as a carer first."),
    "not-suspended": Explanation("The carer is not suspended.", "There is nothing to do."),
    "not-frozen": Explanation("What the carer sees is not frozen.", "There is nothing to do."),
    "no-emergency": Explanation(
        "The author has no emergency in force here.", "Open an emergency first, with its reason."
    ),
    "assessment-to-come": Explanation(
        "The assessment begins later, and would replace the one that counts now.",
        "Say from when it holds, up to now. One for later is said later.",
    ),
    "already-told": Explanation(
        "The patient has been told: they were shown it, or it is over and its notice is not delayed.",
        "The patient knows of it. There is nothing to delay.",
    ),
    "already-answered": Explanation("The question has its answer.", "It was answered already."),
    # who decides for the patient
    "lacks-capacity": Explanation(
        "A new grant needs capacity, and an assessment in force says that the patient cannot decide about sharing.",
        "An assessment says that you cannot decide about sharing now. You can still stop sharing. Ask your team.",
    ),
    "has-capacity": Explanation(
        "No assessment in force says that the patient cannot decide about sharing.", "The patient can decide. Ask them."
    ),
    "not-registered": Explanation(
        "A power counts only once it is registered.", "Have the power registered first, and give the day."
    ),
    "not-for-the-patient": Explanation(
        "Nobody is their own attorney or parent.", "Name somebody else than the patient."
    ),
    "empty-power": Explanation("The power names no matter, or no holder.", "Name what it is about and who holds it."),
    "another-instrument": Explanation(
        "The power is known under this id with other terms.", "Check the id, the terms and the number of holders."
    ),
    "too-many-holders": Explanation("As many as it names hold it already.", "End the power of one of them first."),
    "birth-to-come": Explanation("The birth is dated in the future.", "Correct the date."),
    "no-birth-stated": Explanation("Nobody has stated when the patient was born.", "State the date of birth first."),
    "of-age": Explanation("The patient is too old to be represented by a parent.", "Ask the young person."),
    "empty-scope": Explanation("No part of the record is named.", "Name what it is about."),
    "death-to-come": Explanation("The death is dated in the future.", "Correct the date."),
    "not-dead": Explanation("No death is recorded.", "Record the death first."),
    "not-after-death": Explanation("The patient said: not after my death.", "The patient forbade it. It stays closed."),
    # people, teams and policy
    "nothing-to-approve": Explanation("Nothing of the kind waits for approval.", "Have it asked for or granted first."),
    "has-own-key": Explanation(
        "The person has a key of their own.",
        "Ask them to enrol the next one with it. If they lost it, let them back in by recovery.",
    ),
    "not-recovered": Explanation(
        "The person had a key of their own, and nobody let them back in since.",
        "Let them back in first: two of the staff, or a code of their own.",
    ),
    "takes-an-administrator": Explanation(
        "The person has a role that took two administrators.", "Ask an administrator to do it."
    ),
    "not-signed": Explanation(
        "A key is enrolled only by a statement that somebody signed with a key of their own.",
        "Sign it with an existing key, or ask a registrar, who must sign it if they have a key.",
    ),
    "not-a-service-key": Explanation("The service may enrol only keys that it holds.", "Ask a registrar."),
    "unbounded-case": Explanation(
        "The case names neither a record, a person nor a period.", "Name a record, a person or a period."
    ),
    "same-team": Explanation("The care is that team's already.", "Name another team."),
    "topic-dropped": Explanation(
        "A topic that was there is missing.", "Keep every topic that there was, and add to them."
    ),
    "ages-out-of-order": Explanation(
        "The ages are not in the order review, end, refusal, or not from 1 to 30.", "Correct the ages."
    ),
}
"""Why something may not be said."""
