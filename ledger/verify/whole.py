"""Verifying a whole ledger: one walk along the log, on as many cores as are given."""

import multiprocessing
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import islice
from typing import Final

from ledger.core.instants import Instant
from ledger.core.log_keys import LogVerifier
from ledger.core.sealing import KeyEncryptionKey
from ledger.verify.entries import Examined, Trust, examine
from ledger.verify.findings import Findings, Step, Verification, verification
from ledger.verify.folding import Folding
from ledger.verify.numbering import compare_numbers
from ledger.verify.reading import Chunk, Reading
from ledger.verify.rows import HeadRow, Source
from ledger.verify.tree import Tiles, Tree

Progress = Callable[[int, int], None]
"""Told the entries done and the entries in all, after each chunk."""

_AHEAD: Final = 3
"""Chunks per core that are examined while the oldest of them is waited for: with a chunk of 1 MiB, a few MiB each."""


def verify_ledger(
    source: Source,
    log: LogVerifier,
    *,
    at: Instant,
    vault_keys: Mapping[int, KeyEncryptionKey] | None = None,
    cores: int = 1,
    progress: Progress | None = None,
) -> Verification:
    """Take every step over a snapshot of a ledger; wrong things are in the outcome, never raised.

    ``log`` holds the public keys that are trusted; ``at`` is the present instant. Without ``vault_keys``
    (key-encryption keys by generation) contents stay sealed and what needs them is left out. Memory does not grow
    with the log, but with its keys and with the 65,536th part of its entries.
    """
    found = Findings()
    head = _head(source, found)
    reading = Reading(source, found, head.size)
    folding = Folding(Tree(Tiles(source.tiles(), found, head.size), found), found)
    trust = Trust(log, vault_keys)
    for examined in _examined(reading.chunks(folding.keys), trust, cores):
        folding.take(examined)
        if progress is not None:
            progress(folding.tree.edge.size, head.size)
    if reading.finish():
        folding.finish(Instant(head.recorded_at), at)
    compare_numbers(source, found, head.size)
    tree = folding.tree
    return verification(
        log.origin, tree.edge.size, tree.covered, tree.edge.root(), found, opened=vault_keys is not None
    )


def _head(source: Source, found: Findings) -> HeadRow:
    heads = list(islice(source.heads(), 2))
    if len(heads) != 1 or heads[0].one is not True or min(heads[0].size, heads[0].recorded_at) < 0:
        found.note(Step.ORDER, 0, f"{heads} as the head", "one row, with a size and an instant")
    return heads[0] if heads else HeadRow(one=True, size=0, recorded_at=0)


def _examined(chunks: Iterable[Chunk], trust: Trust, cores: int) -> Iterator[Examined]:
    """The chunks examined, in order."""
    if cores <= 1 or "fork" not in multiprocessing.get_all_start_methods():
        for chunk in chunks:
            yield examine(chunk, trust)
        return
    # Forked, so that the key-encryption key reaches the other processes without being written anywhere.
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(cores, mp_context=context, initializer=_trust, initargs=(trust,)) as pool:
        waiting: deque[Future[Examined]] = deque()
        for chunk in chunks:
            waiting.append(pool.submit(_examine_here, chunk))
            if len(waiting) >= _AHEAD * cores:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


_trusted: list[Trust] = []


def _trust(trust: Trust) -> None:
    _trusted[:] = [trust]


def _examine_here(chunk: Chunk) -> Examined:
    return examine(chunk, _trusted[0])
