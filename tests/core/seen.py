"""What readers are decided to see after a story: folded once, and asked by many readers."""

from functools import cached_property

from ledger.core.decisions import Decision, Facts, Permit, Request
from ledger.core.facts import RecordFacts
from ledger.core.instants import Instant
from ledger.core.people import PersonFacts, PolicyFacts, TeamFacts
from ledger.core.policy import Judge, judge_of
from ledger.core.said import Said
from ledger.core.vocabulary import STATEMENT_TYPES
from tests.core.story import RECORD, TEAMS

Reader = tuple[str, str]
"""Who, and acting as what."""
WHOLE = "the record"
OF_RECORDS = (("content",), ("relations",))
"""What bears on nothing but a record (a law in ``test_absence_laws`` says that guards are all that matters)."""


class Seen:
    """The decisions about some items, and the record as a whole, after ``said``."""

    def __init__(self, said: list[Said], items: list[str], before: "Seen | None" = None) -> None:
        """``before``: what was seen when less was said, whose people, teams and policy are the same if they can be."""
        self.said, self.items = list(said), list(items)
        self._people: dict[str, PersonFacts] = {}
        since = [] if before is None else said[len(before.said) :]
        if before is not None and all(STATEMENT_TYPES[one.type].bears_on in OF_RECORDS for one in since):
            self._people, self._around = before._people, before._around

    @cached_property
    def record(self) -> RecordFacts:
        """The record's facts."""
        return RecordFacts.of(RECORD, self.said)

    @cached_property
    def _around(self) -> tuple[dict[str, TeamFacts], PolicyFacts]:
        return {name: TeamFacts.of(name, self.said) for name in TEAMS}, PolicyFacts.of(self.said)

    def facts(self, viewer: str) -> Facts:
        """The facts as this viewer's decisions read them."""
        if viewer not in self._people:
            self._people[viewer] = PersonFacts.of(viewer, self.said)
        return Facts(self.record, self._people[viewer], *self._around)

    def judge(self, reader: Reader, at: int, via: str = "screen", **request: str | None) -> Judge:
        """Who decides for this reader."""
        return judge_of(self.facts(reader[0]), Request(*reader, Instant(at), via, **request))

    def by(self, reader: Reader, at: int, via: str = "screen", **request: str | None) -> dict[str, Decision]:
        """The decisions for this reader, of each item and of the whole."""
        judge = self.judge(reader, at, via, **request)
        return {item: judge(item) for item in self.items} | {WHOLE: judge.whole}

    def permits(self, reader: Reader, at: int, via: str = "screen") -> dict[str, Permit]:
        """What this reader is permitted."""
        found = self.by(reader, at, via)
        return {item: decision for item, decision in found.items() if isinstance(decision, Permit)}

    def permitted(self, reader: Reader, at: int, via: str = "screen") -> set[str]:
        """The items that this reader is permitted, and the record."""
        return set(self.permits(reader, at, via))
