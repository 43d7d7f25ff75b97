"""One secret as a file: 32 random bytes in base64url, readable by its owner only; and text beside it."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from ledger.core.canonical import base64url, unbase64url
from ledger.core.errors import CoreError


class SecretsError(Exception):
    """A secret is missing, unreadable, or readable by others."""


def secret_file(folder: Path, name: str, generation: int = 1) -> Path:
    """Where a secret is: ``name.key``, and from the second generation on ``name.<generation>.key``."""
    return folder / (f"{name}.key" if generation == 1 else f"{name}.{generation}.key")


def make_secret(file: Path) -> None:
    """Make a secret where there is none yet: a crash leaves none, or the whole of it."""
    if file.exists():
        return
    new = file.with_name(f".{file.name}.{os.getpid()}")
    new.unlink(missing_ok=True)
    _write(new, base64url(secrets.token_bytes(32)) + "\n", 0o600)
    # Two processes may start at once: whoever links the file first has made the key.
    with suppress(FileExistsError):
        file.hardlink_to(new)
    new.unlink()
    sync_folder(file.parent)


def read_secret(file: Path) -> bytes:
    """The 32 bytes; raises SecretsError where the file is missing, damaged, or may be read by others."""
    try:
        if file.stat().st_mode & 0o077:
            raise SecretsError(f"{file}: got permissions for others, wanted 0600; run chmod 600 on it")
        return unbase64url(file.read_text().strip(), str(file), size=32)
    except FileNotFoundError as error:
        raise SecretsError(f"{file}: not there; restore it from your backup, nothing is made in its place") from error
    except (CoreError, OSError, UnicodeDecodeError) as error:
        raise SecretsError(f"{file}: {error}; restore it from your backup") from error


def remove_secret(file: Path) -> None:
    """Remove a secret for good, durably; one that is not there is gone already."""
    # A crash while it was made may have left a second name of the same secret.
    for name in (file, *file.parent.glob(f".{file.name}.*")):
        name.unlink(missing_ok=True)
    sync_folder(file.parent)


def replace_text(file: Path, text: str, mode: int = 0o644) -> None:
    """Put a text into a file, whole or not at all: a crash leaves the old one or the new one."""
    new = file.with_name(f".{file.name}.{os.getpid()}")
    new.unlink(missing_ok=True)
    _write(new, text, mode)
    new.replace(file)
    sync_folder(file.parent)


def _write(file: Path, text: str, mode: int) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "w") as opened:
        opened.write(text)
        opened.flush()
        os.fsync(opened.fileno())
    sync_folder(file.parent)


def sync_folder(folder: Path) -> None:
    """Make durable what was made, renamed or removed in a directory."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
