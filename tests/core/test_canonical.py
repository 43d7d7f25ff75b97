"""Canonical JSON: one value, one byte string."""

import json

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from ledger.core import canonical
from ledger.core.errors import MalformedStatement

NAMES = st.text(st.characters(max_codepoint=127), max_size=12)
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXT,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=20,
)


@given(VALUES)
def test_the_bytes_are_those_of_rfc_8785(value: object) -> None:
    assert canonical.encode(value) == rfc8785.dumps(value)  # type: ignore[arg-type]


@given(VALUES)
def test_decode_gives_back_what_encode_took(value: object) -> None:
    assert canonical.decode(canonical.encode(value)) == value


@given(st.dictionaries(NAMES, VALUES, min_size=1, max_size=4), st.integers(0, 3), st.booleans())
def test_other_spellings_of_the_same_value_are_refused(value: dict[str, object], indent: int, ascii_only: bool) -> None:
    spelled = json.dumps(value, indent=indent or None, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    if spelled == canonical.encode(value):
        return
    with pytest.raises(MalformedStatement, match=r"canonical|ASCII"):
        canonical.decode(spelled)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"1.0",
        b"1e3",
        b'{"a":1.5}',
        b"NaN",
        b'{"a":1,"a":1}',
        b'{"b":1,"a":1}',
        b'{"a": 1}',
        b' {"a":1}',
        b'{"a":1}\n',
        b'"\\u0041"',
        b'"\\/"',
        b'"\\ud800"',
        b"\xff",
        b"+7",
        b"07",
        b"9007199254740992",
        b"-0",
        '{"é":1}'.encode(),
        b"\xef\xbb\xbf1",
    ],
)
def test_what_encode_would_not_emit_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedStatement):
        canonical.decode(data)


@pytest.mark.parametrize("value", ["\ud800", 2**53, {"a": "\udfff"}])
def test_what_has_no_canonical_form_is_not_encoded(value: object) -> None:
    with pytest.raises(MalformedStatement):
        canonical.encode(value)


@given(st.binary(max_size=70))
def test_base64url_has_one_spelling(data: bytes) -> None:
    text = canonical.base64url(data)
    assert canonical.unbase64url(text, "it") == data
    for other in (text + "=", text + "==", text + "\n", " " + text, text + "A"):
        if other != text:
            try:
                assert canonical.base64url(canonical.unbase64url(other, "it")) == other
            except MalformedStatement:
                continue


@pytest.mark.parametrize("text", ["QQ==", "QR", "Q", "Q+", "Q/", "QQ ", None, 7, "é"])
def test_base64url_with_padding_spare_bits_or_another_alphabet_is_refused(text: object) -> None:
    with pytest.raises(MalformedStatement, match="base64url"):
        canonical.unbase64url(text, "it")
