"""The rules' tables, constants and properties, which mutmut leaves alone: each changed in every small way."""

import ast
from collections.abc import Iterator
from pathlib import Path

RULES = (
    "policy",
    "readers",
    "clinicians",
    "carers",
    "proxies",
    "oversight",
    "consent",
    "secrecy",
    "standing",
    "hours",
    "representation",
    "decisions",
)
_OPPOSITE = {ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is}


def changed(source: str) -> Iterator[tuple[str, str]]:
    """What is changed, and the source with it: a member fewer, another number, the opposite truth or comparison."""
    for n, _ in enumerate(_places(ast.parse(source))):
        tree = ast.parse(source)
        what = _change(*_places(tree)[n])
        yield what, ast.unparse(ast.fix_missing_locations(tree))


def _places(tree: ast.Module) -> list[tuple[ast.AST, int]]:
    """Nodes to change, each with the number of its member."""
    found: list[tuple[ast.AST, int]] = []
    for statement in tree.body:
        if isinstance(statement, ast.AnnAssign | ast.Assign) and statement.value is not None:
            found += _in_value(statement.value)
        if isinstance(statement, ast.ClassDef):
            for inner in statement.body:
                if isinstance(inner, ast.FunctionDef) and inner.decorator_list:
                    found += [(node, 0) for node in ast.walk(inner) if isinstance(node, ast.Compare)]
                    found += [(node, 0) for node in ast.walk(inner) if _truth(node)]
                if isinstance(inner, ast.AnnAssign | ast.Assign) and _truth(inner.value):
                    found.append((inner.value, 0))  # type: ignore[arg-type]  # _truth says that it is there
    return found


def _in_value(value: ast.expr) -> list[tuple[ast.AST, int]]:
    found: list[tuple[ast.AST, int]] = []
    if isinstance(value, ast.Subscript):  # the name of a type
        return found
    for node in ast.walk(value):
        if isinstance(node, ast.Dict | ast.Set | ast.Tuple):
            members = node.values if isinstance(node, ast.Dict) else node.elts
            found += [(node, n) for n in range(len(members))]
        if isinstance(node, ast.Constant) and type(node.value) is int:
            found.append((node, 0))
    return found


def _truth(node: ast.AST | None) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, bool)


def _change(node: ast.AST, n: int) -> str:
    was = ast.unparse(node)
    if isinstance(node, ast.Dict):
        key = node.keys.pop(n)
        del node.values[n]
        return f"without {ast.unparse(key) if key else n}: {was[:60]}"
    if isinstance(node, ast.Set | ast.Tuple):
        return f"without {ast.unparse(node.elts.pop(n))}: {was[:60]}"
    if isinstance(node, ast.Compare):
        node.ops[0] = _OPPOSITE[type(node.ops[0])]()
    elif isinstance(node, ast.Constant):
        node.value = not node.value if isinstance(node.value, bool) else int(node.value) + 1  # type: ignore[arg-type]
    return f"{was} is {ast.unparse(node)}"


def sources(root: Path) -> Iterator[tuple[str, str]]:
    """The path and the source of each of the rules."""
    for rule in RULES:
        path = f"ledger/core/{rule}.py"
        yield path, (root / path).read_text(encoding="utf-8")
