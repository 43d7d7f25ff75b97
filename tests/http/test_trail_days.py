"""The trail by day: it counts what the trail lists, for each of its readers, and nothing besides."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio

from api.clock import clock
from api.http.trail_days import MOST_DAYS
from api.postgres import EmbeddedPostgres
from ledger.core.instants import DAY, HOUR, Instant, parse_instant
from ledger.domain.errors import NotAllowed, Unknown
from ledger.saying import By
from ledger.use_cases.trail import Asked
from tests.http.living import asked, living
from tests.http.served import Client, Served, problem

pytestmark = pytest.mark.asyncio(loop_scope="module")
PURPOSE = {"patient": "own-record", "carer": "shared-with-me", "clinician": "appointment", "guardian": "audit"}


@dataclass
class Moving:
    """The clock of the story: it stands still until it is moved, and in the end goes as any other."""

    at: Instant | None

    def __call__(self) -> Instant:
        return self.at or clock()

    def move(self, milliseconds: int) -> None:
        self.at = Instant(self() + milliseconds)


@dataclass
class Told:
    """The application, after a story of a week, and two cases of Ruth's."""

    served: Served
    case: str
    case_of_lind: str
    case_of_a_day: str


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def told(
    postgres: EmbeddedPostgres, migrated_template: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Told]:
    home: Path = tmp_path_factory.mktemp("home")
    moving = Moving(Instant(clock() - 8 * DAY))
    with patch("tests.story.clock", moving):
        async with living(postgres, migrated_template, home) as served:
            yield await tell(served, moving)


async def look(served: Served, by: By, purpose: str = "", **more: Any) -> None:
    with suppress(Unknown, NotAllowed):  # who is refused has tried
        asking = Asked(served.story.record, purpose or PURPOSE[by.acting_as], **more)
        await served.story.ledger.trail.open(by, asking)


async def emergency(served: Served, moving: Moving, *, quiet: bool) -> None:
    """An emergency of Dr Moss; the patient does not hear of it yet, where it is quiet."""
    story, ledger = served.story, served.story.ledger
    until = Instant(moving() + HOUR)
    said = await ledger.sharing.open_emergency(story.moss, story.record, "urgent-care", "Found.", until)
    if quiet:
        named, until = str(said.facts["emergency"]), Instant(moving() + 3 * DAY)
        await ledger.sharing.delay_notice(story.greta, story.record, named, until, "She is not safe yet.")
    await look(served, story.moss, "emergency")
    await look(served, story.greta)


async def tell(served: Served, moving: Moving) -> Told:
    """A week of looks: at what is open and what is not, refused, in emergencies, by a guardian, as previews."""
    story = served.story
    notes = [await story.note(f"Note {n}.") for n in range(3)]
    await story.share({"kind": "item", "of": notes[0]})
    working = [await story.note("Between us.", kind="working-note") for _ in range(3)]
    of_lind = await story.note("A note of mine.", by=story.lind)
    for n in range(7):
        for by in (story.okafor, story.lind, story.amina, story.sam, story.moss):
            await look(served, by)
        await look(served, story.okafor, item=working[n % 3])
        await look(served, story.lind, "task", items=tuple(working))
        await look(served, story.lind, item=of_lind)
        await look(served, story.sam, via="preview", item=notes[0])
        await look(served, story.amina, via="trail", items=())
        await look(served, story.greta)
        if n in (2, 5):
            await emergency(served, moving, quiet=n == 5)
        moving.move(DAY if n < 4 else HOUR)
    moving.at = None
    period = (Instant(clock() - 7 * DAY), Instant(clock() - 4 * DAY))
    assign, ruth = story.ledger.cases.assign, story.ruth.person
    cases = [
        await assign(story.ada, ruth, "A complaint", record=story.record),
        await assign(story.ada, ruth, "A complaint", person=story.lind.person),
        await assign(story.ada, ruth, "A complaint", record=story.record, period=period),
    ]
    return Told(served, *(str(one.facts["case"]) for one in cases))


async def listed(client: Client, served: Served, **query: Any) -> list[dict[str, Any]]:
    """Every line that the trail lists, page by page."""
    page = await asked(client, f"{served.record}/trail", limit=40, **query)
    lines = list(page["lines"])
    while page["cursor"] is not None:
        page = await asked(client, f"{served.record}/trail", limit=40, cursor=page["cursor"], **query)
        lines += page["lines"]
    return lines


def counted(lines: list[dict[str, Any]], zone: str, patient: str) -> dict[str, dict[str, int]]:
    """The days of these lines."""
    days: dict[str, Counter[str]] = {}
    for line in lines:
        at = datetime.fromtimestamp(parse_instant(line["at"]) / 1000, UTC)
        of = days.setdefault(at.astimezone(ZoneInfo(zone)).date().isoformat(), Counter())
        opened = line["purpose"] == "emergency" or any(group["rule"] == "emergency" for group in line["shown"])
        of.update(lines=1, by_others=line["viewer"]["id"] != patient, refused=line["refused"], emergencies=opened)
    return {day: dict(of) for day, of in days.items()}


@pytest.mark.parametrize(
    ("reader", "zone"),
    [
        ("patient", "Europe/London"),
        ("patient", "Pacific/Auckland"),
        ("auditor", "UTC"),
        ("auditor of a person", "UTC"),
        ("auditor of some days", "UTC"),
        ("guardian", "UTC"),
    ],
)
async def test_it_counts_by_day_what_the_trail_lists(told: Told, reader: str, zone: str) -> None:
    served, story = told.served, told.served.story
    by = {"patient": story.amina, "guardian": story.greta}.get(reader, story.ruth)
    case = {"auditor": told.case, "auditor of a person": told.case_of_lind, "auditor of some days": told.case_of_a_day}
    query = {"purpose": "audit"} if by == story.greta else {"case": case[reader]} if by == story.ruth else {}
    client = await served.sign_in(by)
    lines = await listed(client, served, **query)
    told_of = await asked(client, f"{served.record}/trail/days", zone=zone, **query)
    # The list's pages and this reading came on top, of which the list told its first page only.
    newer = [line for line in await listed(client, served, **query) if line not in lines][1:]
    days = {one.pop("day"): one for one in told_of["days"]}
    assert (told_of["zone"], len(days)) == (zone, MOST_DAYS)
    wanted = counted(lines + newer, zone, story.amina.person)
    assert {day: of for day, of in days.items() if of["lines"]} == wanted
    assert wanted


async def test_who_reads_no_trail_reads_no_days_of_it_and_what_is_no_day_or_place_is_refused(told: Told) -> None:
    served, story = told.served, told.served.story
    path = f"{served.record}/trail/days"
    problem(await (await served.sign_in(story.sam)).get(path), 404, "unknown")
    problem(await (await served.sign_in(story.okafor)).get(path, purpose=None), 403, "not-allowed")
    amina = await served.sign_in(story.amina)
    for query in (
        {"zone": "Mars/Base"},
        {"zone": "localtime"},
        {"last": "2026-02-30"},
        {"last": "today"},
        {"days": 85},
    ):
        problem(await amina.get(path, **query), 422, "malformed")


async def test_it_is_recorded_as_a_reading_that_showed_no_item_before_it_is_answered(told: Told) -> None:
    served, story = told.served, told.served.story
    amina, start = await served.sign_in(story.amina), await served.size()
    few = await asked(amina, f"{served.record}/trail/days", days=2)
    [look] = [said for said in await story.ledger.read(start, 5) if said.type == "disclosure-made/1"]
    assert (look.facts["via"], look.facts["viewer"], look.facts["permitted"]) == ("trail", story.amina.person, [])
    assert len(few["days"]) == 2
    before = {one["day"]: one["lines"] for one in few["days"]}
    again = {one["day"]: one["lines"] for one in (await asked(amina, f"{served.record}/trail/days", days=2))["days"]}
    assert sum(again.values()) == sum(before.values()) + 1
