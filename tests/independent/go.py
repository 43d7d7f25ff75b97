"""The verifier in Go, built once for all test processes and asked over a pipe."""

import fcntl
import json
import os
import subprocess
from base64 import b64decode, b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).with_name("verify.go")
# Debian's golang-golang-x-mod-dev puts the library below this folder; .ci/system names both packages.
LIBRARY = Path("/usr/share/gocode")
Answer = dict[str, Any]


def build(folder: Path) -> Path:
    """The program; built where it is not there yet, by whoever comes first."""
    program = folder / "verify"
    environment = os.environ | {"GO111MODULE": "off", "GOPATH": str(LIBRARY), "GOFLAGS": "", "CGO_ENABLED": "0"}
    with (folder / "verify.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not program.exists():
            command = ["go", "build", "-o", str(program), str(SOURCE)]
            built = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
            assert built.returncode == 0, f"{built.stderr}\nThe packages it needs are named in .ci/system."
    return program


class Go:
    """A running verifier; it remembers the log that it was given last."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def ask(self, questions: Sequence[dict[str, Any]]) -> list[Answer]:
        """The answers; bytes are bytes on both sides, ``error`` is empty where nothing was wrong."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps(questions, default=lambda data: b64encode(data).decode()) + "\n")
        stdin.flush()
        answers = json.loads(stdout.readline())
        assert len(answers) == len(questions)
        return [_decoded(answer) for answer in answers]

    def accepts(self, questions: Sequence[dict[str, Any]]) -> list[bool]:
        """Which of them had nothing wrong."""
        return [not answer["error"] for answer in self.ask(questions)]

    def load(self, entries: Sequence[bytes]) -> None:
        """Give it the entries of a log, to hash and prove from."""
        [answer] = self.ask([{"Ask": "load", "Entries": list(entries)}])
        assert not answer["error"]

    def roots(self, sizes: Sequence[int]) -> list[bytes]:
        """The roots of the loaded log at these sizes."""
        return [_sound(answer)["root"] for answer in self.ask([{"Ask": "root", "Size": size} for size in sizes])]

    def inclusion_paths(self, places: Sequence[tuple[int, int]]) -> list[tuple[bytes, ...]]:
        """The paths of (index, size)."""
        questions = [{"Ask": "prove record", "Index": index, "Size": size} for index, size in places]
        return [tuple(_sound(answer)["path"]) for answer in self.ask(questions)]

    def consistency_paths(self, pairs: Sequence[tuple[int, int]]) -> list[tuple[bytes, ...]]:
        """The paths of (old size, new size)."""
        questions = [{"Ask": "prove tree", "OldSize": old, "Size": new} for old, new in pairs]
        return [tuple(_sound(answer)["path"]) for answer in self.ask(questions)]


@contextmanager
def running(program: Path) -> Iterator[Go]:
    """A verifier of one's own, ended afterwards."""
    with subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Go(process)


def _sound(answer: Answer) -> Answer:
    assert not answer["error"], answer["error"]
    return answer


def _decoded(answer: Answer) -> Answer:
    path = [b64decode(node) for node in answer["path"] or ()]
    return answer | {"root": b64decode(answer["root"] or ""), "path": path}
