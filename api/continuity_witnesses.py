"""What the witnesses know of the log, held to the database before anything is signed (part of ``api.continuity``).

1. Every witness is asked which size it knows, in a way that moves none of them.
2. A database that lacks what one of them knows is behind; so is one of the same size that hashes to another root.
3. Whoever knows less is asked to go on to the newest checkpoint with a proof; one who cannot knows another history.
4. Where those who do not answer could be a quorum among themselves, they could all know more, and it cannot be told.
"""

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from api.continuity import GUIDE, NEWEST, Stored, reading
from api.highest_checkpoint import HighestCheckpoint
from api.trust import read_policy
from api.witnesses import (
    Cosigned,
    Disagrees,
    KnowsSize,
    Stand,
    WitnessClient,
    WitnessFailed,
    sizes_known,
    witness_clients,
)
from api.witnesses import Known as Told
from ledger.core.checkpoint import Checkpoint, open_note
from ledger.core.instants import SECOND, Instant
from ledger.core.merkle import EMPTY_ROOT, NodeHash
from ledger.core.tiles import prove_consistency, tiles_for_consistency
from ledger.core.trust_policy import NO_QUORUM, TrustPolicy
from ledger.core.witnessing import AddCheckpoint
from ledger.store.errors import NotRecorded, WentBack
from ledger.store.tree_rows import read_tiles

if TYPE_CHECKING:
    from api.wiring import House

_ROUNDS: Final = 5
"""Times that the witnesses are asked, where other processes of this ledger admit meanwhile."""
_log = logging.getLogger("record_ledger.continuity")


class WitnessesSilent(NotRecorded):
    """So few witnesses answer that it cannot be told whether the database is behind what they know."""


async def check_witnesses(house: "House", now: Instant) -> None:
    """Check that the database holds what every witness knows of this log. Raises WentBack, WitnessesSilent.

    Without ``LEDGER_POLICY`` there is nobody to ask.
    """
    policy = read_policy(house.settings)
    if policy is None or not policy.witnesses:
        return
    for _ in range(_ROUNDS):
        note = await _newest(house, now)
        told = await sizes_known(policy, note)
        size = open_note(note)[1].size
        # Taken after the answers: what a witness has seen was durable before, so it is in this snapshot or lost.
        async with reading(house.conninfo) as stored:
            for one in told:
                _check_told(stored, one, size)
            if max((one.size or 0 for one in told), default=0) > size:
                continue  # another process has admitted more meanwhile
            silent = await _silent(policy, told, note, stored)
        if silent is not None:
            _check_quorum(house, policy, silent)
            return
    raise WitnessesSilent(f"the witnesses know more at each of {_ROUNDS} questions; try again when less is admitted")


async def largest_known(house: "House", now: Instant) -> tuple[int, str]:
    """The largest size that any witness who answers knows of this log, and who says so; 0 and nobody for none.

    Raises WentBack where one of them knows another history.
    """
    policy = read_policy(house.settings)
    if policy is None:
        return 0, "nobody"
    told = await sizes_known(policy, await _newest(house, now))
    async with reading(house.conninfo) as stored:
        for one in told:
            if one.stand is Stand.CONFLICTS:
                raise _other_history(stored, f"witness {one.witness} at {one.url}", stored.edge.size, one.why)
    return max(((one.size or 0, f"witness {one.witness}") for one in told), default=(0, "nobody"))


async def _newest(house: "House", now: Instant) -> bytes:
    """The newest checkpoint at hand that the database holds; else that of the empty tree, from which every tree grows.

    The file's may be newer than the stored one: a backup may end between an entry and its checkpoint, and what a
    witness knows beyond the stored one could then never be proved to it.
    """
    file = HighestCheckpoint(house.home, house.keyring.log.verifier)
    async with reading(house.conninfo) as stored:
        row = await (await stored.connection.execute(NEWEST, [house.keyring.begins_at])).fetchone()
        notes = [bytes(row[0])] if row is not None else []
        kept = None if file.read() is None else file.note()
        if kept is not None and open_note(kept)[1].size <= stored.edge.size:
            notes.append(kept)
        if notes:
            return max(notes, key=lambda note: open_note(note)[1].size)
    log = house.keyring.log
    return log.sign_checkpoint(Checkpoint(log.verifier.origin, 0, EMPTY_ROOT), now // SECOND)


def _check_told(stored: Stored, told: Told, asked: int) -> None:
    who = f"witness {told.witness} at {told.url}"
    if told.size is not None and told.size > stored.edge.size:
        raise WentBack(
            f"the database went back: {stored}, but {who} knows {told.size:,}. Nothing was signed. Restore a newer"
            f" backup; if what is missing is lost for good, go on under a new name with record-ledger recover"
            f" (see {GUIDE})"
        )
    if told.stand is Stand.CONFLICTS:
        raise _other_history(stored, who, asked, told.why)


def _other_history(stored: Stored, who: str, size: int, why: str) -> WentBack:
    return WentBack(
        f"the database holds another history: {stored}, and {who} knows the log otherwise at {size:,} entries ({why})."
        f" Nothing was signed. Keep this database as evidence, ask that witness for the checkpoint it has cosigned,"
        f" and restore a backup (see {GUIDE})"
    )


async def _silent(policy: TrustPolicy, told: Iterable[Told], note: bytes, stored: Stored) -> frozenset[str] | None:
    """The names of those who did not answer, once whoever knows less has been shown that the log goes on from there.

    None where somebody's size has changed meanwhile: then all are to be asked again.
    """
    answered = {one.witness for one in told if one.stand is not Stand.UNREACHABLE}
    behind = {one.url: one.size for one in told if one.stand is Stand.OTHER_SIZE and one.size}
    async with witness_clients(policy) as clients:
        for client in clients:
            size = behind.get(client.url)
            if size is None:
                continue
            answer = await _ask_on(client, size, note, stored)
            if isinstance(answer, KnowsSize):
                return None
            if isinstance(answer, WitnessFailed):
                answered -= {witness.name for witness in client.witnesses}
            elif isinstance(answer, Disagrees):
                raise _other_history(stored, f"witness {client.name} at {client.url}", size, answer.why)
    return frozenset(witness.name for witness in policy.witnesses) - answered


async def _ask_on(
    client: WitnessClient, known: int, note: bytes, stored: Stored
) -> Cosigned | KnowsSize | Disagrees | WitnessFailed:
    try:
        return await client.ask(AddCheckpoint(known, await _path(stored, known, note), note))
    except WitnessFailed as error:
        return error


async def _path(stored: Stored, known: int, note: bytes) -> tuple[NodeHash, ...]:
    size = open_note(note)[1].size
    tiles = await read_tiles(stored.connection, tiles_for_consistency(known, size))
    return prove_consistency(known, size, tiles)


def _check_quorum(house: "House", policy: TrustPolicy, silent: frozenset[str]) -> None:
    """The newest witnessed checkpoint has a quorum behind it: if that may be all silent ones, nobody has told of it."""
    if policy.quorum == NO_QUORUM or not policy.is_quorum(silent):
        return
    names = ", ".join(sorted(silent))
    if house.settings.start_unwitnessed:
        _log.warning("started without knowing what the witnesses %s know of the log (LEDGER_START_UNWITNESSED)", names)
        return
    raise WitnessesSilent(
        f"the witnesses {names} do not answer, and could know more of the log than the database holds. Nothing was"
        f" signed. Start them or wait for them; where that cannot be, LEDGER_START_UNWITNESSED=true starts without"
        f" (see {GUIDE})"
    )
