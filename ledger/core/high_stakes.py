"""Statements of high stakes: those that a passkey assures one by one where a session key signs them.

By what is in clear, mostly the type alone: so whoever checks the log, without its contents, can hold it to this.
What only takes back is not among them: taking back must be quick. Nor is what opens to the patient what is theirs
(lifting a withholding, releasing a result), nor the single items of an emergency that is assured as a whole.
"""

from typing import Final

from ledger.core.keys import KeyStatement
from ledger.core.statement import Statement

HIGH_STAKES: Final = frozenset(
    {
        # grants
        "directive-made/1",
        "care-started/1",
        "care-transferred/1",
        "team-joined/1",
        "case-assigned/2",
        "topics-opened/1",
        "carer-named/1",
        "carer-restored/1",
        "together-started/1",
        "sharing-unfrozen/1",
        "best-interests-made/1",
        "role-granted/1",
        "role-approved/1",
        "passkey-enrolled/1",
        "recovery-asked/1",
        "recovery-approved/1",
        "policy-set/2",
        # capacity, and who decides in the patient's place
        "capacity-assessed/1",
        "capacity-withdrawn/1",
        "power-registered/1",
        "power-exercised/1",
        "birth-stated/1",
        "parent-registered/1",
        "parent-reviewed/1",
        # emergency
        "emergency-opened/2",
        # advance statements
        "wish-signed/1",
        "wish-withdrawn/1",
        "after-death-wish-stated/1",
        "after-death-released/1",
        "death-retracted/1",
    }
)


def is_of_high_stakes(said: Statement) -> bool:
    """Whether it is one of them: by its type, or because it enrols a lasting key that only its owner can use.

    Such a key signs without any passkey, also when the one behind the session key is revoked. A session key's own
    enrolment has an assertion in it already.
    """
    key = said.public
    lasting = isinstance(key, KeyStatement) and key.custody == "author" and key.certified_by is None
    return said.type in HIGH_STAKES or (said.type == "key-enrolled/1" and lasting)
