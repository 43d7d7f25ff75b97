"""A random story so far, and what is in it, for those who go on telling it."""

from dataclasses import dataclass, field
from typing import Any

from ledger.core.instants import DAY, HOUR
from tests.core.story import (
    ALL_CARERS,
    EVERYTHING,
    FAMILY,
    JOY,
    OKAFOR,
    PHARMACY,
    PRACTICE,
    SAM,
    Story,
    named,
    of,
    person,
    team,
)

VERA = named("Vera")  # no carer; she may hold a power, and may be a parent
KINDS = (
    "note",
    "comment",
    "note",
    "comment",
    "result",
    "contribution",
    "medicine",
    "working-note",
    "flag",
    "experience",
)
SHARED_KINDS = ("note", "comment", "note", "comment", "result", "experience")
TOPICS = ("mental-health", "domestic-abuse", "genetic")
TOPIC_LISTS = ([], ["mental-health"], ["domestic-abuse"], ["genetic", "mental-health"])
SPANS = (0, 1, HOUR, 5 * HOUR, DAY, 15 * DAY, 29 * DAY, 300 * DAY)


@dataclass
class Told:
    """A story, and the names of what is in it."""

    story: Story
    items: list[str] = field(default_factory=list)
    directives: list[str] = field(default_factory=list)
    withholdings: list[tuple[str, str]] = field(default_factory=list)
    cares: list[str] = field(default_factory=list)
    assessments: list[str] = field(default_factory=list)
    best_interests: list[str] = field(default_factory=list)
    cases: list[str] = field(default_factory=list)
    parentals: list[str] = field(default_factory=list)
    sessions: list[str] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)
    emergencies: list[str] = field(default_factory=list)

    def some(self, names: list[Any], byte: int) -> Any:
        """One of these, or a name that nothing has."""
        return names[byte % len(names)] if names else named("nothing")

    def an_item(self, byte: int, kind: str | None = None) -> Any:
        """An item, of this kind if there is one; now and then one that is not there."""
        said = [one.facts for one in self.story.said if one.type == "item-added/1" and one.facts["kind"] == kind]
        return self.some([] if byte == 255 else [facts["item"] for facts in said] or self.items, byte)

    def new(self, names: list[str], what: str) -> str:
        """A name for something new, put with these."""
        names.append(named(f"{what} {len(self.story.said)}"))
        return names[-1]

    def grantee(self, byte: int) -> dict[str, str]:
        """Somebody to share with or withhold from."""
        sams = (person(SAM), person(SAM), team(FAMILY), ALL_CARERS)  # few grantees and scopes: let them meet often
        return (*sams, *(person(SAM), person(OKAFOR), team(PRACTICE), person(VERA), person(JOY), team(PHARMACY)))[
            byte % 10
        ]

    def scope(self, byte: int) -> dict[str, str]:
        """Something to share or withhold."""
        choice, which = byte % 4, byte // 4
        if choice == 0:
            return of("item", self.some(self.items[-4:], which))
        if choice == 1:
            return of("topic", TOPICS[which % 3])
        return EVERYTHING if choice == 2 else of("kind", SHARED_KINDS[which % len(SHARED_KINDS)])

    def parts(self, byte: int) -> list[dict[str, str]]:
        """Named parts of the record: one, or two; never everything."""
        one, other = self.scope(byte), self.scope(byte // 4 * 4 + 1)
        return [part for part in ((one, other) if byte & 8 else (one,)) if part != EVERYTHING]

    def current(self, grantee: dict[str, str], scope: dict[str, str]) -> str | None:
        """The directive that was made last for this grantee and scope."""
        found = None
        for one in self.story.said:
            if one.type == "directive-made/1" and (one.facts["grantee"], one.facts["scope"]) == (grantee, scope):
                found = one.facts["directive"]
            if one.type == "directive-withdrawn/1" and one.facts["directive"] == found:
                found = None
        return found
