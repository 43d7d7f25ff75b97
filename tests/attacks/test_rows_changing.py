"""Rows of the attacks that must be detected: changing what was said. Each is made on a real database, and a real
``record-ledger verify`` names the first position that is wrong."""

from typing import Any

import psycopg
import pytest

from tests.attacks.ground import Ground

ALTERED = {
    "an entry": "update ledger.entry set entry = set_byte(entry, 400, get_byte(entry, 400) # 1) where position = %s",
    "a statement's id": "update ledger.entry set statement = gen_random_uuid() where position = %s",
    "sealed words": "update ledger.entry set words = set_byte(words, 40, get_byte(words, 40) # 1) where position = %s",
    "a wrapped key": "update ledger.vault set wrapped = set_byte(wrapped, 20, get_byte(wrapped, 20) # 1)"
    " where part = 1 and position = %s",
    "a fact's place": "update ledger.fact set position = position + 1 where position = %s",
}


@pytest.mark.parametrize("what", ALTERED)
def test_alter_a_stored_entry_statement_or_sealed_content(ground: Ground, what: str) -> None:
    """Flip anything of a note: ``verify`` names its position."""
    position = ground.lived.positions["note"]
    ground.tamper(ALTERED[what], position)
    assert ground.first_wrong()["position"] == position


def test_alter_a_hash_tile(ground: Ground) -> None:
    """A hash of a tile is flipped: the entries beneath it are named."""
    ground.tamper("update ledger.tile set hashes = set_byte(hashes, 33, get_byte(hashes, 33) # 1) where level = 0")
    wrong = ground.first_wrong()
    assert wrong["position"] == 1


@pytest.mark.parametrize(
    ("how", "statement"),
    {
        "deleted": "delete from ledger.entry where position = %s",
        "inserted": "insert into ledger.entry select position, author, gen_random_uuid(), gen_random_uuid(), version,"
        " type, entry, facts, words from ledger.entry where position = %s",
        "reordered": "with one as (select %s::bigint as p), two as ("
        " update ledger.entry e set position = case e.position when one.p then one.p + 1 else one.p end"
        " from one where e.position in (one.p, one.p + 1) returning 1) select count(*) from two",
    }.items(),
)
def test_delete_insert_or_reorder_entries(ground: Ground, how: str, statement: str) -> None:
    """``verify`` names the place; and a receipt that was given out no longer fits what the log would prove."""
    position = ground.lived.positions["note"]
    ground.tamper(statement, position)
    wrong = ground.first_wrong()
    assert position <= wrong["position"] <= position + 1, how


def test_backdate(ground: Ground) -> None:
    """The ledger's time never goes back: an entry whose clock reads earlier than its neighbour's is named."""
    position = ground.lived.positions["late"]
    [(entry,)] = ground.rows("select entry from ledger.entry where position = %s", position)
    backdated = entry.replace(b'"recorded_at":"20', b'"recorded_at":"19')
    ground.tamper("update ledger.entry set entry = %s where position = %s", backdated, position)
    told = ground.verify()
    wrong = {step["step"]: step["wrong"] for step in told["steps"] if step["outcome"] == "wrong"}
    assert wrong[4]["position"] == position, told


def test_an_insider_edits_the_database_as_owner_or_superuser(ground: Ground) -> None:
    """The service's own account cannot; the owner can, past every trigger, and it shows as one of the other rows."""
    position = ground.lived.positions["note"]
    with psycopg.connect(ground.database.dsn()) as service:
        for statement in ("update ledger.entry set type = type", "delete from ledger.vault", "drop table ledger.entry"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), service.transaction():
                service.execute(statement.encode())
    assert ground.verify()["ok"]
    exchanged = (
        "update ledger.entry e set words = other.words from ledger.entry other"
        " where e.position = %s and other.position = e.position + 1"
    )
    ground.tamper(exchanged, position)
    assert ground.first_wrong()["position"] == position


@pytest.mark.parametrize("words", [("--without-keys",), ()])
def test_erase_silently(ground: Ground, words: tuple[str, ...]) -> None:
    """A vault row is gone and no ``content-erased/1`` says so: seen with the vault's keys and without."""
    position = ground.lived.positions["note"]
    ground.tamper("delete from ledger.vault where part = 1 and position = %s", position)
    wrong: dict[str, Any] = ground.first_wrong(*words)
    assert wrong["position"] == position
