"""Who has looked, with names and reasons: what a patient reads on the trail of their own record."""

from collections.abc import Iterable
from dataclasses import dataclass

from api.demo.stage import Stage
from ledger.core.instants import Instant
from ledger.disclosure import Disclosure
from ledger.ledger import Ledger
from ledger.store.words import open_words
from projections.access_trail import Line, Sought


@dataclass(frozen=True, slots=True)
class Look:
    """One look at the record: when, by whom, how much was shown, and why that was allowed (or that it was not)."""

    at: Instant
    who: str
    acting_as: str
    items: int
    why: str


async def looks_at(stage: Stage, limit: int) -> list[Look]:
    """The latest looks at Amina's record, newest first; that she reads them is recorded before they are."""
    disclosure = await stage.open(stage.cast.amina, via="trail")
    await stage.follower.wait_until(disclosure.position)
    lines = await stage.trail.page(Sought(record=stage.cast.record), before=disclosure.position, limit=limit)
    names = await _names(stage.ledger, disclosure, {line.viewer for line in lines})
    return [
        Look(line.at, names[line.viewer], line.acting_as, line.items, await _why(stage.ledger, disclosure, line))
        for line in lines
    ]


async def _names(ledger: Ledger, disclosure: Disclosure, people: Iterable[str]) -> dict[str, str]:
    places = {who: (await ledger.facts.person(who)).fold.facts.registered for who in people}
    positions = [position for position in places.values() if position is not None]
    disclosure.check_fresh(ledger.clock())
    words = await open_words(ledger.rows, ledger.keyring, positions, disclosure=disclosure.position)
    told = {who: words.get(-1 if position is None else position) for who, position in places.items()}
    return {who: str((said or {}).get("name", who)) for who, said in told.items()}


async def _why(ledger: Ledger, disclosure: Disclosure, line: Line) -> str:
    if line.refused is not None:
        return "refused"
    rules = sorted({group.rule for group in line.permitted})
    if rules != ["emergency"]:
        return ", ".join(rules) or "nothing to show"
    reasons = []
    for position in sorted({position for group in line.permitted for position in group.evidence}):
        [said] = await ledger.read(position, 1)
        if said.type.startswith("emergency-opened/"):
            disclosure.check_fresh(ledger.clock())
            words = await open_words(ledger.rows, ledger.keyring, [position], disclosure=disclosure.position)
            reasons.append(str((words[position] or {}).get("reason")))
    return f"emergency: {' '.join(reasons)}"
