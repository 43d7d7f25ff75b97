"""The facts as of before a position, read from the log and folded in memory that does not grow with it.

Each fold goes forward only. What it needs is read in pages, some way ahead of where it is, opened and held to its
entry; the folds least recently used are dropped, and read again from the beginning when they are needed again.

The index of facts says where to read. It is numbered without gaps up to its counter, and ``verify`` holds each number
to the entries; here a fact that is missing, altered or about something else is told as such.
"""

from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final, Generic, TypeVar

from ledger.core.decisions import Facts
from ledger.core.errors import CoreError
from ledger.core.facts import RecordFacts
from ledger.core.people import PersonFacts, PolicyFacts, TeamFacts
from ledger.core.said import Fold, Said
from ledger.core.subjects import POLICY, Subject, cases_of, contents_of, person, relations_of, subjects_of, team
from ledger.store.errors import FactsIncomplete, StoreError
from ledger.store.mapper import SealingMapper
from ledger.store.recorder import LedgerRecorder, SubjectRow

LARGEST_CACHE: Final = 150_000
"""Statements held, folded or read ahead, before the folds least recently used are dropped (about 60 MB)."""
READ_AHEAD: Final = 500
"""Facts of one subject that are read at a time."""
UNREADABLE: Final = (CoreError, StoreError, LookupError, TypeError, ValueError, AttributeError)
"""What reading something that somebody altered can raise: its parts need not have any shape."""

Folded = TypeVar("Folded", bound=Fold)


class PastUnreadable(StoreError):
    """A fact before the position is missing, altered or cannot be opened: nothing can be derived from the facts."""


@dataclass(slots=True)
class _Reach:
    """How far one subject was read: so many facts, which are all of those before position ``until``."""

    facts: int = 0
    until: int = 0


@dataclass(slots=True)
class _Known(Generic[Folded]):
    """A fold, how far each of its subjects was read, and what was read and is not folded yet.

    ``folded`` is what was folded, where that is kept to go back. ``broken`` says what cannot be read; what is before
    ``broken_at`` could be. ``counted`` is its share of the weight.
    """

    name: str
    empty: Callable[[], Folded]
    fold: Folded
    reach: dict[Subject, _Reach]
    ahead: deque[Said] = field(default_factory=deque)
    folded: list[Said] | None = None
    broken: str = ""
    broken_at: int = 0
    counted: int = 0

    @property
    def weight(self) -> int:
        """Statements held, and as much as twenty for the fold itself."""
        return 20 + sum(reach.facts for reach in self.reach.values())

    def missing(self, before: int) -> dict[Subject, int]:
        """The subjects that were not read so far, each with the number of facts that are known of it."""
        return {subject: reach.facts for subject, reach in self.reach.items() if reach.until < before}

    def take(self, page: Sequence[Said]) -> None:
        """Take in what was read of one subject; some of it may bear on another subject of this fold, too."""
        have = {said.position for said in self.ahead}
        together = [*self.ahead, *(said for said in page if said.position not in have)]
        self.ahead = deque(sorted(together, key=_position))

    def breaks(self, position: int, why: object) -> None:
        """Note that what stands at a position cannot be read."""
        if not self.broken or position < self.broken_at:
            self.broken, self.broken_at = f"facts from position {position} on: {why}", position

    def advance(self, before: int) -> None:
        """Fold what was said before a position. Raises PastUnreadable where not all of it could be read."""
        while self.ahead and self.ahead[0].position < before:
            said = self.ahead.popleft()
            if self.folded is not None:
                self.folded.append(said)
            try:
                self.fold.apply(said)
            except UNREADABLE as error:
                self.breaks(said.position, error)
        if self.broken and self.broken_at < before:
            raise PastUnreadable(self.broken)

    def go_back(self) -> bool:
        """Begin to fold anew what was read, if it was kept; says whether it was."""
        if self.folded is None:
            return False
        self.fold, self.ahead, self.folded = self.empty(), deque([*self.folded, *self.ahead]), []
        return True


class PastReader:
    """Facts about records, people, teams and the policy, before positions up to ``until``, a size that the log has.

    It is quick where the positions ascend; where it ``goes_back`` it keeps what it has folded, so that an earlier
    position costs folding alone. ``largest`` is the most statements it holds, ``read_ahead`` the facts of one subject
    that it reads at a time.
    """

    def __init__(
        self,
        recorder: LedgerRecorder,
        mapper: SealingMapper,
        until: int,
        *,
        largest: int = LARGEST_CACHE,
        read_ahead: int = READ_AHEAD,
        goes_back: bool = False,
    ) -> None:
        self._recorder, self._mapper, self._until = recorder, mapper, until
        self._largest, self._read_ahead, self._goes_back = largest, read_ahead, goes_back
        self._cache: OrderedDict[str, _Known[Any]] = OrderedDict()
        self._weight = 0

    def grown(self, until: int) -> None:
        """The log has this size now, or a larger one."""
        self._until = max(self._until, until)

    async def facts(self, record: str, viewer: str, before: int) -> Facts:
        """Everything that bears on a viewer and a record, as of before a position; good until the next call.

        Raises PastUnreadable where a fact cannot be read, NotRecorded where the database cannot be reached.
        """
        if before > self._until:
            raise PastUnreadable(f"position: got {before}, wanted one up to {self._until}; make a new reader")
        of_record = self._known(
            f"record/{record}", lambda: RecordFacts(record), (contents_of(record), relations_of(record)), before
        )
        of_viewer = self._known(
            f"person/{viewer}", lambda: PersonFacts(viewer), (person(viewer), cases_of(viewer)), before
        )
        policy = self._known("policy", PolicyFacts, (POLICY,), before)
        await self._advance([of_record, of_viewer, policy], before)
        teams = {name: self._team(name, before) for name in teams_named(of_record.fold, of_viewer.fold)}
        await self._advance(list(teams.values()), before)
        return Facts(
            record=of_record.fold,
            viewer=of_viewer.fold,
            teams={name: known.fold for name, known in teams.items()},
            policy=policy.fold,
        )

    def _team(self, name: str, before: int) -> _Known[TeamFacts]:
        return self._known(f"team/{name}", lambda: TeamFacts(name), (team(name),), before)

    def _known(
        self, name: str, empty: Callable[[], Folded], subjects: Sequence[Subject], before: int
    ) -> _Known[Folded]:
        known: _Known[Folded] | None = self._cache.get(name)
        if known is not None and known.fold.upto < before:
            self._cache.move_to_end(name)
            return known
        if known is not None and known.go_back():
            self._cache.move_to_end(name)
            return known
        if known is not None:  # it is past that position already
            self._weight -= self._cache.pop(name).counted
        folded = list[Said]() if self._goes_back else None
        return _Known(name, empty, empty(), {subject: _Reach() for subject in subjects}, folded=folded)

    async def _advance(self, all_known: Sequence[_Known[Any]], before: int) -> None:
        while wanted := {subject: known for known in all_known for subject in known.missing(before)}:
            counts = {subject: known.reach[subject].facts for subject, known in wanted.items()}
            rows = await self._recorder.read_subjects(counts, self._read_ahead)
            by_subject = sorted(rows, key=lambda row: row.subject)  # stable: each in the ledger's order still
            for subject, page in groupby(by_subject, key=lambda row: row.subject):
                self._read(wanted[subject], subject, list(page))
        for known in all_known:
            self._keep(known)
        for known in all_known:
            known.advance(before)

    def _read(self, known: _Known[Any], subject: Subject, page: Sequence[SubjectRow]) -> None:
        reach, opened = known.reach[subject], list[Said]()
        for row in page:
            if row.n is None:
                continue
            try:
                opened.append(self._open(row, reach))
            except UNREADABLE as error:
                # Where it should stand is not known either: the index that says so may be what is wrong.
                known.breaks(reach.until, error)
                reach.until = self._until
                break
            reach.facts, reach.until = row.n, opened[-1].position + 1
        else:
            self._end(known, reach, page)
        known.take(opened)

    def _open(self, row: SubjectRow, reach: _Reach) -> Said:
        """The facts of a row, held to their entry's commitment and to their type's shape, as decisions rest on them."""
        wanted = reach.facts + 1
        if row.n != wanted or row.kept is None or row.kept.position < reach.until:
            raise FactsIncomplete(f"{row.subject}: got fact number {row.n}, wanted {wanted}; run verify")
        said = self._mapper.open_facts(row.kept)
        if row.subject not in subjects_of(said.type, said.facts):
            raise FactsIncomplete(f"{row.subject}: entry {said.position} is not one of its facts; run verify")
        return said

    def _keep(self, known: _Known[Any]) -> None:
        self._cache[known.name] = known
        self._weight += known.weight - known.counted
        known.counted = known.weight
        while self._weight > self._largest and len(self._cache) > 1:
            _, dropped = self._cache.popitem(last=False)
            self._weight -= dropped.counted
            dropped.counted = 0

    def _end(self, known: _Known[Any], reach: _Reach, page: Sequence[SubjectRow]) -> None:
        """Where a page was not full there is nothing more, if the counter says so as well."""
        counter = page[-1].version
        if reach.facts < counter and len(page) == self._read_ahead:
            return
        if reach.facts < counter:
            known.breaks(reach.until, f"{page[0].subject}: got {reach.facts} facts, wanted {counter}; run verify")
        reach.until = self._until


def _position(said: Said) -> int:
    return said.position


def teams_named(record: RecordFacts, viewer: PersonFacts) -> list[str]:
    """The teams whose facts bear on what a viewer sees of a record: the viewer's, and those that handed care on."""
    return sorted({*viewer.teams, *record.handed_to(viewer.teams)})
