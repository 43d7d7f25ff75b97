"""An entry: what the ledger admits, and a leaf of the tree.

RFC 8785 bytes of ``{"recorded_at","sealed","statement","v"}``, at most 65,535 bytes (the C2SP
``tlog-tiles`` bundle gives an entry's size in 16 bits). Where a passkey assured the statement, ``v`` is 2 and there is
an ``assertion`` beside it (``ledger.core.vouching``). The author vouches for what was said; the
entry is the ledger's word for when, and in which order, it was admitted.
"""

import re
from dataclasses import dataclass
from typing import Final

import orjson

from ledger.core import canonical, shapes
from ledger.core.assertions import Assertion
from ledger.core.errors import MalformedStatement
from ledger.core.instants import Instant, format_instant, parse_instant
from ledger.core.sealing import Part
from ledger.core.statement import SignedStatement, parse, read

VERSION: Final = 1
ASSURED: Final = 2
"""The version of an entry with an assertion."""
SIZE_LIMIT: Final = 65_535


def _digest(what: str, value: object) -> None:
    canonical.unbase64url(value, what, size=32)


_SEALED = shapes.members({"facts": _digest, "words": shapes.optional(_digest)})
_MEMBERS = {"v": shapes.position, "recorded_at": shapes.instant, "statement": shapes.anything, "sealed": _SEALED}
_ENTRY = shapes.members(_MEMBERS)
_ASSURED = shapes.members({**_MEMBERS, "assertion": shapes.anything})  # Assertion.from_json checks it

# The canonical bytes of an entry: what it matches re-encodes to itself. What is left to tell is the day of its time,
# and the statement. The last digit of base64url over 32 bytes has two bits that must be zero.
_HASH = r"([A-Za-z0-9_-]{42}[AEIMQUYcgkosw048])"
_USUAL: Final = re.compile(
    rf'\{{"recorded_at":"([0-9TZ:.-]{{24}})","sealed":\{{"facts":"{_HASH}","words":(?:null|"{_HASH}")\}},'
    r'"statement":"([A-Za-z0-9_.-]+)","v":1\}'
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One admitted statement; ``sealed`` maps each part to the SHA-256 of its sealed bytes."""

    recorded_at: Instant
    signed: SignedStatement
    sealed: dict[Part, bytes]
    assertion: Assertion | None = None


def encode_entry(
    recorded_at: Instant,
    jws: str,
    facts_digest: bytes,
    words_digest: bytes | None,
    assertion: Assertion | None = None,
) -> bytes:
    """The canonical bytes of an entry; raise MalformedStatement beyond 65,535 bytes."""
    entry = {
        "v": VERSION,
        "recorded_at": format_instant(recorded_at),
        "statement": jws,
        "sealed": {
            "facts": canonical.base64url(facts_digest),
            "words": None if words_digest is None else canonical.base64url(words_digest),
        },
    }
    if assertion is not None:
        entry |= {"v": ASSURED, "assertion": assertion.as_json()}
    data = canonical.encode(entry)
    if len(data) > SIZE_LIMIT:
        raise MalformedStatement("entry", got=f"{len(data)} bytes", wanted=f"at most {SIZE_LIMIT}")
    return data


def parse_entry(data: bytes) -> Entry:
    """Read an entry strictly; the signature is not checked here."""
    entry = parse_usual(data) or parse_any(data)
    if (entry.signed.statement.words is None) != (Part.WORDS not in entry.sealed):
        got = sorted(part.label for part in entry.sealed)
        raise MalformedStatement("entry.sealed", got=got, wanted="words sealed exactly where words are said")
    return entry


def parse_usual(data: bytes) -> Entry | None:
    """The entry that ``parse_any`` reads, found without decoding it; None where ``parse_any`` is to tell."""
    found = _USUAL.fullmatch(data.decode("ascii", "replace"))
    if found is None:
        return None
    recorded, facts, words, jws = found.groups()
    try:
        recorded_at = parse_instant(recorded)
    except MalformedStatement:
        return None
    sealed = {Part.FACTS: canonical.read_base64url(facts)}
    if words is not None:
        sealed[Part.WORDS] = canonical.read_base64url(words)
    return Entry(recorded_at, parse(jws), sealed)


def parse_any(data: bytes) -> Entry:
    """The entry of canonical bytes; raises MalformedStatement on the first member that is not as it is written."""
    value = canonical.decode(data, "entry")
    assured = isinstance(value, dict) and "assertion" in value
    (_ASSURED if assured else _ENTRY)("entry", value)
    version = ASSURED if assured else VERSION
    if value["v"] != version:
        raise MalformedStatement("entry.v", got=value["v"], wanted=str(version))
    sealed = {
        part: canonical.unbase64url(value["sealed"][part.label], part.label)
        for part in Part
        if value["sealed"][part.label] is not None
    }
    assertion = Assertion.from_json(value["assertion"], "entry.assertion") if assured else None
    return Entry(parse_instant(value["recorded_at"]), parse(value["statement"]), sealed, assertion)


def read_entry(data: bytes) -> Entry:
    """Read an entry that was admitted: the same as ``parse_entry``, without showing again that it is canonical.

    Admission wrote it from checked parts and ``verify`` holds every byte to the tree; reading it strictly each time
    costs ten times as much. What it cannot read it gives to ``parse_entry``, which says what is wrong.
    """
    try:
        value = orjson.loads(data)
        if value["v"] != VERSION:
            return parse_entry(data)
        facts, words = value["sealed"]["facts"], value["sealed"]["words"]
        sealed = {Part.FACTS: canonical.read_base64url(facts)}
        if words is not None:
            sealed[Part.WORDS] = canonical.read_base64url(words)
        return Entry(parse_instant(value["recorded_at"]), read(value["statement"]), sealed)
    except (AttributeError, TypeError, KeyError, ValueError):
        return parse_entry(data)
