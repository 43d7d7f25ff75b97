"""The highest checkpoint that this installation has released: ``LEDGER_HOME/highest-checkpoint.txt``, a signed note.

The database cannot tell that it was restored from an older backup; this file can, as long as it was not restored
with it. It is only ever replaced by the note of a larger tree, whole, and by one process at a time.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from api.secret_files import replace_text
from ledger.core.checkpoint import CheckpointError, TimedCheckpoint, open_note
from ledger.core.log_keys import LogVerifier
from ledger.store.errors import WentBack

NAME: Final = "highest-checkpoint.txt"
_LOCK: Final = "highest-checkpoint.lock"
_GUIDE: Final = "docs/how-to/recover-after-loss.md"


class HighestCheckpoint:
    """The file of one home, of one log."""

    def __init__(self, home: Path, log: LogVerifier) -> None:
        self.file = home / NAME
        self._lock = home / _LOCK
        self._log = log

    def read(self) -> TimedCheckpoint | None:
        """The checkpoint in the file, its signatures checked; None where there is no file. Raises WentBack."""
        note = self.note()
        return None if note is None else self._open(note, self.file)

    def note(self) -> bytes | None:
        """The bytes of the file; None where there is none."""
        try:
            return self.file.read_bytes()
        except FileNotFoundError:
            return None

    def is_of(self, origin: str) -> bool:
        """Whether there is a file, with a checkpoint of this log, whoever signed it."""
        note = self.note()
        return note is not None and open_note(note)[1].origin == origin

    def raise_to(self, note: bytes) -> bool:
        """Put a note in the file if its tree is larger; tell whether it was.

        Blocks while another process writes, and until the file is durable. Raises WentBack where the file has another
        history, or cannot be read, and CheckpointError for a note that this log has not signed.
        """
        offered = self._log.open_checkpoint(note)
        self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._alone():
            kept = self.read()
            if kept is not None and kept.checkpoint.size >= offered.size:
                if kept.checkpoint.size == offered.size and kept.checkpoint.root != offered.root:
                    raise WentBack(
                        f"{self.file}: got a checkpoint of size {offered.size} with root {offered.root.hex()}, wanted"
                        f" {kept.checkpoint.root.hex()} as in the file; keep both as evidence, and see {_GUIDE}"
                    )
                return False
            replace_text(self.file, note.decode())
            return True

    def _open(self, note: bytes, where: Path) -> TimedCheckpoint:
        try:
            return self._log.open_timed_checkpoint(note)
        except CheckpointError as error:
            # An unreadable file could hide that the database went back, so it is never passed over.
            raise WentBack(
                f"{where}: {error}. Wanted a checkpoint of {self._log.origin}: set LEDGER_ORIGIN to the name of this"
                f" log, or put back the file or the log's keys; see {_GUIDE}"
            ) from error

    @contextmanager
    def _alone(self) -> Iterator[None]:
        descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)  # and with it the lock, as when the process is killed
