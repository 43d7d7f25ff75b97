"""Templates: none that no page shows, no macro that nothing calls, no import that is not used."""

import re
from importlib.resources import files
from pathlib import Path

import pytest

PAGES = Path(str(files("api.pages")))
FOLDER = PAGES / "templates"
TEMPLATES = {str(path.relative_to(FOLDER)): path.read_text("utf-8") for path in FOLDER.rglob("*.html")}
CODE = [path.read_text("utf-8") for path in PAGES.glob("*.py")]
BY_A_NAME = re.compile(r"item/changes/(?!layout)")
"""Those that ``api.pages.item_actions`` names by the change."""
_IMPORT = re.compile(r'{% from "([^"]+)" import ([^%]+?)(?: with context)? %}')
_MACRO = re.compile(r"{% macro (\w+)\(")
each = pytest.mark.parametrize("name", sorted(TEMPLATES))


@each
def test_a_page_shows_each_template(name: str) -> None:
    others = [text for other, text in TEMPLATES.items() if other != name]
    assert BY_A_NAME.match(name) or any(f'"{name}"' in text for text in (*others, *CODE))


@each
def test_a_template_uses_what_it_imports(name: str) -> None:
    text = TEMPLATES[name]
    imported = [one.strip() for _from, names in _IMPORT.findall(text) for one in names.split(",")]
    body = _IMPORT.sub("", text)
    assert [one for one in imported if not re.search(rf"\b{one.rpartition(' ')[2]}\b", body)] == []


@each
def test_a_template_calls_each_macro_that_it_has_or_another_imports_it(name: str) -> None:
    imported = {
        one.split()[0]
        for text in TEMPLATES.values()
        for source, names in _IMPORT.findall(text)
        for one in names.split(",")
        if source == name
    }
    own = [macro for macro in _MACRO.findall(TEMPLATES[name]) if TEMPLATES[name].count(f"{macro}(") > 1]
    assert set(_MACRO.findall(TEMPLATES[name])) - imported - set(own) == set()
