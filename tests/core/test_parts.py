"""What each part is to a carer agrees with the rule itself, over random directives; and what is beneath one is true."""

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.directives import ALL_CARERS, EVERYTHING, Scope
from ledger.core.facts import RecordFacts
from ledger.core.item_facts import Item
from ledger.core.parts import PartNow, PartsOf
from ledger.core.people import PersonFacts, PolicyFacts
from ledger.core.presets import Step
from tests.core.story import FAMILY, SAM, named
from tests.core.test_presets import EXAMPLES, SCOPES, Shelf, directed

PARTS = tuple(scope for scope in SCOPES if scope[0] != "item")
booleans = st.booleans()


def parts_of(shelf: Shelf, record: RecordFacts | None = None) -> dict[Scope, PartNow]:
    """What each part is to Sam, with every item that may differ."""
    known = record or shelf.record
    parts = PartsOf(known, PolicyFacts(), shelf.story.now, ("person", SAM), shelf.story.facts(SAM).viewer)
    return {one.scope: one for one in parts.of(PARTS, list(known.items.values()))}


def parts_within(item: Item) -> list[Scope]:
    return [("topic", topic) for topic in item.topics] or [("kind", item.kind)]


@settings(max_examples=EXAMPLES, deadline=None)
@given(directed, booleans, booleans)
def test_what_no_directive_names_is_seen_exactly_if_its_parts_are_shared(
    directives: dict[tuple[int, Scope], str], member: bool, together: bool
) -> None:
    shelf = Shelf(directives, member=member, together=together)
    parts, seen = parts_of(shelf), shelf.seen()
    by_name = {scope for by_scope in shelf.record.current.values() for scope in by_scope}
    for item in shelf.record.items.values():
        if item.parent is None and item.scope not in by_name:
            assert (item.id in seen) == all(parts[part].effect == "shared" for part in parts_within(item)), item


@settings(max_examples=EXAMPLES, deadline=None)
@given(directed, booleans, booleans)
def test_an_item_differs_where_its_own_directive_makes_a_difference(
    directives: dict[tuple[int, Scope], str], member: bool, together: bool
) -> None:
    shelf = Shelf(directives, member=member, together=together)
    parts, seen = parts_of(shelf), shelf.seen()
    if not any(one.differing for one in parts.values()):
        for item in shelf.record.items.values():
            if item.parent is None:
                assert (item.id in seen) == all(parts[part].effect == "shared" for part in parts_within(item)), item


@settings(max_examples=EXAMPLES, deadline=None)
@given(directed, booleans)
def test_what_is_beneath_ones_own_directive_is_what_counts_once_that_is_withdrawn(
    directives: dict[tuple[int, Scope], str], member: bool
) -> None:
    shelf = Shelf(directives, member=member, together=False)
    for scope, before in parts_of(shelf).items():
        if before.own is None:
            assert before.beneath == before.effect
            continue
        left = Shelf(directives, member=member, together=False)
        left.say(Step("withdraw", scope, before.own))
        assert parts_of(left)[scope].effect == before.beneath


def test_what_decides_is_named_also_where_it_is_said_to_all() -> None:
    shelf = Shelf({(2, EVERYTHING): "plain", (0, ("kind", "letter")): "withhold"}, member=False, together=False)
    parts = parts_of(shelf)
    all_carers = shelf.record.current[ALL_CARERS][EVERYTHING]
    assert parts["kind", "note"][1:5] == ("shared", all_carers.id, None, "shared")
    letter = shelf.record.current["person", SAM]["kind", "letter"]
    assert parts["kind", "letter"][1:5] == ("withheld", letter.id, letter.id, "shared")
    assert parts["topic", "mental-health"][1:5] == (None, None, None, None)


def test_a_team_is_told_of_what_is_said_to_it_and_all_carers_of_theirs() -> None:
    said = {(0, EVERYTHING): "plain", (1, ("kind", "note")): "together", (2, ("kind", "letter")): "plain"}
    shelf = Shelf(said, member=True, together=True)
    family = PartsOf(shelf.record, PolicyFacts(), shelf.story.now, ("team", FAMILY)).of(PARTS)
    everybody = PartsOf(shelf.record, PolicyFacts(), shelf.story.now, ALL_CARERS).of(PARTS)
    assert {one.scope: one.effect for one in family if one.effect} == {("kind", "note"): "unmet"}
    assert {one.scope: one.effect for one in everybody if one.effect} == {("kind", "letter"): "shared"}


def test_a_suspended_carers_parts_are_what_they_are_again_once_restored() -> None:
    shelf = Shelf({(0, EVERYTHING): "plain"}, member=False, together=False)
    shelf.story.patient("carer-suspended/1", person=SAM)
    suspended = RecordFacts.of(shelf.record.record, shelf.story.said)
    assert SAM in suspended.suspended
    assert parts_of(shelf, suspended) == parts_of(shelf)


def test_an_item_that_differs_is_counted_with_its_part() -> None:
    shelf = Shelf({(0, ("kind", "letter")): "plain", (0, ("item", named("letter"))): "withhold"}, member=False,
                  together=False)  # fmt: skip
    parts = parts_of(shelf)
    assert {scope: one.differing for scope, one in parts.items() if one.differing} == {("kind", "letter"): 1}
    nobody = PartsOf(shelf.record, PolicyFacts(), shelf.story.now, ("person", SAM), PersonFacts(SAM))
    assert all(one.differing == 0 for one in nobody.of(PARTS))


def test_to_who_treats_a_share_that_is_not_met_says_nothing_and_a_seal_stands() -> None:
    shelf = Shelf({(1, EVERYTHING): "withhold", (1, ("kind", "note")): "together"}, member=True, together=False)
    told = {}
    for treats in (False, True):
        parts = PartsOf(shelf.record, PolicyFacts(), shelf.story.now, ("team", FAMILY), treats=treats).of(PARTS)
        told[treats] = {one.scope: one.effect for one in parts}
    assert (told[False]["kind", "note"], told[True]["kind", "note"]) == ("unmet", "withheld")
    assert told[True]["topic", "mental-health"] is None
