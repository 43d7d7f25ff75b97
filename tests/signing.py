"""Statements as their authors' own devices sign them: with a key, or with a passkey and a session key."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from api.clock import clock
from ledger.core import canonical
from ledger.core.assertions import NONCE_SIZE, Assertion
from ledger.core.high_stakes import HIGH_STAKES
from ledger.core.instants import HOUR, Instant, format_instant
from ledger.core.keys import KeyStatement, PublicKey, Signer, SigningKey
from ledger.core.passkeys import Passkey, challenge_of_session_key, challenge_of_statement
from ledger.core.public import Public
from ledger.core.sealing import Opening
from ledger.core.statement import Statement, sign
from ledger.domain.stream import Submission
from ledger.ledger import Ledger
from ledger.saying import Answer, By, fresh_id
from tests.sign_in.authenticator import Authenticator, Browser

RP = "localhost"
Facts = dict[str, Any]


async def submit(
    ledger: Ledger,
    by: By,
    signer: Signer,
    type_: str,
    facts: Facts,
    *,
    words: Facts | None = None,
    public: Public | None = None,
    assure: Callable[[bytes], Assertion] | None = None,
) -> Answer:
    """Say something, signed now. ``assure`` makes an assertion for its payload."""
    now, opening = clock(), Opening(os.urandom(32), canonical.encode(facts))
    told = None if words is None else Opening(os.urandom(32), canonical.encode(words))
    said = Statement(
        fresh_id(now), ledger.keyring.origin, type_, by.person, by.acting_as, now, opening.commitment,
        None if told is None else told.commitment, public,
    )  # fmt: skip
    assertion = None if assure is None else assure(said.payload())
    return await ledger.submit(Submission(sign(said, signer), opening, told, assertion))


async def enrol(ledger: Ledger, by: By, signer: Signer, person: str, key: PublicKey) -> Answer:
    """Enrol a key for a person by a statement that is signed: by a registrar, or with another key of theirs."""
    public = KeyStatement(key, "author", None, {"person": person, "by": by.acting_as})
    facts = {"person": person, "kid": key.kid}
    return await submit(ledger, by, signer, "key-enrolled/1", facts, public=public)


async def let_back_in(ledger: Ledger, person: str) -> None:
    """Let somebody back in who had keys, as two administrators may: a registrar may then enrol the next."""
    first, second = (By(founder, "administrator") for founder in ledger.people.founders)
    asked = await ledger.people.ask_recovery(first, person)
    await ledger.people.approve_recovery(second, person, str(asked.facts["recovery"]))


@dataclass
class Device:
    """Somebody's authenticator and browser: a passkey that a registrar has enrolled, and a session key."""

    ledger: Ledger
    by: By
    authenticator: Authenticator = field(default_factory=Authenticator)
    key: SigningKey = field(default_factory=lambda: SigningKey(os.urandom(32)))

    @classmethod
    async def of(cls, ledger: Ledger, by: By, registrar: str) -> "Device":
        """A device with which its owner can sign: the registrar enrols its passkey, which certifies its key."""
        device = cls(ledger, by)
        user = canonical.base64url(by.person.encode())
        device.authenticator.make({"rp": {"id": RP}, "user": {"id": user}, "challenge": user})
        await ledger.people.enrol_passkey(By(registrar, "registrar"), by.person, device.passkey)
        await device.certify()
        return device

    @property
    def passkey(self) -> Passkey:
        """The newest passkey, as it is enrolled."""
        *_, credential = self.authenticator.credentials.values()
        return Passkey.checked(canonical.base64url(credential.id), credential.jwk, RP)

    async def certify(self, *, hours: int = 11, page: Browser | None = None) -> Answer:
        """Have the passkey certify the session key, and enrol it by a statement that it signs itself."""
        ends, nonce = format_instant(Instant(clock() + hours * HOUR)), os.urandom(NONCE_SIZE)
        origin, person = self.ledger.keyring.origin, self.by.person
        challenge = challenge_of_session_key(origin, person, self.key.public, nonce, ends)
        assertion = self.asserted(challenge, nonce, page).as_json()
        public = KeyStatement(
            self.key.public, "author", ends, {"person": person, "by": "passkey", "assertion": assertion}
        )
        facts = {"person": person, "kid": self.key.kid}
        return await submit(self.ledger, self.by, self.key, "key-enrolled/1", facts, public=public)

    async def say(self, type_: str, facts: Facts, words: Facts | None = None, *, assured: bool = True) -> Answer:
        """Say something, signed with the session key; what is of high stakes is assured by the passkey."""

        def assure(payload: bytes) -> Assertion:
            nonce = os.urandom(NONCE_SIZE)
            return self.asserted(challenge_of_statement(nonce, payload), nonce)

        needs = assured and type_ in HIGH_STAKES
        return await submit(self.ledger, self.by, self.key, type_, facts, words=words, assure=assure if needs else None)

    def asserted(self, challenge: bytes, nonce: bytes, page: Browser | None = None) -> Assertion:
        """What the authenticator answers to a challenge."""
        return Assertion.from_json(self.authenticator.assertion(challenge, canonical.base64url(nonce), page))


def item_facts(record: str, item: str, kind: str, **changes: Any) -> Facts:
    """The facts of ``item-added/1``."""
    return {
        "record": record, "item": item, "kind": kind, "topics": [], "parent": None, "concern": None, "due": None,
        "in_confidence": False, "discussed": False, "copy_given": False, "imported": None, **changes,
    }  # fmt: skip
