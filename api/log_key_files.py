"""The log's keys as files: private pairs that sign, and the public text of all pairs there have been.

In ``LEDGER_HOME/keys``:

    log-ed25519.key, log-ml-dsa-44.key        the first pair
    log-ed25519.2.key, log-ml-dsa-44.2.key    the second, and so on
    log-verifier.txt                          every pair, the oldest first (``ledger.core.log_keys``)

The text says which pairs there must be: one that is not in it does not sign, and of one that is retired the
private files are deleted. Without the text there is one pair, the first, and it signs.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from api.secret_files import SecretsError, make_secret, read_secret, remove_secret, replace_text, secret_file
from ledger.core.checkpoint import CheckpointError
from ledger.core.log_keys import MOST_SIGNING, LogKeyPair, LogKeys, LogPair, LogVerifier

NAMES: Final = ("log-ed25519", "log-ml-dsa-44")
VERIFIER: Final = "log-verifier.txt"


class LogKeysRefused(SecretsError):
    """The log's keys are as they were: this rotation, or this retirement, is not possible now."""


def load_log_keys(folder: Path, origin: str) -> LogKeys:
    """The keys that the log signs with; raises SecretsError where one is missing or of another log."""
    verifier = read_verifier(folder, origin)
    numbers = [1] if verifier is None else [n for n, pair in enumerate(verifier.pairs, 1) if pair.until is None]
    pairs = tuple(_read_pair(folder, origin, number) for number in numbers)
    try:
        return LogKeys(pairs, verifier or LogVerifier(tuple(pair.public for pair in pairs)))
    except CheckpointError as error:
        raise SecretsError(f"{folder}: {error}") from error


def read_verifier(folder: Path, origin: str) -> LogVerifier | None:
    """The public text, None where there is none; raises SecretsError where it is damaged or of another log."""
    file = folder / VERIFIER
    if not file.exists():
        later = sorted(path.name for name in NAMES for path in folder.glob(f"{name}.*.key"))
        if later:
            raise SecretsError(f"{folder}: got {', '.join(later)} without {VERIFIER}; restore it from your backup")
        return None
    try:
        verifier = LogVerifier.parse(file.read_text())
    except (CheckpointError, OSError, UnicodeDecodeError) as error:
        raise SecretsError(f"{file}: {error}; restore it from your backup") from error
    if verifier.origin != origin:
        raise SecretsError(f"{file}: got keys of {verifier.origin}, wanted {origin}; is LEDGER_ORIGIN what it was?")
    return verifier


def make_first_pair(folder: Path, origin: str) -> None:
    """Make the first pair and its text where there are none."""
    for name in NAMES:
        make_secret(secret_file(folder, name))
    replace_text(folder / VERIFIER, str(LogVerifier((_read_pair(folder, origin, 1).public,))))


def rotate(folder: Path, origin: str) -> LogKeys:
    """Add a fresh pair, that signs beside the one there is from the service's next start on.

    Raises LogKeysRefused while two pairs sign, SecretsError where the keys cannot be read.
    """
    with _alone(folder):
        keys = load_log_keys(folder, origin)
        if len(keys.pairs) == MOST_SIGNING:
            raise LogKeysRefused("rotate: got two pairs that sign already, wanted one; retire the older one first")
        number = len(keys.verifier.pairs) + 1
        for name in NAMES:
            make_secret(secret_file(folder, name, number))
        # A crash here leaves files that no text names, so nothing signs with them; rotating again takes them up.
        pair = _read_pair(folder, origin, number)
        return _keep(folder, LogKeys((*keys.pairs, pair), LogVerifier((*keys.verifier.pairs, pair.public))))


def retire(folder: Path, origin: str, number: int, newest_checkpoint: bytes) -> LogPair:
    """Retire a pair at the newest checkpoint, which another pair must have signed; delete its private files.

    Gives the pair as it stands in the text from now on; a pair that is retired stays as it is. Raises LogKeysRefused
    where there is no such pair or no other has signed, SecretsError where the keys cannot be read.
    """
    with _alone(folder):
        keys = load_log_keys(folder, origin)
        pairs = list(keys.verifier.pairs)
        if not 1 <= number <= len(pairs):
            raise LogKeysRefused(f"retire: got pair {number}, wanted one from 1 to {len(pairs)}; see log-keys list")
        pair = pairs[number - 1]
        if pair.until is None:
            pair = pairs[number - 1] = replace(pair, until=_size_without(keys.verifier, pair, newest_checkpoint))
            replace_text(folder / VERIFIER, str(LogVerifier(tuple(pairs))))
        # A crash here leaves private files that nothing reads any more; retiring again deletes them.
        for name in NAMES:
            remove_secret(secret_file(folder, name, number))
        return pair


def _size_without(verifier: LogVerifier, pair: LogPair, newest_checkpoint: bytes) -> int:
    """The size of the newest checkpoint, if it can be checked without this pair."""
    others = tuple(other for other in verifier.signing if other != pair)
    if not others:
        raise LogKeysRefused("retire: got the only pair that signs; rotate first, then restart the service")
    try:
        return LogVerifier(others).open_checkpoint(newest_checkpoint).size
    except CheckpointError as error:
        raise LogKeysRefused(
            f"retire: no other pair has signed the newest checkpoint ({error}); restart every process of the service, "
            "let it admit something, and try again"
        ) from error


def _keep(folder: Path, keys: LogKeys) -> LogKeys:
    replace_text(folder / VERIFIER, str(keys.verifier))
    return keys


def _read_pair(folder: Path, origin: str, number: int) -> LogKeyPair:
    ed25519, ml_dsa_44 = (read_secret(secret_file(folder, name, number)) for name in NAMES)
    return LogKeyPair.from_seeds(origin, ed25519, ml_dsa_44)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let nobody else change the keys meanwhile."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
