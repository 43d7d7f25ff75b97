"""Many clients of one witness's memory, in threads of a process of its own.

``python -m tests.witness.racing HOME SEED`` prints a line for every cosignature: its time,
taken alone with the state, and its size.
"""

import itertools
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

from api.witness.home import WitnessHome
from ledger.core.checkpoint import CheckpointSigner
from ledger.core.note import SignatureType
from ledger.witness import Inconsistent, OldDiffers, OldTooLarge, OtherRoot, Seconds, State, Witness
from tests.witness.log import KEYS, LENGTH, request

SIGNER = CheckpointSigner.from_seed("w.example.org", SignatureType.ED25519_COSIGNATURE, b"w" * 32)
Event = tuple[int, int]
"""When, by a clock that all processes of the machine share, and which size."""


def race(state: State, seed: int, questions: int) -> list[Event]:
    """Ask for larger and smaller checkpoints of both histories, from whatever size was last heard of."""
    # Nanoseconds since the machine started, for the seconds of a real clock: no two turns have the same.
    witness = Witness([SIGNER], [KEYS.verifier], state, lambda: Seconds(time.monotonic_ns()))
    dice, known, events = Random(seed), 0, []
    for _ in range(questions):
        new = dice.randrange(1, LENGTH)
        history = dice.choice(["told", "told", "told", "retold"])
        try:
            [line] = witness.add_checkpoint(request(min(known, new), new, history))
        except OldDiffers as refusal:
            known = refusal.size
        except (Inconsistent, OtherRoot, OldTooLarge):
            continue
        else:
            known = new
            events.append((int.from_bytes(line.value[:8]), new))
    return events


def race_in_threads(state: State, seed: int, threads: int = 4, questions: int = 40) -> list[Event]:
    with ThreadPoolExecutor(threads) as pool:
        runs = pool.map(lambda n: race(state, seed * 100 + n, questions), range(threads))
        return list(itertools.chain.from_iterable(runs))


if __name__ == "__main__":
    for at, size in race_in_threads(WitnessHome.open(Path(sys.argv[1])).state, int(sys.argv[2])):
        sys.stdout.write(f"{at} {size}\n")
