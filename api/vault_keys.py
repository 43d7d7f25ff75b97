"""The key-encryption key's generations as files: ``key-encryption.key``, then ``key-encryption.2.key`` and so on."""

import re
from pathlib import Path
from typing import Final

from api.secret_files import make_secret, read_secret, remove_secret, secret_file
from ledger.core.sealing import KeyEncryptionKey

_NAME: Final = "key-encryption"
_FILE: Final = re.compile(r"key-encryption(?:\.([1-9][0-9]*))?\.key")


def read_key_encryption_keys(folder: Path) -> dict[int, KeyEncryptionKey]:
    """Every generation that is there; raises SecretsError where none is, or one cannot be read."""
    found = sorted(_generations(folder))
    return {generation: _read(folder, generation) for generation in found or [1]}


def make_key_encryption_key(folder: Path, generation: int) -> Path:
    """Make the key of a generation, durably; one that is there already is kept. Gives its file."""
    file = secret_file(folder, _NAME, generation)
    make_secret(file)
    return file


def destroy_key_forever(folder: Path, generation: int) -> Path:
    """Remove the key of a generation from this machine, durably. Gives the file that it was in."""
    file = secret_file(folder, _NAME, generation)
    remove_secret(file)
    return file


def _read(folder: Path, generation: int) -> KeyEncryptionKey:
    return KeyEncryptionKey(read_secret(secret_file(folder, _NAME, generation)))


def _generations(folder: Path) -> set[int]:
    matches = (_FILE.fullmatch(file.name) for file in folder.glob(f"{_NAME}*.key"))
    return {int(match[1] or 1) for match in matches if match is not None}
