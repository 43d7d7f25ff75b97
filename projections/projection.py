"""What a projection is: some tables, and how what was said changes them."""

from collections.abc import Sequence
from typing import Any, ClassVar, Protocol

import psycopg

from ledger.core.said import Said

Connection = psycopg.AsyncConnection[tuple[Any, ...]]


class Projection(Protocol):
    """Tables that follow from the log, and from nothing else."""

    TABLES: ClassVar[tuple[str, ...]]
    """The tables it keeps, in the schema ``projections``."""

    async def apply(self, connection: Connection, said: Sequence[Said]) -> None:
        """Take in statements, in order, each once; within a transaction that the follower commits."""
