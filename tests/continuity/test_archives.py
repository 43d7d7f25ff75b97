"""The archives of the guide, restored on another day: the data directory, and what never goes back."""

from pathlib import Path

import pytest

from api.highest_checkpoint import NAME
from api.settings import Settings
from api.wiring import ledger_of, open_house
from ledger.saying import By
from ledger.store.errors import WentBack
from tests.docs.regions import DOCS
from tests.docs.test_how_to import follow
from tests.postgres_fixture import remove_home
from tests.store.cast import gather_cast

GUIDE = DOCS / "how-to" / "back-up-and-restore.md"


def lines(*beginnings: str) -> list[str]:
    """The guide's commands that begin so, in order."""
    told = [line.removeprefix("$ ") for line in GUIDE.read_text().splitlines() if line.startswith("$ ")]
    return [line for line in told if line.startswith(beginnings)]


async def test_yesterdays_archive_of_the_data_directory_does_not_start_beside_todays_two_files(
    home: Path, tmp_path: Path
) -> None:
    restored = home.with_name("restored")
    with open_house(Settings(home=home)) as house:
        async with ledger_of(house) as ledger:
            await gather_cast(ledger)
            then = ledger.rows.sequencer.size
    for line in lines("tar --create"):
        follow(line, home, tmp_path)
    with open_house(Settings(home=home)) as house:
        async with ledger_of(house) as ledger:
            await ledger.people.register(By(ledger.people.founders[0], "administrator"), "Sam Diallo")
    follow(next(line for line in lines("tar --create") if NAME in line and "--exclude" not in line), home, tmp_path)
    for line in lines("mkdir", "tar --extract"):
        follow(line, restored, tmp_path)
    try:
        with open_house(Settings(home=restored)) as house:
            with pytest.raises(WentBack, match=f"the database went back: the database holds {then} entries"):
                async with ledger_of(house):
                    pass
            (restored / NAME).unlink()  # without the file, and without witnesses, nobody can tell
            async with ledger_of(house) as ledger:
                assert ledger.rows.sequencer.size == then
    finally:
        remove_home(restored)
