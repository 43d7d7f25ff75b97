"""What proves an export: the key history it rests on, and one checkpoint to which every receipt leads."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from api.exporting.contents import Contents
from ledger.core.entry import parse_entry
from ledger.core.keys import KeyId, Signer
from ledger.core.merkle import check_inclusion, leaf_hash
from ledger.core.receipt import Receipt
from ledger.ledger import Ledger
from ledger.store.errors import NotRecorded
from ledger.store.receipts import IsWitnessed, Standing
from ledger.store.tree_rows import Connection

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
    standing: Standing = "recorded"
    keys: dict[int, bytes] = field(default_factory=dict)
    receipts: dict[int, bytes] = field(default_factory=dict)
    custody: dict[tuple[str, KeyId], str] = field(default_factory=dict)


async def gather_evidence(ledger: Ledger, contents: Contents, is_witnessed: IsWitnessed) -> Evidence:
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
    entries = {position: files["entry.json"] for position, files in said.items()} | evidence.keys
    evidence.checkpoint, evidence.standing = await _covering(ledger, max(entries), is_witnessed)
    evidence.receipts = await _prove(ledger, entries, evidence.checkpoint)
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


async def _covering(ledger: Ledger, position: int, is_witnessed: IsWitnessed) -> tuple[bytes, Standing]:
    """The newest witnessed checkpoint that has this entry, else the newest of all, and which of the two it is.

    Waits a moment for the checkpoint that covers what was admitted just now; raises NotRecorded if none comes.
    """
    witnessed = await ledger.receipts.witnessed_checkpoint(is_witnessed)
    if witnessed is not None and ledger.receipts.open(witnessed).size > position:
        return witnessed, "witnessed"
    for _ in range(_TRIES):
        note = await ledger.receipts.latest_checkpoint()
        if ledger.receipts.open(note).size > position:
            return note, "recorded"
        await asyncio.sleep(_BETWEEN)
    raise NotRecorded(f"export: no checkpoint covers entry {position} yet; export it again in a moment")


async def _prove(ledger: Ledger, entries: Mapping[int, bytes], note: bytes) -> dict[int, bytes]:
    """The proof of each entry, all under one checkpoint; raises InclusionError for one that proves nothing."""
    known = ledger.receipts.open(note)

    async def prove(connection: Connection) -> dict[int, bytes]:
        proofs = {}
        for position, entry in entries.items():
            path = await ledger.receipts.tree.prove_inclusion(connection, position, known.size)
            check_inclusion(position, known.size, leaf_hash(entry), path, known.root)
            proofs[position] = Receipt(position, path, note, entry).proof()
        return proofs

    return await ledger.receipts.ask(prove)
