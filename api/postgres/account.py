"""The system account that PostgreSQL runs as, and how a program is run as it."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from api.postgres.errors import EmbeddedPostgresError

ROOTS_ACCOUNT = "ledgerpg"
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


@dataclass(frozen=True)
class Account:
    """Who runs PostgreSQL: ourselves, or for root (whom PostgreSQL refuses) an account that nobody logs in to."""

    uid: int
    gid: int

    @property
    def is_ours(self) -> bool:
        """Whether it is the account of this very process."""
        return self.uid == os.geteuid()

    def process(self) -> dict[str, Any]:
        """Return the arguments of `subprocess.Popen` with which a program runs as this account.

        The working directory is one that every account may enter, and the environment is empty but for
        what makes PostgreSQL's messages and times the same everywhere.
        """
        arguments: dict[str, Any] = {"cwd": "/", "env": _ENVIRONMENT, "umask": 0o077}
        if not self.is_ours:
            arguments |= {"user": self.uid, "group": self.gid, "extra_groups": []}
        return arguments

    def run(self, command: Sequence[str | Path], **arguments: Any) -> "subprocess.CompletedProcess[str]":
        """Run the command as this account to its end; its exit code is for the caller to judge."""
        everything = {"stdin": subprocess.DEVNULL, "capture_output": True, "text": True} | self.process() | arguments
        if "input" in arguments:
            del everything["stdin"]
        return subprocess.run(command, check=False, **everything)

    def can_enter(self, directory: Path) -> bool:
        """Whether this account may pass through the directory and all above it, as the kernel sees it (ACLs too)."""
        return self.is_ours or self.run(["sh", "-c", 'cd -- "$1"', "sh", directory]).returncode == 0

    def own(self, path: Path) -> None:
        """Give the file or directory, but nothing a link points to, to this account."""
        if not self.is_ours:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)


def server_account() -> Account:
    """Return the account that PostgreSQL is to run as, made on first use if we are root.

    Raises `EmbeddedPostgresError` if it is missing and cannot be made.
    """
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    entry = _entry(ROOTS_ACCOUNT) or _make(ROOTS_ACCOUNT)
    return Account(entry.pw_uid, entry.pw_gid)


def _entry(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _make(name: str) -> pwd.struct_passwd:
    program = shutil.which("useradd", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    said = "there is no useradd on this machine"
    if program is not None:
        nologin = shutil.which("nologin", path="/usr/sbin:/sbin:/usr/bin:/bin") or "/bin/false"
        command = [program, "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
        made = subprocess.run([*command, "--shell", nologin, name], check=False, capture_output=True, text=True)
        said = made.stderr.strip()
    # Looked up whatever useradd said: another process may have made the account in the same moment.
    entry = _entry(name)
    if entry is None:
        raise EmbeddedPostgresError(
            f"PostgreSQL refuses to run as root, and the account {name!r} could not be made ({said}). "
            f"Make a system account of that name, or start the ledger as an ordinary user."
        )
    return entry
