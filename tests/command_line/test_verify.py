"""``verify`` as a person runs it: a whole ledger, what is new, the vault; a receipt without any ledger at all."""

import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from api.postgres import EmbeddedPostgres
from ledger.core.receipt import Receipt
from tests.command_line.running import call, done, run
from tests.postgres_fixture import UNSAFE_FAST


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home with a small ledger of its own, whose database runs, so that each command only attaches."""
    home = tmp_path_factory.mktemp("verify") / "home"
    with EmbeddedPostgres(home, options=UNSAFE_FAST):
        done(home, "people", "add", "Amina")
        yield home


def succeeded(home: Path, *words: str) -> str:
    """What a command prints that must succeed, in this process."""
    result = call(home, *words)
    assert result.exit_code == 0, result.output
    return result.stdout


def verified(home: Path, *words: str) -> dict[str, object]:
    value: dict[str, object] = json.loads(succeeded(home, "verify", *words, "--json"))
    return value


def test_a_whole_ledger_then_what_is_new_then_everything(founded: Path) -> None:
    first = verified(founded)
    assert (first["ok"], first["since"]) == (True, 0)
    size = first["size"]
    succeeded(founded, "people", "add", "Sam")
    new = verified(founded, "--new")
    assert (new["ok"], new["since"]) == (True, size)
    assert new["size"] > size  # type: ignore[operator]
    assert verified(founded, "--full")["since"] == 0
    assert verified(founded, "--without-keys", "--new")["since"] == 0, "what was verified with keys is another file"
    last = json.loads((founded / "last-verification.json").read_text())
    assert (last["ok"], last["size"], last["contents"]) == (True, new["size"], False)
    kept = {file.name for file in founded.glob("verified*")}
    assert kept == {"verified.json", "verified-without-keys.json"}


def test_a_key_that_is_gone_without_an_erasure_is_found_by_vault(founded: Path) -> None:
    assert verified(founded, "--vault")["ok"] is True
    with EmbeddedPostgres(founded) as server, psycopg.connect(server.superuser_dsn("ledger")) as connection:
        connection.execute("alter table ledger.vault disable trigger all")
        removed = connection.execute("delete from ledger.vault where part = 1 returning *").fetchall()
        connection.commit()
    found = run(founded, "verify", "--vault", "--json")
    assert found.returncode == 1
    outcome = json.loads(found.stdout)
    assert outcome["first_wrong"]["step"] == 12
    assert outcome["first_wrong"]["wrong"]["position"] == min(row[0] for row in removed)
    with EmbeddedPostgres(founded) as server, psycopg.connect(server.superuser_dsn("ledger")) as connection:
        connection.cursor().executemany("insert into ledger.vault values (%s, %s, %s, %s)", removed)
        connection.execute("alter table ledger.vault enable trigger all")


def test_a_receipt_is_checked_where_there_is_no_ledger(founded: Path, tmp_path: Path) -> None:
    file, verifier = tmp_path / "receipt.json", tmp_path / "log.txt"
    succeeded(founded, "receipt", *last_said(founded), "--to", str(file))
    verifier.write_text(json.loads(succeeded(founded, "log-keys", "list", "--json"))["verifier"])
    outcome = json.loads(done(None, "verify", "receipt", str(file), "--verifier", str(verifier), "--json"))
    assert outcome["ok"] is True
    assert succeeded(tmp_path / "none", "verify", str(file), "--verifier", str(verifier)).startswith(str(file))
    value = json.loads(file.read_text())
    assert Receipt.from_json(value).index > 0
    value["entry"] = value["entry"].replace("recorded_at", "recorded_ad")
    file.write_text(json.dumps(value))
    assert call(tmp_path / "none", "verify", str(file), "--verifier", str(verifier)).exit_code == 1


def last_said(home: Path) -> tuple[str, str]:
    """The author and the id of the last statement."""
    query = "select author::text, statement::text from ledger.entry order by position desc limit 1"
    with EmbeddedPostgres(home) as server, psycopg.connect(server.superuser_dsn("ledger")) as connection:
        [(author, statement)] = connection.execute(query).fetchall()
    return author, statement


WRONG = {
    "a receipt without the log's keys": (["verify", "receipt", __file__], 2),
    "a receipt that is not there": (["verify", "receipt", "nowhere.json", "--verifier", "nowhere.txt"], 2),
    "a bundle that is not there": (["verify", "bundle", "nowhere.zip"], 2),
    "a mirror that is not there": (["verify", "mirror", "nowhere"], 2),
    "a folder that is no mirror": (["verify", str(Path(__file__).parent)], 1),
    "what is neither a command nor a file": (["verify", "nowhere"], 2),
    "options that contradict each other": (["verify", "--vault", "--without-keys"], 2),
    "keys that are none": (["verify", "receipt", __file__, "--verifier", __file__], 1),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_checked_ends_in_one_sentence(case: str, tmp_path: Path) -> None:
    words, code = WRONG[case]
    result = call(tmp_path / "home", *words)
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    assert not (tmp_path / "home").exists(), "none of this needs a home"
