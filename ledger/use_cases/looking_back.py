"""Looking back: what somebody could see at an instant, what they were shown, and what was kept from them.

Nothing here is a disclosure, and no words are opened: it says which items, by which rule, on which facts. Whoever shows
that to a person asks ``ledger.trail.open`` first whether they may have it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from ledger.core.decisions import Decision, Deny, Facts, Permit, Request
from ledger.core.entry import read_entry
from ledger.core.facts import RecordFacts
from ledger.core.instants import Instant
from ledger.core.policy import POLICY_VERSION
from ledger.core.said import Said
from ledger.domain.errors import NotPossible, Unknown
from ledger.replaying.deriving import JUDGES, request_of, shown_in
from ledger.replaying.past import PastReader
from ledger.replaying.run import DISCLOSURES
from ledger.store.mapper import SealingMapper
from ledger.store.recorder import LedgerRecorder

_AT_ONCE: Final = 200
LARGEST_KEPT: Final = 30_000
"""Statements about what was looked back on last that are kept opened, facts without words (about 50 MB)."""
LARGEST_TIMES: Final = 4_096
_READ_AHEAD: Final = 4_000


@dataclass(frozen=True, slots=True)
class Judged:
    """An item or a matter of a record, of a kind, with what was decided of it."""

    item: str
    kind: str
    decision: Decision


@dataclass(frozen=True, slots=True)
class CouldSee:
    """What a request comes to on the facts before a position.

    ``whole`` decides of opening the record at all; None where there was no such record yet. ``items`` are all that the
    record held, in the order in which they were added, and then all matters.
    """

    before: int
    request: Request
    whole: Decision | None
    items: tuple[Judged, ...] = ()

    @property
    def permitted(self) -> tuple[Judged, ...]:
        """What could be seen."""
        return tuple(one for one in self.items if isinstance(one.decision, Permit))

    @property
    def denied(self) -> tuple[Judged, ...]:
        """What could not be seen."""
        return tuple(one for one in self.items if isinstance(one.decision, Deny))


@dataclass(slots=True)
class SeenItem:
    """One item that was shown: by which rule and on which facts the first time, and at which disclosures."""

    item: str
    rule: str
    evidence: tuple[int, ...]
    disclosures: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Seen:
    """What somebody was shown of a record before a position, by as many disclosures, refusals among them."""

    before: int
    disclosures: int
    refusals: int
    items: tuple[SeenItem, ...]


@dataclass(frozen=True, slots=True)
class Withheld:
    """A disclosure, and the items that the record held then and that it kept back, each with its Deny."""

    disclosure: Said
    items: tuple[Judged, ...]


class LookingBack:
    """What was so at an earlier instant, derived again from the log."""

    def __init__(self, recorder: LedgerRecorder, mapper: SealingMapper) -> None:
        self._recorder, self._mapper = recorder, mapper
        self._past: PastReader | None = None
        self._times: dict[int, Instant] = {}
        self._turn = asyncio.Lock()

    async def position_at(self, at: Instant) -> int:
        """The position before which everything stands that was recorded up to an instant, that instant included."""
        size, before = await self._recorder.size(), 0
        # Times never go back along the log, so half of what is left falls away at each look. The places looked at are
        # multiples of powers of two, the same ones for every size, so that most of them are known.
        for step in (1 << bit for bit in range(size.bit_length() - 1, -1, -1)):
            if before + step <= size and await self._recorded_at(before + step - 1) <= at:
                before += step
        return before

    async def _recorded_at(self, position: int) -> Instant:
        if position not in self._times:
            [row] = await self._recorder.read_log(position, 1)
            if len(self._times) == LARGEST_TIMES:
                self._times.pop(next(iter(self._times)))
            self._times[position] = read_entry(row.state).recorded_at
        return self._times[position]

    async def could_see(
        self, record: str, request: Request, *, policy: int = POLICY_VERSION, without: Collection[str] = ()
    ) -> CouldSee:
        """What ``request`` would have been shown of a record at its instant; its ``item`` is not looked at.

        ``without`` leaves out these emergencies, for whoever may not hear of them yet.
        Raises PastUnreadable where a fact cannot be read, NotPossible for a policy that this program does not have.
        """
        return await self._judged(record, request, await self.position_at(request.at), policy, without)

    async def seen(
        self,
        record: str,
        viewer: str,
        before: int,
        *,
        among: Iterable[int] | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> Seen:
        """What a viewer was in fact shown of a record before a position, from the disclosures themselves.

        What the patient previewed as them is left out: they did not see it.

        ``among`` are the positions of the disclosures, if somebody knows them (an index); without it every disclosure
        of the ledger is opened, and ``progress`` told how far that is.
        """
        found: dict[str, SeenItem] = {}
        looks = refusals = 0
        async for look in self._looks(before, among, progress):
            if (look.facts["record"], look.facts["viewer"]) != (record, viewer) or _is_shown_to_the_patient(look):
                continue
            looks += 1
            refusals += look.facts["refused"] is not None
            for item, (rule, evidence) in shown_in(look).items():
                found.setdefault(item, SeenItem(item, rule, evidence)).disclosures.append(look.position)
        return Seen(before, looks, refusals, tuple(found.values()))

    async def withheld_in(self, position: int) -> Withheld:
        """What the disclosure at a position kept back. Raises Unknown if there is no disclosure at that position."""
        rows = await self._recorder.read_log(position, 1, position, DISCLOSURES)
        if not rows:
            raise Unknown(f"position {position}: got no disclosure there, wanted one; check the position")
        disclosure = self._mapper.open_facts(rows[0])
        told = disclosure.facts
        judged = await self._judged(told["record"], request_of(disclosure), position, told["policy"])
        shown = shown_in(disclosure)
        return Withheld(disclosure, tuple(one for one in judged.denied if one.item not in shown))

    async def _looks(
        self, before: int, among: Iterable[int] | None, progress: Callable[[int, int], None] | None
    ) -> AsyncIterator[Said]:
        if among is not None:
            places = sorted(one for one in among if one < before)
            for n in range(0, len(places), _AT_ONCE):
                rows = await self._recorder.read_these(places[n : n + _AT_ONCE])
                for row in sorted(rows, key=lambda kept: kept.position):
                    if row.topic in DISCLOSURES:
                        yield self._mapper.open_facts(row)
            return
        start = 0
        while start < before and (rows := await self._recorder.read_log(start, _AT_ONCE, before - 1, DISCLOSURES)):
            for row in rows:
                yield self._mapper.open_facts(row)
            start = rows[-1].position + 1
            if progress is not None:
                progress(start, before)

    async def _judged(
        self, record: str, request: Request, before: int, policy: int, without: Collection[str] = ()
    ) -> CouldSee:
        # One at a time: what the reader gives is good until it is asked again.
        async with self._turn:
            facts = await self._facts(record, request.viewer, before)
            if facts.record is None or facts.record.opened is None:
                return CouldSee(before, request, None)
            known = {name: one for name, one in facts.record.emergencies.items() if name not in without}
            of_record = replace(facts.record, emergencies=known)
            return _judged_on(replace(facts, record=of_record), of_record, request, before, policy)

    async def _facts(self, record: str, viewer: str, before: int) -> Facts:
        """The facts before a position, by what is kept of the last looks back."""
        past, self._past = self._past, None
        if past is None:
            past = PastReader(
                self._recorder, self._mapper, before, largest=LARGEST_KEPT, read_ahead=_READ_AHEAD, goes_back=True
            )
        past.grown(before)
        facts = await past.facts(record, viewer, before)
        self._past = past  # not where something could not be read: that is tried afresh
        return facts


def _judged_on(facts: Facts, record: RecordFacts, request: Request, before: int, policy: int) -> CouldSee:
    """What a request comes to on these facts."""
    if policy not in JUDGES:
        raise NotPossible(f"policy: got version {policy}, wanted one of {sorted(JUDGES)}; use a program that has it")
    judge = JUDGES[policy](facts, request)
    whole = judge.whole
    # Nothing of a record is shown where it may not be opened at all.
    kinds = {item.id: item.kind for item in record.items.values()}
    kinds |= {matter.id: matter.kind for matter in record.matters.values()}
    items = (Judged(one, kind, whole if isinstance(whole, Deny) else judge(one)) for one, kind in kinds.items())
    return CouldSee(before, request, whole, tuple(items))


def _is_shown_to_the_patient(look: Said) -> bool:
    """Is it a preview of what somebody else would see?"""
    previewed: bool = look.facts["via"] == "preview" and look.facts["acting_as"] != "patient"
    return previewed
