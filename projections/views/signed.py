"""Whose key signed what somebody said: their own, or one that the service holds for them.

Which of the two it was is said by the statement that enrolled the key, which the ledger holds to its entry.
"""

from collections.abc import Collection

from ledger.core.keys import Custody, KeyId
from ledger.ledger import Ledger
from projections.errors import OutOfStep

Signer = tuple[str, KeyId]
"""Whose statement it is, and the key that signed it."""


async def custody_of(ledger: Ledger, signers: Collection[Signer]) -> dict[Signer, Custody]:
    """Who holds each key: ``author`` (signed by them), or ``service`` (recorded by the service for them).

    Raises OutOfStep for a key that never spoke for that person.
    """
    held = await _held(ledger, signers, fresh=False)
    # A key may have been enrolled through another process since its owner was read last.
    missing = [signer for signer in signers if signer not in held]
    held |= await _held(ledger, missing, fresh=True)
    for person, kid in missing:
        if (person, kid) not in held:
            raise OutOfStep(
                f"timeline: got a statement of {person} under key {kid}, wanted a key of theirs; run rebuild"
            )
    return held


async def _held(ledger: Ledger, signers: Collection[Signer], *, fresh: bool) -> dict[Signer, Custody]:
    keys = {
        person: (await ledger.facts.person(person, fresh=fresh)).fold.keys.by_person
        for person in {person for person, _ in signers}
    }
    known = {signer: keys[signer[0]].get(signer) for signer in signers}
    return {signer: enrolment.said.custody for signer, enrolment in known.items() if enrolment is not None}
