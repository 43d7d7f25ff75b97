"""Shapes of values: what a member of a statement may be.

Each shape is a check ``(what, value)`` that raises MalformedStatement with the first difference. Members are
named from the whole only when one differs: putting the names together took more than all the checks.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Final

from ledger.core.errors import MalformedStatement
from ledger.core.instants import parse_instant

Check = Callable[[str, object], None]
"""Raises MalformedStatement, naming the member, unless the value has the shape."""

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_RULE = re.compile(r"[a-z][a-z0-9-]{0,63}(:[a-z][a-z0-9-]{0,63})?")
_NAME = re.compile(r"[a-z][a-z0-9-]{0,63}")
WORDS_LIMIT: Final = 256 * 1024
_NONE: Final[Mapping[str, Check]] = {}


def uuid(what: str, value: object) -> None:
    """A lower-case RFC 9562 UUID."""
    if not isinstance(value, str) or not _UUID.fullmatch(value):
        raise MalformedStatement(what, got=value, wanted="a lower-case UUID")


def flag(what: str, value: object) -> None:
    """true or false."""
    if not isinstance(value, bool):
        raise MalformedStatement(what, got=value, wanted="true or false")


def position(what: str, value: object) -> None:
    """A whole number from 0 to 2^53 - 1."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**53:
        raise MalformedStatement(what, got=value, wanted="a whole number below 2^53")


def instant(what: str, value: object) -> None:
    """An RFC 3339 UTC instant in milliseconds."""
    try:
        parse_instant(value)
    except MalformedStatement as error:
        raise MalformedStatement(what, got=value, wanted=error.wanted) from error


def day(what: str, value: object) -> None:
    """An ISO 8601 calendar date, 2026-05-03."""
    try:
        if not isinstance(value, str) or date.fromisoformat(value).isoformat() != value:
            raise MalformedStatement(what, got=value, wanted="a date such as 2026-05-03")
    except ValueError as error:
        raise MalformedStatement(what, got=value, wanted="a date that exists") from error


def clock(what: str, value: object) -> None:
    """A time of day, 09:00."""
    if not isinstance(value, str) or not _CLOCK.fullmatch(value):
        raise MalformedStatement(what, got=value, wanted="a time of day such as 09:00")


def name(what: str, value: object) -> None:
    """A short identifier of lower-case letters, digits and hyphens."""
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise MalformedStatement(what, got=value, wanted="lower-case letters, digits and hyphens, at most 64")


def rule(what: str, value: object) -> None:
    """The name of a rule, with its ground where it has one: withheld:serious-harm."""
    if not isinstance(value, str) or not _RULE.fullmatch(value):
        raise MalformedStatement(what, got=value, wanted="a rule such as direct-care or withheld:serious-harm")


def text(what: str, value: object) -> None:
    """Free text: no NUL, no lone surrogate, not blank, at most 256 KiB as UTF-8."""
    if not isinstance(value, str) or not value.strip():
        raise MalformedStatement(what, got=value, wanted="text that is not blank")
    if "\0" in value:
        raise MalformedStatement(what, got=value, wanted="text without NUL characters")
    try:
        size = len(value.encode())
    except UnicodeEncodeError as error:
        raise MalformedStatement(what, got=value, wanted="text without lone surrogates") from error
    if size > WORDS_LIMIT:
        raise MalformedStatement(what, got=f"{size} bytes", wanted=f"at most {WORDS_LIMIT} bytes")


def one_of(*allowed: str) -> Check:
    """One of a closed list of names."""
    names = frozenset(allowed)

    def check(what: str, value: object) -> None:
        if not isinstance(value, str) or value not in names:
            raise MalformedStatement(what, got=value, wanted="one of " + ", ".join(allowed))

    return check


def optional(inner: Check) -> Check:
    """Null, or the inner shape."""

    def check(what: str, value: object) -> None:
        if value is not None:
            inner(what, value)

    return check


def list_of(inner: Check, *, at_most: int = 1024) -> Check:
    """A list of the inner shape; no duplicates among strings."""

    def check(what: str, value: object) -> None:
        if not isinstance(value, list) or len(value) > at_most:
            raise MalformedStatement(what, got=value, wanted=f"a list of at most {at_most}")
        for n, member in enumerate(value):
            try:
                inner("", member)
            except MalformedStatement as error:
                raise error.inside(f"{what}[{n}]") from None
        names = [member for member in value if isinstance(member, str)]
        if len(set(names)) != len(names):
            raise MalformedStatement(what, got=value, wanted="no member twice")

    return check


def members(shape: Mapping[str, Check], also: Mapping[str, Check] = _NONE) -> Check:
    """An object with exactly these members; those of ``also`` may be left out."""

    def check(what: str, value: object) -> None:
        if not isinstance(value, dict) or (value.keys() != shape.keys() and not _has_members(value, shape, also)):
            got = sorted(value) if isinstance(value, dict) else value
            beside = f"; {', '.join(sorted(also))} may be left out" if also else ""
            wanted = "exactly the members " + ", ".join(sorted({*shape, *also}))
            raise MalformedStatement(what, got=got, wanted=wanted + beside)
        try:
            for member, inner in shape.items():
                inner(member, value[member])
            if len(value) > len(shape):
                for member in sorted(value.keys() & also.keys()):
                    also[member](member, value[member])
        except MalformedStatement as error:
            raise error.inside(what) from None

    return check


def _has_members(value: Mapping[str, object], shape: Mapping[str, Check], also: Mapping[str, Check]) -> bool:
    return shape.keys() <= value.keys() <= shape.keys() | also.keys()


def mapping_of(inner: Check) -> Check:
    """An object from names to the inner shape."""

    def check(what: str, value: object) -> None:
        if not isinstance(value, dict):
            raise MalformedStatement(what, got=value, wanted="an object")
        for key, member in value.items():
            name(f"{what} member", key)
            inner(f"{what}.{key}", member)

    return check


def tagged(tag: str, **shapes: Mapping[str, Check]) -> Check:
    """An object whose member ``tag`` says which further members it has (names with _ stand for -)."""
    names = {key.replace("_", "-"): shape for key, shape in shapes.items()}
    by_tag = {name: members({tag: one_of(name), **shape}) for name, shape in names.items()}

    def check(what: str, value: object) -> None:
        chosen = by_tag.get(value[tag]) if isinstance(value, dict) and isinstance(value.get(tag), str) else None
        if chosen is None:
            raise MalformedStatement(what, got=value, wanted=f"an object whose {tag} is one of " + ", ".join(by_tag))
        chosen(what, value)

    return check


def anything(what: str, value: object) -> None:
    """Any value: its shape is checked where it is read."""
