"""The disclosure rule, sentence by sentence: each row of the table tells its story, and every sentence has a row."""

import ast
import os
import re
from functools import cache
from pathlib import Path

import pytest

from ledger.saying import fresh_id
from tests.core.disclosure.elsewhere import ELSEWHERE, NOTHING_TO_SHOW
from tests.core.disclosure.rows import SENTENCES, Row
from tests.core.disclosure.table import ROWS
from tests.core.story import START, practice

CHECKOUT = Path(__file__).parents[3]
DESIGN = Path(os.environ.get("LEDGER_SHARED_DESIGN") or CHECKOUT.parent / "shared" / "design") / "disclosure.md"


@pytest.mark.parametrize("told", ROWS, ids=lambda told: told.name)
def test_the_rule(told: Row) -> None:
    told.check(practice())


def test_every_row_quotes_one_sentence_word_for_word() -> None:
    unsaid = [told.clause for told in ROWS if not any(told.clause in sentence for sentence in SENTENCES)]
    assert not unsaid
    assert len({told.name for told in ROWS}) == len(ROWS)


def test_every_word_of_every_sentence_is_quoted_by_a_row_or_by_a_test_that_is_named() -> None:
    quoted = [told.clause for told in ROWS] + list(ELSEWHERE) + list(NOTHING_TO_SHOW)
    left = {sentence: _unquoted(sentence, quoted) for sentence in SENTENCES if not sentence.startswith("#")}
    assert not [rest for rest in left.values() if re.search(r"\w", rest)]


def _unquoted(sentence: str, quoted: list[str]) -> str:
    """What is left of a sentence without what is quoted of it."""
    within = set()
    for clause in quoted:
        start = sentence.find(clause)
        if start >= 0:
            within |= set(range(start, start + len(clause)))
    return "".join(" " if place in within else letter for place, letter in enumerate(sentence))


def test_every_test_that_is_named_is_there() -> None:
    assert not [clause for clause in ELSEWHERE if not any(clause in sentence for sentence in SENTENCES)]
    named = [test for tests in ELSEWHERE.values() for test in tests]
    missing = [test for test in named if test.partition("::")[2] not in _tests_in(test.partition("::")[0])]
    assert not missing


def test_the_sentences_are_those_of_the_design() -> None:
    if not DESIGN.exists():
        pytest.skip(f"{DESIGN} is not there; set LEDGER_SHARED_DESIGN to the folder that holds it")
    assert _plain("\n".join(SENTENCES)) == _plain(DESIGN.read_text(encoding="utf-8"))


def test_ids_that_the_ledger_gives_are_random() -> None:
    ids = {fresh_id(START) for _ in range(1000)}
    assert len(ids) == 1000
    # Behind the time, the version and the variant every digit varies.
    assert all(len({one[place] for one in ids}) == 16 for place in (15, 20, *range(24, 36)))


def _plain(text: str) -> str:
    """Markdown without its bullets, emphasis and line breaks."""
    return " ".join(re.sub(r"^\s*- ", "", text.replace("**", "").replace("`", ""), flags=re.MULTILINE).split())


@cache
def _tests_in(path: str) -> frozenset[str]:
    file = CHECKOUT / path
    tree = ast.parse(file.read_text(encoding="utf-8")) if file.exists() else ast.Module([], [])
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
