"""From events to rows and back: signs (where the service holds the key), commits and seals."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, cast
from uuid import UUID

from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import JSONTranscoder, Mapper, StoredEvent

from ledger.core import canonical
from ledger.core.assertions import Assertion
from ledger.core.entry import Entry, read_entry
from ledger.core.said import Said
from ledger.core.sealing import (
    NONCE_SIZE,
    Opening,
    Part,
    SealedBytes,
    SealedPart,
    WrappedKey,
    read_sealed,
    rewrap,
    seal,
)
from ledger.core.statement import SignedStatement, Statement, sign
from ledger.core.subjects import Subject, subjects_of
from ledger.core.vocabulary import STATEMENT_TYPES
from ledger.domain.stream import Spoken, Voice, stream_of
from ledger.store.errors import FactsIncomplete
from ledger.store.keyring import Keyring

_SALT, _SEAL = 32, 56


@dataclass(frozen=True, slots=True, eq=False)
class Admission(StoredEvent):
    """A signed and sealed statement on its way into the log; ``state`` is the JWS."""

    author: UUID
    statement_id: UUID
    jws: str
    facts: SealedPart
    words: SealedPart | None
    bears_on: tuple[Subject, ...]
    generation: int
    """Of the key-encryption key that both parts are wrapped under."""
    assertion: Assertion | None = None

    def rewrapped(self, keyring: Keyring) -> "Admission":
        """The same, wrapped under the generation that now wraps what is new."""
        words = None if self.words is None else self._under(keyring, self.words, Part.WORDS)
        facts = self._under(keyring, self.facts, Part.FACTS)
        return replace(self, facts=facts, words=words, generation=keyring.generation)

    def _under(self, keyring: Keyring, sealed: SealedPart, part: Part) -> SealedPart:
        wrapped = rewrap(
            sealed.wrapped,
            str(self.statement_id),
            part,
            old=keyring.opener(self.generation),
            new=keyring.key_encryption_key,
            nonce=os.urandom(NONCE_SIZE),
        )
        return replace(sealed, wrapped=wrapped)


@dataclass(frozen=True, slots=True, eq=False)
class Kept(StoredEvent):
    """A row of the log as read: ``state`` is the entry; the facts are still sealed."""

    position: int
    facts: bytes
    wrapped: bytes
    generation: int


class WrappedUnder(NamedTuple):
    """A wrapped data key as the vault keeps it, and the generation of the key-encryption key that opens it."""

    wrapped: bytes
    generation: int


class SealingMapper(Mapper[UUID]):
    """eventsourcing's mapper, for statements."""

    def __init__(self, keyring: Keyring) -> None:
        super().__init__(JSONTranscoder())
        self.keyring = keyring

    def to_stored_event(self, domain_event: DomainEventProtocol[UUID]) -> Admission:
        """Sign if the author has not, seal both parts."""
        event = cast("Spoken", domain_event)
        salts_and_keys = os.urandom(2 * (_SALT + _SEAL))
        facts, words = self._openings(event, salts_and_keys)
        signed = self._signed(event, facts, words)
        statement_id, generation = event.voice.statement_id, self.keyring.generation
        kek = self.keyring.key_encryption_keys[generation]
        fresh = salts_and_keys[2 * _SALT :]
        return Admission(
            originator_id=event.originator_id,
            originator_version=event.originator_version,
            topic=event.type,
            state=b"",
            author=UUID(event.voice.author),
            statement_id=UUID(statement_id),
            jws=signed.jws,
            facts=seal(facts, statement_id, Part.FACTS, kek, fresh[:_SEAL]),
            words=None if words is None else seal(words, statement_id, Part.WORDS, kek, fresh[_SEAL:]),
            bears_on=subjects_of(event.type, event.facts),
            generation=generation,
            assertion=None if event.submission is None else event.submission.assertion,
        )

    def to_domain_event(self, stored_event: StoredEvent) -> DomainEventProtocol[UUID]:
        """The event of a row, its facts opened and checked against the entry."""
        return cast("DomainEventProtocol[UUID]", self.to_event(cast("Kept", stored_event)))

    def to_event(self, row: Kept) -> Spoken:
        """The same, with its type."""
        said = self.open_facts(row)
        statement = read_entry(row.state).signed.statement
        voice = Voice(said.author, said.acting_as, said.made_at, statement.id)
        stream = stream_of(said.type, said.facts)
        return Spoken(stream, row.originator_version, said.type, voice, said.facts, public=statement.public)

    def open_facts(self, row: Kept) -> Said:
        """The facts of a row, as decisions rest on them: of their type's shape, too.

        Raises FactsIncomplete, SealBroken, BadCommitment or MalformedStatement if they are not its entry's.
        """
        said = self.read_facts(row)
        STATEMENT_TYPES[said.type].facts("facts", said.facts)
        return said

    def read_facts(self, row: Kept) -> Said:
        """The same for what nothing rests on: the shape, which admission checked, is not checked again."""
        entry = read_entry(row.state)
        facts = open_part(entry, Part.FACTS, row.facts, WrappedUnder(row.wrapped, row.generation), self.keyring)
        statement = entry.signed.statement
        if statement.ledger != (origin := self.keyring.origin_at(row.position)):
            raise FactsIncomplete(f"entry {row.position}: got ledger {statement.ledger}, wanted {origin}")
        return Said(
            row.position,
            entry.recorded_at,
            statement.made_at,
            statement.type,
            statement.author,
            statement.acting_as,
            facts,
            worded=Part.WORDS in entry.sealed,
            kid=entry.signed.kid,
        )

    def _openings(self, event: Spoken, random: bytes) -> tuple[Opening, Opening | None]:
        if event.submission is not None:
            return event.submission.facts, event.submission.words
        facts = Opening(random[:_SALT], canonical.encode(event.facts))
        return facts, None if event.words is None else Opening(random[_SALT : 2 * _SALT], canonical.encode(event.words))

    def _signed(self, event: Spoken, facts: Opening, words: Opening | None) -> SignedStatement:
        if event.submission is not None:
            return event.submission.signed
        statement = Statement(
            id=event.voice.statement_id,
            ledger=self.keyring.origin,
            type=event.type,
            author=event.voice.author,
            acting_as=event.voice.acting_as,
            made_at=event.voice.made_at,
            facts=facts.commitment,
            words=None if words is None else words.commitment,
            public=event.public,
        )
        return sign(statement, self.keyring.signer_for(event.voice.author, event.voice.generation))


def open_part(entry: Entry, part: Part, sealed: bytes, key: WrappedUnder, keyring: Keyring) -> Mapping[str, Any]:
    """The body of one part of an entry, held to the entry's digest and the statement's commitment."""
    statement = entry.signed.statement
    kept = SealedPart(SealedBytes(sealed), WrappedKey(key.wrapped))
    if kept.digest != entry.sealed.get(part):
        raise FactsIncomplete(f"sealed {part.label} of {statement.id}: not the bytes its entry names; run verify")
    commitment = statement.facts if part is Part.FACTS else statement.words
    return read_sealed(kept, statement.id, part, keyring.opener(key.generation), commitment or "")
