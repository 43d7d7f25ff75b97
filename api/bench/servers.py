"""Servers in processes of their own: the ledger's, as ``record-ledger serve`` runs it, and a plain one beside it."""

import logging
import multiprocessing
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import uuid4

import uvicorn
from fastapi import FastAPI
from psycopg_pool import AsyncConnectionPool
from pydantic import BaseModel

from api.bench.baselines import NOTES
from api.bench.place import resident_mb_of
from api.http.serving import serve
from api.settings import Settings
from api.wiring import open_house

_POOL: Final = 16
_INSERT: Final = b"insert into note (id, record, kind, text) values (%s, %s, %s, %s) returning position"


class Served(AbstractContextManager["Served"]):
    """A serving process: its port, once it listens."""

    def __init__(self, work: Callable[..., None], *arguments: object) -> None:
        context = multiprocessing.get_context("spawn")
        ready, theirs = context.Pipe(duplex=False)
        self._process = context.Process(target=work, args=(*arguments, theirs), daemon=True)
        self._process.start()
        theirs.close()
        self.port: int = ready.recv()

    def resident_mb(self) -> float:
        """The most memory that it has had, in MB."""
        return resident_mb_of(self._process.pid)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.terminate()
        self._process.join(15)


def serve_ledger(home: Path, ready: Connection) -> None:
    """Serve the ledger of a home on any free port, and tell it."""
    logging.disable(logging.INFO)
    with open_house(Settings(home=home, port=0)) as house:
        serve(house, lambda url: ready.send(urlsplit(url).port))


class NewNote(BaseModel):
    """What the plain endpoint takes."""

    record: str
    kind: str
    text: str


def serve_plain(conninfo: str, ready: Connection) -> None:
    """Serve what anybody would write first: FastAPI, a pool of psycopg connections, one INSERT."""
    logging.disable(logging.INFO)
    pool = AsyncConnectionPool(conninfo, min_size=_POOL, max_size=_POOL, open=False, kwargs={"autocommit": True})

    @asynccontextmanager
    async def running(_: FastAPI) -> AsyncIterator[None]:
        async with pool:
            await pool.wait()
            async with pool.connection() as connection:
                await connection.execute(NOTES)
            yield

    app = FastAPI(lifespan=running)

    @app.post("/notes", status_code=201)
    async def add(note: NewNote) -> dict[str, Any]:
        values = [uuid4(), note.record, note.kind, note.text]
        async with pool.connection() as connection:
            row = await (await connection.execute(_INSERT, values, prepare=True)).fetchone()
        return {"position": None if row is None else row[0]}

    config = uvicorn.Config(app, port=0, loop="uvloop", http="httptools", ws="none", access_log=False, log_config=None)
    _Plain(config, ready).run()


class _Plain(uvicorn.Server):
    """A server that tells its port."""

    def __init__(self, config: uvicorn.Config, ready: Connection) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: Any = None) -> None:
        """Listen, and tell the port."""
        await super().startup(sockets)
        self._ready.send(self.servers[0].sockets[0].getsockname()[1])
