"""Directives: what the patient allows, and which of them decides.

Within one scope the nearest grantee decides: the person, then their teams, then all carers; among equals a
withhold wins. A share may have dates and a condition. A withhold has neither: it lasts until it is withdrawn.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from ledger.core.hours import Hours, hours_of
from ledger.core.instants import Instant, parse_instant

Grantee = tuple[str, str]
"""("person", id), ("team", id) or ("all-carers", "")."""
Scope = tuple[str, str]
"""("item", id), ("topic", name), ("kind", name) or ("everything", "")."""
Condition = Hours | Literal["together", "when-unwell"]

ALL_CARERS: Final[Grantee] = ("all-carers", "")
EVERYTHING: Final[Scope] = ("everything", "")


@dataclass(frozen=True, slots=True)
class Directive:
    """One directive of the patient's. ``hidden``: clinicians are not to see that something is sealed.

    ``by_parent``: said for a child by a parent; as a share it ends when the young person decides with a review.
    """

    id: str
    position: int
    grantee: Grantee
    scope: Scope
    shares: bool
    starts: Instant | None
    ends: Instant | None
    condition: Condition | None
    hidden: bool
    by_parent: bool = False

    def in_time(self, at: Instant) -> bool:
        """Has it started and not expired at this instant?"""
        return (self.starts is None or self.starts <= at) and (self.ends is None or at < self.ends)


def grantee_of(facts: Mapping[str, Any]) -> Grantee:
    """The grantee member of a directive's facts as a key."""
    grantee = facts["grantee"]
    return grantee["kind"], grantee.get("id", "")


def scope_of(facts: Mapping[str, Any]) -> Scope:
    """The scope member of a directive's facts as a key."""
    scope = facts["scope"]
    return scope["kind"], scope.get("of", "")


def directive_of(position: int, facts: Mapping[str, Any], acting_as: str = "patient") -> Directive:
    """The directive that a ``directive-made/1`` at this position makes."""
    return Directive(
        id=facts["directive"],
        position=position,
        grantee=grantee_of(facts),
        scope=scope_of(facts),
        shares=facts["effect"] == "share",
        starts=_instant(facts["from"]),
        ends=_instant(facts["until"]),
        condition=_condition(facts["condition"]),
        hidden=facts["hidden"],
        by_parent=acting_as == "parent",
    )


def _instant(text: str | None) -> Instant | None:
    return None if text is None else parse_instant(text)


def _condition(condition: dict[str, Any] | None) -> Condition | None:
    if condition is None:
        return None
    if condition["kind"] == "hours":
        return hours_of(condition)
    return "together" if condition["kind"] == "together" else "when-unwell"
