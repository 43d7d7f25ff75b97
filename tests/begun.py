"""Processes of the program that need not begin with loading it: forked from one that has loaded all of it.

Loading costs a process three quarters of a second of a processor, and the tests start hundreds. A worker has one
forerunner: a process that has imported what the program imports and waits. Asked to, it forks, and what it forked
becomes the worker's own child: with arguments, environment, folder and files of its own, to be waited for and killed
as any other. That the installed program starts from nothing is shown where the commands themselves are the subject
(tests/command_line, tests/docs).

    Popen, run      as in `subprocess`, for PROGRAM or ``python -m module``; whatever else is executed as it is there
"""

import atexit
import ctypes
import gc
import importlib
import json
import os
import pkgutil
import runpy
import socket
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

PROGRAM = Path(sys.executable).with_name("record-ledger")
CHECKOUT = Path(__file__).parents[1]
_LINUX = sys.platform.startswith("linux")
_PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
_LONGEST = 1 << 17
_PACKAGES = ("ledger", "projections", "api")
_LEFT_OUT = ("api.command_line",)
"""What reads the environment as it is imported: the width of the terminal."""


class Popen(subprocess.Popen[Any]):
    """A process as `subprocess.Popen` gives it, which has loaded already what it needs."""

    def _execute_child(self, args: Any, *given: Any) -> None:
        """Have the forerunner fork it, in the place of a fork and an exec of our own; see `subprocess`."""
        _, preexec_fn, _, pass_fds, cwd, env, _, _, shell, *pipes = given[:15]
        words = [] if isinstance(args, str | bytes | os.PathLike) else [os.fspath(word) for word in args]
        if not _LINUX or shell or preexec_fn or pass_fds or not _is_ours(words):
            super()._execute_child(args, *given)  # type: ignore[misc]
            return
        told = os.environ if env is None else env
        asked = {
            "words": words,
            "folder": os.fspath(cwd or Path.cwd()),
            "environment": {name: os.fspath(value) for name, value in told.items()},
        }
        files = [theirs if theirs != -1 else n for n, theirs in enumerate((pipes[0], pipes[3], pipes[5]))]
        self.pid = _Forerunner.mine().fork(asked, files)
        self._child_created = True
        self._close_pipe_fds(*pipes)  # type: ignore[attr-defined]


def run(command: Sequence[str | Path], *, timeout: float, **popen: Any) -> subprocess.CompletedProcess[str]:
    """As `subprocess.run` of text with its output captured."""
    told = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with Popen(command, **told, **popen) as process:
        try:
            out, err = process.communicate(timeout=timeout)
        except BaseException:
            process.kill()
            raise
    return subprocess.CompletedProcess(command, process.returncode, out, err)


def _is_ours(words: list[str]) -> bool:
    return words[:1] == [str(PROGRAM)] or words[:2] == [sys.executable, "-m"]


class _Forerunner:
    """The process that has loaded the program, seen from the worker."""

    _only: "_Forerunner | None" = None

    def __init__(self) -> None:
        # What the forerunner's forks leave behind comes to us, as our own child.
        if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl")
        self.worker = os.getpid()
        self._ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        kept = {name: value for name, value in os.environ.items() if not name.startswith("LEDGER_")}
        command = [sys.executable, "-m", "tests.begun", str(theirs.fileno())]
        with theirs:
            self._process = subprocess.Popen(
                command, cwd=CHECKOUT, env=kept, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL
            )
        atexit.register(self._end)

    @classmethod
    def mine(cls) -> "_Forerunner":
        """This process's own, started when it is first needed."""
        if cls._only is None or cls._only.worker != os.getpid():
            cls._only = cls()
        return cls._only

    def fork(self, asked: Mapping[str, Any], files: list[int]) -> int:
        """The process number of the new child of ours, which goes on from here."""
        socket.send_fds(self._ours, [json.dumps(asked).encode()], files)
        answer = self._ours.recv(64)
        assert answer, "the forerunner ended: see what it wrote on the standard error"
        return int(answer)

    def _end(self) -> None:
        if self.worker == os.getpid():
            self._ours.close()  # it has nobody to wait for any more, and ends
            self._process.wait(10)


def _load() -> None:
    """Import all that a process of the program may need."""
    for package in _PACKAGES:
        found = importlib.import_module(package)
        for module in pkgutil.walk_packages(found.__path__, f"{package}."):
            if not module.name.startswith(_LEFT_OUT) and not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    for late in ("uvicorn.lifespan.on", "uvicorn.loops.auto", "uvicorn.protocols.http.auto", "typer", "rich.console"):
        importlib.import_module(late)


def _await_request(asking: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """Wait for requests, and fork for each: returns in the new process, and never in the forerunner."""
    while True:
        message, files, _, _ = socket.recv_fds(asking, _LONGEST, 3)
        if not message:
            os._exit(0)
        told, telling = os.pipe()
        between = os.fork()
        if between == 0:
            parent = os.getpid()
            number = os.fork()
            if number == 0:
                while os.getppid() == parent:  # until it is gone, and we are the worker's
                    time.sleep(0.0005)
                asking.close()
                os.close(told)
                os.close(telling)
                return json.loads(message), files
            os.write(telling, str(number).encode())
            os._exit(0)
        os.waitpid(between, 0)  # from here on what it forked is the worker's own
        asking.send(os.read(told, 64))
        for file in (*files, told, telling):
            os.close(file)


def _become(asked: dict[str, Any], files: list[int]) -> None:
    """Take on the files, the folder and the environment that were asked for."""
    for n, file in enumerate(files):
        os.dup2(file, n)
    for file in files:
        os.close(file)
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 - as an interpreter opens them as it starts
    sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, errors="backslashreplace", closefd=False)  # noqa: SIM115


def _end(code: int) -> NoReturn:
    """End as an interpreter does, without taking apart all that was loaded: that costs as much as loading it."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _go_on(words: list[str]) -> None:
    """Do what the words say."""
    main = sys.modules["__main__"]
    main.__package__, main.__spec__ = None, None
    if words[0] == str(PROGRAM):
        sys.argv, sys.path[0] = words, str(PROGRAM.parent)
        importlib.import_module("api.command_line").main()
        return
    sys.argv, sys.path[0] = words[2:], str(Path.cwd())
    runpy.run_module(words[2], run_name="__main__", alter_sys=True)


def _code_of(end: SystemExit) -> int:
    if end.code is None or isinstance(end.code, int):
        return end.code or 0
    sys.stderr.write(f"{end.code}\n")
    return 1


if __name__ == "__main__":
    waiting = socket.socket(fileno=int(sys.argv[1]))
    _load()
    gc.freeze()
    request, given = _await_request(waiting)
    _become(request, given)
    try:
        _go_on(request["words"])
    except SystemExit as end:
        _end(_code_of(end))
    except BaseException:
        traceback.print_exc()
        _end(1)
    _end(0)
