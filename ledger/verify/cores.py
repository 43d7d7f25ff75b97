"""Spans examined side by side, each process with its own reader of the one snapshot."""

import multiprocessing
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

from ledger.verify.entries import Examined, Trust, examine
from ledger.verify.findings import Findings
from ledger.verify.numbering import PASSES
from ledger.verify.rows import Source, Span

_AHEAD: Final = 3
"""Spans per core that are examined while the oldest of them is waited for: some 50 KiB each when they are done."""


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be examined: spans in order, and what is numbered from ``numbered`` on, or not at all."""

    source: Source
    trust: Trust
    spans: Sequence[Span]
    head_size: int
    numbered: int | None


def examined_by(cores: int, task: Task, numbers: Findings) -> Iterator[Examined]:
    """The spans examined, in order, up to the first that is broken; what the numbering finds goes to ``numbers``."""
    if cores > 1 and len(task.spans) > 1 and "fork" in multiprocessing.get_all_start_methods():
        yield from _side_by_side(cores, task, numbers)
        return
    for span in task.spans:
        examined = examine(task.source, span, task.trust, task.head_size)
        yield examined
        if examined.broken:
            break
    if task.numbered is not None:
        for compare in PASSES.values():
            numbers.merge(compare(task.source, task.numbered, task.head_size))


def _side_by_side(cores: int, task: Task, numbers: Findings) -> Iterator[Examined]:
    # Forked, so that the key-encryption key reaches the other processes without being written anywhere.
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(cores, mp_context=context, initializer=_begin, initargs=(task,)) as pool:
        passes = [pool.submit(_compare_here, name) for name in PASSES] if task.numbered is not None else []
        for examined in _in_order(pool, task.spans, _AHEAD * cores):
            yield examined
            if examined.broken:
                break
        for done in passes:
            numbers.merge(done.result())


def _in_order(pool: ProcessPoolExecutor, spans: Sequence[Span], ahead: int) -> Iterator[Examined]:
    waiting: deque[Future[Examined]] = deque()
    try:
        for span in spans:
            waiting.append(pool.submit(_examine_here, span))
            if len(waiting) >= ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()


# A process of the pool works on one task all its life; its reader is closed when the process ends.
_begun: list[Task] = []
_readers: Final = ExitStack()


def _begin(task: Task) -> None:
    source = _readers.enter_context(task.source.beside())
    _begun[:] = [Task(source, task.trust, task.spans, task.head_size, task.numbered)]


def _examine_here(span: Span) -> Examined:
    task = _begun[0]
    return examine(task.source, span, task.trust, task.head_size)


def _compare_here(name: str) -> Findings:
    task = _begun[0]
    return PASSES[name](task.source, task.numbered or 0, task.head_size)
