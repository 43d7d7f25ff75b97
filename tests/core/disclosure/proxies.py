"""Rules 6 and 7: what an attorney or deputy may see, and a child's parent."""

from typing import Final

from ledger.core.decisions import Request, leaves_trace
from ledger.core.instants import DAY, HOUR, parse_instant
from tests.core.disclosure.rows import row
from tests.core.story import (
    ALL_CARERS,
    AMINA,
    DORA,
    JOY,
    LIND,
    NADIA,
    OKAFOR,
    PAUL,
    RECORD,
    SAM,
    Story,
    named,
    of,
    person,
)

ELEVEN: Final = parse_instant("2026-05-05T00:00:00.000Z")
SIXTEEN: Final = parse_instant("2031-05-05T00:00:00.000Z")
BORN: Final = "2015-05-05"
"""Amina is ten in the story, and eleven a day later."""


@row("only while an assessment says the patient cannot decide *this*")
def _(story: Story) -> None:
    note = story.item("note")
    story.power(PAUL, "treatment")
    assert story.rule(PAUL, "attorney") == "+attorney"
    assert story.rule(PAUL, "attorney", note) == "-no-consent"
    story.assess("residence", "lacks", of("item", note))
    assert story.rule(PAUL, "attorney", note) == "-no-consent"
    about = story.assess("treatment", "lacks", of("item", note), until=story.now + DAY)
    shown = story.decide(PAUL, "attorney", note)
    assert {"power-registered/1", "capacity-assessed/1"} == {story.said[at].type for at in shown.evidence}
    assert shown.until is not None
    story.power(DORA, "residence", power=named("another"))
    assert story.rule(PAUL, "attorney", about) == "+attorney"
    assert story.rule(DORA, "attorney", about) == "-unknown-item"  # hers is not about treatment
    assert story.rule(PAUL, "attorney", note, at=shown.until) == "-no-consent"
    story.clinician("capacity-withdrawn/1", assessment=about)
    assert story.rule(PAUL, "attorney", note) == "-no-consent"
    assert story.rule(PAUL, "attorney", about) == "-unknown-item"


@row("6. Attorney or deputy (health and welfare, registered, on its joint or several terms)", "several")
def _(story: Story) -> None:
    note = story.item("note")
    story.assess("treatment", "lacks", of("item", note))
    assert story.rule(PAUL, "attorney", note) == "-no-role"
    power = story.power(PAUL, "treatment", holders=2)
    story.power(DORA, "treatment", holders=2)
    assert story.rule(PAUL, "attorney", note) == story.rule(DORA, "attorney", note) == "+attorney"
    story.say("power-ended/1", DORA, "attorney", record=RECORD, power=power, person=DORA)
    assert story.rule(PAUL, "attorney", note) == "+attorney"
    assert story.rule(DORA, "attorney", note) == "-no-relationship"


@row("6. Attorney or deputy (health and welfare, registered, on its joint or several terms)", "joint: all must act")
def _(story: Story) -> None:
    note = story.item("note")
    story.assess("treatment", "lacks", of("item", note))
    power = story.power(PAUL, "treatment", terms="jointly", holders=2)
    assert story.rule(PAUL, "attorney", note) == "-no-consent"
    story.acts(PAUL, power)
    story.power(DORA, "treatment", terms="jointly", holders=2)
    assert story.rule(PAUL, "attorney", note) == "-no-consent"
    story.acts(DORA, power)
    assert story.rule(PAUL, "attorney", note) == story.rule(DORA, "attorney", note) == "+attorney"
    assert story.rule(DORA, "attorney", note, at=story.now + HOUR) == "-no-consent"


@row("only items relevant to that decision")
def _(story: Story) -> None:
    note, other, pill = story.item("note"), story.item("other"), story.item("pill", kind="medicine")
    genes = story.item("genes", kind="medicine", topics=["genetic"])
    answer = story.item("answer", LIND, kind="comment", parent=other, concern="comment")
    story.power()
    story.assess("treatment", "lacks", of("item", note), of("kind", "medicine"), of("kind", "comment"))
    rules = [story.rule(PAUL, "attorney", one) for one in (note, pill, other, genes, answer)]
    assert rules == ["+attorney", "+attorney", "-no-consent", "-topic-not-shared", "-no-consent"]


@row("rule 5's first line applies first")
def _(story: Story) -> None:
    kept = [story.item("thoughts", kind="working-note"), story.item("flag", kind="flag"), story.item("note")]
    story.withholding(kept[2], "carers", "third-party")
    kept.append(story.item("abuse", topics=["domestic-abuse"]))
    story.power()
    story.assess("treatment", "lacks", *(of("item", one) for one in kept))
    rules = [story.rule(PAUL, "attorney", one) for one in kept]
    assert rules == ["-working", "-flag", "-withheld:third-party", "-online-hidden"]
    assert not leaves_trace(story.decide(PAUL, "attorney", kept[2]), Request(PAUL, "attorney", story.now))


@row("Otherwise as a carer")
def _(story: Story) -> None:
    note, other = story.item("note"), story.item("other")
    told = story.item("told", PAUL, "attorney", kind="comment", parent=note, concern="comment")
    story.power()
    story.share(of("item", note), person(PAUL))
    assert story.rule(PAUL, "attorney", note) == "+shared"
    assert story.rule(PAUL, "attorney", other) == "-no-consent"
    story.share(of("item", other), ALL_CARERS)
    assert story.rule(PAUL, "attorney", other) == "-no-consent"  # not named as a carer
    story.patient("carer-named/1", person=PAUL)
    assert story.rule(PAUL, "attorney", other) == "+shared"
    assert story.rule(PAUL, "attorney", told) == "+own-words"


@row("An attorney cannot bar a relative: that is a best-interests decision")
def _(story: Story) -> None:
    note = story.item("note")
    share = story.share(of("item", note))
    story.power(PAUL, "sharing", "contact")
    assessment = story.assess("sharing", "lacks", of("item", note))
    sealed = {"directive": named("fresh"), "grantee": person(SAM), "scope": of("item", note), "effect": "withhold"}
    terms = {"from_": None, "until": None, "condition": None, "replaces": share, "hidden": False}
    assert story.may("directive-made/1", PAUL, "attorney", **sealed, **terms) == "-not-the-patient"
    for type_ in ("carer-ended/1", "carer-suspended/1", "sharing-frozen/1"):
        assert story.may(type_, PAUL, "attorney", person=SAM) == "-not-the-patient"
    assert story.may("sharing-stopped/1", PAUL, "attorney") == "-not-the-patient"
    shown = {"best_interests": named("fresh"), "assessment": assessment, "person": JOY, "scope": [of("item", note)]}
    assert story.may("best-interests-made/1", OKAFOR, "clinician", **shown, until=story.now + DAY) == "+in-care"
    assert story.may("best-interests-made/1", PAUL, "attorney", **shown, until=story.now + DAY) == "-role-missing"


@row("7. Parent → as the patient until 11")
def _(story: Story) -> None:
    story.child(BORN)
    note, thoughts = story.item("note"), story.item("thoughts", kind="working-note")
    health = story.item("health", topics=["sexual-health"])
    emergency = story.emergency()
    assert story.rule(NADIA, "parent") == story.rule(NADIA, "parent", note) == "+parent"
    assert story.rule(NADIA, "parent", health) == story.rule(NADIA, "parent", emergency) == "+parent"
    assert story.rule(NADIA, "parent", thoughts) == "-working"
    assert story.decide(NADIA, "parent", note).until == ELEVEN
    assert story.rule(NADIA, "parent", note, at=ELEVEN) == "-no-consent"
    assert story.rule(NADIA, "parent", at=ELEVEN) == "+named-parent"
    assert story.rule(NADIA, "parent", emergency, at=ELEVEN) == "-unknown-item"


@row("7. Parent → as the patient until 11", "once a birth is stated, and while they have parental responsibility")
def _(story: Story) -> None:
    note = story.item("note")
    assert story.rule(NADIA, "parent", note) == "-no-role"
    unborn = {"parental": named("fresh"), "person": NADIA, "from_": story.now, "until": None}
    assert story.may("parent-registered/1", named("Ada"), "administrator", **unborn) == "-no-birth-stated"
    parental = story.child(BORN)
    assert story.rule(NADIA, "parent", note) == "+parent"
    story.say("parent-registered/1", named("Ada"), "administrator", record=RECORD, **unborn | {"person": DORA})
    assert story.rule(DORA, "parent", note) == "+parent"
    story.say("parent-ended/1", named("Greta"), "guardian", record=RECORD, parental=unborn["parental"])
    assert story.rule(DORA, "parent", note) == "-no-relationship"  # whatever another parent is
    story.say("parent-ended/1", named("Greta"), "guardian", record=RECORD, parental=parental)
    assert story.rule(NADIA, "parent", note) == "-no-relationship"


@row("7. Parent → as the patient until 11", "what they share in the child's place is shared until then")
def _(story: Story) -> None:
    story.child(BORN)
    note = story.item("note", topics=["sexual-health"])
    terms = {"from_": None, "until": None, "condition": None, "replaces": None, "hidden": False}
    about = {
        "directive": named("hers"),
        "effect": "share",
        "scope": of("topic", "sexual-health"),
        "grantee": ALL_CARERS,
    }
    story.say("directive-made/1", NADIA, "parent", record=RECORD, **about, **terms)
    shown = story.decide(SAM, "carer", note)
    assert (shown.rule, shown.until) == ("shared", ELEVEN)
    assert story.rule(SAM, "carer", note, at=ELEVEN) == "-condition-not-met"
    story.share(of("topic", "sexual-health"), person(SAM))
    assert story.rule(SAM, "carer", note, at=ELEVEN) == "+shared"  # unless the young person shares


@row("from 11 by review with named scope")
def _(story: Story) -> None:
    parental = story.child("2014-05-04")
    note, plan, kept = story.item("note"), story.item("plan", kind="plan"), story.item("kept")
    assert story.rule(NADIA, "parent", note) == "-no-consent"
    ends = story.now + DAY
    story.clinician("parent-reviewed/1", parental=parental, scope=[of("kind", "note")], until=ends)
    assert story.rule(NADIA, "parent", note) == "+parent-reviewed"
    assert story.rule(NADIA, "parent", plan) == "-no-consent"
    assert story.rule(NADIA, "parent", note, at=ends) == "-no-consent"
    story.withhold(of("item", kept), person(NADIA))
    assert story.rule(NADIA, "parent", kept) == "-withheld-by-patient"
    story.share(of("item", plan), person(NADIA))
    assert story.rule(NADIA, "parent", plan) == "+shared"
    story.withholding(note, "patient", "third-party")
    withheld = story.decide(NADIA, "parent", note)
    assert (withheld.rule, withheld.trace) == ("withheld:third-party", False)
    story.erase(plan)
    assert story.rule(NADIA, "parent", plan) == "-erased"


@row("sexual-health, reproductive, substance-use, mental-health never, unless the young person shares")
def _(story: Story) -> None:
    parental = story.child("2014-05-04")
    topics = ("sexual-health", "reproductive", "substance-use", "mental-health")
    own = [story.item(topic, topics=[topic]) for topic in topics]
    genes = story.item("genes", topics=["genetic"])
    parts = [of("topic", topic) for topic in (*topics, "genetic")] + [of("item", own[0])]
    story.clinician("parent-reviewed/1", parental=parental, scope=parts, until=story.now + DAY)
    assert {story.rule(NADIA, "parent", item) for item in own} == {"-young-persons-own"}
    assert story.rule(NADIA, "parent", genes) == "+parent-reviewed"
    story.share(of("topic", "mental-health"), person(NADIA))
    assert story.rule(NADIA, "parent", own[3]) == "+shared"


@row("ends at 16")
def _(story: Story) -> None:
    story.child(BORN)
    note = story.item("note")
    story.share(of("item", note), person(NADIA))
    assert story.rule(NADIA, "parent", note, at=SIXTEEN - 1) == "+shared"
    assert story.rule(NADIA, "parent", note, at=SIXTEEN) == "-no-relationship"
    assert story.rule(NADIA, "parent", at=SIXTEEN) == "-no-relationship"
    story.patient("carer-named/1", person=NADIA)
    assert story.rule(NADIA, "carer", note, at=SIXTEEN) == "+shared"  # as a carer, if the young person wishes


@row("7. Parent → as the patient until 11", "and so may speak for the child, and not after")
def _(story: Story) -> None:
    story.child(BORN)
    assert story.may("carer-named/1", NADIA, "parent", person=JOY) == "+parent"
    assert story.may("carer-suspended/1", NADIA, "parent", person=SAM) == "+parent"
    story.child("2014-05-04")
    assert story.may("carer-suspended/1", NADIA, "parent", person=SAM) == "-not-the-patient"
    assert story.may("carer-suspended/1", AMINA, "patient", person=SAM) == "+patient"


@row("from 11 by review with named scope", "and a suspension shows nothing more, though it lifts what was withheld")
def _(story: Story) -> None:
    parental = story.child("2014-05-04")
    note, kept = story.item("note"), story.item("kept")
    story.patient("carer-named/1", person=NADIA)
    story.withhold(of("item", kept), person(NADIA))
    story.clinician("parent-reviewed/1", parental=parental, scope=[of("kind", "note")], until=story.now + DAY)
    rules = [story.rule(NADIA, "parent", one) for one in (note, kept)]
    assert rules == ["+parent-reviewed", "-withheld-by-patient"]
    story.patient("carer-suspended/1", person=NADIA)
    assert {story.rule(NADIA, "parent", one)[0] for one in (note, kept)} == {"-"}


@row("Carers never see the trail", "nor does a parent once the young person is 11")
def _(story: Story) -> None:
    story.child(BORN)
    note = story.item("note")
    assert story.rule(NADIA, "parent", note, via="trail") == "+parent"
    assert story.rule(NADIA, "parent", note, via="trail", at=ELEVEN) == "-no-trail"


@row("on its joint or several terms", "registered anew, one says anew that one acts")
def _(story: Story) -> None:
    note = story.item("note")
    story.assess("treatment", "lacks", of("item", note))
    power = story.power(PAUL, "treatment", terms="jointly")
    story.acts(PAUL, power)
    assert story.rule(PAUL, "attorney", note) == "+attorney"
    story.say("power-ended/1", AMINA, "patient", record=RECORD, power=power, person=PAUL)
    story.power(PAUL, "treatment", terms="jointly")
    assert story.rule(PAUL, "attorney", note) == "-no-consent"
