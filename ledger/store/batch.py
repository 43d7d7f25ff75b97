"""A batch: what one commit admits, drafted in memory before a single statement writes it.

Nothing here touches the database: a draft that could not be written leaves no trace.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from ledger.core.checkpoint import Checkpoint
from ledger.core.edge import Edge, Extension
from ledger.core.entry import encode_entry
from ledger.core.errors import MalformedStatement
from ledger.core.instants import SECOND, Instant, format_instant
from ledger.core.log_keys import LogKeys
from ledger.core.merkle import leaf_hash
from ledger.core.receipt import Receipt
from ledger.core.subjects import Subject
from ledger.store.errors import Conflict, GuardFailed, StoreError
from ledger.store.keyring import Keyring
from ledger.store.mapper import Admission


@dataclass(frozen=True, slots=True)
class Admitted:
    """Where and when a statement was admitted; its receipt if one was asked for."""

    position: int
    recorded_at: Instant
    receipt: Receipt | None


@dataclass(slots=True, eq=False)
class Request:
    """Statements to admit together, and what must still hold when they are."""

    admissions: list[Admission]
    guards: Mapping[Subject, int]
    valid_until: Instant | None
    wants_receipt: bool
    answer: "asyncio.Future[list[Admitted]]"

    def wrap_under(self, keyring: Keyring) -> None:
        """Wrap anew what was sealed before the generation was opened that now wraps what is new."""
        if any(admission.generation != keyring.generation for admission in self.admissions):
            self.admissions = [admission.rewrapped(keyring) for admission in self.admissions]

    def refuse(self, error: Exception) -> None:
        """Answer with an error, unless the caller has gone."""
        if not self.answer.done():
            self.answer.set_exception(error)


@dataclass(frozen=True, slots=True)
class Head:
    """What the log ends with, as this process knows it."""

    edge: Edge
    recorded_at: Instant


@dataclass(slots=True)
class Draft:
    """A batch ready to be written: requests, entries and everything that follows from them."""

    base: int
    recorded_at: Instant
    requests: list[Request]
    admissions: list[Admission]
    entries: list[bytes]
    extension: Extension
    guards: dict[Subject, int]
    checkpoint: bytes | None

    @property
    def head(self) -> Head:
        """The head once this draft is durable."""
        return Head(self.extension.edge, self.recorded_at)

    def answer(self) -> None:
        """Tell every caller where its statements are. Only after the commit: a crash before leaves them unadmitted."""
        n = 0
        for request in self.requests:
            admitted = [self._admitted(n + i, request.wants_receipt) for i in range(len(request.admissions))]
            n += len(admitted)
            if not request.answer.done():
                request.answer.set_result(admitted)

    def _admitted(self, n: int, wants_receipt: bool) -> Admitted:
        position = self.base + n
        if not wants_receipt or self.checkpoint is None:
            return Admitted(position, self.recorded_at, None)
        receipt = Receipt(position, self.extension.paths[n], self.checkpoint, self.entries[n])
        return Admitted(position, self.recorded_at, receipt)


@dataclass(slots=True)
class _Gathering:
    """Requests that fit together into one commit."""

    recorded_at: Instant
    requests: list[Request] = field(default_factory=list)
    admissions: list[Admission] = field(default_factory=list)
    entries: list[bytes] = field(default_factory=list)
    said: set[tuple[UUID, UUID]] = field(default_factory=set)
    versions: set[tuple[Any, int]] = field(default_factory=set)
    bumped: set[Subject] = field(default_factory=set)
    guards: dict[Subject, int] = field(default_factory=dict)

    def take(self, request: Request) -> None:
        """Add a request; raises the error it is to be refused with."""
        if request.valid_until is not None and self.recorded_at >= request.valid_until:
            raise GuardFailed(
                f"decision: valid until {format_instant(request.valid_until)}, which is past; decide again"
            )
        for subject, version in request.guards.items():
            if subject in self.bumped or self.guards.get(subject, version) != version:
                raise GuardFailed(f"decision: facts about {subject} changed; decide again")
        for admission in request.admissions:
            if (admission.originator_id, admission.originator_version) in self.versions:
                raise Conflict(f"stream {admission.originator_id}: version taken in this instant; read and try again")
        entries = [_entry(admission, self.recorded_at) for admission in request.admissions]
        self.guards.update(request.guards)
        self.requests.append(request)
        self.entries.extend(entries)
        for admission in request.admissions:
            self.admissions.append(admission)
            self.said.add((admission.author, admission.statement_id))
            self.versions.add((admission.originator_id, admission.originator_version))
            self.bumped.update(admission.bears_on)

    def repeats(self, request: Request) -> bool:
        """Whether a statement of the request stands in this batch already: it waits for the next one."""
        return any((a.author, a.statement_id) in self.said for a in request.admissions)


def draft(
    requests: list[Request], head: Head, now: Instant, keys: LogKeys, origin: str, *, checkpoint_due: bool
) -> tuple[Draft | None, list[Request]]:
    """Draft a batch on top of a head; returns the draft and the requests that must wait for the next.

    Requests that cannot stand (stale guard, time run out, version taken) are answered with their error.
    The ledger's clock never goes back: an instant before the head's is the head's.
    """
    gathering, waiting = _Gathering(max(now, head.recorded_at)), []
    for request in requests:
        if gathering.repeats(request):
            waiting.append(request)
            continue
        try:
            gathering.take(request)
        except (StoreError, MalformedStatement) as error:
            request.refuse(error)
    if not gathering.requests:
        return None, waiting
    return _finish(gathering, head, keys, origin, checkpoint_due), waiting


def _finish(gathering: _Gathering, head: Head, keys: LogKeys, origin: str, checkpoint_due: bool) -> Draft:
    receipts = any(request.wants_receipt for request in gathering.requests)
    extension = head.edge.extend([leaf_hash(entry) for entry in gathering.entries], paths=receipts)
    note = None
    if receipts or checkpoint_due:
        checkpoint = Checkpoint(origin, extension.edge.size, extension.edge.root())
        note = keys.sign_checkpoint(checkpoint, gathering.recorded_at // SECOND)
    return Draft(
        head.edge.size,
        gathering.recorded_at,
        gathering.requests,
        gathering.admissions,
        gathering.entries,
        extension,
        gathering.guards,
        note,
    )


def _entry(admission: Admission, recorded_at: Instant) -> bytes:
    words = None if admission.words is None else admission.words.digest
    return encode_entry(recorded_at, admission.jws, admission.facts.digest, words, admission.assertion)
