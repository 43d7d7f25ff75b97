"""The log's witnesses, asked over HTTP: for a cosignature, or for what they know (C2SP tlog-witness, the client).

A witness is asked at the URL that the trust policy names for it; one server may answer for several of the policy's
keys. Nothing that it answers is believed but cosignatures by those keys over the very checkpoint it was asked about.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Final

import httpx2

from ledger.core.checkpoint import CheckpointError, cosigned_at, open_note
from ledger.core.note import Note, NoteSignature
from ledger.core.trust_policy import TrustPolicy, Witness
from ledger.core.witnessing import (
    LARGEST_REQUEST,
    SIZE_MEDIA_TYPE,
    AddCheckpoint,
    WitnessingError,
    format_add_checkpoint,
    parse_cosignatures,
    parse_size,
)

WITHIN: Final = 5.0
"""Seconds for a whole answer: what hangs is as good as down."""
_TIMEOUT: Final = httpx2.Timeout(WITHIN, connect=2.0)
_HEADERS: Final = {"content-type": "text/plain; charset=utf-8", "accept-encoding": "identity"}


class WitnessFailed(Exception):
    """A witness that cannot be reached, or whose answer is of no use."""


@dataclass(frozen=True, slots=True)
class Cosigned:
    """It cosigned: the lines of its own keys, checked."""

    lines: tuple[NoteSignature, ...]


@dataclass(frozen=True, slots=True)
class KnowsSize:
    """It knows another size than it was asked from."""

    size: int


@dataclass(frozen=True, slots=True)
class Disagrees:
    """It says that the checkpoint does not go on from what it knows, in its own words."""

    why: str


Answer = Cosigned | KnowsSize | Disagrees


class Stand(Enum):
    """How what a witness knows of the log stands to a checkpoint."""

    UNREACHABLE = "unreachable"
    SAME = "same"
    OTHER_SIZE = "other size"
    CONFLICTS = "conflicts"


@dataclass(frozen=True, slots=True)
class Known:
    """What one witness of the policy knows: at ``OTHER_SIZE`` and ``SAME`` the size, else why there is none."""

    witness: str
    url: str
    stand: Stand
    size: int | None = None
    why: str = ""


class WitnessClient:
    """One witness's server, and the policy's witnesses whose keys it has."""

    def __init__(self, url: str, witnesses: Iterable[Witness], http: httpx2.AsyncClient) -> None:
        self.url = url
        self.witnesses = tuple(witnesses)
        self._http = http

    @property
    def name(self) -> str:
        """What the policy calls it."""
        return " and ".join(witness.name for witness in self.witnesses)

    async def ask(self, request: AddCheckpoint) -> Answer:
        """Ask it to cosign; raises WitnessFailed."""
        try:
            # The library's own limits are for each step; this one is for all of them.
            async with asyncio.timeout(WITHIN):
                status, kind, body = await self._post(format_add_checkpoint(request))
            return self._answer(request, status, kind, body)
        except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError, WitnessingError, CheckpointError) as error:
            told = str(error) or type(error).__name__
            raise WitnessFailed(f"witness {self.name} at {self.url}: {told}") from error

    async def _post(self, body: bytes) -> tuple[int, str, bytes]:
        place = f"{self.url.rstrip('/')}/add-checkpoint"
        async with self._http.stream("POST", place, content=body, headers=_HEADERS) as answer:
            found = b""
            async for chunk in answer.aiter_raw():
                found += chunk
                if len(found) > LARGEST_REQUEST:
                    raise WitnessFailed(f"witness {self.name} at {self.url}: got more than {LARGEST_REQUEST} bytes")
            return answer.status_code, answer.headers.get("content-type", ""), found

    def _answer(self, request: AddCheckpoint, status: int, kind: str, body: bytes) -> Answer:
        if status == 200:
            return Cosigned(self._checked(request.note, body))
        if status == 409 and kind.partition(";")[0].strip() == SIZE_MEDIA_TYPE:
            size = parse_size(body)
            if size != request.old_size:
                return KnowsSize(size)
        if status in (409, 422):
            return Disagrees(f"{status} {body[:400].decode(errors='replace')!r}")
        raise WitnessFailed(f"witness {self.name} at {self.url}: got {status} {body[:400].decode(errors='replace')!r}")

    def _checked(self, note: bytes, body: bytes) -> tuple[NoteSignature, ...]:
        """The lines of its keys, in the policy's order; raises WitnessFailed where there is none that is right."""
        parsed, checkpoint = open_note(note)
        answered = Note(parsed.text, parse_cosignatures(note, body))
        lines, faults = [], []
        for witness in self.witnesses:
            try:
                if cosigned_at(witness.key, answered, checkpoint):
                    lines.append(witness.key.find_in(answered))
            except CheckpointError as error:
                faults.append(str(error))
        if not lines:
            told = "; ".join(faults) or "got cosignatures without a time"
            raise WitnessFailed(f"witness {self.name} at {self.url}: {told}; compare its key with the policy's")
        return tuple(lines)


@asynccontextmanager
async def witness_clients(policy: TrustPolicy) -> AsyncIterator[tuple[WitnessClient, ...]]:
    """A client for every URL that the policy names; connections are kept alive until the end."""
    by_url: dict[str, list[Witness]] = {}
    for witness in policy.witnesses:
        if witness.url is not None:
            by_url.setdefault(witness.url, []).append(witness)
    async with httpx2.AsyncClient(timeout=_TIMEOUT, follow_redirects=False) as http:
        yield tuple(WitnessClient(url, witnesses, http) for url, witnesses in by_url.items())


async def sizes_known(policy: TrustPolicy, note: bytes) -> tuple[Known, ...]:
    """What every witness with a URL knows of the log of a signed note, beside that note; asks all at once.

    The question is put so that no witness takes a step: from the note's own size, with no proof. Only one that
    knows exactly this size can cosign it, again. (A note of size 0 is the exception that changes nothing: there is
    but one empty tree.) Raises CheckpointError for bytes that are no checkpoint.
    """
    _, checkpoint = open_note(note)
    request = AddCheckpoint(checkpoint.size, (), note)
    async with witness_clients(policy) as clients:
        answers = await asyncio.gather(*(_known(client, request) for client in clients))
    return tuple(known for several in answers for known in several)


async def _known(client: WitnessClient, request: AddCheckpoint) -> list[Known]:
    stand, size, why = await _stand(client, request)
    return [Known(witness.name, client.url, stand, size, why) for witness in client.witnesses]


async def _stand(client: WitnessClient, request: AddCheckpoint) -> tuple[Stand, int | None, str]:
    try:
        answer = await client.ask(request)
    except WitnessFailed as error:
        return Stand.UNREACHABLE, None, str(error)
    match answer:
        case Cosigned():
            return Stand.SAME, request.old_size, ""
        case KnowsSize(size):
            return Stand.OTHER_SIZE, size, ""
        case Disagrees(why):
            return Stand.CONFLICTS, None, why
