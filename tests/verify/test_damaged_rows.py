"""Row tampering: whatever is done to a row of the log, the first position that is wrong is named.

The damage is done by a superuser to the real tables, from which every guard was taken, in a transaction that
verification reads and nobody commits.
"""

# ruff: noqa: S608 - SQL that does damage is what these tests are made of
import re
from dataclasses import asdict

import pytest

from tests.verify.conftest import Damaging, Kept

# Positions, as names in braces: of {note} in a complete tile and of {late_note} after it, and so on (History).
FLIP = "set_byte({column}, {byte}, get_byte({column}, {byte}) # 1)"


def flipped(table: str, column: str, byte: int, where: str) -> str:
    return f"update ledger.{table} set {column} = {FLIP.format(column=column, byte=byte)} where {where}"


SOMEBODY = "'00000000-0000-4000-8000-000000000000'"
NOTE, LATE = "position = {note}", "position = {late_note}"

ENTRIES = {
    "an author column says somebody else": (f"update ledger.entry set author = {SOMEBODY} where {NOTE}", "note"),
    "a statement column says another id": (f"update ledger.entry set statement = {SOMEBODY} where {NOTE}", "note"),
    "an aggregate column says another stream": (f"update ledger.entry set aggregate = {SOMEBODY} where {NOTE}", "note"),
    "a version is one too high": (f"update ledger.entry set version = version + 1 where {NOTE}", "note"),
    "a version is one too low": (f"update ledger.entry set version = version - 1 where {NOTE}", "note"),
    "a type column says another type": (f"update ledger.entry set type = 'item-amended/1' where {NOTE}", "note"),
    "a type column says what is no type": (f"update ledger.entry set type = '' where {NOTE}", "note"),
    "the first byte of an entry is flipped": (flipped("entry", "entry", 0, NOTE), "note"),
    "a digit of the time of an entry is flipped": (flipped("entry", "entry", 38, NOTE), "note"),
    "a digit of the time of the last note is flipped": (flipped("entry", "entry", 38, LATE), "late_note"),
    "a byte of a named digest is flipped": (flipped("entry", "entry", 65, NOTE), "note"),
    "a byte of a statement is flipped": (flipped("entry", "entry", 400, NOTE), "note"),
    "a byte of a statement after the last tile is flipped": (flipped("entry", "entry", 400, LATE), "late_note"),
    "a byte of a signature is flipped": (flipped("entry", "entry", 800, LATE), "late_note"),
    "an entry is cut short": (
        f"update ledger.entry set entry = substr(entry, 1, length(entry) - 1) where {NOTE}", "note",
    ),
    "an entry is empty": (f"update ledger.entry set entry = '' where {NOTE}", "note"),
    "an entry is null": (f"update ledger.entry set entry = null where {NOTE}", "note"),
    "a space is added to an entry": (f"update ledger.entry set entry = entry || ' '::bytea where {NOTE}", "note"),
    "a byte of sealed facts is flipped": (flipped("entry", "facts", 30, NOTE), "note"),
    "sealed facts are gone": (f"update ledger.entry set facts = null where {NOTE}", "note"),
    "a byte of sealed words is flipped": (flipped("entry", "words", 30, LATE), "late_note"),
    "sealed words are gone": (f"update ledger.entry set words = null where {LATE}", "late_note"),
    "sealed words appear where nothing was said": (
        "update ledger.entry set words = facts where position = {shared}", "shared",
    ),
    "the contents of two entries are swapped": (
        "update ledger.entry e set facts = o.facts, words = o.words from ledger.entry o"
        " where (e.position, o.position) in (({note}, {note} + 1), ({note} + 1, {note}))", "note",
    ),
    "two entries are swapped with all that is in their rows": (
        "update ledger.entry set position = 2 * {note} + 1 - position where position in ({note}, {note} + 1)", "note",
    ),
    "two entries and their keys are swapped": (
        "with keys as (update ledger.vault set position = 2 * {note} + 1 - position"
        " where position in ({note}, {note} + 1))"
        " update ledger.entry set position = 2 * {note} + 1 - position where position in ({note}, {note} + 1)", "note",
    ),
    "the first entry is deleted": ("delete from ledger.entry where position = 0", "first"),
    "an entry is deleted": (f"delete from ledger.entry where {NOTE}", "note"),
    "the last entry is deleted": ("delete from ledger.entry where position = {looked}", "looked"),
    "an entry is deleted and those after it move up": (
        f"delete from ledger.entry where {NOTE};"
        " update ledger.entry set position = position - 1 where position > {note}", "note",
    ),
    "all entries are deleted": ("delete from ledger.entry", "first"),
    "an entry is inserted at the end": (
        "insert into ledger.entry select {size}, author, gen_random_uuid(), gen_random_uuid(), 1, type, entry, facts,"
        f" words from ledger.entry where {NOTE}", "size",
    ),
    "an entry is inserted in between": (
        "update ledger.entry set position = position + 1 where position >= {late_note};"
        " insert into ledger.entry select {late_note}, author, statement, aggregate, version, type, entry, facts, words"
        f" from ledger.entry where {NOTE}", "late_note",
    ),
    "an entry stands twice at its position": (
        f"insert into ledger.entry select * from ledger.entry where {NOTE}", "note",
    ),
    "an entry is moved to the place of an earlier one": (f"update ledger.entry set position = 99 where {NOTE}", 99),
    "an entry is moved to the place of a later one": (
        f"update ledger.entry set position = {{late_note}} where {NOTE}", "note",
    ),
    "an entry has no position": (f"update ledger.entry set position = null where {NOTE}", "note"),
    "an entry has a position before the first": (f"update ledger.entry set position = -7 where {NOTE}", "note"),
    "the position of an entry is far beyond the end": (
        f"update ledger.entry set position = 9223372036854775807 where {NOTE}", "note",
    ),
}  # fmt: skip

KEYS = "position = {note} and part = 1"
VAULT = {
    "a wrapped key is deleted": (f"delete from ledger.vault where {KEYS}", "note"),
    "the wrapped key of facts is deleted": ("delete from ledger.vault where position = {looked}", "looked"),
    "a byte of a wrapped key is flipped": (flipped("vault", "wrapped", 20, KEYS), "note"),
    "a wrapped key is empty": (f"update ledger.vault set wrapped = '' where {KEYS}", "note"),
    "a wrapped key is null": (f"update ledger.vault set wrapped = null where {KEYS}", "note"),
    "a wrapped key is of a generation that never was": (
        f"update ledger.vault set generation = generation + 1 where {KEYS}", "note",
    ),
    "a wrapped key is filed under another part": (f"update ledger.vault set part = 2 where {KEYS}", "note"),
    "a wrapped key is filed under another entry": (
        f"update ledger.vault set position = position + 1 where {KEYS}", "note",
    ),
    "a wrapped key is filed before the first entry": (f"update ledger.vault set position = -1 where {KEYS}", "note"),
    "the wrapped keys of two entries are swapped": (
        "update ledger.vault set position = 2 * {note} + 1 - position where position in ({note}, {note} + 1)", "note",
    ),
    "the wrapped keys of both parts are swapped": (
        f"update ledger.vault set part = 1 - part where {NOTE}", "note",
    ),
    "a wrapped key is there twice": (f"insert into ledger.vault select * from ledger.vault where {KEYS}", "note"),
    "a wrapped key is there for what was never said": (
        "insert into ledger.vault select {shared}, 1, 1, wrapped from ledger.vault where position = {note}", "shared",
    ),
    "a wrapped key is there for no entry": (
        "insert into ledger.vault select {size} + 5, 1, 1, wrapped from ledger.vault where " + KEYS, "size",
    ),
}  # fmt: skip

TREE = {
    "a byte of a hash in a tile is flipped": (flipped("tile", "hashes", 32 * 100 + 5, "n = 0"), "hash_100"),
    "a byte of the last hash in a tile is flipped": (flipped("tile", "hashes", 32 * 256 - 1, "n = 0"), "hash_255"),
    "two hashes in a tile are swapped": (
        "update ledger.tile set hashes = substr(hashes, 1, 64) || substr(hashes, 97, 32) || substr(hashes, 65, 32)"
        " || substr(hashes, 129)", "hash_2",
    ),
    "a tile is cut short": ("update ledger.tile set hashes = substr(hashes, 1, 3200)", "hash_100"),
    "a tile has too many hashes": ("update ledger.tile set hashes = hashes || substr(hashes, 1, 32)", "hash_255"),
    "a tile has no hashes": ("update ledger.tile set hashes = null", "first"),
    "a byte of the root of a tile is flipped": (flipped("tile", "root", 0, "n = 0"), "first"),
    "a tile is deleted": ("delete from ledger.tile", "first"),
    "a tile is filed under another number": ("update ledger.tile set n = n + 1", "first"),
    "a tile is filed under another level": ("update ledger.tile set level = level + 1", "first"),
    "a tile is filed below the lowest level": ("update ledger.tile set level = -1", "first"),
    "a tile is there twice": ("insert into ledger.tile select * from ledger.tile", "first"),
    "a tile is there that no entries make": ("insert into ledger.tile select 0, 1, hashes, root from ledger.tile", 256),
    "a tile is there above all others": ("insert into ledger.tile select 1, 0, hashes, root from ledger.tile", "first"),
    "a tile is there beyond the end": ("insert into ledger.tile select 7, 99, hashes, root from ledger.tile", "size"),
}  # fmt: skip

COVERING = "size = {late_note} + 1"
CHECKPOINTS = {
    "a byte of the size in a checkpoint is flipped": (flipped("checkpoint", "note", 13, COVERING), "late_note"),
    "a byte of the root in a checkpoint is flipped": (flipped("checkpoint", "note", 20, COVERING), "late_note"),
    "a byte of the Ed25519 signature is flipped": (flipped("checkpoint", "note", 120, COVERING), "late_note"),
    "a byte of the ML-DSA signature is flipped": (flipped("checkpoint", "note", 1500, COVERING), "late_note"),
    "a checkpoint is cut short": (
        f"update ledger.checkpoint set note = substr(note, 1, 900) where {COVERING}", "late_note",
    ),
    "a checkpoint is empty": (f"update ledger.checkpoint set note = null where {COVERING}", "late_note"),
    "a checkpoint is filed under another size": (
        f"update ledger.checkpoint set size = 100 where {COVERING}", "hash_99",
    ),
    "the notes of two checkpoints are swapped": (
        "update ledger.checkpoint c set note = o.note from ledger.checkpoint o where (c.size, o.size) in"
        " (({late_note} + 1, {size}), ({size}, {late_note} + 1))", "late_note",
    ),
    "a checkpoint is filed beyond the end": (
        "insert into ledger.checkpoint select {size} + 9, note from ledger.checkpoint where size = {size}", "size",
    ),
    "a checkpoint is filed under no size": (
        "insert into ledger.checkpoint select 0, note from ledger.checkpoint where size = {size}", "size",
    ),
    "a checkpoint is there twice": (
        f"insert into ledger.checkpoint select * from ledger.checkpoint where {COVERING}", "late_note",
    ),
    "the newest checkpoint is deleted": ("delete from ledger.checkpoint where size = {size}", "looked"),
    "all checkpoints are deleted": ("delete from ledger.checkpoint", "first"),
}  # fmt: skip

HEAD = {
    "the head says one entry more": ("update ledger.head set size = size + 1", "size"),
    "the head says one entry less": ("update ledger.head set size = size - 1", "looked"),
    "the head says no size": ("update ledger.head set size = null", "first"),
    "the head says an earlier time": ("update ledger.head set recorded_at = recorded_at - 1", "looked"),
    "the head says a later time": ("update ledger.head set recorded_at = recorded_at + 1", "looked"),
    "the head is not the one": ("update ledger.head set one = false", "first"),
    "the head is deleted": ("delete from ledger.head", "first"),
    "there are two heads": ("insert into ledger.head values (false, 0, 0)", "first"),
}

FACTS = {
    "a fact is deleted": (f"delete from ledger.fact where {NOTE}", "note"),
    "the last fact is deleted": ("delete from ledger.fact where position = {revoked}", "revoked"),
    "a fact is about another subject": (f"update ledger.fact set subject = {SOMEBODY} where {NOTE}", "note"),
    "a fact is about nothing": (f"update ledger.fact set subject = null where {NOTE}", "note"),
    "the number of a fact is one too high": (f"update ledger.fact set n = n + 1 where {NOTE}", "note"),
    "the number of a fact is far too high": (f"update ledger.fact set n = n + 10000 where {NOTE}", "note"),
    "a fact has no number": (f"update ledger.fact set n = null where {NOTE}", "note"),
    "a fact names the next entry": (f"update ledger.fact set position = position + 1 where {NOTE}", "note"),
    "a fact names the entry before": (f"update ledger.fact set position = position - 1 where {NOTE}", "before_note"),
    "a fact names no entry": (f"update ledger.fact set position = 1000000 where {NOTE}", "note"),
    "a fact has no position": (f"update ledger.fact set position = null where {NOTE}", "note"),
    "two facts have changed numbers": (
        "update ledger.fact f set n = o.n from ledger.fact o where (f.position, o.position) in"
        " (({note}, {note} + 1), ({note} + 1, {note}))", "note",
    ),
    "a fact is there twice": (f"insert into ledger.fact select * from ledger.fact where {NOTE}", "note"),
    "a look is counted as a fact": (
        "insert into ledger.fact select subject, n + 10000, {looked} from ledger.fact where " + NOTE, "looked",
    ),
    "a fact about somebody unknown is there": (f"insert into ledger.fact values ({SOMEBODY}, 1, {{looked}})", "looked"),
}  # fmt: skip

CASES = {**ENTRIES, **VAULT, **TREE, **CHECKPOINTS, **HEAD, **FACTS}


@pytest.mark.parametrize("case", CASES)
def test_the_first_wrong_position_is_named_when(case: str, kept: Kept, damaged: Damaging) -> None:
    statements, wanted = CASES[case]
    with damaged(statements.format(**asdict(kept.history))) as source:
        wrong = kept.first_wrong(source)
    assert wrong.position == _position(wanted, kept), str(wrong)


def _position(name: str | int, kept: Kept) -> int:
    if isinstance(name, int):
        return name
    if found := re.fullmatch(r"hash_(\d+)", name):
        return int(found[1])
    return {**asdict(kept.history), "before_note": kept.history.note - 1, "first": 0}[name]


COUNTERS = {
    "a counter is one too high": "update ledger.guard set version = version + 1 where subject = '{subject}'",
    "a counter is one too low": "update ledger.guard set version = version - 1 where subject = '{subject}'",
    "a counter is null": "update ledger.guard set version = null where subject = '{subject}'",
    "a counter is deleted": "delete from ledger.guard where subject = '{subject}'",
    "a counter is there twice": (
        "insert into ledger.guard select * from ledger.guard where subject = '{subject}'"
    ),
    "a counter is of another subject": (
        "update ledger.guard set subject = 'ffffffff-0000-4000-8000-000000000000' where subject = '{subject}'"
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", COUNTERS)
@pytest.mark.parametrize("place", [0, 3, -1])
def test_the_subject_is_named_when(case: str, place: int, kept: Kept, damaged: Damaging) -> None:
    subject = kept.tables.guards()[place].subject
    with damaged(COUNTERS[case].format(subject=subject)) as source:
        wrong = kept.first_wrong(source)
    assert subject in wrong.got, str(wrong)


def test_a_counter_of_what_nobody_said_anything_about_is_named(kept: Kept, damaged: Damaging) -> None:
    with damaged(f"insert into ledger.guard values ({SOMEBODY}, 0)") as source:
        assert SOMEBODY.strip("'") in kept.first_wrong(source).got


def test_a_checkpoint_that_a_later_one_covers_may_be_missing_because_nothing_rests_on_it(
    kept: Kept, damaged: Damaging
) -> None:
    with damaged(f"delete from ledger.checkpoint where size < {kept.history.late_note}") as source:
        assert kept.verify(source).ok
