"""Who may say what: the table of the domain, sentence by sentence."""

from typing import Any

import pytest

from ledger.core.authority import SPEAKERS
from ledger.core.decisions import Decision, Deny
from ledger.core.instants import HOUR
from ledger.core.vocabulary import STATEMENT_TYPES
from tests.core.authority.rows import FRESH_ID, Row
from tests.core.authority.table import ROWS
from tests.core.story import ITEM, MOSS, RECORD, Story, person, practice
from tests.docs.rule_names import SPEAKING, rules_in


@pytest.mark.parametrize("told", ROWS, ids=lambda told: told.sentence)
def test_who_may_say_it(told: Row) -> None:
    told.check(practice())


def test_every_statement_type_has_its_answer() -> None:
    assert set(SPEAKERS) == set(STATEMENT_TYPES)


def test_the_table_asks_for_every_type_and_meets_every_rule() -> None:
    asked: set[str] = set()
    met: dict[bool, set[str]] = {True: set(), False: set()}

    class Watched(Story):
        def ask(self, type_: str, *args: Any, **facts: Any) -> Decision:
            decision = super().ask(type_, *args, **facts)
            asked.add(type_)
            met[isinstance(decision, Deny)].add(decision.rule)
            return decision

    for told in ROWS:
        story, begun = Watched(), practice()
        story.said, story.now = list(begun.said), begun.now
        told.check(story)
    named = rules_in(SPEAKING)
    # One row asks without a record and for a type that nobody has, which a story cannot.
    unmet = (named.permits - met[False], named.refusals - met[True] - {"no-rule", "unknown-record"})
    assert unmet == (set(), set())
    assert set(STATEMENT_TYPES) - asked == {"disclosure-made/1"}


def test_a_permit_ends_with_what_it_rests_on() -> None:
    story = practice()
    story.care(person(MOSS), until=story.now + HOUR)
    facts = {"record": RECORD, "item": FRESH_ID, **ITEM}
    permitted = story.ask("item-added/1", MOSS, "clinician", **facts)
    assert permitted.until == story.now + HOUR - 1000
    assert story.said[permitted.evidence[-1]].type == "care-started/1"
