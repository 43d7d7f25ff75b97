"""The rows of a ledger as verification reads them, and where they come from.

UUIDs are lower-case text, which sorts as PostgreSQL sorts uuids. A damaged table may hold what its schema forbids:
a NULL arrives as -1, "" or b"", which nothing that is whole ever is, and the order of rows is not relied upon
where a row out of order could hide.
"""

from collections.abc import Collection, Iterable
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol, Self


class Span(NamedTuple):
    """The rows of positions from ``first`` to before ``until``; without ``until``, to the end of the table.

    The span that begins at 0 has whatever stands before 0 or at no position, too: spans that follow each other, the
    last one without an end, have every row.
    """

    first: int
    until: int | None


class HeadRow(NamedTuple):
    """What the log says of itself: entries admitted, and the instant of the last one in milliseconds.

    ``generation`` is that of the key-encryption key that wraps what is new.
    """

    one: bool
    size: int
    recorded_at: int
    generation: int = 1


class EntryRow(NamedTuple):
    """One entry (canonical bytes), the columns it is found by, and its sealed contents."""

    position: int
    author: str
    statement: str
    aggregate: str
    version: int
    type: str
    entry: bytes
    facts: bytes
    words: bytes | None


class VaultRow(NamedTuple):
    """A wrapped data key: 0 opens the facts, 1 the words; ``generation`` is that of the key-encryption key."""

    position: int
    part: int
    generation: int
    wrapped: bytes


class GenerationRow(NamedTuple):
    """A generation of the key-encryption key: when it was opened, from which entry on it wraps, when it was destroyed.

    The instants are what whoever runs the ledger has noted: nothing in the log shows them.
    """

    generation: int
    opened_at: int
    first_entry: int
    destroyed_at: int | None


class DestroyedRow(NamedTuple):
    """That the wrapped key of erased words was destroyed, and under which generation it was last."""

    position: int
    generation: int
    destroyed_at: int


class FactRow(NamedTuple):
    """That an entry bears on a subject, as its ``n``-th fact."""

    subject: str
    n: int
    position: int


class TileRow(NamedTuple):
    """A complete hash tile: 256 hashes, and the root over them."""

    level: int
    n: int
    hashes: bytes
    root: bytes


class CheckpointRow(NamedTuple):
    """A signed note, and the size it is filed under."""

    size: int
    note: bytes


class CosignedRow(NamedTuple):
    """A checkpoint with its witnesses' signatures behind the log's, and the size it is filed under."""

    size: int
    note: bytes


class WordsRow(NamedTuple):
    """Whether an entry has sealed words, and whether a wrapped key of them is there."""

    position: int
    sealed: bool
    wrapped: bool


class GuardRow(NamedTuple):
    """How many facts bear on a subject."""

    subject: str
    version: int


class StatementRow(NamedTuple):
    """The idempotency key of an entry."""

    author: str
    statement: str
    position: int


class StreamRow(NamedTuple):
    """The place of an entry in its aggregate."""

    aggregate: str
    version: int
    position: int


class ClearRow(NamedTuple):
    """An entry whose type says something in clear."""

    position: int
    entry: bytes


class Source(Protocol):
    """One unchanging snapshot of a ledger, read row by row: several of these are read side by side."""

    def beside(self) -> AbstractContextManager[Self]:
        """The same snapshot for another process, which enters it there."""

    def heads(self) -> Iterable[HeadRow]:
        """The head: one row, where nothing is wrong."""

    def generations(self) -> Iterable[GenerationRow]:
        """All generations of the key-encryption key, in order."""

    def destroyed(self) -> Iterable[DestroyedRow]:
        """All destroyed keys by position."""

    def count(self, first: int) -> int:
        """How many entries have a position from ``first`` on."""

    def in_clear(self, types: Collection[str], first: int) -> Iterable[ClearRow]:
        """The entries from ``first`` on that their type column says to be of these types, by position."""

    def entries(self, span: Span) -> Iterable[EntryRow]:
        """Entries by position."""

    def vault(self, span: Span) -> Iterable[VaultRow]:
        """Wrapped keys by position and part."""

    def facts(self, span: Span) -> Iterable[FactRow]:
        """The index of facts by position."""

    def checkpoints(self, span: Span) -> Iterable[CheckpointRow]:
        """Checkpoints by size; the one of size n stands at position n - 1."""

    def cosigned(self, span: Span) -> Iterable[CosignedRow]:
        """Witnessed checkpoints by size, placed likewise."""

    def tiles(self, since: int) -> Iterable[TileRow]:
        """By level and number: all tiles, or those that were not complete yet at a size above 0."""

    def older_tiles(self, until: int) -> Iterable[TileRow]:
        """By level and number: the tiles that were complete at this size, those of level 0 without their hashes."""

    def statements(self) -> Iterable[StatementRow]:
        """All entries by author and statement id."""

    def streams(self) -> Iterable[StreamRow]:
        """All entries by aggregate and position."""

    def counted_facts(self) -> Iterable[FactRow]:
        """The index of facts by subject and position."""

    def guards(self) -> Iterable[GuardRow]:
        """All counters by subject."""

    def statements_like(self, first: int) -> Iterable[StatementRow]:
        """As ``statements``: the entries from ``first`` on, and those that have author and id in common with one."""

    def streams_since(self, first: int) -> Iterable[StreamRow]:
        """As ``streams``: the entries from ``first`` on, and the last one before of each of their aggregates."""

    def counted_facts_since(self, first: int) -> Iterable[FactRow]:
        """As ``counted_facts``: those of entries from ``first`` on, and the last before of each of their subjects."""

    def guards_since(self, first: int) -> Iterable[GuardRow]:
        """As ``guards``: the counters of the subjects that entries from ``first`` on bear on."""

    def words_at(self, positions: Collection[int]) -> Iterable[WordsRow]:
        """Whether there are words, and a key of them, at each of these positions that has an entry."""
