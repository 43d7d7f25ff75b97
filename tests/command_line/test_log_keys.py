"""The log's keys are rotated by an operator: with real commands, a real service, and a thief at the end."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from api.log_key_files import NAMES, VERIFIER, load_log_keys, retire, rotate
from api.secret_files import SecretsError, make_secret, read_secret, secret_file
from api.secrets import load_keyring
from ledger.core.checkpoint import Checkpoint, CheckpointError
from ledger.core.edge import Edge
from ledger.core.log_keys import LogKeyPair, LogKeys, LogVerifier
from ledger.core.merkle import NodeHash, leaf_hash
from ledger.core.receipt import Receipt, check_receipt
from tests.begun import PROGRAM, Popen
from tests.command_line.running import call, environment
from tests.postgres_fixture import UNSAFE_FAST, EmbeddedPostgres, home_in_memory

ORIGIN = "record-ledger.localhost"


@pytest.fixture
def home() -> Iterator[Path]:
    """A home of this test's own whose database runs, so that each command only attaches."""
    with home_in_memory() as path, EmbeddedPostgres(path, options=UNSAFE_FAST):
        yield path


def superuser(home: Path) -> str:
    """A connection string that may do everything in the database of a home that runs."""
    with EmbeddedPostgres(home) as server:
        return server.superuser_dsn("ledger")


@contextmanager
def service(home: Path) -> Iterator[str]:
    """The served ledger's URL."""
    command = [PROGRAM, "serve", "--port", "0"]
    with Popen(command, env=environment(home), stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            yield next(line.split()[-1] for line in process.stderr if " serves " in line)
        finally:
            process.terminate()
            process.communicate(timeout=60)


def answer(home: Path, *words: str) -> Any:
    result = call(home, *words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def refusal(home: Path, *words: str) -> tuple[int, str]:
    result = call(home, *words)
    return result.exit_code, result.output


def told(url: str) -> LogVerifier:
    return LogVerifier.parse(httpx.get(f"{url}/log/verifier").text)


def newest(url: str) -> bytes:
    return httpx.get(f"{url}/log/checkpoint").content


def test_the_logs_keys_are_rotated_with_an_overlap_and_a_stolen_retired_key_is_worthless_beyond_its_size(
    home: Path,
) -> None:
    answer(home, "people", "add", "Amina")
    stolen = [read_secret(secret_file(home / "keys", name)) for name in NAMES]
    with service(home) as url:
        first = told(url)
        before = newest(url)
        made = answer(home, "log-keys", "rotate")
        assert (made["pair"], made["until"]) == (2, None)
        second = LogVerifier(LogVerifier.parse(made["verifier"]).pairs[1:])
        assert told(url) == first, "a service signs with what it was started with"
        assert refusal(home, "log-keys", "rotate")[0] == 1
        code, why = refusal(home, "log-keys", "retire", "1")
        assert code == 1
        assert "no other pair has signed the newest checkpoint" in why
        assert "restart every process of the service" in why

    with service(home) as url:
        both = told(url)
        assert str(both) == made["verifier"] == (home / "keys" / VERIFIER).read_text()
        answer(home, "people", "add", "Sam")
        overlapping = newest(url)
        for holder in (first, second, both):
            assert holder.open_checkpoint(overlapping).size > first.open_checkpoint(before).size
        retired = answer(home, "log-keys", "retire", "1")
        until = both.open_checkpoint(overlapping).size
        assert retired["until"] == until
        assert answer(home, "log-keys", "retire", "1") == retired, "once is enough"

    assert {file.name for file in (home / "keys").glob("log-*")} == {
        VERIFIER, "log-ed25519.2.key", "log-ml-dsa-44.2.key",
    }  # fmt: skip
    answer(home, "people", "add", "Nia")
    with service(home) as url:
        after, present = newest(url), told(url)
    assert [pair["until"] for pair in answer(home, "log-keys", "list")["pairs"]] == [until, None]
    assert present.open_checkpoint(before).size < until < present.open_checkpoint(after).size
    with pytest.raises(CheckpointError):
        first.open_checkpoint(after)
    assert answer(home, "verify")["ok"], "what the retired pair signed stands"

    thief = LogKeys.from_seeds(ORIGIN, *stolen)
    forged = thief.sign_checkpoint(present.open_checkpoint(after), 1_778_000_000)
    assert first.open_checkpoint(forged) == present.open_checkpoint(after), "only who was never told believes it"
    with psycopg.connect(superuser(home)) as connection:
        connection.execute("alter table ledger.checkpoint disable trigger all")
        connection.execute(
            "update ledger.checkpoint set note = %s where size = (select max(size) from ledger.checkpoint)", [forged]
        )
    code, why = refusal(home, "verify")
    assert code == 1
    assert "got no signatures by both keys of a pair" in why


def test_old_receipts_check_after_a_rotation(home: Path) -> None:
    answer(home, "people", "add", "Amina")
    with psycopg.connect(superuser(home)) as connection:
        notes = connection.execute("select size, note from ledger.checkpoint order by size").fetchall()
        entries = [entry for (entry,) in connection.execute("select entry from ledger.entry order by position")]
    size, note = notes[0]
    path = Edge.empty().extend([leaf_hash(entry) for entry in entries[:size]]).paths[0]
    receipt = Receipt(0, path, note, entries[0])
    check_receipt(receipt, load_keyring(home, ORIGIN).log.verifier)
    answer(home, "log-keys", "rotate")
    answer(home, "people", "add", "Sam")
    answer(home, "log-keys", "retire", "1")
    verifier = load_keyring(home, ORIGIN).log.verifier
    assert verifier.signing == verifier.pairs[1:]
    check_receipt(receipt, verifier)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    load_keyring(tmp_path, ORIGIN)
    return tmp_path / "keys"


def note_of(keys: LogKeys, size: int) -> bytes:
    return keys.sign_checkpoint(Checkpoint(ORIGIN, size, NodeHash(bytes(32))), 1)


def test_a_crash_at_any_point_of_a_rotation_or_retirement_is_made_good_by_doing_it_again(folder: Path) -> None:
    before = load_log_keys(folder, ORIGIN)
    make_secret(secret_file(folder, "log-ed25519", 2))  # and then it died, before the second file
    assert load_log_keys(folder, ORIGIN).verifier == before.verifier
    made = read_secret(secret_file(folder, "log-ed25519", 2))
    both = rotate(folder, ORIGIN)
    made_too = read_secret(secret_file(folder, "log-ml-dsa-44", 2))
    assert both.verifier.pairs[1] == LogKeyPair.from_seeds(ORIGIN, made, made_too).public
    kept = shutil.copy(secret_file(folder, "log-ed25519"), folder.parent / "kept")
    retire(folder, ORIGIN, 1, note_of(both, 5))
    shutil.copy(kept, secret_file(folder, "log-ed25519"))  # it died before it had deleted this one
    assert load_log_keys(folder, ORIGIN).verifier.pairs[0].until == 5
    assert retire(folder, ORIGIN, 1, note_of(both, 7)).until == 5
    assert not secret_file(folder, "log-ed25519").exists()
    assert not [file for file in folder.iterdir() if file.name.startswith(".")]


def test_a_rotation_can_be_given_up_by_retiring_the_new_pair(folder: Path) -> None:
    alone = load_log_keys(folder, ORIGIN)
    rotate(folder, ORIGIN)
    retire(folder, ORIGIN, 2, note_of(alone, 5))
    after = rotate(folder, ORIGIN)
    assert [pair.until for pair in after.verifier.pairs] == [None, 5, None]
    assert after.verifier.pairs[0] == alone.verifier.pairs[0]


DAMAGE = {
    "a private key is lost": (lambda keys: secret_file(keys, "log-ed25519").unlink(), "nothing is made in its place"),
    "the text is lost": (lambda keys: (keys / VERIFIER).unlink(), "restore it from your backup"),
    "all private keys are lost": (lambda keys: [file.unlink() for file in keys.glob("*.key")], "nothing is made"),
    "others may read a private key": (lambda keys: secret_file(keys, "log-ed25519", 2).chmod(0o640), "wanted 0600"),
    "the text is damaged": (lambda keys: (keys / VERIFIER).write_text("x"), "restore it from your backup"),
    "the text is of other keys": (
        lambda keys: (keys / VERIFIER).write_text(str(LogKeys.from_seeds(ORIGIN, bytes(32), b"1" * 32).verifier)),
        "do not belong to the verifier keys",
    ),
    "the text is of another log": (
        lambda keys: (keys / VERIFIER).write_text(str(LogKeys.from_seeds("a", bytes(32), b"1" * 32).verifier)),
        "is LEDGER_ORIGIN what it was",
    ),
}


@pytest.mark.parametrize(("damage", "why"), DAMAGE.values(), ids=DAMAGE)
def test_keys_that_are_not_whole_sign_nothing(folder: Path, damage: Any, why: str) -> None:
    rotate(folder, ORIGIN)
    damage(folder)
    with pytest.raises(SecretsError, match=why):
        load_keyring(folder.parent, ORIGIN)


def test_a_home_from_before_there_was_a_text_has_one_pair_and_gets_its_text_by_rotating(folder: Path) -> None:
    (folder / VERIFIER).unlink()
    alone = load_log_keys(folder, ORIGIN)
    assert len(alone.verifier.pairs) == 1
    assert rotate(folder, ORIGIN).verifier.pairs[0] == alone.verifier.pairs[0]
    assert LogVerifier.parse((folder / VERIFIER).read_text()) == load_log_keys(folder, ORIGIN).verifier
