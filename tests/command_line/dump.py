"""All that a database holds, as bytes; and whether any of somebody's words are in it."""

import base64
import re
from collections.abc import Iterable

import psycopg
from psycopg import sql

WINDOW = 12
"""Characters: shorter sequences turn up by chance, and in the vocabulary."""

_TABLES = """
    select schemaname, tablename from pg_tables where schemaname not in ('pg_catalog', 'information_schema')
"""
_SEGMENT = re.compile(rb"[A-Za-z0-9_-]{40,}")


def everything_in(dsn: str) -> bytes:
    """Every column of every row of every table that is not the system's; what is base64url is there decoded too."""
    found: list[bytes] = []
    with psycopg.connect(dsn) as connection:
        for schema, table in connection.execute(_TABLES).fetchall():
            query = sql.SQL("select * from {}").format(sql.Identifier(schema, table))
            for row in connection.execute(query):
                found += [value if isinstance(value, bytes) else str(value).encode() for value in row]
    whole = b"\x00".join(found)
    return b"\x00".join([whole, *map(_decoded, _SEGMENT.findall(whole))])


def _decoded(segment: bytes) -> bytes:
    return base64.urlsafe_b64decode(segment[: len(segment) // 4 * 4])


def words_found(dumped: bytes, said: Iterable[str]) -> list[str]:
    """Every sequence of twelve characters of what was said, with letters and a space in it, that is in the dump."""
    windows = {window for text in said for window in _windows(text.encode())}
    return sorted(
        {
            dumped[at : at + WINDOW].decode(errors="replace")
            for at in _around_spaces(dumped)
            if dumped[at : at + WINDOW] in windows
        }
    )


def _around_spaces(dumped: bytes) -> Iterable[int]:
    """Where a sequence begins that has a space in it, each once: in what is sealed they are few."""
    after = 0
    for space in re.finditer(b" ", dumped):
        yield from range(max(after, space.start() - WINDOW + 1), space.start() + 1)
        after = space.start() + 1


def _windows(text: bytes) -> Iterable[bytes]:
    for at in range(max(0, len(text) - WINDOW + 1)):
        window = text[at : at + WINDOW]
        if b" " in window and sum(letter.isalpha() for letter in window.decode(errors="replace")) >= WINDOW // 2:
            yield window
