"""Slowing down whoever fails: for longer each time, forgotten after an hour, and in every process."""

import psycopg
import pytest
from starlette.requests import Request

from api.listening import config_of
from api.sign_in.throttle import (
    BURST,
    FORGOTTEN_AFTER,
    FREE,
    FREE_BY_ADDRESS,
    LONGEST,
    PER_SECOND,
    Throttle,
    TooMany,
    address_of,
)
from ledger.core.instants import SECOND, Instant
from tests.http.served import Served

pytestmark = pytest.mark.asyncio(loop_scope="module")
NOW = Instant(1_780_000_000_000)


class Clock:
    """A clock that stands still until it is told."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> Instant:
        return self.now

    def advance(self, milliseconds: int) -> None:
        self.now = Instant(self.now + milliseconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def throttle(house: Served, clock: Clock) -> Throttle:
    doors = house.app.state.service.doors
    with psycopg.connect(house.story.database.superuser_dsn) as connection:
        connection.execute("truncate sign_in.failure")
    return Throttle(doors.pool, doors.throttle.key, clock)


async def closed_for(throttle: Throttle, bucket: str) -> int:
    """Seconds for which a bucket is closed."""
    try:
        await throttle.check(bucket)
    except TooMany as error:
        return error.after
    return 0


async def test_after_five_failures_each_further_one_closes_for_twice_as_long(throttle: Throttle, clock: Clock) -> None:
    waits = []
    for _ in range(FREE + 12):
        await throttle.failed("person:amina")
        waits.append(await closed_for(throttle, "person:amina"))
        clock.advance(waits[-1] * SECOND)
        assert await closed_for(throttle, "person:amina") == 0
    longest = LONGEST // SECOND
    assert waits == [0] * FREE + [2, 4, 8, 16, 32, 64, 128, 256, 512, longest, longest, longest]


async def test_an_hour_without_a_failure_forgets_them(throttle: Throttle, clock: Clock) -> None:
    for _ in range(FREE + 3):
        await throttle.failed("person:amina")
    clock.advance(FORGOTTEN_AFTER)
    assert await closed_for(throttle, "person:amina") == 0
    await throttle.failed("person:amina")
    assert await closed_for(throttle, "person:amina") == 0


async def test_getting_in_forgets_the_accounts_failures_and_not_the_addresss(throttle: Throttle) -> None:
    for _ in range(FREE_BY_ADDRESS + 1):
        await throttle.failed("person:amina", "address:192.0.2.1")
    await throttle.succeeded("person:amina", "address:192.0.2.1")
    assert await closed_for(throttle, "person:amina") == 0
    assert await closed_for(throttle, "address:192.0.2.1") == 2


async def test_one_closed_bucket_is_enough_and_others_are_left_alone(throttle: Throttle) -> None:
    for _ in range(FREE + 1):
        await throttle.failed("person:amina")
    with pytest.raises(TooMany):
        await throttle.check("address:192.0.2.1", "person:amina")
    await throttle.check("address:192.0.2.1", "person:sam")


async def test_another_process_sees_the_same(throttle: Throttle, clock: Clock) -> None:
    for _ in range(FREE + 1):
        await throttle.failed("person:amina")
    with pytest.raises(TooMany):
        await Throttle(throttle.pool, throttle.key, clock).check("person:amina")


async def test_no_address_and_no_account_can_be_read_in_the_table(throttle: Throttle, house: Served) -> None:
    await throttle.failed("person:amina", "address:192.0.2.1")
    with psycopg.connect(house.story.database.superuser_dsn) as connection:
        kept = str(connection.execute("select f::text, encode(bucket, 'escape') from sign_in.failure f").fetchall())
    assert "amina" not in kept
    assert "192.0.2" not in kept


async def test_an_address_may_ask_in_bursts_and_then_so_often_a_second(throttle: Throttle, clock: Clock) -> None:
    for _ in range(BURST):
        throttle.check_rate("192.0.2.1")
    with pytest.raises(TooMany):
        throttle.check_rate("192.0.2.1")
    throttle.check_rate("192.0.2.2")
    clock.advance(SECOND)
    for _ in range(PER_SECOND):
        throttle.check_rate("192.0.2.1")
    with pytest.raises(TooMany):
        throttle.check_rate("192.0.2.1")


async def test_a_clock_that_is_set_back_gives_nothing_and_takes_nothing(throttle: Throttle, clock: Clock) -> None:
    throttle.check_rate("192.0.2.1")
    clock.advance(-3600 * SECOND)
    for _ in range(BURST - 1):
        throttle.check_rate("192.0.2.1")
    with pytest.raises(TooMany):
        throttle.check_rate("192.0.2.1")


def request_from(host: str | None) -> Request:
    return Request({"type": "http", "headers": [], "client": None if host is None else (host, 50000)})


ADDRESSES = {
    "192.0.2.1": "192.0.2.1",
    "::ffff:192.0.2.1": "192.0.2.1",
    "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64",
    "2001:db8:1:2::1": "2001:db8:1:2::/64",
    "2001:db8:1:3::1": "2001:db8:1:3::/64",
    "testclient": "testclient",
}


async def test_an_address_is_that_of_one_customer() -> None:
    assert {host: address_of(request_from(host)) for host in ADDRESSES} == ADDRESSES
    assert address_of(request_from(None)) == ""


FORWARDED = {
    # proxies that are believed, who connects, what X-Forwarded-For says: whose request it is
    ("", "127.0.0.1", "192.0.2.9"): "127.0.0.1",
    ("", "198.51.100.7", "192.0.2.9"): "198.51.100.7",
    ("10.0.0.1", "198.51.100.7", "192.0.2.9"): "198.51.100.7",
    ("10.0.0.1", "10.0.0.1", "192.0.2.9"): "192.0.2.9",
    ("10.0.0.1", "10.0.0.1", "192.0.2.9, 198.51.100.7"): "198.51.100.7",
    ("10.0.0.1,10.0.0.2", "10.0.0.1", "198.51.100.7, 10.0.0.2"): "198.51.100.7",
}


async def test_only_a_proxy_that_is_named_says_whose_request_it_forwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")
    for (proxies, connects, says), wanted in FORWARDED.items():
        heard: list[str] = []

        async def app(scope: dict[str, object], _receive: object, _send: object, heard: list[str] = heard) -> None:
            heard.append(address_of(Request(scope)))

        config = config_of(app, "127.0.0.1", 0, proxies)  # type: ignore[arg-type]  # it answers nothing
        config.load()
        scope = {
            "type": "http",
            "client": (connects, 1),
            "scheme": "http",
            "headers": [(b"x-forwarded-for", says.encode())],
        }
        await config.loaded_app(scope, None, None)  # type: ignore[arg-type]  # it reads and answers nothing
        assert heard == [wanted], (proxies, connects, says)
