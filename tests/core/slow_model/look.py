"""One look at a record: who asks, when and how, and everything that was said so far; and plain questions about it."""

from dataclasses import dataclass, replace
from typing import Any

from ledger.core.instants import parse_instant
from ledger.core.said import Said


@dataclass(frozen=True)
class Look:
    """What somebody asks, of one record, after ``said``. ``at`` is in milliseconds."""

    said: tuple[Said, ...]
    record: str
    viewer: str
    acting_as: str
    at: int
    via: str = "screen"
    purpose: str | None = None
    case: str | None = None

    @property
    def on_screen(self) -> bool:
        """Everything but a look in person counts as a screen."""
        return self.via != "in-person"

    def by(self, viewer: str, acting_as: str) -> "Look":
        """The same look by somebody else."""
        return replace(self, viewer=viewer, acting_as=acting_as)

    def told(self, *types: str, **facts: Any) -> list[Said]:
        """The statements of these types about this record, in their order, with these facts."""
        about = [one for one in self.said if one.type in types and one.facts["record"] == self.record]
        return [one for one in about if all(one.facts[name] == value for name, value in facts.items())]

    def last(self, *types: str, **facts: Any) -> Said | None:
        """The last of these statements."""
        told = self.told(*types, **facts)
        return told[-1] if told else None

    def since(self, position: int, *types: str, **facts: Any) -> bool:
        """Was one of these said after this position?"""
        return any(one.position > position for one in self.told(*types, **facts))

    @property
    def dead(self) -> bool:
        """Was the patient's death recorded, and not taken back?"""
        last = self.last("death-recorded/1", "death-retracted/1")
        return last is not None and last.type == "death-recorded/1"

    @property
    def patient(self) -> str | None:
        """Whose record it is."""
        opened = self.told("record-opened/1")
        return opened[0].facts["patient"] if opened else None


def in_time(facts: Any, at: int) -> bool:
    """Does ``at`` lie from ``from`` on and before ``until``, where null bounds nothing?"""
    begun = facts["from"] is None or parse_instant(facts["from"]) <= at
    return begun and not_over(facts, at)


def not_over(facts: Any, at: int) -> bool:
    """Is it before ``until``?"""
    return facts["until"] is None or at < parse_instant(facts["until"])
