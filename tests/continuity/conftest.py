"""An installation for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.continuity.installation import Installation, installed
from tests.postgres_fixture import Database


@pytest.fixture
def installation(home: Path, database: Database) -> Iterator[Installation]:
    with installed(home, database) as made:
        yield made
