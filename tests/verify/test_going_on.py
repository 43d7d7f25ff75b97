"""Going on from what was verified: only what is new is read, and whatever is wrong in it is found."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from api.clock import clock
from api.verifying import VerifiedFile, verify_database
from ledger.core.entry import parse_entry
from ledger.core.instants import HOUR, Instant
from ledger.verify import Step, Trusted, Verification, Verified, verify_ledger
from ledger.verify.rows import EntryRow, GuardRow, HeadRow, Span
from ledger.verify.state import StateError
from tests.keyring import fixed_keyring
from tests.verify.conftest import SPAN, Kept
from tests.verify.memory import Tables
from tests.verify.test_fuzz import changes_nothing, damage
from tests.verify.witnesses import POLICY

TRIALS = 60


def at_size(tables: Tables, size: int) -> Tables:
    """The ledger when it had fewer entries."""
    before = tables.until(size)
    last = max(before.entry, key=lambda row: row.position)
    counters = Counter(fact.subject for fact in before.fact)
    head = HeadRow(True, size, parse_entry(last.entry).recorded_at)
    return replace(before, head=(head,), guard=tuple(GuardRow(*counted) for counted in counters.items()))


def trusted(kept: Kept) -> Trusted:
    return Trusted(kept.keyring.log.verifier, vault_keys={1: kept.keyring.key_encryption_key}, policy=POLICY)


def verify(kept: Kept, tables: Tables, since: bytes | None = None, keep: list[bytes] | None = None) -> Verification:
    return verify_ledger(
        tables,
        trusted(kept),
        at=Instant(clock() + HOUR),
        since=None if since is None else Verified.parse(since),
        keep=None if keep is None else lambda verified: keep.append(b"" if verified is None else verified.format()),
        span=SPAN,
    )


def verified_at(kept: Kept, size: int) -> bytes:
    told: list[bytes] = []
    outcome = verify_ledger(
        at_size(kept.tables, size),
        trusted(kept),
        # Some sizes were never covered by a checkpoint of their own: that is not waited for here.
        at=Instant(0),
        keep=lambda verified: told.append(b"" if verified is None else verified.format()),
        span=SPAN,
    )
    assert outcome.ok, str(outcome)
    return told[-1]


@pytest.mark.parametrize("size", [1, 20, 255, 256, 257, 270, 280])
def test_going_on_finds_a_sound_ledger_sound_and_is_where_a_full_run_is(kept: Kept, size: int) -> None:
    full: list[bytes] = []
    whole = verify(kept, kept.tables, keep=full)
    told: list[bytes] = []
    outcome = verify(kept, kept.tables, verified_at(kept, size), told)
    assert outcome.ok, str(outcome)
    assert (outcome.since, outcome.size, outcome.root, outcome.covered) == (
        size, whole.size, whole.root, whole.covered,
    )  # fmt: skip
    ours, theirs = Verified.parse(told[-1]), Verified.parse(full[-1])
    assert (ours.edge, ours.facts, ours.numbered) == (theirs.edge, theirs.facts, theirs.numbered)
    assert f"those before {size} by an earlier run" in str(outcome)


class Watched(Tables):
    """Tables that tell from which position on entries were read."""

    def entries(self, span: Span) -> list[EntryRow]:
        assert span.first >= 256, "read again"
        return super().entries(span)


def test_going_on_reads_no_entry_again(kept: Kept) -> None:
    watched = Watched(**{name: getattr(kept.tables, name) for name in Tables.names()})
    assert verify(kept, watched, verified_at(kept, 256)).ok


def test_whatever_is_damaged_in_what_is_new_is_found(kept: Kept) -> None:
    size, dice, trials = 200, Random(7), 0
    since = verified_at(kept, size)
    while trials < TRIALS:
        what, tables, touched = damage(kept.tables, dice)
        if not touched or min(touched) < size or changes_nothing(kept.tables, tables):
            continue
        trials += 1
        told: list[bytes] = []
        outcome = verify(kept, tables, since, told)
        assert not outcome.ok, what
        assert told[-1] == b"", "what is wrong is never gone on from"


def test_the_stored_tree_of_what_is_old_is_held_to_what_was_verified(kept: Kept) -> None:
    since = verified_at(kept, 270)
    tile = kept.tables.tile[0]
    for damaged in ([tile._replace(root=bytes(32))], []):
        outcome = verify(kept, kept.tables.with_rows("tile", damaged), since)
        assert outcome.first_wrong is not None
        assert outcome.first_wrong.step is Step.TREE
        assert outcome.first_wrong.wrong.position == 0  # type: ignore[union-attr]


def test_a_ledger_with_fewer_entries_than_were_verified_is_not_gone_on_with(kept: Kept) -> None:
    outcome = verify(kept, at_size(kept.tables, 100), verified_at(kept, 200))
    assert outcome.first_wrong is not None
    assert str(outcome.first_wrong.wrong).startswith("position 100: got 100 entries, wanted at least 200")


def test_another_history_behind_what_was_verified_is_found(kept: Kept) -> None:
    # The last of the old entries differs: what is new follows from another tree.
    since = Verified.parse(verified_at(kept, 257))
    edge = since.edge
    spoiled = replace(edge, incomplete=(b"\1" * 32, *edge.incomplete[1:]), peaks=(b"\1" * 32, *edge.peaks[1:]))
    outcome = verify(kept, kept.tables, replace(since, edge=spoiled).format())
    assert Step.CHECKPOINTS in {taken.step for taken in outcome.steps if taken.wrong is not None}


@pytest.mark.parametrize("at", [0, 20, 90, 400, -2])
def test_a_file_that_was_spoiled_is_refused(kept: Kept, at: int) -> None:
    data = bytearray(verified_at(kept, 257))
    data[at] ^= 1
    with pytest.raises(StateError, match="verify --full"):
        Verified.parse(bytes(data))
    with pytest.raises(StateError, match="verify --full"):
        Verified.parse(bytes(data[:at]))


def test_what_was_verified_of_another_log_or_with_fewer_steps_is_refused(kept: Kept) -> None:
    verified = Verified.parse(verified_at(kept, 20))
    verified.check_fits(kept.keyring.log.verifier, (1, 2, 3))
    with pytest.raises(StateError, match=r"other log keys than other\.example's"):
        verified.check_fits(fixed_keyring("other.example").log.verifier, (1,))
    with pytest.raises(StateError, match="without step 9"):
        replace(verified, steps=(1, 2, 3)).check_fits(kept.keyring.log.verifier, (1, 9))


class Stopped(Exception):
    """Somebody pressed Ctrl-C."""


def interrupted(kept: Kept, tables: Tables, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """What is kept of a run over everything that ends after its first span."""
    monkeypatch.setattr("ledger.verify.whole.KEPT_EVERY", 1)
    told: list[bytes] = []

    def stop(_done: int, _size: int) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        verify_ledger(
            tables,
            trusted(kept),
            at=clock(),
            progress=stop,
            keep=lambda verified: told.append(b"" if verified is None else verified.format()),
            span=SPAN,
        )
    return told[-1]


def test_a_run_that_was_interrupted_is_gone_on_with_and_numbers_everything(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    since = interrupted(kept, kept.tables, monkeypatch)
    assert Verified.parse(since).unfinished
    outcome = verify(kept, kept.tables, since)
    assert (outcome.ok, outcome.since) == (True, SPAN)
    subject = kept.tables.fact[0].subject
    rows = [row._replace(version=row.version + 1) if row.subject == subject else row for row in kept.tables.guard]
    assert not verify(kept, kept.tables.with_rows("guard", rows), interrupted(kept, kept.tables, monkeypatch)).ok


def test_only_a_run_over_everything_is_gone_on_with_unasked(kept: Kept, tmp_path: Path) -> None:
    file = VerifiedFile(tmp_path / "verified.json")

    def run(*, only_new: bool = False) -> Verification:
        dsn = kept.database.dsn("ledger_reader")
        return verify_database(dsn, kept.keyring, at=clock(), policy=POLICY, kept=file, cores=2, only_new=only_new)

    assert run().since == 0
    assert file.path.stat().st_mode & 0o777 == 0o600
    assert run().since == 0
    again = run(only_new=True)
    assert (again.ok, again.since, again.size) == (True, kept.history.size, kept.history.size)
    file.keep(Verified.parse(verified_at(kept, 256)))
    partial = run(only_new=True)
    assert (partial.ok, partial.since, partial.size) == (True, 256, kept.history.size), str(partial)
    file.path.write_bytes(b"{}")
    with pytest.raises(StateError):
        run(only_new=True)
    assert run().since == 0
    assert [found.name for found in tmp_path.iterdir()] == ["verified.json"]
