"""The ledger's secrets as files: one 32-byte key each, in base64url, readable by their owner only.

``LEDGER_HOME/keys`` holds them. They are made once, all together; where some are there and some are missing
nothing is made, because a new key in the place of a lost one would hide the loss.
"""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ledger.core.canonical import base64url, unbase64url
from ledger.core.errors import CoreError
from ledger.core.log_keys import LogKeys
from ledger.core.sealing import KeyEncryptionKey
from ledger.store.keyring import Keyring

NAMES: Final = ("key-encryption", "service", "log-ed25519", "log-ml-dsa-44")


class SecretsError(Exception):
    """A secret is missing, unreadable, or readable by others."""


def load_keyring(home: Path, origin: str) -> Keyring:
    """The keyring of a ledger, made on first use; raises SecretsError."""
    folder = home / "keys"
    present = [name for name in NAMES if _file(folder, name).exists()]
    if not present:
        _make(folder)
    elif len(present) < len(NAMES):
        missing = ", ".join(sorted(set(NAMES) - set(present)))
        raise SecretsError(f"{folder}: got no {missing}; restore them from your backup, nothing is made in their place")
    seeds = {name: _read(_file(folder, name)) for name in NAMES}
    return keyring_of(origin, seeds)


def keyring_of(origin: str, seeds: Mapping[str, bytes]) -> Keyring:
    """A keyring from its four 32-byte secrets by name."""
    return Keyring(
        origin,
        LogKeys.from_seeds(origin, seeds["log-ed25519"], seeds["log-ml-dsa-44"]),
        {1: KeyEncryptionKey(seeds["key-encryption"])},
        seeds["service"],
    )


def _make(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in NAMES:
        _write(_file(folder, name), base64url(secrets.token_bytes(32)))


def _write(file: Path, text: str) -> None:
    # Two processes may start at once: whoever creates the file first has made the key.
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "w") as opened:
        opened.write(text + "\n")
        opened.flush()
        os.fsync(opened.fileno())


def _read(file: Path) -> bytes:
    if file.stat().st_mode & 0o077:
        raise SecretsError(f"{file}: got permissions for others, wanted 0600; run chmod 600 on it")
    try:
        return unbase64url(file.read_text().strip(), str(file), size=32)
    except CoreError as error:
        raise SecretsError(f"{file}: {error}; restore it from your backup") from error


def _file(folder: Path, name: str) -> Path:
    return folder / f"{name}.key"
