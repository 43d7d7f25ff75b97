"""A log whose keeper holds every key of the log and admits what nobody should: all its hashes and signatures hold."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from ledger.core import canonical
from ledger.core.assertions import Assertion
from ledger.core.checkpoint import Checkpoint
from ledger.core.edge import Edge
from ledger.core.entry import encode_entry
from ledger.core.instants import SECOND, Instant
from ledger.core.keys import KeyStatement, SigningKey
from ledger.core.merkle import leaf_hash
from ledger.core.public import Public
from ledger.core.sealing import Opening, Part, SealedPart, seal
from ledger.core.statement import Statement, sign
from ledger.core.subjects import subjects_of
from ledger.domain.stream import stream_of
from ledger.store.keyring import Keyring
from ledger.verify.rows import CheckpointRow, EntryRow, FactRow, GenerationRow, GuardRow, HeadRow, TileRow, VaultRow
from tests.verify.memory import Tables

NINE = Instant(1_767_258_000_000)
"""2026-01-01T09:00:00Z"""


@dataclass
class DishonestLog:
    """Begins with the service's own key, as every log does; ``admit`` takes whatever it is given."""

    keyring: Keyring
    entries: list[EntryRow] = field(default_factory=list)
    keys: list[VaultRow] = field(default_factory=list)
    facts: list[FactRow] = field(default_factory=list)
    counters: Counter[str] = field(default_factory=Counter)
    versions: Counter[str] = field(default_factory=Counter)
    last: Instant = NINE

    def __post_init__(self) -> None:
        service = self.keyring.service
        self.enrol(service, self.keyring.signer_for(service).public.raw)

    @property
    def size(self) -> int:
        return len(self.entries)

    def enrol(self, person: str, raw: bytes, *, revoke: bool = False, **how: Any) -> int:
        """Let the service enrol or revoke a key of a person."""
        key = SigningKey(b"0" * 32).public.from_raw(raw)
        said = KeyStatement(key, "service", how.pop("not_after", None), {"person": person, "by": "service"})
        facts = {"person": person, "kid": key.kid, **({"reason": "lost"} if revoke else {})}
        return self.admit(f"key-{'revoked' if revoke else 'enrolled'}/1", facts, public=said, **how)

    def admit(
        self,
        statement_type: str,
        facts: Mapping[str, Any],
        words: Mapping[str, Any] | None = None,
        *,
        author: str | None = None,
        signer: SigningKey | None = None,
        at: Instant | None = None,
        made_at: Instant | None = None,
        statement_id: str | None = None,
        ledger: str | None = None,
        acting_as: str = "service",
        public: Public | None = None,
        commit_to: Mapping[str, Any] | None = None,
        assure: Callable[[bytes], Assertion] | None = None,
    ) -> int:
        """Sign, seal and admit a statement; returns its position.

        ``commit_to``: other facts than those sealed. ``assure`` makes an assertion for the payload.
        """
        position = self.size
        self.last = Instant(self.last + SECOND) if at is None else at
        author = author or self.keyring.service
        sid = statement_id or str(UUID(int=position + 1))
        openings = {Part.FACTS: Opening(b"s" * 32, canonical.encode(facts))}
        if words is not None:
            openings[Part.WORDS] = Opening(b"t" * 32, canonical.encode(words))
        committed = Opening(b"s" * 32, canonical.encode(facts if commit_to is None else commit_to)).commitment
        statement = Statement(
            sid, ledger or self.keyring.origin, statement_type, author, acting_as, made_at or self.last, committed,
            openings[Part.WORDS].commitment if words is not None else None, public,
        )  # fmt: skip
        signed = sign(statement, signer or self.keyring.signer_for(author))
        kek = self.keyring.key_encryption_key
        sealed = {part: seal(opening, sid, part, kek, bytes(56)) for part, opening in openings.items()}
        assertion = None if assure is None else assure(statement.payload())
        self._keep(statement, signed.jws, facts, sealed, assertion)
        return position

    def tables(self) -> Tables:
        """The rows of the log with its tree and one checkpoint over all of it."""
        extension = Edge.empty().extend([leaf_hash(row.entry) for row in self.entries], paths=False)
        checkpoint = Checkpoint(self.keyring.origin, self.size, extension.edge.root())
        return Tables(
            head=(HeadRow(True, self.size, self.last),),
            entry=tuple(self.entries),
            keys=tuple(self.keys),
            tile=tuple(TileRow(t.tile.level, t.tile.n, t.hashes, t.root) for t in extension.tiles),
            checkpoint=(
                CheckpointRow(self.size, self.keyring.log.sign_checkpoint(checkpoint, self.last // SECOND + 3600)),
            ),
            witnessed=(),
            generation=(GenerationRow(1, NINE, 0, None),),
            gone=(),
            guard=tuple(GuardRow(*counter) for counter in self.counters.items()),
            fact=tuple(self.facts),
        )

    def _keep(
        self,
        statement: Statement,
        jws: str,
        facts: Mapping[str, Any],
        sealed: Mapping[Part, SealedPart],
        assertion: Assertion | None,
    ) -> None:
        position, words = self.size, sealed.get(Part.WORDS)
        spoken = None if words is None else words.digest
        entry = encode_entry(self.last, jws, sealed[Part.FACTS].digest, spoken, assertion)
        stream = str(stream_of(statement.type, facts))
        self.versions[stream] += 1
        row = EntryRow(
            position,
            statement.author,
            statement.id,
            stream,
            self.versions[stream],
            statement.type,
            entry,
            sealed[Part.FACTS].sealed,
            None if words is None else words.sealed,
        )
        self.entries.append(row)
        self.keys += [VaultRow(position, part.value, 1, kept.wrapped) for part, kept in sealed.items()]
        for subject in map(str, subjects_of(statement.type, facts)):
            self.counters[subject] += 1
            self.facts.append(FactRow(subject, self.counters[subject], position))
