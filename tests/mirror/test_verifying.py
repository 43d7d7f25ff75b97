"""Verifying a mirror: a whole one is sound, and any byte of any file of it that is flipped is found."""

import json
import os
import shutil
from pathlib import Path
from random import Random
from uuid import UUID

import pytest

from api.clock import clock
from ledger.core.checkpoint import CheckpointSigner, add_cosignatures, open_note
from ledger.core.edge import Edge
from ledger.core.entry import parse_entry
from ledger.core.keys import SigningKey
from ledger.core.log_keys import LogVerifier
from ledger.core.merkle import leaf_hash
from ledger.core.note import SignatureType
from ledger.core.public import Continued
from ledger.core.tiles import TILE_WIDTH
from ledger.core.trust_policy import TrustPolicy
from ledger.mirror import MirrorError, MirrorFolder, MirrorWriter
from ledger.store.keyring import Keyring
from ledger.verify import Step, Verification
from ledger.verify.findings import Findings
from ledger.verify.mirror import TAKEN, HistoriesDiffer, _compare_witnesses, check_same_history, verify_mirror
from tests.keyring import fixed_keyring
from tests.mirror.conftest import KEYRING, SIZE
from tests.mirror.keeper import NOON, Keeper, history
from tests.verify.dishonest import DishonestLog

TRIALS = int(os.environ.get("LEDGER_FUZZ", "60"))
SEED = int(os.environ.get("LEDGER_FUZZ_SEED", str(int.from_bytes(os.urandom(4)))))

WITNESS = CheckpointSigner.from_seed("witness.example/w1", SignatureType.ED25519_COSIGNATURE, b"w" * 32)


def verify(folder: MirrorFolder, log: LogVerifier = KEYRING.log.verifier, policy: str | None = None) -> Verification:
    trust = None if policy is None else TrustPolicy.parse(policy)
    return verify_mirror(folder, log, at=clock(), policy=trust)


def mirror_of(entries: list[bytes], at: Path, keyring: Keyring = KEYRING) -> MirrorFolder:
    """A mirror with these entries, under a checkpoint of its log, whatever they are."""
    writer = MirrorWriter.begin(at, keyring.log.verifier)
    edge = Edge.empty()
    for first in range(0, len(entries), TILE_WIDTH):
        bundle = entries[first : first + TILE_WIDTH]
        extension = edge.extend([leaf_hash(entry) for entry in bundle], paths=False)
        writer.write_bundle(first // TILE_WIDTH, bundle)
        writer.write_tiles(extension.tiles, {})
        edge = extension.edge
    writer.write_tiles((), edge.tiles())
    writer.write_checkpoint(Keeper(keyring, entries, len(entries)).note())
    writer.tidy(0, len(entries))
    return writer.folder


def wrong_steps(outcome: Verification) -> list[Step]:
    return [taken.step for taken in outcome.steps if taken.wrong is not None]


def first_wrong(outcome: Verification) -> str:
    assert outcome.first_wrong is not None
    return str(outcome.first_wrong.wrong)


@pytest.fixture(scope="module")
def whole(entries: list[bytes], tmp_path_factory: pytest.TempPathFactory) -> MirrorFolder:
    return mirror_of(entries, tmp_path_factory.mktemp("whole") / "mirror")


@pytest.fixture
def copy(whole: MirrorFolder, tmp_path: Path) -> MirrorFolder:
    shutil.copytree(whole.path, tmp_path / "copy")
    return MirrorFolder(tmp_path / "copy")


def test_a_whole_mirror_is_sound_and_says_what_it_cannot_show(whole: MirrorFolder) -> None:
    told: list[tuple[int, int]] = []
    outcome = verify_mirror(
        whole, KEYRING.log.verifier, at=clock(), progress=lambda done, size: told.append((done, size))
    )
    assert outcome.ok, str(outcome)
    assert (outcome.size, outcome.covered) == (SIZE, SIZE)
    assert outcome.root == whole.checkpoint().checkpoint.root
    assert {taken.step for taken in outcome.steps if taken.left_out is None} == TAKEN
    assert all(taken.looked_at > 0 for taken in outcome.steps if not taken.left_out)
    assert str(outcome).count("a mirror has nothing of it") == len(Step) - len(TAKEN) - 1
    assert str(outcome).count("needs a policy that names the witnesses") == 1
    assert json.loads(json.dumps(outcome.as_json()))["ok"]
    assert told == [(256, SIZE), (512, SIZE), (SIZE, SIZE)]


def test_two_cores_find_what_one_finds(whole: MirrorFolder, copy: MirrorFolder) -> None:
    bundle = copy.bundle(1)
    MirrorWriter(copy).write_bundle(1, [*bundle[:7], bundle[8], bundle[7], *bundle[9:]])
    for folder in (whole, copy):
        one, two = (verify_mirror(folder, KEYRING.log.verifier, at=clock(), cores=cores) for cores in (1, 2))
        assert str(one) == str(two)
    assert first_wrong(two).startswith(f"position {256 + 7}: ")


def test_any_byte_of_any_file_that_is_flipped_is_found(entries: list[bytes], tmp_path: Path) -> None:
    copy, dice = mirror_of(entries[:260], tmp_path / "mirror"), Random(SEED)
    files = sorted(file for file in copy.path.rglob("*") if file.is_file())
    assert len(files) == 7
    for trial in range(TRIALS):
        # Each file in turn, the large ones as often as the small.
        file = files[trial % len(files)]
        data = file.read_bytes()
        at, bit = dice.randrange(len(data)), 1 << dice.randrange(8)
        file.write_bytes(data[:at] + bytes([data[at] ^ bit]) + data[at + 1 :])
        outcome = verify(copy)
        assert not outcome.ok, f"not seen with LEDGER_FUZZ_SEED={SEED}: bit {bit} of byte {at} of {file}"
        file.write_bytes(data)
    assert verify(copy).ok


def test_any_file_that_is_missing_cut_short_or_too_long_is_found(copy: MirrorFolder) -> None:
    for file in [file for file in copy.path.rglob("*") if file.is_file()]:
        data = file.read_bytes()
        for damaged in (data[:-1], data + data[-1:], data[: len(data) // 2], b""):
            file.write_bytes(damaged)
            assert not verify(copy).ok, f"{file} of {len(damaged)} bytes"
        file.unlink()
        outcome = verify(copy)
        assert not outcome.ok, f"{file} missing"
        assert file.name in first_wrong(outcome) or "no tile" in first_wrong(outcome)
        file.write_bytes(data)
    assert verify(copy).ok


@pytest.mark.parametrize("position", [0, 255, 256, 511, 599])
def test_the_entry_that_was_changed_is_named(copy: MirrorFolder, entries: list[bytes], position: int) -> None:
    n, at = divmod(position, TILE_WIDTH)
    bundle = copy.bundle(n, min(TILE_WIDTH, SIZE - n * TILE_WIDTH))
    bundle[at] = bundle[at].replace(b'"v":1', b'"v":2')
    MirrorWriter(copy).write_bundle(n, bundle)
    outcome = verify(copy)
    assert first_wrong(outcome).startswith(f"position {position}: ")
    # The first entry enrols a key: with it gone, nothing that was signed with it can be checked.
    keys = set() if position else {Step.SIGNATURES}
    assert set(wrong_steps(outcome)) == {Step.ORDER, Step.TREE, Step.CHECKPOINTS} | keys


def test_under_other_keys_or_without_its_quorum_a_mirror_is_not_believed(whole: MirrorFolder) -> None:
    assert wrong_steps(verify(whole, fixed_keyring("other.example").log.verifier)) == [Step.CHECKPOINTS]
    assert verify(whole, policy="quorum none\n").ok
    outcome = verify(whole, policy=f"witness one {WITNESS.key}\nquorum one\n")
    assert wrong_steps(outcome) == [Step.WITNESSED]
    assert "cosignatures of nobody" in first_wrong(outcome)


def test_any_byte_of_a_cosignature_that_is_flipped_is_found_under_the_policy(copy: MirrorFolder) -> None:
    note = copy.note() or b""
    cosigned = add_cosignatures(note, [WITNESS.sign(open_note(note)[1], NOON)])
    policy = f"witness one {WITNESS.key}\nquorum one\n"
    MirrorWriter(copy).write_checkpoint(cosigned)
    assert verify(copy, policy=policy).ok
    for at in range(len(note), len(cosigned)):
        flipped = cosigned[:at] + bytes([cosigned[at] ^ 1]) + cosigned[at + 1 :]
        (copy.path / "checkpoint").write_bytes(flipped)
        found = Findings()
        _compare_witnesses(copy, KEYRING.log.verifier, TrustPolicy.parse(policy), found)
        assert Step.WITNESSED in found.first, f"byte {at}"


def test_a_folder_without_a_mirror_is_not_sound(tmp_path: Path) -> None:
    outcome = verify(MirrorFolder(tmp_path))
    assert wrong_steps(outcome) == [Step.CHECKPOINTS]
    assert "verifier.txt" in first_wrong(outcome)


def test_what_a_dishonest_log_signed_is_seen_in_its_mirror(tmp_path: Path) -> None:
    log = DishonestLog(KEYRING)
    thief = SigningKey(b"t" * 32)
    facts = {"person": str(UUID(int=7))}
    forged = log.admit("person-registered/1", facts, {"name": "Amina"}, author=facts["person"], signer=thief)
    back = log.admit("person-registered/1", facts, {"name": "Sam"}, at=log.last, made_at=log.last)
    log.entries[back], log.entries[forged] = log.entries[forged], log.entries[back]
    elsewhere = log.admit("person-registered/1", facts, {"name": "Joy"}, ledger="other.example")
    log.admit("person-registered/1", facts, {"name": "Joy"})
    outcome = verify(mirror_of([row.entry for row in log.entries], tmp_path / "mirror"))
    assert wrong_steps(outcome) == [Step.SIGNATURES, Step.TIMES]
    by_step = {taken.step: taken.wrong for taken in outcome.steps}
    assert by_step[Step.SIGNATURES].position in {forged, back}  # type: ignore[union-attr]
    assert by_step[Step.TIMES].position == elsewhere  # type: ignore[union-attr]


@pytest.mark.parametrize("lie", [None, "size", "root", "origin", "unsaid"])
def test_a_log_that_goes_on_under_a_new_name_says_so_where_it_does(tmp_path: Path, lie: str | None) -> None:
    earlier, later = DishonestLog(KEYRING), fixed_keyring("later.example")
    for n in range(300):
        earlier.admit("person-registered/1", {"person": str(UUID(int=n))}, {"name": f"Somebody {n}"})
    size = earlier.size
    root = Edge.empty().extend([leaf_hash(row.entry) for row in earlier.entries], paths=False).edge.root()
    said = Continued(
        "third.example" if lie == "origin" else KEYRING.origin,
        size - (lie == "size"),
        bytes(32) if lie == "root" else root,
        Keeper(KEYRING, [row.entry for row in earlier.entries], size).note().decode(),
    )
    if lie == "unsaid":
        earlier.admit("person-registered/1", {"person": str(UUID(int=1))}, {"name": "Amina"}, ledger="later.example")
    else:
        earlier.admit("log-continued/1", {"log": str(UUID(int=9))}, ledger="later.example", public=said)
    earlier.admit("person-registered/1", {"person": str(UUID(int=1))}, {"name": "Amina"}, ledger="later.example")
    entries = [row.entry for row in earlier.entries]
    assert parse_entry(entries[size]).signed.statement.ledger == "later.example"
    outcome = verify(mirror_of(entries, tmp_path / "mirror", later), later.log.verifier)
    assert wrong_steps(outcome) == ([] if lie is None else [Step.TIMES])
    if lie is not None:
        assert first_wrong(outcome).startswith(f"position {size}: ")


def test_mirrors_of_one_log_have_one_history_whatever_their_age(
    whole: MirrorFolder, entries: list[bytes], tmp_path: Path
) -> None:
    for size in (0, 1, 255, 256, 300, SIZE):
        younger = mirror_of(entries[:size], tmp_path / str(size))
        check_same_history(whole, younger)
        check_same_history(younger, whole)


@pytest.mark.parametrize("split_at", [1, 255, 256, 450])
def test_two_histories_shown_to_two_mirrors_are_found_where_they_part(
    whole: MirrorFolder, tmp_path: Path, split_at: int
) -> None:
    other = mirror_of(history(KEYRING, 500, other_from=split_at), tmp_path / "other")
    assert verify(other).ok, "each is sound by itself"
    for pair in ((whole, other), (other, whole)):
        with pytest.raises(HistoriesDiffer, match=f"entry {split_at} is not the same"):
            check_same_history(*pair)


def test_only_whole_mirrors_of_one_log_can_be_compared(whole: MirrorFolder, copy: MirrorFolder, tmp_path: Path) -> None:
    other = fixed_keyring("other.example")
    with pytest.raises(MirrorError, match=r"wanted one of log\.example"):
        check_same_history(whole, mirror_of(history(other, 3), tmp_path / "other", other))
    bundle = copy.bundle(1)
    MirrorWriter(copy).write_bundle(1, [bundle[1], *bundle[1:]])
    with pytest.raises(MirrorError, match="verify mirror"):
        check_same_history(whole, copy)
