"""Reading what was admitted without showing again that it is canonical: the same answers, and no fewer refusals."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.canonical import base64url, encode
from ledger.core.entry import encode_entry, parse_entry, read_entry
from ledger.core.errors import BadCommitment, CoreError, MalformedStatement, SealBroken
from ledger.core.instants import Instant
from ledger.core.keys import KeyStatement, SigningKey
from ledger.core.sealing import KeyEncryptionKey, Opening, Part, SealedPart, read_sealed, seal
from ledger.core.statement import Statement, parse, read, sign

KEY = SigningKey(b"\x01" * 32)
KEK = KeyEncryptionKey(b"\x02" * 32)
ID = "01a20178-a1be-7385-86f3-68da3bc0b3d1"
AUTHOR = "b3be9397-b562-5f4a-bc16-0344a2b33429"
AT = Instant(1_777_777_777_777)
FACTS = Opening(b"\x03" * 32, encode({"item": ID, "kind": "note"}))


def statement(words: str | None, public: KeyStatement | None = None) -> Statement:
    said = "item-added/1" if public is None else "key-enrolled/1"
    return Statement(ID, "log.example", said, AUTHOR, "clinician", AT, FACTS.commitment, words, public)


ENTRIES = {
    "with words": encode_entry(AT, sign(statement(FACTS.commitment), KEY).jws, b"\x04" * 32, b"\x05" * 32),
    "without words": encode_entry(AT, sign(statement(None), KEY).jws, b"\x04" * 32, None),
    "of a key": encode_entry(
        AT,
        sign(statement(None, KeyStatement(KEY.public, "service", None, {"person": AUTHOR, "by": "x"})), KEY).jws,
        b"\x04" * 32,
        None,
    ),
}


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES)
def test_an_admitted_entry_reads_as_it_parses(entry: bytes) -> None:
    assert read_entry(entry) == parse_entry(entry)
    jws = json.loads(entry)["statement"]
    assert read(jws) == parse(jws)


@pytest.mark.parametrize("entry", [b"", b"{}", b"[]", b"null", b'{"sealed":1}', b'{"statement":"a.b","sealed":{}}'])
def test_what_was_never_admitted_is_refused_as_the_parser_refuses_it(entry: bytes) -> None:
    with pytest.raises(MalformedStatement):
        read_entry(entry)


@given(st.sampled_from(sorted(ENTRIES)), st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_a_spoiled_entry_is_read_or_refused_and_nothing_else(which: str, at: int, flip: int) -> None:
    spoiled = bytearray(ENTRIES[which])
    spoiled[at % len(spoiled)] ^= flip
    with contextlib.suppress(CoreError):
        read_entry(bytes(spoiled))


@given(st.dictionaries(st.text(st.characters(codec="ascii")), st.text(st.characters(codec="utf-8")) | st.booleans()))
def test_a_sealed_body_reads_as_it_was_said(body: dict[str, str | bool]) -> None:
    opening = Opening(b"\x06" * 32, encode(body))
    sealed = seal(opening, ID, Part.FACTS, KEK, b"\x07" * 56)
    assert read_sealed(sealed, ID, Part.FACTS, KEK, opening.commitment) == body


def test_a_body_that_was_sealed_for_something_else_or_committed_to_otherwise_is_refused() -> None:
    sealed = seal(FACTS, ID, Part.FACTS, KEK, b"\x07" * 56)
    with pytest.raises(BadCommitment):
        read_sealed(sealed, ID, Part.FACTS, KEK, base64url(b"\x00" * 32))
    for statement_id, part, kek in (
        (AUTHOR, Part.FACTS, KEK),
        (ID, Part.WORDS, KEK),
        (ID, Part.FACTS, KeyEncryptionKey(b"\x08" * 32)),
    ):
        with pytest.raises(SealBroken):
            read_sealed(sealed, statement_id, part, kek, FACTS.commitment)
    for n in range(len(sealed.sealed)):
        spoiled = bytearray(sealed.sealed)
        spoiled[n] ^= 1
        with pytest.raises(SealBroken):
            read_sealed(SealedPart(bytes(spoiled), sealed.wrapped), ID, Part.FACTS, KEK, FACTS.commitment)  # type: ignore[arg-type]
