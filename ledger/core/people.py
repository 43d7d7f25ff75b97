"""Facts about people, teams and the policy, folded from what was said.

Each fold takes statements in the order of their positions, ignores what is not about its subject, and holds
what is current after the last of them. A fold may grow; a decision only reads it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Self

from ledger.core.instants import Instant, parse_instant
from ledger.core.said import Fold, Said
from ledger.core.terms import KINDS, TOPICS

NEEDS_APPROVAL: Final = frozenset({"administrator", "auditor", "guardian"})
"""Roles that take two administrators: one grants, another approves."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What something rests on: positions of facts (ascending), and when time alone ends it (None: never)."""

    evidence: tuple[int, ...] = ()
    until: Instant | None = None

    @classmethod
    def of(cls, *parts: "Standing") -> "Standing":
        """All of these together: it ends with the first of them to end."""
        if len(parts) == 1:
            return parts[0]
        ends = [part.until for part in parts if part.until is not None]
        return cls(tuple(sorted({at for part in parts for at in part.evidence})), min(ends) if ends else None)


@dataclass(frozen=True, slots=True)
class Term:
    """A fact that holds from ``starts`` until just before ``ends`` (None: until somebody says so)."""

    position: int
    starts: Instant
    ends: Instant | None

    @classmethod
    def said(cls, said: Said) -> "Term":
        """The term of a statement with members ``from`` and ``until``."""
        until = said.facts["until"]
        return cls(said.position, parse_instant(said.facts["from"]), None if until is None else parse_instant(until))

    def in_force(self, at: Instant) -> bool:
        """Has it started and not ended at this instant?"""
        return self.starts <= at and not self.over(at)

    def over(self, at: Instant) -> bool:
        """Has it ended by this instant?"""
        return self.ends is not None and self.ends <= at

    def standing(self) -> Standing:
        """The term as what something rests on."""
        return Standing((self.position,), self.ends)


@dataclass(frozen=True, slots=True)
class Grant:
    """A role given to a person: by whom, for which term, and the position of its approval if there is one."""

    term: Term
    grantor: str
    needs_approval: bool
    approved: int | None = None

    def standing(self, at: Instant) -> Standing | None:
        """What the role rests on at this instant, or None if it is not in force."""
        if not self.term.in_force(at) or (self.needs_approval and self.approved is None):
            return None
        if self.approved is None:
            return self.term.standing()
        return Standing((self.term.position, self.approved), self.term.ends)


@dataclass(frozen=True, slots=True)
class Case:
    """An auditor's case: a record, a person, a period (from, before), or several of them together, for a term.

    ``opened`` are the items whose topics were opened with a reason, with the position of that.
    """

    id: str
    term: Term
    record: str | None
    person: str | None
    period: tuple[Instant, Instant] | None = None
    opened: Mapping[str, int] = field(default_factory=dict)

    @property
    def bounded(self) -> bool:
        """Does it name anything? No None ever means everything."""
        return (self.record, self.person, self.period) != (None, None, None)

    def spans(self, at: Instant) -> bool:
        """Does something that happened at this instant lie within its period, if it has one?"""
        return self.period is None or self.period[0] <= at < self.period[1]


@dataclass(slots=True)
class PersonFacts(Fold):
    """What is known of one person: registration, roles, teams, and the cases assigned to them as an auditor."""

    person: str
    registered: int | None = None
    roles: dict[str, tuple[Grant, ...]] = field(default_factory=dict)
    teams: dict[str, Term] = field(default_factory=dict)
    cases: dict[str, Case] = field(default_factory=dict)
    recoveries: dict[str, str] = field(default_factory=dict)
    """Who asked, by recovery: those that wait for somebody else's approval."""
    let_back_in: int | None = None
    """The position of the last recovery: its approval by a second, or the use of a code of one's own."""

    @classmethod
    def of(cls, person: str, statements: Iterable[Said]) -> Self:
        """Fold statements, in the order of their positions."""
        return cls(person).extended(statements)

    def role(self, role: str, at: Instant) -> Standing | None:
        """What this person's role rests on at an instant, or None if it is not in force."""
        for grant in self.roles.get(role, ()):
            standing = grant.standing(at)
            if standing is not None:
                return standing
        return None

    def pending(self, role: str) -> Grant | None:
        """The latest grant of this role that still waits for a second administrator."""
        waiting = [grant for grant in self.roles.get(role, ()) if grant.needs_approval and grant.approved is None]
        return waiting[-1] if waiting else None

    def current_teams(self, at: Instant) -> list[tuple[str, Term]]:
        """The teams this person is a member of at an instant, in the order in which they joined."""
        return [(team, term) for team, term in self.teams.items() if term.in_force(at)]

    def _take(self, said: Said) -> None:
        take = _ABOUT_A_PERSON.get(said.type)
        if take is not None and self.person == said.facts.get("auditor" if said.type in _OF_CASES else "person"):
            take(self, said)

    def _person_registered(self, said: Said) -> None:
        if self.registered is None:
            self.registered = said.position

    def _role_granted(self, said: Said) -> None:
        role = said.facts["role"]
        # The first administrator cannot be approved by another one: the service vouches for the founding grant.
        needs_approval = role in NEEDS_APPROVAL and said.acting_as != "service"
        grant = Grant(Term.said(said), said.author, needs_approval)
        self.roles[role] = (*self.roles.get(role, ()), grant)

    def _role_approved(self, said: Said) -> None:
        role, waiting = said.facts["role"], self.pending(said.facts["role"])
        if waiting is None or said.author in (waiting.grantor, self.person):
            return
        approved = Grant(waiting.term, waiting.grantor, True, said.position)
        self.roles[role] = tuple(approved if grant is waiting else grant for grant in self.roles[role])

    def _role_ended(self, said: Said) -> None:
        self.roles.pop(said.facts["role"], None)

    def _recovery_asked(self, said: Said) -> None:
        if said.facts["ground"] == "staff":
            self.recoveries.setdefault(said.facts["recovery"], said.author)
        else:
            self.let_back_in = said.position

    def _recovery_approved(self, said: Said) -> None:
        if self.recoveries.pop(said.facts["recovery"], None) is not None:
            self.let_back_in = said.position

    def _team_joined(self, said: Said) -> None:
        self.teams.pop(said.facts["team"], None)
        self.teams[said.facts["team"]] = Term.said(said)

    def _team_left(self, said: Said) -> None:
        self.teams.pop(said.facts["team"], None)

    def _case_assigned(self, said: Said) -> None:
        case = said.facts["case"]
        if case not in self.cases:
            bounds = (said.facts["record"], said.facts["person"], _period(said.facts.get("period")))
            self.cases[case] = Case(case, Term.said(said), *bounds)

    def _topics_opened(self, said: Said) -> None:
        case = self.cases.get(said.facts["case"])
        if case is not None:
            opened = {said.facts["item"]: said.position, **case.opened}
            self.cases[case.id] = replace(case, opened=opened)

    def _case_closed(self, said: Said) -> None:
        self.cases.pop(said.facts["case"], None)


_ABOUT_A_PERSON: Final[Mapping[str, Callable[[PersonFacts, Said], None]]] = {
    "person-registered/1": PersonFacts._person_registered,
    "role-granted/1": PersonFacts._role_granted,
    "role-approved/1": PersonFacts._role_approved,
    "role-ended/1": PersonFacts._role_ended,
    "recovery-asked/1": PersonFacts._recovery_asked,
    "recovery-approved/1": PersonFacts._recovery_approved,
    "team-joined/1": PersonFacts._team_joined,
    "team-left/1": PersonFacts._team_left,
    "case-assigned/1": PersonFacts._case_assigned,
    "case-assigned/2": PersonFacts._case_assigned,
    "topics-opened/1": PersonFacts._topics_opened,
    "case-closed/1": PersonFacts._case_closed,
}
_OF_CASES: Final = frozenset({"case-assigned/1", "case-assigned/2", "topics-opened/1", "case-closed/1"})


def _period(period: Mapping[str, str] | None) -> tuple[Instant, Instant] | None:
    return None if period is None else (parse_instant(period["since"]), parse_instant(period["before"]))


@dataclass(slots=True)
class TeamFacts(Fold):
    """What is known of one team: the name of its profile (None: the default one) and who was a member when."""

    team: str
    formed: int | None = None
    profile: str | None = None
    members: dict[str, tuple[Term, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, team: str, statements: Iterable[Said]) -> Self:
        """Fold statements, in the order of their positions."""
        return cls(team).extended(statements)

    def member(self, person: str, at: Instant) -> Standing | None:
        """What a person's membership at an instant, also a past one, rests on; None if they were no member."""
        for term in self.members.get(person, ()):
            if term.in_force(at):
                return Standing((term.position,))
        return None

    def _take(self, said: Said) -> None:
        take = _ABOUT_A_TEAM.get(said.type)
        if take is not None and self.team == said.facts.get("team"):
            take(self, said)

    def _team_formed(self, said: Said) -> None:
        if self.formed is None:
            self.formed, self.profile = said.position, said.facts["profile"]

    def _team_joined(self, said: Said) -> None:
        self._team_left(said)
        person = said.facts["person"]
        self.members[person] = (*self.members.get(person, ()), Term.said(said))

    def _team_left(self, said: Said) -> None:
        person, left = said.facts["person"], said.recorded_at
        self.members[person] = tuple(
            term if term.ends is not None and term.ends <= left else Term(term.position, term.starts, left)
            for term in self.members.get(person, ())
        )


_ABOUT_A_TEAM: Final[Mapping[str, Callable[[TeamFacts, Said], None]]] = {
    "team-formed/1": TeamFacts._team_formed,
    "team-joined/1": TeamFacts._team_joined,
    "team-left/1": TeamFacts._team_left,
}


@dataclass(frozen=True, slots=True)
class Profile:
    """The kinds and topics a team may see. An item with topics needs every one of them."""

    kinds: frozenset[str]
    topics: frozenset[str]

    def covers(self, kind: str, topics: tuple[str, ...]) -> bool:
        """Is an item of this kind with these topics within the profile?"""
        return kind in self.kinds and (not topics or self.topics.issuperset(topics))


DEFAULT_PROFILE: Final = Profile(frozenset(KINDS), frozenset(TOPICS))
"""Of a team without a profile of its own, and of a person who is in care by name: all kinds, all topics."""
EMPTY_PROFILE: Final = Profile(frozenset(), frozenset())


@dataclass(frozen=True, slots=True)
class Ages:
    """From which ages, in years, a parent sees by review only, and nothing; and one may refuse a treatment ahead."""

    review: int = 11
    ends: int = 16
    refusal: int = 18


@dataclass(slots=True)
class PolicyFacts(Fold):
    """What administrators configured: the profiles by name, the sensitive topics, the ages.

    Each ``policy-set/2`` states all of it anew; ``policy-set/1`` the profiles alone. A topic, once there, stays.
    ``position`` is that of the last, None while everything is as it comes.
    """

    position: int | None = None
    profiles: Mapping[str, Profile] = field(default_factory=dict)
    topics: frozenset[str] = frozenset(TOPICS)
    ages: Ages = Ages()

    @classmethod
    def of(cls, statements: Iterable[Said]) -> Self:
        """Fold statements, in the order of their positions."""
        return cls().extended(statements)

    def standing(self) -> Standing:
        """What everything that is configured rests on."""
        return Standing(() if self.position is None else (self.position,))

    def everything(self) -> tuple[Profile, Standing]:
        """The profile of whoever has none of their own, and what it rests on."""
        if self.topics == DEFAULT_PROFILE.topics:
            return DEFAULT_PROFILE, Standing()
        return Profile(DEFAULT_PROFILE.kinds, self.topics), self.standing()

    def profile(self, name: str | None) -> tuple[Profile, Standing]:
        """A team's profile and what it rests on. A name that nobody set covers nothing."""
        return self.everything() if name is None else (self.profiles.get(name, EMPTY_PROFILE), self.standing())

    def _take(self, said: Said) -> None:
        if not said.type.startswith("policy-set/"):
            return
        facts = said.facts
        self.position = said.position
        self.profiles = {
            name: Profile(frozenset(profile["kinds"]), frozenset(profile["topics"]))
            for name, profile in facts["profiles"].items()
        }
        if said.type == "policy-set/2":
            self.topics = frozenset(facts["topics"])
            self.ages = Ages(**facts["ages"])
