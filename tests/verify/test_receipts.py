"""A receipt checked offline: each thing that can be wrong with it is named by its step."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.checkpoint import Checkpoint, CheckpointSigner, add_cosignatures, open_note
from ledger.core.edge import Edge
from ledger.core.instants import SECOND
from ledger.core.merkle import leaf_hash
from ledger.core.note import SignatureType
from ledger.core.receipt import Receipt
from ledger.core.trust_policy import TrustPolicy
from ledger.verify.checks import Checks
from ledger.verify.receipt import FORM, INCLUDED, SAID, SIGNED, SPOKEN, WITNESSED, verify_receipt
from tests.keyring import fixed_keyring
from tests.verify.dishonest import NINE, DishonestLog
from tests.verify.witnesses import POLICY, SIGNERS

KEYRING = fixed_keyring()
RECORD = "0a3f1f6e-8f0a-4d5e-9a55-3d0f7b1f2a03"


def receipt_of(*, at: int = NINE, ledger: str | None = None, early: bool = False) -> Receipt:
    log = DishonestLog(KEYRING)
    for name in (None, ledger, None):
        log.admit("results-wish-stated/1", {"record": RECORD, "wish": "at-once"}, ledger=name)
    extension = Edge.empty().extend([leaf_hash(row.entry) for row in log.entries])
    checkpoint = Checkpoint(KEYRING.origin, log.size, extension.edge.root())
    note = KEYRING.log.sign_checkpoint(checkpoint, at // SECOND - 5 if early else log.last // SECOND)
    return Receipt(2, extension.paths[2], note, log.entries[2].entry)


RECEIPT = receipt_of()
DATA = json.dumps(RECEIPT.as_json()).encode()


def outcome_of(checks: Checks) -> dict[str, str]:
    return {step["title"]: step["outcome"] for step in checks.as_json()["steps"]}


def check(data: bytes, policy: TrustPolicy | None = None) -> Checks:
    return verify_receipt(data, KEYRING.log.verifier, policy)


def first_wrong(checks: Checks) -> str:
    return next(step.title for step in checks.steps if step.wrong is not None)


def cosigned(*signers: CheckpointSigner) -> bytes:
    _, checkpoint = open_note(RECEIPT.checkpoint_note)
    lines = [signer.sign(checkpoint, 1_800_000_000) for signer in signers]
    note = add_cosignatures(RECEIPT.checkpoint_note, lines)
    return json.dumps(replace(RECEIPT, checkpoint_note=note).as_json()).encode()


def test_a_receipt_is_checked_in_six_steps_and_says_what_it_leaves_open() -> None:
    checks = check(DATA)
    assert checks.ok
    assert outcome_of(checks) == {
        FORM: "ok", SIGNED: "ok", INCLUDED: "ok", SAID: "ok", WITNESSED: "left-out", SPOKEN: "left-out",
    }  # fmt: skip
    assert "bundle or a mirror" in str(checks)


def test_what_the_service_answers_is_taken_as_well() -> None:
    answer = {"standing": "recorded", "receipt": RECEIPT.as_json()}
    assert check(json.dumps(answer, indent=2).encode()).ok


@pytest.mark.parametrize(("signers", "ok"), [(SIGNERS, True), (SIGNERS[:1], False), ((), False)])
def test_a_receipt_is_witnessed_when_the_quorum_has_cosigned_it(
    signers: tuple[CheckpointSigner, ...], ok: bool
) -> None:
    checks = check(cosigned(*signers), POLICY)
    assert checks.ok is ok
    assert outcome_of(checks)[WITNESSED] == ("ok" if ok else "wrong")


def test_a_stranger_is_no_witness() -> None:
    thief = CheckpointSigner.from_seed("patients.example", SignatureType.ED25519_COSIGNATURE, b"t" * 32)
    assert first_wrong(check(cosigned(thief, SIGNERS[1]), POLICY)) == WITNESSED


WRONG = {
    "no JSON": (b"receipt", FORM),
    "not UTF-8": (b"\xff", FORM),
    "a member twice": (DATA[:-1] + b',"entry":"x"}', FORM),
    "another member": (DATA[:-1] + b',"more":"x"}', FORM),
    "a list": (b"[]", FORM),
    "nested without end": (b"[" * 100_000, FORM),
    "too large": (b" " * (1 << 20) + DATA, FORM),
    "CRLF in the proof": (DATA.replace(b"\\n", b"\\r\\n"), FORM),
    "an index with a sign": (DATA.replace(b"index 2", b"index +2"), FORM),
    "another index": (DATA.replace(b"index 2", b"index 1"), INCLUDED),
    "another size": (DATA.replace(b"\\n4\\n", b"\\n5\\n"), SIGNED),
    "of another log": (DATA.replace(b"log.example", b"log.exampel"), SIGNED),
    "another entry": (DATA.replace(b"recorded_at", b"recorded_as"), INCLUDED),
    "a statement for another log": (json.dumps(receipt_of(ledger="other.example").as_json()).encode(), SAID),
    "signed before it was admitted": (json.dumps(receipt_of(early=True).as_json()).encode(), SAID),
}


@pytest.mark.parametrize("case", WRONG)
def test_the_step_is_named_that_is_wrong_when_it_is(case: str) -> None:
    data, step = WRONG[case]
    checks = check(data)
    assert not checks.ok
    assert first_wrong(checks) == step


def test_a_statement_for_an_earlier_log_is_taken_where_that_is_named() -> None:
    data = json.dumps(receipt_of(ledger="earlier.example").as_json()).encode()
    assert verify_receipt(data, KEYRING.log.verifier, earlier=["earlier.example"]).ok


@given(st.integers(0, len(DATA) - 1), st.integers(0, 7))
def test_no_flipped_bit_of_a_receipt_is_accepted(at: int, bit: int) -> None:
    data = bytearray(DATA)
    data[at] ^= 1 << bit
    checks = check(bytes(data))
    # Another case of a hexadecimal digit, or another space between members, is the same receipt.
    assert not checks.ok or json.loads(bytes(data)) == json.loads(DATA)
