"""The reference says what the code does: made parts are as the code makes them, and every rule is explained."""

import re
from pathlib import Path

import pytest

from ledger.core import authority
from ledger.core.decisions import Deny, Permit
from ledger.core.explanation import Explanation
from ledger.core.explanations import PERMITTED, REFUSED, UnknownRule, explain, why_refused
from ledger.core.explanations_of_saying import SAYING_PERMITTED, SAYING_REFUSED
from ledger.core.policy import RULE_OF_READER
from ledger.core.said import Said
from ledger.core.shapes import Check
from ledger.core.vocabulary import STATEMENT_TYPES
from tests.core.story import AMINA, EVERYTHING, SAM, START, Story, of, person, practice
from tests.docs import shapes_in_words, worked_example
from tests.docs.make import PARTS, pages
from tests.docs.regions import CHECKOUT, DOCS, filled, regions_of
from tests.docs.rule_names import READING, SPEAKING, rules_in
from tests.docs.rule_tables import leaving_a_trace, rules_met

POLICY, AUTHORITY = DOCS / "reference" / "policy.md", DOCS / "reference" / "authority.md"


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_a_page_says_what_the_code_does(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert filled(text, PARTS) == text, (
        "made parts are out of date; run python -m tests.docs.make, and read the difference"
    )


def test_the_worked_example_is_what_the_code_makes() -> None:
    made = worked_example.as_json()
    assert worked_example.FILE.read_text(encoding="utf-8") == made, "the bytes of the format changed; they never may"


def test_every_made_part_has_a_page() -> None:
    assert {name for page in pages() for name in regions_of(page.read_text(encoding="utf-8"))} == set(PARTS)


def test_every_statement_type_is_in_the_vocabulary_once() -> None:
    told = re.findall(r"^\| `([a-z-]+/[0-9]+)` ", shapes_in_words.statement_types(), re.MULTILINE)
    assert sorted(told) == sorted(STATEMENT_TYPES)


def test_every_simple_shape_has_words() -> None:
    assert all(isinstance(words, str) for words in shapes_in_words.SIMPLE.values())
    assert set(shapes_in_words.SPELLINGS) == set(shapes_in_words.SIMPLE.values())


@pytest.mark.parametrize("statement_type", STATEMENT_TYPES)
def test_the_members_in_the_vocabulary_are_those_that_are_checked(statement_type: str) -> None:
    """What the tables read off a check, the check itself wants: one member less is refused by name."""
    check: Check = STATEMENT_TYPES[statement_type].facts
    members = shapes_in_words.members_of(check)
    with pytest.raises(Exception, match=re.escape(", ".join(sorted(members)))):
        check("facts", {})


@pytest.mark.parametrize("places", [READING, SPEAKING], ids=["to see", "to say"])
def test_every_rule_that_the_code_names_is_explained(places: list[str]) -> None:
    found = rules_in(places)
    assert not found.unread, "a rule's name cannot be found in the syntax; teach tests/docs/rule_names.py to read it"
    assert all(explain(Permit(rule)).means for rule in found.permits)
    assert all(explain(Deny(rule)).means for rule in found.refusals)


def test_every_rule_that_is_named_anywhere_in_the_product_is_explained() -> None:
    modules = [path for package in ("ledger", "projections", "api") for path in (CHECKOUT / package).rglob("*.py")]
    naming = [path for path in modules if re.search(r"\b(Deny|NotAllowed)\(", path.read_text(encoding="utf-8"))]
    found = rules_in([str(path.relative_to(CHECKOUT)) for path in naming])
    assert not found.unread
    assert not [rule for rule in found.refusals if not explain(Deny(rule)).means]


def test_every_rule_by_which_something_is_shown_or_kept_is_met_in_a_story() -> None:
    found, met = rules_in(READING), rules_met()
    assert found.permits == met.permits
    beyond_decisions = {"never-words", "not-recorded", "too-late", "unknown-record", "not-this-reader"}
    of_the_api = {"no-view", "no-list", "no-auditor"}
    # Nobody can withhold on these grounds but from screens, which is another rule.
    never = {"withheld:agreed", "withheld:domestic-abuse"}
    assert found.refusals - met.refusals == beyond_decisions | of_the_api | never


def test_no_other_rule_is_explained_and_none_twice() -> None:
    found = rules_in(READING + SPEAKING)
    assert set(PERMITTED) | set(SAYING_PERMITTED) == found.permits
    assert set(REFUSED) | set(SAYING_REFUSED) == found.refusals
    assert not set(PERMITTED) & set(SAYING_PERMITTED)
    assert not set(REFUSED) & set(SAYING_REFUSED)
    with pytest.raises(UnknownRule):
        explain(Deny("nobody-explained-this"))


def test_who_may_know_that_something_is_kept_back_is_told_why_and_nobody_else_is() -> None:
    traces = leaving_a_trace()
    assert set(traces) == {
        "withheld:serious-harm",
        "withheld:third-party",
        "not-yet",
        "sealed-by-patient",
        "emergency-not-opened",
    }
    assert all(why_refused(rule).told for rule in traces)
    silent = ("flag", "working", "carer-confidence", "withheld:safeguarding", "online-hidden", "wrong-record", "erased")
    assert not any(why_refused(rule).told for rule in (*silent, "notice-delayed", "unknown-item", "unknown-record"))


@pytest.mark.parametrize("refusals", [SAYING_REFUSED], ids=["to say"])
def test_whoever_may_not_say_something_is_told_what_to_do(refusals: dict[str, Explanation]) -> None:
    assert all(one.told and one.told.endswith(".") for one in refusals.values())


def test_plain_words_are_short() -> None:
    """For a reader of eleven: sentences of at most 20 words, on average fewer than 10."""
    tables = (PERMITTED, REFUSED, SAYING_PERMITTED, SAYING_REFUSED)
    told = [text for one in tables for entry in one.values() for text in (entry.told, entry.of_them) if text]
    sentences = [sentence.split() for text in told for sentence in re.split(r"[.:;] ?", text) if sentence]
    assert max(map(len, sentences)) <= 20
    assert sum(map(len, sentences)) / len(sentences) < 10
    assert all(text.endswith(".") for text in told)


def test_rules_are_told_by_their_numbers() -> None:
    rules = POLICY.read_text(encoding="utf-8").partition("## The rules\n")[2].partition("\n## ")[0]
    numbers = [int(number) for number in re.findall(r"^([0-9])\. \*\*", rules, re.MULTILINE)]
    assert numbers == list(range(10))
    for reader, number in RULE_OF_READER.items():
        told = rules.partition(f"\n{number}. ")[2].partition(f"\n{number + 1}. ")[0]
        assert reader in told.lower()


def test_what_widens_only_sometimes_is_told_so() -> None:
    story = practice()
    shared, withheld = story.share(EVERYTHING), story.withhold(of("kind", "note"))
    secret = story.item("secret", topics=["genetic"])
    share = {"effect": "share", "grantee": person(SAM), "scope": EVERYTHING}
    cases = {
        "directive-made/1": (share, share | {"effect": "withhold"}),
        "directive-withdrawn/1": ({"directive": withheld}, {"directive": shared}),
        "item-topics-set/1": ({"item": secret, "topics": []}, {"item": secret, "topics": ["genetic"]}),
        "results-wish-stated/1": ({"wish": "at-once"}, {"wish": "tell-me-first"}),
        "after-death-wish-stated/1": ({"wish": "ask-guardian"}, {"wish": "not-after-my-death"}),
        "emergency-reviewed/1": ({"outcome": "justified"}, {"outcome": "not-justified"}),
    }
    table = AUTHORITY.read_text(encoding="utf-8").partition("## The table\n")[2].partition("\n## ")[0]
    sometimes = [
        kind
        for kind, fresh in re.findall(r"^\| `(.*?)` \|.*\| (.*?) \|$", table, re.MULTILINE)
        if fresh not in ("yes", "no")
    ]
    assert sorted(sometimes) == sorted(cases)
    for statement_type, bodies in cases.items():
        assert [_widens(story, statement_type, body) for body in bodies] == [True, False]


def _widens(story: Story, statement_type: str, facts: dict[str, object]) -> bool:
    said = Said(len(story.said), START, START, statement_type, AMINA, "patient", facts)
    return authority.widens(story.facts(AMINA), said)
