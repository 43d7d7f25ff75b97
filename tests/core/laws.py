"""Laws as functions of one case: a random story, an instant, and dice. One story is tried on many laws, for telling it
and drawing it cost more than to judge it.
"""

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, fields
from functools import cached_property

from hypothesis import settings
from hypothesis import strategies as st

from ledger.core.instants import Instant
from tests.core.random_stories import READERS, spans, stories
from tests.core.random_told import Told
from tests.core.seen import Reader, Seen
from tests.thorough import times

MANY = settings(max_examples=times(500, 2000, "LAW_EXAMPLES"), deadline=None)
"""On how many stories each law is tried; ``LAW_EXAMPLES`` says another number."""


@dataclass(frozen=True)
class Case:
    """A story, an instant ``at`` after it, a span of time, and bytes for a law's own choices."""

    story: Told
    at: Instant
    span: int
    dice: bytes

    @cached_property
    def before(self) -> Seen:
        """What everybody sees after the story."""
        return Seen(self.story.story.said, self.story.items)

    def told(self) -> Told:
        """The story, to be told on by one law."""
        told, story = copy(self.story), copy(self.story.story)
        story.said = list(story.said)
        for one in fields(told):
            if one.name != "story":
                setattr(told, one.name, list(getattr(told, one.name)))
        told.story = story
        return told

    def readers(self) -> list[Reader]:
        """Four readers in turn: over all cases, everybody."""
        return [READERS[(self.dice[0] + n) % len(READERS)] for n in range(0, len(READERS), 2)]


Law = Callable[[Case], None]


def after(told: Told, case: Case) -> Seen:
    """What everybody sees after a case's story was told on."""
    return Seen(told.story.said, told.items, case.before)


def _case(told: Told, later: int, span: int, dice: bytes) -> Case:
    return Case(told, Instant(told.story.now + later), span, dice)


cases = st.builds(_case, stories, spans, spans, st.binary(min_size=4, max_size=24))
