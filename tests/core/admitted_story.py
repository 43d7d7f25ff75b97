"""A story in which only what may be said is said: each statement is offered to the authority, as admission does.

The facts grow with it, statement by statement, so that they can be compared in the end with facts that are folded anew.
"""

from collections import Counter
from typing import Any

from ledger.core.authority import may_say, person_named_in
from ledger.core.decisions import Facts, Permit
from ledger.core.facts import RecordFacts
from ledger.core.instants import SECOND, Instant
from ledger.core.people import PersonFacts, PolicyFacts, TeamFacts
from ledger.core.said import Fold, Said
from ledger.core.vocabulary import STATEMENT_TYPES
from tests.core.random_told import VERA
from tests.core.story import EVERYBODY, RECORD, SERVICE, TEAMS, Story, practice, shaped_as


class AdmittedStory(Story):
    """Begins as all stories do; then ``admitted`` and ``refused`` count what became of each type offered."""

    def __init__(self) -> None:
        super().__init__()
        begun = practice()
        self.said, self.now = begun.said, begun.now
        self.record, self.configured = RecordFacts(RECORD), PolicyFacts()
        self.people = {who: PersonFacts(who) for who in (*EVERYBODY, VERA)}
        self.teams = {name: TeamFacts(name) for name in TEAMS}
        self.admitted: Counter[str] = Counter()
        self.refused: Counter[tuple[str, str]] = Counter()
        for said in self.said:
            self._take(said)

    def say(self, type_: str, author: str, acting_as: str, /, **facts: Any) -> int:
        """Offer a statement a second later. Gives its position, or -1 if it was refused, when nothing changes."""
        said = self._shaped(type_, author, acting_as, facts)
        self.now = said.recorded_at
        item = self.record.items.get(said.facts.get("item", ""))
        erased = item.to_erase() if type_ == "content-erased/1" and item is not None else ()
        subject = self.people.get(person_named_in(type_, said.facts) or "")
        known = Facts(self.record, self.people[author], self.teams, self.configured, subject)
        decision = may_say(known, said, service=SERVICE, erased=erased)
        if not isinstance(decision, Permit):
            self.refused[type_, decision.rule] += 1
            return -1
        self.admitted[type_] += 1
        self.said.append(said)
        self._take(said)
        return said.position

    def facts(self, viewer: str, *, subject: str | None = None, upto: int | None = None) -> Facts:
        """The facts as they have grown; those before a position are folded anew."""
        if upto is not None or subject is not None:
            return super().facts(viewer, subject=subject, upto=upto)
        return Facts(self.record, self.people[viewer], self.teams, self.configured)

    def _shaped(self, type_: str, author: str, acting_as: str, facts: dict[str, Any]) -> Said:
        at, worded = Instant(self.now + SECOND), STATEMENT_TYPES[type_].words is not None
        return Said(len(self.said), at, at, type_, author, acting_as, shaped_as(type_, facts), worded)

    def _take(self, said: Said) -> None:
        folds: list[Fold] = [self.record, self.configured, *self.people.values(), *self.teams.values()]
        for fold in folds:
            fold.apply(said)
