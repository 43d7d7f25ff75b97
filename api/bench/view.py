"""``bench view``: a clinician's first page of a long record, recorded durably before it is shown."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from api.bench.append import scene_in
from api.bench.baselines import InsertAndSelect
from api.bench.place import bench_place
from api.bench.windows import WINDOWS, Tell, interleave
from api.bench.worker import PAGE, Order, Worker

ITEMS: Final = 10_000
VIEW, PLAIN = "view", "insert and select"
TARGETS: Final = {"ratio_view_to_plain": 3.0}
"""The most that the ratio should be."""
_FILL_WITHIN: Final = 300.0


def run(
    *,
    windows: int = WINDOWS,
    seconds: float = 1.0,
    items: int = ITEMS,
    under: Path | None = None,
    tell: Tell = lambda _: None,
) -> dict[str, Any]:
    """Measure views, one after the other: open the record, build the page of 50.

    ``windows`` rounds of ``seconds`` each, on a record of ``items``; ``under`` is a directory on the disk to measure.
    Gives median latencies in milliseconds, and the ratio of p50s as in ``TARGETS``.
    """
    with bench_place(under) as place, ExitStack() as stack:
        worker = stack.enter_context(Worker(scene_in(place.house)))
        tell(f"writing {items:,} items")
        worker.window(Order("add", _FILL_WITHIN, at_most=items))
        plain = stack.enter_context(InsertAndSelect(place.baselines, items))
        rounds = interleave(
            {
                VIEW: lambda: worker.window(Order("view", seconds, in_flight=1)),
                PLAIN: lambda: plain.look(PAGE, seconds),
            },
            rounds=windows,
            tell=tell,
        )
        return {
            "items": items,
            "view_p50_ms": rounds.p50_ms(VIEW),
            "view_p99_ms": rounds.p99_ms(VIEW),
            "plain_p50_ms": rounds.p50_ms(PLAIN),
            "ratio_view_to_plain": rounds.p50_ratio(VIEW, PLAIN),
            "service_rss_mb": worker.resident_mb,
        }
