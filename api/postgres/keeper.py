"""The thread that starts PostgreSQL and waits for its end."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


class Keeper(threading.Thread):
    """Runs one server: forks it, waits for it, reaps it.

    On Linux the kernel sends the server SIGINT (PostgreSQL's fast shutdown) when we die, be it by SIGKILL.
    It does so when the *thread* that forked dies (prctl(2), PR_SET_PDEATHSIG). This thread lives as long as
    the server or the process, so a server may be started from any thread, also a short-lived one.
    Elsewhere an orphaned server goes on, and the next start attaches to it.
    """

    def __init__(self, command: Sequence[str | Path], **popen: Any) -> None:
        super().__init__(name="record-ledger-postgres", daemon=True)
        self._command = command
        self._popen = popen
        self._forked = threading.Event()
        self._failure: OSError | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def launch(self) -> None:
        """Start the thread and return when the server is forked; raises `OSError` if it could not be."""
        self.start()
        self._forked.wait()
        if self._failure is not None:
            raise self._failure

    def run(self) -> None:
        """Fork the server and wait for its end."""
        try:
            # The hook is one system call, looked up before the fork: nothing in it can wait for a lock.
            self._process = subprocess.Popen(self._command, preexec_fn=_die_with_parent(), **self._popen)  # noqa: PLW1509
        except OSError as error:
            self._failure = error
            return
        finally:
            self._forked.set()
        self._process.wait()

    def end(self, seconds: float) -> None:
        """Stop the server: at once but cleanly, and after `seconds` without cleaning up (it recovers at its start)."""
        for sign, patience in ((signal.SIGINT, seconds), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 10.0)):
            if self._process is None or not self.is_alive():
                return
            self._process.send_signal(sign)
            self.join(patience)


def _die_with_parent() -> Callable[[], None] | None:
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def hook() -> None:
        prctl(_PR_SET_PDEATHSIG, int(signal.SIGINT), 0, 0, 0)
        if os.getppid() != parent:  # died between the fork and the call: no signal will come
            os._exit(1)

    return hook
