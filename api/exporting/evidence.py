"""What proves an export: the key history it rests on, and one checkpoint to which every receipt leads."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Final, NamedTuple

from api.exporting.contents import Contents
from ledger.core.entry import parse_entry
from ledger.core.key_history import Enrolment, PasskeyEnrolment
from ledger.core.keys import KeyId, KeyStatement, Signer
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
    await _take_keys(ledger, [*chain.from_iterable(signed), _Key(service, signer.kid)], evidence)
    entries = {position: files["entry.json"] for position, files in said.items()} | evidence.keys
    evidence.checkpoint, evidence.standing = await _covering(ledger, max(entries), is_witnessed)
    evidence.receipts = await _prove(ledger, entries, evidence.checkpoint)
    return evidence


class _Key(NamedTuple):
    """What a signature or an assertion rests on: a key by its id, or a passkey by its credential."""

    person: str
    name: str
    passkey: bool = False


def _signed(entry: bytes) -> list[_Key]:
    """What an entry rests on."""
    read = parse_entry(entry)
    author, public = read.signed.statement.author, read.signed.statement.public
    own = isinstance(public, KeyStatement) and public.certified_by is not None and public.kid == read.signed.kid
    keys = [] if own else [_Key(author, read.signed.kid)]
    if isinstance(public, KeyStatement) and public.certified_by is not None:
        keys.append(_Key(public.person, public.certified_by, passkey=True))
    if read.assertion is not None:
        keys.append(_Key(author, read.assertion.credential, passkey=True))
    return keys


async def _take_keys(ledger: Ledger, signed: Iterable[_Key], evidence: Evidence) -> None:
    """How each key was enrolled and, if it was, revoked; the keys that signed that; and so on to the first."""
    waiting, taken = list(signed), set[_Key]()
    while waiting:
        key = waiting.pop()
        if key in taken:
            continue
        taken.add(key)
        keys = (await ledger.facts.person(key.person, fresh=True)).fold.keys
        enrolment: Enrolment | PasskeyEnrolment
        if key.passkey:
            enrolment = keys.passkeys[key.person, key.name]
        else:
            enrolment = keys.by_person[key.person, KeyId(key.name)]
            evidence.custody[key.person, KeyId(key.name)] = enrolment.said.custody
        for position in (enrolment.enrolled_at, enrolment.revoked_at):
            if position is not None and position not in evidence.keys:
                [kept] = await ledger.rows.read_log(position, 1)
                evidence.keys[position] = kept.state
                waiting += _signed(kept.state)


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
