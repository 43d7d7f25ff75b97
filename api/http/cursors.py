"""Cursors: where the next page begins, readable by this ledger only.

A cursor is base64url of nonce(12) ‖ AES-256-GCM(key, made_at ‖ position ‖ expires, 8 bytes each), bound to what it
continues: record, reader, role and question. So its length tells nothing, nobody can make or alter one, and one
that was given to somebody else, for something else or too long ago is refused in the same words.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from api.http.problems import CURSOR, Problem, Refused
from ledger.core.canonical import base64url, encode, unbase64url
from ledger.core.errors import MalformedStatement
from ledger.core.instants import HOUR, Instant
from ledger.store.keyring import Keyring

LIFETIME: Final = 1 * HOUR
SIZE: Final = 12 + 24 + 16
Place = tuple[Instant, int]
"""The last thing on the page before: when it was made, and its position."""


@dataclass(slots=True)
class Cursors:
    """Seals and opens cursors with a key of their own."""

    keyring: Keyring
    clock: Callable[[], Instant]
    _gcm: AESGCM = field(init=False)

    def __post_init__(self) -> None:
        """Derive the key, the same in every process; positions mean something else in a log of another name."""
        self._gcm = AESGCM(self.keyring.derived("cursor-key", self.keyring.origin))

    def seal(self, place: Place, *continues: str) -> str:
        """The cursor of a place in the answer to a question."""
        expires = self.clock() + LIFETIME
        plain = b"".join(number.to_bytes(8, "big", signed=True) for number in (*place, expires))
        nonce = os.urandom(12)
        return base64url(nonce + self._gcm.encrypt(nonce, plain, _question(continues)))

    def open(self, cursor: str, *continues: str) -> Place:
        """The place; raises Refused unless the cursor was given for this question within the hour."""
        try:
            sealed = unbase64url(cursor, "cursor", size=SIZE)
            plain = self._gcm.decrypt(sealed[:12], sealed[12:], _question(continues))
        except (MalformedStatement, InvalidTag) as error:
            raise _refused() from error
        made_at, position, expires = (int.from_bytes(plain[n : n + 8], "big", signed=True) for n in (0, 8, 16))
        if self.clock() >= expires:
            raise _refused()
        return Instant(made_at), position


def _question(continues: tuple[str, ...]) -> bytes:
    return b"ledger/v1/cursor\0" + encode(list(continues))


def _refused() -> Refused:
    return Refused(
        Problem(CURSOR, "cursor: got one that does not continue this, wanted the one of the page before; begin again")
    )
