"""A log that has lost entries goes on under a new name: what was restored keeps its meaning."""

from pathlib import Path

import psycopg
import pytest

from api.clock import clock
from api.highest_checkpoint import NAME
from api.secrets import load_keyring
from api.verifying import verify_database
from ledger.core.checkpoint import open_note
from ledger.core.log_keys import LogVerifier
from ledger.core.receipt import ReceiptError, check_receipt
from ledger.ledger import Ledger
from ledger.saying import Answer, By
from tests.continuity.installation import Installation
from tests.continuity.service import served
from tests.continuity.test_going_back import assert_refused, checkpoints

NEW = "surgery.example/2"


def lose(installation: Installation) -> tuple[int, int]:
    """Lose the newest entries for good; gives how many are left, and how many are lost."""
    backup, left = installation.back_up(), installation.size()
    installation.add_people("Sam Diallo", "Dr Okafor")
    lost = installation.size() - left
    installation.restore(backup)
    return left, lost


def recover(installation: Installation, lost: int | None, *words: str) -> str:
    """Recover, and point the installation at the new name; gives what was told."""
    confirmed = () if lost is None else ("--yes-entries-are-lost", str(lost))
    done = installation.command("recover", "--origin", NEW, *confirmed, *words)
    assert done.returncode == 0, done.stderr
    installation.origin = NEW
    return done.stdout


def verifier(installation: Installation) -> LogVerifier:
    return load_keyring(installation.home, installation.origin).log.verifier


def test_recovery_says_what_is_lost_and_goes_on_only_once_that_is_confirmed(installation: Installation) -> None:
    left, lost = lose(installation)
    for words in ((), ("--yes-entries-are-lost", str(lost + 1))):
        refused = installation.command("recover", "--origin", NEW, *words)
        assert refused.returncode == 1
        told = " ".join(refused.stderr.split())
        assert f"holds {left} entries" in told
        assert f"--yes-entries-are-lost {lost}" in told
    assert installation.size() == left
    told = recover(installation, lost)
    assert f"The log surgery.example goes on as {NEW}, from position {left}." in told
    assert installation.size() == left + 1


def test_after_recovery_the_ledger_serves_under_the_new_name_and_never_under_the_old_one(
    installation: Installation,
) -> None:
    ada, key = installation.founder(), installation.home / "ada.jwk"
    left, lost = lose(installation)
    recover(installation, lost)
    installation.origin = "surgery.example"
    assert_refused(installation, "surgery.example: it was continued as surgery.example/2", "set LEDGER_ORIGIN")
    installation.origin = NEW
    assert installation.command("keys", "make", ada, "--to", str(key)).returncode == 0
    with served(installation) as service:
        headers = service.sign_in(key, "administrator")
        assert service.post("/people", headers, {"name": "Dr Lind"}).status_code == 201
    assert open_note((installation.home / NAME).read_bytes())[1].origin == NEW
    assert all(
        open_note(note)[1].origin == (NEW if size > left else "surgery.example")
        for size, note in checkpoints(installation)
    )


def test_old_receipts_still_check_against_the_old_keys_and_not_against_the_new(installation: Installation) -> None:
    old = verifier(installation)

    async def register(ledger: Ledger) -> Answer:
        return await ledger.people.register(By(ledger.people.founders[0], "administrator"), "Ruth Abara")

    kept = installation.within(register)
    backup = installation.back_up()
    left = installation.size()
    lost_one = installation.within(register)
    lost = installation.size() - left
    installation.restore(backup)
    recover(installation, lost)
    new = load_keyring(installation.home, NEW)
    for receipt in (kept.receipt, lost_one.receipt):
        check_receipt(receipt, old)
        check_receipt(receipt, new.earlier[0].verifier)
        with pytest.raises(ReceiptError, match="is it another log"):
            check_receipt(receipt, new.log.verifier)

    async def again(ledger: Ledger) -> bytes:
        return (await ledger.receipts.receipt_at(kept.position)).entry

    assert installation.within(again) == kept.receipt.entry, "an entry keeps its position under the new name"


def test_the_same_people_go_on_speaking_under_their_old_keys(installation: Installation) -> None:
    async def who(ledger: Ledger) -> tuple[str, tuple[str, str]]:
        return ledger.keyring.service, ledger.people.founders

    before = installation.within(who)
    _, lost = lose(installation)
    recover(installation, lost)
    assert installation.within(who) == before
    assert len(installation.add_people("Dr Lind")) == 1


def test_a_whole_ledger_with_a_continuation_verifies(installation: Installation) -> None:
    _, lost = lose(installation)
    recover(installation, lost)
    installation.add_people("Dr Lind")
    keyring = load_keyring(installation.home, NEW)
    outcome = verify_database(installation.database.dsn("ledger_reader"), keyring, at=clock())
    assert outcome.ok, str(outcome)


def test_nothing_is_recovered_where_nothing_is_lost(installation: Installation) -> None:
    refused = installation.command("recover", "--origin", NEW, "--yes-entries-are-lost", "0")
    assert refused.returncode == 1
    assert "nothing is lost" in refused.stderr
    assert installation.add_people("Sam Diallo")


def test_nothing_is_recovered_while_a_service_runs_on_the_database(installation: Installation) -> None:
    with served(installation):
        refused = installation.command("recover", "--origin", NEW)
    assert refused.returncode == 1
    assert "stop the service" in refused.stderr


def test_a_log_is_continued_twice(installation: Installation) -> None:
    _, lost = lose(installation)
    recover(installation, lost)
    installation.add_people("Dr Lind")
    _, lost = lose(installation)
    for name, code, why in (("surgery.example", 1, "wanted new names"), (NEW, 3, "the database went back")):
        refused = installation.command("recover", "--origin", name, "--yes-entries-are-lost", str(lost))
        assert refused.returncode == code, refused.stdout
        assert why in " ".join(refused.stderr.split())
    third = "surgery.example/3"
    done = installation.command("recover", "--origin", third, "--yes-entries-are-lost", str(lost))
    assert done.returncode == 0, done.stderr
    installation.origin = third
    assert installation.add_people("Dr Moss")
    assert [log.continued_as for log in load_keyring(installation.home, third).earlier] == [NEW, third]


def test_the_newest_checkpoint_can_be_given_where_the_file_is_lost(installation: Installation, tmp_path: Path) -> None:
    backup, left = installation.back_up(), installation.size()
    installation.add_people("Sam Diallo")
    lost = installation.size() - left
    kept = tmp_path / "checkpoint.txt"
    kept.write_bytes((installation.home / NAME).read_bytes())
    installation.restore(backup)
    (installation.home / NAME).unlink()
    recover(installation, lost, "--checkpoint", str(kept))
    with psycopg.connect(installation.database.superuser_dsn) as connection:
        row = connection.execute("select entry from ledger.entry where type = 'log-continued/1'").fetchone()
    assert row is not None
