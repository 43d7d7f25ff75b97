"""Witnesses bound the ledger's time from outside: what they saw was there before, what they did not see came after."""

import pytest

from ledger.core.checkpoint import Checkpoint, CheckpointSigner, add_cosignatures
from ledger.core.edge import Edge
from ledger.core.instants import MINUTE, SECOND, Instant
from ledger.core.merkle import leaf_hash
from ledger.verify import Step, Trusted, Wrong, verify_ledger
from ledger.verify.rows import CosignedRow
from tests.keyring import fixed_keyring
from tests.verify.dishonest import NINE, DishonestLog
from tests.verify.test_dishonest_log import WISH
from tests.verify.witnesses import POLICY, SIGNERS

TEN = Instant(NINE + 60 * MINUTE)


@pytest.fixture
def log() -> DishonestLog:
    return DishonestLog(fixed_keyring())


def seen(log: DishonestLog, *at: Instant) -> CosignedRow:
    """The log as it is now, cosigned by each witness at an instant of its own clock."""
    root = Edge.empty().extend([leaf_hash(row.entry) for row in log.entries], paths=False).edge.root()
    checkpoint = Checkpoint(log.keyring.origin, log.size, root)
    note = log.keyring.log.sign_checkpoint(checkpoint, log.last // SECOND)
    lines = [signer.sign(checkpoint, instant // SECOND) for signer, instant in zip(SIGNERS, at, strict=True)]
    return CosignedRow(log.size, add_cosignatures(note, lines))


def wrong_steps(log: DishonestLog, *rows: CosignedRow) -> dict[Step, Wrong]:
    """What is wrong in the log with these rows of its witnesses."""
    trusted = Trusted(log.keyring.log.verifier, policy=POLICY)
    outcome = verify_ledger(log.tables().with_rows("witnessed", list(rows)), trusted, at=Instant(TEN + 60 * MINUTE))
    return {taken.step: taken.wrong for taken in outcome.steps if taken.wrong is not None}


def wrong_times(log: DishonestLog, *rows: CosignedRow) -> Wrong | None:
    """What is wrong with the times, and that nothing else is."""
    wrong = wrong_steps(log, *rows)
    assert wrong.keys() <= {Step.TIMES}, wrong
    return wrong.get(Step.TIMES)


def test_an_entry_backdated_behind_a_witness_is_named(log: DishonestLog) -> None:
    """The log's clock stood still for an hour, so that a new entry looks old."""
    log.admit("results-wish-stated/1", WISH, at=Instant(NINE + MINUTE))
    witnessed = seen(log, TEN, TEN)
    backdated = log.admit("results-wish-stated/1", WISH, at=Instant(TEN - 5 * MINUTE - 1))
    wrong = wrong_times(log, witnessed)
    assert wrong is not None
    assert wrong.position == backdated


def test_an_entry_dated_after_a_witness_had_seen_it_is_named(log: DishonestLog) -> None:
    ahead = log.admit("results-wish-stated/1", WISH, at=Instant(TEN + 5 * MINUTE + 1))
    wrong = wrong_times(log, seen(log, TEN, Instant(TEN + MINUTE)))
    assert wrong is not None
    assert wrong.position == ahead


def test_clocks_may_be_five_minutes_apart(log: DishonestLog) -> None:
    log.admit("results-wish-stated/1", WISH, at=Instant(TEN + 5 * MINUTE))
    first = seen(log, TEN, TEN)
    log.admit("results-wish-stated/1", WISH, at=Instant(TEN + 5 * MINUTE))
    assert wrong_times(log, first, seen(log, Instant(TEN + 10 * MINUTE), Instant(TEN + 12 * MINUTE))) is None


def test_cosigners_that_the_policy_does_not_name_bound_nothing(log: DishonestLog) -> None:
    """Whoever keeps the log can make keys, and times under them."""
    stranger = CheckpointSigner.from_seed("stranger.example", SIGNERS[0].key.type, b"x" * 32)
    witnessed = seen(log, Instant(log.last), Instant(log.last))
    log.admit("results-wish-stated/1", WISH, at=Instant(NINE + MINUTE))
    checkpoint = log.keyring.log.verifier.open_checkpoint(witnessed.note)
    added = CosignedRow(witnessed.size, add_cosignatures(witnessed.note, [stranger.sign(checkpoint, 4_000_000_000)]))
    assert POLICY.witnessed_by(added.note) == POLICY.witnessed_by(witnessed.note)
    wrong = wrong_steps(log, added)
    assert wrong.keys() == {Step.WITNESSED}, "the line is refused, and its time in the far future says nothing"
