"""The witness: cosigns a log's checkpoints as long as each goes on from the one before (C2SP tlog-witness).

It is somebody else's than the log's, with its own keys and its own state, and knows nothing of a ledger but
its public keys. What it vouches for: of this log it has seen one history only, and at the time of the
cosignature nothing larger. So a log that shows two histories, or goes back, finds no witness for the second.

All is in one SQLite file: for each log the newest checkpoint that was cosigned, as the log signed it, and
what was refused although the log had signed it: two notes of one size with two roots prove, to anybody, that
the log lied.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NewType

from ledger.core.checkpoint import Checkpoint, CheckpointError, CheckpointSigner, open_note
from ledger.core.log_keys import LogVerifier
from ledger.core.merkle import ConsistencyError, check_consistency
from ledger.core.note import NoteSignature
from ledger.core.witnessing import AddCheckpoint

Seconds = NewType("Seconds", int)
"""Since 1970-01-01T00:00:00Z."""

Noted = tuple[Checkpoint, bytes]
"""A checkpoint, and the signed note that it stands in."""

_FORMAT: Final = 1
_PATIENCE: Final = 10.0
"""Seconds that a request waits for the others before it."""
_CLOCK_STEP: Final = 60
"""Seconds that a clock may go back when it is corrected; meanwhile the time of the last cosignature is told again."""
_MOST_REFUSED: Final = 1000
"""Unprovable refusals kept for each log: anybody can send a log's newest note with a proof that is none."""

_SCHEMA: Final = f"""
    create table cosigned (
        origin text primary key,
        size   integer not null,
        root   blob not null,
        note   blob not null,
        at     integer not null
    ) strict;
    create table refused (
        origin text not null,
        size   integer not null,
        root   blob not null,
        why    text not null check (why in ('other root', 'bad proof')),
        note   blob not null,
        at     integer not null,
        primary key (origin, size, root, why)
    ) strict;
    create trigger never_back before update on cosigned when new.size < old.size
        begin select raise(abort, 'a witness never goes back'); end;
    create trigger never_forget before delete on cosigned
        begin select raise(abort, 'a witness never forgets'); end;
    pragma user_version = {_FORMAT};
"""


class WitnessError(Exception):
    """The witness cannot do its work; nothing was cosigned."""


class StateError(WitnessError):
    """The state cannot be read or written, or is not this program's."""


class Refused(Exception):
    """A request that is not cosigned. Its kind is its class (tlog-witness, "add-checkpoint")."""


class UnknownOrigin(Refused):
    """A checkpoint of a log that this witness does not watch."""


class NotSigned(Refused):
    """A checkpoint that the log's keys have not signed."""


class OldTooLarge(Refused):
    """A request whose old size is beyond its checkpoint's."""


class OldDiffers(Refused):
    """A request from another size than the witness knows; ``size`` is what it knows."""

    def __init__(self, message: str, size: int) -> None:
        super().__init__(message)
        self.size = size


class Inconsistent(Refused):
    """A proof that does not lead from the known checkpoint to the new one."""


class OtherRoot(Refused):
    """A checkpoint of the known size with another root: the log has signed two histories."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A note that the log signed and the witness refused, why, and when."""

    checkpoint: Checkpoint
    why: str
    note: bytes
    at: Seconds


class State:
    """What a witness remembers, in one SQLite file. Made by ``create`` once, opened ever after."""

    def __init__(self, file: Path) -> None:
        self._file = file
        with self._connection() as connection:
            found = connection.execute("pragma user_version").fetchone()[0]
        if found != _FORMAT:
            raise StateError(f"{file}: got the state format {found}, wanted {_FORMAT}; name the right file")

    @classmethod
    def create(cls, file: Path) -> "State":
        """A state that knows of no log, in a file that is not there yet. Raises StateError."""
        try:
            file.touch(mode=0o600, exist_ok=False)
            with sqlite3.connect(file, isolation_level=None) as connection:
                connection.executescript(f"begin; {_SCHEMA} commit;")
            connection.close()
        except (OSError, sqlite3.Error) as error:
            raise StateError(f"{file}: cannot be made ({error}); choose a new name for it") from error
        return cls(file)

    @contextmanager
    def turn(self) -> Iterator[sqlite3.Connection]:
        """One request's time alone with the state, over all threads and processes; durable when it ends.

        What it reads stays true until it has written: the check and the step forward are one. A crash before
        the end leaves the state as it was; after the end, it knows more than anybody was told, and asking
        again gives the cosignature.
        """
        with self._connection() as connection:
            connection.execute("begin immediate")
            try:
                yield connection
            except BaseException:
                connection.execute("rollback")
                raise
            connection.execute("commit")

    def latest(self, origin: str) -> Noted | None:
        """The newest checkpoint of a log that was cosigned, and its note."""
        with self._connection() as connection:
            return _latest(connection, origin)

    def evidence(self) -> list[Evidence]:
        """Everything that was refused although its log had signed it, the oldest first."""
        with self._connection() as connection:
            rows = connection.execute("select note, why, at from refused order by at, origin, size").fetchall()
        return [Evidence(open_note(note)[1], why, note, Seconds(at)) for note, why, at in rows]

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        # mode=rw: a missing file is an error, never a new memory that would cosign anything.
        place = f"{self._file.absolute().as_uri()}?mode=rw"
        try:
            connection = sqlite3.connect(place, uri=True, timeout=_PATIENCE, isolation_level=None)
            try:
                # EXTRA also makes the removal of the rollback journal durable: without it, a machine that
                # loses power just after the answer could find the journal again, and go back.
                connection.execute("pragma journal_mode = delete")
                connection.execute("pragma synchronous = extra")
                yield connection
            finally:
                connection.close()
        except sqlite3.Error as error:
            raise StateError(f"{self._file}: got {error}; wanted this witness's state; restore the newest") from error


class Witness:
    """A cosigner: its keys, the logs it watches, its state and its clock. Safe in any number of threads."""

    def __init__(
        self,
        signers: Sequence[CheckpointSigner],
        logs: Sequence[LogVerifier],
        state: State,
        clock: Callable[[], Seconds],
    ) -> None:
        self._signers = tuple(signers)
        self._logs = {log.origin: log for log in logs}
        self._state = state
        self._clock = clock

    def add_checkpoint(self, request: AddCheckpoint) -> tuple[NoteSignature, ...]:
        """Cosign a checkpoint that goes on from the newest known one; raises Refused and its kinds, StateError.

        1. Both keys of a log that this witness watches have signed it.
        2. It goes on from the size that the witness knows.
        3. The proof leads from the known root to the new one; at the same size, the roots are one.
        4. It is remembered. Only then is it cosigned.
        """
        checkpoint = self._check_log(request)
        refusal: Refused | None = None
        with self._state.turn() as connection:
            # Taken alone with the state: "as of this time, the largest" must be true of each cosignature.
            now = self._time(connection, checkpoint.origin)
            known = _latest(connection, checkpoint.origin)
            try:
                _check_goes_on(request, checkpoint, None if known is None else known[0])
            except Refused as error:
                refusal = error
                _keep_evidence(connection, (checkpoint, request.note), known, error, now)
            else:
                _remember(connection, checkpoint, request.note, now)
        if refusal is not None:
            raise refusal
        return tuple(signer.sign(checkpoint, now) for signer in self._signers)

    def _time(self, connection: sqlite3.Connection, origin: str) -> Seconds:
        """The present second, and never one before that of an earlier cosignature of this log.

        Else a smaller checkpoint would stand as the largest of a later time. Raises StateError where the clock was set
        back by more than clocks are of themselves.
        """
        now = self._clock()
        row = connection.execute("select at from cosigned where origin = ?", [origin]).fetchone()
        last = 1 if row is None else row[0]
        if now < max(1, last - _CLOCK_STEP):
            raise StateError(
                f"clock: got {now} s since 1970, wanted {last} or later, as was cosigned; set the clock right"
            )
        return Seconds(max(now, last))

    def _check_log(self, request: AddCheckpoint) -> Checkpoint:
        _, checkpoint = open_note(request.note)
        log = self._logs.get(checkpoint.origin)
        if log is None:
            raise UnknownOrigin(
                f"origin: got {checkpoint.origin}, wanted one of the logs that this witness watches; ask its keeper"
            )
        try:
            log.open_checkpoint(request.note)
        except CheckpointError as error:
            raise NotSigned(str(error)) from error
        if request.old_size > checkpoint.size:
            raise OldTooLarge(
                f"old size: got {request.old_size} for a checkpoint of {checkpoint.size}, wanted at most that"
            )
        return checkpoint


def _check_goes_on(request: AddCheckpoint, checkpoint: Checkpoint, known: Checkpoint | None) -> None:
    """Check a signed checkpoint against the known one. Raises OldDiffers, OtherRoot or Inconsistent."""
    size = 0 if known is None else known.size
    if request.old_size != size:
        raise OldDiffers(f"old size: got {request.old_size}, wanted {size}, which this witness knows; prove it", size)
    if known is not None and checkpoint.size == known.size and checkpoint.root != known.root:
        raise OtherRoot(
            f"checkpoint of {checkpoint.origin} at size {size}: got root {checkpoint.root.hex()}, wanted "
            f"{known.root.hex()}; the log has signed two histories, and both notes are kept"
        )
    if size == 0:
        # Of a tree without entries there is nothing to prove: "The proof MUST be empty if the old size is zero".
        if request.proof:
            raise Inconsistent(f"proof: got {len(request.proof)} hashes from size 0, wanted none")
        return
    try:
        root = checkpoint.root if known is None else known.root
        check_consistency(size, root, checkpoint.size, checkpoint.root, request.proof)
    except ConsistencyError as error:
        raise Inconsistent(str(error)) from error


def _latest(connection: sqlite3.Connection, origin: str) -> Noted | None:
    row = connection.execute("select note from cosigned where origin = ?", [origin]).fetchone()
    return None if row is None else (open_note(row[0])[1], row[0])


def _remember(connection: sqlite3.Connection, checkpoint: Checkpoint, note: bytes, now: Seconds) -> None:
    connection.execute(
        "insert into cosigned (origin, size, root, note, at) values (?, ?, ?, ?, ?) on conflict (origin) do update"
        " set size = excluded.size, root = excluded.root, note = excluded.note, at = excluded.at",
        [checkpoint.origin, checkpoint.size, checkpoint.root, note, now],
    )


def _keep_evidence(
    connection: sqlite3.Connection, offered: Noted, known: Noted | None, refusal: Refused, now: Seconds
) -> None:
    """Keep a refused note that the log signed: what shows two histories always, what may show one within bounds."""
    checkpoint = offered[0]
    if known is not None and checkpoint.size == known[0].size and checkpoint.root != known[0].root:
        # Whatever old size it was sent with. The known note goes beside it, because the known one moves on.
        kept, why = [offered, known], "other root"
    elif isinstance(refusal, Inconsistent) and _refused_count(connection, checkpoint.origin) < _MOST_REFUSED:
        kept, why = [offered], "bad proof"
    else:
        return
    connection.executemany(
        "insert into refused (origin, size, root, why, note, at) values (?, ?, ?, ?, ?, ?) on conflict do nothing",
        [(one.origin, one.size, one.root, why, note, now) for one, note in kept],
    )


def _refused_count(connection: sqlite3.Connection, origin: str) -> int:
    query = "select count(*) from refused where origin = ? and why = 'bad proof'"
    return int(connection.execute(query, [origin]).fetchone()[0])
