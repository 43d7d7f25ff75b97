"""What is said about sharing a record: for its patient all of it, for clinicians in care what they act on.

No words are opened but names: who is meant, and how a carer is related to the patient. The patient, and the parent of
a child, read the directives that count and what each part of the record is by them to each carer, who the carers are
and were, who is suspended or frozen, who is in care, which sessions together are open, what they wish for results and
after death, and how the talks about carers went. A clinician in care or in an emergency reads who decides: capacity
that was assessed, powers, parents, who the carers are, and whether the patient was asked about them. Suspension is
silent: no clinician reads of it, and no carer anything.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ledger.core.directives import Directive
from ledger.core.facts import RecordFacts
from ledger.core.instants import Instant
from ledger.core.people import Term
from ledger.core.relations import Care
from ledger.core.said import Said
from ledger.core.terms import AFTER_DEATH
from ledger.disclosure import Disclosure
from ledger.domain.errors import Unknown
from ledger.ledger import Ledger
from ledger.store.mapper import SealingMapper
from ledger.store.words import open_words
from projections.views.parts import Grantee, Sees, directed_in, items_seen, sees_what
from projections.views.shape import Person

_PATIENTS: Final = frozenset({"own-record", "parent"})
_IN_CARE: Final = frozenset({"direct-care", "emergency"})


@dataclass(frozen=True, slots=True)
class DirectiveNow:
    """A directive that counts. ``terms`` are its ``from``, ``until`` and ``condition``, as they were said."""

    id: str
    grantee: Grantee
    scope: Mapping[str, Any]
    effect: str
    terms: Mapping[str, Any]
    replaces: str | None
    hidden: bool
    made_at: Instant


@dataclass(frozen=True, slots=True)
class CarerNow:
    """Somebody named as a carer and how they are related, and whether the patient has suspended or frozen them."""

    person: Person
    relation: str | None
    suspended: bool
    frozen: bool


@dataclass(frozen=True, slots=True)
class CareNow:
    """A person or a team in care of the record, and on which ground."""

    grantee: Grantee
    ground: str


@dataclass(frozen=True, slots=True)
class TogetherNow:
    """A session in which a carer looks together with the patient."""

    id: str
    person: Person
    until: Instant


@dataclass(frozen=True, slots=True)
class Talk:
    """A talk with the patient about carers: how it went, about whom if somebody was named, and their capacity."""

    id: str
    outcome: str
    person: Person | None
    capacity: str
    made_at: Instant


@dataclass(frozen=True, slots=True)
class PatientsSharing:
    """What the patient says about sharing, as it counts now."""

    disclosure: str
    record: str
    patient: Person
    opened_at: Instant
    directives: tuple[DirectiveNow, ...]
    sees: tuple[Sees, ...]
    carers: tuple[CarerNow, ...]
    former_carers: tuple[Person, ...]
    care: tuple[CareNow, ...]
    together: tuple[TogetherNow, ...]
    results_wish: str
    after_death_wish: str
    conversations: tuple[Talk, ...]


@dataclass(frozen=True, slots=True)
class CapacityNow:
    """An assessment in force: of which matter, what it found, and which parts of the record bear on it."""

    id: str
    matter: str
    outcome: str
    relevant: tuple[Mapping[str, str], ...]
    until: Instant | None


@dataclass(frozen=True, slots=True)
class PowerNow:
    """A power, with those who hold it; ``acting`` are those under whose hands it acts now."""

    id: str
    kind: str
    matters: tuple[str, ...]
    terms: str
    holders: int
    held_by: tuple[Person, ...]
    acting: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ParentNow:
    """Somebody with parental responsibility."""

    id: str
    person: Person
    until: Instant | None


@dataclass(frozen=True, slots=True)
class CliniciansSharing:
    """Who decides for the patient, and what a clinician needs to know about carers."""

    disclosure: str
    record: str
    opened_at: Instant
    capacity: tuple[CapacityNow, ...]
    powers: tuple[PowerNow, ...]
    parents: tuple[ParentNow, ...]
    carers: tuple[Person, ...]
    asked_about_carers: bool
    conversations: tuple[Talk, ...]


def matters_told(known: RecordFacts, reader: str, at: Instant) -> tuple[str, ...]:
    """The matters that a view of sharing tells of, to be asked for: talks about carers; clinicians also capacity."""
    talks = [matter.id for matter in known.matters.values() if matter.kind == "conversation"]
    assessed = [one.id for one in known.representation.assessed.values() if one.term.in_force(at)]
    return (*talks, *(assessed if reader == "clinician" else ()))


async def build(ledger: Ledger, disclosure: Disclosure) -> PatientsSharing | CliniciansSharing | None:
    """The view of whoever opened the record; None where facts came after the disclosure: open it again.

    Raises Unknown for everybody else, in the words of a record that is not there; NotAllowed for a disclosure that was
    not recorded, or too long ago.
    """
    disclosure.check_fresh(ledger.clock())
    mine, in_care = disclosure.opened_by in _PATIENTS, disclosure.opened_by in _IN_CARE
    if not mine and not in_care:
        raise Unknown(f"record {disclosure.record}: there is no such record for you; check the id and what you act as")
    known = (await ledger.facts.record(disclosure.record, fresh=True)).fold.facts
    if known.upto > disclosure.as_of:
        return None
    telling = await _telling(ledger, disclosure, known, everybody=mine)
    return telling.to_the_patient() if mine else telling.to_a_clinician()


def _people_around(known: RecordFacts) -> set[str]:
    """Everybody whose name any view of sharing tells: carers, holders of powers, parents, and grantees by name."""
    named = {grantee for (kind, grantee), said in known.current.items() if kind == "person" and said}
    representation = known.representation
    held = {person for power in representation.powers.values() for person in power.held}
    return named | held | {one.person for one in representation.parents.values()} | known.carers.keys()


def _teams(known: RecordFacts) -> set[str]:
    shared = {team for (kind, team), said in known.current.items() if kind == "team" and said}
    return shared | {one.grantee[1] for one in known.care.values() if one.grantee[0] == "team"}


def _told_to_the_patient(known: RecordFacts) -> set[str]:
    """Whose names the patient reads besides: who was a carer, and who is in care by name."""
    return known.former_carers.keys() | {one.grantee[1] for one in known.care.values() if one.grantee[0] == "person"}


async def _telling(ledger: Ledger, disclosure: Disclosure, known: RecordFacts, *, everybody: bool) -> "_Telling":
    people = {disclosure.patient} | _people_around(known) | (_told_to_the_patient(known) if everybody else set())
    people |= {one.person for one in known.matters.values() if one.person is not None and one.kind == "conversation"}
    places = await _places(ledger, people, _teams(known) if everybody else ())
    opened = [*places.values(), *(known.carers.values() if everybody else ())]
    words = await open_words(ledger.rows, ledger.keyring, opened, disclosure=disclosure.position)
    names = {one: (words[position] or {}).get("name") for one, position in places.items()}
    items = await items_seen(ledger, disclosure, known) if everybody else []
    current = directed_in(known, items).values() if everybody else ()
    directives = [one for by_scope in current for one in by_scope.values()]
    matters = [known.matters[shown.item].position for shown in disclosure.shown]
    told = await _said(ledger, [*(one.position for one in directives), *matters])
    relations = {one: (words.get(at) or {}).get("relation") for one, at in known.carers.items()}
    sees = await sees_what(ledger, known, names, items) if everybody else ()
    return _Telling(disclosure, known, names, relations, told, directives, sees, ledger.clock())


async def _places(ledger: Ledger, people: Iterable[str], teams: Iterable[str]) -> dict[str, int]:
    """Where the names of these are: the statements that registered or formed them."""
    found = {person: (await ledger.facts.person(person)).fold.facts.registered for person in people}
    found |= {team: (await ledger.facts.team(team)).fold.formed for team in teams}
    return {one: position for one, position in found.items() if position is not None}


async def _said(ledger: Ledger, positions: list[int]) -> dict[int, Said]:
    mapper = SealingMapper(ledger.keyring)
    return {kept.position: mapper.open_facts(kept) for kept in await ledger.rows.read_these(positions)}


@dataclass(frozen=True, slots=True)
class _Telling:
    """What a view is made of: the facts, the names, and the statements that say more than the facts keep."""

    disclosure: Disclosure
    known: RecordFacts
    names: Mapping[str, str | None]
    relations: Mapping[str, str | None]
    told: Mapping[int, Said]
    directives: list[Directive]
    sees: tuple[Sees, ...]
    now: Instant

    def to_the_patient(self) -> PatientsSharing:
        return PatientsSharing(
            disclosure=self.disclosure.id,
            record=self.disclosure.record,
            patient=self._person(self.disclosure.patient),
            opened_at=self.disclosure.recorded_at,
            directives=tuple(self._directive(one) for one in sorted(self.directives, key=lambda one: one.position)),
            sees=self.sees,
            carers=tuple(self._carer(one) for one in self.known.carers),
            former_carers=tuple(self._person(one) for one in self.known.former_carers),
            care=tuple(self._care(one) for one in self.known.care.values() if self._holds(one.term)),
            together=tuple(
                TogetherNow(name, self._person(one.person), one.ends)
                for name, one in self.known.sessions.items()
                if self.now < one.ends
            ),
            results_wish="at-once" if self.known.tell_first is None else "tell-me-first",
            after_death_wish=self._after_death(),
            conversations=self._talks(),
        )

    def to_a_clinician(self) -> CliniciansSharing:
        talks = self._talks()
        return CliniciansSharing(
            disclosure=self.disclosure.id,
            record=self.disclosure.record,
            opened_at=self.disclosure.recorded_at,
            capacity=self._capacity(),
            powers=self._powers(),
            parents=self._parents(),
            carers=tuple(self._person(one) for one in self.known.carers),
            asked_about_carers=bool(talks),
            conversations=talks,
        )

    def _person(self, person: str) -> Person:
        return Person(person, self.names.get(person))

    def _carer(self, person: str) -> CarerNow:
        suspended, frozen = person in self.known.suspended, person in self.known.frozen
        return CarerNow(self._person(person), self.relations.get(person), suspended, frozen)

    def _care(self, care: Care) -> CareNow:
        kind, name = care.grantee
        return CareNow(Grantee(kind, name, self.names.get(name)), care.ground)

    def _after_death(self) -> str:
        """What the patient wished; without a word of theirs, requests go to the guardian."""
        wished = self.known.representation.wish
        return AFTER_DEATH[0] if wished is None else wished[1]

    def _directive(self, directive: Directive) -> DirectiveNow:
        said = self.told[directive.position]
        facts, (kind, grantee) = said.facts, directive.grantee
        return DirectiveNow(
            id=directive.id,
            grantee=Grantee(kind, grantee or None, self.names.get(grantee)),
            scope=facts["scope"],
            effect=facts["effect"],
            terms={name: facts[name] for name in ("from", "until", "condition")},
            replaces=facts["replaces"],
            hidden=directive.hidden,
            made_at=said.made_at,
        )

    def _talks(self) -> tuple[Talk, ...]:
        """The talks that the disclosure shows, in the order in which they were recorded."""
        found = (self.told[self.known.matters[shown.item].position] for shown in self.disclosure.shown)
        return tuple(self._talk(said) for said in found if said.type == "carer-conversation-held/1")

    def _talk(self, said: Said) -> Talk:
        facts = said.facts
        about = None if facts["person"] is None else self._person(facts["person"])
        return Talk(facts["conversation"], facts["outcome"], about, facts["capacity"], said.made_at)

    def _capacity(self) -> tuple[CapacityNow, ...]:
        """The assessments in force that the disclosure shows."""
        shown = {one.item for one in self.disclosure.shown}
        assessed = self.known.representation.assessed.values()
        return tuple(
            CapacityNow(
                one.id,
                one.matter,
                "lacks" if one.lacks else "has",
                tuple({"kind": kind, "of": of} for kind, of in sorted(one.relevant)),
                one.term.ends,
            )
            for one in assessed
            if one.id in shown and self._holds(one.term)
        )

    def _powers(self) -> tuple[PowerNow, ...]:
        return tuple(
            PowerNow(
                id=one.id,
                kind=one.kind,
                matters=tuple(sorted(one.matters)),
                terms="jointly" if one.joint else "jointly-and-severally",
                holders=one.holders,
                held_by=tuple(self._person(person) for person, term in one.held.items() if self._holds(term)),
                acting=tuple(person for person in one.held if one.standing(person, self.now) is not None),
            )
            for one in self.known.representation.powers.values()
        )

    def _parents(self) -> tuple[ParentNow, ...]:
        return tuple(
            ParentNow(one.id, self._person(one.person), one.term.ends)
            for one in self.known.representation.parents.values()
            if self._holds(one.term)
        )

    def _holds(self, term: Term) -> bool:
        return term.in_force(self.now)
