"""The rows of a ledger as verification reads them, and where they come from.

UUIDs are lower-case text, which sorts as PostgreSQL sorts uuids. A damaged table may hold what its schema forbids:
a NULL arrives as -1, "" or b"", which nothing that is whole ever is, and the order of rows is not relied upon
where a row out of order could hide.
"""

from collections.abc import Iterable
from typing import NamedTuple, Protocol


class HeadRow(NamedTuple):
    """What the log says of itself: entries admitted, and the instant of the last one in milliseconds."""

    one: bool
    size: int
    recorded_at: int


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


class Source(Protocol):
    """One unchanging snapshot of a ledger, read row by row: several of these are read side by side."""

    def heads(self) -> Iterable[HeadRow]:
        """The head: one row, where nothing is wrong."""

    def entries(self) -> Iterable[EntryRow]:
        """All entries by position."""

    def vault(self) -> Iterable[VaultRow]:
        """All wrapped keys by position and part."""

    def facts(self) -> Iterable[FactRow]:
        """The index of facts by position."""

    def checkpoints(self) -> Iterable[CheckpointRow]:
        """All checkpoints by size."""

    def tiles(self) -> Iterable[TileRow]:
        """All tiles by level and number."""

    def statements(self) -> Iterable[StatementRow]:
        """All entries by author and statement id."""

    def streams(self) -> Iterable[StreamRow]:
        """All entries by aggregate and position."""

    def counted_facts(self) -> Iterable[FactRow]:
        """The index of facts by subject and position."""

    def guards(self) -> Iterable[GuardRow]:
        """All counters by subject."""
