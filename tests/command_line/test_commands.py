"""Every command answers people in sentences and machines in JSON, and its exit code says how it ended."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.postgres import EmbeddedPostgres
from ledger.core.log_keys import LogVerifier
from ledger.core.receipt import Receipt, check_receipt
from tests.command_line.running import call, run
from tests.postgres_fixture import UNSAFE_FAST, home_in_memory

NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A home whose database runs, so that each command only attaches."""
    with home_in_memory() as path, EmbeddedPostgres(path, options=UNSAFE_FAST):
        yield path


def answer(home: Path, *words: str) -> Any:
    result = call(home, *words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_help_loads_nothing_heavy() -> None:
    check = "import sys, api.command_line; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True).stdout.split()
    assert not {"psycopg", "fastapi", "pydantic", "eventsourcing", "cryptography", "ledger"} & set(loaded)


def test_a_person_is_registered_with_roles_and_a_record_and_found_again_without_a_name(home: Path) -> None:
    made = answer(home, "people", "add", "Ruth Abara", "--role", "auditor", "--record")
    assert made["roles"] == ["auditor"]
    assert made["record"]
    listed = {who["person"]: who for who in answer(home, "people", "list")}
    assert listed[made["person"]]["roles"] == ["auditor"], "two founders said it: the rule of two is met"
    assert "Ruth" not in json.dumps(listed)


def test_what_was_said_has_a_receipt_that_is_checked_without_the_ledger(home: Path, tmp_path: Path) -> None:
    made = answer(home, "people", "add", "Amina")
    said, file = made["said"], tmp_path / "receipt.json"
    words = ["receipt", said["author"], said["statement_id"]]
    told = answer(home, *words)
    assert (told["position"], told["standing"]) == (said["position"], "recorded")
    printed = call(home, *words)
    assert json.loads(printed.stdout).keys() == {"entry", "proof"}
    written = call(home, *words, "--to", str(file))
    assert f"position {said['position']}, recorded" in written.stdout
    receipt = Receipt.from_json(json.loads(file.read_text()))
    assert (receipt.index, receipt.entry.decode()) == (said["position"], told["receipt"]["entry"])
    check_receipt(receipt, LogVerifier.parse((home / "keys" / "log-verifier.txt").read_text()))
    policy = tmp_path / "policy"
    policy.write_text("quorum somebody\n")
    refused = call(home, *words, LEDGER_POLICY=str(policy))
    assert refused.exit_code == 3
    assert "line 1" in refused.stderr


def test_a_key_is_made_once_listed_and_revoked(home: Path, tmp_path: Path) -> None:
    person = answer(home, "people", "add", "Amina")["person"]
    file = tmp_path / "amina.jwk"
    made = answer(home, "keys", "make", person, "--to", str(file))
    assert file.stat().st_mode & 0o777 == 0o600
    custody = {key["kid"]: (key["custody"], key["revoked_at"]) for key in answer(home, "keys", "list", person)}
    assert custody[made["kid"]] == ("author", None)
    assert sorted(held for held, _ in custody.values()) == ["author", "service"]
    revoked = answer(home, "keys", "revoke", person, made["kid"], "--reason", "lost")
    assert [key["revoked_at"] for key in answer(home, "keys", "list", person) if key["kid"] == made["kid"]] == [
        revoked["revoked_at"]
    ]
    assert call(home, "keys", "revoke", person, made["kid"]).exit_code == 1


def test_a_key_id_that_begins_with_a_hyphen_is_not_taken_for_an_option(home: Path) -> None:
    refused = call(home, "keys", "revoke", NOBODY, "-LXkeKbCqqnYNz1-9bDEJ5XOJTIXRfDt0nLNJVvrW-M")
    assert refused.exit_code == 1
    assert "wanted somebody who is registered" in refused.output


def test_a_key_that_cannot_be_enrolled_leaves_no_file(home: Path, tmp_path: Path) -> None:
    refused = call(home, "keys", "make", NOBODY, "--to", str(tmp_path / "nobody.jwk"))
    assert refused.exit_code == 1
    assert not list(tmp_path.iterdir())


def test_verify_and_rebuild_answer_machines(home: Path) -> None:
    verified = answer(home, "verify")
    assert verified["ok"]
    assert answer(home, "rebuild") == {"entries": verified["size"]}
    without = answer(home, "verify", "--without-keys")
    assert {step["outcome"] for step in without["steps"]} == {"ok", "left-out"}
    assert answer(home, "migrate") == {"applied": []}


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["verify", "--nonsense"], 2, "No such option"),
        (["people", "add", "Sam", "--role", "king"], 1, "wanted one of clinician"),
        (["people", "add", " "], 1, "text that is not blank"),
        (["people", "care", NOBODY, "not-a-record"], 1, "lower-case UUID"),
        (["keys", "list", "nobody"], 2, "lower-case UUID"),
        (["keys", "list", NOBODY], 1, "somebody who is registered"),
        (["keys", "token", "/nowhere.jwk", "--acting-as", "patient"], 2, "record-ledger keys make"),
        (["receipt", NOBODY, "nothing"], 1, "lower-case UUID"),
        (["receipt", NOBODY, NOBODY], 1, "under this id. Check both ids"),
        (["receipt", NOBODY, NOBODY, "--witnessed"], 2, "wanted the file that names the witnesses"),
        (["receipt", NOBODY, NOBODY, "--to", "/dev/null"], 2, "wanted a new name"),
        (["import", "/nowhere"], 2, "Check the path"),
        (["export", NOBODY, "--to", "/tmp/nothing.zip", "--as", NOBODY], 1, "no such record for you"),
        (["export", NOBODY, "--to", "/tmp/nothing.zip", "--as", NOBODY, "--acting-as", "auditor"], 1, "wanted one of"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_is_wrong_is_told_in_a_sentence_and_by_the_exit_code(
    home: Path, words: list[str], code: int, sentence: str
) -> None:
    refused = call(home, *words)
    assert refused.exit_code == code, refused.stderr
    assert sentence in refused.stderr
    assert refused.stdout == ""


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("LEDGER_PORT", "x", "LEDGER_PORT is 'x'"),
        ("LEDGER_DATABASE_URL", "postgresql://localhost:1/none", "check LEDGER_DATABASE_URL"),
        ("LEDGER_HOME", "/dev/null/home", "Set LEDGER_HOME"),
    ],
)
def test_where_the_ledger_cannot_run_the_exit_code_is_three(
    home: Path, variable: str, value: str, sentence: str
) -> None:
    refused = call(home, "verify", **{variable: value})
    assert refused.exit_code == 3, refused.stderr
    assert sentence in " ".join(refused.stderr.split())


def test_a_database_that_was_never_migrated_says_what_to_run_and_then_works(home: Path, tmp_path: Path) -> None:
    server = EmbeddedPostgres(home)
    server.create_database("bare")
    mine = {"LEDGER_DATABASE_URL": server.superuser_dsn("bare"), "LEDGER_HOME": str(tmp_path / "home")}
    refused = call(home, "people", "list", **mine)
    assert refused.exit_code == 3
    assert "migrate" in refused.stderr
    assert len(json.loads(call(home, "migrate", "--json", **mine).stdout)["applied"]) > 1
    assert json.loads(call(home, "migrate", "--json", **mine).stdout) == {"applied": []}
    assert call(home, "people", "list", **mine).exit_code == 0


def test_what_was_foreseen_leaves_no_traceback_at_a_terminal(home: Path) -> None:
    refused = run(home, "keys", "list", NOBODY)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("record-ledger: person: got")
    assert "Traceback" not in refused.stderr
