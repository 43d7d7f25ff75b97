"""A keyring that is the same in every test run."""

from api.secrets import NAMES, keyring_of
from ledger.store.keyring import Keyring


def fixed_keyring(origin: str = "log.example") -> Keyring:
    return keyring_of(origin, {name: bytes([n]) * 32 for n, name in enumerate(NAMES, 1)})
