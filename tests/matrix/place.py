"""The application that is asked, and everybody who has signed in to it."""

import itertools
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import httpx
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import Route

from api.http.app import create_app
from api.http.cookies import SESSION, csrf_of
from api.http.service import Service
from api.settings import Settings
from api.wiring import House
from ledger.ledger import Ledger
from ledger.saying import By
from tests.http.served import Client, Served
from tests.matrix.around import AT, Around
from tests.matrix.asks import ASKS, PLACES, Ask
from tests.matrix.callers import CALLERS, IN_A_BROWSER
from tests.matrix.cast import Cast, cast_in
from tests.postgres_fixture import Database
from tests.story import KEYRING, Beginning

_ADDRESSES: Final = itertools.count(1)
PURPOSES: Final = {"clinician": "appointment", "guardian": "audit"}


@dataclass(frozen=True)
class Operation:
    """An operation as the document has it."""

    method: str
    path: str
    described: Mapping[str, Any]

    @property
    def queries(self) -> set[str]:
        return {one["name"] for one in self.described.get("parameters", ()) if one["in"] == "query"}

    @property
    def example(self) -> dict[str, Any]:
        """Its body's example, made when it is asked."""
        if "requestBody" not in self.described:
            return {}
        [content] = self.described["requestBody"]["content"].values()
        return {name: value for name, value in content["example"].items() if name != "made_at"}

    @property
    def takes_tokens(self) -> bool:
        return any("bearer" in by for by in self.described.get("security", ({"bearer": []},)))

    @property
    def takes_a_form(self) -> bool:
        return "application/x-www-form-urlencoded" in self.described.get("requestBody", {}).get("content", ())


def operations(app: FastAPI) -> dict[str, Operation]:
    """Every operation of the document, by its name."""
    return {
        described["operationId"]: Operation(method.upper(), path, described)
        for path, methods in app.openapi()["paths"].items()
        for method, described in methods.items()
    }


@dataclass(frozen=True)
class Prepared:
    """A request that can be sent by anybody: the ids in its path, and its body."""

    ids: Mapping[str, str]
    body: Mapping[str, Any]


@dataclass
class Place:
    """One application, the records in it that everybody asks about, and who has signed in."""

    app: FastAPI
    http: httpx.AsyncClient
    ledger: Ledger
    cast: Cast
    operations: Mapping[str, Operation]
    clients: dict[By, Client] = field(default_factory=dict)
    shared: dict[str, Around] = field(default_factory=dict)

    async def record_for(self, ask: Ask, caller: str, *, anew: bool = False) -> Around:
        """The record that this caller asks about; another one than everybody's, if it is to be ``anew``."""
        on = ask.on or ("child" if caller == "parent" else "adult")
        if anew:
            return await PLACES[on](self.ledger, self.cast)
        if on not in self.shared:
            self.shared[on] = await PLACES[on](self.ledger, self.cast)
        return self.shared[on]

    async def client(self, by: By) -> Client:
        """Somebody, signed in by a key of their own."""
        if by not in self.clients:
            story: Any = SimpleNamespace(ledger=self.ledger, bert=self.cast.bert)
            keys = {client.by.person: client.key for client in self.clients.values()}
            self.clients[by] = await Served(self.app, self.http, story, keys).sign_in(by)
        return self.clients[by]

    async def prepared(self, name: str, a: Around, who: Client) -> Prepared:
        """A request of an operation, with things in it that were just made."""
        ask, ids = ASKS.get(name, Ask()), {"record": a.record, "item": a.item}
        for names, make in ask.path.items():
            made = await make(a)
            ids.update(zip(names.split(","), made if isinstance(made, tuple) else (made,), strict=True))
        if ask.own is not None:
            ids.update(await ask.own(a, who))
        example = self.operations[name.partition(":")[0]].example
        said = ask.body(a, who)
        said = {**example, **(said if isinstance(said, dict) else await said)}
        body = {one: ids.get(one, value) if one in example else value for one, value in said.items()}
        return Prepared(ids, {one: value for one, value in body.items() if value is not None})

    async def headers(self, name: str, caller: str, who: Client) -> dict[str, str]:
        """What says who asks: a browser's session, or a program's token."""
        if caller in IN_A_BROWSER or not self.operations[name.partition(":")[0]].takes_tokens:
            return await self.browsers(who.by)
        return who.headers

    async def browsers(self, by: By) -> dict[str, str]:
        """What a page of this place sends along in a browser in which somebody has just signed in."""
        sessions = self.cast.doors.sessions
        cookie = (await sessions.begin(by.person, by.acting_as, means="passkey", browser="")).cookie
        return {"cookie": f"{SESSION}={cookie}", "x-csrf-token": csrf_of(cookie), "sec-fetch-site": "same-origin"}

    async def send(
        self, name: str, request: Prepared, a: Around, by: By, headers: Mapping[str, str], **ids: str
    ) -> httpx.Response:
        """Ask; ``ids`` replace those of the request."""
        operation = self.operations[name.partition(":")[0]]
        path = operation.path.format(**{**request.ids, **ids})
        if operation.method != "GET":
            body = {one: ids.get(one, value) for one, value in request.body.items()}
            how: dict[str, Any] = {"data": body} if operation.takes_a_form else {"json": body}
            return await self.http.request(operation.method, path, headers=dict(headers), **how)
        query = {**self._query(operation, a, by), **ASKS.get(name, Ask()).query(a)}
        return await self.http.get(path, params=query, headers=dict(headers))

    async def ask_as_nobody(self, name: str, request: Prepared, a: Around) -> httpx.Response:
        """Ask without being signed in, from an address of its own, so that nobody is slowed down by the others."""
        address = f"127.1.0.{next(_ADDRESSES)}"
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=True, client=(address, 50000))
        async with httpx.AsyncClient(transport=transport, base_url=AT.origin) as http:
            return await replace(self, http=http).send(name, request, a, a.cast.ida, {})

    def _query(self, operation: Operation, a: Around, by: By) -> dict[str, str]:
        purpose, query = PURPOSES.get(by.acting_as), {}
        if "purpose" in operation.queries and purpose is not None:
            query["purpose"] = "emergency" if by == a.cast.hale else purpose
        if "case" in operation.queries and by.acting_as == "auditor":
            query["case"] = a.case
        return query


@asynccontextmanager
async def opened(database: Database, begun: Beginning, home: Path) -> AsyncIterator[Place]:
    """Open the application over a copy of the beginning, and let the others come in."""
    app = create_app(House(Settings(home=home), KEYRING, database.dsn(), database.superuser_dsn))
    transport = httpx.ASGITransport(app, raise_app_exceptions=True)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url=AT.origin) as http:
        service: Service = app.state.service
        yield Place(app, http, service.ledger, await cast_in(service, begun), operations(app))


def who_asks(caller: str, a: Around) -> By:
    """A caller, around a record."""
    return CALLERS[caller](a)


def check_documented(operation: Operation, answer: httpx.Response) -> None:
    """Raise AssertionError unless the document says of this operation that it may answer so."""
    described = operation.described["responses"].get(str(answer.status_code))
    assert described is not None, f"{answer.status_code} is not documented"
    media = answer.headers["content-type"].partition(";")[0]
    assert media in described["content"], f"{media} is not documented"
    shape = described["content"][media]["schema"]
    if "json" in media and "required" in shape:
        missing = set(shape["required"]) - set(answer.json())
        assert not missing, f"{sorted(missing)} are documented, and were not in {answer.text[:200]}"


def places_beside(app: FastAPI) -> dict[str, set[str]]:
    """The paths that the document does not tell of, pages above all, and by which methods each is asked."""
    found: dict[str, set[str]] = {}
    waiting = [*app.routes]
    # The document names a path parameter without saying that it may hold a slash.
    told = {operation.path for operation in operations(app).values()}
    while waiting:
        one = waiting.pop()
        if hasattr(one, "original_router"):  # FastAPI keeps an included router as one route
            waiting += one.original_router.routes
        elif isinstance(one, Route | APIRoute) and one.path.replace(":path}", "}") not in told:
            found.setdefault(one.path, set()).update(one.methods or ())
    return found
