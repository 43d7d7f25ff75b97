"""What a decision says to the letter: its rule, every fact that it rests on, when time ends it, and its trace.

The rows of the table show who sees what. Replay compares all of a decision, so what stands here is compared whole.
"""

from typing import Any

from ledger.core.decisions import Permit
from ledger.core.instants import Instant
from tests.core.story import LIND, OKAFOR, SAM, Story


def where(story: Story, type_: str, **facts: Any) -> int:
    """The position of the last statement of this type with these members."""
    return [said.position for said in story.said if said.type == type_ and facts.items() <= said.facts.items()][-1]


def permit(rule: str, *positions: int, until: int | None = None) -> Permit:
    """A permit that rests on these positions."""
    return Permit(rule, tuple(sorted(set(positions))), None if until is None else Instant(until))


def named(story: Story, who: str = SAM) -> int:
    """Where a carer was named."""
    return where(story, "carer-named/1", person=who)


def role(story: Story, who: str = OKAFOR) -> int:
    """Where a role was granted to somebody."""
    return where(story, "role-granted/1", person=who)


def in_care(story: Story, who: str = OKAFOR) -> tuple[int, int, int]:
    """What a clinician of the practice is in care by: role, team, and the care of the team."""
    return role(story, who), where(story, "team-joined/1", person=who), where(story, "care-started/1")


def approved(story: Story, who: str) -> tuple[int, int]:
    """A role that takes two: its grant and its approval."""
    return role(story, who), where(story, "role-approved/1", person=who)


def answered(story: Story) -> str:
    """A letter and a comment on it; gives the comment."""
    letter = story.item("letter", kind="letter")
    return story.item("answer", LIND, kind="comment", concern="comment", parent=letter)
