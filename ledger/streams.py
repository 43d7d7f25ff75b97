"""Streams as they are said further: each read from the log once, and then only what came since.

A record's streams grow for as long as it is kept, and whoever withdraws a consent does not wait while all that was ever
said about sharing is opened again. What is remembered is what the log held: the rest is read at each use, so nothing
is ever decided on a memory that is stale.
"""

from collections import OrderedDict
from typing import Final
from uuid import UUID

from ledger.domain.stream import Stream
from ledger.domain.vocabulary_streams import STREAMS
from ledger.store.mapper import SealingMapper
from ledger.store.recorder import LedgerRecorder

KEPT: Final = frozenset({"care", "sharing", "representation", "item", "person"})
"""Of a record, and a person, who enrols a key at each sign-in. The others are short, or begin with what is said."""
MOST_KEPT: Final = 1024
"""Streams remembered, those used last: ids of what was begun and ended, some 100 bytes each."""


class Streams:
    """Reads streams, and remembers the state of those it read last."""

    def __init__(self, recorder: LedgerRecorder, mapper: SealingMapper) -> None:
        self._recorder, self._mapper = recorder, mapper
        self._known: OrderedDict[UUID, Stream] = OrderedDict()

    async def read(self, kind: str, name: str) -> Stream:
        """The stream of this kind and name with all that the log holds of it; the caller's own, to say more in.

        Raises what opening its statements raises, and NotPossible where one of them is missing.
        """
        known = self._known.get(STREAMS[kind].of(name).id) or STREAMS[kind].of(name)
        rows = await self._recorder.read_stream(known.id, known.version)
        stream = known.copied()  # after the wait: others read on from the same state meanwhile
        for row in rows:
            stream.apply(self._mapper.to_event(row))
        if kind in KEPT:
            self._keep(stream.copied())
        return stream

    def _keep(self, stream: Stream) -> None:
        known = self._known.get(stream.id)
        if known is None or known.version < stream.version:
            self._known[stream.id] = stream
        self._known.move_to_end(stream.id)
        while len(self._known) > MOST_KEPT:
            self._known.popitem(last=False)
