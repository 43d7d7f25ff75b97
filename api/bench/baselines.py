"""Baselines: the same work without a ledger, as its own authors would write it."""

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any, Final
from uuid import UUID, uuid4

import psycopg
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from psycopg.conninfo import conninfo_to_dict

from api.bench.windows import Window

TEXT: Final = "x" * 400
"""What is written, everywhere: 400 bytes."""
MOST_THREADS: Final = 16

_PLAIN = """
    create table if not exists plain (
        aggregate uuid, version bigint, topic text, state bytea, position bigserial unique,
        primary key (aggregate, version))
"""
_INSERT = b"insert into plain (aggregate, version, topic, state) values (%s, 1, 'note', %s)"
_PAGE = """
    create table if not exists look (viewer uuid, record uuid, at timestamptz not null default now());
    create table if not exists item (
        record uuid, at bigint, author uuid, title text, words text, primary key (record, at))
"""
_FILL = "insert into item select %s, n, gen_random_uuid(), 'Note', %s from generate_series(1, %s::int) n"
NOTES: Final = """
    create table if not exists note (
        id uuid primary key, record uuid not null, kind text not null, text text not null, position bigserial unique)
"""
_LOOK = b"insert into look (viewer, record) values (%s, %s)"
_READ = b"select at, author, title, words from item where record = %s order by at desc limit %s"


class Note(Aggregate):
    """An aggregate with one event."""

    @event("Started")
    def __init__(self, text: str) -> None:
        self.text = text


class BareEventsourcing:
    """``Application.save()`` of one-event aggregates, with the library's own PostgreSQL recorder."""

    def __init__(self, conninfo: str) -> None:
        named = conninfo_to_dict(conninfo)
        self._application = Application[UUID](
            {
                "PERSISTENCE_MODULE": "eventsourcing.postgres",
                "POSTGRES_DBNAME": str(named["dbname"]),
                "POSTGRES_HOST": str(named["host"]),
                "POSTGRES_PORT": str(named["port"]),
                "POSTGRES_USER": str(named["user"]),
                "POSTGRES_PASSWORD": _password(named),
                "POSTGRES_POOL_SIZE": str(MOST_THREADS),
                "POSTGRES_MAX_OVERFLOW": "0",
            }
        )

    def save(self, threads: int, seconds: float) -> Window:
        """One window with this many threads."""
        return _measure(threads, seconds, lambda _: self._application.save(Note(TEXT)))

    def close(self) -> None:
        """Give its connections back."""
        self._application.close()


class PlainInserts(AbstractContextManager["PlainInserts"]):
    """One row, one INSERT, one commit, on a connection for each of 16 threads."""

    def __init__(self, conninfo: str) -> None:
        with psycopg.connect(conninfo) as connection:
            connection.execute(_PLAIN)
        self._connections = [psycopg.connect(conninfo, autocommit=True) for _ in range(MOST_THREADS)]

    def insert(self, seconds: float) -> Window:
        """One window."""
        state = TEXT.encode()
        return _measure(
            MOST_THREADS, seconds, lambda n: self._connections[n].execute(_INSERT, [uuid4(), state], prepare=True)
        )

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for connection in self._connections:
            connection.close()


class InsertAndSelect(AbstractContextManager["InsertAndSelect"]):
    """A page without a ledger: one durable INSERT that somebody looked, one indexed SELECT of the page's rows."""

    def __init__(self, conninfo: str, items: int) -> None:
        self._record = uuid4()
        self._connection = psycopg.connect(conninfo, autocommit=True)
        self._connection.execute(_PAGE)
        self._connection.execute(_FILL, [self._record, TEXT, items])
        self._connection.execute("analyze item")

    def look(self, rows: int, seconds: float) -> Window:
        """One window of looks, one after the other."""
        return _measure(1, seconds, lambda _: self._look(rows))

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._connection.close()

    def _look(self, rows: int) -> list[tuple[Any, ...]]:
        self._connection.execute(_LOOK, [self._record, self._record], prepare=True)
        return self._connection.execute(_READ, [self._record, rows], prepare=True, binary=True).fetchall()


def best_concurrency(save: Callable[[int, float], Window], seconds: float) -> int:
    """The number of threads at which most is saved in a second: the best of two tries each."""
    tried = (1, 2, 4, 8, MOST_THREADS)
    rates = {n: max(save(n, seconds).per_second for _ in range(2)) for n in tried}
    return max(tried, key=rates.__getitem__)


def _measure(threads: int, seconds: float, once: Callable[[int], object]) -> Window:
    """Call ``once(thread)`` over and over in each thread until the time is over."""
    latencies: list[list[float]] = [[] for _ in range(threads)]
    began = time.perf_counter()
    workers = [threading.Thread(target=_repeat, args=(n, began + seconds, once, latencies[n])) for n in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return Window.of([latency for each in latencies for latency in each], time.perf_counter() - began)


def _repeat(thread: int, end: float, once: Callable[[int], object], latencies: list[float]) -> None:
    while (began := time.perf_counter()) < end:
        once(thread)
        latencies.append(time.perf_counter() - began)


def _password(named: dict[str, Any]) -> str:
    """eventsourcing takes a password, not a passfile."""
    for line in Path(str(named["passfile"])).read_text().splitlines():
        *_, user, password = line.split(":")
        if user == named["user"]:
            return password
    return ""
