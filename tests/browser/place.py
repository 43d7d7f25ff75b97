"""A service in a process of its own, as it is run."""

import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.begun import PROGRAM, Popen, run
from tests.postgres_fixture import Database

_SERVES = re.compile(r"http://127\.0\.0\.1:(\d+)")
_LINK = re.compile(r"http://localhost:\d+/invitation#[\w-]+")
_PATIENCE = 90.0


@dataclass(frozen=True)
class Place:
    """A service that runs: where browsers reach it, what it printed, and its environment for other commands."""

    base: str
    log: Path
    environment: dict[str, str]
    database: Database

    def link(self) -> str:
        """The link for the first administrator, which the service printed."""
        return _printed(self.log, _LINK)[0]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the program beside the service."""
        return run([PROGRAM, *arguments], env=self.environment, timeout=60)


@contextmanager
def serving(database: Database, home: Path) -> Iterator[Place]:
    """A service over a migrated database in which nothing is yet, until it is terminated."""
    log = home / "log"
    environment = {
        **os.environ,
        "LEDGER_HOME": str(home / "home"),
        "LEDGER_DATABASE_URL": database.dsn(),
        "LEDGER_READER_URL": database.dsn("ledger_reader"),
        "COLUMNS": "500",
    }
    command = [PROGRAM, "serve", "--port", "0"]
    with (
        log.open("w") as written,
        Popen(command, env=environment, stdout=written, stderr=written, text=True) as process,
    ):
        try:
            yield Place(f"http://localhost:{_printed(log, _SERVES)[1]}", log, environment, database)
        finally:
            process.terminate()
            process.wait(timeout=_PATIENCE)


def _printed(log: Path, what: re.Pattern[str]) -> re.Match[str]:
    """Wait until the service has printed something."""
    until = time.monotonic() + _PATIENCE
    while (found := what.search(log.read_text())) is None:
        assert time.monotonic() < until, log.read_text()
        time.sleep(0.05)
    return found
