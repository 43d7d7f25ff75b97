"""Canonical JSON: a value and its only byte string (RFC 8785, I-JSON without floats).

``encode`` and ``decode`` are twins: ``decode`` accepts only what ``encode`` emits. Member names here are
always ASCII, where orjson's sorted output and RFC 8785 are the same bytes (a test holds orjson to
``rfc8785``); floats are refused, so number formatting never matters.
"""

import binascii
from typing import Any, Final

import orjson

from ledger.core.errors import MalformedStatement

_OPTIONS: Final = orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER
_LEAVES: Final = frozenset({str, int, bool, type(None)})
_TO_URL: Final = bytes.maketrans(b"+/", b"-_")
_FROM_URL: Final = bytes.maketrans(b"-_", b"+/")
_DIGITS: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_LAST: Final = (_DIGITS, b"", _DIGITS[::16], _DIGITS[::4])
"""The last digit, by how many there are beyond whole groups of four; one alone is none of anything."""


def encode(value: Any) -> bytes:
    """The RFC 8785 bytes of a value of objects, lists, text, whole numbers, booleans and null.

    Raises MalformedStatement for what has no canonical form: lone surrogates, integers beyond 2^53.
    """
    try:
        return orjson.dumps(value, option=_OPTIONS)
    except orjson.JSONEncodeError as error:
        raise MalformedStatement("value", got=str(error), wanted="Unicode text and whole numbers below 2^53") from error


def decode(data: bytes, what: str = "JSON") -> Any:
    """The value of canonical bytes.

    Raises MalformedStatement unless the bytes are exactly what ``encode`` emits for the value: other
    spacing, order, escapes, duplicate members, floats and non-ASCII member names all differ.
    """
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise MalformedStatement(what, got=bytes(data[:60]), wanted=f"JSON ({error})") from error
    _refuse_what_has_no_canonical_form(value, what)
    if encode(value) != data:
        raise MalformedStatement(what, got=bytes(data[:60]), wanted="RFC 8785 canonical bytes")
    return value


def _refuse_what_has_no_canonical_form(value: Any, what: str) -> None:
    if isinstance(value, dict):
        for name, member in value.items():
            if not name.isascii():
                raise MalformedStatement(what, got=name, wanted="ASCII member names")
            if type(member) not in _LEAVES:
                _refuse_what_has_no_canonical_form(member, what)
    elif isinstance(value, list):
        for member in value:
            if type(member) not in _LEAVES:
                _refuse_what_has_no_canonical_form(member, what)
    elif isinstance(value, float):
        raise MalformedStatement(what, got=value, wanted="no floats: text for measured values")


def base64url(data: bytes) -> str:
    """Base64url without padding (RFC 7515, section 2)."""
    return binascii.b2a_base64(data, newline=False).translate(_TO_URL, b"=").decode("ascii")


def unbase64url(text: object, what: str, *, size: int | None = None) -> bytes:
    """The bytes of unpadded base64url; raise MalformedStatement for any other spelling or size."""
    if isinstance(text, str) and text.isascii():
        spelled = text.encode()
        # Only digits of the alphabet, as many as bytes make, and no bit set in the last one that is no byte's.
        if not spelled.translate(None, _DIGITS) and spelled[-1:] in _LAST[len(spelled) % 4]:
            data = binascii.a2b_base64(spelled.translate(_FROM_URL) + b"==")
            if size in (None, len(data)):
                return data
    wanted = "unpadded base64url" if size is None else f"unpadded base64url of {size} bytes"
    raise MalformedStatement(what, got=text, wanted=wanted)


def read_base64url(text: str) -> bytes:
    """The bytes of base64url that was checked when it was written: any spelling is read, and quickly."""
    return binascii.a2b_base64(text.replace("-", "+").replace("_", "/") + "==")
