"""Facts, read strongly: opened, held to their entries, numbered without gaps, and cached.

What is cached is proved fresh by the guards of the admission that rests on it: a cached decision that has
gone stale cannot be admitted. The cache holds no words.
"""

import asyncio
from bisect import insort
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from ledger.core.entry import parse_entry
from ledger.core.facts import RecordFacts
from ledger.core.instants import Instant
from ledger.core.key_history import KeyHistory
from ledger.core.keys import KeyStatement
from ledger.core.passkeys import PasskeyStatement
from ledger.core.people import PersonFacts, PolicyFacts, TeamFacts
from ledger.core.said import Said
from ledger.core.subjects import POLICY, Subject, cases_of, contents_of, person, relations_of, subjects_of, team
from ledger.core.vocabulary import STATEMENT_TYPES
from ledger.store.errors import FactsIncomplete
from ledger.store.mapper import Kept, SealingMapper
from ledger.store.recorder import LedgerRecorder, SubjectRow

LARGEST_CACHE: Final = 150_000
"""Statements held in folds before the least recently used are dropped (about 60 MB)."""
_RECORDS_AT_ONCE: Final = 100
"""Records that are read in one query."""
_TAKEN_AT_ONCE: Final = 200
"""Statements that are folded before others have their turn: a large record takes a second when it is first read."""


@dataclass(slots=True)
class Person:
    """A person as decisions need them: their facts and the keys that speak for them."""

    facts: PersonFacts
    keys: KeyHistory = field(default_factory=KeyHistory)

    def apply(self, said: Said) -> None:
        """Take in a fact about the person."""
        self.facts.apply(said)


@dataclass(slots=True)
class Record:
    """A record as readers need it: its facts, and its items and their statements in the reader's order.

    ``newest`` is sorted by (made_at, position, item): when the author says it happened, then admission.
    ``statements`` gives, for each item, the statements about it as (position, author); ``children`` its comments.
    """

    facts: RecordFacts
    newest: list[tuple[Instant, int, str]] = field(default_factory=list)
    statements: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    children: dict[str, list[str]] = field(default_factory=dict)

    def apply(self, said: Said) -> None:
        """Take in a fact about the record."""
        self.facts.apply(said)
        item = said.facts.get("item")
        if item is None or said.type not in _ABOUT_ITEMS:
            return
        self.statements.setdefault(item, []).append((said.position, said.author))
        if said.type == "item-added/1":
            insort(self.newest, (said.made_at, said.position, item))
            if (parent := said.facts["parent"]) is not None:
                self.children.setdefault(parent, []).append(item)


_ABOUT_ITEMS: Final = frozenset(name for name, shape in STATEMENT_TYPES.items() if shape.aggregate == "item")

Folded = TypeVar("Folded", Record, Person, TeamFacts, PolicyFacts)


@dataclass(slots=True)
class Known(Generic[Folded]):
    """A fold and how far it has read each of its subjects: its guards.

    ``began`` numbers the last read for it, 0 before the first; reads take turns. ``counted`` is its share of the
    cache's weight.
    """

    fold: Folded
    guards: dict[Subject, int]
    began: int = 0
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    counted: int = 0

    @property
    def weight(self) -> int:
        """Statements folded, and as much as twenty for the fold itself: a guessed id costs memory too."""
        return 20 + sum(self.guards.values())


class FactsReader:
    """Reads what bears on records, people, teams and the policy."""

    def __init__(self, recorder: LedgerRecorder, mapper: SealingMapper) -> None:
        self._recorder = recorder
        self._mapper = mapper
        self._cache: OrderedDict[str, Known[Record] | Known[Person] | Known[TeamFacts] | Known[PolicyFacts]] = (
            OrderedDict()
        )
        self._weight = 0
        self._reads = 0

    async def record(self, record: str, *, fresh: bool = False) -> Known[Record]:
        """Everything that bears on a record: its items, and the relations around it."""
        return await self._known(*_of_record(record), fresh)

    async def records(self, records: Iterable[str]) -> dict[str, Known[Record]]:
        """The same of many records, all with what is new: a query for a hundred of them, not for each."""
        names = sorted(set(records))
        found: dict[str, Known[Record]] = {}
        for n in range(0, len(names), _RECORDS_AT_ONCE):
            found |= await self._known_together(names[n : n + _RECORDS_AT_ONCE])
        return found

    async def person(self, person_id: str, *, fresh: bool = False) -> Known[Person]:
        """A person's roles, teams, cases and keys."""
        subjects = (person(person_id), cases_of(person_id))
        return await self._known(f"person/{person_id}", lambda: Person(PersonFacts(person_id)), subjects, fresh)

    async def team(self, team_id: str, *, fresh: bool = False) -> Known[TeamFacts]:
        """A team's members and profile."""
        return await self._known(f"team/{team_id}", lambda: TeamFacts(team_id), (team(team_id),), fresh)

    async def policy(self, *, fresh: bool = False) -> Known[PolicyFacts]:
        """What administrators configured."""
        return await self._known("policy", PolicyFacts, (POLICY,), fresh)

    async def _known(
        self, name: str, empty: Callable[[], Folded], subjects: Sequence[Subject], fresh: bool
    ) -> Known[Folded]:
        known = self._held(name, empty, subjects)
        if fresh or not known.began:
            await self._read(known, after=self._reads if fresh else 0)
            self._keep(name, known)
        else:
            self._cache.move_to_end(name)
        return known

    def _held(self, name: str, empty: Callable[[], Folded], subjects: Sequence[Subject]) -> Known[Folded]:
        """What is cached under this name; where nothing is, what has read nothing yet is cached."""
        known: Known[Folded] | None = self._cache.get(name)  # type: ignore[assignment]  # the name says which fold
        if known is None:
            known = Known(empty(), dict.fromkeys(subjects, 0))
            self._keep(name, known)
        return known

    async def _known_together(self, records: Sequence[str]) -> dict[str, Known[Record]]:
        """What is known of these records, which stand in the order of their names, each with what is new."""
        after = self._reads
        held = {record: self._held(*_of_record(record)) for record in records}
        async with AsyncExitStack() as turns:
            # Whoever takes several turns takes them in this order, and nobody else takes two: none waits for ever.
            for known in held.values():
                await turns.enter_async_context(known.turn)
            await self._read_together([known for known in held.values() if known.began <= after])
        for record, known in held.items():
            self._keep(_of_record(record)[0], known)
        return held

    async def _read_together(self, stale: Sequence[Known[Record]]) -> None:
        """Read what is new of these in one query; their turns are the caller's."""
        if not stale:
            return
        self._reads += 1
        began = self._reads
        whose = {subject: n for n, known in enumerate(stale) for subject in known.guards}
        rows: list[list[SubjectRow]] = [[] for _ in stale]
        guards = {subject: at for known in stale for subject, at in known.guards.items()}
        for row in await self._recorder.read_subjects(guards):
            rows[whose[row.subject]].append(row)
        for known, new in zip(stale, rows, strict=True):
            await self._extend(known, new)
            known.began = began

    async def _read(self, known: Known[Folded], after: int) -> None:
        """Read what is new, unless a read that began after the one so numbered has done so meanwhile.

        Sixty-four writers whose facts have all gone stale wait for one or two reads of the same rows, not sixty-four.
        """
        async with known.turn:
            if known.began > after:
                return
            self._reads += 1
            began = self._reads
            await self._extend(known, await self._recorder.read_subjects(known.guards))
            known.began = began

    async def _extend(self, known: Known[Folded], rows: Iterable[SubjectRow]) -> None:
        """Take in what was read. At every pause the guards say how far, so what is decided meanwhile proves stale."""
        counters = {}
        for n, row in enumerate(rows, 1):
            if n % _TAKEN_AT_ONCE == 0:
                await asyncio.sleep(0)
            counters[row.subject] = row.version
            if row.n is not None and row.n > known.guards[row.subject]:
                self._take(known, row)
        for subject, version in counters.items():
            if known.guards[subject] < version:
                raise FactsIncomplete(
                    f"facts about {subject}: got {known.guards[subject]}, wanted {version} as counted; run verify"
                )

    def _take(self, known: Known[Folded], row: SubjectRow) -> None:
        wanted = known.guards[row.subject] + 1
        if row.n != wanted or row.kept is None or not row.kept.wrapped:
            raise FactsIncomplete(f"facts about {row.subject}: got number {row.n}, wanted {wanted}; run verify")
        if isinstance(known.fold, Person) and row.kept.topic.startswith(("key-", "passkey-")):
            _apply_key(known.fold.keys, row.kept)
        said = self._mapper.open_facts(row.kept)
        if row.subject not in subjects_of(said.type, said.facts):
            raise FactsIncomplete(f"facts about {row.subject}: entry {said.position} is not one of them; run verify")
        known.fold.apply(said)
        known.guards[row.subject] = wanted

    def _keep(self, name: str, known: Known[Folded]) -> None:
        other = self._cache.pop(name, None)
        if other is not None and other is not known:  # dropped while it was read, and begun again
            self._weight -= other.counted
        self._weight += known.weight - known.counted
        known.counted = known.weight
        self._cache[name] = known
        while self._weight > LARGEST_CACHE and len(self._cache) > 1:
            _, dropped = self._cache.popitem(last=False)
            self._weight -= dropped.counted
            dropped.counted = 0


def _of_record(record: str) -> tuple[str, Callable[[], Record], tuple[Subject, Subject]]:
    """Under which name a record is cached, its facts while nothing is read, and what bears on it."""
    return f"record/{record}", lambda: Record(RecordFacts(record)), (contents_of(record), relations_of(record))


def _apply_key(keys: KeyHistory, kept: Kept) -> None:
    statement = parse_entry(kept.state).signed.statement
    if isinstance(statement.public, KeyStatement | PasskeyStatement):
        keys.apply(kept.position, statement.type, statement.public)
