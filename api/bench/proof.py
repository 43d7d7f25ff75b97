"""``bench proof``: what a large log costs: a receipt from it, an admission to it, and a statement's place on disk."""

from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import psycopg

from api.bench.append import scene_in
from api.bench.filling import Filling
from api.bench.place import bench_place, run_in_loop
from api.bench.scene import NOTE
from api.bench.windows import WINDOWS, Rounds, Tell, interleave
from api.bench.worker import Desk, Order, Worker
from api.clock import clock
from api.wiring import House, ledger_of

ENTRIES: Final = 1_000_000
FEW: Final = 10_000
WARM_UP: Final = 15
"""Windows in which the service has the receipts of a large log asked of it for the first time, before any counts."""
PROOF, SELECT, LARGE, SMALL = "receipt", "indexed select", "admission, large log", "admission, small log"
TARGETS: Final = {
    "ratio_receipt_to_select": 3.0,
    "ratio_admission_large_to_small": 1.2,
    "storage_overhead_bytes": 1600,
}
"""The most that each should be."""

# Of what an admission writes by itself; checkpoints are of batches, and projections can be made again.
_TABLES: Final = ("entry", "vault", "tile", "fact", "guard")
_SIZES: Final = """
    select pg_table_size(c.oid), pg_indexes_size(c.oid) from pg_class c
    where c.relnamespace = 'ledger'::regnamespace and c.relname = %s
"""
_CONTENT: Final = "select count(*), sum(octet_length(facts) + coalesce(octet_length(words), 0)) from ledger.entry"


def run(
    *,
    windows: int = WINDOWS,
    seconds: float = 1.0,
    entries: int = ENTRIES,
    few: int = FEW,
    under: Path | None = None,
    tell: Tell = lambda _: None,
) -> dict[str, Any]:
    """Measure a log of ``entries`` beside one of ``few``.

    ``windows`` rounds of ``seconds`` each; ``under`` is a directory on the disk to measure, with room for 3.5 KB an
    entry. Gives ratios as in ``TARGETS``, latencies in milliseconds, rates, and bytes of storage per statement.
    """
    with bench_place(under) as place, ExitStack() as stack:
        large, small = _filled(place.house, entries, tell), _filled(place.shared, few, tell)
        stored = _storage(place.house)
        reading = stack.enter_context(Worker(large))
        writing = stack.enter_context(Worker(large))
        beside = stack.enter_context(Worker(small))
        tell("remembering the crowns of the large log's tiles")
        first = reading.window(Order("prove", WARM_UP * seconds, in_flight=1))
        rounds = interleave(
            {
                PROOF: lambda: reading.window(Order("prove", seconds, in_flight=1)),
                SELECT: lambda: reading.window(Order("select", seconds, in_flight=1)),
                LARGE: lambda: writing.window(Order("add", seconds)),
                SMALL: lambda: beside.window(Order("add", seconds)),
            },
            rounds=windows,
            tell=tell,
        )
        return {
            "entries": entries,
            **_summary(rounds),
            "receipt_first_p50_ms": first.p50_ms,
            **stored,
            "service_rss_mb": writing.resident_mb,
        }


def _filled(house: House, entries: int, tell: Tell) -> Desk:
    """A desk in a house whose log has been made this large, after a note that was really admitted."""
    desk = scene_in(house)

    async def admit() -> int:
        async with ledger_of(house) as ledger:
            return (await ledger.items.add(desk.scene.by, desk.scene.record, NOTE)).position

    filling = Filling(house.migrator, house.keyring.log, run_in_loop(admit))
    filling.fill(entries, clock(), lambda size: tell(f"filling: {size:,} of {entries:,} entries"))
    return desk


def _storage(house: House) -> dict[str, float]:
    """Bytes on disk per statement, whole pages of tables and indexes, by what they are for."""
    with psycopg.connect(house.migrator) as connection:
        [(count, content)] = connection.execute(_CONTENT).fetchall()
        sizes = {table: connection.execute(_SIZES, [table]).fetchall()[0] for table in _TABLES}
    rows = {f"storage_{table}_bytes": float(size / count) for table, (size, _) in sizes.items()}
    rows["storage_entry_bytes"] -= float(content / count)
    indexes = float(sum(size for _, size in sizes.values()) / count)
    return {"storage_overhead_bytes": sum(rows.values()) + indexes, **rows, "storage_index_bytes": indexes}


def _summary(rounds: Rounds) -> dict[str, Any]:
    return {
        "receipt_p50_ms": rounds.p50_ms(PROOF),
        "select_p50_ms": rounds.p50_ms(SELECT),
        "ratio_receipt_to_select": rounds.p50_ratio(PROOF, SELECT),
        "admissions_per_second_large": rounds.per_second(LARGE),
        "admissions_per_second_small": rounds.per_second(SMALL),
        "ratio_admission_large_to_small": rounds.rate_ratio(SMALL, LARGE),
    }
