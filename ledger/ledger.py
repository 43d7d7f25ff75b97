"""The ledger: one object, its use cases grouped as people would say them.

    ledger.items.add(by, record, draft)      ledger.sharing.direct(by, record, directing)
    ledger.trail.open(by, asked)             ledger.people.register(by, name)

It is an eventsourcing ``Application``: aggregates of ``ledger.domain``, a mapper that signs and seals, a
recorder on one log. Writes go through the sequencer, asynchronously; scale with processes.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final
from uuid import UUID

import psycopg
from eventsourcing.application import Application
from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    InfrastructureFactory,
    ProcessRecorder,
    ProgrammingError,
    TrackingRecorder,
)
from eventsourcing.utils import Environment
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from ledger.core.instants import Instant
from ledger.core.said import Said
from ledger.core.statement import Statement
from ledger.domain.errors import NotPossible
from ledger.domain.stream import Submission
from ledger.gathering import Gatherer
from ledger.saying import Answer, By, Sentence, Speaker
from ledger.store.errors import NotRecorded
from ledger.store.facts import FactsReader
from ledger.store.keyring import Keyring
from ledger.store.mapper import SealingMapper
from ledger.store.published import Published
from ledger.store.receipts import Receipts
from ledger.store.recorder import LedgerRecorder, Pool
from ledger.store.repeats import Repeats
from ledger.store.sequencer import Sequencer
from ledger.store.vault import NO_VAULT, Vault
from ledger.use_cases.care import CareAround
from ledger.use_cases.cases import Cases
from ledger.use_cases.continuation import Continuation
from ledger.use_cases.directory import DirectoryReadings
from ledger.use_cases.erasing import Erasing
from ledger.use_cases.items import Items
from ledger.use_cases.looking_back import LookingBack
from ledger.use_cases.looks import Looks
from ledger.use_cases.people import People
from ledger.use_cases.presets import Presets
from ledger.use_cases.representation import Representing
from ledger.use_cases.sharing import SharingChoices
from ledger.use_cases.trail import Trail
from ledger.use_cases.wishes import Wishes

Clock = Callable[[], Instant]
OPENERS: Final = 4
"""Connections that note which words are opened; the others of ``open_ledger`` only read."""
_OPENED_AT_ONCE: Final = 50
"""Entries opened before others get their turn: about two milliseconds."""


class Ledger(Application[UUID]):
    """One ledger in one process. Made by ``open_ledger``."""

    name = "ledger"

    def __init__(self, recorder: LedgerRecorder, keyring: Keyring, vault: Vault) -> None:
        self._parts = _Parts(recorder)
        self._sealing = SealingMapper(keyring)
        super().__init__()
        self.keyring = keyring
        self.clock: Clock = recorder.sequencer.now
        self.rows = recorder
        self.receipts = Receipts(recorder.pool, keyring.log.verifier)
        self.published = Published(self.receipts)
        self.facts = FactsReader(recorder, self._sealing)
        gatherer = Gatherer(self.facts)
        repeats = Repeats(recorder, self._sealing, self.receipts)
        self._speaker = Speaker(recorder, self._sealing, gatherer, repeats, self.clock)
        self.people = People(recorder, self._sealing, gatherer, self._speaker)
        self.care = CareAround(self._speaker)
        self.items = Items(self._speaker)
        self.wishes = Wishes(self._speaker, self.items)
        self._looks = Looks(recorder, self._sealing, gatherer, self.clock)
        self.sharing = SharingChoices(self._speaker, self._looks)
        self.presets = Presets(self._speaker, gatherer, self.sharing, self.clock)
        self.representation = Representing(self._speaker)
        self.cases = Cases(self._speaker)
        self.directory = DirectoryReadings(self._speaker, self.facts, recorder, keyring)
        self.erasing = Erasing(self._speaker, self.facts, recorder, self._sealing, vault)
        self.continuation = Continuation(self._speaker, keyring.service)
        self.back = LookingBack(recorder, self._sealing)
        self.trail = Trail(recorder, self._sealing, gatherer, self._speaker, self.clock)

    async def submit(self, submission: Submission, purpose: str | None = None) -> Answer:
        """Admit a statement that its author has signed, with what opens its commitments.

        ``purpose``: for what its author has the record open.
        Raises as ``Speaker.say`` does, and BadCommitment, BadSignature, KeyNotInForce.
        """
        statement = submission.signed.statement
        await self._check_ledger(statement)
        submission.facts.check_commitment(statement.facts, "facts")
        if submission.words is not None:
            submission.words.check_commitment(statement.words or "", "words")
        elif statement.words is not None:
            raise NotPossible("words: got none, wanted what opens the commitment of the statement")
        by = By(statement.author, statement.acting_as, statement.id, statement.made_at, purpose=purpose)
        if statement.type == "access-questioned/1":
            await self._looks.check_asked(by, submission.facts.value)
        answer = await self._speaker.say(
            Sentence(
                by,
                statement.type,
                submission.facts.value,
                None if submission.words is None else submission.words.value,
                public=statement.public,
                submission=submission,
            )
        )
        if statement.type == "content-erased/1":
            await self.erasing.destroy_what_is_due()
        return answer

    async def refuse_malformed(self, by: By, attempted: str, record: str) -> None:
        """Put on the trail that somebody tried to say something of a record that has no shape; ``attempted`` names it.

        Raises NotRecorded.
        """
        await self._speaker.record_refusal(by, attempted, record, "malformed")

    async def _check_ledger(self, statement: Statement) -> None:
        if statement.ledger == self.keyring.origin:
            return
        # What an earlier log admitted may be sent again, and is answered with its receipt; nothing else of it may.
        position = await self.rows.position_of(statement.author, statement.id)
        if position is None or self.keyring.origin_at(position) != statement.ledger:
            raise NotPossible(f"ledger: got a statement for {statement.ledger}, wanted {self.keyring.origin}")

    async def read(self, position: int, limit: int) -> list[Said]:
        """What was said from a position on, in order, with facts opened: for projections, not for decisions.

        Gives way to the other tasks of this process while it opens. Raises NotRecorded where the database cannot
        be reached, SealBroken and its like where somebody has altered a row.
        """
        said: list[Said] = []
        for n, kept in enumerate(await self.rows.read_log(position, limit), 1):
            said.append(self._sealing.read_facts(kept))
            if n % _OPENED_AT_ONCE == 0:
                await asyncio.sleep(0)
        return said

    def construct_factory(self, env: Environment) -> InfrastructureFactory[Any]:
        """eventsourcing's hook: the parts are made already."""
        self._parts.env = env
        return self._parts

    def construct_mapper(self) -> SealingMapper:
        """eventsourcing's hook."""
        return self._sealing


class _Parts(InfrastructureFactory[Any]):
    """eventsourcing's factory for parts that ``open_ledger`` has made; never found by a topic."""

    def __init__(self, recorder: LedgerRecorder) -> None:
        super().__init__({})
        self._recorder = recorder

    def application_recorder(self) -> ApplicationRecorder:
        return self._recorder

    def aggregate_recorder(self, purpose: str = "events") -> AggregateRecorder:
        raise ProgrammingError(f"{purpose}: snapshots would hold facts outside the log, so there are none")

    def tracking_recorder(self, tracking_recorder_class: type[Any] | None = None) -> TrackingRecorder:
        raise ProgrammingError("tracking is kept by projections.follow, with the tables that it follows")

    def process_recorder(self) -> ProcessRecorder:
        raise ProgrammingError("the ledger follows nobody")


@asynccontextmanager
async def open_ledger(
    conninfo: str,
    keyring: Keyring,
    clock: Clock,
    *,
    readers: int = 6,
    revive: Callable[[], object] | None = None,
    vault: Vault = NO_VAULT,
) -> AsyncIterator[Ledger]:
    """Open a migrated database as a ledger, founding it if it is empty.

    ``conninfo`` connects as ``ledger_app``; ``revive`` starts a database of our own again after it died; ``vault``
    destroys the keys of erased words.
    Raises NotRecorded where the database cannot be reached.
    """
    sequencer = Sequencer(conninfo, keyring, clock, revive)
    await sequencer.start()
    pool = _pool(conninfo, readers, _for_reading)
    openings = _pool(conninfo, OPENERS, _as_planned)
    try:
        await pool.open(wait=True, timeout=10)
        await openings.open(wait=True, timeout=10)
        ledger = Ledger(LedgerRecorder(pool, openings, sequencer), keyring, vault)
        await ledger.people.found()
        yield ledger
    except PoolTimeout as error:
        raise NotRecorded(f"database: {error}; start it, or check LEDGER_DATABASE_URL") from error
    finally:
        await pool.close()
        await openings.close()
        await sequencer.stop()


def _pool(conninfo: str, size: int, configure: Callable[[psycopg.AsyncConnection[Any]], Awaitable[None]]) -> Pool:
    return AsyncConnectionPool(
        conninfo, min_size=1, max_size=size, open=False, kwargs={"autocommit": True}, configure=configure
    )


async def _for_reading(connection: psycopg.AsyncConnection[Any]) -> None:
    await _as_planned(connection)
    await connection.execute("set default_transaction_read_only = on")


async def _as_planned(connection: psycopg.AsyncConnection[Any]) -> None:
    await connection.execute(
        "set plan_cache_mode = force_generic_plan; set enable_seqscan = off; set enable_hashjoin = off;"
        " set enable_mergejoin = off; set jit = off"
    )
