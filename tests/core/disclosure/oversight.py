"""Rules 8 and 9, and what erased words leave: oversight without words, and everybody else."""

from ledger.core.decisions import Deny, Request, leaves_trace
from ledger.core.instants import DAY, HOUR, Instant
from ledger.core.policy import NEVER_READ_WORDS, decide
from tests.core.disclosure.rows import row
from tests.core.story import (
    ADA,
    AMINA,
    EVERYTHING,
    GRETA,
    LIND,
    NADIA,
    OKAFOR,
    PAUL,
    RECORD,
    RUTH,
    SAM,
    Story,
    named,
    of,
)


@row("8. Auditor → within an assigned case (record, person or period)", "a record")
def _(story: Story) -> None:
    note = story.item("note")
    assert story.rule(RUTH, "auditor", note) == story.rule(RUTH, "auditor") == "-no-case"
    case, elsewhere = story.case(record=RECORD), story.case(record=named("another record"))
    assert story.rule(RUTH, "auditor", note, case=case) == story.rule(RUTH, "auditor", case=case) == "+audit"
    assert story.rule(RUTH, "auditor", note, case=elsewhere) == "-outside-case"
    assert story.rule(RUTH, "auditor", note, case=case, at=story.now + 2 * DAY) == "-no-case"
    story.say("case-closed/1", GRETA, "guardian", case=case, auditor=RUTH)
    assert story.rule(RUTH, "auditor", note, case=case) == "-no-case"


@row("8. Auditor → within an assigned case (record, person or period)", "a person")
def _(story: Story) -> None:
    note, other = story.item("note"), story.item("other", LIND)
    okafor = story.case(person=OKAFOR)
    assert story.rule(RUTH, "auditor", note, case=okafor) == story.rule(RUTH, "auditor", case=okafor) == "+audit"
    assert story.rule(RUTH, "auditor", other, case=okafor) == "-outside-case"
    patient, stranger = story.case(person=AMINA), story.case(person=named("a stranger"))
    assert story.rule(RUTH, "auditor", other, case=patient) == "+audit"
    assert story.rule(RUTH, "auditor", case=stranger) == "+audit"  # they may have looked, which the trail tells
    assert story.rule(RUTH, "auditor", note, case=stranger) == "-outside-case"


@row("8. Auditor → within an assigned case (record, person or period)", "a period")
def _(story: Story) -> None:
    within, emergency = story.item("within"), story.emergency()
    story.now = Instant(story.now + HOUR)
    after, late = story.item("after"), story.emergency(LIND)
    period = {"since": "2026-05-04T09:00:00.000Z", "before": "2026-05-04T10:00:00.000Z"}
    alone, bounded = story.case(period=period), story.case(record=RECORD, period=period)
    rules = [story.rule(RUTH, "auditor", one, case=alone) for one in (within, after, emergency, late)]
    assert rules == ["+audit", "-outside-case", "+audit", "-unknown-item"]
    assert story.rule(RUTH, "auditor", story.assess(), case=story.case(record=RECORD)) == "-unknown-item"
    # With a record, the period bounds what happened in it, and not which of its items one looks at.
    rules = [story.rule(RUTH, "auditor", one, case=bounded) for one in (within, after, emergency, late)]
    assert rules == ["+audit", "+audit", "+audit", "-unknown-item"]


@row("topics masked until opened with a reason")
def _(story: Story) -> None:
    note, other = story.item("note", topics=["genetic"]), story.item("other", LIND)
    case = story.case(person=OKAFOR)
    opening = {"case": case, "auditor": RUTH}
    assert story.may("topics-opened/1", RUTH, "auditor", item=note, **opening) == "+audit"
    assert story.may("topics-opened/1", RUTH, "auditor", item=other, **opening) == "-outside-case"
    assert story.may("topics-opened/1", GRETA, "guardian", item=note, **opening) == "-role-missing"
    opened = story.say("topics-opened/1", RUTH, "auditor", record=RECORD, item=note, **opening)
    assert story.facts(RUTH).viewer.cases[case].opened == {note: opened}


@row("never words", "not even their own, while acting as that")
def _(story: Story) -> None:
    story.role(OKAFOR, "auditor")
    assert story.rule(OKAFOR, "auditor", story.item("note")) == "-no-case"
    assert {"auditor", "guardian"} == NEVER_READ_WORDS


@row("Guardian (privacy officer): emergency, grounds, notices, deaths")
def _(story: Story) -> None:
    note, plain = story.item("note"), story.item("plain")
    assert story.rule(GRETA, "guardian") == "-outside-duty"
    story.withholding(note, "patient", "serious-harm")
    assert story.rule(GRETA, "guardian") == story.rule(GRETA, "guardian", note) == "+guardian"
    assert story.rule(GRETA, "guardian", plain) == "-outside-duty"
    hidden = story.item("hidden", topics=["domestic-abuse"])
    assert story.rule(GRETA, "guardian", hidden) == "+guardian"
    emergency, assessment = story.emergency(), story.assess()
    made = story.best_interests(assessment, of("item", plain))
    assert story.rule(GRETA, "guardian", emergency) == story.rule(GRETA, "guardian", made) == "+guardian"
    assert story.rule(GRETA, "guardian", assessment) == "-unknown-item"


@row("Guardian (privacy officer): emergency, grounds, notices, deaths", "each of them opens the record to them")
def _(story: Story) -> None:
    begun = (list(story.said), story.now)
    for happens in (
        story.emergency,
        story.death,
        lambda: story.best_interests(story.assess(), of("kind", "plan")),
        lambda: story.item("abuse", topics=["domestic-abuse"]),
        lambda: story.withholding(story.item("note"), "patient", "safeguarding"),
    ):
        story.said, story.now = list(begun[0]), begun[1]
        assert story.rule(GRETA, "guardian") == "-outside-duty"
        happens()
        assert story.rule(GRETA, "guardian") == "+guardian"


@row("9. Anything else → Deny no-rule")
def _(story: Story) -> None:
    note = story.item("note")
    assert story.rule(ADA, "administrator", note) == story.rule(ADA, "administrator") == "-no-rule"
    assert story.rule(AMINA, "patient", note, via="telepathy") == "-no-rule"
    assert decide(story.facts(AMINA), Request(SAM, "carer", story.now)) == Deny("no-rule")
    assert story.decide(AMINA, "patient", named("no such item")) == Deny("unknown-item")


@row("No None ever means everything")
def _(story: Story) -> None:
    note = story.item("note")
    assert story.rule(RUTH, "auditor", note, case=story.case()) == "-outside-case"  # it names nothing
    story.case(record=RECORD)
    assert story.rule(RUTH, "auditor", note, case=None) == "-no-case"
    story.assess("treatment")  # nothing is relevant
    story.power()
    assert story.rule(named("Paul"), "attorney", note) == "-no-consent"
    facts = story.facts(AMINA)
    nowhere = type(facts)(None, facts.viewer, facts.teams, facts.policy)
    assert decide(nowhere, Request(AMINA, "patient", story.now)) == Deny("no-rule")


@row("Last: a Permit on erased words → erased (a carer gets no trace)")
def _(story: Story) -> None:
    note = story.item("note")
    answer = story.item("answer", AMINA, "patient", kind="comment", parent=note, concern="comment")
    told = story.item("told", SAM, "carer", kind="contribution")
    story.share(EVERYTHING)
    assert [story.rule(SAM, "carer", item) for item in (note, answer, told)] == ["+shared", "+shared", "+own-words"]
    erased = story.erase(note)
    story.erase(told)
    for who, acting in ((AMINA, "patient"), (OKAFOR, "clinician"), (LIND, "clinician")):
        assert story.rule(who, acting, note) == "+erased"
        assert erased in story.decide(who, acting, note).evidence
        assert story.rule(who, acting, answer) in ("+own-words", "+own-record", "+direct-care")
    for item in (note, answer, told):
        assert story.rule(SAM, "carer", item) == "-erased"
        assert not leaves_trace(story.decide(SAM, "carer", item), Request(SAM, "carer", story.now))
    story.share(of("item", answer))
    assert story.rule(SAM, "carer", answer) == "+shared"
    assert story.rule(GRETA, "guardian", note) == "+guardian"


@row("Last: a Permit on erased words → erased (a carer gets no trace)", "who wrote nothing else is a stranger")
def _(story: Story) -> None:
    told = story.item("told", SAM, "carer", kind="contribution")
    story.patient("carer-ended/1", person=SAM)
    assert story.rule(SAM, "carer") == "+own-words"
    story.erase(told)
    assert story.decide(SAM, "carer") == Deny("no-relationship")


@row("Last: a Permit on erased words → erased (a carer gets no trace)", "what is kept from a reader stays kept")
def _(story: Story) -> None:
    note = story.item("note")
    story.withholding(note, "patient", "third-party")
    story.erase(note)
    assert story.rule(AMINA, "patient", note) == "-withheld:third-party"


@row("Last: a Permit on erased words → erased (a carer gets no trace)", "whoever stands in the patient's place")
def _(story: Story) -> None:
    story.child("2020-05-04")
    note = story.item("note")
    story.erase(note)
    assert story.rule(named("Nadia"), "parent", note) == "+erased"
    story.power()
    story.assess("treatment", "lacks", of("item", note))
    assert story.rule(named("Paul"), "attorney", note) == "-erased"


@row("(a carer gets no trace)", "nor do answers to it, by whatever rule they were open")
def _(story: Story) -> None:
    story.patient("carer-named/1", person=NADIA)
    parental = story.child("2014-05-04")
    note = story.item("note", kind="plan")
    answer = story.item("answer", LIND, kind="comment", parent=note, concern="comment")
    parts = (of("kind", "plan"), of("kind", "comment"))
    story.power()
    story.assess("treatment", "lacks", *parts)
    story.best_interests(story.assess(), *parts)
    story.clinician("parent-reviewed/1", parental=parental, scope=list(parts), until=story.now + DAY)
    readers = ((PAUL, "attorney"), (SAM, "carer"), (NADIA, "parent"))
    rules = [story.rule(who, acting, answer) for who, acting in readers]
    assert rules == ["+attorney", "+best-interests", "+parent-reviewed"]
    story.erase(note)
    assert {story.rule(who, acting, answer) for who, acting in readers} == {"-erased"}
    story.death()
    story.release(*parts)
    assert story.rule(SAM, "carer", answer) == "-erased"
