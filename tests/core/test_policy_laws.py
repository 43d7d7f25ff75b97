"""Laws of the disclosure rule, for all stories."""

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core import subjects
from ledger.core.decisions import Decision, Facts, Permit, Request
from ledger.core.directives import grantee_of, scope_of
from ledger.core.facts import RecordFacts
from ledger.core.instants import DAY, Instant
from ledger.core.people import PersonFacts, PolicyFacts, TeamFacts
from ledger.core.policy import judge_of
from ledger.core.said import Said
from tests.core.random_stories import READERS, Told, spans, stories, unrelated
from tests.core.rule_for_carers import carer_may_see
from tests.core.story import AMINA, JOY, RECORD, SAM, TEAMS, Story, named

laws = settings(max_examples=300, deadline=None)
bytes_ = st.integers(0, 255)
Reader = tuple[str, str]


def decisions(facts: Facts, reader: Reader, items: list[str], at: int, via: str = "screen") -> dict[str, Decision]:
    who, acting_as = reader
    judge = judge_of(facts, Request(who, acting_as, Instant(at), via))
    return {item: judge(item) for item in items} | {"the record": judge.whole}


def permitted(told: Told, reader: Reader, at: int, via: str = "screen") -> set[str]:
    found = decisions(told.story.facts(reader[0]), reader, told.items, at, via)
    return {item for item, decision in found.items() if isinstance(decision, Permit)}


def has_directive(told: Told, grantee: dict[str, str], scope: dict[str, str]) -> bool:
    key = {"grantee": grantee, "scope": scope}
    return told.story.facts(AMINA).record.current_directive(grantee_of(key), scope_of(key)) is not None


@laws
@given(stories, bytes_, bytes_, spans)
def test_an_unconditional_share_never_narrows(told: Told, a: int, b: int, later: int) -> None:
    scope, grantee, at = told.scope(a), told.grantee(b), told.story.now + later
    if has_directive(told, grantee, scope):
        return
    before = {reader: permitted(told, reader, at) for reader in READERS}
    told.story.share(scope, grantee)
    for reader in READERS:
        assert before[reader] <= permitted(told, reader, at)


@laws
@given(stories, bytes_, bytes_, spans)
def test_a_withhold_never_widens(told: Told, a: int, b: int, later: int) -> None:
    scope, grantee, at = told.scope(a), told.grantee(b), told.story.now + later
    if has_directive(told, grantee, scope):
        return
    before = {reader: permitted(told, reader, at) for reader in READERS}
    told.story.withhold(scope, grantee)
    for reader in READERS:
        assert permitted(told, reader, at) <= before[reader]


@laws
@given(stories, spans)
def test_unrelated_statements_do_not_matter(told: Told, later: int) -> None:
    at = told.story.now + later
    before = {reader: decisions(told.story.facts(reader[0]), reader, told.items, at) for reader in READERS}
    unrelated(told.story)
    for reader in READERS:
        assert decisions(told.story.facts(reader[0]), reader, told.items, at) == before[reader]


@laws
@given(stories, spans)
def test_a_decision_depends_on_nothing_outside_its_guards(told: Told, later: int) -> None:
    unrelated(told.story)
    at = told.story.now + later
    for reader in READERS:
        whole = decisions(told.story.facts(reader[0]), reader, told.items, at)
        assert decisions(_guarded_facts(told.story, reader[0]), reader, told.items, at) == whole


def _guarded_facts(story: Story, viewer: str) -> Facts:
    """The facts folded from nothing but statements that bump a counter which the decision guards."""
    guarded = {
        subjects.contents_of(RECORD),
        subjects.relations_of(RECORD),
        subjects.person(viewer),
        subjects.cases_of(viewer),
        subjects.POLICY,
        *(subjects.team(name) for name in TEAMS),
    }
    said = [one for one in story.said if guarded & set(subjects.subjects_of(one.type, one.facts))]
    teams = {name: TeamFacts.of(name, said) for name in TEAMS}
    return Facts(RecordFacts.of(RECORD, said), PersonFacts.of(viewer, said), teams, PolicyFacts.of(said))


@laws
@given(stories, spans)
def test_evidence_is_of_the_ledger_and_deciding_changes_no_facts(told: Told, later: int) -> None:
    for reader in READERS:
        facts = told.story.facts(reader[0])
        found = decisions(facts, reader, told.items, told.story.now + later)
        assert facts == told.story.facts(reader[0])
        for decision in found.values():
            assert list(decision.evidence) == sorted(set(decision.evidence))
            assert all(0 <= position < len(told.story.said) for position in decision.evidence)
            assert decision.evidence or not isinstance(decision, Permit)


@laws
@given(stories, st.integers(0, 120))
def test_as_of_is_replay_of_the_prefix(told: Told, cut: int) -> None:
    prefix, rest = told.story.said[:cut], told.story.said[cut:]
    grown = RecordFacts.of(RECORD, prefix)
    assert grown == RecordFacts.of(RECORD, prefix)
    grown.extended(rest)
    assert grown == RecordFacts.of(RECORD, told.story.said)
    for who, _ in READERS:
        assert PersonFacts.of(who, prefix).extended(rest) == PersonFacts.of(who, told.story.said)


@laws
@given(stories, bytes_, spans)
def test_a_withdrawal_takes_effect_for_every_later_position(told: Told, which: int, later: int) -> None:
    if not told.directives:
        return
    withdrawn = told.some(told.directives, which)
    [made] = [one.position for one in told.story.said if one.facts.get("directive") == withdrawn][:1]
    told.story.patient("directive-withdrawn/1", directive=withdrawn)
    for reader in READERS:
        found = decisions(told.story.facts(reader[0]), reader, told.items, told.story.now + later)
        assert all(made not in decision.evidence for decision in found.values())


@laws
@given(stories, spans, st.floats(0, 1), spans)
def test_until_is_when_time_alone_ends_a_permit(told: Told, later: int, part: float, far: int) -> None:
    at = told.story.now + later
    for reader in READERS:
        facts = told.story.facts(reader[0])
        now = {i: d for i, d in decisions(facts, reader, told.items, at).items() if isinstance(d, Permit)}
        for end in {decision.until for decision in now.values()}:
            instants = [at + far] if end is None else [end - 1, at + int((end - 1 - at) * part)]
            same = [item for item, decision in now.items() if decision.until == end]
            for instant in instants:
                then = decisions(facts, reader, told.items, instant)
                assert all(isinstance(then[item], Permit) for item in same)
            if end is not None:
                after = decisions(facts, reader, told.items, end)
                assert all(_short(after[item]) != _short(now[item]) for item in same)


def _short(decision: Decision) -> tuple[type[Decision], str, tuple[int, ...]]:
    return type(decision), decision.rule, decision.evidence


@laws
@given(stories, spans, st.sampled_from(["screen", "in-person"]))
def test_a_carer_sees_what_the_slow_model_says(told: Told, later: int, via: str) -> None:
    at = told.story.now + later
    for carer in (SAM, JOY):
        slowly = {
            item for item in told.items if carer_may_see(told.story.said, carer, item, at, on_screen=via == "screen")
        }
        assert permitted(told, (carer, "carer"), at, via) - {"the record"} == slowly


@laws
@given(stories, spans)
def test_nothing_kept_from_the_patient_is_in_a_preview_or_shared_on(told: Told, later: int) -> None:
    at = told.story.now + later
    own = {one.facts["item"] for one in told.story.said if one.type == "item-added/1" and one.author == SAM}
    patients = permitted(told, (AMINA, "patient"), at) | {"the record"}
    assert permitted(told, (SAM, "carer"), at, "preview") <= patients
    assert permitted(told, (SAM, "carer"), at) - own <= patients


@laws
@given(stories, spans)
def test_a_carer_cannot_tell_hidden_items_from_none(told: Told, later: int) -> None:
    at, reader = told.story.now + later, (SAM, "carer")
    seen = permitted(told, reader, at)
    needed = set(seen)
    for one in reversed(told.story.said):  # what a seen item answers must stay, or the item itself would go
        if one.type == "item-added/1" and one.facts["item"] in needed:
            needed.add(one.facts["parent"])
    hidden = set(told.items) - needed
    rest = [one for one in told.story.said if one.facts.get("item") not in hidden]
    assert _permits(rest, told.items, at) == _permits(told.story.said, told.items, at)


@laws
@given(stories, bytes_, spans)
def test_an_erasure_widens_nothing_but_what_it_shows_to_guardians(told: Told, which: int, later: int) -> None:
    erased, at = told.some(told.items, which), told.story.now + later
    before = {reader: permitted(told, reader, at) for reader in READERS}
    told.story.erase(erased)
    for reader in READERS:
        shown = {erased, "the record"} if reader[1] == "guardian" else set()
        assert permitted(told, reader, at) - shown <= before[reader]


@laws
@given(stories, bytes_, spans)
def test_nobody_reads_words_of_an_item_that_are_erased(told: Told, which: int, later: int) -> None:
    erased, at = told.some(told.items, which), told.story.now + later
    told.story.erase(erased)
    for reader in READERS:
        found = decisions(told.story.facts(reader[0]), reader, told.items, at)[erased]
        permits = "guardian" if reader[1] == "guardian" else "erased"
        assert found.rule == permits if isinstance(found, Permit) else reader[1] != "guardian"
        assert not (reader[1] == "carer" and isinstance(found, Permit))


def _permits(said: list[Said], items: list[str], at: int) -> dict[str, Decision]:
    teams = {name: TeamFacts.of(name, said) for name in TEAMS}
    facts = Facts(RecordFacts.of(RECORD, said), PersonFacts.of(SAM, said), teams, PolicyFacts.of(said))
    found = decisions(facts, (SAM, "carer"), [*items, named("no such item")], at)
    return {item: decision for item, decision in found.items() if isinstance(decision, Permit)}


def test_the_stories_reach_every_rule() -> None:
    """The laws would hold of nothing if the stories never came to what they are about."""
    rules: set[str] = set()

    @settings(max_examples=400, deadline=None, derandomize=True, database=None)
    @given(stories, spans)
    def collect(told: Told, later: int) -> None:
        for reader in (*READERS, (JOY, "carer")):
            found = decisions(told.story.facts(reader[0]), reader, told.items, told.story.now + later % (3 * DAY))
            rules.update(decision.rule for decision in found.values())

    collect()
    assert rules >= {
        *("own-record", "own-words", "direct-care", "shared", "emergency", "named-carer", "guardian"),
        *("wrong-record", "working", "flag", "carer-confidence", "withheld:third-party", "online-hidden", "not-yet"),
        *("no-relationship", "sealed-by-patient", "emergency-not-opened", "experience-not-shared", "outside-profile"),
        *("no-consent", "topic-not-shared", "condition-not-met", "withheld-by-patient", "outside-duty", "erased"),
    }
