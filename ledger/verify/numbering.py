"""Numbering: what must be unique or without gaps, read statement by statement, stream by stream, subject by subject.

Within each the order is that of the log, so the first number that does not follow is the wrong one; nothing is held
in memory but the row before.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby

from ledger.verify.findings import Findings, Step
from ledger.verify.rows import FactRow, GuardRow, Source, StatementRow, StreamRow


def compare_numbers(source: Source, found: Findings, size: int) -> None:
    """Note statements that stand twice, and gaps in streams, facts and counters, of a log of ``size`` entries."""
    _Numbers(found, size).compare(source)


class _Numbers:
    """One pass over each numbered table; rows at no position of the log are noted where it ends."""

    def __init__(self, found: Findings, size: int) -> None:
        self._found = found
        self._size = size

    def compare(self, source: Source) -> None:
        self._compare_statements(source.statements())
        self._compare_streams(source.streams())
        self._compare_counters(source.counted_facts(), iter(source.guards()))

    def _compare_statements(self, rows: Iterable[StatementRow]) -> None:
        before = StatementRow("", "", -1)
        for row in rows:
            if row[:2] == before[:2]:
                got = f"statement {row.statement} of {row.author} again"
                self._note(max(row.position, before.position), got, f"it once, at {min(row.position, before.position)}")
            before = row

    def _compare_streams(self, rows: Iterable[StreamRow]) -> None:
        before = StreamRow("", 0, -1)
        for row in rows:
            if row.aggregate != before.aggregate:
                before = StreamRow(row.aggregate, 0, -1)
            self._compare_step(before, row, f"version {{}} of stream {row.aggregate}")
            before = max(before, row, key=_position)

    def _compare_counters(self, facts: Iterable[FactRow], guards: Iterator[GuardRow]) -> None:
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
        for subject, rows in groupby(facts, key=lambda row: row.subject):
            before = FactRow(subject, 0, -1)
            for row in rows:
                self._found.looked_at[Step.NUMBERING] += 1
                self._compare_step(before, row, f"fact {{}} about {subject}")
                before = max(before, row, key=_position)
            yield before

    def _compare_step(self, before: StreamRow | FactRow, row: StreamRow | FactRow, what: str) -> None:
        """As positions go up, numbers go up by one."""
        _, number_before, position_before = before
        _, number, position = row
        if number != number_before + 1 or position <= position_before:
            wanted = what.format(number_before + 1) + f", after position {position_before}"
            self._note(position, what.format(number) + f" at position {position}", wanted)

    def _note(self, position: int, got: str, wanted: str, *, until: int | None = None) -> None:
        if not 0 <= position < self._size:
            position, until = self._size, None
        self._found.note(Step.NUMBERING, position, got, wanted, until=until)


def _position(row: StreamRow | FactRow) -> int:
    # A row at no position of the log, or out of order, says nothing about those after it.
    return row.position
