"""The kit as it is shipped: what its files are made of, what they ask for, and that every page is written in it."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import pytest

from api.pages import rendering
from api.pages.forms import Filled
from api.pages.kit.build import logical, options_of, palette_scss
from api.pages.kit.options import OPTIONS, NoSuchOption, check_options
from api.pages.kit_macros import nhsuk
from api.pages.pictures.palette import PALETTE
from api.pages.static_files import BASE, FILES, GZIPPED
from tests.sign_in.browser import Browser

PAGES = files("api.pages")
CSS = FILES["kit.css"].decode()
MARKS = re.compile(r"frutiger|005eb8|nhs england|nhs\.uk/|assets\.nhs|\bNHS\b(?!\.UK frontend)", re.IGNORECASE)
HOST = re.compile(r"(?:https?:)?//[a-z0-9-]+\.[a-z]", re.IGNORECASE)
NOT_STYLED = {
    "js-enabled": "set by the module",
    "nhsuk-js-character-count": "found by the module",
}
"""Classes of our templates that no style is for, and why they are there."""


def templates(folder: Traversable = PAGES / "templates") -> Iterator[Traversable]:
    for one in folder.iterdir():
        if one.is_dir():
            yield from templates(one)
        elif one.name.endswith(".html"):
            yield one


def test_every_file_is_the_one_that_was_made() -> None:
    """After ``make kit`` the manifest has the new hashes; a file that was changed by hand has not."""
    noted: Mapping[str, Mapping[str, str]] = json.loads((PAGES / "static" / "vendored.json").read_text())
    assert {"kit.css", "vendor/nhsuk-frontend.js", "vendor/atkinson-hyperlegible-next-latin.woff2"} <= set(noted)
    for path, of in noted.items():
        assert hashlib.sha256((PAGES / "static" / path).read_bytes()).hexdigest() == of["sha256"], path


def test_the_style_has_the_colours_of_the_palette() -> None:
    assert (PAGES / "kit" / "_palette.scss").read_text() == palette_scss()
    for name in ("brand", "ink", "link", "red", "amber", "yellow"):
        short = re.sub(r"#(.)\1(.)\2(.)\3$", r"#\1\2\3", PALETTE[name])
        assert PALETTE[name] in CSS or short in CSS, name


@pytest.mark.parametrize("path", [path for path in FILES if not path.endswith((".woff2", ".LICENSE"))])
def test_no_file_names_another_host_or_has_their_marks(path: str) -> None:
    text = FILES[path].decode()
    assert not MARKS.search(text), MARKS.search(text)
    if path.endswith((".css", "nhsuk-frontend.js")):
        assert not HOST.search(text), HOST.search(text)


def test_the_style_asks_for_its_own_fonts_and_nothing_else() -> None:
    asked = re.findall(r"url\(\"?([^)\"]*)\"?\)", CSS)
    assert sorted(asked) == sorted(path for path in FILES if path.endswith(".woff2"))
    assert "@import" not in CSS


def test_the_first_page_is_small_to_fetch() -> None:
    """In bytes as they are sent; what a browser needs before the first words are to be read."""
    assert len(GZIPPED["kit.css"]) < 15_000
    assert len(GZIPPED["vendor/nhsuk-frontend.js"]) < 15_000
    assert len(FILES["vendor/atkinson-hyperlegible-next-latin.woff2"]) < 35_000


@pytest.mark.asyncio(loop_scope="module")
async def test_files_are_sent_compressed_to_whoever_takes_it(browser: Browser) -> None:
    for path, data in FILES.items():
        answer = await browser.send("GET", f"{BASE}/{path}", headers={"accept-encoding": "gzip"})
        plain = await browser.send("GET", f"{BASE}/{path}", headers={"accept-encoding": "identity"})
        assert (answer.content, plain.content, answer.headers["vary"]) == (data, data, "accept-encoding"), path
        assert ("content-encoding" in answer.headers, "content-encoding" in plain.headers) == (path in GZIPPED, False)
        if path in GZIPPED:
            assert int(answer.headers["content-length"]) == len(GZIPPED[path]) < len(data)
    font = await browser.get(f"{BASE}/vendor/atkinson-hyperlegible-next-latin.woff2")
    assert font.headers["content-type"] == "font/woff2"


def classes_in(text: str) -> set[str]:
    """The classes that a template writes out; those that are put together when it is rendered are not known."""
    plain = re.sub(r"\{#.*?#\}|\{%.*?%\}", " ", text, flags=re.DOTALL)
    plain = re.sub(r"\{\{.*?\}\}", "\0", plain, flags=re.DOTALL)
    return {name for one in re.findall(r'class="([^"]*)"', plain) for name in one.split() if "\0" not in name}


@pytest.mark.parametrize("template", list(templates()), ids=lambda one: str(one.name))
def test_every_class_of_a_page_is_in_the_style(template: Traversable) -> None:
    styled = set(re.findall(r"\.(-?[A-Za-z_][\w-]*)", CSS)) | set(NOT_STYLED)
    assert classes_in(template.read_text()) <= styled


def test_a_class_that_is_not_there_is_found() -> None:
    assert classes_in('<p class="card {{ x }} tag--{{ y }}{% if z %} wide{% endif %}">{# class="no" #}') == {
        "card",
        "wide",
    }


@pytest.mark.parametrize(
    ("physical", "flowing"),
    [
        (".a{margin-left:1px;padding-right:2px}", ".a{margin-inline-start:1px;padding-inline-end:2px}"),
        (".a{border-left:1px;border-right-color:red}", ".a{border-inline-start:1px;border-inline-end-color:red}"),
        (".a{left:0;top:0;right:1px}", ".a{inset-inline-start:0;top:0;inset-inline-end:1px}"),
        (".a{text-align:left;float:right}", ".a{text-align:start;float:inline-end}"),
        ('.a{background:red;mask-image:url("/assets/x.svg");top:0}', ".a{background:red;top:0}"),
        (".a{-ms-flex:1;-moz-appearance:none;color:red}", ".a{color:red}"),
        (".a{background-position:left;margin:0}", ".a{background-position:left;margin:0}"),
    ],
)
def test_sides_follow_the_direction_of_writing(physical: str, flowing: str) -> None:
    assert logical(physical) == flowing


def test_no_side_is_left_in_the_style() -> None:
    assert not re.search(
        r"[;{](?:(?:margin|padding|border)-(?:left|right)[\w-]*|left|right|float: ?(?:left|right)):", CSS
    )


def test_options_are_listed_by_what_they_are() -> None:
    listed = [
        {"name": "id", "type": "string"},
        {"name": "errorMessage", "type": "object", "isComponent": True},
        {"name": "items", "type": "array", "params": [{"name": "text", "type": "string"}]},
    ]
    assert options_of(listed) == {"id": None, "errorMessage": "error-message", "items": {"text": None}}


@pytest.mark.parametrize(
    ("component", "options"),
    [
        ("inputs", {}),
        ("input", {"lable": {"text": "Name"}}),
        ("input", {"label": {"txt": "Name"}}),
        ("radios", {"items": [{"text": "Yes"}, {"txet": "No"}]}),
        ("radios", {"fieldset": {"legend": {"words": "Which?"}}}),
    ],
)
def test_a_misspelt_option_is_found(component: str, options: dict[str, Any]) -> None:
    with pytest.raises(NoSuchOption, match="wanted one of"):
        check_options(component, options)
    with pytest.raises(NoSuchOption, match="wanted one of"):
        nhsuk(component, options)


FORM = Filled(
    {"a": ["<b>\"'"], "b": ["\n two\n  lines</textarea>"], "c": ["2"], "d": ["1", "3"], "e": ["2026-11-12"]},
    "0192",
    [("a", "Wrong <i>"), ("b", "Wrong"), ("c", "Wrong"), ("d", "Wrong"), ("e", "Wrong"), ("f", "Wrong"), ("", "Top")],
)
FIELDS = """
{% from "kit/forms.html" import hidden, token, error_summary, text_field, text_area, radios, checkboxes with context %}
{% from "kit/forms.html" import checkbox, select, date_field, submit, button_link, act with context %}
{{ error_summary(form) }}{{ hidden(form) }}{{ token() }}
{{ text_field(form, "a", "One line", hint="<u>hint", width=20, inputmode="numeric", max=20) }}
{{ text_area(form, "b", "Lines", hint="Hint", max=200) }}{{ text_area(form, "g", "Lines") }}
{{ radios(form, "c", "One", [("1", "A & b"), ("2", "B", "Hint")], inline=true) }}
{{ checkboxes(form, "d", "Any", [("1", "A"), ("2", "B"), ("3", "C")], hint="Hint") }}
{{ date_field(form, "e", "Until") }}{{ select(form, "f", "Which", [("1", "A"), ("2", "B")]) }}
{{ checkbox(form, "h", "I know", hint="Hint") }}
{{ submit("Send") }}{{ submit("Stop", "warning", name="stop", value="1") }}{{ button_link("On", "/x", "secondary") }}
{{ act("/forms/x", "Stop", {"item": "<"}) }}
"""


@pytest.fixture
def fields() -> str:
    """Every kind of field; a misspelt option would have been refused."""
    return rendering._templates.from_string(FIELDS).render(
        form=FORM, voice={"csrf": "TOKEN", "session": {"passkeys": [], "person": "x"}}
    )


def test_every_field_gives_options_that_there_are(fields: str) -> None:
    assert fields.count('name="csrf" value="TOKEN"') == 3
    assert set(OPTIONS) >= {"input", "textarea", "character-count", "radios", "checkboxes", "select", "date-input"}


def test_what_was_typed_is_escaped_and_whole(fields: str) -> None:
    assert 'value="&lt;b&gt;&#34;&#39;"' in fields
    assert ">\n\n two\n  lines&lt;/textarea&gt;</textarea>" in fields, "a browser drops the first line break"
    assert "<b>" not in fields
    assert "<u>" not in fields
    assert "Wrong &lt;i&gt;" in fields


def test_what_was_chosen_is_chosen_still(fields: str) -> None:
    chosen = re.findall(r'name="(\w)" type="(?:radio|checkbox)" value="(\d)" checked', fields)
    assert chosen == [("c", "2"), ("d", "1"), ("d", "3")]
    assert re.findall(r'name="e-(\w+)" type="text" value="(\d+)"', fields) == [
        ("day", "12"),
        ("month", "11"),
        ("year", "2026"),
    ]


def test_every_error_leads_to_its_field(fields: str) -> None:
    led = re.findall(r'<a href="#(\w+)">', fields)
    assert led == ["a", "b", "c", "d", "e", "f"]
    for name in led:
        assert len(re.findall(rf'<(?:input|textarea|select)[^>]* id="{name}"', fields)) == 1, name
    ids = re.findall(r' id="([^"]+)"', fields)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r' for="([^"]+)"', fields)) <= set(ids)
    assert {one for all_of in re.findall(r'aria-describedby="([^"]+)"', fields) for one in all_of.split()} <= set(ids)
