"""What was recovered is lost again, or recovery stops half-way: nothing is signed twice, no erased word is shown."""

import asyncio
import zipfile
from pathlib import Path

import pytest

from api.exporting import Wanted, export_record
from api.highest_checkpoint import NAME
from api.recovery import recover as go_on
from api.wiring import open_house
from ledger.core.checkpoint import open_note
from ledger.ledger import Ledger
from tests.continuity.installation import Installation
from tests.continuity.test_erased_words import begun, has_words
from tests.continuity.test_recovery import NEW, lose, recover


def test_a_backup_of_before_the_continuation_is_not_continued_a_second_time_under_the_same_name(
    installation: Installation,
) -> None:
    backup = installation.back_up()
    left, lost = lose(installation)
    recover(installation, lost)
    installation.add_people("Dr Lind")
    released = (installation.home / NAME).read_bytes()
    assert open_note(released)[1].origin == NEW
    installation.restore(backup)
    again = installation.command("recover", "--origin", NEW)
    assert again.returncode != 0, again.stdout
    assert installation.size() == left
    assert (installation.home / NAME).read_bytes() == released


def test_a_file_made_after_a_recovery_that_stopped_before_it_erased_again_has_no_erased_words(
    installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    note, backup = begun(installation)
    lost = installation.size()
    installation.restore(backup)
    lost -= installation.size()

    async def killed(_ledger: Ledger) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("api.recovery.apply_erasures", killed)
        with pytest.raises(KeyboardInterrupt):
            go_on(installation.settings, NEW, lost=lost)
    installation.origin = NEW
    assert has_words(installation, note)
    wanted, file = Wanted(note.cast.record, note.cast.patient, "patient"), tmp_path / "amina.zip"
    with open_house(installation.settings) as house:
        asyncio.run(export_record(house, wanted, file))
    assert b"Afraid of her neighbour." not in zipfile.ZipFile(file).read("record.json")
    assert not has_words(installation, note)
