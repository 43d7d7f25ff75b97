"""The trail: opening a record. First the decision, then the record of it, and only then words.

1. Decide each item from guarded facts.
2. Admit the disclosure; if a fact changed or time ran out, decide again.
3. Open the words of what was permitted, once, within five seconds.

If the ledger cannot record, nobody is shown anything.
"""

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from ledger.core.decisions import UNKNOWN_ITEM, Decision, Deny, Permit, Request, leaves_trace
from ledger.core.instants import Instant, format_instant
from ledger.core.matters import Matter
from ledger.core.policy import NEVER_READ_WORDS, POLICY_VERSION, Judge, judge_of
from ledger.core.secrecy import kept_from_patient, waits_for_asking
from ledger.disclosure import MINT, Disclosure, Sealed, Shown
from ledger.domain.errors import NotAllowed, Unknown
from ledger.domain.trail import DisclosureStream
from ledger.gathering import Gathered, Gatherer
from ledger.permitted import Page
from ledger.saying import By, Speaker, name_of
from ledger.store.errors import Conflict
from ledger.store.facts import Record
from ledger.store.mapper import Admission, SealingMapper
from ledger.store.recorder import LedgerRecorder
from ledger.store.words import open_words

ATTEMPTS: Final = 12
_TREATING: Final = frozenset({"direct-care", "emergency"})
"""The rules that open a record to who treats the patient, and is told what the patient does not see."""
ALONE_FROM: Final = 3
"""The attempt from which nothing else is admitted between the facts and the disclosure: a record is that busy."""
LARGEST_PAGE: Final = 200
LARGEST_GROUP: Final = 1024
"""Items of one group in a recorded decision; a page holds any number of comments, so it may take several groups."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asks to see: a page of a record (after a place in it), or one item of it.

    ``items`` asks for what is said of these items on the trail: they are disclosed as items, without words; with
    ``titles``, of those that answer no other the words in which they were added may be opened: what they are called.
    ``matters`` asks for matters of these kinds (``ledger.core.matters``) in place of items, ``matter`` for one of them.
    """

    record: str
    purpose: str
    via: str = "screen"
    item: str | None = None
    items: tuple[str, ...] | None = None
    titles: bool = False
    matters: frozenset[str] | None = None
    matter: str | None = None
    kinds: frozenset[str] = frozenset()
    limit: int = 50
    after: tuple[Instant, int] | None = None
    case: str | None = None


class Trail:
    """Who sees what, recorded before it is seen."""

    def __init__(
        self,
        recorder: LedgerRecorder,
        mapper: SealingMapper,
        gatherer: Gatherer,
        speaker: Speaker,
        clock: Callable[[], Instant],
    ) -> None:
        self._recorder = recorder
        self._mapper = mapper
        self._gatherer = gatherer
        self._speaker = speaker
        self._clock = clock

    async def open(self, by: By, asked: Asked) -> Disclosure:
        """Open a record, or one item of it; what is returned has been recorded.

        Raises Unknown where this reader may not open it (in the same words as where nothing is there),
        NotRecorded where the ledger cannot record.
        """
        for attempt in range(ATTEMPTS):
            with suppress(Conflict):
                return await self._try_to_open(by, asked, attempt)
        raise Conflict(f"record {asked.record}: facts changed {ATTEMPTS} times while deciding; try again")

    async def _try_to_open(self, by: By, asked: Asked, attempt: int) -> Disclosure:
        alone = attempt >= ALONE_FROM
        async with self._recorder.sequencer.turn(alone=alone):
            now = self._clock()
            gathered = await self._gatherer.gather(by.person, asked.record, at=now, fresh=attempt > 0)
            page = _decide(gathered, by, asked, now)
            if page.refused is not None and attempt == 0:
                raise Conflict("cached facts may be stale, and nobody is refused on them: decide again")
            disclosure, event = self._record_of(by, asked, gathered, page, now)
            answer = self._recorder.sequencer.enqueue(
                [event], guards=gathered.guards, valid_until=page.until(), receipt=False, first=alone
            )
            [admitted] = await answer
        patient = gathered.facts.record.patient if gathered.facts.record is not None else None
        if page.refused is not None or patient is None:
            raise _refusal(by, asked, page)
        return Disclosure(
            mint=MINT,
            id=disclosure,
            position=admitted.position,
            recorded_at=admitted.recorded_at,
            record=asked.record,
            patient=patient,
            viewer=by.person,
            acting_as=by.acting_as,
            via=asked.via,
            as_of=gathered.as_of,
            shown=tuple(page.shown),
            sealed=tuple(page.sealed),
            more=page.more,
            people=await self._gatherer.registered({patient, *_authors(page)}),
            opened_by=page.opened_by,
        )

    async def visible(self, by: By, asked: Asked, items: Collection[str]) -> set[str]:
        """Those of these items that this reader may see now.

        Deciding is not a disclosure, and nothing may be shown by it: it finds what to ask ``open`` for, in one
        disclosure whose number and size tell nothing of what is hidden.
        """
        decided = await self.decided(by, asked, items)
        return {item for item, decision in decided.items() if isinstance(decision, Permit)}

    async def decided(self, by: By, asked: Asked, items: Collection[str]) -> dict[str, Decision]:
        """What would be decided of each of these items now; as ``visible``, no disclosure, and for who may hear it."""
        now = self._clock()
        gathered = await self._gatherer.gather(by.person, asked.record, at=now, fresh=True)
        judge = judge_of(gathered.facts, _request(by, asked, now))
        return {item: judge(item) for item in items}

    async def visible_in_each(self, by: By, asked: Asked, items: Mapping[str, Collection[str]]) -> dict[str, set[str]]:
        """The same in many records at once: by record those of its items. ``asked.record`` is not looked at.

        A record that this reader may not open is left out, decided on the same facts as its items.
        """
        now = self._clock()
        judges = {
            record: judge_of(facts, _request(by, asked, now))
            for record, facts in (await self._gatherer.facts_of_each(by.person, items, at=now)).items()
        }
        return {
            record: {item for item in items[record] if isinstance(judge(item), Permit)}
            for record, judge in judges.items()
            if isinstance(judge.whole, Permit)
        }

    async def may_open(self, by: By, asked: Asked) -> bool:
        """Would this reader be let in at all now? No disclosure either."""
        now = self._clock()
        gathered = await self._gatherer.gather(by.person, asked.record, at=now, fresh=True)
        return isinstance(judge_of(gathered.facts, _request(by, asked, now)).whole, Permit)

    async def words(
        self, disclosure: Disclosure, only: Collection[int] | None = None
    ) -> dict[int, Mapping[str, Any] | None]:
        """The words that a disclosure permits, by position; raises NotAllowed when its five seconds are over.

        ``only`` leaves closed what a view has no use for: it can narrow what is permitted, never widen it.
        """
        disclosure.check_fresh(self._clock())
        if disclosure.acting_as in NEVER_READ_WORDS and not disclosure.of_matters_to_a_guardian():
            raise NotAllowed(
                f"words: got a disclosure to a {disclosure.acting_as}, wanted one to somebody who reads words (rule 8)",
                "never-words",
            )
        permitted = disclosure.positions()
        opened = permitted if only is None else [position for position in permitted if position in only]
        return await open_words(self._recorder, self._mapper.keyring, opened, disclosure=disclosure.position)

    def _record_of(self, by: By, asked: Asked, gathered: Gathered, page: Page, now: Instant) -> tuple[str, Admission]:
        voice = self._speaker.voice(By(self._mapper.keyring.service, "service"))
        disclosure = name_of(voice, "disclosure")
        stream = DisclosureStream.of(disclosure)
        facts = {"disclosure": disclosure, "at": format_instant(now), "as_of": gathered.as_of}
        event = stream.say("disclosure-made/1", voice, {**facts, **_asked(by, asked), **_decided(page)})
        return disclosure, self._mapper.to_stored_event(event)


def _decide(gathered: Gathered, by: By, asked: Asked, now: Instant) -> Page:
    request = _request(by, asked, now)
    judge = judge_of(gathered.facts, request)
    page = Page()
    if gathered.record is None or gathered.facts.record is None or gathered.facts.record.opened is None:
        page.refused = "unknown-record"
        return page
    if isinstance(judge.whole, Deny):
        page.refused = judge.whole.rule
        return page
    page.opened_by = judge.whole.rule
    if asked.item is not None:
        _decide_one(page, gathered.record, judge, asked.item, now)
    elif asked.items is not None:
        _decide_these(page, gathered.record, judge, asked)
    elif asked.matters is not None:
        _decide_matters(page, gathered.record, judge, asked.matters)
    elif asked.matter is not None:
        _decide_matter(page, gathered.record, judge, asked.matter)
    else:
        _decide_page(page, gathered.record, judge, asked, request)
    return page


def _decide_one(page: Page, record: Record, judge: Judge, item: str, now: Instant) -> None:
    decision = judge(item) if item in record.facts.items else UNKNOWN_ITEM  # a matter is no item
    if isinstance(decision, Deny):
        page.refused = decision.rule
    else:
        page.shown.append(_shown(record, judge, item, decision, now))


def _decide_these(page: Page, record: Record, judge: Judge, asked: Asked) -> None:
    for named in asked.items or ():
        decision = judge(named)
        if isinstance(decision, Permit):
            item = record.facts.items.get(named) if asked.titles else None
            called = () if item is None or item.parent is not None else (item.position,)
            page.shown.append(Shown(named, decision, called, frozenset()))


def _decide_matters(page: Page, record: Record, judge: Judge, kinds: frozenset[str]) -> None:
    for matter in record.facts.matters.values():
        decision = judge(matter.id)
        if matter.kind in kinds and isinstance(decision, Permit):
            page.shown.append(_shown_of_matter(matter, decision))


def _decide_matter(page: Page, record: Record, judge: Judge, named: str) -> None:
    matter = record.facts.matters.get(named)
    decision = UNKNOWN_ITEM if matter is None else judge(named)
    if matter is None or isinstance(decision, Deny):
        page.refused = decision.rule
    else:
        page.shown.append(_shown_of_matter(matter, decision))


def _shown_of_matter(matter: Matter, permit: Permit) -> Shown:
    people = frozenset(one for one in (matter.author, matter.person) if one is not None)
    return Shown(matter.id, permit, matter.positions, people, matter=True)


def _request(by: By, asked: Asked, now: Instant) -> Request:
    return Request(by.person, by.acting_as, now, asked.via, asked.case, None, asked.purpose)


def _decide_page(page: Page, record: Record, judge: Judge, asked: Asked, request: Request) -> None:
    limit = min(asked.limit, LARGEST_PAGE)
    last = (Instant(0), 0)
    for made_at, position, item in _newest_first(record, asked.after):
        decision = judge(item)
        if isinstance(decision, Deny):
            # Whatever kinds are asked for: a mark that came and went with them would tell the kind of what is sealed.
            if leaves_trace(decision, request):
                page.sealed.append(Sealed(item, decision.rule, waits_for_asking(record.facts.items[item], decision)))
            continue
        if asked.kinds and record.facts.items[item].kind not in asked.kinds:
            continue
        if _stands_under_its_parent(record, judge, item):
            continue
        if len(page.shown) == limit:
            page.more = last
            return
        page.shown.append(_shown(record, judge, item, decision, request.at))
        last = (made_at, position)


def _newest_first(record: Record, after: tuple[Instant, int] | None) -> Iterator[tuple[Instant, int, str]]:
    end = len(record.newest) if after is None else bisect_left(record.newest, (*after, ""))
    for n in range(end - 1, -1, -1):
        yield record.newest[n]


def _stands_under_its_parent(record: Record, judge: Judge, item: str) -> bool:
    parent = record.facts.items[item].parent
    return parent is not None and isinstance(judge(parent.id), Permit)


def _shown(record: Record, judge: Judge, item: str, permit: Permit, now: Instant) -> Shown:
    facts = record.facts.items[item]
    parent = facts.parent
    alone = parent is not None and isinstance(judge(parent.id), Deny)
    children = []
    for child in record.children.get(item, ()):
        decision = judge(child)
        if isinstance(decision, Permit):
            children.append(_shown(record, judge, child, decision, now))
    positions, authors = zip(*record.statements[item], strict=True)
    # Of an answer without what it answers nothing is told that could tell of that.
    treating = isinstance(judge.whole, Permit) and judge.whole.rule in _TREATING and not alone
    kept = kept_from_patient(record.facts, facts, now) if treating else None
    return Shown(item, permit, positions, frozenset(authors), tuple(children), alone, kept=kept)


def _authors(page: Page) -> set[str]:
    return {author for shown in page.thread() for author in shown.authors}


def _asked(by: By, asked: Asked) -> dict[str, Any]:
    return {
        "record": asked.record,
        "viewer": by.person,
        "acting_as": by.acting_as,
        "purpose": asked.purpose,
        "via": asked.via,
        "case": asked.case,
    }


def _decided(page: Page) -> dict[str, Any]:
    """The decision, items grouped by what they rest on: fifty notes under one relationship are one group."""
    groups: dict[tuple[str, tuple[int, ...]], list[str]] = {}
    for item, permit in page.permits():
        groups.setdefault((permit.rule, permit.evidence), []).append(item)
    until = page.until()
    return {
        "policy": POLICY_VERSION,
        "valid_until": None if until is None else format_instant(until),
        "refused": page.refused,
        "permitted": [
            {"rule": rule, "evidence": list(evidence), "items": items[n : n + LARGEST_GROUP]}
            for (rule, evidence), items in groups.items()
            for n in range(0, len(items), LARGEST_GROUP)
        ],
    }


def _refusal(by: By, asked: Asked, page: Page) -> Exception:
    """What a refused reader hears. Only a clinician who is in no care hears why, and of the record as a whole only."""
    if page.opened_by:  # by whatever rule the item is kept, it is answered as one that is not there
        what, named = ("item", asked.item) if asked.matter is None else ("matter", asked.matter)
        return Unknown(f"{what} {named}: there is no such {what} for you in this record; check the id")
    if by.acting_as == "clinician" and page.refused == "no-relationship":
        return NotAllowed(
            f"record {asked.record}: you have no current care relationship; start one, or open it as an emergency",
            page.refused,
        )
    return Unknown(f"record {asked.record}: there is no such record for you; check the id and what you act as")
