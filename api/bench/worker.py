"""A process that works: the ledger's own, as a service has it, told over a pipe what to do in the next window."""

import asyncio
import multiprocessing
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from random import randrange
from types import TracebackType
from typing import Final, Literal

from api.bench.place import resident_mb, run_in_loop
from api.bench.scene import NOTE, Scene, SignedElsewhere, sign_elsewhere
from api.bench.windows import Window
from api.clock import clock
from api.secrets import load_keyring
from api.wiring import House
from ledger.core.sealing import Opening
from ledger.core.statement import parse
from ledger.domain.stream import Submission
from ledger.ledger import Ledger, open_ledger
from ledger.store.tree_rows import Connection as Reading
from ledger.use_cases.trail import Asked
from projections.all import ALL_PROJECTIONS
from projections.follow import following
from projections.timeline import Timeline
from projections.views import clinician

IN_FLIGHT: Final = 64
MOST_SIGNED: Final = 8000
"""Statements signed elsewhere for one second of a window: more than are admitted in it."""
PAGE: Final = 50

Work = Literal["add", "submit", "view", "prove", "select"]
"""Add notes that the service signs; submit notes that their author signed; build a clinician's first page; give the
receipt of any entry; or only read that entry."""
_SELECT: Final = "select entry from ledger.entry where position = %s"
Once = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Order:
    """What to do in the next window: for so many seconds, so much at once, and no more than ``at_most`` times."""

    work: Work
    seconds: float
    in_flight: int = IN_FLIGHT
    at_most: int | None = None


@dataclass(frozen=True, slots=True)
class Desk:
    """Where a worker works: a ledger's home and database, and the people in it."""

    home: Path
    origin: str
    conninfo: str
    scene: Scene

    @classmethod
    def in_house(cls, house: House, scene: Scene) -> "Desk":
        """The desk in a house."""
        return cls(house.home, house.settings.origin, house.conninfo, scene)


@dataclass(frozen=True, slots=True)
class Done:
    """What was done, and the most memory that the process has had."""

    window: Window
    resident_mb: float


class Worker(AbstractContextManager["Worker"]):
    """A working process, seen from the bench."""

    def __init__(self, desk: Desk) -> None:
        # Spawned, not forked: a service does not begin with a bench's memory and threads.
        context = multiprocessing.get_context("spawn")
        self._orders, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(desk, theirs), daemon=True)
        self._process.start()
        theirs.close()
        self.resident_mb = 0.0

    def begin(self, order: Order) -> None:
        """Begin a window."""
        self._orders.send(order)

    def end(self) -> Window:
        """Wait for the window to end; raises EOFError if the process has died, which then has said why."""
        done: Done = self._orders.recv()
        self.resident_mb = done.resident_mb
        return done.window

    def window(self, order: Order) -> Window:
        """One window."""
        self.begin(order)
        return self.end()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._orders.close()
        self._process.join(10)


def _work(desk: Desk, orders: Connection) -> None:
    async def work() -> None:
        async with open_ledger(desk.conninfo, load_keyring(desk.home, desk.origin), clock) as ledger:
            while (order := await asyncio.to_thread(_next, orders)) is not None:
                orders.send(Done(await _do(ledger, desk, order), resident_mb()))

    run_in_loop(work)


def _next(orders: Connection) -> Order | None:
    try:
        order: Order = orders.recv()
    except EOFError:  # the bench has ended
        return None
    return order


async def _do(ledger: Ledger, desk: Desk, order: Order) -> Window:
    if order.work == "add":
        return await _repeat(lambda: ledger.items.add(desk.scene.by, desk.scene.record, NOTE), order)
    if order.work == "submit":
        most = int(MOST_SIGNED * order.seconds)
        signed = iter(sign_elsewhere(desk.scene, desk.origin, clock(), most))
        return await _repeat(lambda: _submit(ledger, next(signed)), order, most)
    if order.work in ("prove", "select"):
        once = ledger.receipts.receipt_at if order.work == "prove" else partial(_select, ledger)
        size = ledger.rows.sequencer.size
        return await _repeat(lambda: once(randrange(size)), order)  # noqa: S311 - nobody's secret
    async with following(ledger, desk.conninfo, ALL_PROJECTIONS) as follower:
        timeline = Timeline(follower)
        await follower.wait_until(ledger.rows.sequencer.size - 1, timeout=120)
        return await _repeat(lambda: _view(ledger, timeline, desk.scene), order)


async def _submit(ledger: Ledger, sent: SignedElsewhere) -> object:
    return await ledger.submit(Submission(parse(sent.jws), Opening(*sent.facts), Opening(*sent.words)))


async def _select(ledger: Ledger, position: int) -> object:
    async def select(connection: Reading) -> object:
        return await (await connection.execute(_SELECT, [position], prepare=True, binary=True)).fetchone()

    return await ledger.receipts.ask(select)


async def _view(ledger: Ledger, timeline: Timeline, scene: Scene) -> object:
    disclosure = await ledger.trail.open(scene.by, Asked(scene.record, "appointment", limit=PAGE))
    return await clinician.build(ledger, timeline, disclosure)


async def _repeat(once: Once, order: Order, most: int | None = None) -> Window:
    """Keep so many under way until the time is over, or until there is nothing more to do."""
    left = order.at_most or most or 10**9
    latencies: list[float] = []
    began = time.perf_counter()

    async def repeat() -> None:
        nonlocal left
        while (at := time.perf_counter()) < began + order.seconds and left > 0:
            left -= 1
            await once()
            latencies.append(time.perf_counter() - at)

    await asyncio.gather(*(repeat() for _ in range(order.in_flight)))
    return Window.of(latencies, time.perf_counter() - began)
