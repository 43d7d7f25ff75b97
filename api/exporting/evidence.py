"""What proves an export: the key history it rests on, and one checkpoint to which every receipt leads."""

import asyncio
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Final

from api.exporting.contents import Contents
from ledger.core.checkpoint import open_note
from ledger.core.entry import parse_entry
from ledger.core.keys import KeyId, Signer
from ledger.core.receipt import Receipt
from ledger.core.tiles import prove_inclusion, tiles_for_inclusion
from ledger.ledger import Ledger
from ledger.store.cosigned import Cosigned
from ledger.store.errors import NotRecorded
from ledger.store.tree_rows import read_tiles

_TRIES: Final = 100
_BETWEEN: Final = 0.05
"""Seconds between two looks for a checkpoint; one is signed every 100 ms."""
_CONTINUED: Final = "log-continued/1"
_MOST_CONTINUED: Final = 1000


@dataclass(slots=True)
class Evidence:
    """What goes into a bundle beside its contents. ``keys`` and ``receipts`` are by position.

    ``custody`` tells who holds the key that an author signed with; ``signer`` is the service's own.
    """

    verifier: bytes
    signer: Signer
    checkpoint: bytes = b""
    standing: str = "recorded"
    keys: dict[int, bytes] = field(default_factory=dict)
    receipts: dict[int, bytes] = field(default_factory=dict)
    custody: dict[tuple[str, KeyId], str] = field(default_factory=dict)


async def gather_evidence(ledger: Ledger, contents: Contents) -> Evidence:
    """The evidence for what was taken in. Raises NotRecorded where no checkpoint comes to cover it."""
    service = ledger.keyring.service
    known = (await ledger.facts.person(service, fresh=True)).fold.keys
    signer = ledger.keyring.signer_for(service, known.service_generation(service))
    evidence = Evidence(str(ledger.keyring.log.verifier).encode(), signer)
    said = {**contents.statements, **contents.people}
    continued = await ledger.rows.read_log(0, _MOST_CONTINUED, types=[_CONTINUED])
    evidence.keys = {kept.position: kept.state for kept in continued}
    signed = [_signed(files["entry.json"]) for files in said.values()] + [_signed(kept.state) for kept in continued]
    await _take_keys(ledger, [*signed, (service, signer.kid)], evidence)
    needed = sorted({*said, *evidence.keys})
    evidence.checkpoint, evidence.standing = await _covering(ledger, needed[-1])
    entries = {position: files["entry.json"] for position, files in said.items()} | evidence.keys
    for receipt in await _prove(ledger, needed, evidence.checkpoint):
        evidence.receipts[receipt.index] = Receipt(
            receipt.index, receipt.path, receipt.checkpoint_note, entries[receipt.index]
        ).proof()
    return evidence


def _signed(entry: bytes) -> tuple[str, KeyId]:
    signed = parse_entry(entry).signed
    return signed.statement.author, signed.kid


async def _take_keys(ledger: Ledger, signed: Iterable[tuple[str, KeyId]], evidence: Evidence) -> None:
    """How each key was enrolled and, if it was, revoked; the keys that signed that; and so on to the first."""
    waiting = list(signed)
    while waiting:
        name = waiting.pop()
        if name in evidence.custody:
            continue
        enrolment = (await ledger.facts.person(name[0], fresh=True)).fold.keys.by_person[name]
        evidence.custody[name] = enrolment.said.custody
        for position in (enrolment.enrolled_at, enrolment.revoked_at):
            if position is not None and position not in evidence.keys:
                [kept] = await ledger.rows.read_log(position, 1)
                evidence.keys[position] = kept.state
                waiting.append(_signed(kept.state))


async def _covering(ledger: Ledger, position: int) -> tuple[bytes, str]:
    """The newest witnessed checkpoint that has this entry, else the newest of all, and which of the two it is.

    Waits a moment for the checkpoint that covers what was admitted just now; raises NotRecorded if none comes.
    """
    witnessed = await Cosigned(ledger.rows.pool).latest()
    if witnessed is not None and open_note(witnessed)[1].size > position:
        return witnessed, "witnessed"
    for _ in range(_TRIES):
        note = await ledger.receipts.latest_checkpoint()
        if open_note(note)[1].size > position:
            return note, "recorded"
        await asyncio.sleep(_BETWEEN)
    raise NotRecorded(f"export: no checkpoint covers entry {position} yet; export it again in a moment")


async def _prove(ledger: Ledger, positions: Collection[int], note: bytes) -> list[Receipt]:
    """Receipts, still without their entries, all under one checkpoint."""
    size = open_note(note)[1].size
    wanted = {tile for position in positions for tile in tiles_for_inclusion(position, size)}
    async with ledger.rows.pool.connection() as connection:
        tiles = await read_tiles(connection, wanted)
    return [Receipt(position, prove_inclusion(position, size, tiles), note, b"") for position in positions]
