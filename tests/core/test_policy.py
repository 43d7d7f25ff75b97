"""The disclosure rule as a table: each row is a sentence of the rule, a story, and who then sees what."""

from collections.abc import Callable

import pytest

from ledger.core.decisions import Deny, Permit, Request, leaves_trace
from ledger.core.instants import DAY, HOUR, SECOND, Instant, parse_instant
from ledger.core.policy import POLICIES, POLICY_VERSION, RULE_OF_READER, RULES, decide, judge_of
from tests.core.story import (
    ADA,
    ALL_CARERS,
    AMINA,
    EVERYTHING,
    FAMILY,
    GRETA,
    JOY,
    LIND,
    MOSS,
    OKAFOR,
    PHARMACY,
    RECORD,
    RUTH,
    SAM,
    START,
    TOGETHER,
    Story,
    named,
    of,
    person,
    practice,
    team,
)

Row = Callable[[Story], None]
ROWS: list[tuple[str, Row]] = []


def row(sentence: str) -> Callable[[Row], Row]:
    def add(check: Row) -> Row:
        ROWS.append((sentence, check))
        return check

    return add


# Rule 0


@row("0. acting_as without a role fact in force: no-role")
def _(story: Story) -> None:
    note = story.item("note")
    assert story.rule(SAM, "clinician", note) == "-no-role"
    assert story.rule(MOSS, "carer", note) == "-no-role"
    assert story.rule(SAM, "patient", note) == "-no-role"
    assert story.rule(OKAFOR, "auditor", note) == "-no-role"
    assert story.rule(SAM, "attorney", note) == story.rule(SAM, "parent", note) == "-no-role"
    assert story.rule(SAM, "service") == "-no-role"


@row("0. a role ends with its term, and when somebody ends it")
def _(story: Story) -> None:
    story.say("role-ended/1", ADA, "administrator", person=OKAFOR, role="clinician")
    assert story.rule(OKAFOR, "clinician") == "-no-role"
    story.role(OKAFOR, "clinician", until=START + DAY)
    assert story.rule(OKAFOR, "clinician", at=START + DAY - 1) == "+direct-care"
    assert story.rule(OKAFOR, "clinician", at=START + DAY) == "-no-role"


@row("0. administrator, auditor and guardian need a second administrator")
def _(story: Story) -> None:
    story.role(LIND, "guardian", approved=False)
    assert story.rule(LIND, "guardian") == "-no-role"
    story.say("role-approved/1", ADA, "administrator", person=LIND, role="guardian")
    assert story.rule(LIND, "guardian") == "-no-role"  # Ada granted it herself
    story.say("role-approved/1", named("Bert"), "administrator", person=LIND, role="guardian")
    assert story.rule(LIND, "guardian") == "-outside-duty"


@row("0. nobody is their own clinician, carer, auditor or guardian")
def _(story: Story) -> None:
    story.role(AMINA, "clinician")
    story.join(AMINA, named("practice"))
    assert story.rule(AMINA, "clinician", story.item("flag", kind="flag")) == "-no-role"


# Rule 1


@row("1. who wrote something may read it, also after the relationship has ended")
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


@row("1. own words do not open the parent, and are the patient's own even when what they answer is withheld")
def _(story: Story) -> None:
    note = story.item("note")
    answer = story.item("answer", AMINA, "patient", kind="comment", parent=note, concern="comment")
    story.withholding(note, "patient", "third-party")
    assert story.rule(AMINA, "patient", answer) == "+own-words"
    assert story.rule(AMINA, "patient", note) == "-withheld:third-party"


@row("1. a former carer whose own words are all online-hidden is answered as one who wrote none")
def _(story: Story) -> None:
    told = story.item("told", SAM, "carer", kind="contribution", topics=["domestic-abuse"])
    for who in (SAM, JOY):
        story.patient("carer-ended/1", person=who)
    assert story.rule(SAM, "carer") == story.rule(JOY, "carer") == "-no-relationship"
    assert story.rule(SAM, "carer", told, via="in-person") == story.rule(SAM, "carer", via="in-person") == "+own-words"


@row("1. a preview shows the patient nothing that a carer told the team in confidence")
def _(story: Story) -> None:
    told = story.item("told", SAM, "carer", kind="contribution", in_confidence=True)
    assert story.rule(SAM, "carer", told) == "+own-words"
    assert story.rule(SAM, "carer", told, via="preview") == "-carer-confidence"


# Rule 2


@row("2. in error and wrong record: only its author and the guardian, at once")
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


@row("2. in error alone hides nothing")
def _(story: Story) -> None:
    note = story.item("note")
    story.clinician("item-marked-in-error/1", item=note, wrong_record=False)
    assert story.rule(AMINA, "patient", note) == "+own-record"


# Rule 3


@row("3. a patient sees their record")
def _(story: Story) -> None:
    assert story.decide(AMINA, "patient", story.item("note")) == Permit(
        "own-record", (story.facts(AMINA).record.opened,)
    )
    assert story.rule(AMINA, "patient") == "+own-record"


@row("3. working notes: team only, no trace, 28 days, then opened")
def _(story: Story) -> None:
    story.care(person(MOSS))
    note = story.item("thoughts", kind="working-note")
    opens = Instant(story.now + 28 * DAY)
    for who, acting in ((AMINA, "patient"), (MOSS, "clinician")):
        denied = story.decide(who, acting, note, at=opens - 1)
        assert denied == Deny("working")
        assert not leaves_trace(denied, Request(who, acting, opens))
    assert story.rule(LIND, "clinician", note, at=opens - 1) == "+direct-care"
    assert story.rule(AMINA, "patient", note, at=opens) == "+own-record"
    assert story.rule(MOSS, "clinician", note, at=opens) == "+direct-care"


@row("3. a safeguarding flag: no trace for the patient, ever")
def _(story: Story) -> None:
    flag = story.item("flag", kind="flag")
    answer = story.item("answer", LIND, kind="comment", parent=flag, concern="comment")
    for hidden in (flag, answer):
        assert story.decide(AMINA, "patient", hidden, at=story.now + 999 * DAY) == Deny("flag")
    assert story.rule(OKAFOR, "clinician", answer) == "+direct-care"


@row("3. carer's confidence: asked for, in its 14 days, or accepted on a ground; no trace")
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


@row("3. a patient sees that something is withheld where the ground allows it")
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


@row("3. what is withheld on two grounds leaves a trace only if both allow it")
def _(story: Story) -> None:
    note = story.item("note")
    story.withholding(note, "patient", "third-party")
    story.withholding(note, "patient", "safeguarding")
    assert story.rule(AMINA, "patient", note) == "-withheld:safeguarding"
    flag = story.item("flag", kind="flag")
    answer = story.item("answer", LIND, kind="comment", parent=flag, concern="comment")
    story.withholding(answer, "patient", "third-party")
    assert story.rule(AMINA, "patient", answer) == "-flag"


@row("3. an opinion on serious harm lapses after six months and the guardian's 28 days")
def _(story: Story) -> None:
    note = story.item("note")
    story.withholding(note, "patient", "serious-harm", opinion="2026-05-04")
    lapse = parse_instant("2026-12-02T00:00:00.000Z")
    assert story.rule(AMINA, "patient", note, at=lapse - 1) == "-withheld:serious-harm"
    assert story.rule(AMINA, "patient", note, at=lapse) == "+own-record"
    other = story.item("other")
    story.withholding(other, "patient", "safeguarding")
    assert story.rule(AMINA, "patient", other, at=lapse + 999 * DAY) == "-withheld:safeguarding"


@row("3. online-hidden: absent from every screen, to be had in person")
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
    assert not leaves_trace(story.decide(AMINA, "patient", note), Request(AMINA, "patient", story.now))


@row("3. online-hidden is the default for domestic abuse, until it is lifted by the item's own id")
def _(story: Story) -> None:
    note = story.item("note", topics=["domestic-abuse"])
    assert story.rule(AMINA, "patient", note) == "-online-hidden"
    story.clinician("withholding-lifted/1", item=note, withholding=note)
    assert story.rule(AMINA, "patient", note) == "+own-record"
    story.clinician("item-topics-set/1", item=note, topics=[])
    story.clinician("item-topics-set/1", item=note, topics=["domestic-abuse"])
    assert story.rule(AMINA, "patient", note) == "-online-hidden"


@row("3. not-yet: a result held up to 14 days with a reason")
def _(story: Story) -> None:
    result = story.item("result", kind="result")
    added = story.now
    story.clinician("result-held/1", item=result, until=added + 99 * DAY)
    denied = story.decide(AMINA, "patient", result, at=added + 14 * DAY - 1)
    assert (denied.rule, denied.trace) == ("not-yet", True)
    assert story.rule(AMINA, "patient", result, at=added + 14 * DAY) == "+own-record"
    story.clinician("result-released/1", item=result)
    assert story.rule(AMINA, "patient", result) == "+own-record"


@row("3. not-yet: tell me first, for results that come after the wish, until told or until the wish changes")
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


# Rule 4


@row("4. no current care relationship: no-relationship")
def _(story: Story) -> None:
    note = story.item("note")
    assert story.rule(MOSS, "clinician", note) == story.rule(MOSS, "clinician") == "-no-relationship"
    care = story.care(person(MOSS), until=story.now + DAY)
    assert story.rule(MOSS, "clinician", note) == "+direct-care"
    assert story.rule(MOSS, "clinician", note, at=story.now + DAY) == "-no-relationship"
    story.say("care-ended/1", ADA, "administrator", record=RECORD, care=story.said[care].facts["care"])
    assert story.rule(MOSS, "clinician", note) == "-no-relationship"


@row("4. registration alone is not a care relationship: the session names an appointment or a task")
def _(story: Story) -> None:
    note = story.item("note")
    story.care(person(MOSS), "registration")
    assert story.rule(MOSS, "clinician", note) == "-no-relationship"
    assert story.rule(MOSS, "clinician", note, purpose="own-record") == "-no-relationship"
    assert story.rule(MOSS, "clinician", note, purpose="appointment") == "+direct-care"


@row("4. outside the team's profile: outside-profile; a name nobody set covers nothing")
def _(story: Story) -> None:
    story.join(MOSS, PHARMACY)
    story.care(team(PHARMACY))
    pill, plan = story.item("pill", kind="medicine"), story.item("plan", kind="plan")
    secret = story.item("secret", kind="medicine", topics=["mental-health", "genetic"])
    assert story.rule(MOSS, "clinician", pill) == "-outside-profile"
    profile = {"kinds": ["medicine", "comment"], "topics": ["mental-health"]}
    story.policy({"pharmacy": profile})
    assert story.rule(MOSS, "clinician", pill) == "+direct-care"
    assert story.rule(MOSS, "clinician", plan) == story.rule(MOSS, "clinician", secret) == "-outside-profile"
    answer = story.item("answer", kind="comment", parent=plan, concern="comment")
    assert story.rule(MOSS, "clinician", answer) == "-outside-profile"


@row("4. the patient's directive says withhold: sealed-by-patient; they see that, unless the patient chose hidden")
def _(story: Story) -> None:
    note, other = story.item("note", LIND), story.item("other", LIND, kind="letter")
    story.withhold(of("item", note), person(OKAFOR))
    story.withhold(of("kind", "letter"), team(named("practice")), hidden=True)
    request = Request(OKAFOR, "clinician", story.now)
    sealed, hidden = story.decide(OKAFOR, "clinician", note), story.decide(OKAFOR, "clinician", other)
    assert (sealed.rule, leaves_trace(sealed, request)) == ("sealed-by-patient", True)
    assert (hidden.rule, leaves_trace(hidden, request)) == ("sealed-by-patient", False)
    story.share(of("item", other), person(OKAFOR))
    assert story.rule(OKAFOR, "clinician", other) == "+direct-care"


@row("4. a seal on a topic seals every item that has it; one for all carers seals nothing from clinicians")
def _(story: Story) -> None:
    note = story.item("note", LIND, topics=["genetic", "mental-health"])
    story.withhold(EVERYTHING, ALL_CARERS)
    assert story.rule(OKAFOR, "clinician", note) == "+direct-care"
    story.share(of("topic", "genetic"), person(OKAFOR))
    story.withhold(of("topic", "mental-health"), person(OKAFOR))
    assert story.rule(OKAFOR, "clinician", note) == "-sealed-by-patient"


@row("4. a share that is not met leaves a clinician to the wider seal, or to direct care")
def _(story: Story) -> None:
    note = story.item("note", LIND)
    story.share(of("item", note), person(OKAFOR), until=story.now + DAY)
    story.withhold(EVERYTHING, person(OKAFOR))
    assert story.rule(OKAFOR, "clinician", note) == "+direct-care"
    assert story.rule(OKAFOR, "clinician", note, at=story.now + 2 * DAY) == "-sealed-by-patient"


@row("4. feedback on a service is never shown to the treating clinician unless the patient wishes")
def _(story: Story) -> None:
    felt = story.item("felt", AMINA, "patient", kind="experience")
    assert story.rule(OKAFOR, "clinician", felt) == "-experience-not-shared"
    story.share(of("item", felt), person(OKAFOR))
    assert story.rule(OKAFOR, "clinician", felt) == "+direct-care"


@row("4. emergency opens medicines, allergies, problems and wishes first, the rest item by item")
def _(story: Story) -> None:
    first = [story.item(kind, kind=kind) for kind in ("medicine", "allergy", "problem", "wishes")]
    note, sealed = story.item("note"), story.item("sealed", kind="letter")
    story.withhold(EVERYTHING, person(MOSS), hidden=False)
    story.withhold(of("item", sealed), person(MOSS), hidden=True)
    emergency, ends = named("emergency"), story.now + HOUR
    opened = story.clinician(
        "emergency-opened/2", MOSS, emergency=emergency, person=MOSS, kind="urgent-care", until=ends
    )
    assert {story.rule(MOSS, "clinician", one) for one in first} == {"+emergency"}
    assert story.rule(MOSS, "clinician") == "+emergency"
    denied, hidden = story.decide(MOSS, "clinician", note), story.decide(MOSS, "clinician", sealed)
    assert (denied.rule, denied.trace) == ("emergency-not-opened", True)
    assert (hidden.rule, hidden.trace) == ("emergency-not-opened", False)
    by_name = story.clinician("emergency-item-opened/1", MOSS, emergency=emergency, item=note)
    permitted = story.decide(MOSS, "clinician", note)
    assert permitted.evidence[-2:] == (opened, by_name)
    assert permitted.until == ends
    assert story.rule(MOSS, "clinician", note, at=ends) == "-no-relationship"
    assert story.rule(LIND, "clinician", note) == "+direct-care"


@row("4. an emergency that the guardian finds not justified opens nothing more")
def _(story: Story) -> None:
    pill = story.item("pill", kind="medicine")
    emergency = named("emergency")
    story.clinician(
        "emergency-opened/2", MOSS, emergency=emergency, person=MOSS, kind="urgent-care", until=story.now + HOUR
    )
    for outcome, rule in (("justified", "+emergency"), ("not-justified", "-no-relationship")):
        story.say("emergency-reviewed/1", GRETA, "guardian", record=RECORD, emergency=emergency, outcome=outcome)
        assert story.rule(MOSS, "clinician", pill) == rule


# Rule 5


@row("5. default deny")
def _(story: Story) -> None:
    assert story.decide(SAM, "carer", story.item("note")) == Deny("no-consent")
    assert story.rule(SAM, "carer") == "+named-carer"


@row("5. working note, flag, withheld from carers: denied whatever is shared")
def _(story: Story) -> None:
    kept = [story.item("thoughts", kind="working-note"), story.item("flag", kind="flag"), story.item("note")]
    story.withholding(kept[2], "carers", "third-party")
    kept.append(story.item("answer", kind="comment", parent=kept[2], concern="comment"))
    for item in kept:
        story.share(of("item", item))
    rules = [story.rule(SAM, "carer", item, at=story.now + 99 * DAY) for item in kept]
    assert rules == ["-working", "-flag", "-withheld:third-party", "-withheld:third-party"]


@row("5. nobody can share what is kept from themselves")
def _(story: Story) -> None:
    told = story.item("told", JOY, "carer", kind="contribution", in_confidence=True)
    note, result = story.item("note"), story.item("result", kind="result")
    story.withholding(note, "patient", "serious-harm")
    story.clinician("result-held/1", item=result, until=story.now + DAY)
    story.share(EVERYTHING)
    rules = [story.rule(SAM, "carer", item) for item in (told, note, result)]
    assert rules == ["-carer-confidence", "-withheld:serious-harm", "-not-yet"]


@row("5a. a directive for the item decides")
def _(story: Story) -> None:
    note = story.item("note", topics=["mental-health"])
    story.share(EVERYTHING)
    story.share(of("item", note))
    assert story.rule(SAM, "carer", note) == "+shared"
    other = story.item("other")
    story.withhold(of("item", other))
    assert story.rule(SAM, "carer", other) == "-withheld-by-patient"


@row("5b. every topic must be shared by a topic directive, else topic-not-shared")
def _(story: Story) -> None:
    note = story.item("note", topics=["mental-health", "genetic"])
    story.share(EVERYTHING)
    story.share(of("kind", "note"))
    story.share(of("topic", "genetic"))
    assert story.rule(SAM, "carer", note) == "-topic-not-shared"
    mental = story.share(of("topic", "mental-health"))
    assert story.rule(SAM, "carer", note) == "+shared"
    story.withhold(of("topic", "mental-health"), replaces=mental)
    assert story.rule(SAM, "carer", note) == "-topic-not-shared"


@row("5c. without topics the kind directive decides, else everything")
def _(story: Story) -> None:
    note, letter = story.item("note"), story.item("letter", kind="letter")
    story.share(EVERYTHING)
    story.withhold(of("kind", "letter"))
    assert story.rule(SAM, "carer", note) == "+shared"
    assert story.rule(SAM, "carer", letter) == "-withheld-by-patient"


@row("5. within a scope the nearest grantee decides: person, then team, then all carers; among equals withhold")
def _(story: Story) -> None:
    note = story.item("note")
    story.join(SAM, FAMILY)
    story.withhold(EVERYTHING, ALL_CARERS)
    assert story.rule(SAM, "carer", note) == "-withheld-by-patient"
    story.share(EVERYTHING, team(FAMILY))
    assert story.rule(SAM, "carer", note) == "+shared"
    story.join(SAM, PHARMACY)
    story.withhold(EVERYTHING, team(PHARMACY))
    assert story.rule(SAM, "carer", note) == "-withheld-by-patient"
    story.share(EVERYTHING)
    assert story.rule(SAM, "carer", note) == "+shared"
    assert story.rule(JOY, "carer", note) == "-withheld-by-patient"


@row("5. a share that decides but is expired, not started or not met: condition-not-met; it never falls through")
def _(story: Story) -> None:
    note = story.item("note")
    story.share(EVERYTHING, ALL_CARERS)
    first = story.share(of("item", note), from_=story.now + DAY, until=story.now + 2 * DAY)
    when = [story.now, story.now + DAY + SECOND, story.now + 2 * DAY]
    rules = [story.rule(SAM, "carer", note, at=at) for at in when]
    assert rules == ["-condition-not-met", "+shared", "-condition-not-met"]
    story.share(of("item", note), condition={"kind": "when-unwell"}, replaces=first)
    assert story.rule(SAM, "carer", note) == "-condition-not-met"


@row("5. only together: while a session lasts that the patient or a clinician attested")
def _(story: Story) -> None:
    note = story.item("note")
    shared = story.share(of("item", note), condition=TOGETHER)
    session, ends = named("session"), story.now + HOUR
    started = story.patient("together-started/1", together=session, person=SAM, until=ends)
    permitted = story.decide(SAM, "carer", note)
    assert isinstance(permitted, Permit)
    assert {story.said.index(one) for one in story.said if one.facts.get("directive") == shared} < set(
        permitted.evidence
    )
    assert (started in permitted.evidence, permitted.until) == (True, ends)
    assert story.rule(JOY, "carer", note) == "-no-consent"
    assert story.rule(SAM, "carer", note, at=ends) == "-condition-not-met"
    story.patient("together-ended/1", together=session)
    assert story.rule(SAM, "carer", note) == "-condition-not-met"


@row("5. hours in a named time zone; an unknown zone opens nothing")
def _(story: Story) -> None:
    note, other = story.item("note"), story.item("other")
    hours = {"kind": "hours", "zone": "Europe/London", "days": [1], "from": "10:00", "until": "12:00"}
    story.share(of("item", note), condition=hours)
    story.share(of("item", other), condition=hours | {"zone": "Europe/Londres"})
    opens, closes = parse_instant("2026-05-04T09:00:00.000Z"), parse_instant("2026-05-04T11:00:00.000Z")
    assert story.decide(SAM, "carer", note, at=opens).until == closes
    assert story.rule(SAM, "carer", note, at=opens - 1) == "-condition-not-met"
    assert story.rule(SAM, "carer", note, at=closes) == "-condition-not-met"
    assert story.rule(SAM, "carer", note, at=opens + DAY) == "-condition-not-met"
    assert story.rule(SAM, "carer", other, at=opens) == "-condition-not-met"


@row("5. suspended: as if there were no directives")
def _(story: Story) -> None:
    note = story.item("note")
    told = story.item("told", SAM, "carer", kind="contribution")
    story.share(EVERYTHING)
    suspended = story.patient("carer-suspended/1", person=SAM)
    assert story.decide(SAM, "carer", note) == Deny("no-consent", (suspended,))
    assert story.rule(SAM, "carer", told) == "+own-words"
    story.patient("carer-restored/1", person=SAM)
    assert story.rule(SAM, "carer", note) == "+shared"


@row("5. a replaced directive never returns, whatever the newer one's dates")
def _(story: Story) -> None:
    note = story.item("note")
    first = story.share(EVERYTHING)
    second = story.share(EVERYTHING, until=story.now + HOUR, replaces=first)
    assert story.rule(SAM, "carer", note, at=story.now + 2 * HOUR) == "-condition-not-met"
    story.patient("directive-withdrawn/1", directive=first)
    assert story.rule(SAM, "carer", note) == "+shared"
    story.patient("directive-withdrawn/1", directive=second)
    assert story.rule(SAM, "carer", note) == "-no-consent"


@row("5. a comment is an item of its own: for patient and team by default; sharing the parent never shares it")
def _(story: Story) -> None:
    note = story.item("note", topics=["mental-health"])
    answer = story.item("answer", AMINA, "patient", kind="comment", parent=note, concern="comment")
    reply = story.item("reply", LIND, kind="comment", parent=answer, concern="reply")
    assert story.rule(AMINA, "patient", reply) == "+own-record"
    assert story.rule(OKAFOR, "clinician", reply) == "+direct-care"
    story.share(of("item", note))
    assert story.rule(SAM, "carer", note) == "+shared"
    assert story.rule(SAM, "carer", answer) == "-topic-not-shared"
    story.share(of("item", reply))
    assert story.rule(SAM, "carer", reply) == "+shared"


@row("5. a comment has the topics of what it answers, and is not shared by a wide share where that is not")
def _(story: Story) -> None:
    note, secret = story.item("note"), story.item("secret", topics=["genetic"])
    answers = [
        story.item(f"answer {n}", AMINA, "patient", kind="comment", parent=one, concern="comment")
        for n, one in enumerate((note, secret))
    ]
    story.share(EVERYTHING)
    story.share(of("item", secret))
    assert [story.rule(SAM, "carer", one) for one in answers] == ["+shared", "-topic-not-shared"]
    story.withhold(of("item", note))
    assert story.rule(SAM, "carer", answers[0]) == "-withheld-by-patient"


@row("5. carers never see the trail, and no refusal of a carer leaves a trace")
def _(story: Story) -> None:
    note = story.item("note")
    story.share(EVERYTHING)
    assert story.rule(SAM, "carer", note, via="trail") == story.rule(SAM, "carer", via="trail") == "-no-trail"
    story.withholding(note, "patient", "third-party")
    denied = story.decide(SAM, "carer", note)
    assert denied.trace
    assert not leaves_trace(denied, Request(SAM, "carer", story.now))
    assert not leaves_trace(denied, Request(SAM, "carer", story.now, via="preview"))


# Rule 8


@row("8. an auditor sees within an assigned case: record, person, period")
def _(story: Story) -> None:
    note, other = story.item("note"), story.item("other", LIND)

    def assign(name: str, **scope: str | None) -> str:
        facts = {"record": None, "person": None, "auditor": RUTH, "from_": START, "until": story.now + DAY} | scope
        story.say("case-assigned/2", GRETA, "guardian", case=named(name), **{"period": None} | facts)
        return named(name)

    assert story.rule(RUTH, "auditor", note) == story.rule(RUTH, "auditor") == "-no-case"
    record, elsewhere = assign("r", record=RECORD), assign("e", record=named("another record"))
    okafor, nothing = assign("o", person=OKAFOR), assign("n")
    assert story.rule(RUTH, "auditor", note, case=record) == story.rule(RUTH, "auditor", case=record) == "+audit"
    assert story.rule(RUTH, "auditor", note, case=elsewhere) == "-outside-case"
    assert story.rule(RUTH, "auditor", note, case=okafor) == story.rule(RUTH, "auditor", case=okafor) == "+audit"
    assert story.rule(RUTH, "auditor", other, case=okafor) == "-outside-case"
    assert story.rule(RUTH, "auditor", note, case=nothing) == "-outside-case"
    assert story.rule(RUTH, "auditor", note, case=record, at=story.now + 2 * DAY) == "-no-case"
    story.say("case-closed/1", GRETA, "guardian", case=record, auditor=RUTH)
    assert story.rule(RUTH, "auditor", note, case=record) == "-no-case"


@row("8. the guardian: emergencies, grounds, and what stands in the wrong record")
def _(story: Story) -> None:
    note, plain = story.item("note"), story.item("plain")
    assert story.rule(GRETA, "guardian") == "-outside-duty"
    story.withholding(note, "patient", "serious-harm")
    assert story.rule(GRETA, "guardian") == story.rule(GRETA, "guardian", note) == "+guardian"
    assert story.rule(GRETA, "guardian", plain) == "-outside-duty"
    hidden = story.item("hidden", topics=["domestic-abuse"])
    assert story.rule(GRETA, "guardian", hidden) == "+guardian"


@row("8. acting as auditor nobody reads words, not even their own")
def _(story: Story) -> None:
    story.role(OKAFOR, "auditor")
    assert story.rule(OKAFOR, "auditor", story.item("note")) == "-no-case"


# Rule 9


@row("9. anything else: no-rule")
def _(story: Story) -> None:
    note = story.item("note")
    assert story.rule(ADA, "administrator", note) == story.rule(ADA, "administrator") == "-no-rule"
    assert story.rule(AMINA, "patient", note, via="telepathy") == "-no-rule"
    facts = story.facts(AMINA)
    assert decide(facts, Request(SAM, "carer", story.now)) == Deny("no-rule")
    assert story.decide(AMINA, "patient", named("no such item")) == Deny("unknown-item")


@row("last: of an item whose words are erased a reader sees that it was there; a carer sees nothing")
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


@row("last: a former carer whose own words are all erased is answered as one who wrote none")
def _(story: Story) -> None:
    told = story.item("told", SAM, "carer", kind="contribution")
    story.patient("carer-ended/1", person=SAM)
    assert story.rule(SAM, "carer") == "+own-words"
    story.erase(told)
    assert story.decide(SAM, "carer") == Deny("no-relationship")


@row("last: what is kept from a reader stays kept once its words are erased")
def _(story: Story) -> None:
    note = story.item("note")
    story.withholding(note, "patient", "third-party")
    story.erase(note)
    assert story.rule(AMINA, "patient", note) == "-withheld:third-party"


@pytest.mark.parametrize(("sentence", "check"), ROWS, ids=[sentence for sentence, _ in ROWS])
def test_the_rule(sentence: str, check: Row) -> None:
    check(practice())


def test_a_judge_of_a_page_decides_as_decide_does() -> None:
    story = practice()
    items = [story.item(f"item {n}", kind=kind) for n, kind in enumerate(("note", "flag", "result", "wishes"))]
    story.share(of("kind", "note"))
    for who, acting in ((AMINA, "patient"), (OKAFOR, "clinician"), (SAM, "carer"), (MOSS, "clinician")):
        judge = judge_of(story.facts(who), Request(who, acting, story.now))
        assert [judge(item) for item in items] == [story.decide(who, acting, item) for item in items]
        assert judge.whole == story.decide(who, acting)


def test_a_thread_of_two_thousand_replies_is_decided() -> None:
    story = practice()
    last = story.item("note")
    for n in range(2000):
        last = story.item(f"reply {n}", LIND, kind="comment", parent=last, concern="reply")
    story.share(EVERYTHING)
    rules = [
        story.rule(who, acting, last) for who, acting in ((AMINA, "patient"), (SAM, "carer"), (OKAFOR, "clinician"))
    ]
    assert rules == ["+own-record", "+shared", "+direct-care"]


def test_every_reader_has_a_rule_and_every_policy_version_stays_callable() -> None:
    assert set(RULE_OF_READER.values()) | {9} == set(RULES)
    assert POLICIES[POLICY_VERSION] is decide
