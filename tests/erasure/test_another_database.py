"""LEDGER_ERASER_URL names another database by mistake: nothing is destroyed there, nor a key that is needed here."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from api.rotating import destroy, rotate
from api.wiring import open_house
from ledger.store.errors import NotRecorded, VaultRefused
from ledger.use_cases.erasing import apply_erasures
from tests.continuity.installation import Installation, installed
from tests.continuity.test_erased_words import Erasable, erase, has_words, write_note
from tests.postgres_fixture import Database


@pytest.fixture
def installation(home: Path, database: Database) -> Iterator[Installation]:
    with installed(home, database) as made:
        yield made


def words_in(installation: Installation, name: str, note: Erasable) -> bool:
    """Whether a database beside the installation's has the key of a note's words."""
    with psycopg.connect(installation.database.server.superuser_dsn(name)) as connection:
        query = "select count(*) from ledger.vault where part = 1 and position = %s"
        return connection.execute(query, [note.position]).fetchone() == (1,)


def test_words_that_nobody_erased_there_stay_in_another_database(installation: Installation) -> None:
    note = installation.within(write_note)
    other = installation.back_up()
    installation.more["LEDGER_ERASER_URL"] = installation.database.server.dsn("ledger_eraser", other)
    installation.within(lambda ledger: erase(ledger, note))
    assert words_in(installation, other, note)
    assert has_words(installation, note)
    with pytest.raises(NotRecorded, match="LEDGER_ERASER_URL"):
        installation.within(apply_erasures)
    installation.more["LEDGER_ERASER_URL"] = installation.database.dsn("ledger_eraser")
    assert installation.within(apply_erasures) == 2, "the words of the note, and the reason for erasing them"
    assert not has_words(installation, note)


def test_a_key_that_is_needed_here_is_not_destroyed_because_another_vault_does_without(
    installation: Installation,
) -> None:
    other = installation.back_up()
    installation.add_people("Sam Diallo")
    installation.more["LEDGER_ERASER_URL"] = installation.database.server.dsn("ledger_eraser", other)
    with open_house(installation.settings) as house:
        with pytest.raises(VaultRefused, match="LEDGER_ERASER_URL"):
            rotate(house, lambda _done, _of: None)
        with pytest.raises(VaultRefused, match="LEDGER_ERASER_URL"):
            destroy(house, 1)
    assert installation.add_people("Dr Moss")
