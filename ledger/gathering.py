"""Gathering the facts that a decision rests on, with the guards that keep it true until it is admitted."""

from collections.abc import Iterable
from dataclasses import dataclass

from ledger.core.decisions import Facts
from ledger.core.instants import Instant
from ledger.core.key_history import KeyHistory
from ledger.core.people import TeamFacts
from ledger.core.subjects import Subject, contents_of
from ledger.store.facts import FactsReader, Record


@dataclass(frozen=True, slots=True)
class Gathered:
    """Facts of one moment.

    ``guards`` are the counters of everything that was read, ``as_of`` the last position of the record, of who asks, of
    their teams and of the policy; ``keys`` are those of the person who asks or speaks,
    ``subject_keys`` those of whom it is about.
    """

    facts: Facts
    guards: dict[Subject, int]
    as_of: int
    record: Record | None
    keys: KeyHistory
    subject_keys: KeyHistory

    def guards_without_contents(self) -> dict[Subject, int]:
        """The guards of a decision that rests on no item: two notes at once must not disturb each other."""
        if self.facts.record is None:
            return self.guards
        guards = dict(self.guards)
        guards.pop(contents_of(self.facts.record.record), None)
        return guards


class Gatherer:
    """Gathers facts through the strong reader."""

    def __init__(self, reader: FactsReader) -> None:
        self._reader = reader

    async def gather(
        self,
        person: str,
        record: str | None = None,
        *,
        at: Instant,
        subject: str | None = None,
        teams: Iterable[str] = (),
        fresh: bool = False,
    ) -> Gathered:
        """The facts about a person, a record, the person's teams and the policy, and what else is named.

        ``fresh`` reads what is new; otherwise what is cached is used, and the guards find out whether it is stale.
        """
        viewer = await self._reader.person(person, fresh=fresh)
        guards = dict(viewer.guards)
        of_record = None if record is None else await self._reader.record(record, fresh=fresh)
        if of_record is not None:
            guards.update(of_record.guards)
        own = {name for name, _ in viewer.fold.facts.current_teams(at)}
        handed = set() if of_record is None else of_record.fold.facts.handed_to(own)
        known_teams = await self._teams(own | handed | set(teams), guards, fresh=fresh)
        policy = await self._reader.policy(fresh=fresh)
        guards.update(policy.guards)
        about = None if subject is None else await self._reader.person(subject, fresh=fresh)
        if about is not None:
            guards.update(about.guards)
        facts = Facts(
            record=None if of_record is None else of_record.fold.facts,
            viewer=viewer.fold.facts,
            teams=known_teams,
            policy=policy.fold,
            subject=None if about is None or about.fold.facts.registered is None else about.fold.facts,
        )
        kept = None if of_record is None else of_record.fold
        theirs = KeyHistory() if about is None else about.fold.keys
        return Gathered(facts, guards, _last_of(facts), kept, viewer.fold.keys, theirs)

    async def facts_of_each(self, person: str, records: Iterable[str], *, at: Instant) -> dict[str, Facts]:
        """The facts about a person with each of these records, all with what is new; what they share is read once.

        They are no guards of an admission: with them it is only found out what to ask for.
        """
        viewer = (await self._reader.person(person, fresh=True)).fold.facts
        known = {one: read.fold.facts for one, read in (await self._reader.records(records)).items()}
        own = {name for name, _ in viewer.current_teams(at)}
        of_each = {one: own | facts.handed_to(own) for one, facts in known.items()}
        teams = await self._teams(own.union(*of_each.values()), {}, fresh=True)
        policy = (await self._reader.policy(fresh=True)).fold
        return {
            one: Facts(record=facts, viewer=viewer, teams={team: teams[team] for team in of_each[one]}, policy=policy)
            for one, facts in known.items()
        }

    async def _teams(self, teams: Iterable[str], guards: dict[Subject, int], *, fresh: bool) -> dict[str, TeamFacts]:
        """The facts of these teams, with their counters added to the guards."""
        known: dict[str, TeamFacts] = {}
        for team in teams:
            read = await self._reader.team(team, fresh=fresh)
            guards.update(read.guards)
            known[team] = read.fold
        return known

    async def registered(self, people: Iterable[str]) -> dict[str, int]:
        """Where each of these people was registered; who was not is left out."""
        found = {person: (await self._reader.person(person)).fold.facts.registered for person in people}
        return {person: position for person, position in found.items() if position is not None}


def _last_of(facts: Facts) -> int:
    of_record = () if facts.record is None else (facts.record.upto,)
    return max(0, *of_record, facts.viewer.upto, facts.policy.upto, *(team.upto for team in facts.teams.values()))
