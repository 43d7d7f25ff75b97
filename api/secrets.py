"""The ledger's secrets as files: one 32-byte key each, in base64url, readable by their owner only.

``LEDGER_HOME/keys`` holds them. They are made once, all together; where some are there and some are missing
nothing is made, because a new key in the place of a lost one would hide the loss.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Final

from api.earlier_logs import read_earlier_logs
from api.log_key_files import VERIFIER, load_log_keys, make_first_pair
from api.secret_files import SecretsError, make_secret, read_secret, secret_file
from api.vault_keys import read_key_encryption_keys
from ledger.core.log_keys import LogKeys
from ledger.core.sealing import KeyEncryptionKey
from ledger.store.keyring import Keyring

__all__ = ["NAMES", "SecretsError", "keyring_of", "load_keyring"]

NAMES: Final = ("key-encryption", "service", "log-ed25519", "log-ml-dsa-44")


def load_keyring(home: Path, origin: str) -> Keyring:
    """The keyring of a ledger, made on first use; raises SecretsError."""
    folder = home / "keys"
    earlier = read_earlier_logs(folder, origin)
    if not any(folder.glob("*.key")) and not (folder / VERIFIER).exists():
        _make(folder, origin)
    return Keyring(
        origin,
        load_log_keys(folder, origin),
        read_key_encryption_keys(folder),
        read_secret(secret_file(folder, "service")),
        earlier,
        partial(read_key_encryption_keys, folder),
    )


def keyring_of(origin: str, seeds: Mapping[str, bytes]) -> Keyring:
    """A keyring from its four 32-byte secrets by name."""
    return Keyring(
        origin,
        LogKeys.from_seeds(origin, seeds["log-ed25519"], seeds["log-ml-dsa-44"]),
        {1: KeyEncryptionKey(seeds["key-encryption"])},
        seeds["service"],
    )


def _make(folder: Path, origin: str) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in ("key-encryption", "service"):
        make_secret(secret_file(folder, name))
    make_first_pair(folder, origin)
