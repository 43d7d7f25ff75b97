"""Statements as their authors' own devices sign them."""

import os
from typing import Any

from api.clock import clock
from ledger.core import canonical
from ledger.core.keys import KeyStatement, PublicKey, Signer
from ledger.core.public import Public
from ledger.core.sealing import Opening
from ledger.core.statement import Statement, sign
from ledger.domain.stream import Submission
from ledger.ledger import Ledger
from ledger.saying import Answer, By, fresh_id


async def submit(
    ledger: Ledger, by: By, signer: Signer, type_: str, facts: dict[str, Any], *, public: Public | None = None
) -> Answer:
    """Say facts, and nothing in words, signed now."""
    now, opening = clock(), Opening(os.urandom(32), canonical.encode(facts))
    origin = ledger.keyring.origin
    said = Statement(fresh_id(now), origin, type_, by.person, by.acting_as, now, opening.commitment, None, public)
    return await ledger.submit(Submission(sign(said, signer), opening, None))


async def enrol(ledger: Ledger, by: By, signer: Signer, person: str, key: PublicKey) -> Answer:
    """Enrol a key for a person by a statement that is signed: by a registrar, or with another key of theirs."""
    public = KeyStatement(key, "author", None, {"person": person, "by": by.acting_as})
    facts = {"person": person, "kid": key.kid}
    return await submit(ledger, by, signer, "key-enrolled/1", facts, public=public)
