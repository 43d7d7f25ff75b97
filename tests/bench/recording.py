"""What recording a disclosure adds to a view: the same page with it and without it, in turns, in one process.

    python -m tests.bench.recording [ROUNDS]

The ledger without it is one that was tampered with here: it decides and shows, and admits nothing. Prints the median of
both in milliseconds, and the ratio.
"""

import asyncio
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from api.bench.append import scene_in
from api.bench.place import bench_place
from api.bench.scene import NOTE
from api.bench.worker import Desk
from api.clock import clock
from api.secrets import load_keyring
from ledger.ledger import Ledger, open_ledger
from ledger.store.batch import Admitted
from ledger.use_cases.trail import Asked
from projections.all import ALL_PROJECTIONS
from projections.follow import following
from projections.timeline import Timeline
from projections.views import clinician

ITEMS, PAGE, VIEWS = 2_000, 50, 40


@contextmanager
def admitting_nothing(ledger: Ledger, like: Admitted) -> Iterator[None]:
    """Answer every admission with one that was made before."""

    def enqueue(*_: object, **__: object) -> "asyncio.Future[list[Admitted]]":
        answer: asyncio.Future[list[Admitted]] = asyncio.get_running_loop().create_future()
        answer.set_result([Admitted(like.position, ledger.clock(), None)])
        return answer

    with patch.object(ledger.rows.sequencer, "enqueue", enqueue):
        yield


async def median_ms(ledger: Ledger, timeline: Timeline, desk: Desk) -> float:
    """The median of so many views, one after the other."""
    took = []
    for _ in range(VIEWS):
        began = time.perf_counter()
        asked = Asked(desk.scene.record, "appointment", limit=PAGE)
        await clinician.build(ledger, timeline, await ledger.trail.open(desk.scene.by, asked))
        took.append(time.perf_counter() - began)
    return statistics.median(took) * 1000


async def measure(desk: Desk, rounds: int) -> None:
    async with (
        open_ledger(desk.conninfo, load_keyring(desk.home, desk.origin), clock) as ledger,
        following(ledger, desk.conninfo, ALL_PROJECTIONS) as follower,
    ):
        for _ in range(ITEMS // 100):
            await asyncio.gather(*(ledger.items.add(desk.scene.by, desk.scene.record, NOTE) for _ in range(100)))
        timeline = Timeline(follower)
        await follower.wait_until(await ledger.rows.size() - 1, timeout=120)
        first = await ledger.trail.open(desk.scene.by, Asked(desk.scene.record, "appointment", limit=PAGE))
        like = Admitted(first.position, first.recorded_at, None)
        ratios = []
        for _ in range(rounds):
            recorded = await median_ms(ledger, timeline, desk)
            with admitting_nothing(ledger, like):
                not_recorded = await median_ms(ledger, timeline, desk)
            ratios.append(recorded / not_recorded)
            told = f"recorded {recorded:6.2f} ms   not recorded {not_recorded:6.2f} ms   ratio {ratios[-1]:.2f}\n"
            sys.stdout.write(told)
        sys.stdout.write(f"median ratio {statistics.median(ratios):.2f}\n")


if __name__ == "__main__":
    with bench_place() as place:
        asyncio.run(measure(scene_in(place.house), int(sys.argv[1]) if len(sys.argv) > 1 else 7))
