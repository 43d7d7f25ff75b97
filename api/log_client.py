"""Reading a log over HTTP, as an auditor: its checkpoint, and its entries in bundles (C2SP tlog-tiles).

Nothing that is read here is believed: it is bytes, of a bounded number.
"""

import asyncio
import json
import re
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import httpx2

from api.loopback import is_loopback
from api.sign_in.key_file import KeyFile
from ledger.core.instants import Instant
from ledger.core.note import LARGEST_NOTE
from ledger.core.tiles import LARGEST_ENTRY, TILE_WIDTH, bundle_path, parse_bundle

_ROLE: Final = "auditor"
_LARGEST_TOKEN: Final = 65_536
_WITHIN: Final = 60.0
"""Seconds for each step of an answer: connecting, and each piece that is read."""
_TOKEN: Final = re.compile("[!-~]+")
_ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class LogUnreachable(Exception):
    """Nobody answers at the log's address, or not now: another try, later, may do."""


class LogRefuses(Exception):
    """The log answers, and not with what was asked for: somebody has to change something first."""


class NotServed(LogRefuses):
    """There is nothing at this path (404)."""


@dataclass(slots=True)
class LogClient:
    """One log at ``url`` (without ``/log``), asked by whom the key file speaks for; made by ``log_client``."""

    url: str
    key: KeyFile
    clock: Callable[[], Instant]
    _http: httpx2.AsyncClient
    _token: str | None = None
    _signing_in: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def checkpoint(self) -> bytes:
        """The newest checkpoint's note. Raises LogUnreachable, LogRefuses."""
        return await self._get("checkpoint", LARGEST_NOTE)

    async def bundle(self, n: int, width: int) -> list[bytes]:
        """The first ``width`` entries of a bundle. Raises LogUnreachable, LogRefuses, TileError.

        A bundle may have become complete since the checkpoint was signed, and then be served only so
        (tlog-tiles, "Partial Tiles").
        """
        try:
            entries = await self._bundle(n, width)
        except NotServed:
            if width == TILE_WIDTH:
                raise
            entries = await self._bundle(n, TILE_WIDTH)
        if len(entries) < width:
            path = bundle_path(n, width)
            raise LogRefuses(f"{self.url}/log/{path}: got {len(entries)} entries, wanted {width}; try again")
        return entries[:width]

    async def _bundle(self, n: int, width: int) -> list[bytes]:
        if self._token is None:
            await self._sign_in(None)
        path = bundle_path(n, width)
        used = self._token
        try:
            data = await self._get(path, width * (LARGEST_ENTRY + 2), used)
        except _TokenRefused:
            await self._sign_in(used)  # a token is good for ten minutes, and a log takes longer
            data = await self._get(path, width * (LARGEST_ENTRY + 2), self._token)
        return parse_bundle(data)

    async def _get(self, path: str, largest: int, token: str | None = None) -> bytes:
        url = f"{self.url}/log/{path}"
        headers = {"accept-encoding": "gzip, identity"}
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        async with self._asked("GET", url, headers=headers) as answer:
            if answer.status_code == httpx2.codes.OK:
                return await _read(answer, largest, url)
            raise _problem(answer.status_code, url, self.key.person)

    async def _sign_in(self, refused: str | None) -> None:
        """Get a token in the place of the one that was refused, if nobody else has meanwhile."""
        async with self._signing_in:
            if self._token == refused:
                self._token = await self._new_token()

    async def _new_token(self) -> str:
        """Exchange an assertion for a token (RFC 7523, section 2.2)."""
        form = {
            "grant_type": "client_credentials",
            "scope": f"acting_as:{_ROLE}",
            "client_assertion_type": _ASSERTION_TYPE,
            "client_assertion": self.key.assertion(self.clock()),
        }
        url = f"{self.url}/token"
        async with self._asked("POST", url, data=form) as answer:
            told = await _read(answer, _LARGEST_TOKEN, url)
            if answer.status_code in (400, 401):
                said = told.decode(errors="replace")
                raise LogRefuses(f"no token for {self.key.person}: the log answered {answer.status_code} {said}")
            if answer.status_code != httpx2.codes.OK:
                raise _problem(answer.status_code, url, self.key.person)
            return _token_in(told, url)

    @asynccontextmanager
    async def _asked(self, method: str, url: str, **more: object) -> AsyncIterator[httpx2.Response]:
        try:
            async with self._http.stream(method, url, **more) as answer:  # type: ignore[arg-type]
                yield answer
        except httpx2.RequestError as error:
            because = str(error) or type(error).__name__
            raise LogUnreachable(
                f"no log at {self.url} ({because}); check the address, or try again when it is served"
            ) from error


class _TokenRefused(LogRefuses):
    """The token is not good, or no longer."""


@asynccontextmanager
async def log_client(url: str, key: KeyFile, clock: Callable[[], Instant]) -> AsyncIterator[LogClient]:
    """A client of the ledger that is served at ``url``. Raises LogRefuses for an address that is not safe to ask."""
    parsed = _checked(url)
    encrypted = parsed.scheme == "https"
    # Plain, it goes to this machine alone: through no proxy, for it must not leave it, and under no certificate.
    trusted = ssl.create_default_context() if encrypted else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    async with httpx2.AsyncClient(timeout=_WITHIN, trust_env=encrypted, verify=trusted) as http:
        yield LogClient(url.rstrip("/"), key, clock, http)


def _checked(url: str) -> httpx2.URL:
    try:
        parsed = httpx2.URL(url)
    except httpx2.InvalidURL as error:
        raise LogRefuses(f"url: got {url!r} ({error}), wanted https://…") from error
    if not parsed.host or parsed.query or parsed.fragment or parsed.userinfo or parsed.scheme not in ("http", "https"):
        raise LogRefuses(f"url: got {url!r}, wanted the address of a ledger, as in https://ledger.example")
    if parsed.scheme == "http" and not is_loopback(parsed.host):
        raise LogRefuses(f"url: got {url!r}, wanted https://: entries and tokens go to other machines encrypted only")
    return parsed


async def _read(answer: httpx2.Response, largest: int, url: str) -> bytes:
    data = bytearray()
    async for piece in answer.aiter_bytes():
        data += piece
        if len(data) > largest:
            raise LogRefuses(f"{url}: got more than {largest} bytes, wanted no more; is a ledger served there?")
    return bytes(data)


def _token_in(told: bytes, url: str) -> str:
    try:
        token = json.loads(told)["access_token"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise LogRefuses(f"{url}: got no token, wanted one; is a ledger served there?") from error
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise LogRefuses(f"{url}: got a token that no header can carry, wanted one; is a ledger served there?")
    return token


def _problem(status: int, url: str, person: str) -> Exception:
    """What an answer other than 200 means."""
    if status == httpx2.codes.UNAUTHORIZED:
        return _TokenRefused(f"{url}: got 401, wanted the entries; is the key of {person} still in force?")
    if status == httpx2.codes.FORBIDDEN:
        return LogRefuses(f"{url}: got 403, wanted the entries; {person} needs the role auditor: ask the log's keeper")
    if status == httpx2.codes.NOT_FOUND:
        return NotServed(f"{url}: got 404, wanted what the log's checkpoint says is there; is a ledger served there?")
    if status == httpx2.codes.TOO_MANY_REQUESTS or status >= 500:
        return LogUnreachable(f"{url}: got {status}; the log cannot answer now, try again later")
    return LogRefuses(f"{url}: got {status}, wanted 200; check the address")
