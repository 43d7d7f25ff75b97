"""A log that goes on under a new name: what was before is of the earlier log, and is held to what was said of it."""

from dataclasses import replace

import pytest

from ledger.core.checkpoint import Checkpoint
from ledger.core.edge import Edge
from ledger.core.instants import SECOND
from ledger.core.merkle import leaf_hash
from ledger.core.public import Continued
from ledger.verify import Step, Trusted, Verification, verify_ledger
from ledger.verify.rows import CheckpointRow
from tests.keyring import fixed_keyring
from tests.verify.conftest import SPAN
from tests.verify.dishonest import NINE, DishonestLog
from tests.verify.memory import Tables

RECORD = "0a3f1f6e-8f0a-4d5e-9a55-3d0f7b1f2a03"
WISH = {"record": RECORD, "wish": "tell-me-first"}
EARLIER, LATER = fixed_keyring(), fixed_keyring("later.example")
AT = 300


def root_of(log: DishonestLog, size: int) -> bytes:
    return Edge.empty().extend([leaf_hash(row.entry) for row in log.entries[:size]], paths=False).edge.root()


def lived_through(**lies: object) -> tuple[DishonestLog, Tables]:
    log = DishonestLog(EARLIER)
    while log.size < AT:
        log.admit("results-wish-stated/1", WISH)
    root = root_of(log, AT)
    note = EARLIER.log.sign_checkpoint(Checkpoint(EARLIER.origin, AT, root), log.last // SECOND)
    said = replace(Continued(EARLIER.origin, AT, root, note.decode()), **lies)  # type: ignore[arg-type]
    log.admit("log-continued/1", {"log": RECORD}, ledger=LATER.origin, public=said)
    for _ in range(SPAN):
        log.admit("results-wish-stated/1", WISH, ledger=LATER.origin)
    tables = log.tables()
    checkpoint = Checkpoint(LATER.origin, log.size, root_of(log, log.size))
    newest = CheckpointRow(log.size, LATER.log.sign_checkpoint(checkpoint, log.last // SECOND + 3600))
    return log, tables.with_rows("checkpoint", [CheckpointRow(AT, note), newest])


def verify(tables: Tables, *, knowing: bool = True) -> Verification:
    earlier = (EARLIER.log.verifier,) if knowing else ()
    trusted = Trusted(LATER.log.verifier, earlier, {1: EARLIER.key_encryption_key})
    return verify_ledger(tables, trusted, at=NINE, span=SPAN)


def wrong(outcome: Verification) -> dict[Step, int]:
    return {taken.step: taken.wrong.position for taken in outcome.steps if taken.wrong is not None}


def test_a_log_that_was_continued_is_sound_under_both_verifiers() -> None:
    log, tables = lived_through()
    outcome = verify(tables)
    assert outcome.ok, str(outcome)
    assert (outcome.origin, outcome.covered) == (LATER.origin, log.size)
    assert not outcome.remarks


def test_without_the_earlier_verifier_its_signatures_are_left_out_and_that_is_said() -> None:
    _, tables = lived_through()
    outcome = verify(tables, knowing=False)
    assert outcome.ok, str(outcome)
    assert [remark.startswith("the signatures of 1 checkpoints of earlier logs") for remark in outcome.remarks] == [
        True
    ]


@pytest.mark.parametrize(
    ("lies", "step"),
    [
        ({"root": bytes(32)}, Step.CHECKPOINTS),
        ({"size": AT - 1}, Step.CHECKPOINTS),
        ({"origin": "third.example"}, Step.TIMES),
        ({"checkpoint": "no note"}, Step.CHECKPOINTS),
    ],
    ids=["another root", "fewer entries", "another log", "no checkpoint"],
)
def test_a_continuation_that_says_other_than_what_is_there_is_wrong(lies: dict[str, object], step: Step) -> None:
    _, tables = lived_through(**lies)
    assert step in wrong(verify(tables))


def test_a_log_that_takes_another_name_without_saying_so_is_wrong() -> None:
    log = DishonestLog(EARLIER)
    log.admit("results-wish-stated/1", WISH)
    renamed = log.admit("results-wish-stated/1", WISH, ledger=LATER.origin)
    trusted = Trusted(EARLIER.log.verifier, vault_keys={1: EARLIER.key_encryption_key})
    outcome = verify_ledger(log.tables(), trusted, at=NINE)
    assert wrong(outcome) == {Step.TIMES: renamed}


def test_the_earlier_keys_can_sign_nothing_after_the_continuation() -> None:
    log, tables = lived_through()
    checkpoint = Checkpoint(EARLIER.origin, log.size, root_of(log, log.size))
    forged = CheckpointRow(log.size, EARLIER.log.sign_checkpoint(checkpoint, log.last // SECOND + 3600))
    outcome = verify(tables.with_rows("checkpoint", [tables.checkpoint[0], forged]))
    assert wrong(outcome) == {Step.CHECKPOINTS: log.size - 1}
