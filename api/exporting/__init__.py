"""Export: what one person may see of a record, as a zip file that they keep.

``ledger.verify.bundle_form`` says which files it has; ``record-ledger verify`` checks it, and so can anybody with the
tools of ``docs/how-to/check-a-record-without-us.md``. A carer's file has no statements, receipts or keys: a place on
the log tells when something else was said.

An export is a look like any other: recorded on the trail (via ``export``) before a word of it is opened.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from api.exporting.contents import BUILD, Contents, take
from api.exporting.evidence import Evidence, gather_evidence
from api.exporting.writing import write_bundle
from api.trust import read_policy, witnessed_under
from api.wiring import House, ledger_of
from ledger.disclosure import Disclosure
from ledger.domain.errors import NotAllowed
from ledger.ledger import Ledger
from ledger.saying import By
from ledger.store.receipts import IsWitnessed
from ledger.use_cases.erasing import apply_erasures
from ledger.use_cases.trail import Asked
from projections.all import ALL_PROJECTIONS
from projections.follow import following
from projections.timeline import Timeline

PURPOSES: Final = {"patient": "own-record", "clinician": "task", "carer": "shared-with-me"}
_AT_ONCE: Final = 50
"""Items of one disclosure: few enough to be opened well within its five seconds."""

Still = Callable[[], Awaitable[None]]
"""Raises where whoever asked may not be answered any more."""


async def _always() -> None:
    """Whoever runs the command on the machine is there until it ends."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whose view of which record is to be exported, and for what: if nothing is said, what is usual for their role."""

    record: str
    person: str
    acting_as: str
    purpose: str | None = None


@dataclass(frozen=True, slots=True)
class Exported:
    """How much was written: items (comments among them) and signed statements.

    ``standing`` is that of the checkpoint, ``recorded`` or ``witnessed``; None in a file without evidence.
    """

    items: int
    statements: int
    standing: str | None


async def export_record(house: House, wanted: Wanted, to: Path) -> Exported:
    """Write a file with what a person may see of a record.

    Raises NotAllowed or Unknown where they may not, NotRecorded where the look cannot be recorded; then no file is
    written.
    """
    async with ledger_of(house) as ledger, following(ledger, house.conninfo, ALL_PROJECTIONS) as follower:
        await apply_erasures(ledger)  # as before serving: a recovery may have stopped before it did
        contents, evidence = await gather(
            ledger, Timeline(follower), wanted, witnessed_under(read_policy(house.settings))
        )
    write_bundle(to, contents, evidence)
    return Exported(contents.items, len(contents.statements), None if evidence is None else evidence.standing)


async def gather(
    ledger: Ledger, timeline: Timeline, wanted: Wanted, is_witnessed: IsWitnessed, still: Still = _always
) -> tuple[Contents, Evidence | None]:
    """All that a person may see of a record, and what proves it; each page is recorded, and ``still`` asked, first.

    Raises as ``export_record``, and what ``still`` raises, which ends it.
    """
    if wanted.acting_as not in BUILD:
        raise NotAllowed(f"export: got {wanted.acting_as}, wanted one of {', '.join(BUILD)}", "no-role")
    contents = Contents()
    async for disclosure in _pages(ledger, wanted):
        await still()
        await take(ledger, timeline, disclosure, contents)
    evidence = None if wanted.acting_as == "carer" else await gather_evidence(ledger, contents, is_witnessed)
    return contents, evidence


async def _pages(ledger: Ledger, wanted: Wanted) -> AsyncIterator[Disclosure]:
    """Disclosures of the whole record, page by page; each is recorded by itself."""
    after, purpose = None, wanted.purpose or PURPOSES[wanted.acting_as]
    while True:
        asked = Asked(wanted.record, purpose, via="export", limit=_AT_ONCE, after=after)
        disclosure = await ledger.trail.open(By(wanted.person, wanted.acting_as), asked)
        yield disclosure
        if disclosure.more is None:
            return
        after = disclosure.more
