"""Signed notes and verifier keys (C2SP signed-note): a text, a blank line, and one line per signature.

::

    Ognuno sta solo sul cuor della terra
    trafitto da un raggio di sole:
    ed è subito sera.

    — quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+E…

A signature line is an em dash, the key's name, and base64 of (key id ‖ signature). A key id is the
first four bytes of SHA-256(name ‖ "\\n" ‖ type ‖ public key): it says which key to try, and proves
nothing. A verifier key, as configured, is ``name+hex(key id)+base64(type ‖ public key)``.

Here is only the form; what the types of signature sign is in ``checkpoint``. Base64 is RFC 4648
section 4 with padding, and numbers are decimal without leading zeros; each has one spelling.
"""

import re
from binascii import a2b_base64, b2a_base64
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256
from typing import Final, Self

from ledger.core.errors import CoreError, WeakKey
from ledger.core.keys import PublicKey

LARGEST_NOTE: Final = 1_000_000
MOST_SIGNATURES: Final = 100
"""A note must be readable with 16 signatures (signed-note, "Format"); more than 100 is nobody's quorum."""

KEY_ID_SIZE: Final = 4
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")
_LARGEST_NUMBER: Final = 2**63 - 1
_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f]")
_VKEY = re.compile(r"([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})")


class NoteError(CoreError):
    """A note, key or signature line that no formatter here would have written."""


class SignatureType(IntEnum):
    """What a signature is made with and over (signed-note, "Signature types"; tlog-cosignature)."""

    ED25519 = 0x01
    ED25519_COSIGNATURE = 0x04
    ML_DSA_44_COSIGNATURE = 0x06


_PUBLIC_KEY_SIZES: Final = {
    SignatureType.ED25519: 32,
    SignatureType.ED25519_COSIGNATURE: 32,
    SignatureType.ML_DSA_44_COSIGNATURE: 1312,
}


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line: whose key it says it is from, and the signature without the key id."""

    name: str
    key_id: bytes
    value: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """A text that ends in a newline, and its signatures, none of them checked."""

    text: str
    signatures: tuple[NoteSignature, ...]


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key under a name, for one type of signature. Raises NoteError for a bad name or key."""

    name: str
    type: SignatureType
    public: bytes

    def __post_init__(self) -> None:
        check_key_name(self.name)
        if len(self.public) != _PUBLIC_KEY_SIZES[self.type]:
            raise NoteError(
                f"key {self.name}: got {len(self.public)} bytes, wanted {_PUBLIC_KEY_SIZES[self.type]} "
                f"for signature type {self.type:#04x}"
            )
        try:
            _check_strong(self.type, self.public)
        except WeakKey as error:
            raise NoteError(f"key {self.name}: {error}") from error

    @property
    def key_id(self) -> bytes:
        """The four bytes that name this key on a signature line (signed-note, "Signatures")."""
        return sha256(b"%s\n%c%s" % (self.name.encode(), self.type, self.public)).digest()[:KEY_ID_SIZE]

    def find_in(self, note: Note) -> NoteSignature:
        """The one signature line that says it is from this key; raises NoteError where there is none, or two."""
        found = [line for line in note.signatures if (line.name, line.key_id) == (self.name, self.key_id)]
        if len(found) != 1:
            raise NoteError(
                f"note: got {len(found)} signatures by {self.name}+{self.key_id.hex()} "
                f"(type {self.type:#04x}), wanted exactly one"
            )
        return found[0]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what ``str`` writes; raises NoteError for any other spelling, and for an unknown type."""
        found = _VKEY.fullmatch(text)
        if not found:
            raise NoteError(f"verifier key: got {text[:80]!r}, wanted name+key id+key, as the key's owner gave it")
        material = parse_base64(found[3])
        known = [kind for kind in SignatureType if material[:1] == bytes([kind])]
        if not known:
            raise NoteError(f"verifier key {found[1]}: got type {material[:1].hex()}, wanted 01, 04 or 06")
        key = cls(found[1], known[0], material[1:])
        if key.key_id.hex() != found[2]:
            raise NoteError(f"verifier key {found[1]}: got key id {found[2]}, wanted {key.key_id.hex()}")
        return key

    def __str__(self) -> str:
        """``name+hex(key id)+base64(type ‖ public key)``."""
        return f"{self.name}+{self.key_id.hex()}+{format_base64(bytes([self.type]) + self.public)}"


def _check_strong(kind: SignatureType, public: bytes) -> None:
    """Raise WeakKey for a key under which everybody, or one signature for many messages, passes."""
    if kind is not SignatureType.ML_DSA_44_COSIGNATURE:
        PublicKey.from_raw(public)
    # FIPS 204, algorithm 22: a seed of 32 bytes, then t1. Where t1 is zero the challenge falls out of the
    # verification equation (algorithm 8, line 9), and z = 0 is anybody's signature of anything.
    elif not any(public[32:]):
        raise WeakKey("public key: got an ML-DSA-44 key whose t1 is zero, wanted one made by key generation")


def check_key_name(name: str) -> None:
    """Refuse a name that is empty, or has spaces, control characters or a plus (signed-note, "Format")."""
    # 255 bytes is what the name of a cosigner and an origin may have in tlog-cosignature.
    if not name or "+" in name or any(map(str.isspace, name)) or _CONTROLS.search(name):
        raise NoteError(f"key name: got {name[:80]!r}, wanted a name without spaces and plus, as in example.com/log")
    try:
        length = len(name.encode())
    except UnicodeEncodeError as error:
        raise NoteError(f"key name: got {name[:80]!r}, wanted text that UTF-8 can encode") from error
    if length > 255:
        raise NoteError(f"key name: got {length} bytes, wanted at most 255")


def format_signature(signature: NoteSignature) -> str:
    """One signature line with its newline."""
    return f"— {signature.name} {format_base64(signature.key_id + signature.value)}\n"


def format_note(text: str, signatures: Sequence[NoteSignature]) -> bytes:
    """The bytes of a note; the text ends in a newline and the signatures follow in the order given."""
    return f"{text}\n{''.join(map(format_signature, signatures))}".encode()


def parse_note(data: bytes) -> Note:
    """Read a note; raises NoteError unless it is well-formed, in the lines of unknown keys too.

    No signature is checked: nothing may be believed of the text before ``check_*`` has passed.
    """
    if len(data) > LARGEST_NOTE:
        raise NoteError(f"note: got {len(data)} bytes, wanted at most {LARGEST_NOTE}")
    try:
        whole = data.decode()
    except UnicodeDecodeError as error:
        raise NoteError(f"note: got bytes that are not UTF-8 at {error.start}, wanted UTF-8") from error
    if control := _CONTROLS.search(whole):
        raise NoteError(f"note: got the control character {control[0]!r}, wanted none but newlines")
    # The last blank line parts them: the text may have blank lines of its own, the signatures not.
    text, blank, lines = whole.rpartition("\n\n")
    if not blank or not lines.endswith("\n"):
        raise NoteError("note: got no blank line with whole signature lines after it, wanted one signature or more")
    count = lines.count("\n")
    if count > MOST_SIGNATURES:
        raise NoteError(f"note: got {count} signatures, wanted at most {MOST_SIGNATURES}")
    return Note(text + "\n", tuple(map(_parse_signature, lines[:-1].split("\n"))))


def _parse_signature(line: str) -> NoteSignature:
    dash, *rest = line.split(" ")
    if dash != "—" or len(rest) != 2:
        raise NoteError(
            f"signature line: got {line[:80]!r}, wanted '— name base64' and at most {MOST_SIGNATURES} lines"
        )
    name, encoded = rest
    check_key_name(name)
    value = parse_base64(encoded)
    if len(value) <= KEY_ID_SIZE:
        raise NoteError(f"signature by {name}: got {len(value)} bytes, wanted a key id and a signature")
    return NoteSignature(name, value[:KEY_ID_SIZE], value[KEY_ID_SIZE:])


def format_base64(data: bytes) -> str:
    """RFC 4648, section 4, with padding."""
    return b2a_base64(data, newline=False).decode()


def parse_base64(text: str) -> bytes:
    """Read what ``format_base64`` writes; raises NoteError for any other spelling of the same bytes."""
    try:
        data = a2b_base64(text, strict_mode=True)
    except ValueError as error:
        raise NoteError(f"base64: got {text[:80]!r}, wanted RFC 4648 section 4 with padding ({error})") from error
    # Strict decoding still takes bits after the last byte, and padding where none belongs.
    if format_base64(data) != text:
        raise NoteError(f"base64: got {text[:80]!r}, wanted the one spelling of its bytes")
    return data


def parse_decimal(text: str) -> int:
    """Read an ASCII decimal from 0 to 2^63 - 1 without sign, spaces or leading zeros; raises NoteError."""
    if not _DECIMAL.fullmatch(text) or int(text) > _LARGEST_NUMBER:
        raise NoteError(f"number: got {text[:80]!r}, wanted digits without leading zeros, below 2^63")
    return int(text)
