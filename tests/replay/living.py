"""A random life around one record, with many looks at it: seeded, so that a failure can be lived again."""

import contextlib
import os
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from api.clock import clock
from ledger.core.instants import HOUR, SECOND, Instant
from ledger.domain.errors import DomainError
from ledger.saying import By
from ledger.store.errors import Conflict
from ledger.use_cases.items import Draft
from ledger.use_cases.sharing import Directing
from ledger.use_cases.trail import Asked
from projections.views import clinician
from tests.story import Story

LOOKS = int(os.environ.get("REPLAY_DISCLOSURES", "300"))
MOST_ITEMS = 300
"""Of a long life, so that its looks cost what they cost in the beginning."""
KINDS = ("note", "plan", "medicine", "result", "allergy", "working-note", "plan-for-carers", "letter")
TOPICS = ("mental-health", "sexual-health", "domestic-abuse", "social-care")
SCOPES = (
    *({"kind": "kind", "of": kind} for kind in KINDS[:5]),
    *({"kind": "topic", "of": topic} for topic in TOPICS),
    {"kind": "everything"},
)


@dataclass
class Life:
    """What was lived through: who looked, at what, and what had been said by then."""

    story: Story
    random: Random
    items: list[str] = field(default_factory=list)
    shared: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    withheld: list[tuple[str, str]] = field(default_factory=list)
    looks: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    case: str = ""

    async def live(self, looks: int) -> None:
        """Say something now and then, and look again and again; what may not be said is refused, as in life."""
        ruth, record = self.story.ruth.person, self.story.record
        assigned = await self.story.ledger.cases.assign(self.story.ada, ruth, "A complaint.", record=record)
        self.case = str(assigned.facts["case"])
        await self.add()
        while self.looks.total() < looks:
            for act in self.random.choices((self.add, self.direct, self.withdraw, self.change, self.around), k=2):
                with contextlib.suppress(DomainError, Conflict):
                    await act()
            for _ in range(4):
                await self.look()

    async def add(self) -> None:
        story, pick = self.story, self.random
        if len(self.items) >= MOST_ITEMS:
            return
        by = pick.choice((story.okafor, story.okafor, story.lind, story.amina, story.sam))
        topics = tuple(pick.sample(TOPICS, pick.choice((0, 0, 1, 2))))
        if self.items and pick.random() < 0.25:
            said = await story.ledger.items.comment(by, story.record, pick.choice(self.items), "Is that so?")
        else:
            kind = "contribution" if by is story.sam else "experience" if by is story.amina else pick.choice(KINDS)
            said = await story.ledger.items.add(by, story.record, Draft(kind, "So it was.", None, topics))
        self.items.append(str(said.facts["item"]))

    async def direct(self) -> None:
        """Share or withhold, for ever or for a moment, in place of what was said of the same."""
        story, pick = self.story, self.random
        to = pick.choice((("person", story.sam.person), ("person", story.okafor.person), ("team", story.practice)))
        grantee = {"kind": to[0], "id": to[1]} if pick.random() < 0.8 else {"kind": "all-carers"}
        scope = pick.choice((*SCOPES, {"kind": "item", "of": pick.choice(self.items)}))
        withheld = pick.random() < 0.3
        ends = None if withheld or pick.random() < 0.7 else Instant(clock() + pick.choice((SECOND, HOUR)))
        together = {"kind": "together"} if not withheld and pick.random() < 0.2 else None
        replaces = next((known for known, of in self.shared.items() if of == (grantee, scope)), None)
        directing = Directing(grantee, scope, "withhold" if withheld else "share", None, ends, together, replaces)
        said = await story.ledger.sharing.direct(story.amina, story.record, directing)
        self.shared.pop(replaces or "", None)
        self.shared[str(said.facts["directive"])] = (grantee, scope)

    async def withdraw(self) -> None:
        if self.shared:
            directive = self.random.choice(list(self.shared))
            del self.shared[directive]
            await self.story.ledger.sharing.withdraw(self.story.amina, self.story.record, directive)

    async def change(self) -> None:
        """Say something about an item that changes who may see it."""
        story, pick, item = self.story, self.random, self.random.choice(self.items)
        match pick.randrange(6):
            case 0:
                await story.ledger.items.set_topics(story.okafor, story.record, item, pick.sample(TOPICS, 1))
            case 1:
                await story.ledger.items.mark_in_error(
                    story.okafor, story.record, item, "Not hers.", wrong_record=pick.random() < 0.3
                )
            case 2 if self.withheld:
                await story.ledger.items.lift(story.okafor, story.record, *self.withheld.pop(), reason="Over.")
            case 3:
                await story.ledger.items.hold(story.okafor, story.record, item, Instant(clock() + HOUR), "To be told.")
            case 4:
                await story.ledger.items.release(story.okafor, story.record, item)
            case _:
                await self._withhold(item)

    async def _withhold(self, item: str) -> None:
        today = datetime.now(UTC).date()
        said = await self.story.ledger.items.withhold(
            self.story.okafor, self.story.record, item, kept_from=self.random.choice(("patient", "carers", "screen")),
            ground=self.random.choice(("serious-harm", "third-party", "agreed")), opinion=today,
            review=today + timedelta(days=30), reason="It would do harm.",
        )  # fmt: skip
        self.withheld.append((item, str(said.facts["withholding"])))

    async def around(self) -> None:
        """Change who is around the record."""
        story, sharing, pick = self.story, self.story.ledger.sharing, self.random
        match pick.randrange(5):
            case 0:
                await sharing.suspend(pick.choice((story.okafor, story.amina)), story.record, story.sam.person)
            case 1:
                await sharing.restore(pick.choice((story.okafor, story.amina)), story.record, story.sam.person)
            case 2:
                until = Instant(clock() + HOUR)
                await sharing.start_together(story.amina, story.record, story.sam.person, until)
            case 3:
                await sharing.wish_results(story.amina, story.record, pick.choice(("at-once", "tell-me-first")))
            case _:
                await sharing.open_emergency(
                    story.moss, story.record, "life-at-risk", "Found on the floor.", Instant(clock() + HOUR)
                )

    async def look(self) -> None:
        """Somebody opens the record, a page of it or one item; now and then the words are opened as well."""
        story, pick = self.story, self.random
        by = pick.choice(
            (story.amina, story.sam, story.sam, story.okafor, story.lind, story.moss, story.ruth, story.greta)
        )
        via = pick.choice(("screen", "screen", "in-person", "print", "search", "preview"))
        asked = Asked(
            story.record, self._purpose(by), via,
            item=pick.choice(self.items) if pick.random() < 0.3 else None,
            limit=pick.choice((1, 5, 50)), case=self.case if by is story.ruth else None,
        )  # fmt: skip
        self.looks[by.acting_as] += 1
        try:
            disclosure = await story.ledger.trail.open(by, asked)
        except DomainError:
            self.refused[by.acting_as] += 1
            return
        if by.acting_as == "clinician" and pick.random() < 0.2:
            await story.settled()
            await clinician.build(story.ledger, story.timeline, disclosure)

    def _purpose(self, by: By) -> str:
        purposes = {"patient": "own-record", "carer": "shared-with-me", "auditor": "audit", "guardian": "audit"}
        return purposes.get(by.acting_as, self.random.choice(("appointment", "task")))
