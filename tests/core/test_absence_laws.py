"""Laws of the disclosure rule, for all stories: what a decision rests on, what time does to it, and what it gives away.

Each law is a function of one case; the test near the end tries every one on each of many cases.
"""

from hypothesis import given, settings

from ledger.core import subjects
from ledger.core.decisions import Decision, Deny, Permit, Request, leaves_trace
from ledger.core.facts import RecordFacts
from ledger.core.instants import DAY
from ledger.core.people import PersonFacts
from ledger.core.said import Said
from tests.core.laws import MANY, Case, Law, after, cases
from tests.core.random_stories import READERS, Told, spans, stories, unrelated
from tests.core.random_told import VERA
from tests.core.seen import WHOLE, Reader, Seen
from tests.core.slow_model.look import Look
from tests.core.slow_model.rule import may_see
from tests.core.story import AMINA, JOY, LIND, RECORD, RUTH, SAM, TEAMS, named

WITHOUT_TRACE: tuple[Reader, ...] = ((SAM, "carer"), (JOY, "attorney"), (VERA, "attorney"), (AMINA, "patient"))
MODELLED: tuple[Reader, ...] = ((SAM, "carer"), *READERS, (JOY, "carer"), (LIND, "clinician"), (RUTH, "auditor"))
LAWS: list[Law] = []


def law(function: Law) -> Law:
    LAWS.append(function)
    return function


@law
def every_reader_sees_what_the_slow_model_says(case: Case) -> None:
    for n in (0, case.dice[1]):
        _compare(case, MODELLED[n % len(MODELLED)], *case.dice[2:4])


def _compare(case: Case, reader: Reader, b: int, c: int) -> None:
    told = case.story
    via, purpose = ("screen", "in-person", "preview", "trail")[b % 4], (None, "appointment", "own-record")[c % 3]
    named_case = told.some(told.cases, c) if reader[1] == "auditor" else None
    judge = case.before.judge(reader, case.at, via, case=named_case, purpose=purpose)
    look = Look(tuple(told.story.said), RECORD, *reader, case.at, via, purpose, named_case)
    for item, decision in [(None, judge.whole), *((item, judge(item)) for item in told.items)]:
        model = may_see(look, item)
        same = model == f"+{decision.rule}" if isinstance(decision, Permit) else model.startswith("-")
        assert same, (look.by(*reader), item, decision, model)


@law
def a_decision_depends_on_nothing_outside_its_guards(case: Case) -> None:
    """Unrelated statements do not matter; and those that bump a counter which it guards suffice to make it again."""
    told = case.told()
    unrelated(told.story)
    seen = after(told, case)
    for reader in case.readers():
        expected = case.before.by(reader, case.at)
        assert seen.by(reader, case.at) == expected
        assert Seen(_guarded(told.story.said, reader[0]), told.items).by(reader, case.at) == expected


def _guarded(said: list[Said], viewer: str) -> list[Said]:
    guarded = {
        subjects.contents_of(RECORD),
        subjects.relations_of(RECORD),
        subjects.person(viewer),
        subjects.cases_of(viewer),
        subjects.POLICY,
        *(subjects.team(name) for name in TEAMS),
    }
    return [one for one in said if guarded & set(subjects.subjects_of(one.type, one.facts))]


@law
def evidence_is_of_the_ledger_and_deciding_changes_no_facts(case: Case) -> None:
    positions = set(range(len(case.story.story.said)))
    for reader in case.readers():
        for decision in case.before.by(reader, case.at).values():
            assert list(decision.evidence) == sorted(set(decision.evidence))
            assert positions.issuperset(decision.evidence)
            assert decision.evidence or not isinstance(decision, Permit)
    assert case.before.record == RecordFacts.of(RECORD, case.story.story.said)


@law
def who_may_see_an_item_may_open_the_record(case: Case) -> None:
    """But for those who wrote nothing but what was erased: they see that it was, and need no record for that."""
    for reader in case.readers():
        permits = case.before.permits(reader, case.at)
        assert not permits or WHOLE in permits or {one.rule for one in permits.values()} == {"erased"}


@law
def as_of_is_replay_of_the_prefix(case: Case) -> None:
    """Facts that have grown are those that are folded anew at a position, and so is what somebody could see there."""
    said, items = case.story.story.said, case.story.items
    cut = 32 + case.dice[1] % max(1, len(said) - 32)
    grown, anew, readers = Seen(said[:cut], items), Seen(said[:cut], items), case.readers()
    assert [grown.by(reader, case.at) for reader in readers] == [anew.by(reader, case.at) for reader in readers]
    assert grown.record.extended(said[cut:]) == case.before.record
    for who, _ in readers:
        assert PersonFacts.of(who, said[:cut]).extended(said[cut:]) == PersonFacts.of(who, said)


@law
def until_is_when_time_alone_ends_a_permit(case: Case) -> None:
    for reader in case.readers()[:2]:
        now = case.before.permits(reader, case.at)
        for end in {permit.until for permit in now.values()}:
            part = case.dice[1] / 255
            instants = [case.at + case.span] if end is None else [end - 1, case.at + int((end - 1 - case.at) * part)]
            same = {item for item, permit in now.items() if permit.until == end}
            assert all(same <= case.before.permitted(reader, instant) for instant in instants)
            if end is not None:
                then = case.before.by(reader, end)
                assert all(_short(then[item]) != _short(now[item]) for item in same)


def _short(decision: Decision) -> tuple[type[Decision], str, tuple[int, ...]]:
    return type(decision), decision.rule, decision.evidence


@law
def time_alone_opens_nothing_that_is_withheld(case: Case) -> None:
    """But for secrets that are bounded, a team that one leaves, and a power or an assessment that begins."""
    reader = [one for one in READERS if one[1] in ("patient", "carer", "parent")][case.dice[1] % 3]
    then = case.before.permitted(reader, case.at + case.span)
    for item, decision in case.before.by(reader, case.at).items():
        if isinstance(decision, Deny) and decision.rule in FOR_GOOD and not _by_term(case, decision):
            assert item not in then, (reader, decision)


FOR_GOOD = {
    *("wrong-record", "flag", "erased", "withheld:third-party", "withheld:safeguarding", "withheld-by-patient"),
    *("frozen", "after-death"),
}
"""Refusals that only a statement ends. A wish, a term that is to come or a bounded secret ends the others."""


def _by_term(case: Case, decision: Deny) -> bool:
    """Does the refusal rest on a membership that ends?"""
    return any(case.story.story.said[position].type == "team-joined/1" for position in decision.evidence)


@law
def nothing_kept_from_the_patient_is_in_a_preview_or_shared_on(case: Case) -> None:
    seen = case.before
    if seen.record.representation.died is not None:
        return  # a preview is the patient's, and sharing is over
    patients = seen.permitted((AMINA, "patient"), case.at)
    assert seen.permitted((SAM, "carer"), case.at, "preview") <= patients
    for reader in ((SAM, "carer"), (JOY, "attorney"), (VERA, "attorney"), (VERA, "parent")):
        shared = {item for item, permit in seen.permits(reader, case.at).items() if permit.rule in SHARED_ON}
        assert shared - {WHOLE} <= patients


SHARED_ON = ("shared", "best-interests", "attorney", "parent", "parent-reviewed")


@law
def nobody_can_tell_what_is_hidden_without_trace_from_nothing(case: Case) -> None:
    """With the hidden items left out of the ledger, every decision that shows is the same: rule, evidence, end."""
    said, items = case.story.story.said, case.story.items
    for reader in (WITHOUT_TRACE[case.dice[1] % 4], (SAM, "carer")):
        shown = _shown(case.before, reader, case)
        needed = set(shown)
        for one in reversed(said):  # what a shown item answers must stay, or the item itself would go
            if one.type == "item-added/1" and one.facts["item"] in needed:
                needed.add(one.facts["parent"])
        rest = [one for one in said if one.facts.get("item") not in set(items) - needed]
        assert _shown(Seen(rest, items), reader, case) == shown


def _shown(seen: Seen, reader: Reader, case: Case) -> dict[str, Decision]:
    """What is permitted, and what is refused with a trace."""
    request, found = Request(*reader, case.at), Seen(seen.said, [*seen.items, named("no such item")])
    shown = found.by(reader, case.at).items()
    return {item: one for item, one in shown if isinstance(one, Permit) or leaves_trace(one, request)}


@law
def carers_are_left_no_trace_and_told_of_no_matter(case: Case) -> None:
    matters = sorted(set(case.before.record.matters) - set(case.story.items))
    for reader in ((SAM, "carer"), (JOY, "carer"), (VERA, "attorney")):
        judge, request = case.before.judge(reader, case.at), Request(*reader, case.at)
        refused = [one for one in map(judge, [*case.story.items, *matters]) if isinstance(one, Deny)]
        assert not any(leaves_trace(one, request) for one in refused)
        assert reader[1] != "carer" or all(isinstance(judge(matter), Deny) for matter in matters)


@MANY
@given(cases)
def test_the_laws_of_one_story(case: Case) -> None:
    for one in LAWS:
        one(case)


def test_the_stories_reach_every_rule() -> None:
    """The laws would hold of nothing if the stories never came to what they are about."""
    rules: set[str] = set()

    @settings(max_examples=1000, deadline=None, derandomize=True, database=None)
    @given(stories, spans)
    def collect(told: Told, later: int) -> None:
        seen = Seen(told.story.said, told.items)
        for reader in (*READERS, (JOY, "carer")):
            found = seen.by(reader, told.story.now + later % (3 * DAY))
            rules.update(decision.rule for decision in found.values())

    collect()
    assert rules >= {
        *("own-record", "own-words", "direct-care", "shared", "emergency", "named-carer", "guardian"),
        *("wrong-record", "working", "flag", "carer-confidence", "withheld:third-party", "online-hidden", "not-yet"),
        *("no-relationship", "sealed-by-patient", "emergency-not-opened", "experience-not-shared", "outside-profile"),
        *("no-consent", "topic-not-shared", "condition-not-met", "withheld-by-patient", "outside-duty", "erased"),
        *("attorney", "parent", "named-parent", "parent-reviewed", "young-persons-own", "best-interests"),
        *("released", "after-death", "frozen", "asked", "no-role"),
    }
