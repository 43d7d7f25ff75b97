"""An OpenID provider on loopback that says whatever a test has it say: what an attacker would, or a careless one."""

import asyncio
import hashlib
import json
import socket
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import uvicorn
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ledger.core.canonical import base64url

CLIENT = "record-ledger"
SUBJECT = "somebody-at-the-forger"
ACCESS_TOKEN = "an access token that nobody uses"  # noqa: S105
Key = RSAKey | ECKey | OKPKey


def new_key(kid: str = "first") -> ECKey:
    """A P-256 key that signs."""
    return ECKey.generate_key("P-256", {"kid": kid, "use": "sig"})


@dataclass
class Forger:
    """What it says of itself, which keys it publishes, and what it answers at the token endpoint."""

    issuer: str
    key: ECKey = field(default_factory=new_key)
    about: dict[str, Any] = field(default_factory=dict)
    """Members of the discovery document that differ, or are left out where they are None."""
    keys: list[Mapping[str, Any]] = field(default_factory=list)
    answer: Mapping[str, Any] | bytes = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    """The paths that it was asked for."""
    form: dict[str, str] = field(default_factory=dict)
    """What the token endpoint was asked with last."""

    def honest(self) -> None:
        """Behave from here on, under a new key."""
        self.key, self.about = new_key(), {}
        self.keys, self.answer = [self.key.as_dict(private=False)], {}

    @property
    def document(self) -> dict[str, Any]:
        document = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
            **self.about,
        }
        return {name: value for name, value in document.items() if value is not None}

    def claims(self, nonce: str, /, **changes: Any) -> dict[str, Any]:
        """The claims of a good ID token; ``changes`` replace them, or leave out those that are None."""
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": SUBJECT,
            "nonce": nonce,
            "iat": now,
            "exp": now + 300,
            "auth_time": now,
            "level": "high",
            **changes,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, claims: Any, key: Key | OctKey | None = None, **header: Any) -> str:
        """A signed token; ``header`` replaces members of its header, or leaves out those that are None."""
        named = {"alg": "ES256", "typ": "JWT", "kid": self.key.kid, **header}
        named = {name: value for name, value in named.items() if value is not None}
        text = ".".join(base64url(json.dumps(part).encode()) for part in (named, claims))
        # Joserfc itself would refuse to make some of what an attacker makes.
        signature = JWSRegistry.algorithms[named["alg"]].sign(text.encode(), key or self.key)
        return f"{text}.{base64url(signature)}"

    def say(self, token: str) -> None:
        """Answer the next code with this ID token."""
        self.answer = {"access_token": ACCESS_TOKEN, "token_type": "Bearer", "expires_in": 60, "id_token": token}

    async def _document(self, request: Request) -> Response:
        self.asked.append(request.url.path)
        return JSONResponse(self.document)

    async def _keys(self, request: Request) -> Response:
        self.asked.append(request.url.path)
        return JSONResponse({"keys": self.keys})

    async def _token(self, request: Request) -> Response:
        self.asked.append(request.url.path)
        self.form = dict(parse_qsl((await request.body()).decode()))
        if isinstance(self.answer, bytes):
            return Response(self.answer, media_type="application/json")
        return JSONResponse(self.answer, 400 if "error" in self.answer else 200)

    @property
    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._document),
                Route("/keys", self._keys),
                Route("/token", self._token, methods=["POST"]),
            ],
            # It compresses for whoever asks for that, as providers do.
            middleware=[Middleware(GZipMiddleware, minimum_size=1)],
        )


def at_hash(access_token: str) -> str:
    """OpenID Connect Core 1.0, section 3.1.3.6, for ES256."""
    return base64url(hashlib.sha256(access_token.encode()).digest()[:16])


def taken_port() -> socket.socket:
    """A socket on a free port of this machine, to be listened on later."""
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    return taken


@asynccontextmanager
async def forging() -> AsyncIterator[Forger]:
    """A forger that listens on this machine."""
    port = taken_port()
    forger = Forger(f"http://127.0.0.1:{port.getsockname()[1]}")
    forger.honest()
    async with listening(forger.app, port):
        yield forger


@asynccontextmanager
async def listening(app: Any, port: socket.socket, **tls: Any) -> AsyncIterator[None]:
    """Serve an application, whose lifespan is somebody else's, from this process."""
    config = uvicorn.Config(app, log_config=None, lifespan="off", access_log=False, ws="none", **tls)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve([port]))
    while not server.started:  # noqa: ASYNC110 - the server has no event to wait for
        await asyncio.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        await serving
