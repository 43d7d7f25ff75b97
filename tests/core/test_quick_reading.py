"""The quick way to read an entry accepts nothing that the slow one does not, and reads the same."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ledger.core import entry as entries
from ledger.core import statement as statements
from ledger.core.canonical import base64url, encode, unbase64url
from ledger.core.entry import encode_entry
from ledger.core.errors import CoreError, MalformedStatement
from ledger.core.instants import Instant, instant_of, parse_instant
from ledger.core.keys import SigningKey
from ledger.core.sealing import Opening
from ledger.core.statement import Statement, sign

KEY = SigningKey(b"\x01" * 32)
ID = "01a20178-a1be-7385-86f3-68da3bc0b3d1"
AUTHOR = "b3be9397-b562-5f4a-bc16-0344a2b33429"
AT = Instant(1_777_777_777_777)
FACTS = Opening(b"\x03" * 32, encode({"item": ID})).commitment
PAYLOADS = [
    Statement(ID, ledger, "item-added/1", AUTHOR, "clinician", AT, FACTS, words).payload()
    for ledger in ("log.example", 'quoted "name"', "Ärzte", "a b")
    for words in (FACTS, None)
]
ENTRIES = [
    encode_entry(AT, sign(Statement(ID, "log.example", "item-added/1", AUTHOR, "clinician", AT, FACTS, words), KEY).jws,
                 b"\x04" * 32, None if words is None else b"\x05" * 32)
    for words in (FACTS, None)
]  # fmt: skip
# What a byte may become without the whole looking any different to a careless reader.
LOOKALIKES = [
    b" ",
    b"\n",
    b"\t",
    b"\\u0061",
    b"+1",
    b"1.0",
    b"01",
    b"=",
    b"-",
    b"_",
    b"null",
    b"A",
    b"\x00",
    b"\xc3\xa4",
]


@st.composite
def spoiled(draw: st.DrawFn, sound: list[bytes]) -> bytes:
    """Some sound bytes with one to three places changed, cut out or put in."""
    data = draw(st.sampled_from(sound))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(start + 3, len(data))))
        data = data[:start] + draw(st.sampled_from(LOOKALIKES) | st.binary(max_size=2)) + data[end:]
    return data


@given(spoiled(PAYLOADS) | st.sampled_from(PAYLOADS))
def test_a_payload_that_is_read_quickly_is_read_slowly_too_and_says_the_same(data: bytes) -> None:
    quick = statements.parse_usual(data)
    assert quick is None or quick == statements.parse_any(data)


@given(spoiled(ENTRIES) | st.sampled_from(ENTRIES))
def test_an_entry_that_is_read_quickly_is_read_slowly_too_and_says_the_same(data: bytes) -> None:
    try:
        quick = entries.parse_usual(data)
    except CoreError:
        with pytest.raises(CoreError):
            entries.parse_any(data)
        return
    assert quick is None or quick == entries.parse_any(data)


def test_what_is_usually_said_is_read_quickly() -> None:
    assert all(entries.parse_usual(data) is not None for data in ENTRIES)
    assert [statements.parse_usual(data) is not None for data in PAYLOADS] == [True] * 2 + [False] * 6


@given(st.binary(min_size=64, max_size=64), st.integers(0, 85), st.characters(codec="ascii"))
def test_a_signature_is_spelled_as_its_only_base64url(signature: bytes, at: int, other: str) -> None:
    spelled = base64url(signature)
    spelled = spelled[:at] + other + spelled[at + 1 :]
    assert bool(statements._SIGNATURE.fullmatch(spelled)) == (_read(spelled) is not None)


def _read(spelled: str) -> bytes | None:
    try:
        return unbase64url(spelled, "signature", size=64)
    except MalformedStatement:
        return None


@given(st.datetimes(timezones=st.just(UTC)))
@example(datetime(2024, 2, 29, 23, 59, 59, 999_000, tzinfo=UTC))
@example(datetime(1, 1, 1, tzinfo=UTC))
def test_an_instant_is_what_the_standard_library_reads(moment: datetime) -> None:
    text = moment.strftime("%Y").zfill(4) + moment.strftime("-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"
    assert parse_instant(text) == instant_of(datetime.fromisoformat(text))


@pytest.mark.parametrize(
    "text",
    ["2023-02-29T00:00:00.000Z", "2024-01-01T24:00:00.000Z", "2024-01-01T00:60:00.000Z", "2024-01-01T00:00:60.000Z",
     "0000-01-01T00:00:00.000Z", "2024-1-01T00:00:00.000Z", "2024-01-01T00:00:00.000z", "\u0662024-01-01T00:00:00.000Z",
     7],
)  # fmt: skip
def test_an_instant_that_does_not_exist_or_is_spelled_otherwise_is_refused(text: Any) -> None:
    with pytest.raises(MalformedStatement):
        parse_instant(text)
