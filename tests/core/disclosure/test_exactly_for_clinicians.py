"""Rule 4 to the letter: what each answer to a clinician rests on, when it ends, and what it lets on."""

from dataclasses import replace

from ledger.core.decisions import UNKNOWN_ITEM, Deny, Request, leaves_trace
from ledger.core.instants import DAY, HOUR
from ledger.core.people import TeamFacts
from ledger.core.policy import decide
from ledger.core.standing import team_of_item
from tests.core.disclosure.exactly import answered, in_care, permit, role, where
from tests.core.story import (
    EVERYTHING,
    JOY,
    LIND,
    MOSS,
    OKAFOR,
    PHARMACY,
    PRACTICE,
    SAM,
    named,
    of,
    person,
    practice,
    team,
)

PROFILE = {"pharmacy": {"kinds": ["medicine"], "topics": []}}


def test_care_rests_on_role_team_and_relationship_and_on_what_is_configured() -> None:
    story = practice()
    note = story.item("note", LIND)
    assert story.decide(OKAFOR, "clinician") == permit("direct-care", *in_care(story))
    assert story.decide(OKAFOR, "clinician", note) == permit("direct-care", *in_care(story))
    ends = story.now + DAY
    by_name = story.care(person(MOSS), until=ends)
    assert story.decide(MOSS, "clinician", note) == permit("direct-care", role(story, MOSS), by_name, until=ends)
    story.role(JOY, "clinician")
    assert story.decide(JOY, "clinician", note) == Deny("no-relationship")
    policy = story.policy({}, topics=("genetic", "faith"))
    with_policy = permit("direct-care", role(story, MOSS), by_name, policy, until=ends)
    assert story.decide(MOSS, "clinician", note) == with_policy


def test_a_team_with_a_profile_rests_on_where_it_was_given_and_what_it_opens() -> None:
    story = practice()
    pill, note = story.item("pill", kind="medicine"), story.item("note")
    mental = story.item("lithium", kind="medicine", topics=["mental-health"])
    policy = story.policy(PROFILE)
    care = story.care(team(PHARMACY))
    joined = story.join(MOSS, PHARMACY)
    rests_on = role(story, MOSS), joined, care, where(story, "team-formed/1", team=PHARMACY), policy
    assert story.decide(MOSS, "clinician", pill) == permit("direct-care", *rests_on)
    assert story.decide(MOSS, "clinician", note) == Deny("outside-profile")
    story.share(of("item", mental), person(MOSS))
    assert story.decide(MOSS, "clinician", mental) == Deny("outside-profile")


def test_a_team_of_which_nothing_is_known_opens_nothing() -> None:
    story = practice()
    thoughts = story.item("thoughts", kind="working-note")
    known = story.facts(LIND)
    request = Request(LIND, "clinician", story.now, item=thoughts)
    assert decide(known, request).rule == "direct-care"
    assert known.record is not None
    for teams in ({}, {PRACTICE: TeamFacts.of(PRACTICE, [])}):
        unknown = replace(known, teams=teams)
        assert decide(unknown, request) == Deny("no-relationship")
        assert team_of_item(unknown, known.record.items[thoughts], story.now) is None


def test_a_working_note_rests_on_both_memberships_and_falls_under_the_seal() -> None:
    story = practice()
    thoughts = story.item("thoughts", kind="working-note")
    author = where(story, "team-joined/1", person=OKAFOR)
    assert story.decide(LIND, "clinician", thoughts) == permit("direct-care", *in_care(story, LIND), author)
    sealed = story.withhold(of("item", thoughts), person(LIND))
    seal = where(story, "directive-made/1", directive=sealed)
    assert story.decide(LIND, "clinician", thoughts) == Deny("sealed-by-patient", (seal,), True)


def test_a_working_note_does_not_go_with_a_transfer_but_what_waits_for_an_answer_does() -> None:
    story = practice()
    thoughts = story.item("thoughts", kind="working-note")
    author = where(story, "team-joined/1", person=OKAFOR)
    joined = story.join(MOSS, PHARMACY)
    transferred = story.transfer(where(story, "care-started/1"), PHARMACY)
    assert story.decide(MOSS, "clinician", thoughts) == Deny("working")
    known = story.facts(MOSS)
    assert known.record is not None
    item = known.record.items[thoughts]
    assert team_of_item(known, item, story.now) is None
    handed = team_of_item(known, item, story.now, handed_over=True)
    assert handed is not None
    assert handed.evidence == tuple(sorted((joined, author, transferred)))


def test_a_transferred_seal_names_the_transfer() -> None:
    story = practice()
    note = story.item("note")
    seal = where(story, "directive-made/1", directive=story.withhold(of("item", note), team(PRACTICE)))
    joined = story.join(MOSS, PHARMACY)
    story.policy({"pharmacy": {"kinds": ["note"], "topics": []}})
    transferred = story.transfer(where(story, "care-started/1"), PHARMACY)
    sealed = Deny("sealed-by-patient", tuple(sorted((seal, joined, transferred))), True)
    assert story.decide(MOSS, "clinician", note) == sealed


def test_a_share_with_a_clinician_is_named_and_lifts_a_wider_seal() -> None:
    story = practice()
    note, genes = story.item("note", LIND), story.item("genes", LIND, topics=["genetic", "mental-health"])
    story.withhold(of("kind", "note"), person(OKAFOR))
    seal = where(story, "directive-made/1")
    assert story.decide(OKAFOR, "clinician", genes) == Deny("sealed-by-patient", (seal,), True)
    story.share(of("topic", "genetic"), person(OKAFOR))
    shares = [where(story, "directive-made/1")]
    assert story.decide(OKAFOR, "clinician", genes) == Deny("sealed-by-patient", (seal,), True)
    story.share(of("topic", "mental-health"), person(OKAFOR))
    shares.append(where(story, "directive-made/1"))
    assert story.decide(OKAFOR, "clinician", genes) == permit("direct-care", *in_care(story), *shares)
    story.share(of("item", note), person(OKAFOR))
    by_name = where(story, "directive-made/1")
    assert story.decide(OKAFOR, "clinician", note) == permit("direct-care", *in_care(story), by_name)


def test_of_two_seals_in_a_thread_the_hidden_one_is_said() -> None:
    story = practice()
    told = answered(story)
    hidden = story.withhold(of("item", told), person(OKAFOR), hidden=True)
    silent = Deny("sealed-by-patient", (where(story, "directive-made/1", directive=hidden),))
    story.withhold(of("item", named("letter")), person(OKAFOR))
    assert story.decide(OKAFOR, "clinician", told) == silent


def test_a_thread_rests_on_what_each_of_it_rests_on() -> None:
    story = practice()
    told = answered(story)
    story.share(of("item", named("letter")), person(OKAFOR), until=story.now + DAY)
    share, ends = where(story, "directive-made/1"), story.now - 1000 + DAY
    assert story.decide(OKAFOR, "clinician", told) == permit("direct-care", *in_care(story), share, until=ends)


def test_an_emergency_rests_on_its_opening_until_it_ends_and_the_longest_of_several() -> None:
    story = practice()
    pill, note = story.item("pill", kind="medicine"), story.item("note")
    start = story.now
    for hours in (1, 3, 2):
        emergency = story.emergency(until=start + hours * HOUR)
    longest = where(story, "emergency-opened/2") - 1
    in_emergency = permit("emergency", role(story, MOSS), longest, until=start + 3 * HOUR)
    assert story.decide(MOSS, "clinician") == story.decide(MOSS, "clinician", pill) == in_emergency
    assert story.decide(MOSS, "clinician", note) == Deny("emergency-not-opened", (longest,), True)
    by_name = story.clinician("emergency-item-opened/1", MOSS, emergency=emergency, item=note)
    shown = permit("emergency", role(story, MOSS), longest + 1, by_name, until=start + 2 * HOUR)
    assert story.decide(MOSS, "clinician", note) == shown


def test_an_emergency_does_not_let_on_what_is_hidden_by_a_wider_seal() -> None:
    story = practice()
    note = story.item("note")
    story.withhold(of("kind", "note"), person(MOSS), hidden=True)
    story.emergency()
    opening = where(story, "emergency-opened/2")
    assert story.decide(MOSS, "clinician", note) == Deny("emergency-not-opened", (opening,))


def test_a_preview_as_a_clinician_shows_no_result_that_waits_nor_that_anything_is_there() -> None:
    story = practice()
    wish = story.patient("results-wish-stated/1", wish="tell-me-first")
    result = story.item("result", kind="result")
    waits = Deny("not-yet", (wish,), True)
    assert story.decide(OKAFOR, "clinician", result, via="preview") == waits
    assert story.decide(OKAFOR, "clinician", result) == permit("own-words", role(story))
    for via, traced in (("preview", False), ("screen", True)):
        assert leaves_trace(waits, Request(OKAFOR, "clinician", story.now, via)) is traced
    assert not leaves_trace(waits, Request(SAM, "carer", story.now))


def test_a_question_rests_on_itself_for_whom_it_is_asked_and_for_who_asked() -> None:
    story = practice()
    question = named("question")
    asked = story.patient("access-questioned/1", question=question, disclosure=named("line"), viewer=MOSS)
    rests_on = permit("asked", role(story, MOSS), asked)
    assert story.decide(MOSS, "clinician") == story.decide(MOSS, "clinician", question) == rests_on
    assert story.decide(OKAFOR, "clinician", question) == UNKNOWN_ITEM


def test_what_one_said_oneself_about_a_matter_one_may_read() -> None:
    story = practice()
    emergency = story.emergency()
    ended = story.now + DAY
    assert story.decide(MOSS, "clinician", emergency, at=ended) == permit("own-words", role(story, MOSS))
    assert story.decide(OKAFOR, "clinician", emergency) == UNKNOWN_ITEM


def test_a_seal_on_everything_is_a_seal_on_each() -> None:
    story = practice()
    note = story.item("note", LIND)
    story.withhold(EVERYTHING, team(PRACTICE))
    seal = where(story, "directive-made/1"), where(story, "team-joined/1", person=OKAFOR)
    assert story.decide(OKAFOR, "clinician", note) == Deny("sealed-by-patient", tuple(sorted(seal)), True)


def test_an_emergency_lets_on_what_is_shared_by_name_or_sealed_openly() -> None:
    story = practice()
    shared, sealed = story.item("shared"), story.item("sealed")
    story.share(of("item", shared), person(MOSS))
    story.withhold(of("item", sealed), person(MOSS))
    story.emergency()
    more = Deny("emergency-not-opened", (where(story, "emergency-opened/2"),), True)
    assert story.decide(MOSS, "clinician", shared) == story.decide(MOSS, "clinician", sealed) == more


def test_an_emergency_lets_on_a_working_note_of_others_only_when_its_days_are_over() -> None:
    story = practice()
    thoughts = story.item("thoughts", kind="working-note")
    story.emergency(until=story.now + 29 * DAY)
    opening, over = where(story, "emergency-opened/2"), story.said[-2].recorded_at + 28 * DAY
    assert story.decide(MOSS, "clinician", thoughts, at=over - 1) == Deny("emergency-not-opened", (opening,))
    assert story.decide(MOSS, "clinician", thoughts, at=over) == Deny("emergency-not-opened", (opening,), True)
