"""The witnesses remember what an installation has lost: they are asked before anything is signed."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from api.highest_checkpoint import NAME
from ledger.core.witnessing import AddCheckpoint
from tests.continuity.installation import Installation
from tests.continuity.test_going_back import assert_refused, checkpoints
from tests.witness.witnessed import Surgery, surgery_of


@pytest.fixture
def surgery(installation: Installation, tmp_path: Path) -> Iterator[Surgery]:
    """Its witnesses have seen the log's beginning, as a service would have shown it to them."""
    with surgery_of(installation, tmp_path) as made:
        for witness in made.witnesses.values():
            assert witness.ask(AddCheckpoint(0, (), checkpoints(installation)[-1][1])).status_code == 200
        yield made


def show_the_witnesses(installation: Installation) -> int:
    """Have them see all that is there, as each start does, whatever is started; gives the size."""
    assert installation.command("people", "list").returncode == 0
    return installation.size()


def test_yesterdays_backup_does_not_start_although_its_file_was_removed_because_a_witness_knows(
    surgery: Surgery,
) -> None:
    installation = surgery.installation
    backup, then = installation.back_up(), installation.size()
    installation.add_people("Sam Diallo")
    now = show_the_witnesses(installation)
    assert now > then
    installation.restore(backup)
    (installation.home / NAME).unlink()
    assert_refused(
        installation,
        f"the database went back: the database holds {then} entries",
        f"but witness patients at {surgery.witnesses['patients'].url} knows {now}",
        "Restore a newer backup",
        "record-ledger recover",
    )
    surgery.stop("patients", "regulator")
    assert_refused(installation, "the database went back", "but witness college")  # one who knows is enough
    surgery.stop("college")
    assert_refused(installation, "do not answer")
    installation.more["LEDGER_START_UNWITNESSED"] = "true"
    assert installation.add_people("Somebody else"), "who starts without witnesses and without the file is warned only"


def test_a_backup_that_ends_between_an_entry_and_its_checkpoint_starts(surgery: Surgery) -> None:
    installation = surgery.installation
    installation.add_people("Sam Diallo")
    size = show_the_witnesses(installation)
    with psycopg.connect(installation.database.superuser_dsn) as connection:
        connection.execute("alter table ledger.checkpoint disable trigger all")
        connection.execute("delete from ledger.checkpoint where size = %s", [size])
        connection.execute("alter table ledger.checkpoint enable always trigger refuse_change")
    assert checkpoints(installation)[-1][0] < size == installation.size()
    assert installation.add_people("Somebody else"), "every entry that the witnesses know is there"


def test_another_history_is_refused_whether_it_is_smaller_the_same_or_larger(surgery: Surgery) -> None:
    installation = surgery.installation
    backup = installation.back_up()
    installation.add_people("Sam Diallo")
    show_the_witnesses(installation)
    installation.restore(backup)
    (installation.home / NAME).unlink()
    policy = installation.more.pop("LEDGER_POLICY")
    for name in ("Somebody else", "And another"):  # the same size, then a larger one
        installation.add_people(name)
        (installation.home / NAME).unlink()
        installation.more["LEDGER_POLICY"] = policy
        assert_refused(installation, "the database holds another history", "and witness patients at")
        del installation.more["LEDGER_POLICY"]


@pytest.mark.parametrize(
    ("silent", "starts"),
    [((), True), (("college",), True), (("college", "patients"), False), (("college", "patients", "regulator"), False)],
)
def test_it_starts_only_where_no_quorum_could_be_among_the_silent(
    surgery: Surgery, silent: tuple[str, ...], *, starts: bool
) -> None:
    installation = surgery.installation
    surgery.stop(*silent)
    outcome = installation.command("people", "list")
    assert outcome.returncode == (0 if starts else 3), outcome.stderr
    if starts:
        return
    told = " ".join(outcome.stderr.split())
    assert f"the witnesses {', '.join(sorted(silent))} do not answer" in told
    assert "LEDGER_START_UNWITNESSED=true" in told
    installation.more["LEDGER_START_UNWITNESSED"] = "true"
    assert installation.command("people", "list").returncode == 0
    assert installation.command("people", "list").returncode == 0


def test_the_file_is_checked_although_the_witnesses_are_not_waited_for(surgery: Surgery) -> None:
    installation = surgery.installation
    backup = installation.back_up()
    installation.add_people("Sam Diallo")
    installation.restore(backup)
    surgery.stop("patients", "regulator", "college")
    installation.more["LEDGER_START_UNWITNESSED"] = "true"
    assert_refused(installation, "the database went back", NAME)


def test_after_recovery_the_witnesses_of_the_old_name_see_nothing_new(surgery: Surgery) -> None:
    installation = surgery.installation
    backup, left = installation.back_up(), installation.size()
    installation.add_people("Sam Diallo")
    known = show_the_witnesses(installation)
    note = (installation.home / NAME).read_bytes()
    installation.restore(backup)
    (installation.home / NAME).unlink()
    words = ["recover", "--origin", "surgery.example/2"]
    asked = " ".join(installation.command(*words).stderr.split())
    assert f"Its keeper has the note of {known}: name it with --checkpoint" in asked
    (surgery.folder / "note").write_bytes(note)
    words += ["--checkpoint", str(surgery.folder / "note")]
    asked = " ".join(installation.command(*words).stderr.split())
    assert asked.endswith(f"--yes-entries-are-lost {known - left}.")
    done = installation.command(*words, "--yes-entries-are-lost", str(known - left))
    assert done.returncode == 0, done.stderr
    installation.origin = "surgery.example/2"
    installation.more = {}
    installation.add_people("Dr Lind")
    for witness in surgery.witnesses.values():
        assert "surgery.example/2" not in witness.log()
    installation.more = {"LEDGER_POLICY": str(surgery.folder / "policy")}
    assert_refused(installation, "do not answer")  # they do not watch the new name until their keepers say so
