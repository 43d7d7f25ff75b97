"""A mirror follows a log: what it keeps, how it goes on, and what it says when the log cannot be read."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.sign_in.key_file import KeyFile
from ledger.core.tiles import TILE_WIDTH, bundle_path, tile_in
from tests.begun import PROGRAM, Popen
from tests.command_line.running import environment
from tests.keyring import fixed_keyring
from tests.mirror.conftest import KEYRING, SIZE, Ruth
from tests.mirror.keeper import NOON, Keeper, root_of, serving
from tests.mirror.whole import assert_whole

CHECKOUT = Path(__file__).parents[2]


def test_a_log_is_kept_in_the_files_that_tlog_tiles_names(keeper: Keeper, ruth: Ruth) -> None:
    said = ruth.mirrors(keeper)
    assert said == "log.example: 600 entries, 600 of them new, under a checkpoint of 2026-01-01T12:00:00.000Z\n"
    assert_whole(ruth.folder, keeper.entries, SIZE)
    assert ruth.folder.verifier() == KEYRING.log.verifier
    assert tile_in(SIZE, 1, 0) is not None


@settings(max_examples=12, deadline=None)
@given(st.lists(st.integers(0, SIZE), min_size=1, max_size=4, unique=True).map(sorted))
def test_however_a_log_grew_its_mirror_is_the_same(
    tmp_path_factory: pytest.TempPathFactory, entries: list[bytes], sizes: list[int]
) -> None:
    ruth = Ruth(tmp_path_factory.mktemp("ruth"))
    KeyFile.fresh("00000000-0000-4000-8000-000000000007", KEYRING.origin).write(ruth.key)
    ruth.verifier.write_text(str(KEYRING.log.verifier))
    with serving(Keeper(KEYRING, list(entries), 0)) as keeper:
        for size in sizes:
            keeper.size = size
            keeper.entries = list(entries[: size + size % 7])  # sometimes it has grown since the checkpoint
            ruth.mirrors(keeper)
            assert_whole(ruth.folder, entries, size)


def test_what_is_there_is_not_fetched_again(keeper: Keeper, ruth: Ruth) -> None:
    keeper.size = 300
    ruth.mirrors(keeper)
    keeper.asked.clear()
    keeper.size = 590
    told = json.loads(ruth.mirrors(keeper, "--json"))
    assert (told["size"], told["added"]) == (590, 290)
    assert keeper.asked == ["/log/checkpoint", "/token", "/log/tile/entries/001", "/log/tile/entries/002.p/78"]
    keeper.asked.clear()
    assert "0 of them new" in ruth.mirrors(keeper)
    assert keeper.asked == ["/log/checkpoint"]


def test_an_incomplete_bundle_that_is_no_longer_served_is_cut_from_the_complete_one(keeper: Keeper, ruth: Ruth) -> None:
    keeper.size = 300
    keeper.instead["/log/tile/entries/001.p/44"] = (404, b"{}")
    ruth.mirrors(keeper)
    assert_whole(ruth.folder, keeper.entries, 300)


def test_a_token_that_ran_out_is_asked_for_again(keeper: Keeper, ruth: Ruth) -> None:
    refused = iter([(401, b"{}")])
    keeper.instead["/log/tile/entries/001"] = lambda true: next(refused, true)
    ruth.mirrors(keeper)
    assert keeper.tokens == 2
    assert_whole(ruth.folder, keeper.entries, SIZE)


def test_a_checkpoint_with_more_cosignatures_is_kept_instead_and_one_with_fewer_is_not(
    keeper: Keeper, ruth: Ruth
) -> None:
    ruth.mirrors(keeper)
    cosigned = keeper.note() + "— witness.example KHpeK2Zha2U=\n".encode()
    keeper.instead["/log/checkpoint"] = (200, cosigned)
    ruth.mirrors(keeper)
    assert ruth.folder.note() == cosigned
    del keeper.instead["/log/checkpoint"]
    keeper.at += 60
    ruth.mirrors(keeper)
    assert ruth.folder.note() == cosigned


def test_a_mirror_that_was_interrupted_does_not_fetch_again_what_it_has(keeper: Keeper, ruth: Ruth) -> None:
    keeper.instead["/log/tile/entries/002.p/88"] = (503, b"{}")
    refused = ruth.tries(keeper)
    assert (refused.exit_code, ruth.folder.note()) == (3, None)
    keeper.instead.clear()
    keeper.asked.clear()
    ruth.mirrors(keeper)
    assert keeper.asked == ["/log/checkpoint", "/token", "/log/tile/entries/002.p/88"]
    assert_whole(ruth.folder, keeper.entries, SIZE)


def test_entries_that_were_fetched_from_a_liar_before_a_kill_are_fetched_again(keeper: Keeper, ruth: Ruth) -> None:
    ruth.tries(Keeper(KEYRING, [], 0, url="http://127.0.0.1:1"))  # begins the mirror
    lie = ruth.folder.path / bundle_path(0)
    lie.parent.mkdir(parents=True)
    lie.write_bytes(b"\0\1x" * TILE_WIDTH)
    ruth.mirrors(keeper)
    assert_whole(ruth.folder, keeper.entries, SIZE)


@pytest.mark.parametrize("before", [0, 100], ids=["only begun", "100 entries"])
def test_killed_before_any_step_the_state_is_whole_and_the_next_run_goes_on(
    keeper: Keeper, ruth: Ruth, entries: list[bytes], before: int
) -> None:
    keeper.size = before
    ruth.tries(keeper if before else Keeper(KEYRING, [], 0, url="http://127.0.0.1:1"))
    keeper.size = 300
    words = [sys.executable, "-m", "tests.mirror.killed", keeper.url, *map(str, (ruth.key, ruth.folder.path))]
    killed = subprocess.run(words, cwd=CHECKOUT, capture_output=True, text=True, timeout=240, check=False)
    assert killed.returncode == 0, killed.stderr
    kept = json.loads(killed.stdout)
    assert set(kept) == {before, 300}
    assert kept == sorted(kept), "the new state stays, once it is there"
    assert len(kept) > 40


def test_a_mirror_that_goes_on_for_ever_takes_in_what_comes_and_outlives_an_outage(keeper: Keeper, ruth: Ruth) -> None:
    keeper.size = 300
    ruth.mirrors(keeper)
    words = [PROGRAM, *ruth.words(keeper), "--every", "1", "--json"]
    with Popen(words, env=environment(ruth.here), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        assert program.stderr is not None
        assert json.loads(program.stdout.readline())["size"] == 300
        keeper.instead["/log/checkpoint"] = (503, b"{}")
        assert "try again later" in program.stderr.readline()
        keeper.size = 310
        keeper.instead.clear()
        # A busy machine may have let it look once more before the outage.
        assert 310 in (json.loads(line)["size"] for line in program.stdout)
        program.terminate()
    assert_whole(ruth.folder, keeper.entries, 310)


@pytest.mark.parametrize(
    ("path", "answer", "code", "sentence"),
    [
        ("/log/checkpoint", (404, b"{}"), 1, "is a ledger served there?"),
        ("/log/checkpoint", (503, b"{}"), 3, "try again later"),
        ("/log/checkpoint", (302, b"{}"), 1, "got 302"),
        ("/log/checkpoint", (200, b"<html>"), 1, "not to be believed"),
        ("/log/checkpoint", (200, b"x" * 2_000_000), 1, "got more than 1000000 bytes"),
        ("/token", (401, b'{"error":"invalid_client"}'), 1, "invalid_client"),
        ("/token", (200, b"[]"), 1, "got no token"),
        ("/log/tile/entries/000", (401, b"{}"), 1, "still in force?"),
        ("/log/tile/entries/000", (403, b"{}"), 1, "needs the role auditor"),
        ("/log/tile/entries/000", (404, b"{}"), 1, "got 404, wanted what the log's checkpoint says is there"),
        ("/log/tile/entries/000", (200, b"\xff\xffx"), 1, "it was cut short, fetch it again"),
        ("/log/tile/entries/000", (200, b"\0\1x"), 1, "got 1 entries, wanted 256"),
    ],
    ids=lambda value: f"{value[0]} {value[1][:8]!r}" if isinstance(value, tuple) else None,
)
def test_what_cannot_be_fetched_is_told_in_a_sentence(
    keeper: Keeper, ruth: Ruth, *, path: str, answer: tuple[int, bytes], code: int, sentence: str
) -> None:
    keeper.instead[path] = answer
    refused = ruth.tries(keeper)
    assert refused.exit_code == code, refused.output
    assert sentence in " ".join(refused.stderr.split())
    assert ruth.folder.note() is None


@pytest.mark.parametrize(
    ("url", "code", "sentence"),
    [
        ("http://127.0.0.1:1", 3, "no log at http://127.0.0.1:1"),
        ("http://ledger.example", 1, "wanted https://"),
        ("ftp://127.0.0.1", 1, "wanted the address of a ledger"),
        ("https://ruth:secret@ledger.example", 1, "wanted the address of a ledger"),
    ],
)
def test_an_address_that_cannot_or_must_not_be_asked(ruth: Ruth, url: str, code: int, sentence: str) -> None:
    refused = ruth.tries(Keeper(KEYRING, [], 0, url=url))
    assert refused.exit_code == code, refused.output
    assert sentence in " ".join(refused.stderr.split())


def test_a_new_mirror_needs_the_verifier_keys_and_a_key_for_that_log(
    keeper: Keeper, ruth: Ruth, tmp_path: Path
) -> None:
    refused = ruth.tries(keeper, "--verifier", str(tmp_path / "none"))
    assert (refused.exit_code, "check the path" in refused.stderr) == (2, True)
    ruth.verifier.write_text("Not keys.\n")
    assert ruth.tries(keeper).exit_code == 2
    ruth.verifier.write_text(str(fixed_keyring("other.example").log.verifier))
    refused = ruth.tries(keeper)
    assert (refused.exit_code, "wanted one for other.example" in refused.stderr) == (2, True)
    assert not ruth.folder.path.exists()


def test_the_same_time_again_is_the_same_checkpoint(keeper: Keeper, ruth: Ruth) -> None:
    ruth.mirrors(keeper)
    timed = ruth.folder.checkpoint()
    assert (timed.at_seconds, timed.checkpoint.root) == (NOON, root_of(keeper.entries))
