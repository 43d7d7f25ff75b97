"""Random damage to any column of any table of the log: every trial is seen, and what was damaged is named.

``LEDGER_FUZZ=5000`` tries harder; ``LEDGER_FUZZ_SEED`` repeats a run.
"""

import os
from collections import Counter
from random import Random
from typing import Any
from uuid import UUID

from tests.thorough import times
from tests.verify.conftest import Kept
from tests.verify.memory import Tables

TRIALS = times(24, 400, "LEDGER_FUZZ")
SEED = int(os.environ.get("LEDGER_FUZZ_SEED", str(int.from_bytes(os.urandom(4)))))
Row = Any


def damage(tables: Tables, dice: Random) -> tuple[str, Tables, set[int]]:
    """Damage one thing: what was done, the tables after it, and the positions of the rows that it was done to."""
    table = dice.choice([name for name in Tables.names() if getattr(tables, name)])
    rows = list(getattr(tables, table))
    kind = dice.choice(["flip", "flip", "flip", "delete", "double", "swap"])
    n = dice.randrange(len(rows))
    if kind == "flip":
        column = dice.choice(rows[n]._fields)
        changed = rows[n]._replace(**{column: flip(getattr(rows[n], column), dice)})
        touched = [rows[n], changed]
        what, rows[n] = f"{column} of {rows[n]!r:.80}", changed
    elif kind == "delete":
        touched = [rows.pop(n)]
        what = f"{touched[0]!r:.80}"
    elif kind == "double":
        touched = [rows[n]]
        rows.append(rows[n])
        what = f"{rows[n]!r:.80}"
    else:
        other, column = dice.randrange(len(rows)), dice.choice(rows[n]._fields)
        before = touched = [rows[n], rows[other]]
        rows[n] = before[0]._replace(**{column: getattr(before[1], column)})
        rows[other] = before[1]._replace(**{column: getattr(before[0], column)})
        what = f"{column} of {before[0]!r:.80} and {before[1]!r:.80}"
    return f"{kind} in {table}: {what}", tables.with_rows(table, rows), {p for row in touched for p in places(row)}


def flip(value: Any, dice: Random) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return dice.choice([value + 1, value - 1, value ^ 1 << dice.randrange(62), dice.randrange(1000), -1])
    if isinstance(value, bytes):
        at = dice.randrange(len(value))
        return value[:at] + bytes([value[at] ^ 1 << dice.randrange(8)]) + value[at + 1 :]
    if value is None:
        return b"\0" * 40
    if len(value) == 36:
        return str(UUID(int=UUID(value).int ^ 1 << dice.randrange(128)))
    return value[:-1] + "2"


def places(row: Row) -> list[int]:
    """The position that a damaged row speaks of, if it speaks of exactly one; outside the log, the end is named."""
    return [row.position] if hasattr(row, "position") else [row.size - 1] if hasattr(row, "note") else []


def changes_nothing(before: Tables, after: Tables) -> bool:
    """Whether the same rows are there, or only a checkpoint is missing on which nothing rests.

    That is one that a later one covers, or one that witnesses have cosigned: they know themselves what they saw.
    When a generation was opened is a note that the keeper of the ledger makes, and stands nowhere else.
    """
    if [row._replace(opened_at=0) for row in before.generation] == [
        row._replace(opened_at=0) for row in after.generation
    ]:
        after = after.with_rows("generation", list(before.generation))
    same = all(Counter(getattr(before, name)) == Counter(getattr(after, name)) for name in Tables.names())
    gone = set(before.checkpoint) - set(after.checkpoint)
    added = len(after.checkpoint) >= len(before.checkpoint)
    unseen = len(after.witnessed) < len(before.witnessed)
    return same or unseen or (bool(gone) and not added and max(before.checkpoint) not in gone)


def test_any_damage_to_any_column_of_any_table_is_seen_and_named(kept: Kept) -> None:
    dice, trials, unnamed = Random(SEED), 0, []
    while trials < TRIALS:
        what, tables, touched = damage(kept.tables, dice)
        if changes_nothing(kept.tables, tables):
            continue
        trials += 1
        outcome = kept.verify(tables)
        assert not outcome.ok, f"not seen with LEDGER_FUZZ_SEED={SEED}: {what}"
        wrong = outcome.first_wrong.wrong  # type: ignore[union-attr]
        if touched and wrong.position not in {min(place % 2**63, kept.history.size) for place in touched}:
            unnamed.append(f"{what}: named {wrong}")
    assert not unnamed, f"with LEDGER_FUZZ_SEED={SEED}, {len(unnamed)} of {trials} named elsewhere:\n" + "\n".join(
        unnamed[:20]
    )
