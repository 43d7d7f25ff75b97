"""A log to be witnessed: its keys, two histories that part after entry 5, and the requests that it sends."""

from functools import cache

from ledger.core.checkpoint import Checkpoint
from ledger.core.log_keys import LogKeys
from ledger.core.merkle import NodeHash
from ledger.core.witnessing import AddCheckpoint
from tests.core.rfc6962 import Rfc6962

ORIGIN = "ledger.example.org/surgery"
KEYS = LogKeys.from_seeds(ORIGIN, b"1" * 32, b"2" * 32)
LENGTH = 400
PARTED = 5
TREES = {
    "told": Rfc6962([b"entry %d" % n for n in range(LENGTH)]),
    "retold": Rfc6962([b"entry %d" % n if n < PARTED else b"other %d" % n for n in range(LENGTH)]),
}


def root(size: int, history: str = "told") -> NodeHash:
    return NodeHash(TREES[history].mth(0, size))


def note(size: int, history: str = "told") -> bytes:
    """The checkpoint of a history, signed by the log: the same bytes each time."""
    return _note(size, history)


@cache
def _note(size: int, history: str) -> bytes:
    return KEYS.sign_checkpoint(Checkpoint(ORIGIN, size, root(size, history)), 1_778_000_000 + size)


def proof(old: int, new: int, history: str = "told") -> tuple[NodeHash, ...]:
    """From one size to another within a history, by the transcription of the RFC; none where there is nothing."""
    return () if old in (0, new) else tuple(map(NodeHash, TREES[history].proof(old, new)))


def request(old: int, new: int, history: str = "told") -> AddCheckpoint:
    """What an honest client of this history sends."""
    return AddCheckpoint(old, proof(old, new, history), note(new, history))
