"""A log, or somebody on the way, that shows a mirror what it must not take in; and folders that were damaged."""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ledger.core.checkpoint import Checkpoint, CheckpointSigner, add_cosignatures, open_note
from ledger.core.log_keys import LogKeyPair
from ledger.core.note import SignatureType
from ledger.core.tiles import format_bundle, parse_bundle
from tests.keyring import fixed_keyring
from tests.mirror.conftest import KEYRING, SIZE, Ruth
from tests.mirror.keeper import NOON, Answer, Keeper, history, root_of
from tests.mirror.whole import assert_whole

Change = Callable[[list[bytes]], list[bytes]]


def showing(change: Change) -> Callable[[Answer], Answer]:
    """Let a bundle be served changed."""
    return lambda true: (true[0], format_bundle(change(parse_bundle(true[1]))))


def flipped(entries: list[bytes]) -> list[bytes]:
    return [entries[0][:-2] + b"X" + entries[0][-1:], *entries[1:]]


@pytest.mark.parametrize("split_at", [0, 99, 255, 256, 299])
def test_a_log_that_shows_another_history_is_refused_and_both_notes_are_kept(
    keeper: Keeper, ruth: Ruth, split_at: int
) -> None:
    keeper.size = 300
    ruth.mirrors(keeper)
    kept, own = ruth.folder.note(), keeper.entries
    keeper.entries = history(KEYRING, 400, other_from=split_at) if split_at else _from_another_start(400)
    keeper.size = 400
    told = ruth.assert_refused(keeper, f"Entry {split_at} is another", "the log's keys have signed both histories")
    evidence = ruth.evidence()
    assert evidence["checkpoint-kept"] == kept
    assert KEYRING.log.verifier.open_checkpoint(evidence["checkpoint-shown"]).size == 400
    assert evidence[f"entry-{split_at}-kept"] == own[split_at]
    assert evidence[f"entry-{split_at}-shown"] == keeper.entries[split_at]
    assert evidence["why"].decode() == told.removeprefix("record-ledger: ") + "\n"


def _from_another_start(size: int) -> list[bytes]:
    """A history under the same name and log keys, by a service with another key."""
    start = history(fixed_keyring(KEYRING.origin), 1)
    return [start[0].replace(b"09:00:01", b"09:00:02"), *history(KEYRING, size)[1:]]


def test_another_history_of_the_same_size_or_a_smaller_one_is_refused_too(keeper: Keeper, ruth: Ruth) -> None:
    keeper.size = 300
    ruth.mirrors(keeper)
    keeper.entries = history(KEYRING, 300, other_from=120)
    ruth.assert_refused(keeper, "does not go on from the 300", "Entry 120 is another")
    keeper.size = 200
    ruth.assert_refused(keeper, "a history of 200 entries", "Entry 120 is another")
    keeper.size = 120
    ruth.assert_refused(keeper, "went back: it shows 120 entries")
    assert len(list((ruth.folder.path / "refused").iterdir())) == 3


@pytest.mark.parametrize(
    ("later", "sentence"),
    [(60, "as by restoring an older backup"), (-60, "somebody on the way, or the log, shows you the past")],
)
def test_a_truncated_log_went_back(keeper: Keeper, ruth: Ruth, later: int, sentence: str) -> None:
    ruth.mirrors(keeper)
    keeper.size, keeper.at = 300, NOON + later
    ruth.assert_refused(keeper, "went back: it shows 300 entries", "this mirror has 600", sentence)
    assert KEYRING.log.verifier.open_checkpoint(ruth.evidence()["checkpoint-shown"]).size == 300
    keeper.size = SIZE
    assert "600 entries, 0 of them new" in ruth.mirrors(keeper), "an honest log is followed again"


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("/log/tile/entries/000", flipped),
        ("/log/tile/entries/001", flipped),
        ("/log/tile/entries/001", lambda entries: [*entries[1:], entries[0]]),
        ("/log/tile/entries/001", lambda entries: [entries[1], *entries[1:]]),
        ("/log/tile/entries/002.p/88", lambda entries: [*entries[:-1], entries[-1] + b" "]),
    ],
    ids=["flipped in the first", "flipped", "reordered", "doubled", "the last longer"],
)
def test_entries_that_were_altered_on_the_way_are_refused(
    keeper: Keeper, ruth: Ruth, path: str, change: Change
) -> None:
    keeper.instead[path] = showing(change)
    refused = ruth.tries(keeper)
    assert (refused.exit_code, ruth.folder.note()) == (1, None)
    assert "altered where they are served, or on the way" in " ".join(refused.stderr.split())
    keeper.instead.clear()
    ruth.mirrors(keeper)
    assert_altered_left_nothing(keeper, ruth)


def assert_altered_left_nothing(keeper: Keeper, ruth: Ruth) -> None:
    for file in (ruth.folder.path / "refused").rglob("*"):
        if file.is_file():
            file.unlink()
    for directory in sorted((ruth.folder.path / "refused").rglob("*"), reverse=True):
        directory.rmdir()
    assert_whole(ruth.folder, keeper.entries, SIZE)


def test_a_bundle_that_was_altered_once_is_told_so(keeper: Keeper, ruth: Ruth) -> None:
    keeper.size = 300
    ruth.mirrors(keeper)
    keeper.size = SIZE
    lies = iter([showing(flipped)])

    def once(true: Answer) -> Answer:
        return next(lies, lambda same: same)(true)

    keeper.instead["/log/tile/entries/001"] = once
    ruth.assert_refused(keeper, "Read a second time it does go on")
    assert "300 of them new" in ruth.mirrors(keeper)


def test_a_bundle_that_is_gone_when_all_is_read_again_is_told(keeper: Keeper, ruth: Ruth) -> None:
    keeper.size = 300
    ruth.mirrors(keeper)
    keeper.size = SIZE
    keeper.instead["/log/tile/entries/000"] = (404, b"{}")
    keeper.instead["/log/tile/entries/001"] = showing(flipped)
    ruth.assert_refused(keeper, "could not be read", "/log/tile/entries/000: got 404")


@pytest.mark.parametrize("member", ["signed by others", "one signature", "another origin"])
def test_a_checkpoint_that_the_log_did_not_sign_is_not_believed(keeper: Keeper, ruth: Ruth, member: str) -> None:
    ruth.mirrors(keeper)
    note = keeper.note()
    if member == "one signature":
        note = b"".join(note.splitlines(keepends=True)[:-1])
    elif member == "another origin":
        note = fixed_keyring("other.example").log.sign_checkpoint(Checkpoint("other.example", 1, root_of([b"x"])), NOON)
    else:
        note = note.replace(b"\xe2\x80\x94 log.example ", b"\xe2\x80\x94 log2.example ")
    keeper.instead["/log/checkpoint"] = (200, note)
    ruth.assert_refused(keeper, "a checkpoint that is not to be believed")
    assert not (ruth.folder.path / "refused").exists(), "nobody's word is no evidence"


def test_the_folder_of_another_log_or_of_something_else_is_refused(keeper: Keeper, ruth: Ruth) -> None:
    ruth.mirrors(keeper)
    other = fixed_keyring("other.example").log.verifier
    (ruth.folder.path / "verifier.txt").write_text(str(other))
    ruth.assert_refused(keeper, "wanted one for other.example", code=2)
    ruth.folder.path.rename(ruth.here / "elsewhere")
    ruth.folder.path.mkdir()
    (ruth.folder.path / "letter.txt").write_text("Dear Ruth")
    ruth.assert_refused(keeper, "a folder with other things in it")


def test_two_do_not_write_to_one_folder(keeper: Keeper, ruth: Ruth) -> None:
    ruth.mirrors(keeper)
    held = os.open(ruth.folder.path, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    try:
        ruth.assert_refused(keeper, "another record-ledger mirror is at work here")
    finally:
        os.close(held)
    ruth.mirrors(keeper)


DAMAGES: dict[str, Callable[[bytes], bytes | None]] = {
    "flipped": lambda data: bytes([data[0] ^ 1]) + data[1:],
    "cut short": lambda data: data[:-1],
    "too long": lambda data: data + b"x",
    "missing": lambda _: None,
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize(
    "name",
    ["checkpoint", "verifier.txt", "tile/0/002.p/88", "tile/1/000.p/2", "tile/entries/002.p/88"],
)
def test_a_damaged_file_that_the_next_run_needs_is_named(keeper: Keeper, ruth: Ruth, *, name: str, damage: str) -> None:
    ruth.mirrors(keeper)
    file = ruth.folder.path / name
    data = DAMAGES[damage](file.read_bytes())
    file.unlink()
    if data is not None:
        file.write_bytes(data)
    if (name, damage) == ("verifier.txt", "missing"):
        ruth.assert_refused(keeper, "a folder with other things in it")
    elif name == "tile/1/000.p/2" and damage == "flipped":
        ruth.assert_refused(keeper, "incomplete tiles that hash to", "mirror the log into a new one")
    elif name == "tile/0/002.p/88" and damage == "flipped":
        ruth.assert_refused(keeper, "incomplete tiles that hash to")
    else:
        ruth.assert_refused(keeper, name, "mirror the log into a new one")


def test_keys_that_followed_are_pinned_and_keys_that_are_gone_are_refused(
    keeper: Keeper, ruth: Ruth, tmp_path: Path
) -> None:
    ruth.mirrors(keeper)
    newer, followed = tmp_path / "newer.txt", LogKeyPair.from_seeds(KEYRING.origin, b"e" * 32, b"m" * 32)
    newer.write_text(str(KEYRING.log.verifier) + str(followed.public))
    ruth.mirrors(keeper, "--verifier", str(newer))
    assert str(ruth.folder.verifier()) == newer.read_text()
    refused = ruth.tries(keeper, "--verifier", str(ruth.verifier))
    assert (refused.exit_code, "name another folder" in " ".join(refused.stderr.split())) == (1, True)


def test_only_what_the_policys_witnesses_have_cosigned_is_taken_in(keeper: Keeper, ruth: Ruth, tmp_path: Path) -> None:
    witness = CheckpointSigner.from_seed("witness.example/w1", SignatureType.ED25519_COSIGNATURE, b"w" * 32)
    policy = tmp_path / "policy"
    policy.write_text(f"witness one {witness.key}\nquorum one\n")
    refused = ruth.tries(keeper, "--policy", str(policy))
    assert (refused.exit_code, "cosignatures of nobody" in " ".join(refused.stderr.split())) == (1, True)
    note = keeper.note()
    cosigned = add_cosignatures(note, [witness.sign(open_note(note)[1], NOON)])
    keeper.instead["/log/checkpoint"] = (200, cosigned)
    ruth.mirrors(keeper, "--policy", str(policy))
    assert ruth.folder.note() == cosigned
    policy.write_text("quorum two\n")
    assert ruth.tries(keeper, "--policy", str(policy)).exit_code == 2
