"""Rules 0 to 3: the role, own words, the wrong record, and what a patient may see."""

from ledger.core.decisions import Deny, Permit, Request, leaves_trace
from ledger.core.explanations import why_refused
from ledger.core.instants import DAY, Instant
from tests.core.disclosure.rows import row
from tests.core.story import (
    ADA,
    AMINA,
    BERT,
    EVERYTHING,
    GRETA,
    JOY,
    LIND,
    MOSS,
    OKAFOR,
    PRACTICE,
    SAM,
    Story,
    person,
)


@row("0. acting_as without a role fact in force → Deny no-role")
def _(story: Story) -> None:
    note = story.item("note")
    assert story.rule(SAM, "clinician", note) == "-no-role"
    assert story.rule(MOSS, "carer", note) == "-no-role"
    assert story.rule(SAM, "patient", note) == "-no-role"
    assert story.rule(OKAFOR, "auditor", note) == "-no-role"
    assert story.rule(SAM, "attorney", note) == story.rule(SAM, "parent", note) == "-no-role"
    assert story.rule(SAM, "service") == "-no-role"


@row("0. acting_as without a role fact in force → Deny no-role", "some roles need a second administrator")
def _(story: Story) -> None:
    story.role(LIND, "guardian", approved=False)
    assert story.rule(LIND, "guardian") == "-no-role"
    story.say("role-approved/1", ADA, "administrator", person=LIND, role="guardian")
    assert story.rule(LIND, "guardian") == "-no-role"  # Ada granted it herself
    story.say("role-approved/1", BERT, "administrator", person=LIND, role="guardian")
    assert story.rule(LIND, "guardian") == "-outside-duty"


@row("0. acting_as without a role fact in force → Deny no-role", "nobody is their own clinician or guardian")
def _(story: Story) -> None:
    story.role(AMINA, "clinician")
    story.join(AMINA, PRACTICE)
    flag = story.item("flag", kind="flag")
    assert story.rule(AMINA, "clinician", flag) == "-no-role"
    story.role(AMINA, "guardian")
    story.power(AMINA)
    story.patient("carer-named/1", person=AMINA)
    for acting in ("guardian", "attorney", "carer"):
        assert story.rule(AMINA, acting, flag) == "-no-role"


@row(
    "1. Own words. Who wrote something may read it, also after the relationship has ended (for correction or complaint)"
)
def _(story: Story) -> None:
    story.care(person(MOSS), until=story.now + DAY)
    told = story.item("told", SAM, "carer", kind="contribution")
    note = story.item("note", MOSS)
    story.patient("carer-ended/1", person=SAM)
    later = story.now + 2 * DAY
    assert story.rule(SAM, "carer", told, at=later) == "+own-words"
    assert story.rule(MOSS, "clinician", note, at=later) == "+own-words"
    assert story.rule(SAM, "carer", at=later) == story.rule(MOSS, "clinician", at=later) == "+own-words"
    assert story.rule(SAM, "carer", note, at=later) == story.rule(MOSS, "clinician", told, at=later)
    assert story.rule(SAM, "carer", note, at=later) == "-no-relationship"


@row("shown without anchor, parent or replies unless those are permitted")
def _(story: Story) -> None:
    note = story.item("note")
    answer = story.item("answer", AMINA, "patient", kind="comment", parent=note, concern="comment")
    reply = story.item("reply", LIND, kind="comment", parent=answer, concern="reply")
    story.withholding(note, "patient", "third-party")
    assert story.rule(AMINA, "patient", answer) == "+own-words"
    assert story.rule(AMINA, "patient", note) == "-withheld:third-party"
    assert story.rule(AMINA, "patient", reply) == "-withheld:third-party"


@row("Who wrote something may read it", "but on no screen what is online-hidden")
def _(story: Story) -> None:
    told = story.item("told", SAM, "carer", kind="contribution", topics=["domestic-abuse"])
    for who in (SAM, JOY):
        story.patient("carer-ended/1", person=who)
    assert story.rule(SAM, "carer") == story.rule(JOY, "carer") == "-no-relationship"
    assert story.rule(SAM, "carer", told, via="in-person") == story.rule(SAM, "carer", via="in-person") == "+own-words"
    note = story.item("note", topics=["domestic-abuse"])
    assert story.rule(OKAFOR, "clinician", note) == "+own-words"  # it is hidden from patients and carers


@row("Who wrote something may read it", "and a preview shows the patient nothing that is kept from them")
def _(story: Story) -> None:
    told = story.item("told", SAM, "carer", kind="contribution", in_confidence=True)
    assert story.rule(SAM, "carer", told) == "+own-words"
    assert story.rule(SAM, "carer", told, via="preview") == "-carer-confidence"


@row("2. In error and wrong record → only its author and the guardian; Deny wrong-record for everyone else, at once")
def _(story: Story) -> None:
    note = story.item("note")
    answer = story.item("answer", LIND, kind="comment", parent=note, concern="comment")
    story.share(EVERYTHING)
    story.clinician("item-marked-in-error/1", item=note, wrong_record=True)
    assert story.rule(OKAFOR, "clinician", note) == "+own-words"
    assert story.rule(GRETA, "guardian", note) == "+guardian"
    readers = ((AMINA, "patient"), (LIND, "clinician"), (SAM, "carer"))
    assert {story.rule(who, acting, note) for who, acting in readers} == {"-wrong-record"}
    assert story.rule(AMINA, "patient", answer) == "-wrong-record"  # it quotes the note


@row("2. In error and wrong record", "in error alone hides nothing")
def _(story: Story) -> None:
    note = story.item("note")
    story.clinician("item-marked-in-error/1", item=note, wrong_record=False)
    assert story.rule(AMINA, "patient", note) == "+own-record"


@row("3. Patient → Deny working (a working note in its 28 days)")
def _(story: Story) -> None:
    note = story.item("thoughts", kind="working-note")
    opens = Instant(story.now + 28 * DAY)
    assert story.decide(AMINA, "patient", note, at=opens - 1) == Deny("working")
    assert story.rule(AMINA, "patient", note, at=opens) == "+own-record"


@row("flag (a safeguarding flag, no trace)")
def _(story: Story) -> None:
    flag = story.item("flag", kind="flag")
    answer = story.item("answer", LIND, kind="comment", parent=flag, concern="comment")
    for hidden in (flag, answer):
        assert story.decide(AMINA, "patient", hidden, at=story.now + 999 * DAY) == Deny("flag")
    assert story.rule(OKAFOR, "clinician", answer) == "+direct-care"


@row("carer-confidence (asked for, in its 14 days, or accepted on a ground; no trace)")
def _(story: Story) -> None:
    told = story.item("told", SAM, "carer", kind="contribution", in_confidence=True)
    ends = Instant(story.now + 14 * DAY)
    assert story.decide(AMINA, "patient", told, at=ends - 1) == Deny("carer-confidence")
    assert story.rule(OKAFOR, "clinician", told) == "+direct-care"
    assert story.rule(AMINA, "patient", told, at=ends) == "+own-record"
    made = story.withholding(told, "patient", "third-party")
    accepted = story.decide(AMINA, "patient", told, at=ends)
    assert (accepted.rule, leaves_trace(accepted, Request(AMINA, "patient", ends))) == ("carer-confidence", False)
    story.clinician("withholding-lifted/1", item=told, withholding=made)
    assert story.rule(AMINA, "patient", told, at=ends) == "+own-record"


@row("withheld:<ground>", "what is withheld on two grounds leaves a trace only if both allow it")
def _(story: Story) -> None:
    note = story.item("note")
    story.withholding(note, "patient", "third-party")
    assert story.rule(AMINA, "patient", note) == "-withheld:third-party"
    story.withholding(note, "patient", "safeguarding")
    assert story.rule(AMINA, "patient", note) == "-withheld:safeguarding"
    flag = story.item("flag", kind="flag")
    answer = story.item("answer", LIND, kind="comment", parent=flag, concern="comment")
    story.withholding(answer, "patient", "third-party")
    assert story.rule(AMINA, "patient", answer) == "-flag"


@row("online-hidden (on screen)")
def _(story: Story) -> None:
    note = story.item("note")
    story.withholding(note, "screen", "third-party")
    assert story.rule(AMINA, "patient", note) == "-online-hidden"
    assert story.rule(AMINA, "patient", note, via="in-person") == "+own-record"


@row("not-yet (a result held up to 14 days with a reason")
def _(story: Story) -> None:
    result = story.item("result", kind="result")
    added = story.now
    held = story.clinician("result-held/1", item=result, until=added + 99 * DAY)
    denied = story.decide(AMINA, "patient", result, at=added + 14 * DAY - 1)
    assert denied == Deny("not-yet", (held,), trace=True)
    made = story.withholding(result, "carers", "third-party")
    assert story.rule(AMINA, "patient", result) == "-not-yet"
    story.clinician("withholding-lifted/1", item=result, withholding=made)
    assert story.rule(AMINA, "patient", result, at=added + 14 * DAY) == "+own-record"
    story.clinician("result-released/1", item=result)
    assert story.rule(AMINA, "patient", result) == "+own-record"


@row('or "tell me first")', "for results that come after the wish, until told or until the wish changes")
def _(story: Story) -> None:
    before = story.item("before", kind="result")
    story.patient("results-wish-stated/1", wish="tell-me-first")
    told, waits, note = story.item("told", kind="result"), story.item("waits", kind="result"), story.item("note")
    story.patient("results-wish-stated/1", wish="tell-me-first")
    story.clinician("result-released/1", item=told)
    assert [story.rule(AMINA, "patient", one) for one in (before, told, note)] == ["+own-record"] * 3
    assert story.rule(AMINA, "patient", waits) == "-not-yet"
    story.patient("results-wish-stated/1", wish="at-once")
    assert story.rule(AMINA, "patient", waits) == "+own-record"


@row("else Permit own-record")
def _(story: Story) -> None:
    opened = story.facts(AMINA).record.opened
    assert story.decide(AMINA, "patient", story.item("note")) == Permit("own-record", (opened,))
    assert story.rule(AMINA, "patient") == "+own-record"


@row("else Permit own-record", "and so the matters of the record: who opened it in an emergency, what was assessed")
def _(story: Story) -> None:
    matters = [story.emergency(), story.assess()]
    assert {story.rule(AMINA, "patient", one) for one in matters} == {"+own-record"}


@row("A patient sees that something is withheld where the ground allows it")
def _(story: Story) -> None:
    traced = {}
    for ground in ("serious-harm", "third-party", "safeguarding", "carer-confidence"):
        note = story.item(ground)
        story.withholding(note, "patient", ground)
        denied = story.decide(AMINA, "patient", note)
        assert denied.evidence == (len(story.said) - 1,)
        traced[denied.rule] = leaves_trace(denied, Request(AMINA, "patient", story.now))
    assert traced == {
        "withheld:serious-harm": True,
        "withheld:third-party": True,
        "withheld:safeguarding": False,
        "carer-confidence": False,
    }


@row("with who decided and how to challenge it")
def _(story: Story) -> None:
    note = story.item("note")
    made = story.withholding(note, "patient", "third-party")
    kept = story.decide(AMINA, "patient", note)
    decided = [story.said[at] for at in kept.evidence]
    assert [(said.author, said.facts["withholding"]) for said in decided] == [(OKAFOR, made)]
    told = why_refused(kept.rule).told
    assert told is not None
    assert "who decided" in told
    assert "challenge it" in told
