"""``bench http``: a write and a view over HTTP, on 32 connections that stay open."""

import json
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from api.bench.append import scene_in
from api.bench.baselines import TEXT
from api.bench.client import CONNECTIONS, Call, ask_once, load
from api.bench.place import bench_place, run_in_loop
from api.bench.scene import Scene
from api.bench.servers import Served, serve_ledger, serve_plain
from api.bench.windows import WINDOWS, Rounds, Tell, interleave
from api.clock import clock
from api.http.token import ASSERTION_TYPE
from api.sign_in.key_file import KeyFile
from ledger.core.keys import SigningKey

ITEMS: Final = 5
"""Items of the record that is viewed, all on its page: what an appointment begins with."""
WRITE, VIEW, PLAIN = "write", "view", "plain insert"
TARGETS: Final = {"ratio_write_to_plain": 0.8, "ratio_view_to_plain": 0.5}
"""The least that each ratio should be."""


def run(
    *,
    windows: int = WINDOWS,
    seconds: float = 1.0,
    items: int = ITEMS,
    under: Path | None = None,
    tell: Tell = lambda _: None,
) -> dict[str, Any]:
    """Measure requests answered per second.

    ``windows`` rounds of ``seconds`` each; the record that is viewed has ``items`` (at most 50); ``under`` is a
    directory on the disk to measure. Gives rates, latencies in milliseconds and ratios as in ``TARGETS``.
    """
    with bench_place(under) as place, ExitStack() as stack:
        desk = scene_in(place.house)
        viewed = scene_in(place.house)
        tell("starting the servers")
        ledger = stack.enter_context(Served(serve_ledger, place.house.home))
        plain = stack.enter_context(Served(serve_plain, place.baselines))
        port, insert = ledger.port, _insert()
        write = _write(desk.scene, _token(port, desk.scene, desk.origin))
        reader = _token(port, viewed.scene, viewed.origin)
        for _ in range(items):
            run_in_loop(lambda: ask_once(port, _write(viewed.scene, reader)))
        view = Call.of("GET", f"/records/{viewed.scene.record}?purpose=appointment&limit=50", token=reader)
        rounds = interleave(
            {
                WRITE: lambda: run_in_loop(lambda: load(port, write, seconds)),
                PLAIN: lambda: run_in_loop(lambda: load(plain.port, insert, seconds)),
                VIEW: lambda: run_in_loop(lambda: load(port, view, seconds)),
            },
            rounds=windows,
            tell=tell,
        )
        return _summary(rounds, items, ledger.resident_mb())


def _write(scene: Scene, token: str) -> Call:
    return Call.of("POST", f"/records/{scene.record}/items", token=token, body=_note(kind="note", text=TEXT))


def _insert() -> Call:
    return Call.of("POST", "/notes", body=_note(record="6e0c8a1e-0b1b-4d57-8a53-0d3a54a3c0de", kind="note", text=TEXT))


def _note(**members: str) -> bytes:
    return json.dumps(members).encode()


def _token(port: int, scene: Scene, origin: str) -> str:
    """Sign the doctor in with their own key, as a program does (RFC 7523)."""
    key = KeyFile(SigningKey(scene.seed), scene.seed, scene.doctor, origin)
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": key.assertion(clock()),
        "scope": "acting_as:clinician",
    }
    call = Call.of("POST", "/token", body=urlencode(form).encode(), form=True)
    answer = json.loads(run_in_loop(lambda: ask_once(port, call)))
    return str(answer["access_token"])


def _summary(rounds: Rounds, items: int, resident_mb: float) -> dict[str, Any]:
    return {
        "connections": CONNECTIONS,
        "items_viewed": items,
        "writes_per_second": rounds.per_second(WRITE),
        "views_per_second": rounds.per_second(VIEW),
        "plain_inserts_per_second": rounds.per_second(PLAIN),
        "ratio_write_to_plain": rounds.rate_ratio(WRITE, PLAIN),
        "ratio_view_to_plain": rounds.rate_ratio(VIEW, PLAIN),
        "write_p99_ms": rounds.p99_ms(WRITE),
        "view_p99_ms": rounds.p99_ms(VIEW),
        "service_rss_mb": resident_mb,
    }
