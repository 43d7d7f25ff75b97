"""Streams: what is said about one thing, in order; the aggregates of eventsourcing.

An event is a statement with its bodies open; its topic is its statement type, so a stored row can name
nothing but a word of the closed vocabulary. Aggregates here follow eventsourcing's protocols directly:
they are made by the thousand, and only their version and invariants matter.
"""

from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, field, fields, replace
from typing import Any, ClassVar, Final, Self
from uuid import UUID, uuid5

from ledger.core.assertions import Assertion
from ledger.core.instants import Instant
from ledger.core.public import Public
from ledger.core.sealing import Opening
from ledger.core.statement import SignedStatement
from ledger.core.vocabulary import STATEMENT_TYPES, check_said
from ledger.domain.errors import NotPossible

_STREAMS: Final = UUID("0b1b8a1e-6e0c-5d57-8a53-0d3a54a3c0de")


@dataclass(frozen=True, slots=True)
class Voice:
    """Who speaks, as what, when by their own clock, and under which statement id.

    ``generation`` numbers the service-held key, where the service signs for the author.
    """

    author: str
    acting_as: str
    made_at: Instant
    statement_id: str
    generation: int = 0


@dataclass(frozen=True, slots=True)
class Submission:
    """A statement that its author has signed, what opens its commitments, and the passkey's word for it, if any."""

    signed: SignedStatement
    facts: Opening
    words: Opening | None
    assertion: Assertion | None = None


@dataclass(frozen=True, slots=True)
class Spoken:
    """One thing said: a domain event.

    ``words`` is None for an event read back: words are opened only for a recorded disclosure.
    ``clocked`` names the facts that a clock filled in, which a retry may therefore state otherwise.
    """

    originator_id: UUID
    originator_version: int
    type: str
    voice: Voice
    facts: Mapping[str, Any]
    words: Mapping[str, Any] | None = None
    public: Public | None = None
    submission: Submission | None = None
    clocked: frozenset[str] = frozenset()


def stream_of(statement_type: str, facts: Mapping[str, Any]) -> UUID:
    """The aggregate a statement belongs to: found from its facts, so that it can be checked."""
    shape = STATEMENT_TYPES[statement_type]
    return uuid5(_STREAMS, f"{shape.aggregate}/{facts[shape.stream]}")


@dataclass(slots=True)
class Stream:
    """An aggregate: the statements about one thing, and what follows from them."""

    KIND: ClassVar[str]
    FIRST: ClassVar[frozenset[str]] = frozenset()
    """What a stream begins with, and is said once; empty where it may begin with anything."""
    AFTER: ClassVar[Mapping[str, Callable[[Any, Spoken], None]]] = {}

    id: UUID
    version: int = 0
    pending: list[Spoken] = field(default_factory=list)

    @classmethod
    def of(cls, name: str) -> Self:
        """The aggregate of this kind that is named by an id of the domain, with nothing said yet."""
        return cls(uuid5(_STREAMS, f"{cls.KIND}/{name}"))

    def say(
        self,
        statement_type: str,
        voice: Voice,
        facts: Mapping[str, Any],
        words: Mapping[str, Any] | None = None,
        *,
        public: Public | None = None,
        submission: Submission | None = None,
        clocked: frozenset[str] = frozenset(),
    ) -> Spoken:
        """Say one more thing; raises MalformedStatement for a wrong shape, NotPossible where it cannot follow."""
        check_said(statement_type, facts, words)
        event = Spoken(
            self.id, self.version + 1, statement_type, voice, facts, words, public, submission, clocked
        )  # fmt: skip
        self.apply(event)
        self.pending.append(event)
        return event

    def apply(self, event: Spoken) -> None:
        """Take in an event that follows the last one."""
        if event.originator_version != self.version + 1:
            raise NotPossible(f"{self.KIND}: got version {event.originator_version}, wanted {self.version + 1}")
        if self.FIRST and (event.type in self.FIRST) != (self.version == 0):
            raise NotPossible(
                f"{event.type}: got it after {self.version} statements about this {self.KIND}, wanted "
                + ("it once, first" if event.type in self.FIRST else f"{', '.join(self.FIRST)} first")
            )
        if (follow := self.AFTER.get(event.type)) is not None:
            follow(self, event)
        self.version = event.originator_version

    def copied(self) -> Self:
        """Another of the same state, in which something can be said without its being said in this one."""
        return replace(self, **{one.name: copy(getattr(self, one.name)) for one in fields(self)})

    def collect_events(self) -> list[Spoken]:
        """What has been said and not yet admitted."""
        said, self.pending = self.pending, []
        return said
