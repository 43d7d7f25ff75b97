"""What the page does with a session key, in Python: a passkey certifies it, it signs, the passkey assures."""

import os
import time
from dataclasses import dataclass, field
from typing import Any

import httpx

from ledger.core import canonical
from ledger.core.canonical import base64url, unbase64url
from ledger.core.instants import HOUR, Instant, format_instant
from ledger.core.keys import KeyStatement, SigningKey
from ledger.core.passkeys import challenge_of_session_key, challenge_of_statement
from ledger.core.public import Public
from ledger.core.sealing import Opening
from ledger.core.statement import SignedStatement, Statement, sign
from ledger.saying import By, fresh_id
from tests.http.served import ORIGIN
from tests.sign_in import authenticator
from tests.sign_in.authenticator import Authenticator, Credential
from tests.sign_in.browser import PLACE, Browser

PAGE = authenticator.Browser(PLACE)


def now() -> Instant:
    return Instant(time.time_ns() // 1_000_000)


@dataclass
class SigningPage:
    """A page of somebody who is signed in: their browser, device and passkey, and a session key of its own."""

    browser: Browser
    by: By
    device: Authenticator
    credential: Credential
    key: SigningKey = field(default_factory=lambda: SigningKey(os.urandom(32)))

    async def nonce(self, purpose: str) -> str:
        answer = await self.browser.post("/session/nonces", purpose=purpose, count=1)
        assert answer.status_code == 200, answer.text
        [nonce] = answer.json()["nonces"]
        return str(nonce)

    async def certificate(self, *, ends: Instant | None = None, nonce: str | None = None) -> dict[str, Any]:
        """The body that enrols the session key, which signs it itself."""
        not_after = format_instant(ends if ends is not None else Instant(now() + 8 * HOUR))
        used = nonce or await self.nonce("session-key")
        challenge = challenge_of_session_key(
            ORIGIN, self.by.person, self.key.public, unbase64url(used, "nonce"), not_after
        )
        assertion = self.device.assertion(challenge, used, PAGE, credential=self.credential)
        evidence = {"person": self.by.person, "by": "passkey", "assertion": assertion}
        public = KeyStatement(self.key.public, "author", not_after, evidence)
        facts = {"person": self.by.person, "kid": self.key.kid}
        return self.body(*self.signed("key-enrolled/1", facts, public))

    async def submit(self, body: dict[str, Any]) -> httpx.Response:
        return await self.browser.send("POST", "/statements", json=body, headers=self.browser.of_page())

    async def certify(self) -> httpx.Response:
        return await self.submit(await self.certificate())

    def signed(
        self, type_: str, facts: dict[str, Any], public: Public | None = None
    ) -> tuple[SignedStatement, Opening]:
        """Facts, signed with the session key."""
        opening = Opening(os.urandom(32), canonical.encode(facts))
        by, at = self.by, now()
        said = Statement(fresh_id(at), ORIGIN, type_, by.person, by.acting_as, at, opening.commitment, None, public)
        return sign(said, self.key), opening

    @staticmethod
    def body(signed: SignedStatement, opening: Opening, assertion: dict[str, str] | None = None) -> dict[str, Any]:
        """The body of ``POST /statements``."""
        facts = {"salt": base64url(opening.salt), "body": canonical.decode(opening.body)}
        body = {"statement": signed.jws, "facts": facts}
        return body if assertion is None else {**body, "assertion": assertion}

    async def assertion(
        self, signed: SignedStatement, *, nonce: str | None = None, over: bytes | None = None
    ) -> dict[str, str]:
        """What the passkey answers over the payload of a statement, or ``over`` something else."""
        used = nonce or await self.nonce("statement")
        payload = signed.statement.payload() if over is None else over
        challenge = challenge_of_statement(unbase64url(used, "nonce"), payload)
        return self.device.assertion(challenge, used, PAGE, credential=self.credential)

    async def say(
        self, type_: str, facts: dict[str, Any], public: Public | None = None, *, assured: bool = False
    ) -> httpx.Response:
        """Sign facts and send them; with the passkey's assertion where the statement is of high stakes."""
        signed, opening = self.signed(type_, facts, public)
        assertion = await self.assertion(signed) if assured else None
        return await self.submit(self.body(signed, opening, assertion))
