"""A process that writes: the ledger's own, as a service has it, told over a pipe what to do next."""

import asyncio
import multiprocessing
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Final, Literal

from api.bench.place import resident_mb, run_in_loop
from api.bench.scene import NOTE, Scene, SignedElsewhere, sign_elsewhere
from api.bench.windows import Window
from api.secrets import load_keyring
from api.wiring import clock
from ledger.core.receipt import Receipt
from ledger.core.sealing import Opening
from ledger.core.statement import parse
from ledger.domain.stream import Submission
from ledger.ledger import Ledger, open_ledger

IN_FLIGHT: Final = 64
MOST_SIGNED: Final = 8000
"""Statements signed elsewhere for one second of a window: more than are admitted in it."""

Signed = Literal["by the service", "by the author"]
Write = Callable[[], Awaitable[Receipt | None]]


@dataclass(frozen=True, slots=True)
class Order:
    """What to do in the next window."""

    signed: Signed
    seconds: float


@dataclass(frozen=True, slots=True)
class Done:
    """What was done, and the memory that the process has had."""

    window: Window
    resident_mb: float


class Writer(AbstractContextManager["Writer"]):
    """A writer process, seen from the bench."""

    def __init__(self, home: Path, origin: str, conninfo: str, scene: Scene) -> None:
        # Spawned, not forked: a service does not begin with a bench's memory and threads.
        context = multiprocessing.get_context("spawn")
        self._orders, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(home, origin, conninfo, scene, theirs), daemon=True)
        self._process.start()
        theirs.close()
        self.resident_mb = 0.0

    def begin(self, order: Order) -> None:
        """Begin a window."""
        self._orders.send(order)

    def end(self) -> Window:
        """Wait for the window to end."""
        done: Done = self._orders.recv()
        self.resident_mb = done.resident_mb
        return done.window

    def window(self, signed: Signed, seconds: float) -> Window:
        """One window of writes, 64 in flight, each with its receipt."""
        self.begin(Order(signed, seconds))
        return self.end()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._orders.close()
        self._process.join(10)


def _serve(home: Path, origin: str, conninfo: str, scene: Scene, orders: Connection) -> None:
    async def serve() -> None:
        async with open_ledger(conninfo, load_keyring(home, origin), clock) as ledger:
            while (order := await asyncio.to_thread(_next, orders)) is not None:
                orders.send(Done(await _write_for(ledger, scene, order), resident_mb()))

    run_in_loop(serve)


def _next(orders: Connection) -> Order | None:
    try:
        order: Order = orders.recv()
    except EOFError:  # the bench has ended
        return None
    return order


async def _write_for(ledger: Ledger, scene: Scene, order: Order) -> Window:
    if order.signed == "by the service":
        return await _in_flight(lambda: _add(ledger, scene), order.seconds)
    signed = sign_elsewhere(scene, ledger.keyring.origin, clock(), int(MOST_SIGNED * order.seconds))
    return await _in_flight(lambda: _submit(ledger, signed), order.seconds)


async def _add(ledger: Ledger, scene: Scene) -> Receipt | None:
    return (await ledger.items.add(scene.by, scene.record, NOTE)).receipt


async def _submit(ledger: Ledger, waiting: list[SignedElsewhere]) -> Receipt | None:
    if not waiting:
        return None
    sent = waiting.pop()
    submission = Submission(parse(sent.jws), Opening(*sent.facts), Opening(*sent.words))
    return (await ledger.submit(submission)).receipt


async def _in_flight(write: Write, seconds: float) -> Window:
    """Keep 64 writes in flight until the time is over, or until there is nothing more to write."""
    latencies: list[float] = []
    began = time.perf_counter()

    async def repeat() -> None:
        while (at := time.perf_counter()) < began + seconds and await write() is not None:
            latencies.append(time.perf_counter() - at)

    await asyncio.gather(*(repeat() for _ in range(IN_FLIGHT)))
    return Window.of(latencies, time.perf_counter() - began)
