"""Stories for the decision tests: people with names, and what they say, one statement after the other.

Amina is the patient, Sam her son, Joy her sister; Dr Okafor and Dr Lind are of one practice, Dr Moss is a locum from
elsewhere, Ruth audits, Greta is the guardian, Ada and Bert administer. Paul and Dora hold powers where a story says so,
and where Amina is a child, Nadia is her mother.
"""

from functools import cache
from typing import Any
from uuid import UUID, uuid5

from ledger.core.authority import may_say, person_named_in
from ledger.core.decisions import Decision, Facts, Permit, Request
from ledger.core.facts import RecordFacts
from ledger.core.instants import DAY, HOUR, SECOND, Instant, format_instant, parse_instant
from ledger.core.keys import KeyId
from ledger.core.people import PersonFacts, PolicyFacts, TeamFacts
from ledger.core.policy import decide
from ledger.core.said import Said
from ledger.core.terms import TOPICS
from ledger.core.vocabulary import STATEMENT_TYPES

_NAMES = UUID("8a9c7a44-0a70-5a53-8d1e-2f2f0f8b6a11")
START = parse_instant("2026-05-04T09:00:00.000Z")  # a Monday


def named(name: str) -> str:
    """The id of something that the story calls by a name."""
    return str(uuid5(_NAMES, name))


AMINA, SAM, JOY = named("Amina"), named("Sam"), named("Joy")
OKAFOR, LIND, MOSS = named("Dr Okafor"), named("Dr Lind"), named("Dr Moss")
RUTH, GRETA, ADA, BERT, SERVICE = (named(one) for one in ("Ruth", "Greta", "Ada", "Bert", "the service"))
PAUL, DORA, NADIA = named("Paul"), named("Dora"), named("Nadia")
RECORD, PRACTICE, PHARMACY, FAMILY = (named(one) for one in ("record", "practice", "pharmacy", "family"))
EVERYBODY = (AMINA, SAM, JOY, OKAFOR, LIND, MOSS, RUTH, GRETA, ADA, BERT, PAUL, DORA, NADIA)
TEAMS = (PRACTICE, PHARMACY, FAMILY)

ITEM = {
    "kind": "note",
    "topics": [],
    "parent": None,
    "concern": None,
    "due": None,
    "in_confidence": False,
    "discussed": False,
    "copy_given": False,
    "imported": None,
}


def person(who: str) -> dict[str, str]:
    """A person as a grantee."""
    return {"kind": "person", "id": who}


def team(which: str) -> dict[str, str]:
    """A team as a grantee."""
    return {"kind": "team", "id": which}


AGES = {"review": 11, "ends": 16, "refusal": 18}
ALL_CARERS = {"kind": "all-carers"}
EVERYTHING = {"kind": "everything"}
TOGETHER = {"kind": "together"}


def of(kind: str, what: str) -> dict[str, str]:
    """A scope: an item, a topic or a kind."""
    return {"kind": kind, "of": what}


def shaped_as(type_: str, facts: dict[str, Any]) -> dict[str, Any]:
    """The facts of a statement, held to its shape: ``from_`` is ``from``, and instants may be given in milliseconds."""
    given = {name.removesuffix("_"): value for name, value in facts.items()}
    shaped = {
        name: format_instant(Instant(value)) if type(value) is int and name not in _COUNTED else value
        for name, value in given.items()
    }
    STATEMENT_TYPES[type_].facts("facts", shaped)
    return shaped


_COUNTED = {"holders"}


class Story:
    """What was said so far. Each statement is checked against its shape and takes one second."""

    def __init__(self) -> None:
        self.said: list[Said] = []
        self.now = START

    def say(self, type_: str, author: str, acting_as: str, /, **facts: Any) -> int:
        """Say something now; instants among the facts may be given in milliseconds. Gives its position."""
        shaped = shaped_as(type_, facts)
        self.now = Instant(self.now + SECOND)
        worded = STATEMENT_TYPES[type_].words is not None
        said = (self.now, self.now, type_, author, acting_as, shaped, worded)
        self.said.append(Said(len(self.said), *said, KeyId(f"key of {author}")))
        return len(self.said) - 1

    def patient(self, type_: str, /, **facts: Any) -> int:
        """Amina says something about her record."""
        return self.say(type_, AMINA, "patient", record=RECORD, **facts)

    def clinician(self, type_: str, author: str = OKAFOR, /, **facts: Any) -> int:
        """Dr Okafor (or another clinician) says something about the record."""
        return self.say(type_, author, "clinician", record=RECORD, **facts)

    def role(self, who: str, role: str, *, approved: bool = True, until: int | None = None) -> None:
        """Ada grants a role; Bert approves it where it takes two."""
        self.say("role-granted/1", ADA, "administrator", person=who, role=role, from_=START, until=until)
        if approved and role in ("administrator", "auditor", "guardian"):
            self.say("role-approved/1", BERT, "administrator", person=who, role=role)

    def join(self, who: str, which: str, *, from_: int = START, until: int | None = None) -> int:
        """Somebody joins a team."""
        return self.say("team-joined/1", ADA, "administrator", team=which, person=who, from_=from_, until=until)

    def care(self, grantee: dict[str, str], ground: str = "referral", *, until: int | None = None) -> int:
        """A care relationship begins."""
        name = named(f"care {len(self.said)}")
        return self.say(
            "care-started/1",
            ADA,
            "administrator",
            record=RECORD,
            care=name,
            grantee=grantee,
            ground=ground,
            from_=START,
            until=until,
        )

    def item(self, name: str, author: str = OKAFOR, acting_as: str = "clinician", **facts: Any) -> str:
        """Somebody adds an item; gives its id."""
        item = named(name)
        self.say("item-added/1", author, acting_as, record=RECORD, item=item, **(ITEM | facts))
        return item

    def directive(self, effect: str, scope: dict[str, str], to: dict[str, str] | None = None, **terms: Any) -> str:
        """Amina shares with Sam, or withholds from him (or ``to`` somebody else); gives the directive's id."""
        name = named(f"directive {len(self.said)}")
        unless_said = {"from_": None, "until": None, "condition": None, "replaces": None, "hidden": False}
        facts = unless_said | terms
        self.patient("directive-made/1", directive=name, effect=effect, scope=scope, grantee=to or person(SAM), **facts)
        return name

    def share(self, scope: dict[str, str], to: dict[str, str] | None = None, **terms: Any) -> str:
        """Amina shares something."""
        return self.directive("share", scope, to, **terms)

    def withhold(self, scope: dict[str, str], to: dict[str, str] | None = None, **terms: Any) -> str:
        """Amina withholds something."""
        return self.directive("withhold", scope, to, **terms)

    def withholding(self, item: str, kept_from: str, ground: str, opinion: str = "2026-05-04") -> str:
        """Dr Okafor withholds an item; gives the withholding's id."""
        name = named(f"withholding {len(self.said)}")
        self.clinician(
            "withholding-made/1",
            item=item,
            withholding=name,
            ground=ground,
            opinion_date=opinion,
            review_date="2026-08-04",
            **{"from_": kept_from},
        )
        return name

    def asked(self, item: str, author: str = AMINA, acting_as: str = "patient", *, answers: bool = False) -> str:
        """Somebody asks that the words of an item be erased; gives the erasure's id."""
        name = named(f"erasure {len(self.said)}")
        about = {"record": RECORD, "item": item, "erasure": name, "basis": "consent-withdrawn"}
        self.say("erasure-asked/1", author, acting_as, answers=answers, **about)
        return name

    def erase(self, item: str, erasure: str | None = None) -> int:
        """Amina asks, unless somebody has, and Greta erases the words of an item; gives the position of that."""
        about = {"record": RECORD, "item": item, "basis": "consent-withdrawn"}
        return self.say("content-erased/1", GRETA, "guardian", erasure=erasure or self.asked(item), **about)

    def emergency(self, who: str = MOSS, *, until: int | None = None) -> str:
        """A clinician opens an emergency, for an hour; gives its id."""
        name = named(f"emergency {len(self.said)}")
        ends = until or self.now + HOUR
        self.clinician("emergency-opened/2", who, emergency=name, person=who, kind="urgent-care", until=ends)
        return name

    def transfer(self, care: int, to: str) -> int:
        """The care that began at this position is handed to another team."""
        facts = {"care": self.said[care].facts["care"], "team": to, "next": named(f"care {len(self.said)}")}
        return self.say("care-transferred/1", ADA, "administrator", record=RECORD, **facts)

    def assess(self, matter: str = "sharing", outcome: str = "lacks", *relevant: dict[str, str], **term: int) -> str:
        """Dr Okafor finds that Amina lacks (or has) the capacity to decide something, for 30 days; gives its id."""
        name = named(f"assessment {len(self.said)}")
        facts = {"matter": matter, "outcome": outcome, "relevant": list(relevant)}
        dates = {"from_": self.now, "until": self.now + 30 * DAY} | term
        self.clinician("capacity-assessed/1", assessment=name, **facts, **dates)
        return name

    def power(self, who: str = PAUL, *matters: str, **instrument: Any) -> str:
        """Ada registers a power over treatment (or other matters) that somebody holds; gives its id."""
        unless_said = {"power": named("power"), "kind": "attorney", "terms": "jointly-and-severally", "holders": 1}
        dates = {"registered_on": "2026-01-05", "from_": START, "until": None}
        facts = unless_said | dates | instrument
        said = self.say(
            "power-registered/1",
            ADA,
            "administrator",
            record=RECORD,
            person=who,
            matters=list(matters) or ["treatment"],
            **facts,
        )
        return str(self.said[said].facts["power"])

    def acts(self, who: str, power: str) -> int:
        """A holder of a joint power says that they act, for an hour."""
        return self.say("power-exercised/1", who, "attorney", record=RECORD, power=power, until=self.now + HOUR)

    def child(self, born: str, who: str = NADIA) -> str:
        """Amina is a child, and somebody (her mother) has parental responsibility; gives the id of that."""
        self.say("birth-stated/1", ADA, "administrator", record=RECORD, born=born)
        facts = {"parental": named("parental"), "person": who, "from_": START, "until": None}
        self.say("parent-registered/1", ADA, "administrator", record=RECORD, **facts)
        return named("parental")

    def best_interests(self, assessment: str, *scope: dict[str, str], who: str = SAM) -> str:
        """Dr Okafor shows a carer something in Amina's best interests, for a day; gives the decision's id."""
        name = named(f"best interests {len(self.said)}")
        facts = {"assessment": assessment, "person": who, "scope": list(scope), "until": self.now + DAY}
        self.clinician("best-interests-made/1", best_interests=name, **facts)
        return name

    def death(self) -> int:
        """Dr Okafor records that Amina has died."""
        return self.clinician("death-recorded/1", died="2026-05-04")

    def release(self, *scope: dict[str, str], who: str = SAM) -> int:
        """Greta releases something to somebody after Amina's death, for a day."""
        facts = {"release": named(f"release {len(self.said)}"), "person": who, "scope": list(scope)}
        return self.say("after-death-released/1", GRETA, "guardian", record=RECORD, until=self.now + DAY, **facts)

    def case(self, **scope: Any) -> str:
        """Greta assigns a case to Ruth, for a day; gives its id."""
        name = named(f"case {len(self.said)}")
        facts = {"record": None, "person": None, "period": None, "from_": START, "until": self.now + DAY} | scope
        self.say("case-assigned/2", GRETA, "guardian", case=name, auditor=RUTH, **facts)
        return name

    def policy(self, profiles: dict[str, Any] | None = None, topics: tuple[str, ...] = TOPICS, **ages: int) -> int:
        """Ada configures profiles, topics and ages."""
        configured = {"topics": dict.fromkeys(topics, "R"), "ages": AGES | ages}
        return self.say(
            "policy-set/2", ADA, "administrator", policy=named("policy"), profiles=profiles or {}, **configured
        )

    def facts(self, viewer: str, *, subject: str | None = None, upto: int | None = None) -> Facts:
        """The facts as this viewer's decisions read them, before position ``upto`` (None: all)."""
        said = self.said[:upto]
        about = None if subject is None else PersonFacts.of(subject, said)
        return Facts(
            RecordFacts.of(RECORD, said),
            PersonFacts.of(viewer, said),
            {name: TeamFacts.of(name, said) for name in TEAMS},
            PolicyFacts.of(said),
            about,
        )

    def decide(self, viewer: str, acting_as: str, item: str | None = None, **request: Any) -> Decision:
        """Decide a request at this moment, unless ``at`` says another one."""
        at = request.pop("at", self.now)
        return decide(self.facts(viewer), Request(viewer, acting_as, at, item=item, **request))

    def rule(self, viewer: str, acting_as: str, item: str | None = None, **request: Any) -> str:
        """The decision in short: ``+rule`` for a permit, ``-rule`` for a refusal."""
        return in_short(self.decide(viewer, acting_as, item, **request))

    def ask(
        self, type_: str, author: str, acting_as: str, /, *, late: int = 0, through: Any = None, **facts: Any
    ) -> Decision:
        """Would this be admitted now, ``late`` milliseconds after it was made?"""
        shaped = shaped_as(type_, facts)
        said = Said(len(self.said), self.now, Instant(self.now - late), type_, author, acting_as, shaped)
        known = self.facts(author, subject=person_named_in(type_, shaped))
        return may_say(known, said, service=SERVICE, **(through or {}))

    def answer(self, type_: str, author: str, acting_as: str, /, **facts: Any) -> str:
        """The same in short: ``+rule`` if it would be admitted, else ``-rule``."""
        return in_short(self.ask(type_, author, acting_as, **facts))

    def may(self, type_: str, author: str, acting_as: str, /, **facts: Any) -> str:
        """The same, about the record."""
        return self.answer(type_, author, acting_as, record=RECORD, **facts)


def in_short(decision: Decision) -> str:
    """``+rule`` for a permit, ``-rule`` for a refusal."""
    return ("+" if isinstance(decision, Permit) else "-") + decision.rule


def practice() -> Story:
    """A story of its own that begins as all do."""
    story, begun = Story(), _begun()
    story.said, story.now = list(begun.said), begun.now
    return story


@cache
def _begun() -> Story:
    """Everybody has a name and a role, the practice cares for Amina, and Sam and Joy are named as her carers."""
    story = Story()
    for who in EVERYBODY:
        story.say("person-registered/1", ADA, "administrator", person=who)
    story.say("role-granted/1", SERVICE, "service", person=ADA, role="administrator", from_=START, until=None)
    story.say("role-granted/1", SERVICE, "service", person=BERT, role="administrator", from_=START, until=None)
    for who in (OKAFOR, LIND, MOSS):
        story.role(who, "clinician")
    story.role(RUTH, "auditor")
    story.role(GRETA, "guardian")
    for which in TEAMS:
        profile = "pharmacy" if which == PHARMACY else None
        story.say("team-formed/1", ADA, "administrator", team=which, profile=profile)
    story.say("record-opened/1", ADA, "administrator", record=RECORD, patient=AMINA)
    story.join(OKAFOR, PRACTICE)
    story.join(LIND, PRACTICE)
    story.care(team(PRACTICE))
    story.patient("carer-named/1", person=SAM)
    story.patient("carer-named/1", person=JOY)
    return story
