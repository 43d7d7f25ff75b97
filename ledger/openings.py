"""The vault's log of opened words, reconciled with the trail: nothing was opened without a disclosure.

The database gives no key of words to the service before it has noted which words are opened, and for which recorded
disclosure (``ledger/store/schema/0004_openings.sql``). A service that does as it should opens, for a disclosure, what
it shows. Here each of these notes is held to the disclosure that it names. The words may be opened

- within the five seconds in which a disclosure is answered, give or take what two clocks differ by;
- of a disclosure that refused nothing, to a reader who reads words;
- of each item that it shows, unless its words are erased: every statement about it before the disclosure;
- likewise of each matter of the record that it shows; a guardian reads words of nothing else;
- with the names of the patient, of whoever spoke about what it shows, and of whom a matter concerns;
- to a patient, parent or clinician, where it shows no item: with the names of carers, of who decides, of who is in
  care, and of whom or what team is shared with; and with how carers are related to the patient;
- for a reading of the directory, of no record: the names of the people and teams that it tells of;
- for a reading of the trail, instead: the names of those who looked, the reasons of emergencies, and of what it
  tells of the words in which that was added, which say what it is called.

Everything else is named. A retry that is compared with what was said first shows nobody anything and has no disclosure:
these are counted, so that somebody who opens words under that name shows by their number.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import Final

from ledger.core.errors import CoreError
from ledger.core.facts import RecordFacts
from ledger.core.instants import MINUTE, SECOND, Instant, format_instant
from ledger.core.policy import NEVER_READ_WORDS
from ledger.core.said import Said
from ledger.disclosure import ANSWER_WITHIN
from ledger.store.errors import NotRecorded, StoreError, WentBack
from ledger.store.facts import FactsReader, Record
from ledger.store.mapper import SealingMapper
from ledger.store.recorder import LedgerRecorder, OpeningRow

CLOCKS_APART: Final = MINUTE
"""By how much the clock of the database may differ from the ledger's."""
SETTLED_AFTER: Final = 10 * SECOND
"""An opening that was not committed by then opens nothing any more: the database lets it be used for five seconds."""
MOST_FINDINGS: Final = 1000
"""Findings that are kept; the rest is counted."""
_AT_ONCE: Final = 256
_LOOKED_BACK_AT_ONCE: Final = 2048
_MOST_WAITING: Final = 50_000
"""Names opened for readings of the trail that wait for the line that they stand in: some 20 MB."""
_READ_OF_SHARING: Final = frozenset({"patient", "parent", "clinician"})
_LOOKS: Final = {"disclosure-made/1": "viewer", "attempt-refused/1": "person"}
"""What is a line of the trail, and which member of it is the person who looked."""
_DIRECTORY: Final = "directory-read/1"
_EMERGENCIES: Final = frozenset({"emergency-opened/1", "emergency-opened/2"})


@dataclass(frozen=True, slots=True)
class Unaccounted:
    """Words that were opened, and that nothing on the trail accounts for: both evidences, and why not.

    ``positions`` are those that are not accounted for; ``disclosure`` is what the opening names, if that is there.
    """

    opening: OpeningRow
    positions: tuple[int, ...]
    disclosure: Said | None
    why: str

    def __str__(self) -> str:
        """One line: when, what, and why it should not have been."""
        words = ", ".join(map(str, self.positions))
        at = format_instant(self.opening.at)
        return f"opening {self.opening.n} at {at}, words of entry {words}: {self.why}"


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What was found: ``last`` is the number to go on after; ``unaccounted`` counts the findings, all of them.

    ``repeats`` are the openings that compared a retry with what was said first.
    """

    checked: int
    last: int
    findings: tuple[Unaccounted, ...]
    unaccounted: int = 0
    repeats: int = 0

    @property
    def ok(self) -> bool:
        """Does a disclosure account for all that was opened?"""
        return self.unaccounted == 0


async def reconcile(
    recorder: LedgerRecorder,
    mapper: SealingMapper,
    *,
    after: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Reconciled:
    """Hold every opening behind number ``after`` to the disclosure that it names, in bounded memory.

    ``progress`` hears how many are done, of how many. Raises WentBack where the log of openings ends before ``after``,
    NotRecorded where the database cannot be reached.
    """
    newest = await recorder.newest_opening()
    if newest < after:
        raise WentBack(
            f"openings: got {newest} as the number of the last, wanted at least {after}, which was reconciled before;"
            " find out who removed them, or which backup was restored, and reconcile everything"
        )
    work = _Reconciliation(recorder, mapper, last=after)
    while rows := await _settled(recorder, work.last, newest):
        await work.take(rows)
        if progress is not None:
            progress(work.last - after, newest - after)
    await work.look_back()
    return work.outcome()


async def _settled(recorder: LedgerRecorder, after: int, newest: int) -> list[OpeningRow]:
    """The next rows before which none can still come. A number is missing where one was not committed, or not yet."""
    settled: list[OpeningRow] = []
    for row in await recorder.read_openings(after, _AT_ONCE):
        follows = row.n == (settled[-1].n if settled else after) + 1
        if row.n > newest or not (follows or row.age > SETTLED_AFTER):
            break
        settled.append(row)
    return settled


@dataclass(frozen=True, slots=True)
class _Named:
    """Somebody whose name was opened for a reading of the trail: at which position."""

    row: OpeningRow
    position: int
    disclosure: Said


@dataclass(slots=True)
class _Reconciliation:
    recorder: LedgerRecorder
    mapper: SealingMapper
    last: int
    checked: int = 0
    repeats: int = 0
    unaccounted: int = 0
    findings: list[Unaccounted] = field(default_factory=list)
    facts: FactsReader = field(init=False)
    waiting: dict[tuple[str, str], list[_Named]] = field(default_factory=dict)
    names: int = 0

    def __post_init__(self) -> None:
        self.facts = FactsReader(self.recorder, self.mapper)

    def outcome(self) -> Reconciled:
        found = tuple(sorted(self.findings, key=lambda one: one.opening.n))
        return Reconciled(self.checked, self.last, found, self.unaccounted, self.repeats)

    async def take(self, rows: Collection[OpeningRow]) -> None:
        """Check these rows; names on the trail wait for the next look back."""
        told = await self._disclosures({row.disclosure for row in rows if row.disclosure is not None})
        for row in rows:
            disclosure = None if row.disclosure is None else told.get(row.disclosure)
            try:
                await self._check(row, disclosure)
            except NotRecorded:
                raise
            except (StoreError, CoreError) as error:
                self._find(row, row.positions, disclosure, f"what would account for it cannot be read: {error}")
            self.checked += 1
            self.last = row.n
        if self.names >= _MOST_WAITING:
            await self.look_back()

    async def _disclosures(self, positions: Iterable[int]) -> dict[int, Said]:
        """The disclosures that are recorded at these positions; whatever cannot be opened accounts for nothing."""
        told = {}
        for kept in await self.recorder.read_these(positions):
            if kept.topic in ("disclosure-made/1", _DIRECTORY):
                try:
                    told[kept.position] = self.mapper.open_facts(kept)
                except (StoreError, CoreError):
                    continue
        return told

    async def _check(self, row: OpeningRow, disclosure: Said | None) -> None:
        if row.reason == "repeat":
            self.repeats += 1
            return
        if disclosure is None:
            self._find(row, row.positions, None, f"there is no disclosure at position {row.disclosure}")
            return
        if disclosure.type == _DIRECTORY:
            await self._check_directory(row, disclosure)
            return
        about = (await self.facts.record(disclosure.facts["record"])).fold
        if (why := _why_not(row, disclosure, about)) is not None:
            self._find(row, row.positions, disclosure, why)
            return
        if disclosure.facts["via"] == "trail":
            left = await self._not_on_the_trail(row, disclosure) - _called_in(disclosure, about)
        else:
            shown, people = _shown_in(disclosure, about)
            left = set(row.positions) - shown
            left -= {await self._registered(person) for person in people if left}
            left -= await self._names_around(about.facts) if left and _reads_of_sharing(disclosure, about) else set()
        if left:
            why = f"the disclosure at position {disclosure.position} does not show them"
            self._find(row, sorted(left), disclosure, why)

    async def _check_directory(self, row: OpeningRow, reading: Said) -> None:
        """A reading of the directory opens the names of the people and teams that it tells of, and nothing else."""
        if _is_late(row, reading):
            self._find(row, row.positions, reading, _late(reading))
            return
        named = {await self._registered(person) for person in reading.facts["people"]}
        named |= {(await self.facts.team(team)).fold.formed for team in reading.facts["teams"]}
        if left := set(row.positions) - named:
            why = f"the reading of the directory at position {reading.position} does not name them"
            self._find(row, sorted(left), reading, why)

    async def _names_around(self, known: RecordFacts) -> set[int | None]:
        """Where those are named whom a view of what is shared tells its reader of, and where carers are related."""
        teams = {grantee for kind, grantee in known.current.keys() | known.ever_in_care if kind == "team"}
        named = {await self._registered(person) for person in _around(known)}
        return named | {(await self.facts.team(team)).fold.formed for team in teams} | known.namings

    async def _registered(self, person: str) -> int | None:
        return (await self.facts.person(person)).fold.facts.registered

    async def _not_on_the_trail(self, row: OpeningRow, disclosure: Said) -> set[int]:
        """What a reading of the trail does not open. Whoever is named waits for the line that they stand in."""
        record = disclosure.facts["record"]
        left = set(row.positions)
        for kept in await self.recorder.read_these(row.positions):
            if kept.topic != "person-registered/1" and kept.topic not in _EMERGENCIES:
                continue
            said = self.mapper.open_facts(kept)
            if said.type == "person-registered/1":
                named = _Named(row, said.position, disclosure)
                self.waiting.setdefault((record, said.facts["person"]), []).append(named)
                self.names += 1
                left.discard(said.position)
            elif said.facts["record"] == record and said.position < disclosure.position:
                left.discard(said.position)
        return left

    async def look_back(self) -> None:
        """Find the line of the trail for each name that waits, from the newest line on; name those that have none."""
        stop = await self.recorder.size() if self.waiting else 0
        while self.waiting and stop > 0:
            start = max(0, stop - _LOOKED_BACK_AT_ONCE)
            lines = await self.recorder.read_log(start, stop - start, stop - 1, types=tuple(_LOOKS))
            for kept in lines:
                self._meet(self.mapper.read_facts(kept))
            stop = start
        for (record, person), waiting in self.waiting.items():
            for one in waiting:
                why = f"it is the name of {person}, who was not on the trail of record {record} then"
                self._find(one.row, [one.position], one.disclosure, why)
        self.waiting, self.names = {}, 0

    def _meet(self, look: Said) -> None:
        who = (look.facts["record"], look.facts[_LOOKS[look.type]])
        waiting = self.waiting.get(who)
        if waiting is None:
            return
        left = [one for one in waiting if look.recorded_at > one.row.at + CLOCKS_APART]
        if left:
            self.waiting[who] = left
        else:
            del self.waiting[who]

    def _find(self, row: OpeningRow, positions: Iterable[int], disclosure: Said | None, why: str) -> None:
        self.unaccounted += 1
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(Unaccounted(row, tuple(positions), disclosure, why))


def _around(known: RecordFacts) -> set[str]:
    """Whose names a view of what is shared tells: who ever was a carer or in care, decided, or was shared with."""
    named = {grantee for kind, grantee in known.current.keys() | known.ever_in_care if kind == "person"}
    decided = {person for _, person in known.representation.former}
    return named | decided | known.carers.keys() | known.former_carers.keys()


def _why_not(row: OpeningRow, disclosure: Said, about: Record) -> str | None:
    """Why a disclosure can account for nothing that was opened for it, if so."""
    at, facts = disclosure.position, disclosure.facts
    if _is_late(row, disclosure):
        return _late(disclosure)
    if not _reads_words(disclosure, about):
        return (
            f"the disclosure at position {at} was to a reader acting as {facts['acting_as']}, who reads none of these"
        )
    if facts["refused"] is not None:
        return f"the disclosure at position {at} was refused, by rule {facts['refused']}"
    return None


def _is_late(row: OpeningRow, disclosure: Said) -> bool:
    return row.at > disclosure.recorded_at + ANSWER_WITHIN + CLOCKS_APART


def _late(disclosure: Said) -> str:
    recorded = format_instant(Instant(disclosure.recorded_at))
    at = disclosure.position
    return f"the disclosure at position {at} was recorded at {recorded}, and its five seconds were over"


def _reads_words(disclosure: Said, about: Record) -> bool:
    """Does this reader read words at all? A guardian reads those of matters, where nothing else is shown (rule 8)."""
    if disclosure.facts["acting_as"] == "guardian":
        return _shows_no_item(disclosure, about)
    return disclosure.facts["acting_as"] not in NEVER_READ_WORDS


def _reads_of_sharing(disclosure: Said, about: Record) -> bool:
    """May it be that of a view of what is shared, which shows matters at most?"""
    return disclosure.facts["acting_as"] in _READ_OF_SHARING and _shows_no_item(disclosure, about)


def _shows_no_item(disclosure: Said, about: Record) -> bool:
    return all(item in about.facts.matters for group in disclosure.facts["permitted"] for item in group["items"])


def _called_in(disclosure: Said, about: Record) -> set[int]:
    """Where the words are that say how things are called of which a reading of the trail tells; no answer is called."""
    groups = (group["items"] for group in disclosure.facts["permitted"] if group["rule"] != "erased")
    told = (about.facts.items.get(item) for items in groups for item in items)
    return {item.position for item in told if item is not None and item.parent is None}


def _shown_in(disclosure: Said, about: Record) -> tuple[set[int], set[str]]:
    """The positions whose words a disclosure shows, of items and of matters, and the people whose names it shows."""
    shown: set[int] = set()
    people = set() if about.facts.patient is None else {about.facts.patient}
    for group in disclosure.facts["permitted"]:
        for item in group["items"]:
            told = [one for one in about.statements.get(item, ()) if one[0] < disclosure.position]
            people.update(author for _, author in told)
            positions = [position for position, _ in told]
            if (matter := about.facts.matters.get(item)) is not None:
                people.update(one for one in (matter.author, matter.person) if one is not None)
                positions += [position for position in matter.positions if position < disclosure.position]
            if group["rule"] != "erased":
                shown.update(positions)
    return shown, people
