"""Sessions of browsers: begun, used, renewed, ended. Amina is signed in; Sam is the one who must not be her."""

import asyncio

import psycopg
import pytest

from api.http.cookies import SESSION, csrf_of
from api.sign_in.browsers import browser_of
from api.sign_in.session import SignInRefused
from api.sign_in.sessions import (
    ABSOLUTE_LIMIT,
    CHANGE_EVERY,
    ENDED_WITHIN,
    IDLE_LIMIT,
    OLD_VALUE_FOR,
    SEEN_EVERY,
    Sessions,
)
from ledger.core.instants import MINUTE, SECOND
from ledger.saying import By
from tests.http.served import Served, problem
from tests.sign_in.browser import FIREFOX, Browser
from tests.sign_in.conftest import Later

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture
def elsewhere(sessions: Sessions) -> Sessions:
    """The sessions as another process of the service has them."""
    return Sessions(sessions.pool, sessions.key, sessions.facts, sessions.clock)


async def test_a_session_lets_its_owner_read_and_speak(browser: Browser) -> None:
    story = browser.served.story
    await browser.begin(story.amina)
    assert (await browser.get(browser.served.record)).status_code == 200
    said = await browser.post(f"{browser.served.record}/results-wish", wish="at-once")
    assert said.status_code == 201, said.text
    shown = (await browser.get("/session")).json()
    assert (shown["person"], shown["acting_as"], shown["means"]) == (story.amina.person, "patient", "invitation")
    assert (shown["csrf"], shown["may_act_as"]) == (browser.csrf, ["patient"])


async def test_nobody_is_let_in_by_a_cookie_of_another_shape(browser: Browser) -> None:
    await browser.begin(browser.served.story.amina)
    good = browser.cookie
    for bad in ("", "x", good[:-1], good + "A", good[:-2] + "AA", "A" * 64, "é" * 64, good.lower()):
        heard = await browser.http.get("/session", headers={"cookie": f"{SESSION}={bad}".encode()})
        problem(heard, 401, "sign-in")


async def test_a_token_and_a_cookie_together_are_refused(browser: Browser) -> None:
    sam = await browser.served.sign_in(browser.served.story.sam)
    await browser.begin(browser.served.story.amina)
    told = problem(await browser.send("GET", "/session", headers=sam.headers), 401, "sign-in")
    assert "wanted one" in told["detail"]


async def test_the_database_holds_no_value_of_a_cookie(browser: Browser) -> None:
    await browser.begin(browser.served.story.amina)
    with psycopg.connect(browser.served.story.database.superuser_dsn) as connection:
        rows = connection.execute("select s::text from sign_in.session s").fetchall()
    assert rows
    assert browser.cookie not in str(rows)


async def test_a_session_ends_when_it_is_idle(browser: Browser, later: Later) -> None:
    await browser.begin(browser.served.story.amina)
    later(IDLE_LIMIT - MINUTE)
    assert (await browser.get("/session")).status_code == 200  # and that was a use
    later(2 * IDLE_LIMIT - 3 * MINUTE)
    assert (await browser.get("/session")).status_code == 200
    later(3 * IDLE_LIMIT)
    problem(await browser.get("/session"), 401, "sign-in")


async def test_a_session_ends_after_twelve_hours_however_much_it_is_used(browser: Browser, later: Later) -> None:
    await browser.begin(browser.served.story.amina)
    for passed in range(20 * MINUTE, ABSOLUTE_LIMIT, 20 * MINUTE):
        later(passed)
        assert (await browser.get("/session")).status_code == 200
    later(ABSOLUTE_LIMIT + SECOND)
    problem(await browser.get("/session"), 401, "sign-in")


async def test_that_it_was_used_is_written_at_most_once_a_minute(browser: Browser, later: Later) -> None:
    await browser.begin(browser.served.story.amina)
    session = await browser.service.doors.sessions.of(browser.cookie)

    def seen() -> int:
        with psycopg.connect(browser.served.story.database.superuser_dsn) as connection:
            row = connection.execute("select seen_at from sign_in.session where id = %s", [session.id]).fetchone()
        assert row is not None
        return int(row[0])

    first = seen()
    later(SEEN_EVERY - SECOND)
    await browser.get("/session")
    assert seen() == first
    later(SEEN_EVERY + SECOND)
    await browser.get("/session")
    assert seen() > first


async def test_the_value_changes_every_fifteen_minutes_and_the_old_one_is_good_for_a_moment(
    browser: Browser, later: Later
) -> None:
    await browser.begin(browser.served.story.amina)
    old, csrf = browser.cookie, browser.csrf
    later(CHANGE_EVERY)
    assert (await browser.get("/session")).status_code == 200
    assert browser.cookie != old
    assert browser.csrf == csrf, "a page that was opened before can go on"
    under_way = Browser(browser.http, browser.served, {SESSION: old})
    assert (await under_way.get("/session")).status_code == 200
    assert under_way.cookie == old, "the value before is given no other"
    later(CHANGE_EVERY + OLD_VALUE_FOR)
    problem(await under_way.get("/session"), 401, "sign-in")
    assert (await browser.get("/session")).status_code == 200


async def test_of_many_requests_at_once_one_is_given_the_new_value(browser: Browser, later: Later) -> None:
    await browser.begin(browser.served.story.amina)
    later(CHANGE_EVERY)
    headers = {"cookie": f"{SESSION}={browser.cookie}"}
    answers = await asyncio.gather(*(browser.http.get("/session", headers=headers) for _ in range(8)))
    assert [answer.status_code for answer in answers] == [200] * 8
    assert sum("set-cookie" in answer.headers for answer in answers) == 1


async def test_a_refusal_renews_the_session_as_well(browser: Browser, later: Later) -> None:
    await browser.begin(browser.served.story.amina)
    old = browser.cookie
    later(CHANGE_EVERY)
    problem(await browser.get(f"/people/{browser.served.story.sam.person}/keys"), 404, "unknown")
    assert browser.cookie != old


async def test_acting_as_something_else_is_for_whom_the_facts_let(browser: Browser) -> None:
    served = browser.served
    story = served.story
    await browser.begin(story.okafor)
    before = browser.cookie
    problem(await browser.post("/session/acting-as", acting_as="auditor"), 403, "not-allowed")
    problem(await browser.post("/session/acting-as", acting_as="service"), 403, "not-allowed")
    await (await served.sign_in(story.ada)).say("/records", patient=story.okafor.person)
    told = (await browser.post("/session/acting-as", acting_as="patient")).json()
    assert (told["acting_as"], told["may_act_as"]) == ("patient", ["patient", "clinician"])
    assert browser.cookie != before
    problem(await browser.http.get("/session", headers={"cookie": f"{SESSION}={before}"}), 401, "sign-in")
    assert (await browser.get("/session")).json()["acting_as"] == "patient"


async def test_a_provider_bounds_what_its_session_may_act_as(browser: Browser) -> None:
    okafor = browser.served.story.okafor
    await browser.begin(By(okafor.person, "patient"), may_act_as=["patient", "carer"])
    told = problem(await browser.post("/session/acting-as", acting_as="clinician"), 403, "not-allowed")
    assert "clinician" in told["detail"]


async def test_a_person_sees_their_sessions_and_nobody_elses(browser: Browser) -> None:
    served = browser.served
    await browser.begin(served.story.greta)
    async with Browser.of(served) as other, Browser.of(served) as sams:
        await other.begin(served.story.greta)
        await sams.begin(served.story.sam)
        mine = (await browser.get("/sessions")).json()["sessions"]
        assert [one["this_one"] for one in mine] == [False, True]
        assert {one["browser"] for one in mine} == {"Firefox on Linux"}
        sams_id = (await sams.get("/session")).json()["id"]
        problem(await browser.post(f"/sessions/{sams_id}/end"), 404, "unknown")
        assert (await browser.post(f"/sessions/{mine[0]['id']}/end")).json() == {"ended": 1}
        problem(await other.get("/session"), 401, "sign-in")
        problem(await browser.post(f"/sessions/{mine[0]['id']}/end"), 404, "unknown")
        assert (await sams.get("/session")).status_code == 200


async def test_signing_out_ends_the_session_and_clears_the_browser(browser: Browser) -> None:
    await browser.begin(browser.served.story.amina)
    headers = {"cookie": f"{SESSION}={browser.cookie}"}
    answer = await browser.post("/session/end")
    assert answer.headers["clear-site-data"] == '"cache", "storage"'
    assert browser.cookies == {}
    problem(await browser.http.get("/session", headers=headers), 401, "sign-in")


async def test_signing_out_of_all_others_and_everywhere(browser: Browser) -> None:
    served = browser.served
    await browser.begin(served.story.lind)
    async with Browser.of(served) as other:
        await other.begin(served.story.lind)
        assert (await browser.post("/sessions/end")).json() == {"ended": 1}
        problem(await other.get("/session"), 401, "sign-in")
        assert (await browser.get("/session")).status_code == 200
        await other.begin(served.story.lind)
        assert (await browser.post("/session/end-everywhere")).json() == {"ended": 2}
        problem(await other.get("/session"), 401, "sign-in")


async def test_a_session_ended_elsewhere_ends_here_within_a_second(
    browser: Browser, elsewhere: Sessions, later: Later
) -> None:
    await browser.begin(browser.served.story.amina)
    assert (await browser.get("/session")).status_code == 200
    await elsewhere.end(await elsewhere.of(browser.cookie))
    later(ENDED_WITHIN)
    problem(await browser.get("/session"), 401, "sign-in")


async def test_a_session_that_ends_while_it_is_read_is_not_remembered(browser: Browser, sessions: Sessions) -> None:
    for _ in range(20):
        await browser.begin(browser.served.story.amina)
        session = await sessions.of(browser.cookie)
        sessions._known.clear()
        reading = [asyncio.create_task(sessions.of(browser.cookie)) for _ in range(3)]
        await sessions.end(session)
        await asyncio.gather(*reading, return_exceptions=True)
        with pytest.raises(SignInRefused):
            await sessions.of(browser.cookie)


async def test_nobody_is_let_in_while_the_database_is_away(browser: Browser, house: Served, later: Later) -> None:
    await browser.begin(house.story.amina)
    with psycopg.connect(house.story.database.superuser_dsn, autocommit=True) as connection:
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()"
            " and query like '%%sign_in.%%' and pid <> pg_backend_pid()"
        )
    later(ENDED_WITHIN)
    answers = [await browser.get("/session") for _ in range(6)]
    assert {answer.status_code for answer in answers} <= {200, 503}
    told = problem(answers[0], 503, "not-recorded")
    assert "nobody is let in" in told["detail"]
    assert answers[-1].status_code == 200, "it is back, and so is Amina"


async def test_a_session_that_has_ended_is_neither_confirmed_nor_switched(browser: Browser, sessions: Sessions) -> None:
    await browser.begin(browser.served.story.amina)
    session = await sessions.of(browser.cookie)
    await sessions.end(session)
    with pytest.raises(SignInRefused):
        await sessions.act_as(session, "carer")
    with pytest.raises(SignInRefused):
        await sessions.again(session, credential=b"x")


async def test_nonces_are_for_browsers_and_good_once(browser: Browser) -> None:
    served = browser.served
    await browser.begin(served.story.amina)
    nonces = (await browser.post("/session/nonces", purpose="statement", count=3)).json()["nonces"]
    assert len(set(nonces)) == 3
    assert {len(nonce) for nonce in nonces} == {43}
    program = await served.sign_in(served.story.amina)
    problem(await program.post("/session/nonces", purpose="statement"), 401, "sign-in")
    problem(await browser.post("/session/nonces", purpose="statement", count=21), 422, "malformed")
    problem(await browser.post("/session/nonces", purpose="anything"), 422, "malformed")


async def test_an_attempt_too_malformed_to_be_a_statement_is_on_the_trail_from_a_browser_too(browser: Browser) -> None:
    served = browser.served
    await browser.begin(served.story.amina)
    start = await served.size()
    problem(await browser.post(f"{served.record}/directives", nonsense=1), 422, "malformed")
    assert await served.said(start) == ["attempt-refused/1"]


BROWSERS = {
    FIREFOX: "Firefox on Linux",
    "": "A browser",
    "<script>alert(1)</script>\r\nSet-Cookie: a=b": "A browser",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19 Safari/604.1": "Safari on iPhone",
    "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0": "Edge on Windows",
}


async def test_a_browser_is_named_from_short_lists() -> None:
    assert {agent: browser_of(agent) for agent in BROWSERS} == BROWSERS


async def test_the_token_of_pages_follows_from_the_part_of_the_value_that_stays(sessions: Sessions) -> None:
    one, other = ([(await sessions.begin("3f0f5a53-7a6b-4f0f-a0c4-6b8b7a7b3f10", "patient", means="invitation",
                                         browser="x")).cookie for _ in range(2)])  # fmt: skip
    assert csrf_of(one) != csrf_of(other)
    assert csrf_of(one) not in one
