"""A desk at which projections take in what a story tells, in a transaction that is undone; then somebody reads them.

The clock is the story's: what happens after 28 days is told, not waited for.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeVar

import psycopg

from api.postgres import EmbeddedPostgres
from ledger.core.said import Said
from projections.all import ALL_PROJECTIONS
from projections.follow import Follower
from projections.projection import Connection
from tests.postgres_fixture import Database, new_database

T = TypeVar("T")


class Rows(Follower):
    """Reads through the connection that has not committed what it took in."""

    def __init__(self, connection: Connection) -> None:
        self.rows = connection

    async def select(self, query: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        return await (await self.rows.execute(query.encode(), values)).fetchall()


@dataclass
class Desk:
    """One connection to a database with the tables of the projections, all empty."""

    connection: Connection
    runner: asyncio.Runner

    def read(self, said: Sequence[Said], ask: Callable[[Rows], Awaitable[T]], *, cuts: Iterable[int] = ()) -> T:
        """What the projections answer after they have taken in these statements, cut into batches at these places."""
        return self.runner.run(self._read(said, ask, cuts))

    def rows(self, said: Sequence[Said], *tables: str, cuts: Iterable[int] = ()) -> list[str]:
        """All rows of these tables, as text."""
        whole = " union all ".join(f"select '{table} ' || t::text from projections.{table} t" for table in tables)  # noqa: S608

        async def every(rows: Rows) -> list[str]:
            return sorted(row for (row,) in await rows.select(whole, []))

        return self.read(said, every, cuts=cuts)

    async def _read(self, said: Sequence[Said], ask: Callable[[Rows], Awaitable[T]], cuts: Iterable[int]) -> T:
        async with self.connection.transaction(force_rollback=True):
            places = [0, *sorted({cut % (len(said) + 1) for cut in cuts}), len(said)]
            for start, end in pairwise(places):
                async with self.connection.pipeline():
                    for projection in ALL_PROJECTIONS:
                        await projection.apply(self.connection, said[start:end])
            return await ask(Rows(self.connection))


@contextmanager
def desk_of(postgres: EmbeddedPostgres, template: str) -> Iterator[Desk]:
    """A desk with a database of its own."""
    with new_database(postgres, template) as name, asyncio.Runner() as runner:
        conninfo = Database(postgres, name).dsn()
        connection = runner.run(psycopg.AsyncConnection.connect(conninfo, autocommit=True))
        try:
            yield Desk(connection, runner)
        finally:
            runner.run(connection.close())
