"""Who sees what, as people go on saying things: the rule against the slow model of it, after every statement.

What nobody may say is offered too, and changes nothing. A view that somebody opened stays what it was for as long as
its guards say so. ``WHO_SEES_EXAMPLES`` and ``WHO_SEES_STEPS`` make the run longer by hand.
"""

import os
from dataclasses import replace
from random import Random
from typing import NamedTuple

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from ledger.core import subjects
from ledger.core.decisions import Decision, Permit, Request
from ledger.core.facts import RecordFacts
from ledger.core.instants import DAY, Instant
from ledger.core.people import PersonFacts
from ledger.core.policy import judge_of
from ledger.core.vocabulary import STATEMENT_TYPES
from tests.core import random_stories as acts
from tests.core.admitted_story import AdmittedStory
from tests.core.random_told import VERA, Told
from tests.core.slow_model.look import Look
from tests.core.slow_model.rule import may_see
from tests.core.story import AMINA, GRETA, JOY, LIND, MOSS, OKAFOR, RECORD, RUTH, SAM, TEAMS

EXAMPLES, STEPS = int(os.environ.get("WHO_SEES_EXAMPLES", "60")), int(os.environ.get("WHO_SEES_STEPS", "30"))
CARERS, CLINICIANS = ((SAM, "carer"), (JOY, "carer")), ((OKAFOR, "clinician"), (MOSS, "clinician"))
OTHERS = (
    (LIND, "clinician"),
    (JOY, "attorney"),
    (VERA, "attorney"),
    (VERA, "parent"),
    (VERA, "carer"),
    (RUTH, "auditor"),
    (GRETA, "guardian"),
    (SAM, "patient"),
)
bytes_ = st.integers(0, 255)


class View(NamedTuple):
    """What somebody was permitted to see, when, and how much had been said."""

    request: Request
    permitted: dict[str, Permit]
    upto: int


class WhoSeesWhat(RuleBasedStateMachine):
    """Statements, sessions, and the views of three readers after each; now and then those of others."""

    told: Told
    views: list[View]

    @initialize(theme=bytes_)
    def begin(self, theme: int) -> None:
        self.told, self.views = acts.begin(AdmittedStory(), theme), []
        self.theme = acts.THEMES[theme % len(acts.THEMES)] or acts.ACTS

    @property
    def story(self) -> AdmittedStory:
        story = self.told.story
        assert isinstance(story, AdmittedStory)
        return story

    @rule(which=bytes_, a=bytes_, b=bytes_, c=bytes_)
    def somebody_writes(self, which: int, a: int, b: int, c: int) -> None:
        self._say(acts.WRITING[which % len(acts.WRITING)], a, b, c)

    @rule(which=bytes_, a=bytes_, b=bytes_, c=bytes_)
    def the_patient_shares_or_withholds(self, which: int, a: int, b: int, c: int) -> None:
        self._say(acts.SHARING[which % len(acts.SHARING)], a, b, c)

    @rule(which=bytes_, a=bytes_, b=bytes_, c=bytes_)
    def a_professional_keeps_something(self, which: int, a: int, b: int, c: int) -> None:
        self._say(acts.KEEPING[which % len(acts.KEEPING)], a, b, c)

    @rule(which=bytes_, a=bytes_, b=bytes_, c=bytes_)
    def people_come_and_go(self, which: int, a: int, b: int, c: int) -> None:
        self._say(acts.AROUND[which % len(acts.AROUND)], a, b, c)

    @rule(which=bytes_, a=bytes_, b=bytes_, c=bytes_)
    def somebody_decides_or_dies(self, which: int, a: int, b: int, c: int) -> None:
        self._say(acts.DECIDING[which % len(acts.DECIDING)], a, b, c)

    @rule(which=bytes_, a=bytes_, b=bytes_, c=bytes_)
    def somebody_oversees(self, which: int, a: int, b: int, c: int) -> None:
        self._say(acts.OVERSEEING[which % len(acts.OVERSEEING)], a, b, c)

    @rule(which=bytes_, a=bytes_, b=bytes_, c=bytes_)
    def the_story_goes_on(self, which: int, a: int, b: int, c: int) -> None:
        """What its theme is about is said more often than the rest."""
        self._say(self.theme[which % len(self.theme)], a, b, c)

    def _say(self, act: acts.Act, a: int, b: int, c: int) -> None:
        """Say it; what is refused leaves what was said as it was."""
        before, admitted_before = list(self.story.said), self.story.admitted.total()
        act(self.told, a, b, c)
        assert self.story.said[: len(before)] == before
        assert len(self.story.said) - len(before) == self.story.admitted.total() - admitted_before

    @rule(a=bytes_, span=st.integers(0, 40 * DAY))
    def time_passes(self, a: int, span: int) -> None:
        acts.wait(self.told, a, 0, 0)
        self.story.now = Instant(self.story.now + (span if a % 8 == 0 else 0))

    @invariant()
    def three_readers_see_what_the_model_says(self) -> None:
        turn = len(self.story.said)
        for who, acting_as in ((AMINA, "patient"), CARERS[turn % 3 == 0], CLINICIANS[turn % 2]):
            self._compare(Request(who, acting_as, self.story.now))

    @rule(other=st.sampled_from(OTHERS), later=acts.spans, case=bytes_, via=st.sampled_from(["screen", "in-person"]))
    def another_reader_sees_what_the_model_says(self, other: tuple[str, str], later: int, case: int, via: str) -> None:
        at, named = Instant(self.story.now + later), self.told.some(self.told.cases, case)
        self._compare(Request(*other, at, via, case=named if other[1] == "auditor" else None))

    @rule(carer=st.sampled_from(CARERS), via=st.sampled_from(["preview", "trail", "in-person"]), later=acts.spans)
    def a_carer_looks_in_another_way(self, carer: tuple[str, str], via: str, later: int) -> None:
        self._compare(Request(*carer, Instant(self.story.now + later), via))

    def _compare(self, request: Request) -> None:
        judge = judge_of(self.story.facts(request.viewer), request)
        look = Look(
            tuple(self.story.said),
            RECORD,
            request.viewer,
            request.acting_as,
            request.at,
            request.via,
            case=request.case,
        )
        assert same(judge.whole, may_see(look, None)), (request, judge.whole, may_see(look, None))
        for item in self.told.items:
            assert same(judge(item), may_see(look, item)), (request, item, judge(item), may_see(look, item))

    @rule(reader=st.sampled_from((*CARERS, *CLINICIANS, (AMINA, "patient"), (VERA, "attorney"), (VERA, "parent"))))
    def somebody_opens_a_view(self, reader: tuple[str, str]) -> None:
        request = Request(*reader, self.story.now)
        self.views.append(View(request, self._permitted(request), len(self.story.said)))

    def _permitted(self, request: Request) -> dict[str, Permit]:
        judge = judge_of(self.story.facts(request.viewer), request)
        found = {item: judge(item) for item in self.told.items}
        return {item: decision for item, decision in found.items() if isinstance(decision, Permit)}

    @invariant()
    def views_stand_until_their_guards_fall_or_their_time_is_up(self) -> None:
        standing = [view for view in self.views if not self._is_touched(view)]
        for view in standing:
            now = self._permitted(replace(view.request, at=self.story.now))
            lasting = {i for i, one in view.permitted.items() if one.until is None or self.story.now < one.until}
            assert lasting <= set(now)
        self.views = standing

    def _is_touched(self, view: View) -> bool:
        guarded = guards_of(view.request.viewer)
        since = self.story.said[view.upto :]
        return any(guarded & set(subjects.subjects_of(one.type, one.facts)) for one in since)

    def teardown(self) -> None:
        if not hasattr(self, "told"):
            return
        said = self.story.said
        assert self.story.record == RecordFacts.of(RECORD, said)
        assert all(self.story.people[who] == PersonFacts.of(who, said) for who in (SAM, MOSS, VERA))


def guards_of(viewer: str) -> set[subjects.Subject]:
    """The counters that a decision about the record guards."""
    return {
        subjects.contents_of(RECORD),
        subjects.relations_of(RECORD),
        subjects.person(viewer),
        subjects.cases_of(viewer),
        subjects.POLICY,
        *(subjects.team(name) for name in TEAMS),
    }


def same(decision: Decision, model: str) -> bool:
    """Permit as the model does, by the same rule; a refusal may have several reasons, and name another of them."""
    return model == f"+{decision.rule}" if isinstance(decision, Permit) else model.startswith("-")


def test_who_sees_what_as_people_go_on_saying_things() -> None:
    long_enough = settings(max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None)
    run_state_machine_as_test(WhoSeesWhat, settings=long_enough)  # type: ignore[no-untyped-call]


def test_the_steps_come_to_all_that_can_be_said_about_who_sees_what() -> None:
    """The machine would show nothing about what is always refused: each type is admitted now and then."""
    chance, admitted, refused = Random(7), set[str](), set[str]()
    for theme in range(200):
        told, often = acts.begin(AdmittedStory(), theme), acts.THEMES[theme % len(acts.THEMES)] or acts.ACTS
        for n in range(24):
            chance.choice((often, acts.ACTS)[n % 2])(told, *chance.randbytes(3))
        story = told.story
        assert isinstance(story, AdmittedStory)
        admitted |= set(story.admitted)
        refused |= {rule for _, rule in story.refused}
    about = {name for name, one in STATEMENT_TYPES.items() if one.aggregate in ("sharing", "representation", "care")}
    assert admitted >= about - NOT_ABOUT_SEEING
    assert admitted >= {
        "item-added/1",
        "item-topics-set/1",
        "withholding-made/1",
        "withholding-lifted/1",
        "result-held/1",
    }
    assert refused >= {"lacks-capacity", "replaced-not-current", "not-dead", "same-team", "not-in-care", "unknown-item"}


NOT_ABOUT_SEEING = {
    *("record-opened/1", "emergency-opened/1", "carer-conversation-held/1", "notice-delayed/1"),
}
"""Said before the story begins, said no more, or of no weight for who sees an item."""
