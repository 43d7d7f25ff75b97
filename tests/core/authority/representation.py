"""Who may say who decides for the patient, and what follows a death."""

from typing import Any

from ledger.core.instants import DAY, HOUR
from tests.core.authority.rows import FRESH_ID, TERM, about_record, row
from tests.core.story import (
    ADA,
    AMINA,
    DORA,
    EVERYTHING,
    GRETA,
    ITEM,
    JOY,
    LIND,
    MOSS,
    NADIA,
    OKAFOR,
    PAUL,
    PRACTICE,
    RUTH,
    SAM,
    Story,
    named,
    of,
)


@row("capacity: assessed by a clinician in care, for a year at most, naming what they may see")
def _(story: Story) -> None:
    note, flag = story.item("note", LIND), story.item("flag", LIND, kind="flag")
    story.withhold(of("item", flag), {"kind": "person", "id": OKAFOR}, hidden=True)
    term = {"from_": story.now, "until": story.now + 30 * DAY}
    facts = {"assessment": FRESH_ID, "matter": "treatment", "outcome": "lacks", "relevant": [of("item", note)], **term}

    def assess(who: str = OKAFOR, acting: str = "clinician", **more: Any) -> str:
        return about_record(story, "capacity-assessed/1", who, acting, **facts | more)

    assert assess() == assess(relevant=[of("topic", "genetic"), of("kind", "plan")]) == "+in-care"
    assert assess(MOSS) == "-not-in-care"
    assert assess(AMINA, "patient") == assess(SAM, "carer") == "-role-missing"
    for unseen in (flag, named("no such item")):
        assert assess(relevant=[of("item", unseen)]) == "-unknown-item"
    assert assess(relevant=[of("topic", "astrology")]) == "-unknown-topic"
    assert assess(relevant=[]) == "-empty-scope"
    assert assess(relevant=[], outcome="has") == "+in-care"
    assert assess(until=story.now) == assess(from_=story.now + DAY, until=story.now + DAY) == "-empty-period"
    assert assess(from_=story.now + DAY) == "-assessment-to-come"
    assert assess(until=story.now + 367 * DAY) == "-too-long"
    made = story.assess()
    assert assess(assessment=made) == "-already-said"


@row("capacity: nobody assesses it who would see more by it: a carer, a holder of a power, one who is trusted ahead")
def _(story: Story) -> None:
    term = {"from_": story.now, "until": story.now + 30 * DAY}
    facts = {"assessment": FRESH_ID, "matter": "sharing", "outcome": "lacks", "relevant": [of("kind", "note")], **term}
    ahead = {"kind": "person", "id": MOSS}
    story.join(MOSS, PRACTICE)
    for who in (OKAFOR, LIND, MOSS):
        assert about_record(story, "capacity-assessed/1", who, "clinician", **facts) == "+in-care"
    story.patient("carer-named/1", person=OKAFOR)
    story.power(LIND)
    story.share(of("kind", "letter"), ahead, condition={"kind": "when-unwell"})
    for who in (OKAFOR, LIND, MOSS):
        assert about_record(story, "capacity-assessed/1", who, "clinician", **facts) == "-for-themselves"
    parental = story.child("2014-05-04", OKAFOR)
    review = {"parental": parental, "scope": [of("kind", "plan")], "until": story.now + DAY}
    assert about_record(story, "parent-reviewed/1", OKAFOR, "clinician", **review) == "-for-themselves"
    assert about_record(story, "parent-reviewed/1", LIND, "clinician", **review) == "+in-care"


@row("capacity: withdrawn by who assessed it, or the guardian")
def _(story: Story) -> None:
    made = story.assess()

    def withdraw(who: str, acting: str, which: str = made) -> str:
        return about_record(story, "capacity-withdrawn/1", who, acting, assessment=which)

    assert (withdraw(OKAFOR, "clinician"), withdraw(GRETA, "guardian")) == ("+in-care", "+guardian")
    assert withdraw(LIND, "clinician") == "-not-the-author"
    assert withdraw(AMINA, "patient") == "-role-missing"
    story.assess()
    assert withdraw(GRETA, "guardian") == withdraw(GRETA, "guardian", FRESH_ID) == "-not-current"


@row("attorney, deputy: registered by an administrator or a registrar, never for themselves, once it is registered")
def _(story: Story) -> None:
    story.role(JOY, "registrar")
    instrument = {"power": FRESH_ID, "person": PAUL, "kind": "attorney", "matters": ["treatment"], "terms": "jointly"}
    facts = instrument | {"holders": 2, "registered_on": "2026-01-05"} | TERM

    def register(who: str = ADA, acting: str = "administrator", **more: Any) -> str:
        return about_record(story, "power-registered/1", who, acting, **facts | more)

    assert (register(), register(JOY, "registrar")) == ("+administrator", "+registrar")
    assert register(AMINA, "patient") == register(OKAFOR, "clinician") == "-role-missing"
    assert register(registered_on=None) == register(registered_on="2026-05-05") == "-not-registered"
    assert register(person=ADA) == "-for-themselves"
    assert register(person=AMINA) == "-not-for-the-patient"
    assert register(person=named("nobody")) == "-unknown-person"
    assert register(matters=[]) == register(holders=0) == "-empty-power"
    assert register(until=story.now) == "-empty-period"
    story.power(PAUL, terms="jointly", holders=2)
    held = {"power": named("power")}
    assert register(**held) == "-already-said"
    assert register(**held, person=DORA) == "+administrator"
    for other in ({"holders": 3}, {"terms": "jointly-and-severally"}, {"kind": "deputy"}, {"matters": ["care"]}):
        assert register(**held, person=DORA, **other) == "-another-instrument"
    story.power(DORA, terms="jointly", holders=2)
    assert register(**held, person=SAM) == "-too-many-holders"
    for who in (PAUL, DORA):
        story.say("power-ended/1", who, "attorney", record=named("record"), power=named("power"), person=who)
    assert register(**held, person=SAM, holders=1) == "+administrator"  # it is no more


@row("a joint power: each holder says that they act, for a day at most; anybody who holds it may give it up")
def _(story: Story) -> None:
    power = story.power(PAUL, terms="jointly", holders=2)
    acting = {"power": power, "until": story.now + 24 * HOUR}
    assert about_record(story, "power-exercised/1", PAUL, "attorney", **acting) == "+attorney"
    assert about_record(story, "power-exercised/1", DORA, "attorney", **acting) == "-no-role"
    assert about_record(story, "power-exercised/1", AMINA, "patient", **acting) == "-role-missing"
    unknown = acting | {"power": FRESH_ID}
    assert about_record(story, "power-exercised/1", PAUL, "attorney", **unknown) == "-unknown-power"
    late = acting | {"until": story.now + 25 * HOUR}
    assert about_record(story, "power-exercised/1", PAUL, "attorney", **late) == "-too-long"
    ending = {"power": power, "person": PAUL}
    for who, as_, rule in (
        (PAUL, "attorney", "+attorney"),
        (AMINA, "patient", "+patient"),
        (ADA, "administrator", "+administrator"),
        (OKAFOR, "clinician", "-role-missing"),
    ):
        assert about_record(story, "power-ended/1", who, as_, **ending) == rule
    assert about_record(story, "power-ended/1", ADA, "administrator", **ending | {"person": SAM}) == "-unknown-power"


@row("parent: of a child whose birth is stated, registered by an administrator or a registrar")
def _(story: Story) -> None:
    born = {"born": "2016-05-05"}
    assert about_record(story, "birth-stated/1", ADA, "administrator", **born) == "+administrator"
    assert about_record(story, "birth-stated/1", AMINA, "patient", **born) == "-role-missing"
    assert about_record(story, "birth-stated/1", ADA, "administrator", born="2026-05-05") == "-birth-to-come"
    facts = {"parental": FRESH_ID, "person": NADIA} | TERM

    def register(who: str = ADA, acting: str = "administrator", **more: Any) -> str:
        return about_record(story, "parent-registered/1", who, acting, **facts | more)

    story.role(NADIA, "registrar")
    assert about_record(story, "birth-stated/1", NADIA, "registrar", **born) == "+registrar"
    assert register() == "-no-birth-stated"
    parental = story.child("2010-05-04")
    assert register() == "-of-age"
    for who, as_, rule in ((ADA, "administrator", "-already-said"), (NADIA, "registrar", "-for-themselves"),
                           (GRETA, "guardian", "+guardian")):  # fmt: skip
        assert about_record(story, "birth-stated/1", who, as_, born="2014-05-04") == rule
    story.child("2014-05-04")
    assert register() == "+administrator"
    assert register(NADIA, "parent") == register(OKAFOR, "clinician") == "-role-missing"
    assert register(person=AMINA) == "-not-for-the-patient"
    assert register(person=ADA) == "-for-themselves"
    assert register(parental=parental) == "-already-said"
    review = {"parental": parental, "scope": [of("kind", "plan")], "until": story.now + DAY}
    for type_, who, as_, more, rule in (
        ("parent-reviewed/1", OKAFOR, "clinician", review, "+in-care"),
        ("parent-reviewed/1", MOSS, "clinician", review, "-not-in-care"),
        ("parent-reviewed/1", OKAFOR, "clinician", review | {"scope": []}, "-empty-scope"),
        ("parent-reviewed/1", OKAFOR, "clinician", review | {"until": story.now + 367 * DAY}, "-too-long"),
        ("parent-reviewed/1", OKAFOR, "clinician", review | {"parental": FRESH_ID}, "-unknown-parent"),
        ("parent-ended/1", GRETA, "guardian", {"parental": parental}, "+guardian"),
        ("parent-ended/1", NADIA, "parent", {"parental": parental}, "-role-missing"),
        ("parent-ended/1", GRETA, "guardian", {"parental": FRESH_ID}, "-unknown-parent"),
    ):
        assert about_record(story, type_, who, as_, **more) == rule


@row("best interests: a clinician in care, while an assessment says that the patient cannot decide about sharing")
def _(story: Story) -> None:
    note = story.item("note")
    facts = {"best_interests": FRESH_ID, "person": SAM, "scope": [of("item", note)], "until": story.now + 27 * DAY}

    def disclose(assessment: str, who: str = OKAFOR, acting: str = "clinician", **more: Any) -> str:
        whole = facts | {"assessment": assessment} | more
        return about_record(story, "best-interests-made/1", who, acting, **whole)

    assert disclose(story.assess("treatment")) == disclose(story.assess("sharing", "has")) == "-has-capacity"
    assessment = story.assess()
    assert disclose(assessment) == "+in-care"
    assert disclose(assessment, PAUL, "carer") == "-no-role"
    assert disclose(assessment, JOY, "carer") == "-role-missing"
    assert disclose(assessment, person=RUTH) == "-not-a-carer"
    assert disclose(assessment, scope=[of("item", FRESH_ID)]) == "-unknown-item"
    assert disclose(assessment, until=story.now + 29 * DAY) == "-too-long"
    story.patient("carer-named/1", person=OKAFOR)
    assert disclose(assessment, person=OKAFOR) == "-for-themselves"
    made = story.best_interests(assessment, of("item", note))
    assert disclose(assessment, best_interests=made) == "-already-said"
    secret, parental = story.item("clinic", topics=["sexual-health"]), story.child("2012-05-04", SAM)
    answer_ = story.item("question", kind="comment", parent=secret, concern="comment")
    for part in (of("topic", "sexual-health"), of("item", secret), of("item", answer_)):
        assert disclose(assessment, scope=[of("item", note), part]) == "-young-persons-own"
        assert disclose(assessment, person=JOY, scope=[part]) == "+in-care"
    assert parental in story.facts(AMINA).record.representation.parents
    for who, as_, which, rule in (
        (OKAFOR, "clinician", made, "+in-care"),
        (GRETA, "guardian", made, "+guardian"),
        (AMINA, "patient", made, "+patient"),
        (LIND, "clinician", made, "-not-the-author"),
        (SAM, "carer", made, "-role-missing"),
        (AMINA, "patient", FRESH_ID, "-not-current"),
    ):
        assert about_record(story, "best-interests-ended/1", who, as_, best_interests=which) == rule


@row("death: recorded by a clinician in care or the guardian; what is asked for later is the guardian's to release")
def _(story: Story) -> None:
    wish, released = {"wish": "ask-guardian"}, {"release": FRESH_ID, "person": SAM, "scope": [EVERYTHING]}
    assert about_record(story, "after-death-wish-stated/1", AMINA, "patient", **wish) == "+patient"
    assert about_record(story, "after-death-wish-stated/1", SAM, "carer", **wish) == "-not-the-patient"
    day, until = {"died": "2026-05-04"}, {"until": story.now + DAY}
    assert about_record(story, "death-recorded/1", OKAFOR, "clinician", **day) == "+in-care"
    assert about_record(story, "death-recorded/1", GRETA, "guardian", **day) == "+guardian"
    assert about_record(story, "death-recorded/1", MOSS, "clinician", **day) == "-not-in-care"
    assert about_record(story, "death-recorded/1", OKAFOR, "clinician", died="2026-05-05") == "-death-to-come"
    assert about_record(story, "death-retracted/1", GRETA, "guardian") == "-not-dead"
    assert about_record(story, "after-death-released/1", GRETA, "guardian", **released, **until) == "-not-dead"
    assessment, power = story.assess(), story.power(PAUL, "sharing")
    assert about_record(story, "after-death-wish-stated/1", AMINA, "patient", **wish) == "-lacks-capacity"
    forbidden = {"wish": "not-after-my-death"}
    assert about_record(story, "after-death-wish-stated/1", AMINA, "patient", **forbidden) == "+patient"
    story.death()
    assert about_record(story, "death-recorded/1", GRETA, "guardian", **day) == "-already-said"
    assert about_record(story, "death-retracted/1", GRETA, "guardian") == "+guardian"
    assert about_record(story, "death-retracted/1", OKAFOR, "clinician") == "-role-missing"
    story.power(GRETA, "sharing")
    assert about_record(story, "death-retracted/1", GRETA, "guardian") == "-for-themselves"

    def release(**more: Any) -> str:
        return about_record(story, "after-death-released/1", GRETA, "guardian", **released | until | more)

    assert release() == release(person=RUTH) == "+guardian"
    assert release(scope=[]) == "-empty-scope"
    assert release(person=GRETA) == "-for-themselves"
    assert release(until=story.now + 367 * DAY) == "-too-long"
    opened = {"emergency": FRESH_ID, "person": MOSS, "kind": "urgent-care", "until": story.now + HOUR}
    assert about_record(story, "emergency-opened/2", MOSS, "clinician", **opened) == "-after-death"
    session = {"together": FRESH_ID, "person": SAM, "until": story.now + HOUR}
    term = {"from_": story.now, "until": story.now + DAY}
    found = {"assessment": FRESH_ID, "matter": "sharing", "outcome": "lacks", "relevant": [of("kind", "note")], **term}
    shown = {"best_interests": FRESH_ID, "assessment": assessment, "person": SAM, "scope": [of("kind", "note")]} | until
    for type_, facts in (
        ("together-started/1", session),
        ("capacity-assessed/1", found),
        ("best-interests-made/1", shown),
    ):
        assert about_record(story, type_, OKAFOR, "clinician", **facts) == "-after-death"
    acting = {"power": power, "until": story.now + HOUR}
    assert about_record(story, "power-exercised/1", PAUL, "attorney", **acting) == "-after-death"
    assert about_record(story, "carer-named/1", PAUL, "attorney", person=RUTH) == "-not-the-patient"
    story.patient("after-death-wish-stated/1", wish="not-after-my-death")
    assert release() == "-not-after-death"


@row("in the patient's place: a child's parent; an attorney names a carer, agrees and disputes, and shares nothing")
def _(story: Story) -> None:
    note = story.item("note")
    story.share(of("item", note), {"kind": "person", "id": PAUL})
    story.power()
    agreeing = {"item": note, "agreement": "agree"}
    wish = {"wish": "at-once"}
    stopping = (("sharing-stopped/1", {}), ("carer-ended/1", {"person": SAM}), ("results-wish-stated/1", wish))
    assert about_record(story, "carer-named/1", PAUL, "attorney", person=RUTH) == "-not-the-patient"
    assert about_record(story, "agreement-stated/1", PAUL, "attorney", **agreeing) == "-not-the-patient"
    story.assess("treatment")  # now they decide what she cannot
    assert about_record(story, "carer-named/1", PAUL, "attorney", person=RUTH) == "+attorney"
    assert about_record(story, "agreement-stated/1", PAUL, "attorney", **agreeing) == "+attorney"
    dispute = {"item": FRESH_ID, **ITEM, "kind": "comment", "parent": note, "concern": "dispute"}
    assert about_record(story, "item-added/1", PAUL, "attorney", **dispute) == "+sees-parent"
    story.patient("carer-ended/1", person=JOY)
    assert about_record(story, "carer-named/1", PAUL, "attorney", person=JOY) == "-not-the-patient"
    for type_, more in stopping:
        assert about_record(story, type_, PAUL, "attorney", **more) == "-not-the-patient"
    story.child("2014-05-05")
    assert about_record(story, "carer-named/1", NADIA, "parent", person=RUTH) == "-not-the-patient"
    story.child("2020-05-05")
    assert about_record(story, "carer-named/1", NADIA, "parent", person=RUTH) == "+parent"
    assert about_record(story, "agreement-stated/1", NADIA, "parent", **agreeing) == "+parent"
    for type_, more in stopping:
        assert about_record(story, type_, NADIA, "parent", **more) == "+parent"
    story.say("power-ended/1", PAUL, "attorney", record=named("record"), power=named("power"), person=PAUL)
    assert about_record(story, "carer-named/1", PAUL, "attorney", person=RUTH) == "-not-the-patient"
