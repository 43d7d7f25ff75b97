"""``bench append``: statements admitted per second, signed, sealed, in the tree, with receipt, 64 in flight."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from api.bench.baselines import BareEventsourcing, PlainInserts, best_concurrency
from api.bench.place import bench_place, run_in_loop
from api.bench.scene import Scene, set_scene
from api.bench.windows import WINDOWS, Rounds, Tell, Window, interleave
from api.bench.worker import Desk, Order, Worker
from api.wiring import House, ledger_of

SERVICE, AUTHOR, TWO = "service-signed", "author-signed", "two processes"
BARE, PLAIN = "bare eventsourcing", "plain inserts"
TARGETS: Final = {
    "ratio_service_signed_to_bare": 5.0,
    "ratio_author_signed_to_bare": 3.5,
    "ratio_one_process_to_plain": 0.6,
    "ratio_two_processes_to_plain": 1.0,
}
"""The least that each ratio should be."""


def run(
    *, windows: int = WINDOWS, seconds: float = 1.0, under: Path | None = None, tell: Tell = lambda _: None
) -> dict[str, Any]:
    """Measure appends.

    ``windows`` rounds of ``seconds`` each; ``under`` is a directory on the disk to measure. Gives rates in
    statements per second, latencies in milliseconds, and ratios as in ``TARGETS``.
    """
    with bench_place(under) as place, ExitStack() as stack:
        tell("setting the scene")
        bare = BareEventsourcing(place.baselines)
        stack.callback(bare.close)
        plain = stack.enter_context(PlainInserts(place.baselines))
        alone = stack.enter_context(Worker(scene_in(place.house)))
        shared = scene_in(place.shared)
        pair = [stack.enter_context(Worker(shared)) for _ in range(2)]
        tell("looking for the best concurrency of bare eventsourcing")
        threads = best_concurrency(bare.save, seconds / 2)
        rounds = interleave(
            {
                SERVICE: lambda: alone.window(Order("add", seconds)),
                BARE: lambda: bare.save(threads, seconds),
                AUTHOR: lambda: alone.window(Order("submit", seconds)),
                PLAIN: lambda: plain.insert(seconds),
                TWO: lambda: _together(pair, seconds),
            },
            rounds=windows,
            tell=tell,
        )
        return _summary(rounds, threads, max(worker.resident_mb for worker in (alone, *pair)))


def scene_in(house: House) -> Desk:
    """Set the scene in a house; a desk for workers in it."""

    async def scene() -> Scene:
        async with ledger_of(house) as ledger:
            return await set_scene(ledger)

    return Desk.in_house(house, run_in_loop(scene))


def _together(workers: list[Worker], seconds: float) -> Window:
    """All of them at once: their rates together, the latencies of the slower one."""
    for worker in workers:
        worker.begin(Order("add", seconds))
    ended = [worker.end() for worker in workers]
    return Window(
        sum(window.per_second for window in ended),
        max(window.p50_ms for window in ended),
        max(window.p99_ms for window in ended),
    )


def _summary(rounds: Rounds, threads: int, resident_mb: float) -> dict[str, Any]:
    return {
        "service_signed_per_second": rounds.per_second(SERVICE),
        "author_signed_per_second": rounds.per_second(AUTHOR),
        "two_processes_per_second": rounds.per_second(TWO),
        "bare_eventsourcing_per_second": rounds.per_second(BARE),
        "bare_eventsourcing_threads": threads,
        "plain_inserts_per_second": rounds.per_second(PLAIN),
        "ratio_service_signed_to_bare": rounds.rate_ratio(SERVICE, BARE),
        "ratio_author_signed_to_bare": rounds.rate_ratio(AUTHOR, BARE),
        "ratio_one_process_to_plain": rounds.rate_ratio(SERVICE, PLAIN),
        "ratio_two_processes_to_plain": rounds.rate_ratio(TWO, PLAIN),
        "p50_ms": rounds.p50_ms(SERVICE),
        "p99_ms": rounds.p99_ms(SERVICE),
        "author_signed_p99_ms": rounds.p99_ms(AUTHOR),
        "service_rss_mb": resident_mb,
    }
