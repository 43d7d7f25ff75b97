"""Where the embedded PostgreSQL keeps its things, and who may enter.

The home belongs to whoever runs the ledger. Below it, `postgres/` belongs to the account that runs
PostgreSQL. For an ordinary user both are the same. For root they differ, and a home such as
/root/.local/share/record-ledger cannot be entered by another account: then `postgres` is a link to a
directory below /var/lib/record-ledger, named after the home. Which of the two it is, is decided when the
home is made, and the link keeps it: permissions that change later cannot make a ledger look empty.
"""

import fcntl
import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from api.postgres.account import Account
from api.postgres.errors import EmbeddedPostgresError

SYSTEM_PLACE = Path("/var/lib/record-ledger")
PORT = 5432
"""Only a part of the socket's name: the server listens on no TCP port."""

_LONGEST_SOCKET = 100
"""Bytes of a socket's path that every system takes: sun_path holds 108 with its NUL on Linux, 104 on macOS."""


@dataclass(frozen=True)
class Place:
    """The paths below one home; nothing is made or checked by asking for them."""

    home: Path

    @property
    def lock(self) -> Path:
        """The file whose flock says that a server lives."""
        return self.home / "lock"

    @property
    def passfile(self) -> Path:
        """The passwords of the roles, in libpq's format."""
        return self.home / "pgpass"

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.home / "postgres.log"

    @property
    def cluster(self) -> Path:
        """The server account's own directory, links followed."""
        return (self.home / "postgres").resolve()

    @property
    def data(self) -> Path:
        """The database cluster."""
        return self.cluster / "data"

    @property
    def run(self) -> Path:
        """The socket's directory: one in /tmp if the home's path does not do for a socket.

        It may be too long, or have a comma, at which libpq parts one host from the next.
        """
        directory = self.cluster / "run"
        if len(os.fsencode(directory / f".s.PGSQL.{PORT}")) <= _LONGEST_SOCKET and "," not in str(directory):
            return directory
        return Path("/tmp") / f"record-ledger-{_short_name(self.home)}"  # noqa: S108 - `private_directory` checks it


def open_home(home: Path) -> Place:
    """Make the home (0700) if it is missing, and return its paths.

    Raises `EmbeddedPostgresError` if it belongs to another user or if others may write in it.
    """
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise EmbeddedPostgresError(
            f"the ledger's home {home} cannot be made ({error.strerror}). Set LEDGER_HOME to a directory of your own."
        ) from error
    status = home.stat()
    if status.st_uid != os.geteuid() or status.st_mode & 0o022:
        raise EmbeddedPostgresError(
            f"the ledger's home {home} belongs to user {status.st_uid} with mode {stat.S_IMODE(status.st_mode):04o}; "
            f"wanted one of user {os.geteuid()} (this process) in which nobody else may write. "
            f"Run the ledger as the home's owner, or set LEDGER_HOME to another directory."
        )
    return Place(home.resolve())


def try_lock(place: Place) -> int | None:
    """Return the open descriptor of the home's lock, taken; or None if a server (or its maker) holds it.

    A flock belongs to the open file and is inherited with it: handed to PostgreSQL, it is held until the
    last of its processes is gone, however it or we die.
    """
    descriptor = os.open(place.lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def settle(place: Place, account: Account) -> None:
    """Make the server account's directories (0700), below the home or where the account can enter them.

    To be called with the lock held. Raises `EmbeddedPostgresError` if one of them is somebody else's.
    """
    ours = place.home / "postgres"
    if not ours.is_symlink() and not ours.exists():
        if account.is_ours or _may_enter(place.home, account):
            private_directory(ours, account)
        else:
            ours.symlink_to(_system_directory(place.home))
    private_directory(place.cluster, account)
    private_directory(place.run, account)
    if not account.can_enter(place.cluster):
        raise EmbeddedPostgresError(
            f"the account that runs PostgreSQL (user {account.uid}) can no longer enter {place.cluster}. "
            f"Give the directories above it back the permission to be passed through (chmod o+x)."
        )


def private_directory(path: Path, account: Account) -> None:
    """Make the directory, for the account alone; or find it so.

    Raises `EmbeddedPostgresError` if something else is there: in a shared directory such as /tmp anybody
    may have made it first.
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = path.lstat()
    if stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid():
        account.own(path)
        status = path.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != account.uid or status.st_mode & 0o077:
        raise EmbeddedPostgresError(
            f"{path} is {stat.filemode(status.st_mode)} of user {status.st_uid}; wanted a directory drwx------ "
            f"of user {account.uid}. Find out who made it, and move it away."
        )


def _may_enter(home: Path, account: Account) -> bool:
    """Let the other account pass through a home that holds nothing but the lock yet; whether that suffices.

    What lies in the home is closed by its own mode. A home that was there before us may be any directory
    (LEDGER_HOME=/root): its permissions are not ours to open.
    """
    if account.can_enter(home):
        return True
    if {entry.name for entry in home.iterdir()} <= {"lock"} and account.can_enter(home.parent):
        home.chmod(0o711)
        return account.can_enter(home)
    return False


def _system_directory(home: Path) -> Path:
    directory = SYSTEM_PLACE / _short_name(home)
    SYSTEM_PLACE.mkdir(mode=0o711, parents=True, exist_ok=True)
    if (directory / "data").exists():
        # Never taken up silently: the home that had the passwords and keys for it is gone.
        raise EmbeddedPostgresError(
            f"{directory} holds the database of an earlier home {home} that was removed. To continue with it, link "
            f"it back: ln -s {directory} {home}/postgres. To begin anew, move it away or remove it."
        )
    return directory


def _short_name(home: Path) -> str:
    return hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
