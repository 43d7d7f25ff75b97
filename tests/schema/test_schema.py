"""Requests of any shape, as each role: no answer is a server's error, and each is as the document says.

Here every operation is asked a few times, by one role after the other. By hand, with more of them by every role:
``python -m tests.schema.run``.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from api.postgres import EmbeddedPostgres
from tests.postgres_fixture import Database, new_database
from tests.schema.fuzzing import BEYOND_A_SCHEMA, ask, shares
from tests.schema.serving import ROLES, Serving, serving
from tests.story import Beginning


@pytest.fixture(scope="module")
def served(
    postgres: EmbeddedPostgres, begun: tuple[str, Beginning], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Serving]:
    template, people = begun
    home: Path = tmp_path_factory.mktemp("home")
    with new_database(postgres, template) as name, serving(Database(postgres, name), people, home) as served:
        yield served


@pytest.mark.parametrize("role", ROLES)
def test_whatever_somebody_sends_is_answered_as_the_document_says(served: Serving, role: str) -> None:
    names = shares(served.place.operations, ROLES)[role]
    found = ask(served, served.caller(role), names, examples=1)
    assert not found.faults, "\n".join(f"{fault}: {how}" for fault, how in found.faults.items())
    assert found.requests >= len(names)
    assert found.statuses[200] + found.statuses[201] + found.statuses[403] + found.statuses[404] > 0
    assert not [status for status in found.statuses if status >= 500]


def test_what_no_schema_says_is_said_of_operations_that_there_are(served: Serving) -> None:
    assert set(BEYOND_A_SCHEMA) <= set(served.place.operations)
