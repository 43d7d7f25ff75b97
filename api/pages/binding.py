"""Binding: a form says which statements its author may be asked to sign, and where each fact and word comes from.

The service drafts what a form says (ADR 28). So that it cannot have a "yes" signed where "no" was chosen, or something
about another item, each form with ``data-says`` lists the statements that it may say, and of each member its source: a
value that the page has, a field of the form, or that the service makes it. ``static/binding.js`` holds each draft to
that, member by member, before anything is signed.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from markupsafe import Markup

from ledger.core.canonical import encode


class Source(NamedTuple):
    """Where a member comes from: ``how`` it is made, as ``static/binding.js`` knows it, and of what."""

    how: str
    of: Any


Members = Mapping[str, Any]
"""Members of a body, each with its Source; whatever else stands there is said as it is."""
MADE: Final = Source("made", None)
"""The service makes it: the id of something new, the instant of now, what is worked out from what was typed."""
_NEW_ENTRY: Final[Members] = {
    "item": MADE,
    "topics": [],
    "parent": None,
    "concern": None,
    "due": None,
    "in_confidence": False,
    "discussed": False,
    "copy_given": False,
    "imported": None,
}
_NEW_WORDS: Final[Members] = {"title": None, "quote": None, "data": None}


def field(name: str) -> Source:
    """What is typed or chosen there; null where nothing is."""
    return Source("field", name)


def chosen(name: str, meaning: Members) -> Source:
    """What each choice means."""
    return Source("chosen", [name, dict(meaning)])


def an_id(name: str) -> Source:
    """An id that was copied there, in small letters; null where nothing is."""
    return Source("id", name)


def ticked(name: str) -> Source:
    """Whether a box is ticked."""
    return Source("ticked", name)


def all_of(name: str, of: str = "names") -> Source:
    """All that is ticked: as ``names``, as ``numbers``, or as ``parts`` of a record (``kind:plan``)."""
    return Source(of, name)


def on(name: str, at: str = "day", is_set: tuple[str, str] | None = None) -> Source:
    """A day in three fields: ``day``, or the instant where it ``begins`` or ``ends``; null where it is empty.

    ``is_set``: the day that stands there from the start, and the instant that it then stays.
    """
    return Source(at, name) if is_set is None else Source("set", [at, name, *is_set])


def after(name: str, unit: str) -> Source:
    """So many ``hours`` after the page was made, or so many ``minutes`` from now."""
    return Source(unit, name)


def copied(name: str) -> Source:
    """A passage, with the blank space that it has in the text it was copied from."""
    return Source("copied", name)


def clock(name: str) -> Source:
    """A time of day; 9:00 is 09:00."""
    return Source("clock", name)


def begins_with(name: str) -> Source:
    """A text that begins with what was typed."""
    return Source("start", name)


def headed(own: str, headings: Mapping[str, str]) -> Source:
    """One text of several fields, each under its heading (``api.pages.headed``)."""
    return Source("headed", [[own, None], *([name, heading] for name, heading in headings.items())])


def entry(facts: Members, words: Members) -> tuple[str, Members, Members]:
    """A new entry of a record, of which at least ``record``, ``kind`` and ``text`` are to be said."""
    return ("item-added/1", {**_NEW_ENTRY, **facts}, {**_NEW_WORDS, **words})


def adds(facts: Members, words: Members) -> Markup:
    """The attribute of a form that adds an entry."""
    return says_any([entry(facts, words)])


def says(statement_type: str, facts: Members, words: Members | None = None) -> Markup:
    """The attribute of a form that says one statement."""
    return says_any([(statement_type, facts, words)])


def says_any(statements: Sequence[tuple[str, Members, Members | None]]) -> Markup:
    """The attribute of a form that says some of several statements, in any order."""
    listed = [
        {"type": kind, "facts": _spelled(facts), "words": None if words is None else _spelled(words)}
        for kind, facts, words in statements
    ]
    return Markup('data-says="{}"').format(encode(listed).decode())


def _spelled(members: Members) -> dict[str, Any]:
    return {name: _source(value) for name, value in members.items()}


def _source(value: object) -> dict[str, Any]:
    if not isinstance(value, Source):
        return {"is": value}
    if value.how == "members":
        return {"members": _spelled(value.of)}
    return {value.how: value.of}


def members(**of: object) -> Source:
    """An object, each of whose members has a source of its own."""
    return Source("members", of)
