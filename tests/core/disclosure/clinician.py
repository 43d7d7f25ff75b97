"""Rule 4: what a clinician may see."""

from ledger.core.decisions import Request, leaves_trace
from ledger.core.instants import DAY, HOUR, Instant
from tests.core.disclosure.rows import row
from tests.core.story import (
    ADA,
    ALL_CARERS,
    AMINA,
    EVERYTHING,
    GRETA,
    JOY,
    LIND,
    MOSS,
    OKAFOR,
    PHARMACY,
    PRACTICE,
    RECORD,
    Story,
    named,
    of,
    person,
    team,
)


@row("4. Clinician → emergency in force: Permit emergency")
def _(story: Story) -> None:
    pill = story.item("pill", kind="medicine")
    story.withhold(EVERYTHING, person(MOSS))
    ends = Instant(story.now + HOUR)
    story.emergency(until=ends)
    assert story.rule(MOSS, "clinician", pill) == story.rule(MOSS, "clinician") == "+emergency"
    assert story.decide(MOSS, "clinician", pill).until == ends
    assert story.rule(MOSS, "clinician", pill, at=ends) == "-no-relationship"
    assert story.rule(LIND, "clinician", pill) == "+direct-care"


@row("4. Clinician → emergency in force: Permit emergency", "until the guardian finds it not justified")
def _(story: Story) -> None:
    pill = story.item("pill", kind="medicine")
    emergency = story.emergency()
    for outcome, rule in (("justified", "+emergency"), ("not-justified", "-no-relationship")):
        story.say("emergency-reviewed/1", GRETA, "guardian", record=RECORD, emergency=emergency, outcome=outcome)
        assert story.rule(MOSS, "clinician", pill) == rule


@row("Else no current care relationship: Deny no-relationship")
def _(story: Story) -> None:
    note = story.item("note")
    assert story.rule(MOSS, "clinician", note) == story.rule(MOSS, "clinician") == "-no-relationship"
    care = story.care(person(MOSS), until=story.now + DAY)
    assert story.rule(MOSS, "clinician", note) == "+direct-care"
    assert story.rule(MOSS, "clinician", note, at=story.now + DAY) == "-no-relationship"
    story.say("care-ended/1", ADA, "administrator", record=RECORD, care=story.said[care].facts["care"])
    assert story.rule(MOSS, "clinician", note) == "-no-relationship"


@row("Else no current care relationship: Deny no-relationship", "but who is asked why they looked may answer")
def _(story: Story) -> None:
    note, question = story.item("note"), named("question")
    story.patient("access-questioned/1", question=question, disclosure=named("line"), viewer=MOSS)
    assert story.rule(MOSS, "clinician") == story.rule(MOSS, "clinician", question) == "+asked"
    assert story.rule(MOSS, "clinician", note) == "-no-relationship"
    assert story.rule(LIND, "clinician", question) == "-unknown-item"
    story.role(JOY, "clinician")
    assert story.rule(JOY, "clinician") == "-no-relationship"  # she is asked nothing
    assert story.may("access-answered/1", MOSS, "clinician", question=question) == "+clinician"


@row("Else outside the team's profile: Deny outside-profile", "a name nobody set covers nothing")
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


@row("Else the patient's directive (specificity below) says withhold: Deny sealed-by-patient")
def _(story: Story) -> None:
    note, other = story.item("note", LIND), story.item("other", LIND, kind="letter")
    story.withhold(of("kind", "letter"), team(PRACTICE))
    story.withhold(of("item", note), person(OKAFOR))
    assert story.rule(OKAFOR, "clinician", note) == story.rule(OKAFOR, "clinician", other) == "-sealed-by-patient"
    story.share(of("item", other), person(OKAFOR))
    assert story.rule(OKAFOR, "clinician", other) == "+direct-care"


@row("says withhold: Deny sealed-by-patient", "on a topic, every item that has it; for all carers, no clinician")
def _(story: Story) -> None:
    note = story.item("note", LIND, topics=["genetic", "mental-health"])
    story.withhold(EVERYTHING, ALL_CARERS)
    assert story.rule(OKAFOR, "clinician", note) == "+direct-care"
    story.share(of("topic", "genetic"), person(OKAFOR))
    story.withhold(of("topic", "mental-health"), person(OKAFOR))
    assert story.rule(OKAFOR, "clinician", note) == "-sealed-by-patient"


@row(
    "says withhold: Deny sealed-by-patient", "a share that is not met leaves them to the wider seal, or to direct care"
)
def _(story: Story) -> None:
    note = story.item("note", LIND)
    story.share(of("item", note), person(OKAFOR), until=story.now + DAY)
    story.withhold(EVERYTHING, person(OKAFOR))
    assert story.rule(OKAFOR, "clinician", note) == "+direct-care"
    assert story.rule(OKAFOR, "clinician", note, at=story.now + 2 * DAY) == "-sealed-by-patient"


@row("Else Permit direct-care")
def _(story: Story) -> None:
    note, assessment = story.item("note"), story.assess()
    assert story.rule(LIND, "clinician", note) == story.rule(LIND, "clinician") == "+direct-care"
    assert story.rule(LIND, "clinician", assessment) == "+direct-care"
    assert story.rule(MOSS, "clinician", assessment) == "-unknown-item"


@row("Else Permit direct-care", "but feedback on a service only if the patient shows it to them")
def _(story: Story) -> None:
    felt = story.item("felt", AMINA, "patient", kind="experience")
    assert story.rule(OKAFOR, "clinician", felt) == "-experience-not-shared"
    story.share(of("item", felt), person(OKAFOR))
    assert story.rule(OKAFOR, "clinician", felt) == "+direct-care"


@row("Else Permit direct-care", "matters as a plain note: within the profile, and unless the patient sealed those")
def _(story: Story) -> None:
    assessment = story.assess()
    story.join(MOSS, PHARMACY)
    story.care(team(PHARMACY))
    story.policy({"pharmacy": {"kinds": ["medicine"], "topics": []}})
    assert story.rule(MOSS, "clinician", assessment) == "-unknown-item"
    assert story.rule(LIND, "clinician", assessment) == "+direct-care"
    story.withhold(EVERYTHING, person(LIND))
    assert story.rule(LIND, "clinician", assessment) == "-unknown-item"
    story.emergency(LIND)
    assert story.rule(LIND, "clinician", assessment) == "+emergency"


@row("A treating clinician sees *that* something is sealed, unless the patient chose hidden")
def _(story: Story) -> None:
    note, other = story.item("note", LIND), story.item("other", LIND, kind="letter")
    story.withhold(of("item", note), person(OKAFOR))
    story.withhold(of("kind", "letter"), team(PRACTICE), hidden=True)
    request = Request(OKAFOR, "clinician", story.now)
    sealed, hidden = story.decide(OKAFOR, "clinician", note), story.decide(OKAFOR, "clinician", other)
    assert (sealed.rule, leaves_trace(sealed, request)) == ("sealed-by-patient", True)
    assert (hidden.rule, leaves_trace(hidden, request)) == ("sealed-by-patient", False)


@row("Emergency opens medicines, allergies, problems, wishes and capacity first, the rest item by item")
def _(story: Story) -> None:
    first = [story.item(kind, kind=kind) for kind in ("medicine", "allergy", "problem", "wishes")]
    first.append(story.assess())
    note, sealed = story.item("note"), story.item("sealed", kind="letter")
    story.withhold(EVERYTHING, person(MOSS), hidden=False)
    story.withhold(of("item", sealed), person(MOSS), hidden=True)
    emergency = story.emergency()
    assert {story.rule(MOSS, "clinician", one) for one in first} == {"+emergency"}
    denied, hidden = story.decide(MOSS, "clinician", note), story.decide(MOSS, "clinician", sealed)
    assert (denied.rule, denied.trace) == ("emergency-not-opened", True)
    assert (hidden.rule, hidden.trace) == ("emergency-not-opened", False)
    by_name = story.clinician("emergency-item-opened/1", MOSS, emergency=emergency, item=note)
    permitted = story.decide(MOSS, "clinician", note)
    assert (permitted.rule, by_name in permitted.evidence) == ("emergency", True)
    assert story.may("emergency-item-opened/1", MOSS, "clinician", emergency=emergency, item=sealed) == "-unknown-item"


@row("Permit emergency", "the one that lasts longest, and who opened it reads why for ever")
def _(story: Story) -> None:
    pill = story.item("pill", kind="medicine")
    first, ends = story.emergency(until=story.now + HOUR), Instant(story.now + 3 * HOUR)
    story.emergency(until=ends)
    story.emergency(until=story.now + 2 * HOUR)
    assert story.decide(MOSS, "clinician", pill).until == ends
    assert story.rule(MOSS, "clinician", first, at=ends) == "+own-words"
    assert story.rule(LIND, "clinician", first) == "-unknown-item"


@row("Else Permit direct-care", "a share of every topic shows feedback that has them, and rests on each")
def _(story: Story) -> None:
    felt = story.item("felt", AMINA, "patient", kind="experience", topics=["genetic", "mental-health"])
    story.share(of("topic", "genetic"), person(OKAFOR))
    assert story.rule(OKAFOR, "clinician", felt) == "-experience-not-shared"
    story.share(of("topic", "mental-health"), person(OKAFOR))
    shown = story.decide(OKAFOR, "clinician", felt)
    assert [story.said[at].type for at in shown.evidence].count("directive-made/1") == 2
