"""What is in the large ledger: Amina's record, whoever looked at it, and five hundred patients more.

Everything goes through the ledger's use cases, many at a time, so that they share commits; the clock is moved between.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final, Protocol

from ledger.core.instants import DAY, HOUR, MINUTE, Instant
from ledger.domain.errors import NotAllowed, Unknown
from ledger.ledger import Ledger
from ledger.saying import By
from ledger.use_cases.items import Draft
from ledger.use_cases.representation import Finding
from ledger.use_cases.sharing import Conversation, Directing
from ledger.use_cases.trail import Asked
from tests.story import Beginning

KINDS: Final = {
    "note": 30, "result": 20, "reading": 20, "medicine": 8, "letter": 8, "plan": 3, "plan-for-carers": 3,
    "problem": 3, "allergy": 1, "experience": 1, "contribution": 1,
}  # fmt: skip
TOPICS: Final = ("mental-health", "sexual-health", "substance-use", "genetic", "social-care")
CARERS: Final = ("Noor", "Ines", "Paul", "Tomas", "Wen")
WORKING_NOTES: Final = 100
WISHES: Final = 5
_AT_ONCE: Final = 64
_DATA: Final = {"reading": {"code": "heart-rate", "value": "72", "unit": "/min"}}
TEXT: Final = (
    "Seen at the practice. Sleeping better since the change of medicine, walks every day, no dizziness. Blood pressure"
    " taken sitting. We agreed to go on and to look again in six weeks; she will call if the headaches come back."
)


class Clock(Protocol):
    """A clock that somebody moves."""

    def __call__(self) -> Instant:
        """The instant it stands at."""

    def move(self, milliseconds: int) -> None:
        """Let so much time pass."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much of everything there is to be."""

    items: int = 10_000
    lines: int = 100_000
    comments: int = 200
    directives: int = 200
    patients: int = 500


@dataclass(frozen=True, slots=True)
class Large:
    """Who and what is in it. ``discussed`` is the item with all the comments, ``case`` the auditor's."""

    begun: Beginning
    items: int
    lines: int
    discussed: str
    case: str
    carers: list[str]


@dataclass(slots=True)
class _Filling:
    """The work on one ledger; ``added`` are the items so far, ``clinical`` those that clinicians wrote."""

    ledger: Ledger
    begun: Beginning
    sizes: Sizes
    clock: Clock
    rng: random.Random = field(default_factory=lambda: random.Random(6))  # the same each time
    carers: list[str] = field(default_factory=list)
    added: list[tuple[Instant, int, str]] = field(default_factory=list)
    clinical: list[str] = field(default_factory=list)

    async def together(self, work: Sequence[Callable[[], Awaitable[Any]]], over: int) -> None:
        """Do all of this, many at a time, over so many milliseconds."""
        share = over * _AT_ONCE // max(1, len(work))
        for n in range(0, len(work), _AT_ONCE):
            await asyncio.gather(*(one() for one in work[n : n + _AT_ONCE]))
            self.clock.move(min(share, over))

    @property
    def record(self) -> str:
        return self.begun.record

    def today(self) -> date:
        return date(1970, 1, 1) + timedelta(milliseconds=self.clock())


async def fill(ledger: Ledger, begun: Beginning, sizes: Sizes, clock: Clock, over: int) -> Large:
    """Fill the ledger, over so many milliseconds of its clock: first what is written, then who looked at it."""
    filling = _Filling(ledger, begun, sizes, clock)
    ends = clock() + over
    await _carers(filling)
    await _patients(filling)
    discussed = await _items(filling, over // 2 - 2 * DAY)
    await _directives(filling)
    await _kept_back(filling)
    await _matters(filling)
    case = await ledger.cases.assign(begun.ada, begun.ruth.person, "A complaint", record=begun.record)
    before = await ledger.rows.size()
    await _looks(filling, str(case.facts["case"]), ends - clock() - HOUR)
    lines = await ledger.rows.size() - before
    facts = (await ledger.facts.record(begun.record)).fold.facts
    return Large(begun, len(facts.items), lines, discussed, str(case.facts["case"]), filling.carers)


async def _carers(filling: _Filling) -> None:
    ledger, begun = filling.ledger, filling.begun
    filling.carers.append(begun.sam.person)
    for name in CARERS:
        person = str((await ledger.people.register(begun.ada, name)).facts["person"])
        await ledger.care.name_carer(begun.amina, begun.record, person, "friend")
        filling.carers.append(person)


async def _patients(filling: _Filling) -> None:
    """Other patients of the practice, each with something that is due."""
    ledger, begun = filling.ledger, filling.begun

    async def one(n: int) -> None:
        patient = str((await ledger.people.register(begun.ada, f"Patient {n}")).facts["person"])
        record = str((await ledger.care.open_record(begun.ada, patient)).facts["record"])
        await ledger.care.start(begun.ada, record, ground="referral", team=begun.practice)
        note = str((await ledger.items.add(begun.okafor, record, Draft("note", TEXT))).facts["item"])
        await ledger.items.dispute(By(patient, "patient"), record, note, "I did not say that.")

    await filling.together([lambda n=n: one(n) for n in range(filling.sizes.patients)], DAY)


async def _items(filling: _Filling, over: int) -> str:
    sizes, begun, ledger = filling.sizes, filling.begun, filling.ledger
    discussed = await _add(filling, begun.okafor, Draft("note", TEXT, "What we talk about"))
    answers: list[Callable[[], Awaitable[Any]]] = []
    for n in range(sizes.comments):
        by = begun.amina if n % 2 else begun.okafor
        answers.append(lambda by=by, n=n: ledger.items.comment(by, begun.record, discussed, f"About this, {n}."))
    later = 1 + sizes.comments + sizes.items // 50 + WORKING_NOTES + WISHES
    items = [lambda: _item(filling) for _ in range(sizes.items - later)]
    await filling.together(items, over)
    await filling.together(answers, DAY)
    others = [item for item in filling.clinical if item != discussed]
    await filling.together([_answer(filling, filling.rng.choice(others)) for _ in range(sizes.items // 50)], DAY)
    return discussed


async def _item(filling: _Filling) -> None:
    rng, begun = filling.rng, filling.begun
    [kind] = rng.choices(list(KINDS), list(KINDS.values()))
    topics = (rng.choice(TOPICS),) if rng.random() < 0.1 else ()
    by = begun.amina if kind in ("experience", "contribution") else rng.choice((begun.okafor, begun.okafor, begun.lind))
    if kind == "contribution":
        by = begun.sam
    await _add(filling, by, Draft(kind, TEXT, kind.capitalize(), topics, data=_DATA.get(kind)))


async def _add(filling: _Filling, by: By, draft: Draft) -> str:
    answer = await filling.ledger.items.add(by, filling.record, draft)
    item = str(answer.facts["item"])
    filling.added.append((answer.recorded_at, answer.position, item))
    if by.acting_as == "clinician" and not draft.topics:
        filling.clinical.append(item)
    return item


def _answer(filling: _Filling, item: str) -> Callable[[], Awaitable[Any]]:
    """A comment or a dispute of Amina's, or an amendment."""
    ledger, begun, record = filling.ledger, filling.begun, filling.record
    kind = filling.rng.random()
    if kind < 0.2:
        return lambda: ledger.items.dispute(begun.amina, record, item, "That is not how it was.")
    return lambda: ledger.items.comment(begun.okafor, record, item, "See the letter.")


async def _kept_back(filling: _Filling) -> None:
    """What professionals keep back: of Amina, of her carers, of every screen; and working notes."""
    rng, ledger, begun = filling.rng, filling.ledger, filling.begun
    opinion, review = filling.today(), filling.today() + timedelta(days=120)
    chosen = rng.sample(filling.added[: len(filling.added) // 2] + filling.added[-200:], filling.sizes.items // 50)
    facts = (await ledger.facts.record(filling.record, fresh=True)).fold.facts

    async def one(n: int, item: str) -> None:
        by = begun.lind if facts.items[item].author == begun.lind.person else begun.okafor
        kept_from, ground = ("patient", "serious-harm") if n % 2 else ("carers", "third-party")
        await ledger.items.withhold(
            by, filling.record, item, kept_from=kept_from, ground=ground, opinion=opinion, review=review, reason="Harm."
        )

    of_professionals = [item for _, _, item in chosen if facts.items[item].acting_as == "clinician"]
    await filling.together([lambda n=n, item=item: one(n, item) for n, item in enumerate(of_professionals)], HOUR)
    notes = [
        lambda: _add(filling, begun.okafor, Draft("working-note", "To think about.")) for _ in range(WORKING_NOTES)
    ]
    await filling.together(notes, HOUR)


async def _directives(filling: _Filling) -> None:
    """Each carer is let see some kinds, some topics, and many single items."""
    rng, ledger, begun = filling.rng, filling.ledger, filling.begun
    each = filling.sizes.directives // len(filling.carers)
    for person in filling.carers:
        to = {"kind": "person", "id": person}
        scopes: list[dict[str, Any]] = [{"kind": "kind", "of": kind} for kind in ("plan-for-carers", "medicine")]
        scopes += [{"kind": "topic", "of": topic} for topic in rng.sample(TOPICS, 2)]
        items = rng.sample(filling.added, each + 2 - len(scopes))
        scopes += [{"kind": "item", "of": item} for _, _, item in items]
        for scope in scopes:
            await ledger.sharing.direct(begun.amina, filling.record, Directing(to, scope))
        filling.clock.move(MINUTE)


async def _matters(filling: _Filling) -> None:
    ledger, begun, record = filling.ledger, filling.begun, filling.record
    for n in range(30):
        talk = Conversation("agreed", filling.carers[n % 6], text="We talked about who may see what.")
        await ledger.sharing.hold_conversation(begun.okafor, record, talk)
        finding = Finding("treatment", "has", "She weighs it well.", Instant(filling.clock() + 90 * DAY))
        await ledger.representation.assess_capacity(begun.okafor, record, finding)
    for n in range(WISHES):
        wishes = await ledger.wishes.draft(begun.amina, record, f"What matters to me, {n}.", title="My wishes")
        if n == 0:
            await ledger.wishes.sign(begun.amina, record, str(wishes.facts["item"]))


async def _looks(filling: _Filling, case: str, over: int) -> None:
    """The trail: who looked at what, one day of twelve weeks after the other; every fortnight an emergency."""
    rounds = 56
    for n in range(rounds):
        if n % 8 == 0:
            await _emergency(filling)
        left = filling.sizes.lines * (n + 1) // rounds - filling.sizes.lines * n // rounds
        await filling.together([_look(filling, case) for _ in range(left)], over // rounds)


async def _emergency(filling: _Filling) -> None:
    ledger, begun = filling.ledger, filling.begun
    until = Instant(filling.clock() + 4 * HOUR)
    await ledger.sharing.open_emergency(begun.moss, filling.record, "urgent-care", "Found on the street.", until)
    looks = [_opens(filling, begun.moss, Asked(filling.record, "emergency", limit=20)) for _ in range(20)]
    await filling.together(looks, HOUR)


def _look(filling: _Filling, case: str) -> Callable[[], Awaitable[Any]]:
    rng, begun, record = filling.rng, filling.begun, filling.record
    who, item = rng.random(), rng.choice(filling.added)[2]
    if who < 0.02:
        return _opens(filling, begun.moss, Asked(record, "appointment"))  # who is in no care, and is refused
    if who < 0.10:
        carer = By(rng.choice(filling.carers), "carer")
        via = "preview" if who < 0.04 else "screen"
        return _opens(filling, carer, Asked(record, "shared-with-me", via, item=item))
    if who < 0.12:
        return _opens(filling, begun.ruth, Asked(record, "audit", "trail", items=(item,), case=case))
    if who < 0.25:
        return _opens(filling, begun.amina, _what(filling, "own-record", item))
    by = rng.choice((begun.okafor, begun.okafor, begun.lind))
    return _opens(filling, by, _what(filling, rng.choice(("appointment", "task")), item))


def _what(filling: _Filling, purpose: str, item: str) -> Asked:
    """One item, the newest page, or a page somewhere in the record."""
    how = filling.rng.random()
    if how < 0.5:
        return Asked(filling.record, purpose, item=item)
    made_at, position, _ = filling.rng.choice(filling.added)
    after = (made_at, position) if how < 0.8 else None
    return Asked(filling.record, purpose, limit=filling.rng.choice((10, 20, 50)), after=after)


def _opens(filling: _Filling, by: By, asked: Asked) -> Callable[[], Awaitable[Any]]:
    async def look() -> None:
        with suppress(Unknown, NotAllowed):  # a refusal is a line as well
            await filling.ledger.trail.open(by, asked)

    return look
