"""Rules 0 to 3 and 8 to the letter: what each answer rests on, when it ends, and what it lets on."""

from dataclasses import replace

from ledger.core.decisions import UNKNOWN_ITEM, Deny, Permit, Request, leaves_trace
from ledger.core.instants import DAY, HOUR
from ledger.core.policy import decide
from ledger.core.standing import reaches_of, role_in_force
from tests.core.disclosure.exactly import answered, approved, in_care, permit, role, where
from tests.core.story import AMINA, GRETA, JOY, LIND, MOSS, OKAFOR, RECORD, RUTH, SAM, Story, named, of, practice


def opened(story: Story) -> int:
    return where(story, "record-opened/1")


def test_a_patient_opens_and_sees_their_own_record() -> None:
    story = practice()
    own = permit("own-record", opened(story))
    assert story.decide(AMINA, "patient") == story.decide(AMINA, "patient", story.item("note")) == own


def test_what_is_kept_from_a_patient_names_what_keeps_it() -> None:
    story = practice()
    wish = story.patient("results-wish-stated/1", wish="tell-me-first")
    waits, held, hidden, screened, wrong = (
        story.item(name, kind="result", **facts)
        for name, facts in (
            ("waits", {}),
            ("held", {}),
            ("hidden", {"topics": ["domestic-abuse"]}),
            ("s", {}),
            ("w", {}),
        )
    )
    hold = story.clinician("result-held/1", item=held, until=story.now + DAY)
    story.withholding(screened, "screen", "serious-harm")
    marked = story.clinician("item-marked-in-error/1", item=wrong, wrong_record=True)
    found = {name: story.decide(AMINA, "patient", item) for name, item in (("waits", waits), ("held", held))}
    assert found == {"waits": Deny("not-yet", (wish,), True), "held": Deny("not-yet", (hold,), True)}
    assert story.decide(AMINA, "patient", hidden) == Deny("online-hidden", (where(story, "item-added/1", item=hidden),))
    off = Deny("online-hidden", (where(story, "withholding-made/1", item=screened),))
    assert story.decide(AMINA, "patient", screened) == off
    assert story.decide(AMINA, "patient", wrong) == Deny("wrong-record", (marked,))


def test_what_is_off_screen_for_serious_harm_is_back_when_the_opinion_lapses() -> None:
    story = practice()
    note = story.item("note")
    story.withholding(note, "screen", "serious-harm")
    assert story.rule(AMINA, "patient", note) == "-online-hidden"
    assert story.rule(AMINA, "patient", note, at=story.now + 1000 * DAY) == "+own-record"


def test_of_several_grounds_the_one_that_tells_least_is_said_else_the_first() -> None:
    story = practice()
    note = story.item("note")
    for ground in ("third-party", "serious-harm"):
        story.withholding(note, "patient", ground)
    first = where(story, "withholding-made/1", ground="third-party")
    assert story.decide(AMINA, "patient", note) == Deny("withheld:third-party", (first,), True)
    story.withholding(note, "patient", "safeguarding")
    silent = where(story, "withholding-made/1", ground="safeguarding")
    assert story.decide(AMINA, "patient", note) == Deny("withheld:safeguarding", (silent,))
    story.withholding(note, "patient", "third-party")
    story.withholding(note, "patient", "carer-confidence")
    assert story.decide(AMINA, "patient", note) == Deny("withheld:safeguarding", (silent,))


def test_of_a_thread_the_refusal_that_tells_least_is_said() -> None:
    story = practice()
    told = answered(story)
    story.withholding(told, "patient", "safeguarding")
    silent = Deny("withheld:safeguarding", (where(story, "withholding-made/1"),))
    assert story.decide(AMINA, "patient", told) == silent
    story.withholding(named("letter"), "patient", "third-party")
    assert story.decide(AMINA, "patient", told) == silent


def test_a_delayed_notice_names_the_delay() -> None:
    story = practice()
    emergency, ends = story.emergency(), story.now + HOUR
    said = {"record": RECORD, "emergency": emergency}
    delayed = story.say("notice-delayed/1", GRETA, "guardian", until=ends, **said)
    assert story.decide(AMINA, "patient", emergency) == Deny("notice-delayed", (delayed,))
    assert story.decide(AMINA, "patient", emergency, at=ends) == permit("own-record", opened(story))


def test_words_that_are_erased_rest_on_care_and_the_erasure() -> None:
    story = practice()
    note = story.item("note", LIND)
    erased = story.erase(note)
    assert story.decide(OKAFOR, "clinician", note) == permit("erased", *in_care(story), erased)
    assert story.decide(AMINA, "patient", note) == permit("erased", opened(story), erased)
    assert story.decide(LIND, "clinician", note) == permit("erased", role(story, LIND), erased)


def test_an_audit_rests_on_the_case_until_that_ends() -> None:
    story = practice()
    note, emergency = story.item("note"), story.emergency()
    ends = story.now + DAY
    case = story.case(record=RECORD)
    assigned = where(story, "case-assigned/2")
    audit = permit("audit", *approved(story, RUTH), assigned, until=ends)
    for item in (None, note, emergency):
        assert story.decide(RUTH, "auditor", item, case=case) == audit
    assert story.decide(RUTH, "auditor", note, case=case, at=ends) == Deny("no-case")


def test_a_case_about_a_person_opens_what_they_wrote_and_did_and_nothing_else() -> None:
    story = practice()
    note, emergency = story.item("note"), story.emergency()
    about_moss = story.case(person=MOSS)
    outside = Deny("outside-case", (where(story, "case-assigned/2"),))
    assert story.decide(RUTH, "auditor", note, case=about_moss) == outside
    assert story.rule(RUTH, "auditor", emergency, case=about_moss) == "+audit"
    about_lind = story.case(person=LIND)
    outside = Deny("outside-case", (where(story, "case-assigned/2"),))
    assert story.decide(RUTH, "auditor", emergency, case=about_lind) == outside
    since, before = "2026-01-01T00:00:00.000Z", "2026-02-01T00:00:00.000Z"
    past = story.case(period={"since": since, "before": before})
    outside = Deny("outside-case", (where(story, "case-assigned/2"),))
    assert story.decide(RUTH, "auditor", note, case=past) == outside


def test_a_guardian_s_look_rests_on_what_concerns_them() -> None:
    story = practice()
    guardian = approved(story, GRETA)
    assert story.decide(GRETA, "guardian") == Deny("outside-duty")
    asked, wrong, hidden, kept = (
        story.item("a"),
        story.item("b"),
        story.item("c", topics=["domestic-abuse"]),
        story.item("d"),
    )
    story.asked(asked)
    marked = story.clinician("item-marked-in-error/1", item=wrong, wrong_record=True)
    story.withholding(kept, "carers", "third-party")
    story.withholding(kept, "patient", "third-party")
    because = {
        asked: where(story, "erasure-asked/1"),
        wrong: marked,
        hidden: where(story, "item-added/1", item=hidden),
        kept: where(story, "withholding-made/1") - 1,  # the first of both
    }
    for item, position in because.items():
        assert story.decide(GRETA, "guardian", item) == permit("guardian", *guardian, position)
    emergency = story.emergency()
    opening = where(story, "emergency-opened/2")
    assert story.decide(GRETA, "guardian", emergency) == permit("guardian", *guardian, opening)
    duty = story.facts(GRETA).record.duty
    assert story.decide(GRETA, "guardian") == permit("guardian", *guardian, duty)


def test_without_a_record_there_is_no_role_in_one() -> None:
    story = practice()
    nowhere = replace(story.facts(AMINA), record=None)
    for acting_as in ("patient", "carer", "attorney", "parent"):
        assert role_in_force(nowhere, acting_as, story.now) is None
    assert reaches_of(nowhere, story.now, "task") == ()
    assert decide(nowhere, Request(AMINA, "patient", story.now)) == Deny("no-rule")


def test_which_matters_who_oversees_may_read() -> None:
    story = practice()
    note, case = story.item("note"), story.case(record=RECORD)
    matters = {"emergency": story.emergency(), "question": named("question"), "capacity": story.assess("sharing")}
    asked = {"question": named("question"), "disclosure": named("line"), "viewer": MOSS}
    story.patient("access-questioned/1", **asked)
    matters["best-interests"] = story.best_interests(matters["capacity"], of("item", note))
    talk = {"conversation": named("conversation"), "person": SAM, "outcome": "agreed", "capacity": "has"}
    story.clinician("carer-conversation-held/1", **talk)
    matters["conversation"] = named("conversation")
    assert _read(story, matters, RUTH, "auditor", case) == {"emergency", "question"}
    assert _read(story, matters, GRETA, "guardian") == {"emergency", "question", "best-interests"}
    assert _read(story, matters, LIND, "clinician") == {"capacity", "best-interests", "conversation"}
    assert _read(story, matters, AMINA, "patient") == matters.keys()
    assert _read(story, matters, SAM, "carer") == set()
    story.death()
    story.release(of("item", note))
    released = str(story.said[-1].facts["release"])
    assert story.rule(GRETA, "guardian", released) == "+guardian"
    assert story.decide(RUTH, "auditor", released, case=case) == UNKNOWN_ITEM


def _read(story: Story, matters: dict[str, str], who: str, acting_as: str, case: str | None = None) -> set[str]:
    decided = {kind: story.decide(who, acting_as, matter, case=case) for kind, matter in matters.items()}
    return {kind for kind, decision in decided.items() if isinstance(decision, Permit)}


def test_who_has_another_role_reads_nothing() -> None:
    story = practice()
    for other in ("administrator", "registrar"):
        assert story.decide(JOY, other) == Deny("no-role")
        story.role(JOY, other)
        assert story.decide(JOY, other) == story.decide(JOY, other, story.item(other)) == Deny("no-rule")


def test_what_was_agreed_with_the_patient_is_told() -> None:
    story = practice()
    note = story.item("note")
    story.withholding(note, "patient", "agreed")
    made = where(story, "withholding-made/1")
    assert story.decide(AMINA, "patient", note) == Deny("withheld:agreed", (made,), True)
    for acting_as, told in (("patient", True), ("parent", True), ("carer", False), ("attorney", False)):
        refusal = Deny("withheld:agreed", (made,), True)
        assert leaves_trace(refusal, Request(AMINA, acting_as, story.now)) is told
