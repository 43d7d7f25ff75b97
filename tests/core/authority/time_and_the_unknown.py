"""Time, and what nobody knows."""

from ledger.core.authority import FRESH, may_say, widens
from ledger.core.decisions import Deny
from ledger.core.instants import DAY, MINUTE
from ledger.core.said import Said
from tests.core.authority.rows import FRESH_ID, about_record, adding, ask, row, sharing
from tests.core.story import ALL_CARERS, AMINA, EVERYTHING, GRETA, OKAFOR, RECORD, RUTH, SAM, Story


@row("refused if it was made more than 5 minutes before it is admitted: whatever widens access")
def _(story: Story) -> None:
    assert sharing(story, late=5 * MINUTE) == "+patient"
    assert sharing(story, late=5 * MINUTE + 1) == "-stale-grant"
    assert sharing(story, late=DAY, effect="withhold") == "+patient"
    share, seal = story.share(EVERYTHING), story.withhold(EVERYTHING, ALL_CARERS)
    withdrawn = {"late": DAY}
    assert about_record(story, "directive-withdrawn/1", AMINA, "patient", directive=share, **withdrawn) == "+patient"
    assert about_record(story, "directive-withdrawn/1", AMINA, "patient", directive=seal, **withdrawn) == "-stale-grant"
    fresh = ask(story, "carer-named/1", AMINA, "patient", record=RECORD, person=RUTH, late=MINUTE)
    assert fresh.until == story.now + 4 * MINUTE + 1
    note = story.item("note", topics=["genetic"])
    for topics, widening in (([], True), (["genetic", "mental-health"], True), (["genetic"], False)):
        facts = {"item": note, "topics": topics, "record": RECORD}
        said = Said(999, story.now, story.now, "item-topics-set/1", OKAFOR, "clinician", facts)
        assert widens(story.facts(OKAFOR), said) is widening
    emergency = story.emergency()
    for outcome, rule in (("justified", "-stale-grant"), ("not-justified", "+guardian")):
        review = {"emergency": emergency, "outcome": outcome}
        assert about_record(story, "emergency-reviewed/1", GRETA, "guardian", late=DAY, **review) == rule
    for wish, rule in (("ask-guardian", "-stale-grant"), ("not-after-my-death", "+patient")):
        assert about_record(story, "after-death-wish-stated/1", AMINA, "patient", late=DAY, wish=wish) == rule


@row("nothing is said from the future")
def _(story: Story) -> None:
    assert adding(story, OKAFOR, "clinician", late=-FRESH) == "+in-care"
    assert adding(story, OKAFOR, "clinician", late=-FRESH - 1) == "-from-the-future"


@row("an unknown record, an unknown type, somebody else's facts")
def _(story: Story) -> None:
    facts = story.facts(AMINA)
    said = Said(999, story.now, story.now, "carer-ended/1", AMINA, "patient", {"record": FRESH_ID, "person": SAM})
    nowhere = type(facts)(None, facts.viewer, facts.teams, facts.policy, None)
    assert may_say(nowhere, said) == Deny("unknown-record")
    other = Said(999, story.now, story.now, "carer-ended/2", AMINA, "patient", {})
    assert may_say(facts, other) == may_say(story.facts(SAM), said) == Deny("no-rule")
