"""The keys that are derived from the service's secret stay as they are, or nobody is who they were, or signed in."""

import pytest

from api.http.cursors import Cursors
from api.http.problems import Refused
from api.sign_in.once import key_for
from ledger.core.instants import Instant
from ledger.store.keyring import Keyring
from tests.core.test_earlier import earlier
from tests.keyring import fixed_keyring

AMINA = "0b1b8a1e-6e0c-4d57-8a53-0d3a54a3c0de"
NOW = Instant(1_794_000_000_000)
PINNED = {
    ("service-key", "log.example", AMINA, "3"): "60ddfb854e4268ab1c95f40c5e7d7c8c2e7a5b72c67ebcc0eeb551e6642366f1",
    ("challenge-key", "log.example"): "ab5b2f1a72184ff4889899c8f83fdbe495d5c735e3462d28965eec090fa8db4a",
    ("cursor-key", "log.example"): "925f90a0b35e448a0e3e480a4537bddab9880ed1ffd01e19091d5d1bf3b3239f",
    ("access-token-key", "log.example"): "45d614608a051122fdbdd5ac5f5a15477227ad819ae89b5a5e72d71e1b691ba3",
}
"""HKDF-SHA256 (RFC 5869) of the secret of the tests' keyring, by use and what it is of."""


def continued() -> Keyring:
    """The same secret, after the log went on under a new name."""
    keyring = fixed_keyring("later.example")
    keyring.earlier = (earlier("log.example", "later.example"),)
    return keyring


@pytest.mark.parametrize("use", PINNED, ids=lambda use: use[0])
def test_the_bytes_of_each_key_stay(use: tuple[str, ...]) -> None:
    assert fixed_keyring().derived(*use).hex() == PINNED[use]


def test_who_signs_and_who_is_signed_in_stay_the_same_when_the_log_goes_on_under_another_name() -> None:
    assert continued().signer_for(AMINA, 3).public == fixed_keyring().signer_for(AMINA, 3).public
    assert key_for(continued(), "challenge-key").hex() == PINNED["challenge-key", "log.example"]


def test_no_cursor_outlives_the_name_of_the_log_and_every_process_opens_those_of_the_others() -> None:
    cursor = Cursors(fixed_keyring(), lambda: NOW).seal((NOW, 7), "record", "reader")
    assert Cursors(fixed_keyring(), lambda: NOW).open(cursor, "record", "reader") == (NOW, 7)
    with pytest.raises(Refused, match="continue"):
        Cursors(continued(), lambda: NOW).open(cursor, "record", "reader")
