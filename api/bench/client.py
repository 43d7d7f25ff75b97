"""A lean HTTP/1.1 client for load: one keep-alive connection, one request at a time, and no more than that."""

import asyncio
import time
from dataclasses import dataclass
from typing import Final, Self

from api.bench.windows import Window

CONNECTIONS: Final = 32


class Unexpected(Exception):
    """An answer that a bench must not count."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request, whole, as it goes over the wire."""

    wire: bytes

    @classmethod
    def of(cls, method: str, path: str, *, token: str | None = None, body: bytes = b"", form: bool = False) -> Self:
        """A request for a path, of a bearer where there is a token."""
        kind = "application/x-www-form-urlencoded" if form else "application/json"
        head = [f"{method} {path} HTTP/1.1", "host: localhost"]
        head += [f"authorization: Bearer {token}"] if token else []
        head += [f"content-type: {kind}", f"content-length: {len(body)}"] if body else []
        return cls("\r\n".join(head).encode() + b"\r\n\r\n" + body)


class Connection:
    """One connection to a server on this machine."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, port: int) -> Self:
        """Connect."""
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def ask(self, call: Call) -> bytes:
        """The body of the answer; raises Unexpected unless its status is one of success."""
        self._writer.write(call.wire)
        head = await self._reader.readuntil(b"\r\n\r\n")
        body = await self._reader.readexactly(_length(head))
        if head[9:10] != b"2":
            raise Unexpected(f"{call.wire[:60]!r}: got {head[9:12]!r} {body[:200]!r}, wanted an answer of success")
        return body

    def close(self) -> None:
        """Hang up."""
        self._writer.close()


async def load(port: int, call: Call, seconds: float, connections: int = CONNECTIONS) -> Window:
    """One window: the same request over and over on each connection, the next when the last was answered."""
    opened = [await Connection.open(port) for _ in range(connections)]
    latencies: list[float] = []
    began = time.perf_counter()

    async def repeat(connection: Connection) -> None:
        while (at := time.perf_counter()) < began + seconds:
            await connection.ask(call)
            latencies.append(time.perf_counter() - at)

    try:
        await asyncio.gather(*map(repeat, opened))
        return Window.of(latencies, time.perf_counter() - began)
    finally:
        for connection in opened:
            connection.close()


async def ask_once(port: int, call: Call) -> bytes:
    """Ask on a connection of its own."""
    connection = await Connection.open(port)
    try:
        return await connection.ask(call)
    finally:
        connection.close()


def _length(head: bytes) -> int:
    _, _, after = head.lower().partition(b"\r\ncontent-length:")
    length, _, _ = after.partition(b"\r\n")
    return int(length)
