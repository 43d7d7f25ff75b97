"""Whose turn it is: requests wait in line, unless somebody has the ledger's turn to themselves.

Whoever decides on a record in which many write at once would always come one batch too late. With a turn alone,
this process admits nothing from the moment their facts are read until what rests on them is admitted.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

from ledger.store.batch import Request


class Turns:
    """The line of requests of one process."""

    def __init__(self) -> None:
        self.arrived = asyncio.Event()
        self._line: deque[Request] = deque()
        self._first: deque[Request] = deque()
        self._one_at_a_time = asyncio.Lock()
        self._admitting = asyncio.Lock()
        self._alone = False

    def __len__(self) -> int:
        """How many wait and may be admitted now."""
        return len(self._first) or (0 if self._alone else len(self._line))

    def put(self, request: Request, *, first: bool) -> None:
        """Queue a request; ``first`` is for whoever has the turn to themselves."""
        (self._first if first else self._line).append(request)
        self.arrived.set()

    def take(self, limit: int) -> list[Request]:
        """Up to ``limit`` requests that may be admitted now."""
        waiting = self._first or self._line
        return [waiting.popleft() for _ in range(min(limit, len(self)))]

    def drain(self) -> Iterator[Request]:
        """Everything that waits, for refusing it."""
        for waiting in (self._first, self._line):
            while waiting:
                yield waiting.popleft()

    @asynccontextmanager
    async def admitting(self) -> AsyncIterator[None]:
        """While a batch is taken and admitted."""
        async with self._admitting:
            yield

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """A turn alone, from after the batch under way; one at a time, in the order of asking."""
        async with self._one_at_a_time:
            self._alone = True
            try:
                async with self._admitting:
                    pass
                yield
            finally:
                self._alone = False
                self.arrived.set()
