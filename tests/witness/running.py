"""Witnesses as processes of their own, started as their keepers start them."""

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from ledger.core.witnessing import AddCheckpoint, format_add_checkpoint
from tests.begun import PROGRAM, Popen
from tests.command_line.running import done, environment


@dataclass
class RunningWitness:
    """A witness's process, where it listens, and its home."""

    url: str
    process: subprocess.Popen[str]
    home: Path
    http: httpx.Client

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def ask(self, request: AddCheckpoint) -> httpx.Response:
        return self.post(format_add_checkpoint(request))

    def post(self, body: bytes) -> httpx.Response:
        return self.http.post("/add-checkpoint", content=body)

    def log(self) -> str:
        return (self.home.with_suffix(".log")).read_text()


def make_witness(home: Path, name: str) -> list[str]:
    """Make its keys; gives its two verifier keys, Ed25519 and ML-DSA-44."""
    return done(None, "witness", "keys", "--to", str(home), "--name", name).splitlines()


@contextmanager
def serving(home: Path, log: Path, port: int = 0) -> Iterator[RunningWitness]:
    """Serve a witness that was made in this home, and watches the log whose verifier keys are in the file."""
    with _started(home, log, port) as wait:
        yield wait()


@contextmanager
def serving_all(homes: list[Path], log: Path) -> Iterator[dict[str, RunningWitness]]:
    """Serve several at once, by the names of their homes: they start side by side."""
    with ExitStack() as stack:
        waits = {home.name: stack.enter_context(_started(home, log, 0)) for home in homes}
        yield {name: wait() for name, wait in waits.items()}


@contextmanager
def _started(home: Path, log: Path, port: int) -> Iterator[Callable[[], RunningWitness]]:
    """A process that has been started; what is given waits until it serves."""
    told = home.with_suffix(".log")
    command = [PROGRAM, "witness", "serve", "--home", str(home), "--log", str(log), "--port", str(port)]
    with told.open("a") as stderr:
        began = told.stat().st_size
        process = Popen(command, stderr=stderr, env=environment(None), text=True)
    with ExitStack() as stack:

        def wait() -> RunningWitness:
            url = _url(process, told, began)
            return RunningWitness(url, process, home, stack.enter_context(httpx.Client(base_url=url, timeout=60)))

        try:
            yield wait
        finally:
            process.kill()
            process.wait(10)


def _url(process: subprocess.Popen[str], told: Path, began: int) -> str:
    """Where it says it serves."""
    end = time.monotonic() + 90
    while time.monotonic() < end and process.poll() is None:
        for line in told.read_text()[began:].splitlines(keepends=True):
            if " serves at http" in line and line.endswith("\n"):
                return line.split()[-1]
        time.sleep(0.02)
    raise AssertionError(told.read_text())
