"""Passkeys offline: what a log may say under a session key, and what verification names where its keeper lied.

The log holds every key of the service and admits whatever it likes; it cannot use an authenticator.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from ledger.core.assertions import Assertion
from ledger.core.canonical import base64url
from ledger.core.high_stakes import HIGH_STAKES
from ledger.core.instants import HOUR, SECOND, Instant, format_instant
from ledger.core.keys import KeyStatement, SigningKey
from ledger.core.passkeys import Passkey, PasskeyStatement, challenge_of_session_key, challenge_of_statement
from ledger.core.vocabulary import STATEMENT_TYPES
from ledger.verify import Step
from tests.keyring import fixed_keyring
from tests.sign_in.authenticator import EDDSA, ES256, USER_PRESENT, Authenticator, Browser
from tests.verify.dishonest import DishonestLog
from tests.verify.test_author_keys import AMINA, WISH, verified

RITA = "0a3f1f6e-8f0a-4d5e-9a55-3d0f7b1f2a02"
RP = "localhost"
WISHED = {"record": WISH["record"], "wish": "ask-guardian"}
ELSEWHERE = Browser(origin="https://localhost.example")


@dataclass
class Life:
    """A log in which Rita, a registrar, enrols a passkey of Amina's; and what Amina's authenticator then does."""

    algorithm: int = ES256
    log: DishonestLog = field(default_factory=lambda: DishonestLog(fixed_keyring()))
    device: Authenticator = field(init=False)
    key: SigningKey = field(default_factory=lambda: SigningKey(b"k" * 32))

    def __post_init__(self) -> None:
        self.device = Authenticator(self.algorithm)
        options = {"rp": {"id": RP}, "user": {"id": base64url(AMINA.encode())}, "challenge": base64url(b"c" * 32)}
        self.device.make(options)
        for person in (RITA, AMINA):
            self.log.enrol(person, self.log.keyring.signer_for(person).public.raw)

    @property
    def passkey(self) -> Passkey:
        [credential] = self.device.credentials.values()
        return Passkey.checked(base64url(credential.id), credential.jwk, RP)

    def enrol_passkey(self, *, revoke: bool = False, **how: Any) -> int:
        said = PasskeyStatement.of(self.passkey, AMINA, "registrar")
        facts = {"person": AMINA, "kid": self.passkey.kid, **({"reason": "stolen"} if revoke else {})}
        who = {"author": RITA, "acting_as": "registrar", **how}
        return self.log.admit(f"passkey-{'revoked' if revoke else 'enrolled'}/1", facts, public=said, **who)

    def asserted(self, challenge: bytes, nonce: bytes, page: Browser | None = None) -> Assertion:
        return Assertion.from_json(self.device.assertion(challenge, base64url(nonce), page))

    def certify(self, *, hours: int = 12, page: Browser | None = None, **changes: Any) -> int:
        """Enrol the session key, as the page does; ``changes`` to what is certified."""
        nonce, ends = os.urandom(32), format_instant(Instant(self.log.last + SECOND + hours * HOUR))
        ledger, person = changes.get("ledger", self.log.keyring.origin), changes.get("person", AMINA)
        certified = changes.get("key", self.key)
        challenge = challenge_of_session_key(ledger, person, certified.public, nonce, ends)
        evidence = {"person": AMINA, "by": "passkey", "assertion": self.asserted(challenge, nonce, page).as_json()}
        said = KeyStatement(self.key.public, "author", ends, evidence)
        signer = changes.get("signer", self.key)
        facts = {"person": AMINA, "kid": self.key.kid}
        return self.log.admit("key-enrolled/1", facts, author=AMINA, signer=signer, acting_as="patient", public=said)

    def enrol_lasting(self) -> int:
        """Enrol an API key by a statement that the session key signs, with no word of the passkey's."""
        said = KeyStatement(OTHER.public, "author", None, {"person": AMINA, "by": "patient"})
        facts = {"person": AMINA, "kid": OTHER.kid}
        return self.log.admit("key-enrolled/1", facts, author=AMINA, signer=self.key, acting_as="patient", public=said)

    def say(self, **how: Any) -> int:
        who: dict[str, Any] = {"author": AMINA, "signer": self.key, "acting_as": "patient", **how}
        return self.log.admit("results-wish-stated/1", WISH, **who)

    def wish(self, *, assured: bool = True, over: Callable[[bytes], bytes] = bytes, **how: Any) -> int:
        """A statement of high stakes; ``over`` changes the payload that the passkey sees."""
        nonce, page = os.urandom(32), how.pop("page", None)

        def assure(payload: bytes) -> Assertion:
            return self.asserted(challenge_of_statement(nonce, over(payload)), nonce, page)

        who: dict[str, Any] = {"author": AMINA, "signer": self.key, "acting_as": "patient", **how}
        return self.log.admit("after-death-wish-stated/1", WISHED, assure=assure if assured else None, **who)

    def wrong(self) -> dict[Step, int]:
        return {step.step: step.wrong.position for step in verified(self.log).steps if step.wrong is not None}


@pytest.mark.parametrize("algorithm", [ES256, EDDSA])
def test_what_a_session_key_signs_stands_until_its_passkey_is_revoked(algorithm: int) -> None:
    life = Life(algorithm)
    life.enrol_passkey()
    life.certify()
    for _ in range(3):
        life.say()
    life.wish()
    life.enrol_passkey(revoke=True)
    assert life.wrong() == {}
    late = life.say()
    life.say()
    assert life.wrong() == {Step.SIGNATURES: late}


Lie = Callable[[Life], int]
"""Admits what should not be, and tells where."""


def _after_its_passkey(life: Life) -> int:
    life.enrol_passkey()
    life.enrol_passkey(revoke=True)
    return life.certify()


def _certified_and(lie: Lie) -> Lie:
    def told(life: Life) -> int:
        life.enrol_passkey()
        life.certify()
        return lie(life)

    return told


def _enrolled_and(lie: Lie) -> Lie:
    def told(life: Life) -> int:
        life.enrol_passkey()
        return lie(life)

    return told


OTHER = SigningKey(b"o" * 32)
LIES: dict[str, Lie] = {
    "the service enrols a passkey by itself": lambda life: life.enrol_passkey(author=None, acting_as="service"),
    "an administrator enrols a passkey": lambda life: life.enrol_passkey(acting_as="administrator"),
    "the service enrols a passkey in its owner's name": lambda life: life.enrol_passkey(
        author=AMINA, acting_as="patient"
    ),
    "a session key before its passkey is enrolled": lambda life: life.certify(),
    "a session key after its passkey was revoked": _after_its_passkey,
    "a session key that somebody else's signs for": _enrolled_and(lambda life: life.certify(signer=OTHER)),
    "a session key other than the one certified": _enrolled_and(lambda life: life.certify(key=OTHER)),
    "a session key certified for another ledger": _enrolled_and(lambda life: life.certify(ledger="other.example")),
    "a session key certified for somebody else": _enrolled_and(lambda life: life.certify(person=RITA)),
    "a session key for thirteen hours": _enrolled_and(lambda life: life.certify(hours=13)),
    "a session key certified on another site": _enrolled_and(lambda life: life.certify(page=ELSEWHERE)),
    "a session key certified in a frame of another site": _enrolled_and(
        lambda life: life.certify(page=Browser(cross_origin=True))
    ),
    "a session key certified by whoever held the device": _enrolled_and(
        lambda life: life.certify(page=Browser(flags=USER_PRESENT))
    ),
    "a session key with a signature that was damaged": _enrolled_and(
        lambda life: life.certify(page=Browser(damage_signature=True))
    ),
    "a registration passed off as an assertion": _enrolled_and(
        lambda life: life.certify(page=Browser(type="webauthn.create"))
    ),
    "high stakes without an assertion": _certified_and(lambda life: life.wish(assured=False)),
    "high stakes with the assertion of another statement": _certified_and(
        lambda life: life.wish(over=lambda payload: payload.replace(b"after-death", b"before-dead"))
    ),
    "high stakes asserted on another site": _certified_and(lambda life: life.wish(page=ELSEWHERE)),
    "high stakes asserted by whoever held the device": _certified_and(
        lambda life: life.wish(page=Browser(flags=USER_PRESENT))
    ),
    "a lasting key that a session key alone enrols": _certified_and(lambda life: life.enrol_lasting()),
    "a statement under a key of the service's, passed off as the author's": _certified_and(
        lambda life: life.say(signer=OTHER)
    ),
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_a_keeper_who_lies_about_passkeys_is_found_out(lie: Lie) -> None:
    life = Life()
    position = lie(life)
    assert life.wrong() == {Step.SIGNATURES: position}


def test_a_registrar_with_a_key_of_their_own_must_sign() -> None:
    """Else the service could enrol a false key in their name."""
    life = Life()
    own = KeyStatement(OTHER.public, "author", None, {"person": RITA, "by": "registrar"})
    life.log.admit("key-enrolled/1", {"person": RITA, "kid": OTHER.kid}, public=own, author=RITA, acting_as="registrar")
    assert life.wrong() == {}
    [remark] = verified(life.log).remarks
    assert remark.startswith("keys of people's own that the service enrolled for a registrar without a key: 1,")
    unsigned = life.enrol_passkey()
    assert life.wrong() == {Step.SIGNATURES: unsigned}


def test_what_needs_no_assertion_has_none() -> None:
    life = Life()
    life.enrol_passkey()
    position = life.wish(signer=life.log.keyring.signer_for(AMINA))
    assert life.wrong() == {Step.SIGNATURES: position}


def test_every_statement_of_high_stakes_is_one_that_can_be_said() -> None:
    assert set(STATEMENT_TYPES) >= HIGH_STAKES
