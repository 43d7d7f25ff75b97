"""Every operation, asked by everybody: with whom it answers, whom it refuses, and for whom nothing is there.

Who may call what is written down in ``tests/matrix/answers.py``, and an operation that is not there fails these tests.
"""

import asyncio
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from api.http.cookies import SESSION
from api.postgres import EmbeddedPostgres
from api.sign_in.api_keys import TOKEN_LIFETIME, ApiKeys
from ledger.core.instants import MINUTE, SECOND, Instant
from tests.docs.regions import filled
from tests.http.served import Client, form_of
from tests.matrix.answers import ANSWERS, BESIDE, Row
from tests.matrix.around import Around
from tests.matrix.asks import ASKS, Ask
from tests.matrix.callers import CALLERS
from tests.matrix.page import PAGE, who_may_call
from tests.matrix.place import Place, Prepared, check_documented, opened, places_beside, who_asks
from tests.postgres_fixture import Database, new_database
from tests.story import KEYRING, Beginning

pytestmark = pytest.mark.asyncio(loop_scope="module")
NOWHERE = "7c3e0f3e-5a80-4c3e-9d2b-6f1f3f0a4b11"
FORM = {"content-type": "application/x-www-form-urlencoded"}
WITHOUT_A_PART = ("clinician-who-left", "stranger", "claims-clinician", "claims-administrator")
"""Who has nothing to do with any record, and must not learn which there are."""


@dataclass(frozen=True)
class Asked:
    """Somebody with a request."""

    a: Around
    client: Client
    headers: Mapping[str, str]
    request: Prepared

    async def answer(self, place: Place, name: str, **ids: str) -> httpx.Response:
        return await place.send(name, self.request, self.a, self.client.by, self.headers, **ids)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def place(
    postgres: EmbeddedPostgres, begun: tuple[str, Beginning], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Place]:
    template, people = begun
    home: Path = tmp_path_factory.mktemp("home")
    with new_database(postgres, template) as name:
        async with opened(Database(postgres, name), people, home) as place:
            yield place


async def test_every_operation_has_its_answers(place: Place) -> None:
    answered = {name.partition(":")[0] for name in ANSWERS}
    missing, gone = set(place.operations) - answered, answered - set(place.operations)
    assert not missing, f"say in tests/matrix/answers.py who may call {sorted(missing)}"
    assert not gone, f"take {sorted(gone)} out of tests/matrix/answers.py"
    assert set(ASKS) <= set(ANSWERS)


@pytest.mark.parametrize("name", ANSWERS)
async def test_an_operation_answers_those_who_may_call_it_and_nobody_else(place: Place, name: str) -> None:
    row = ANSWERS[name]
    assert row.public != bool(place.operations[name.partition(":")[0]].described.get("security")), name
    if row.public:
        a = await place.record_for(Ask(), "stranger")
        request = await place.prepared(name, a, await place.client(a.cast.ida))
        got = {"stranger": await place.ask_as_nobody(name, request, a)}
    else:
        refused = [caller for caller in CALLERS if caller not in row.may]
        got = {**await refusals(place, name, refused), **await permits(place, name, row)}
    wrong = {caller: told(answer) for caller, answer in got.items() if answer.status_code not in row.status(caller)}
    assert not wrong, f"{name}: {wrong}"
    for answer in got.values():
        check_documented(place.operations[name.partition(":")[0]], answer)


async def test_nobody_who_is_not_signed_in_gets_anything(place: Place) -> None:
    for name, headers in (await signed_out(place)).items():
        answers = await everywhere(place, headers)
        wrong = {operation: told(answer) for operation, answer in answers.items() if answer.status_code != 401}
        assert not wrong, f"{name}: {wrong}"


async def test_a_token_that_only_reads_says_nothing(place: Place) -> None:
    a = await place.record_for(Ask(), "clinician")
    okafor = await place.client(a.cast.okafor)
    form = form_of(okafor.key.assertion(okafor.by.person), "acting_as:clinician read")
    headers = {"authorization": f"Bearer {(await place.http.post('/token', data=form)).json()['access_token']}"}
    answers = await everywhere(place, headers, "POST")
    wrong = {operation: told(answer) for operation, answer in answers.items() if answer.status_code != 403}
    assert not wrong, wrong
    reading = await place.http.get(f"/records/{a.record}", params={"purpose": "appointment"}, headers=headers)
    assert reading.status_code == 200, reading.text


async def test_another_site_has_a_browser_say_nothing(place: Place) -> None:
    a = await place.record_for(Ask(), "patient")
    headers = await place.browsers(a.patient)
    del headers["x-csrf-token"]
    before = await place.ledger.rows.size()
    for more in ({}, {"sec-fetch-site": "cross-site"}, {"x-csrf-token": "c2b1a0ZyxwvqL8B1q3mTnM0mZ3kq7r0y1xkz4v0t9m3"}):
        answers = await everywhere(place, {**headers, **more}, "POST")
        wrong = {operation: told(answer) for operation, answer in answers.items() if answer.status_code != 403}
        assert not wrong, f"{more}: {wrong}"
    assert await place.ledger.rows.size() == before


async def test_the_page_says_what_the_table_says() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert filled(text, {"who-may-call": who_may_call}) == text, "run python -m tests.matrix.page, read the difference"


async def test_a_page_is_closed_to_who_is_not_signed_in_and_to_what_another_site_sends(place: Place) -> None:
    beside = {re.sub("^/static/.*", "/static", path): path for path in places_beside(place.app)}
    gone = set(BESIDE) - set(beside)
    assert not gone, f"take {sorted(gone)} out of tests/matrix/answers.py"
    a = await place.record_for(Ask(), "patient")
    signed_in = await place.browsers(a.patient)
    elsewhere = {**FORM, "cookie": signed_in["cookie"], "sec-fetch-site": "cross-site"}
    got = {}
    for path, whole in beside.items():
        method = "POST" if path.startswith("/forms/") else "GET"
        asked = filled_in(whole.replace("{path:path}", "messages.js"), a.record)
        callers = (FORM, elsewhere) if method == "POST" else ({}, signed_in) if path in BESIDE else ({},)
        told = [(await place.http.request(method, asked, headers=one)).status_code for one in callers]
        got[path] = (method, *told)
    closed = {path: ("POST", 401, 403) if path.startswith("/forms/") else ("GET", 303) for path in beside}
    assert got == {**closed, **BESIDE}


async def test_who_has_no_part_in_a_record_is_shown_the_same_page_whether_there_is_one_or_not(place: Place) -> None:
    a = await place.record_for(Ask(), "patient")
    told = {}
    for role in ("patient", "carer", "clinician", "attorney", "auditor", "guardian"):
        browser = await place.browsers(replace(a.cast.ida, acting_as=role))
        for path in places_beside(place.app):
            if "{record}" in path and not path.startswith("/forms/"):
                there = await place.http.get(filled_in(path, a.record), headers=browser)
                nowhere = await place.http.get(filled_in(path, NOWHERE), headers=browser)
                told[role, path] = (plain(there, a.record), plain(nowhere, NOWHERE))
    different = [named for named, (there, nowhere) in told.items() if there != nowhere]
    assert told
    assert not different


def filled_in(path: str, record: str) -> str:
    """The place of a page, of one record and of nothing else that there is."""
    return re.sub(r"\{[a-z_]+\}", NOWHERE, path.replace("{record}", record))


def plain(answer: httpx.Response, record: str) -> tuple[int, str]:
    """A page without what is drawn anew each time."""
    text = re.sub(r'(csrf|statement|began)" value="[^"]*"|data-(csrf|now|session)="[^"]*"|<!--.*?-->', "", answer.text)
    return answer.status_code, text.replace(record, "RECORD").replace(NOWHERE, "RECORD")


async def test_a_method_that_is_not_answered_is_told_all_that_are(place: Place) -> None:
    methods: dict[str, set[str]] = defaultdict(set)
    for operation in place.operations.values():
        methods[operation.path].add(operation.method)
    for path, allowed in methods.items():
        if path == "/token":  # takes forms only, which the gate sees first
            continue
        answer = await place.http.delete(re.sub(r"\{[a-z_]+\}", "x", path))
        told = set(answer.headers["allow"].split(", "))
        assert (answer.status_code, told) == (405, allowed), path


async def signed_out(place: Place) -> dict[str, dict[str, str]]:
    """What somebody sends along who is not signed in, or not any more."""
    a, people, sessions = await place.record_for(Ask(), "patient"), place.ledger.people, place.cast.doors.sessions
    rao, moss = await place.client(a.cast.rao), await place.client(a.cast.moss)
    enrolled = await place.ledger.facts.person(rao.by.person, fresh=True)
    [said] = [one.said for one in enrolled.fold.keys.by_person.values() if one.said.key.kid == rao.key.signer.kid]
    await people.revoke_key(a.cast.ada, rao.by.person, said, "stolen")
    await place.ledger.facts.person(rao.by.person, fresh=True)
    ended = await place.browsers(a.patient)
    await sessions.end_all(a.patient.person)
    return {
        "nobody": {},
        "a token that was changed": {"authorization": moss.headers["authorization"][:-4] + "AAAA"},
        "a token of ten minutes ago": {"authorization": f"Bearer {await an_old_token(place, moss)}"},
        "a token of a revoked key": rao.headers,
        "a session that was ended": ended,
        "a session that never was": {**ended, "cookie": f"{SESSION}={'A' * 64}"},
        "a token and a session at once": {**moss.headers, **await place.browsers(a.patient)},
    }


async def an_old_token(place: Place, who: Client) -> str:
    """A token that was given when tokens of that time have ended by now."""
    then = Instant(place.ledger.clock() - TOKEN_LIFETIME - MINUTE)
    keys = ApiKeys(KEYRING, place.ledger.facts, lambda: then, place.cast.doors.once)
    issued = then // SECOND
    assertion = who.key.assertion(who.by.person, iat=issued, exp=issued + 60)
    return (await keys.give_token(assertion, f"acting_as:{who.by.acting_as}")).access_token


async def everywhere(place: Place, headers: Mapping[str, str], *methods: str) -> dict[str, httpx.Response]:
    """Every operation for which one has to be signed in, of these methods or of all."""
    ids = dict.fromkeys(("record", "item", "person", "path"), NOWHERE)
    asked = {
        name: operation.path.format_map(defaultdict(lambda: NOWHERE, ids, kid="k" * 43, role="clinician"))
        for name, operation in place.operations.items()
        if operation.described.get("security") and operation.method in (methods or ("GET", "POST"))
    }
    answers = await asyncio.gather(
        *(
            place.http.request(place.operations[name].method, path, headers=dict(headers))
            for name, path in asked.items()
        )
    )
    return dict(zip(asked, answers, strict=True))


async def refusals(place: Place, name: str, callers: Iterable[str]) -> dict[str, httpx.Response]:
    """One request that is sent by everybody who is to be refused, all at once: it changes nothing."""
    ask, prepared, asked = ASKS.get(name, Ask()), dict[str, Prepared](), dict[str, Asked]()
    for caller in callers:
        a = await place.record_for(ask, caller)
        client = await place.client(who_asks(caller, a))
        if a.record not in prepared or ask.own is not None or ask.each:
            prepared[a.record] = await place.prepared(name, a, client)
        headers = await place.headers(name, caller, client)
        asked[caller] = Asked(a, client, headers, prepared[a.record])
    answers = await asyncio.gather(*(one.answer(place, name) for one in asked.values()))
    got = dict(zip(asked, answers, strict=True))
    if "{record}" in place.operations[name.partition(":")[0]].path:
        await assert_nobody_learns_which_records_there_are(place, name, asked, got)
    return got


async def assert_nobody_learns_which_records_there_are(
    place: Place, name: str, asked: Mapping[str, Asked], got: Mapping[str, httpx.Response]
) -> None:
    outside = [caller for caller in asked if caller in WITHOUT_A_PART]
    nowhere = await asyncio.gather(*(asked[caller].answer(place, name, record=NOWHERE) for caller in outside))
    for caller, answer in zip(outside, nowhere, strict=True):
        assert same(got[caller], asked[caller].a.record) == same(answer, NOWHERE), f"{name}, {caller}"


async def permits(place: Place, name: str, row: Row) -> dict[str, httpx.Response]:
    """A request for each who may, about things that nobody has used up."""
    ask, got = ASKS.get(name, Ask()), dict[str, httpx.Response]()
    for caller in (caller for caller in CALLERS if caller in row.may):
        a = await place.record_for(ask, caller, anew=ask.alone)
        client = await place.client(who_asks(caller, a))
        request = await place.prepared(name, a, client)
        headers = await place.headers(name, caller, client)
        got[caller] = await place.send(name, request, a, client.by, headers)
    return got


def same(answer: httpx.Response, *ids: str) -> tuple[int, str, list[tuple[str, str]]]:
    """All of an answer, without the ids that were asked for."""
    text = answer.text
    for one in ids:
        text = text.replace(one, "ID")
    return answer.status_code, text, sorted(answer.headers.items())


def told(answer: httpx.Response) -> Any:
    return answer.status_code, answer.text[:300]
