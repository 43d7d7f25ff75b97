"""What somebody was in fact shown until an instant: found by the trail's index, and held to the disclosures themselves.

It is looked for from the oldest line on, only as far as a page needs; how often each item was shown is counted. Of
lines that rest on an emergency of which the reader is not told yet, each is held to what the reader may hear of.
"""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Any

from api.http.service import Call
from api.http.sight import Sight, items_of
from ledger.core.instants import Instant, format_instant
from ledger.use_cases.trail import Asked
from projections.access_trail import LARGEST_PAGE, Line, Sought
from projections.errors import OutOfStep


@dataclass(slots=True)
class SeenBefore:
    """What one person was shown, as far as this reader may hear of it. ``first`` is by which line each item was first.

    ``asked`` is the reading; ``quiet`` the position from which on lines are looked at one by one, or None.
    """

    call: Call
    sight: Sight
    asked: Asked
    sought: Sought
    quiet: int | None
    first: dict[str, Line] = field(default_factory=dict)

    @classmethod
    def of(cls, call: Call, sight: Sight, asked: Asked, who: tuple[str, str], at: Instant) -> "SeenBefore":
        """What ``who`` (a person, and what they acted as) was shown until an instant, that instant included."""
        person, acting_as = who
        until = min(Instant(at + 1), sight.sought.until or Instant(at + 1))
        sought = Sought(asked.record, viewer=person, acting_as=acting_as, since=sight.sought.since, until=until)
        quiet = min((one.position for one in sight.quiet if one.person == person), default=None)
        return cls(call, sight, asked, sought, quiet)

    async def find(self, most: int) -> None:
        """Find the first so many items that this reader may see, in the order in which they were shown first."""
        after, refused = -1, set[str]()
        while len(self.first) < most:
            lines = await self._lines(self.sought, after)
            told = self._covered(lines)
            new = {item for line in told for item in items_of(line)} - self.first.keys() - refused
            seen = await self.call.ledger.trail.visible(self.call.by(), self.asked, new)
            refused |= new - seen
            for line in told:
                # Of one look by id: the order of its page may be that of something hidden.
                for item in sorted(seen.intersection(items_of(line))):
                    self.first.setdefault(item, line)
            if len(lines) < LARGEST_PAGE:
                return
            after = lines[-1].position

    async def was_shown_nothing(self) -> bool:
        """Did it open for them although it showed no item, in a line of which the reader may hear?"""
        after, bare = -1, replace(self.sought, bare=True, refused=False)
        while lines := await self._lines(bare, after):
            if self._covered(lines):
                return True
            after = lines[-1].position
        return False

    async def told(self, items: Collection[str]) -> list[dict[str, Any]]:
        """What is told of some of the items found: by which rule first, how often, when first and last."""
        first = {self.first[item].position for item in items}
        seen = await self.call.ledger.back.seen(
            self.asked.record, str(self.sought.viewer), max(first, default=-1) + 1, among=first
        )
        rules = {one.item: one.rule for one in seen.items}
        if lost := set(items) - rules.keys():
            raise OutOfStep(f"trail: got items {sorted(lost)[:3]} by no disclosure in the log, wanted one; run rebuild")
        counted = await self.call.service.access_trail.shown(self.sought, list(items), self.quiet)
        newer = [] if self.quiet is None else self._covered(await self._all(self.quiet))
        return [self._told_of(item, rules[item], counted.get(item), newer) for item in items]

    def _told_of(self, item: str, rule: str, counted: tuple[int, Instant] | None, newer: list[Line]) -> dict[str, Any]:
        times, last = counted or (0, self.first[item].at)
        more = [line.at for line in newer if item in items_of(line)]
        at = {"first_at": format_instant(self.first[item].at), "last_at": format_instant(max([last, *more]))}
        return {"item": item, "rule": rule, "times": times + len(more), **at}

    def _covered(self, lines: list[Line]) -> list[Line]:
        """Those of which the reader may hear. A preview was shown to the patient, not to them."""
        return [line for line in lines if not line.previewed and self.sight.covers(line)]

    async def _lines(self, sought: Sought, after: int) -> list[Line]:
        return await self.call.service.access_trail.oldest(sought, after=after, limit=LARGEST_PAGE)

    async def _all(self, after: int) -> list[Line]:
        """Every line behind a position."""
        lines = list[Line]()
        while chunk := await self._lines(self.sought, after):
            lines += chunk
            after = chunk[-1].position
        return lines
