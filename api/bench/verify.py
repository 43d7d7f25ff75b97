"""``bench verify``: a whole ledger verified, against the rate at which this machine checks Ed25519 signatures alone."""

import asyncio
import multiprocessing
import os
import shutil
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from nacl.bindings import crypto_sign_open

from api.bench.append import scene_in
from api.bench.place import bench_place, run_in_loop
from api.bench.scene import NOTE, Scene
from api.bench.windows import Tell
from api.clock import clock
from api.verifying import VerifiedFile, verify_database
from api.wiring import House, ledger_of

ENTRIES: Final = 30_000
ROUNDS: Final = 3
TARGETS: Final = {"ratio_full_to_signatures": 0.8, "share_of_incremental": 0.02}
"""The least that the ratio should be; the most that the share should be."""
_IN_FLIGHT: Final = 256
_MESSAGE: Final = b"m" * 600
"""As long as the signed part of a note."""


class NotSound(Exception):
    """The bench's own ledger does not verify."""


def run(
    *,
    rounds: int = ROUNDS,
    seconds: float = 1.0,
    entries: int = ENTRIES,
    under: Path | None = None,
    tell: Tell = lambda _: None,
) -> dict[str, Any]:
    """Measure the verification of ``entries`` really signed notes, on all cores.

    In each of the ``rounds`` the rates of Ed25519 alone are measured for ``seconds`` on as many processes. The
    incremental run comes after a hundredth more. Gives rates per second, and figures as in ``TARGETS``.
    """
    cores = os.cpu_count() or 1
    with bench_place(under) as place:
        tell(f"signing and admitting {entries:,} notes")
        scene = scene_in(place.house).scene
        _admit(place.house, scene, entries)
        measured = []
        for n in range(rounds):
            tell(f"round {n + 1} of {rounds}")
            measured.append(_round(place.house, cores, seconds))
        kept = VerifiedFile(place.house.home / "verified.json")
        _admit(place.house, scene, max(entries // 100, 1))
        tell("the hundredth that is new")
        new = median(_seconds_of_new(place.house, kept, cores) for _ in range(rounds))
        full = median(one.full for one in measured)
        return {
            "entries": entries,
            "cores": cores,
            "full_per_second": median(entries / one.full for one in measured),
            "opened_per_second": median(entries / one.opened for one in measured),
            "cryptography_per_second": median(one.cryptography for one in measured),
            "libsodium_per_second": median(one.libsodium for one in measured),
            "ratio_full_to_signatures": median(entries / one.full / one.cryptography for one in measured),
            "ratio_full_to_libsodium": median(entries / one.full / one.libsodium for one in measured),
            "full_seconds": full,
            "incremental_seconds": new,
            "share_of_incremental": new / full,
        }


@dataclass(frozen=True, slots=True)
class _Round:
    """Seconds of a run over everything, without and with contents opened; signatures checked per second."""

    full: float
    opened: float
    cryptography: float
    libsodium: float


def _round(house: House, cores: int, seconds: float) -> _Round:
    return _Round(
        cryptography=_on_all(cores, _check_with_cryptography, seconds),
        full=_seconds_of(house, cores, opening=False),
        libsodium=_on_all(cores, _check_with_libsodium, seconds),
        opened=_seconds_of(house, cores, opening=True),
    )


def _admit(house: House, scene: Scene, count: int) -> None:
    async def admit() -> None:
        async with ledger_of(house) as ledger:
            for first in range(0, count, _IN_FLIGHT):
                notes = range(min(_IN_FLIGHT, count - first))
                await asyncio.gather(*(ledger.items.add(scene.by, scene.record, NOTE) for _ in notes))
            await asyncio.sleep(0.3)  # the last of it is covered by the next idle checkpoint

    run_in_loop(admit)


def _seconds_of(house: House, cores: int, *, opening: bool) -> float:
    kept = VerifiedFile(house.home / "verified.json")
    kept.keep(None)
    return _timed(house, cores, kept, opening=opening, only_new=False)


def _seconds_of_new(house: House, kept: VerifiedFile, cores: int) -> float:
    copy = VerifiedFile(kept.path.with_name("verified-copy.json"))
    shutil.copyfile(kept.path, copy.path)
    return _timed(house, cores, copy, opening=False, only_new=True)


def _timed(house: House, cores: int, kept: VerifiedFile, *, opening: bool, only_new: bool) -> float:
    started = time.perf_counter()
    outcome = verify_database(
        house.whole, house.keyring, at=clock(), opening=opening, cores=cores, kept=kept, only_new=only_new
    )
    took = time.perf_counter() - started
    if not outcome.ok:
        raise NotSound(str(outcome))
    return took


def _on_all(cores: int, check: Callable[[float], float], seconds: float) -> float:
    """What as many processes check per second together."""
    with ProcessPoolExecutor(cores, mp_context=multiprocessing.get_context("spawn")) as pool:
        list(pool.map(check, [0.05] * cores))  # until all have started
        return sum(pool.map(check, [seconds] * cores))


def _check_with_cryptography(seconds: float) -> float:
    key = Ed25519PrivateKey.generate()
    public, signature = key.public_key(), key.sign(_MESSAGE)
    return _rate(lambda: public.verify(signature, _MESSAGE), seconds)


def _check_with_libsodium(seconds: float) -> float:
    key = Ed25519PrivateKey.generate()
    raw, signed = key.public_key().public_bytes_raw(), key.sign(_MESSAGE) + _MESSAGE
    return _rate(lambda: crypto_sign_open(signed, raw), seconds)


def _rate(once: Callable[[], object], seconds: float) -> float:
    started, done = time.perf_counter(), 0
    while time.perf_counter() < started + seconds:
        for _ in range(50):
            once()
        done += 50
    return done / (time.perf_counter() - started)
