"""What each type of statement is called on a page: what its author did, in a few plain words, to be translated.

Types that have a successor are called as it is. A test holds the table to the vocabulary.
"""

from collections.abc import Mapping
from typing import Any, Final

from api.pages.language import gettext as _
from api.pages.language import marked

DID: Final[Mapping[str, str]] = {
    "person-registered": marked("Registered a person"),
    "key-enrolled": marked("Added a signing key"),
    "key-revoked": marked("Ended a signing key"),
    "passkey-enrolled": marked("Confirmed a passkey"),
    "passkey-revoked": marked("Ended a passkey"),
    "recovery-asked": marked("Asked to let somebody back in"),
    "recovery-approved": marked("Agreed to let somebody back in"),
    "role-granted": marked("Gave a role"),
    "role-approved": marked("Approved a role"),
    "role-ended": marked("Ended a role"),
    "team-formed": marked("Created a team"),
    "team-joined": marked("Added somebody to a team"),
    "team-left": marked("Removed somebody from a team"),
    "record-opened": marked("Opened a record"),
    "care-started": marked("Began a care relationship"),
    "care-ended": marked("Ended a care relationship"),
    "care-transferred": marked("Handed care over to another team"),
    "carer-named": marked("Named a carer"),
    "carer-ended": marked("Ended somebody’s part as a carer"),
    "item-added": marked("Wrote something"),
    "item-amended": marked("Corrected or added to something"),
    "item-marked-in-error": marked("Marked something as written in error"),
    "item-topics-set": marked("Changed the sensitive topics of something"),
    "agreement-stated": marked("Said whether they agree"),
    "dispute-answered": marked("Answered a dispute"),
    "dispute-reviewed": marked("Reviewed an answer to a dispute"),
    "withholding-made": marked("Withheld something"),
    "withholding-lifted": marked("Ended a withholding"),
    "result-held": marked("Held a result back for a time"),
    "result-released": marked("Released a result"),
    "erasure-asked": marked("Asked to have words erased"),
    "content-erased": marked("Erased words"),
    "leave-asked": marked("Asked a carer for leave to share"),
    "leave-answered": marked("Answered whether something may be shared"),
    "wish-signed": marked("Signed an advance statement"),
    "wish-reviewed": marked("Reviewed an advance statement"),
    "wish-withdrawn": marked("Withdrew an advance statement"),
    "directive-made": marked("Chose who can see what"),
    "directive-withdrawn": marked("Took back a choice of who can see what"),
    "results-wish-stated": marked("Chose how to hear of results"),
    "together-started": marked("Began looking together"),
    "together-ended": marked("Ended looking together"),
    "carer-suspended": marked("Suspended a carer"),
    "carer-restored": marked("Ended a suspension"),
    "sharing-stopped": marked("Stopped all sharing"),
    "sharing-frozen": marked("Froze what a carer can see"),
    "sharing-unfrozen": marked("Ended a freeze"),
    "carer-conversation-held": marked("Talked about carers"),
    "emergency-opened": marked("Opened a record in an emergency"),
    "emergency-item-opened": marked("Opened one more item in an emergency"),
    "emergency-reviewed": marked("Reviewed an emergency access"),
    "notice-delayed": marked("Delayed telling the patient of an emergency access"),
    "access-questioned": marked("Asked why somebody looked"),
    "access-answered": marked("Answered why somebody looked"),
    "capacity-assessed": marked("Assessed whether the patient can decide something"),
    "capacity-withdrawn": marked("Took back an assessment of capacity"),
    "power-registered": marked("Registered a power of attorney"),
    "power-exercised": marked("Acted under a joint power"),
    "power-ended": marked("Ended a power of attorney"),
    "birth-stated": marked("Stated a date of birth"),
    "parent-registered": marked("Registered a parent"),
    "parent-reviewed": marked("Reviewed what a parent may see"),
    "parent-ended": marked("Ended a parent’s access"),
    "best-interests-made": marked("Shared something in the patient’s best interests"),
    "best-interests-ended": marked("Ended a sharing in the patient’s best interests"),
    "after-death-wish-stated": marked("Chose what happens after death"),
    "death-recorded": marked("Recorded a death"),
    "death-retracted": marked("Took back the record of a death"),
    "after-death-released": marked("Released something after a death"),
    "case-assigned": marked("Assigned a case to an auditor"),
    "topics-opened": marked("Opened the topics of an item"),
    "case-closed": marked("Closed a case"),
    "disclosure-made": marked("Looked at something"),
    "directory-read": marked("Was told names of people and teams"),
    "attempt-refused": marked("Was refused something"),
    "policy-set": marked("Set the policy"),
    "log-continued": marked("Continued the log under another name"),
}
"""By the name of the type, without its version."""


def did(statement_type: str) -> str:
    """What somebody did who said this, as ``item-added/1``.

    What was tried and has no shape is on the trail by its operation, or by a type that there is not: as it is called.
    """
    known = DID.get(statement_type.partition("/")[0])
    if known is None:
        return _("Sent something that cannot be recorded: %(what)s") % {"what": statement_type}
    return _(known)


FILTERS: Final[dict[str, Any]] = {"did": did}
"""What templates say of a statement: ``{{ said.type|did }}``."""
