"""Every rule name that the code can answer with, found in its syntax: a rule nobody explained is found as well."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from ledger.core.terms import GROUNDS
from tests.docs.regions import CHECKOUT

_DECIDING = "policy readers clinicians carers proxies oversight consent secrecy standing decisions"
_SAYING = ("items", "people", "sharing", "erasing", "representation")
READING = [
    *(f"ledger/core/{name}.py" for name in _DECIDING.split()),
    "ledger/disclosure.py",
    "ledger/use_cases/trail.py",
    "projections/views/shape.py",
    "api/http/records.py",
    "api/http/trail.py",
    "api/http/log.py",
]
"""Where it is decided who sees what."""
SPEAKING = [
    "ledger/core/asking.py",
    "ledger/core/authority.py",
    *(f"ledger/core/authority_{area}.py" for area in _SAYING),
    "api/http/statements.py",
]
"""Where it is decided who may say what."""

_RULE_AT = {"Deny": 0, "permit": 0, "Permit": 0, "when": 1, "NotAllowed": 1, "first_within": 3}
_PASSED_ON = {"rule", "speaker.rule", "decision.rule", "page.refused"}
"""Expressions that hand on a rule that was named elsewhere."""
_ACTING_AS = {
    "ask.said.acting_as": ("administrator", "auditor", "guardian", "registrar", "clinician", "patient", "attorney"),
    "child.rule": ("parent",),
}
"""Permits named after what the author acts as, with the roles that the conditions beside them allow."""


@dataclass(slots=True)
class Rules:
    """Names of permits and of refusals; ``unread`` are expressions that this module does not understand."""

    permits: set[str] = field(default_factory=set)
    refusals: set[str] = field(default_factory=set)
    unread: set[str] = field(default_factory=set)


def rules_in(paths: list[str]) -> Rules:
    """All rule names in these files."""
    found = Rules()
    for path in paths:
        _read(CHECKOUT / path, found)
    return found


def _read(path: Path, found: Rules) -> None:
    for function in _functions_in(path):
        assigned = _assigned(function)
        found.refusals.update(_refusing_pages(function))
        for call in (node for node in _own(function) if isinstance(node, ast.Call)):
            name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            at = _RULE_AT.get(name)
            if at is None or len(call.args) <= at:
                continue
            into = found.permits if name in ("permit", "Permit", "first_within") else found.refusals
            _name(call.args[at], assigned, into, found)


def _name(rule: ast.expr, assigned: dict[str, ast.expr], into: set[str], found: Rules) -> None:
    spelt = ast.unparse(rule)
    if isinstance(rule, ast.Constant) and isinstance(rule.value, str):
        into.add(rule.value)
    elif isinstance(rule, ast.IfExp):
        _name(rule.body, assigned, into, found)
        _name(rule.orelse, assigned, into, found)
    elif isinstance(rule, ast.JoinedStr) and spelt == "f'withheld:{made.ground}'":
        into.update(f"withheld:{ground}" for ground in GROUNDS)
    elif isinstance(rule, ast.Name) and rule.id in assigned:
        _name(assigned[rule.id], assigned, into, found)
    elif spelt in _ACTING_AS:
        into.update(_ACTING_AS[spelt])
    elif spelt not in _PASSED_ON:
        found.unread.add(spelt)


def _refusing_pages(scope: ast.AST) -> Iterator[str]:
    """What ``page.refused`` is set to by name."""
    for node in _own(scope):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "page.refused":
            yield from (part.value for part in [node.value] if isinstance(part, ast.Constant))


@cache
def _functions_in(path: Path) -> list[ast.AST]:
    """A module, and every function in it."""
    module = ast.parse(path.read_text(encoding="utf-8"))
    return [module, *(node for node in ast.walk(module) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))]


def _own(scope: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function, or of a module without its functions: each call is read once."""
    for child in ast.iter_child_nodes(scope):
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield child
            yield from _own(child)


def _assigned(scope: ast.AST) -> dict[str, ast.expr]:
    return {
        target.id: node.value
        for node in _own(scope)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name) and target.id == "rule"
    }
