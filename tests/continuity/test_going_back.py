"""A database that is behind what is known of the log, or holds another history, is never signed on."""

import shutil
import time
from pathlib import Path

import psycopg
import pytest

from api.highest_checkpoint import NAME, HighestCheckpoint
from ledger.core.checkpoint import open_note
from ledger.store.errors import WentBack
from tests.continuity.installation import Installation
from tests.continuity.service import served


def checkpoints(installation: Installation) -> list[tuple[int, bytes]]:
    with psycopg.connect(installation.database.superuser_dsn) as connection:
        return connection.execute("select size, note from ledger.checkpoint order by size").fetchall()


def await_kept(installation: Installation) -> None:
    """Wait until the running service has the newest checkpoint in its file: about a second."""
    deadline = time.monotonic() + 20
    while (installation.home / NAME).read_bytes() != checkpoints(installation)[-1][1]:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def assert_refused(installation: Installation, *sentences: str) -> None:
    """The commands and the service refuse, say why and what to do, and sign nothing."""
    before = checkpoints(installation)
    for words in (["people", "list"], ["serve", "--port", "0"]):
        refused = installation.command(*words)
        assert refused.returncode == 3, refused.stderr
        told = " ".join(refused.stderr.split())
        for sentence in sentences:
            assert sentence in told, told
        assert "Traceback" not in told
    assert checkpoints(installation) == before


def test_the_file_holds_the_highest_checkpoint_that_was_released(installation: Installation) -> None:
    file = installation.home / NAME
    for _ in range(2):
        installation.add_people("Sam Diallo")
        size, note = checkpoints(installation)[-1]
        assert file.read_bytes() == note
        assert size == installation.size()


def test_yesterdays_backup_does_not_start_and_the_message_says_why_and_what_to_do(installation: Installation) -> None:
    backup, then = installation.back_up(), installation.size()
    installation.add_people("Sam Diallo", "Dr Okafor")
    now = installation.size()
    installation.restore(backup)
    assert_refused(
        installation,
        "the database went back",
        f"the database holds {then} entries, the last of 20",
        f"{NAME} has {now} entries, signed at 20",
        "Nothing was signed",
        "Restore a newer backup",
        "record-ledger recover",
        "docs/how-to/recover-after-loss.md",
    )


def test_an_empty_database_in_the_place_of_the_log_does_not_start(installation: Installation) -> None:
    with psycopg.connect(installation.database.superuser_dsn) as connection:
        connection.execute("drop schema ledger, projections, sign_in cascade")
    assert "migrate" in installation.command("people", "list").stderr
    migrated = Path(installation.home)  # the keys and the file stay; only the database is new
    from api.wiring import SCHEMA_FOLDERS  # noqa: PLC0415
    from ledger.store.migrate import migrate  # noqa: PLC0415

    migrate(installation.database.superuser_dsn, *SCHEMA_FOLDERS)
    assert (migrated / NAME).exists()
    assert_refused(installation, "the database went back: the database holds 0 entries, but")


def test_another_history_of_the_same_size_does_not_start(installation: Installation) -> None:
    backup = installation.back_up()
    installation.add_people("Sam Diallo")
    ours = (installation.home / NAME).read_bytes()
    installation.restore(backup)
    (installation.home / NAME).unlink()
    installation.add_people("Somebody else")  # what an operator makes who removes the file: a second history
    (installation.home / NAME).write_bytes(ours)
    assert_refused(installation, "the database holds another history", "Keep this database as evidence")


def test_another_history_that_is_larger_does_not_start(installation: Installation) -> None:
    backup = installation.back_up()
    installation.add_people("Sam Diallo")
    ours = (installation.home / NAME).read_bytes()
    installation.restore(backup)
    (installation.home / NAME).unlink()
    installation.add_people("Somebody else", "And another")
    (installation.home / NAME).write_bytes(ours)
    assert_refused(installation, "the database holds another history")


def test_a_log_cut_off_behind_its_own_newest_checkpoint_does_not_start(installation: Installation) -> None:
    installation.add_people("Sam Diallo")
    (installation.home / NAME).unlink()
    with psycopg.connect(installation.database.superuser_dsn) as connection:
        connection.execute("update ledger.head set size = size - 2")
    assert_refused(installation, "the database went back", "its own newest checkpoint")


def test_a_database_under_another_name_or_with_other_keys_does_not_start(installation: Installation) -> None:
    installation.origin = "clinic.example"
    assert_refused(installation, "LEDGER_ORIGIN")
    installation.origin = "surgery.example"
    shutil.rmtree(installation.home / "keys")
    assert_refused(installation, "put back")


def test_a_file_that_cannot_be_read_is_not_passed_over(installation: Installation) -> None:
    file = installation.home / NAME
    whole = file.read_bytes()
    for damaged in (b"", whole[:-1], whole.replace(b"surgery", b"surgerz"), whole[:40] + b"A" + whole[41:]):
        file.write_bytes(damaged)
        with pytest.raises(WentBack, match=NAME):
            installation.add_people("Sam Diallo")
    file.write_bytes(whole)
    installation.add_people("Sam Diallo")


def test_the_file_is_never_lowered(installation: Installation) -> None:
    installation.add_people("Sam Diallo")
    from api.secrets import load_keyring  # noqa: PLC0415

    highest = HighestCheckpoint(
        installation.home, load_keyring(installation.home, installation.origin).log.verifier
    )  # fmt: skip
    newest = highest.note()
    for size, note in checkpoints(installation):
        assert not highest.raise_to(note), size
    assert newest is not None
    assert open_note(newest)[1].size == installation.size()


def test_a_database_swapped_under_the_running_service_ends_the_service(installation: Installation) -> None:
    ada = installation.founder()
    key = installation.home / "ada.jwk"
    assert installation.command("keys", "make", ada, "--to", str(key)).returncode == 0
    backup = installation.back_up()
    with served(installation) as service:
        headers = service.sign_in(key, "administrator")
        assert service.post("/people", headers, {"name": "Sam Diallo"}).status_code == 201
        await_kept(installation)
        installation.restore(backup)
        assert service.post("/people", headers, {"name": "Dr Okafor"}).status_code == 503
        assert service.ended() == 3
        assert "the database was changed under the running ledger: got" in service.told()
    assert_refused(installation, "the database went back")
