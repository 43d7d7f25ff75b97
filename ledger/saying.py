"""Saying something: decide whether this person may, sign and seal it, admit it, and give the receipt.

The decision rests on facts that are guarded: if one of them changes before the admission, the facts are
read afresh and decided again, so what is admitted was allowed at its position.
"""

import hashlib
import os
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from ledger.core.authority import may_say, person_named_in
from ledger.core.decisions import Deny, Facts, Permit
from ledger.core.errors import CoreError
from ledger.core.instants import Instant, parse_instant
from ledger.core.key_history import LATER_THAN_ALL, KeyHistory
from ledger.core.keys import KeyStatement
from ledger.core.public import Erased, Public
from ledger.core.receipt import Receipt
from ledger.core.said import Said
from ledger.core.vocabulary import STATEMENT_TYPES, check_said
from ledger.core.vouching import ENROLS, check_assured, voucher_of
from ledger.domain.errors import DomainError, NotAllowed
from ledger.domain.stream import Spoken, Stream, Submission, Voice
from ledger.domain.vocabulary_streams import STREAMS
from ledger.gathering import Gathered, Gatherer
from ledger.store.batch import Admitted
from ledger.store.errors import AlreadySaid, Conflict
from ledger.store.mapper import SealingMapper
from ledger.store.recorder import LedgerRecorder
from ledger.store.repeats import Repeats, Same
from ledger.streams import Streams

ATTEMPTS: Final = 12
ALONE_FROM: Final = 3
"""The attempt from which nothing else is admitted between the facts and the statement: a record is that busy."""
_NAMES: Final = UUID("4f3a5a53-7a6b-5f0f-a0c4-6b8b7a7b3f10")


@dataclass(frozen=True, slots=True)
class By:
    """Who speaks, acting as what.

    ``statement_id`` is the client's (a retry with the same id is answered with the first receipt), ``made_at``
    the author's clock; both are filled in where the service speaks for somebody. ``importing`` marks what comes
    from another system through the import; ``purpose`` is the session's (an appointment, a task). ``drafting``: nothing
    is said yet in this person's name; what would be is put before them, to be signed with a key of their own.
    """

    person: str
    acting_as: str
    statement_id: str | None = None
    made_at: Instant | None = None
    importing: bool = False
    purpose: str | None = None
    drafting: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What the ledger answers: where the statement stands, its facts, its receipt."""

    position: int
    recorded_at: Instant
    statement_id: str
    facts: Mapping[str, Any]
    receipt: Receipt
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Sentence:
    """One statement to be: bodies open, nothing signed unless the author did."""

    by: By
    type: str
    facts: Mapping[str, Any]
    words: Mapping[str, Any] | None = None
    public: Public | None = None
    submission: Submission | None = None
    clocked: frozenset[str] = frozenset()
    in_clear: Callable[[Facts], Public] | None = None
    """Makes ``public`` of the facts that the statement is decided on, each time it is decided anew."""

    @property
    def record(self) -> str | None:
        """The record it is about, if any."""
        record = self.facts.get("record")
        return None if record is None or not isinstance(record, str) else record

    def teams(self) -> Iterator[str]:
        """The teams it names."""
        if "team" in self.facts:
            yield self.facts["team"]
        grantee = self.facts.get("grantee")
        if grantee is not None and grantee["kind"] == "team":
            yield grantee["id"]


class ToBeSigned(Exception):
    """What its author would say, and may: to be signed by them. Raised, since no use case goes on without an answer.

    ``statement_id`` is the one under which the facts were named.
    """

    def __init__(self, sentence: Sentence, statement_id: str) -> None:
        super().__init__(f"{sentence.type} is to be signed by its author")
        self.sentence = sentence
        self.statement_id = statement_id


class Speaker:
    """Says things: the one path of every write."""

    def __init__(
        self,
        recorder: LedgerRecorder,
        mapper: SealingMapper,
        gatherer: Gatherer,
        repeats: Repeats,
        clock: Callable[[], Instant],
    ) -> None:
        self._recorder = recorder
        self._mapper = mapper
        self._gatherer = gatherer
        self._repeats = repeats
        self._streams = Streams(recorder, mapper)
        self.clock = clock

    def voice(self, by: By) -> Voice:
        """The author as a statement names them, with an id and an instant if they brought none."""
        now = self.clock()
        made_at = now if by.made_at is None else by.made_at  # not "or": the beginning of 1970 is an instant as well
        return Voice(by.person, by.acting_as, made_at, by.statement_id or fresh_id(now))

    def pinned(self, by: By) -> By:
        """The same speaker with id and instant chosen, so that what is named after them is named once."""
        if by.statement_id is not None and by.made_at is not None:
            return by
        now = self.clock()
        made_at = now if by.made_at is None else by.made_at
        return replace(by, statement_id=by.statement_id or fresh_id(now), made_at=made_at)

    def name(self, pinned: By, member: str) -> str:
        """A fresh id for a thing that a pinned speaker's statement makes."""
        return name_of(self.voice(pinned), member)

    async def say(self, sentence: Sentence) -> Answer:
        """Say one thing.

        Raises MalformedStatement (shape), NotAllowed (who), NotPossible (what was said before), AlreadySaid
        (the id was used for something else), NotRecorded; ToBeSigned where it is only drafted and was not said yet.
        """
        check_said(sentence.type, sentence.facts, sentence.words)
        voice = self.voice(sentence.by)
        for attempt in range(ATTEMPTS):
            try:
                async with self._recorder.sequencer.turn(alone=attempt >= ALONE_FROM):
                    event, answer = await self._enqueue(sentence, voice, attempt)
                    [admitted] = await answer
            except AlreadySaid as said:
                return await self._repeated(said.position, sentence, voice)
            except Conflict:
                continue
            except (DomainError, CoreError) as refusal:
                # Cached facts may be stale: nobody is refused on them. A retry of what was admitted is no refusal.
                if (position := await self._repeats.position_of(voice)) is not None:
                    return await self._repeated(position, sentence, voice)
                if attempt == 0:
                    continue
                if isinstance(refusal, NotAllowed):
                    await self.record_refusal(sentence.by, sentence.type, sentence.record, refusal.rule)
                raise
            return Answer(
                admitted.position, admitted.recorded_at, voice.statement_id, event.facts, _receipt(admitted)
            )  # fmt: skip
        raise Conflict(f"{sentence.type}: others were faster {ATTEMPTS} times; try again")

    def _allow(self, sentence: Sentence, voice: Voice, gathered: Gathered, key: KeyStatement, now: Instant) -> Permit:
        said = Said(LATER_THAN_ALL, now, voice.made_at, sentence.type, voice.author, voice.acting_as, sentence.facts)
        decision = may_say(
            gathered.facts,
            said,
            importing=sentence.by.importing,
            service=self._mapper.keyring.service,
            custody=sentence.public.custody if isinstance(sentence.public, KeyStatement) else None,
            purpose=sentence.by.purpose,
            erased=sentence.public.positions if isinstance(sentence.public, Erased) else (),
            signed_by=key.custody,
            **(_keys_there(sentence, gathered, now) if sentence.type in ENROLS else {}),
        )
        if isinstance(decision, Deny):
            raise NotAllowed(
                f"{sentence.type}: refused by rule {decision.rule} to {voice.acting_as} {voice.author};"
                f" docs/reference/authority.md says who may say it",
                decision.rule,
            )
        return decision

    async def _event(self, sentence: Sentence, voice: Voice, attempt: int) -> Spoken:
        stream = await self._stream(sentence, look=attempt > 0)
        event = Spoken(
            stream.id,
            stream.version + 1,
            sentence.type,
            voice,
            sentence.facts,
            sentence.words,
            sentence.public,
            sentence.submission,
            sentence.clocked,
        )
        stream.apply(event)
        return event

    async def _stream(self, sentence: Sentence, *, look: bool) -> Stream:
        """The stream so far. What begins one is said without looking first; ``look`` tells why that met a conflict."""
        shape = STATEMENT_TYPES[sentence.type]
        kind, name = STREAMS[shape.aggregate], sentence.facts[shape.stream]
        if sentence.type in kind.FIRST and not look:
            return kind.of(name)
        return await self._streams.read(shape.aggregate, name)

    def _keyed(self, sentence: Sentence, voice: Voice, keys: KeyHistory, now: Instant) -> tuple[Voice, KeyStatement]:
        """The voice with the generation of its service-held key, and the key, which speaks for the author."""
        if sentence.submission is not None:
            signed = sentence.submission.signed
            key = voucher_of(keys, signed, LATER_THAN_ALL, now)
            signed.check_signature(key.key)
            check_assured(keys, key, signed, sentence.submission.assertion, LATER_THAN_ALL)
            return voice, key
        generation = keys.service_generation(voice.author)
        signer = self._mapper.keyring.signer_for(voice.author, generation)
        key = keys.find(voice.author, signer.kid, LATER_THAN_ALL, now)
        return (replace(voice, generation=generation) if generation else voice), key

    async def _enqueue(
        self, sentence: Sentence, voice: Voice, attempt: int
    ) -> tuple[Spoken, Awaitable[list[Admitted]]]:
        """Decide, sign and seal, and put it in the queue under the guards of the decision.

        What is only drafted is decided alike, so that nobody signs what would be refused, and goes no further.
        """
        now = self.clock()
        gathered = await self._gather(sentence, voice, now, fresh=attempt > 0)
        if sentence.in_clear is not None:
            sentence = replace(sentence, public=sentence.in_clear(gathered.facts))
        speaking, key = self._keyed(sentence, voice, gathered.keys, now)
        permit = self._allow(sentence, voice, gathered, key, now)
        event = await self._event(sentence, speaking, attempt)
        if sentence.by.drafting:
            await self._check_unsaid(voice)
            raise ToBeSigned(sentence, voice.statement_id)
        rests_on_items = event.type != "item-added/1" or event.facts["parent"] is not None
        guards = gathered.guards if rests_on_items else gathered.guards_without_contents()
        admission = self._mapper.to_stored_event(event)
        answer = self._recorder.sequencer.enqueue(
            [admission], guards=guards, valid_until=_earlier(permit.until, key.not_after), first=attempt >= ALONE_FROM
        )
        return event, answer

    async def _check_unsaid(self, voice: Voice) -> None:
        """Raise AlreadySaid if its author has signed it meanwhile: it is not signed twice."""
        if (position := await self._repeats.position_of(voice)) is not None:
            raise AlreadySaid(f"statement {voice.statement_id}: it was said at position {position}", position)

    async def _gather(self, sentence: Sentence, voice: Voice, now: Instant, *, fresh: bool) -> Gathered:
        return await self._gatherer.gather(
            voice.author,
            sentence.record,
            at=now,
            subject=person_named_in(sentence.type, sentence.facts),
            teams=sentence.teams(),
            fresh=fresh,
        )

    async def _repeated(self, position: int, sentence: Sentence, voice: Voice) -> Answer:
        jws = None if sentence.submission is None else sentence.submission.signed.jws
        same = Same(sentence.type, sentence.facts, sentence.words, sentence.clocked, jws)
        first = await self._repeats.first_if_same(position, same)
        receipt = await self._repeats.receipt_at(position)
        return Answer(position, first.recorded_at, voice.statement_id, first.facts, receipt, repeated=True)

    async def record_refusal(self, by: By, attempted: str, record: str | None, rule: str) -> None:
        """Put a refused attempt on the trail; raises NotRecorded, which refuses as well, where it cannot be.

        ``attempted`` is the statement type, or the operation where the attempt was too malformed to become one.
        """
        service = self._mapper.keyring.service
        voice = self.voice(By(service, "service"))
        facts = {
            "attempt": name_of(voice, "attempt"),
            "person": by.person,
            "acting_as": by.acting_as,
            "record": record,
            "type": attempted,
            "rule": rule,
        }
        stream = STREAMS["attempt"].of(facts["attempt"] or "")
        event = stream.say("attempt-refused/1", voice, facts)
        await self._recorder.sequencer.admit([self._mapper.to_stored_event(event)], receipt=False)


def name_of(voice: Voice, member: str) -> str:
    """A fresh id for a thing that this statement makes: the same again when the statement is repeated."""
    return _named(voice.author, voice.statement_id, member)


def fresh_id(now: Instant) -> str:
    """A UUIDv7 (RFC 9562, section 5.7): milliseconds, then 74 random bits."""
    return _spelled((now << 80) | int.from_bytes(os.urandom(10)), version=7)


def _named(author: str, statement_id: str, member: str) -> str:
    """A UUIDv5 (RFC 9562, section 5.5): SHA-1 of the name."""
    name = hashlib.sha1(_NAMES.bytes + f"{author}/{statement_id}/{member}".encode(), usedforsecurity=False)
    return _spelled(int.from_bytes(name.digest()[:16]), version=5)


def _spelled(value: int, version: int) -> str:
    """A UUID of 128 bits, with its version and variant set, as text; five times as fast as ``str(UUID(…))``."""
    value = value & ~(0xF << 76 | 3 << 62) | version << 76 | 2 << 62
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _keys_there(sentence: Sentence, gathered: Gathered, now: Instant) -> dict[str, Any]:
    """Which keys of their own its author ever had, and the person has or had whose key is enrolled."""
    person = sentence.facts["person"]
    return {
        "had_own_key": gathered.keys.last_own(sentence.by.person, LATER_THAN_ALL) is not None,
        "subject_has_key": gathered.subject_keys.has_own(person, LATER_THAN_ALL, now),
        "subject_keyed_at": gathered.subject_keys.last_own(person, LATER_THAN_ALL),
    }


def _earlier(until: Instant | None, not_after: str | None) -> Instant | None:
    """When time alone ends what a statement rests on: its permit, or the key that signs it."""
    if not_after is None:
        return until
    ends = parse_instant(not_after)
    return ends if until is None else min(until, ends)


def _receipt(admitted: Admitted) -> Receipt:
    if admitted.receipt is None:
        raise Conflict("receipt: none was made for a write that asked for one")
    return admitted.receipt
