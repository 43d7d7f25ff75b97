"""The text of an earlier log: read strictly, and a chain of them has no gap."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.checkpoint import Checkpoint
from ledger.core.earlier import EarlierLog, EarlierLogError, check_chain
from ledger.core.errors import CoreError
from ledger.core.log_keys import LogKeys
from ledger.core.merkle import NodeHash
from ledger.store.keyring import Keyring
from tests.keyring import fixed_keyring

ROOT = NodeHash(b"\x07" * 32)


def earlier(origin: str, continued_as: str, size: int = 40, covered: int = 44) -> EarlierLog:
    keys = LogKeys.from_seeds(origin, b"\x01" * 32, b"\x02" * 32)
    note = keys.sign_checkpoint(Checkpoint(origin, covered, NodeHash(b"\x08" * 32)), 1_794_000_000)
    return EarlierLog(keys.verifier, continued_as, size, ROOT, note)


ONE = earlier("one.example", "two.example")
TWO = earlier("two.example", "three.example", 60, 60)


@given(st.integers(1, 2**40), st.integers(0, 2**40))
def test_the_text_gives_back_what_it_was_made_of(size: int, lost: int) -> None:
    log = earlier("one.example", "two.example", size, size + lost)
    assert EarlierLog.parse(str(log)) == log


@given(st.data())
def test_no_changed_text_is_taken_for_the_same_log(data: st.DataObject) -> None:
    text = str(ONE)
    at = data.draw(st.integers(0, len(text) - 1))
    changed = text[:at] + data.draw(st.sampled_from(["", "\n", " ", "0", "=", "\r\n"])) + text[at + 1 :]
    with contextlib.suppress(CoreError):
        assert EarlierLog.parse(changed) != ONE or changed == text


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: earlier("one.example", "one.example"), "another name"),
        (lambda: earlier("one.example", "two.example", 0), "one entry or more"),
        (lambda: earlier("one.example", "two.example", 45, 44), "as many or more"),
        (lambda: earlier("one.example", "two example"), "two example"),
    ],
)
def test_what_cannot_be_continued_is_refused(make: object, why: str) -> None:
    assert callable(make)
    with pytest.raises(EarlierLogError, match=why):
        make()


def test_a_chain_ends_in_the_present_name_and_never_goes_back() -> None:
    check_chain([], "one.example")
    check_chain([ONE], "two.example")
    check_chain([ONE, TWO], "three.example")
    for chain, origin in (
        ([ONE], "one.example"),
        ([ONE, TWO], "two.example"),
        ([TWO, ONE], "two.example"),
        ([ONE, earlier("two.example", "three.example", 40)], "three.example"),
        ([ONE, earlier("two.example", "one.example", 60, 60)], "one.example"),
    ):
        with pytest.raises(EarlierLogError):
            check_chain(chain, origin)


def test_people_and_their_service_held_keys_stay_the_same_under_a_new_name() -> None:
    old, other = fixed_keyring("one.example"), fixed_keyring("two.example")
    new = Keyring("two.example", other.log, old.key_encryption_keys, old.service_secret, (ONE,))
    assert new.service == old.service != other.service
    assert new.signer_for("somebody").kid == old.signer_for("somebody").kid != other.signer_for("somebody").kid
    assert [new.origin_at(position) for position in (0, 39, 40)] == ["one.example", "one.example", "two.example"]
    assert (old.begins_at, new.begins_at) == (0, 40)
