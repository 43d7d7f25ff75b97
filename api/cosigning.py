"""Cosigning: beside the service, about once a second, the log's witnesses are asked about its newest checkpoint.

All witnesses of ``LEDGER_POLICY`` are asked at once. When those that have cosigned make the quorum, those that are
nearly there are waited for a moment longer, and the note is kept with everybody's lines: from then on its receipts
are "witnessed". Nothing waits for this but receipts: what is admitted is recorded at once.

A crash at any point loses nothing: what was cosigned and not kept is asked for again, and cosigned again.

A witness that knows more of the log than the database has, or another tree, is right until somebody has looked: it is
told to the log at ERROR, never overridden, and it does not count.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from api.settings import SettingsError
from api.witnesses import WITHIN, Cosigned, Disagrees, KnowsSize, WitnessClient, WitnessFailed, witness_clients
from ledger.core.checkpoint import add_cosignatures, open_note
from ledger.core.merkle import NodeHash
from ledger.core.note import NoteSignature
from ledger.core.trust_policy import NotWitnessed, TrustPolicy
from ledger.core.witnessing import AddCheckpoint
from ledger.ledger import Ledger
from ledger.store.cosigned import Cosigned as CosignedNotes

EVERY: Final = 1.0
"""Seconds between two rounds."""
GRACE: Final = 0.3
"""Seconds for the others once the quorum is there: more lines make a receipt that more people believe."""
_TRIES: Final = 3
"""Questions to one witness in a round: it may know another size, and another process may ask it meanwhile."""
_log: Final = logging.getLogger("record_ledger.cosigning")


@asynccontextmanager
async def cosigning(ledger: Ledger, policy: TrustPolicy | None) -> AsyncIterator[None]:
    """Ask the witnesses of a policy while a ledger is open; without a policy, nobody. Raises SettingsError."""
    if policy is None:
        yield
        return
    _check_is_for(ledger, policy)
    async with witness_clients(policy) as clients:
        running = asyncio.create_task(Rounds(ledger, policy, clients).run(), name="cosigning")
        try:
            yield
        finally:
            # On Python 3.11 the pool can swallow a cancellation that arrives while it hands out a connection.
            while not running.done():
                running.cancel()
                await asyncio.wait([running], timeout=0.1)


def _check_is_for(ledger: Ledger, policy: TrustPolicy) -> None:
    origin = ledger.keyring.origin
    if policy.logs and origin not in {log.origin for log in policy.logs}:
        raise SettingsError(
            f"LEDGER_POLICY: got logs, but not {origin}, wanted its verifier keys among them; "
            "add what GET /log/verifier answers, or leave the log lines out, and start again."
        )
    reachable = {witness.name for witness in policy.witnesses if witness.url is not None}
    if not policy.is_quorum(reachable):
        raise SettingsError(
            f"LEDGER_POLICY: got URLs for {', '.join(sorted(reachable)) or 'no witness'}, wanted them for the quorum "
            f"{policy.quorum!r} at least; add where each witness is, and start again."
        )


class Rounds:
    """One round after the other, and what is remembered between them: the size that each witness knows."""

    def __init__(self, ledger: Ledger, policy: TrustPolicy, clients: Sequence[WitnessClient]) -> None:
        self._ledger = ledger
        self._policy = policy
        self._clients = clients
        self._cosigned = CosignedNotes(ledger.rows.pool)
        self._sizes: dict[str, int] = {}
        self._told: dict[str, str] = {}

    async def run(self) -> None:
        """Go round for ever; what goes wrong in one round is told, and tried again in the next."""
        while True:
            try:
                await self.round()
                self._told.pop("a round", None)
            except Exception as error:  # whatever it is, the next round may do without it, and receipts wait for one
                self._tell("a round", "failed", logging.ERROR, f"{type(error).__name__}: {error}")
            await asyncio.sleep(EVERY)

    async def round(self) -> None:
        """Ask about the newest checkpoint, if no larger one is witnessed; keep it once the quorum has cosigned."""
        note = await self._cosigned.waiting()
        if note is None or not self._ledger.receipts.is_ours(note):  # of a log that this one continues, for instance
            return
        note = add_cosignatures(note, await self._collect(note))
        try:
            self._policy.check_witnessed(note)
        except NotWitnessed as error:
            self._tell("the quorum", "too few", logging.WARNING, str(error))
            return
        # Durable before anybody is told of it, as everything that is served from the table.
        await self._cosigned.keep(note)
        self._tell("the quorum", "there", logging.INFO, f"size {open_note(note)[1].size} is witnessed")

    async def _collect(self, note: bytes) -> list[NoteSignature]:
        """The lines of all witnesses that answer in time, in the policy's order."""
        asked = [asyncio.create_task(self._ask(client, note)) for client in self._clients]
        end = asyncio.get_running_loop().time() + _TRIES * WITHIN
        waiting = set(asked)
        try:
            while waiting and (left := end - asyncio.get_running_loop().time()) > 0:
                _, waiting = await asyncio.wait(waiting, timeout=left, return_when=asyncio.FIRST_COMPLETED)
                if self._is_quorum(note, _lines(asked)):
                    end = min(end, asyncio.get_running_loop().time() + GRACE)
            return _lines(asked)
        finally:
            for task in asked:
                task.cancel()

    def _is_quorum(self, note: bytes, lines: Sequence[NoteSignature]) -> bool:
        return self._policy.is_quorum(self._policy.witnessed_by(add_cosignatures(note, lines)).keys())

    async def _ask(self, client: WitnessClient, note: bytes) -> tuple[NoteSignature, ...]:
        """The lines of one witness; none where it does not cosign, which is told to the log."""
        try:
            return await self._lines_of(client, note)
        except WitnessFailed as error:
            self._tell(client.url, "failed", logging.WARNING, str(error))
            return ()

    async def _lines_of(self, client: WitnessClient, note: bytes) -> tuple[NoteSignature, ...]:
        new = open_note(note)[1].size
        for _ in range(_TRIES):
            old = self._sizes.get(client.url, 0)
            if old > new:
                await self._check_has(client, old)
                return ()
            match await client.ask(AddCheckpoint(old, await self._proof(old, new), note)):
                case Cosigned(lines):
                    self._sizes[client.url] = new
                    self._tell(client.url, "cosigns", logging.INFO, f"witness {client.name} cosigns")
                    return lines
                case KnowsSize(size):
                    self._sizes[client.url] = size
                case Disagrees(why):
                    self._tell_conflict(client, f"says {why} of the checkpoint at size {new}")
                    return ()
        raise WitnessFailed(f"witness {client.name} at {client.url}: got another size at each question")

    async def _proof(self, old: int, new: int) -> tuple[NodeHash, ...]:
        return () if old in (0, new) else await self._ledger.published.consistency(old, new)

    async def _check_has(self, client: WitnessClient, size: int) -> None:
        """Tell, unless the log itself has this size by now: another process may have asked for a newer checkpoint."""
        # Forgotten, so that the next round asks again: what it once said need not be what it knows.
        del self._sizes[client.url]
        held = await self._ledger.rows.size()
        if size > held:
            self._tell_conflict(client, f"knows {size} entries, and the database has {held}: it went back")

    def _tell_conflict(self, client: WitnessClient, what: str) -> None:
        guide = "stop the service, keep the database, and see docs/how-to/recover-after-loss.md"
        self._tell(client.url, "conflicts", logging.ERROR, f"witness {client.name} at {client.url} {what}; {guide}")

    def _tell(self, whom: str, kind: str, level: int, text: str) -> None:
        """Tell something once, until it is otherwise: not every second anew."""
        if self._told.get(whom) != kind:
            self._told[whom] = kind
            _log.log(level, "%s", text)


def _lines(asked: Sequence[asyncio.Task[tuple[NoteSignature, ...]]]) -> list[NoteSignature]:
    """What has been answered so far; raises what a question failed with, other than for the witness's reasons."""
    return [line for task in asked if task.done() and not task.cancelled() for line in task.result()]
