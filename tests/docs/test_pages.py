"""Pages can be followed: every link leads somewhere, every named test is there, every Python block runs."""

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.core.authority import table as authority_table
from tests.core.disclosure import table as disclosure_table
from tests.docs.regions import CHECKOUT, DOCS

PAGES = [CHECKOUT / "README.md", CHECKOUT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]
THREATS = DOCS / "threat-model.md"
TUTORIAL = DOCS / "tutorial"
"""Run whole, in its own order, by a test of its own."""

_LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
_NAMED_TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)(?:\[([^\]]+)\])?`")
_PYTHON = re.compile(r"^```python *\n(.*?)^```", re.DOTALL | re.MULTILINE)

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))


@each_page
def test_every_link_leads_somewhere(page: Path) -> None:
    broken = [link for link in _links(page) if not _leads_somewhere(page, link)]
    assert not broken


def test_every_page_can_be_reached_from_the_index() -> None:
    reached, waiting = set(), [DOCS / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached or page.suffix != ".md" or not page.exists():
            continue
        reached.add(page)
        waiting += [(page.parent / link.partition("#")[0]).resolve() for link in _links(page) if not _is_outside(link)]
    assert not set(DOCS.rglob("*.md")) - reached


def test_every_test_that_the_threat_model_names_is_there() -> None:
    named = _NAMED_TEST.findall(THREATS.read_text(encoding="utf-8"))
    assert named
    missing = [f"{path}::{name}" for path, name, _ in named if name not in _tests_in(path)]
    assert not missing
    # A case of a table is named by its key or sentence, which stands in the test's file.
    cases = [(path, case) for path, _, case in named if case]
    assert not [case for path, case in cases if case not in _CASES.get(path, ()) and not _is_in(path, case)]


def test_every_threat_names_its_test_or_says_that_there_is_none() -> None:
    rows = [line for line in THREATS.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    threats = [row for row in rows if not row.startswith(("| attack ", "|---"))]
    assert len(threats) > 30
    assert not [row for row in threats if not _NAMED_TEST.search(row) and not re.search(r"\| none\b[^|]*\|$", row)]
    # A row without a test owns up to what is not there.
    untested = [row for row in threats if not _NAMED_TEST.search(row)]
    assert not [row for row in untested if not re.search(r"\*\*(not|cannot)", row)]


@each_page
def test_every_file_and_name_of_the_code_that_a_page_names_is_there(page: Path) -> None:
    spans = re.findall(r"`([^`\n]+)`", _FENCE.sub("", page.read_text(encoding="utf-8")))
    files = [span for span in spans if re.fullmatch(r"(api|ledger|projections|tests)/[\w/]+\.\w+", span)]
    assert not [file for file in files if not (CHECKOUT / file).exists()]
    names = [span for span in spans if re.fullmatch(r"[A-Z][A-Za-z]+\.[a-z_]+|ledger(\.[a-z_]+)+\.\w+", span)]
    tables = {f"ledger.{table}" for table in ("entry", "vault", "tile", "checkpoint", "fact", "guard", "head")}
    assert not [name for name in names if name not in tables and name.rpartition(".")[2] not in _defined()]


@pytest.mark.parametrize(
    ("page", "block"),
    [
        pytest.param(page, block, id=f"{page.relative_to(CHECKOUT)} {n}")
        for page in PAGES
        if TUTORIAL not in page.parents
        for n, block in enumerate(_PYTHON.findall(page.read_text(encoding="utf-8")))
    ],
)
def test_every_python_block_runs(page: Path, block: str) -> None:
    """In a process of its own, from the checkout; one that is not to be run is fenced as ``python not-run``."""
    answer = subprocess.run([sys.executable, "-c", block], cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr


_CASES = {
    "tests/core/disclosure/test_disclosure.py": {told.name for told in disclosure_table.ROWS},
    "tests/core/authority/test_authority.py": {told.sentence for told in authority_table.ROWS},
}
"""The cases of tables whose rows stand in other files than their test."""


def _is_in(path: str, case: str) -> bool:
    return f'"{case}"' in (CHECKOUT / path).read_text(encoding="utf-8")


def _links(page: Path) -> list[str]:
    return _LINK.findall(_FENCE.sub("", page.read_text(encoding="utf-8")))


def _is_outside(link: str) -> bool:
    return link.startswith(("http://", "https://", "mailto:"))


def _leads_somewhere(page: Path, link: str) -> bool:
    if _is_outside(link):
        return True
    path, _, anchor = link.partition("#")
    target = page if not path else page.parent / path
    return target.exists() and (not anchor or anchor in _anchors(target))


@cache
def _anchors(page: Path) -> frozenset[str]:
    """The anchors that a Markdown page's titles make."""
    titles = re.findall(r"^#+ +(.+?) *$", _FENCE.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return frozenset(re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles)


@cache
def _defined() -> frozenset[str]:
    """Every function and class of the product, and every module."""
    modules = [path for package in ("ledger", "projections", "api") for path in (CHECKOUT / package).rglob("*.py")]
    found = {path.stem for path in modules}
    for path in modules:
        found.update(re.findall(r"^ *(?:async def|def|class) (\w+)", path.read_text(encoding="utf-8"), re.MULTILINE))
    return frozenset(found)


@cache
def _tests_in(path: str) -> frozenset[str]:
    file = CHECKOUT / path
    if not file.exists():
        return frozenset()
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
