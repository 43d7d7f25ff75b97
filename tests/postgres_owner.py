"""A process that runs or attaches to a home's PostgreSQL until its input ends: to be killed by the tests.

usage: python -m tests.postgres_owner HOME [USER]

Says in one line of JSON what `start` returned, then waits. With USER (root only) it becomes that user
first; everything is imported before that, since the user need not be able to read this checkout.
"""

import json
import os
import pwd
import subprocess
import sys
from pathlib import Path
from typing import Self

from api.postgres import EmbeddedPostgres
from api.postgres.account import Account
from api.postgres.binaries import find_binaries
from tests.begun import Popen

CHECKOUT = Path(__file__).parent.parent


class Owner:
    """The other process, seen from a test."""

    def __init__(self, home: Path, user: str | None = None) -> None:
        command = [sys.executable, "-m", "tests.postgres_owner", home, *([user] if user else [])]
        self.process = Popen(command, cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self.process.stdout.close()

    def outcome(self) -> str:
        """What its `start` returned; waits for it."""
        return json.loads(self.process.stdout.readline())["outcome"]

    def leave(self) -> None:
        """Let it come to its end as a program does."""
        self.process.stdin.close()
        assert self.process.wait(30) == 0

    def kill(self) -> None:
        """Kill it with SIGKILL."""
        self.process.kill()
        self.process.wait(30)


def main(home: Path, user: str | None) -> None:
    """Start, tell, and wait."""
    binaries = None
    if user is not None:
        entry = pwd.getpwnam(user)
        binaries = find_binaries(Account(entry.pw_uid, entry.pw_gid), None).directory
        os.setgroups([])
        os.setgid(entry.pw_gid)
        os.setuid(entry.pw_uid)
    outcome = EmbeddedPostgres(home, binaries=binaries).start()
    sys.stdout.write(json.dumps({"outcome": outcome}) + "\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None)
