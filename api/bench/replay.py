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
from ledger.replaying.run import Replay, Replayed
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
        small = _measured(desk, rounds, tell)
        tell(f"recording {3 * records * looks:,} more")
        run_in_loop(lambda: _fill(place.house, desk, 3 * records, items, looks))
        large = _measured(desk, rounds, tell)
        return {
            "disclosures": large.disclosures,
            "item_decisions": large.decisions,
            "decisions_per_second_quarter": small.per_second,
            "decisions_per_second": large.per_second,
            "decisions_per_processor_second": large.per_processor_second,
            "memory_mb_quarter": small.memory_mb,
            "memory_mb": large.memory_mb,
            "ratio_memory_four_times_larger": large.memory_mb / small.memory_mb,
        }


@dataclass(frozen=True, slots=True)
class _Run:
    """A ledger derived again: item decisions per second, and per second of the process's own processor time.

    ``memory_mb`` is the most memory of the process while it held few facts.
    """

    disclosures: int
    decisions: int
    per_second: float
    per_processor_second: float
    memory_mb: float


def _measured(desk: Desk, rounds: int, tell: Tell) -> _Run:
    """The medians of so many rounds, each in a process of its own, whose memory is nobody else's."""
    runs: list[_Run] = []
    for n in range(rounds):
        tell(f"round {n + 1} of {rounds}")
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            runs.append(pool.submit(_replay, desk).result())
    return _Run(
        runs[0].disclosures,
        runs[0].decisions,
        median(one.per_second for one in runs),
        median(one.per_processor_second for one in runs),
        median(one.memory_mb for one in runs),
    )


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


def _replay(desk: Desk) -> _Run:
    async def replay() -> _Run:
        async with open_ledger(desk.conninfo, load_keyring(desk.home, desk.origin), clock) as ledger:
            await _derived(ledger, _FEW)
            memory = resident_mb()  # the most so far: before more facts are held
            started, computed = time.perf_counter(), time.process_time()
            done = await _derived(ledger, LARGEST_CACHE)
            took, computed = time.perf_counter() - started, time.process_time() - computed
        return _Run(done.disclosures, done.decisions, done.decisions / took, done.decisions / computed, memory)

    return run_in_loop(replay)


async def _derived(ledger: Ledger, largest: int) -> Replayed:
    until = await ledger.rows.size()
    done = await Replay(ledger.rows, SealingMapper(ledger.keyring), until, largest=largest).run()
    if not done.ok:
        raise NotAsDerived(str(done.differences[0]))
    return done
