"""Facts: folds of what was said, in order, each about its own subject."""

import time
from datetime import date

import pytest

from ledger.core.facts import RecordFacts
from ledger.core.instants import DAY, HOUR, Instant, format_instant
from ledger.core.item_facts import lapse_of
from ledger.core.people import DEFAULT_PROFILE, PersonFacts, TeamFacts
from ledger.core.said import OutOfOrder, Said
from ledger.core.terms import KINDS, TOPICS
from tests.core.story import (
    ADA,
    AMINA,
    BERT,
    ITEM,
    JOY,
    LIND,
    OKAFOR,
    PHARMACY,
    PRACTICE,
    RECORD,
    RUTH,
    SAM,
    START,
    named,
    of,
    person,
    practice,
)


def test_a_statement_is_folded_once_and_in_order() -> None:
    story = practice()
    facts = RecordFacts.of(RECORD, story.said)
    for position in (story.said[-1].position, 0):
        with pytest.raises(OutOfOrder, match=f"got {position}, wanted one above {facts.upto}"):
            facts.apply(story.said[position])


def test_what_is_about_somebody_else_moves_nothing_but_the_position() -> None:
    story = practice()
    before, after = RecordFacts.of(RECORD, story.said), RecordFacts.of(RECORD, story.said)
    other = named("another record")
    story.say("record-opened/1", ADA, "administrator", record=other, patient=JOY)
    story.say("carer-named/1", JOY, "patient", record=other, person=AMINA)
    after.extended(story.said[after.upto + 1 :])
    assert after.upto == before.upto + 2
    after.upto = before.upto
    assert after == before


def test_an_item_is_added_once_and_not_below_an_unknown_parent() -> None:
    story = practice()
    first = story.item("note", OKAFOR)
    story.item("note", LIND)
    story.item("orphan", kind="comment", parent=named("nothing"), concern="comment")
    loop = named("loop")
    story.clinician("item-added/1", item=loop, **(ITEM | {"kind": "comment", "parent": loop}))
    facts = story.facts(AMINA).record
    assert list(facts.items) == [first]
    assert facts.items[first].author == OKAFOR
    assert facts.items[first].position == story.said[-4].position


def test_statements_about_unknown_things_change_nothing() -> None:
    story = practice()
    before = story.facts(AMINA).record
    nothing = named("nothing")
    story.patient("directive-withdrawn/1", directive=nothing)
    story.patient("together-ended/1", together=nothing)
    story.patient("carer-ended/1", person=nothing)
    story.clinician("item-topics-set/1", item=nothing, topics=["genetic"])
    story.clinician("emergency-item-opened/1", emergency=nothing, item=nothing)
    after = story.facts(AMINA).record
    after.upto = before.upto
    assert after == before


def test_the_latest_directive_for_a_grantee_and_scope_is_current_and_all_are_remembered() -> None:
    story = practice()
    first = story.share(of("kind", "plan"))
    second = story.withhold(of("kind", "plan"), replaces=first)
    facts = story.facts(AMINA).record
    assert facts.current_directive(("person", SAM), ("kind", "plan")).id == second
    assert set(facts.directives) == {first, second}
    story.patient("directive-withdrawn/1", directive=second)
    assert story.facts(AMINA).record.current_directive(("person", SAM), ("kind", "plan")) is None


def test_a_role_is_approved_by_a_second_administrator_only() -> None:
    story = practice()
    story.role(LIND, "auditor", approved=False)
    for approver in (ADA, LIND):
        story.say("role-approved/1", approver, "administrator", person=LIND, role="auditor")
        assert PersonFacts.of(LIND, story.said).role("auditor", story.now) is None
    approved = story.say("role-approved/1", BERT, "administrator", person=LIND, role="auditor")
    assert PersonFacts.of(LIND, story.said).role("auditor", story.now).evidence[-1] == approved
    # A second grant needs an approval of its own; the first one keeps counting.
    story.say("role-granted/1", BERT, "administrator", person=LIND, role="auditor", from_=START, until=None)
    facts = PersonFacts.of(LIND, story.said)
    assert facts.pending("auditor").grantor == BERT
    assert facts.role("auditor", story.now) is not None


def test_a_team_remembers_who_was_a_member_when() -> None:
    story = practice()
    joined = story.join(SAM, PHARMACY, from_=START, until=START + 10 * DAY)
    left_at = START + 2 * DAY
    story.now = Instant(left_at)
    left = story.say("team-left/1", ADA, "administrator", team=PHARMACY, person=SAM)
    again = story.join(SAM, PHARMACY, from_=START + 3 * DAY)
    team = TeamFacts.of(PHARMACY, story.said)
    at = story.said[left].recorded_at
    assert team.member(SAM, START).evidence == (joined,)
    assert team.member(SAM, at) is None
    assert team.member(SAM, START + 3 * DAY).evidence == (again,)
    assert PersonFacts.of(SAM, story.said).current_teams(START + 3 * DAY)[0][0] == PHARMACY
    assert PersonFacts.of(OKAFOR, story.said).current_teams(story.now)[0][0] == PRACTICE


def test_an_auditor_has_the_cases_that_are_theirs() -> None:
    story = practice()
    for auditor in (RUTH, JOY):
        case = {"case": named(f"case of {auditor}"), "auditor": auditor, "record": RECORD, "person": None}
        story.say("case-assigned/2", ADA, "administrator", from_=START, until=None, period=None, **case)
    assert list(PersonFacts.of(RUTH, story.said).cases) == [named(f"case of {RUTH}")]


def test_the_default_profile_is_everything_and_an_unknown_one_is_nothing() -> None:
    policy = practice().facts(AMINA).policy
    assert policy.profile(None)[0] is DEFAULT_PROFILE
    assert all(DEFAULT_PROFILE.covers(kind, TOPICS) for kind in KINDS)
    assert not any(policy.profile("nobody-set-it")[0].covers(kind, ()) for kind in KINDS)


@pytest.mark.parametrize(
    ("opinion", "lapse"),
    [
        ("2026-01-01", "2026-07-29"),
        ("2026-08-15", "2027-03-15"),
        ("2026-08-31", "2027-03-28"),  # there is no 31 February: the last day of it
        ("2023-08-31", "2024-03-28"),
        ("9999-12-31", "9998-07-28"),  # the calendar ends; the authority refuses an opinion to come
    ],
)
def test_six_months_and_28_days_after_an_opinion(opinion: str, lapse: str) -> None:
    assert format_instant(lapse_of(date.fromisoformat(opinion)))[:10] == lapse


def test_a_record_of_ten_thousand_items_folds_at_under_100_microseconds_each() -> None:
    """Measured at 4; the bound is loose because the machine is shared, and tight enough to see a quadratic fold."""
    story = practice()
    said = [*story.said, *_notes(story.said[-1].position + 1, 10_000)]
    begun = time.process_time()
    facts = RecordFacts.of(RECORD, said)
    assert time.process_time() - begun < 100e-6 * len(said)
    assert len(facts.items) == 10_000


def _notes(first: int, count: int) -> list[Said]:
    return [
        Said(n, START, START, "item-added/1", OKAFOR, "clinician", {"record": RECORD, "item": named(str(n)), **ITEM})
        for n in range(first, first + count)
    ]


def test_care_and_emergencies_are_known_by_name() -> None:
    story = practice()
    care = story.care(person(LIND), until=START + HOUR)
    facts = story.facts(AMINA).record
    assert facts.care[story.said[care].facts["care"]].term.ends == START + HOUR
    story.say("care-ended/1", ADA, "administrator", record=RECORD, care=story.said[care].facts["care"])
    assert story.said[care].facts["care"] not in story.facts(AMINA).record.care
