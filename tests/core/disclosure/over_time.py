"""What changes what: withdrawing, capacity, death, transfer, and the presets."""

from ledger.core.authority import FRESH
from ledger.core.decisions import Deny
from ledger.core.instants import DAY, HOUR, Instant
from tests.core.disclosure.rows import row
from tests.core.story import (
    ALL_CARERS,
    AMINA,
    EVERYTHING,
    FAMILY,
    GRETA,
    JOY,
    LIND,
    MOSS,
    OKAFOR,
    PAUL,
    PRACTICE,
    RECORD,
    SAM,
    START,
    TOGETHER,
    Story,
    named,
    of,
    person,
    team,
)


def sharing(story: Story, **terms: object) -> str:
    """Would this share (or withhold) of everything with Sam be admitted?"""
    unless_said = {"from_": None, "until": None, "condition": None, "replaces": None, "hidden": False}
    about = {"directive": named("fresh"), "effect": "share", "scope": EVERYTHING, "grantee": person(SAM)}
    return story.may("directive-made/1", AMINA, "patient", **about | unless_said | terms)


@row("Withdrawing acts at once, whatever the capacity")
def _(story: Story) -> None:
    note = story.item("note")
    share = story.share(EVERYTHING)
    story.assess()
    for type_, facts in (
        ("directive-withdrawn/1", {"directive": share}),
        ("carer-suspended/1", {"person": SAM}),
        ("carer-ended/1", {"person": SAM}),
        ("sharing-frozen/1", {"person": SAM}),
        ("sharing-stopped/1", {}),
    ):
        assert story.may(type_, AMINA, "patient", late=99 * DAY, **facts) == "+patient"
    assert sharing(story, effect="withhold", scope=of("kind", "note")) == "+patient"
    assert story.rule(SAM, "carer", note) == "+shared"
    story.patient("directive-withdrawn/1", directive=share)
    assert story.rule(SAM, "carer", note) == "-no-consent"


@row("A *new* grant needs capacity (presumed unless an assessment in force says otherwise)")
def _(story: Story) -> None:
    sealed = story.withhold(of("kind", "note"))
    story.patient("carer-suspended/1", person=SAM)
    story.patient("sharing-frozen/1", person=SAM)
    grants = (
        ("directive-withdrawn/1", {"directive": sealed}),
        ("carer-named/1", {"person": PAUL}),
        ("carer-restored/1", {"person": SAM}),
        ("sharing-unfrozen/1", {"person": SAM}),
        ("together-started/1", {"together": named("fresh"), "person": SAM, "until": story.now + HOUR}),
    )

    def answers() -> set[str]:
        said = {story.may(type_, AMINA, "patient", **facts) for type_, facts in grants}
        return said | {sharing(story), sharing(story, condition=TOGETHER)}

    assert answers() == {"+patient"}
    story.assess("treatment")
    assert answers() == {"+patient"}
    story.assess("sharing")
    assert answers() == {"-lacks-capacity"}
    story.assess("sharing", "has")
    assert answers() == {"+patient"}


@row("is refused if it was made more than 5 minutes before it is admitted")
def _(story: Story) -> None:
    assert sharing(story, late=FRESH) == "+patient"
    assert sharing(story, late=FRESH + 1) == "-stale-grant"
    assert sharing(story, late=DAY, effect="withhold") == "+patient"


@row(
    "and without capacity only advance directives (when unwell) and time-limited best-interests disclosures widen"
    " anything"
)
def _(story: Story) -> None:
    ahead, note, plan = story.item("ahead"), story.item("note"), story.item("plan", kind="plan")
    story.share(of("item", ahead), condition={"kind": "when-unwell"})
    rules = [story.rule(SAM, "carer", one) for one in (ahead, note, plan)]
    assert rules == ["-condition-not-met", "-no-consent", "-no-consent"]
    assessment = story.assess()
    story.best_interests(assessment, of("item", note))
    rules = [story.rule(SAM, "carer", one) for one in (ahead, note, plan)]
    assert rules == ["+shared", "+best-interests", "-no-consent"]
    assert story.rule(SAM, "carer", note, at=story.now + DAY) == "-no-consent"
    story.assess("sharing", "has")
    rules = [story.rule(SAM, "carer", one) for one in (ahead, note, plan)]
    assert rules == ["-condition-not-met", "-no-consent", "-no-consent"]


@row(
    "time-limited best-interests disclosures",
    "of what the patient does not withhold, to a carer they named, for 28 days",
)
def _(story: Story) -> None:
    note, sealed = story.item("note"), story.item("sealed")
    story.withhold(of("item", sealed))
    made = {"best_interests": named("fresh"), "person": SAM, "scope": [of("kind", "note")], "until": story.now + DAY}
    assert story.may("best-interests-made/1", OKAFOR, "clinician", assessment=named("no"), **made) == "-has-capacity"
    assessment = story.assess()
    for wrong, rule in (
        ({"until": story.now + 29 * DAY}, "-too-long"),
        ({"person": PAUL}, "-not-a-carer"),
        ({"scope": []}, "-empty-scope"),
        ({}, "+in-care"),
    ):
        facts = made | {"assessment": assessment} | wrong
        assert story.may("best-interests-made/1", OKAFOR, "clinician", **facts) == rule
    story.best_interests(assessment, of("kind", "note"), of("item", sealed))
    story.share(of("kind", "note"), condition=TOGETHER)
    assert story.rule(SAM, "carer", note) == "+best-interests"
    assert story.rule(SAM, "carer", sealed) == "-withheld-by-patient"


@row("Death ends sessions, directives and powers")
def _(story: Story) -> None:
    note, other = story.item("note"), story.item("other")
    story.share(of("item", note), condition=TOGETHER)
    story.share(of("item", other))
    story.patient("together-started/1", together=named("session"), person=SAM, until=story.now + HOUR)
    story.power()
    assessment = story.assess("treatment", "lacks", of("item", note))
    story.emergency()
    story.withhold(of("item", other), team(PRACTICE))
    felt = story.item("felt", AMINA, "patient", kind="experience")
    story.share(of("item", felt), person(LIND))
    assert story.rule(LIND, "clinician", felt) == "+direct-care"
    assert story.rule(SAM, "carer", note) == story.rule(SAM, "carer", other) == "+shared"
    assert story.rule(PAUL, "attorney", note) == story.rule(PAUL, "attorney", assessment) == "+attorney"
    died = story.death()
    assert story.rule(PAUL, "attorney", assessment) == "-unknown-item"
    assert story.facts(SAM).record.sessions == {}
    assert story.decide(SAM, "carer", note) == story.decide(SAM, "carer") == Deny("after-death", (died,))
    assert story.rule(PAUL, "attorney", note) == story.rule(PAUL, "attorney") == "-after-death"
    assert story.rule(MOSS, "clinician") == "-no-relationship"
    assert story.rule(AMINA, "patient") == "-no-role"
    assert story.rule(LIND, "clinician", note) == "+direct-care"
    assert story.rule(LIND, "clinician", felt) == "-experience-not-shared"
    assert story.rule(LIND, "clinician", other) == "-sealed-by-patient"  # a seal is no power, and stays


@row("Death ends sessions, directives and powers", "but nobody's own words")
def _(story: Story) -> None:
    told = story.item("told", SAM, "carer", kind="contribution")
    story.death()
    assert story.rule(SAM, "carer", told) == story.rule(SAM, "carer") == "+own-words"
    assert story.rule(JOY, "carer") == "-after-death"


@row("later requests go to the guardian")
def _(story: Story) -> None:
    note, plan = story.item("note"), story.item("plan", kind="plan")
    story.item("flag", kind="flag")
    released = {"release": named("fresh"), "person": PAUL, "scope": [of("kind", "note")], "until": story.now + DAY}
    assert story.may("after-death-released/1", GRETA, "guardian", **released) == "-not-dead"
    story.death()
    assert story.rule(GRETA, "guardian") == "+guardian"
    assert story.may("after-death-released/1", GRETA, "guardian", **released) == "+guardian"
    assert story.may("after-death-released/1", OKAFOR, "clinician", **released) == "-role-missing"
    story.release(of("kind", "note"), who=PAUL)
    assert story.rule(PAUL, "carer") == story.rule(PAUL, "carer", note) == "+released"
    assert story.rule(PAUL, "carer", plan) == "-after-death"
    assert story.rule(PAUL, "carer", note, at=story.now + DAY) == "-no-relationship"


@row("later requests go to the guardian", "who releases nothing that the patient withheld from that very person")
def _(story: Story) -> None:
    note, kept = story.item("note"), story.item("kept")
    story.withhold(of("item", kept))
    story.death()
    story.release(of("kind", "note"), of("item", kept))
    assert story.rule(SAM, "carer", note) == "+released"
    assert story.rule(SAM, "carer", kept).startswith("-")


@row('and "not after my death" is honoured')
def _(story: Story) -> None:
    note = story.item("note")
    story.patient("after-death-wish-stated/1", wish="not-after-my-death")
    story.death()
    released = {"release": named("fresh"), "person": SAM, "scope": [EVERYTHING], "until": story.now + DAY}
    assert story.may("after-death-released/1", GRETA, "guardian", **released) == "-not-after-death"
    story.release(EVERYTHING)  # and were it there in spite of that
    assert story.rule(SAM, "carer", note) == "-after-death"


@row("A transfer takes seals and open disputes along", "seals")
def _(story: Story) -> None:
    note, shared = story.item("note"), story.item("shared", kind="experience")
    story.withhold(of("item", note), team(PRACTICE), hidden=True)
    story.share(of("item", shared), team(PRACTICE))
    story.join(MOSS, FAMILY)
    care = next(said.position for said in story.said if said.type == "care-started/1")
    assert story.rule(LIND, "clinician", note) == "-sealed-by-patient"
    assert story.rule(LIND, "clinician", shared) == "+direct-care"
    handed = story.transfer(care, FAMILY)
    sealed = story.decide(MOSS, "clinician", note)
    assert (sealed.rule, handed in sealed.evidence, sealed.trace) == ("sealed-by-patient", True, False)
    assert story.rule(MOSS, "clinician", shared) == "-experience-not-shared"  # a share is not handed on
    thoughts = story.item("thoughts", LIND, kind="working-note")
    assert story.rule(MOSS, "clinician", thoughts) == "-working"  # nor is what was the first team's alone


@row("A transfer takes seals and open disputes along", "open disputes")
def _(story: Story) -> None:
    note = story.item("note")
    dispute = story.item("dispute", AMINA, "patient", kind="comment", parent=note, concern="dispute")
    story.join(MOSS, FAMILY)
    care = story.care(team(FAMILY))
    answering = {"item": dispute, "outcome": "amended"}
    assert story.may("dispute-answered/1", MOSS, "clinician", **answering) == "-not-of-the-team"
    story.say("care-ended/1", named("Ada"), "administrator", record=RECORD, care=story.said[care].facts["care"])
    practice = next(said.position for said in story.said if said.type == "care-started/1")
    handed = story.transfer(practice, FAMILY)
    allowed = story.ask("dispute-answered/1", MOSS, "clinician", record=RECORD, **answering)
    assert (allowed.rule, handed in allowed.evidence) == ("team-of-item", True)


@row("freeze (keeps what they have seen, nothing new)")
def _(story: Story) -> None:
    before = story.item("before")
    story.share(of("kind", "note"))
    frozen = story.patient("sharing-frozen/1", person=SAM)
    after = story.item("after")
    assert story.rule(SAM, "carer", before) == "+shared"
    assert story.decide(SAM, "carer", after) == Deny("frozen", (frozen,))
    kept = story.item("kept")
    story.withhold(of("item", kept))
    assert story.rule(SAM, "carer", kept) == "-frozen"
    story.best_interests(story.assess(), of("item", after))
    assert story.rule(SAM, "carer", after) == "-frozen"
    story.share(EVERYTHING)
    assert story.rule(SAM, "carer", after) == "-frozen"
    amended = story.item("amended", LIND)
    assert story.rule(SAM, "carer", before) == "+shared"
    story.clinician("item-amended/1", item=before)  # they have not seen it so
    assert story.rule(SAM, "carer", before) == story.rule(SAM, "carer", amended) == "-frozen"
    story.share(of("item", after))
    assert story.rule(SAM, "carer", after) == "+shared"
    story.share(of("kind", "note"), ALL_CARERS)
    assert story.rule(JOY, "carer", after) == "+shared"
    story.patient("sharing-unfrozen/1", person=SAM)
    assert story.rule(SAM, "carer", story.item("later")) == "+shared"


@row("stop all sharing now")
def _(story: Story) -> None:
    note, other = story.item("note"), story.item("other", topics=["genetic"])
    story.share(EVERYTHING)
    story.share(of("topic", "genetic"), ALL_CARERS)
    story.share(of("item", note), condition=TOGETHER)
    sealed = story.withhold(of("kind", "plan"), team(PRACTICE))
    story.patient("together-started/1", together=named("session"), person=SAM, until=story.now + HOUR)
    assert story.rule(SAM, "carer", note) == story.rule(JOY, "carer", other) == "+shared"
    story.patient("sharing-stopped/1")
    assert story.rule(SAM, "carer", note) == "-no-consent"
    assert story.rule(JOY, "carer", other) == "-topic-not-shared"
    assert story.rule(SAM, "carer") == "+named-carer"
    record = story.facts(AMINA).record
    assert (record.sessions, [one.id for one in record.current["team", PRACTICE].values()]) == ({}, [sealed])


@row("a withdrawal takes effect for every later position")
def _(story: Story) -> None:
    note = story.item("note")
    share = story.share(EVERYTHING)
    shared = len(story.said)
    story.patient("directive-withdrawn/1", directive=share)
    story.item("later")
    from_now_on = [story.facts(SAM, upto=upto).record for upto in range(shared, len(story.said) + 1)]
    assert [bool(record.current["person", SAM]) for record in from_now_on] == [True, False, False]
    assert story.rule(SAM, "carer", note, at=Instant(START + 999 * DAY)) == "-no-consent"
