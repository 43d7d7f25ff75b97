"""Numbering: what must be unique or without gaps, read statement by statement, stream by stream, subject by subject.

Within each the order is that of the log, so the first number that does not follow is the wrong one; nothing is held
in memory but the row before. Each pass stands by itself, so they can run side by side. ``first`` is where a run
begins: what an earlier run has verified before it is read only as far as it is gone on from.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import groupby
from typing import Final, TypeVar

from ledger.verify.findings import Findings, Step
from ledger.verify.rows import FactRow, GuardRow, Source, StatementRow, StreamRow

Row = TypeVar("Row", StreamRow, FactRow)


def compare_statements(source: Source, first: int, size: int) -> Findings:
    """Note statements that stand twice, in a log of ``size`` entries."""
    numbers = _Numbers(first, size)
    numbers.compare_statements(source.statements_like(first) if first else source.statements())
    return numbers.found


def compare_streams(source: Source, first: int, size: int) -> Findings:
    """Note gaps in streams."""
    numbers = _Numbers(first, size)
    numbers.compare_streams(source.streams_since(first) if first else source.streams())
    return numbers.found


def compare_counters(source: Source, first: int, size: int) -> Findings:
    """Note gaps in the facts about a subject, and counters that say other than how many there are."""
    numbers = _Numbers(first, size)
    facts = source.counted_facts_since(first) if first else source.counted_facts()
    numbers.compare_counters(facts, iter(source.guards_since(first) if first else source.guards()))
    return numbers.found


PASSES: Final[Mapping[str, Callable[[Source, int, int], Findings]]] = {
    "statements": compare_statements,
    "streams": compare_streams,
    "counters": compare_counters,
}
"""All of them, by a name that can be sent to another process."""


class _Numbers:
    """Rows at no position of the log are noted where it ends."""

    def __init__(self, first: int, size: int) -> None:
        self.found = Findings()
        self._first = first
        self._size = max(size, 0)

    def compare_statements(self, rows: Iterable[StatementRow]) -> None:
        before = StatementRow("", "", -1)
        for row in rows:
            if row[1] == before[1] and row[0] == before[0]:
                got = f"statement {row.statement} of {row.author} again"
                self._note(max(row.position, before.position), got, f"it once, at {min(row.position, before.position)}")
            before = row

    def compare_streams(self, rows: Iterable[StreamRow]) -> None:
        before = StreamRow("", 0, -1)
        for row in rows:
            if row.aggregate != before.aggregate:
                before = row if 0 <= row.position < self._first else StreamRow(row.aggregate, 0, -1)
            before = self._step(before, row, "version {} of stream " + row.aggregate)

    def compare_counters(self, facts: Iterable[FactRow], guards: Iterator[GuardRow]) -> None:
        guard = next(guards, None)
        for last in self._last_facts(facts):
            while guard is not None and guard.subject < last.subject:
                self._compare_counter(guard, None)
                guard = next(guards, None)
            if guard is None or guard.subject != last.subject:
                self._note(last.position, f"no counter of {last.subject}", f"{last.n}, its facts", until=self._size)
                continue
            self._compare_counter(guard, last)
            guard = next(guards, None)
        while guard is not None:
            self._compare_counter(guard, None)
            guard = next(guards, None)

    def _compare_counter(self, guard: GuardRow, last: FactRow | None) -> None:
        got = f"{guard.version} as the counter of {guard.subject}"
        if last is None:
            self._note(self._size, got, "no counter, as no fact is about it")
        elif guard.version != last.n:
            # Either the counter is wrong, or facts that came later are gone: then the index of facts tells which.
            self._note(last.position, got, f"{last.n}, its facts", until=self._size)

    def _last_facts(self, facts: Iterable[FactRow]) -> Iterator[FactRow]:
        """The last fact about each subject, after all of them have been held to each other."""
        looked_at = 0
        for subject, rows in groupby(facts, key=lambda row: row[0]):
            before, what = FactRow(subject, 0, -1), "fact {} about " + subject
            for row in rows:
                looked_at += 1
                if before.position < 0 <= row.position < self._first:
                    before = row
                before = self._step(before, row, what)
            yield before
        self.found.looked_at[Step.NUMBERING] += looked_at

    def _step(self, before: Row, row: Row, what: str) -> Row:
        """As positions go up, numbers go up by one; gives the row to go on from."""
        _, number_before, position_before = before
        _, number, position = row
        follows = number == number_before + 1 and position_before < position < self._size
        if not follows and row is not before:
            wanted = what.format(number_before + 1) + f", after position {position_before}"
            self._note(position, what.format(number) + f" at position {position}", wanted)
        # A row at no position of the log, or out of order, says nothing about those after it.
        return row if position > position_before else before

    def _note(self, position: int, got: str, wanted: str, *, until: int | None = None) -> None:
        if not 0 <= position < self._size:
            position, until = self._size, None
        self.found.note(Step.NUMBERING, position, got, wanted, until=until)
