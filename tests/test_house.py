"""The house rules that a machine can check; style and types are checked by `make check`."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mutants import guard

CHECKOUT = Path(__file__).parent.parent
MODULES = sorted(path for package in ("ledger", "projections", "api") for path in (CHECKOUT / package).rglob("*.py"))
LONGEST_FILE = 350
LONGEST_FUNCTION = 40

each_module = pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(CHECKOUT)))


def functions(module: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_imports_point_down() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    answer = subprocess.run([program, "--no-cache"], cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout


@each_module
def test_a_file_can_be_read_in_one_sitting(module: Path) -> None:
    assert len(module.read_text(encoding="utf-8").splitlines()) <= LONGEST_FILE


@each_module
def test_a_function_can_be_seen_at_once(module: Path) -> None:
    assert not [
        f"{f.name}: {lines} lines" for f in functions(module) if (lines := _lines_of_code(f)) > LONGEST_FUNCTION
    ]


def _lines_of_code(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the lines of a function without its docstring, which may be as long as what it tells."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    if not body:
        return 0
    return function.body[-1].end_lineno - body[0].lineno + 1


@each_module
def test_a_check_raises_or_returns_nothing(module: Path) -> None:
    checks = [f for f in functions(module) if f.name.startswith("check_")]
    assert not [f.name for f in checks if not (isinstance(f.returns, ast.Constant) and f.returns.value is None)]


def test_every_goal_of_the_makefile_that_is_for_people_is_told_by_make_help() -> None:
    told = subprocess.run(["make", "-s", "help"], cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout
    phony = next(line for line in (CHECKOUT / "Makefile").read_text().splitlines() if line.startswith(".PHONY:"))
    within = {"help", "dev", "system"}
    assert {line.split()[1] for line in told.splitlines()} == set(phony.split()[1:]) - within


def test_each_edit_of_the_guard_is_of_a_text_that_stands_there_once() -> None:
    counted = {edit: (CHECKOUT / edit.path).read_text(encoding="utf-8").count(edit.before) for edit in guard.EDITS}
    assert not [edit for edit, times in counted.items() if times != 1]
