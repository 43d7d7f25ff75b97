"""Signing a statement with a key that is in a file: what a program sends to ``POST /statements``."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from api.sign_in.key_file import KeyFile
from ledger.core import canonical
from ledger.core.instants import Instant
from ledger.core.public import Public
from ledger.core.sealing import SALT_SIZE, Opening
from ledger.core.statement import Statement, sign
from ledger.core.vocabulary import check_said
from ledger.saying import fresh_id


@dataclass(frozen=True, slots=True)
class ToSay:
    """What is to be said, and acting as what; ``statement_id`` is a UUIDv7, or None for a fresh one."""

    acting_as: str
    type: str
    facts: Mapping[str, Any]
    words: Mapping[str, Any] | None = None
    public: Public | None = None
    statement_id: str | None = None


def signed(said: ToSay, key: KeyFile, now: Instant) -> dict[str, Any]:
    """The body of ``POST /statements``: the statement, signed, and what opens its commitments.

    Raises MalformedStatement for what is not of its type's shape.
    """
    check_said(said.type, said.facts, said.words)
    facts = _opening(said.facts)
    words = None if said.words is None else _opening(said.words)
    statement = Statement(
        id=said.statement_id or fresh_id(now),
        ledger=key.ledger,
        type=said.type,
        author=key.person,
        acting_as=said.acting_as,
        made_at=now,
        facts=facts.commitment,
        words=None if words is None else words.commitment,
        public=said.public,
    )
    return {
        "statement": sign(statement, key.key).jws,
        "facts": _part(facts),
        "words": None if words is None else _part(words),
    }


def _opening(body: Mapping[str, Any]) -> Opening:
    return Opening(secrets.token_bytes(SALT_SIZE), canonical.encode(dict(body)))


def _part(opening: Opening) -> dict[str, Any]:
    return {"salt": canonical.base64url(opening.salt), "body": opening.value}
