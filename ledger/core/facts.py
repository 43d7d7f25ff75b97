"""Facts about one record: its items, who is around it, and what its patient allows.

Only what bears on a decision is kept, and only what is current: as of an earlier position means folding the
statements before that position. Whoever reads a fact can name the statement that said it (its position).
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Self

from ledger.core.directives import Directive, Grantee, Scope, directive_of, grantee_of
from ledger.core.instants import parse_instant
from ledger.core.item_facts import ErasureAsked, Item, Withholding, root_of
from ledger.core.matters import OF_MATTERS, Matter, take_matter
from ledger.core.people import Standing, Term
from ledger.core.relations import Care, Emergency, Question, Together
from ledger.core.representation import Representation
from ledger.core.said import Fold, Said
from ledger.core.vocabulary import STATEMENT_TYPES


@dataclass(slots=True)
class RecordFacts(Fold):
    """What is known of one record. ``current`` holds the directives that count, by grantee, then by scope.

    ``duty`` is the first position that concerns a guardian: an emergency, a withholding, a wrong record, an erasure
    that is asked for.
    ``authored`` holds the items of each author, in the order in which they were added. ``frozen`` says from which
    position on a carer is shown nothing new. ``predecessors`` names, for a team, those whose care was handed to it.
    ``ever_in_care`` is who was in care at any time, and ``namings`` where anybody was named a carer: of these a view of
    what is shared tells the names, and the words.
    """

    record: str
    opened: int | None = None
    patient: str | None = None
    items: dict[str, Item] = field(default_factory=dict)
    authored: dict[str, list[Item]] = field(default_factory=dict)
    care: dict[str, Care] = field(default_factory=dict)
    carers: dict[str, int] = field(default_factory=dict)
    former_carers: dict[str, int] = field(default_factory=dict)
    ever_in_care: set[Grantee] = field(default_factory=set)
    namings: set[int] = field(default_factory=set)
    suspended: dict[str, int] = field(default_factory=dict)
    directives: dict[str, Directive] = field(default_factory=dict)
    current: dict[Grantee, dict[Scope, Directive]] = field(default_factory=dict)
    sessions: dict[str, Together] = field(default_factory=dict)
    emergencies: dict[str, Emergency] = field(default_factory=dict)
    erasures: dict[str, ErasureAsked] = field(default_factory=dict)
    representation: Representation = field(default_factory=Representation)
    matters: dict[str, Matter] = field(default_factory=dict)
    questions: dict[str, Question] = field(default_factory=dict)
    frozen: dict[str, int] = field(default_factory=dict)
    predecessors: dict[str, dict[str, int]] = field(default_factory=dict)
    tell_first: int | None = None
    duty: int | None = None

    @classmethod
    def of(cls, record: str, statements: Iterable[Said]) -> Self:
        """Fold statements, in the order of their positions."""
        return cls(record).extended(statements)

    def current_directive(self, grantee: Grantee, scope: Scope) -> Directive | None:
        """The one directive that counts for this grantee and scope, if there is one."""
        return self.current.get(grantee, {}).get(scope)

    def handed_to(self, teams: Collection[str]) -> set[str]:
        """The teams whose care of the record these have taken over."""
        return {before for team in teams for before in self.predecessors.get(team, {})}

    def withholding(self, item: str, withholding: str) -> Withholding | None:
        """A withholding of this item that nobody has lifted."""
        found = self.items.get(item)
        return None if found is None else next((one for one in found.withholdings if one.id == withholding), None)

    def _take(self, said: Said) -> None:
        if said.facts.get("record") != self.record:
            return
        if said.type in _OF_ITEMS:
            item = self.items.get(said.facts["item"])
            if item is not None:
                self._about(item, said)
            return
        take = _ABOUT_A_RECORD.get(said.type)
        if take is not None:
            take(self, said)
        else:
            self.representation.take(said)
        if said.type in OF_MATTERS:
            take_matter(self.matters, said)

    def _about(self, item: Item, said: Said) -> None:
        item.take(said)
        if said.type in _OF_DUTY or said.facts.get("wrong_record") or item.hidden == said.position:
            self._concerns_the_guardian(said)
        if said.type == "erasure-asked/1":
            self._erasure_asked(item, said)

    def _concerns_the_guardian(self, said: Said) -> None:
        if self.duty is None:
            self.duty = said.position

    # who is around the record

    def _record_opened(self, said: Said) -> None:
        if self.opened is None:
            self.opened, self.patient = said.position, said.facts["patient"]

    def _care_started(self, said: Said) -> None:
        grantee = grantee_of(said.facts)
        self.care[said.facts["care"]] = Care(grantee, said.facts["ground"], Term.said(said))
        self.ever_in_care.add(grantee)

    def _care_ended(self, said: Said) -> None:
        self.care.pop(said.facts["care"], None)

    def _care_transferred(self, said: Said) -> None:
        facts = said.facts
        before = self.care.pop(facts["care"], None)
        if before is None:
            return
        # What was taken over before goes along: a seal follows the care through every transfer.
        _, team = before.grantee
        handed = {**self.predecessors.get(team, {}), team: said.position}
        self.predecessors[facts["team"]] = {**self.predecessors.get(facts["team"], {}), **handed}
        term = replace(before.term, position=said.position, starts=said.recorded_at)
        self.care[facts["next"]] = Care(("team", facts["team"]), before.ground, term)
        self.ever_in_care.add(("team", facts["team"]))

    def _carer_named(self, said: Said) -> None:
        self.former_carers.pop(said.facts["person"], None)
        self.carers[said.facts["person"]] = said.position
        self.namings.add(said.position)

    def _carer_ended(self, said: Said) -> None:
        named = self.carers.pop(said.facts["person"], None)
        if named is not None:
            self.former_carers[said.facts["person"]] = named

    def _carer_suspended(self, said: Said) -> None:
        self.suspended[said.facts["person"]] = said.position

    def _carer_restored(self, said: Said) -> None:
        self.suspended.pop(said.facts["person"], None)

    # what the patient allows

    def _directive_made(self, said: Said) -> None:
        directive = directive_of(said.position, said.facts, said.acting_as)
        self.directives.setdefault(directive.id, directive)
        self.current.setdefault(directive.grantee, {})[directive.scope] = directive

    def _directive_withdrawn(self, said: Said) -> None:
        directive = self.directives.get(said.facts["directive"])
        # A replaced directive has left for good, so withdrawing it changes nothing.
        if directive is not None and self.current_directive(directive.grantee, directive.scope) is directive:
            del self.current[directive.grantee][directive.scope]

    def _sharing_stopped(self, _said: Said) -> None:
        """Every share is withdrawn, of professionals too, and every session ends; what is withheld stays so."""
        for grantee, by_scope in self.current.items():
            self.current[grantee] = {scope: one for scope, one in by_scope.items() if not one.shares}
        self.sessions.clear()
        self.representation.best_interests.clear()

    def _sharing_frozen(self, said: Said) -> None:
        self.frozen.setdefault(said.facts["person"], said.position)

    def _sharing_unfrozen(self, said: Said) -> None:
        self.frozen.pop(said.facts["person"], None)

    def _together_started(self, said: Said) -> None:
        facts = said.facts
        self.sessions[facts["together"]] = Together(
            said.position, facts["person"], said.author, parse_instant(facts["until"])
        )

    def _together_ended(self, said: Said) -> None:
        self.sessions.pop(said.facts["together"], None)

    def _results_wish_stated(self, said: Said) -> None:
        if said.facts["wish"] == "at-once":
            self.tell_first = None
        elif self.tell_first is None:
            self.tell_first = said.position

    # emergencies

    def _emergency_opened(self, said: Said) -> None:
        self._concerns_the_guardian(said)
        facts = said.facts
        self.emergencies.setdefault(
            facts["emergency"], Emergency(said.position, facts["person"], parse_instant(facts["until"]))
        )

    def _emergency_item_opened(self, said: Said) -> None:
        emergency = self.emergencies.get(said.facts["emergency"])
        if emergency is not None:
            emergency.opened.setdefault(said.facts["item"], said.position)

    def _emergency_reviewed(self, said: Said) -> None:
        emergency = self.emergencies.get(said.facts["emergency"])
        if emergency is not None:
            emergency.reviewed = said.facts["outcome"]

    def _notice_delayed(self, said: Said) -> None:
        emergency = self.emergencies.get(said.facts["emergency"])
        if emergency is not None:
            emergency.delayed = Standing((said.position,), parse_instant(said.facts["until"]))

    def _access_questioned(self, said: Said) -> None:
        self._concerns_the_guardian(said)
        self.questions.setdefault(said.facts["question"], Question(said.position, said.author, said.facts["viewer"]))

    def _access_answered(self, said: Said) -> None:
        asked = self.questions.get(said.facts["question"])
        if asked is not None and asked.answered is None:
            self.questions[said.facts["question"]] = replace(asked, answered=said.position)

    def _best_interests_made(self, said: Said) -> None:
        self._concerns_the_guardian(said)
        self.representation.take(said)

    def _death_recorded(self, said: Said) -> None:
        self._concerns_the_guardian(said)
        self.sessions.clear()
        self.representation.take(said)

    # items

    def _item_added(self, said: Said) -> None:
        facts, parent = said.facts, said.facts["parent"]
        # Parents come first, so the chain of parents has an end; a child of nothing stays unknown, hence denied.
        if facts["item"] in self.items or (parent is not None and parent not in self.items):
            return
        item = Item(
            id=facts["item"],
            kind=facts["kind"],
            topics=(),
            author=said.author,
            acting_as=said.acting_as,
            position=said.position,
            added_at=said.recorded_at,
            parent=None if parent is None else self.items[parent],
            concern=facts["concern"],
            in_confidence=facts["in_confidence"],
            imported=facts["imported"] is not None,
            scope=("item", facts["item"]),
            topics_at=said.position,
            newest=said.position,
            awaited=self.tell_first if facts["kind"] == "result" else None,
            worded=(said.position,) if said.worded else (),
        )
        item.set_topics(said)
        if item.hidden is not None:
            self._concerns_the_guardian(said)
        if parent is not None:
            root_of(item).answers += 1
        self.items[item.id] = item
        self.authored.setdefault(said.author, []).append(item)

    def _erasure_asked(self, item: Item, said: Said) -> None:
        asked = ErasureAsked(said.position, said.author, item, said.facts["answers"])
        self.erasures.setdefault(said.facts["erasure"], asked)


_ABOUT_A_RECORD: Final[Mapping[str, Callable[[RecordFacts, Said], None]]] = {
    "record-opened/1": RecordFacts._record_opened,
    "care-started/1": RecordFacts._care_started,
    "care-ended/1": RecordFacts._care_ended,
    "care-transferred/1": RecordFacts._care_transferred,
    "carer-named/1": RecordFacts._carer_named,
    "carer-ended/1": RecordFacts._carer_ended,
    "carer-suspended/1": RecordFacts._carer_suspended,
    "carer-restored/1": RecordFacts._carer_restored,
    "directive-made/1": RecordFacts._directive_made,
    "directive-withdrawn/1": RecordFacts._directive_withdrawn,
    "together-started/1": RecordFacts._together_started,
    "together-ended/1": RecordFacts._together_ended,
    "results-wish-stated/1": RecordFacts._results_wish_stated,
    "sharing-stopped/1": RecordFacts._sharing_stopped,
    "sharing-frozen/1": RecordFacts._sharing_frozen,
    "sharing-unfrozen/1": RecordFacts._sharing_unfrozen,
    "emergency-opened/1": RecordFacts._emergency_opened,
    "emergency-opened/2": RecordFacts._emergency_opened,
    "emergency-item-opened/1": RecordFacts._emergency_item_opened,
    "emergency-reviewed/1": RecordFacts._emergency_reviewed,
    "notice-delayed/1": RecordFacts._notice_delayed,
    "access-questioned/1": RecordFacts._access_questioned,
    "access-answered/1": RecordFacts._access_answered,
    "best-interests-made/1": RecordFacts._best_interests_made,
    "death-recorded/1": RecordFacts._death_recorded,
    "item-added/1": RecordFacts._item_added,
}
_OF_DUTY: Final = frozenset({"withholding-made/1", "erasure-asked/1"})
"""About an item, and the guardian's to know of; as is a mark of a wrong record, and a hiding by default."""
_OF_ITEMS: Final = frozenset(name for name, shape in STATEMENT_TYPES.items() if shape.aggregate == "item") - {
    "item-added/1"
}
