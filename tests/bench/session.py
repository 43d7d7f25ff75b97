"""What being signed in costs a request: the session's check, the checks against other sites, and who may ask.

    python -m tests.bench.session [REQUESTS]

The same checks that every request passes (``arriving``, ``call_of``), timed in one process over the embedded
PostgreSQL and on uvloop, as the service runs: for a browser's session that was just read, for one that has to be read
again (once a second), and for a program's token; then a whole request for a record. Prints medians and 95th percentiles
in milliseconds, and the part that the checks take of that request.
"""

import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import uvloop
from fastapi.routing import APIRoute
from starlette.requests import Request

from api.http.arriving import arriving
from api.http.service import call_of
from api.postgres import EmbeddedPostgres
from api.sign_in.passkeys import KeptPasskey
from api.sign_in.place import Place
from api.sign_in.sessions import Sessions
from api.wiring import SCHEMA_FOLDERS
from ledger.core.instants import Instant
from ledger.store.migrate import migrate
from tests.attacks.test_sessions import routes
from tests.http.living import living
from tests.http.served import Served
from tests.postgres_fixture import TEMPLATE, home_in_memory
from tests.sign_in.authenticator import Authenticator
from tests.sign_in.authenticator import Browser as Page
from tests.sign_in.browser import PLACE, Browser

REQUESTS = 4000


async def took_ms(what: Callable[[], Awaitable[object]], rounds: int) -> list[float]:
    """How long each round took."""
    took = []
    for _ in range(rounds):
        began = time.perf_counter()
        await what()
        took.append((time.perf_counter() - began) * 1000)
    return took


def line(name: str, took: list[float]) -> str:
    """Median and 95th percentile."""
    return f"{name:44} p50 {statistics.median(took):.3f} ms   p95 {statistics.quantiles(took, n=20)[-1]:.3f} ms"


def request_of(served: Served, route: APIRoute, headers: dict[str, str]) -> Request:
    """A request as the handlers see one, after it was routed."""
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {
        "type": "http", "method": "POST", "path": "/records", "headers": raw, "query_string": b"", "app": served.app,
        "route": route, "client": ("127.0.0.1", 1), "server": ("localhost", 8420), "state": {},
    }  # fmt: skip
    return Request(scope)


async def passkey_of(served: Served, person: str) -> bytes:
    """A passkey of somebody: sessions that rest on one are also held to the log, where it may be revoked."""
    passkeys, device, place = served.app.state.service.doors.passkeys, Authenticator(), Place.of(PLACE)
    options = await passkeys.options_to_make(person, "", place, "them")
    made: KeptPasskey = await passkeys.make(person, device.make(options, Page(origin=PLACE)), place, "Phone", "them")
    return made.credential


async def measure(served: Served, rounds: int) -> None:
    [route] = [one for one in routes(served) if one.operation_id == "items.add"]
    async with Browser.of(served) as browser:
        phone = await passkey_of(served, served.story.amina.person)
        await browser.begin(served.story.amina, means="passkey", credential=phone)
        program = await served.sign_in(served.story.amina)
        by_cookie = {"cookie": f"__Host-session={browser.cookie}", **browser.of_page()}

        async def checked(headers: dict[str, str]) -> None:
            request = request_of(served, route, headers)
            await arriving(request)
            await call_of(request)

        sessions: Sessions = served.app.state.service.doors.sessions

        async def checked_afresh() -> None:
            for known in sessions._known.values():
                known.read_at = Instant(0)
            await checked(by_cookie)

        warm = await took_ms(lambda: checked(by_cookie), rounds)
        cold = await took_ms(checked_afresh, rounds // 8)
        token = await took_ms(lambda: checked(program.headers), rounds)
        whole = await took_ms(lambda: browser.get(served.record), rounds // 20)
    print(line("a browser's session, read within a second", warm))  # noqa: T201 - what this program is for
    print(line("a browser's session, read again", cold))  # noqa: T201
    print(line("a program's token", token))  # noqa: T201
    print(line("the whole of GET /records/{record}", whole))  # noqa: T201
    print(f"the checks are {statistics.median(warm) / statistics.median(whole):.1%} of it")  # noqa: T201


async def main(rounds: int) -> None:
    async with AsyncExitStack() as stack:
        home = stack.enter_context(home_in_memory())
        postgres = stack.enter_context(EmbeddedPostgres(home))
        postgres.create_database(TEMPLATE)
        migrate(postgres.superuser_dsn(TEMPLATE), *SCHEMA_FOLDERS)
        folder = Path(stack.enter_context(TemporaryDirectory()))
        await measure(await stack.enter_async_context(living(postgres, TEMPLATE, folder)), rounds)


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else REQUESTS))
