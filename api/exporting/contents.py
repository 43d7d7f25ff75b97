"""What is shown in an export: the reader's pages, and the statements that say it, opened."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ledger.core.entry import parse_entry
from ledger.core.sealing import Part, SealedBytes, SealedPart, WrappedKey, open_sealed
from ledger.disclosure import Disclosure
from ledger.ledger import Ledger
from ledger.store.mapper import WrappedUnder
from projections.timeline import Timeline
from projections.views import carer, clinician, patient
from projections.views.audience import Depth, read_by
from projections.views.fields import as_json

BUILD: Final[Mapping[str, Callable[[Ledger, Timeline, Disclosure], Awaitable[Any]]]] = {
    "patient": patient.build,
    "clinician": clinician.build,
    "carer": carer.build,
}


@dataclass(slots=True)
class Contents:
    """The pages, and by position the files of each statement about an item, and of each registration of a person."""

    pages: list[dict[str, Any]] = field(default_factory=list)
    items: int = 0
    statements: dict[int, dict[str, bytes]] = field(default_factory=dict)
    people: dict[int, dict[str, bytes]] = field(default_factory=dict)


async def take(ledger: Ledger, timeline: Timeline, disclosure: Disclosure, contents: Contents) -> None:
    """Take in one page, and unless it is a carer's, what proves it.

    Raises as the views do; NotAllowed when the disclosure's five seconds are over.
    """
    contents.pages.append(as_json(await BUILD[disclosure.acting_as](ledger, timeline, disclosure)))
    thread = list(disclosure.thread())
    contents.items += len(thread)
    if disclosure.acting_as == "carer":
        return
    positions = [position for shown in thread for position in shown.positions]
    statements = await timeline.at(positions, disclosure.as_of)
    speakers = {disclosure.patient}
    shown_as: dict[int, Depth] = {}
    for shown in thread:
        for about, depth in read_by(disclosure.acting_as, disclosure, shown, statements[shown.item]):
            speakers.add(about.author)
            shown_as[about.position] = depth
    registered = {disclosure.people[person] for person in speakers & disclosure.people.keys()} - contents.people.keys()
    contents.statements |= await _opened(ledger, disclosure, shown_as)
    contents.people |= await _opened(ledger, disclosure, dict.fromkeys(registered, Depth.WORDS))


async def _opened(ledger: Ledger, disclosure: Disclosure, shown_as: Mapping[int, Depth]) -> dict[int, dict[str, bytes]]:
    """Entries with what opens their commitments: their facts and, where this reader reads them, their words.

    Words that are erased are left out: nothing opens them any more.
    """
    disclosure.check_fresh(ledger.clock())
    opened = {
        kept.position: {
            "entry.json": kept.state,
            "facts.json": _open(
                ledger, kept.state, Part.FACTS, kept.facts, WrappedUnder(kept.wrapped, kept.generation)
            ),
        }
        for kept in await ledger.rows.read_these(shown_as)
    }
    read = [position for position, depth in shown_as.items() if depth is Depth.WORDS]
    for row in await ledger.rows.read_words(read, disclosure=disclosure.position):
        if row.sealed is not None and row.wrapped is not None:
            key = WrappedUnder(row.wrapped, row.generation)
            opened[row.position]["words.json"] = _open(ledger, row.entry, Part.WORDS, row.sealed, key)
    return opened


def _open(ledger: Ledger, entry: bytes, part: Part, sealed: bytes, key: WrappedUnder) -> bytes:
    statement = parse_entry(entry).signed.statement
    kept = SealedPart(SealedBytes(sealed), WrappedKey(key.wrapped))
    opening = open_sealed(kept, statement.id, part, ledger.keyring.opener(key.generation))
    opening.check_commitment((statement.facts if part is Part.FACTS else statement.words) or "", part.label)
    return opening.plaintext
