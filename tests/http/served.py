"""The API as its clients see it: an application over the story's database, and people who sign in to it with keys."""

import hashlib
import itertools
import time
from dataclasses import dataclass, field
from typing import Any

import httpx
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import OKPKey

from api.http.token import ASSERTION_TYPE
from ledger.core.canonical import base64url
from ledger.core.instants import Instant
from ledger.core.keys import SigningKey
from ledger.saying import By, fresh_id
from tests.signing import enrol
from tests.story import KEYRING, Story

BASE = "http://ledger.test"
ORIGIN = KEYRING.origin
PURPOSES = {"clinician": {"purpose": "appointment"}}
_COUNT = itertools.count()


def statement_id() -> str:
    """A fresh UUIDv7, as a client chooses one."""
    return fresh_id(Instant(time.time_ns() // 1_000_000))


@dataclass
class Key:
    """An Ed25519 key in its author's own hands."""

    seed: bytes

    @property
    def signer(self) -> SigningKey:
        return SigningKey(self.seed)

    def assertion(self, person: str, *, alg: str = "Ed25519", **changes: Any) -> str:
        """A client assertion; ``changes`` replace its claims, or leave out those that are None."""
        now = int(time.time())
        claims = {"iss": person, "sub": person, "aud": ORIGIN, "iat": now, "exp": now + 60, "jti": statement_id()}
        claims = {name: value for name, value in {**claims, **changes}.items() if value is not None}
        private = OKPKey.import_key({**self.signer.public.jwk, "d": base64url(self.seed)})
        return jwt.encode({"alg": alg, "kid": self.signer.kid}, claims, private, algorithms=["EdDSA", "Ed25519"])


def new_key() -> Key:
    """A key that no other test has."""
    return Key(hashlib.sha256(b"key %d" % next(_COUNT)).digest())


def form_of(assertion: str, scope: str = "acting_as:patient", **changes: str) -> dict[str, str]:
    """The form of the token endpoint."""
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": assertion,
        "scope": scope,
    }
    return {**form, **changes}


@dataclass
class Client:
    """Somebody at the API, by an enrolled key and a token."""

    http: httpx.AsyncClient
    by: By
    key: Key
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"}

    async def get(self, path: str, **query: Any) -> httpx.Response:
        named = {**PURPOSES.get(self.by.acting_as, {}), **query} if path.startswith("/records") else query
        return await self.http.get(path, params=named, headers=self.headers)

    async def post(self, path: str, /, statement: str | None = None, **body: Any) -> httpx.Response:
        headers = self.headers if statement is None else {**self.headers, "idempotency-key": statement}
        return await self.http.post(path, json=body, headers=headers)

    async def say(self, path: str, /, **body: Any) -> dict[str, Any]:
        """Say something that must be admitted."""
        answer = await self.post(path, **body)
        assert answer.status_code == 201, answer.text
        said: dict[str, Any] = answer.json()
        return said


@dataclass
class Served:
    """The application, the story on whose database it runs, and who has signed in."""

    app: FastAPI
    http: httpx.AsyncClient
    story: Story
    keys: dict[str, Key] = field(default_factory=dict)

    @property
    def record(self) -> str:
        return f"/records/{self.story.record}"

    async def key_of(self, person: str) -> Key:
        """A key of the person, enrolled by the registrar the first time."""
        if person not in self.keys:
            fresh, own = new_key(), self.keys.get(self.story.bert.person)
            registrar, ledger = By(self.story.bert.person, "registrar"), self.story.ledger
            if own is None:
                await ledger.people.enrol_key(registrar, person, fresh.signer.public)
            else:  # a registrar with a key of their own signs
                await enrol(ledger, registrar, own.signer, person, fresh.signer.public)
            self.keys[person] = fresh
        return self.keys[person]

    async def token(self, key: Key, by: By) -> str:
        form = form_of(key.assertion(by.person), f"acting_as:{by.acting_as}")
        answer = await self.http.post("/token", data=form)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    async def sign_in(self, by: By) -> Client:
        """A client for somebody of the story."""
        key = await self.key_of(by.person)
        return Client(self.http, by, key, await self.token(key, by))

    async def size(self) -> int:
        """Entries in the log."""
        return await self.story.ledger.rows.size()

    async def said(self, start: int) -> list[str]:
        """The types of what was admitted from a position on."""
        return [kept.topic for kept in await self.story.ledger.rows.read_log(start, 1000)]


def problem(answer: httpx.Response, status: int, name: str) -> dict[str, Any]:
    """The problem of an answer, which must be of this status and kind, and as RFC 9457 has it."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    told: dict[str, Any] = answer.json()
    assert told["type"] == f"urn:record-ledger:problem:{name}", told
    assert told["status"] == status
    assert told["title"]
    assert told["detail"]
    return told
