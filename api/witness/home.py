"""A witness's home: its two private keys and its memory, side by side, made together and never again.

``witness.key`` is JSON, 0600: the name and two independent 32-byte seeds. ``witness.sqlite`` is what it remembers
(``ledger.witness``). Keys without a memory would cosign any history, so one is never opened without the other.
"""

import json
import os
import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ledger.core.canonical import base64url, unbase64url
from ledger.core.checkpoint import CheckpointSigner
from ledger.core.errors import CoreError
from ledger.core.log_keys import LogVerifier
from ledger.core.note import SignatureType
from ledger.witness import Seconds, State, StateError

_KINDS: Final = {
    "ed25519": SignatureType.ED25519_COSIGNATURE,
    "ml-dsa-44": SignatureType.ML_DSA_44_COSIGNATURE,
}


def clock() -> Seconds:
    """The machine's clock, in whole seconds."""
    return Seconds(int(time.time()))


class WitnessHomeError(Exception):
    """A witness's home cannot be made or opened."""


@dataclass(frozen=True, slots=True)
class WitnessHome:
    """The directory of a witness, its cosigners (Ed25519, then ML-DSA-44), and its state."""

    folder: Path
    signers: tuple[CheckpointSigner, ...]
    state: State

    @classmethod
    def create(cls, folder: Path, name: str) -> "WitnessHome":
        """Make keys and an empty memory where there is neither. Raises WitnessHomeError."""
        seeds = {member: secrets.token_bytes(32) for member in _KINDS}
        _signers(folder, name, seeds)  # a bad name is refused before anything is written
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            # The memory first: a crash between the two leaves a memory without keys, which is of no use to anybody.
            State.create(_state_file(folder))
            _write(_key_file(folder), {"name": name, **{member: base64url(seed) for member, seed in seeds.items()}})
        except (OSError, StateError) as error:
            raise WitnessHomeError(f"{folder}: no witness was made ({error}); choose a new directory") from error
        return cls.open(folder)

    @classmethod
    def open(cls, folder: Path) -> "WitnessHome":
        """Open a home that ``create`` made. Raises WitnessHomeError, StateError."""
        file = _key_file(folder)
        try:
            if file.stat().st_mode & 0o077:
                raise WitnessHomeError(f"{file}: got permissions for others, wanted 0600; run chmod 600 on it")
            name, seeds = _seeds(json.loads(file.read_text()))
        except (OSError, ValueError, CoreError) as error:
            raise WitnessHomeError(
                f"{file}: got no keys ({error}), wanted those of record-ledger witness keys; name their directory"
            ) from error
        if not _state_file(folder).exists():
            raise WitnessHomeError(
                f"{_state_file(folder)}: is missing. These keys have cosigned before, and without their memory they "
                "would cosign another history. Restore the newest copy, or make a new witness with new keys"
            )
        return cls(folder, _signers(folder, name, seeds), State(_state_file(folder)))


def read_logs(files: list[Path]) -> list[LogVerifier]:
    """The logs to watch, each from a file as ``GET /log/verifier`` gives it. Raises WitnessHomeError."""
    logs: dict[str, LogVerifier] = {}
    for file in files:
        try:
            log = LogVerifier.parse(file.read_text())
        except (OSError, ValueError, CoreError) as error:
            raise WitnessHomeError(
                f"{file}: got no verifier keys ({error}), wanted those of a log, as its keeper gave them to you"
            ) from error
        if log.origin in logs:
            raise WitnessHomeError(f"{file}: got keys of {log.origin} again, wanted one file for each log")
        logs[log.origin] = log
    return list(logs.values())


def _key_file(folder: Path) -> Path:
    return folder / "witness.key"


def _state_file(folder: Path) -> Path:
    return folder / "witness.sqlite"


def _signers(folder: Path, name: str, seeds: dict[str, bytes]) -> tuple[CheckpointSigner, ...]:
    try:
        return tuple(CheckpointSigner.from_seed(name, kind, seeds[member]) for member, kind in _KINDS.items())
    except CoreError as error:
        raise WitnessHomeError(f"{folder}: {error}") from error


def _seeds(found: Any) -> tuple[str, dict[str, bytes]]:
    wanted = {"name", *_KINDS}
    if not isinstance(found, dict) or found.keys() != wanted or not isinstance(found["name"], str):
        raise ValueError(f"wanted exactly the members {', '.join(sorted(wanted))}")
    return found["name"], {member: unbase64url(found[member], member, size=32) for member in _KINDS}


def _write(file: Path, document: dict[str, str]) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as opened:
        opened.write(json.dumps(document, indent=2) + "\n")
        opened.flush()
        os.fsync(opened.fileno())
