"""A browser, as far as cookies and origins go: it keeps Secure cookies on localhost, and sends what browsers send."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any

import httpx

from api.http.cookies import SESSION, csrf_of
from api.http.service import Service
from ledger.saying import By
from tests.http.served import Served

PLACE = "http://localhost:8420"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0"


@dataclass
class Browser:
    """One browser at the service; ``http`` keeps no cookie, because httpx would not send a Secure one over http."""

    http: httpx.AsyncClient
    served: Served
    cookies: dict[str, str] = field(default_factory=dict)

    @classmethod
    @asynccontextmanager
    async def of(cls, served: Served, *, address: str = "127.0.0.1") -> AsyncIterator["Browser"]:
        """A fresh browser of a served application, at an address."""
        transport = httpx.ASGITransport(served.app, raise_app_exceptions=True, client=(address, 50000))
        async with httpx.AsyncClient(transport=transport, base_url=PLACE, headers={"user-agent": FIREFOX}) as http:
            yield cls(http, served)

    @property
    def service(self) -> Service:
        service: Service = self.served.app.state.service
        return service

    @property
    def cookie(self) -> str:
        """The value of the session's cookie."""
        return self.cookies[SESSION]

    @property
    def csrf(self) -> str:
        return csrf_of(self.cookie)

    async def begin(self, by: By, *, means: str = "invitation", **more: Any) -> None:
        """Sign somebody in past every door, for tests that are not about doors; they see all that was said before."""
        await self.served.story.settled()
        begun = await self.service.doors.sessions.begin(
            by.person, by.acting_as, means=means, browser="Firefox on Linux", **more
        )
        self.cookies[SESSION] = begun.cookie

    async def send(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Send a request with the cookies and nothing else that was not asked for; take the cookies of the answer."""
        headers = dict(more.pop("headers", {}))
        if self.cookies:
            headers["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = await self.http.request(method, path, headers=headers, **more)
        self._take(answer)
        return answer

    async def get(self, path: str, **query: Any) -> httpx.Response:
        return await self.send("GET", path, params=query or None)  # an empty one would take away that of the path

    async def post(self, path: str, /, statement: str | None = None, **body: Any) -> httpx.Response:
        """A page's own request: with its origin, and its token where somebody is signed in."""
        return await self.send("POST", path, json=body, headers=self.of_page(statement))

    def of_page(self, statement: str | None = None) -> dict[str, str]:
        """The headers of a request that a page of this place makes."""
        headers = {"origin": PLACE, "sec-fetch-site": "same-origin"}
        if SESSION in self.cookies:
            headers["x-csrf-token"] = self.csrf
        return headers if statement is None else {**headers, "idempotency-key": statement}

    def _take(self, answer: httpx.Response) -> None:
        for header in answer.headers.get_list("set-cookie"):
            for name, morsel in SimpleCookie(header).items():
                assert morsel["secure"], header
                assert morsel["path"] == "/", header
                if morsel["max-age"] == "0":
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value
