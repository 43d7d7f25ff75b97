"""The tests that should notice an edit, run as they stand, without what a run of all tests costs each time."""

import asyncio
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any

import pytest

_RULES = (
    "tests.core.disclosure.test_exactly",
    "tests.core.disclosure.test_exactly_for_carers",
    "tests.core.disclosure.test_exactly_for_clinicians",
    "tests.core.disclosure.test_exactly_for_proxies",
    "tests.core.test_hours",
)
_GUARD = ("tests.store.test_batch", "tests.store.test_guards")


def of_rules() -> None:
    """The decision table, and decisions to the letter."""
    rows, story = import_module("tests.core.disclosure.table").ROWS, import_module("tests.core.story")
    for row in rows:
        row.check(story.practice())
    for module in _RULES:
        for test, named in _tests_of(import_module(module)):
            test(**named)


@contextmanager
def server() -> Iterator[Callable[[], None]]:
    """A database server; gives the tests of the guard, to be run in a process forked from this one."""
    fixture, begin = import_module("tests.postgres_fixture"), import_module("tests.story").begin_in
    migrate, folders = import_module("ledger.store.migrate").migrate, import_module("tests.conftest").SCHEMA_FOLDERS
    postgres = import_module("api.postgres").EmbeddedPostgres
    with fixture.home_in_memory() as home, postgres(home, options=fixture.UNSAFE_FAST) as running:
        running.create_database(fixture.TEMPLATE)
        migrate(running.superuser_dsn(fixture.TEMPLATE), *folders)
        with fixture.new_database(running, fixture.TEMPLATE) as template:
            people = asyncio.run(begin(fixture.Database(running, template)))
            yield lambda: _of_guard(running, template, people)


def _of_guard(running: Any, template: str, people: Any) -> None:
    for module in _GUARD:
        for test, named in _tests_of(import_module(module)):
            asyncio.run(_told(test, named, running, template, people))


async def _told(test: Callable[..., Any], named: dict[str, Any], running: Any, template: str, people: Any) -> None:
    """One test, with a story of its own if it wants one."""
    wanted = inspect.signature(test).parameters
    if "story" not in wanted:
        await test(**named)
        return
    fixture, story_of = import_module("tests.postgres_fixture"), import_module("tests.story").story_of
    with fixture.new_database(running, template) as name, pytest.MonkeyPatch.context() as patch:
        async with story_of(fixture.Database(running, name), people, accounted=False) as story:
            await test(story, **named, **({"monkeypatch": patch} if "monkeypatch" in wanted else {}))


def _tests_of(module: ModuleType) -> Iterator[tuple[Callable[..., Any], dict[str, Any]]]:
    """Each test of a module, and what it is called with: once for each case of its table, if it has one."""
    for name, test in vars(module).items():
        if not name.startswith("test_"):
            continue
        marks = getattr(test, "pytestmark", [])
        if not marks:
            yield test, {}
        for mark in marks:
            names, cases = mark.args
            for case in cases:
                yield test, {names: case} if isinstance(names, str) else dict(zip(names, case, strict=True))
