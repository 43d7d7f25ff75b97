"""Every disclosure of a ledger derived again, in the ledger's order, in memory that does not grow with it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from ledger.core.said import Said
from ledger.replaying.deriving import Basis, Difference, differences
from ledger.replaying.past import LARGEST_CACHE, UNREADABLE, PastReader
from ledger.store.errors import NotRecorded
from ledger.store.mapper import Kept, SealingMapper
from ledger.store.recorder import LedgerRecorder

DISCLOSURES: Final = ("disclosure-made/1",)
MOST_KEPT: Final = 1000
"""Differences that are kept to be told; the others are counted."""
_AT_ONCE: Final = 200

Progress = Callable[[int, int], None]
"""Told the entries passed and the entries in all, after each page."""


@dataclass(slots=True)
class Replayed:
    """What came of it. ``upto`` is the position before which every disclosure was looked at.

    ``decisions`` counts items that were shown; ``different`` counts differences, the first of which are kept.
    """

    upto: int
    disclosures: int = 0
    refusals: int = 0
    decisions: int = 0
    different: int = 0
    differences: list[Difference] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Did everything derive again?"""
        return not self.different

    def note(self, found: Iterable[Difference]) -> None:
        """Take in differences."""
        for difference in found:
            self.different += 1
            if len(self.differences) < MOST_KEPT:
                self.differences.append(difference)

    def merge(self, other: "Replayed") -> None:
        """Take in what came of the part after this one."""
        self.upto = other.upto
        self.disclosures += other.disclosures
        self.refusals += other.refusals
        self.decisions += other.decisions
        self.different += other.different
        self.differences = (self.differences + other.differences)[:MOST_KEPT]


class Replay:
    """Derives disclosures again, of all records or (``record``) of one, before the position ``until``."""

    def __init__(
        self,
        recorder: LedgerRecorder,
        mapper: SealingMapper,
        until: int,
        *,
        record: str | None = None,
        largest: int = LARGEST_CACHE,
    ) -> None:
        self._recorder, self._mapper, self._until, self._record = recorder, mapper, until, record
        self._past = PastReader(recorder, mapper, until, largest=largest)

    async def run(self, since: int = 0, progress: Progress | None = None) -> Replayed:
        """Derive again what was disclosed from position ``since`` on.

        What is wrong is in the outcome, never raised; NotRecorded where the database cannot be reached.
        """
        done = Replayed(since)
        while page := await self._page(done.upto):
            for row in page:
                await self._take(row, done)
            done.upto = page[-1].position + 1
            if progress is not None:
                progress(done.upto, self._until)
        done.upto = max(self._until, since)
        return done

    async def again(self, position: int, done: Replayed) -> None:
        """Derive again what stands at one position, if it is a disclosure; go on with later ones, as the facts do."""
        for row in await self._recorder.read_log(position, 1, position, DISCLOSURES):
            await self._take(row, done)
        done.upto = position + 1

    async def _page(self, start: int) -> list[Kept]:
        if start >= self._until:
            return []
        return await self._recorder.read_log(start, _AT_ONCE, self._until - 1, DISCLOSURES)

    async def _take(self, row: Kept, done: Replayed) -> None:
        try:
            disclosure = self._mapper.open_facts(row)
        except UNREADABLE as error:
            done.disclosures += 1
            done.note(
                [Difference(row.position, "the disclosure", Basis(f"unreadable ({error})"), Basis("what it was"))]
            )
            return
        if self._record is None or disclosure.facts["record"] == self._record:
            done.note(await self._derive(disclosure))
            _count(disclosure, done)

    async def _derive(self, disclosure: Said) -> list[Difference]:
        told = disclosure.facts
        record, viewer = told["record"], told["viewer"]
        try:
            return differences(disclosure, await self._past.facts(record, viewer, disclosure.position))
        except NotRecorded:
            raise
        except UNREADABLE as error:
            # Whoever altered a fact must not be able to end the search for what else is wrong.
            unknown = Basis(f"nothing, as the facts cannot be read ({error})")
            return [Difference(disclosure.position, "facts", Basis("a decision"), unknown, record, viewer)]


def _count(disclosure: Said, done: Replayed) -> None:
    done.disclosures += 1
    done.refusals += disclosure.facts["refused"] is not None
    done.decisions += sum(len(group["items"]) for group in disclosure.facts["permitted"])
