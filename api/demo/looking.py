"""Who has looked, with names and reasons: what a patient reads on the trail of their own record."""

from collections.abc import Iterable, Mapping
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
    reasons = await _reasons(stage)
    return [Look(line.at, names[line.viewer], line.acting_as, line.items, _why(line, reasons)) for line in lines]


async def _names(ledger: Ledger, disclosure: Disclosure, people: Iterable[str]) -> dict[str, str]:
    places = {who: (await ledger.facts.person(who)).fold.facts.registered for who in people}
    positions = [position for position in places.values() if position is not None]
    disclosure.check_fresh(ledger.clock())
    words = await open_words(ledger.rows, ledger.keyring, positions, disclosure=disclosure.position)
    told = {who: words.get(-1 if position is None else position) for who, position in places.items()}
    return {who: str((said or {}).get("name", who)) for who, said in told.items()}


async def _reasons(stage: Stage) -> dict[int, str]:
    """Why each emergency was opened, by its place: a matter of the record, opened as its items are."""
    disclosure = await stage.open(stage.cast.amina, matters=frozenset({"emergency"}))
    words = await stage.ledger.trail.words(disclosure)
    begun = [shown.positions[0] for shown in disclosure.thread()]
    return {position: str((words[position] or {}).get("reason")) for position in begun}


def _why(line: Line, reasons: Mapping[int, str]) -> str:
    if line.refused is not None:
        return "refused"
    rules = sorted({group.rule for group in line.permitted})
    if rules != ["emergency"]:
        return ", ".join(rules) or "nothing to show"
    places = sorted({position for group in line.permitted for position in group.evidence} & reasons.keys())
    return f"emergency: {' '.join(reasons[position] for position in places)}"
