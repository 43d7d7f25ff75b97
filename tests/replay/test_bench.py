"""The benches of deciding and deriving again run from end to end, briefly. How fast it is here is not tested."""

import math
from pathlib import Path

import pytest

from api.bench import decide, replay

pytestmark = pytest.mark.usefixtures("begun_workers")


def test_deciding_is_measured_for_three_readers_of_whom_none_sees_all_or_nothing() -> None:
    told: list[str] = []
    measured = decide.run(rounds=1, items=300, directives=40, tell=told.append)
    assert set(decide.TARGETS) <= set(measured)
    assert all(math.isfinite(value) and value > 0 for value in measured.values())
    assert all(0.1 < measured[f"{reader}_share_permitted"] < 0.95 for reader in ("patient", "clinician", "carer"))
    assert told[-1] == "round 1 of 1"


def test_deriving_again_is_measured_on_a_ledger_and_one_four_times_as_large(tmp_path: Path) -> None:
    tmp_path.chmod(0o711)
    measured = replay.run(rounds=1, records=1, items=60, looks=20, under=tmp_path)
    assert set(replay.TARGETS) <= set(measured)
    assert all(math.isfinite(value) and value > 0 for value in measured.values())
    assert (measured["disclosures"], measured["item_decisions"]) == (80, 4000)
    assert not list(tmp_path.iterdir())
