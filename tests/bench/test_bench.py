"""The benches run from end to end, briefly, and say what they promise to say. How fast it is here is not tested."""

import asyncio
import math
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest

from api.bench import append, http, proof, view
from api.bench.client import Call, Connection, Unexpected
from api.bench.place import NotDurable, bench_place, check_durable
from api.bench.windows import Window, interleave

pytestmark = pytest.mark.usefixtures("begun_workers")
BRIEFLY: dict[str, Any] = {"windows": 1, "seconds": 0.2}
BENCHES = {
    "append": (append.run, append.TARGETS, {}),
    "view": (view.run, view.TARGETS, {"items": 60}),
    "http": (http.run, http.TARGETS, {"items": 2}),
    "proof": (proof.run, proof.TARGETS, {"entries": 600, "few": 300}),
}


@pytest.mark.parametrize("name", BENCHES)
def test_a_bench_gives_every_ratio_that_has_a_target_and_leaves_nothing_behind(name: str, tmp_path: Path) -> None:
    run, targets, more = BENCHES[name]
    tmp_path.chmod(0o711)
    told: list[str] = []
    measured = run(**BRIEFLY, **more, under=tmp_path, tell=told.append)
    assert {key for key in measured if key.startswith("ratio_")} <= set(targets) <= set(measured)
    assert all(math.isfinite(value) and value > 0 for value in measured.values())
    assert any(said.startswith("round 1 of 1") for said in told)
    assert 0 < measured["service_rss_mb"] < 200
    assert not list(tmp_path.iterdir())


def test_a_server_that_would_not_wait_for_the_disk_is_not_measured(tmp_path: Path) -> None:
    tmp_path.chmod(0o711)
    with bench_place(tmp_path) as place:
        check_durable(place.house.conninfo)
        with psycopg.connect(place.house.migrator, autocommit=True) as superuser:
            superuser.execute("alter role ledger_app set synchronous_commit = off")
        with pytest.raises(NotDurable, match=r"synchronous_commit: got off, wanted on"):
            check_durable(place.house.conninfo)


def windows(rates: list[float]) -> Callable[[], Window]:
    following: Iterator[float] = iter(rates)
    return lambda: Window(next(following), 1.0, 2.0)


def test_a_disturbed_round_does_not_move_the_median_of_the_ratios() -> None:
    ours, theirs = windows([0, 50, 5, 50]), windows([0, 10, 10, 10])
    rounds = interleave({"ours": ours, "theirs": theirs}, rounds=3, tell=lambda _: None)
    assert rounds.rate_ratio("ours", "theirs") == 5.0
    assert rounds.per_second("ours") == 50


def test_every_round_begins_with_another_contender_and_the_first_round_does_not_count() -> None:
    order: list[str] = []
    numbers = count()

    def contender(name: str) -> Callable[[], Window]:
        def measure() -> Window:
            order.append(name)
            return Window(float(next(numbers)), 1.0, 2.0)

        return measure

    rounds = interleave({"a": contender("a"), "b": contender("b")}, rounds=2, tell=lambda _: None)
    assert "".join(order) == "baabba"
    assert [window.per_second for window in rounds.windows["a"]] == [2.0, 5.0]


def test_a_window_knows_its_rate_and_its_slowest_hundredth() -> None:
    window = Window.of([n / 1000 for n in range(1, 101)], seconds=2.0)
    assert (window.per_second, window.p50_ms, window.p99_ms) == (50.0, 51.0, 100.0)


async def test_an_answer_that_is_no_success_is_never_counted() -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy")
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    async with server:
        connection = await Connection.open(server.sockets[0].getsockname()[1])
        with pytest.raises(Unexpected, match=r"got b'503' b'busy', wanted an answer of success"):
            await connection.ask(Call.of("GET", "/"))
        connection.close()
