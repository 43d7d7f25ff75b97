"""Listening: uvicorn on uvloop and httptools, stopped gracefully, with nothing of anybody's in its log."""

import logging
import signal
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

import uvicorn
from starlette.types import ASGIApp

STOP_WITHIN: Final = 10
"""Seconds for requests under way once it is told to stop; then their connections are closed."""
SECURITY_HEADERS: Final[Mapping[str, str]] = {
    "content-security-policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "publickey-credentials-create=(self), publickey-credentials-get=(self)",
    # Not no-referrer: with that, browsers call the origin of our own forms null.
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
"""On every answer of whatever is served here."""
ONLY_HTTPS: Final = ("strict-transport-security", "max-age=31536000")
"""Besides, where browsers reach the service by https (RFC 6797): for a year they ask for it by nothing else."""
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class ListeningFailed(Exception):
    """The application did not start, or its address is taken or not one of this machine's."""


class _Server(uvicorn.Server):
    """A server that says where it can be reached, once it can, and that comes back after a signal."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[str], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start listening, and tell the address."""
        await super().startup(sockets)
        if self.started:
            host, port = self.servers[0].sockets[0].getsockname()[:2]
            self._ready(f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}")

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on a signal, and no more: uvicorn's own would raise it again, before the database is stopped."""
        before = {number: signal.signal(number, self.handle_exit) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def listen(app: ASGIApp, host: str, port: int, ready: Callable[[str], None], *, proxies: str = "") -> None:
    """Serve an application until SIGINT or SIGTERM; ``ready`` hears the URL. Raises ListeningFailed.

    ``proxies`` are the addresses, with commas between, whose X-Forwarded-For and X-Forwarded-Proto are believed.
    Without any, nobody is: whoever asks is who the connection says.

    It must be called in the main thread, which hears the signals. Logging is the caller's to set up.
    """
    logging.getLogger("uvicorn.error").addFilter(_without_traceback)
    try:
        _Server(config_of(app, host, port, proxies), ready).run()
    except SystemExit as stopped:
        raise ListeningFailed(f"{host}:{port} is taken, or not an address of this machine") from stopped


def config_of(app: ASGIApp, host: str, port: int, proxies: str = "") -> uvicorn.Config:
    """How uvicorn serves an application here; see ``listen``."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        loop="uvloop",
        http="httptools",
        ws="none",
        access_log=False,
        log_config=None,
        server_header=False,
        # uvicorn would believe whoever is on this machine, and what the environment says besides.
        proxy_headers=bool(proxies),
        forwarded_allow_ips=proxies or None,
        timeout_graceful_shutdown=STOP_WITHIN,
    )


def _without_traceback(record: logging.LogRecord) -> bool:
    """Let a record through without its traceback: the message of an exception may hold what somebody wrote."""
    if record.exc_info and record.exc_info[0] is not None:
        record.msg, record.args = f"{record.getMessage()}: {record.exc_info[0].__name__}", ()
        record.exc_info = record.exc_text = None
    return not record.getMessage().startswith("Traceback")
