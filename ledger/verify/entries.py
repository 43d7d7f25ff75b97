"""What can be checked of each entry by itself, in any order and on any core.

Whether its key was in force, and what it hashes to in the tree, depends on the entries before it: that is
``folding``'s part.
"""

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from typing import Final

from ledger.core.assertions import Assertion
from ledger.core.authority import FRESH
from ledger.core.checkpoint import CheckpointError, open_note
from ledger.core.entry import Entry, parse_entry
from ledger.core.errors import CoreError
from ledger.core.high_stakes import is_of_high_stakes
from ledger.core.instants import Instant, format_instant
from ledger.core.keys import KeyId, PublicKey
from ledger.core.log_keys import LogVerifier
from ledger.core.merkle import HASH_SIZE, LeafHash, leaf_hash
from ledger.core.public import Continued
from ledger.core.sealing import KeyEncryptionKey, Part
from ledger.core.statement import SignedStatement
from ledger.core.trust_policy import TrustPolicy
from ledger.verify.beforehand import Beforehand
from ledger.verify.contents import examine_contents
from ledger.verify.findings import Findings, Step
from ledger.verify.generations import Generations
from ledger.verify.reading import Place, Reading
from ledger.verify.rows import CheckpointRow, CosignedRow, Source, Span
from ledger.verify.tree import Claim
from ledger.verify.witnessed import check_cosignatures

_FACTS: Final = [Part.FACTS.value]
_BOTH: Final = [Part.FACTS.value, Part.WORDS.value]
UNREADABLE: Final = -1
"""In the place of an instant, or of a voice."""


@dataclass(frozen=True, slots=True)
class Trust:
    """What a verification starts from.

    ``logs`` are the public keys of this log and of those that it continues, by origin; ``vault_keys`` open contents,
    by generation; ``policy`` names the witnesses; ``beforehand`` is a guess of what the entries say in clear;
    ``generations`` are those that keys may be wrapped under.
    """

    logs: Mapping[str, LogVerifier]
    beforehand: Beforehand
    vault_keys: Mapping[int, KeyEncryptionKey] | None = None
    policy: TrustPolicy | None = None
    signatures: bool = True
    generations: Generations | None = None


@dataclass(slots=True)
class Voice:
    """One author with one key in a span: where first and last, and the latest instant at which it was admitted."""

    author: str
    kid: KeyId
    first: int
    last: int
    latest: Instant


@dataclass(frozen=True, slots=True)
class Whole:
    """An entry that the entries before it must be held against whole: it says something in clear, or stakes are high.

    ``assertion`` is the passkey's word for it, if there is one.
    """

    position: int
    recorded_at: Instant
    signed: SignedStatement
    assertion: Assertion | None


@dataclass(slots=True)
class Examined:
    """A span examined: what the entries after it depend on, small enough to be sent to another process.

    By entry: ``leaves`` (hashes of 32 bytes), ``recorded`` (instants) and ``who`` (indexes of ``voices``; those that
    say something in clear have none and are in ``clear``). ``staked`` are those of high stakes. Words: ``keyless``
    where their key is missing, ``kept`` where they are said to be erased and it is not, ``wordless`` where there were
    none to erase.
    """

    first: int
    size: int = 0
    broken: bool = False
    leaves: bytearray = field(default_factory=bytearray)
    recorded: "array[int]" = field(default_factory=lambda: array("q"))
    voices: list[Voice] = field(default_factory=list)
    who: "array[int]" = field(default_factory=lambda: array("h"))
    clear: list[Whole] = field(default_factory=list)
    staked: list[Whole] = field(default_factory=list)
    unchecked: dict[int, SignedStatement] = field(default_factory=dict)
    claims: list[Claim] = field(default_factory=list)
    unverified: int = 0
    cosigned: bytes | None = None
    keyless: list[int] = field(default_factory=list)
    kept: list[int] = field(default_factory=list)
    wordless: list[int] = field(default_factory=list)
    found: Findings = field(default_factory=Findings)


def examine(source: Source, span: Span, trust: Trust, head_size: int) -> Examined:
    """Examine each entry of a span, what stands beside it, and the signatures of its checkpoints."""
    examining = Examining(span.first, trust)
    found, with_facts = examining.examined.found, trust.vault_keys is not None
    reading = Reading(source, span, found, head_size, with_facts=with_facts)
    for place in reading.places():
        examining.take(place)
    examined = examining.finish()
    examined.broken = reading.broken
    examined.found.looked_at[Step.COLUMNS] += len(examined.recorded) - examined.recorded.count(UNREADABLE)
    return examined


class Examining:
    """The entries of a span, one after the other: rows with ``take``; ``read`` and ``hear`` where there are none."""

    def __init__(self, first: int, trust: Trust) -> None:
        self.examined = Examined(first)
        self._found = self.examined.found
        self._trust = trust
        self._beforehand = trust.beforehand
        self._voices: dict[tuple[str, str], int] = {}
        self._before = Instant(0)
        self._sealed = 0

    def take(self, place: Place) -> None:
        """Examine the next entry."""
        position = place.row.position
        entry = self.read(position, place.row.entry)
        if entry is not None:
            self._compare_columns(place, entry)
            self._compare_origin(position, entry)
            words_gone = self._compare_seals(place, entry)
            if self._trust.vault_keys is not None:
                examine_contents(place, entry, self._trust.vault_keys, self._found, words_gone=words_gone)
            self.hear(position, entry)
            if isinstance(entry.signed.statement.public, Continued):
                self._take_continued(position, entry.signed.statement.public)
        if place.checkpoints or place.cosigned:
            self._take_checkpoints(place)

    def read(self, position: int, data: bytes) -> Entry | None:
        """Hash and parse the next entry; None, and noted, where it cannot be read."""
        self.examined.leaves += leaf_hash(data)
        try:
            return parse_entry(data)
        except CoreError as error:
            self._found.note(Step.ORDER, position, str(error), "the canonical bytes of an entry")
            self.examined.recorded.append(UNREADABLE)
            self.examined.who.append(UNREADABLE)
            return None

    def hear(self, position: int, entry: Entry) -> None:
        """Take in what an entry that could be read depends on, and what depends on it."""
        self._compare_times(position, entry)
        if self._trust.signatures:
            self._check_signature(position, entry.signed)
        self._take_voice(position, entry)

    def finish(self) -> Examined:
        """What was found, of as many entries as were taken or read."""
        examined = self.examined
        examined.size = examined.first + len(examined.recorded)
        readable = len(examined.recorded) - examined.recorded.count(UNREADABLE)
        for step in (Step.SIGNATURES, Step.TIMES):
            examined.found.looked_at[step] += readable
        if self._sealed:
            examined.found.looked_at[Step.SEALED] += self._sealed
            examined.found.looked_at[Step.ERASED] += self._sealed - readable
        return examined

    def _compare_columns(self, place: Place, entry: Entry) -> None:
        row, statement = place.row, entry.signed.statement
        if row.author == statement.author and row.statement == statement.id and row.type == statement.type:
            return
        for name, got, wanted in (
            ("author", row.author, statement.author),
            ("statement", row.statement, statement.id),
            ("type", row.type, statement.type),
        ):
            if got != wanted:
                self._found.note(Step.COLUMNS, row.position, f"{name} {got}", f"{wanted} as in the statement")

    def _compare_origin(self, position: int, entry: Entry) -> None:
        ledger, origin = entry.signed.statement.ledger, self._beforehand.origin_at(position)
        if ledger != origin:
            self._found.note(Step.TIMES, position, f"a statement for {ledger}", origin)

    def _compare_times(self, position: int, entry: Entry) -> None:
        statement, recorded_at, found = entry.signed.statement, entry.recorded_at, self._found
        if statement.made_at > recorded_at + FRESH:
            made, at = format_instant(statement.made_at), format_instant(recorded_at)
            found.note(Step.TIMES, position, f"made at {made}", f"at most 5 minutes after {at}")
        note_going_back(position, self._before, recorded_at, found)
        self._before = recorded_at

    def _compare_seals(self, place: Place, entry: Entry) -> bool:
        """Whether the key of words that were said is missing."""
        row, sealed, examined = place.row, entry.sealed, self.examined
        words = sealed.get(Part.WORDS)
        if sha256(row.facts).digest() != sealed[Part.FACTS]:
            self._note_sealed(row.position, "other sealed facts")
        if (None if row.words is None else sha256(row.words).digest()) != words:
            self._note_sealed(row.position, "other sealed words")
        wrapped = [key.part for key in place.vault]
        parts = _FACTS if words is None else _BOTH
        self._sealed += len(parts)
        words_gone = wrapped == _FACTS != parts
        if words_gone:
            examined.keyless.append(row.position)
        elif wrapped != parts:
            self._found.note(Step.SEALED, row.position, f"wrapped keys of parts {wrapped}", f"of parts {parts}")
        elif row.position in self._beforehand.erased:
            (examined.wordless if words is None else examined.kept).append(row.position)
        if self._trust.generations is not None and (got := self._trust.generations.wrong_in(place.vault)) is not None:
            self._found.note(Step.SEALED, row.position, got, "one that was in force, or a later one")
        return words_gone

    def _note_sealed(self, position: int, got: str) -> None:
        self._found.note(Step.SEALED, position, got, "the bytes whose digest the entry names")

    def _check_signature(self, position: int, signed: SignedStatement) -> None:
        known = self._beforehand.keys.get(signed.kid)
        if known is None:
            self.examined.unchecked[position] = signed
        else:
            note_signature(position, signed, _key(known), self._found)

    def _take_voice(self, position: int, entry: Entry) -> None:
        examined, statement, kid, at = self.examined, entry.signed.statement, entry.signed.kid, entry.recorded_at
        examined.recorded.append(at)
        if is_of_high_stakes(statement) or entry.assertion is not None:
            examined.staked.append(Whole(position, at, entry.signed, entry.assertion))
        if statement.public is not None:
            examined.who.append(UNREADABLE)
            examined.clear.append(Whole(position, at, entry.signed, entry.assertion))
            return
        index = self._voices.setdefault((statement.author, kid), len(examined.voices))
        examined.who.append(index)
        if index == len(examined.voices):
            examined.voices.append(Voice(statement.author, kid, position, position, at))
            return
        voice = examined.voices[index]
        voice.last = position
        voice.latest = max(voice.latest, at)

    def _take_continued(self, position: int, said: Continued) -> None:
        """Hold what is said of an earlier log to what there is of it."""
        self._found.looked_at[Step.CHECKPOINTS] += 1
        what = f"continuation of {said.origin}"
        try:
            checkpoint = open_note(said.checkpoint.encode())[1]
            earlier = self._trust.logs.get(said.origin)
            if earlier is not None:
                checkpoint = earlier.open_checkpoint(said.checkpoint.encode())
            if said.size != position or checkpoint.size < position or checkpoint.origin != said.origin:
                raise CheckpointError(
                    f"{what}: got {said.size} entries and a checkpoint of {checkpoint.size} of {checkpoint.origin}"
                )
            if checkpoint.size == position:
                self._claim(Step.CHECKPOINTS, f"last checkpoint in the {what}", position, checkpoint.root)
        except CoreError as error:
            wanted = f"{position} entries, those before it, and a checkpoint over all of them"
            self._found.note(Step.CHECKPOINTS, position, str(error), wanted)
            return
        self._claim(Step.CHECKPOINTS, what, position, said.root)

    def _take_checkpoints(self, place: Place) -> None:
        position, found = place.row.position, self._found
        origin = self._beforehand.origin_at(position)
        log = self._trust.logs.get(origin)
        found.looked_at[Step.CHECKPOINTS] += len(place.checkpoints)
        found.looked_at[Step.WITNESSED] += len(place.cosigned)
        for checkpoint in place.checkpoints:
            self._take_note(Step.CHECKPOINTS, "checkpoint", checkpoint, origin, log)
        for cosigned in place.cosigned:
            self._take_note(Step.WITNESSED, "witnessed checkpoint", cosigned, origin, log)
            self.examined.cosigned = cosigned.note
        for step, rows in ((Step.CHECKPOINTS, place.checkpoints), (Step.WITNESSED, place.cosigned)):
            if len(rows) > 1:
                found.note(step, position, f"{len(rows)} checkpoints of size {position + 1}", "one at most")

    def _take_note(
        self, step: Step, what: str, row: CheckpointRow | CosignedRow, origin: str, log: LogVerifier | None
    ) -> None:
        try:
            signed_at = None
            if log is None:
                self.examined.unverified += 1
                checkpoint = open_note(row.note)[1]
            else:
                timed = log.open_timed_checkpoint(row.note)
                checkpoint = timed.checkpoint
                signed_at = timed.at_seconds if step is Step.CHECKPOINTS else None
            if (checkpoint.size, checkpoint.origin) != (row.size, origin):
                raise CheckpointError(f"{what}: got {checkpoint.origin} at {checkpoint.size} filed under {row.size}")
            seen_at = None
            if step is Step.WITNESSED and log is not None and self._trust.policy is not None:
                check_cosignatures(row.note, log, self._trust.policy)
                seen_at = min(self._trust.policy.witnessed_by(row.note).values(), default=None)
        except CoreError as error:
            self._found.note(step, row.size - 1, str(error), f"a {what} of {origin} at size {row.size}")
            return
        self.examined.claims.append(Claim(step, what, row.size, checkpoint.root, signed_at, seen_at))

    def _claim(self, step: Step, what: str, size: int, root: bytes) -> None:
        self.examined.claims.append(Claim(step, what, size, root))


def leaves_of(examined: Examined) -> list[LeafHash]:
    """The hashes of its entries."""
    leaves = bytes(examined.leaves)
    return [LeafHash(leaves[at : at + HASH_SIZE]) for at in range(0, len(leaves), HASH_SIZE)]


def note_signature(position: int, signed: SignedStatement, key: PublicKey, found: Findings) -> None:
    """Check a signature under a key; what is wrong is noted."""
    try:
        signed.check_signature(key)
    except CoreError as error:
        found.note(Step.SIGNATURES, position, str(error), "a signature by the author's key over the statement")


def note_going_back(position: int, before: Instant, recorded_at: Instant, found: Findings) -> None:
    """Note an entry admitted earlier than the one before it."""
    if recorded_at < before:
        wanted = f"{format_instant(before)} or later, as the entry before"
        found.note(Step.TIMES, position, f"admitted at {format_instant(recorded_at)}", wanted)


@lru_cache(maxsize=4096)
def _key(raw: bytes) -> PublicKey:
    return PublicKey.from_raw(raw)
