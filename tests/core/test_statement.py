"""Statements, seals and entries: strict twins, and bytes that never change."""

import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core import canonical
from ledger.core.entry import encode_entry, parse_entry
from ledger.core.errors import BadCommitment, BadSignature, CoreError, MalformedStatement, SealBroken
from ledger.core.instants import Instant
from ledger.core.keys import KeyStatement, SigningKey
from ledger.core.passkeys import Passkey, PasskeyStatement
from ledger.core.public import Continued, Erased, Public
from ledger.core.sealing import KeyEncryptionKey, Opening, Part, SealedBytes, SealedPart, WrappedKey, open_sealed, seal
from ledger.core.statement import SignedStatement, Statement, parse, sign
from ledger.core.vocabulary import STATEMENT_TYPES

KEY = SigningKey(b"\x01" * 32)
KEK = KeyEncryptionKey(b"\x02" * 32)
ID = "01931f2e-7c00-7000-8000-0000000000aa"
AUTHOR = "01931f2e-7c00-7000-8000-0000000000bb"
FACTS = Opening(b"\x03" * 32, canonical.encode({"record": ID}))
WORDS = Opening(b"\x04" * 32, canonical.encode({"text": "Laughed at a joke."}))
AT = Instant(1_794_000_000_000)
EVIDENCE = {"person": AUTHOR, "by": "registrar"}
IN_CLEAR: dict[str, Public] = {
    "key": KeyStatement(KEY.public, "author", None, EVIDENCE),
    "passkey": PasskeyStatement.of(Passkey.checked("cGFzc2tleQ", KEY.public.jwk, "log.example"), AUTHOR, "registrar"),
    "erased": Erased((7, 12)),
    "continued": Continued("earlier.example", 3, b"\x05" * 32, "the note of its largest checkpoint\n"),
}


def statement(statement_type: str = "item-added/1") -> Statement:
    kind = STATEMENT_TYPES[statement_type].public
    public = None if kind is None else IN_CLEAR[kind]
    return Statement(
        ID, "log.example", statement_type, AUTHOR, "clinician", AT, FACTS.commitment, WORDS.commitment, public
    )


# A type's bytes are pinned: the SHA-256 of a JWS of it.
PINNED = json.loads((Path(__file__).parent / "vectors" / "statements.json").read_text())


@pytest.mark.parametrize("statement_type", STATEMENT_TYPES)
def test_the_signed_bytes_of_every_type_stay_as_they_are(statement_type: str) -> None:
    assert hashlib.sha256(sign(statement(statement_type), KEY).jws.encode()).hexdigest() == PINNED[statement_type]


def test_no_type_is_ever_dropped() -> None:
    assert set(PINNED) <= set(STATEMENT_TYPES)


@pytest.mark.parametrize("statement_type", STATEMENT_TYPES)
def test_parse_gives_back_what_was_signed(statement_type: str) -> None:
    signed = sign(statement(statement_type), KEY)
    parsed = parse(signed.jws)
    assert parsed == signed
    parsed.check_signature(KEY.public)


@given(st.data())
def test_no_flipped_bit_of_a_statement_is_accepted(data: st.DataObject) -> None:
    jws = bytearray(sign(statement(), KEY).jws.encode())
    at = data.draw(st.integers(0, len(jws) - 1))
    jws[at] ^= 1 << data.draw(st.integers(0, 6))
    with pytest.raises(CoreError):
        parse(jws.decode("latin-1")).check_signature(KEY.public)


def _with_payload(**changes: object) -> str:
    payload = json.loads(statement().payload()) | changes
    return _signed_bytes(canonical.encode({name: value for name, value in payload.items() if value != "left out"}))


def _signed_bytes(payload: bytes, header: bytes | None = None) -> str:
    header = header or b'{"alg":"Ed25519","kid":"%s","typ":"statement+json"}' % KEY.kid.encode()
    signing_input = canonical.base64url(header) + "." + canonical.base64url(payload)
    return signing_input + "." + canonical.base64url(KEY.sign(signing_input.encode()))


@pytest.mark.parametrize(
    "changes",
    [
        {"v": 2},
        {"v": True},
        {"id": ID.upper()},
        {"id": "left out"},
        {"extra": 1},
        {"type": "item-added/2"},
        {"type": "builtins:eval"},
        {"acting_as": "nobody"},
        {"made_at": "2026-11-06T10:40:00Z"},
        {"made_at": "2026-11-06T10:40:00.000+00:00"},
        {"made_at": "2026-02-30T10:40:00.000Z"},
        {"facts": None},
        {"facts": "AA"},
        {"words": ""},
        {"public": {}},
        {"ledger": "\u0000"},
    ],
)
def test_a_payload_that_no_formatter_emits_is_refused_even_if_signed(changes: dict[str, object]) -> None:
    with pytest.raises(MalformedStatement):
        parse(_with_payload(**changes))


@pytest.mark.parametrize(
    "header",
    [
        b'{"alg":"none","kid":"%s","typ":"statement+json"}',
        b'{"alg":"EdDSA","kid":"%s","typ":"statement+json"}',
        b'{"alg":"Ed25519","kid":"%s"}',
        b'{"alg":"Ed25519","b64":false,"kid":"%s","typ":"statement+json"}',
        b'{"kid":"%s","alg":"Ed25519","typ":"statement+json"}',
        b'{"alg":"Ed25519","kid":"%s","typ":"statement+json"} ',
    ],
)
def test_another_protected_header_is_refused(header: bytes) -> None:
    with pytest.raises(MalformedStatement):
        parse(_signed_bytes(statement().payload(), header % KEY.kid.encode()))


@pytest.mark.parametrize("spoil", [lambda p: p + b" ", lambda p: b"\n" + p, lambda p: p.replace(b'"v":1', b'"v":+1')])
def test_malleable_payload_bytes_are_refused(spoil: object) -> None:
    with pytest.raises(MalformedStatement):
        parse(_signed_bytes(spoil(statement().payload())))  # type: ignore[operator]


@pytest.mark.parametrize("jws", [None, 7, "", "a.b", "a.b.c.d", "..", b"bytes"])
def test_what_is_not_a_compact_jws_is_refused(jws: object) -> None:
    with pytest.raises(MalformedStatement):
        parse(jws)


def test_another_key_did_not_sign() -> None:
    with pytest.raises(BadSignature):
        sign(statement(), KEY).check_signature(SigningKey(b"\x09" * 32).public)


RANDOM = bytes(range(56))


def test_a_sealed_part_opens_to_what_was_sealed() -> None:
    sealed = seal(WORDS, ID, Part.WORDS, KEK, RANDOM)
    opened = open_sealed(sealed, ID, Part.WORDS, KEK)
    assert opened == WORDS
    opened.check_commitment(WORDS.commitment, "words")


@pytest.mark.parametrize(
    ("statement_id", "part", "kek"),
    [(AUTHOR, Part.WORDS, KEK), (ID, Part.FACTS, KEK), (ID, Part.WORDS, KeyEncryptionKey(b"\x05" * 32))],
)
def test_a_seal_opens_only_for_its_statement_part_and_key(statement_id: str, part: Part, kek: KeyEncryptionKey) -> None:
    with pytest.raises(SealBroken):
        open_sealed(seal(WORDS, ID, Part.WORDS, KEK, RANDOM), statement_id, part, kek)


@given(st.data())
def test_no_flipped_bit_of_a_seal_opens(data: st.DataObject) -> None:
    sealed = seal(WORDS, ID, Part.WORDS, KEK, RANDOM)
    both = bytearray(sealed.sealed + sealed.wrapped)
    both[data.draw(st.integers(0, len(both) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    cut = len(sealed.sealed)
    spoiled = SealedPart(SealedBytes(bytes(both[:cut])), WrappedKey(bytes(both[cut:])))
    with pytest.raises(SealBroken):
        open_sealed(spoiled, ID, Part.WORDS, KEK)


def test_other_words_do_not_open_the_commitment() -> None:
    with pytest.raises(BadCommitment):
        Opening(WORDS.salt, b'{"text":"Inappropriate laughter."}').check_commitment(WORDS.commitment, "words")


def entry(signed: SignedStatement | None = None) -> bytes:
    return encode_entry(AT, (signed or sign(statement(), KEY)).jws, b"\x06" * 32, b"\x07" * 32)


def test_an_entry_parses_to_what_was_encoded() -> None:
    parsed = parse_entry(entry())
    assert (parsed.recorded_at, parsed.signed.statement) == (AT, statement())
    assert parsed.sealed == {Part.FACTS: b"\x06" * 32, Part.WORDS: b"\x07" * 32}


@given(st.data())
def test_a_flipped_bit_of_an_entry_shows_or_is_not_the_same_entry(data: st.DataObject) -> None:
    spoiled = bytearray(entry())
    spoiled[data.draw(st.integers(0, len(spoiled) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    try:
        parsed = parse_entry(bytes(spoiled))
        parsed.signed.check_signature(KEY.public)
    except CoreError:
        return
    # What is not signed by the author (time, digests) is covered by the leaf hash: the parsed entry must differ.
    assert parsed != parse_entry(entry())


def test_an_entry_says_words_exactly_where_its_statement_does() -> None:
    with pytest.raises(MalformedStatement, match="words"):
        parse_entry(encode_entry(AT, sign(statement(), KEY).jws, b"\x06" * 32, None))


def test_an_entry_beyond_what_a_bundle_can_hold_is_refused() -> None:
    with pytest.raises(MalformedStatement, match="65535"):
        encode_entry(AT, "x" * 65_535, b"\x06" * 32, None)
