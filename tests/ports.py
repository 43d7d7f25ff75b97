"""Ports that stay a test's own while nobody listens there: the system gives a closed one to whoever asks next."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def kept_port(port: int = 0) -> Iterator[int]:
    """A free port of this machine, or this one; only a server that is told its number listens there meanwhile."""
    with socket.socket() as kept:
        kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers set it, who may then listen beside it
        kept.bind(("127.0.0.1", port))
        yield int(kept.getsockname()[1])
