"""The bench of verification runs from end to end, briefly. How fast it is here is not tested."""

import math
from pathlib import Path

import pytest

from api.bench import verify

pytestmark = pytest.mark.usefixtures("begun_workers")


def test_the_bench_gives_what_has_a_target_and_leaves_nothing_behind(tmp_path: Path) -> None:
    tmp_path.chmod(0o711)
    told: list[str] = []
    measured = verify.run(rounds=1, seconds=0.1, entries=300, under=tmp_path, tell=told.append)
    assert set(verify.TARGETS) <= set(measured)
    assert all(math.isfinite(value) and value > 0 for value in measured.values())
    assert told[1] == "round 1 of 1"
    assert not list(tmp_path.iterdir())
