"""What can be checked of each entry by itself, in any order and on any core.

Whether its key was in force, and what it hashes to in the tree, depends on the entries before it: that is
``folding``'s part.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from typing import Any

from ledger.core.authority import FRESH, widens
from ledger.core.checkpoint import CheckpointError, TimedCheckpoint
from ledger.core.decisions import Facts
from ledger.core.entry import Entry, parse_entry
from ledger.core.errors import CoreError, MalformedStatement, SealBroken
from ledger.core.instants import Instant, format_instant
from ledger.core.keys import KeyId, KeyStatement, PublicKey
from ledger.core.log_keys import LogVerifier
from ledger.core.merkle import leaf_hash
from ledger.core.people import PersonFacts
from ledger.core.said import Said
from ledger.core.sealing import KeyEncryptionKey, Opening, Part, SealedBytes, SealedPart, WrappedKey, open_sealed
from ledger.core.statement import SignedStatement, Statement
from ledger.core.subjects import subjects_of
from ledger.core.vocabulary import check_said
from ledger.domain.stream import stream_of
from ledger.verify.findings import Findings, Step
from ledger.verify.reading import Chunk, Place
from ledger.verify.rows import CheckpointRow, VaultRow


@dataclass(frozen=True, slots=True)
class Trust:
    """What a verification starts from: the log's public keys and, to open contents, its vault keys by generation."""

    log: LogVerifier
    vault_keys: Mapping[int, KeyEncryptionKey] | None


@dataclass(frozen=True, slots=True)
class Signed:
    """Who signed an entry, with which key, admitted when.

    ``unchecked`` is given where the signature is still to be checked, ``key_said`` where a key is enrolled or revoked.
    """

    author: str
    kid: KeyId
    recorded_at: Instant
    unchecked: SignedStatement | None
    key_said: tuple[str, KeyStatement] | None


@dataclass(slots=True)
class Examined:
    """A chunk examined: leaf hashes, signers (None where an entry cannot be read), genuine checkpoints, findings."""

    start: int
    leaves: list[bytes] = field(default_factory=list)
    signed: list[Signed | None] = field(default_factory=list)
    checkpoints: list[TimedCheckpoint] = field(default_factory=list)
    found: Findings = field(default_factory=Findings)


def examine(chunk: Chunk, trust: Trust) -> Examined:
    """Examine each entry of a chunk, and the signatures of its checkpoints."""
    examined = Examined(chunk.start)
    for place in chunk.places:
        examined.leaves.append(leaf_hash(place.row.entry))
        examined.signed.append(_examine_entry(place, chunk.keys, trust, examined.found))
        for row in place.checkpoints:
            _examine_checkpoint(row, trust.log, examined)
        if len(place.checkpoints) > 1:
            got = f"{len(place.checkpoints)} checkpoints of size {place.row.position + 1}"
            examined.found.note(Step.CHECKPOINTS, place.row.position, got, "one at most")
    return examined


def _examine_entry(place: Place, keys: Mapping[str, bytes], trust: Trust, found: Findings) -> Signed | None:
    row = place.row
    try:
        entry = parse_entry(row.entry)
    except CoreError as error:
        found.note(Step.ORDER, row.position, str(error), "the canonical bytes of an entry")
        return None
    _compare_columns(place, entry.signed.statement, found)
    _compare_times(row.position, entry, trust.log.origin, found)
    _compare_seals(place, entry, found)
    if trust.vault_keys is not None:
        _examine_contents(place, entry, trust.vault_keys, found)
    return _examine_signature(row.position, entry, keys, found)


def _compare_columns(place: Place, statement: Statement, found: Findings) -> None:
    row = place.row
    found.looked_at[Step.COLUMNS] += 1
    for name, got, wanted in (
        ("author", row.author, statement.author),
        ("statement", row.statement, statement.id),
        ("type", row.type, statement.type),
    ):
        if got != wanted:
            found.note(Step.COLUMNS, row.position, f"{name} {got}", f"{wanted} as in the statement")


def _compare_times(position: int, entry: Entry, origin: str, found: Findings) -> None:
    statement = entry.signed.statement
    found.looked_at[Step.TIMES] += 1
    if statement.ledger != origin:
        found.note(Step.TIMES, position, f"a statement for {statement.ledger}", origin)
    if statement.made_at > entry.recorded_at + FRESH:
        at = format_instant(entry.recorded_at)
        found.note(
            Step.TIMES, position, f"made at {format_instant(statement.made_at)}", f"at most 5 minutes after {at}"
        )


def _compare_seals(place: Place, entry: Entry, found: Findings) -> None:
    row = place.row
    found.looked_at[Step.SEALED] += len(entry.sealed)
    for part, sealed in ((Part.FACTS, row.facts), (Part.WORDS, row.words)):
        digest = None if sealed is None else sha256(sealed).digest()
        if digest != entry.sealed.get(part):
            found.note(
                Step.SEALED, row.position, f"other sealed {part.label}", "the bytes whose digest the entry names"
            )
    wrapped = [key.part for key in place.vault]
    if wrapped != [part.value for part in sorted(entry.sealed)]:
        found.note(Step.SEALED, row.position, f"wrapped keys of parts {wrapped}", f"of parts {_parts(entry)}")


def _parts(entry: Entry) -> list[int]:
    return [part.value for part in sorted(entry.sealed)]


def _examine_signature(position: int, entry: Entry, keys: Mapping[str, bytes], found: Findings) -> Signed:
    signed, statement = entry.signed, entry.signed.statement
    known = keys.get(signed.kid)
    if known is not None:
        compare_signature(position, signed, _key(known), found)
    return Signed(
        statement.author,
        signed.kid,
        entry.recorded_at,
        unchecked=signed if known is None else None,
        key_said=(statement.type, statement.public) if isinstance(statement.public, KeyStatement) else None,
    )


def compare_signature(position: int, signed: SignedStatement, key: PublicKey, found: Findings) -> None:
    """Check a signature under a key; what is wrong is noted."""
    try:
        signed.check_signature(key)
    except CoreError as error:
        found.note(Step.SIGNATURES, position, str(error), "a signature by the author's key over the statement")


@lru_cache(maxsize=4096)
def _key(raw: bytes) -> PublicKey:
    return PublicKey.from_raw(raw)


def _examine_contents(place: Place, entry: Entry, vault_keys: Mapping[int, KeyEncryptionKey], found: Findings) -> None:
    """Open both parts; where they are what was said, hold the indexes and the time of admission to them."""
    statement = entry.signed.statement
    found.looked_at[Step.CONTENTS] += len(entry.sealed)
    try:
        bodies = {key.part: _open(place, entry, key, vault_keys).value for key in place.vault}
        facts, words = bodies.get(Part.FACTS.value), bodies.get(Part.WORDS.value)
        check_said(statement.type, facts or {}, words)
        _check_key_facts(statement, facts or {})
    except CoreError as error:
        found.note(Step.CONTENTS, place.row.position, str(error), "content that opens, as it was committed to")
        return
    _compare_indexes(place, statement.type, facts or {}, found)
    _examine_grant(place.row.position, entry, facts or {}, found)


def _open(place: Place, entry: Entry, key: VaultRow, vault_keys: Mapping[int, KeyEncryptionKey]) -> Opening:
    statement = entry.signed.statement
    what = f"entry {place.row.position}"
    if key.part not in (Part.FACTS, Part.WORDS):
        raise SealBroken(f"{what}: got a wrapped key of part {key.part}, wanted one of 0 (facts) or 1 (words)")
    part = Part(key.part)
    sealed, commitment = (
        (place.row.facts, statement.facts) if part is Part.FACTS else (place.row.words, statement.words)
    )
    if key.generation not in vault_keys:
        raise SealBroken(f"{what}: got key-encryption key {key.generation}, wanted one of {sorted(vault_keys)}")
    kept = SealedPart(SealedBytes(sealed or b""), WrappedKey(key.wrapped))
    opening = open_sealed(kept, statement.id, part, vault_keys[key.generation])
    opening.check_commitment(commitment or "", part.label)
    return opening


def _check_key_facts(statement: Statement, facts: Mapping[str, Any]) -> None:
    """The index of facts finds keys by the sealed facts, whoever reads offline by what is in clear: they must agree."""
    if not isinstance(statement.public, KeyStatement):
        return
    public = statement.public
    if (facts["person"], facts["kid"]) != (public.person, public.key.kid):
        raise MalformedStatement("facts", got=dict(facts), wanted="the person and key that the statement has in clear")


def _compare_indexes(place: Place, statement_type: str, facts: Mapping[str, Any], found: Findings) -> None:
    row = place.row
    found.looked_at[Step.INDEXES] += 1
    stream = str(stream_of(statement_type, facts))
    if row.aggregate != stream:
        found.note(Step.INDEXES, row.position, f"aggregate {row.aggregate}", stream)
    subjects = sorted(map(str, subjects_of(statement_type, facts)))
    indexed = sorted(fact.subject for fact in place.facts)
    if indexed != subjects:
        found.note(Step.INDEXES, row.position, f"facts about {indexed}", f"about {subjects}")


def _examine_grant(position: int, entry: Entry, facts: Mapping[str, Any], found: Findings) -> None:
    """A grant that was held back could have been admitted past a withdrawal.

    Seen here for what widens access by itself. Whether a withdrawn directive was a withholding, or set topics became
    fewer, depends on the statements before: that is seen when the decisions are derived again.
    """
    found.looked_at[Step.GRANTS] += 1
    statement = entry.signed.statement
    said = Said(
        position,
        entry.recorded_at,
        statement.made_at,
        statement.type,
        statement.author,
        statement.acting_as,
        facts,
    )
    if entry.recorded_at > statement.made_at + FRESH and widens(Facts(None, PersonFacts(statement.author)), said):
        made, at = format_instant(statement.made_at), format_instant(entry.recorded_at)
        found.note(Step.GRANTS, position, f"{statement.type} made at {made}", f"at most 5 minutes before {at}")


def _examine_checkpoint(row: CheckpointRow, log: LogVerifier, examined: Examined) -> None:
    examined.found.looked_at[Step.CHECKPOINTS] += 1
    try:
        timed = log.open_timed_checkpoint(row.note)
        if timed.checkpoint.size != row.size:
            raise CheckpointError(f"checkpoint: got size {timed.checkpoint.size} filed under {row.size}")
    except CoreError as error:
        examined.found.note(Step.CHECKPOINTS, row.size - 1, str(error), f"a checkpoint of this log at size {row.size}")
        return
    examined.checkpoints.append(timed)
