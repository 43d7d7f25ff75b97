"""A refusal comes with what it means and what to do next, in plain words, and tells no more than its rule does."""

import pytest

from api.http.problems import problem_of
from ledger.core.explanations import REFUSED
from ledger.core.explanations_of_saying import SAYING_REFUSED
from ledger.domain.errors import NotAllowed

SAID_AS_ANOTHER = {"unknown-record": "no-role"}
"""Whether a record is there is not told: both are answered in the same words."""
WITHOUT_A_RULE = {"unknown-item", "too-late"}


@pytest.mark.parametrize("rule", sorted({**REFUSED, **SAYING_REFUSED}))
def test_a_refusal_by_a_rule_says_what_it_means_or_names_no_rule(rule: str) -> None:
    told = problem_of(NotAllowed("refused", rule)).as_json()
    named = None if rule in WITHOUT_A_RULE else SAID_AS_ANOTHER.get(rule, rule)
    explained = {**REFUSED, **SAYING_REFUSED}
    assert told.get("rule") == named
    assert told.get("explanation") == (None if named is None else explained[named].told)


def test_a_record_that_is_hidden_and_one_that_is_not_there_are_answered_in_the_same_words() -> None:
    answers = [problem_of(NotAllowed("one message", rule)).as_json() for rule in ("no-role", "unknown-record")]
    assert answers[0] == answers[1]
    assert answers[0]["explanation"].endswith(".")
