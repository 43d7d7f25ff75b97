"""Matters: what is said in words about a record rather than about one of its items.

Why an emergency was opened, what a capacity assessment found, a question about an access and its answer. A matter is
disclosed as an item is: decided by the rule of its reader, recorded, then opened. Its id is that of what it is about.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from ledger.core.instants import Instant
from ledger.core.said import Said


@dataclass(slots=True)
class Matter:
    """One matter. ``person`` is whom it concerns beside the author and the patient, where it concerns somebody.

    ``positions`` are those of the statements about it, the first first.
    """

    id: str
    kind: str
    position: int
    at: Instant
    author: str
    person: str | None
    positions: tuple[int, ...]


class _Begins(NamedTuple):
    kind: str
    member: str
    person: str | None


_BEGINS: Final[Mapping[str, _Begins]] = {
    "emergency-opened/1": _Begins("emergency", "emergency", "person"),
    "emergency-opened/2": _Begins("emergency", "emergency", "person"),
    "access-questioned/1": _Begins("question", "question", "viewer"),
    "carer-conversation-held/1": _Begins("conversation", "conversation", "person"),
    "capacity-assessed/1": _Begins("capacity", "assessment", None),
    "best-interests-made/1": _Begins("best-interests", "best_interests", "person"),
    "after-death-released/1": _Begins("release", "release", "person"),
}
_GOES_ON: Final[Mapping[str, str]] = {
    "emergency-reviewed/1": "emergency",
    "notice-delayed/1": "emergency",
    "access-answered/1": "question",
    "capacity-withdrawn/1": "assessment",
    "best-interests-ended/1": "best_interests",
}
MATTER_KINDS: Final = tuple(dict.fromkeys(begins.kind for begins in _BEGINS.values()))
OF_MATTERS: Final = frozenset(_BEGINS) | frozenset(_GOES_ON)
"""The statement types that are about a matter."""


def matter_of(statement_type: str, facts: Mapping[str, object]) -> str | None:
    """The id of the matter that a statement is about, or None."""
    begins = _BEGINS.get(statement_type)
    member = _GOES_ON.get(statement_type) if begins is None else begins.member
    return None if member is None else str(facts[member])


def take_matter(matters: dict[str, Matter], said: Said) -> None:
    """Take in a statement about a matter; another changes nothing, and so does a second beginning."""
    begins = _BEGINS.get(said.type)
    if begins is not None:
        person = None if begins.person is None else said.facts[begins.person]
        named = said.facts[begins.member]
        made = Matter(named, begins.kind, said.position, said.recorded_at, said.author, person, (said.position,))
        matters.setdefault(named, made)
    elif said.type in _GOES_ON and (known := matters.get(said.facts[_GOES_ON[said.type]])) is not None:
        known.positions = (*known.positions, said.position)
