"""A witness as its keeper runs it: made once, killed at any moment, started again, and never of another mind."""

import json
import os
import signal
import stat
import threading
import time
from contextlib import suppress
from pathlib import Path
from random import Random

import httpx
import pytest

from api.witness.home import WitnessHome
from ledger.core.note import SignatureType, VerifierKey
from ledger.core.witnessing import parse_size
from tests.command_line.running import done, run
from tests.witness.log import KEYS, LENGTH, ORIGIN, PARTED, request, root
from tests.witness.running import RunningWitness, make_witness, serving

KILLS = 4


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """The file with the log's verifier keys, as its keeper gave it to the witness's."""
    file = tmp_path / "log.vkeys"
    file.write_text(str(KEYS.verifier))
    return file


def test_keys_are_made_once_private_and_told_as_verifier_keys(tmp_path: Path) -> None:
    home = tmp_path / "w"
    keys = [VerifierKey.parse(line) for line in make_witness(home, "patients.example.org/w")]
    kinds = [SignatureType.ED25519_COSIGNATURE, SignatureType.ML_DSA_44_COSIGNATURE]
    assert [(key.name, key.type) for key in keys] == [("patients.example.org/w", kind) for kind in kinds]
    assert {stat.S_IMODE(file.stat().st_mode) for file in home.iterdir()} == {0o600}
    before = (home / "witness.key").read_bytes()
    again = run(None, "witness", "keys", "--to", str(home), "--name", "other.example.org")
    assert (again.returncode, again.stdout) == (3, "")
    assert "choose a new" in again.stderr
    assert (home / "witness.key").read_bytes() == before


@pytest.mark.parametrize(
    ("what", "words"),
    [("no keys", "wanted those of record-ledger witness keys"), ("no memory", "Restore"), ("no log", "verifier keys")],
)
def test_it_does_not_serve_without_keys_memory_and_a_log(tmp_path: Path, log: Path, what: str, words: str) -> None:
    home = tmp_path / "w"
    if what != "no keys":
        make_witness(home, "w.example.org")
    if what == "no memory":
        (home / "witness.sqlite").unlink()
    if what == "no log":
        log.write_text(str(KEYS.verifier)[:-1])
    ended = run(None, "witness", "serve", "--home", str(home), "--log", str(log), "--port", "0")
    assert ended.returncode == 3
    assert words in ended.stderr
    assert "Traceback" not in ended.stderr


def test_it_needs_no_ledger_and_leaves_nothing_of_one(tmp_path: Path, log: Path) -> None:
    make_witness(tmp_path / "w", "w.example.org")
    with serving(tmp_path / "w", log) as witness:
        assert witness.ask(request(0, 7)).status_code == 200
        assert witness.ask(request(7, 9)).status_code == 200
        witness.process.send_signal(signal.SIGTERM)
        assert witness.process.wait(60) == 0
    assert sorted(file.name for file in (tmp_path / "w").iterdir()) == ["witness.key", "witness.sqlite"]


def test_a_log_that_shows_another_history_is_told_409_and_convicted_by_its_own_notes(tmp_path: Path, log: Path) -> None:
    make_witness(tmp_path / "w", "w.example.org")
    with serving(tmp_path / "w", log) as witness:
        assert witness.ask(request(0, 9)).status_code == 200
        assert done(None, "witness", "evidence", "--home", str(witness.home)).startswith("Nothing")
        answer = witness.ask(request(9, 9, "retold"))
        assert (answer.status_code, answer.headers["content-type"]) == (409, "application/problem+json")
        assert witness.ask(request(9, 12, "retold")).status_code == 422
        assert witness.ask(request(9, 12)).status_code == 200
        assert "ERROR record_ledger.witness 409" in witness.log()
    told = run(None, "witness", "evidence", "--home", str(witness.home), "--to", str(tmp_path / "notes"), "--json")
    assert told.returncode == 1
    rows = json.loads(told.stdout)
    assert {(row["size"], row["root"]) for row in rows if row["why"] == "other root"} == {
        ("9", root(9).hex()),
        ("9", root(9, "retold").hex()),
    }
    notes = {KEYS.verifier.open_checkpoint(file.read_bytes()).root for file in (tmp_path / "notes").glob("9-*.note")}
    assert notes == {root(9), root(9, "retold")}


def asking(witness: RunningWitness, dice: Random, told: list[int]) -> None:
    """Go on from what it knows until it is dead; ``told`` has the sizes that it has answered for."""
    known = told[-1]
    with suppress(httpx.TransportError):
        while True:
            new = dice.randrange(known, min(known + 3, LENGTH)) if known else PARTED + 1
            answer = witness.ask(request(known, new))
            if answer.status_code == 409:
                known = parse_size(answer.content)
                continue
            assert answer.status_code == 200, answer.text
            known = new
            told.append(known)


def kill_after(witness: RunningWitness, told: list[int], answers: int, moment: float) -> None:
    """Kill it somewhere within the question after so many answers."""
    wanted = len(told) + answers
    while len(told) < wanted:
        time.sleep(0.001)
    time.sleep(moment / 50)
    os.kill(witness.process.pid, signal.SIGKILL)


def test_killed_at_any_moment_it_never_knows_less_than_it_has_answered(tmp_path: Path, log: Path) -> None:
    home, dice, told = tmp_path / "w", Random(7), [0]
    make_witness(home, "w.example.org")
    for _ in range(KILLS):
        with serving(home, log) as witness:
            # What it has answered for stands: no other tree, though it may know more by now.
            assert told == [0] or witness.ask(request(told[-1], told[-1], "retold")).status_code == 409
            of = (witness, told, dice.randrange(3, 12), dice.random())
            killer = threading.Thread(target=kill_after, args=of, daemon=True)
            killer.start()
            asking(witness, dice, told)
            killer.join()
            assert witness.process.wait(10) == -signal.SIGKILL
        known = WitnessHome.open(home).state.latest(ORIGIN)
        assert known is not None
        assert known[0].size >= told[-1]
        assert known[0].root == root(known[0].size)
    assert told == sorted(told)
    assert len(told) > 3 * KILLS
    with serving(home, log) as witness:
        known_size = parse_size(witness.ask(request(0, LENGTH)).content)
        assert witness.ask(request(known_size, LENGTH)).status_code == 200
        assert witness.ask(request(LENGTH, LENGTH, "retold")).status_code == 409
