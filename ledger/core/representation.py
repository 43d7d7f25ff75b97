"""Who decides for a patient, and when: birth, capacity, powers, parents, best interests, death.

Facts of one record, as decisions need them (Mental Capacity Act 2005; Access to Health Records Act 1990). Capacity is
presumed, and is of one matter at a time: what is said of one matter says nothing of another.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any, Final

from ledger.core.directives import Scope
from ledger.core.instants import Instant, instant_of, parse_instant
from ledger.core.item_facts import Item, lineage
from ledger.core.people import PolicyFacts, Standing, Term
from ledger.core.said import Said

YOUNG_PERSONS_OWN: Final = frozenset({"sexual-health", "reproductive", "substance-use", "mental-health"})
"""Topics that nobody opens to a parent from the age of review on, but the young person."""
Parts = frozenset[Scope]
"""Named parts of a record: items, topics, kinds, or everything."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """A professional's finding whether the patient can decide one ``matter``, and which parts bear on it."""

    id: str
    author: str
    matter: str
    lacks: bool
    relevant: Parts
    term: Term


@dataclass(frozen=True, slots=True)
class Power:
    """A lasting power of attorney or a deputyship, with those who hold it.

    ``holders`` is how many the instrument names: a joint power acts only when that many have registered and
    every one of them says that they act (``exercised``: person to position and end).
    """

    id: str
    kind: str
    matters: frozenset[str]
    joint: bool
    holders: int
    held: Mapping[str, Term]
    exercised: Mapping[str, Standing] = field(default_factory=dict)

    def standing(self, person: str, at: Instant) -> Standing | None:
        """What this person's acting under it rests on now, or None: not in force, or not all of a joint power act."""
        own = self.held.get(person)
        if own is None or not own.in_force(at):
            return None
        if not self.joint:
            return own.standing()
        acting = [self._acting(holder, at) for holder in self.held]
        if len(acting) != self.holders or None in acting:
            return None
        return Standing.of(*(one for one in acting if one is not None))

    def _acting(self, holder: str, at: Instant) -> Standing | None:
        said, held = self.exercised.get(holder), self.held[holder]
        if said is None or said.until is None or said.until <= at or not held.in_force(at):
            return None
        return Standing.of(said, held.standing())


@dataclass(frozen=True, slots=True)
class Parental:
    """Somebody's parental responsibility, and from the age of review on what a review lets them see."""

    id: str
    person: str
    term: Term
    review: tuple[Parts, Standing] | None = None


@dataclass(frozen=True, slots=True)
class Allowed:
    """Parts that somebody else than the patient lets a person see for a time: in best interests, or after death."""

    id: str
    author: str
    person: str
    parts: Parts
    standing: Standing

    def bears_on(self, person: str, at: Instant) -> bool:
        """Is it about this person, and does it still hold?"""
        return self.person == person and (self.standing.until is None or at < self.standing.until)


@dataclass(slots=True)
class Representation:
    """What is known of one record about who decides for its patient. Positions name the statements behind it.

    ``assessed`` holds the latest assessment of each matter, which replaces those before. ``former`` keeps who held a
    power or parental responsibility once (person to position): what they wrote stays theirs to read.
    """

    born: tuple[int, date] | None = None
    assessed: dict[str, Assessment] = field(default_factory=dict)
    powers: dict[str, Power] = field(default_factory=dict)
    parents: dict[str, Parental] = field(default_factory=dict)
    former: dict[tuple[str, str], int] = field(default_factory=dict)
    best_interests: dict[str, Allowed] = field(default_factory=dict)
    released: dict[str, Allowed] = field(default_factory=dict)
    wish: tuple[int, str] | None = None
    died: int | None = None

    def lacking(self, matter: str, at: Instant) -> Standing | None:
        """What it rests on that the patient cannot decide this matter now; None: capacity is presumed."""
        found = self.assessed.get(matter)
        return found.term.standing() if found is not None and found.lacks and found.term.in_force(at) else None

    def assessment(self, named: str) -> Assessment | None:
        """The assessment with this id, if no later one replaced it and nobody withdrew it."""
        return next((one for one in self.assessed.values() if one.id == named), None)

    def birthday(self, age: int) -> Instant | None:
        """The beginning (UTC) of the day on which the patient reaches this age; None where no birth is stated."""
        if self.born is None:
            return None
        _, born = self.born
        try:
            day = born.replace(year=born.year + age)
        except ValueError:  # 29 February: the first of March, as English law has it
            day = date(born.year + age, 3, 1)
        return instant_of(datetime(day.year, day.month, day.day, tzinfo=UTC))

    def below(self, age: int, policy: PolicyFacts, at: Instant) -> Standing | None:
        """What it rests on that the patient is below an age of the policy, and when that ends; None: they are not."""
        ends = self.birthday(age)
        if ends is None or self.born is None or ends <= at:
            return None
        return Standing.of(Standing((self.born[0],), ends), policy.standing())

    def was_proxy(self, person: str) -> bool:
        """Was this person ever registered as an attorney or a parent?"""
        return any((role, person) in self.former for role in ("attorney", "parent"))

    def held_by(self, person: str, at: Instant) -> Iterator[tuple[Power, Standing]]:
        """The powers under which this person may act now."""
        for power in self.powers.values():
            standing = power.standing(person, at)
            if standing is not None:
                yield power, standing

    def grounds(self, person: str, at: Instant) -> Iterator[tuple[Parts, Standing]]:
        """What bears on a decision that the patient cannot make, and that this person has the power to make."""
        for power, standing in self.held_by(person, at):
            for found in self.assessed.values():
                if found.lacks and found.term.in_force(at) and found.matter in power.matters:
                    yield found.relevant, Standing.of(standing, found.term.standing())

    def parental_of(self, person: str, at: Instant) -> Parental | None:
        """This person's parental responsibility in force."""
        found = (one for one in self.parents.values() if one.person == person and one.term.in_force(at))
        return next(found, None)

    def take(self, said: Said) -> None:
        """Take in a statement; one of another kind changes nothing."""
        take = _TAKES.get(said.type)
        if take is not None:
            take(self, said)

    def _born(self, said: Said) -> None:
        self.born = said.position, date.fromisoformat(said.facts["born"])

    def _assessed(self, said: Said) -> None:
        facts = said.facts
        made = (facts["assessment"], said.author, facts["matter"], facts["outcome"] == "lacks")
        self.assessed[facts["matter"]] = Assessment(*made, parts_of(facts["relevant"]), Term.said(said))

    def _assessment_withdrawn(self, said: Said) -> None:
        found = self.assessment(said.facts["assessment"])
        if found is not None:
            del self.assessed[found.matter]

    def _power_registered(self, said: Said) -> None:
        facts, person = said.facts, said.facts["person"]
        known = self.powers.get(facts["power"])
        held = {} if known is None else known.held
        exercised = {} if known is None else {one: at for one, at in known.exercised.items() if one != person}
        joint, matters = facts["terms"] == "jointly", frozenset(facts["matters"])
        made = (facts["power"], facts["kind"], matters, joint, facts["holders"], {**held, person: Term.said(said)})
        self.powers[facts["power"]] = Power(*made, exercised)
        self.former.setdefault(("attorney", person), said.position)

    def _power_exercised(self, said: Said) -> None:
        power = self.powers.get(said.facts["power"])
        if power is not None:
            acts = Standing((said.position,), parse_instant(said.facts["until"]))
            self.powers[power.id] = replace(power, exercised={**power.exercised, said.author: acts})

    def _power_ended(self, said: Said) -> None:
        power = self.powers.get(said.facts["power"])
        if power is None:
            return
        held = {person: term for person, term in power.held.items() if person != said.facts["person"]}
        if held:
            self.powers[power.id] = replace(power, held=held)
        else:
            del self.powers[power.id]

    def _parent_registered(self, said: Said) -> None:
        facts = said.facts
        self.parents[facts["parental"]] = Parental(facts["parental"], facts["person"], Term.said(said))
        self.former.setdefault(("parent", facts["person"]), said.position)

    def _parent_reviewed(self, said: Said) -> None:
        parental = self.parents.get(said.facts["parental"])
        if parental is not None:
            until = Standing((said.position,), parse_instant(said.facts["until"]))
            self.parents[parental.id] = replace(parental, review=(parts_of(said.facts["scope"]), until))

    def _parent_ended(self, said: Said) -> None:
        self.parents.pop(said.facts["parental"], None)

    def _best_interests_made(self, said: Said) -> None:
        allowed = _allowed(said, said.facts["best_interests"])
        self.best_interests[allowed.id] = allowed

    def _best_interests_ended(self, said: Said) -> None:
        self.best_interests.pop(said.facts["best_interests"], None)

    def _wished(self, said: Said) -> None:
        self.wish = said.position, said.facts["wish"]

    def _died(self, said: Said) -> None:
        if self.died is None:
            self.died = said.position

    def _death_retracted(self, said: Said) -> None:
        self.died = None
        self.released.clear()

    def _released(self, said: Said) -> None:
        allowed = _allowed(said, said.facts["release"])
        self.released[allowed.id] = allowed


def parts_of(scopes: Sequence[Mapping[str, Any]]) -> Parts:
    """The parts that a list of scopes names."""
    return frozenset((scope["kind"], scope.get("of", "")) for scope in scopes)


def within(parts: Parts, item: Item) -> bool:
    """Do these parts cover an item, and all that it answers, which it quotes?

    By name; else every sensitive topic must be named; else, without topics, its kind or everything.
    """
    thread = list(lineage(item))
    for n, one in enumerate(thread):
        if one.scope in parts:
            return True
        topics = {topic for above in thread[n:] for topic in above.topics}
        plain = ("kind", one.kind) in parts or ("everything", "") in parts
        if not (all(("topic", topic) in parts for topic in topics) if topics else plain):
            return False
    return True


def _allowed(said: Said, named: str) -> Allowed:
    until = Standing((said.position,), parse_instant(said.facts["until"]))
    return Allowed(named, said.author, said.facts["person"], parts_of(said.facts["scope"]), until)


_TAKES: Final[Mapping[str, Callable[[Representation, Said], None]]] = {
    "birth-stated/1": Representation._born,
    "capacity-assessed/1": Representation._assessed,
    "capacity-withdrawn/1": Representation._assessment_withdrawn,
    "power-registered/1": Representation._power_registered,
    "power-exercised/1": Representation._power_exercised,
    "power-ended/1": Representation._power_ended,
    "parent-registered/1": Representation._parent_registered,
    "parent-reviewed/1": Representation._parent_reviewed,
    "parent-ended/1": Representation._parent_ended,
    "best-interests-made/1": Representation._best_interests_made,
    "best-interests-ended/1": Representation._best_interests_ended,
    "after-death-wish-stated/1": Representation._wished,
    "death-recorded/1": Representation._died,
    "death-retracted/1": Representation._death_retracted,
    "after-death-released/1": Representation._released,
}
