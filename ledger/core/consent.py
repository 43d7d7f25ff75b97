"""What the patient's directives say to one viewer at one instant: rule 5's (a), (b) and (c), and rule 4's seal."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from ledger.core.decisions import Facts, Request
from ledger.core.directives import ALL_CARERS, EVERYTHING, Directive, Scope
from ledger.core.facts import RecordFacts
from ledger.core.hours import Hours, closing_of
from ledger.core.people import Standing, Term

Tier = list[tuple[Mapping[Scope, Directive], Term | None, Standing]]
"""Directives of equally near grantees, each with the membership by which it bears on the viewer, and the transfer."""

SHARED, UNMET, WITHHELD = "shared", "unmet", "withheld"


class Saying(NamedTuple):
    """What decides within one scope: a share whose condition is met or is not, or a withhold."""

    effect: str
    standing: Standing
    hidden: bool = False


class Consent:
    """The directives that bear on one viewer at one instant, the nearest grantee first.

    ``within`` answers for one scope and remembers the answer, so a page of items asks each directive once.
    """

    __slots__ = ("_answers", "_at", "_childhood", "_directed", "_record", "_tiers", "_viewer")

    def __init__(self, facts: Facts, record: RecordFacts, request: Request) -> None:
        self._at, self._record, self._viewer = request.at, record, request.viewer
        self._childhood = record.representation.below(facts.policy.ages.review, facts.policy, request.at)
        self._answers: dict[Scope, Saying | None] = {}
        self._tiers: list[Tier] = []
        # Suspended: as if there were no directives. Death ends what was shared; a seal is no power, and stays.
        if request.acting_as not in _SUSPENDED or request.viewer not in record.suspended:
            self._tiers = _tiers(facts, record, request)
        self._directed: set[Scope] = set().union(*(by_scope for tier in self._tiers for by_scope, _, _ in tier))

    def within(self, scope: Scope) -> Saying | None:
        """What the nearest directive within this scope says, or None if there is none."""
        if scope not in self._directed:
            return None
        if scope in self._answers:
            return self._answers[scope]
        answer: Saying | None = None
        for tier in self._tiers:
            answer = self._among_equals(scope, tier)
            if answer is not None:
                break
        self._answers[scope] = answer
        return answer

    def kind_or_everything(self, kind: str) -> Saying | None:
        """What the kind's directive says, else the one for everything."""
        said = self.within(("kind", kind))
        return self.within(EVERYTHING) if said is None else said

    def _among_equals(self, scope: Scope, tier: Tier) -> Saying | None:
        said = [self._says(by_scope[scope], member, by) for by_scope, member, by in tier if scope in by_scope]
        return min(said, key=_strength, default=None)

    def _says(self, directive: Directive, member: Term | None, transferred: Standing) -> Saying:
        made = Standing((directive.position,))
        if transferred.evidence:
            made = Standing.of(made, transferred)
        if member is not None:
            made = Standing.of(made, member.standing())
        if not directive.shares:
            return Saying(WITHHELD, made, directive.hidden)
        met = self._condition(directive) if member is None or member.in_force(self._at) else None
        return Saying(UNMET, made) if met is None else Saying(SHARED, Standing.of(made, met))

    def _condition(self, directive: Directive) -> Standing | None:
        """What the share's condition rests on now, or None if it is not met."""
        if not directive.in_time(self._at) or self._record.representation.died is not None:
            return None
        childhood = self._childhood if directive.by_parent else Standing()
        if childhood is None:
            return None
        term = Standing.of(Standing((), directive.ends), childhood)
        if directive.condition is None:
            return term
        if isinstance(directive.condition, Hours):
            closing = closing_of(directive.condition, self._at)
            return None if closing is None else Standing.of(term, Standing((), closing))
        if directive.condition == "together":
            together = self._together()
            return None if together is None else Standing.of(term, together)
        # When unwell: an advance directive, for when an assessment says that the patient cannot decide about sharing.
        unwell = self._record.representation.lacking("sharing", self._at)
        return None if unwell is None else Standing.of(term, unwell)

    def _together(self) -> Standing | None:
        """The session of this viewer that lasts longest, if one is open."""
        open_now = [one for one in self._record.sessions.values() if one.person == self._viewer and self._at < one.ends]
        longest = max(open_now, key=lambda one: one.ends, default=None)
        return None if longest is None else Standing((longest.position,), longest.ends)


_SAID_HERE: Final = Standing()
_SUSPENDED: Final = frozenset({"carer", "attorney", "parent"})
"""Who can be a carer of the record too: whom a suspension ends, and all carers' directives mean, if named."""
_STRENGTH: Final = {WITHHELD: 0, SHARED: 1, UNMET: 2}


def _strength(said: Saying) -> int:
    """Among equals a withhold wins, then a share that is met: one more share never takes anything away."""
    return _STRENGTH[said.effect]


def _tiers(facts: Facts, record: RecordFacts, request: Request) -> list[Tier]:
    """Directives by grantee, nearest first: the person, then their teams, then (for carers) all carers.

    A team's directives bear on a member from when the membership is said, its shares only from when it starts, as
    with a share that has not started: so time alone never lets a nearer directive take away what a wider one gave.
    """
    teams = [(team, term) for team, term in facts.viewer.teams.items() if not term.over(request.at)]
    carer = request.acting_as in _SUSPENDED and request.viewer in record.carers
    nearest: list[Tier] = [
        [(record.current.get(("person", request.viewer), {}), None, _SAID_HERE)],
        [(record.current.get(("team", team), {}), term, _SAID_HERE) for team, term in teams]
        + _taken_over(record, teams),
        [(record.current.get(ALL_CARERS, {}), None, _SAID_HERE)] if carer else [],
    ]
    return [[said for said in tier if said[0]] for tier in nearest]


def _taken_over(record: RecordFacts, teams: list[tuple[str, Term]]) -> Tier:
    """A transfer takes seals along: those against the team from which the care was taken over. Shares it does not."""
    found: Tier = []
    for team, term in teams:
        for before, transferred in record.predecessors.get(team, {}).items():
            directives = record.current.get(("team", before), {})
            seals = {scope: one for scope, one in directives.items() if not one.shares}
            found.append((seals, term, Standing((transferred,))))
    return found
