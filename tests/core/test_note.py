"""Signed notes and verifier keys: one spelling each, and nothing believed of strangers."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.core.keys import PublicKey
from ledger.core.note import (
    Note,
    NoteError,
    NoteSignature,
    SignatureType,
    VerifierKey,
    format_base64,
    format_note,
    parse_base64,
    parse_decimal,
    parse_note,
)
from tests.core.shared_vectors import vector_files

SIGNATURE = NoteSignature("example.com/log", b"\x01\x02\x03\x04", b"signature")
LINE = "— example.com/log AQIDBHNpZ25hdHVyZQ==\n"
PUBLIC = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")  # RFC 8032, 7.1, test 1
KEY = VerifierKey("example.com/log", SignatureType.ED25519, PUBLIC)


@pytest.mark.parametrize("file", vector_files("c2sp-spec"))
def test_the_note_and_the_key_of_others_example(file: Path) -> None:
    example = json.loads(file.read_text())
    key = VerifierKey.parse(example["vkey"])
    assert str(key) == example["vkey"]
    note = parse_note(example["note"].encode())
    assert format_note(note.text, note.signatures) == example["note"].encode()
    PublicKey.from_raw(key.public).check_signature(note.text.encode(), key.find_in(note).value)


def test_the_example_of_the_specification_is_read() -> None:
    """signed-note, the first example: a text with a blank line and letters beyond ASCII."""
    data = (
        "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n"
        "— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQ"
        "waqP3ZekRwNtIc=\n"
    ).encode()
    note = parse_note(data)
    assert note.text.endswith("sole:\n\ned è subito sera.\n")
    assert note.signatures[0].name == "quasimodo.example/salvatore"
    assert len(note.signatures[0].value) == 64
    assert format_note(note.text, note.signatures) == data


def test_a_note_is_its_text_a_blank_line_and_its_signatures() -> None:
    data = format_note("hello\n", [SIGNATURE])
    assert data.decode() == "hello\n\n" + LINE
    assert parse_note(data) == Note("hello\n", (SIGNATURE,))


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=20)
NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Z"], exclude_characters="+"), min_size=1
).filter(lambda name: len(name.encode()) < 256 and not any(map(str.isspace, name)))


@given(
    st.lists(TEXT, min_size=1, max_size=4), st.lists(st.tuples(NAMES, st.binary(min_size=1)), min_size=1, max_size=4)
)
def test_every_note_is_read_back(lines: list[str], signers: list[tuple[str, bytes]]) -> None:
    signatures = tuple(NoteSignature(name, b"abcd", value) for name, value in signers)
    note = Note("\n".join(lines) + "\n", signatures)
    assert parse_note(format_note(note.text, note.signatures)) == note


@given(st.binary(max_size=80))
def test_any_bytes_are_read_or_refused_and_nothing_else(data: bytes) -> None:
    for attempt in (data, b"text\n\n" + data, f"text\n\n{LINE}".encode() + data):
        try:
            note = parse_note(attempt)
        except NoteError:
            continue
        assert format_note(note.text, note.signatures) == attempt


BAD_NOTES = {
    "nothing": "",
    "no signatures": "hello\n",
    "no signature after the blank line": "hello\n\n",
    "no blank line": "hello\n" + LINE,
    "no newline at the end": "hello\n\n" + LINE[:-1],
    "lines that end in CRLF": ("hello\n\n" + LINE).replace("\n", "\r\n"),
    "a blank line between signatures": "hello\n\n" + LINE + "\n" + LINE + "\n",
    "a line that is no signature": "hello\n\n" + LINE + "hello\n",
    "a hyphen for the dash": "hello\n\n" + LINE.replace("—", "-"),
    "two spaces": "hello\n\n" + LINE.replace(" ", "  "),
    "a space at the end": "hello\n\n" + LINE.replace("\n", " \n"),
    "a tab": "hello\n\n" + LINE.replace(" ", "\t"),
    "no name": "hello\n\n— AQIDBHNpZ25hdHVyZQ==\n",
    "an empty name": "hello\n\n—  AQIDBHNpZ25hdHVyZQ==\n",
    "a plus in the name": "hello\n\n" + LINE.replace("/log", "+log"),
    "a wide space in the name": "hello\n\n" + LINE.replace("/log", "\u3000log"),
    "a name beyond 255 bytes": "hello\n\n" + LINE.replace("/log", "/" + "l" * 255),
    "base64 without padding": "hello\n\n" + LINE.replace("=", ""),
    "base64 with too much padding": "hello\n\n" + LINE.replace("==", "==="),
    "base64 with bits after the last byte": "hello\n\n" + LINE.replace("ZQ==", "ZR=="),
    "base64 for addresses": "hello\n\n— example.com/log AQIDBP-_\n",
    "a key id and no signature": "hello\n\n— example.com/log AQIDBA==\n",
    "less than a key id": "hello\n\n— example.com/log AQID\n",
    "a NUL in the text": "hel\0lo\n\n" + LINE,
    "an escape in the text": "hel\x1blo\n\n" + LINE,
    "101 signatures": "hello\n\n" + LINE * 101,
    "a note beyond a megabyte": "h" * 1_000_000 + "\n\n" + LINE,
}


@pytest.mark.parametrize("note", BAD_NOTES.values(), ids=BAD_NOTES)
def test_a_malformed_note_is_refused(note: str) -> None:
    with pytest.raises(NoteError, match=r"got .*, wanted"):
        parse_note(note.encode())


def test_bytes_that_are_not_utf_8_are_refused() -> None:
    with pytest.raises(NoteError, match="not UTF-8 at 3"):
        parse_note(b"hel\xfflo\n\n" + LINE.encode())


def test_sixteen_signatures_and_more_are_read() -> None:
    assert len(parse_note(("hello\n\n" + LINE * 100).encode()).signatures) == 100


def test_a_key_finds_its_line_by_name_and_id_together() -> None:
    mine = NoteSignature(KEY.name, KEY.key_id, b"mine")
    same_name = NoteSignature(KEY.name, b"none", b"other")
    same_id = NoteSignature("example.com/other", KEY.key_id, b"other")
    assert KEY.find_in(Note("t\n", (same_name, mine, same_id))) == mine
    for signatures in ((same_name, same_id), (mine, mine), ()):
        with pytest.raises(NoteError, match="wanted exactly one"):
            KEY.find_in(Note("t\n", signatures))


def test_a_key_is_spelt_with_its_name_its_id_and_its_type() -> None:
    assert str(KEY) == "example.com/log+cc714670+AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea"
    assert VerifierKey.parse(str(KEY)) == KEY


@pytest.mark.parametrize("kind", SignatureType)
def test_keys_of_each_type_are_read_back_and_have_ids_of_their_own(kind: SignatureType) -> None:
    size = 1312 if kind is SignatureType.ML_DSA_44_COSIGNATURE else 32
    key = VerifierKey("example.com/log", kind, (PUBLIC * 41)[:size])
    assert VerifierKey.parse(str(key)) == key
    assert (key.key_id == KEY.key_id) == (kind is SignatureType.ED25519)


BAD_KEYS = {
    "nothing": "",
    "no id": "example.com/log+AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea",
    "another id": str(KEY).replace("cc71", "cc72"),
    "an id in capitals": str(KEY).replace("cc714670", "CC714670"),
    "another name": str(KEY).replace("/log", "/lag"),
    "a space in the name": str(KEY).replace("/log", " log"),
    "a newline behind it": str(KEY) + "\n",
    "padding where none belongs": str(KEY) + "=",
    "an unknown type": f"example.com/log+00000000+{format_base64(bytes([7]) + PUBLIC)}",
    "a key of 31 bytes": f"example.com/log+00000000+{format_base64(bytes([1]) + PUBLIC[:-1])}",
    "a key of small order": f"example.com/log+00000000+{format_base64(bytes([1]) + bytes(32))}",
    "a key of small order for a cosigner": f"example.com/log+00000000+{format_base64(bytes([4]) + bytes(32))}",
}


@pytest.mark.parametrize("text", BAD_KEYS.values(), ids=BAD_KEYS)
def test_other_spellings_of_a_key_and_weak_keys_are_refused(text: str) -> None:
    with pytest.raises(NoteError, match=r"got .*, wanted"):
        VerifierKey.parse(text)


BAD_NUMBERS = ["", "+7", "-0", "-1", "07", "00", " 7", "7 ", "7\n", "7_0", "0x7", "7.0", "\u0667", "9" * 19, "1" * 5000]


@pytest.mark.parametrize("text", BAD_NUMBERS)
def test_other_spellings_of_a_number_are_refused(text: str) -> None:
    with pytest.raises(NoteError):
        parse_decimal(text)


@given(st.integers(0, 2**63 - 1))
def test_every_number_is_read_back(number: int) -> None:
    assert parse_decimal(str(number)) == number


@given(st.binary(max_size=64))
def test_base64_is_read_back(data: bytes) -> None:
    assert parse_base64(format_base64(data)) == data


BAD_BASE64 = [
    "A",
    "AA",
    "AAA",
    "AA=",
    "AB==",
    "AAB=",
    "AAAA=",
    "AAAA====",
    "AA==AA==",
    "A A=",
    "AA==\n",
    "AAA-",
    "é===",
]


@pytest.mark.parametrize("text", BAD_BASE64)
def test_other_spellings_of_base64_are_refused(text: str) -> None:
    with pytest.raises(NoteError):
        parse_base64(text)
