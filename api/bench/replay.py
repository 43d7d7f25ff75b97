"""``bench replay``: recorded disclosures derived again: item decisions per second end to end, and memory."""

import asyncio
import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

from api.bench.append import scene_in
from api.bench.place import bench_place, resident_mb, run_in_loop
from api.bench.scene import NOTE
from api.bench.windows import Tell
from api.bench.worker import Desk
from api.clock import clock
from api.secrets import load_keyring
from api.wiring import House, ledger_of
from ledger.ledger import Ledger, open_ledger
from ledger.replaying.past import LARGEST_CACHE
from ledger.replaying.run import Replay
from ledger.saying import By
from ledger.store.mapper import SealingMapper
from ledger.use_cases.trail import Asked

RECORDS: Final = 20
ITEMS: Final = 100
LOOKS: Final = 100
ROUNDS: Final = 3
TARGETS: Final = {"decisions_per_second": 50_000, "ratio_memory_four_times_larger": 1.05}
"""The least that the rate should be; the most that the ratio should be."""
_PAGE: Final = 50
_AT_ONCE: Final = 16
_FEW: Final = 1_000
"""Statements held where memory is measured: fewer than the smaller ledger has, so that both drop what is oldest."""


class NotAsDerived(Exception):
    """The bench's own disclosures do not derive again."""


def run(
    *,
    rounds: int = ROUNDS,
    records: int = RECORDS,
    items: int = ITEMS,
    looks: int = LOOKS,
    under: Path | None = None,
    tell: Tell = lambda _: None,
) -> dict[str, Any]:
    """Measure a ledger of ``records``, each with ``items`` and ``looks`` of a page of 50, and one four times as large.

    Each measurement is a process of its own, which reads the log, opens facts and decides. Gives item decisions per
    second of both, medians of the rounds, the most memory of each process in MB, and the ratio as in ``TARGETS``.
    """
    with bench_place(under) as place:
        desk = scene_in(place.house)
        tell(f"recording {records * looks:,} disclosures")
        run_in_loop(lambda: _fill(place.house, desk, records, items, looks))
        small = _Measured.of(desk, rounds, tell)
        tell(f"recording {3 * records * looks:,} more")
        run_in_loop(lambda: _fill(place.house, desk, 3 * records, items, looks))
        large = _Measured.of(desk, rounds, tell)
        return {
            "disclosures": large.disclosures,
            "item_decisions": large.decisions,
            "decisions_per_second_quarter": small.per_second,
            "decisions_per_second": large.per_second,
            "memory_mb_quarter": small.memory_mb,
            "memory_mb": large.memory_mb,
            "ratio_memory_four_times_larger": large.memory_mb / small.memory_mb,
        }


@dataclass(frozen=True, slots=True)
class _Run:
    disclosures: int
    decisions: int
    seconds: float
    resident_mb: float


@dataclass(frozen=True, slots=True)
class _Measured:
    """A ledger derived again: its disclosures and item decisions, the rate, and the most memory with few facts held."""

    disclosures: int
    decisions: int
    per_second: float
    memory_mb: float

    @classmethod
    def of(cls, desk: Desk, rounds: int, tell: Tell) -> "_Measured":
        """Measure it in so many rounds."""
        runs, held = [], []
        for n in range(rounds):
            tell(f"round {n + 1} of {rounds}")
            runs.append(_apart(desk, LARGEST_CACHE))
            held.append(_apart(desk, _FEW))
        rate = median(one.decisions / one.seconds for one in runs)
        return cls(runs[0].disclosures, runs[0].decisions, rate, median(one.resident_mb for one in held))


async def _fill(house: House, desk: Desk, records: int, items: int, looks: int) -> None:
    """Open records one after the other, each with its items and the doctor's looks at it."""
    async with ledger_of(house) as ledger:
        administrator = By(ledger.people.founders[0], "administrator")
        for _ in range(records):
            patient = (await ledger.people.register(administrator, "Amina")).facts["person"]
            record = str((await ledger.care.open_record(administrator, patient)).facts["record"])
            await ledger.care.start(administrator, record, ground="referral", person=desk.scene.doctor)
            await _live(ledger, desk.scene.by, record, items, looks)


async def _live(ledger: Ledger, by: By, record: str, items: int, looks: int) -> None:
    for first in range(0, items, _AT_ONCE):
        notes = range(min(_AT_ONCE, items - first))
        await asyncio.gather(*(ledger.items.add(by, record, NOTE) for _ in notes))
    for first in range(0, looks, _AT_ONCE):
        again = range(min(_AT_ONCE, looks - first))
        await asyncio.gather(*(ledger.trail.open(by, Asked(record, "appointment", limit=_PAGE)) for _ in again))


def _apart(desk: Desk, largest: int) -> _Run:
    """Derive everything again in a process of its own, whose memory is nobody else's."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_replay, desk, largest).result()


def _replay(desk: Desk, largest: int) -> _Run:
    async def replay() -> _Run:
        async with open_ledger(desk.conninfo, load_keyring(desk.home, desk.origin), clock) as ledger:
            until = await ledger.rows.size()
            deriving = Replay(ledger.rows, SealingMapper(ledger.keyring), until, largest=largest)
            started = time.perf_counter()
            done = await deriving.run()
            took = time.perf_counter() - started
        if not done.ok:
            raise NotAsDerived(str(done.differences[0]))
        return _Run(done.disclosures, done.decisions, took, resident_mb())

    return run_in_loop(replay)
