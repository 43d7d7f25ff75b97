"""Views as plain values: what the HTTP API sends is exactly what the dataclasses hold."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
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


def as_json(value: Any, member: str = "") -> Any:
    """A view, or a part of one, as objects, lists, text, numbers, booleans and null."""
    if is_dataclass(value):
        return {field.name: as_json(getattr(value, field.name), field.name) for field in fields(value)}
    if isinstance(value, Mapping):
        return {name: as_json(inner) for name, inner in value.items()}
    if isinstance(value, tuple | list | frozenset):
        return [as_json(inner) for inner in value]
    if member in INSTANTS and isinstance(value, int):
        return format_instant(value)
    return value
