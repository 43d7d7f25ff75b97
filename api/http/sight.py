"""What one reader sees of the trail: which lines, and how much of each.

A line is visible only where its item is: of each line a reader hears of the items that they may see themselves, and of
a line that showed only others, nothing. What was sought is held to what is told as well, so that no filter finds a line
by something in it that stays hidden.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from api.http.service import Call
from ledger.core.facts import RecordFacts
from ledger.core.instants import format_instant
from ledger.core.item_facts import Item
from ledger.core.matters import Matter
from ledger.core.oversight import GUARDIANS_MATTERS
from ledger.core.people import Case
from ledger.core.relations import Emergency
from projections.access_days import Plain
from projections.access_trail import LARGEST_PAGE, Line, Sought

READERS: Final = frozenset({"patient", "auditor", "guardian"})
OVERSEERS: Final = frozenset({"auditor", "guardian"})
_AT_ONCE: Final = 50


@dataclass(frozen=True, slots=True)
class Named:
    """Who looked, by name, and what items are called: their title, or None where they have none."""

    people: Mapping[str, str]
    titles: Mapping[str, str | None]


NOBODY: Final = Named({}, {})
Seeing = Callable[[list[Line]], Awaitable[tuple[list[Line], set[str]]]]
"""Of these lines, those of records that the reader may open, and which of their items they may see."""


@dataclass(frozen=True, slots=True)
class Sight:
    """Who reads the trail, in which case, and what they seek.

    ``quiet`` are the emergencies of which a patient is not told yet. ``guarded`` is the first position that concerns a
    guardian and of which the reader may know, or None. ``facts`` are those of the patient's own record.
    """

    acting_as: str
    sought: Sought
    case: Case | None = None
    quiet: tuple[Emergency, ...] = ()
    guarded: int | None = None
    facts: RecordFacts | None = None

    def covers(self, line: Line) -> bool:
        """Lies this line within what the reader may hear of at all, whatever it showed?"""
        if self.acting_as == "auditor" and (self.case is None or not self.case.spans(line.at)):
            return False
        return not self._is_quiet(line) and not self._tells_of_a_secret(line)

    def shows(self, line: Line, seen: set[str]) -> bool:
        """Is this line visible to a reader who may see these items?"""
        if not self.covers(line):
            return False
        told = bool(seen.intersection(items_of(line))) if line.permitted else self._whose(line)
        return (told or self._told_whole(line)) and self._as_sought(line, seen)

    def opened(self, line: Line, seen: set[str]) -> bool:
        """Does the reader hear of this line that it was an emergency?"""
        return line.purpose == "emergency" or any(group["rule"] == "emergency" for group in self.groups(line, seen))

    def plain(self, hidden: Collection[str]) -> Plain:
        """What settles, without a look at each of them, which lines are visible, of those that are as sought."""
        of_all = self.case is None or self.case.person is None
        of_record = of_all and self.case is not None and self.case.record is not None
        return Plain(
            hidden,
            bare=of_all,
            # A guardian, and an auditor of somebody's looks, may be told of a line although its items stay hidden.
            only_items=self.acting_as == "patient" or of_record,
            watched=[one.person for one in self.quiet],
            watched_from=min((one.position for one in self.quiet), default=0),
        )

    def groups(self, line: Line, seen: set[str]) -> list[dict[str, Any]]:
        """The items of a line by rule, each rule once, in the order of the alphabet.

        A line's own groups stand in the order of the page that was read, where one that is hidden may have come first.
        """
        by_rule: dict[str, list[str]] = {}
        for group in line.permitted:
            items = [item for item in group.items if item in seen]
            if items or self.acting_as == "guardian" or self._told_whole(line):
                by_rule.setdefault(group.rule, []).extend(items)
        return [{"rule": rule, "items": sorted(items)} for rule, items in sorted(by_rule.items())]

    def things(self, line: Line, seen: set[str], titles: Mapping[str, str | None]) -> list[dict[str, str | None]]:
        """Of what kind each item of a line is, how it is called, and since when it is there.

        By id, as the order of a page may tell.
        """
        of_line = {one: self._thing(one) for one in sorted(seen.intersection(items_of(line)))}
        return [
            {"id": one, "kind": of.kind, "title": titles.get(one), "since": since(of)}
            for one, of in of_line.items()
            if of is not None
        ]

    def _thing(self, named: str) -> Item | Matter | None:
        return None if self.facts is None else self.facts.items.get(named) or self.facts.matters.get(named)

    def _whose(self, line: Line) -> bool:
        """A line that showed no item: everybody's; in an auditor's case about one person, that person's."""
        if self.case is None:
            return True
        return self.case.person in (None, line.looked, line.patient)

    def _told_whole(self, line: Line) -> bool:
        """Guardians see an emergency, and auditors the looks that their case is about, whatever the items."""
        if self.acting_as == "guardian":
            return line.emergency
        if self.case is None:
            return False
        return self.case.person == line.looked or (self.case.person is None and self.case.record is None)

    def _is_quiet(self, line: Line) -> bool:
        """Does it rest on an emergency of which the patient is not told yet, or on the guardian's work with it?"""
        return any(line.position > one.position and _tells_of(line, one) for one in self.quiet)

    def _tells_of_a_secret(self, line: Line) -> bool:
        """Would a guardian's look tell a patient that something here concerns guardians, which they do not know?

        Nothing but such a thing lets a guardian in, and it may be kept without a trace.
        """
        let_in = line.acting_as == "guardian" and line.refused is None and not line.permitted
        return self.acting_as == "patient" and let_in and (self.guarded is None or line.position < self.guarded)

    def _as_sought(self, line: Line, seen: set[str]) -> bool:
        sought, rules = self.sought, {group["rule"] for group in self.groups(line, seen)}
        if self.acting_as in OVERSEERS and line.refused is not None:
            rules.add(line.refused)
        return (
            (sought.item is None or sought.item in seen)
            and (sought.rule is None or sought.rule in rules)
            and (sought.emergency is None or sought.emergency == self.opened(line, seen))
        )


async def sight_of(call: Call, record: str | None, sought: Sought, case: str | None) -> Sight:
    """What this caller sees of the trail now, of one record or of all."""
    acting_as, now = call.session.acting_as, call.ledger.clock()
    if acting_as == "auditor":
        cases = (await call.ledger.facts.person(call.session.person, fresh=True)).fold.facts.cases
        assigned = cases.get(case or "")
        if assigned is None or not assigned.term.in_force(now):
            return Sight(acting_as, sought)
        return Sight(acting_as, _within(sought, assigned), assigned)
    if acting_as == "patient" and record is not None:
        facts = (await call.ledger.facts.record(record, fresh=True)).fold.facts
        quiet = {named: one for named, one in facts.emergencies.items() if one.kept_quiet(now)}
        known = (one for one in facts.matters.values() if one.kind in GUARDIANS_MATTERS and one.id not in quiet)
        guarded = min((one.position for one in known), default=None)
        return Sight(acting_as, sought, quiet=tuple(quiet.values()), guarded=guarded, facts=facts)
    return Sight(acting_as, sought)


async def lines_of(
    call: Call, sight: Sight, before: int | None, limit: int, seeing: Seeing
) -> list[tuple[Line, set[str]]]:
    """Up to one more than ``limit`` lines that the reader may see, each with those of its items that they may."""
    indexed, found, size = _indexed(sight), list[tuple[Line, set[str]]](), limit + 1
    while len(found) <= limit:
        chunk = await call.service.access_trail.page(indexed, before=before, limit=size)
        lines, seen = await seeing(chunk)
        found += [(line, seen.intersection(items_of(line))) for line in lines if sight.shows(line, seen)]
        if len(chunk) < size:
            break
        # Where little is found among many lines, many are looked at together.
        before, size = chunk[-1].position, min(2 * size, LARGEST_PAGE)
    return found[: limit + 1]


async def lines_since(call: Call, sight: Sight, after: int, disclosed: set[str]) -> list[tuple[Line, set[str]]]:
    """The lines behind a position, newest first, that the reader may see by what is disclosed to them."""
    indexed, found = _indexed(sight), list[tuple[Line, set[str]]]()
    while chunk := await call.service.access_trail.oldest(indexed, after=after, limit=_AT_ONCE):
        told = ((line, disclosed.intersection(items_of(line))) for line in chunk)
        found += [(line, seen) for line, seen in told if sight.shows(line, seen)]
        after = chunk[-1].position
        if len(chunk) < _AT_ONCE:
            break
    return found[::-1]


def items_of(line: Line) -> list[str]:
    """Everything that a line showed."""
    return [item for group in line.permitted for item in group.items]


def since(thing: Item | Matter) -> str:
    """From when on something is in the record."""
    return format_instant(thing.added_at if isinstance(thing, Item) else thing.at)


def line_as_json(sight: Sight, line: Line, seen: set[str], named: Named) -> dict[str, Any]:
    """A line as its reader sees it. A patient hears that something was refused, but not what, nor by which rule.

    They hear of what kind each item is, and how it is called: it tells in words what somebody read.
    """
    of = {"id": line.viewer, "name": named.people.get(line.viewer), "acting_as": line.acting_as}
    shown = {
        "id": line.id,
        "viewer": {"id": line.looked, "name": named.people.get(line.looked)},
        "acting_as": "patient" if line.previewed else line.acting_as,
        "purpose": line.purpose,
        "via": line.via,
        "preview_of": of if line.previewed else None,
        "at": format_instant(line.at),
        "refused": line.refused is not None,
        "shown": sight.groups(line, seen),
    }
    if sight.acting_as == "patient":
        return {**shown, "items": sight.things(line, seen, named.titles)}
    told = {"record": line.record, "case": line.case, "rule": line.refused, "attempted": line.attempted}
    return {**shown, **told, "position": line.position}


def _indexed(sight: Sight) -> Sought:
    """What the index is asked for, so that what it finds is told as far as it can be.

    That something was no emergency is told of what is visible of it alone; and a patient by no rule that refused.
    """
    sought = replace(sight.sought, emergency=sight.sought.emergency or None)
    return sought if sight.acting_as in OVERSEERS else replace(sought, rule=None, shown_by=sought.rule)


def _within(sought: Sought, case: Case) -> Sought:
    """The lines that the case bounds."""
    if case.period is None:
        return sought
    since, until = case.period
    return replace(sought, since=max(since, sought.since or since), until=min(until, sought.until or until))


def _tells_of(line: Line, emergency: Emergency) -> bool:
    if line.acting_as == "guardian":
        return True
    rests = any(emergency.position in group.evidence for group in line.permitted)
    return line.viewer == emergency.person and (rests or line.emergency or not line.permitted)
