"""Attacks on the doors: finding out who is here, and guessing until one gets in."""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from api.http.cookies import SESSION
from api.sign_in.throttle import FREE, FREE_BY_ADDRESS
from ledger.core.canonical import base64url
from tests.attacks.entering import (
    HERE,
    NOBODY,
    forget_failures,
    invited,
    known_link,
    known_passkey,
    nobody_has_failed,
    phone,
    sign_in,
    unknown_link,
    unknown_passkey,
)
from tests.http.served import Served, form_of, new_key, problem
from tests.sign_in.authenticator import Authenticator
from tests.sign_in.browser import Browser
from tests.sign_in.conftest import browser, house

__all__ = ["browser", "house", "nobody_has_failed", "phone"]

pytestmark = pytest.mark.asyncio(loop_scope="module")
PAIRS = {"passkeys": (known_passkey, unknown_passkey), "invitations": (known_link, unknown_link)}
"""Attempts at what is there, and at what is not."""
ROUNDS = 15
NOTICEABLE, LEAST = 0.75, 0.004
"""By how much two medians may differ, as a part of the shorter or in seconds; a busy machine does no less to them.

What is behind a door has 128 bits and more: nobody tries enough to make use of so little.
"""


# Enumeration: who is here, by what is said or by how long it takes


@pytest.mark.parametrize("pair", PAIRS)
async def test_a_refusal_at_a_door_says_nothing_of_who_is_behind_it(
    browser: Browser, phone: Authenticator, pair: str
) -> None:
    """The answers are byte for byte the same, whether or not the account, the link or the code is there."""
    heard = []
    for attempt in PAIRS[pair]:
        made_ready = await attempt(browser, phone)
        heard.append(await made_ready())
    here, away = heard
    assert here.status_code == away.status_code
    assert here.status_code in (401, 403), here.text
    assert here.content == away.content
    assert here.headers == away.headers


@pytest.mark.parametrize("pair", PAIRS)
async def test_a_refusal_takes_as_long_whoever_is_behind_the_door(
    browser: Browser, phone: Authenticator, pair: str
) -> None:
    """Measured up to five times: what chance does to one comparison, it does not do to five."""
    for _ in range(5):
        here, away = await medians(browser, phone, pair)
        if abs(here - away) < max(LEAST, NOTICEABLE * min(here, away)):
            return
    pytest.fail(f"{pair}: {here * 1000:.2f} ms where somebody is, {away * 1000:.2f} ms where nobody is")


async def medians(browser: Browser, phone: Authenticator, pair: str) -> list[float]:
    """Seconds to refuse each of a pair, tried in turns, so that whatever else the machine does slows both."""
    took: list[list[float]] = [[], []]
    for n in range(2 * ROUNDS):
        forget_failures(browser.served)
        made_ready = await PAIRS[pair][n % 2](browser, phone)
        began = time.perf_counter()
        answer = await made_ready()
        took[n % 2].append(time.perf_counter() - began)
        assert answer.status_code in (401, 403), answer.text
    return [statistics.median(times) for times in took]


async def test_nobody_learns_from_an_account_of_their_own_who_else_is_here(browser: Browser) -> None:
    served = browser.served
    await browser.begin(served.story.sam)
    for path in ("/people/{0}/keys", "/people/{0}/statements"):
        heard = {
            (await browser.get(path.format(person))).content.replace(person.encode(), b"")
            for person in (served.story.okafor.person, NOBODY)
        }
        assert len(heard) == 1, path
    for path in ("/people/{0}/invitation", "/people/{0}/leaving", "/people/{0}/recovery"):
        heard = {
            (await browser.post(path.format(person))).content.replace(person.encode(), b"")
            for person in (served.story.okafor.person, NOBODY)
        }
        assert len(heard) == 1, path


# Brute force


@pytest_asyncio.fixture(loop_scope="module")
async def elsewhere(house: Served) -> AsyncIterator[Browser]:
    """A browser at another address."""
    async with Browser.of(house, address="198.51.100.7") as one:
        yield one


async def test_guessing_recovery_codes_closes_the_door_to_the_address_that_guesses(
    browser: Browser, elsewhere: Browser
) -> None:
    for n in range(FREE_BY_ADDRESS + 1):
        problem(await browser.post("/recovery-code/use", code=f"{n:024d}"), 401, "sign-in")
    told = problem(await browser.post("/recovery-code/use", code="A" * 24), 429, "too-many")
    assert 1 <= told["retry_after"] <= 2
    # Whatever it says of itself.
    for headers in ({"x-forwarded-for": "192.0.2.9"}, {"forwarded": "for=192.0.2.9"}, {"x-real-ip": "192.0.2.9"}):
        answer = await browser.send("POST", "/recovery-code/use", json={"code": "A" * 24}, headers=headers)
        assert int(problem(answer, 429, "too-many")["retry_after"]) == int(answer.headers["retry-after"])
    # The other ways in are closed to it as well, and to nobody else.
    form = form_of(new_key().assertion(browser.served.story.amina.person))
    problem(await browser.send("POST", "/token", data=form), 429, "too-many")
    problem(await browser.post("/invitations/open", secret="x", code="y"), 429, "too-many")  # noqa: S106 - nobody's
    problem(await elsewhere.post("/recovery-code/use", code="A" * 24), 401, "sign-in")


async def test_guessing_one_invitations_code_closes_it_from_every_address(house: Served) -> None:
    one = await invited(house)
    for n in range(FREE + 1):
        async with Browser.of(house, address=f"198.51.100.{n + 10}") as guesser:
            problem(await guesser.post("/invitations/open", secret=one.secret, code="AAAAAAAA"), 401, "sign-in")
    async with Browser.of(house, address="198.51.100.99") as guesser:
        problem(await guesser.post("/invitations/open", secret=one.secret, code="AAAAAAAA"), 429, "too-many")
    async with Browser.of(house, address="198.51.100.100") as late:
        forget_failures(house)
        right = await late.post("/invitations/open", secret=one.secret, code=one.code)
        problem(right, 401, "sign-in")  # after so many wrong ones the right one opens nothing


async def test_trying_a_passkey_closes_it_from_every_address_and_never_to_its_owner(
    house: Served, phone: Authenticator
) -> None:
    for n in range(FREE + 1):
        async with Browser.of(house, address=f"198.51.100.{n + 10}") as one:
            problem(await (await known_passkey(one, phone))(), 403, "passkey")
    async with Browser.of(house, address="198.51.100.99") as one:
        problem(await (await known_passkey(one, phone))(), 429, "too-many")
        # Its id is in the log, for every auditor to read: nobody keeps its owner out by it.
        assert (await sign_in(one, phone)).status_code == 200


async def test_guesses_made_all_at_once_are_counted_each(browser: Browser) -> None:
    answers = await asyncio.gather(
        *(browser.post("/recovery-code/use", code=f"{n:024d}") for n in range(3 * FREE_BY_ADDRESS))
    )
    assert {answer.status_code for answer in answers} <= {401, 429}
    problem(await browser.post("/recovery-code/use", code="A" * 24), 429, "too-many")


async def test_an_address_that_asks_without_end_is_slowed_down(house: Served) -> None:
    async with Browser.of(house, address="198.51.100.200") as flood:
        answers = [(await flood.post("/sign-in/passkey/options")).status_code for _ in range(330)]
        assert 429 in answers
        assert answers.index(429) >= 300


async def test_a_session_cannot_be_made_up(browser: Browser) -> None:
    await browser.begin(browser.served.story.amina)
    stays = browser.cookie[:21]
    for n in range(50):
        made_up = stays + base64url(bytes([n]) * 33)[: 64 - len(stays)]
        problem(await browser.http.get("/session", headers={"cookie": f"{SESSION}={made_up}"}), 401, "sign-in")
    assert (await browser.get("/session")).status_code == 200


async def test_nobody_acts_as_what_they_are_not_by_saying_so_while_signing_in(
    browser: Browser, phone: Authenticator
) -> None:
    options = (await browser.post("/sign-in/passkey/options")).json()
    answer = await browser.post("/sign-in/passkey", credential=phone.sign_in(options, HERE), acting_as="administrator")
    problem(answer, 403, "not-allowed")
    assert "set-cookie" not in answer.headers
