"""Views as plain values: what the HTTP API sends is exactly what the dataclasses hold."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, Final

from ledger.core.instants import format_instant

INSTANTS: Final = frozenset(
    {
        "made_at",
        "recorded_at",
        "opened_at",
        "signed_at",
        "withdrawn_at",
        "released_at",
        "due",
        "ends",
        "until",
    }
)
"""Members of views that are instants: RFC 3339 UTC with milliseconds outside, milliseconds inside."""
_AS_THEY_ARE: Final = frozenset({str, bool, float, type(None)})


def as_json(value: Any, member: str = "") -> Any:
    """A view, or a part of one, as objects, lists, text, numbers, booleans and null."""
    kind = type(value)
    if kind in _AS_THEY_ARE:
        return value
    if (members := _members_of(kind)) is not None:  # type: ignore[arg-type]  # a class is hashable
        return {name: as_json(getattr(value, name), name) for name in members}
    if isinstance(value, Mapping):
        return {name: as_json(inner) for name, inner in value.items()}
    if isinstance(value, tuple | list | frozenset):
        return [as_json(inner) for inner in value]
    if member in INSTANTS and isinstance(value, int):
        return format_instant(value)
    return value


@cache  # a page has thousands of members, and asking each for its dataclass took longer than all the rest
def _members_of(kind: type) -> tuple[str, ...] | None:
    return tuple(field.name for field in fields(kind)) if is_dataclass(kind) else None
