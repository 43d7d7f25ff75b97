"""One build of the verifier in Go for the whole run, one process of it for each module."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.independent.go import Go, build, running


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.getbasetemp()
    # Under xdist each worker has a folder of its own below the one that they share.
    return build(base.parent if base.name.startswith("popen-") else base)


@pytest.fixture(scope="module")
def go(program: Path) -> Iterator[Go]:
    with running(program) as verifier:
        yield verifier
