"""The large ledger is a real one, in small here, and every page that is measured in it answers."""

import asyncio
from pathlib import Path

import pytest

from api.postgres import EmbeddedPostgres
from ledger.core.instants import DAY, Instant
from tests.bench.large import made_in
from tests.bench.large_record import Sizes
from tests.bench.pages import measure, pages_of
from tests.postgres_fixture import UNSAFE_FAST, Database
from tests.soundness import assert_ledger_sound
from tests.story import KEYRING

SMALL = Sizes(items=150, lines=120, comments=5, directives=30, patients=2)


def test_a_large_ledger_in_small_is_sound_and_every_page_of_it_is_measured(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home.mkdir()
    home.chmod(0o711)
    large = made_in(home, SMALL)
    assert (large.items, large.lines >= SMALL.lines) == (SMALL.items, True)
    assert made_in(home, SMALL) == large
    with EmbeddedPostgres(home / "home", options=UNSAFE_FAST) as postgres:
        assert_ledger_sound(Database(postgres, "large").dsn(), KEYRING)
        told = asyncio.run(measure(postgres, large, rounds=2))
    assert [one.name for one in told] == [page.name for page in pages_of(large, Instant(100 * DAY))]
    told_of = capsys.readouterr().out
    assert all(one.line() in told_of and one.size and one.p50 > 0 for one in told)
