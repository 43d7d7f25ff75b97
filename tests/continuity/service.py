"""The service as a process of its own, on an installation's database, and somebody who speaks through it."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from api.clock import clock
from api.sign_in.key_file import KeyFile
from tests.begun import PROGRAM, Popen
from tests.continuity.installation import Installation
from tests.http.served import form_of, statement_id

SERVES = " serves "


@dataclass
class Service:
    """A running service: its address, its process, what it says."""

    url: str
    process: "subprocess.Popen[str]"
    file: Path

    def told(self) -> str:
        return self.file.read_text()

    def sign_in(self, key: Path, acting_as: str) -> dict[str, str]:
        """The headers of somebody who is signed in."""
        form = form_of(KeyFile.read(key).assertion(clock()), f"acting_as:{acting_as}")
        answer = httpx.post(f"{self.url}/token", data=form)
        assert answer.status_code == 200, answer.text
        return {"authorization": f"Bearer {answer.json()['access_token']}"}

    def post(self, path: str, headers: dict[str, str], body: dict[str, object]) -> httpx.Response:
        identified = {**headers, "idempotency-key": statement_id()}
        return httpx.post(self.url + path, headers=identified, json=body, timeout=60)

    def ended(self) -> int:
        """How it ended; waits for it."""
        return self.process.wait(30)


@contextmanager
def served(installation: Installation) -> Iterator[Service]:
    """Serve the installation until the end of the block."""
    file = installation.home / "service.log"
    with file.open("w") as log:
        process = Popen([PROGRAM, "serve", "--port", "0"], env=installation.environment, stderr=log, text=True)
    try:
        yield Service(_url(process, file), process, file)
    finally:
        process.terminate()
        try:
            process.wait(30)
        finally:
            process.kill()


def _url(process: "subprocess.Popen[str]", file: Path) -> str:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        lines = [line for line in file.read_text().splitlines(keepends=True) if SERVES in line and line.endswith("\n")]
        if lines:
            return lines[0].split()[-1]
        assert process.poll() is None, file.read_text()
        time.sleep(0.05)
    raise AssertionError(file.read_text())
