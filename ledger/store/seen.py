"""What one process has seen of the log: nothing smaller, and nothing else, is signed by it afterwards."""

import asyncio
from dataclasses import dataclass

from ledger.core.edge import Edge
from ledger.core.instants import Instant
from ledger.core.tiles import TileError
from ledger.store.errors import WentBack
from ledger.store.tree_rows import Connection, read_edge


@dataclass(frozen=True, slots=True)
class Checkpointed:
    """The size last covered by a checkpoint of this process, and when."""

    size: int
    at: Instant


class Seen:
    """The largest tree that this process has known to be durable."""

    def __init__(self) -> None:
        self._edge = Edge.empty()
        self._failure: WentBack | None = None
        self._failed = asyncio.Event()

    async def went_back(self) -> WentBack:
        """Return, with the reason, once the database was found behind it or another: then nothing is ever signed."""
        await self._failed.wait()
        return self._failure or WentBack("the database was changed under the running ledger")

    def take(self, edge: Edge) -> None:
        """Take in what is durable now."""
        self._edge = edge

    def check_size(self, size: int) -> None:
        """Check that the log has not become smaller. Raises WentBack."""
        if size < self._edge.size:
            self._refuse(f"got {size:,} entries")

    async def check_begins(self, connection: Connection, size: int) -> None:
        """Check that a database just connected to, of ``size`` entries, begins with what was seen. Raises WentBack."""
        self.check_size(size)
        try:
            root = (await read_edge(connection, self._edge.size)).root()
        except TileError as error:
            self._refuse(str(error))
        else:
            if root != self._edge.root():
                self._refuse(f"got another history of {size:,}")

    def _refuse(self, got: str) -> None:
        self._failure = WentBack(
            f"the database was changed under the running ledger: {got}, wanted the {self._edge.size:,} that were there,"
            " or more. Nothing more is signed; stop the service, put the database back, and start it again"
        )
        self._failed.set()
        raise self._failure
