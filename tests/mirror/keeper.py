"""A log as its keeper serves it, who holds its keys: honest, until a test makes them otherwise."""

import gzip
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import UUID

from ledger.core.checkpoint import Checkpoint
from ledger.core.edge import Edge
from ledger.core.merkle import NodeHash, leaf_hash
from ledger.core.tiles import TILE_WIDTH, TileError, format_bundle, parse_bundle_path, tile_in
from ledger.store.keyring import Keyring
from tests.verify.dishonest import DishonestLog

Answer = tuple[int, bytes]
NOON = 1_767_268_800
"""2026-01-01T12:00:00Z, in seconds."""


def history(keyring: Keyring, size: int, *, other_from: int | None = None) -> list[bytes]:
    """Entries that are all signed as they should be; from ``other_from`` on, others than without it."""
    log = DishonestLog(keyring)
    for position in range(1, size):
        say = "another thing" if other_from is not None and position >= other_from else "something"
        person = str(UUID(int=position))
        log.admit("person-registered/1", {"person": person}, {"name": f"{say} {position}"}, statement_id=person)
    return [row.entry for row in log.entries]


def root_of(entries: list[bytes]) -> NodeHash:
    return Edge.empty().extend([leaf_hash(entry) for entry in entries], paths=False).edge.root()


@dataclass
class Keeper:
    """Serves the first ``size`` of its entries. ``instead`` has answers that a test puts in the place of true ones."""

    keyring: Keyring
    entries: list[bytes]
    size: int
    at: int = NOON
    root: NodeHash | None = None
    instead: dict[str, Answer | Callable[[Answer], Answer]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    tokens: int = 0
    url: str = ""

    def note(self) -> bytes:
        """The checkpoint as it is shown."""
        root = root_of(self.entries[: self.size]) if self.root is None else self.root
        return self.keyring.log.sign_checkpoint(Checkpoint(self.keyring.origin, self.size, root), self.at)

    def answer(self, path: str, token: str | None) -> Answer:
        """What is answered: the truth, unless a test wants something else."""
        self.asked.append(path)
        true = self._truth(path.removeprefix("/log/"), token)
        instead = self.instead.get(path, true)
        return instead(true) if callable(instead) else instead

    def _truth(self, path: str, token: str | None) -> Answer:
        if path == "/token":
            self.tokens += 1
            return 200, json.dumps({"access_token": f"token-{self.tokens}"}).encode()
        if path == "checkpoint":
            return 200, self.note()
        if token != f"Bearer token-{self.tokens}":
            return 401, b"{}"
        try:
            bundle = parse_bundle_path(path)
        except TileError:
            return 404, b"{}"
        there = tile_in(len(self.entries), 0, bundle.n)
        if there is None or bundle.width > there.width:
            return 404, b"{}"
        return 200, format_bundle(self.entries[bundle.n * TILE_WIDTH :][: bundle.width])


@contextmanager
def serving(keeper: Keeper) -> Iterator[Keeper]:
    """Serve a keeper's log on this machine; ``keeper.url`` says where."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.reply(*keeper.answer(self.path, self.headers.get("authorization")))

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.reply(*keeper.answer(self.path, None))

        def reply(self, status: int, body: bytes) -> None:
            sent = gzip.compress(body, 1)
            self.send_response(status)
            self.send_header("content-encoding", "gzip")
            self.send_header("content-length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """Say nothing of those who hang up."""

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        keeper.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield keeper
        finally:
            server.shutdown()
            thread.join()
