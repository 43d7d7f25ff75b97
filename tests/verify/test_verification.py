"""Verifying a ledger that is sound: what is looked at, by whom, while what goes on."""

import asyncio
import json

import psycopg
import pytest

from api.clock import clock
from api.snapshot import snapshot
from api.verifying import verify_database
from ledger.core.instants import MINUTE, Instant
from ledger.core.sealing import KeyEncryptionKey
from ledger.ledger import open_ledger
from ledger.store.errors import VaultRefused
from ledger.use_cases.items import Draft
from ledger.verify import Step, Trusted, verify_ledger
from ledger.verify.rows import Span
from tests.keyring import fixed_keyring
from tests.postgres_fixture import Database
from tests.soundness import assert_ledger_sound
from tests.store.cast import gather_cast
from tests.verify.conftest import SPAN, Kept
from tests.verify.witnesses import POLICY

KEYRING = fixed_keyring()
SEALED_STEPS = {Step.CONTENTS, Step.INDEXES, Step.GRANTS}


@pytest.mark.parametrize("role", ["ledger_reader", "ledger_migrator"])
def test_a_sound_ledger_is_found_sound_by_whoever_may_read_it(role: str, kept: Kept) -> None:
    outcome = verify_database(kept.database.dsn(role), kept.keyring, at=clock(), policy=POLICY)
    assert outcome.ok, str(outcome)
    assert (outcome.size, outcome.covered) == (kept.history.size, kept.history.size)
    assert outcome.first_wrong is None
    assert all(taken.looked_at > 0 for taken in outcome.steps)


def test_whoever_may_not_read_the_keys_of_words_is_told_so_and_not_that_they_are_gone(kept: Kept) -> None:
    for opening in (True, False):
        with pytest.raises(VaultRefused, match="wanted one as ledger_reader; set LEDGER_READER_URL"):
            verify_database(kept.database.dsn(), kept.keyring, at=clock(), opening=opening)


def test_two_cores_find_what_one_finds(kept: Kept) -> None:
    dsn, at = kept.database.dsn("ledger_reader"), clock()
    assert verify_database(dsn, kept.keyring, at=at, cores=2) == verify_database(dsn, kept.keyring, at=at)


def test_two_cores_name_the_position_that_one_names(kept: Kept) -> None:
    row = kept.tables.entry[kept.history.note]
    rows = [one._replace(words=b"other") if one is row else one for one in kept.tables.entry]
    outcome = verify_ledger(
        kept.tables.with_rows("entry", rows),
        Trusted(kept.keyring.log.verifier, vault_keys={1: kept.keyring.key_encryption_key}, policy=POLICY),
        at=clock(),
        cores=2,
        span=SPAN,
    )
    assert outcome == kept.verify(kept.tables.with_rows("entry", rows), at=clock())
    assert outcome.first_wrong is not None
    assert outcome.first_wrong.step is Step.SEALED


def test_without_the_key_encryption_key_contents_stay_closed_and_that_is_said(kept: Kept) -> None:
    outcome = verify_database(kept.database.dsn("ledger_reader"), kept.keyring, at=clock(), opening=False)
    assert outcome.ok, str(outcome)
    assert {taken.step for taken in outcome.steps if taken.left_out is not None} == SEALED_STEPS
    assert str(outcome).count("needs the key-encryption key") == len(SEALED_STEPS)


def test_under_another_key_encryption_key_nothing_opens(kept: Kept) -> None:
    keys = {1: KeyEncryptionKey(b"x" * 32)}
    outcome = verify_ledger(kept.tables, Trusted(kept.keyring.log.verifier, vault_keys=keys), at=clock())
    assert [taken.step for taken in outcome.steps if taken.wrong is not None] == [Step.CONTENTS]


def test_under_the_keys_of_another_log_no_checkpoint_is_genuine(kept: Kept) -> None:
    other = fixed_keyring("other.example")
    outcome = verify_ledger(kept.tables, Trusted(other.log.verifier), at=clock())
    wrong = {taken.step for taken in outcome.steps if taken.wrong is not None}
    assert wrong == {Step.TIMES, Step.CHECKPOINTS, Step.WITNESSED}
    assert outcome.covered == 0


def test_a_migrated_database_without_entries_is_sound(database: Database) -> None:
    assert_ledger_sound(database.dsn(), KEYRING)


async def test_a_ledger_is_sound_at_every_instant_while_two_processes_write_to_it(database: Database) -> None:
    async with (
        open_ledger(database.dsn(), KEYRING, clock) as first,
        open_ledger(database.dsn(), KEYRING, clock) as second,
    ):
        cast = await gather_cast(first)
        writing = [
            asyncio.create_task(ledger.items.add(cast.doctor, cast.record, Draft("note", f"Note {n}")))
            for n in range(100)
            for ledger in (first, second)
        ]
        sizes = set()
        while not all(task.done() for task in writing):
            outcome = await asyncio.to_thread(verify_database, database.dsn("ledger_reader"), KEYRING, at=clock())
            assert outcome.ok, str(outcome)
            sizes.add(outcome.size)
        await asyncio.gather(*writing)
    assert len(sizes) > 1
    await asyncio.to_thread(assert_ledger_sound, database.dsn(), KEYRING)


def test_what_is_admitted_while_a_snapshot_is_read_is_not_in_it(kept: Kept, database: Database) -> None:
    with snapshot(database.dsn("ledger_reader")) as source:
        assert list(source.entries(Span(0, None))) == []
        asyncio.run(_found(database))
        assert list(source.entries(Span(0, None))) == []
        assert [head.size for head in source.heads()] == [0]


async def _found(database: Database) -> None:
    async with open_ledger(database.dsn(), KEYRING, clock):
        pass


def test_entries_may_wait_a_minute_for_their_checkpoint(kept: Kept) -> None:
    tables = kept.tables.with_rows("checkpoint", sorted(kept.tables.checkpoint)[:-1])
    admitted = Instant(kept.tables.head[0].recorded_at)
    assert kept.verify(tables, at=Instant(admitted + MINUTE)).ok
    late = kept.verify(tables, at=Instant(admitted + MINUTE + 1))
    assert [taken.step for taken in late.steps if taken.wrong is not None] == [Step.CHECKPOINTS]


def test_progress_is_told_after_each_chunk_up_to_the_end(kept: Kept) -> None:
    told: list[tuple[int, int]] = []
    verify_ledger(
        kept.tables,
        Trusted(kept.keyring.log.verifier),
        at=clock(),
        progress=lambda done, size: told.append((done, size)),
        span=SPAN,
    )
    size = kept.history.size
    assert told == [(done, size) for done in (*range(SPAN, size, SPAN), size)]


def test_an_outcome_can_be_told_to_machines_and_to_people(kept: Kept) -> None:
    rows = [row._replace(author=row.statement) if row.position == 7 else row for row in kept.tables.entry]
    outcome = kept.verify(kept.tables.with_rows("entry", rows))
    told = json.loads(json.dumps(outcome.as_json()))
    assert (told["ok"], told["size"]) == (False, kept.history.size)
    assert told["first_wrong"]["wrong"]["position"] == 7
    assert [step["outcome"] for step in told["steps"]].count("wrong") == 1
    assert "first wrong: position 7: got author" in str(outcome)


def test_verifying_changes_nothing_because_its_transaction_cannot(kept: Kept) -> None:
    with (
        snapshot(kept.database.superuser_dsn) as source,
        pytest.raises(psycopg.errors.ReadOnlySqlTransaction),
    ):
        source._connection.execute("delete from ledger.entry")
