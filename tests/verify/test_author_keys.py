"""An author's key speaks from its enrolment to its revocation, a weak one never: verification holds the log to it."""

import pytest

from ledger.core.instants import MINUTE, Instant
from ledger.core.keys import KeyStatement, PublicKey, SigningKey, thumbprint
from ledger.verify import Step, Trusted, Verification, verify_ledger
from tests.keyring import fixed_keyring
from tests.verify.dishonest import NINE, DishonestLog

AMINA = "0a3f1f6e-8f0a-4d5e-9a55-3d0f7b1f2a01"
WISH = {"record": "0a3f1f6e-8f0a-4d5e-9a55-3d0f7b1f2a03", "wish": "tell-me-first"}
STOLEN, SECOND = SigningKey(b"d" * 32), SigningKey(b"e" * 32)

# RFC 7748 and RFC 8032 give the curve; tests/core/test_keys.py computes its points of small order.
WEAK = {
    "the neutral point": "01" + "00" * 31,
    "the point of order two": "ec" + "ff" * 30 + "7f",
    "a point of order four": "00" * 32,
    "a point of order eight": "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "a second spelling of the neutral point": "ee" + "ff" * 30 + "7f",
}


def verified(log: DishonestLog) -> Verification:
    keyring = fixed_keyring()
    at = Instant(NINE + 60 * MINUTE)
    trusted = Trusted(keyring.log.verifier, vault_keys={1: keyring.key_encryption_key})
    return verify_ledger(log.tables(), trusted, at=at)


def say(log: DishonestLog, signer: SigningKey, times: int) -> None:
    for _ in range(times):
        log.admit("results-wish-stated/1", WISH, author=AMINA, signer=signer)


@pytest.mark.parametrize("before", range(4))
@pytest.mark.parametrize("after", range(3))
def test_a_revocation_counts_from_its_position_on_and_what_was_said_before_stands(before: int, after: int) -> None:
    log = DishonestLog(fixed_keyring())
    for key in (STOLEN, SECOND):
        log.enrol(AMINA, key.public.raw)
    say(log, STOLEN, before)
    revoked_at = log.enrol(AMINA, STOLEN.public.raw, revoke=True)
    say(log, SECOND, 2)
    first_wrong = log.size
    say(log, STOLEN, after)
    wrong = {step.step: step.wrong.position for step in verified(log).steps if step.wrong is not None}
    assert wrong == ({Step.SIGNATURES: first_wrong} if after else {})
    assert revoked_at < first_wrong


@pytest.mark.parametrize("raw", WEAK.values(), ids=WEAK)
def test_a_weak_key_that_a_dishonest_log_enrols_is_named(raw: str) -> None:
    log = DishonestLog(fixed_keyring())
    weak = PublicKey(bytes.fromhex(raw), thumbprint(bytes.fromhex(raw)))  # not as from_raw would make it
    said = KeyStatement(weak, "service", None, {"person": AMINA, "by": "service"})
    position = log.admit("key-enrolled/1", {"person": AMINA, "kid": weak.kid}, public=said)
    wrong = [step.wrong for step in verified(log).steps if step.wrong is not None]
    assert {one.position for one in wrong} == {position}
    assert any("public key: got" in one.got for one in wrong), wrong
