"""Facts about who is around a record: roles, care, what professionals keep, sessions, emergencies, representatives."""

from ledger.core.decisions import Deny, Permit
from ledger.core.instants import DAY, HOUR
from tests.core.disclosure.rows import row
from tests.core.story import (
    ADA,
    AMINA,
    DORA,
    EVERYTHING,
    FAMILY,
    LIND,
    MOSS,
    OKAFOR,
    PAUL,
    PHARMACY,
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


@row("Role, team, relationship: appointer, dates")
def _(story: Story) -> None:
    note = story.item("note", LIND)
    story.say("role-ended/1", ADA, "administrator", person=OKAFOR, role="clinician")
    assert story.rule(OKAFOR, "clinician") == "-no-role"
    story.role(OKAFOR, "clinician", until=START + DAY)
    story.join(MOSS, PRACTICE, until=START + DAY)
    assert story.rule(OKAFOR, "clinician", at=START + DAY - 1) == "+direct-care"
    assert story.rule(OKAFOR, "clinician", at=START + DAY) == "-no-role"
    assert story.rule(MOSS, "clinician", note, at=START + DAY - 1) == "+direct-care"
    assert story.rule(MOSS, "clinician", note, at=START + DAY) == "-no-relationship"
    rests_on = [story.said[at] for at in story.decide(MOSS, "clinician", note).evidence]
    assert {said.type for said in rests_on} == {"role-granted/1", "team-joined/1", "care-started/1"}
    assert {said.author for said in rests_on} == {ADA}


@row("team profile: the kinds and topics a team may see (pharmacy: medicines, allergies, relevant results")
def _(story: Story) -> None:
    story.join(MOSS, PHARMACY)
    story.care(team(PHARMACY))
    story.policy({"pharmacy": {"kinds": ["medicine", "allergy", "result"], "topics": ["substance-use"]}})
    shown = [story.item(kind, kind=kind) for kind in ("medicine", "allergy", "result")]
    shown.append(story.item("methadone", kind="medicine", topics=["substance-use"]))
    assert {story.rule(MOSS, "clinician", one) for one in shown} == {"+direct-care"}
    others = [story.item("plan", kind="plan"), story.item("genes", kind="result", topics=["genetic"])]
    assert {story.rule(MOSS, "clinician", one) for one in others} == {"-outside-profile"}


@row("ends with the review)")
def _(story: Story) -> None:
    story.join(MOSS, PHARMACY)
    story.policy({"pharmacy": {"kinds": ["medicine"], "topics": []}})
    pill = story.item("pill", kind="medicine")
    review = story.care(team(PHARMACY), until=story.now + DAY)
    assert story.rule(MOSS, "clinician", pill) == "+direct-care"
    assert story.rule(MOSS, "clinician", pill, at=story.now + DAY) == "-no-relationship"
    story.say("care-ended/1", ADA, "administrator", record=RECORD, care=story.said[review].facts["care"])
    assert story.rule(MOSS, "clinician", pill) == "-no-relationship"


@row("Registration alone is not a care relationship: each clinician's session names an appointment, task or purpose")
def _(story: Story) -> None:
    note = story.item("note")
    story.care(person(MOSS), "registration")
    assert story.rule(MOSS, "clinician", note) == "-no-relationship"
    assert story.rule(MOSS, "clinician", note, purpose="own-record") == "-no-relationship"
    for purpose in ("appointment", "task", "correction"):
        assert story.rule(MOSS, "clinician", note, purpose=purpose) == "+direct-care"


@row("Withholding (a professional's): from patient or from carers")
def _(story: Story) -> None:
    note, other = story.item("note"), story.item("other")
    story.share(EVERYTHING)
    story.withholding(note, "patient", "third-party")
    story.withholding(other, "carers", "third-party")
    assert story.rule(AMINA, "patient", note) == story.rule(SAM, "carer", note) == "-withheld:third-party"
    assert story.rule(AMINA, "patient", other) == "+own-record"
    assert story.rule(SAM, "carer", other) == "-withheld:third-party"
    assert story.rule(LIND, "clinician", note) == story.rule(LIND, "clinician", other) == "+direct-care"


@row("ground (serious harm, third party, safeguarding, carer's confidence), author, opinion date, review date")
def _(story: Story) -> None:
    note = story.item("note")
    facts = {"item": note, "withholding": named("fresh"), "from_": "patient", "review_date": "2026-06-01"}
    for ground in ("serious-harm", "third-party", "safeguarding", "carer-confidence"):
        said = facts | {"ground": ground, "opinion_date": "2026-05-01"}
        assert story.may("withholding-made/1", OKAFOR, "clinician", **said) == "+in-care"
        assert story.may("withholding-made/1", AMINA, "patient", **said) == "-role-missing"
        late = said | {"opinion_date": "2026-05-05"}
        assert story.may("withholding-made/1", OKAFOR, "clinician", **late) == "-opinion-to-come"
        over = said | {"review_date": "2026-05-03"}
        assert story.may("withholding-made/1", OKAFOR, "clinician", **over) == "-review-in-the-past"


@row("Online-hidden: agreed with the patient, or by ground")
def _(story: Story) -> None:
    note = story.item("note")
    about = {"item": note, "withholding": named("fresh"), "opinion_date": "2026-05-01", "review_date": "2026-06-01"}
    for ground in ("agreed", "domestic-abuse", "safeguarding"):
        said = about | {"from_": "screen", "ground": ground}
        assert story.may("withholding-made/1", OKAFOR, "clinician", **said) == "+in-care"
    said = about | {"from_": "patient", "ground": "agreed"}
    assert story.may("withholding-made/1", OKAFOR, "clinician", **said) == "-ground-for-screens-only"


@row("absent from every screen, export, trail line and notice; to be had in person")
def _(story: Story) -> None:
    note = story.item("note", AMINA, "patient", kind="reading")
    story.share(EVERYTHING)
    story.withholding(note, "screen", "agreed")
    for via in ("screen", "export", "print", "preview", "search", "trail"):
        assert story.rule(AMINA, "patient", note, via=via) == "-online-hidden"
    for via in ("screen", "export", "print", "preview", "search"):
        assert story.rule(SAM, "carer", note, via=via) == "-online-hidden"
    assert story.rule(AMINA, "patient", note, via="in-person") == "+own-words"
    assert story.rule(SAM, "carer", note, via="in-person") == "+shared"
    assert story.rule(OKAFOR, "clinician", note) == "+direct-care"
    assert not story.decide(AMINA, "patient", note).trace


@row("(default for domestic-abuse)", "until a clinician lifts it by the item's own id")
def _(story: Story) -> None:
    note = story.item("note", topics=["domestic-abuse"])
    assert story.rule(AMINA, "patient", note) == "-online-hidden"
    story.clinician("withholding-lifted/1", item=note, withholding=note)
    assert story.rule(AMINA, "patient", note) == "+own-record"
    story.clinician("item-topics-set/1", item=note, topics=[])
    story.clinician("item-topics-set/1", item=note, topics=["domestic-abuse"])
    assert story.rule(AMINA, "patient", note) == "-online-hidden"


@row("Together session, attested by the patient or a clinician in the room, never by the carer")
def _(story: Story) -> None:
    session = {"together": named("session"), "person": SAM, "until": story.now + HOUR}
    assert story.may("together-started/1", AMINA, "patient", **session) == "+patient"
    assert story.may("together-started/1", OKAFOR, "clinician", **session) == "+in-care"
    assert story.may("together-started/1", SAM, "carer", **session) == "-not-the-patient"
    assert story.may("together-started/1", MOSS, "clinician", **session) == "-not-in-care"
    note = story.item("note")
    story.share(of("item", note), condition=TOGETHER)
    assert story.rule(SAM, "carer", note) == "-condition-not-met"
    story.clinician("together-started/1", **session)
    assert story.rule(SAM, "carer", note) == "+shared"


@row("Emergency access", "of one clinician, for a day at most, with a reason and a kind")
def _(story: Story) -> None:
    pill = story.item("pill", kind="medicine")
    opened = {"emergency": named("fresh"), "person": MOSS, "kind": "life-at-risk", "until": story.now + DAY}
    assert story.may("emergency-opened/2", MOSS, "clinician", **opened) == "+clinician"
    assert story.may("emergency-opened/2", MOSS, "clinician", **opened | {"until": story.now + DAY + 1}) == "-too-long"
    assert story.may("emergency-opened/2", LIND, "clinician", **opened) == "-not-for-another"
    assert story.rule(MOSS, "clinician", pill) == "-no-relationship"
    story.emergency(until=story.now + HOUR)
    assert story.rule(MOSS, "clinician", pill) == "+emergency"


@row("Suspension of a carer", "by the patient, and taken back by them")
def _(story: Story) -> None:
    note = story.item("note")
    story.share(EVERYTHING)
    assert story.may("carer-suspended/1", OKAFOR, "clinician", person=SAM) == "-not-the-patient"
    story.patient("carer-suspended/1", person=SAM)
    assert story.rule(SAM, "carer", note) == "-no-consent"
    assert story.rule(SAM, "carer") == "+named-carer"  # silently: nothing tells them
    story.patient("carer-restored/1", person=SAM)
    assert story.rule(SAM, "carer", note) == "+shared"


@row("Capacity assessment (decision-specific, assessor, dates)")
def _(story: Story) -> None:
    note = story.item("note")
    story.share(of("item", note), condition={"kind": "when-unwell"})
    story.assess("treatment")
    assert story.rule(SAM, "carer", note) == "-condition-not-met"  # a finding about treatment says nothing of sharing
    starts = story.now + HOUR
    sharing = story.assess("sharing", from_=starts, until=starts + HOUR)
    assert story.rule(SAM, "carer", note) == "-condition-not-met"
    assert story.rule(SAM, "carer", note, at=starts) == "+shared"
    assert story.rule(SAM, "carer", note, at=starts + HOUR) == "-condition-not-met"
    assert story.may("capacity-withdrawn/1", LIND, "clinician", assessment=sharing) == "-not-the-author"
    story.clinician("capacity-withdrawn/1", assessment=sharing)
    assert story.rule(SAM, "carer", note, at=starts) == "-condition-not-met"


@row("Attorney, deputy, parent with scope and terms")
def _(story: Story) -> None:
    note = story.item("note")
    story.power(PAUL, "treatment", until=story.now + DAY)
    story.power(DORA, "residence", power=named("another"), kind="deputy")
    story.assess("treatment", "lacks", of("item", note))
    assert story.rule(PAUL, "attorney", note) == "+attorney"
    assert story.rule(DORA, "attorney", note) == "-no-consent"  # hers is not about treatment
    assert story.rule(PAUL, "attorney", note, at=story.now + DAY) == "-no-relationship"
    story.say("power-ended/1", PAUL, "attorney", record=RECORD, power=named("power"), person=PAUL)
    assert story.rule(PAUL, "attorney", note) == "-no-relationship"


@row("Best-interests disclosure (decider, reason, expiry)")
def _(story: Story) -> None:
    note = story.item("note")
    assessment = story.assess()
    made = story.best_interests(assessment, of("item", note))
    shown = story.decide(SAM, "carer", note)
    assert shown.rule == "best-interests"
    assert {"best-interests-made/1", "capacity-assessed/1"} <= {story.said[at].type for at in shown.evidence}
    assert story.decide(SAM, "carer", note, at=story.now + DAY) == Deny("no-consent")
    story.patient("best-interests-ended/1", best_interests=made)
    assert story.rule(SAM, "carer", note) == "-no-consent"


@row("Death.", "recorded by a clinician in care or the guardian, and retracted where it was a mistake")
def _(story: Story) -> None:
    note = story.item("note")
    story.share(EVERYTHING)
    died = story.death()
    assert story.decide(SAM, "carer", note) == Deny("after-death", (died,))
    story.say("death-retracted/1", named("Greta"), "guardian", record=RECORD)
    assert story.rule(SAM, "carer", note) == "+shared"


@row("Transfer.", "of a team's care to another")
def _(story: Story) -> None:
    note = story.item("note")
    story.join(MOSS, FAMILY)
    care = next(said.position for said in story.said if said.type == "care-started/1")
    assert story.rule(MOSS, "clinician", note) == "-no-relationship"
    handed = story.transfer(care, FAMILY)
    shown = story.decide(MOSS, "clinician", note)
    assert (type(shown), shown.rule, handed in shown.evidence) == (Permit, "direct-care", True)
    assert story.rule(LIND, "clinician", note) == "-no-relationship"
