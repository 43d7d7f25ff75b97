"""What a witness remembers: one history of each log, never less than it has cosigned, whoever asks at once."""

import json
import sqlite3
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.witness.home import WitnessHome, WitnessHomeError
from ledger.core.checkpoint import Checkpoint, CheckpointSigner, add_cosignatures, cosigned_at, open_note
from ledger.core.log_keys import LogKeys
from ledger.core.merkle import NodeHash
from ledger.core.note import SignatureType, format_note, parse_note
from ledger.core.witnessing import AddCheckpoint
from ledger.witness import (
    Inconsistent,
    NotSigned,
    OldDiffers,
    OldTooLarge,
    OtherRoot,
    Refused,
    Seconds,
    State,
    StateError,
    UnknownOrigin,
    Witness,
)
from tests.begun import Popen
from tests.witness.log import KEYS, ORIGIN, PARTED, note, proof, request, root
from tests.witness.racing import Event, race_in_threads

SIGNERS = [
    CheckpointSigner.from_seed("w.example.org", SignatureType.ED25519_COSIGNATURE, b"w" * 32),
    CheckpointSigner.from_seed("w.example.org", SignatureType.ML_DSA_44_COSIGNATURE, b"v" * 32),
]
NOW = 1_780_000_000


def witness_of(state: State, logs: tuple[LogKeys, ...] = (KEYS,)) -> Witness:
    return Witness(SIGNERS, [log.verifier for log in logs], state, lambda: Seconds(NOW))


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State.create(tmp_path / "state")


def test_it_cosigns_with_both_keys_what_goes_on_from_what_it_knows(state: State) -> None:
    witness = witness_of(state)
    for old, new in [(0, 3), (3, 3), (3, 7), (7, 300), (300, 300)]:
        lines = witness.add_checkpoint(request(old, new))
        parsed, checkpoint = open_note(add_cosignatures(note(new), lines))
        assert [cosigned_at(signer.key, parsed, checkpoint) for signer in SIGNERS] == [NOW, NOW]
        assert state.latest(ORIGIN) == (checkpoint, note(new))
    assert state.evidence() == []


def test_its_cosignatures_never_go_back_in_time_whatever_its_clock_does(state: State) -> None:
    """A smaller tree cannot stand as the largest of a later time than the larger one."""
    clock = iter([NOW, NOW - 60, NOW - 61, 0, -5, NOW + 1])
    witness = Witness(SIGNERS, [KEYS.verifier], state, lambda: Seconds(next(clock)))
    times = []
    for old, new, cosigns in [(0, 3, True), (3, 5, True), (5, 7, False), (5, 7, False), (5, 7, False), (5, 7, True)]:
        if not cosigns:
            with pytest.raises(StateError, match="set the clock right"):
                witness.add_checkpoint(request(old, new))
            continue
        parsed, checkpoint = open_note(add_cosignatures(note(new), witness.add_checkpoint(request(old, new))))
        times.append(cosigned_at(SIGNERS[0].key, parsed, checkpoint))
    assert times == [NOW, NOW, NOW + 1]


SIZES = st.integers(0, 12) | st.integers(250, 260)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(SIZES, SIZES, st.sampled_from(["told", "retold"]), st.booleans(), st.booleans()), max_size=25)
)
def test_it_answers_as_the_specification_says_to_any_row_of_requests(
    asked: list[tuple[int, int, str, bool, bool]],
) -> None:
    """tlog-witness, "add-checkpoint", against a model that remembers a size and a history."""
    with tempfile.TemporaryDirectory() as folder:
        witness = witness_of(State.create(Path(folder) / "state"))
        size, told = 0, "told"
        for guess, new, history, from_known, spoilt in asked:
            old = size if from_known else guess
            path = proof(old, new, history) if old <= new else ()
            if spoilt:
                path = (*path[:-1], NodeHash(bytes(32)))
            wanted = _wanted(old, new, size, history, told, spoilt=spoilt)
            sent = AddCheckpoint(old, path, note(new, history))
            if wanted is None:
                assert len(witness.add_checkpoint(sent)) == 2
                size, told = new, history
            else:
                with pytest.raises(wanted) as refused:
                    witness.add_checkpoint(sent)
                assert not isinstance(refused.value, OldDiffers) or refused.value.size == size


def _wanted(old: int, new: int, size: int, history: str, told: str, *, spoilt: bool) -> type[Refused] | None:
    if old > new:
        return OldTooLarge
    if old != size:
        return OldDiffers
    same = history == told or size <= PARTED
    if new == size and not same and size > PARTED:
        return OtherRoot
    return Inconsistent if spoilt or not same else None


def test_two_histories_of_one_size_are_kept_as_evidence_that_convinces_others(state: State) -> None:
    witness = witness_of(state)
    witness.add_checkpoint(request(0, 9))
    with pytest.raises(OtherRoot, match="two histories"):
        witness.add_checkpoint(request(9, 9, "retold"))
    witness.add_checkpoint(request(9, 12))
    kept = [one for one in state.evidence() if one.why == "other root"]
    assert {one.checkpoint.root for one in kept} == {root(9), root(9, "retold")}
    for one in kept:
        assert KEYS.verifier.open_checkpoint(one.note) == one.checkpoint


def test_evidence_is_kept_from_whatever_size_it_was_sent(state: State) -> None:
    witness = witness_of(state)
    witness.add_checkpoint(request(0, 9))
    with pytest.raises(OldDiffers):
        witness.add_checkpoint(request(0, 9, "retold"))
    assert [one.why for one in state.evidence()] == ["other root", "other root"]


def test_a_proof_that_fails_is_kept_but_not_without_end(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ledger.witness._MOST_REFUSED", 3)
    witness = witness_of(state)
    witness.add_checkpoint(request(0, 9))
    for new in range(10, 16):
        with pytest.raises(Inconsistent):
            witness.add_checkpoint(AddCheckpoint(9, (), note(new)))
    assert [one.checkpoint.size for one in state.evidence()] == [10, 11, 12]
    with pytest.raises(OtherRoot):
        witness.add_checkpoint(request(9, 9, "retold"))
    assert len(state.evidence()) == 5


[BY_ED25519, BY_ML_DSA_44] = parse_note(note(7)).signatures
STRANGER = LogKeys.from_seeds(ORIGIN, b"3" * 32, b"4" * 32)
TEXT = parse_note(note(7)).text
UNSIGNED = {
    "by Ed25519 alone": format_note(TEXT, [BY_ED25519]),
    "by ML-DSA-44 alone": format_note(TEXT, [BY_ML_DSA_44]),
    "by another's keys of the same name": STRANGER.sign_checkpoint(Checkpoint(ORIGIN, 7, root(7)), NOW),
    "over another size": format_note(parse_note(note(8)).text, [BY_ED25519, BY_ML_DSA_44]),
    "over another root": format_note(parse_note(note(7, "retold")).text, [BY_ED25519, BY_ML_DSA_44]),
    "with a damaged signature": format_note(TEXT, [replace(BY_ED25519, value=bytes(64)), BY_ML_DSA_44]),
    "by the witness itself": format_note(TEXT, [SIGNERS[0].sign(Checkpoint(ORIGIN, 7, root(7)), NOW)]),
}


@pytest.mark.parametrize("sent", UNSIGNED.values(), ids=UNSIGNED)
def test_what_both_of_the_logs_keys_have_not_signed_is_neither_cosigned_nor_kept(state: State, sent: bytes) -> None:
    with pytest.raises(NotSigned):
        witness_of(state).add_checkpoint(AddCheckpoint(0, (), sent))
    assert state.latest(ORIGIN) is None
    assert state.evidence() == []


def test_a_log_that_it_does_not_watch_is_unknown_even_with_the_same_keys(state: State) -> None:
    other = LogKeys.from_seeds("other.example.org", b"1" * 32, b"2" * 32)
    sent = other.sign_checkpoint(Checkpoint("other.example.org", 7, root(7)), NOW)
    with pytest.raises(UnknownOrigin, match=r"got other\.example\.org"):
        witness_of(state).add_checkpoint(AddCheckpoint(0, (), sent))


def test_logs_are_remembered_apart(state: State) -> None:
    other = LogKeys.from_seeds("other.example.org", b"3" * 32, b"4" * 32)
    witness = witness_of(state, (KEYS, other))
    witness.add_checkpoint(request(0, 9))
    sent = other.sign_checkpoint(Checkpoint("other.example.org", 2, root(2)), NOW)
    witness.add_checkpoint(AddCheckpoint(0, (), sent))
    assert [state.latest(origin)[0].size for origin in (ORIGIN, "other.example.org")] == [9, 2]  # type: ignore[index]


def assert_never_back(events: list[Event], state: State) -> None:
    """In the order of their turns sizes only grow, and the last is what is remembered: nothing was rolled back."""
    sizes = [size for _, size in sorted(events)]
    assert sizes == sorted(sizes)
    assert len(sizes) > 3
    known = state.latest(ORIGIN)
    assert known is not None
    assert known[0].size == sizes[-1]


def test_requests_at_once_in_many_threads_never_roll_it_back(state: State) -> None:
    """tlog-witness, the race at the end of "add-checkpoint"."""
    assert_never_back(race_in_threads(state, seed=1, threads=8), state)


def test_requests_at_once_in_many_processes_never_roll_it_back(tmp_path: Path) -> None:
    home = WitnessHome.create(tmp_path / "w", "w.example.org")
    command = [sys.executable, "-m", "tests.witness.racing", str(home.folder)]
    racing = [Popen([*command, str(n)], stdout=subprocess.PIPE, text=True) for n in range(4)]
    told = [process.communicate(timeout=120)[0] for process in racing]
    assert [process.returncode for process in racing] == [0] * 4
    events = [(int(at), int(size)) for lines in told for at, size in map(str.split, lines.splitlines())]
    assert_never_back(events, home.state)


def test_the_table_itself_refuses_to_go_back_or_to_forget(state: State, tmp_path: Path) -> None:
    witness_of(state).add_checkpoint(request(0, 9))
    connection = sqlite3.connect(tmp_path / "state")
    for statement in ("update cosigned set size = 8", "delete from cosigned"):
        with pytest.raises(sqlite3.IntegrityError, match="never"):
            connection.execute(statement)
    connection.close()


def test_it_cosigns_nothing_while_it_cannot_remember(state: State, tmp_path: Path) -> None:
    witness = witness_of(state)
    witness.add_checkpoint(request(0, 9))
    (tmp_path / "state").rename(tmp_path / "elsewhere")
    with pytest.raises(StateError, match="restore the newest"):
        witness.add_checkpoint(request(9, 10))
    assert not (tmp_path / "state").exists()
    (tmp_path / "elsewhere").rename(tmp_path / "state")
    witness.add_checkpoint(request(9, 10))


def test_another_file_is_not_taken_for_a_memory(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("not a database, and long enough to be looked at" * 20)
    sqlite3.connect(tmp_path / "empty").execute("create table t (x)").connection.close()
    for name in ("text", "empty", "missing"):
        with pytest.raises(StateError):
            State(tmp_path / name)
    with pytest.raises(StateError, match="choose a new name"):
        State.create(tmp_path / "text")


def spoil(home: Path, what: str) -> None:
    key = home / "witness.key"
    seeds = json.loads(key.read_text())
    if what == "memory":
        (home / "witness.sqlite").unlink()
    elif what == "keys":
        key.unlink()
    elif what == "permissions":
        key.chmod(0o640)
    elif what == "member":
        key.write_text(json.dumps({**seeds, "more": ""}))
    elif what == "seed":
        key.write_text(json.dumps({**seeds, "ed25519": "AAAA"}))
    elif what == "name":
        key.write_text(json.dumps({**seeds, "name": "a b"}))
    else:
        key.write_text("{")


@pytest.mark.parametrize("what", ["memory", "keys", "permissions", "member", "seed", "name", "text"])
def test_a_home_that_is_not_whole_is_not_opened(tmp_path: Path, what: str) -> None:
    WitnessHome.create(tmp_path / "w", "w.example.org")
    spoil(tmp_path / "w", what)
    with pytest.raises(WitnessHomeError):
        WitnessHome.open(tmp_path / "w")
    with pytest.raises(WitnessHomeError):
        WitnessHome.create(tmp_path / "w", "w.example.org") if what != "memory" else WitnessHome.open(tmp_path / "w")


def test_a_bad_name_makes_no_witness(tmp_path: Path) -> None:
    for name in ("", "a b", "a+b", "l" * 256):
        with pytest.raises(WitnessHomeError, match="wanted"):
            WitnessHome.create(tmp_path / "w", name)
    assert not (tmp_path / "w").exists()
