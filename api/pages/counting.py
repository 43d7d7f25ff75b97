"""Counting: a message with its numbers as the reader's language writes them, in templates and in code.

A number that a message names is said with its separators (2,000) wherever it stands, so that no template has to ask
for that. What is no number to read out, such as a year, is given as text.
"""

from collections.abc import Mapping
from typing import Any, Final

from markupsafe import Markup

from api.pages.language import gettext, ngettext, number


def with_numbers(message: str, /, **named: object) -> str:
    """A message of code, already in the reader's language, with what it names."""
    return message % _as_read(named)


def _said(message: str, /, **named: object) -> Markup:
    """A message of a template; what it names is escaped."""
    return Markup(gettext(message)) % _as_read(named)  # noqa: S704 - messages are the program's; what they name is not


def _counted(one: str, many: str, count: int, /, **named: object) -> Markup:
    """A message of a template that counts something; it may name that as ``num``."""
    return Markup(ngettext(one, many, count)) % _as_read({"num": count, **named})  # noqa: S704 - as above


IN_TEMPLATES: Final[Mapping[str, Any]] = {"gettext": _said, "ngettext": _counted}
"""The globals of the environment by which templates say messages (Jinja's newstyle gettext)."""


def _as_read(named: Mapping[str, object]) -> dict[str, object]:
    counts = (int, float)
    return {
        name: number(value) if isinstance(value, counts) and not isinstance(value, bool) else value
        for name, value in named.items()
    }
