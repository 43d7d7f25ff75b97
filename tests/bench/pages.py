"""What the first page of each list costs in a large ledger: 10,000 items in a record, 100,000 lines on its trail.

    LEDGER_BENCH_LARGE=DIRECTORY python -m tests.bench.pages [WORD OF A PAGE ...]

The operations of the API, and the pages that a browser is sent, over ASGI, in one process with the service, over a
PostgreSQL that waits for the disk; to record the look is part of each. Told are the first request (facts are read and
folded then), the median and the 95th percentile of thirty in milliseconds, the median as a part of the 200 ms that a
page may take; then what a request took of the processor, in this process and in the database's, which hardly changes
when others work as well; and its bytes on the way, of a browser's pages compressed.
"""

import asyncio
import os
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import uvloop

from api.pages import places
from api.postgres import EmbeddedPostgres
from ledger.core.instants import DAY, Instant, format_instant
from ledger.saying import By
from tests.bench.large import large_home, made_in, served_large
from tests.bench.large_record import Large
from tests.http.served import Client, Served
from tests.sign_in.browser import Browser

MAY_TAKE_MS: Final = 200.0
MAY_BE_BYTES: Final = 100_000
HTML: Final = "html: "
"""So begins the name of a browser's page."""
ROUNDS: Final = 30


@dataclass(frozen=True, slots=True)
class Page:
    """A page: its name, who reads it, and the operation with its query; ``html``: that of a browser."""

    name: str
    by: By
    path: str
    query: dict[str, Any] = field(default_factory=dict)
    html: bool = False


@dataclass(frozen=True, slots=True)
class Took:
    """What a page took, in milliseconds: the first time, and then each time; of the processor; and its bytes."""

    name: str
    first: float
    each: Sequence[float]
    worked: float
    size: int

    @property
    def p50(self) -> float:
        """The median."""
        return statistics.median(self.each)

    def line(self) -> str:
        """As a line of the table."""
        p95 = statistics.quantiles(self.each, n=20)[-1]
        took = f"{self.first:8.1f} {self.p50:8.1f} {p95:8.1f} {self.p50 / MAY_TAKE_MS:7.2f}"
        return f"{self.name:42}{took} {self.worked:7.1f} {self.size:9,}"


HEAD: Final = f"{'page':42}{'first ms':>8} {'p50 ms':>8} {'p95 ms':>8} {'of 200':>7} {'cpu ms':>7} {'bytes':>9}"


def pages_of(large: Large, now: Instant) -> list[Page]:
    """Every list's first page, and what else a page shows."""
    begun = large.begun
    amina, sam, okafor = begun.amina, begun.sam, begun.okafor
    record = f"/records/{begun.record}"
    item = f"{record}/items/{large.discussed}"
    return [
        Page("record, patient", amina, record),
        Page("record, carer", sam, record),
        Page("record, clinician", okafor, record),
        Page("record, auditor", begun.ruth, record, {"case": large.case}),
        Page("record, wishes only", amina, record, {"kind": "wishes"}),
        Page("item with 200 comments, patient", amina, item),
        Page("item with 200 comments, clinician", okafor, item),
        Page("matters, patient", amina, f"{record}/matters"),
        Page("matters, clinician", okafor, f"{record}/matters"),
        Page("sharing, patient", amina, f"{record}/sharing"),
        Page("sharing, clinician", okafor, f"{record}/sharing"),
        Page("preview", amina, f"{record}/preview", {"carer": sam.person}),
        Page("preview, outline", amina, f"{record}/preview/outline", {"carer": sam.person}),
        *_trail_pages_of(large, now),
        *_as_of_pages_of(large, now),
        Page("worklist, clinician of 500", okafor, "/worklist", {"purpose": "task"}),
        Page("worklist, counts", okafor, "/worklist/counts", {"purpose": "task"}),
        Page("records, clinician of 500", okafor, "/records"),
        Page("notices", amina, "/notices"),
        Page("own statements, clinician", okafor, f"/people/{okafor.person}/statements"),
        Page("own statements, patient", amina, f"/people/{amina.person}/statements"),
        *_html_pages_of(large),
    ]


def _trail_pages_of(large: Large, now: Instant) -> list[Page]:
    """The trail, by each of what it can be asked for."""
    begun, case = large.begun, {"case": large.case}
    amina, ruth = begun.amina, begun.ruth
    trail, item = f"/records/{begun.record}/trail", f"/records/{begun.record}/items/{large.discussed}"
    fortnight = {"since": format_instant(Instant(now - 40 * DAY)), "until": format_instant(Instant(now - 26 * DAY))}
    return [
        Page("trail, patient", amina, trail),
        Page("trail, patient: by viewer", amina, trail, {"viewer": begun.lind.person}),
        Page("trail, patient: by who hardly looked", amina, trail, {"viewer": large.carers[1]}),
        Page("trail, patient: by who never looked", amina, trail, {"viewer": begun.greta.person}),
        Page("trail, patient: by team", amina, trail, {"team": begun.practice}),
        Page("trail, patient: by rule", amina, trail, {"rule": "shared"}),
        Page("trail, patient: by a rule that none has", amina, trail, {"rule": "no-consent"}),
        Page("trail, patient: emergencies", amina, trail, {"emergency": True}),
        Page("trail, patient: refused", amina, trail, {"refused": True}),
        Page("trail, patient: for a task", amina, trail, {"for_purpose": "task"}),
        Page("trail, patient: of an item", amina, trail, {"item": large.discussed}),
        Page("trail, patient: a fortnight", amina, trail, fortnight),
        Page("who has seen an item", amina, f"{item}/seen-by"),
        Page("trail by day, patient", amina, f"{trail}/days"),
        Page("trail by day, auditor", ruth, f"{trail}/days", case),
        Page("trail, auditor", ruth, trail, case),
        Page("trail, auditor: emergencies", ruth, trail, {**case, "emergency": True}),
        Page("trail over all records, auditor", ruth, "/trail", case),
    ]


def _as_of_pages_of(large: Large, now: Instant) -> list[Page]:
    """What somebody could see on a day, and what they saw."""
    begun, case = large.begun, {"case": large.case}
    amina, sam, okafor, ruth = begun.amina, begun.sam, begun.okafor, begun.ruth
    as_of, then = f"/records/{begun.record}/as-of", format_instant(Instant(now - 50 * DAY))
    return [
        Page("as of a day, what a carer could see", amina, as_of, _as_of(sam, then)),
        Page("as of a day, what a doctor could see", amina, as_of, _as_of(okafor, then)),
        Page("as of a day, what a carer saw", amina, as_of, {**_as_of(sam, then), "seen": True}),
        Page("as of a day, what a doctor saw", amina, as_of, {**_as_of(okafor, then), "seen": True}),
        Page("as of a day, auditor", ruth, as_of, {**_as_of(okafor, then), **case}),
    ]


def _html_pages_of(large: Large) -> Iterator[Page]:
    """What a browser is sent: the first page of each list, and what stands around them."""
    begun, case = large.begun, large.case
    of = {"record": begun.record}
    task: dict[str, str | list[str] | None] = {"purpose": "task"}
    discussed = {**of, "item": large.discussed}
    for name, by, address in (
        ("record, patient", begun.amina, places.RECORD(**of)),
        ("record, carer", begun.sam, places.RECORD(**of)),
        ("record, clinician", begun.okafor, places.RECORD(task, **of)),
        ("item with 200 comments, patient", begun.amina, places.ITEM(**discussed)),
        ("item with 200 comments, clinician", begun.okafor, places.ITEM(task, **discussed)),
        ("sharing", begun.amina, places.SHARING(**of)),
        ("preview", begun.amina, places.PREVIEW(person=begun.sam.person, **of)),
        ("looks", begun.amina, places.LOOKS(**of)),
        ("who has seen an item", begun.amina, places.SEEN_BY(**discussed)),
        ("readings", begun.amina, places.READINGS(**of)),
        ("wishes", begun.amina, places.WISHES(**of)),
        ("about me", begun.amina, places.ABOUT_ME(**of)),
        ("receipts", begun.amina, places.RECEIPTS(**of)),
        ("cared for, carer", begun.sam, places.CARED_FOR()),
        ("today, clinician of 500", begun.okafor, places.TODAY()),
        ("patients, clinician of 500", begun.okafor, places.FIND()),
        ("trail of a case, auditor", begun.ruth, places.AUDIT_TRAIL(case=case)),
        ("integrity, auditor", begun.ruth, places.INTEGRITY()),
        ("people, administrator of 500", begun.ada, places.PEOPLE()),
    ):
        yield Page(HTML + name, by, address, html=True)


def _as_of(by: By, at: str) -> dict[str, Any]:
    return {"person": by.person, "acting_as": by.acting_as, "at": at}


def spent(postgres: EmbeddedPostgres) -> float:
    """Seconds of the processor that this process and the database's have used (``proc(5)``, ``/proc/pid/stat``)."""
    postmaster = (postgres.place.data / "postmaster.pid").read_text().splitlines()[0]
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended meanwhile
            of_process = stat.read_text().rpartition(")")[2].split()
            ticks += sum(map(int, of_process[11:13])) if of_process[1] == postmaster else 0
    return time.process_time() + ticks / os.sysconf("SC_CLK_TCK")


async def reader_of(served: Served, browser: Browser, page: Page) -> Client | Browser:
    """Who asks for a page: somebody with a token, or at a browser; newly signed in, as a page may ask for that."""
    if not page.html:
        return await served.sign_in(page.by)
    browser.cookies.clear()
    await browser.begin(page.by)
    return browser


async def took(postgres: EmbeddedPostgres, client: Client | Browser, page: Page, rounds: int) -> Took:
    """Ask for a page once, and then so many times; it must be answered well."""
    each = list[float]()
    first = await _ask(client, page, each)
    began = spent(postgres)
    for _ in range(rounds):
        await _ask(client, page, each)
    return Took(page.name, each[0], each[1:], (spent(postgres) - began) * 1000 / rounds, first)


async def _ask(client: Client | Browser, page: Page, each: list[float]) -> int:
    """Ask for a page, note the milliseconds, and give the size of its answer."""
    began = time.perf_counter()
    answer = await client.get(page.path, **page.query)
    each.append((time.perf_counter() - began) * 1000)
    assert answer.status_code == 200, f"{page.name}: {answer.text}"
    return int(answer.headers["content-length"])


async def measure(
    postgres: EmbeddedPostgres, large: Large, words: Sequence[str] = (), rounds: int = ROUNDS
) -> list[Took]:
    """Ask for every page with one of these words in its name; for all of them, if there are no words."""
    told = list[Took]()
    with TemporaryDirectory() as folder:
        async with served_large(postgres, large, Path(folder)) as served, Browser.of(served) as browser:
            sys.stdout.write(HEAD + "\n")
            for page in pages_of(large, served.story.ledger.clock()):
                if not words or any(word in page.name for word in words):
                    # A token is held to have been given lately, and all pages together take longer.
                    told.append(await took(postgres, await reader_of(served, browser, page), page, rounds))
                    sys.stdout.write(told[-1].line() + "\n")
                    sys.stdout.flush()
    return told


def main(words: Sequence[str]) -> None:
    """Measure, and say how many pages take longer than they may."""
    with large_home() as home:
        large = made_in(home)
        with EmbeddedPostgres(home / "home") as postgres, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            told = runner.run(measure(postgres, large, words))
    slow = [one.name for one in told if one.p50 > MAY_TAKE_MS]
    large_ones = [one.name for one in told if one.size > MAY_BE_BYTES and one.name.startswith(HTML)]
    sys.stdout.write(f"{len(told) - len(slow)} of {len(told)} pages within {MAY_TAKE_MS:.0f} ms\n")
    sys.stdout.write(f"{len(large_ones)} of a browser's pages above {MAY_BE_BYTES:,} bytes\n")


if __name__ == "__main__":
    main(sys.argv[1:])
