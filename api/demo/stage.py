"""The stage: a ledger that runs, its views, and three readers side by side."""

from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from api.demo.cast import Cast, come_in
from api.wiring import House, ledger_of
from ledger.disclosure import Disclosure
from ledger.ledger import Ledger
from ledger.saying import By
from ledger.use_cases.trail import Asked
from projections.access_trail import AccessTrail
from projections.all import ALL_PROJECTIONS
from projections.follow import Follower, following
from projections.timeline import Timeline
from projections.views import carer, clinician, patient
from projections.views.carer import CarerItem, CarerView
from projections.views.clinician import ClinicianItem, ClinicianView
from projections.views.patient import PatientItem, PatientView

PURPOSES = {"patient": "own-record", "carer": "shared-with-me", "clinician": "appointment", "auditor": "audit"}

NOTHING: Final = "[dim](nothing)[/]"

View = ClinicianView | PatientView | CarerView
Item = ClinicianItem | PatientItem | CarerItem


@dataclass(frozen=True, slots=True)
class Stage:
    """What the scenes are played on: the ledger, what follows it, the cast, and where it is told."""

    ledger: Ledger
    follower: Follower
    timeline: Timeline
    trail: AccessTrail
    cast: Cast
    console: Console
    shown: dict[str, str] = field(default_factory=dict)
    """What each reader's column held last, so that what has not changed need not be read again."""

    async def open(self, by: By, *, purpose: str | None = None, via: str = "screen", case: str | None = None,
                   item: str | None = None, matters: frozenset[str] | None = None) -> Disclosure:  # fmt: skip
        """Open the record, one item of it, or its matters, as the API does: recorded first."""
        purpose = purpose or PURPOSES[by.acting_as]
        asked = Asked(self.cast.record, purpose, via=via, item=item, matters=matters, case=case)
        return await self.ledger.trail.open(by, asked)

    async def clinician(self, by: By, *, purpose: str | None = None, item: str | None = None) -> ClinicianView:
        """What a clinician is shown."""
        disclosure = await self.open(by, purpose=purpose, item=item)
        return await clinician.build(self.ledger, self.timeline, disclosure)

    async def patient(self) -> PatientView:
        """What Amina is shown."""
        return await patient.build(self.ledger, self.timeline, await self.open(self.cast.amina))

    async def carer(self) -> CarerView:
        """What Sam is shown."""
        return await carer.build(self.ledger, self.timeline, await self.open(self.cast.sam))

    async def show_three(self) -> CarerView:
        """Print what each of the three readers sees now; gives Sam's view back."""
        seen_by_sam = await self.carer()
        columns = Table(box=box.ROUNDED, expand=True)
        cells = []
        for who, view in (
            ("Dr Okafor, her doctor", await self.clinician(self.cast.okafor)),
            ("Amina, the patient", await self.patient()),
            ("Sam, her son and carer", seen_by_sam),
        ):
            columns.add_column(who, ratio=1)
            cells.append(self._cell(who, view))
        columns.add_row(*cells)
        self.console.print(columns)
        return seen_by_sam

    def _cell(self, who: str, view: View) -> str:
        """What a reader's column holds now."""
        told = "\n\n".join(map(_told, view.items)) or NOTHING
        before, self.shown[who] = self.shown.get(who), told
        return "[dim](as before)[/]" if told == before != NOTHING else told

    def show(self, title: str, items: Iterable[Item]) -> None:
        """Print items under a title."""
        self.console.print(Panel("\n\n".join(map(_told, items)), title=title, title_align="left"))

    def begin(self, number: int, title: str) -> None:
        """Begin a scene."""
        self.console.print()
        self.console.rule(f"[bold]{number}  {escape(title)}", align="left")

    def tell(self, words: str) -> None:
        """Tell what happens."""
        self.console.print(" ".join(words.split()))


@asynccontextmanager
async def stage_in(house: House, console: Console) -> AsyncIterator[Stage]:
    """Open the ledger of a house with everything that follows it, and let the cast come in."""
    async with (
        ledger_of(house) as ledger,
        following(ledger, house.conninfo, ALL_PROJECTIONS) as follower,
    ):
        cast = await come_in(ledger)
        yield Stage(ledger, follower, Timeline(follower), AccessTrail(follower), cast, console)


def _told(item: Item) -> str:
    return "\n".join(_lines(item))


def _lines(item: Item) -> Iterator[str]:
    name = f" ({escape(item.author.name)})" if item.author.name else ""
    if item.quote:
        yield f"[italic]on “{escape(item.quote)}”[/]"
    yield f"[bold]{item.kind}[/]{name}: {escape(item.text or '(its words have been erased)')}"
    for amendment in item.amendments:
        yield f"[green]amended:[/] {escape(amendment.text)}"
        if amendment.reason:
            yield f"[green]because:[/] {escape(amendment.reason)}"
    for child in item.children:
        yield from (f"  {line}" for line in _lines(child))
