"""Presets over random directives: exactly what is meant is visible afterwards, and never more in between."""

import os
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.authority import may_say
from ledger.core.decisions import Facts, Permit, Request
from ledger.core.directives import ALL_CARERS as ALL
from ledger.core.directives import Grantee, Scope
from ledger.core.facts import RecordFacts
from ledger.core.instants import DAY, HOUR, SECOND, Instant
from ledger.core.item_facts import Item, lineage
from ledger.core.people import PersonFacts
from ledger.core.policy import judge_of
from ledger.core.presets import EVERYTHING_EXCEPT, KINDS_OF, PRESETS, Chosen, Step, steps_of
from ledger.core.said import Said
from ledger.use_cases.presets import scope_as_said
from tests.core.story import ALL_CARERS, AMINA, FAMILY, RECORD, SAM, SERVICE, Story, named, person, practice, team
from tests.core.story import named as name_of

EXAMPLES = int(os.environ.get("LEDGER_PRESET_EXAMPLES", "120"))
GRANTEES = (person(SAM), team(FAMILY), ALL_CARERS)
TERMS: dict[str, dict[str, Any]] = {
    "plain": {},
    "together": {"condition": {"kind": "together"}},
    "when unwell": {"condition": {"kind": "when-unwell"}},
    "over": {"until": -HOUR},
    "for a day": {"until": DAY},
    "not yet": {"from_": DAY},
}


@cache
def _told() -> Story:
    """Amina's record with items of some kinds, some of them sensitive, some of them answered."""
    story = practice()
    for title, facts in {
        "tablets": {"kind": "medicine"},
        "tablets for mood": {"kind": "medicine", "topics": ["mental-health"]},
        "review": {"kind": "note"},
        "clinic": {"kind": "note", "topics": ["mental-health", "sexual-health"]},
        "plan": {"kind": "plan-for-carers"},
        "letter": {"kind": "letter"},
    }.items():
        story.item(title, **facts)
    for title, above in (("on tablets", "tablets"), ("on clinic", "clinic"), ("again", "on tablets")):
        story.item(title, AMINA, "patient", kind="comment", parent=named(above), concern="comment")
    return story


ITEMS = ("tablets", "tablets for mood", "review", "clinic", "plan", "letter", "on tablets", "on clinic", "again")
PARTS: tuple[Scope, ...] = (
    *(("item", name_of(title)) for title in ITEMS),
    *(("kind", kind) for kind in ("medicine", "note", "plan-for-carers", "letter", "comment")),
    *(("topic", topic) for topic in ("mental-health", "sexual-health")),
)
SCOPES: tuple[Scope, ...] = (*PARTS, ("everything", ""))

directed = st.dictionaries(
    st.tuples(st.sampled_from(range(3)), st.sampled_from(SCOPES)),
    st.sampled_from([*TERMS, "withhold"]),
    max_size=14,
)
ticks = st.frozensets(st.sampled_from(PARTS), max_size=3)


class Shelf:
    """Amina's record as it is shared, to which steps are said; what Sam sees of it, and what she may say."""

    def __init__(self, directives: dict[tuple[int, Scope], str], *, member: bool, together: bool) -> None:
        self.story = Story()
        self.story.said, self.story.now = list(_told().said), _told().now
        if member:
            self.story.join(SAM, FAMILY)
        if together:
            self.story.patient("together-started/1", together=named("t"), person=SAM, until=self.story.now + HOUR)
        for (to, scope), how in directives.items():
            terms = {name: self._placed(value) for name, value in TERMS.get(how, {}).items()}
            effect = "withhold" if how == "withhold" else "share"
            self.story.directive(effect, scope_as_said(scope), GRANTEES[to], **terms)
        self.teams = [FAMILY] if member else []
        self.record = RecordFacts.of(RECORD, self.story.said)
        self._sam = replace(self.story.facts(SAM), record=self.record)
        self._amina = replace(self.story.facts(AMINA, subject=SAM), record=self.record)

    def _placed(self, value: Any) -> Any:
        return self.story.now + value if isinstance(value, int) else value

    def seen(self) -> frozenset[str]:
        """What Sam sees."""
        judge = judge_of(self._sam, Request(SAM, "carer", self.story.now))
        return frozenset(item for item in self.record.items if isinstance(judge(item), Permit))

    def steps(self, chosen: Chosen) -> list[Step]:
        judge = judge_of(self._amina, Request(AMINA, "patient", self.story.now))
        sees = {item for item in self.record.items if isinstance(judge(item), Permit)}
        return steps_of(self.record, chosen, self.story.now, teams=self.teams, sees=sees.__contains__)

    def say(self, step: Step) -> None:
        """Say a step, which must be allowed."""
        said = self._statement(step)
        decision = may_say(self._amina, said, service=SERVICE)
        assert isinstance(decision, Permit), (step, decision)
        self.story.said.append(said)
        self.record.apply(said)

    def _statement(self, step: Step) -> Said:
        about: dict[str, Any] = {"record": RECORD}
        type_ = {"freeze": "sharing-frozen/1", "stop": "sharing-stopped/1", "withdraw": "directive-withdrawn/1"}.get(
            step.does, "directive-made/1"
        )
        if step.does == "freeze":
            about["person"] = SAM
        if step.does == "withdraw":
            about["directive"] = step.directive
        if type_ == "directive-made/1":
            assert step.scope is not None
            unless_said = {"from": None, "until": None, "condition": None, "hidden": False}
            terms = {"effect": step.does, "scope": scope_as_said(step.scope), "replaces": step.directive}
            new = named(f"step {len(self.story.said)}")
            about |= {"directive": new, "grantee": person(SAM), **unless_said, **terms}
        self.story.now = Instant(self.story.now + SECOND)
        now = self.story.now
        return Said(len(self.story.said), now, now, type_, AMINA, "patient", about)


def meant(shelf: Shelf, chosen: Chosen) -> frozenset[str]:
    """What Sam is to see: written apart from the code, item by item."""
    return frozenset(
        item.id
        for item in shelf.record.items.values()
        if all(_is_meant(shelf, chosen, above) for above in lineage(item))
    )


def _is_meant(shelf: Shelf, chosen: Chosen, item: Item) -> bool:
    kinds = KINDS_OF.get(chosen.preset)
    of_kind = ("kind", item.kind) not in chosen.ticked if kinds is None else item.kind in kinds
    by_name = item.scope in chosen.ticked or _is_withheld_by_name(shelf, item)
    return of_kind and not item.topics and not by_name


def _is_withheld_by_name(shelf: Shelf, item: Item) -> bool:
    for grantee in _nearest_first(shelf):
        made = shelf.record.current_directive(grantee, item.scope)
        if made is not None:
            return not made.shares
    return False


def _nearest_first(shelf: Shelf) -> Iterator[Grantee]:
    yield "person", SAM
    yield from (("team", one) for one in shelf.teams)
    yield ALL


chosen_views = st.one_of(
    st.sampled_from(sorted(KINDS_OF)).map(lambda preset: Chosen(preset, SAM)),
    ticks.map(lambda ticked: Chosen(EVERYTHING_EXCEPT, SAM, ticked)),
)


@settings(max_examples=EXAMPLES, deadline=None)
@given(directed, chosen_views, st.booleans(), st.booleans())
def test_after_a_preset_exactly_what_it_means_is_visible_and_never_more_in_between(
    directives: dict[tuple[int, Scope], str], chosen: Chosen, member: bool, together: bool
) -> None:
    shelf = Shelf(directives, member=member, together=together)
    before, after = shelf.seen(), meant(shelf, chosen)
    for step in shelf.steps(chosen):
        shelf.say(step)
        assert shelf.seen() <= before | after, step
    assert shelf.seen() == after
    assert shelf.steps(chosen) == []


@settings(max_examples=EXAMPLES // 4, deadline=None)
@given(directed, st.sampled_from(PRESETS), ticks, st.booleans())
def test_each_step_is_still_the_next_when_it_is_its_turn(
    directives: dict[tuple[int, Scope], str], preset: str, ticked: frozenset[Scope], member: bool
) -> None:
    shelf = Shelf(directives, member=member, together=False)
    chosen = Chosen(preset, SAM, ticked if preset == EVERYTHING_EXCEPT else frozenset())
    planned = shelf.steps(chosen)
    while left := shelf.steps(chosen):
        assert left == planned
        shelf.say(planned.pop(0))
    assert planned == []


@settings(max_examples=EXAMPLES // 4, deadline=None)
@given(directed, chosen_views, st.booleans())
def test_a_carer_who_is_frozen_or_suspended_sees_nothing_more_by_a_preset(
    directives: dict[tuple[int, Scope], str], chosen: Chosen, suspended: bool
) -> None:
    shelf = Shelf(directives, member=True, together=False)
    type_ = "carer-suspended/1" if suspended else "sharing-frozen/1"
    shelf.story.patient(type_, person=SAM)
    shelf.record.apply(shelf.story.said[-1])
    new = shelf.story.item("since", kind="medicine")
    shelf.record.apply(shelf.story.said[-1])
    for step in shelf.steps(chosen):
        shelf.say(step)
    assert new not in shelf.seen()
    if suspended:
        assert not shelf.seen()


@pytest.mark.parametrize(("child", "parent"), [("on tablets", "tablets"), ("again", "on tablets")])
def test_an_item_closes_before_what_answers_it(child: str, parent: str) -> None:
    # Withdrawn first, the share of the answer that is not met would fall through to its kind, and its parent is open.
    directives = {
        (0, ("item", named(parent))): "plain",
        (0, ("item", named(child))): "together",
        (0, ("everything", "")): "plain",
    }
    shelf = Shelf(directives, member=False, together=False)
    before = shelf.seen()
    chosen = Chosen(EVERYTHING_EXCEPT, SAM, frozenset({("kind", "medicine")}))
    for step in shelf.steps(chosen):
        shelf.say(step)
        assert shelf.seen() <= before | meant(shelf, chosen)
    assert named(child) not in shelf.seen()


@pytest.mark.parametrize("preset", ["freeze", "stop"])
def test_freeze_and_stop_are_one_statement_each(preset: str) -> None:
    shelf = Shelf({(0, ("everything", "")): "plain", (2, ("kind", "note")): "plain"}, member=False, together=False)
    chosen = Chosen(preset, SAM if preset == "freeze" else None)
    seen = shelf.seen()
    assert seen
    assert shelf.steps(chosen) == [Step("freeze" if preset == "freeze" else "stop")]
    shelf.say(shelf.steps(chosen)[0])
    assert shelf.seen() == (seen if preset == "freeze" else frozenset())
    assert shelf.steps(chosen) == []


def test_stop_says_nothing_where_nothing_is_shared() -> None:
    assert Shelf({(0, ("kind", "note")): "withhold"}, member=False, together=False).steps(Chosen("stop")) == []


def test_the_facts_of_a_shelf_are_those_of_its_story() -> None:
    shelf = Shelf({(0, ("kind", "medicine")): "plain"}, member=True, together=True)
    shelf.say(shelf.steps(Chosen("plan", SAM))[0])
    told = shelf.story.facts(SAM)
    assert isinstance(told, Facts)
    assert isinstance(told.viewer, PersonFacts)
    assert told.record == shelf.record
