"""Verifying a ledger in PostgreSQL, and keeping what was verified for the next run."""

import os
from dataclasses import dataclass
from pathlib import Path

from api.snapshot import snapshot
from ledger.core.instants import Instant
from ledger.core.trust_policy import TrustPolicy
from ledger.store.keyring import Keyring
from ledger.verify import Progress, Trusted, Verification, Verified, verify_ledger
from ledger.verify.findings import WITHOUT_KEYS, Step
from ledger.verify.state import StateError


@dataclass(frozen=True, slots=True)
class VerifiedFile:
    """A file that holds what was verified last."""

    path: Path

    def read(self) -> Verified | None:
        """What was kept, if anything was. Raises StateError where it cannot be read."""
        try:
            return Verified.parse(self.path.read_bytes())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StateError(f"{self.path}: cannot be read ({error}); remove it") from error

    def keep(self, verified: Verified | None) -> None:
        """Keep this instead; a crash leaves what was there or this, never a part. None: keep nothing."""
        if verified is None:
            self.path.unlink(missing_ok=True)
            return
        beside = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as opened:
            opened.write(verified.format())
            opened.flush()
            os.fsync(opened.fileno())
        os.replace(beside, self.path)


def verify_database(
    conninfo: str,
    keyring: Keyring,
    *,
    at: Instant,
    opening: bool = True,
    only_vault: bool = False,
    cores: int = 1,
    progress: Progress | None = None,
    policy: TrustPolicy | None = None,
    kept: VerifiedFile | None = None,
    only_new: bool = False,
) -> Verification:
    """Verify the ledger of a keyring; without ``opening``, only what needs no key-encryption key.

    With ``kept``, what was verified is kept there; a run over everything that was interrupted is gone on with, and with
    ``only_new`` the last one. ``only_vault`` as ``verify_ledger`` has it. Raises psycopg.Error where the database
    cannot be read, StateError where ``only_new`` cannot go on.
    """
    vault_keys = keyring.key_encryption_keys if opening else None
    earlier = tuple(log.verifier for log in keyring.earlier)
    trusted = Trusted(keyring.log.verifier, earlier, vault_keys, policy)
    since = None if kept is None or only_vault else _gone_on_from(kept, trusted, only_new=only_new)
    with snapshot(conninfo) as source:
        return verify_ledger(
            source, trusted, at=at, cores=cores, progress=progress, only_vault=only_vault, since=since,
            keep=None if kept is None else kept.keep,
        )  # fmt: skip


def _gone_on_from(kept: VerifiedFile, trusted: Trusted, *, only_new: bool) -> Verified | None:
    steps = tuple(step.value for step in Step if trusted.vault_keys is not None or step not in WITHOUT_KEYS)
    try:
        since = kept.read()
        if since is not None:
            since.check_fits(trusted.log, steps)
    except StateError:
        if only_new:
            raise
        return None
    return since if only_new or (since is not None and since.unfinished) else None
