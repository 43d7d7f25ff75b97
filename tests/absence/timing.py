"""How much the time of an answer tells of what is hidden: ``python -m tests.absence.timing``, by hand.

The application is asked in one process, without a network between, so that nothing drowns a difference that there is.
Each round asks every way once, in a random order. Told are medians in milliseconds, the difference of the medians to
the first way with its 95% interval (percentile bootstrap), and their ratio. ``ABSENCE_ROUNDS`` is how many rounds.
"""

import asyncio
import os
import random
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from typing import Final

import httpx

from api.http.app import create_app
from api.postgres import EmbeddedPostgres
from api.settings import Settings
from api.wiring import SCHEMA_FOLDERS, House
from ledger.ledger import Ledger
from ledger.saying import By
from ledger.store.migrate import migrate
from ledger.use_cases.items import Draft
from ledger.use_cases.sharing import Directing
from tests.absence.scene import UNKNOWN
from tests.http.served import BASE, form_of, new_key
from tests.postgres_fixture import UNSAFE_FAST, Database, home_in_memory
from tests.story import KEYRING, Beginning, begin_in

ROUNDS: Final = int(os.environ.get("ABSENCE_ROUNDS", "400"))
SHOWN: Final = 20
HIDDEN: Final = (0, 100, 1000)
_RESAMPLED: Final = 1000
_SIGNED_IN_FOR: Final = 300.0
Way = Callable[[], Awaitable[httpx.Response]]


class Carer:
    """Sam at the API, who signs in anew before a token has expired."""

    def __init__(self, http: httpx.AsyncClient, ledger: Ledger, begun: Beginning) -> None:
        self._http, self._ledger, self._begun = http, ledger, begun
        self._key, self._headers, self._until = new_key(), dict[str, str](), 0.0

    async def enrol(self) -> None:
        """Have the key enrolled by the registrar."""
        registrar = By(self._begun.bert.person, "registrar")
        await self._ledger.people.enrol_key(registrar, self._begun.sam.person, self._key.signer.public)

    async def sign_in(self) -> None:
        """Get a token, if the last one is old."""
        if time.monotonic() > self._until:
            form = form_of(self._key.assertion(self._begun.sam.person), "acting_as:carer")
            token = (await self._http.post("/token", data=form)).json()["access_token"]
            self._headers, self._until = {"authorization": f"Bearer {token}"}, time.monotonic() + _SIGNED_IN_FOR

    def asks(self, path: str, status: int, **query: str) -> Way:
        """A way of asking, which must be answered so."""

        async def ask() -> httpx.Response:
            answer = await self._http.get(path, params=query, headers=self._headers)
            assert answer.status_code == status, answer.text
            return answer

        return ask


async def record_with(ledger: Ledger, begun: Beginning, hidden: int) -> tuple[str, str]:
    """A record in which Sam sees twenty plans among so many notes that are hidden; and one of these, or no id."""
    amina = str((await ledger.people.register(begun.ada, "Amina Diallo")).facts["person"])
    patient = By(amina, "patient")
    record = str((await ledger.care.open_record(begun.ada, amina)).facts["record"])
    await ledger.care.start(begun.ada, record, ground="referral", team=begun.practice)
    await ledger.care.name_carer(patient, record, begun.sam.person, "son")
    sam, scope = {"kind": "person", "id": begun.sam.person}, {"kind": "kind", "of": "plan-for-carers"}
    await ledger.sharing.direct(patient, record, Directing(sam, scope))
    note = UNKNOWN
    for n in range(SHOWN):
        await ledger.items.add(begun.okafor, record, Draft("plan-for-carers", "Walk together every day."))
        for _ in range(hidden * n // SHOWN, hidden * (n + 1) // SHOWN):
            answer = await ledger.items.add(begun.okafor, record, Draft("note", "Walk alone, sleep badly."))
            note = str(answer.facts["item"])
    return record, note


async def measured(ways: Mapping[str, Way], before: Callable[[], Awaitable[None]]) -> dict[str, list[float]]:
    """Milliseconds of each way, round by round."""
    spent: dict[str, list[float]] = {name: [] for name in ways}
    for n in range(ROUNDS + 10):
        await before()
        for name in random.sample(list(ways), len(ways)):
            began = time.perf_counter()
            await ways[name]()
            if n >= 10:  # the first ones fill caches
                spent[name].append((time.perf_counter() - began) * 1000)
    return spent


def tell(what: str, spent: Mapping[str, list[float]]) -> None:
    """Medians, and the difference of each way to the first."""
    (first, base), *others = spent.items()
    sys.stdout.write(f"{what}: {first}: median {statistics.median(base):.2f} ms\n")
    for name, times in others:
        low, high = _interval(base, times)
        difference = statistics.median(times) - statistics.median(base)
        ratio = statistics.median(times) / statistics.median(base)
        sys.stdout.write(
            f"  {name}: median {statistics.median(times):.2f} ms, difference {difference:+.2f} ms"
            f" (95%: {low:+.2f} to {high:+.2f}), ratio {ratio:.3f}\n"
        )


def _interval(base: list[float], times: list[float]) -> tuple[float, float]:
    found = sorted(
        statistics.median(random.choices(times, k=len(times))) - statistics.median(random.choices(base, k=len(base)))
        for _ in range(_RESAMPLED)
    )
    return found[_RESAMPLED // 40], found[-_RESAMPLED // 40]


async def measure(database: Database, begun: Beginning, home: str) -> None:
    """Measure it all, and tell."""
    app = create_app(House(Settings(home=home), KEYRING, database.dsn(), database.superuser_dsn))
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(app.router.lifespan_context(app))
        http = await stack.enter_async_context(httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE))
        ledger: Ledger = app.state.service.ledger
        carer = Carer(http, ledger, begun)
        await carer.enrol()
        records = {hidden: await record_with(ledger, begun, hidden) for hidden in HIDDEN}
        for hidden, (record, note) in records.items():
            if hidden:
                item = {"unknown id": UNKNOWN, "hidden id": note}
                ways = {name: carer.asks(f"/records/{record}/items/{one}", 404) for name, one in item.items()}
                tell(f"one item of a record with {hidden} hidden", await measured(ways, carer.sign_in))
        for what, path, query in (
            ("a page of ten", "", {"limit": "10"}),
            ("a page of all", "", {"limit": "50"}),
            ("a search", "/search", {"text": "walk"}),
        ):
            ways = {
                f"{hidden} hidden": carer.asks(f"/records/{record}{path}", 200, **query)
                for hidden, (record, _) in records.items()
            }
            tell(what, await measured(ways, carer.sign_in))


def main() -> int:
    """Make a server and a ledger, measure, and leave nothing behind."""
    with home_in_memory() as home, EmbeddedPostgres(home, options=UNSAFE_FAST) as server:
        server.create_database("timing")
        migrate(server.superuser_dsn("timing"), *SCHEMA_FOLDERS)
        database = Database(server, "timing")
        begun = asyncio.run(begin_in(database))
        asyncio.run(measure(database, begun, str(home.parent / "service")))
    return 0


if __name__ == "__main__":
    sys.exit(main())
