"""The table of who may say what: each row is a sentence of the domain and a story that shows it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ledger.core.decisions import Decision
from tests.core.story import AMINA, EVERYTHING, ITEM, OKAFOR, SAM, START, Story, named, person

Check = Callable[[Story], None]


@dataclass(frozen=True, slots=True)
class Row:
    """One sentence, and the story that shows it."""

    sentence: str
    check: Check


ROWS: list[Row] = []
FRESH_ID = named("a fresh id")
DIRECTIVE = {"from_": None, "until": None, "condition": None, "replaces": None, "hidden": False}
TERM = {"from_": START, "until": None}


def ask(story: Story, type_: str, author: str, acting_as: str, /, **facts: Any) -> Decision:
    """Would this be admitted now?"""
    return story.ask(type_, author, acting_as, **facts)


def answer(story: Story, type_: str, author: str, acting_as: str, /, **facts: Any) -> str:
    """The same in short."""
    return story.answer(type_, author, acting_as, **facts)


def about_record(story: Story, type_: str, author: str, acting_as: str, /, **facts: Any) -> str:
    """The same, about the record."""
    return story.may(type_, author, acting_as, **facts)


def row(sentence: str) -> Callable[[Check], Check]:
    """Add a story to the table."""

    def add(check: Check) -> Check:
        ROWS.append(Row(sentence, check))
        return check

    return add


def adding(story: Story, author: str, acting_as: str, /, **facts: object) -> str:
    """May an item with these facts be added?"""
    return story.may("item-added/1", author, acting_as, **({"item": FRESH_ID} | ITEM | facts))


def sharing(story: Story, /, author: str = AMINA, acting_as: str = "patient", **facts: object) -> str:
    """May a directive with these facts be made?"""
    whole = {"directive": FRESH_ID, "effect": "share", "scope": EVERYTHING, "grantee": person(SAM)} | DIRECTIVE | facts
    return story.may("directive-made/1", author, acting_as, **whole)


def withholding(story: Story, item: str, author: str = OKAFOR, acting_as: str = "clinician", /, **facts: object) -> str:
    """May an item be withheld so?"""
    whole = {
        "item": item,
        "withholding": FRESH_ID,
        "from_": "patient",
        "ground": "serious-harm",
        "opinion_date": "2026-05-01",
        "review_date": "2026-06-01",
    }
    return story.may("withholding-made/1", author, acting_as, **(whole | facts))
