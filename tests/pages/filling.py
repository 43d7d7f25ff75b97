"""Forms as a browser without scripts sees them: which fields there are, what stands in them, how they are filled in."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from typing import Any, Final

TYPED: Final = frozenset({"text", "search", "email", "tel", "textarea"})
"""Fields into which people type whatever they like."""


@dataclass
class Field:
    """One field: its value, whether it is ticked, and for a select what can be chosen."""

    name: str
    type: str
    value: str = ""
    ticked: bool = False
    choices: list[str] = field(default_factory=list)


@dataclass
class Form:
    """One form of a page."""

    action: str
    method: str
    statements: list[dict[str, Any]]
    fields: list[Field] = field(default_factory=list)

    @property
    def says(self) -> list[str]:
        """The types of what it may say."""
        return [one["type"] for one in self.statements]

    @property
    def typed(self) -> list[str]:
        """The names of the fields that are typed into."""
        return [one.name for one in self.fields if one.type in TYPED]

    def filled(self, typed: str | None = None, *, statement: str | None = None) -> list[tuple[str, str]]:
        """What a browser sends: of each choice the first, and in each typed field this, or nothing."""
        pairs: list[tuple[str, str]] = []
        radios = {one.name: one.value for one in reversed(self.fields) if one.type == "radio"}
        radios |= {one.name: one.value for one in self.fields if one.type == "radio" and one.ticked}
        first_boxes = {one.name: one.value for one in reversed(self.fields) if one.type == "checkbox"}
        for name, value in {**first_boxes, **radios}.items():
            pairs.append((name, value))
        for one in self.fields:
            if one.type in TYPED:
                pairs.append((one.name, one.value if typed is None else typed))
            elif one.type == "select":
                pairs.append((one.name, next((choice for choice in one.choices if choice), "")))
            elif one.name == "statement" and statement is not None:
                pairs.append((one.name, statement))
            elif one.type not in ("radio", "checkbox", "submit"):
                pairs.append((one.name, one.value))
        return pairs

    def with_token_of(self, other: "Form") -> "Form":
        """The same form with the page's token of another."""
        token = next((one.value for one in other.fields if one.name == "csrf"), "")
        return replace(self, fields=[replace(one, value=token) if one.name == "csrf" else one for one in self.fields])


class _Forms(HTMLParser):
    """Collects the forms of a page, with those fields that are elsewhere and belong to one by its id left out."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.ids: set[str] = set()
        self.summary: list[str] = []
        self._form: Form | None = None
        self._text: Field | None = None
        self._select: Field | None = None
        self._in_summary = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if "id" in given:
            self.ids.add(given["id"])
        if tag == "div" and (self._in_summary or "nhsuk-error-summary" in given.get("class", "").split()):
            self._in_summary += 1
        if tag == "a" and self._in_summary:
            self.summary.append(given.get("href", ""))
        if tag == "form":
            statements = json.loads(given.get("data-says", "[]"))
            self._form = Form(given.get("action", ""), given.get("method", "get").lower(), statements)
            self.forms.append(self._form)
        if self._form is not None and "disabled" not in given:
            self._field(tag, given, self._form)

    def _field(self, tag: str, given: dict[str, str], form: Form) -> None:
        made = Field(given.get("name", ""), given.get("type", "text"), given.get("value", ""), "checked" in given)
        if tag == "input" and made.name:
            form.fields.append(made)
        elif tag == "textarea":
            self._text = Field(made.name, "textarea")
            form.fields.append(self._text)
        elif tag == "select":
            self._select = Field(made.name, "select")
            form.fields.append(self._select)
        elif tag == "option" and self._select is not None:
            self._select.choices.append(made.value)
        elif tag == "button" and made.name:
            form.fields.append(replace(made, type="hidden"))

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text.value += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "textarea" and self._text is not None:
            self._text.value = self._text.value.removeprefix("\n")  # HTML: the first line break is not part of it
            self._text = None
        elif tag == "select":
            self._select = None
        elif tag == "div" and self._in_summary:
            self._in_summary -= 1


def read(page: str) -> _Forms:
    """The forms, ids and error summary of a page."""
    reader = _Forms()
    reader.feed(page)
    return reader


def forms_of(page: str) -> Iterator[Form]:
    """The forms of a page that change something."""
    yield from (form for form in read(page).forms if form.method == "post")


def shape_of(form: Form) -> str:
    """A form without the ids of what it is about: two of one shape are one form on two pages."""
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "*", form.action)


WORD: Final = (
    "“Smart” quotes \u2013 and a dash…\u00a0non-breaking\u2028a line\x0ba vertical tab"
    "\u200b\u200dzero width\x00NUL \u00adsoft\r\n• bullet\r\n\ttab"
)
KINDS: Final[dict[str, Callable[[], str]]] = {
    "nothing": str,
    "blank space": lambda: " \u00a0\t\r\n",
    "too long": lambda: "a" * 60_001,
    "emoji": lambda: "\U0001f469\U0001f3fd\u200d\u2695\ufe0f \U0001f3f3\ufe0f\u200d\U0001f308 thank you",
    "right to left": lambda: "\u200f\u05e9\u05dc\u05d5\u05dd, \u0645\u0631\u062d\u0628\u0627 (English) 123",
    "pasted from Word": lambda: WORD,
    "markup": lambda: "</textarea><script>alert(1)</script>\" onload='x' {{ 7*7 }} %(name)s",
}
"""What people type, or paste."""
