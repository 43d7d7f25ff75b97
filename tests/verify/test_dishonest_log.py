"""What a keeper cannot admit unseen, even with every key of the log: all hashes and checkpoints here hold."""

import pytest

from ledger.core import canonical
from ledger.core.checkpoint import Checkpoint
from ledger.core.edge import Edge
from ledger.core.entry import encode_entry, parse_entry
from ledger.core.instants import MINUTE, SECOND, Instant, format_instant
from ledger.core.keys import SigningKey
from ledger.core.merkle import leaf_hash
from ledger.core.sealing import Part
from ledger.verify import Step, Trusted, Wrong, verify_ledger
from ledger.verify.rows import CheckpointRow, EntryRow
from tests.keyring import fixed_keyring
from tests.verify.conftest import SPAN, Kept
from tests.verify.dishonest import NINE, DishonestLog
from tests.verify.memory import Tables

AMINA = "0a3f1f6e-8f0a-4d5e-9a55-3d0f7b1f2a01"
SAM = "0a3f1f6e-8f0a-4d5e-9a55-3d0f7b1f2a02"
RECORD = "0a3f1f6e-8f0a-4d5e-9a55-3d0f7b1f2a03"
WISH = {"record": RECORD, "wish": "tell-me-first"}
DEVICE = SigningKey(b"d" * 32)


@pytest.fixture
def log() -> DishonestLog:
    return DishonestLog(fixed_keyring())


def wrong_in(tables: Tables) -> dict[Step, Wrong]:
    keyring = fixed_keyring()
    outcome = verify_ledger(
        tables,
        Trusted(keyring.log.verifier, vault_keys={1: keyring.key_encryption_key}),
        at=Instant(NINE + 60 * MINUTE),
        span=SPAN,
    )
    return {taken.step: taken.wrong for taken in outcome.steps if taken.wrong is not None}


def assert_only(log: DishonestLog, step: Step, position: int) -> None:
    wrong = wrong_in(log.tables())
    assert {one: found.position for one, found in wrong.items()} == {step: position}, wrong


def test_a_log_that_says_what_may_be_said_is_sound(log: DishonestLog) -> None:
    log.enrol(AMINA, DEVICE.public.raw)
    log.admit("results-wish-stated/1", WISH, author=AMINA, signer=DEVICE)
    for n in range(300):  # as many as fill a chunk: keys reach the next one another way
        log.admit("results-wish-stated/1", WISH, author=AMINA, signer=DEVICE, at=Instant(NINE + MINUTE + n))
    assert wrong_in(log.tables()) == {}


def test_a_statement_forged_under_a_key_that_was_never_enrolled_is_named(log: DishonestLog) -> None:
    forged = log.admit("results-wish-stated/1", WISH, author=AMINA, signer=DEVICE)
    assert_only(log, Step.SIGNATURES, forged)


def test_a_statement_under_somebody_elses_key_is_named(log: DishonestLog) -> None:
    log.enrol(SAM, DEVICE.public.raw)
    forged = log.admit("results-wish-stated/1", WISH, author=AMINA, signer=DEVICE)
    assert_only(log, Step.SIGNATURES, forged)


def test_a_statement_before_its_key_was_enrolled_is_named(log: DishonestLog) -> None:
    early = log.admit("results-wish-stated/1", WISH, author=AMINA, signer=DEVICE)
    log.enrol(AMINA, DEVICE.public.raw)
    assert_only(log, Step.SIGNATURES, early)


def test_a_statement_under_a_revoked_key_is_named(log: DishonestLog) -> None:
    log.enrol(AMINA, DEVICE.public.raw)
    log.enrol(AMINA, DEVICE.public.raw, revoke=True)
    late = log.admit("results-wish-stated/1", WISH, author=AMINA, signer=DEVICE)
    assert_only(log, Step.SIGNATURES, late)


def test_a_statement_under_an_expired_key_is_named(log: DishonestLog) -> None:
    log.enrol(AMINA, DEVICE.public.raw, not_after=format_instant(Instant(NINE + MINUTE)))
    late = log.admit("results-wish-stated/1", WISH, author=AMINA, signer=DEVICE, at=Instant(NINE + MINUTE))
    assert_only(log, Step.SIGNATURES, late)


def test_a_key_enrolled_twice_is_named(log: DishonestLog) -> None:
    log.enrol(AMINA, DEVICE.public.raw)
    assert_only(log, Step.SIGNATURES, log.enrol(AMINA, DEVICE.public.raw))


def test_a_first_entry_under_another_key_than_it_enrols_is_named() -> None:
    log = DishonestLog(fixed_keyring())
    log.entries.clear(), log.keys.clear(), log.facts.clear(), log.counters.clear(), log.versions.clear()
    log.enrol(log.keyring.service, DEVICE.public.raw)
    assert_only(log, Step.SIGNATURES, 0)


def test_a_forged_signature_is_named_in_the_chunk_of_its_key_and_in_a_later_one(log: DishonestLog) -> None:
    log.enrol(AMINA, DEVICE.public.raw)
    for _ in range(300):
        log.admit("results-wish-stated/1", WISH, author=AMINA, signer=DEVICE)
    honest = list(log.entries)
    for position in (2, 299):
        log.entries[:] = honest
        log.entries[position] = with_another_signature(honest[position])
        assert_only(log, Step.SIGNATURES, position)


def with_another_signature(row: EntryRow) -> EntryRow:
    entry = parse_entry(row.entry)
    jws, digests = entry.signed.jws, (entry.sealed[Part.FACTS], entry.sealed.get(Part.WORDS))
    changed = jws[:-10] + ("A" if jws[-10] != "A" else "B") + jws[-9:]
    return row._replace(entry=encode_entry(entry.recorded_at, changed, *digests))


def test_a_statement_replayed_from_another_ledger_is_named(log: DishonestLog) -> None:
    assert_only(log, Step.TIMES, log.admit("results-wish-stated/1", WISH, ledger="other.example"))


def test_a_statement_replayed_in_its_own_ledger_is_named(log: DishonestLog) -> None:
    log.admit("results-wish-stated/1", WISH, statement_id=RECORD)
    again = log.admit("results-wish-stated/1", WISH, statement_id=RECORD)
    assert_only(log, Step.NUMBERING, again)


def test_a_time_that_goes_back_is_named(log: DishonestLog) -> None:
    log.admit("results-wish-stated/1", WISH, at=Instant(NINE + MINUTE))
    backdated = log.admit("results-wish-stated/1", WISH, at=Instant(NINE + MINUTE - 1))
    assert_only(log, Step.TIMES, backdated)


def test_a_statement_from_its_ledgers_future_is_named(log: DishonestLog) -> None:
    at = Instant(NINE + MINUTE)
    log.admit("results-wish-stated/1", WISH, at=at, made_at=Instant(at + 5 * MINUTE))
    ahead = log.admit("results-wish-stated/1", WISH, at=at, made_at=Instant(at + 5 * MINUTE + 1))
    assert_only(log, Step.TIMES, ahead)


def directive(effect: str, name: str) -> dict[str, object]:
    return {
        "record": RECORD, "directive": name, "grantee": {"kind": "person", "id": SAM}, "scope": {"kind": "everything"},
        "effect": effect, "from": None, "until": None, "condition": None, "replaces": None, "hidden": False,
    }  # fmt: skip


def test_a_grant_that_was_held_back_is_named_and_a_withholding_is_not(log: DishonestLog) -> None:
    at = Instant(NINE + 30 * MINUTE)
    log.admit("directive-made/1", directive("withhold", AMINA), at=at, made_at=NINE)
    log.admit("directive-made/1", directive("share", SAM), at=at, made_at=Instant(at - 5 * MINUTE))
    held = log.admit("directive-made/1", directive("share", RECORD), at=at, made_at=Instant(at - 5 * MINUTE - 1))
    assert_only(log, Step.GRANTS, held)


def test_content_that_its_author_did_not_commit_to_is_named(log: DishonestLog) -> None:
    other = {**WISH, "wish": "at-once"}
    assert_only(log, Step.CONTENTS, log.admit("results-wish-stated/1", WISH, commit_to=other))


def test_content_of_another_shape_is_named(log: DishonestLog) -> None:
    assert_only(log, Step.CONTENTS, log.admit("results-wish-stated/1", {**WISH, "note": "x"}))


def test_words_where_none_can_be_said_are_named(log: DishonestLog) -> None:
    assert_only(log, Step.CONTENTS, log.admit("results-wish-stated/1", WISH, {"text": "x"}))


def test_a_checkpoint_signed_before_its_last_entry_was_admitted_is_named(log: DishonestLog) -> None:
    root = Edge.empty().extend([leaf_hash(row.entry) for row in log.entries], paths=False).edge.root()
    note = log.keyring.log.sign_checkpoint(Checkpoint(log.keyring.origin, 1, root), log.last // SECOND - 1)
    wrong = wrong_in(log.tables().with_rows("checkpoint", [CheckpointRow(1, note)]))
    assert {step: found.position for step, found in wrong.items()} == {Step.CHECKPOINTS: 0}


@pytest.mark.parametrize("late", [False, True])
def test_contents_replaced_with_their_digests_by_who_has_no_key_are_seen_in_the_tree(kept: Kept, late: bool) -> None:
    position = kept.history.late_note if late else kept.history.note
    row = kept.tables.entry[position]
    entry = parse_entry(row.entry)
    digests = canonical.unbase64url("A" * 43, "digest"), entry.sealed[Part.WORDS]
    forged = row._replace(entry=encode_entry(entry.recorded_at, entry.signed.jws, *digests))
    rows = [forged if one.position == position else one for one in kept.tables.entry]
    outcome = kept.verify(kept.tables.with_rows("entry", rows), opening=False)
    wrong = {taken.step: taken.wrong for taken in outcome.steps if taken.wrong is not None}
    assert wrong[Step.SEALED].position == position
    seen = wrong[Step.CHECKPOINTS if late else Step.TREE]
    assert seen.position <= position < seen.until


def test_a_tail_cut_off_without_its_checkpoints_is_named(kept: Kept) -> None:
    end = kept.history.late_note
    tables = kept.tables.with_rows("entry", [row for row in kept.tables.entry if row.position < end])
    last = parse_entry(kept.tables.entry[end - 1].entry).recorded_at
    tables = tables.with_rows("head", [kept.tables.head[0]._replace(size=end, recorded_at=last)])
    assert kept.first_wrong(tables).position == end
