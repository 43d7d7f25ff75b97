"""A surgery with three witnesses, each a process of its own, two of whom are wanted."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.continuity.installation import installed
from tests.postgres_fixture import Database
from tests.witness.witnessed import Surgery, surgery_of


@pytest.fixture
def surgery(home: Path, database: Database, tmp_path: Path) -> Iterator[Surgery]:
    with installed(home, database) as installation, surgery_of(installation, tmp_path) as made:
        yield made
