"""Every secret is bounded: each has a clock, and somebody who must settle it before the clock runs out."""

from ledger.core.decisions import Deny, Request, leaves_trace
from ledger.core.instants import DAY, HOUR, Instant, parse_instant
from tests.core.disclosure.rows import row
from tests.core.story import (
    AMINA,
    GRETA,
    JOY,
    LIND,
    MOSS,
    OKAFOR,
    RECORD,
    RUTH,
    SAM,
    Story,
    named,
    person,
)


@row("Working notes: team only, no trace, 28 days, then opened, superseded or given a ground", "opened")
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


@row("Working notes: team only, no trace, 28 days, then opened, superseded or given a ground", "given a ground")
def _(story: Story) -> None:
    note = story.item("thoughts", kind="working-note")
    opens = Instant(story.now + 28 * DAY)
    story.withholding(note, "patient", "third-party")
    assert story.rule(AMINA, "patient", note, at=opens - 1) == "-working"
    assert story.rule(AMINA, "patient", note, at=opens) == "-withheld:third-party"


@row("Serious harm: opinion of the appropriate health professional, lapses after 6 months")
def _(story: Story) -> None:
    note = story.item("note")
    facts = {"item": note, "withholding": named("fresh"), "from_": "patient", "ground": "serious-harm"}
    dates = {"opinion_date": "2025-11-05", "review_date": "2026-06-01"}
    assert story.may("withholding-made/1", OKAFOR, "clinician", **facts, **dates) == "+in-care"
    late = dates | {"opinion_date": "2025-11-04"}
    assert story.may("withholding-made/1", OKAFOR, "clinician", **facts, **late) == "-opinion-out-of-date"
    for who, acting in ((MOSS, "clinician"), (SAM, "carer"), (GRETA, "guardian")):
        assert story.may("withholding-made/1", who, acting, **facts, **dates).startswith("-")


@row("then the guardian releases or gets a new signed opinion within 28 days")
def _(story: Story) -> None:
    note = story.item("note")
    made = story.withholding(note, "patient", "serious-harm", opinion="2026-05-04")
    lapse = parse_instant("2026-12-02T00:00:00.000Z")  # six months and 28 days on
    assert story.rule(AMINA, "patient", note, at=lapse - 1) == "-withheld:serious-harm"
    assert story.rule(AMINA, "patient", note, at=lapse) == "+own-record"
    other = story.item("other")
    story.withholding(other, "patient", "safeguarding")
    assert story.rule(AMINA, "patient", other, at=lapse + 999 * DAY) == "-withheld:safeguarding"
    lifting = {"item": note, "withholding": made}
    assert story.may("withholding-lifted/1", GRETA, "guardian", **lifting) == "+guardian"
    story.withholding(note, "patient", "serious-harm", opinion="2026-11-20")
    assert story.rule(AMINA, "patient", note, at=lapse) == "-withheld:serious-harm"


@row("lapses after 6 months", "by the calendar: of 31 August on the last day of February")
def _(story: Story) -> None:
    for opinion, ends in (("2026-08-31", "2027-03-28"), ("2026-05-31", "2026-12-28"), ("2027-08-31", "2028-03-28")):
        note = story.item(opinion)
        story.withholding(note, "patient", "serious-harm", opinion=opinion)
        lapse = parse_instant(f"{ends}T00:00:00.000Z")  # six months, and the guardian's 28 days
        assert story.rule(AMINA, "patient", note, at=Instant(lapse - 1)) == "-withheld:serious-harm"
        assert story.rule(AMINA, "patient", note, at=lapse) == "+own-record"


@row("Carer's confidence is requested, not promised")
def _(story: Story) -> None:
    told = story.item("told", SAM, "carer", kind="contribution", in_confidence=True)
    assert story.rule(AMINA, "patient", told) == "-carer-confidence"
    assert story.rule(AMINA, "patient", told, at=story.now + 14 * DAY) == "+own-record"  # nobody had to promise it


@row("within 14 days a clinician accepts it on a ground with a review date or asks leave to share", "accepts it")
def _(story: Story) -> None:
    told = story.item("told", SAM, "carer", kind="contribution", in_confidence=True)
    ends = Instant(story.now + 14 * DAY)
    assert story.rule(AMINA, "patient", told, at=ends - 1) == "-carer-confidence"
    assert story.rule(AMINA, "patient", told, at=ends) == "+own-record"
    story.withholding(told, "patient", "carer-confidence")
    assert story.rule(AMINA, "patient", told, at=ends) == "-carer-confidence"


@row("within 14 days a clinician accepts it on a ground with a review date or asks leave to share", "asks leave")
def _(story: Story) -> None:
    told = story.item("told", SAM, "carer", kind="contribution", in_confidence=True)
    given = {"item": told, "outcome": "given"}
    assert story.may("leave-answered/1", SAM, "carer", **given) == "-leave-not-asked"
    assert story.may("leave-asked/1", MOSS, "clinician", item=told) == "-not-in-care"
    story.clinician("leave-asked/1", item=told)
    assert story.may("leave-answered/1", JOY, "carer", **given) == "-unknown-item"
    story.say("leave-answered/1", SAM, "carer", record=RECORD, item=told, outcome="refused")
    assert story.rule(AMINA, "patient", told) == "-carer-confidence"
    story.say("leave-answered/1", SAM, "carer", record=RECORD, **given)
    assert story.rule(AMINA, "patient", told) == "+own-record"


@row("Emergency notice to the patient is immediate")
def _(story: Story) -> None:
    emergency = story.emergency()
    assert story.rule(AMINA, "patient", emergency) == "+own-record"
    assert story.rule(SAM, "carer", emergency) == "-unknown-item"


@row("only the guardian delays it, 72 hours at a time")
def _(story: Story) -> None:
    emergency = story.emergency()
    delay = {"emergency": emergency, "until": story.now + 72 * HOUR}
    assert story.may("notice-delayed/1", GRETA, "guardian", **delay) == "+guardian"
    assert story.may("notice-delayed/1", GRETA, "guardian", **delay | {"until": story.now + 73 * HOUR}) == "-too-long"
    for who, acting in ((MOSS, "clinician"), (RUTH, "auditor"), (SAM, "carer")):
        assert story.may("notice-delayed/1", who, acting, **delay) == "-role-missing"
    ends = story.now + 48 * HOUR
    said = {"record": RECORD, "emergency": emergency}
    story.say("notice-delayed/1", GRETA, "guardian", until=ends, **said)
    kept = story.decide(AMINA, "patient", emergency)
    assert (kept.rule, leaves_trace(kept, Request(AMINA, "patient", story.now))) == ("notice-delayed", False)
    assert story.rule(AMINA, "patient", emergency, at=ends) == "+own-record"
    story.say("notice-delayed/1", GRETA, "guardian", until=ends + DAY, **said)
    assert story.rule(AMINA, "patient", emergency, at=ends) == "-notice-delayed"


@row("no decision rests on it alone")
def _(story: Story) -> None:
    note = story.item("note")
    readers = ((AMINA, "patient"), (LIND, "clinician"), (JOY, "carer"), (RUTH, "auditor"), (GRETA, "guardian"))
    before = [story.decide(who, acting, note) for who, acting in readers]
    told = story.item("told", SAM, "carer", kind="contribution", in_confidence=True)
    position = len(story.said) - 1
    assert [story.decide(who, acting, note) for who, acting in readers] == before
    assert all(position not in story.decide(who, acting, told).evidence for who, acting in readers)
