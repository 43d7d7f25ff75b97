"""Random acts about who decides for the patient: capacity, powers, parents, best interests, death; and transfers."""

from ledger.core.instants import DAY, Instant, format_instant
from tests.core.random_told import SPANS, TOPICS, VERA, Told
from tests.core.story import (
    ADA,
    AMINA,
    GRETA,
    JOY,
    LIND,
    MOSS,
    OKAFOR,
    PHARMACY,
    PRACTICE,
    RECORD,
    RUTH,
    SAM,
    START,
    named,
)

HOLDERS = (VERA, JOY)
BIRTHS = ("2015-05-06", "2014-05-20", "2016-02-29", "2010-05-12", "1990-01-01")
PROFILES = (
    {"pharmacy": {"kinds": ["medicine", "comment", "note"], "topics": ["genetic"]}},
    {"pharmacy": {"kinds": ["medicine", "note", "result", "comment"], "topics": list(TOPICS)}},
    {},
)


def assessed(told: Told, a: int, b: int, c: int) -> None:
    """A clinician assesses capacity, mostly about sharing and mostly lacking; or takes an assessment back."""
    story = told.story
    if a % 5 == 0:
        about = told.some(told.assessments, b)
        story.clinician("capacity-withdrawn/1", (OKAFOR, LIND)[c % 2], assessment=about)
        return
    starts = story.now + (SPANS[c % 4] if c & 4 else -DAY)
    story.clinician(
        "capacity-assessed/1",
        (OKAFOR, LIND)[c % 2],
        assessment=told.new(told.assessments, "assessment"),
        matter=("sharing", "sharing", "treatment")[b % 3],
        outcome="has" if b & 12 == 12 else "lacks",
        relevant=told.parts(a),
        from_=starts,
        until=starts + SPANS[4 + c // 8 % 3] + DAY,
    )


def empowered(told: Told, a: int, b: int, c: int) -> None:
    """A power is registered, used, or ended."""
    story, power, holder = told.story, named(f"power {a % 2}"), HOLDERS[b % 2]
    if b % 8 < 4:
        jointly = a % 2 == 1
        story.say(
            "power-registered/1",
            ADA,
            "administrator",
            record=RECORD,
            power=power,
            person=holder,
            kind="attorney",
            matters=["treatment", "sharing"] if a % 2 else ["sharing"],
            terms="jointly" if jointly else "jointly-and-severally",
            holders=2,
            registered_on="2026-05-01",
            from_=START + (SPANS[c % 5] if c & 64 else 0),
            until=story.now + SPANS[4 + c % 4] if c & 128 else None,
        )
    elif b % 8 < 7:
        until = story.now + SPANS[2 + c % 3]
        story.say("power-exercised/1", holder, "attorney", record=RECORD, power=power, until=until)
    else:
        story.say("power-ended/1", ADA, "administrator", record=RECORD, power=power, person=holder)


def parented(told: Told, a: int, b: int, c: int) -> None:
    """A birth is stated; a parent is registered, reviewed or ended."""
    story, parental = told.story, told.some(told.parentals, a)
    if b & 128:
        _shared_by_a_parent(told, a, b, c)
        return
    if b % 6 == 0:
        story.say("birth-stated/1", ADA, "administrator", record=RECORD, born=BIRTHS[c % 5])
    elif b % 6 < 3:
        until = story.now + SPANS[5 + c % 3] if c & 64 else None
        about = {"record": RECORD, "parental": told.new(told.parentals, "parental"), "person": VERA}
        story.say("parent-registered/1", ADA, "administrator", from_=START, until=until, **about)
    elif b % 6 < 5:
        scope, until = told.parts(c // 16 * 4 + (3 if c & 8 else 0)), story.now + SPANS[4 + c % 4] - 1
        story.clinician("parent-reviewed/1", parental=parental, scope=scope, until=until)
    else:
        story.say("parent-ended/1", ADA, "administrator", record=RECORD, parental=parental)


def _shared_by_a_parent(told: Told, a: int, b: int, c: int) -> None:
    """A parent shares for a child, or takes such a share back: theirs to say, and to last, below the age of review."""
    name, grantee, scope = named(f"directive {len(told.story.said)}"), told.grantee(a), told.scope(c)
    facts = {"record": RECORD, "directive": name, "grantee": grantee, "scope": scope, "condition": None}
    never = {"from_": None, "until": None, "hidden": False, "replaces": told.current(grantee, scope)}
    told.story.say("directive-made/1", VERA, "parent", effect="withhold" if b & 64 else "share", **facts, **never)


def in_best_interests(told: Told, a: int, b: int, c: int) -> None:
    """Professionals disclose something to a carer for a patient who cannot decide it, or end that."""
    if a % 4 == 0:
        told.story.patient("best-interests-ended/1", best_interests=told.some(told.best_interests, b))
        return
    assessment = told.assessments[-1] if told.assessments and c & 3 else told.some(told.assessments, c // 4)
    told.story.clinician(
        "best-interests-made/1",
        best_interests=told.new(told.best_interests, "best interests"),
        assessment=assessment,
        person=(SAM, JOY, SAM)[a % 3],
        scope=told.parts(b),
        until=told.story.now + SPANS[3 + c % 3] - 1,
    )


def died(told: Told, a: int, b: int, c: int) -> None:
    """A death is recorded or taken back; what the patient wished for afterwards; what the guardian releases."""
    story, choice = told.story, a % 6
    if choice == 0:
        story.clinician("death-recorded/1", died="2026-05-04")
    elif choice == 1:
        story.say("death-retracted/1", GRETA, "guardian", record=RECORD)
    elif choice == 2:
        story.patient("after-death-wish-stated/1", wish=("not-after-my-death", "ask-guardian")[b % 2])
    else:
        story.say(
            "after-death-released/1",
            GRETA,
            "guardian",
            record=RECORD,
            release=named(f"release {len(story.said)}"),
            person=(SAM, JOY, VERA, SAM)[b % 4],
            scope=[told.scope(b), told.scope(c)],
            until=story.now + SPANS[3 + c % 4],
        )


def transferred(told: Told, a: int, b: int, c: int) -> None:
    """A team hands its care to another team, in which Dr Moss may be."""
    if c % 2:
        told.story.join(MOSS, PHARMACY)
    care = told.cares[-1] if a & 3 else told.some(told.cares, a // 4)
    told.story.say(
        "care-transferred/1",
        ADA,
        "administrator",
        record=RECORD,
        care=care,
        team=(PHARMACY, PRACTICE, PHARMACY)[b % 3],
        next=told.new(told.cares, "care after"),
    )


def stopped(told: Told, a: int, b: int, _c: int) -> None:
    """All sharing stops, or freezes for a carer, or thaws."""
    if a % 4 == 0:
        told.story.patient("sharing-stopped/1")
    else:
        kind = "sharing-unfrozen/1" if a % 4 == 1 else "sharing-frozen/1"
        told.story.patient(kind, person=(SAM, JOY)[b % 2])


def asked_leave(told: Told, a: int, b: int, c: int) -> None:
    """A clinician asks a carer's leave to share what they told in confidence; the carer answers."""
    item = told.an_item(a, "contribution")
    if b % 2:
        told.story.clinician("leave-asked/1", item=item)
    else:
        tellers = [one.author for one in told.story.said if one.facts.get("item") == item]
        outcome, who = ("given", "refused")[c % 2], tellers[0] if tellers and c & 12 else (SAM, JOY)[c // 2 % 2]
        told.story.say("leave-answered/1", who, "carer", record=RECORD, item=item, outcome=outcome)


def questioned(told: Told, a: int, b: int, c: int) -> None:
    """The patient asks a clinician why they looked; the clinician answers."""
    if b % 3:
        about = {"disclosure": named("a disclosure"), "viewer": (MOSS, OKAFOR)[b % 2]}
        told.story.patient("access-questioned/1", question=told.new(told.questions, "question"), **about)
    else:
        told.story.clinician("access-answered/1", (MOSS, OKAFOR)[c % 2], question=told.some(told.questions, a))


def configured(told: Told, a: int, b: int, _c: int) -> None:
    """The profiles and the ages are set."""
    told.story.policy(PROFILES[a % 3], review=(11, 11, 12)[b % 3])


def assigned(told: Told, a: int, b: int, c: int) -> None:
    """A case is assigned to Ruth, or closed, or topics are opened in it."""
    story = told.story
    if a % 4 == 0:
        case = told.some(told.cases, b)
        story.say("case-closed/1", ADA, "administrator", case=case, auditor=RUTH)
        return
    starts, ends = Instant(story.now - SPANS[b % 5]), Instant(story.now + SPANS[c % 8])
    story.say(
        "case-assigned/2",
        ADA,
        "administrator",
        case=told.new(told.cases, "case"),
        auditor=RUTH,
        record=RECORD if b & 16 else None,
        person=(OKAFOR, AMINA, SAM)[b % 3] if b & 32 else None,
        period={"since": format_instant(starts), "before": format_instant(ends)} if b & 64 else None,
        from_=START,
        until=story.now + SPANS[c // 8 % 4 + 4] + DAY,
    )
