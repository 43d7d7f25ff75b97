"""Erasure as verification sees it: a key of words may be missing exactly where a statement says so."""

import pytest

from ledger.core.public import Erased
from ledger.verify import Step, Trusted, Verification, verify_ledger
from ledger.verify.rows import DestroyedRow, GenerationRow, VaultRow
from tests.keyring import fixed_keyring
from tests.verify.conftest import SPAN
from tests.verify.dishonest import NINE, DishonestLog
from tests.verify.memory import Tables

RECORD = "0a3f1f6e-8f0a-4d5e-9a55-3d0f7b1f2a03"
ITEM = "0a3f1f6e-8f0a-4d5e-9a55-3d0f7b1f2a04"
FILLER = {"record": RECORD, "wish": "tell-me-first"}
ERASED = {"record": RECORD, "item": ITEM, "erasure": RECORD, "basis": "consent-withdrawn"}


@pytest.fixture
def log() -> DishonestLog:
    log = DishonestLog(fixed_keyring())
    log.admit("item-amended/1", {"record": RECORD, "item": ITEM}, {"text": "Slept badly.", "reason": None})
    for _ in range(2 * SPAN):  # so that an erasure is in another span than what it erases
        log.admit("results-wish-stated/1", FILLER)
    return log


NOTE = 1
WISH = 2


def erase(log: DishonestLog, *positions: int) -> int:
    return log.admit("content-erased/1", ERASED, public=Erased(positions))


def without_key(tables: Tables, position: int, part: int = 1) -> Tables:
    kept = [key for key in tables.keys if (key.position, key.part) != (position, part)]
    assert len(kept) == len(tables.keys) - 1
    return tables.with_rows("keys", kept)


def verify(tables: Tables, *, only_vault: bool = False, opening: bool = True) -> Verification:
    keyring = fixed_keyring()
    trusted = Trusted(keyring.log.verifier, vault_keys={1: keyring.key_encryption_key} if opening else None)
    return verify_ledger(tables, trusted, at=NINE, only_vault=only_vault, span=SPAN)


def wrong(outcome: Verification) -> dict[Step, int]:
    return {taken.step: taken.wrong.position for taken in outcome.steps if taken.wrong is not None}


@pytest.mark.parametrize("opening", [True, False])
@pytest.mark.parametrize("only_vault", [True, False])
def test_words_whose_key_was_destroyed_after_they_were_erased_are_sound(
    log: DishonestLog, opening: bool, only_vault: bool
) -> None:
    erase(log, NOTE)
    outcome = verify(without_key(log.tables(), NOTE), opening=opening, only_vault=only_vault)
    assert outcome.ok, str(outcome)
    assert not outcome.remarks


@pytest.mark.parametrize("opening", [True, False])
@pytest.mark.parametrize("only_vault", [True, False])
def test_a_silent_erasure_is_named(log: DishonestLog, opening: bool, only_vault: bool) -> None:
    erase(log, NOTE)
    other = log.admit("item-amended/1", {"record": RECORD, "item": ITEM}, {"text": "And again.", "reason": None})
    tables = without_key(without_key(log.tables(), NOTE), other)
    assert wrong(verify(tables, opening=opening, only_vault=only_vault)) == {Step.ERASED: other}


def test_an_erasure_that_was_not_done_yet_is_told_and_with_vault_it_is_wrong(log: DishonestLog) -> None:
    erase(log, NOTE)
    outcome = verify(log.tables())
    assert outcome.ok
    assert [f"at positions {NOTE}" in remark for remark in outcome.remarks] == [True]
    assert wrong(verify(log.tables(), only_vault=True)) == {Step.ERASED: NOTE}


def test_a_key_said_to_be_destroyed_of_words_that_were_not_erased_is_named(log: DishonestLog) -> None:
    erase(log, NOTE)
    tables = without_key(log.tables(), NOTE)
    assert verify(tables.with_rows("gone", [DestroyedRow(NOTE, 1, NINE)])).ok
    assert wrong(verify(tables.with_rows("gone", [DestroyedRow(WISH, 1, NINE)]))) == {Step.ERASED: WISH}


GENERATIONS = {
    "a generation is missing": ([GenerationRow(2, NINE, 0, None)], 2, None),
    "the first wraps not from the first entry on": ([GenerationRow(1, NINE, 1, None)], 1, None),
    "the head says another": ([GenerationRow(1, NINE, 0, None)], 2, None),
    "the head says one that nobody could count to": ([GenerationRow(1, NINE, 0, None)], 1 << 61, None),
    "there is none": ([], 1, 0),
    "a key is wrapped under one older than its entry": (
        [GenerationRow(1, NINE, 0, None), GenerationRow(2, NINE, WISH, None)], 2, WISH,
    ),
    "a key is wrapped under one that was destroyed": ([GenerationRow(1, NINE, 0, NINE)], 1, 0),
}  # fmt: skip


@pytest.mark.parametrize("case", GENERATIONS)
def test_the_generations_of_the_vaults_key_fit_the_log_unless(case: str, log: DishonestLog) -> None:
    rows, current, position = GENERATIONS[case]
    tables = log.tables().with_rows("generation", rows)
    tables = tables.with_rows("head", [tables.head[0]._replace(generation=current)])
    assert wrong(verify(tables, opening=False)) == {Step.SEALED: log.size if position is None else position}


def test_the_key_of_facts_can_never_be_erased(log: DishonestLog) -> None:
    erase(log, NOTE)
    assert wrong(verify(without_key(log.tables(), NOTE, 0), opening=False)) == {Step.SEALED: NOTE}


def test_an_erasure_of_what_has_no_words_or_was_not_said_yet_is_named(log: DishonestLog) -> None:
    wordless = erase(log, NOTE, WISH)
    assert wrong(verify(log.tables())) == {Step.ERASED: wordless}
    log = DishonestLog(fixed_keyring())
    assert wrong(verify_of_ahead(log)) == {Step.ERASED: 1}


def verify_of_ahead(log: DishonestLog) -> Verification:
    erase(log, 2)
    log.admit("item-amended/1", {"record": RECORD, "item": ITEM}, {"text": "Later.", "reason": None})
    return verify(log.tables())


def test_a_row_that_only_claims_to_be_an_erasure_excuses_nothing(log: DishonestLog) -> None:
    erasing = erase(log, NOTE)
    tables = without_key(log.tables(), NOTE)
    said = tables.entry[erasing]
    forged = said._replace(position=tables.head[0].size + 7)
    rows = [row for row in tables.entry if row.position < erasing]
    last = rows[-1]
    tables = tables.with_rows("entry", [*rows, last._replace(position=erasing), forged])
    assert wrong(verify(tables))[Step.ERASED] == NOTE


def test_erased_words_may_not_get_a_key_of_something_else(log: DishonestLog) -> None:
    erase(log, NOTE)
    tables = without_key(log.tables(), NOTE)
    other = VaultRow(NOTE, 1, 1, next(key.wrapped for key in tables.keys if key.position == WISH))
    outcome = verify(tables.with_rows("keys", [*tables.keys, other]))
    assert wrong(outcome) == {Step.CONTENTS: NOTE}
