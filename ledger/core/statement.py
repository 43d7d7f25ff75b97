"""A signed statement: what a person says, as a JWS in compact serialisation (RFC 7515, RFC 9864).

    protected  {"alg":"Ed25519","kid":K,"typ":"statement+json"}
    payload    RFC 8785 bytes of v, id, ledger, type, author, acting_as, made_at, facts, words, public

``facts`` and ``words`` are commitments: no clinical or personal word is in clear, nor the record that
the statement belongs to. ``parse`` accepts only what ``sign`` emits.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import orjson

from ledger.core import canonical, shapes
from ledger.core.errors import MalformedStatement
from ledger.core.instants import Instant, format_instant, parse_instant
from ledger.core.keys import KeyId, PublicKey, Signer
from ledger.core.public import Public, parse_public
from ledger.core.terms import ACTING_AS
from ledger.core.vocabulary import STATEMENT_TYPES

VERSION: Final = 1
_HASH_TEXT_SIZE = 32
_ACTING_AS: Final = frozenset(ACTING_AS)


def _commitment(what: str, value: object) -> None:
    canonical.unbase64url(value, what, size=_HASH_TEXT_SIZE)


_PAYLOAD: Final = shapes.members(
    {
        "v": shapes.position,
        "id": shapes.uuid,
        "ledger": shapes.text,
        "type": shapes.one_of(*STATEMENT_TYPES),
        "author": shapes.uuid,
        "acting_as": shapes.one_of(*ACTING_AS),
        "made_at": shapes.instant,
        "facts": _commitment,
        "words": shapes.optional(_commitment),
        "public": shapes.anything,  # its shape depends on the type: _parse_public
    }
)

# The canonical payload of a statement that says nothing in clear, where the ledger's name needs no escape: what it
# matches re-encodes to itself, so nothing has to be decoded and encoded again to show it. The last digit of base64url
# over 32 bytes has two bits that must be zero.
_UUID: Final = r"([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"
_HASH: Final = r"([A-Za-z0-9_-]{42}[AEIMQUYcgkosw048])"
_USUAL: Final = re.compile(
    rf'\{{"acting_as":"([a-z]+)","author":"{_UUID}","facts":"{_HASH}","id":"{_UUID}",'
    r'"ledger":"([!#-\[\]-~]{1,255})","made_at":"([0-9TZ:.-]{24})","public":null,"type":"([a-z0-9/-]+)","v":1,'
    rf'"words":(?:null|"{_HASH}")\}}'
)
_SIGNATURE: Final = re.compile(r"[A-Za-z0-9_-]{85}[AQgw]")  # 64 bytes; four bits of the last digit must be zero


@dataclass(frozen=True, slots=True)
class Statement:
    """The payload: who said what type of thing, when by their own clock, committing to which content."""

    id: str
    ledger: str
    type: str
    author: str
    acting_as: str
    made_at: Instant
    facts: str
    words: str | None
    public: Public | None = None

    def payload(self) -> bytes:
        """The RFC 8785 bytes that are signed."""
        return canonical.encode(
            {
                "v": VERSION,
                "id": self.id,
                "ledger": self.ledger,
                "type": self.type,
                "author": self.author,
                "acting_as": self.acting_as,
                "made_at": format_instant(self.made_at),
                "facts": self.facts,
                "words": self.words,
                "public": None if self.public is None else self.public.as_public(),
            }
        )


@dataclass(frozen=True, slots=True)
class SignedStatement:
    """A statement, the key id that signed it, and the exact JWS."""

    statement: Statement
    kid: KeyId
    jws: str

    def check_signature(self, key: PublicKey) -> None:
        """Raise BadSignature unless ``key`` signed exactly these bytes."""
        signing_input, _, signature = self.jws.rpartition(".")
        if not _SIGNATURE.fullmatch(signature):
            canonical.unbase64url(signature, "signature", size=64)  # says what is wrong with it
        key.check_signature(signing_input.encode(), canonical.read_base64url(signature))


def sign(statement: Statement, signer: Signer) -> SignedStatement:
    """Sign a statement with its author's key."""
    signing_input = _header(signer.kid) + "." + canonical.base64url(statement.payload())
    signature = signer.sign(signing_input.encode())
    return SignedStatement(statement, signer.kid, signing_input + "." + canonical.base64url(signature))


def parse(jws: object) -> SignedStatement:
    """Read a compact JWS strictly; the signature is not checked here.

    Raises MalformedStatement on the first member that is not what ``sign`` would have emitted.
    """
    if not isinstance(jws, str) or jws.count(".") != 2:
        raise MalformedStatement("statement", got=jws, wanted="a JWS in compact serialisation, three parts")
    header, payload, signature = jws.split(".")
    kid = _kid_in(header)
    if not _SIGNATURE.fullmatch(signature):
        canonical.unbase64url(signature, "signature", size=64)  # says what is wrong with it
    return SignedStatement(_parse_payload(canonical.unbase64url(payload, "payload")), kid, jws)


def read(jws: str) -> SignedStatement:
    """Read a JWS that ``parse`` has accepted before: the same statement, without showing again that it is canonical.

    What it cannot read it gives to ``parse``, which says what is wrong.
    """
    try:
        header, payload, _ = jws.split(".")
        value = orjson.loads(canonical.read_base64url(payload))
        if value["public"] is None:
            made_at = parse_instant(value["made_at"])
            said = Statement(
                value["id"], value["ledger"], value["type"], value["author"], value["acting_as"], made_at,
                value["facts"], value["words"],
            )  # fmt: skip
            return SignedStatement(said, _kid_in(header), jws)
    except (AttributeError, TypeError, KeyError, ValueError):
        pass
    return parse(jws)


@lru_cache(maxsize=4096)
def _header(kid: str) -> str:
    return canonical.base64url(b'{"alg":"Ed25519","kid":"%s","typ":"statement+json"}' % kid.encode())


def _parse_header(data: bytes) -> KeyId:
    header = canonical.decode(data, "protected header")
    if not isinstance(header, dict) or header.keys() != {"alg", "kid", "typ"}:
        raise MalformedStatement("protected header", got=header, wanted="exactly the members alg, kid, typ")
    if (header["alg"], header["typ"]) != ("Ed25519", "statement+json"):
        raise MalformedStatement("protected header", got=header, wanted='alg "Ed25519" and typ "statement+json"')
    canonical.unbase64url(header["kid"], "kid", size=_HASH_TEXT_SIZE)
    return KeyId(header["kid"])


# Few people speak at a time, and what is well-formed is short: a hundred or so characters are kept for each.
@lru_cache(maxsize=4096)
def _kid_in(header: str) -> KeyId:
    return _parse_header(canonical.unbase64url(header, "protected header"))


def _parse_payload(data: bytes) -> Statement:
    return parse_usual(data) or parse_any(data)


def parse_usual(data: bytes) -> Statement | None:
    """The statement of a payload that ``parse_any`` accepts, found without decoding it; None where that is to tell.

    A tenth of the time, for all but the few statements that say something in clear.
    """
    found = _USUAL.fullmatch(data.decode("ascii", "replace"))
    if found is None:
        return None
    acting_as, author, facts, statement_id, ledger, made, said, words = found.groups()
    shape = STATEMENT_TYPES.get(said)
    if shape is None or shape.public is not None or acting_as not in _ACTING_AS:
        return None
    try:
        made_at = parse_instant(made)
    except MalformedStatement:
        return None
    return Statement(statement_id, ledger, said, author, acting_as, made_at, facts, words)


def parse_any(data: bytes) -> Statement:
    """The statement of a payload; raises MalformedStatement on the first member that ``sign`` would not have made."""
    value = canonical.decode(data, "payload")
    _PAYLOAD("payload", value)
    if value["v"] != VERSION:
        raise MalformedStatement("payload.v", got=value["v"], wanted=str(VERSION))
    return Statement(
        id=value["id"],
        ledger=value["ledger"],
        type=value["type"],
        author=value["author"],
        acting_as=value["acting_as"],
        made_at=parse_instant(value["made_at"]),
        facts=value["facts"],
        words=value["words"],
        public=_parse_public(value["type"], value["public"]),
    )


def _parse_public(statement_type: str, value: Any) -> Public | None:
    kind = STATEMENT_TYPES[statement_type].public
    if kind is not None:
        return parse_public(kind, value)
    if value is not None:
        raise MalformedStatement("payload.public", got=value, wanted=f"null in {statement_type}")
    return None
