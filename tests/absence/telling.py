"""Random stories of one record, as steps that can be told twice: to a ledger with everything, and to one without.

A step's ids follow from its statement id, so both ledgers give everything the same id. ``about`` names what it is
about (items, emergencies, looks): without these it is not told. Steps are drawn without asking whether they are
allowed; what is refused is refused in both.
"""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from random import Random
from typing import Any, Final

from ledger.core.instants import DAY, HOUR, MINUTE, Instant
from ledger.core.terms import KINDS, TOPICS
from ledger.domain.stream import Voice
from ledger.saying import By, name_of
from tests.absence.worlds import World
from tests.http.served import Key
from tests.story import Beginning

WORDS: Final = ("walk", "sleep", "café", "pain", "rest", "letter", "Sam")
READERS: Final = ("carer", "patient", "attorney", "parent", "clinician")
Gone = Collection[str]
Say = Callable[[World, Gone], Awaitable[Any]]


@dataclass(frozen=True)
class Step:
    """Something that is said or done at an instant. ``named`` says what, for whoever reads a failure."""

    at: Instant
    named: str
    about: frozenset[str]
    say: Say
    by_guardian: bool = False


@dataclass
class Teller:
    """Draws a story, step by step."""

    rng: Random
    begun: Beginning
    reader_as: str
    now: Instant
    patient: By = field(init=False)
    key: Key = field(init=False)
    record: str = field(init=False)
    care: str = field(init=False)
    steps: list[Step] = field(default_factory=list)
    parents: dict[str, str | None] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    directives: list[tuple[str, Any]] = field(default_factory=list)
    withholdings: list[tuple[str, str]] = field(default_factory=list)
    emergencies: list[str] = field(default_factory=list)
    erasures: list[tuple[str, str]] = field(default_factory=list)
    looks: list[str] = field(default_factory=list)
    statements: dict[str, tuple[str, str]] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)
    named_by_patient: set[str] = field(default_factory=set)
    assessments: list[str] = field(default_factory=list)
    powers: list[str] = field(default_factory=list)
    parentals: list[str] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)
    conversations: list[str] = field(default_factory=list)
    togethers: list[str] = field(default_factory=list)
    opened_in_best_interests: list[str] = field(default_factory=list)
    asked_about: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Name everybody."""
        begun = self.begun
        self.ada, self.okafor, self.lind, self.greta = begun.ada, begun.okafor, begun.lind, begun.greta
        self.sam, self.moss = begun.sam, begun.moss
        self.neighbour = By(begun.moss.person, "carer")
        self.known |= {by.person for by in vars(begun).values() if isinstance(by, By)} | {begun.practice}

    def by(self, who: By) -> By:
        """Somebody, with the statement id under which they say the next thing."""
        n = self.rng.getrandbits(74)
        value = (self.now << 80 | n) & ~(0xF << 76 | 3 << 62) | 7 << 76 | 2 << 62
        text = f"{value:032x}"
        named = f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
        self.known.add(named)
        return By(who.person, who.acting_as, named)

    def name(self, by: By, member: str) -> str:
        """The id of what this statement makes."""
        named = name_of(Voice(by.person, by.acting_as, self.now, by.statement_id or ""), member)
        self.known.add(named)
        return named

    def step(self, named: str, say: Say, *about: str, by_guardian: bool = False) -> None:
        """Add a step; some time passes before the next."""
        self.steps.append(Step(self.now, named, frozenset(about), say, by_guardian))
        self.now = Instant(self.now + self.rng.choice((0, MINUTE, HOUR, 7 * HOUR, 2 * DAY)))

    def today(self) -> date:
        """The day on which the next thing is said."""
        return datetime.fromtimestamp(self.now / 1000, UTC).date()

    def thing(self, by: By, kind: str, parent: str | None) -> str:
        """The id of an item that this statement adds."""
        item = self.name(by, "item")
        self.parents[item], self.kinds[item] = parent, kind
        self.statements[item] = (by.person, by.statement_id or "")
        return item

    def text(self) -> str:
        """Three words."""
        return " ".join(self.rng.sample(WORDS, 3)) + "."

    def item(self) -> str:
        """One of the items so far."""
        return self.rng.choice(list(self.parents))

    def scope(self) -> dict[str, str]:
        """What a directive may be about."""
        kind = self.rng.choice(("item", "topic", "kind", "everything", "kind"))
        of = {"item": self.item(), "topic": self.rng.choice(TOPICS), "kind": self.rng.choice(KINDS)}
        return {"kind": "everything"} if kind == "everything" else {"kind": kind, "of": of[kind]}

    def parts(self) -> list[dict[str, str]]:
        """Parts of the record; one of them is no item, so that something is left when items are gone."""
        more = [self.scope() for _ in range(self.rng.randint(0, 3))]
        scopes = [{"kind": "kind", "of": self.rng.choice(KINDS)}, *more]
        return [scope for scope in scopes if scope["kind"] != "everything"]
